//! Ranges of arguments: which values a standing grant covers.
//!
//! Only content may be left free: every other argument is covered only when it is named, and where an effect goes only by its very values.
//! What is named and missing, of another kind or outside its range is not covered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use steward_core::tool::fits;
use steward_core::{ArgumentClass, ArgumentRole, ToolSpec};

/// The most values and ranges of one grant.
const VALUES_MAX: usize = 100;

/// Which values of one argument are covered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// One of these, exactly.
    OneOf(Vec<Value>),
    /// A whole number from one bound to the other, both included.
    Between {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A text of at most so many letters.
    LettersMax(u32),
    /// Anything.
    Any,
}

/// Ranges by JSON pointer into the arguments; `*` stands for any place of a list.
pub type Ranges = BTreeMap<String, Range>;

/// Whether the ranges are those of a grant for this tool.
pub(super) fn check(ranges: &Ranges, tool: &ToolSpec) -> Result<(), String> {
    if ranges.len() > VALUES_MAX {
        return Err(format!("at most {VALUES_MAX} arguments can be named"));
    }
    for (path, range) in ranges {
        if !path.starts_with('/') || path.len() > 200 {
            return Err(format!("`{path}` is no JSON pointer; write `/` and the argument's name"));
        }
        match range {
            Range::OneOf(values) if values.is_empty() || values.len() > VALUES_MAX => return Err(format!("`{path}` needs 1 to {VALUES_MAX} values")),
            Range::OneOf(values) if values.iter().any(|value| value.is_object() || value.is_array()) => return Err(format!("`{path}`: name single values")),
            Range::Between { min, max } if min > max => return Err(format!("`{path}`: the least is more than the most")),
            Range::OneOf(_) | Range::Between { .. } | Range::LettersMax(_) | Range::Any => {}
        }
    }
    let steering: Vec<&String> = tool.roles.iter().filter(|(_, role)| steers(role)).map(|(name, _)| name).collect();
    let is_named = |name: &&String| ranges.keys().any(|path| touches(name, path));
    if !steering.is_empty() && !steering.iter().any(is_named) {
        let names: Vec<String> = steering.iter().map(|name| pointer(name)).collect();
        return Err(format!("say which values are covered of at least one of {}", names.join(", ")));
    }
    for (path, _) in ranges.iter().filter(|(_, range)| !matches!(range, Range::OneOf(_))) {
        if let Some(role) = roles_of(tool, path).find(|role| role.class() == ArgumentClass::Dest) {
            return Err(format!("`{path}` is a {role}: name the values with `one_of`, a grant never covers any"));
        }
    }
    Ok(())
}

fn pointer(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("/{name}") }
}

fn steers(role: &ArgumentRole) -> bool {
    role.class() != ArgumentClass::Content
}

/// Whether the ranges cover these arguments of the tool.
pub fn covers(ranges: &Ranges, tool: &ToolSpec, arguments: &Value) -> bool {
    let mut leaves = Vec::new();
    // A call without arguments has none that could be outside.
    if !arguments.as_object().is_some_and(serde_json::Map::is_empty) {
        walk(String::new(), arguments, &mut leaves);
    }
    let each = leaves.iter().all(|(path, value)| {
        let named: Vec<&Range> = ranges.iter().filter(|(named, _)| fits(named, path)).map(|(_, range)| range).collect();
        let roles: Vec<&ArgumentRole> = roles_of(tool, path).collect();
        if named.is_empty() {
            // What is not named is covered only where it cannot steer the effect; nothing at all steers too: it may clear a field.
            return !roles.is_empty() && !roles.iter().any(|role| steers(role));
        }
        // Looked at again, since a manifest may have come to say of an argument that it is a receiver.
        let is_receiver = roles.iter().any(|role| role.class() == ArgumentClass::Dest);
        named.iter().all(|range| within(range, value)) && (!is_receiver || named.iter().any(|range| matches!(range, Range::OneOf(_))))
    });
    // A named value that is not there was not what was granted; lists may be empty of it.
    each && ranges.iter().all(|(named, range)| matches!(range, Range::Any) || leaves.iter().any(|(path, _)| fits(named, path)))
}

/// Whether each of these arguments is named by its very values, so that whoever gave the grant knew all that the call says. Under `*` the keys
/// of an object are as free as its values, so there they are named by nobody; those of a list are numbers.
pub(super) fn names_all(ranges: &Ranges, arguments: &Value) -> bool {
    let mut leaves = Vec::new();
    walk(String::new(), arguments, &mut leaves);
    let names = |named: &str, path: &str| fits(named, path) && has_only_numbers_for_any(named, path, arguments);
    leaves.iter().all(|(path, _)| ranges.iter().any(|(named, range)| matches!(range, Range::OneOf(_)) && names(named, path)))
}

/// Whether all that `*` stands for in a path are places of lists.
fn has_only_numbers_for_any(named: &str, path: &str, arguments: &Value) -> bool {
    let stars = named.split('/').enumerate().filter(|(_, part)| *part == "*");
    stars.map(|(at, _)| path.split('/').take(at).collect::<Vec<_>>().join("/")).all(|above| arguments.pointer(&above).is_some_and(Value::is_array))
}

