//! A rule as what it is made of: yes-or-no questions to a call, joined by and, or, not and if.
//!
//! What a question says can be told, or left open, for each by itself; how they are joined is evaluated here as Cedar does it, from left to
//! right and no further than needed, so that a question that fails counts only where it is asked.

use super::looks::{Looks, operation};
use cedar_policy::Policy;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a question says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    No,
    Yes,
    /// It cannot be evaluated, which refuses the call.
    Fails,
}

impl From<bool> for Answer {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// A question that is not joined of others.
#[derive(Debug)]
pub(super) struct Atom {
    /// In the JSON form of rules.
    pub(super) expression: Value,
    /// What it looks at.
    pub(super) looks: Looks,
}

/// The questions of some rules, each once: what two rules ask alike has one answer.
#[derive(Debug, Default)]
pub(super) struct Atoms(pub(super) Vec<Atom>, BTreeMap<String, usize>);

impl Atoms {
    fn place(&mut self, expression: &Value) -> usize {
        // By its text: rules may ask tens of thousands of them.
        let text = expression.to_string();
        if let Some(place) = self.1.get(&text) {
            return *place;
        }
        self.1.insert(text, self.0.len());
        self.0.push(Atom { expression: expression.clone(), looks: Looks::of(expression) });
        self.0.len() - 1
    }
}

/// Questions joined, each by its place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Formula {
    Is(bool),
    Asks(usize),
    Not(Box<Self>),
    Both(Box<Self>, Box<Self>),
    Either(Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

impl Formula {
    /// When a rule matches a call whose action it speaks of: its scope, then its clauses.
    pub(super) fn of(policy: &Policy, atoms: &mut Atoms) -> Self {
        let Ok(rule) = policy.to_json() else { return Self::Asks(atoms.place(&Value::Null)) };
        let scopes = ["principal", "resource"].into_iter().filter_map(|variable| scope(variable, rule.get(variable).unwrap_or(&Value::Null)));
        let mut parts: Vec<Self> = scopes.map(|scope| Self::read(&scope, atoms)).collect();
        for clause in rule.get("conditions").and_then(Value::as_array).into_iter().flatten() {
            let body = Self::read(clause.get("body").unwrap_or(&Value::Null), atoms);
            parts.push(match clause.get("kind").and_then(Value::as_str) {
                Some("when") => body,
                Some("unless") => Self::not(body),
                _ => Self::Asks(atoms.place(&Value::Null)),
            });
        }
        parts.into_iter().reduce(Self::both).unwrap_or(Self::Is(true))
    }

    pub(super) fn not(one: Self) -> Self {
        Self::Not(Box::new(one))
    }

    pub(super) fn both(one: Self, other: Self) -> Self {
        Self::Both(Box::new(one), Box::new(other))
    }

    pub(super) fn either(one: Self, other: Self) -> Self {
        Self::Either(Box::new(one), Box::new(other))
    }

    fn read(node: &Value, atoms: &mut Atoms) -> Self {
        let Some((operator, operands)) = operation(node) else { return Self::Asks(atoms.place(node)) };
        let part = |name: &str| operands.get(name).unwrap_or(&Value::Null);
        match operator {
            "!" => Self::not(Self::read(part("arg"), atoms)),
            "&&" => Self::both(Self::read(part("left"), atoms), Self::read(part("right"), atoms)),
            "||" => Self::either(Self::read(part("left"), atoms), Self::read(part("right"), atoms)),
            "if-then-else" => {
                let [condition, then, otherwise] = ["if", "then", "else"].map(|name| Box::new(Self::read(part(name), atoms)));
                Self::If(condition, then, otherwise)
            }
            "Value" if operands.is_boolean() => Self::Is(*operands == Value::Bool(true)),
            _ => Self::Asks(atoms.place(node)),
        }
    }

    /// What it says where the questions say this.
    pub(super) fn answer(&self, of: &impl Fn(usize) -> Answer) -> Answer {
        match self {
            Self::Is(is) => Answer::from(*is),
            Self::Asks(place) => of(*place),
            Self::Not(one) => match one.answer(of) {
                Answer::No => Answer::Yes,
                Answer::Yes => Answer::No,
                Answer::Fails => Answer::Fails,
            },
            Self::Both(one, other) => match one.answer(of) {
                Answer::Yes => other.answer(of),
                answer @ (Answer::No | Answer::Fails) => answer,
            },
            Self::Either(one, other) => match one.answer(of) {
                Answer::No => other.answer(of),
                answer @ (Answer::Yes | Answer::Fails) => answer,
            },
            Self::If(condition, then, otherwise) => match condition.answer(of) {
                Answer::Yes => then.answer(of),
                Answer::No => otherwise.answer(of),
                Answer::Fails => Answer::Fails,
            },
        }
    }

    /// The questions in it.
    pub(super) fn leaves(&self, found: &mut BTreeSet<usize>) {
        match self {
            Self::Is(_) => {}
            Self::Asks(place) => _ = found.insert(*place),
            Self::Not(one) => one.leaves(found),
            Self::Both(one, other) | Self::Either(one, other) => [one, other].into_iter().for_each(|part| part.leaves(found)),
            Self::If(condition, then, otherwise) => [condition, then, otherwise].into_iter().for_each(|part| part.leaves(found)),
        }
    }

    /// Of how many parts it is joined.
    pub(super) fn size(&self) -> u64 {
        1 + match self {
            Self::Is(_) | Self::Asks(_) => 0,
            Self::Not(one) => one.size(),
            Self::Both(one, other) | Self::Either(one, other) => one.size() + other.size(),
            Self::If(condition, then, otherwise) => condition.size() + then.size() + otherwise.size(),
        }
    }

    /// The same where so many others stand before its own questions.
    pub(super) fn moved(self, by: usize) -> Self {
        match self {
            Self::Is(is) => Self::Is(is),
            Self::Asks(place) => Self::Asks(place + by),
            Self::Not(one) => Self::not(one.moved(by)),
            Self::Both(one, other) => Self::both(one.moved(by), other.moved(by)),
            Self::Either(one, other) => Self::either(one.moved(by), other.moved(by)),
            Self::If(condition, then, otherwise) => Self::If(Box::new(condition.moved(by)), Box::new(then.moved(by)), Box::new(otherwise.moved(by))),
        }
    }

    /// The same as an expression, in the JSON form of rules.
    #[cfg(feature = "solver")]
    pub(super) fn expression(&self, of: &impl Fn(usize) -> Value) -> Value {
        let pair = |one: &Self, other: &Self| json!({ "left": one.expression(of), "right": other.expression(of) });
        match self {
            Self::Is(is) => json!({ "Value": is }),
            Self::Asks(place) => of(*place),
            Self::Not(one) => json!({ "!": { "arg": one.expression(of) } }),
            Self::Both(one, other) => json!({ "&&": pair(one, other) }),
            Self::Either(one, other) => json!({ "||": pair(one, other) }),
            Self::If(condition, then, otherwise) => {
                json!({ "if-then-else": { "if": condition.expression(of), "then": then.expression(of), "else": otherwise.expression(of) } })
            }
        }
    }
}

/// What the scope of a rule asks of the principal or the resource, as an expression; none where it asks nothing.
fn scope(variable: &str, scope: &Value) -> Option<Value> {
    let left = json!({ "Var": variable });
    let entity = |of: &Value| of.get("entity").map(|entity| json!({ "Value": { "__entity": entity.get("__entity").unwrap_or(entity) } }));
    let asked = match scope.get("op").and_then(Value::as_str) {
        Some("All" | "all") => return None,
        Some(operator @ ("==" | "in")) => entity(scope).map(|right| json!({ operator: { "left": left, "right": right } })),
        Some("is") => scope.get("entity_type").map(|of| match scope.get("in").and_then(entity) {
            Some(within) => json!({ "is": { "left": left, "entity_type": of, "in": within } }),
            None => json!({ "is": { "left": left, "entity_type": of } }),
        }),
        _ => None,
    };
    // What is not understood is a question without an answer, and not none.
    Some(asked.unwrap_or(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::Answer::{Fails, No, Yes};
    use super::*;

    fn formula(rule: &str) -> (Formula, Atoms) {
        let mut atoms = Atoms::default();
        let formula = Formula::of(&Policy::parse(None, rule).expect("policy"), &mut atoms);
        (formula, atoms)
    }

    #[test]
    fn a_question_that_fails_counts_only_where_it_is_asked() {
        let (formula, atoms) =
            formula("permit (principal, action, resource) when { context.leak && context.dest > 1 } unless { context.tainted || context.leak };");
        assert_eq!(atoms.0.len(), 3, "what is asked twice is one question");
        let said = |leak: Answer, dest: Answer, tainted: Answer| {
            formula.answer(&|place| match place {
                0 => leak,
                1 => dest,
                _ => tainted,
            })
        };
        assert_eq!(said(No, Fails, Fails), No);
        assert_eq!(said(Yes, Fails, No), Fails);
        assert_eq!(said(Yes, No, Fails), No);
        assert_eq!(said(Yes, Yes, Fails), Fails);
        assert_eq!(said(Yes, Yes, Yes), No);
        assert_eq!(said(Yes, Yes, No), No, "what is leaked is leaked");
    }

    #[test]
    fn scopes_are_questions_too() {
        for (rule, paths) in [
            ("permit (principal == Agent::\"a\", action, resource);", &["principal.name"][..]),
            ("permit (principal is Agent in Agent::\"a\", action, resource is Tool);", &["principal.name", "resource"]),
            ("permit (principal in Agent::\"a\", action, resource == Tool::\"t\");", &["principal.name", "resource"]),
            ("permit (principal, action == Action::\"x\", resource) when { true };", &[]),
        ] {
            let (_, atoms) = formula(rule);
            let found: BTreeSet<&str> = atoms.0.iter().flat_map(|atom| atom.looks.paths.iter().map(String::as_str)).collect();
            assert!(atoms.0.iter().all(|atom| !atom.looks.anything), "{rule}");
            assert_eq!(found, paths.iter().copied().collect(), "{rule}");
        }
    }

    #[test]
    fn a_rule_is_the_same_when_it_is_put_together_again() {
        let text = "permit (principal, action, resource) when { if context.leak then !(context.dest > 1) else context.tainted || false };";
        let (formula, atoms) = formula(text);
        let policy = Policy::parse(None, text).expect("policy").to_json().expect("json");
        assert_eq!(formula.expression(&|place| atoms.0[place].expression.clone()), policy["conditions"][0]["body"]);
    }
}
