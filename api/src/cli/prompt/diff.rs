//! `steward prompt diff`: how the texts of two versions differ.

use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone};
use crate::label_moves::{LineView, lines};
use serde::Serialize;
use steward_prompts::{Prompt, Registry};

/// How they differ.
#[derive(Serialize)]
struct Difference {
    from: Named,
    to: Named,
    /// Lines that differ, in order.
    lines: Vec<LineView>,
}

/// One of the two.
#[derive(Serialize)]
struct Named {
    name: String,
    version: u32,
}

impl Named {
    fn of(prompt: &Prompt) -> Self {
        Self { name: prompt.name.clone(), version: prompt.version }
    }
}

/// Prints the lines that only one of them has.
pub(super) fn run(output: &Output, prompts: &Registry, from: &str, to: &str, as_json: bool) -> Result<(), CliError> {
    let find = |reference: &str| prompts.resolve(reference).map_err(|err| CliError::said(crate::cli::chain(&err)));
    let (from, to) = (find(from)?, find(to)?);
    let found = Difference { from: Named::of(from), to: Named::of(to), lines: lines(&from.text, &to.text) };
    if as_json {
        return Ok(output.json(&found)?);
    }
    let Difference { from, to, lines } = found;
    output.line(output.tone(Tone::Strong, &format!("{}@{} to {}@{}", from.name, from.version, to.name, to.version)))?;
    if lines.is_empty() {
        return Ok(output.line("The texts are the same.")?);
    }
    for line in &lines {
        let (sign, tone) = if line.change == "added" { ("+", Tone::Good) } else { ("-", Tone::Bad) };
        output.line(output.tone(tone, &format!("{sign} {}", line.text)))?;
    }
    Ok(())
}
