//! Loads rules only to say whether they would load, and what about them deserves a second look.

use crate::matrix::always_allowed;
use crate::problem::{Problem, RulesError};
use crate::rules::{RuleEffect, RuleFile, Rules};
use serde::Serialize;
use steward_core::{Digest, ToolSpec};

/// What a sound set of rules looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The set's digest.
    pub digest: Digest,
    /// Files read.
    pub files: usize,
    /// Rules that allow.
    pub permits: usize,
    /// Rules that deny.
    pub forbids: usize,
    /// Tools governed.
    pub tools: usize,
    /// Tools that no permit speaks of: every call of them is blocked.
    pub without_permit: Vec<String>,
    /// Tools beyond looking that run whoever asks for them, with whatever a stranger wrote, and without anybody's word; and the rules that say so.
    pub always_allowed: Vec<AlwaysAllowed>,
    /// What loads but looks wrong.
    pub warnings: Vec<Problem>,
    /// Of these, rules that no call of any installed tool can ever meet. They do nothing, and would once a tool comes that they mean.
    pub impossible: Vec<Problem>,
}

/// A tool that rules allow in every situation of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlwaysAllowed {
    /// Which tool.
    pub tool: String,
    /// The permits that match when nobody asked and every argument is a stranger's.
    pub rules: Vec<String>,
}

/// Checks rules against tools without putting them in force.
pub fn check(files: &[RuleFile], tools: &[ToolSpec]) -> Result<Summary, RulesError> {
    let rules = Rules::load(files, tools)?;
    let count = |effect: RuleEffect| rules.list().iter().filter(|rule| rule.effect == effect).count();
    let without_permit = rules.0.tools.iter().filter(|(_, tool)| tool.slice.permits.is_empty()).map(|(name, _)| name.clone()).collect();
    Ok(Summary {
        digest: rules.digest(),
        files: files.len(),
        permits: count(RuleEffect::Permit),
        forbids: count(RuleEffect::Forbid),
        tools: rules.0.tools.len(),
        without_permit,
        always_allowed: always_allowed(&rules).into_iter().map(|(tool, rules)| AlwaysAllowed { tool, rules }).collect(),
        warnings: rules.warnings().to_vec(),
        impossible: rules.impossible().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, shipped_rules, testing::file};

    #[test]
    fn tools_that_nothing_allows_are_named() {
        let tools = sample::tools().expect("sample");
        let only_reads = [file("a.cedar", "@id(\"read\") @reason(\"r\") permit (principal, action in Action::\"read\", resource);")];
        let summary = check(&only_reads, &tools).expect("sound");
        assert_eq!((summary.permits, summary.forbids, summary.tools), (1, 0, tools.len()));
        assert_eq!(summary.without_permit.len(), tools.iter().filter(|tool| tool.effect != steward_core::Effect::Read).count());
        let never = [file("a.cedar", "@id(\"never\") @reason(\"r\") permit (principal, action, resource) when { context.dest > 1 && principal == resource };")];
        let found = check(&never, &tools).expect("sound");
        assert_eq!((found.warnings.len(), found.impossible.len()), (1, 1), "a rule that can never match is worth a word");
        let purpose =
            [file("a.cedar", "@id(\"p\") @reason(\"r\") permit (principal, action in Action::\"money\", resource) when { context.args has purpose };")];
        assert_eq!(check(&purpose, &tools).expect("sound").impossible.len(), 1, "no tool has what it asks for");
    }

    #[test]
    fn rules_that_always_allow_are_named_with_the_tools_they_open() {
        let tools = sample::tools().expect("sample");
        let open = [
            file("a.cedar", "@id(\"read\") @reason(\"r\") permit (principal, action in Action::\"read\", resource);"),
            file("b.cedar", "@id(\"all-sends\") @reason(\"r\") permit (principal, action in Action::\"send\", resource);"),
            file("c.cedar", "@id(\"asked\") @reason(\"r\") permit (principal, action in Action::\"write\", resource) when { context.class_asked };"),
        ];
        let found = check(&open, &tools).expect("sound").always_allowed;
        let sends: Vec<&str> = tools.iter().filter(|tool| tool.effect == steward_core::Effect::Send).map(|tool| tool.name.as_str()).collect();
        assert!(!sends.is_empty());
        assert_eq!(found.iter().map(|one| one.tool.as_str()).collect::<std::collections::BTreeSet<_>>(), sends.into_iter().collect());
        assert!(found.iter().all(|one| one.rules == ["all-sends"]), "{found:?}");
    }

    #[test]
    fn the_shipped_rules_are_sound_and_speak_of_every_class() {
        let summary = check(&shipped_rules(), &sample::tools().expect("sample")).expect("sound");
        assert_eq!(summary.without_permit, Vec::<String>::new());
        assert_eq!(summary.always_allowed, Vec::new());
        assert_eq!((summary.warnings, summary.impossible), (Vec::new(), Vec::new()));
        assert_eq!(check(&shipped_rules(), &[]).expect("sound").impossible, Vec::new(), "with no tool either");
    }
}
