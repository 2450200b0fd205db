//! Handles: how a model in mode `sealed` passes on what it is not shown.
//!
//! `{"$": "$3.items.0.body"}` stands for a value of an earlier result: call 3 (or `$3-1`, the second call of step 3), then the fields.
//! `{"$": ["Dear ", {"$": "$3.items.0.name"}, ", …"]}` is one text put together from several. The host puts the values in before a call
//! is judged, and remembers what each argument is made of; the model's own words between handles are a part like any other.

use super::Shown;
use super::records::Use;
use super::walk::{leaves, push};
use crate::citations;
use crate::run::Run;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::limits::ARGUMENT_DEPTH_MAX;
use steward_core::{CallId, Integrity, Label, Mode, Outcome, Readers};

/// The most parts one text is put together from.
const PARTS_MAX: usize = 64;
/// The most bytes that handles may put into the arguments of one call.
const PUT_IN_MAX: usize = 256 * 1024;
/// The key of a handle.
pub(super) const KEY: &str = "$";

/// A handle that names nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleError {
    /// Not of the form.
    #[error("`{0}` is no handle; write {{\"$\": \"$3.items.0.body\"}}, as the results show it, or a list of texts and handles under `$`")]
    Form(String),
    /// No earlier result has this.
    #[error("the handle `{0}` names nothing that was read before; use the handles that the results show")]
    Unknown(String),
    /// A list or an object where one text is put together.
    #[error("the handle `{0}` names a list or an object; a text is put together from single values, so name one field of it")]
    NotOne(String),
    /// Too much at once.
    #[error("the handles of this call put in too much; pass on less at a time")]
    TooMuch,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    /// The model's own words.
    Own(String),
    /// A value of a result.
    Taken {
        /// The call.
        call: String,
        /// Its JSON pointer.
        path: String,
    },
}

/// By JSON pointer into the arguments: what each leaf that came by handle is made of.
pub(super) type Parts = BTreeMap<String, Vec<Part>>;

/// A handle, found.
pub(super) struct Named<'a> {
    pub(super) call: String,
    pub(super) path: String,
    pub(super) value: &'a Value,
}

/// Puts the values in. Only results of steps before `step` have been shown.
pub(super) fn resolve(run: &Run, arguments: &Value, step: u32) -> Result<(Value, Parts), HandleError> {
    let mut resolver = Resolver { run, step, parts: Parts::new(), bytes: 0 };
    let value = resolver.go(&mut String::new(), arguments, 0)?;
    Ok((value, resolver.parts))
}

struct Resolver<'a> {
    run: &'a Run,
    step: u32,
    parts: Parts,
    bytes: usize,
}

impl Resolver<'_> {
    fn go(&mut self, path: &mut String, value: &Value, depth: usize) -> Result<Value, HandleError> {
        if depth > ARGUMENT_DEPTH_MAX {
            return Err(HandleError::TooMuch);
        }
        let before = path.len();
        match value {
            Value::Object(map) if map.len() == 1 && map.contains_key(KEY) => self.handle(path, map.get(KEY).unwrap_or(&Value::Null)),
            Value::Object(map) => {
                let mut out = Map::new();
                for (key, inner) in map {
                    push(path, key);
                    out.insert(key.clone(), self.go(path, inner, depth + 1)?);
                    path.truncate(before);
                }
                Ok(Value::Object(out))
            }
            Value::Array(list) => {
                let mut out = Vec::with_capacity(list.len());
                for (index, inner) in list.iter().enumerate() {
                    push(path, &index.to_string());
                    out.push(self.go(path, inner, depth + 1)?);
                    path.truncate(before);
                }
                Ok(Value::Array(out))
            }
            // Models forget the braces: a text that is a handle and nothing else is one.
            Value::String(text) if text.starts_with('$') && find(self.run, self.step, text).is_ok() => self.handle(path, value),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value.clone()),
        }
    }

    fn handle(&mut self, path: &str, handle: &Value) -> Result<Value, HandleError> {
        match handle {
            Value::String(text) => {
                let named = find(self.run, self.step, text)?;
                self.count(named.value)?;
                for (deeper, _) in leaves(named.value) {
                    let part = Part::Taken { call: named.call.clone(), path: format!("{}{deeper}", named.path) };
                    self.parts.insert(format!("{path}{deeper}"), vec![part]);
                }
                Ok(named.value.clone())
            }
            Value::Array(list) if !list.is_empty() && list.len() <= PARTS_MAX => {
                let (mut text, mut parts) = (String::new(), Vec::new());
                for one in list {
                    match one {
                        Value::Object(map) if map.len() == 1 && map.contains_key(KEY) => {
                            let name = map.get(KEY).and_then(Value::as_str).ok_or_else(|| HandleError::Form(bounded(&one.to_string())))?;
                            let named = find(self.run, self.step, name)?;
                            self.count(named.value)?;
                            text.push_str(&plain(named.value).ok_or_else(|| HandleError::NotOne(bounded(name)))?);
                            parts.push(Part::Taken { call: named.call, path: named.path });
                        }
                        Value::String(own) => {
                            text.push_str(own);
                            parts.push(Part::Own(own.clone()));
                        }
                        other => return Err(HandleError::Form(bounded(&other.to_string()))),
                    }
                }
                self.parts.insert(path.to_owned(), parts);
                Ok(Value::String(text))
            }
            other => Err(HandleError::Form(bounded(&other.to_string()))),
        }
    }

    fn count(&mut self, value: &Value) -> Result<(), HandleError> {
        self.bytes = self.bytes.saturating_add(value.to_string().len());
        if self.bytes > PUT_IN_MAX { Err(HandleError::TooMuch) } else { Ok(()) }
    }
}

