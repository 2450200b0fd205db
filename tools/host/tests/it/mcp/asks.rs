//! Servers that ask the person in the middle of a call: what is refused, how often, whose question it is, and what the server is told.

use super::{failure, host, office, result, server};
use crate::support::{Folder, Gate, context, tenant};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use steward_core::{FailureClass, Outcome, QuestionInput};
use steward_host::mcp::{AskedPerson, McpServer, People, PersonSaid};
use steward_host::office::BoxFuture;
use steward_host::{Host, NoSecrets};

/// Somebody who says this to each question in turn; when there is nothing left, they never answer.
#[derive(Default)]
struct Somebody {
    says: Mutex<Vec<PersonSaid>>,
    seen: Mutex<Vec<AskedPerson>>,
    left: Arc<Mutex<u32>>,
}

impl Somebody {
    fn who_says(says: impl IntoIterator<Item = PersonSaid>) -> Arc<Self> {
        let mut says: Vec<PersonSaid> = says.into_iter().collect();
        says.reverse();
        Arc::new(Self { says: Mutex::new(says), ..Self::default() })
    }

    fn seen(&self) -> Vec<AskedPerson> {
        self.seen.lock().expect("seen").clone()
    }
}

/// Counts questions whose asker went away.
struct Leaving(Arc<Mutex<u32>>);

impl Drop for Leaving {
    fn drop(&mut self) {
        *self.0.lock().expect("left") += 1;
    }
}

impl People for Somebody {
    fn ask<'a>(&'a self, asked: AskedPerson) -> BoxFuture<'a, PersonSaid> {
        self.seen.lock().expect("seen").push(asked);
        let said = self.says.lock().expect("says").pop();
        let leaving = Leaving(Arc::clone(&self.left));
        Box::pin(async move {
            let _leaving = leaving;
            match said {
                Some(said) => said,
                None => std::future::pending().await,
            }
        })
    }
}

fn given(value: Value) -> PersonSaid {
    let Value::Object(fields) = value else { panic!("an object") };
    PersonSaid::Given(fields)
}

fn form(message: &str) -> Value {
    json!({ "message": message, "requestedSchema": { "type": "object", "properties": { "day": { "type": "string" } }, "required": ["day"] } })
}

/// The server that may ask.
fn asker() -> McpServer {
    McpServer { asks: true, ..server("plain") }
}

async fn ask(host: &Host, tool: &str, arguments: Value, people: Arc<dyn People>) -> Outcome {
    let permit = Gate::new(host).permit(host, tool, arguments);
    host.call_for(permit, context("key"), office(), people, Arc::new(NoSecrets)).await.outcome
}

/// What the server was told to each of its questions.
async fn told(host: &Host, forms: Value, people: &Arc<Somebody>) -> Vec<Value> {
    let answered = result(ask(host, "peer.elicit", json!({ "text": forms.to_string() }), Arc::clone(people) as _).await);
    let answers: Value = serde_json::from_str(text_of(&answered)).expect("answers");
    answers.as_array().expect("answers").iter().map(|answer| answer.get("said").cloned().unwrap_or_default()).collect()
}

fn text_of(result: &Value) -> &str {
    result.get("text").and_then(Value::as_str).expect("a text")
}

#[tokio::test]
async fn a_server_that_may_not_ask_is_told_no_and_nobody_sees_it() {
    let folder = Folder::new();
    let host = host(&folder, &server("plain"), &server("plain")).await;
    let somebody = Somebody::who_says([given(json!({ "day": "today" }))]);
    let said = told(&host, json!({ "forms": [form("Which day?")] }), &somebody).await;
    assert_eq!(said, [json!({ "action": "decline" })]);
    assert_eq!(somebody.seen(), []);
    let offered = result(ask(&host, "peer.capabilities", json!({}), somebody).await);
    assert!(!offered.to_string().contains("elicitation"), "{offered}");
}

#[tokio::test]
async fn addresses_and_secrets_are_refused_before_anybody_sees_them() {
    let folder = Folder::new();
    let host = host(&folder, &asker(), &asker()).await;
    let secret = |field: Value| json!({ "message": "Go on?", "requestedSchema": { "type": "object", "properties": { "answer": field } } });
    for (asked, says) in [
        (json!({ "mode": "url", "message": "Sign in", "url": "https://elsewhere.example", "elicitationId": "1" }), "nobody is sent to an address"),
        (secret(json!({ "type": "string", "title": "Password" })), "looks like a secret"),
        (secret(json!({ "type": "string", "format": "password" })), "looks like a secret"),
        (json!({ "message": "Your password?", "requestedSchema": { "type": "object", "properties": { "a": { "type": "string" } } } }), "looks like a secret"),
        (secret(json!({ "type": "object", "properties": {} })), "cannot be shown"),
        (json!({ "message": "x" }), "cannot be shown"),
        (json!({}), "cannot be shown"),
    ] {
        let somebody = Somebody::who_says([given(json!({ "answer": "1234" }))]);
        let said = told(&host, json!({ "forms": [asked] }), &somebody).await;
        assert_eq!(said[0]["code"], -32602, "{asked}: {said:?}");
        assert!(said[0]["message"].as_str().is_some_and(|message| message.contains(says)), "{asked}: {said:?}");
        assert_eq!(somebody.seen(), [], "{asked}");
    }
}

