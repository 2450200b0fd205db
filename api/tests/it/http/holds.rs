//! Held actions: only people decide, only on what they were shown, only once.

use super::sample;
use super::working::Working;
use super::world::World;
use serde_json::{Value, json};
use steward_core::{HoldId, Role, Scope};

#[tokio::test]
async fn nobody_approves_who_may_not_and_nothing_that_was_not_shown() {
    let working = Working::noting().await;
    let world = &working.world;
    let held = working.held().await;
    let approve = format!("/api/v1/holds/{}/approve", held.hold);
    let reject = format!("/api/v1/holds/{}/reject", held.hold);
    let right = json!({ "envelope_id": held.envelope });
    let owner = world.owner().await;

    let token = world.token(&world.home.actor, &Scope::ALL).await.secret;
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let revise = format!("/api/v1/holds/{}/revise", held.hold);
    for (path, body) in [(&approve, right.clone()), (&reject, json!({ "reason": "No." })), (&revise, json!({ "guidance": "Shorter." }))] {
        let ask = || working.ask("POST", path.as_str()).json(&body);
        ask().send().await.expect(401);
        ask().token(&token).send().await.expect(403);
        ask().cookie(&working.as_role(Role::Auditor).await).send().await.expect(403);
        ask().cookie(&elsewhere).send().await.expect(404);
    }
    // Support may decide on some actions; this one needs an owner or a manager.
    let support = working.ask("POST", approve.as_str()).cookie(&working.as_role(Role::Support).await).json(&right).send().await.expect(403).json();
    assert!(support["detail"].as_str().expect("detail").contains("owner, or manager"), "{support}");
    let wrong =
        working.ask("POST", approve.as_str()).cookie(&owner).json(&json!({ "envelope_id": format!("env_{}", "0".repeat(64)) })).send().await.expect(409);
    assert_eq!(wrong.json()["code"], "conflict");
    for body in [json!({}), json!({ "envelope_id": "env_1" }), json!({ "envelope_id": null }), json!({ "envelope_id": held.envelope, "arguments": {} })] {
        working.ask("POST", approve.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    for body in [json!({}), json!({ "reason": "x".repeat(2001) })] {
        working.ask("POST", reject.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    for body in [json!({}), json!({ "guidance": " " }), json!({ "guidance": "x".repeat(2001) })] {
        working.ask("POST", revise.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    working.ask("POST", revise.as_str()).cookie(&working.as_role(Role::Support).await).json(&json!({ "guidance": "Shorter." })).send().await.expect(403);
    // Nor does a role that cannot help to approve it stand in others' way.
    for role in [Role::Support, Role::Finance] {
        let reject = working.ask("POST", reject.as_str()).cookie(&working.as_role(role).await).json(&json!({ "reason": "No." }));
        let refused = reject.send().await.expect(403).json();
        assert!(refused["detail"].as_str().expect("detail").contains("owner, or manager"), "{refused}");
    }
    working.ask("POST", reject.as_str()).cookie(&owner).json(&json!({ "reason": "a\u{0}" })).send().await.expect(400);
    let counts = "select (select count(*) from note) + (select count(*) from hold_approval) + (select count(*) from hold where state <> 'held')";
    assert_eq!(world.server.database.number(counts).await, 0, "nothing happened");
}

/// Who has a minute to look has to see what is lost in that minute, however many wait.
#[tokio::test]
async fn what_lapses_first_is_on_the_first_page() {
    let world = World::make().await;
    let owner = world.owner().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(sample::hold_of(&world, &world.home, "write").await.to_string());
    }
    // The youngest lapses first; two lapse at the same moment.
    for (place, minute) in [(4, 1), (1, 2), (3, 2), (0, 3), (2, 4)] {
        let id: HoldId = ids[place].parse().expect("an id");
        let text = format!(
            "set session_replication_role = replica; update hold set expires_at = timestamptz '2026-04-01 00:00Z' + interval '{minute} minutes' where hold_id = '{}'",
            id.uuid()
        );
        world.server.database.raw(&text).await;
    }
    let pages = async |query: &str| {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = world.server.ask("GET", format!("/api/v1/holds?limit=2{query}{cursor}")).cookie(&owner).send().await.expect(200).json();
            seen.extend(page["items"].as_array().expect("items").iter().map(|item| item["hold_id"].as_str().expect("an id").to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    };
    let expect = |places: [usize; 5]| places.map(|place| ids[place].clone());
    assert_eq!(pages("&state=held").await, expect([4, 1, 3, 0, 2]));
    assert_eq!(pages("").await, expect([4, 3, 2, 1, 0]), "of all the newest first");
}

#[tokio::test]
async fn an_approved_action_runs_once() {
    let working = Working::noting().await;
    let world = &working.world;
    let mut held = working.held().await;
    let approve = format!("/api/v1/holds/{}/approve", held.hold);
    let body = json!({ "envelope_id": held.envelope });
    let (owner, manager) = (world.owner().await, world.session(Role::Manager).await);
    assert_eq!(world.server.database.number("select count(*) from note").await, 0, "nothing happens before people decide");

    let listed = working.ask("GET", "/api/v1/holds?state=held").cookie(&working.as_role(Role::Support).await).send().await.expect(200).json();
    assert_eq!(listed["items"][0]["hold_id"], held.hold);
    assert_eq!(listed["items"][0]["about"], "Adds a note to the contact Lena Petrova", "what the tool says it would do");
    let shown = working.ask("GET", format!("/api/v1/holds/{}", held.hold)).cookie(&manager.secret).send().await.expect(200).json();
    assert_eq!((&shown["tool"], &shown["effect"], &shown["state"]), (&json!("crm.add_note"), &json!("write"), &json!("held")));
    assert_eq!(shown["arguments"]["text"], "Met at the fair.");
    assert_eq!((&shown["needs_text"], &shown["envelope_id"]), (&json!("owner, or manager"), &json!(held.envelope)));
    assert_eq!((&shown["envelope"]["arguments"], &shown["said"]), (&shown["arguments"], &json!([])));
    assert!(shown["provenance"].to_string().contains("contact_id"), "where each argument came from: {shown}");
    assert_eq!(shown["roles"], json!({ "/contact_id": "id:contact", "/text": "content" }), "what each argument is for");

    let approved = working.ask("POST", approve.as_str()).cookie(&manager.secret).json(&body).send().await.expect(200).json();
    assert_eq!(approved["state"], "approved");
    assert_eq!(approved["said"][0]["person_id"], manager.session.person_id.to_string());
    assert_eq!((&approved["said"][0]["approves"], &approved["said"][0]["roles"]), (&json!(true), &json!(["manager"])));
    for who in [&manager.secret, &owner] {
        let again = working.ask("POST", approve.as_str()).cookie(who).json(&body).send().await.expect(409).json();
        assert_eq!(again["code"], "conflict");
    }
    let rest = held.stream.until_the_end().await;
    let closed = rest.iter().find(|event| event.name == "hold.closed").expect("closed");
    assert_eq!((&closed.data["hold_id"], &closed.data["outcome"]), (&json!(held.hold), &json!("approved")));
    assert_eq!(rest.last().expect("an end").data["outcome"], "replied");
    assert_eq!(world.server.database.number("select count(*) from note").await, 1);
    for (state, count) in [("done", 1), ("held", 0)] {
        let listed = working.ask("GET", format!("/api/v1/holds?state={state}")).cookie(&owner).send().await.expect(200).json();
        assert_eq!(listed["items"].as_array().expect("items").len(), count, "{state}");
    }
    working.ask("GET", "/api/v1/holds?state=open").cookie(&owner).send().await.expect(422);
    let audited = working.ask("GET", "/api/v1/audit?action=hold.approve").cookie(&owner).send().await.expect(200).json();
    assert_eq!((&audited["items"][0]["object"], &audited["items"][0]["detail"]["envelope_id"]), (&json!(held.hold), &json!(held.envelope)));
}

#[tokio::test]
async fn a_rejection_reaches_the_agent_with_its_reason_and_is_final() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    let reject = || working.ask("POST", format!("/api/v1/holds/{}/reject", held.hold)).cookie(&owner).json(&json!({ "reason": "not before Friday" }));
    let rejected = reject().send().await.expect(200).json();
    assert_eq!((&rejected["state"], &rejected["said"][0]["reason"]), (&json!("rejected"), &json!("not before Friday")));
    reject().send().await.expect(409);
    let body = json!({ "envelope_id": held.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", held.hold)).cookie(&owner).json(&body).send().await.expect(409);
    let rest = held.stream.until_the_end().await;
    assert_eq!(rest.last().expect("an end").name, "run.ended");
    let asked: Vec<Value> = working.model.requests().into_iter().map(|seen| seen.body).collect();
    assert!(asked.last().expect("a request").to_string().contains("not before Friday"));
    assert_eq!(working.world.server.database.number("select count(*) from note").await, 0);
}

#[tokio::test]
async fn guidance_sends_an_action_back_and_its_envelope_is_dead() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    let revise = || working.ask("POST", format!("/api/v1/holds/{}/revise", held.hold)).cookie(&owner).json(&json!({ "guidance": "Say which hall." }));
    let revised = revise().send().await.expect(200).json();
    assert_eq!((&revised["state"], &revised["said"][0]["reason"]), (&json!("revised"), &json!("Say which hall.")));
    revise().send().await.expect(409);
    let body = json!({ "envelope_id": held.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", held.hold)).cookie(&owner).json(&body).send().await.expect(409);
    let rest = held.stream.until_the_end().await;
    let closed = rest.iter().find(|event| event.name == "hold.closed").expect("closed");
    assert_eq!((&closed.data["outcome"], &closed.data["reason"]), (&json!("revised"), &json!("Say which hall.")));
    let asked: Vec<Value> = working.model.requests().into_iter().map(|seen| seen.body).collect();
    assert!(asked.last().expect("a request").to_string().contains("Say which hall."));
    assert_eq!(working.world.server.database.number("select count(*) from note").await, 0);
}

#[tokio::test]
async fn an_action_is_edited_and_approved_as_edited() {
    let working = Working::noting().await;
    let owner = working.world.owner().await;
    let mut held = working.held().await;
    let edit = format!("/api/v1/holds/{}/edit", held.hold);
    let shown = working.ask("GET", format!("/api/v1/holds/{}", held.hold)).cookie(&owner).send().await.expect(200).json();
    let with = |text: Value| {
        let mut arguments = shown["arguments"].clone();
        arguments["text"] = text;
        json!({ "arguments": arguments })
    };
    let token = working.world.token(&working.world.home.actor, &Scope::ALL).await.secret;
    working.ask("POST", edit.as_str()).token(&token).json(&with(json!("x"))).send().await.expect(403);
    working.ask("POST", edit.as_str()).cookie(&working.as_role(Role::Support).await).json(&with(json!("x"))).send().await.expect(403);
    for body in [json!({}), json!({ "arguments": [] }), json!({ "arguments": {} }), with(json!(7))] {
        working.ask("POST", edit.as_str()).cookie(&owner).json(&body).send().await.expect(422);
    }
    let edited = working.ask("POST", edit.as_str()).cookie(&owner).json(&with(json!("Met in Hall 4."))).send().await.expect(200).json();
    assert_eq!((&edited["state"], &edited["edits"], &edited["arguments"]["text"]), (&json!("held"), &json!(held.hold), &json!("Met in Hall 4.")));
    assert_eq!(edited["edited_by"], working.world.home.owner.to_string());
    assert_ne!(edited["envelope_id"], json!(held.envelope));
    working.ask("POST", edit.as_str()).cookie(&owner).json(&with(json!("Again."))).send().await.expect(409);
    // The one that was edited says which took its place, and one that waits is edited into none.
    assert_eq!((&shown["edited_into"], &edited["edited_into"]), (&Value::Null, &Value::Null));
    let before = working.ask("GET", format!("/api/v1/holds/{}", held.hold)).cookie(&owner).send().await.expect(200).json();
    assert_eq!((&before["state"], &before["edited_into"], &before["arguments"]), (&json!("edited"), &edited["hold_id"], &shown["arguments"]));
    let written = "select count(*) from audit_event where action = 'hold.edit' and outcome = 'done' and request_id like 'req\\_%'";
    assert_eq!(working.world.server.database.number(written).await, 1);
    let old = json!({ "envelope_id": held.envelope });
    working.ask("POST", format!("/api/v1/holds/{}/approve", held.hold)).cookie(&owner).json(&old).send().await.expect(409);
    let next = edited["hold_id"].as_str().expect("id");
    let body = json!({ "envelope_id": edited["envelope_id"] });
    working.ask("POST", format!("/api/v1/holds/{next}/approve")).cookie(&owner).json(&body).send().await.expect(200);
    let rest = held.stream.until_the_end().await;
    let told = rest.iter().find(|event| event.name == "hold.edited").expect("edited");
    assert_eq!((&told.data["hold_id"], &told.data["next_hold_id"]), (&json!(held.hold), &json!(next)));
    assert_eq!(working.world.server.database.number("select count(*) from note where text = 'Met in Hall 4.'").await, 1);
    assert_eq!(working.world.server.database.number("select count(*) from note").await, 1);
    let load = working.ask("GET", "/api/v1/approver-load").cookie(&owner).send().await.expect(200).json();
    assert_eq!((&load["waiting"], &load["people"][0]["approved"], &load["expired"]), (&json!(0), &json!(1), &json!(0)));
    working.ask("GET", "/api/v1/approver-load?days=0").cookie(&owner).send().await.expect(422);
}

#[tokio::test]
async fn a_grant_is_given_shown_as_a_rule_and_taken_back() {
    let working = Working::noting().await;
    let world = &working.world;
    let owner = world.owner().await;
    let body = |change: Value| {
        let mut body = json!({
            "workspace_id": world.home.workspace, "agent": "assistant", "tool": "crm.add_note", "uses_max": 3,
            "ranges": { "/contact_id": { "one_of": ["contact_01h2xcejqtf2nbrexx3vqjhp41"] }, "/text": { "letters_max": 50 } },
            "expires_at": (world.server.state.office.clock.now() + time::Duration::days(7)).format(&time::format_description::well_known::Rfc3339).expect("time"),
        });
        body.as_object_mut().expect("object").extend(change.as_object().expect("object").clone());
        body
    };
    let give = |body: Value| working.ask("POST", "/api/v1/grants").cookie(&owner).json(&body);
    for wrong in [
        json!({ "tool": "crm.unknown" }),
        json!({ "agent": "nobody" }),
        json!({ "uses_max": 0 }),
        json!({ "ranges": {} }),
        json!({ "ranges": { "/contact_id": "everything" } }),
        json!({ "expires_at": "2020-01-01T00:00:00Z" }),
    ] {
        give(body(wrong.clone())).send().await.expect(422);
    }
    let given = give(body(json!({}))).send().await.expect(201).json();
    assert!(given["rule"].as_str().expect("rule").contains("contact_01h2xcejqtf2nbrexx3vqjhp41"), "{given}");
    assert_eq!((&given["uses"], &given["uses_max"]), (&json!(0), &json!(3)));
    let written = "select count(*) from audit_event where action = 'grant.give' and outcome = 'done' and request_id like 'req\\_%'";
    assert_eq!(world.server.database.number(written).await, 1);
    let path = format!("/api/v1/grants/{}", given["grant_id"].as_str().expect("id"));
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    working.ask("GET", path.as_str()).cookie(&elsewhere).send().await.expect(404);
    working.ask("DELETE", path.as_str()).cookie(&elsewhere).send().await.expect(404);
    working.ask("DELETE", path.as_str()).cookie(&working.as_role(Role::Support).await).send().await.expect(403);
    let taken = working.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!(taken["revoked_by"], world.home.owner.to_string());
    working.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(409);
}

#[tokio::test]
async fn a_card_is_compared_with_the_last_such_action_for_who_may_see_the_log() {
    let working = Working::noting().await;
    let world = &working.world;
    let held = working.held().await;
    let owner = world.owner().await;
    let path = format!("/api/v1/holds/{}", held.hold);
    let alone = working.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!(alone["last_similar"], json!(null), "there was none: {alone}");
    // The same with other words an hour ago, one that failed and one of unknown end after it, and one after this was held. What stands beside the
    // arguments may be anything, a NUL too.
    let calls = [
        ("call_6_0", "- interval '30 minutes'", "Met never.", "failed"),
        ("call_7_0", "- interval '20 minutes'", "Met nowhere.", "unknown"),
        ("call_8_0", "- interval '1 hour'", "Met before.", "done"),
        ("call_9_0", "+ interval '1 hour'", "Met later.", "done"),
    ];
    for (call, when, words, outcome) in calls {
        let another = format!(
            "set session_replication_role = replica;
             insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf)
             select tenant_id, gen_random_uuid(), gen_random_uuid(), 1, now(), 'agent', 'call.end', '{}/{call}', '{outcome}', '', sha256('') from hold;
             insert into decision select (jsonb_populate_record(one, jsonb_build_object('decision_id', gen_random_uuid(), 'verdict', 'allow', 'call_id', '{call}',
               'decided_at', decided_at {when}, 'record', '{{\"odd\\u0000\":1,' || substr(replace(record, 'Met at the fair.', '{words}'), 2)))).* from decision as one where verdict = 'hold'",
            held.run
        );
        world.server.database.raw(&another).await;
    }
    let shown = working.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    let changes = json!([{ "path": "/text", "before": "Met before.", "now": "Met at the fair." }]);
    assert_eq!((&shown["last_similar"]["run_id"], &shown["last_similar"]["changes"]), (&json!(held.run), &changes), "{shown}");
    let support = working.ask("GET", path.as_str()).cookie(&working.as_role(Role::Support).await).send().await.expect(200).json();
    assert_eq!((&support["last_similar"], &support["hold_id"]), (&json!(null), &json!(held.hold)), "what was done for others is in the log, and not for them");
}

#[tokio::test]
async fn a_card_says_who_was_asked_too_and_when() {
    let working = Working::noting().await;
    let held = working.held().await;
    let path = format!("/api/v1/holds/{}", held.hold);
    let owner = working.world.owner().await;
    let before = working.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!(before["escalated"], json!([]));
    let step = "insert into hold_escalation select tenant_id, hold_id, workspace_id, 30, '{owner}', '2026-03-02 09:30Z' from hold";
    working.world.server.database.raw(step).await;
    let after = working.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!(after["escalated"], json!([{ "after_minutes": 30, "roles": ["owner"], "at": "2026-03-02T09:30:00Z" }]));
}
