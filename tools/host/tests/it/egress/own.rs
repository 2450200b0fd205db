//! Secrets of organisations: filled in for their calls and no other's, after the operator's, and taken out of what comes back and is told like those.

use super::redirecting;
use super::world::{Server, TOKEN, World, answer};
use crate::support::{Ear, text};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use steward_core::{FailureClass, Outcome};
use steward_host::mcp::Secret;
use steward_host::office::BoxFuture;
use steward_host::{EgressOptions, NoSecrets, OWN_SECRET_BYTES_MAX, OwnSecrets, SecretsAway};

const HERS: &str = "s3cr3t-of-her-organisation";
const HIS: &str = "s3cr3t-of-his-organisation";

/// What an organisation has, and what it was asked for.
#[derive(Default)]
struct Has {
    values: BTreeMap<String, String>,
    asked: Mutex<Vec<String>>,
    origins: Mutex<Vec<String>>,
}

impl Has {
    fn these(values: &[(&str, &str)]) -> Arc<Self> {
        Arc::new(Self {
            values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            asked: Mutex::default(),
            origins: Mutex::default(),
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("asked").clone()
    }
}

impl OwnSecrets for Has {
    fn of_plugin<'a>(&'a self, plugin: &'a str, wanted: &'a BTreeMap<String, Vec<String>>) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>> {
        self.asked.lock().expect("asked").push(format!("{plugin}: {}", wanted.keys().map(String::as_str).collect::<Vec<_>>().join(", ")));
        *self.origins.lock().expect("origins") = wanted.values().flatten().cloned().collect();
        // All of them, asked for or not: what counts is the host's word.
        Box::pin(std::future::ready(Ok(self.values.iter().map(|(name, value)| (name.clone(), Secret::new(value.as_str()))).collect())))
    }
}

/// One whose secrets cannot be read.
struct Away;

impl OwnSecrets for Away {
    fn of_plugin<'a>(&'a self, _: &'a str, _: &'a BTreeMap<String, Vec<String>>) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>> {
        Box::pin(std::future::ready(Err(SecretsAway)))
    }
}

/// A server that repeats what it is sent.
async fn echo() -> Server {
    Server::start(|request| answer("200 OK", "", request)).await
}

fn without(egress: EgressOptions) -> EgressOptions {
    EgressOptions { secrets: BTreeMap::new(), ..egress }
}

