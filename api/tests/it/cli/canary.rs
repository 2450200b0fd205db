//! Names, addresses, accounts and secrets that pass through an installation show in neither its logs nor its audit log.

use super::chat::{asked, sent};
use super::{Home, Ran, Up};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_host::testing::{Echo, GuestFiles};
use steward_store::testing::TestDatabase;

const EMAIL: &str = "lena.canary@partner-canary.example";
const NAME: &str = "Lena Canarybird";
const PHONE: &str = "+4930901820777";
const IBAN: &str = "DE89370400440532013000";
const SAID: &str = "canaryword";
const KEY: &str = "sk-canary-0123456789abcdef0123456789";

/// A model that makes a contact of what it is told, writes a note on it, is refused something, and repeats all of it.
async fn model() -> ScriptedModel {
    ScriptedModel::start_with(|seen| {
        let results = seen.tool_results();
        match results.len() {
            0 => Reply::call("crm.create_contact", json!({ "name": NAME, "emails": [EMAIL], "phones": [PHONE] })),
            1 => {
                let made: Value = serde_json::from_str(results[0]).expect("a result");
                let id = made["ok"]["id"].as_str().or_else(|| made["ok"]["contact"]["id"].as_str()).unwrap_or("missing").to_owned();
                Reply::call("crm.add_note", json!({ "contact_id": id, "text": format!("Pays from {IBAN}, says {SAID}.") }))
            }
            2 => Reply::call("crm.pay", json!({ "iban": IBAN, "to": EMAIL })),
            3 => Reply::call("crm.create_contact", json!({ "name": 7, "emails": EMAIL, "note": SAID })),
            _ => Reply::text(format!("{NAME} ({EMAIL}, {PHONE}) is in the book, with {IBAN} and {SAID}.")),
        }
    })
    .await
}

fn clean(what: &str, text: &str) {
    for canary in [EMAIL, NAME, "Canarybird", PHONE, IBAN, SAID, KEY, "stw_"] {
        let at = text.find(canary).map(|at| text.get(at.saturating_sub(300)..(at + 100).min(text.len())).unwrap_or(text));
        assert_eq!(at, None, "`{canary}` is in {what}");
    }
}