#[tokio::test]
async fn a_question_is_shown_as_it_is_and_the_server_told_what_the_person_says() {
    let folder = Folder::new();
    let host = host(&folder, &asker(), &asker()).await;
    let offered = result(ask(&host, "peer.capabilities", json!({}), Somebody::who_says([])).await);
    assert_eq!(offered["text"], json!({ "elicitation": { "form": {} } }).to_string(), "forms and nothing else");
    let somebody = Somebody::who_says([given(json!({ "day": "today" })), PersonSaid::Declined, PersonSaid::Nothing]);
    let said = told(&host, json!({ "forms": [form("Which day?"), form("And then?"), form("Sure?")] }), &somebody).await;
    assert_eq!(said, [json!({ "action": "accept", "content": { "day": "today" } }), json!({ "action": "decline" }), json!({ "action": "cancel" })]);
    let seen = somebody.seen();
    assert_eq!(seen.iter().map(|asked| asked.question.message.as_str()).collect::<Vec<_>>(), ["Which day?", "And then?", "Sure?"]);
    assert!(seen.iter().all(|asked| asked.server == "peer" && asked.wait_ms <= 18_100 && asked.wait_ms > 10_000), "{seen:?}");
    let field = &seen[0].question.fields[0];
    assert!(field.name == "day" && field.required && matches!(field.input, QuestionInput::Text { .. }), "{field:?}");
}

#[tokio::test]
async fn one_question_at_a_time_and_three_for_a_call() {
    let folder = Folder::new();
    let host = host(&folder, &asker(), &asker()).await;
    let somebody = Somebody::who_says((0..9).map(|_| given(json!({ "day": "today" }))));
    let forms: Vec<Value> = (0..5).map(|at| form(&at.to_string())).collect();
    let said = told(&host, json!({ "forms": forms }), &somebody).await;
    let actions: Vec<&str> = said.iter().map(|said| said["action"].as_str().expect("an action")).collect();
    assert_eq!(actions, ["accept", "accept", "accept", "cancel", "cancel"]);
    assert_eq!(somebody.seen().len(), 3);
    // Each call has its own three.
    assert_eq!(told(&host, json!({ "forms": [form("again")] }), &somebody).await[0]["action"], "accept");

    // Two at once: one is put, and the other told at once that nobody answers; the first then has no answer in the call's time.
    let mut hurried = asker();
    hurried.tools.get_mut("elicit").expect("elicit").timeout_ms = Some(5_000);
    let folder = Folder::new();
    let host = self::host(&folder, &hurried, &hurried).await;
    let silent = Somebody::who_says([]);
    // That there is a result says that the server had time to finish.
    let said = told(&host, json!({ "at_once": [form("a"), form("b")] }), &silent).await;
    assert_eq!(said, [json!({ "action": "cancel" }), json!({ "action": "cancel" })]);
    assert_eq!(silent.seen().len(), 1);
    assert_eq!(*silent.left.lock().expect("left"), 1, "nobody waits for the person any more");
}

/// Whose people do not answer keeps only its own organisation's part of a server's connections.
#[tokio::test]
async fn an_organisation_whose_people_do_not_answer_keeps_no_other_from_a_server() {
    let folder = Folder::new();
    let host = host(&folder, &asker(), &asker()).await;
    let gate = Gate::new(&host);
    let silent = Somebody::who_says([]);
    let arguments = json!({ "text": json!({ "forms": [form("Which day?")] }).to_string() });
    // More than there are connections in all.
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let permit = gate.permit_of(tenant(1), &host, "peer.elicit", arguments.clone());
        let (host, people) = (host.clone(), Arc::clone(&silent));
        waiting.spawn(async move { host.call_for(permit, context("key"), office(), people as _, Arc::new(NoSecrets)).await.outcome });
    }
    let begun = Instant::now();
    while silent.seen().len() < 8 {
        assert!(begun.elapsed() < Duration::from_secs(30), "half of the connections are one organisation's");
        tokio::task::yield_now().await;
    }
    let echo = gate.permit_of(tenant(2), &host, "peer.echo", json!({ "text": "a" }));
    assert_eq!(result(host.call(echo, context("key"), office()).await.outcome), json!({ "text": "a" }));
    assert_eq!(silent.seen().len(), 8);
    assert!(waiting.try_join_next().is_none(), "the others still wait");
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    let folder = Folder::new();
    let host = host(&folder, &asker(), &asker()).await;
    let begun = Instant::now();
    let permit = Gate::new(&host).permit(&host, "peer.elicit", json!({ "text": json!({ "forms": [form("Which day?")] }).to_string() }));
    let answered = result(host.call(permit, context("key"), office()).await.outcome);
    assert!(answered["text"].as_str().is_some_and(|text| text.contains("cancel")), "{answered}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn questions_of_calls_at_once_reach_each_its_own_person() {
    let folder = Folder::new();
    let host = host(&folder, &asker(), &asker()).await;
    let people: Vec<Arc<Somebody>> = (0..4).map(|at| Somebody::who_says([given(json!({ "day": at.to_string() }))])).collect();
    let call = |at: usize| told(&host, json!({ "forms": [form(&at.to_string())] }), &people[at]);
    let (first, second, third, fourth) = tokio::join!(call(0), call(1), call(2), call(3));
    let all = [first, second, third, fourth];
    for (at, (said, person)) in all.iter().zip(&people).enumerate() {
        assert_eq!(said[0]["content"]["day"], at.to_string());
        assert_eq!(person.seen().iter().map(|asked| asked.question.message.clone()).collect::<Vec<_>>(), [at.to_string()]);
    }
}

