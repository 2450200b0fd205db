//! What a yes-or-no expression of a rule looks at: paths such as `context.dest`, and the literals that stand in it.
//!
//! What is not understood here counts as looking at everything, so nothing is claimed of it.

use serde_json::Value;
use std::collections::BTreeSet;

/// What one expression looks at.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Looks {
    /// Paths it reads, such as `context.args.amount_minor` and `principal.roles`; `principal.name` is who acts, compared and not looked into.
    pub(super) paths: BTreeSet<String>,
    /// Entities it names, by type and id.
    pub(super) entities: BTreeSet<(String, String)>,
    /// Texts it names; of a pattern the letters.
    pub(super) texts: BTreeSet<String>,
    /// Numbers it names.
    pub(super) numbers: BTreeSet<i64>,
    /// It compares one path with literals and does nothing else.
    pub(super) compares: bool,
    /// It looks at something in a way that is not understood here, so at anything.
    pub(super) anything: bool,
}

impl Looks {
    /// What this expression looks at, in the JSON form of rules.
    pub(super) fn of(expression: &Value) -> Self {
        let mut looks = Self { compares: only_compares(expression), ..Self::default() };
        looks.walk(expression);
        looks
    }

    /// Whether it may read what stands at this path, above it or below it.
    pub(super) fn reads(&self, path: &str) -> bool {
        self.anything || self.speaks_of(path)
    }

    /// Whether what stands at this path, above it or below it is read anywhere in it, however that is put together.
    pub(super) fn speaks_of(&self, path: &str) -> bool {
        self.paths.iter().any(|read| is_below(read, path) || is_below(path, read))
    }

    /// The ids of the entities of one type that it names.
    pub(super) fn named<'a>(&'a self, of: &'a str) -> impl Iterator<Item = &'a str> {
        self.entities.iter().filter(move |(kind, _)| kind == of).map(|(_, id)| id.as_str())
    }

