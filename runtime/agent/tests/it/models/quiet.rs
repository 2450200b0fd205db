//! What models say and what they are asked is in no log, whatever goes wrong.

use super::{MODES, ask, model, models, request};
use std::sync::{Arc, Mutex};
use steward_agent::testing::{Raw, Reply, ScriptedModel};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Keeps every field of every event and span, at every level, from every crate.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<String>>);

impl Visit for Ear {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut heard = self.0.lock().expect("the ear");
        heard.push_str(&format!("{field}={value:?}\n"));
    }
}

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn no_line_of_log_has_a_prompt_an_answer_or_a_key() {
    let ear = Ear::default();
    // One thread, so that what the client library does in tasks of its own is heard as well.
    tracing::subscriber::with_default(ear.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            tracing::info!("the ear hears");
            for mode in MODES {
                let canary = "answer-canary";
                for reply in [
                    Reply::text(canary),
                    Reply::Status(500, Vec::new(), canary.to_owned()),
                    Reply::Status(400, Vec::new(), canary.to_owned()),
                    Raw::data([format!("{{\"{canary}\":")]),
                    Raw::data([format!("{{\"choices\":\"{canary}\"}}")]),
                    Raw::body("application/json", format!("{{\"{canary}")),
                    Raw::body("application/json", format!("{{\"choices\":\"{canary}\",\"output\":7}}")),
                    Reply::CutAfter(300, Box::new(Reply::text(canary))),
                ] {
                    let server = ScriptedModel::start(vec![reply]).await;
                    let mut request = request();
                    request.system = "prompt-canary".into();
                    let _ = ask(&models(model(&server.base_url(), mode)), mode, &request).await;
                }
            }
        });
    });
    let heard = ear.0.lock().expect("the ear");
    assert!(heard.contains("the ear hears"), "the test listens");
    assert_eq!(heard.lines().find(|line| line.contains("canary")), None);
}
