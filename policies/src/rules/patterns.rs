//! The patterns of rules, `like "…*"`: how long they are, and what it takes to look for them.
//!
//! Cedar begins anew at each letter of the text that a pattern is held against, so it takes the one times the other.

use crate::effort::Texts;
use serde_json::Value;
use std::collections::BTreeMap;

/// So many letters of patterns are held against so many letters of texts, one times the other, in the time of one evaluation of a plain rule.
const COMPARED_LETTERS: u64 = 4096;

/// The patterns of some rules: how many letters and stars are held against what.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Patterns {
    /// Against an argument, by its name.
    of_argument: BTreeMap<String, u64>,
    /// Against what may be any text of a call.
    of_any: u64,
    /// Against texts that stand in the rules themselves, times their letters.
    of_own: u64,
    /// The letters and stars of the longest.
    pub(crate) longest: usize,
}

impl Patterns {
    /// Those of a rule or of an expression, in the JSON form of rules.
    pub(crate) fn of(node: &Value) -> Self {
        let mut all = Self::default();
        all.walk(node);
        all
    }

    /// These as well.
    pub(crate) fn add(&mut self, more: &Self) {
        for (name, letters) in &more.of_argument {
            let sum = self.of_argument.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*letters);
        }
        self.of_any = self.of_any.saturating_add(more.of_any);
        self.of_own = self.of_own.saturating_add(more.of_own);
        self.longest = self.longest.max(more.longest);
    }

    /// Whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.longest == 0
    }

    /// In the time of how many evaluations of a plain rule each of them is held once against such texts.
    pub(crate) fn effort(&self, texts: &Texts<'_>) -> u64 {
        let of_arguments = self.of_argument.iter().map(|(name, letters)| letters.saturating_mul(texts.of_argument(name)));
        let compared = of_arguments.fold(self.of_own.saturating_add(self.of_any.saturating_mul(texts.all())), u64::saturating_add);
        compared / COMPARED_LETTERS
    }

    fn walk(&mut self, node: &Value) {
        match node {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(fields) => {
                // A record that has a field of this name has no pattern there.
                if let Some((like, pattern)) = fields.get("like").and_then(|like| Some((like, like.get("pattern")?.as_array()?))) {
                    self.take(pattern, like.get("left").unwrap_or(&Value::Null));
                }
                fields.values().for_each(|inner| self.walk(inner));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn take(&mut self, pattern: &[Value], text: &Value) {
        let letters = |item: &Value| item.get("Literal").and_then(Value::as_str).map_or(1, |literal| literal.chars().count());
        // One more: that there is nothing is looked at as well.
        let length = 1 + pattern.iter().map(letters).sum::<usize>();
        self.longest = self.longest.max(length - 1).max(1);
        let length = length as u64;
        match argument_of(text) {
            Some(name) => {
                let sum = self.of_argument.entry(name.to_owned()).or_default();
                *sum = sum.saturating_add(length);
            }
            None => {
                self.of_any = self.of_any.saturating_add(length);
                self.of_own = self.of_own.saturating_add(length.saturating_mul(crate::effort::size(text)));
            }
        }
    }
}

/// The argument that `context.args.to`, or what lies below it, is read from.
fn argument_of(node: &Value) -> Option<&str> {
    let (left, name) = (node.pointer("/./left")?, node.pointer("/./attr")?.as_str()?);
    let is_args = left.pointer("/./attr").and_then(Value::as_str) == Some("args") && left.pointer("/./left/Var").and_then(Value::as_str) == Some("context");
    if is_args { Some(name) } else { argument_of(left) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::sample;
    use cedar_policy::Policy;
    use serde_json::json;

    fn patterns(condition: &str) -> Patterns {
        let policy = Policy::parse(None, format!("permit (principal, action, resource) when {{ {condition} }};")).expect("policy");
        Patterns::of(&policy.to_json().expect("json"))
    }

    #[test]
    fn a_pattern_takes_its_letters_times_those_of_the_text() {
        let arguments = json!({ "subject": "s", "body": "b".repeat(10_000), "more": { "odd": "\u{fdfa}".repeat(1_000) } });
        let facts = Facts { arguments, ..sample::facts("mail.send") };
        let effort = |condition: &str| patterns(condition).effort(&Texts::of(&facts));
        let long = "x".repeat(200);
        assert_eq!(effort(&format!("context.args.subject like \"*{long}*\"")), 0);
        assert!(effort(&format!("context.args.body like \"*{long}*\"")) >= 203 * 10_000 / COMPARED_LETTERS);
        // Where it is not known which text it is, it counts as the longest; and a rule brings texts of its own.
        assert!(effort(&format!("(if context.leak then context.args.body else \"\") like \"*{long}*\"")) >= 203 * 10_000 / COMPARED_LETTERS);
        assert!(patterns(&format!("\"{}\" like \"*{long}*\"", "y".repeat(10_000))).effort(&Texts::default()) >= 203 * 10_000 / COMPARED_LETTERS);
        // A letter that is folded into eighteen counts as they do.
        assert!(effort(&format!("context.args.more.odd like \"*{long}*\"")) >= 203 * 12_000 / COMPARED_LETTERS);
        // Short ones count by how many they are.
        let many = vec!["context.args.body like \"*x\""; 100].join(" && ");
        assert!(effort(&many) >= 100 * 3 * 10_000 / COMPARED_LETTERS);
    }

    #[test]
    fn the_longest_pattern_is_found_wherever_it_stands() {
        let check = |condition: &str, longest: usize| assert_eq!(patterns(condition).longest, longest, "{condition}");
        check("context.dest > 1", 0);
        check("{\"like\": context.args.a}[\"like\"] == \"abc\"", 0);
        check("context.args.a like \"a*\\*\"", 3);
        check("context.args.a like \"\"", 1);
        check("[context.args.a like \"abc\", (if context.args.b like \"abcd*\" then context.args.c else \"\") like \"ab\"].contains(true)", 5);
    }
}
