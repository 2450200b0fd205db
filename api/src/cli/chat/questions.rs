//! What a server asks the person, in the terminal: its words, a line for each field, and the word on its way.

use super::keyboard::Keyboard;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, one_line, printable};
use crate::cli::terminal::Terminal;
use serde_json::{Map, Number, Value};
use std::io::{self, IsTerminal};
use steward_agent::live::Live;
use steward_core::{HasKind, Kind, PutQuestion, Question, QuestionField, QuestionInput};
use steward_office::questions::{self, Told};

/// How often one field is asked for before the question is put away.
const TRIES_MAX: usize = 5;
/// Letters of a server's words in one line.
const WORD_LETTERS: usize = 200;

/// Asks, and brings the answer on its way. Where nobody is at the terminal, that is what the server is told.
pub(super) async fn ask(terminal: &Terminal, live: Live, output: Output, is_json: bool, keyboard: &Keyboard, put: PutQuestion) -> Result<(), CliError> {
    let told = if is_json || !io::stdin().is_terminal() { Told::Cancel } else { talk(output, keyboard, &put).await? };
    let mut tx = terminal.store.begin(&terminal.actor).await?;
    match questions::tell(&mut tx, &terminal.office, put.question_id, told).await {
        Ok(_) => tx.commit().await?,
        // Answered elsewhere, or nobody waits any more: the run says which.
        Err(err) if matches!(err.kind(), Kind::Conflict) => tx.rollback().await?,
        Err(err) => return Err(CliError::said(crate::cli::chain(&err))),
    }
    live.tell_answer();
    Ok(())
}

async fn talk(output: Output, keyboard: &Keyboard, put: &PutQuestion) -> Result<Told, CliError> {
    output.line(output.tone(Tone::Warning, &format!("  `{}` asks you, and what you give goes there:", put.server)))?;
    for line in put.question.message.lines() {
        output.line(format!("  │ {}", printable(line)))?;
    }
    let prompt = output.tone(Tone::Strong, "answer? [y]es, [n]o, Enter puts it away> ");
    let word = loop {
        // What was typed before this was asked is no word on it.
        let may_be_older = keyboard.forget()?;
        let Some(given) = line(output, keyboard, &prompt).await? else { return Ok(Told::Cancel) };
        if !may_be_older {
            break given;
        }
        output.line(output.tone(Tone::Quiet, "  that line may have been begun before this was asked: give the word once more"))?;
    };
    match word.trim().to_lowercase().as_str() {
        "y" | "yes" => {}
        "n" | "no" => return Ok(Told::Decline),
        _ => return Ok(Told::Cancel),
    }
    let mut answer = Map::new();
    for field in &put.question.fields {
        if !fill_in(output, keyboard, &put.question, field, &mut answer).await? {
            return Ok(Told::Cancel);
        }
    }
    Ok(Told::Answer(answer))
}

/// Asks for one field until what is given fits. False when the person leaves.
async fn fill_in(output: Output, keyboard: &Keyboard, question: &Question, field: &QuestionField, answer: &mut Map<String, Value>) -> Result<bool, CliError> {
    let needed = if field.required { "" } else { ", may be left empty" };
    let name = one_line(field.title.as_deref().unwrap_or(&field.name), WORD_LETTERS);
    if let Some(description) = &field.description {
        output.line(output.tone(Tone::Quiet, &format!("  {}", one_line(description, WORD_LETTERS))))?;
    }
    for _ in 0..TRIES_MAX {
        let prompt = format!("  {name} ({}{needed}): ", hint(&field.input));
        let Some(line) = line(output, keyboard, &prompt).await? else { return Ok(false) };
        match read(&field.input, line.trim_end_matches(['\r', '\n'])) {
            Some(value) => drop(answer.insert(field.name.clone(), value)),
            None => drop(answer.remove(&field.name)),
        }
        match question.check(answer) {
            Err(wrong) if wrong.field == field.name => output.line(output.tone(Tone::Bad, &format!("  that {}", wrong.why)))?,
            // What is still to come is asked next.
            Ok(()) | Err(_) => return Ok(true),
        }
    }
    Ok(false)
}

/// A line for what is asked; one that is no text is asked for again, as the run waits here. None when the person leaves, or gives no text so often.
async fn line(output: Output, keyboard: &Keyboard, prompt: &str) -> Result<Option<String>, CliError> {
    for _ in 0..TRIES_MAX {
        output.piece(prompt)?;
        match keyboard.line().await {
            Err(err @ CliError::NotText) => output.line(output.tone(Tone::Bad, &format!("  {err}")))?,
            read => return read,
        }
    }
    Ok(None)
}

