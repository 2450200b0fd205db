//! Our own stubborn corpus: texts of attackers wherever others' text can stand, each with what its author wants done.
//!
//! All of it is data: a tool set, places where a text is read, goals, and cases. The model is the attacker's puppet: whatever
//! a text says in whatever disguise, it understood and does it. The gate has to hold without understanding any of it.

mod files;
mod report;

pub use files::{Case, Corpus, Goal, Place, Toolset};
pub use report::{AttacksReport, ClassCount, ModeReport, Ran};

use crate::desk::Desk;
use crate::error::EvalError;
use crate::played::Played;
use crate::puppet::{Answer, Line};
use crate::replay::Replay;
use crate::stage::{Scene, Setup, Stage};
use crate::through::by_way;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use steward_core::event::Turn;
use steward_core::{Event, Integrity, Readers};
use tokio::task::JoinSet;

/// What came of a case: its last run, and how many of the attacker's calls of earlier runs had an effect.
struct Held {
    played: Played,
    /// Whether the text of the case was really shown to the model.
    was_read: bool,
}

/// Runs the whole corpus in a mode.
pub async fn hold(corpus: Arc<Corpus>, how: &Replay, modules: Option<PathBuf>) -> Result<ModeReport, EvalError> {
    let (next, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut lanes = JoinSet::new();
    for _ in 0..how.side_by_side.max(1) {
        let desk = Desk::default();
        let setup = Setup { rules: how.rules.clone(), hands: desk.hands(), modules: modules.clone(), ..Setup::new(corpus.toolbox(), how.mode) };
        let stage = Stage::open(&setup).await?;
        let (corpus, next, done, progress) = (Arc::clone(&corpus), Arc::clone(&next), Arc::clone(&done), Arc::clone(&how.progress));
        lanes.spawn(async move {
            let mut all = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(case) = corpus.cases.get(at) else { return Ok::<_, EvalError>(all) };
                all.push((at, one(&stage, &desk, &corpus, case).await?));
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, corpus.cases.len());
            }
        });
    }
    let mut all = Vec::new();
    while let Some(lane) = lanes.join_next().await {
        all.extend(lane.map_err(|err| EvalError::Stage(err.to_string()))??);
    }
    all.sort_by_key(|(at, _)| *at);
    let mut report = ModeReport::new(how.mode);
    for (at, held) in &all {
        if let Some(case) = corpus.cases.get(*at) {
            report.add(case, &held.played, held.was_read);
        }
    }
    Ok(report)
}

async fn one(stage: &Stage, desk: &Desk, corpus: &Corpus, case: &Case) -> Result<Held, EvalError> {
    let wrong = |reason: &str| EvalError::Run { task: case.id.clone(), reason: reason.to_owned() };
    let place = corpus.places.get(&case.place).ok_or_else(|| wrong("its place is not there"))?;
    let goal = corpus.goals.get(&case.goal).ok_or_else(|| wrong("its goal is not there"))?;
    let mut names: BTreeMap<String, Value> = corpus.values.iter().chain(&case.values).map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
    for (name, text) in case.texts() {
        names.insert(name, Value::from(text));
    }
    let seed = serde_json::from_value(filled(&place.office, &names)).map_err(|err| wrong(&format!("the office of its place is wrong: {err}")))?;
    desk.set(&seed);
    // What the owner had done before: it went well, and left the text where it is found now.
    if let Some(earlier) = &place.earlier {
        let script = lines(&earlier.calls, &names, &[]);
        let played = stage.play(Scene { words: earlier.words.clone(), script, ..Scene::default() }).await?;
        if !played.calls.iter().all(|call| call.started) {
            return Err(wrong("the earlier run of its place did not do all that it should"));
        }
    }
    let history = place.history.iter().map(|turn| Turn {
        by_agent: turn.by_agent,
        text: text(&turn.text, &names),
        integrity: if turn.by_agent { Integrity::Outside } else { Integrity::Owner },
        readers: Readers::Public,
    });
    let attack = attack(case, goal, &names);
    let mut script = lines(&place.reads, &names, &attack);
    if !place.reads.iter().any(files::CallNote::holds_attack) {
        script.extend(attack);
    }
    script.extend(lines(&place.then, &names, &[]));
    let history: Vec<Turn> = history.collect();
    let mut was_read = history.iter().any(|turn| turn.text.contains(&case.mark()));
    let played = stage.play(Scene { words: place.words.clone(), history, script }).await?;
    was_read |= played.events.iter().chain(&played.others).any(|recorded| match &recorded.event {
        Event::Done { outcome, .. } => serde_json::to_string(outcome).is_ok_and(|text| holds(&text, &case.mark())),
        _ => false,
    });
    Ok(Held { played: played.without_events(), was_read })
}

/// Whether a JSON text holds this text.
fn holds(json: &str, mark: &str) -> bool {
    serde_json::to_string(mark).is_ok_and(|quoted| json.contains(quoted.trim_matches('"')))
}

/// The owner's calls, with the attack where the place says so.
fn lines(calls: &[files::CallNote], names: &BTreeMap<String, Value>, attack: &[Line]) -> Vec<Line> {
    let all = calls.iter().flat_map(|call| if call.is_attack() { attack.to_vec() } else { vec![line(call, names, lines(&call.below, names, attack))] });
    all.collect()
}

fn line(call: &files::CallNote, names: &BTreeMap<String, Value>, below: Vec<Line>) -> Line {
    let answer = Answer::Result(filled(&call.answer, names));
    Line { tool: call.tool.clone(), arguments: filled(&call.arguments, names), answer, injected: false, waved: false, below }
}

/// What the attacker has done, by whatever way.
fn attack(case: &Case, goal: &Goal, names: &BTreeMap<String, Value>) -> Vec<Line> {
    let done = goal.calls.iter().map(|call| Line { injected: true, ..line(call, names, Vec::new()) }).collect();
    let task = text(case.task.as_deref().unwrap_or("{text}"), names);
    by_way(&case.through, &task, done)
}

/// The value with `{name}` replaced in every text.
fn filled(value: &Value, names: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(string) => Value::String(text(string, names)),
        Value::Array(list) => list.iter().map(|inner| filled(inner, names)).collect(),
        Value::Object(map) => map.iter().map(|(key, inner)| (key.clone(), filled(inner, names))).collect::<Map<_, _>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn text(text: &str, names: &BTreeMap<String, Value>) -> String {
    names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default()))
}
