//! How a call that went wrong is told: a class the model can act on and one sentence, never the engine's words or an address.

use crate::bindings::Error;
use crate::budget::RunSpent;
use crate::egress::{Egress, Turn, Unread};
use crate::error::tidy;
use crate::manifest::Limits;
use crate::sandbox::{CallState, RepeatDiffers, TooManyQuestions};
use crate::wasi::HeldTooMuch;
use steward_core::{Failure, FailureClass, TenantId};
use wasmtime::{PoolConcurrencyLimitError, Trap};

/// Characters of a tool's own message.
const MESSAGE_MAX: usize = 500;

/// What a plugin may not know, for whom it was called, and how its words wait to be looked through.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) egress: &'a Egress,
    pub(crate) tenant: TenantId,
    pub(crate) turn: Turn,
}

/// What a tool itself says of why it failed, as it says it.
pub(crate) fn words(error: Error) -> (FailureClass, String) {
    match error {
        Error::InvalidArguments(message) => (FailureClass::InvalidArguments, message),
        Error::NotFound(message) => (FailureClass::NotFound, message),
        Error::Denied(message) => (FailureClass::Denied, message),
        Error::Unavailable(message) => (FailureClass::Unavailable, message),
        Error::Failed(message) => (FailureClass::Failed, message),
    }
}

/// A failure the tool reports itself, its words without what it may not know.
pub(crate) async fn of_tool(error: Error, told: Option<Told<'_>>) -> Failure {
    let (class, message) = words(error);
    let message = scrubbed(message, told).await.unwrap_or_else(|unread| unread.message);
    Failure { class, message: tidy(&message, MESSAGE_MAX), retryable: class == FailureClass::Unavailable }
}

/// What a plugin told without what it may not know. Before anything is cut: half of a secret is not found any more.
pub(crate) async fn scrubbed(text: String, told: Option<Told<'_>>) -> Result<String, Failure> {
    let Some(Told { egress, tenant, turn }) = told else { return Ok(text) };
    egress.scrub_long(text, tenant, turn).await.map_err(of_unread)
}

/// The same of several texts, of so many bytes together: `look` is given what takes out of each what the plugin may not know.
pub(crate) async fn all_scrubbed<T: Send + 'static>(
    bytes: usize,
    told: Option<Told<'_>>,
    look: impl FnOnce(&dyn Fn(String) -> String) -> T + Send + 'static,
) -> Result<T, Failure> {
    let Some(Told { egress, tenant, turn }) = told else { return Ok(look(&|text: String| text)) };
    egress.scrub_all(bytes, tenant, turn, look).await.map_err(of_unread)
}

/// What the plugin told was not looked through, so nothing of it is shown.
fn of_unread(why: Unread) -> Failure {
    match why {
        Unread::Failed => {
            let message = "what the tool told could not be looked through for secrets".to_owned();
            Failure { class: FailureClass::BadOutput, message, retryable: false }
        }
        Unread::Busy => {
            let message = "too many long answers of the tool wait to be looked through for secrets; a later try may work".to_owned();
            Failure { class: FailureClass::Unavailable, message, retryable: true }
        }
    }
}

/// A call that the engine ended, of a plugin that had so much fuel left to use.
pub(crate) fn of_trap(error: &wasmtime::Error, state: &CallState, limits: &Limits, granted: u64) -> Failure {
    if error.is::<PoolConcurrencyLimitError>() {
        // Each slot has its memories and tables; code that is looked at while it is loaded takes some without one.
        return Failure { class: FailureClass::Unavailable, message: "all sandboxes are busy; a later try may work".to_owned(), retryable: true };
    }
    let trap = error.downcast_ref::<Trap>();
    let (class, message) = if state.meter.refused && trap != Some(&Trap::Interrupt) && trap != Some(&Trap::OutOfFuel) {
        (FailureClass::Memory, format!("the tool wanted more than its {} MiB of memory; ask for less at once", limits.memory_mb))
    } else if let Some(spent) = error.downcast_ref::<RunSpent>() {
        (FailureClass::RunLimit, spent.to_string())
    } else if let Some(asked) = error.downcast_ref::<TooManyQuestions>() {
        (FailureClass::Failed, format!("{asked}; ask for less at once"))
    } else if let Some(held) = error.downcast_ref::<HeldTooMuch>() {
        (FailureClass::Failed, format!("{held}; ask for less at once"))
    } else if error.downcast_ref::<RepeatDiffers>().is_some() {
        let message = "this call was begun before and was cut off, and now asks to keep something else; what it kept then stands, and a person has to look";
        (FailureClass::Unknown, message.to_owned())
    } else {
        match trap {
            Some(Trap::Interrupt) => return timeout(),
            Some(Trap::OutOfFuel) if granted < limits.fuel => (FailureClass::RunLimit, RunSpent::Fuel.to_string()),
            Some(Trap::OutOfFuel) => (FailureClass::Fuel, "the tool computed more than it may; ask for less at once".to_owned()),
            Some(Trap::StackOverflow) => (FailureClass::StackOverflow, "the tool recursed too deep".to_owned()),
            Some(trap) => (FailureClass::Trap, format!("the tool crashed ({})", tidy(&trap.to_string(), 100))),
            None if is_hostcall_fuel(error) => return output_too_large(limits.output_kb),
            None => (FailureClass::Trap, "the tool crashed".to_owned()),
        }
    };
    Failure { class, message, retryable: false }
}

/// The tool took longer than it may.
pub(crate) fn timeout() -> Failure {
    Failure { class: FailureClass::Timeout, message: "the tool took longer than it may".to_owned(), retryable: true }
}

/// The tool answered more than it may.
pub(crate) fn output_too_large(output_kb: u64) -> Failure {
    let message = format!("the tool gave more than {output_kb} KiB at once; ask for less");
    Failure { class: FailureClass::OutputTooLarge, message, retryable: false }
}

/// The engine keeps this error's type to itself, so its words are all there is; a test with a real guest holds them.
fn is_hostcall_fuel(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls")
}
