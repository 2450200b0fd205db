//! The conversation as protocols of two sides want it: turns to the model and turns of the model, one after the other.
//!
//! What became of the calls of one answer is one turn, since these providers refuse it in pieces. Blank texts say nothing and are
//! refused by them, so they are left out. Nothing here is of one provider.

use super::request::{ModelMessage, ProposedCall};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What stands before an answer with which a conversation begins, once what it answers was cut away: the first turn is never the model's.
const BEFORE: &str = "(What was said before is not shown.)";

/// One turn.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Turn<'a> {
    /// Whether the model spoke.
    pub(super) is_models: bool,
    /// What became of calls; none in the model's own turns.
    pub(super) results: Vec<CallResult<'a>>,
    /// The words.
    pub(super) texts: Vec<&'a str>,
    /// The calls; only in the model's turns.
    pub(super) calls: Vec<&'a ProposedCall>,
}

/// What became of one call.
#[derive(Debug, PartialEq)]
pub(super) struct CallResult<'a> {
    /// The provider's id of the call.
    pub(super) id: &'a str,
    /// Our name of the tool.
    pub(super) tool: &'a str,
    /// The result, as the model shall read it.
    pub(super) text: &'a str,
}

/// The turns of a conversation; the first is to the model, and there is always one.
pub(super) fn turns(messages: &[ModelMessage]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        let (is_models, is_blank) = match message {
            ModelMessage::Person { text } => (false, text.trim().is_empty()),
            ModelMessage::Agent { text, calls } => (true, text.trim().is_empty() && calls.is_empty()),
            ModelMessage::ToolResult { .. } => (false, false),
        };
        if is_blank {
            continue;
        }
        if is_models && turns.is_empty() {
            turns.push(Turn { texts: vec![BEFORE], ..Turn::default() });
        }
        let place = turns.len().checked_sub(1).filter(|at| turns.get(*at).is_some_and(|turn| turn.is_models == is_models));
        let turn = match place.and_then(|at| turns.get_mut(at)) {
            Some(turn) => turn,
            None => turns.push_mut(Turn { is_models, ..Turn::default() }),
        };
        match message {
            ModelMessage::Person { text } => turn.texts.push(text),
            ModelMessage::Agent { text, calls } => {
                turn.texts.extend(Some(text.as_str()).filter(|text| !text.trim().is_empty()));
                turn.calls.extend(calls);
            }
            ModelMessage::ToolResult { provider_id, tool, text } => turn.results.push(CallResult { id: provider_id, tool, text }),
        }
    }
    if turns.is_empty() {
        turns.push(Turn { texts: vec![BEFORE], ..Turn::default() });
    }
    turns
}

/// Arguments on their way back. What could not be read goes as an empty object, for anything else than an object is refused.
#[derive(Debug)]
pub(super) struct Arguments<'a>(pub(super) &'a Value);

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(object) => object.serialize(to),
            _ => to.serialize_map(Some(0))?.end(),
        }
    }
}

/// The text of arguments that come as JSON of their own, unread: what is wrong with them makes a broken call, as in the other protocols.
///
/// A string holds that text: gateways leave it so when they have the call from a protocol where it is one.
pub(super) fn arguments_said(json: Option<&RawValue>) -> Cow<'_, str> {
    let text = json.map_or("", RawValue::get).trim();
    if text.starts_with('"') {
        return serde_json::from_str::<String>(text).map_or(Cow::Borrowed(text), Cow::Owned);
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn person(text: &str) -> ModelMessage {
        ModelMessage::Person { text: text.to_owned() }
    }

    fn agent(text: &str, calls: &[&str]) -> ModelMessage {
        let call = |id: &&str| ProposedCall { provider_id: (*id).to_owned(), tool: "t".to_owned(), arguments: json!({}), broken: None };
        ModelMessage::Agent { text: text.to_owned(), calls: calls.iter().map(call).collect() }
    }

    fn result(id: &str) -> ModelMessage {
        ModelMessage::ToolResult { provider_id: id.to_owned(), tool: "t".to_owned(), text: String::new() }
    }

    /// A turn in short: whether it is the model's, results, texts, calls.
    type Expected<'a> = (bool, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

    fn check(messages: &[ModelMessage], expect: &[Expected<'_>]) {
        let turns = turns(messages);
        let short: Vec<_> = turns
            .iter()
            .map(|turn| {
                let results: Vec<&str> = turn.results.iter().map(|result| result.id).collect();
                let calls: Vec<&str> = turn.calls.iter().map(|call| call.provider_id.as_str()).collect();
                (turn.is_models, results, turn.texts.clone(), calls)
            })
            .collect();
        let expect: Vec<_> = expect.iter().map(|(is_models, results, texts, calls)| (*is_models, results.to_vec(), texts.to_vec(), calls.to_vec())).collect();
        assert_eq!(short, expect);
    }

    #[test]
    fn two_sides_take_turns_and_the_first_is_to_the_model() {
        check(&[], &[(false, &[], &[BEFORE], &[])]);
        check(&[person(" \n")], &[(false, &[], &[BEFORE], &[])]);
        check(&[agent("Hello.", &[]), person("Hi.")], &[(false, &[], &[BEFORE], &[]), (true, &[], &["Hello."], &[]), (false, &[], &["Hi."], &[])]);
        check(&[person("a"), person("b"), agent(" ", &[]), person("c")], &[(false, &[], &["a", "b", "c"], &[])]);
        check(
            &[person("a"), agent("", &["1", "2"]), result("1"), result("2"), person("b"), agent("c", &[]), agent("d", &["3"]), result("3")],
            &[
                (false, &[], &["a"], &[]),
                (true, &[], &[], &["1", "2"]),
                (false, &["1", "2"], &["b"], &[]),
                (true, &[], &["c", "d"], &["3"]),
                (false, &["3"], &[], &[]),
            ],
        );
    }

    #[test]
    fn arguments_go_back_as_an_object_whatever_they_were() {
        for (arguments, expect) in [(json!(null), "{}"), (json!([1]), "{}"), (json!("text"), "{}"), (json!({ "a": [1] }), r#"{"a":[1]}"#)] {
            assert_eq!(serde_json::to_string(&Arguments(&arguments)).expect("JSON"), expect);
        }
    }

    #[test]
    fn arguments_come_as_they_are_or_as_the_text_of_a_string() {
        let check = |json: &str, expect: &str| {
            let raw: &RawValue = serde_json::from_str(json).expect("JSON");
            assert_eq!(arguments_said(Some(raw)), expect, "{json}");
        };
        assert_eq!(arguments_said(None), "");
        check(r#" {"a": 92e85660411466} "#, r#"{"a": 92e85660411466}"#);
        check("[1]", "[1]");
        check(r#""{\"a\": 1""#, r#"{"a": 1"#);
        check(r#""\ud800""#, r#""\ud800""#);
    }
}
