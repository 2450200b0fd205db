//! `steward policy shadow`: a candidate set of rules judges beside the live one, and every difference is written down. It decides nothing.
//!
//! It judges from the records of decisions, so that no call waits for it and nothing of it can reach one.

use super::{Set, recorded, rules_error};
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, counted, one_line};
use crate::cli::terminal::{Who, with};
use crate::config::Config;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use steward_policies::{Rules, backtest};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// The most decisions of one look.
const LOOK_MAX: usize = 100_000;
/// How often it looks when it follows, in seconds.
const EVERY_SECONDS: u64 = 2;
/// Decisions become visible out of order; so far back it looks again.
const OVERLAP: Duration = Duration::minutes(10);

/// What stands in the notes so far.
#[derive(Default)]
struct Notes {
    seen_at: Option<OffsetDateTime>,
    names: BTreeSet<String>,
}

impl Notes {
    fn read(file: &Path) -> Result<Self, CliError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(err) => return Err(CliError::said(format!("`{}` cannot be read: {err}", file.display()))),
        };
        let mut notes = Self::default();
        for (at, line) in text.lines().enumerate() {
            let broken = || CliError::said(format!("`{}` line {} is no note of `policy shadow`; name another file", file.display(), at + 1));
            let note: Value = serde_json::from_str(line).map_err(|_| broken())?;
            match (note.get("name").and_then(Value::as_str), note.get("seen_at").and_then(Value::as_str)) {
                (Some(name), _) => _ = notes.names.insert(name.to_owned()),
                (None, Some(at)) => notes.seen_at = Some(OffsetDateTime::parse(at, &Rfc3339).map_err(|_| broken())?),
                (None, None) => return Err(broken()),
            }
        }
        Ok(notes)
    }
}

/// Looks once, or until it is stopped.
pub(super) async fn run(output: &Output, config: &Config, set: &Set, who: &Who, file: &Path, follow: bool) -> Result<ExitCode, CliError> {
    let rules = Rules::load(&set.rules, &set.tools).map_err(rules_error)?;
    look(output, config, &rules, who, file).await?;
    let mut every = tokio::time::interval(std::time::Duration::from_secs(EVERY_SECONDS));
    if !follow {
        return Ok(ExitCode::SUCCESS);
    }
    // Listened to all the time: a signal that comes during a look ends it after that look.
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            biased;
            stop = &mut stop => {
                stop?;
                return Ok(ExitCode::SUCCESS);
            }
            _ = every.tick() => look(output, config, &rules, who, file).await?,
        }
    }
}

async fn look(output: &Output, config: &Config, rules: &Rules, who: &Who, file: &Path) -> Result<(), CliError> {
    let notes = Notes::read(file)?;
    let from = notes.seen_at.map(|seen| seen - OVERLAP);
    let rows = with(config.clone(), who, "steward policy", async |terminal| {
        recorded::read(terminal, LOOK_MAX, |row| from.is_some_and(|from| row.decided_at < from)).await
    });
    let rows = rows.await?;
    let newest = rows.iter().map(|row| row.decided_at).max().max(notes.seen_at);
    let fresh = rows.into_iter().map(crate::recorded::recorded).collect::<Result<Vec<_>, _>>()?;
    let report = backtest(rules, fresh);
    let mut lines = Vec::new();
    for difference in report.differences.iter().filter(|difference| !notes.names.contains(&difference.name)) {
        output.line(format!(
            "{} {}: {} -> {} by {}: {}",
            difference.name,
            difference.tool,
            difference.was,
            output.tone(Tone::Warning, difference.now.name()),
            if difference.now_by.is_empty() { "no rule".to_owned() } else { difference.now_by.join(", ") },
            one_line(&difference.reason, 90)
        ))?;
        let mut note = json!(difference);
        if let Some(fields) = note.as_object_mut() {
            fields.insert("policy_digest".to_owned(), json!(report.policy_digest));
        }
        lines.push(note);
    }
    let (found, before) = (lines.len(), notes.names.len());
    if newest != notes.seen_at {
        lines.extend(newest.and_then(|at| at.format(&Rfc3339).ok()).map(|at| json!({ "seen_at": at })));
    }
    if !lines.is_empty() {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let written = OpenOptions::new().create(true).append(true).open(file).and_then(|mut notes| notes.write_all(text.as_bytes()));
        written.map_err(|err| CliError::said(format!("`{}` cannot be written: {err}", file.display())))?;
    }
    if found > 0 || before == 0 {
        output.line(format!(
            "{} judged beside the live rules, {} new; {} in `{}`.",
            counted(report.judged, "decision", "decisions"),
            counted(found, "difference", "differences"),
            found + before,
            file.display()
        ))?;
    }
    Ok(())
}
