//! Whether all that a schema takes has a role. What has none is judged as content and as nothing else: where a call goes and what it touches
//! would be nobody's to judge.

use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::ArgumentRole;
use steward_core::tool::fits;

/// The first place of an arguments schema at which something may stand that has no role, as a JSON pointer with `*`.
///
/// A role by the name of an argument is for all that stands in it, one by a pointer for that very place. The schema names all fields of its
/// objects, and is no deeper than one may be.
pub(crate) fn without_role(arguments: &Value, roles: &BTreeMap<String, ArgumentRole>) -> Option<String> {
    Roles(roles).missing_below(arguments, "", Around { kinds: Kinds::ALL, is_closed: false, has_items: false })
}

/// What may stand at a place, beside nothing at all.
#[derive(Debug, Clone, Copy)]
struct Kinds {
    scalar: bool,
    list: bool,
    object: bool,
}

impl Kinds {
    const ALL: Self = Self { scalar: true, list: true, object: true };
    const NONE: Self = Self { scalar: false, list: false, object: false };
    const SCALAR: Self = Self { scalar: true, ..Self::NONE };
    const LIST: Self = Self { list: true, ..Self::NONE };
    const OBJECT: Self = Self { object: true, ..Self::NONE };

    fn of_type(name: &str) -> Self {
        match name {
            "object" => Self::OBJECT,
            "array" => Self::LIST,
            "null" => Self::NONE,
            _ => Self::SCALAR,
        }
    }

    const fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NONE,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Self::SCALAR,
            Value::Array(_) => Self::LIST,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// What a schema takes, of whatever it is the schema of.
    fn of(schema: &Value) -> Self {
        let Some(says) = schema.as_object() else { return if *schema == Value::Bool(false) { Self::NONE } else { Self::ALL } };
        let mut kinds = match says.get("type") {
            Some(Value::String(name)) => Self::of_type(name),
            Some(Value::Array(names)) => Self::any(names.iter().filter_map(Value::as_str).map(Self::of_type)),
            _ => Self::ALL,
        };
        if let Some(only) = says.get("const") {
            kinds = kinds.and(Self::of_value(only));
        }
        if let Some(Value::Array(some)) = says.get("enum") {
            kinds = kinds.and(Self::any(some.iter().map(Self::of_value)));
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(branches)) = says.get(key) {
                kinds = kinds.and(Self::any(branches.iter().map(Self::of)));
            }
        }
        branches(schema, "allOf").map(Self::of).fold(kinds, Self::and)
    }

    fn any(kinds: impl Iterator<Item = Self>) -> Self {
        kinds.fold(Self::NONE, Self::or)
    }

    const fn and(self, other: Self) -> Self {
        Self { scalar: self.scalar && other.scalar, list: self.list && other.list, object: self.object && other.object }
    }

    const fn or(self, other: Self) -> Self {
        Self { scalar: self.scalar || other.scalar, list: self.list || other.list, object: self.object || other.object }
    }
}

/// What the schemas around a branch say of the place that it speaks of.
#[derive(Debug, Clone, Copy)]
struct Around {
    kinds: Kinds,
    is_closed: bool,
    has_items: bool,
}

struct Roles<'a>(&'a BTreeMap<String, ArgumentRole>);

impl Roles<'_> {
    /// The first place without a role, from this one on.
    fn missing(&self, schema: &Value, place: &str) -> Option<String> {
        if place.split('/').nth(1).is_some_and(|argument| self.0.contains_key(argument)) {
            return None;
        }
        let kinds = Kinds::of(schema);
        if kinds.scalar && !self.0.keys().any(|role| role.starts_with('/') && fits(role, place)) {
            return Some(place.to_owned());
        }
        self.missing_below(schema, place, Around { kinds, is_closed: false, has_items: false })
    }

    /// The same inside of what stands at a place, as a schema and its branches say it.
    fn missing_below(&self, schema: &Value, place: &str, around: Around) -> Option<String> {
        let here = Around {
            kinds: around.kinds.and(Kinds::of(schema)),
            is_closed: around.is_closed || is_closed(schema),
            has_items: around.has_items || has_items(schema),
        };
        let any = || format!("{place}/*");
        let mut inner: Vec<(String, &Value)> = Vec::new();
        if here.kinds.object {
            let fields = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            inner.extend(fields.map(|(name, field)| (format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), field)));
            // Names that are known by a pattern only can be given no role.
            if schema.get("patternProperties").and_then(Value::as_object).is_some_and(|patterns| !patterns.is_empty()) {
                return Some(any());
            }
        }
        if here.kinds.list {
            inner.extend(schema.get("items").into_iter().chain(branches(schema, "prefixItems")).map(|item| (any(), item)));
        }
        if let Some(missing) = inner.into_iter().find_map(|(place, schema)| self.missing(schema, &place)) {
            return Some(missing);
        }
        let choices: Vec<&Value> = branches(schema, "anyOf").chain(branches(schema, "oneOf")).collect();
        let is_open = choices.is_empty() && ((here.kinds.object && !here.is_closed) || (here.kinds.list && !here.has_items));
        let missing = choices.into_iter().chain(branches(schema, "allOf")).find_map(|branch| self.missing_below(branch, place, here));
        missing.or_else(|| is_open.then(any))
    }
}

