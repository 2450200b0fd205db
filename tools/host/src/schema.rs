//! A tool's JSON Schemas, compiled once: arguments before the gate, results after the call.
//!
//! Errors name the place as a JSON pointer and what would be right there, never the value: it may be long or private.

mod roles;

pub(crate) use roles::without_role;

use crate::clean::{Cleaner, without_nul};
use crate::error::tidy;
use jsonschema::{PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;
use std::{fmt, io};
use steward_core::limits::{ARGUMENT_BYTES_MAX, ARGUMENT_DEPTH_MAX, RESULT_DEPTH_MAX};
use steward_core::{HasKind, Kind, is_deeper};

const MESSAGE_MAX: usize = 300;

/// What is wrong with arguments, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentError {
    /// JSON pointer of the place; empty for the whole object.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl ArgumentError {
    pub(crate) fn new(path: &str, message: impl Into<String>) -> Self {
        Self { path: tidy(path, MESSAGE_MAX), message: message.into() }
    }
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.path, self.message) }
    }
}

impl std::error::Error for ArgumentError {}

impl HasKind for ArgumentError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }
}

/// The schema of a tool's arguments, and how they are cleaned.
#[derive(Debug)]
pub(crate) struct Arguments {
    validator: Validator,
    cleaner: Cleaner,
}

impl Arguments {
    /// Compiles it. An arguments schema is an object that names all its fields, at every level.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err("the arguments schema must have `type`: `object`".to_owned());
        }
        // It lets through what is named nowhere, beside `additionalProperties` too.
        if schema.get("patternProperties").is_some() {
            return Err("the arguments schema has `patternProperties`; name each argument, so that it can have a role".to_owned());
        }
        refuse_open_objects(schema, &mut String::new(), 0)?;
        Ok(Self { validator: compile(schema)?, cleaner: Cleaner::of(schema) })
    }

    /// Cleans and checks arguments: size, depth, NUL, then the schema.
    pub(crate) fn check(&self, arguments: &Value) -> Result<Value, ArgumentError> {
        let too_large = || ArgumentError::new("", format!("the arguments are larger than {} KiB", ARGUMENT_BYTES_MAX / 1024));
        if is_larger(arguments, ARGUMENT_BYTES_MAX) {
            return Err(too_large());
        }
        let cleaned = self.cleaner.clean(arguments)?;
        // Folding can make a text longer.
        if is_larger(&cleaned, ARGUMENT_BYTES_MAX) {
            return Err(too_large());
        }
        match self.validator.validate(&cleaned) {
            Ok(()) => Ok(cleaned),
            Err(error) => Err(explain(&error)),
        }
    }

    /// Whether arguments, cleaned earlier, match.
    pub(crate) fn matches(&self, arguments: &Value) -> bool {
        self.validator.is_valid(arguments)
    }
}

/// The schema of a tool's result.
#[derive(Debug)]
pub(crate) struct Results {
    validator: Validator,
}

impl Results {
    /// Compiles it.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        Ok(Self { validator: compile(schema)? })
    }

    /// Reads and checks the tool's text. A NUL is replaced, as no store behind us takes one.
    pub(crate) fn read(&self, text: &str) -> Result<Value, String> {
        let value: Value = serde_json::from_str(text).map_err(|err| format!("the tool's result is not JSON: {err}"))?;
        if is_deeper(&value, RESULT_DEPTH_MAX) {
            return Err(format!("the tool's result is nested deeper than {RESULT_DEPTH_MAX} levels"));
        }
        // Only so written can one stand in JSON.
        let value = if text.contains("\\u0000") { without_nul(value) } else { value };
        match self.validator.validate(&value) {
            Ok(()) => Ok(value),
            Err(error) => Err(format!("the tool's result does not match its schema: {}", explain(&error))),
        }
    }
}

fn compile(schema: &Value) -> Result<Validator, String> {
    // The linear-time engine: a model chooses the texts that the patterns meet.
    let options = jsonschema::draft202012::options().should_validate_formats(true).offline().with_pattern_options(PatternOptions::regex());
    options.build(schema).map_err(|err| format!("not a JSON Schema: {}", tidy(&err.masked().to_string(), MESSAGE_MAX)))
}

