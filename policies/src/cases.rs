//! Cases: what the rules are expected to say of a call, kept as files beside the rules and run with them.
//!
//! A case says where its arguments come from; their labels per class follow from the tool's argument roles, as in a run.
//! Whatever is not said is harmless: the owner asked for it, in their own words, within budget, and nobody has approved.

mod facts;

pub(crate) use facts::approvers;

use crate::effort::Effort;
use crate::judge::{Judgement, judge_within};
use crate::problem::{RulesError, line_of};
use crate::rules::{RuleFile, Rules};
use crate::sample;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{ApprovalSet, BlockClass, HasKind, Integrity, Kind, Role, ToolSpec, Verdict};

/// A file of cases: its name, for messages, and its TOML text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// What to call it.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Why the cases could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum CasesError {
    /// The rules do not load.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// A file is not of the form of cases.
    #[error("{file}:{line}: {message}")]
    File {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to do.
        message: String,
    },
    /// The sample catalogue in the program is broken.
    #[error("the sample tools do not read")]
    Sample(#[from] serde_json::Error),
}

impl HasKind for CasesError {
    fn kind(&self) -> Kind {
        match self {
            Self::Rules(err) => err.kind(),
            Self::File { .. } => Kind::Invalid,
            Self::Sample(_) => Kind::Bug,
        }
    }
}

/// What a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// It runs.
    Allow,
    /// It waits for people.
    #[serde(alias = "held")]
    Hold,
    /// It does not run, whoever approves.
    Block,
    /// It does not run as things stand: held or blocked.
    Refused,
}

impl Expected {
    const fn is_met_by(self, got: Verdict) -> bool {
        match self {
            Self::Allow => matches!(got, Verdict::Allow),
            Self::Hold => matches!(got, Verdict::Hold),
            Self::Block => matches!(got, Verdict::Block),
            Self::Refused => !matches!(got, Verdict::Allow),
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Block => "block",
            Self::Refused => "refused",
        })
    }
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The file it stands in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// The tool called.
    pub tool: String,
    /// What it expects.
    pub expected: Expected,
    /// The verdict it got.
    pub got: Verdict,
    /// The rules that decided.
    pub by: Vec<String>,
    /// Their reason.
    pub reason: String,
    /// How what it got differs from what it expects; empty when it passed.
    pub differences: Vec<String>,
}

/// What came of all cases, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseReport {
    /// One result a case.
    pub cases: Vec<CaseResult>,
}