    fn walk(&mut self, node: &Value) {
        let Some((operator, operands)) = operation(node) else {
            self.anything = true;
            return;
        };
        match operator {
            "Value" => self.literal(operands),
            "Var" => match operands.as_str() {
                Some("context") => {
                    self.anything = true;
                    self.paths.insert("context".to_owned());
                }
                None => self.anything = true,
                Some(variable) => _ = self.paths.insert(variable.to_owned()),
            },
            "." => match path(node) {
                Some(path) => _ = self.paths.insert(path),
                None => self.beyond(operands),
            },
            "has" => self.has(operands),
            "==" | "!=" | "in" => ["left", "right"].into_iter().for_each(|side| self.compared(operands.get(side))),
            "is" => {
                self.compared(operands.get("left"));
                operands.get("in").into_iter().for_each(|within| self.walk(within));
            }
            "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "&&" | "||" | "contains" | "containsAll" | "containsAny" => {
                ["left", "right"].into_iter().for_each(|side| self.walk(operands.get(side).unwrap_or(&Value::Null)));
            }
            "neg" => match negated(operands) {
                Some(number) => _ = self.numbers.insert(number),
                None => self.walk(operands.get("arg").unwrap_or(&Value::Null)),
            },
            "!" | "isEmpty" => self.walk(operands.get("arg").unwrap_or(&Value::Null)),
            "like" => {
                self.walk(operands.get("left").unwrap_or(&Value::Null));
                let letters = operands.get("pattern").and_then(Value::as_array).into_iter().flatten();
                self.texts.insert(letters.filter_map(|item| item.get("Literal").and_then(Value::as_str)).collect());
            }
            "if-then-else" => ["if", "then", "else"].into_iter().for_each(|part| self.walk(operands.get(part).unwrap_or(&Value::Null))),
            "Set" => operands.as_array().into_iter().flatten().for_each(|item| self.walk(item)),
            "Record" => operands.as_object().into_iter().flat_map(|fields| fields.values()).for_each(|field| self.walk(field)),
            // Tags and functions of extensions: none of our entities has a tag.
            _ => self.beyond(operands),
        }
    }

    /// What is worked on in a way that is not understood here: anything may come of it, and yet it names what it names.
    fn beyond(&mut self, operands: &Value) {
        self.anything = true;
        match operands {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => fields.values().filter(|inner| inner.is_object()).for_each(|inner| self.walk(inner)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// A side of a comparison: who acts is told apart by name there, and by nothing that belongs to them.
    fn compared(&mut self, side: Option<&Value>) {
        match side {
            Some(side) if side.get("Var").and_then(Value::as_str) == Some("principal") => _ = self.paths.insert("principal.name".to_owned()),
            Some(side) => self.walk(side),
            None => self.anything = true,
        }
    }

    /// `context has x` is the same of every call: the context is always whole. `context has x.y` looks into it.
    fn has(&mut self, operands: &Value) {
        let names: Vec<&str> = match operands.get("attr") {
            Some(Value::String(name)) => vec![name.as_str()],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let of = operands.get("left").and_then(|left| match left.get("Var").and_then(Value::as_str) {
            Some(variable) => Some(variable.to_owned()),
            None => path(left),
        });
        match of {
            Some(of) if of == "context" && names.len() == 1 => {}
            Some(of) if !names.is_empty() => _ = self.paths.insert(format!("{of}.{}", names.join("."))),
            _ => self.beyond(operands),
        }
    }

    fn literal(&mut self, value: &Value) {
        match value {
            Value::String(text) => _ = self.texts.insert(text.clone()),
            Value::Number(number) => match number.as_i64() {
                Some(number) => _ = self.numbers.insert(number),
                None => self.anything = true,
            },
            Value::Array(items) => items.iter().for_each(|item| self.literal(item)),
            Value::Object(fields) => match fields.get("__entity") {
                Some(entity) => {
                    let text = |name: &str| entity.get(name).and_then(Value::as_str).map(str::to_owned);
                    match (text("type"), text("id")) {
                        (Some(kind), Some(id)) => _ = self.entities.insert((kind, id)),
                        _ => self.anything = true,
                    }
                }
                None => self.anything = true,
            },
            Value::Bool(_) => {}
            Value::Null => self.anything = true,
        }
    }
}

/// Whether a path is this one, or leads further.
pub(super) fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// An expression as its operator and what it works on.
pub(super) fn operation(node: &Value) -> Option<(&str, &Value)> {
    let fields = node.as_object().filter(|fields| fields.len() == 1)?;
    fields.iter().next().map(|(operator, operands)| (operator.as_str(), operands))
}

/// `context.args.to` as a path; none for what is read of anything but a variable.
fn path(node: &Value) -> Option<String> {
    let operands = node.get(".")?;
    let (left, name) = (operands.get("left")?, operands.get("attr")?.as_str()?);
    let before = match left.get("Var").and_then(Value::as_str) {
        Some(variable) => variable.to_owned(),
        None => path(left)?,
    };
    Some(format!("{before}.{name}"))
}

/// The number of `-5`, where that is no literal.
fn negated(operands: &Value) -> Option<i64> {
    operands.get("arg")?.get("Value")?.as_i64()?.checked_neg()
}

/// Whether an expression is `path OPERATOR literal`, the same the other way round, or `[literals].contains(path)`.
fn only_compares(expression: &Value) -> bool {
    let Some((operator, operands)) = operation(expression) else { return false };
    let (Some(left), Some(right)) = (operands.get("left"), operands.get("right")) else { return false };
    match operator {
        "==" | "!=" | "<" | "<=" | ">" | ">=" => path(left).is_some() && is_literal(right) || is_literal(left) && path(right).is_some(),
        "contains" => is_list(left) && path(right).is_some(),
        _ => false,
    }
}

fn is_literal(node: &Value) -> bool {
    match operation(node) {
        Some(("Value", value)) => value.is_string() || value.is_i64(),
        Some(("neg", operands)) => negated(operands).is_some(),
        _ => false,
    }
}

fn is_list(node: &Value) -> bool {
    match operation(node) {
        Some(("Set", Value::Array(items))) => items.iter().all(is_literal),
        Some(("Value", Value::Array(items))) => items.iter().all(|item| item.is_string() || item.is_i64()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::Policy;

    fn looks(condition: &str) -> Looks {
        let policy = Policy::parse(None, format!("permit (principal, action, resource) when {{ {condition} }};")).expect("policy");
        Looks::of(&policy.to_json().expect("json")["conditions"][0]["body"])
    }

    #[test]
    fn what_is_not_understood_may_be_anything() {
        for odd in [
            "context == {dest: 1}",
            "(if principal == resource then context else context).leak",
            "Agent::\"nightly\".workspace == Workspace::\"w\"",
            "principal.hasTag(\"x\")",
            "{a: context.dest}.a > 1",
        ] {
            assert!(looks(odd).anything && looks(odd).reads("context.now"), "{odd}");
        }
        assert!(Looks::of(&Value::Null).anything);
    }

    #[test]
    fn what_is_not_understood_names_what_stands_in_it() {
        let found = looks("{a: context.run.agent}.a == \"nightly\"");
        assert!(found.anything && found.speaks_of("context.run.agent") && !found.speaks_of("context.args"), "{found:?}");
        assert_eq!(found.texts, BTreeSet::from(["nightly".to_owned()]));
        let found = looks("{a: Agent::\"nightly\", b: \"weekly\"}.a == principal");
        assert_eq!((found.named("Agent").collect::<Vec<_>>(), found.texts.len()), (vec!["nightly"], 1));
        assert!(!found.speaks_of("context.run.agent"));
        assert!(looks("(if context.leak then context else context).run.agent == \"nightly\"").speaks_of("context.run.agent"));
        assert!(looks("{a: context.run} has a.agent").speaks_of("context.run.agent"));
    }

    #[test]
    fn paths_and_literals_are_found_and_plain_comparisons_told() {
        let check = |condition: &str, paths: &[&str], compares: bool| {
            let found = looks(condition);
            assert!(!found.anything, "{condition}: {found:?}");
            assert_eq!((found.paths.iter().map(String::as_str).collect::<Vec<_>>(), found.compares), (paths.to_vec(), compares), "{condition}");
        };
        check("context.dest >= 2", &["context.dest"], true);
        check("context.dest * 3 == 3", &["context.dest"], false);
        check("context.dest < context.value", &["context.dest", "context.value"], false);
        check("-3 < context.counts.a", &["context.counts.a"], true);
        check("[\"chat\", \"api\"].contains(context.run.channel)", &["context.run.channel"], true);
        check("context.run.channel like \"ch*\"", &["context.run.channel"], false);
        check("principal == Agent::\"nightly\"", &["principal.name"], false);
        check("[principal].contains(Agent::\"nightly\")", &["principal"], false);
        check("principal is Agent", &["principal.name"], false);
        check("principal.workspace in Workspace::\"w\"", &["principal.workspace"], false);
        check("context.approvals.people.contains(principal.person)", &["context.approvals.people", "principal.person"], false);
        check("context has args", &[], false);
        check("context has args.to.name", &["context.args.to.name"], false);
        check("context.args has \"subject\"", &["context.args.subject"], false);
        check("resource.plugin == \"mail@1.0.0\" ", &["resource.plugin"], true);
        check("action == Action::\"mail.send\"", &["action"], false);
        let found = looks("[1, -2].contains(context.run.step)");
        assert_eq!((found.numbers, found.compares), (BTreeSet::from([-2, 1]), true));
        let found = looks("context.approvals.people.containsAny([Person::\"a\", Person::\"b\"])");
        assert_eq!(found.named("Person").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_path_reads_what_stands_above_and_below_it() {
        let found = looks("context.approvals == {roles: [Role::\"owner\"], people: [Person::\"a\"]}");
        assert!(found.reads("context.approvals.roles") && found.reads("context.approvals.people") && !found.reads("context.approvalsx"));
        assert!(!looks("context.args.to == \"a\"").reads("context.args.topic"));
    }
}
