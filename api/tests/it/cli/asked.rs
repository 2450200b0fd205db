//! The whole program is killed while a server waits for what the person says: nothing is lost, nothing is done twice, and the server hears one word.

use super::chat::Talk;
use super::{Home, Up, signal, until};
use crate::http::questions::peer::{Peer, form};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_store::testing::TestDatabase;

/// A browser of somebody's, as far as it matters here.
pub(super) struct Browser {
    port: u16,
    cookie: String,
}

impl Browser {
    /// Signs in by a link that was printed.
    pub(super) fn signed_in(up: &Up, said: &str) -> Self {
        let token = said.split("#token=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a link").to_owned();
        let mut browser = Self { port: up.port, cookie: String::new() };
        let (status, head, _) = browser.ask("POST", "/api/v1/session", Some(&json!({ "link": token })));
        assert_eq!(status, 201, "{head}");
        let set = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        browser.cookie = set.split(';').next().unwrap_or_default().to_owned();
        browser
    }

    /// Status, head and body of what is answered.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String, Value) {
        let Self { port, cookie } = self;
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", *port)).expect("a connection");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
    }

    /// What is answered, which must be of this status.
    pub(super) fn expect(&self, status: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (got, head, said) = self.ask(method, path, body);
        assert_eq!(got, status, "{method} {path}: {head} {said}");
        said
    }

    /// What waits for the person's word.
    fn open(&self) -> Vec<String> {
        let listed = self.expect(200, "GET", "/api/v1/questions", None);
        listed["items"].as_array().expect("a list").iter().map(|one| one["question_id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// A server whose assistant has `trips.book`, which asks its person and does this to the world.
fn config(model: &ScriptedModel, peer: &Peer, effect: &str) -> String {
    format!(
        "[agents.assistant]\ntools = [\"trips.*\"]\n\n[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\napi_key_env = \"MODEL_KEY\"\n\n\
         [[mcp]]\nname = \"trips\"\nurl = \"{}\"\nasks = true\ntimeout_ms = 120000\n\n[mcp.tools.book]\neffect = \"{effect}\"\nroles = {{ about = \"query\" }}\n",
        model.base_url(),
        peer.url()
    )
}

struct Killed {
    peer: Peer,
    database: TestDatabase,
    browser: Browser,
    up: Up,
    run: String,
    /// What was asked before the end.
    question: String,
    _home: Home,
    _model: ScriptedModel,
}

impl Killed {
    /// A program that was killed while `trips.book`, which does this to the world, asked; and that was started again.
    async fn while_asked(effect: &str) -> Self {
        let peer = Peer::start(form());
        let model = ScriptedModel::start_with(|seen| match seen.tool_results().last() {
            None => Reply::call("trips.book", json!({ "about": "Bern" })),
            Some(result) => Reply::text(format!("It said: {result}")),
        })
        .await;
        let database = TestDatabase::make().await;
        let config = config(&model, &peer, effect);
        let home = Home::with_config("asked", &config).set("STEWARD_DATABASE__URL", &database.superuser_url).set("MODEL_KEY", "none");
        home.succeeds(&["plugin", "accept", "trips"]);
        let mut up = home.up(&["--owner", "ada@example.org"]);
        let mut browser = Browser::signed_in(&up, &up.said);
        let made = browser.expect(201, "POST", "/api/v1/conversations", Some(&json!({ "agent": "assistant" })));
        let messages = format!("/api/v1/conversations/{}/messages", made["conversation_id"].as_str().expect("an id"));
        let posted = browser.expect(202, "POST", &messages, Some(&json!({ "text": "Book a trip to Bern" })));
        let run = posted["run_id"].as_str().expect("an id").to_owned();
        until("a question", || !browser.open().is_empty());
        let question = browser.open().remove(0);
        assert_eq!(peer.heard(), (1, 0));

        signal(up.pid(), Signal::KILL);
        up.wait();
        // The dead process's lease runs out now rather than in fifteen seconds.
        database.raw("update run set lease_until = now() - interval '1 minute' where status = 'running'").await;
        let up = home.up(&["--owner", "ada@example.org"]);
        browser.port = up.port;
        Self { peer, database, browser, up, run, question, _home: home, _model: model }
    }

    fn outcome(&self) -> Value {
        self.browser.expect(200, "GET", &format!("/api/v1/runs/{}", self.run), None)["outcome"].clone()
    }

    async fn kinds(&self) -> Vec<Value> {
        let bodies = self.database.texts(&self.database.superuser_url, "", "select body from run_event order by seq").await.expect("events");
        bodies.iter().map(|body| serde_json::from_str(body).expect("an event")).collect()
    }

    /// How often something stands in the journal.
    fn count(events: &[Value], kind: &str) -> usize {
        events.iter().filter(|event| event["kind"] == kind).count()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_while_a_server_asks_loses_nothing_and_the_server_hears_one_word() {
    let killed = Killed::while_asked("read").await;
    // What only looks is repeated, and its server asks anew; what it asked before is closed, and takes no answer.
    until("another question", || killed.browser.open().iter().any(|open| *open != killed.question));
    let open = killed.browser.open();
    assert_eq!((open.len(), killed.peer.heard()), (1, (2, 0)), "{open:?}");
    let answer = |question: &str| format!("/api/v1/questions/{question}/answer");
    let content = json!({ "content": { "day": "the-second-of-may" } });
    killed.browser.expect(409, "POST", &answer(&killed.question), Some(&content));
    killed.browser.expect(200, "POST", &answer(&open[0]), Some(&content));
    until("the end of the run", || killed.outcome() == "replied");
    assert_eq!((killed.peer.heard(), killed.peer.told()["content"].clone()), ((2, 1), content["content"].clone()));

    let events = killed.kinds().await;
    let counts = ["answered", "starting", "question_opened", "question_closed", "done", "replied", "ended"].map(|kind| Killed::count(&events, kind));
    assert_eq!(counts, [2, 2, 2, 2, 1, 1, 1], "{events:#?}");
    let closed: Vec<&Value> = events.iter().filter(|event| event["kind"] == "question_closed").collect();
    assert_eq!((&closed[0]["question_id"], &closed[0]["outcome"]), (&json!(killed.question), &json!("withdrawn")), "{closed:?}");
    assert_eq!((&closed[1]["question_id"], &closed[1]["outcome"]), (&json!(open[0]), &json!("answered")), "{closed:?}");
    assert_eq!(killed.database.number("select count(*) from question where outcome is null").await, 0);
    assert_eq!(killed.database.number("select count(*) from message where by_agent").await, 1);
    assert!(killed.up.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_may_not_be_repeated_is_not_when_its_process_is_killed_while_its_server_asks() {
    let killed = Killed::while_asked("write").await;
    until("the end of the run", || killed.outcome() == "replied");
    assert_eq!(killed.peer.heard(), (1, 0), "the server was called once, and told nothing");
    assert!(killed.browser.open().is_empty());
    let content = json!({ "content": { "day": "the-second-of-may" } });
    killed.browser.expect(409, "POST", &format!("/api/v1/questions/{}/answer", killed.question), Some(&content));
    let events = killed.kinds().await;
    let done: Vec<&Value> = events.iter().filter(|event| event["kind"] == "done").collect();
    assert_eq!((done.len(), &done[0]["outcome"]["failure"]["class"]), (1, &json!("unknown")), "{done:?}");
    let counts = ["answered", "starting", "question_opened", "question_closed", "replied"].map(|kind| Killed::count(&events, kind));
    assert_eq!(counts, [2, 1, 1, 1, 1], "{events:#?}");
    assert!(killed.up.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_at_the_terminal_that_is_no_text_is_asked_for_again() {
    let peer = Peer::start(form());
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().last() {
        None => Reply::call("trips.book", json!({ "about": "Bern" })),
        Some(_) => Reply::text("It is booked."),
    })
    .await;
    let database = TestDatabase::make().await;
    let home = Home::with_config("typed", &config(&model, &peer, "read")).set("STEWARD_DATABASE__URL", &database.superuser_url);
    let home = home.set("MODEL_KEY", "none").set("NO_COLOR", "1");
    home.succeeds(&["plugin", "accept", "trips"]);
    assert!(home.up(&["--owner", "ada@example.org"]).stop().success());
    let mut talk = Talk::of(&home, &["chat", "--as", "ada@example.org"]);
    // A yes that was typed before it was asked is none.
    talk.type_in(b"Book a trip to Bern\ny\n");
    until("the question", || talk.shown().contains("Enter puts it away>"));
    assert_eq!(peer.heard(), (1, 0));
    // Whether to answer, the class as it stands there, the day in an encoding of before and then as text, and no seats.
    talk.type_in(b"y\n\ncaf\xe9\nthe-second-of-may\n\n");
    until("the answer", || talk.shown().contains("It is booked."));
    assert_eq!(talk.leave(), Some(0), "{}", talk.shown());
    assert!(talk.shown().contains("that line is no text in UTF-8"), "{}", talk.shown());
    assert_eq!((peer.heard(), peer.told()["content"]["day"].clone()), ((1, 1), json!("the-second-of-may")), "{}", talk.shown());
}
