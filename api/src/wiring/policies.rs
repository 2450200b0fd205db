//! The rules of the data directory: `rules/*.cedar`, `cases/*.toml` and `properties/*.txt` in the policies' directory.

use super::seed::{list_below, read_below, seed_once};
use crate::policy_set::PolicyFiles;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use steward_core::{HasKind, Kind, ToolSpec};
use steward_host::installed::SetAside;
use steward_policies::{CaseFile, Problem, PropertyFile, RuleFile, Rules, RulesError, SHIPPED, SHIPPED_CASES, SHIPPED_PROPERTIES, shipped_properties};

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
pub enum PoliciesError {
    /// The files cannot be read.
    #[error("the rules in `{dir}` cannot be read")]
    Unreadable {
        /// The directory.
        dir: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The rules are wrong.
    #[error(transparent)]
    Rules(#[from] RulesError),
}

impl PoliciesError {
    /// The same where some plugins wait to be accepted, beside these tools: a rule about a tool of one of them is not told that the name is wrong.
    #[must_use]
    pub fn beside(self, aside: &[SetAside], tools: &[ToolSpec]) -> Self {
        match self {
            Self::Rules(RulesError::Broken(problems)) => {
                Self::Rules(RulesError::Broken(problems.into_iter().map(|problem| told(problem, aside, tools)).collect()))
            }
            other => other,
        }
    }
}

/// A problem with the plugin that it comes from, where it is about an action of one that waits. Where tools of that name are loaded, as of another
/// folder or another version, the plugin runs, and the name of the action is what is wrong.
fn told(problem: Problem, aside: &[SetAside], tools: &[ToolSpec]) -> Problem {
    let is_named = |name: &String| problem.message.contains(&format!("Action::\"{name}."));
    let runs = |name: &String| tools.iter().any(|tool| tool.name.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.')));
    let of = |one: &&SetAside| one.waiting.as_ref().is_some_and(|name| is_named(name) && !runs(name));
    let Some(one) = aside.iter().find(of) else { return problem };
    // What Cedar advises after that is to use another name.
    let what = problem.message.split(';').next().unwrap_or_default();
    Problem { message: format!("{what}; its plugin is installed and not run: {}", one.reason), ..problem }
}

impl HasKind for PoliciesError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unreadable { .. } => Kind::Away,
            Self::Rules(err) => err.kind(),
        }
    }
}

/// Puts the shipped rules, cases and properties into a directory that does not exist yet.
pub fn seed(dir: &Path) -> io::Result<bool> {
    let rules = SHIPPED.iter().map(|(name, text)| (format!("rules/{name}"), *text));
    let cases = SHIPPED_CASES.iter().map(|(name, text)| (format!("cases/{name}"), *text));
    let properties = SHIPPED_PROPERTIES.iter().map(|(name, text)| (format!("properties/{name}"), *text));
    let files: Vec<(String, &str)> = rules.chain(cases).chain(properties).collect();
    seed_once(dir, files.iter().map(|(name, text)| (name.as_str(), *text)))
}

/// The files that hold rules, sorted.
pub fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir.join("rules"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "cedar") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files that hold rules, cases and safety properties, as far as they are there, sorted.
pub fn all_files(dir: &Path) -> Vec<PathBuf> {
    let below = |folder: &str, ending: &str| list_below(&dir.join(folder), &[ending]).unwrap_or_default();
    let mut files = rule_files(dir).unwrap_or_default();
    files.extend(below("cases", "toml"));
    files.extend(below("properties", "txt"));
    files
}

/// Reads all rules. They are not checked yet.
pub fn read_rules(dir: &Path) -> Result<Vec<RuleFile>, PoliciesError> {
    let failed = |source| PoliciesError::Unreadable { dir: dir.to_owned(), source };
    let files = rule_files(dir).map_err(failed)?;
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).map_err(|err| io::Error::new(err.kind(), format!("`{}`: {err}", path.display())))?;
        Ok(RuleFile { name: path.strip_prefix(dir).unwrap_or(&path).display().to_string(), text })
    };
    files.into_iter().map(read).collect::<io::Result<_>>().map_err(failed)
}

/// Reads all cases.
pub fn read_cases(dir: &Path) -> Result<Vec<CaseFile>, PoliciesError> {
    let cases = dir.join("cases");
    if !cases.is_dir() {
        return Ok(Vec::new());
    }
    let files = read_below(&cases, &["toml"]).map_err(|source| PoliciesError::Unreadable { dir: cases, source })?;
    Ok(files.into_iter().map(|(name, text)| CaseFile { name: format!("cases/{name}"), text }).collect())
}

/// Reads all safety properties.
pub fn read_properties(dir: &Path) -> Result<Vec<PropertyFile>, PoliciesError> {
    let properties = dir.join("properties");
    if !properties.is_dir() {
        return Ok(Vec::new());
    }
    let files = read_below(&properties, &["txt"]).map_err(|source| PoliciesError::Unreadable { dir: properties, source })?;
    Ok(files.into_iter().map(|(name, text)| PropertyFile { name: format!("properties/{name}"), text }).collect())
}

/// The cases and safety properties beside the rules. An installation of before has no properties of its own; what was shipped holds there too.
pub fn files(dir: &Path) -> Result<PolicyFiles, PoliciesError> {
    let properties = Some(read_properties(dir)?).filter(|own| !own.is_empty()).unwrap_or_else(shipped_properties);
    Ok(PolicyFiles { cases: read_cases(dir)?, properties })
}

/// Reads and checks the rules for these tools.
pub fn load(dir: &Path, tools: &[ToolSpec]) -> Result<Rules, PoliciesError> {
    Ok(Rules::load(&read_rules(dir)?, tools)?)
}

#[cfg(test)]
mod tests {
    use super::told;
    use std::path::PathBuf;
    use steward_core::ToolSpec;
    use steward_host::installed::SetAside;
    use steward_policies::{Problem, sample_tools};

    #[test]
    fn only_a_plugin_that_waits_and_does_not_run_is_what_is_the_matter_with_a_rule() {
        let sample = sample_tools().expect("sample");
        let check = |waiting: Option<&str>, tools: &[ToolSpec], is_told: bool| {
            let aside = [SetAside { dir: PathBuf::from("plugins/mail"), waiting: waiting.map(str::to_owned), reason: "it waits".to_owned() }];
            let problem = Problem { file: "a.cedar".to_owned(), line: 1, message: "there is no `Action::\"mail.sned\"`; mend the name".to_owned() };
            let got = told(problem.clone(), &aside, tools).message;
            let expect = if is_told { "there is no `Action::\"mail.sned\"`; its plugin is installed and not run: it waits" } else { problem.message.as_str() };
            assert_eq!(got, expect, "{waiting:?}");
        };
        // Another folder's tools have the name: the rule has a slip in it.
        check(Some("mail"), &sample, false);
        // A folder of the name is set aside for another reason, or another plugin waits in it.
        check(None, &[], false);
        check(Some("post"), &[], false);
        check(Some("mai"), &[], false);
        check(Some("mail"), &[], true);
    }
}