/// What may be given, in words.
fn hint(input: &QuestionInput) -> String {
    let (words, default) = match input {
        QuestionInput::Text { default, .. } => ("text".to_owned(), default.clone()),
        QuestionInput::Number { whole, default, .. } => ((if *whole { "whole number" } else { "number" }).to_owned(), default.map(|number| number.to_string())),
        QuestionInput::YesNo { default } => ("yes or no".to_owned(), default.map(|yes| (if yes { "yes" } else { "no" }).to_owned())),
        QuestionInput::OneOf { options, default } => {
            (options.iter().map(|option| one_line(&option.value, WORD_LETTERS)).collect::<Vec<_>>().join(" | "), default.clone())
        }
        QuestionInput::SomeOf { options, default, .. } => {
            let words = options.iter().map(|option| one_line(&option.value, WORD_LETTERS)).collect::<Vec<_>>().join(", ");
            (format!("some of {words}, by commas"), Some(default.join(",")).filter(|text| !text.is_empty()))
        }
    };
    match default {
        Some(default) => format!("{words}; Enter for {}", one_line(&default, WORD_LETTERS)),
        None => words,
    }
}

/// A line as what the field takes; none for an empty one without a default.
fn read(input: &QuestionInput, line: &str) -> Option<Value> {
    let text = line.trim();
    if text.is_empty() {
        return match input {
            QuestionInput::Text { default, .. } | QuestionInput::OneOf { default, .. } => default.clone().map(Value::String),
            QuestionInput::Number { whole, default, .. } => default.and_then(|number| number_of(*whole, &number.to_string())),
            QuestionInput::YesNo { default } => default.map(Value::Bool),
            QuestionInput::SomeOf { default, .. } => Some(default).filter(|default| !default.is_empty()).map(|default| Value::from(default.clone())),
        };
    }
    Some(match input {
        QuestionInput::Text { .. } | QuestionInput::OneOf { .. } => Value::String(text.to_owned()),
        // What is none stays a text, which does not fit.
        QuestionInput::Number { whole, .. } => number_of(*whole, text).unwrap_or_else(|| Value::String(text.to_owned())),
        QuestionInput::YesNo { .. } => match text.to_lowercase().as_str() {
            "y" | "yes" | "true" => Value::Bool(true),
            "n" | "no" | "false" => Value::Bool(false),
            _ => Value::String(text.to_owned()),
        },
        QuestionInput::SomeOf { .. } => text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>().into(),
    })
}

fn number_of(whole: bool, text: &str) -> Option<Value> {
    if whole { text.parse::<i64>().ok().map(Value::from) } else { text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use steward_core::QuestionOption;

    #[test]
    fn a_line_is_what_its_field_takes_or_a_text_that_does_not_fit() {
        let option = |value: &str| QuestionOption { value: value.to_owned(), title: None };
        let text = QuestionInput::Text { length_min: None, length_max: None, format: None, default: Some("a".to_owned()) };
        let whole = QuestionInput::Number { whole: true, minimum: None, maximum: None, default: Some(2.0) };
        let number = QuestionInput::Number { whole: false, minimum: None, maximum: None, default: None };
        let yes = QuestionInput::YesNo { default: Some(true) };
        let one = QuestionInput::OneOf { options: vec![option("x")], default: None };
        let some = QuestionInput::SomeOf { options: vec![option("x"), option("y")], items_min: None, items_max: None, default: vec!["x".to_owned()] };
        for (input, line, expect) in [
            (&text, "", Some(json!("a"))),
            (&text, " b ", Some(json!("b"))),
            (&whole, "", Some(json!(2))),
            (&whole, "7", Some(json!(7))),
            (&whole, "7.5", Some(json!("7.5"))),
            (&number, "", None),
            (&number, "7.5", Some(json!(7.5))),
            (&number, "inf", Some(json!("inf"))),
            (&yes, "", Some(json!(true))),
            (&yes, "No", Some(json!(false))),
            (&yes, "perhaps", Some(json!("perhaps"))),
            (&one, "", None),
            (&one, "x", Some(json!("x"))),
            (&some, "", Some(json!(["x"]))),
            (&some, "x, y,", Some(json!(["x", "y"]))),
        ] {
            assert_eq!(read(input, line), expect, "{input:?} {line:?}");
        }
        assert_eq!(hint(&some), "some of x, y, by commas; Enter for x");
    }
}
