//! The verdict on some facts: allow, hold for people, or block. Pure and total; what cannot be decided is blocked.
//!
//! A judgement is a word, not a leave: only [`decide`](crate::decide()) turns it into a [`Permit`](crate::Permit).

use crate::effort::{Effort, Texts, size};
use crate::facts::Facts;
use crate::request::{AskError, Question, Said, ask_bare};
use crate::rules::{Governed, Part, Rule, Rules};
use std::collections::BTreeSet;
use steward_core::{ApprovalSet, BlockClass, Denial, Needs, Role, Verdict};

/// So many bytes of arguments are read by a rule in the time of one evaluation of a plain one.
const ARGUMENTS_BYTES: u64 = 4096;

/// What the rules say of some facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It may run now.
    Allow {
        /// The permits that matched.
        rules: Vec<String>,
        /// Why, for people.
        reason: String,
    },
    /// It may run once certain people have approved.
    Hold {
        /// The smallest sets of roles still missing.
        needs: Needs,
        /// Forbids that approval would lift, then the permits that would match.
        rules: Vec<String>,
        /// Why it waits, for people.
        reason: String,
        /// What the model is told.
        tell: String,
    },
    /// It may not run, whoever approves.
    Block(Denial),
}

impl Judgement {
    /// The verdict alone.
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Allow { .. } => Verdict::Allow,
            Self::Hold { .. } => Verdict::Hold,
            Self::Block(_) => Verdict::Block,
        }
    }

    /// The rules that decided.
    pub fn rules(&self) -> &[String] {
        match self {
            Self::Allow { rules, .. } | Self::Hold { rules, .. } => rules,
            Self::Block(denial) => &denial.rules,
        }
    }

    /// The reason for people.
    pub fn reason(&self) -> &str {
        match self {
            Self::Allow { reason, .. } | Self::Hold { reason, .. } => reason,
            Self::Block(denial) => &denial.reason,
        }
    }
}

/// Judges some facts by the rules.
pub fn judge(rules: &Rules, facts: &Facts) -> Judgement {
    judge_asking(&Asking { effort: &Effort::unbounded(), each: 0, texts: Texts::default() }, rules, facts)
}

/// The same as far as this effort goes: nothing where it is spent before the rules have said all.
pub(crate) fn judge_within(effort: &Effort, rules: &Rules, facts: &Facts) -> Option<Judgement> {
    let slice = rules.0.tools.get(&facts.tool).map(|tool| &tool.slice);
    let each = 1 + if slice.is_some_and(|slice| slice.reads("args")) { size(&facts.arguments) / ARGUMENTS_BYTES } else { 0 };
    let texts = if slice.is_some_and(|slice| slice.has_patterns()) { Texts::of(facts) } else { Texts::default() };
    let judgement = judge_asking(&Asking { effort, each, texts }, rules, facts);
    // What was refused for want of effort is no word of the rules.
    (!effort.is_spent()).then_some(judgement)
}

/// What asking rules may still take.
struct Asking<'a> {
    effort: &'a Effort,
    /// In the time of how many evaluations one plain rule is evaluated on these facts.
    each: u64,
    /// The texts that patterns are held against.
    texts: Texts<'a>,
}

impl Asking<'_> {
    fn ask(&self, question: &Question<'_>, part: &Part, supposed: &BTreeSet<Role>) -> Result<Said, AskError> {
        // The question itself is made anew each time, which is about as much as a rule.
        let patterns = part.patterns.effort(&self.texts);
        if !self.effort.spend(self.each.saturating_mul(1 + part.weight).saturating_add(patterns)) {
            return Err(AskError::Spent);
        }
        question.ask(part, supposed)
    }
}

fn judge_asking(asking: &Asking<'_>, rules: &Rules, facts: &Facts) -> Judgement {
    let Some(tool) = rules.0.tools.get(&facts.tool) else {
        return Judgement::Block(unknown_tool(&facts.tool));
    };
    let said = Question::new(&rules.0, tool, facts).and_then(|question| {
        let fixed = asking.ask(&question, &tool.slice.fixed, &BTreeSet::new())?;
        let open = asking.ask(&question, &tool.slice.open, &BTreeSet::new())?;
        let judge = Judge { asking, rules, tool, facts, fixed, open };
        Ok(judge.verdict(&question))
    });
    said.unwrap_or_else(|err| Judgement::Block(unaskable(&err)))
}

