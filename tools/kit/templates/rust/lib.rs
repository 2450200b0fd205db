//! The tools of the plugin `__name__`: each a function from typed arguments to a typed answer.
//!
//! There is no clock, no file and no network here; what the plugin may ask of the host stands under `[imports]` in `tool.toml`, and each of
//! it is a module of the SDK (`crm`, `crm_write`, `http`, `log`, `clock`). What is not granted there does not link.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use steward_plugin_sdk::{Answer, Answered, Error, Line, Request, crm};

// The arguments. `steward plugin build` makes of the type and its `///` the schema that the model sees.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Greet {
    /// Who is greeted.
    name: Line,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GreetContact {
    /// Id of the contact who is greeted.
    contact_id: Line,
}

// The answer.
#[derive(Serialize, JsonSchema)]
pub struct Greeting {
    /// The greeting.
    text: String,
}

fn greet(wanted: Greet, request: &Request) -> Answered<Greeting> {
    let name = wanted.name.as_str();
    if name.is_empty() {
        // Said to the model, who may try other arguments.
        return Err(Error::InvalidArguments("say whom to greet".to_owned()));
    }
    // A result, and one line for people.
    Ok(Answer::new(greeting(name, request), format!("greeted {name}")))
}

fn greet_contact(wanted: GreetContact, request: &Request) -> Answered<Greeting> {
    // With the rights of the person that the run works for. What goes wrong is an error of the call, by `?`.
    let contact = crm::get_contact(wanted.contact_id.as_str())?;
    let name = contact.given_name.unwrap_or(contact.name);
    Ok(greeting(&name, request).into())
}

fn greeting(name: &str, request: &Request) -> Greeting {
    let text = if request.locale.starts_with("de") { format!("Guten Tag, {name}!") } else { format!("Hello, {name}!") };
    Greeting { text }
}

// Effects are those of `tool.toml`; the host compares them before it loads the plugin.
steward_plugin_sdk::plugin!("__name__" {
    Read "__name__.greet" => greet,
    Read "__name__.greet_contact" => greet_contact,
});
