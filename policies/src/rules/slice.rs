//! The rules that can matter for one tool, sorted once at load so that a decision looks at no others.

use crate::effort::weight;
use crate::rules::parse::Parsed;
use crate::rules::patterns::Patterns;
use cedar_policy::{ActionConstraint, EntityUid, Policy, PolicySet};
use std::collections::BTreeSet;
use steward_core::Role;

/// The rules of one tool.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    /// Rules that do not read approvals: they say the same whoever approves.
    pub(crate) fixed: Part,
    /// Rules that read approvals: asked again for every set of approvals that is tried.
    pub(crate) open: Part,
    /// Roles whose approval may matter.
    pub(crate) approvers: BTreeSet<Role>,
    /// Context attributes that any rule reads.
    pub(crate) attributes: BTreeSet<String>,
    /// Counters that any rule reads by name.
    pub(crate) counters: BTreeSet<String>,
    /// Some rule reads counters otherwise.
    pub(crate) all_counters: bool,
    /// Some rule reads the context whole.
    pub(crate) whole: bool,
    /// Indices of the permits, in order.
    pub(crate) permits: Vec<usize>,
    /// Forbids that read nothing of the call: they say the same whatever it is and whoever approves.
    pub(crate) bare: PolicySet,
}

/// Some rules, and how those that read a call's texts compare them folded.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// All of them, as written.
    pub(crate) plain: PolicySet,
    /// Those that read arguments, with folded literals.
    pub(crate) folded: PolicySet,
    /// The indices of those.
    pub(crate) on_texts: BTreeSet<usize>,
    /// Folding changes a literal of one of them.
    pub(crate) literals_fold: bool,
    /// In the time of how many evaluations of a plain rule all of them are evaluated once, as written and folded.
    pub(crate) weight: u64,
    /// Their patterns, as written and folded.
    pub(crate) patterns: Patterns,
}

impl Part {
    fn add(&mut self, index: usize, rule: &Parsed) -> Result<(), Box<dyn std::error::Error>> {
        self.plain.add(rule.policy.clone())?;
        self.weight += weight(&rule.rule.text);
        self.patterns.add(&rule.patterns);
        if rule.reads.reads("args") {
            self.folded.add(rule.folded.as_ref().unwrap_or(&rule.policy).clone())?;
            self.weight += weight(&rule.rule.text);
            self.patterns.add(&rule.folded_patterns);
            self.on_texts.insert(index);
            self.literals_fold |= rule.folded.is_some();
        }
        Ok(())
    }
}

impl Slice {
    /// Collects these rules, given by index.
    pub(crate) fn new(parsed: &[Parsed], indices: &[usize]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut slice = Self::default();
        for index in indices {
            let Some(rule) = parsed.get(*index) else { continue };
            if rule.reads.reads("approvals") {
                slice.open.add(*index, rule)?;
                slice.approvers.extend(&rule.reads.approvers);
                if rule.reads.any_approver {
                    slice.approvers.extend(Role::ALL);
                }
            } else {
                slice.fixed.add(*index, rule)?;
            }
            slice.attributes.extend(rule.reads.attributes.iter().cloned());
            slice.counters.extend(rule.reads.counters.iter().cloned());
            slice.all_counters |= rule.reads.all_counters;
            slice.whole |= rule.reads.whole;
            if rule.policy.effect() == cedar_policy::Effect::Permit {
                slice.permits.push(*index);
            } else if rule.reads.reads_nothing() {
                slice.bare.add(rule.policy.clone())?;
            }
        }
        Ok(slice)
    }

    /// All of them, as written.
    pub(crate) fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.fixed.plain.policies().chain(self.open.plain.policies())
    }

    /// Whether any of the rules reads this attribute of the context.
    pub(crate) fn reads(&self, attribute: &str) -> bool {
        self.whole || self.attributes.contains(attribute)
    }

    /// Whether any of the rules looks for a pattern.
    pub(crate) const fn has_patterns(&self) -> bool {
        !self.fixed.patterns.is_empty() || !self.open.patterns.is_empty()
    }

    /// Whether any of the rules reads this counter.
    pub(crate) fn reads_counter(&self, name: &str) -> bool {
        self.all_counters || self.counters.contains(name)
    }
}

/// The indices of the rules whose scope can match an action that is a member of a group.
pub(crate) fn matching(parsed: &[Parsed], action: &EntityUid, group: &EntityUid) -> Vec<usize> {
    let matches = |rule: &Parsed| match rule.policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(only) => only == *action,
        ActionConstraint::In(any) => any.iter().any(|one| one == action || one == group),
    };
    parsed.iter().enumerate().filter(|(_, rule)| matches(rule)).map(|(index, _)| index).collect()
}
