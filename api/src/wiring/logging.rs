//! Logs: readable lines on a terminal, one JSON object a line elsewhere, always on stderr.

use crate::config::Environment;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` chooses what; without it `usual` does.
pub fn start(environment: &Environment, usual: &str) {
    let filter = environment.text("RUST_LOG").and_then(|wanted| EnvFilter::try_new(wanted).ok()).unwrap_or_else(|| EnvFilter::new(usual));
    let terminal = std::io::stderr().is_terminal();
    let colours = terminal && environment.raw("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A second start, as in tests, keeps the first.
    let _ = if terminal { builder.compact().with_target(false).try_init() } else { builder.json().flatten_event(true).try_init() };
}
