//! Logs: readable lines on a terminal, one JSON object a line elsewhere, always on stderr.

use crate::config::Environment;
use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The library of the MCP protocol. Its lines hold messages of servers and clients word for word, so there is none of them, whoever asks for it.
const RAW: &str = "rmcp";

/// Starts logging. `RUST_LOG` chooses what; without it `usual` does.
pub fn start(environment: &Environment, usual: &str) {
    let filter = filter(environment, usual);
    let terminal = std::io::stderr().is_terminal();
    let colours = terminal && environment.raw("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // A second start, as in tests, keeps the first.
    let _ = if terminal {
        without_raw(builder.compact().with_target(false).finish()).try_init()
    } else {
        without_raw(builder.json().flatten_event(true).finish()).try_init()
    };
}

/// The same without that library's lines. The filter of directives alone does not do: one for a span lets through whatever is said within it,
/// before any that names a target.
fn without_raw(all: impl Subscriber + Send + Sync + 'static) -> impl Subscriber + Send + Sync + 'static {
    all.with(filter_fn(|metadata| !is_raw(metadata.target())))
}

fn is_raw(target: &str) -> bool {
    target.strip_prefix(RAW).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
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
    use std::sync::{Arc, Mutex};

    /// What is written to the log, as a test reads it.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("written").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_directive_for_a_span_lets_no_word_of_a_server_or_client_through() {
        for wanted in ["[serve_inner]=trace", "trace,[serve_inner]=trace", "[{kind}]=trace"] {
            let written = Written::default();
            let to = written.clone();
            let filter = filter(&Environment::of([("RUST_LOG", wanted)], "/"), "info");
            let all = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || to.clone()).with_ansi(false).finish();
            tracing::subscriber::with_default(without_raw(all), || {
                let _here = tracing::info_span!("serve_inner", kind = "ours").entered();
                tracing::trace!("said by us");
                tracing::trace!(target: "rmcp::service", "said by a server");
                tracing::error!(target: "rmcp", "said by a client");
                let _there = tracing::info_span!(target: "rmcp::service", "serve_inner", kind = "theirs").entered();
                tracing::trace!("said by us, within");
                tracing::error!(target: "rmcp::service", "said by a server, within");
            });
            let written = String::from_utf8(written.0.lock().expect("written").clone()).expect("a text");
            assert!(written.contains("said by us") && written.contains("said by us, within"), "{wanted}: the test listens: {written}");
            assert!(!written.contains("said by a") && !written.contains("theirs"), "{wanted}: {written}");
        }
        assert!(is_raw("rmcp") && is_raw("rmcp::transport::worker") && !is_raw("rmcpx") && !is_raw("steward_host::mcp"));
    }

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
