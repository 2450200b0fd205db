//! `steward policy prove`: do the safety properties hold of the rules, whatever the facts.

use super::Set;
use crate::cli::error::CliError;
use crate::cli::output::{Output, Tone, counted};
use crate::cli::progress::Progress;
use crate::config::Environment;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use steward_policies::{Proof, ProveError, prove, prove_with};

/// Which prover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Prover {
    /// The solver where cvc5 is installed, else enumeration
    Auto,
    /// The solver
    Solver,
    /// Enumeration
    Enumerate,
}

/// The solver of this machine: `$CVC5`, or `cvc5` on the path.
pub(super) fn cvc5(environment: &Environment) -> Option<PathBuf> {
    let named = environment.raw("CVC5").map(PathBuf::from);
    let on_path = || environment.raw("PATH").and_then(|path| std::env::split_paths(path).map(|dir| dir.join("cvc5")).find(|file| file.is_file()));
    named.or_else(on_path)
}

/// Proves, prints, and exits 1 unless every property is proved.
pub(super) async fn run(output: &Output, environment: &Environment, set: &Set, prover: Prover, as_json: bool) -> Result<ExitCode, CliError> {
    let solver = match prover {
        Prover::Enumerate => None,
        Prover::Auto => cvc5(environment),
        Prover::Solver => {
            let missing = || CliError::said("cvc5 is not installed; install it (Debian: apt-get install cvc5), name it in $CVC5, or use `--prover enumerate`");
            Some(cvc5(environment).ok_or_else(missing)?)
        }
    };
    let begun = Instant::now();
    let progress = Progress::start("proving the safety properties");
    let proofs = match &solver {
        Some(program) => prove_with(program, &set.rules, &set.tools, &set.properties).await,
        None => prove(&set.rules, &set.tools, &set.properties),
    };
    drop(progress);
    let proofs = proofs.map_err(|err: ProveError| CliError::said(crate::cli::chain(&err)))?;
    let broken = proofs.iter().filter(|proof| proof.counter_example.is_some()).count();
    let open = proofs.iter().filter(|proof| !proof.proved).count() - broken;
    if as_json {
        output.json(&serde_json::json!({ "prover": if solver.is_some() { "solver" } else { "enumerate" }, "proofs": proofs }))?;
    } else {
        for proof in &proofs {
            print(output, proof, solver.is_some())?;
        }
        let (by, took) = (if solver.is_some() { "the solver" } else { "enumeration" }, begun.elapsed().as_millis());
        output.line(format!("{} looked at by {by} in {took} ms, {broken} broken, {open} not proved.", counted(proofs.len(), "property", "properties")))?;
    }
    Ok(if broken + open == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(output: &Output, proof: &Proof, solved: bool) -> Result<(), CliError> {
    let word = match (&proof.counter_example, proof.proved) {
        (Some(_), _) => output.tone(Tone::Bad, "BROKEN"),
        (None, true) => output.tone(Tone::Good, "proved"),
        (None, false) => output.tone(Tone::Bad, "NOT PROVED"),
    };
    let how = match (&proof.counter_example, proof.proved, solved) {
        (Some(_), _, _) | (None, true, true) => String::new(),
        (None, true, false) => format!(" ({} for all)", counted(proof.cases, "case stands", "cases stand")),
        (None, false, true) => " (not broken by a call that can be shown; not proved)".to_owned(),
        (None, false, false) => format!(" (not broken in {}; not proved)", counted(proof.cases, "case", "cases")),
    };
    output.line(format!("{word} {}{}", proof.property, output.tone(Tone::Quiet, &how)))?;
    for why in &proof.open {
        output.line(output.tone(Tone::Quiet, &format!("    {why}")))?;
    }
    if let Some(found) = &proof.counter_example {
        output.line(output.tone(Tone::Quiet, &format!("allowed by {}; as a case for `cases/`:", found.by.join(", "))))?;
        output.line(found.case.trim_end())?;
    }
    Ok(())
}
