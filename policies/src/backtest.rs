//! Recorded decisions judged again by other rules: what would have come out otherwise. Nothing is executed.
//!
//! A decision is stored with all it was made on, so this needs neither the world nor the run.

use crate::effort::Effort;
use crate::facts::Facts;
use crate::judge::{Judgement, judge, judge_within};
use crate::rules::Rules;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{BlockClass, Digest, Verdict};

/// The most differences kept with their facts; all are counted.
pub const DIFFERENCES_MAX: usize = 200;

/// A decision as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// What to call it: its id.
    pub name: String,
    /// What came out.
    pub verdict: Verdict,
    /// The class, when it was blocked.
    pub class: Option<BlockClass>,
    /// The rules that decided.
    pub rules: Vec<String>,
    /// What it was made on; none for a call that never came before the rules.
    pub facts: Option<Facts>,
}

#[derive(Deserialize)]
struct Record {
    facts: Option<Facts>,
}

impl Recorded {
    /// The facts in a decision's record, as JSON text. A record of another form has none.
    pub fn facts_of(record: &str) -> Option<Facts> {
        serde_json::from_str::<Record>(record).ok().and_then(|record| record.facts)
    }

    /// The facts on which the rules decided it; none where they did not.
    fn to_judge(&self) -> Option<&Facts> {
        self.facts.as_ref().filter(|_| self.was_judged())
    }

    /// Whether the rules decided it: a repeated, changed or lapsed call was refused for what it was.
    fn was_judged(&self) -> bool {
        match self.class {
            None | Some(BlockClass::Policy | BlockClass::PolicyError | BlockClass::Limit) => true,
            Some(
                BlockClass::UnknownTool
                | BlockClass::InvalidArguments
                | BlockClass::Repeated
                | BlockClass::Refused
                | BlockClass::Expired
                | BlockClass::Changed
                | BlockClass::ApproverGone,
            ) => false,
        }
    }
}

/// A decision that would come out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The decision.
    pub name: String,
    /// The tool.
    pub tool: String,
    /// What came out.
    pub was: Verdict,
    /// What would come out.
    pub now: Verdict,
    /// The rules that decided.
    pub was_by: Vec<String>,
    /// The rules that would decide.
    pub now_by: Vec<String>,
    /// Why, for people.
    pub reason: String,
}

/// What came of judging recorded decisions again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backtest {
    /// The rules that judged.
    pub policy_digest: Digest,
    /// Decisions judged.
    pub judged: usize,
    /// Decisions left out, for they never came before the rules.
    pub left_out: usize,
    /// Decisions that could not be judged: the rules ask for what was not recorded with them.
    pub not_judged: usize,
    /// Now allowed, and was not.
    pub newly_allowed: usize,
    /// Now held, and was not.
    pub newly_held: usize,
    /// Now blocked, and was not.
    pub newly_blocked: usize,
    /// The same verdict by other rules.
    pub otherwise_decided: usize,
    /// The differences, newly allowed ones first; at most [`DIFFERENCES_MAX`].
    pub differences: Vec<Difference>,
    /// Rules that decided nothing of all this.
    pub dead: Vec<String>,
}

/// What other rules make of one recorded decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Again {
    /// It never came before the rules, or was refused for what it was.
    LeftOut,
    /// The rules ask for what was not recorded with it.
    NotJudged,
    /// What they say.
    Judged(Judgement),
}

fn judge_again(rules: &Rules, one: &Recorded) -> Again {
    one.to_judge().map_or(Again::LeftOut, |facts| again(one, judge(rules, facts)))
}

/// Judges one recorded decision by these rules, as far as this effort goes: nothing where it is spent before.
pub fn judge_again_within(effort: &Effort, rules: &Rules, one: &Recorded) -> Option<Again> {
    match one.to_judge() {
        Some(facts) => Some(again(one, judge_within(effort, rules, facts)?)),
        None => Some(Again::LeftOut),
    }
}