impl CaseReport {
    /// The cases that got something else than they expect.
    pub fn failed(&self) -> impl Iterator<Item = &CaseResult> {
        self.cases.iter().filter(|case| !case.differences.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// Which tools the cases speak of.
    #[serde(default)]
    tools: Catalogue,
    #[serde(rename = "case")]
    cases: Vec<toml::Spanned<Case>>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Catalogue {
    /// Those that are installed.
    #[default]
    Installed,
    /// The sample catalogue, and beside it those that are installed.
    Sample,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    tool: String,
    #[serde(default = "no_arguments")]
    arguments: Value,
    #[serde(default)]
    from: From,
    #[serde(default)]
    approvals: BTreeSet<Role>,
    #[serde(default)]
    facts: BTreeMap<String, Value>,
    expect: Expected,
    by: Option<BTreeSet<String>>,
    needs: Option<BTreeSet<ApprovalSet>>,
    class: Option<BlockClass>,
}

/// Where arguments come from: all from one place, or each from its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum From {
    All(Integrity),
    Each(BTreeMap<String, Integrity>),
}

impl Default for From {
    fn default() -> Self {
        Self::Each(BTreeMap::new())
    }
}

/// Why a case is not run.
const SPENT: &str = "not run, for what comes before took all evaluations of one check; make the rules simpler, or the cases fewer";

fn no_arguments() -> Value {
    Value::Object(serde_json::Map::new())
}

/// Runs cases against rules. A file that begins with `tools = "sample"` speaks of the sample catalogue.
pub fn run_cases(rules: &[RuleFile], installed: &[ToolSpec], files: &[CaseFile]) -> Result<CaseReport, CasesError> {
    run_cases_within(&Effort::unbounded(), rules, installed, files)
}

/// The same; cases that this effort is spent before are refused, with all others.
pub fn run_cases_within(effort: &Effort, rules: &[RuleFile], installed: &[ToolSpec], files: &[CaseFile]) -> Result<CaseReport, CasesError> {
    let mut with_sample = sample::tools()?;
    with_sample.extend(installed.iter().filter(|tool| with_sample.iter().all(|sample| sample.name != tool.name)).cloned().collect::<Vec<_>>());
    let read = files.iter().map(|file| Ok((file, read_file(file)?))).collect::<Result<Vec<_>, CasesError>>()?;
    let mut loaded: BTreeMap<bool, Rules> = BTreeMap::new();
    let mut report = CaseReport { cases: Vec::new() };
    for (file, Cases { tools, cases }) in read {
        let catalogue: &[ToolSpec] = if tools == Catalogue::Sample { &with_sample } else { installed };
        let in_force = match loaded.get(&(tools == Catalogue::Sample)) {
            Some(rules) => rules.clone(),
            None => Rules::load(rules, catalogue)?,
        };
        loaded.insert(tools == Catalogue::Sample, in_force.clone());
        for case in cases {
            let line = line_of(&file.text, case.span().start);
            let case = case.into_inner();
            let name = case.name.clone();
            let result = run(effort, &in_force, catalogue, &file.name, case);
            report.cases.push(result.map_err(|message| CasesError::File { file: file.name.clone(), line, message: format!("case `{name}`: {message}") })?);
        }
    }
    Ok(report)
}

fn read_file(file: &CaseFile) -> Result<Cases, CasesError> {
    let refuse = |line: usize, message: String| CasesError::File { file: file.name.clone(), line, message };
    let cases: Cases =
        toml::from_str(&file.text).map_err(|err| refuse(err.span().map_or(1, |span| line_of(&file.text, span.start)), err.message().to_owned()))?;
    let mut seen = BTreeSet::new();
    for case in &cases.cases {
        if !seen.insert(&case.get_ref().name) {
            return Err(refuse(line_of(&file.text, case.span().start), format!("there are two cases `{}`; give each a name of its own", case.get_ref().name)));
        }
    }
    Ok(cases)
}

fn run(effort: &Effort, rules: &Rules, catalogue: &[ToolSpec], file: &str, case: Case) -> Result<CaseResult, String> {
    let tool = catalogue.iter().find(|tool| tool.name == case.tool);
    // A misspelt tool would be blocked, and a case that expects a block would pass for the wrong reason.
    if tool.is_none() && case.class != Some(BlockClass::UnknownTool) {
        return Err(format!("there is no tool `{}`; correct the name, or say `class = \"unknown_tool\"`", case.tool));
    }
    let judgement = judge_within(effort, rules, &facts::collect(rules, tool, &case)?).ok_or_else(|| SPENT.to_owned())?;
    Ok(CaseResult {
        file: file.to_owned(),
        differences: differences(&case, &judgement),
        name: case.name,
        tool: case.tool,
        expected: case.expect,
        got: judgement.verdict(),
        by: judgement.rules().to_vec(),
        reason: judgement.reason().to_owned(),
    })
}

fn differences(case: &Case, got: &Judgement) -> Vec<String> {
    let mut found = Vec::new();
    if !case.expect.is_met_by(got.verdict()) {
        found.push(format!("expected {}, got {}", case.expect, got.verdict()));
    }
    let by: BTreeSet<String> = got.rules().iter().cloned().collect();
    if let Some(expected) = case.by.as_ref().filter(|expected| **expected != by) {
        found.push(format!("expected by {expected:?}, got by {by:?}"));
    }
    if let Some(expected) = &case.needs {
        let needs: BTreeSet<ApprovalSet> = match got {
            Judgement::Hold { needs, .. } => needs.iter().cloned().collect(),
            Judgement::Allow { .. } | Judgement::Block(_) => BTreeSet::new(),
        };
        if needs != *expected {
            found.push(format!("expected to need {}, needs {}", needs_text(expected), needs_text(&needs)));
        }
    }
    if let Some(expected) = case.class {
        let class = match got {
            Judgement::Block(denial) => Some(denial.class),
            Judgement::Allow { .. } | Judgement::Hold { .. } => None,
        };
        if class != Some(expected) {
            found.push(format!("expected class {}, got {}", expected.name(), class.map_or("none", BlockClass::name)));
        }
    }
    found
}

fn needs_text(needs: &BTreeSet<ApprovalSet>) -> String {
    let sets: Vec<String> = needs.iter().map(|set| set.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")).collect();
    if sets.is_empty() { "nobody".to_owned() } else { sets.join(" or ") }
}

#[cfg(test)]
mod tests;
