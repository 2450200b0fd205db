//! Runs: who may see them, how they are followed, and how they are stopped.

use super::working::{FULL_DISK, Heard, Listening, Working, recorded};
use serde_json::json;
use std::time::Instant;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_api::jobs::write_stops;
use steward_core::{Role, Scope};

fn names(events: &[Heard]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

#[tokio::test]
async fn a_stream_cannot_be_taken_up_where_it_never_was() {
    let working = Working::saying("Hello.").await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Hi").await;
    let path = format!("/api/v1/runs/{run}/events");
    let all = Listening::open(working.ask("GET", path.as_str()).cookie(&owner)).await.until_the_end().await;
    let last = all.last().and_then(|event| event.id).expect("the last number");
    for (ask, name) in [
        (working.ask("GET", path.as_str()).header("last-event-id", "x"), "Last-Event-ID"),
        (working.ask("GET", path.as_str()).header("last-event-id", "-1"), "Last-Event-ID"),
        (working.ask("GET", path.as_str()).header("last-event-id", "0.1"), "Last-Event-ID"),
        (working.ask("GET", path.as_str()).header("last-event-id", "1.+1"), "Last-Event-ID"),
        (working.ask("GET", path.as_str()).header("last-event-id", format!("{}.1", last + 1)), "Last-Event-ID"),
        (working.ask("GET", path.as_str()).header("last-event-id", (last + 1).to_string()), "Last-Event-ID"),
        (working.ask("GET", format!("{path}?after={}", last + 1)), "after"),
    ] {
        let reply = ask.cookie(&owner).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], name, "{reply}");
    }
    working.ask("GET", format!("{path}?after=x")).cookie(&owner).send().await.expect(422);
    // A browser takes a stream up again after its end; this is how it is told not to.
    working.ask("GET", path.as_str()).cookie(&owner).header("last-event-id", last.to_string()).send().await.expect(204);
}

#[tokio::test]
async fn runs_of_others_are_seen_by_those_who_may_see_runs_and_nowhere_else() {
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let owner = world.owner().await;
    let (_, run) = working.say(&owner, "Hi").await;
    Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let talker = world.token(&world.session(Role::Support).await.actor, &[Scope::Converse]).await.secret;
    for path in [format!("/api/v1/runs/{run}"), format!("/api/v1/runs/{run}/events")] {
        working.ask("GET", path.as_str()).cookie(&elsewhere).send().await.expect(404);
        working.ask("GET", path.as_str()).token(&talker).send().await.expect(404);
    }
    for (what, ask) in [
        ("another organisation", working.ask("GET", "/api/v1/runs").cookie(&elsewhere)),
        ("a token that may not", working.ask("GET", "/api/v1/runs").token(&talker)),
    ] {
        assert_eq!(ask.send().await.expect(200).json()["items"], json!([]), "{what}");
    }
    let auditor = working.as_role(Role::Auditor).await;
    let shown = working.ask("GET", format!("/api/v1/runs/{run}")).cookie(&auditor).send().await.expect(200).json();
    assert_eq!((&shown["outcome"], &shown["steps"], &shown["tokens"]), (&json!("replied"), &json!(1), &json!(120)));
    assert!(shown["cost_micros"].as_i64().expect("cost") > 0, "{shown}");
    assert!(shown["pins"]["prompt"].as_str().expect("prompt").starts_with("assistant@"), "{shown}");
    assert_eq!(shown["pins"]["limits"]["steps"], 40);
    for (status, count) in [("ended", 1), ("running", 0), ("waiting", 0), ("queued", 0)] {
        let listed = working.ask("GET", format!("/api/v1/runs?status={status}")).cookie(&auditor).send().await.expect(200).json();
        assert_eq!(listed["items"].as_array().expect("items").len(), count, "{status}");
    }
    working.ask("GET", "/api/v1/runs?status=over").cookie(&auditor).send().await.expect(422);
}