/// All roles an argument may have: one for each name of the manifest that this path touches.
fn roles_of<'a>(tool: &'a ToolSpec, path: &'a str) -> impl Iterator<Item = &'a ArgumentRole> {
    tool.roles.iter().filter(|(name, _)| touches(name, path)).map(|(_, role)| role)
}

/// Whether some place is meant by both the name of an argument in a manifest and a path. `*` on either side may be any place; a name without
/// `/` stands for all that is below it.
fn touches(name: &str, path: &str) -> bool {
    let named = pointer(name);
    let (mut name_parts, mut path_parts) = (named.split('/'), path.split('/'));
    loop {
        match (name_parts.next(), path_parts.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if want == have || want == "*" || have == "*" => {}
            (Some(_), Some(_)) => return false,
            // Whoever names a whole names all its parts, so that no part of a receiver slips through beside it.
            (None, Some(_)) | (Some(_), None) => return true,
        }
    }
}

fn within(range: &Range, value: &Value) -> bool {
    match range {
        Range::OneOf(values) => values.contains(value),
        Range::Between { min, max } => value.as_i64().is_some_and(|number| (*min..=*max).contains(&number)),
        Range::LettersMax(most) => value.as_str().is_some_and(|text| text.chars().count() <= usize::try_from(*most).unwrap_or(usize::MAX)),
        Range::Any => true,
    }
}

/// The scalars of a value with their JSON pointers; an empty list or object counts as one.
fn walk(path: String, value: &Value, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, inner)| walk(format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), inner, out));
        }
        Value::Array(list) if !list.is_empty() => list.iter().enumerate().for_each(|(index, inner)| walk(format!("{path}/{index}"), inner, out)),
        scalar => out.push((path, scalar.clone())),
    }
}

/// A range as a condition of a rule, or as a note where the language of the rules has no words for it.
pub(super) fn as_condition(path: &str, range: &Range) -> Result<String, String> {
    let name = format!("context.args.{}", path.trim_start_matches('/').replace('/', "."));
    match range {
        // A list is covered when each of its values is.
        Range::OneOf(values) if path.ends_with("/*") => Ok(format!("[{}].containsAll({})", listed(values), name.trim_end_matches(".*"))),
        Range::OneOf(values) => Ok(format!("[{}].contains({name})", listed(values))),
        Range::Between { min, max } => Ok(format!("{name} >= {min} && {name} <= {max}")),
        Range::LettersMax(most) => Err(format!("{name} has at most {most} letters.")),
        Range::Any => Err(format!("{name} may be anything.")),
    }
}