#[tokio::test]
async fn a_connection_whose_call_was_cut_off_is_nobody_elses() {
    let folder = Folder::new();
    let mut hurried = asker();
    hurried.tools.get_mut("hang").expect("hang").timeout_ms = Some(300);
    let host = host(&folder, &hurried, &hurried).await;
    // A connection is kept for the next call: the server remembers what it was told before.
    result(ask(&host, "peer.change", json!({}), Somebody::who_says([])).await);
    let failed = failure(ask(&host, "peer.echo", json!({ "text": "a" }), Somebody::who_says([])).await);
    assert_eq!(failed.class, FailureClass::Denied, "the same connection, on which it changed: {failed:?}");
    // One whose call had no answer is ended with it, and the next begins anew.
    assert_eq!(failure(ask(&host, "peer.hang", json!({}), Somebody::who_says([])).await).class, FailureClass::Timeout);
    assert_eq!(result(ask(&host, "peer.echo", json!({ "text": "a" }), Somebody::who_says([])).await), json!({ "text": "a" }));
    // So is one that the run left.
    let permit = Gate::new(&host).permit(&host, "peer.elicit", json!({ "text": json!({ "forms": [form("Which day?")] }).to_string() }));
    let silent = Somebody::who_says([]);
    let left =
        tokio::time::timeout(Duration::from_millis(700), host.call_for(permit, context("key"), office(), Arc::clone(&silent) as _, Arc::new(NoSecrets))).await;
    assert!(left.is_err() && silent.seen().len() == 1);
    let begun = Instant::now();
    while *silent.left.lock().expect("left") == 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the question ends with its connection");
        tokio::task::yield_now().await;
    }
    assert_eq!(result(ask(&host, "peer.echo", json!({ "text": "b" }), Somebody::who_says([])).await), json!({ "text": "b" }));
}

/// The protocol's own example server asks by its own form, however it is reached.
pub(super) async fn the_example_server_asks(peer: McpServer) {
    let folder = Folder::new();
    let host = host(&folder, &peer, &peer).await;
    let tool = "other.trigger_elicitation_request";
    let secretless = json!({
        "name": "Lena", "check": false, "integer": 7, "number": 2.5, "untitledSingleSelectEnum": "Joey",
        "untitledMultipleSelectEnum": ["Drums"], "titledSingleSelectEnum": "hero-2", "email": "lena@example.com",
    });
    let somebody = Somebody::who_says([given(secretless)]);
    let text = text_of(&result(ask(&host, tool, json!({}), Arc::clone(&somebody) as _).await)).to_owned();
    for said in ["- Name: Lena", "- Agreed to terms: false", "- Favorite Integer: 7", "- Email: lena@example.com", "hero-2"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let seen = somebody.seen();
    let question = &seen.first().expect("a question").question;
    assert_eq!(question.fields.len(), 13, "{question:?}");
    let titled = question.fields.iter().find(|field| field.name == "titledMultipleSelectEnum").expect("a choice");
    assert!(
        matches!(&titled.input, QuestionInput::SomeOf { options, items_max: Some(3), .. } if options.first().and_then(|one| one.title.as_deref()) == Some("Tuna")),
        "{titled:?}"
    );
    for (says, reads) in [(PersonSaid::Declined, "User declined"), (PersonSaid::Nothing, "User cancelled")] {
        let text = result(ask(&host, tool, json!({}), Somebody::who_says([says])).await).to_string();
        assert!(text.contains(reads), "{text}");
    }
    assert!(host.specs().iter().all(|spec| !spec.name.contains("url_elicitation")), "it was told that nobody is sent to an address");
}