struct Judge<'a> {
    asking: &'a Asking<'a>,
    rules: &'a Rules,
    tool: &'a Governed,
    facts: &'a Facts,
    /// What rules say that do not read approvals.
    fixed: Said,
    /// What rules say that do, with the approvals given.
    open: Said,
}

impl Judge<'_> {
    fn verdict(self, question: &Question<'_>) -> Judgement {
        if !self.fixed.errors.is_empty() || !self.open.errors.is_empty() {
            return Judgement::Block(self.not_evaluated());
        }
        let decided: BTreeSet<usize> = self.fixed.rules.union(&self.open.rules).copied().collect();
        let (fixed_forbids, open_forbids) = (self.forbids(&self.fixed), self.forbids(&self.open));
        let forbids: BTreeSet<usize> = fixed_forbids.union(&open_forbids).copied().collect();
        if forbids.is_empty() && !decided.is_empty() {
            return Judgement::Allow { rules: self.ids(&decided), reason: self.first(&decided).map_or_else(String::new, |rule| rule.reason.clone()) };
        }
        // A forbid that does not read approvals stands whoever approves: nothing to try.
        let (needs, permits) = if fixed_forbids.is_empty() { self.sufficient(question) } else { Default::default() };
        if needs.is_empty() {
            return Judgement::Block(self.denied(&forbids, &fixed_forbids));
        }
        let shown = if open_forbids.is_empty() { self.first(&permits) } else { self.first(&open_forbids) };
        let mut ids = self.ids(&open_forbids);
        ids.extend(self.ids(&permits));
        let waits = format!(
            "`{}` waits for approval by {}; do not propose it again, say that it waits and go on with what does not depend on it",
            self.facts.tool,
            words(&needs)
        );
        Judgement::Hold {
            needs,
            rules: ids,
            reason: shown.map_or_else(String::new, |rule| rule.reason.clone()),
            tell: shown.and_then(|rule| rule.tell.clone()).unwrap_or(waits),
        }
    }

    /// The smallest sets of further roles whose approval would suffice, and the permits that would then match.
    /// Nothing is taken for granted of the rules: that more approvals allow more is tried, not supposed.
    fn sufficient(&self, question: &Question<'_>) -> (Needs, BTreeSet<usize>) {
        let missing: Vec<Role> = self.tool.slice.approvers.difference(&self.facts.approvals.roles).copied().collect();
        let mut needs: Needs = Vec::new();
        let mut permits = BTreeSet::new();
        for set in subsets(&missing) {
            if needs.iter().any(|smaller| smaller.is_subset(&set)) {
                continue;
            }
            // A set under which some rule cannot be evaluated does not suffice.
            let Ok(said) = self.asking.ask(question, &self.tool.slice.open, &set) else { continue };
            if said.errors.is_empty() && self.forbids(&said).is_empty() && (said.allows || self.fixed.allows) {
                permits.extend(if self.fixed.allows { self.fixed.rules.clone() } else { BTreeSet::new() });
                permits.extend(said.rules);
                needs.push(set);
            }
        }
        (needs, permits)
    }

    /// The forbids among the rules that decided; Cedar names either forbids or permits.
    fn forbids(&self, said: &Said) -> BTreeSet<usize> {
        said.rules.iter().copied().filter(|index| !self.tool.slice.permits.contains(index)).collect()
    }

    /// Why it may not run, whoever approves: first of all what no approval lifts.
    fn denied(&self, forbids: &BTreeSet<usize>, fixed: &BTreeSet<usize>) -> Denial {
        let over_budget = !self.facts.within_budget && forbids.first().is_some_and(|first| self.rules.0.on_budget.contains(first));
        let by = self.first(fixed).or_else(|| self.first(forbids));
        let shapes: Vec<&str> = self.tool.slice.permits.iter().filter_map(|index| self.rule(*index)?.shape.as_deref()).collect();
        let retryable = !over_budget && !self.tool.slice.permits.is_empty() && !self.is_never(forbids);
        // What the permits would allow is no advice where no call gets as far as them.
        let from_permits = (retryable && !shapes.is_empty()).then(|| shapes.join("; or "));
        Denial {
            class: if over_budget { BlockClass::Limit } else { BlockClass::Policy },
            rules: self.ids(forbids),
            reason: by
                .map_or_else(|| format!("no rule allows `{}`, a {} action, as it was proposed", self.facts.tool, self.tool.effect), |rule| rule.reason.clone()),
            tell: by.and_then(|rule| rule.tell.clone()).unwrap_or_else(|| match by {
                Some(rule) => format!("`{}` is forbidden: {}", self.facts.tool, rule.reason),
                None => format!("No rule allows `{}` as proposed, and no approval would.", self.facts.tool),
            }),
            retryable,
            allowed_shape: by.and_then(|rule| rule.shape.clone()).or(from_permits).filter(|_| !over_budget),
        }
    }

    /// Whether one of these forbids reads nothing of the call, and so refuses every other as well.
    fn is_never(&self, forbids: &BTreeSet<usize>) -> bool {
        !forbids.is_empty() && ask_bare(&self.rules.0, self.tool, self.facts).unwrap_or(true)
    }

    fn not_evaluated(&self) -> Denial {
        let mut errors: Vec<&(usize, String)> = self.fixed.errors.iter().chain(&self.open.errors).collect();
        errors.sort();
        let said = errors.first().map_or("", |(_, message)| message);
        let broken: BTreeSet<usize> = errors.iter().map(|(index, _)| *index).collect();
        let ids = self.ids(&broken);
        let first = ids.first().map_or("?", String::as_str);
        Denial {
            class: BlockClass::PolicyError,
            reason: format!("rule `{first}` could not be evaluated, and what cannot be decided is refused: {said}"),
            tell: format!("The rules could not be evaluated for this call of `{}`. It is not allowed; people can see why.", self.facts.tool),
            rules: ids,
            retryable: false,
            allowed_shape: None,
        }
    }

    fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules.0.rules.get(index)
    }

    fn first(&self, indices: &BTreeSet<usize>) -> Option<&Rule> {
        indices.first().and_then(|index| self.rule(*index))
    }

    fn ids(&self, indices: &BTreeSet<usize>) -> Vec<String> {
        indices.iter().filter_map(|index| self.rule(*index)).map(|rule| rule.id.clone()).collect()
    }
}

