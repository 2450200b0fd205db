//! A server that asks the person in the middle of a call: what it may ask, how often, and what it is told.
//!
//! A question exists only on a connection that one call has for itself, so it is known whose it is. What is refused is refused before
//! anybody sees it; who sees it and who answers is not decided here.

mod form;

pub use form::QuestionRefused;

use crate::office::BoxFuture;
use rmcp::model::{ElicitResult, ElicitationAction, ErrorData};
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use steward_core::Question;
use steward_core::limits::QUESTIONS_PER_CALL_MAX;

/// What of a call's time is kept for the server to finish with, in milliseconds, and at most this part of it.
const FINISH_MS: u64 = 2_000;
const FINISH_PART: u32 = 10;

/// A question for the person that a call is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedPerson {
    /// The server that asks, by its name in the configuration.
    pub server: String,
    /// What it asks.
    pub question: Question,
    /// How long the call can wait, in milliseconds.
    pub wait_ms: u64,
}

/// What a server is told.
#[derive(Debug, Clone, PartialEq)]
pub enum PersonSaid {
    /// What the person gave.
    Given(Map<String, Value>),
    /// They do not say.
    Declined,
    /// They put it away, or nobody answers.
    Nothing,
}

/// Reaches the person a call is made for. An answer that nobody waits for any more is dropped with its future.
pub trait People: Send + Sync {
    /// Puts a question to them and waits for what they say.
    fn ask<'a>(&'a self, asked: AskedPerson) -> BoxFuture<'a, PersonSaid>;
}

/// Nobody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nobody;

impl People for Nobody {
    fn ask<'a>(&'a self, _asked: AskedPerson) -> BoxFuture<'a, PersonSaid> {
        Box::pin(std::future::ready(PersonSaid::Nothing))
    }
}

/// The call that has a connection for itself, if there is one.
#[derive(Default)]
pub(crate) struct Asking(Mutex<Option<Call>>);

/// A call whose server may ask.
struct Call {
    people: Arc<dyn People>,
    server: String,
    until: Instant,
    asked: u32,
    is_open: bool,
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asking")
    }
}

impl Asking {
    /// From now on questions are this call's.
    pub(super) fn begin(&self, people: Arc<dyn People>, server: &str, deadline: Instant) {
        let left = deadline.saturating_duration_since(Instant::now());
        let until = deadline.checked_sub(Duration::from_millis(FINISH_MS).min(left / FINISH_PART)).unwrap_or(deadline);
        *self.call() = Some(Call { people, server: server.to_owned(), until, asked: 0, is_open: false });
    }

    /// From now on questions are nobody's.
    pub(super) fn end(&self) {
        *self.call() = None;
    }

    fn call(&self) -> std::sync::MutexGuard<'_, Option<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a server's question, as it stands in the message, and gives what it is told.
    pub(super) async fn ask(&self, params: &Value) -> Result<ElicitResult, ErrorData> {
        let nothing = || Ok(ElicitResult::new(ElicitationAction::Cancel));
        let Some(turn) = self.take_turn() else { return nothing() };
        let server = &turn.server;
        let question = form::read(params).map_err(|refused| {
            tracing::warn!(plugin.name = server, reason = %refused, "an MCP server asks a person what nobody is asked here");
            ErrorData::invalid_params(refused.to_string(), None)
        })?;
        let left = turn.until.saturating_duration_since(Instant::now());
        let wait_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        if wait_ms == 0 {
            return nothing();
        }
        let asked = AskedPerson { server: server.clone(), question, wait_ms };
        match tokio::time::timeout(left, turn.people.ask(asked)).await {
            Ok(PersonSaid::Given(answer)) => Ok(ElicitResult::new(ElicitationAction::Accept).with_content(Value::Object(answer))),
            Ok(PersonSaid::Declined) => Ok(ElicitResult::new(ElicitationAction::Decline)),
            Ok(PersonSaid::Nothing) | Err(_) => nothing(),
        }
    }

    /// One question at a time, and so many in all.
    fn take_turn(&self) -> Option<Turn<'_>> {
        let mut call = self.call();
        let call = call.as_mut().filter(|call| !call.is_open && call.asked < QUESTIONS_PER_CALL_MAX)?;
        call.asked += 1;
        call.is_open = true;
        Some(Turn { asking: self, people: Arc::clone(&call.people), server: call.server.clone(), until: call.until })
    }
}

/// Reads a server's question and throws it away: what is shown of it is bounded, whatever it is.
#[cfg(feature = "testing")]
pub(super) fn take(params: &Value) {
    if let Ok(question) = form::read(params) {
        assert!(question.fields.len() <= steward_core::limits::QUESTION_FIELDS_MAX, "a form has more fields than are shown");
        assert!(!question.message.is_empty(), "a form without words");
    }
}

/// A question under way, until dropped.
struct Turn<'a> {
    asking: &'a Asking,
    people: Arc<dyn People>,
    server: String,
    until: Instant,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Of the call that asked; the connection is another's only after this one's answer, or never again.
        if let Some(call) = self.asking.call().as_mut() {
            call.is_open = false;
        }
    }
}
