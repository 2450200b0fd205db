//! The answers of one case, given in order, and what went otherwise.

use super::{HostCall, HostError, given};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use steward_host::{OfficeError, Recorded, RecordedAnswer, SentRequest, Witness};

/// Everything that a host is asked and answers, as in `world.wit`. The clock and the log need no answers.
pub(super) const CALLS: [&str; 19] = [
    "crm.find-contacts",
    "crm.get-contact",
    "crm.find-companies",
    "crm.get-company",
    "crm.list-deals",
    "crm.list-notes",
    "crm-write.create-contact",
    "crm-write.update-contact",
    "crm-write.create-company",
    "crm-write.update-company",
    "crm-write.add-note",
    "knowledge.search",
    "knowledge.read",
    "http.fetch",
    "kv.get",
    "kv.list",
    "kv.set",
    "kv.compare-and-set",
    "kv.delete",
];

pub(super) fn is_known(call: &str) -> bool {
    CALLS.contains(&call)
}

/// What is left of a case's answers.
#[derive(Debug, Default)]
struct Left {
    calls: Vec<HostCall>,
    next: usize,
    problems: Vec<String>,
    /// What the host was asked and answered in the call, in order, where others answer for themselves.
    heard: Vec<HostCall>,
}

/// The answers of the case that runs now.
#[derive(Debug, Default)]
pub(super) struct Script(Mutex<Left>);

impl Script {
    /// From now on these are the answers.
    pub(super) fn begin(&self, calls: &[HostCall]) {
        *self.lock() = Left { calls: calls.to_vec(), next: 0, problems: Vec::new(), heard: Vec::new() };
    }

    /// What went otherwise than the case says, until now.
    pub(super) fn end(&self) -> Vec<String> {
        let mut left = self.lock();
        let mut problems = std::mem::take(&mut left.problems);
        // Whatever came after the first question that was another is no news.
        if problems.is_empty() {
            let unasked = left.calls.iter().enumerate().skip(left.next);
            problems.extend(unasked.map(|(at, call)| format!("host[{at}]: expected the question\n    {}\n  got none", shown(&call.call, &call.with))));
        }
        problems
    }

    /// What the host was asked and answered since the case began, and what of it cannot be written down.
    pub(super) fn heard(&self) -> (Vec<HostCall>, Vec<String>) {
        let heard = std::mem::take(&mut self.lock().heard);
        let unfit = heard.iter().filter(|call| call.answer.is_none() && call.error.is_none());
        let unfit = unfit.map(|call| format!("what came back to\n    {}\n  is no text, and a case has texts alone", shown(&call.call, &call.with))).collect();
        (heard, unfit)
    }

    fn lock(&self) -> MutexGuard<'_, Left> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next answer, if the next question of the case is this one.
    fn next(&self, call: &str, with: &Value, fits: impl FnOnce(&Value) -> bool) -> Option<Result<(usize, Value), HostError>> {
        let mut left = self.lock();
        let at = left.next;
        left.next += 1;
        let Some(expected) = left.calls.get(at).cloned() else {
            let entry = json!({ "call": call, "with": with, "answer": {} });
            left.problems.push(format!("host[{at}]: expected no further question, got\n    {}\n  (to answer it, add to `host`: {entry})", shown(call, with)));
            return None;
        };
        if expected.call != call || !fits(&expected.with) {
            left.problems.push(format!("host[{at}]: expected the question\n    {}\n  got\n    {}", shown(&expected.call, &expected.with), shown(call, with)));
            return None;
        }
        left.heard.push(expected.clone());
        Some(match expected {
            HostCall { error: Some(error), .. } => Err(error),
            HostCall { answer, .. } => Ok((at, answer.unwrap_or_default())),
        })
    }

    fn read<T: DeserializeOwned>(&self, at: usize, answer: Value) -> Option<T> {
        let read = serde_path_to_error::deserialize(answer);
        read.map_err(|err| self.lock().problems.push(format!("host[{at}].answer.{}: {}", err.path(), err.inner()))).ok()
    }

    /// The office's answer to a question; where the case has none the office is away.
    pub(super) fn office<T: DeserializeOwned>(&self, call: &str, with: &Value) -> Result<T, OfficeError> {
        match self.next(call, with, |expected| expected == with || (expected.is_null() && with == &json!({}))) {
            None => Err(OfficeError::Unavailable),
            Some(Ok((at, answer))) => self.read(at, answer).ok_or(OfficeError::Unavailable),
            Some(Err(error)) => Err(match error {
                HostError::Denied => OfficeError::Denied,
                HostError::NotFound => OfficeError::NotFound,
                HostError::Conflict => OfficeError::Conflict,
                HostError::Invalid(what) => OfficeError::Invalid(what),
                HostError::TooLarge => OfficeError::TooLarge,
                HostError::Unavailable => OfficeError::Unavailable,
            }),
        }
    }
}

fn shown(call: &str, with: &Value) -> String {
    format!("{call} {}", if with.is_null() { "{}".to_owned() } else { with.to_string() })
}

/// An answer over HTTP, as a case writes it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpAnswer {
    status: u16,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    /// In the place of `body`: a JSON value; `null` is one.
    #[serde(default, deserialize_with = "given")]
    json: Option<Value>,
}