/// All sets of these roles but the empty one, smaller before larger; at most 31.
fn subsets(roles: &[Role]) -> Vec<ApprovalSet> {
    let mut sets: Vec<ApprovalSet> =
        (1_u32..1 << roles.len()).map(|mask| roles.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, role)| *role).collect()).collect();
    sets.sort_by_key(ApprovalSet::len);
    sets
}

/// `owner, or finance and manager`
fn words(needs: &Needs) -> String {
    let set = |set: &ApprovalSet| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    needs.iter().map(set).collect::<Vec<_>>().join(", or ")
}

fn unknown_tool(tool: &str) -> Denial {
    let tool: String = tool.chars().take(64).collect();
    Denial {
        class: BlockClass::UnknownTool,
        rules: Vec::new(),
        reason: format!("there is no tool `{tool}`"),
        tell: format!("There is no tool `{tool}`. Use only the tools you were given."),
        retryable: false,
        allowed_shape: None,
    }
}

fn unaskable(err: &AskError) -> Denial {
    let class = match err {
        AskError::Argument(_) => BlockClass::InvalidArguments,
        AskError::Missing(_) | AskError::Request(_) | AskError::Spent => BlockClass::PolicyError,
    };
    Denial {
        class,
        rules: Vec::new(),
        reason: format!("the rules could not be asked, and what cannot be decided is refused: {err}"),
        tell: format!("The call is not allowed: {err}."),
        retryable: class == BlockClass::InvalidArguments,
        allowed_shape: None,
    }
}

#[cfg(test)]
mod spellings;
#[cfg(test)]
mod tests;
