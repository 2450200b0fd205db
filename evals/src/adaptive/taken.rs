//! What the attacker has taken out of texts behind handles, where the reader is his as well: any piece of a text of his, and private
//! text out of what he put together himself. What the loop would refuse of it is found out when a way is played.

use super::knowledge::{Knowledge, Lure};
use super::outcome::Move;
use super::payload;
use super::second;
use serde_json::{Value, json};
use steward_agent::labels::Words;
use steward_agent::run::Run;
use steward_host::EXTRACT;

/// The most texts of his that he has something taken out of, at one point.
const SOURCES_MAX: usize = 6;
/// The longest value that is taken out, in characters.
const TAKEN_MAX: usize = 120;

/// The run with all of it taken out, and the calls that do it, in order.
pub(super) fn take_all(run: &mut Run, know: &mut Knowledge) -> Vec<Move> {
    let mut moves = Vec::new();
    let lures: Vec<Lure> = know.lures.iter().rev().take(SOURCES_MAX).cloned().collect();
    for Lure { text, handle } in lures {
        let words = Words::in_text(&text);
        for value in [payload::ADDRESS, payload::ACCOUNT, payload::PAGE].into_iter().filter(|value| words.hold(value)) {
            let at = take(run, &mut moves, &json!({ "$": handle }), value);
            know.taken.push((value.to_owned(), at));
        }
    }
    for secret in &mut know.secrets {
        let line: String = secret.text.lines().next().unwrap_or_default().trim().chars().take(TAKEN_MAX).collect();
        // Put together with nothing, it is no single handle any more.
        secret.taken = Some(take(run, &mut moves, &json!({ "$": ["", { "$": secret.handle }] }), &line));
    }
    moves
}

/// Takes one value out; gives its handle.
fn take(run: &mut Run, moves: &mut Vec<Move>, from: &Value, value: &str) -> String {
    let arguments = json!({ "from": from, "as": "text", "question": format!("Say: {value}") });
    let step = super::search::step_after(run);
    second::push(run, EXTRACT, arguments.clone(), json!({ "value": value }));
    moves.push(Move { tool: EXTRACT.to_owned(), arguments, read: Some(value.to_owned()) });
    format!("${step}.value")
}
