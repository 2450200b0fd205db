"""Write a Steward tool plugin in Python: `plugin` makes what the host calls of your functions."""

import json
from dataclasses import dataclass
from typing import Any, Callable, Optional

import wit_world
from componentize_py_types import Err
from wit_world.imports import types
from wit_world.imports.types import Effect, ManifestCheck, Request, Response, ToolCheck

__all__ = ["Answer", "Effect", "Request", "Tool", "ToolError", "plugin"]


@dataclass
class Answer:
    """A result, and maybe one line for people."""

    result: Any
    summary: Optional[str] = None


@dataclass
class Tool:
    """What a tool does to the world, its code, and what a call would do where its manifest says `preview = true`."""

    effect: Effect
    call: Callable[[Any, Request], Answer]
    preview: Optional[Callable[[Any, Request], Any]] = None


class ToolError(Exception):
    """Why a call brings no result; its text is shown to the model."""

    def __init__(self, error):
        super().__init__(error.value)
        self.error = error

    @classmethod
    def invalid_arguments(cls, message):
        """Other arguments may work."""
        return cls(types.Error_InvalidArguments(message))

    @classmethod
    def not_found(cls, message):
        """There is nothing of that name."""
        return cls(types.Error_NotFound(message))

    @classmethod
    def denied(cls, message):
        """Not allowed; trying again does not help."""
        return cls(types.Error_Denied(message))

    @classmethod
    def unavailable(cls, message):
        """A later try may work."""
        return cls(types.Error_Unavailable(message))

    @classmethod
    def failed(cls, message):
        """Anything else."""
        return cls(types.Error_Failed(message))


# What an interface answers in the place of a value, by the name of its case.
_INTERFACE = {
    "Denied": (types.Error_Denied, "the person this run works for may not do this"),
    "NotFound": (types.Error_NotFound, "there is no such record"),
    "Conflict": (types.Error_Failed, "it exists already, or somebody else has just changed it; read it again"),
    "Invalid": (types.Error_InvalidArguments, "the office does not take that"),
    "TooLarge": (types.Error_InvalidArguments, "that is more than the host takes at once"),
    "TooMany": (types.Error_Denied, "that is more than one call may ask"),
    "Timeout": (types.Error_Unavailable, "the other side did not answer in time; a later try may work"),
    "OverQuota": (types.Error_Failed, "there is no room to keep that"),
    "Unreachable": (types.Error_Unavailable, "the other side is not reached; a later try may work"),
    "Unavailable": (types.Error_Unavailable, "the office does not answer; a later try may work"),
}


def _refusal(raised):
    """What was raised, as the host takes it: an error of ours, one of an interface, or a slip in the code."""
    if isinstance(raised, ToolError):
        return raised.error
    if isinstance(raised, Err):
        case = type(raised.value).__name__.rsplit("_", 1)[-1]
        make, usual = _INTERFACE.get(case, (types.Error_Failed, case))
        return make(getattr(raised.value, "value", None) or usual)
    return types.Error_Failed(f"{type(raised).__name__}: {raised}")


def plugin(name, version, tools):
    """Makes of functions what the host calls."""

    def find(request):
        tool = tools.get(request.tool)
        if tool is None:
            raise Err(types.Error_NotFound(f"the plugin has no tool `{request.tool}`"))
        return tool

    def run(function, request):
        try:
            return function(json.loads(request.arguments), request)
        except Exception as raised:
            raise Err(_refusal(raised)) from None

    class Plugin(wit_world.WitWorld):
        def describe(self):
            return ManifestCheck(name, version, [ToolCheck(tool, about.effect) for tool, about in tools.items()])

        def call(self, request):
            function = find(request).call

            def answer(wanted, request):
                given = function(wanted, request)
                return Response(json.dumps(given.result, ensure_ascii=False), given.summary)

            return run(answer, request)

        def preview(self, request):
            function = find(request).preview
            if function is None:
                raise Err(types.Error_NotFound(f"`{request.tool}` has no preview"))
            return run(function, request)

    return Plugin