fn listed(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use steward_core::Effect;

    fn tool() -> ToolSpec {
        let roles = [
            ("to", ArgumentRole::Recipient),
            ("amount", ArgumentRole::Amount),
            ("body", ArgumentRole::Content),
            ("mode", ArgumentRole::Mode),
            ("query", ArgumentRole::Query),
        ];
        ToolSpec::sample("mail.send", Effect::Send, &roles)
    }

    fn ranges(value: Value) -> Ranges {
        serde_json::from_value(value).expect("ranges")
    }

    #[test]
    fn a_grant_names_what_steers_the_effect() {
        let refused = |value: Value, expect: &str| {
            let err = check(&ranges(value), &tool()).expect_err(expect);
            assert!(err.contains(expect), "{err}");
        };
        refused(json!({}), "at least one of /amount, /mode, /query, /to");
        refused(json!({ "/body": "any" }), "at least one of /amount, /mode, /query, /to");
        refused(json!({ "/amount": "any", "/to": "any" }), "a grant never covers any");
        refused(json!({ "/to/*": "any" }), "a grant never covers any");
        // Nor by another way of writing it, or of saying "any".
        refused(json!({ "/*/0": "any", "/amount": "any" }), "a grant never covers any");
        refused(json!({ "/*": "any" }), "a grant never covers any");
        refused(json!({ "/*/*": { "letters_max": 500 } }), "a grant never covers any");
        refused(json!({ "/to/*": { "letters_max": 500 } }), "a grant never covers any");
        refused(json!({ "/to/*": { "between": { "min": 0, "max": 9 } } }), "a grant never covers any");
        refused(json!({ "to": "any" }), "is no JSON pointer");
        refused(json!({ "/amount": { "between": { "min": 6, "max": 5 } } }), "the least is more");
        refused(json!({ "/to": { "one_of": [] } }), "needs 1 to");
        check(&ranges(json!({ "/amount": "any", "/to/*": { "one_of": ["a@x.example"] } })), &tool()).expect("a grant");
    }

    #[test]
    fn what_is_outside_its_range_or_not_named_is_not_covered() {
        let granted = ranges(
            json!({ "/to/*": { "one_of": ["a@x.example", "b@x.example"] }, "/amount": { "between": { "min": 1, "max": 50 } }, "/body": { "letters_max": 5 } }),
        );
        let check = |arguments: Value, expect: bool| assert_eq!(covers(&granted, &tool(), &arguments), expect, "{arguments}");
        check(json!({ "to": ["c@x.example"], "amount": 5, "body": "hi" }), false);
        check(json!({ "to": ["a@x.example", "c@x.example"], "amount": 5, "body": "hi" }), false);
        check(json!({ "to": ["A@x.example"], "amount": 5, "body": "hi" }), false);
        check(json!({ "to": "a@x.example", "amount": 5, "body": "hi" }), false);
        check(json!({ "to": [], "amount": 5, "body": "hi" }), false);
        check(json!({ "amount": 5, "body": "hi" }), false);
        check(json!({ "to": ["a@x.example"], "amount": 51, "body": "hi" }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5.5, "body": "hi" }), false);
        check(json!({ "to": ["a@x.example"], "amount": "5", "body": "hi" }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5, "body": "longer" }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5, "body": "hi", "bcc": ["eve@x.example"] }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5, "body": "hi", "to2": {} }), false);
        check(json!({ "to": ["a@x.example"], "amount": null, "body": "hi" }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5, "body": "hi", "cc": null }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5, "body": "hi", "mode": "at once" }), false);
        check(json!({ "to": ["a@x.example"], "amount": 5, "body": "hi", "query": "everything" }), false);
        check(json!({ "to": ["a@x.example", "b@x.example"], "amount": 50, "body": "hi" }), true);
        let free = ranges(json!({ "/to/*": { "one_of": ["a@x.example"] }, "/amount": "any" }));
        assert!(covers(&free, &tool(), &json!({ "to": ["a@x.example"], "amount": 5, "body": "content may be left free" })));
        // Of several that name it, each has to fit.
        let both = ranges(json!({ "/to/*": { "one_of": ["a@x.example"] }, "/to/0": { "one_of": ["b@x.example"] }, "/amount": "any" }));
        assert!(!covers(&both, &tool(), &json!({ "to": ["b@x.example"], "amount": 5 })));
        // What became a receiver after the grant was given is not covered by what was fine for a text.
        let before = ranges(json!({ "/body": { "letters_max": 90 }, "/amount": "any" }));
        let mut tool = tool();
        assert!(covers(&before, &tool, &json!({ "amount": 5, "body": "c@x.example" })));
        tool.roles.insert("body".to_owned(), "recipient".parse().expect("role"));
        assert!(!covers(&before, &tool, &json!({ "amount": 5, "body": "c@x.example" })));
    }

    #[test]
    fn all_is_named_only_where_each_value_is() {
        let call = json!({ "to": ["a@x.example"], "body": "hi" });
        for (body, expect) in
            [(None, false), (Some(json!("any")), false), (Some(json!({ "letters_max": 5 })), false), (Some(json!({ "one_of": ["hi"] })), true)]
        {
            let mut granted = json!({ "/to/*": { "one_of": ["a@x.example"] } });
            if let (Some(body), Some(granted)) = (&body, granted.as_object_mut()) {
                granted.insert("/body".to_owned(), body.clone());
            }
            assert_eq!(names_all(&ranges(granted), &call), expect, "{body:?}");
        }
        // A key may say as much as a value.
        let free = json!({ "to": ["a@x.example"], "notes": { "https://evil.example": "hi" } });
        for (notes, expect) in [("/notes/*", false), ("/*/*", false), ("/notes/https:~1~1evil.example", true)] {
            let granted = json!({ "/to/*": { "one_of": ["a@x.example"] }, (notes): { "one_of": ["hi"] } });
            assert_eq!(names_all(&ranges(granted), &free), expect, "{notes}");
        }
        let empty = json!({ "to": ["a@x.example"], "cc": [] });
        assert!(!names_all(&ranges(json!({ "/to/*": { "one_of": ["a@x.example"] }, "/cc/*": { "one_of": ["a@x.example"] } })), &empty));
    }

    #[test]
    fn receivers_deep_in_an_argument_are_receivers() {
        let mut tool = tool();
        tool.roles =
            [("/messages/*/to", "recipient"), ("/messages/*/text", "content")].map(|(name, role)| (name.to_owned(), role.parse().expect("role"))).into();
        for path in ["/messages/*/to", "/messages/0/to", "/*/*/to", "/*/*/*", "/messages/*/*", "/messages/0/to/deeper", "/messages"] {
            let err = check(&ranges(json!({ (path): "any" })), &tool).expect_err(path);
            assert!(err.contains("a grant never covers any"), "{path}: {err}");
        }
        let granted = ranges(json!({ "/messages/*/to": { "one_of": ["a@x.example"] } }));
        check(&granted, &tool).expect("a grant");
        let message = |to: &str| json!({ "messages": [{ "to": "a@x.example", "text": "hi" }, { "to": to, "text": "hi" }] });
        assert!(covers(&granted, &tool, &message("a@x.example")) && !covers(&granted, &tool, &message("b@x.example")));
    }
}
