//! What the exams found, as tables. The whole of it is in the JSON.

use super::super::error::CliError;
use super::super::output::{Output, Tone, one_line, printable};
use steward_evals::adaptive::{Adaptive, Outcome, Reached};
use steward_evals::attacks::AttacksReport;
use steward_evals::report::{Report, SuiteReport};

/// The most effects that are named one by one.
const NAMED_MAX: usize = 20;
/// The most letters of arguments in a line.
const ARGUMENT_LETTERS: usize = 100;

/// The replay.
pub(super) fn agentdojo(output: &Output, report: &Report) -> Result<(), CliError> {
    let several = report.suites.len() > report.all.len();
    let rows: Vec<&SuiteReport> = report.suites.iter().chain(report.all.iter().filter(|_| several)).collect();
    let head =
        ["suite", "mode", "tasks", "no person", "≤ 1 card", "blocked", "cards/task", "pairs", "attack effects", "attack cards/pair", "tasks done under attack"];
    let cells = |row: &&SuiteReport| {
        let (tasks, attacks) = (&row.tasks, &row.attacks);
        let done = attacks.tasks_without_a_person + attacks.tasks_with_a_person;
        vec![
            printable(&row.suite),
            row.mode.name().to_owned(),
            tasks.count.to_string(),
            tasks.without_a_person.to_string(),
            tasks.at_most_one_card.to_string(),
            tasks.blocked.to_string(),
            format!("{:.3}", tasks.cards_per_task),
            attacks.pairs.to_string(),
            attacks.effects.to_string(),
            format!("{:.3}", attacks.cards_per_pair),
            format!("{done} ({} with no person)", attacks.tasks_without_a_person),
        ]
    };
    output.table(&head, &rows.iter().map(cells).collect::<Vec<_>>())?;
    for row in &report.suites {
        for effect in row.attack_effects.iter().take(NAMED_MAX) {
            let what = one_line(&effect.arguments.to_string(), ARGUMENT_LETTERS);
            let told = format!("{} {}: {} with {} ran {} {what}", printable(&row.suite), row.mode.name(), effect.task, effect.attack, effect.tool);
            output.line(format!("{} {}", output.tone(Tone::Bad, "EFFECT"), printable(&told)))?;
        }
        let more = row.attack_effects.len().saturating_sub(NAMED_MAX);
        if more > 0 {
            output.line(format!("… and {more} more of {} {}", printable(&row.suite), row.mode.name()))?;
        }
    }
    for row in &report.suites {
        if let Some(adaptive) = &row.adaptive {
            output.line("")?;
            attacker(output, row, adaptive)?;
        }
    }
    output.line("")?;
    if report.suites.iter().any(|row| row.adaptive.is_some()) { reached(output, report) } else { verdict(output, report.passed) }
}

/// What is said at the end where the attacker who knows the gate was let in: of what must never come about, and then of what is only told.
fn reached(output: &Output, report: &Report) -> Result<(), CliError> {
    output.line(if report.passed {
        output.tone(Tone::Good, "No attack had an effect of those that must never happen without a person.")
    } else {
        output.tone(Tone::Bad, "An attack had an effect of those that must never happen without a person.")
    })?;
    for row in &report.all {
        let Some(adaptive) = &row.adaptive else { continue };
        let is_told = |outcome: &Outcome| !outcome.must_be_none(row.mode) && adaptive.reached(*outcome) > 0;
        let told = |outcome: Outcome| format!("{} in {} of {} tasks", outcome.name(), adaptive.reached(outcome), adaptive.tasks);
        let all: Vec<String> = Outcome::ALL.into_iter().filter(is_told).map(told).collect();
        if !all.is_empty() {
            output.line(format!("{}: without a person as well, and only told: {}", row.mode.name(), all.join(", ")))?;
        }
    }
    Ok(())
}

/// The adaptive attacker: in how many tasks he reached what.
fn attacker(output: &Output, row: &SuiteReport, adaptive: &Adaptive) -> Result<(), CliError> {
    let words = format!(
        "{} {}: an attacker who knows the gate, {} tasks, {} of which read a text of his; {} calls tried",
        printable(&row.suite),
        row.mode.name(),
        adaptive.tasks,
        adaptive.tasks_that_read,
        adaptive.calls_tried
    );
    output.line(output.tone(Tone::Strong, &words))?;
    let line = |outcome: &Outcome| {
        let reached = adaptive.outcomes.get(outcome.name());
        let count = |of: fn(&Reached) -> usize| reached.map_or(0, of).to_string();
        let bound = if outcome.must_be_none(row.mode) { "0" } else { "" };
        vec![outcome.name().to_owned(), count(|reached| reached.tasks_once_read), bound.to_owned(), count(|reached| reached.tasks_from_the_start)]
    };
    let rows: Vec<Vec<String>> = Outcome::ALL.iter().map(line).collect();
    output.table(&["outcome without a person", "tasks", "must be", "were the model his from the first word"], &rows)?;
    for (outcome, way) in Outcome::ALL.iter().filter(|outcome| outcome.must_be_none(row.mode)).filter_map(|outcome| {
        let way = adaptive.outcomes.get(outcome.name())?.ways.iter().find(|way| way.once_read)?;
        Some((outcome, way))
    }) {
        let calls = way.moves.iter().map(|step| format!("{} {}", step.tool, one_line(&step.arguments.to_string(), ARGUMENT_LETTERS)));
        let told = format!("{}: {} after {} calls: {}", outcome.name(), way.task, way.after_calls, calls.collect::<Vec<_>>().join(", then "));
        output.line(format!("{} {}", output.tone(Tone::Bad, "REACHED"), printable(&told)))?;
    }
    Ok(())
}

/// The corpus.
pub(super) fn attacks(output: &Output, report: &AttacksReport) -> Result<(), CliError> {
    let mut rows = Vec::new();
    for held in &report.modes {
        let line = |class: &str, cases: usize, effects: usize| vec![class.to_owned(), held.mode.name().to_owned(), cases.to_string(), effects.to_string()];
        let blank = || vec![String::new(); 3];
        rows.extend(held.classes.iter().map(|(class, count)| [line(class, count.cases, count.effects), blank()].concat()));
        let sums = vec![held.cards.to_string(), held.refused_calls.to_string(), held.tasks_done.to_string()];
        rows.push([line("all", held.cases, held.effects), sums].concat());
    }
    output.table(&["class", "mode", "attacks", "effects", "cards", "calls refused", "owner's tasks done"], &rows)?;
    for held in &report.modes {
        for ran in held.ran.iter().take(NAMED_MAX) {
            let told = format!("{}: {} ran {} {}", held.mode.name(), ran.case, ran.tool, one_line(&ran.arguments.to_string(), ARGUMENT_LETTERS));
            output.line(format!("{} {}", output.tone(Tone::Bad, "EFFECT"), printable(&told)))?;
        }
        for case in held.unread.iter().take(NAMED_MAX) {
            output.line(format!("{} {}: the text of {} was never read", output.tone(Tone::Bad, "UNREAD"), held.mode.name(), printable(case)))?;
        }
    }
    verdict(output, report.passed)
}

fn verdict(output: &Output, passed: bool) -> Result<(), CliError> {
    let words = if passed {
        output.tone(Tone::Good, "No attack had an effect without a person.")
    } else {
        output.tone(Tone::Bad, "An attack had an effect without a person.")
    };
    Ok(output.line(words)?)
}
