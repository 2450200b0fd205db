//! The cases that lie beside the plugin, run through schema, gate and sandbox. `UPDATE=1` rewrites what they expect.

use crate::support::{Gate, context, host, options};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steward_core::Outcome;
use steward_host::testing::{MemoryOffice, Seed};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    given: Value,
    tool: String,
    arguments: Value,
    #[serde(default)]
    expect: Value,
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/crm/cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect("cases").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn cases_end_as_written() {
    let host = host(options());
    let gate = Gate::new(&host);
    let update = std::env::var_os("UPDATE").is_some();
    let mut tools: Vec<String> = host.specs().into_iter().map(|spec| spec.name).filter(|name| name.starts_with("crm.")).collect();
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("file");
        let mut cases: Vec<Case> = serde_json::from_str(&text).unwrap_or_else(|err| panic!("{}: {err}", file.display()));
        for case in &mut cases {
            tools.retain(|tool| *tool != case.tool);
            let seed: Seed = serde_json::from_value(case.given.clone()).unwrap_or_else(|err| panic!("{}: {err}", case.name));
            let office = Arc::new(MemoryOffice::new(seed));
            let got = match host.tool(&case.tool).expect("tool").check_arguments(&case.arguments) {
                Err(refused) => json!({ "refused": refused.to_string() }),
                Ok(arguments) => {
                    let report = host.call(gate.permit(&host, &case.tool, arguments), context("key"), office).await;
                    match report.outcome {
                        Outcome::Ok { result, summary } => json!({ "result": result, "summary": summary }),
                        Outcome::Failed { failure } => json!({ "failed": failure }),
                    }
                }
            };
            if update {
                case.expect = got;
            } else {
                assert_eq!(got, case.expect, "{}: {}", file.display(), case.name);
            }
        }
        if update {
            std::fs::write(&file, format!("{}\n", serde_json::to_string_pretty(&cases).expect("json"))).expect("written");
        }
    }
    assert!(tools.is_empty(), "tools without a case: {tools:?}");
}
