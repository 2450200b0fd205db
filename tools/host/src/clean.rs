//! Cleaning arguments before anybody judges them, so that the gate, the card, the log and the tool see the same text.
//!
//! What is done, by the schema: every string in Unicode NFC; `x-steward-trim` takes white space off both ends;
//! `format: email`, `iban`, `hostname` and `uri` write addresses, accounts, hosts and links in their one form; `x-steward-fold` gives
//! the form in which rules compare texts (plain letters, lower case, single spaces), for arguments that are words of a command
//! rather than text; an integer written `10.0` becomes `10`. What is refused: what is not of its form, nesting deeper than 32,
//! NUL characters, which no store behind us takes, and whole numbers that a double does not hold exactly: the canonical form and
//! the card would say another number than the tool gets.

use crate::forms::Form;
use crate::schema::ArgumentError;
use serde_json::{Map, Number, Value};
use std::collections::BTreeMap;
use steward_core::limits::ARGUMENT_DEPTH_MAX;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// How the value at one place of the schema is cleaned.
#[derive(Debug, Default)]
pub(crate) struct Cleaner {
    fields: BTreeMap<String, Cleaner>,
    items: Option<Box<Cleaner>>,
    trim: bool,
    fold: bool,
    forms: Vec<Form>,
    /// Some branch takes any text, so that one of no form is not wrong.
    free: bool,
    integer: bool,
}

/// The largest whole number that a double holds exactly with all below it, 2^53 - 1.
const WHOLE_MAX: u64 = 9_007_199_254_740_991;
/// The same as a double.
const WHOLE_MAX_DOUBLE: f64 = 9_007_199_254_740_991.0;

impl Cleaner {
    /// Reads the rules off a schema. Alternatives (`anyOf`, `oneOf`, `allOf`) are joined.
    pub(crate) fn of(schema: &Value) -> Self {
        let mut cleaner = Self::default();
        cleaner.read(schema, 0);
        cleaner
    }

    fn read(&mut self, schema: &Value, depth: usize) {
        let Some(schema) = schema.as_object().filter(|_| depth < ARGUMENT_DEPTH_MAX) else { return };
        self.trim |= schema.get("x-steward-trim") == Some(&Value::Bool(true));
        self.fold |= schema.get("x-steward-fold") == Some(&Value::Bool(true));
        self.forms.extend(schema.get("format").and_then(Value::as_str).and_then(Form::named));
        self.integer |= match schema.get("type") {
            Some(Value::String(name)) => name == "integer",
            Some(Value::Array(names)) => names.iter().any(|name| name == "integer"),
            _ => false,
        };
        if let Some(Value::Object(properties)) = schema.get("properties") {
            for (name, property) in properties {
                self.fields.entry(name.clone()).or_default().read(property, depth + 1);
            }
        }
        if let Some(items) = schema.get("items") {
            self.items.get_or_insert_default().read(items, depth + 1);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            for branch in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
                self.free |= key != "allOf" && takes_any_text(branch);
                self.read(branch, depth + 1);
            }
        }
        // An address is whatever has an `@`; what else it could be is tried first.
        self.forms.sort_by_key(|form| *form == Form::Email);
    }

    /// The cleaned value.
    pub(crate) fn clean(&self, value: &Value) -> Result<Value, ArgumentError> {
        let mut path = String::new();
        clean(Some(self), value, &mut path, 1)
    }

    fn text(&self, text: &str, path: &str) -> Result<String, ArgumentError> {
        if self.fold {
            return Ok(steward_policies::folded(text));
        }
        // Where a schema leaves a choice, the first form that the text is of.
        let mut wrong = None;
        for form in &self.forms {
            if *form == Form::Email && self.forms.len() > 1 && !text.contains('@') {
                continue;
            }
            match form.write(text) {
                Ok(text) => return Ok(text),
                Err(why) => wrong = wrong.or(Some(why)),
            }
        }
        if let Some(why) = wrong.filter(|_| !self.free) {
            return Err(ArgumentError::new(path, why));
        }
        let text = if self.trim { text.trim() } else { text };
        Ok(if is_nfc_quick(text.chars()) == IsNormalized::Yes { text.to_owned() } else { text.nfc().collect() })
    }
}

/// Whether a branch of a choice takes texts and says of no form that they have.
fn takes_any_text(branch: &Value) -> bool {
    let is_text = |kind: &Value| kind == "string";
    let of_type = match branch.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is_text),
        Some(kind) => is_text(kind),
        None => match (branch.get("const"), branch.get("enum").and_then(Value::as_array)) {
            (Some(only), _) => only.is_string(),
            (None, Some(some)) => some.iter().any(Value::is_string),
            (None, None) => branch.get("properties").is_none(),
        },
    };
    let deeper = ["anyOf", "oneOf", "allOf"].iter().any(|key| branch.get(key).is_some());
    of_type && !deeper && branch.get("format").and_then(Value::as_str).and_then(Form::named).is_none()
}