#[tokio::test]
async fn a_run_says_what_its_plugins_took() {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::call("crm.find_contacts", json!({ "query": "lena" })),
        _ => Reply::text("Nobody."),
    })
    .await;
    let working = Working::with(model, &[]).await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Is Lena in the book?").await;
    let heard = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
    let done = heard.iter().find(|heard| heard.name == "tool.done").expect("a call");
    let shown = working.ask("GET", format!("/api/v1/runs/{run}")).cookie(&owner).send().await.expect(200).json();
    let used = &shown["plugins_used"];
    assert_eq!((&used["questions"], &used["requests"], &used["egress_bytes"]), (&json!(1), &json!(0), &json!(0)), "{shown}");
    assert_eq!((&used["fuel"], &used["questions"]), (&done.data["fuel"], &done.data["used"]["questions"]), "{done:?}");
    assert!(done.data["used"]["output_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{done:?}");
    // What a call answered is for the person of the run alone.
    assert!(done.data["result"].is_object() && done.data["result_bytes"] == done.data["result"].to_string().len(), "{done:?}");
    let auditor = working.as_role(Role::Auditor).await;
    let overheard = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&auditor)).await.until_the_end().await;
    let overheard = overheard.iter().find(|heard| heard.name == "tool.done").expect("a call");
    assert_eq!((overheard.data.get("result"), &overheard.data["result_bytes"]), (None, &done.data["result_bytes"]), "{overheard:?}");
    // A token that reads runs is no person who hears what was said to them; one that converses for them is told as they are.
    for (scopes, is_told) in [(&[Scope::Read][..], false), (&[Scope::Read, Scope::Write][..], false), (&[Scope::Converse][..], true)] {
        let token = working.world.token(&working.world.home.actor, scopes).await.secret;
        let heard = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).token(&token)).await.until_the_end().await;
        let heard = heard.iter().find(|heard| heard.name == "tool.done").expect("a call");
        let expect = if is_told { done.data.get("result") } else { None };
        assert_eq!((heard.data.get("result"), &heard.data["result_bytes"]), (expect, &done.data["result_bytes"]), "{scopes:?}: {heard:?}");
    }
    assert_eq!(shown["pins"]["limits"]["plugins"], json!({ "requests": 100, "questions": 5_000, "egress_bytes": 32 << 20, "fuel": 50_000_000_000_u64 }));
}

#[tokio::test]
async fn who_comes_in_the_middle_of_an_answer_has_all_that_was_written_of_it() {
    const HEARD_LEAST: usize = 48;
    let text = "One, two, three, four, five, six, seven. ".repeat(50);
    let (asked, mut is_asked) = tokio::sync::mpsc::unbounded_channel();
    let said = text.clone();
    let model = ScriptedModel::start_with(move |seen| {
        asked.send(seen.streamed).expect("the test waits for it");
        Reply::HangAfter(4_000, Box::new(Reply::text(said.clone())))
    });
    let working = Working::with(model.await, &[]).await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Count").await;
    // Nobody listens yet: a page asks for a run's events when it has the run's number.
    assert_eq!(is_asked.recv().await, Some(true), "an answer that a person waits for comes in pieces");
    let listen = async || {
        let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
        let mut pieces: Vec<String> = Vec::new();
        while pieces.concat().len() < HEARD_LEAST {
            let piece = stream.until("model.delta").await.pop().expect("a piece");
            pieces.push(piece.data["text"].as_str().expect("text").to_owned());
        }
        pieces
    };
    let first = listen().await;
    assert!(text.starts_with(&first.concat()), "{first:?}");
    let late = listen().await;
    assert!(late.len() == 1 && text.starts_with(&late.concat()), "what was written before is one piece: {late:?}");
}