fn again(one: &Recorded, judgement: Judgement) -> Again {
    if let Judgement::Block(denial) = &judgement
        && denial.class == BlockClass::PolicyError
        && one.class != Some(BlockClass::PolicyError)
    {
        return Again::NotJudged;
    }
    Again::Judged(judgement)
}

/// Judges recorded decisions by these rules.
pub fn backtest(rules: &Rules, recorded: impl IntoIterator<Item = Recorded>) -> Backtest {
    backtest_within(&Effort::unbounded(), rules, recorded)
}

/// The same as far as this effort goes: what comes after it is spent is not judged.
pub fn backtest_within(effort: &Effort, rules: &Rules, recorded: impl IntoIterator<Item = Recorded>) -> Backtest {
    let mut all = Backtesting::new(rules);
    for one in recorded {
        let Some(again) = judge_again_within(effort, rules, &one) else { break };
        all.take(one, again);
    }
    all.report()
}

/// The same, one decision after another: whoever reads them in pages keeps no more than a page.
#[derive(Debug)]
pub struct Backtesting<'a> {
    rules: &'a Rules,
    report: Backtest,
    deciding: BTreeSet<String>,
    kept: BTreeMap<Verdict, Vec<Difference>>,
}

impl<'a> Backtesting<'a> {
    /// Nothing is judged yet.
    pub fn new(rules: &'a Rules) -> Self {
        let report = Backtest {
            policy_digest: rules.digest(),
            judged: 0,
            left_out: 0,
            not_judged: 0,
            newly_allowed: 0,
            newly_held: 0,
            newly_blocked: 0,
            otherwise_decided: 0,
            differences: Vec::new(),
            dead: Vec::new(),
        };
        Self { rules, report, deciding: BTreeSet::new(), kept: BTreeMap::new() }
    }

    /// Judges one more.
    pub fn judge(&mut self, one: Recorded) {
        let again = judge_again(self.rules, &one);
        self.take(one, again);
    }

    fn take(&mut self, one: Recorded, again: Again) {
        let report = &mut self.report;
        let judgement = match again {
            Again::LeftOut => {
                report.left_out += 1;
                return;
            }
            Again::NotJudged => {
                report.not_judged += 1;
                return;
            }
            Again::Judged(judgement) => judgement,
        };
        report.judged += 1;
        self.deciding.extend(judgement.rules().iter().cloned());
        let now = judgement.verdict();
        match (one.verdict, now) {
            (was, now) if was == now => {
                let (was_by, now_by): (BTreeSet<&String>, BTreeSet<&String>) = (one.rules.iter().collect(), judgement.rules().iter().collect());
                report.otherwise_decided += usize::from(was_by != now_by);
                return;
            }
            (_, Verdict::Allow) => report.newly_allowed += 1,
            (_, Verdict::Hold) => report.newly_held += 1,
            (_, Verdict::Block) => report.newly_blocked += 1,
        }
        let list = self.kept.entry(now).or_default();
        if list.len() < DIFFERENCES_MAX {
            list.push(Difference {
                name: one.name,
                tool: one.facts.map(|facts| facts.tool).unwrap_or_default(),
                was: one.verdict,
                now,
                was_by: one.rules,
                now_by: judgement.rules().to_vec(),
                reason: judgement.reason().to_owned(),
            });
        }
    }

    /// What came of all of them.
    pub fn report(self) -> Backtest {
        let Self { rules, mut report, deciding, kept } = self;
        report.differences = kept.into_values().flatten().take(DIFFERENCES_MAX).collect();
        report.dead = rules.list().iter().map(|rule| rule.id.clone()).filter(|id| !deciding.contains(id)).collect();
        report
    }
}

impl Backtest {
    /// How many would come out otherwise.
    pub const fn changed(&self) -> usize {
        self.newly_allowed + self.newly_held + self.newly_blocked
    }
}

#[cfg(test)]
mod tests;
