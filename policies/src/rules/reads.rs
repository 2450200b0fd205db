//! What a rule reads, found in its syntax tree: which parts of the context, and how it asks for approvals.
//!
//! It only saves work: a rule whose tree is not understood counts as reading everything.

use cedar_policy::Policy;
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::Role;

/// What one rule reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Top-level attributes of the context.
    pub(crate) attributes: BTreeSet<String>,
    /// It reads the context in a way that names no attribute.
    pub(crate) whole: bool,
    /// Counters it reads, by name.
    pub(crate) counters: BTreeSet<String>,
    /// It reads counters otherwise than by name.
    pub(crate) all_counters: bool,
    /// Roles it asks approvals of by name.
    pub(crate) approvers: BTreeSet<Role>,
    /// It asks for approvals otherwise than by naming roles, so any role may matter.
    pub(crate) any_approver: bool,
}

impl Reads {
    /// What this policy reads.
    pub(crate) fn of(policy: &Policy) -> Self {
        let mut reads = Self::default();
        match policy.to_json() {
            Ok(json) => reads.walk(json.get("conditions").unwrap_or(&Value::Null)),
            Err(_) => reads.everything(),
        }
        reads
    }

    /// Whether the rule reads this attribute of the context.
    pub(crate) fn reads(&self, attribute: &str) -> bool {
        self.whole || self.attributes.contains(attribute)
    }

    /// Whether the rule reads nothing of the context, and so the same of every call.
    pub(crate) fn reads_nothing(&self) -> bool {
        !self.whole && self.attributes.is_empty()
    }

    fn everything(&mut self) {
        self.whole = true;
        self.all_counters = true;
        self.any_approver = true;
    }

    fn walk(&mut self, node: &Value) {
        match node {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                if node.get("Var").and_then(Value::as_str) == Some("context") {
                    self.everything();
                    return;
                }
                for (operator, operands) in fields {
                    self.operation(operator, operands);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn operation(&mut self, operator: &str, operands: &Value) {
        if matches!(operator, "contains" | "containsAny" | "containsAll")
            && operands.get("left").is_some_and(is_approving_roles)
            && let Some(roles) = operands.get("right").and_then(named_roles)
        {
            self.attributes.insert("approvals".to_owned());
            self.approvers.extend(roles);
            return;
        }
        if operator == "."
            && let Some(name) = operands.get("attr").and_then(Value::as_str)
            && operands.get("left").and_then(|left| context_attribute(".", left.get(".")?)) == Some("counts")
        {
            self.attributes.insert("counts".to_owned());
            self.counters.insert(name.to_owned());
            return;
        }
        match context_attribute(operator, operands) {
            Some(name) => {
                self.all_counters |= name == "counts";
                self.any_approver |= name == "approvals";
                self.attributes.insert(name.to_owned());
            }
            None => self.walk(operands),
        }
    }
}

/// The attribute in `context.x`, `context has x` and `context has x.y`.
fn context_attribute<'a>(operator: &str, operands: &'a Value) -> Option<&'a str> {
    let on_context = operands.pointer("/left/Var").and_then(Value::as_str) == Some("context");
    let name = operands.get("attr")?;
    let name = name.as_str().or_else(|| name.get(0).and_then(Value::as_str));
    name.filter(|_| on_context && matches!(operator, "." | "has"))
}

/// `context.approvals.roles`
fn is_approving_roles(node: &Value) -> bool {
    let attribute = |node: &Value, name: &str| node.pointer("/./attr").and_then(Value::as_str) == Some(name);
    attribute(node, "roles")
        && node
            .pointer("/./left")
            .is_some_and(|approvals| attribute(approvals, "approvals") && approvals.pointer("/./left/Var").and_then(Value::as_str) == Some("context"))
}

/// The roles of a literal role, or of a literal set of roles.
fn named_roles(node: &Value) -> Option<BTreeSet<Role>> {
    match node.get("Set").and_then(Value::as_array) {
        Some(items) => items.iter().map(named_role).collect(),
        None => named_role(node).map(|role| BTreeSet::from([role])),
    }
}

fn named_role(node: &Value) -> Option<Role> {
    let entity = node.pointer("/Value/__entity")?;
    (entity.get("type")? == "Role").then_some(())?;
    entity.get("id")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, expect: &str) {
        let policy = Policy::parse(None, format!("permit (principal, action, resource) when {{ {condition} }};")).expect("policy");
        let reads = Reads::of(&policy);
        let mut words: Vec<String> = reads.attributes.iter().cloned().collect();
        words.extend(reads.approvers.iter().map(|role| format!("by {role}")));
        words.extend(reads.counters.iter().map(|name| format!("count {name}")));
        words.extend((reads.all_counters && !reads.whole).then(|| "all counts".to_owned()));
        words.extend(reads.any_approver.then(|| "by any".to_owned()));
        words.extend(reads.whole.then(|| "whole".to_owned()));
        assert_eq!(words.join(", "), expect, "{condition}");
    }

    #[test]
    fn what_is_read() {
        check("context == {dest: 1}", "by any, whole");
        check("(if principal == resource then context else context).approvals.roles.isEmpty()", "by any, whole");
        check("context.approvals.roles.isEmpty()", "approvals, by any");
        check("context has approvals.roles", "approvals, by any");
        check("context.approvals.roles.containsAny(principal.roles)", "approvals, by any");
        check("context.approvals.roles.contains(if context.leak then Role::\"owner\" else Role::\"manager\")", "approvals, leak, by any");
        check("[Role::\"owner\"].containsAll(context.approvals.roles)", "approvals, by any");
        check("context.approvals.people.contains(principal.person)", "approvals, by any");
        check("context.approvals.roles.contains(Role::\"owner\")", "approvals, by owner");
        check("context.approvals.roles.containsAll([Role::\"owner\", Role::\"finance\"]) && context.dest > 2", "approvals, dest, by owner, by finance");
        check("context.args has to.name && context[\"facts\"] has x", "args, facts");
        check("principal.roles.contains(Role::\"owner\")", "");
        check("context.counts.a + context.counts.b > 3", "counts, count a, count b");
        check("context.counts == {a: 1}", "counts, all counts");
        check("context.counts has a && context.leak", "counts, leak, all counts");
    }
}
