//! Cases with others answering for themselves: what came is compared with what the case says, or written into it.

use super::{Tally, Test, as_json, print, sum_up};
use crate::cli::{CliError, Setting};
use steward_kit::cases::{Case, CaseFile, CaseResult, Runner};

/// Runs cases over the network and prints what came of each.
pub(super) async fn run(setting: &Setting, recorded: &Runner, live: &Runner, files: Vec<CaseFile>, how: &Test) -> Result<Tally, CliError> {
    let output = &setting.output;
    let (mut tally, mut seen, mut untried) = (Tally::default(), Vec::new(), recorded.tools().to_vec());
    for mut file in files {
        let (name, before) = (file.path.file_name().unwrap_or_default().to_string_lossy().into_owned(), file.cases.clone());
        for case in &mut file.cases {
            untried.retain(|tool| *tool != case.tool);
            if !how.wants(case) {
                continue;
            }
            let (mut result, heard) = live.run_live(case).await?;
            if how.record {
                let again = Case { host: heard, expect: Some(result.got.clone()), fuel: None, ..case.clone() };
                result = record(recorded, case, again, result).await?;
            }
            *(if result.problems.is_empty() { &mut tally.passed } else { &mut tally.failed }) += 1;
            if how.json {
                seen.push(as_json(&name, case, &result));
            } else {
                print(output, &name, case, &result)?;
            }
        }
        if file.cases != before {
            file.write()?;
        }
    }
    sum_up(output, how, &tally, seen, &untried)?;
    Ok(tally)
}

/// Writes down what was heard, if the call comes to the same when it is answered with that.
async fn record(recorded: &Runner, case: &mut Case, again: Case, live: CaseResult) -> Result<CaseResult, CliError> {
    // What came back and cannot stand in a case has neither answer nor error.
    if again.host.iter().any(|call| call.answer.is_none() && call.error.is_none()) {
        return Ok(live);
    }
    let replayed = recorded.run(&again).await?;
    if !replayed.problems.is_empty() {
        let mut problems = vec!["it is not recorded: answered with what was heard, it comes to something else".to_owned()];
        problems.extend(replayed.problems);
        return Ok(CaseResult { problems, ..live });
    }
    *case = Case { fuel: replayed.fuel, ..again };
    Ok(CaseResult { problems: Vec::new(), fuel: replayed.fuel, ..live })
}
