//! Citations: an answer names a piece of a document by `[[doc_…#3]]`, and only pieces that this run was handed and shown count.
//!
//! What the office handed over is the host's own note, made when the tool ran; that it was shown is looked up in the result. A mark that
//! names anything else is taken out of the text, so that whoever reads it never opens what the answer was not made of.

use crate::run::{Call, Run};
use serde_json::Value;
use std::collections::HashMap;
use steward_core::event::{ChunkRef, Citation};
use steward_core::{CallId, Outcome};

/// How a mark begins.
const OPENS: &str = "[[doc_";
/// How it ends.
const CLOSES: &str = "]]";
/// The longest mark, in bytes between its brackets: one may name several pieces.
const MARK_BYTES_MAX: usize = 400;

/// An answer whose marks all lead somewhere, and where to, each piece once and in the order of the text.
pub fn settle(run: &Run, text: &str) -> (String, Vec<Citation>) {
    if !text.contains(OPENS) {
        return (text.to_owned(), Vec::new());
    }
    let shown = shown(run);
    let (mut out, mut citations) = (String::with_capacity(text.len()), Vec::<Citation>::new());
    let mut rest = text;
    while let Some(at) = rest.find(OPENS) {
        let (before, mark) = rest.split_at(at);
        out.push_str(before);
        let inner = mark.get(2..).unwrap_or_default();
        let Some(end) = inner.find(CLOSES).filter(|end| *end <= MARK_BYTES_MAX) else {
            // It never ends, so it is no mark: its brackets go, its words stay.
            rest = inner;
            part(&mut out, rest);
            continue;
        };
        let (names, after) = inner.split_at(end);
        rest = after.get(CLOSES.len()..).unwrap_or_default();
        let accepted: Vec<_> = names.split([',', ';', ' ']).filter(|name| !name.is_empty()).filter_map(|name| shown.get(name)).collect();
        for (call_id, chunk) in &accepted {
            out.push_str(&format!("[[{}]]", chunk.mark()));
            if !citations.iter().any(|known| known.chunk.as_ref() == Some(*chunk)) {
                citations.push(Citation { call_id: *call_id, title: chunk.name.clone(), chunk: Some((*chunk).clone()) });
            }
        }
        if accepted.is_empty() {
            out.truncate(out.trim_end_matches(' ').len());
            part(&mut out, rest);
        }
    }
    out.push_str(rest);
    (out, citations)
}

/// How much of a text that is still being written can be settled: what follows does not change it. Marks that have no end yet stay behind
/// it, and so does what would go with one that is taken out.
pub fn settled_bytes(text: &str) -> usize {
    let mut at = 0;
    let open = loop {
        let Some(start) = text.get(at..).and_then(|rest| rest.find(OPENS)).map(|found| at + found) else { break None };
        let inner = text.get(start + 2..).unwrap_or_default();
        match inner.find(CLOSES).filter(|end| *end <= MARK_BYTES_MAX) {
            // What stands behind it says whether a space has to keep it apart.
            Some(end) if start + 2 + end + CLOSES.len() < text.len() => at = start + 2 + end + CLOSES.len(),
            None if inner.len() >= MARK_BYTES_MAX + CLOSES.len() => at = start + 2,
            Some(_) | None => break Some(start),
        }
    };
    let begun = || (1..OPENS.len()).rev().map(|bytes| text.len().saturating_sub(bytes)).find(|start| *start >= at && is_begun(text.get(*start..)));
    let end = open.or_else(begun).unwrap_or(text.len());
    text.get(..end).map_or(0, |sure| sure.trim_end_matches(' ').len())
}

fn is_begun(end: Option<&str>) -> bool {
    end.is_some_and(|end| !end.is_empty() && OPENS.starts_with(end))
}

/// Keeps apart what stood on both sides of what was taken out: together they might be a mark that nobody looked at.
fn part(out: &mut String, rest: &str) {
    let meets = |letter: char| letter.is_alphanumeric() || matches!(letter, '[' | '_' | '#');
    if out.ends_with(meets) && rest.starts_with(meets) {
        out.push(' ');
    }
}

/// The mark of the piece that a value of a result is the text of, if it is one.
pub(crate) fn beside(run: &Run, call: CallId, path: &str) -> Option<String> {
    let call = run.call(call)?;
    let Some(Outcome::Ok { result, .. }) = &call.outcome else { return None };
    let around = result.pointer(path.rsplit_once('/')?.0)?;
    let cite = around.get("cite")?.as_str()?;
    call.handed.chunks.iter().any(|chunk| chunk.mark() == cite).then(|| cite.to_owned())
}

/// Every piece that the run was handed and shown, by its mark, with the call that brought it last.
fn shown(run: &Run) -> HashMap<String, (CallId, &ChunkRef)> {
    let calls = run.steps.iter().flat_map(|step| &step.calls);
    calls.flat_map(|call| pieces(call).map(|chunk| (chunk.mark(), (call.call.call_id, chunk)))).collect()
}

fn pieces(call: &Call) -> impl Iterator<Item = &ChunkRef> {
    let result = match &call.outcome {
        Some(Outcome::Ok { result, .. }) => Some(result),
        Some(Outcome::Failed { .. }) | None => None,
    };
    call.handed.chunks.iter().filter(move |chunk| result.is_some_and(|result| says(result, &chunk.mark())))
}

/// Whether one of the texts in a result is exactly this.
fn says(result: &Value, text: &str) -> bool {
    match result {
        Value::String(own) => own == text,
        Value::Array(list) => list.iter().any(|inner| says(inner, text)),
        Value::Object(map) => map.values().any(|inner| says(inner, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;
