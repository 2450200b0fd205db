//! Answers, over a real socket, by a real worker with a scripted model.

use super::super::working::{NO_COMPANIES, that_notes};
use super::service::Service;
use serde_json::{Value, json};
use std::time::Instant;
use steward_agent::live::Happening;
use steward_agent::testing::{Reply, Said, ScriptedModel, World};
use steward_core::{Event, Mode, RunLimits};
use steward_office::conversations;
use steward_office::documents::{self, For, Place};
use steward_store::testing::TestDatabase;
use steward_store::{Page, run};
use tokio::sync::broadcast::Receiver;

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";

/// Holds `crm.add_note` for an owner, so that something waits.
const HOLD_NOTES: &str = r#"
@id("test-notes-ask") @reason("Notes ask the owner in this test.")
forbid (principal, action == Action::"crm.add_note", resource)
unless { context.approvals.roles.contains(Role::"owner") };
"#;

fn chat(text: &str) -> Value {
    json!({ "model": "assistant", "messages": [{ "role": "user", "content": text }] })
}

fn streamed(mut body: Value) -> Value {
    body["stream"] = json!(true);
    body
}

async fn service(script: Vec<Reply>) -> (ScriptedModel, Service) {
    let model = ScriptedModel::start(script).await;
    let service = Service::of(World::scripted(&model).await).await;
    (model, service)
}

/// Adds a contact, then wants to add a note to it.
async fn noting() -> (ScriptedModel, Service) {
    let model = that_notes("Noted.").await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    (model, Service::of(world).await)
}

const NOTE: &str = "Add Lena Petrova, lena@partner.example, and note that we met at the fair";

/// Waits until something was committed.
async fn until(watch: &mut Receiver<Happening>, is_it: impl Fn(&Event) -> bool) {
    while !matches!(watch.recv().await.expect("a happening"), Happening::Event { event, .. } if is_it(&event.event)) {}
}

#[tokio::test]
async fn a_whole_answer_is_a_chat_completion() {
    let (model, service) = service(vec![Reply::call("crm.find_contacts", json!({ "query": "Lena" })), Reply::text("Nobody of that name.")]).await;
    let answer = service.post(CHAT, &chat("Who is Lena?")).await.json();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["model"], "assistant");
    assert_eq!(answer["choices"][0]["message"], json!({ "role": "assistant", "content": "Nobody of that name." }));
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        (&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"], &answer["usage"]["total_tokens"]),
        (&json!(200), &json!(40), &json!(240))
    );
    let steward = &answer["steward"];
    assert_eq!((&steward["outcome"], &steward["holds"]), (&json!("replied"), &json!([])));
    assert_eq!(answer["id"], format!("chatcmpl-{}", steward["run_id"].as_str().expect("run")));
    let db = &service.world.db;
    assert_eq!(db.number("select count(*) from run where channel = 'api' and status = 'ended'").await, 1);
    assert_eq!(db.number("select count(*) from message where text in ('Who is Lena?', 'Nobody of that name.')").await, 2);
    assert_eq!(model.requests().len(), 2);
}

#[tokio::test]
async fn earlier_messages_are_the_runs_history_and_nobodys_messages_here() {
    let (model, service) = service(vec![Reply::text("In Bern.")]).await;
    let body = json!({ "model": "assistant", "temperature": 0, "max_tokens": 5, "tool_choice": "auto", "tools": [], "messages": [
        { "role": "system", "content": "Answer in one line." },
        { "role": "user", "content": [{ "type": "text", "text": "Who is" }, { "type": "text", "text": "Lena?" }] },
        { "role": "assistant", "content": "A partner." },
        { "role": "assistant", "content": null },
        { "role": "user", "content": "Where does she live?" },
    ] });
    assert_eq!(service.post(CHAT, &body).await.json()["choices"][0]["message"]["content"], "In Bern.");
    let shown = model.requests().remove(0).body["messages"].clone();
    let mut shown: Vec<(String, String)> = shown
        .as_array()
        .expect("messages")
        .iter()
        .map(|one| (one["role"].as_str().expect("role").to_owned(), one["content"].as_str().expect("text").to_owned()))
        .collect();
    let (role, prompt) = shown.remove(0);
    assert_eq!(role, "system");
    assert!(!prompt.contains("Answer in one line."), "the prompt is Steward's: {prompt}");
    let expect = [("user", "Answer in one line."), ("user", "Who is\nLena?"), ("assistant", "A partner."), ("user", "Where does she live?")];
    assert_eq!(shown, expect.map(|(role, text)| (role.to_owned(), text.to_owned())));
    assert_eq!(service.world.db.number("select count(*) from message where by_agent and text <> 'In Bern.'").await, 0);
    assert_eq!(service.world.db.number("select count(*) from message").await, 2);
}

