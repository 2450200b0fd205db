//! The law: facts about a proposed call go in, a Cedar decision comes out.
//!
//! Rules are Cedar policies, default deny, checked against a schema made from the tools. They say what is allowed now
//! and what is allowed with whose approval; that a call is *held* follows from both. Everything here is pure: no clock,
//! no I/O, no environment. [`decide()`] is the one place that makes a [`Permit`], and an executor acts on nothing else.

mod args;
mod cases;
mod check;
mod counters;
mod decide;
mod facts;
mod fold;
mod judge;
mod matrix;
mod names;
mod problem;
mod request;
mod rules;
mod sample;
mod schema;
mod shipped;
#[cfg(test)]
mod testing;

pub use cases::{CaseFile, CaseReport, CaseResult, CasesError, run_cases};
pub use check::{Summary, check};
pub use counters::{By, Caller, Counter, Measure, Window};
pub use decide::{Decision, Permit, Proposal, decide};
pub use facts::{FactDeclaration, FactType, Facts};
pub use fold::folded;
pub use judge::{Judgement, judge};
pub use matrix::matrix;
pub use problem::{Problem, RulesError};
pub use rules::{RULE_FILE_BYTES_MAX, RULES_MAX, Rule, RuleEffect, RuleFile, Rules};
pub use sample::tools as sample_tools;
pub use shipped::{SHIPPED, SHIPPED_CASES, shipped_cases, shipped_rules};