#[tokio::test]
async fn a_secret_that_its_organisation_has_not_is_refused_with_where_to_set_it_and_nothing_leaves() {
    let server = echo().await;
    let world = World::with(server.port, |manifest| manifest, without);
    let look = json!({ "url": world.url("api", "/v1/a") });
    // Another name of the same plugin, and a name that no manifest has.
    for secrets in [Arc::new(NoSecrets) as Arc<dyn OwnSecrets>, Has::these(&[("other_token", HERS), ("token", HERS)]) as Arc<dyn OwnSecrets>] {
        let said = text(&world.report_of("asker.look", look.clone(), secrets).await);
        assert!(said.contains("the secret `asker_token` is not set") && said.contains("settings") && said.contains("[[plugins.secrets]]"), "{said}");
    }
    let away = world.report_of("asker.look", look, Arc::new(Away)).await;
    let Outcome::Failed { failure } = &away.outcome else { panic!("refused: {away:?}") };
    assert_eq!((failure.class, away.used.requests, away.fuel), (FailureClass::Unavailable, 0, 0), "nothing was begun");
    assert!(failure.message.contains("cannot be read now"), "{failure:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_secret_of_an_organisation_goes_to_its_rule_in_its_calls_alone_and_does_not_come_back() {
    let server = echo().await;
    let world = World::with(server.port, |manifest| manifest, without);
    let (hers, his) = (Has::these(&[("asker_token", HERS)]), Has::these(&[("asker_token", HIS)]));
    for (secrets, own, foreign) in [(&hers, HERS, HIS), (&his, HIS, HERS), (&hers, HERS, HIS)] {
        // What another organisation has is no secret of this one's: its own text may say it.
        let look = json!({ "url": world.url("api", "/v1/a"), "headers": [format!("x-say: {foreign}")] });
        let said = text(&world.report_of("asker.look", look, secrets.clone()).await);
        let seen = server.seen().pop().expect("a request");
        assert!(seen.contains(&format!("authorization: Bearer {own}\r\n")), "{seen}");
        assert!(said.starts_with("200") && said.contains("Bearer [asker_token]") && !said.contains(own) && said.contains(foreign), "{said}");
    }
    // Where no rule names it, it does not go along, and is looked for all the same.
    for (path, says) in [("/open/a", HERS.to_owned()), ("/open/b", HERS.to_uppercase())] {
        let look = json!({ "url": world.url("api", path), "headers": [format!("x-say: {says}")] });
        let said = text(&world.report_of("asker.look", look, hers.clone()).await);
        assert!(!server.seen().pop().expect("a request").contains("authorization"));
        assert!(said.contains("x-say: [asker_token]") && !said.contains(&says), "{said}");
    }
    assert!(hers.asked().iter().all(|asked| asked == "asker: asker_token, other_token"), "once a call, with all that the operator left open");
    assert_eq!(hers.asked().len(), 4);
    let port = server.port;
    let origins = hers.origins.lock().expect("origins").clone();
    assert_eq!(origins, [format!("http://api.asker.test:{port} authorization"), format!("http://other.asker.test:{port} x-key")], "and where each goes");
}

/// Whoever is asked knows the secret, and chooses the name of the host that they redirect to.
#[tokio::test]
async fn a_secret_of_an_organisation_in_the_host_of_a_redirect_is_not_in_the_reason_of_its_refusal() {
    let server = Server::start(redirecting).await;
    let world = World::with(server.port, |manifest| manifest, without);
    let hex: String = HERS.bytes().map(|byte| format!("{byte:02x}")).collect();
    let (both, hers) = (Has::these(&[("asker_token", HERS), ("other_token", HIS)]), Has::these(&[("asker_token", HERS)]));
    for (secrets, host, expect) in [
        (&both, HERS, "[asker_token]"),
        (&both, hex.as_str(), "[asker_token]"),
        (&both, HIS, "[other_token]"),
        (&both, "S3CR3T-OF-HIS-ORGANISATION", "[other_token]"),
        // What another organisation has is no secret of this one's.
        (&hers, HIS, HIS),
    ] {
        let url = world.url("api", &format!("/v1/a?to=http://{host}.evil.test/"));
        // Told in a form that is not looked for in results: what the plugin itself was given.
        let look = json!({ "url": url, "tell": "backwards" });
        let told: String = text(&world.report_of("asker.look", look, secrets.clone()).await).chars().rev().collect();
        assert_eq!(told, format!("denied: `{expect}.evil.test` is no host that tool.toml allows"), "{host}");
    }
    assert_eq!(server.seen().len(), 5, "each was asked for once");
}

#[tokio::test]
async fn what_the_operator_set_counts_before_what_an_organisation_has() {
    let server = echo().await;
    let only_one = |egress: EgressOptions| {
        let secrets = egress.secrets.into_iter().filter(|((_, name), _)| name == "asker_token");
        EgressOptions { secrets: secrets.collect(), ..egress }
    };
    let world = World::with(server.port, |manifest| manifest, only_one);
    let hers = Has::these(&[("asker_token", HERS), ("other_token", HIS)]);
    for (host, sent, mark) in [("api", TOKEN, "[asker_token]"), ("other", HIS, "[other_token]")] {
        let said = text(&world.report_of("asker.look", json!({ "url": world.url(host, "/v1/a") }), hers.clone()).await);
        let seen = server.seen().pop().expect("a request");
        assert!(seen.contains(sent) && !seen.contains(HERS), "{seen}");
        assert!(said.contains(mark) && !said.contains(sent), "{said}");
    }
    assert_eq!(hers.asked(), ["asker: other_token", "asker: other_token"], "what the operator set is not asked for");
    // Where the operator set all, nobody is asked.
    let whole = World::at(server.port);
    let untouched = Has::these(&[("asker_token", HERS)]);
    assert!(text(&whole.report_of("asker.look", json!({ "url": whole.url("api", "/v1/a") }), untouched.clone()).await).starts_with("200"));
    assert!(untouched.asked().is_empty() && server.seen().pop().expect("a request").contains(TOKEN));
}

#[tokio::test]
async fn what_is_too_long_to_look_for_is_not_sent_and_a_tool_that_asks_nobody_sends_none() {
    let server = echo().await;
    let world = World::with(server.port, |manifest| manifest, without);
    let look = json!({ "url": world.url("api", "/v1/a") });
    let long = "0123456789abcdef".repeat(OWN_SECRET_BYTES_MAX / 16);
    let said = text(&world.report_of("asker.look", look.clone(), Has::these(&[("asker_token", &long)])).await);
    assert!(said.contains("Bearer [asker_token]") && !said.contains("0123456789"), "{said}");
    let ear = Ear::default();
    let hearing = tracing::subscriber::set_default(ear.clone());
    let refused = world.report_of("asker.look", look.clone(), Has::these(&[("asker_token", &format!("{long}x"))])).await;
    drop(hearing);
    let heard = ear.heard();
    assert!(
        heard.contains("plugin.name=\"asker\"") && heard.contains("is longer than 512 bytes, so its call is refused"),
        "whoever runs it reads why: {heard}"
    );
    assert!(!heard.contains("0123456789"), "{heard}");
    let Outcome::Failed { failure } = &refused.outcome else { panic!("refused: {refused:?}") };
    assert_eq!((failure.class, server.seen().len()), (FailureClass::Unavailable, 1), "nothing left");
    let hers = Has::these(&[("asker_token", HERS)]);
    for tool in ["asker.peek", "asker.note"] {
        assert!(text(&world.report_of(tool, look.clone(), hers.clone()).await).contains("asks nobody outside"), "{tool}");
    }
    assert_eq!(server.seen().len(), 1, "nothing left");
}

/// A plugin may have come by one in another call, and keep it or write it into a record.
#[tokio::test]
async fn a_secret_of_an_organisation_is_in_nothing_that_is_told_where_nobody_is_asked() {
    let server = echo().await;
    let world = World::with(server.port, |manifest| manifest, without);
    let (hers, his) = (Has::these(&[("asker_token", HERS)]), Has::these(&[("asker_token", HIS)]));
    let ear = Ear::default();
    let _hearing = tracing::subscriber::set_default(ear.clone());
    let tells = |body: &str, tell: &str| json!({ "url": world.url("api", "/v1/a"), "body": body, "tell": tell });
    for (secrets, own, foreign) in [(&hers, HERS, HIS), (&his, HIS, HERS)] {
        let both = format!("{own} {foreign}");
        for tool in ["asker.peek", "asker.note"] {
            let said = text(&world.report_of(tool, tells(&both, "body"), secrets.clone()).await);
            assert_eq!(said, format!("[asker_token] {foreign}"), "{tool}");
        }
        for (tell, marks) in [("result", 1), ("line", 2), ("error", 1)] {
            let shown = format!("{:?}", world.shown_of("asker.send", tells(&both, tell), secrets.clone()).await);
            // Of another organisation's it knows nothing; a label has no room for both.
            assert!(shown.matches(&format!("[asker_token] {foreign}")).count() == marks && !shown.contains(own), "{tell}: {shown}");
        }
        world.shown_of("asker.send", tells(own, "log"), secrets.clone()).await;
    }
    let heard = ear.heard();
    assert_eq!(heard.matches("plugin: denied: nobody outside is asked here [asker_token]").count(), 2, "{heard}");
    assert!(hers.asked().len() == 6 && hers.asked().iter().all(|asked| asked == "asker: asker_token, other_token"), "once each time: {:?}", hers.asked());
    assert!(server.seen().is_empty());
}

/// One whose secrets do not come.
struct Waiting;

impl OwnSecrets for Waiting {
    fn of_plugin<'a>(&'a self, _: &'a str, _: &'a BTreeMap<String, Vec<String>>) -> BoxFuture<'a, Result<BTreeMap<String, Secret>, SecretsAway>> {
        Box::pin(std::future::pending())
    }
}