fn clean(rule: Option<&Cleaner>, value: &Value, path: &mut String, depth: usize) -> Result<Value, ArgumentError> {
    if depth > ARGUMENT_DEPTH_MAX {
        return Err(ArgumentError::new(path, format!("is nested deeper than {ARGUMENT_DEPTH_MAX} levels")));
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(value.clone()),
        Value::Number(number) => whole(number, rule, path).map(Value::Number),
        Value::String(text) => {
            refuse_nul(text, path)?;
            rule.map_or_else(|| Cleaner::default().text(text, path), |rule| rule.text(text, path)).map(Value::String)
        }
        Value::Array(items) => {
            let rule = rule.and_then(|rule| rule.items.as_deref());
            let mut cleaned = Vec::with_capacity(items.len());
            for (index, item) in items.iter().enumerate() {
                cleaned.push(below(path, &index.to_string(), |path| clean(rule, item, path, depth + 1))?);
            }
            Ok(Value::Array(cleaned))
        }
        Value::Object(fields) => {
            let mut cleaned = Map::with_capacity(fields.len());
            for (name, field) in fields {
                refuse_nul(name, path)?;
                let rule = rule.and_then(|rule| rule.fields.get(name));
                let field = below(path, name, |path| clean(rule, field, path, depth + 1))?;
                cleaned.insert(name.clone(), field);
            }
            Ok(Value::Object(cleaned))
        }
    }
}

/// Runs `inner` with one more segment on the JSON pointer.
fn below<T>(path: &mut String, segment: &str, inner: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    path.push('/');
    path.push_str(&segment.replace('~', "~0").replace('/', "~1"));
    let result = inner(path);
    path.truncate(length);
    result
}

