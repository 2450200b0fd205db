//! The law: facts about a proposed call go in, a Cedar decision comes out.
//!
//! Rules are Cedar policies, default deny, checked against a schema made from the tools. They say what is allowed now
//! and what is allowed with whose approval; that a call is *held* follows from both. Everything here is pure: no clock,
//! no I/O, no environment; only the feature `solver` starts a process, cvc5, to prove things about rules. [`decide()`] is the one place that makes a [`Permit`], and an executor acts on nothing else.

mod args;
mod backtest;
mod cases;
mod check;
mod counters;
mod decide;
mod diff;
mod effort;
mod explain;
mod facts;
mod fold;
mod judge;
mod matrix;
mod names;
mod never;
mod problem;
mod prove;
mod request;
mod rules;
mod sample;
mod schema;
mod shipped;
mod suggest;
#[cfg(test)]
mod testing;
mod who;

pub use backtest::{Again, Backtest, Backtesting, DIFFERENCES_MAX, Difference, Recorded, backtest, backtest_within, judge_again_within};
pub use cases::{CaseFile, CaseReport, CaseResult, CasesError, Expected, run_cases, run_cases_within};
pub use check::{AlwaysAllowed, Summary, check};
pub use counters::{By, Caller, Counter, Measure, Window};
pub use decide::{Decision, Permit, Proposal, decide};
pub use diff::{CellChange, PolicyDiff, diff, diff_within};
pub use effort::Effort;
pub use explain::{Explanation, WouldChange, explain};
pub use facts::{FactDeclaration, FactType, Facts, WorldFact};
pub use fold::folded;
pub use judge::{Judgement, judge};
pub use matrix::{MatrixCell, matrix, matrix_cells_within};
pub use never::{Acts, never_allows};
pub use problem::{Problem, RulesError};
#[cfg(feature = "solver")]
pub use prove::solver::prove_with;
pub use prove::{CounterExample, Proof, PropertyFile, ProveError, prove};
pub use rules::{RULE_FILE_BYTES_MAX, RULES_MAX, Rule, RuleEffect, RuleFile, Rules};
pub use sample::{facts as sample_facts, tools as sample_tools};
pub use shipped::{SHIPPED, SHIPPED_CASES, SHIPPED_PROPERTIES, nothing_allowed, shipped_cases, shipped_properties, shipped_rules};
pub use suggest::{Habit, SUGGESTED, Suggested, Suggestion, suggest, suggest_within};
