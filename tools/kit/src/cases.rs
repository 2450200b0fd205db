//! Cases: calls of a plugin's tools with what the host answers it and what must come of them, as files beside the plugin.
//!
//! Each is run in the real sandbox, behind the real gate, with the same checks of manifest, schemas and egress as in the field. What the
//! plugin asks of the office or of others is answered from the case, in order; a question that stands there not, or otherwise, fails it.

mod office;
mod run;
mod script;

pub use run::{CaseResult, Runner};

use crate::error::KitError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use steward_core::FailureClass;

/// The largest file of cases, in bytes.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Files of one plugin.
const FILES_MAX: usize = 500;
/// How far the fuel of a call may be from the golden, in percent, where the case does not say.
const TOLERANCE_PERCENT: u64 = 10;

/// One call and what must come of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// `plugin.verb`.
    pub tool: String,
    /// As the model would give them.
    #[serde(default)]
    pub arguments: Value,
    /// BCP 47 tag of the person the run works for; `en` where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// IANA name of that person's time zone; `Etc/UTC` where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What the clock says, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_ms: Option<i64>,
    /// What the plugin asks of its host, in order, with the answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<HostCall>,
    /// What comes of it; without it the case fails until `--update` has written it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Expect>,
    /// The fuel it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// How far from that it may be, in percent; 10 where none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuel_tolerance_percent: Option<u64>,
}

impl Case {
    /// A call by hand, that nothing is expected of and no answers lie ready for.
    pub fn of(tool: &str, arguments: Value) -> Self {
        let (locale, time_zone, now_ms, fuel, fuel_tolerance_percent) = (None, None, None, None, None);
        Self { name: String::new(), tool: tool.to_owned(), arguments, locale, time_zone, now_ms, host: Vec::new(), expect: None, fuel, fuel_tolerance_percent }
    }
}

/// One question of the plugin to its host, with the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostCall {
    /// Interface and function as in `world.wit`: `crm.get-contact`, `http.fetch`.
    pub call: String,
    /// What it is asked with.
    #[serde(default)]
    pub with: Value,
    /// The answer; `null` is one, for example of `kv.get` where nothing is kept.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub answer: Option<Value>,
    /// Or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<HostError>,
}

/// A field that is there, whatever stands in it.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Why the host does not answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostError {
    /// Whoever the run works for may not.
    Denied,
    /// There is none.
    NotFound,
    /// It exists already, or was changed meanwhile.
    Conflict,
    /// What is wrong with the question.
    Invalid(String),
    /// It is too much at once.
    TooLarge,
    /// Nobody answers.
    Unavailable,
}

/// What must come of a call: exactly one of `result`, `failed` and `refused`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The result, whole; `null` is one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub result: Option<Value>,
    /// The line for people, where it is to be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// How it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Failed>,
    /// Why the arguments never reach the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// How a call fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// The type of the failure.
    pub class: FailureClass,
    /// What it says, where that is to be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A file of cases.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

impl CaseFile {
    /// Writes it with what its cases say now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self) -> Result<(), KitError> {
        let mut text = serde_json::to_string_pretty(&self.cases).map_err(|err| KitError::said(err.to_string()))?;
        text.push('\n');
        fs::write(&self.path, text).map_err(KitError::write(&self.path))
    }
}

/// Reads every `*.json` of a plugin's `cases/`, sorted by name.
///
/// # Errors
/// When a file is no list of cases; the message names file and place.
pub fn read_all(dir: &Path) -> Result<Vec<CaseFile>, KitError> {
    let folder = dir.join("cases");
    let entries = match fs::read_dir(&folder) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            return Err(KitError::said(format!("there is no folder `{}`; a case is a call with what must come of it, see docs/kit.md", folder.display())));
        }
        entries => entries.map_err(KitError::read(&folder))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(KitError::read(&folder))?.path();
        if path.extension().is_some_and(|end| end == "json") {
            paths.push(path);
        }
    }
    if paths.is_empty() || paths.len() > FILES_MAX {
        return Err(KitError::said(format!("`{}` has {} files `*.json`; 1 to {FILES_MAX} are run", folder.display(), paths.len())));
    }
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Result<CaseFile, KitError> {
    let bytes = fs::metadata(&path).map_err(KitError::read(&path))?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(KitError::said(format!("`{}` has {bytes} bytes; at most {FILE_BYTES_MAX} are read", path.display())));
    }
    let text = fs::read_to_string(&path).map_err(KitError::read(&path))?;
    let cases = parse(&text).map_err(|problem| KitError::said(format!("`{}`: {problem}", path.display())))?;
    Ok(CaseFile { path, cases })
}