/// A tool's result with U+FFFD in place of NUL, also in names: a call that ran is not lost for a letter that nobody sees. Of two names that are
/// the same then, the first stays.
pub(crate) fn without_nul(value: Value) -> Value {
    let seen = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
        Value::String(text) => Value::String(seen(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(fields) => {
            let mut kept = Map::with_capacity(fields.len());
            for (name, field) in fields {
                kept.entry(seen(name)).or_insert_with(|| without_nul(field));
            }
            Value::Object(kept)
        }
    }
}

fn refuse_nul(text: &str, path: &str) -> Result<(), ArgumentError> {
    if text.contains('\0') { Err(ArgumentError::new(path, "holds a NUL character; leave it out")) } else { Ok(()) }
}

/// The number as it is, or as an integer where the schema says that it is one.
fn whole(number: &Number, rule: Option<&Cleaner>, path: &str) -> Result<Number, ArgumentError> {
    let too_large =
        || ArgumentError::new(path, format!("is a whole number beyond {WHOLE_MAX}, which is not kept exactly; write it as text where the tool takes one"));
    if let Some(size) = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs)) {
        return if size <= WHOLE_MAX { Ok(number.clone()) } else { Err(too_large()) };
    }
    match number.as_f64().filter(|double| double.fract() == 0.0 && rule.is_some_and(|rule| rule.integer)) {
        Some(double) if double.abs() > WHOLE_MAX_DOUBLE => Err(too_large()),
        #[expect(clippy::cast_possible_truncation, reason = "a whole number within 2^53")]
        Some(double) => Ok(Number::from(double as i64)),
        None => Ok(number.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, given: Value, expect: Result<Value, &str>) {
        let cleaned = Cleaner::of(&schema).clean(&given).map_err(|err| err.to_string());
        assert_eq!(cleaned, expect.map_err(str::to_owned), "{given}");
    }

    #[test]
    fn nul_and_depth_are_refused_with_their_path() {
        check(json!({}), json!({ "a": [{ "b/c": "x\0" }] }), Err("/a/0/b~1c: holds a NUL character; leave it out"));
        check(json!({}), json!({ "a\0": 1 }), Err("holds a NUL character; leave it out"));
        let account = json!({ "properties": { "to": { "items": { "properties": { "iban": { "type": "string", "format": "iban" } } } } } });
        let wrong = json!({ "to": [{ "iban": "DE89370400440532013001" }] });
        check(account, wrong, Err("/to/0/iban: is no IBAN: two letters, two check digits that fit, and the account"));
        let deep = (0..ARGUMENT_DEPTH_MAX).fold(json!(1), |inner, _| json!([inner]));
        let path = "/0".repeat(ARGUMENT_DEPTH_MAX);
        check(json!({}), deep, Err(&format!("{path}: is nested deeper than 32 levels")));
    }

    #[test]
    fn nul_in_a_result_is_marked_wherever_it_stands() {
        let given = json!({ "a\0": ["x\0y", { "\0": null }], "n": 1, "b": "\\u0000" });
        assert_eq!(without_nul(given), json!({ "a\u{fffd}": ["x\u{fffd}y", { "\u{fffd}": null }], "n": 1, "b": "\\u0000" }));
        assert_eq!(without_nul(json!({ "a\0": 1, "a\u{fffd}": 2 })), json!({ "a\u{fffd}": 1 }));
    }

    #[test]
    fn whole_numbers_that_would_be_shown_as_others_are_refused() {
        let why = "is a whole number beyond 9007199254740991, which is not kept exactly; write it as text where the tool takes one";
        let large = WHOLE_MAX + 1;
        let below = -i64::try_from(large).expect("fits");
        for given in [json!([large]), json!([9_007_199_254_740_993_u64]), json!([u64::MAX]), json!([below]), json!([i64::MIN])] {
            check(json!({ "items": { "type": "number" } }), given.clone(), Err(&format!("/0: {why}")));
            check(json!({}), given, Err(&format!("/0: {why}")));
        }
        // Written so long that it was read as a double already.
        for given in [json!({ "count": 1e300 }), json!({ "count": -9_007_199_254_740_992.0 })] {
            check(json!({ "properties": { "count": { "type": "integer" } } }), given, Err(&format!("/count: {why}")));
        }
        for given in [json!([WHOLE_MAX]), json!([-9_007_199_254_740_991_i64]), json!([0.5]), json!(["9007199254740993"])] {
            check(json!({}), given.clone(), Ok(given));
        }
    }

    #[test]
    fn texts_are_cleaned_as_the_schema_says() {
        let schema = json!({ "properties": {
            "to": { "type": "array", "items": { "format": "email" } },
            "name": { "type": ["string", "null"], "x-steward-trim": true },
            "either": { "anyOf": [{ "type": "null" }, { "x-steward-trim": true }] },
            "text": { "type": "string" },
            "verb": { "type": "string", "x-steward-fold": true },
            "count": { "type": "integer" },
            "account": { "anyOf": [{ "type": "null" }, { "type": "string", "format": "iban" }] },
            "either_account": { "anyOf": [{ "format": "email" }, { "format": "iban" }] },
            "maybe_link": { "anyOf": [{ "type": "string", "format": "uri" }, { "enum": ["none"] }] },
            "reach": { "anyOf": [{ "format": "uri" }, { "format": "email" }] },
        } });
        let cases = [
            (json!({ "to": [" Lena@EXAMPLE.org", "\u{ff4c}ena@example.org"] }), json!({ "to": ["lena@example.org", "lena@example.org"] })),
            (json!({ "name": " Ju\u{308}rgen\t" }), json!({ "name": "J\u{fc}rgen" })),
            (json!({ "either": " a " }), json!({ "either": "a" })),
            (json!({ "text": " kept\n " }), json!({ "text": " kept\n " })),
            (json!({ "verb": " DR\u{41e}\u{200b}\u{ff30}  table" }), json!({ "verb": "drop table" })),
            (json!({ "text": "DROP " }), json!({ "text": "DROP " })),
            (json!({ "text": "e\u{301}" }), json!({ "text": "\u{e9}" })),
            (json!({ "account": "de89 3704 0044 0532 0130 00" }), json!({ "account": "DE89370400440532013000" })),
            (json!({ "account": null }), json!({ "account": null })),
            (json!({ "reach": "HTTPS://Good.example" }), json!({ "reach": "https://good.example/" })),
            (json!({ "either_account": "de89 3704 0044 0532 0130 00" }), json!({ "either_account": "DE89370400440532013000" })),
            (json!({ "either_account": "Lena@Good.example" }), json!({ "either_account": "lena@good.example" })),
            (json!({ "maybe_link": "none" }), json!({ "maybe_link": "none" })),
            (json!({ "maybe_link": "HTTPS://Good.example" }), json!({ "maybe_link": "https://good.example/" })),
            (json!({ "reach": "Lena@Good.example" }), json!({ "reach": "lena@good.example" })),
            (json!({ "count": 10.0 }), json!({ "count": 10 })),
            (json!({ "count": 10.5 }), json!({ "count": 10.5 })),
            (json!({ "unknown": [null, true, 2.0, 1e300] }), json!({ "unknown": [null, true, 2.0, 1e300] })),
        ];
        for (given, expect) in cases {
            check(schema.clone(), given, Ok(expect));
        }
    }
}
