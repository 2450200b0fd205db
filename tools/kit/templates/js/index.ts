/// <reference path="../vendor/steward-plugin/interfaces.d.ts" />
// The tools of the plugin `__name__`: each a function from arguments to an answer.
//
// They run in QuickJS: there is no `fetch`, no clock, no file, no `TextEncoder`. What the plugin may ask of the host stands under
// `[imports]` in `tool.toml`, and each of it is a module `steward:plugin/…`. What is not granted there cannot be imported.

import { getContact } from "steward:plugin/crm@0.1.0";
import { type Request, ToolError, plugin } from "../vendor/steward-plugin/index";

// What arguments look like was checked by the host against `schemas/` before any of this runs.
function greet(wanted: { name: string }, request: Request) {
  if (wanted.name === "") {
    // Said to the model, who may try other arguments.
    throw new ToolError("invalid-arguments", "say whom to greet");
  }
  // A result, and one line for people.
  return { result: { text: greeting(wanted.name, request) }, summary: `greeted ${wanted.name}` };
}

function greetContact(wanted: { contact_id: string }, request: Request) {
  // With the rights of the person that the run works for. What goes wrong is thrown, and becomes an error of the call.
  const contact = getContact(wanted.contact_id);
  return { result: { text: greeting(contact.givenName ?? contact.name, request) } };
}

function greeting(name: string, request: Request): string {
  return request.locale.startsWith("de") ? `Guten Tag, ${name}!` : `Hello, ${name}!`;
}

// Name, version and effects are those of `tool.toml`; the host compares them before it loads the plugin.
export const { describe, call, preview } = plugin("__name__", "0.1.0", {
  "__name__.greet": { effect: "read", call: greet },
  "__name__.greet_contact": { effect: "read", call: greetContact },
});