/// Reads a list of cases; an error begins with the place in it.
fn parse(text: &str) -> Result<Vec<Case>, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let cases: Vec<Case> = serde_path_to_error::deserialize(&mut reader).map_err(|err| format!("{}: {}", err.path().clone(), err.into_inner()))?;
    reader.end().map_err(|err| format!("after the list: {err}"))?;
    if cases.is_empty() {
        return Err("it has no case".to_owned());
    }
    let mut names = BTreeMap::new();
    for (at, case) in cases.iter().enumerate() {
        let refuse = |place: &str, problem: &str| Err(format!("[{at}]{place}: {problem}"));
        if let Some(before) = names.insert(&case.name, at) {
            return refuse(".name", &format!("[{before}] has the same name"));
        }
        if let Some(expect) = &case.expect {
            let ends = usize::from(expect.result.is_some()) + usize::from(expect.failed.is_some()) + usize::from(expect.refused.is_some());
            if ends != 1 {
                return refuse(".expect", "give exactly one of `result`, `failed` and `refused`");
            }
            if expect.summary.is_some() && expect.result.is_none() {
                return refuse(".expect.summary", "only a result has a summary");
            }
        }
        for (index, call) in case.host.iter().enumerate() {
            if call.answer.is_some() == call.error.is_some() {
                return refuse(&format!(".host[{index}]"), "give `answer` or `error`, and not both");
            }
            if !script::is_known(&call.call) {
                return refuse(
                    &format!(".host[{index}].call"),
                    &format!("`{}` is nothing that a host is asked; there are {}", call.call, script::CALLS.join(", ")),
                );
            }
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_case_is_named_with_its_place() {
        for (text, expect) in [
            ("", "EOF"),
            ("{}", "expected a sequence"),
            ("[]", "no case"),
            ("[{}]", "[0]: missing field `name`"),
            (r#"[{"name":"a"}]"#, "[0]: missing field `tool`"),
            (r#"[{"name":"a","tool":"t","argument":{}}]"#, "[0].argument: unknown field `argument`"),
            (r#"[{"name":"a","tool":"t"},{"name":"b","tool":"t","expect":{"reslt":{}}}]"#, "[1].expect.reslt: unknown field"),
            (r#"[{"name":"a","tool":"t","expect":{}}]"#, "[0].expect: give exactly one"),
            (r#"[{"name":"a","tool":"t","expect":{"result":{},"refused":"x"}}]"#, "[0].expect: give exactly one"),
            (r#"[{"name":"a","tool":"t","expect":{"failed":{"class":"odd"}}}]"#, "[0].expect.failed.class: unknown variant `odd`"),
            (r#"[{"name":"a","tool":"t","expect":{"failed":{"class":"trap"},"summary":"x"}}]"#, "[0].expect.summary: only a result"),
            (r#"[{"name":"a","tool":"t","host":[{"call":"crm.get-contact","answer":{},"error":"denied"}]}]"#, "[0].host[0]: give `answer` or `error`"),
            (r#"[{"name":"a","tool":"t","host":[{"call":"crm.get-contact","error":"odd"}]}]"#, "[0].host[0].error: unknown variant `odd`"),
            (r#"[{"name":"a","tool":"t","host":[{"call":"crm.fly","error":"denied"}]}]"#, "[0].host[0].call: `crm.fly` is nothing"),
            (r#"[{"name":"a","tool":"t"},{"name":"a","tool":"t"}]"#, "[1].name: [0] has the same name"),
            (r#"[{"name":"a","tool":"t","fuel":-1}]"#, "[0].fuel: invalid value"),
            (r#"[{"name":"a","tool":"t"}] x"#, "after the list"),
        ] {
            let refused = parse(text).expect_err(text);
            assert!(refused.contains(expect), "{text}: {refused}");
        }
    }

    #[test]
    fn a_result_that_is_null_is_one() {
        let text = r#"[{"name":"a","tool":"t","expect":{"result":null}}]"#;
        let cases = parse(text).unwrap();
        let expect = cases[0].expect.clone().unwrap();
        assert_eq!(expect, Expect { result: Some(Value::Null), ..Expect::default() });
        // Written anew it says the same.
        assert_eq!(serde_json::to_string(&expect).unwrap(), r#"{"result":null}"#);
        let both = parse(r#"[{"name":"a","tool":"t","expect":{"result":null,"refused":"x"}}]"#).unwrap_err();
        assert!(both.contains("give exactly one"), "{both}");
    }
}