/// What the case says of a request; headers that it does not name are not compared.
fn fits(expected: &Value, sent: &SentRequest) -> bool {
    let text = |key: &str| expected.get(key).and_then(Value::as_str).unwrap_or_default();
    let headers = expected.get("headers").and_then(Value::as_object);
    let same = |(name, value): (&String, &Value)| sent.headers.iter().any(|(other, has)| name.eq_ignore_ascii_case(other) && value.as_str() == Some(has));
    let keys = expected.as_object().is_some_and(|all| all.keys().all(|key| matches!(key.as_str(), "method" | "url" | "headers" | "body")));
    keys && text("method") == sent.method
        && text("url") == sent.url
        && headers.is_none_or(|headers| headers.iter().all(same))
        && text("body").as_bytes() == sent.body.as_slice()
}

/// A request as a case writes it. What every request has says nothing.
fn question_of(sent: &SentRequest) -> Value {
    let usual = |name: &str| matches!(name, "user-agent" | "accept-encoding" | "host");
    let headers: serde_json::Map<String, Value> =
        sent.headers.iter().filter(|(name, _)| !usual(name)).map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut with = json!({ "method": sent.method, "url": sent.url });
    if let Some(with) = with.as_object_mut() {
        if !headers.is_empty() {
            with.insert("headers".to_owned(), headers.into());
        }
        if !sent.body.is_empty() {
            with.insert("body".to_owned(), String::from_utf8_lossy(&sent.body).into());
        }
    }
    with
}

/// An answer as a case writes it; none where its body is no text. What is another each time is left out.
fn answer_of(answer: RecordedAnswer) -> Option<Value> {
    let RecordedAnswer { status, headers, body } = answer;
    let changes = |name: &str| matches!(name, "date" | "age" | "expires" | "set-cookie" | "content-length" | "connection" | "transfer-encoding" | "keep-alive");
    let is_json = headers.iter().any(|(name, value)| name == "content-type" && value.split(';').next().is_some_and(|kind| kind.trim().ends_with("json")));
    let kept: serde_json::Map<String, Value> = headers.into_iter().filter(|(name, _)| !changes(name)).map(|(name, value)| (name, json!(value))).collect();
    let mut written = json!({ "status": status });
    let fields = written.as_object_mut()?;
    if !kept.is_empty() {
        fields.insert("headers".to_owned(), kept.into());
    }
    let text = String::from_utf8(body).ok()?;
    // As JSON only where writing it anew gives the very same bytes: the plugin is to be given what came.
    let value = serde_json::from_str::<Value>(&text).ok().filter(|value| is_json && serde_json::to_string(value).is_ok_and(|again| again == text));
    match value {
        Some(value) => drop(fields.insert("json".to_owned(), value)),
        None if text.is_empty() => {}
        None => drop(fields.insert("body".to_owned(), text.into())),
    }
    Some(written)
}

impl Witness for Script {
    fn saw(&self, sent: SentRequest, answer: Option<RecordedAnswer>) {
        let with = question_of(&sent);
        let mut left = self.lock();
        let at = left.next;
        left.next += 1;
        // What the case has of it is not answered with, and yet says what the plugin asks.
        let expected = left.calls.get(at).cloned();
        if !expected.as_ref().is_some_and(|expected| expected.call == "http.fetch" && fits(&expected.with, &sent)) {
            let stood = expected.map_or_else(|| "none".to_owned(), |expected| shown(&expected.call, &expected.with));
            left.problems.push(format!("host[{at}]: expected the question\n    {stood}\n  got\n    {}", shown("http.fetch", &with)));
        }
        let (answer, error) = match answer {
            Some(answer) => (answer_of(answer), None),
            None => (None, Some(HostError::Unavailable)),
        };
        left.heard.push(HostCall { call: "http.fetch".to_owned(), with, answer, error });
    }
}

impl Recorded for Script {
    fn answer(&self, sent: SentRequest) -> Option<RecordedAnswer> {
        let with = question_of(&sent);
        let (at, answer) = self.next("http.fetch", &with, |expected| fits(expected, &sent))?.ok()?;
        let HttpAnswer { status, headers, body, json } = self.read(at, answer)?;
        let body = json.map(|value| value.to_string()).or(body).unwrap_or_default();
        Some(RecordedAnswer { status, headers: headers.into_iter().collect(), body: body.into_bytes() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent back for an answer as it stands in a case.
    fn replayed(answer: Value) -> Option<Vec<u8>> {
        let with = json!({ "method": "GET", "url": "https://x.example/" });
        let sent = SentRequest { method: "GET".to_owned(), url: "https://x.example/".to_owned(), headers: Vec::new(), body: Vec::new() };
        let script = Script::default();
        script.begin(&[HostCall { call: "http.fetch".to_owned(), with, answer: Some(answer), error: None }]);
        script.answer(sent).map(|answer| answer.body)
    }

    #[test]
    fn an_answer_that_is_null_is_not_an_empty_one() {
        assert_eq!(replayed(json!({ "status": 200, "json": null })).as_deref(), Some(b"null".as_slice()));
        assert_eq!(replayed(json!({ "status": 204 })).as_deref(), Some(b"".as_slice()));
        assert_eq!(replayed(json!({ "status": 200, "json": {} })).as_deref(), Some(b"{}".as_slice()));
        // What was recorded of others is what is replayed.
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let written = answer_of(RecordedAnswer { status: 200, headers, body: b"null".to_vec() }).unwrap();
        assert_eq!(written["json"], Value::Null);
        assert_eq!(replayed(written).as_deref(), Some(b"null".as_slice()));
    }
}
