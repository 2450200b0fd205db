//! Fields of log lines have dotted names, and every name stands in `docs/LOGGING.md`.

use crate::markdown::{prose, spans};
use crate::tree::{ending, none, text};
use std::collections::BTreeSet;

const MACROS: &[&str] =
    &["trace!(", "debug!(", "info!(", "warn!(", "error!(", "trace_span!(", "debug_span!(", "info_span!(", "warn_span!(", "error_span!(", "fields("];

/// Names of the fields in log macros, before the message: `run.id = %run`, or a variable alone.
fn fields(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for name in MACROS {
        for (at, _) in source.match_indices(name) {
            let before = source[..at].chars().next_back();
            let is_attribute = source[..at].rsplit('\n').next().is_some_and(|line| line.contains("instrument("));
            if before.is_some_and(|one| one.is_alphanumeric() || one == '_') || *name == "fields(" && !is_attribute {
                continue;
            }
            let rest = &source[at + name.len()..];
            let end = rest.find(['"', ';']).unwrap_or(rest.len());
            found.extend(
                rest[..end]
                    .split(',')
                    .map(|part| part.split_once('=').map_or(part, |(field, _)| field))
                    .map(|field| field.trim().trim_start_matches(['%', '?']))
                    .filter(|field| is_field(field)),
            );
        }
    }
    found
}

fn is_field(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|part| {
            part.starts_with(|first: char| first.is_ascii_lowercase())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        })
}

#[test]
fn fields_are_found() {
    for (source, expect) in [
        ("info!(run.id = %run, tool.name = %tool, \"held `{tool}`: a = b\")", vec!["run.id", "tool.name"]),
        ("warn!(\n    error = &err as &dyn Error,\n    \"x\"\n);", vec!["error"]),
        ("#[instrument(skip_all, fields(run.id = %run))]\nfn a() { let b = 1; }", vec!["run.id"]),
        ("my_info!(a = 1)", vec![]),
        ("self.fields(schema, depth)", vec![]),
        ("info!(causes, %reason, \"x\")", vec!["causes", "reason"]),
        ("info!(\"plain\")", vec![]),
    ] {
        assert_eq!(fields(source), expect, "{source}");
    }
}

#[test]
fn every_log_field_is_described() {
    let named: BTreeSet<&str> = prose(text("docs/LOGGING.md")).iter().flat_map(|one| spans(one.line)).collect();
    let ours = ending(".rs").filter(|(path, _)| ["runtime/", "api/", "policies/", "tools/host/", "prompts/"].iter().any(|room| path.starts_with(room)));
    none(
        ours.flat_map(|(path, source)| {
            fields(source)
                .into_iter()
                .filter(|field| !named.contains(field))
                .map(move |field| format!("`{path}` logs `{field}`, which docs/LOGGING.md does not describe"))
        })
        .collect(),
    );
}