#[tokio::test]
async fn a_long_history_is_cut_to_its_last_messages() {
    let (model, service) = service(vec![Reply::text("Yes."), Reply::text("Yes.")]).await;
    for text in ["short", &"long".repeat(1024)] {
        let mut messages: Vec<Value> = (0..100).map(|n| json!({ "role": "user", "content": format!("{n} {text}") })).collect();
        messages.push(json!({ "role": "user", "content": "And?" }));
        service.post(CHAT, &json!({ "model": "assistant", "messages": messages })).await.json();
    }
    let kept: Vec<(usize, String)> = model
        .requests()
        .iter()
        .map(|seen| {
            let messages = seen.body["messages"].as_array().expect("messages");
            (messages.len(), messages[1]["content"].as_str().expect("text").split(' ').next().expect("number").to_owned())
        })
        .collect();
    assert_eq!(kept, [(42, "60".to_owned()), (17, "85".to_owned())], "the prompt, what fits, and the question");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streamed_answer_comes_in_pieces_as_it_is_written() {
    let looking = Said { text: "Let me look. ".to_owned(), ..Said::from(vec![("crm.find_contacts".to_owned(), json!({ "query": "Lena" }))]) };
    let (_model, service) = service(vec![Reply::Said(looking), Reply::text("There is nobody of that name among the contacts.")]).await;
    let mut body = streamed(chat("Who is Lena?"));
    body["stream_options"] = json!({ "include_usage": true });
    let heard = service.post(CHAT, &body).await;
    let events = heard.events();
    assert_eq!(heard.streamed(), "Let me look. \n\nThere is nobody of that name among the contacts.");
    let pieces = events.iter().filter(|chunk| chunk.pointer("/choices/0/delta/content").and_then(Value::as_str).is_some_and(|text| !text.is_empty())).count();
    assert!(pieces > 3, "{events:?}");
    assert_eq!(events[0]["choices"][0]["delta"], json!({ "role": "assistant", "content": "" }));
    assert_eq!(events[0]["steward"]["outcome"], "running");
    let [.., finish, usage, done] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((&finish["choices"][0]["finish_reason"], &finish["steward"]["outcome"]), (&json!("stop"), &json!("replied")));
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"], &usage["steward"]["outcome"]), (&json!([]), &json!(240), &json!("replied")));
    assert_eq!(done, "[DONE]");
    let ids: std::collections::BTreeSet<&str> = events.iter().filter_map(|chunk| chunk["id"].as_str()).collect();
    assert_eq!(ids.len(), 1);
    assert!(events.iter().filter(|chunk| chunk.is_object()).all(|chunk| chunk["object"] == "chat.completion.chunk"));
}

#[tokio::test]
async fn a_held_action_answers_with_a_link_and_the_run_goes_on_once_decided() {
    let (_model, service) = noting().await;
    let whole = service.post(CHAT, &chat(NOTE)).await.json();
    let heard = service.post(CHAT, &streamed(chat(NOTE))).await;
    let last = heard.events().into_iter().rev().find(Value::is_object).expect("a last chunk");
    let response = service.post(RESPONSES, &json!({ "model": "assistant", "input": NOTE })).await.json();
    for (text, finish, steward) in [
        (whole["choices"][0]["message"]["content"].as_str().expect("text").to_owned(), &whole["choices"][0]["finish_reason"], &whole["steward"]),
        (heard.streamed(), &last["choices"][0]["finish_reason"], &last["steward"]),
        (response["output"][0]["content"][0]["text"].as_str().expect("text").to_owned(), &json!("stop"), &response["steward"]),
    ] {
        assert_eq!((finish, &steward["outcome"]), (&json!("stop"), &json!("waiting")));
        let hold = &steward["holds"][0];
        let id = hold["hold_id"].as_str().expect("hold");
        let url = format!("http://{}/holds/{id}", service.address);
        assert_eq!((&hold["tool"], &hold["url"]), (&json!("crm.add_note"), &json!(url)));
        assert!(text.contains(&url) && text.contains("`crm.add_note`"), "{text}");
        let envelope = hold["envelope_id"].as_str().expect("envelope").strip_prefix("env_").expect("prefix").to_owned();
        let uuid = id.parse::<steward_core::HoldId>().expect("id").uuid();
        let there = format!("select count(*) from hold where hold_id = '{uuid}' and state = 'held' and encode(envelope_id, 'hex') = '{envelope}'");
        assert_eq!(service.world.db.number(&there).await, 1);
    }
    assert_eq!(service.world.db.number("select count(*) from note").await, 0);
    let mut watch = service.state.live.watch();
    let hold = &whole["steward"]["holds"][0];
    let read = |field: &str| hold[field].as_str().expect("text").to_owned();
    let mut tx = service.state.store.begin(&service.world.owner).await.expect("begin");
    let (hold_id, envelope_id) = (read("hold_id").parse().expect("hold"), read("envelope_id").parse().expect("envelope"));
    steward_office::holds::approve(&mut tx, &service.state.office, hold_id, envelope_id).await.expect("approve");
    tx.commit().await.expect("commit");
    service.state.live.wake();
    until(&mut watch, |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(service.world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn a_completion_and_a_response_are_on_record_as_runs() {
    let (_model, service) = service(vec![Reply::text("Yes."), Reply::text("Yes.")]).await;
    for (path, body) in [(CHAT, chat("Are you there?")), (RESPONSES, json!({ "model": "assistant", "input": "Are you there?" }))] {
        let run = service.post(path, &body).await.json()["steward"]["run_id"].as_str().expect("run").to_owned();
        let entry = format!(
            "select count(*) from audit_event where action = 'run.start' and outcome = 'done' and object = '{run}' and request_id like 'req\\_%' and written_xid = (select min(written_xid) from audit_event where object = '{run}')"
        );
        assert_eq!(service.world.db.number(&entry).await, 1, "{path}");
    }
    // The run, what was asked and that it was, in one transaction.
    let whole = "select count(*) from run r join run_event e using (run_id) join message m using (run_id)
                  where e.seq = 1 and not m.by_agent and e.xmin = m.xmin
                    and exists (select from audit_event a where a.action = 'run.start' and a.written_xid = e.xmin::text::bigint)";
    assert_eq!(service.world.db.number(whole).await, 2);
}

#[tokio::test]
async fn a_blocked_action_is_the_agents_to_explain() {
    let model = ScriptedModel::start(vec![Reply::call("crm.create_company", json!({ "name": "Acme" })), Reply::text("Companies cannot be made here.")]).await;
    let service = Service::of(World::with_rules(TestDatabase::make().await, &model.base_url(), &[NO_COMPANIES]).await).await;
    let answer = service.post(CHAT, &chat("Add Acme")).await.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Companies cannot be made here.");
    assert_eq!((&answer["steward"]["outcome"], &answer["steward"]["holds"]), (&json!("replied"), &json!([])));
    assert_eq!(service.world.db.number("select count(*) from decision where verdict = 'block'").await, 1);
}

#[tokio::test]
async fn limits_and_failures_end_in_plain_words() {
    let model = ScriptedModel::start_with(|seen| Reply::call("crm.find_contacts", json!({ "query": format!("n{}", seen.number) }))).await;
    let limits = RunLimits { steps: 2, ..RunLimits::default() };
    let limited = Service::of(World::with(TestDatabase::make().await, &model.base_url(), limits).await).await;
    let (_model, failing) = service(vec![Reply::Status(400, Vec::new(), "{}".to_owned()), Reply::Status(400, Vec::new(), "{}".to_owned())]).await;
    for (service, outcome) in [(limited, "step_limit"), (failing, "model_failed")] {
        let whole = service.post(CHAT, &chat("Go on")).await.json();
        let heard = service.post(CHAT, &streamed(chat("Go on"))).await;
        assert_eq!((&whole["choices"][0]["finish_reason"], &whole["steward"]["outcome"]), (&json!("stop"), &json!(outcome)));
        let text = whole["choices"][0]["message"]["content"].as_str().expect("text");
        assert!(text.len() > 10, "{outcome}: {text}");
        assert_eq!(heard.streamed(), text, "{outcome}");
        assert_eq!(heard.events().last(), Some(&json!("[DONE]")));
    }
}

#[tokio::test]
async fn a_response_has_the_form_of_the_responses_api() {
    let (model, service) = service(vec![Reply::text("Good morning to you, and to everybody."), Reply::text("Good morning to you, and to everybody.")]).await;
    let body = json!({ "model": "assistant", "instructions": "Be kind.", "input": [
        { "role": "user", "content": "Hello" },
        { "type": "message", "role": "assistant", "content": [{ "type": "output_text", "text": "Hi" }] },
        { "role": "user", "content": [{ "type": "input_text", "text": "Good morning" }] },
    ] });
    let whole = service.post(RESPONSES, &body).await.json();
    assert_eq!((&whole["object"], &whole["status"], &whole["usage"]["total_tokens"]), (&json!("response"), &json!("completed"), &json!(120)));
    assert_eq!(whole["output"][0]["content"][0]["text"], "Good morning to you, and to everybody.");
    assert_eq!(whole["steward"]["outcome"], "replied");
    let messages = model.requests().remove(0).body["messages"].clone();
    let texts: Vec<&str> = messages.as_array().expect("messages").iter().skip(1).filter_map(|one| one["content"].as_str()).collect();
    assert_eq!(texts, ["Be kind.", "Hello", "Hi", "Good morning"]);

    let events = service.post(RESPONSES, &streamed(body)).await.events();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{event}");
    }
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).filter(|kind| *kind != "response.output_text.delta").collect();
    let expect =
        ["created", "in_progress", "output_item.added", "content_part.added", "output_text.done", "content_part.done", "output_item.done", "completed"]
            .map(|kind| format!("response.{kind}"));
    assert_eq!(kinds, expect);
    let text: String = events.iter().filter(|event| event["type"] == "response.output_text.delta").filter_map(|event| event["delta"].as_str()).collect();
    let last = events.last().expect("last");
    assert_eq!(text, "Good morning to you, and to everybody.");
    assert_eq!((&last["response"]["output"][0]["content"][0]["text"], &last["response"]["steward"]["outcome"]), (&json!(text), &json!("replied")));
}

#[tokio::test]
async fn a_repeat_with_the_same_key_asks_no_model_again() {
    let (model, service) = service(vec![Reply::text("Once."), Reply::text("Twice.")]).await;
    for path in [CHAT, RESPONSES] {
        let key = format!("idempotency-key: k{}\r\n", path.len());
        let body = json!({ "model": "assistant", "messages": [{ "role": "user", "content": "Say it" }], "input": "Say it" });
        let first = service.post_with(path, &key, &body).await;
        let again = service.post_with(path, &key, &body).await;
        assert_eq!(first.json()["steward"]["outcome"], "replied");
        assert_eq!(first.body, again.body);
        assert!(again.head.contains("idempotency-replayed: true"), "{}", again.head);
    }
    assert_eq!(model.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_stops_nothing_and_a_repeat_says_where_it_stands() {
    let (model, service) = service(vec![Reply::HangAfter(0, Box::new(Reply::text("Later.")))]).await;
    let key = "idempotency-key: away\r\n";
    let mut watch = service.state.live.watch();
    let gone = service.open(CHAT, key, &chat("Think long")).await;
    // The model is being asked: the run is under way, and nobody listens any more.
    until(&mut watch, |event| matches!(event, Event::Asked { .. })).await;
    drop(gone);
    let again = service.post_with(CHAT, key, &chat("Think long")).await.json();
    assert_eq!(again["steward"]["outcome"], "running");
    let run = again["steward"]["run_id"].as_str().expect("run");
    assert!(again["choices"][0]["message"]["content"].as_str().expect("text").contains(&format!("/runs/{run}")));
    let db = &service.world.db;
    assert_eq!(db.number("select count(*) from run").await, 1);
    assert_eq!(db.number("select count(*) from run where status = 'running' and cancel_at is null").await, 1);
    assert!(model.requests().len() <= 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_cannot_go_on_ends_cleanly_with_an_error() {
    for path in [CHAT, RESPONSES] {
        let (_model, service) = service(vec![Reply::Hang]).await;
        let body = json!({ "model": "assistant", "messages": [{ "role": "user", "content": "Think" }], "input": "Think", "stream": true });
        let mut listening = service.open(path, "", &body).await;
        listening.until("\"outcome\":\"running\"").await;
        service.state.store.close().await;
        listening.finish().await;
        let last = listening.heard().events().pop().expect("a last event");
        let error = if path == CHAT { &last["error"] } else { &last };
        assert_eq!(error["code"], "away", "{last}");
        assert!(error["message"].as_str().expect("message").ends_with("the run goes on"), "{last}");
        if path == RESPONSES {
            assert_eq!(last["type"], "error");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_names_its_sources_by_number() {
    let model = ScriptedModel::start_with(|seen| {
        let results = seen.tool_results();
        let Some(found) = results.first() else { return Reply::call("documents.search", json!({ "query": "payment" })) };
        let found: Value = serde_json::from_str(found).expect("a result");
        let cite = found["ok"]["documents"][0]["chunks"][0]["cite"].as_str().expect("a piece").to_owned();
        Reply::text(format!("In thirty days [[{cite}]], never in cash [[{}]].", cite.replace("#1", "#9")))
    })
    .await;
    let service = Service::of(World::scripted(&model).await).await;
    let mut tx = service.state.store.begin(&service.world.owner).await.expect("begin");
    let file = documents::read(b"Payment in thirty days.", "terms.md", "text/plain").expect("a file");
    let place = Place { workspace: service.world.workspace, conversation: None, readers: For::Me };
    let id = documents::put(&mut tx, &service.state.office, place, file).await.expect("put").document_id;
    tx.commit().await.expect("commit");

    let text = "In thirty days [1], never in cash.";
    let url = format!("http://{}/documents/{id}?at=1", service.address);
    let sources = json!([{ "number": 1, "document_id": id, "name": "terms.md", "chunk": 1, "url": url }]);
    let whole = service.post(CHAT, &chat("When do they have to pay?")).await.json();
    assert_eq!((&whole["choices"][0]["message"]["content"], &whole["steward"]["citations"]), (&json!(text), &sources));
    // Whoever reads the conversation later is told the same, and what the run cost.
    let conversation = whole["steward"]["conversation_id"].as_str().expect("a conversation").parse().expect("an id");
    let mut tx = service.state.store.begin(&service.world.owner).await.expect("begin");
    let messages = conversations::newest_messages(&mut tx, conversation, &Page::first()).await.expect("messages");
    let behind = conversations::behind(&mut tx, &messages).await.expect("what stands behind them");
    let run = messages.iter().find(|message| message.by_agent).and_then(|answer| answer.run).expect("an answer");
    let cost_micros = run::find(&mut tx, run).await.expect("read").expect("a run").cost_micros;
    tx.rollback().await.expect("rollback");
    assert_eq!(behind.keys().collect::<Vec<_>>(), [&run]);
    let chunks: Vec<_> =
        behind[&run].citations.iter().filter_map(|found| found.chunk.as_ref()).map(|chunk| (chunk.document_id, chunk.number, chunk.name.as_str())).collect();
    assert_eq!((behind[&run].cost_micros, chunks), (cost_micros, vec![(id, 1, "terms.md")]));
    let heard = service.post(CHAT, &streamed(chat("When do they have to pay?"))).await;
    assert_eq!(heard.streamed(), text);
    let last = heard.events().into_iter().rev().find(Value::is_object).expect("a last chunk");
    assert_eq!(last["steward"]["citations"], sources);
    let response = service.post(RESPONSES, &json!({ "model": "assistant", "input": "When do they have to pay?" })).await.json();
    assert_eq!((&response["output"][0]["content"][0]["text"], &response["steward"]["citations"]), (&json!(text), &sources));
}

/// A desk that hands its task on to a clerk, who adds a contact and then wants a note that waits. With `again`, by one more.
async fn noting_below(again: bool) -> (ScriptedModel, Service) {
    let model = ScriptedModel::start_with(move |seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let body = seen.body.to_string();
        let hands_on = |agent: &str| Reply::call("steward.delegate", json!({ "agent": agent, "task": NOTE }));
        match (body.contains("You are clerk, an assistant"), body.contains("You are assistant, an assistant"), results.as_slice()) {
            (false, true, []) => hands_on(if again { "porter" } else { "clerk" }),
            (false, false, []) => hands_on("clerk"),
            (true, _, []) => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            (true, _, [first]) => {
                let id = first["ok"]["id"].as_str().or_else(|| first["ok"]["contact"]["id"].as_str()).unwrap_or("missing");
                Reply::call("crm.add_note", json!({ "contact_id": id, "text": "Met at the fair." }))
            }
            _ => Reply::text("Noted."),
        }
    })
    .await;
    let tools: &[&str] = &["crm.*", "steward.delegate"];
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    let agents = ["assistant", "porter", "clerk"].map(|name| (name, tools, Mode::Traced));
    (model, Service::of(world.that_delegates(&agents, RunLimits::default(), &[HOLD_NOTES])).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_below_is_said_with_its_link_and_what_was_used_there_counts() {
    for (again, asked) in [(false, 3), (true, 4)] {
        let (_model, service) = noting_below(again).await;
        let answer = service.post(CHAT, &chat(NOTE)).await.json();
        let text = answer["choices"][0]["message"]["content"].as_str().expect("text");
        let holds = answer["steward"]["holds"].as_array().expect("holds");
        assert_eq!((&answer["steward"]["outcome"], holds.len()), (&json!("waiting"), 1), "{answer}");
        let url = holds[0]["url"].as_str().expect("url");
        assert_eq!(text, format!("This waits for a person's decision:\n- `crm.add_note`: {url}"));
        assert!(url.ends_with(&format!("/holds/{}", holds[0]["hold_id"].as_str().expect("id"))));
        assert_eq!(answer["usage"]["total_tokens"], json!(120 * asked), "of all runs: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_what_is_held_below_and_an_answer_counts_what_was_used_there() {
    let (_model, service) = noting_below(false).await;
    let mut body = streamed(chat(NOTE));
    body["stream_options"] = json!({ "include_usage": true });
    let heard = service.post(CHAT, &body).await;
    let (text, chunks): (String, Vec<Value>) = (heard.streamed(), heard.events().into_iter().filter(Value::is_object).collect());
    assert!(text.starts_with("This waits for a person's decision:\n- `crm.add_note`: http://"), "{text}");
    let steward = chunks.iter().rev().find_map(|chunk| chunk.get("steward")).expect("what Steward adds");
    assert_eq!((&steward["outcome"], steward["holds"].as_array().map(Vec::len)), (&json!("waiting"), Some(1)));
    assert_eq!(chunks.last().expect("usage")["usage"]["total_tokens"], json!(360));
    let answer = service.post(RESPONSES, &json!({ "model": "assistant", "input": NOTE })).await.json();
    assert_eq!((&answer["steward"]["outcome"], &answer["usage"]["total_tokens"]), (&json!("waiting"), &json!(360)), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_loses_the_token_or_the_role_hears_no_more_of_an_answer() {
    for (change, status, code) in [("update api_token set revoked_at = now()", 401, "not_signed_in"), ("update membership set role = 'auditor'", 403, "denied")]
    {
        let model = ScriptedModel::start_with(|_| Reply::Hang).await;
        let service = Service::of(World::scripted(&model).await).await;
        let mut watch = service.state.live.watch();
        let mut listening = Vec::new();
        for (path, is_streamed) in [(CHAT, true), (CHAT, false), (RESPONSES, true), (RESPONSES, false)] {
            let body = json!({ "model": "assistant", "messages": [{ "role": "user", "content": "Think" }], "input": "Think", "stream": is_streamed });
            listening.push((path, is_streamed, service.open(path, "", &body).await));
            until(&mut watch, |event| matches!(event, Event::Asked { .. })).await;
        }
        service.world.db.raw(change).await;
        let before = Instant::now();
        for (path, is_streamed, mut one) in listening {
            one.finish().await;
            let heard = one.heard();
            let error = match (path, is_streamed) {
                (CHAT, true) => heard.events().pop().expect("a last chunk")["error"].clone(),
                (_, true) => heard.events().pop().expect("a last event"),
                (_, false) => {
                    assert_eq!(heard.status, status, "{path}: {}", heard.body);
                    serde_json::from_str::<Value>(&heard.body).expect("JSON")["error"].clone()
                }
            };
            assert_eq!(error["code"], code, "{path} {is_streamed}: {error}");
        }
        assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
        let goes_on = "select count(*) from run where status = 'running' and cancel_at is null";
        assert_eq!(service.world.db.number(goes_on).await, 4, "the runs themselves go on");
    }
}
