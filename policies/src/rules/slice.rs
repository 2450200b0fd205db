//! The rules that can matter for one tool, sorted once at load so that a decision looks at no others.

use crate::rules::parse::Parsed;
use cedar_policy::{ActionConstraint, EntityUid, PolicySet};
use std::collections::BTreeSet;
use steward_core::Role;

/// The rules of one tool.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    /// Rules that do not read approvals: they say the same whoever approves.
    pub(crate) fixed: PolicySet,
    /// Rules that read approvals: asked again for every set of approvals that is tried.
    pub(crate) open: PolicySet,
    /// Roles whose approval may matter.
    pub(crate) approvers: BTreeSet<Role>,
    /// Context attributes that any rule reads.
    pub(crate) attributes: BTreeSet<String>,
    /// Some rule reads the context whole.
    pub(crate) whole: bool,
    /// Indices of the permits, in order.
    pub(crate) permits: Vec<usize>,
}

impl Slice {
    /// Collects these rules, given by index.
    pub(crate) fn new(parsed: &[Parsed], indices: &[usize]) -> Result<Self, Box<dyn std::error::Error>> {
        let mut slice = Self::default();
        for index in indices {
            let Some(rule) = parsed.get(*index) else { continue };
            if rule.reads.reads("approvals") {
                slice.open.add(rule.policy.clone())?;
                slice.approvers.extend(&rule.reads.approvers);
                if rule.reads.any_approver {
                    slice.approvers.extend(Role::ALL);
                }
            } else {
                slice.fixed.add(rule.policy.clone())?;
            }
            slice.attributes.extend(rule.reads.attributes.iter().cloned());
            slice.whole |= rule.reads.whole;
            if rule.policy.effect() == cedar_policy::Effect::Permit {
                slice.permits.push(*index);
            }
        }
        Ok(slice)
    }

    /// Whether any of the rules reads this attribute of the context.
    pub(crate) fn reads(&self, attribute: &str) -> bool {
        self.whole || self.attributes.contains(attribute)
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