/// Where an argument that is one handle leads: call and JSON pointer, written one after the other.
pub(super) fn place_of(run: &Run, step: u32, argument: &Value) -> Option<String> {
    let handle = argument.as_str().or_else(|| argument.get(KEY)?.as_str())?;
    let named = find(run, step, handle).ok()?;
    Some(format!("{}{}", named.call, named.path))
}

/// What a handle names, among results of steps before this one.
pub(super) fn find<'a>(run: &'a Run, step: u32, handle: &str) -> Result<Named<'a>, HandleError> {
    let form = || HandleError::Form(bounded(handle));
    let unknown = || HandleError::Unknown(bounded(handle));
    let mut parts = handle.strip_prefix('$').ok_or_else(form)?.split('.');
    let head = parts.next().unwrap_or_default();
    let (of_step, index) = head.split_once('-').unwrap_or((head, "0"));
    let call = CallId { step: of_step.parse().map_err(|_| form())?, index: index.parse().map_err(|_| form())? };
    if call.step >= step {
        return Err(unknown());
    }
    let Some(Outcome::Ok { result, .. }) = run.call(call).and_then(|call| call.outcome.as_ref()) else { return Err(unknown()) };
    let (mut value, mut path) = (result, String::new());
    for part in parts {
        let name = part.replace("~2", ".").replace("~1", "/").replace("~0", "~");
        value = match value {
            Value::Array(list) => {
                push(&mut path, &name);
                name.parse::<usize>().ok().and_then(|index| list.get(index))
            }
            Value::Object(map) => {
                let found = match name.strip_prefix('#').and_then(|place| place.parse::<usize>().ok()) {
                    Some(place) => sorted(map).into_iter().nth(place).and_then(|key| map.get_key_value(key)),
                    None => map.get_key_value(&name),
                };
                found.map(|(key, inner)| {
                    push(&mut path, key);
                    inner
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
        .ok_or_else(unknown)?;
    }
    Ok(Named { call: call.to_string(), path, value })
}

/// An answer for the person, with what others wrote put in.
pub struct Spoken {
    /// The text.
    pub text: String,
    /// The lowest integrity of what it is made of.
    pub integrity: Integrity,
    /// Who may read all that it is made of.
    pub readers: Readers,
    /// The calls whose results stand in it.
    pub calls: BTreeSet<CallId>,
}

impl Shown {
    /// The model's last words as the person reads them: `{{$3.items.0.body}}` is replaced by what it stands for.
    pub fn spoken(&self, mode: Mode, run: &Run, text: &str) -> Spoken {
        let Label { integrity, readers, .. } = self.seen(mode);
        let mut spoken = Spoken { text: String::with_capacity(text.len()), integrity, readers, calls: BTreeSet::new() };
        if mode != Mode::Sealed {
            text.clone_into(&mut spoken.text);
            return spoken;
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{$") {
            spoken.text.push_str(before);
            let found = after.split_once("}}").and_then(|(name, after)| {
                let named = find(run, u32::MAX, &format!("${name}")).ok()?;
                Some((plain(named.value)?, named, after))
            });
            match found.filter(|(value, _, _)| spoken.text.len() + value.len() <= PUT_IN_MAX) {
                Some((value, named, after)) => {
                    let place = self.records.place(&named.call, &named.path);
                    let label =
                        place.map_or_else(|| Label { integrity: Integrity::Outside, ..self.context() }, |place| self.records.label(place, Use::default()));
                    spoken.integrity = spoken.integrity.min(label.integrity);
                    spoken.readers = spoken.readers.join(&label.readers);
                    spoken.calls.extend(named.call.parse::<CallId>());
                    spoken.text.push_str(&value);
                    // What a document says is shown with the piece that says it.
                    if let Some(mark) =
                        named.call.parse().ok().and_then(|call| citations::beside(run, call, &named.path)).filter(|_| named.path.ends_with("/text"))
                    {
                        spoken.text.push_str(&format!(" [[{mark}]]"));
                    }
                    rest = after;
                }
                None => {
                    spoken.text.push_str("{{$");
                    rest = after;
                }
            }
        }
        spoken.text.push_str(rest);
        spoken
    }
}

/// The keys of an object, in an order that does not depend on how it was written.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<&String> {
    let mut keys: Vec<&String> = map.keys().collect();
    keys.sort();
    keys
}

/// One part of a handle, with what would end it written otherwise.
pub(super) fn escaped(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1").replace('.', "~2")
}

/// A single value as text.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

fn bounded(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests;