/// Its clock goes on when nothing else is waited for.
#[tokio::test(start_paused = true)]
async fn without_the_secrets_of_its_organisation_nothing_is_told_of_a_call_and_nobody_waits_longer_for_that() {
    // No server, which would be something that is waited for.
    let world = World::with(1, |manifest| manifest, without);
    let send = json!({ "url": world.url("api", "/v1/a"), "body": HERS });
    let began = Instant::now();
    for secrets in [Arc::new(Away) as Arc<dyn OwnSecrets>, Arc::new(Waiting) as Arc<dyn OwnSecrets>] {
        let shown = world.shown_of("asker.send", send.clone(), secrets).await;
        let why = shown.failed.unwrap_or_default();
        assert!(shown.title.is_empty() && shown.lines.is_empty() && why.contains("cannot be read now"), "{why}");
    }
    // By the clock that waits are measured with.
    let waited = tokio::time::Instant::now().into_std().saturating_duration_since(began);
    assert!(waited < Duration::from_secs(4), "as long as a preview may take, and not as its call may: {waited:?}");
    for tool in ["asker.peek", "asker.note"] {
        let away = world.report_of(tool, send.clone(), Arc::new(Away)).await;
        assert!(matches!(&away.outcome, Outcome::Failed { failure } if failure.class == FailureClass::Unavailable && failure.retryable), "{away:?}");
        assert_eq!(away.fuel, 0, "nothing was begun");
    }
}