#[tokio::test]
async fn a_run_is_followed_live_and_taken_up_from_any_event() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut taken = working.held().await;
    assert_eq!(taken.stream.headers["content-type"], "text/event-stream");
    assert_eq!(taken.stream.headers["x-accel-buffering"], "no");
    let approve = json!({ "envelope_id": taken.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", taken.hold)).cookie(&owner).json(&approve).send().await.expect(200);
    let rest = taken.stream.until_the_end().await;
    assert_eq!(names(&recorded(&rest)), ["hold.closed", "tool.decided", "tool.started", "tool.done", "model.answered", "reply", "run.ended"]);
    let pieces: String = rest.iter().filter(|event| event.name == "model.delta").map(|event| event.data["text"].as_str().expect("text")).collect();
    assert_eq!(pieces, "That is done.");
    let path = format!("/api/v1/runs/{}/events", taken.run);
    let all = Listening::open(working.ask("GET", path.as_str()).cookie(&owner)).await.until_the_end().await;
    let started = [
        "run.started",
        "model.answered",
        "tool.proposed",
        "tool.decided",
        "tool.started",
        "tool.done",
        "model.answered",
        "tool.proposed",
        "tool.decided",
        "hold.opened",
    ];
    assert_eq!(names(&all)[..started.len()], started);
    for proposed in all.iter().filter(|event| event.name == "tool.proposed") {
        let leaves = proposed.data["provenance"].as_array().expect("leaves");
        assert!(!leaves.is_empty() && leaves.iter().all(|leaf| leaf["path"].is_string() && leaf["label"]["integrity"].is_string()), "{leaves:?}");
    }
    assert_eq!(all.iter().rev().take(7).rev().cloned().collect::<Vec<_>>(), recorded(&rest), "live and from the journal are the same");
    let numbers: Vec<u32> = all.iter().map(|event| event.id.expect("a number")).collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let last = *numbers.last().expect("events");
    for after in 0..last {
        let expect: Vec<Heard> = all.iter().filter(|event| event.id > Some(after)).cloned().collect();
        let by_header =
            Listening::open(working.ask("GET", path.as_str()).cookie(&owner).header("last-event-id", after.to_string())).await.until_the_end().await;
        let by_query = Listening::open(working.ask("GET", format!("{path}?after={after}")).cookie(&owner)).await.until_the_end().await;
        assert_eq!((&by_header, &by_query), (&expect, &expect), "after {after}");
    }
    // A cut between two that are told of one event loses neither.
    let places: Vec<&str> = all.iter().map(|event| event.place.as_deref().expect("a place")).collect();
    assert!(places.iter().any(|place| place.contains('.')), "{places:?}");
    for (heard, place) in (1..).zip(places).take(all.len() - 1) {
        let rest = Listening::open(working.ask("GET", path.as_str()).cookie(&owner).header("last-event-id", place)).await.until_the_end().await;
        assert_eq!(rest, all[heard..], "after {place}");
    }
}

#[tokio::test]
async fn who_loses_session_token_or_place_hears_no_more() {
    let working = Working::noting().await;
    let world = &working.world;
    let held = working.held().await;
    let path = format!("/api/v1/runs/{}/events", held.run);
    let auditor = world.session(Role::Auditor).await;
    let manager = world.session(Role::Manager).await;
    let token = world.token(&world.home.actor, &[Scope::Read]).await;
    let mut streams = Vec::new();
    for ask in [
        working.ask("GET", path.as_str()).cookie(&auditor.secret),
        working.ask("GET", path.as_str()).token(&token.secret),
        working.ask("GET", path.as_str()).cookie(&manager.secret),
    ] {
        let mut stream = Listening::open(ask).await;
        stream.until("hold.opened").await;
        streams.push(stream);
    }
    let database = &world.server.database;
    database.raw(&format!("update session set revoked_at = now() where session_id = '{}'", auditor.session.session_id.uuid())).await;
    database.raw(&format!("update api_token set revoked_at = now() where api_token_id = '{}'", token.token.api_token_id.uuid())).await;
    database.raw(&format!("delete from membership where person_id = '{}'", manager.session.person_id.uuid())).await;
    let before = Instant::now();
    for stream in &mut streams {
        assert_eq!(stream.until_the_end().await, [], "nothing more is told");
    }
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
    let waiting = working.ask("GET", format!("/api/v1/runs/{}", held.run)).cookie(&world.owner().await).send().await.expect(200).json();
    assert_eq!(waiting["status"], "waiting", "the run itself goes on waiting");
}

#[tokio::test]
async fn a_run_is_stopped_once_by_those_who_may() {
    let working = Working::with(ScriptedModel::start_with(|_| Reply::Hang).await, &[]).await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Think long").await;
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    stream.until("run.started").await;
    let cancel = format!("/api/v1/runs/{run}/cancel");
    for role in [Role::Auditor, Role::Finance] {
        working.ask("POST", cancel.as_str()).cookie(&working.as_role(role).await).send().await.expect(403);
    }
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    working.ask("POST", cancel.as_str()).cookie(&elsewhere).send().await.expect(404);
    let stopped = working.ask("POST", cancel.as_str()).cookie(&owner).send().await.expect(202).json();
    assert_eq!(stopped["cancel_by"], working.world.home.owner.to_string());
    assert_eq!(stream.until_the_end().await.last().expect("an end").data["outcome"], "cancelled");
    working.ask("POST", cancel.as_str()).cookie(&owner).send().await.expect(409);
}

#[tokio::test]
async fn a_run_that_waits_is_stopped_and_its_action_never_runs() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    working.ask("POST", format!("/api/v1/runs/{}/cancel", held.run)).cookie(&owner).send().await.expect(202);
    let rest = held.stream.until_the_end().await;
    assert_eq!(rest.last().expect("an end").data["outcome"], "cancelled", "{rest:?}");
    let hold = working.ask("GET", format!("/api/v1/holds/{}", held.hold)).cookie(&owner).send().await.expect(200).json();
    assert_eq!(hold["state"], "cancelled");
    let approve = json!({ "envelope_id": held.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", held.hold)).cookie(&owner).json(&approve).send().await.expect(409);
    assert_eq!(working.world.server.database.number("select count(*) from note").await, 0);
}

#[tokio::test]
async fn what_is_there_of_a_run_that_waits_is_told_to_its_end() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let taken = working.held().await;
    let path = format!("/api/v1/runs/{}/events?follow=false", taken.run);
    working.ask("GET", format!("{path}&after=x")).cookie(&owner).send().await.expect(422);
    working.ask("GET", path.replace("false", "never")).cookie(&owner).send().await.expect(422);
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    working.ask("GET", path.as_str()).cookie(&elsewhere).send().await.expect(404);
    let now = Listening::open(working.ask("GET", path.as_str()).cookie(&owner)).await.until_the_end().await;
    assert_eq!(names(&now).last(), Some(&"hold.opened"), "{now:?}");
    let last = now.last().and_then(|event| event.id).expect("a number");
    let tail = Listening::open(working.ask("GET", format!("{path}&after={}", last - 1)).cookie(&owner)).await.until_the_end().await;
    assert_eq!(tail, now.iter().filter(|event| event.id == Some(last)).cloned().collect::<Vec<_>>());
    assert_eq!(Listening::open(working.ask("GET", format!("{path}&after={last}")).cookie(&owner)).await.until_the_end().await, []);
}

#[tokio::test]
async fn a_stop_without_room_to_write_it_is_heard_at_once_and_written_when_there_is() {
    let working = Working::with(ScriptedModel::start_with(|_| Reply::Hang).await, &[]).await;
    let (owner, auditor) = (working.world.owner().await, working.as_role(Role::Auditor).await);
    let (_, run) = working.say(&owner, "Think long").await;
    let mut stream = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    stream.until("run.started").await;
    let server = &working.world.server;
    let (database, state) = (&server.database, &server.state);
    database.raw(FULL_DISK).await;
    let cancel = format!("/api/v1/runs/{run}/cancel");
    working.ask("POST", cancel.as_str()).cookie(&auditor).send().await.expect(403);
    let stopped = working.ask("POST", cancel.as_str()).cookie(&owner).send().await.expect(202).json();
    assert_eq!((&stopped["is_written"], &stopped["cancel_at"]), (&json!(false), &json!(null)), "{stopped}");
    write_stops::once(&state.store, &state.office, &state.live).await;
    assert_eq!(state.live.unwritten_stops().len(), 1, "there is no room yet");

    database.raw("drop trigger full_disk on audit_event").await;
    assert_eq!(stream.until_the_end().await.last().expect("an end").data["outcome"], "cancelled");
    write_stops::once(&state.store, &state.office, &state.live).await;
    assert_eq!(state.live.unwritten_stops(), Vec::new());
    assert_eq!(database.number("select count(*) from audit_event where action = 'run.cancel'").await, 1);
    // A run that is not driven here is not said to be stopped.
    working.ask("POST", cancel.as_str()).cookie(&owner).send().await.expect(409);
}