/// Signs the owner in by the printed link, makes an API token and uses it: the secrets of the three, without what stands before them.
fn tokens(home: &Home, up: &Up) -> Vec<String> {
    let link = home.succeeds(&["link"]);
    let link = link.split("#token=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link").to_owned();
    let (head, body) = asked(up.port, "/api/v1/session HTTP/1.1\r\nContent-Type: application/json", &json!({ "link": link }).to_string());
    let cookie = head.lines().find_map(|line| line.to_ascii_lowercase().starts_with("set-cookie: ").then(|| line[12..].split(';').next())).flatten();
    let cookie = cookie.unwrap_or_else(|| panic!("{head} {body}")).to_owned();
    let make = format!("/api/v1/tokens HTTP/1.1\r\nContent-Type: application/json\r\nCookie: {cookie}");
    let (head, body) = asked(up.port, &make, &json!({ "name": "canary", "scopes": ["read", "converse"] }).to_string());
    assert!(head.starts_with("HTTP/1.1 201"), "{head} {body}");
    let made: Value = serde_json::from_str(&body).expect("a token");
    let token = made["secret"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
    // Used well, and used where it may not: both are written down.
    let ask = |path: &str, body: Value| {
        asked(up.port, &format!("{path} HTTP/1.1\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}"), &body.to_string())
    };
    let (head, body) = ask("/api/v1/tokens", json!({ "name": "more", "scopes": ["read"] }));
    assert!(head.starts_with("HTTP/1.1 403"), "a token makes no token: {head} {body}");
    let (head, body) = ask("/api/v1/conversations", json!({ "agent": "assistant" }));
    assert!(head.starts_with("HTTP/1.1 2"), "a token converses: {head} {body}");
    let secret = |text: &str| text.rsplit(['_', '=']).next().unwrap_or(text).to_owned();
    let secrets: Vec<String> = [&link, &cookie, &token].map(|text| secret(text)).into();
    assert!(secrets.iter().all(|secret| secret.len() > 20), "{}", secrets.len());
    secrets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_address_account_or_secret_is_in_a_log() {
    let model = model().await;
    let toml = format!("[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\napi_key_env = \"CANARY_KEY\"\n", model.base_url());
    let home = Home::made("canary", &toml).await.set("CANARY_KEY", KEY).set("RUST_LOG", "debug");
    let up = home.up(&[]);
    home.write("lena.csv", &format!("Name,E-mail 1 - Value,Phone 1 - Value,Notes\n{NAME} Senior,senior.{EMAIL},{PHONE}1,{IBAN} {SAID}\n"));
    let mut logs = Vec::new();
    let mut ran = |arguments: &[&str]| -> Ran {
        let ran = home.run(arguments);
        logs.push((arguments.join(" "), ran.err.clone()));
        ran
    };
    assert_eq!(ran(&["contacts", "import", "lena.csv"]).code, 0, "{logs:?}");
    let asked = ran(&["chat", "--json", &format!("Put {NAME}, {EMAIL}, {PHONE} in the book and note {IBAN} and {SAID}.")]);
    assert!(asked.out.contains(SAID), "the run came to its end: {asked:?}");
    let tokens = tokens(&home, &up);
    for (what, log) in &logs {
        clean(&format!("the log of `{what}`"), log);
    }
    clean("the server's log", &up.log());
    let audit = home.succeeds(&["audit", "export"]);
    let actions: Vec<String> = audit.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["action"].as_str().map(str::to_owned)).collect();
    for wanted in ["contact.create", "call.start", "call.end"] {
        assert!(actions.iter().any(|action| action == wanted), "`{wanted}` is on record: {actions:?}");
    }
    clean("the audit log", &audit);
    for secret in &tokens {
        for (what, text) in [("the server's log", up.log()), ("the audit log", audit.clone())] {
            assert!(!text.contains(secret.as_str()), "a link, a cookie or a token is in {what}");
        }
    }
    assert!(up.stop().success());
}

/// A secret as a page would send it, and the forms in which it might be told.
const SECRET: &str = "canary-secret+0123456789/abcdef";

fn forms() -> Vec<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
    let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percented: String =
        SECRET.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect();
    let reversed: String = SECRET.chars().rev().collect();
    let (plain, url) = (STANDARD_NO_PAD.encode(SECRET), URL_SAFE_NO_PAD.encode(SECRET));
    vec![SECRET.to_owned(), SECRET.to_uppercase(), hex.to_uppercase(), hex, percented, reversed, plain, url]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_an_owner_set_leaves_with_its_request_and_shows_nowhere() {
    let server = Echo::start().await.expect("a server");
    let url = server.url("/v1/a");
    let at = url.clone();
    let model = ScriptedModel::start_with(move |seen| match seen.tool_results().as_slice() {
        [] => Reply::call("asker.look", json!({ "url": at })),
        [first, ..] => Reply::text(format!("It said: {first}")),
    })
    .await;
    let toml = format!(
        "[plugins]\nallow_unsigned = true\n[[plugins.private_hosts]]\nplugin = \"asker\"\nhost = \"localhost\"\naddresses = [\"127.0.0.1\", \"::1\"]\n\
         [agents.assistant]\ntools = [\"asker.*\"]\n[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\n",
        model.base_url()
    );
    let database = TestDatabase::make().await;
    let home = Home::with_config("canary-secret", &toml).set("STEWARD_DATABASE__URL", &database.superuser_url).set("RUST_LOG", "debug");
    GuestFiles::asker_at(server.port).write(&home.path("mine")).expect("written");
    home.succeeds(&["plugin", "install", "mine"]);
    home.up(&[]).stop();
    home.succeeds(&["plugin", "accept", "asker"]);
    let up = home.up(&[]);

    let cookie_of = |head: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie: ")).unwrap_or_else(|| panic!("{head}"));
        line[12..].split(';').next().expect("a cookie").to_owned()
    };
    let link = home.succeeds(&["link"]);
    let link = link.split("#token=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link").to_owned();
    let (head, _) = asked(up.port, "/api/v1/session HTTP/1.1\r\nContent-Type: application/json", &json!({ "link": link }).to_string());
    let first = cookie_of(&head);
    let say = |method: &str, path: &str, cookie: &str, body: Value| {
        sent(up.port, method, &format!("{path} HTTP/1.1\r\nContent-Type: application/json\r\nCookie: {cookie}"), &body.to_string())
    };
    let password = "a long enough password";
    let (head, body) = say("PUT", "/api/v1/me/password", &first, json!({ "new": password }));
    assert!(head.starts_with("HTTP/1.1 200"), "{head} {body}");
    let cookie = cookie_of(&head);
    let (head, body) = say("POST", "/api/v1/session/prove", &cookie, json!({ "password": password }));
    assert!(head.starts_with("HTTP/1.1 204"), "{head} {body}");
    // Refused in every way that repeats something, and then taken.
    let mut answers = Vec::new();
    for (path, body, status) in [
        ("/api/v1/secrets/asker/nobody", json!({ "value": SECRET }), "404"),
        ("/api/v1/secrets/asker/asker_token", json!({ "value": SECRET, "more": 1 }), "422"),
        ("/api/v1/secrets/asker/asker_token", json!({ "value": format!("{SECRET} {SECRET}") }), "422"),
        ("/api/v1/secrets/asker/asker_token", json!({ "value": SECRET }), "200"),
    ] {
        let (head, body) = say("PUT", path, &cookie, body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head} {body}");
        answers.push(format!("{head} {body}"));
    }

    let ran = home.run(&["chat", "--json", &format!("Look at {url}")]);
    assert!(ran.out.contains("[asker_token]"), "the run came to its end: {ran:?}");
    assert!(server.seen().iter().any(|request| request.contains(&format!("Bearer {SECRET}"))), "and the other side was told");
    let kept = [
        ("an answer to who set it", answers.join("\n")),
        ("the server's log", up.log()),
        ("what the run said", ran.out),
        ("its log", ran.err),
        ("what the model was shown", format!("{:?}", model.requests())),
        ("the audit log", home.succeeds(&["audit", "export"])),
        ("what is said of plugins", home.succeeds(&["plugin", "list"])),
    ];
    for form in forms() {
        for (what, text) in &kept {
            assert!(!text.contains(&form), "a form of the secret is in {what}");
        }
    }
    let tables = "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'";
    for table in database.texts(&database.superuser_url, "", tables).await.expect("tables") {
        let rows = database.copied(&database.superuser_url, "", &table).await.unwrap_or_else(|| panic!("{table} is not read"));
        assert!(forms().iter().all(|form| !rows.contains(form)), "a form of the secret is in the table `{table}`");
    }
    assert!(up.stop().success());
}