fn refuse_open_objects(schema: &Value, path: &mut String, depth: usize) -> Result<(), String> {
    let Some(object) = schema.as_object() else { return Ok(()) };
    if depth > ARGUMENT_DEPTH_MAX {
        return Err(format!("the arguments schema is nested deeper than {ARGUMENT_DEPTH_MAX} levels"));
    }
    if object.contains_key("$ref") || object.contains_key("$dynamicRef") {
        return Err(format!("the arguments schema refers to another place at `{path}`; write it out there"));
    }
    let names_objects =
        object.get("type").is_some_and(|kind| kind == "object" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "object")));
    if (names_objects || object.contains_key("properties")) && object.get("additionalProperties") != Some(&Value::Bool(false)) {
        return Err(format!("the object at `{path}` of the arguments schema must have `additionalProperties`: false (in Rust: serde(deny_unknown_fields))"));
    }
    for (key, inner) in object {
        let mut go = |segment: &str, schema: &Value| {
            let length = path.len();
            path.push('/');
            path.push_str(segment);
            let result = refuse_open_objects(schema, path, depth + 1);
            path.truncate(length);
            result
        };
        match (key.as_str(), inner) {
            ("properties", Value::Object(fields)) => fields.iter().try_for_each(|(name, field)| go(name, field))?,
            ("items", items) => go("*", items)?,
            ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(branches)) => branches.iter().try_for_each(|branch| go(key, branch))?,
            _ => {}
        }
    }
    Ok(())
}

/// Says where and what in our words; foreign ones for the keywords that need no translation.
fn explain(error: &ValidationError<'_>) -> ArgumentError {
    let at = error.instance_path().as_str();
    let below = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.first().map_or("", String::as_str);
            ArgumentError::new(&below(name), "there is no such field")
        }
        ValidationErrorKind::FalseSchema => ArgumentError::new(at, "nothing may stand here"),
        ValidationErrorKind::Required { property } => ArgumentError::new(&below(property.as_str().unwrap_or_default()), "is missing"),
        ValidationErrorKind::Format { format } => ArgumentError::new(at, format!("is not a valid {format}")),
        ValidationErrorKind::MaxLength { limit } => ArgumentError::new(at, format!("is longer than {limit} characters")),
        ValidationErrorKind::MinLength { limit: 1 } => ArgumentError::new(at, "is empty"),
        ValidationErrorKind::MinLength { limit } => ArgumentError::new(at, format!("is shorter than {limit} characters")),
        _ => {
            let message = error.masked().to_string();
            ArgumentError::new(at, tidy(message.strip_prefix("value ").unwrap_or(&message), MESSAGE_MAX))
        }
    }
}

fn is_larger(value: &Value, most: usize) -> bool {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| io::Error::other("larger"))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    serde_json::to_writer(Counter(most), value).is_err()
}

/// Whether a JSON pointer with `*` names a place the schema has. An empty segment list is the root.
pub(crate) fn has_place(schema: &Value, pointer: &str) -> bool {
    !places(schema, pointer).is_empty()
}

/// Whether any text may stand at a place (a JSON pointer; a number or `*` for one of a list), and not only words that the schema lists. Of a
/// place that the schema does not have, no; of one below a place that it has, about which it says nothing, yes.
pub fn is_open_text(schema: &Value, pointer: &str) -> bool {
    match pointer.strip_prefix('/') {
        Some(rest) => open_at(schema, &rest.split('/').collect::<Vec<_>>()).unwrap_or(false),
        None => pointer.is_empty() && takes_any(schema),
    }
}

/// Whether a schema takes any text, or a list or an object with any.
fn takes_any(schema: &Value) -> bool {
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        return false;
    }
    if schema.get("allOf").and_then(Value::as_array).is_some_and(|all| !all.iter().all(takes_any)) {
        return false;
    }
    let branches: Vec<&Value> = ["anyOf", "oneOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten().collect();
    match schema.get("type") {
        Some(Value::String(of)) => of == "string" || of == "array" || of == "object",
        Some(Value::Array(of)) => of.iter().any(|of| of == "string" || of == "array" || of == "object"),
        _ => branches.is_empty() || branches.into_iter().any(takes_any),
    }
}