fn branches<'a>(schema: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// Whether an object has no fields but those that are named.
fn is_closed(schema: &Value) -> bool {
    schema.get("additionalProperties") == Some(&Value::Bool(false)) || branches(schema, "allOf").any(is_closed)
}

/// Whether something is said of what stands in a list.
fn has_items(schema: &Value) -> bool {
    schema.get("items").is_some() || branches(schema, "allOf").any(has_items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_may_stand_in_an_argument_has_a_role_or_is_named() {
        let text = json!({ "type": "string" });
        let person =
            json!({ "type": "object", "additionalProperties": false, "properties": { "name": text, "mails": { "type": ["array", "null"], "items": text } } });
        let maybe = json!({ "anyOf": [person, { "type": "null" }] });
        let one_of_two = json!({ "allOf": [person, { "description": "whoever it is" }], "oneOf": [{ "required": ["name"] }, { "required": ["mails"] }] });
        let both = ["/a/name", "/a/mails/*"];
        for (schema, roles, expect) in [
            (text.clone(), ["a"].as_slice(), None),
            (text.clone(), &["/a"], None),
            (text.clone(), &[], Some("/a")),
            (json!({ "type": "boolean" }), &[], Some("/a")),
            (json!({ "enum": ["x", "y", null] }), &[], Some("/a")),
            (json!({ "type": "null" }), &[], None),
            // A list is none of its values, so a role for the one is none for the others.
            (json!({ "type": "array", "items": text }), &["/a"], Some("/a/*")),
            (json!({ "type": "array", "items": text }), &["/a/*"], None),
            (json!({ "type": ["array", "string"], "items": text }), &["/a/*"], Some("/a")),
            (json!({ "type": ["array", "string"], "items": text }), &["/a", "/a/*"], None),
            (json!({ "type": "array" }), &["/a/*"], Some("/a/*")),
            (json!({ "type": "array" }), &["a"], None),
            (json!({ "type": "array", "prefixItems": [person], "items": false }), &["/a/*/name"], Some("/a/*/mails/*")),
            (person.clone(), &["/a/name"], Some("/a/mails/*")),
            (person.clone(), &both, None),
            (maybe.clone(), &["/a/mails/*"], Some("/a/name")),
            (maybe, &both, None),
            (one_of_two.clone(), &both, None),
            (one_of_two, &["/a/name"], Some("/a/mails/*")),
            // Anything at all is not given a role piece by piece.
            (json!({}), &["/a"], Some("/a/*")),
            (json!({ "description": "anything" }), &["a"], None),
            (json!({ "type": "object", "additionalProperties": false, "patternProperties": { "^x": text } }), &[], Some("/a/*")),
            (json!({ "type": "object", "additionalProperties": false, "patternProperties": { "^x": text } }), &["a"], None),
            (json!({ "type": "object", "additionalProperties": false, "properties": { "x/y": text } }), &["/a/x~1y"], None),
        ] {
            let arguments = json!({ "type": "object", "additionalProperties": false, "properties": { "a": schema } });
            let roles: BTreeMap<String, ArgumentRole> = roles.iter().map(|role| ((*role).to_owned(), ArgumentRole::Content)).collect();
            assert_eq!(without_role(&arguments, &roles).as_deref(), expect, "{schema} {roles:?}");
        }
    }
}
