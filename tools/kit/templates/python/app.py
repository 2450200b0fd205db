"""The tools of the plugin `__name__`: each a function from arguments to an answer.

There is no file, no network and no clock here. What the plugin may ask of the host stands under `[imports]` in `tool.toml`, and each of it is
a module of `wit_world.imports` (`crm`, `crm_write`, `http`, `log`, `clock`). What is not granted there cannot be imported.
"""

from steward_plugin import Answer, Effect, Tool, ToolError, plugin
from wit_world.imports import crm


# What arguments look like was checked by the host against `schemas/` before any of this runs.
def greet(wanted, request):
    name = wanted["name"]
    if not name:
        # Said to the model, who may try other arguments.
        raise ToolError.invalid_arguments("say whom to greet")
    # A result, and one line for people.
    return Answer({"text": greeting(name, request)}, f"greeted {name}")


def greet_contact(wanted, request):
    # With the rights of the person that the run works for. What goes wrong is raised, and becomes an error of the call.
    contact = crm.get_contact(wanted["contact_id"])
    return Answer({"text": greeting(contact.given_name or contact.name, request)})


def greeting(name, request):
    return f"Guten Tag, {name}!" if request.locale.startswith("de") else f"Hello, {name}!"


# Name, version and effects are those of `tool.toml`; the host compares them before it loads the plugin.
WitWorld = plugin("__name__", "0.1.0", {
    "__name__.greet": Tool(Effect.READ, greet),
    "__name__.greet_contact": Tool(Effect.READ, greet_contact),
})