/// The same of a place below; none where nothing is said of it.
fn open_at(schema: &Value, segments: &[&str]) -> Option<bool> {
    let Some((first, rest)) = segments.split_first() else { return Some(takes_any(schema)) };
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        return Some(false);
    }
    let name = first.replace("~1", "/").replace("~0", "~");
    let (is_any, index) = (name == "*", name.parse::<usize>().ok());
    let mut below: Vec<&Value> = schema.get("properties").and_then(|properties| properties.get(&name)).into_iter().collect();
    if is_any || index.is_some() {
        let begin = schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten().enumerate();
        below.extend(begin.filter(|(at, _)| index.is_none_or(|index| index == *at)).map(|(_, item)| item));
        let is_behind = is_any || below.is_empty();
        below.extend(schema.get("items").filter(|_| is_behind));
    }
    let is_other = is_any || below.is_empty();
    below.extend(schema.get("additionalProperties").filter(|_| is_other));
    let branches = ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    let said = below.into_iter().map(|inner| *inner != Value::Bool(false) && open_at(inner, rest).unwrap_or(true));
    said.chain(branches.filter_map(|branch| open_at(branch, segments))).reduce(|a, b| a || b)
}

/// What the schema says of a place, in each of its branches that has it.
fn places<'a>(schema: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    if pointer.is_empty() {
        found.push(schema);
    } else if let Some(rest) = pointer.strip_prefix('/') {
        descend(schema, &rest.split('/').collect::<Vec<_>>(), &mut found);
    }
    found
}

