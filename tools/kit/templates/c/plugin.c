// The tool of the plugin `__name__`: one function from JSON to JSON.
//
// There is no C library, no clock, no file and no network here. What the plugin may ask of the host stands under `[imports]` in `tool.toml`.

#include "steward.h"

// Name, version and effects are those of `tool.toml`; the host compares them before it loads the plugin.
manifest_check plugin_describe(void) {
  static const tool_check tools[] = {{TEXT("__name__.greet"), READ}};
  return (manifest_check){TEXT("__name__"), TEXT("0.1.0"), tools, sizeof tools / sizeof tools[0]};
}

static answer greet(const request *request) {
  text name;
  // What arguments look like was checked by the host against `schemas/` before any of this runs.
  if (!json_field(request->arguments, TEXT("name"), &name) || name.length == 0) {
    // Said to the model, who may try other arguments.
    return (answer){INVALID_ARGUMENTS, TEXT("say whom to greet"), {0}};
  }
  text hello = begins(request->locale, TEXT("de")) ? TEXT("Guten Tag, ") : TEXT("Hello, ");
  text greeting = joined((text[]){hello, name, TEXT("!"), {0}});
  // A result, and one line for people.
  return (answer){
      DONE,
      joined((text[]){TEXT("{\"text\":"), json_string(greeting), TEXT("}"), {0}}),
      joined((text[]){TEXT("greeted "), name, {0}}),
  };
}

answer plugin_call(const request *request) {
  if (same(request->tool, TEXT("__name__.greet"))) return greet(request);
  return (answer){NOT_FOUND, TEXT("the plugin has no such tool"), {0}};
}
