//! Logs: readable lines on a terminal, one JSON object a line elsewhere, always on stderr.

use crate::config::Environment;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// The library of the MCP protocol. Its lines hold messages of servers and clients word for word, so there is none of them, whoever asks for it.
const RAW: &str = "rmcp";

/// Starts logging. `RUST_LOG` chooses what; without it `usual` does.
pub fn start(environment: &Environment, usual: &str) {
    let filter = filter(environment, usual);
    let terminal = std::io::stderr().is_terminal();
    let colours = terminal && environment.raw("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A second start, as in tests, keeps the first.
    let _ = if terminal { builder.compact().with_target(false).try_init() } else { builder.json().flatten_event(true).try_init() };
}

fn filter(environment: &Environment, usual: &str) -> EnvFilter {
    let quiet = |wanted: &str| {
        let others = wanted.split(',').filter(|directive| !directive.trim_start().starts_with(RAW));
        others.map(str::to_owned).chain([format!("{RAW}=off")]).collect::<Vec<_>>().join(",")
    };
    let wanted = environment.text("RUST_LOG").and_then(|wanted| EnvFilter::try_new(quiet(wanted)).ok());
    wanted.unwrap_or_else(|| EnvFilter::new(quiet(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_servers_and_clients_are_in_no_log_whoever_asks_for_them() {
        for wanted in ["trace", "info,rmcp=trace", "rmcp::service=debug", "rmcp", " rmcp[request]=info,sqlx=error", "not,, a=filter"] {
            let filter = filter(&Environment::of([("RUST_LOG", wanted)], "/"), "info,sqlx=error").to_string();
            let about: Vec<&str> = filter.split(',').filter(|directive| directive.contains(RAW)).collect();
            assert_eq!(about, ["rmcp=off"], "{wanted}: {filter}");
        }
        let usual = filter(&Environment::of([], "/"), "info,sqlx=error").to_string();
        assert!(usual.contains("rmcp=off") && usual.contains("sqlx=error") && usual.contains("info"), "{usual}");
    }
}