fn descend<'a>(schema: &'a Value, segments: &[&str], found: &mut Vec<&'a Value>) {
    let Some((first, rest)) = segments.split_first() else {
        found.push(schema);
        return;
    };
    let name = first.replace("~1", "/").replace("~0", "~");
    let direct = if *first == "*" {
        schema.get("items").or_else(|| schema.get("additionalProperties").filter(|rest| **rest != Value::Bool(false)))
    } else {
        schema.get("properties").and_then(|properties| properties.get(&name))
    };
    let branches = ["anyOf", "oneOf", "allOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
    direct.into_iter().for_each(|inner| descend(inner, rest, found));
    branches.for_each(|branch| descend(branch, segments, found));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object", "additionalProperties": false, "required": ["contact"],
            "properties": {
                "contact": {
                    "type": "object", "additionalProperties": false, "required": ["email"],
                    "properties": { "email": { "type": "string", "format": "email" }, "tags": { "type": "array", "items": { "type": "string", "maxLength": 4 } } }
                },
                "limit": { "type": "integer", "minimum": 1, "maximum": 50 },
                "state": { "enum": ["open", "shut"] },
            }
        })
    }

    #[test]
    fn refusals_name_the_place() {
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        let cases = [
            (json!(null), "is not of type \"object\""),
            (json!("{}"), "is not of type \"object\""),
            (json!({}), "/contact: is missing"),
            (json!({ "contact": {} }), "/contact/email: is missing"),
            (json!({ "contact": { "email": "lena" } }), "/contact/email: is not a valid email"),
            (json!({ "contact": { "email": 7 } }), "/contact/email: is not of type \"string\""),
            (json!({ "contact": { "email": "a@b.example", "tags": ["ok", "much too long"] } }), "/contact/tags/1: is longer than 4 characters"),
            (json!({ "contact": { "email": "a@b.example" }, "extra": 1 }), "/extra: there is no such field"),
            (json!({ "contact": { "email": "a@b.example", "x/y": 1 } }), "/contact/x~1y: there is no such field"),
            (json!({ "contact": { "email": "a@b.example" }, "limit": 0 }), "/limit: is less than the minimum of 1"),
            (json!({ "contact": { "email": "a@b.example" }, "limit": 1.5 }), "/limit: is not of type \"integer\""),
            (json!({ "contact": { "email": "a@b.example" }, "state": "ajar" }), "/state: is not one of \"open\" or \"shut\""),
            (json!({ "contact": { "email": "x".repeat(10 << 20) } }), "the arguments are larger than 64 KiB"),
            (json!({ "contact": deep }), &format!("/contact{}: is nested deeper than 32 levels", "/0".repeat(31))),
        ];
        let arguments = Arguments::compile(&schema()).expect("schema");
        for (given, expect) in cases {
            let refused = arguments.check(&given).expect_err("refused");
            assert_eq!(refused.to_string(), expect);
        }
    }

    #[test]
    fn good_arguments_come_back_clean() {
        let arguments = Arguments::compile(&schema()).expect("schema");
        let cleaned = arguments.check(&json!({ "contact": { "email": " Lena@Example.org " }, "limit": 10.0 }));
        assert_eq!(cleaned, Ok(json!({ "contact": { "email": "lena@example.org" }, "limit": 10 })));
    }

    #[test]
    fn a_result_is_read_without_nul() {
        let results = Results::compile(&json!({ "type": "object" })).expect("schema");
        let read = results.read(r#"{"no\u0000te":{"\u0000":"a\u0000b"},"path":"C:\\u0000"}"#);
        assert_eq!(read, Ok(json!({ "no\u{fffd}te": { "\u{fffd}": "a\u{fffd}b" }, "path": "C:\\u0000" })));
    }

    #[test]
    fn open_schemas_are_refused() {
        let cases = [
            (json!({}), "must have `type`: `object`"),
            (json!({ "type": "object" }), "the object at `` of the arguments schema"),
            (
                json!({ "type": "object", "additionalProperties": false, "properties": { "a": { "type": "array", "items": { "type": "object" } } } }),
                "the object at `/a/*`",
            ),
            (json!({ "type": "object", "additionalProperties": false, "properties": { "a": { "$ref": "#/$defs/a" } } }), "refers to another place at `/a`"),
            (json!({ "type": "object", "additionalProperties": false, "patternProperties": { "^a": {} } }), "has `patternProperties`"),
            (json!({ "type": "object", "additionalProperties": false, "properties": { "a": { "type": "text" } } }), "not a JSON Schema"),
            (json!({ "type": "object", "additionalProperties": false, "properties": { "a": { "pattern": "(?=a)b" } } }), "not a JSON Schema"),
        ];
        for (schema, expect) in cases {
            let refused = Arguments::compile(&schema).expect_err("refused");
            assert!(refused.contains(expect), "{refused}");
        }
    }

    #[test]
    fn a_text_is_open_unless_the_schema_lists_its_words() {
        let words = json!({ "type": "string", "enum": ["a", "b"] });
        for (schema, expect) in [
            (json!({ "type": "string" }), true),
            (json!({ "type": ["string", "null"] }), true),
            (json!({}), true),
            (json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), true),
            (json!({ "allOf": [{ "type": "string" }] }), true),
            (json!({ "type": "boolean" }), false),
            (words.clone(), false),
            (json!({ "anyOf": [words, { "type": "null" }] }), false),
            (json!({ "allOf": [words], "description": "one of few" }), false),
        ] {
            assert_eq!(is_open_text(&json!({ "type": "object", "properties": { "a": schema } }), "/a"), expect, "{schema}");
        }
        assert!(!is_open_text(&json!({}), "/a"));
    }

    #[test]
    fn a_place_in_a_list_is_open_unless_its_words_are_listed() {
        let words = json!({ "enum": ["a", "b"] });
        for (schema, path, expect) in [
            (json!({ "type": "array" }), "/a/0", true),
            (json!({ "type": "array" }), "/a/0/b", true),
            (json!({ "type": "array", "prefixItems": [words, { "type": "string" }] }), "/a/1", true),
            (json!({ "type": "array", "prefixItems": [words] }), "/a/1", true),
            (json!({ "type": "array", "items": { "type": "string" } }), "/a/7", true),
            (json!({ "type": "array", "items": { "type": "array" } }), "/a/0/0", true),
            (json!({ "type": "object" }), "/a/b", true),
            (json!({ "anyOf": [{ "type": "array" }, { "type": "null" }] }), "/a/0", true),
            (json!({ "type": "array", "items": words }), "/a/0", false),
            (json!({ "type": "array", "items": words }), "/a/*", false),
            (json!({ "type": "array", "prefixItems": [words], "items": false }), "/a/0", false),
            (json!({ "type": "array", "prefixItems": [words], "items": false }), "/a/1", false),
            (json!({ "anyOf": [{ "type": "array", "items": words }, { "type": "null" }] }), "/a/0", false),
            (json!({ "type": "object", "additionalProperties": false }), "/a/b", false),
            (json!({ "enum": [["a"], ["b"]] }), "/a/0", false),
        ] {
            let whole = json!({ "type": "object", "properties": { "a": schema } });
            assert_eq!(is_open_text(&whole, path), expect, "{path}: {schema}");
        }
    }

    #[test]
    fn pointers_find_their_place() {
        for (pointer, expect) in
            [("", true), ("/contact/email", true), ("/contact/tags/*", true), ("/contact/name", false), ("/contact/email/*", false), ("contact", false)]
        {
            assert_eq!(has_place(&schema(), pointer), expect, "{pointer}");
        }
    }
}
