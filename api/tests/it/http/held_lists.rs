//! The list of held actions: what narrows it, and that what leaves as a file is what it shows.

use super::sample;
use super::world::World;
use secrecy::SecretString;
use serde_json::Value;
use steward_core::{HoldId, PersonId, Role, Scope, WorkspaceId};

/// Four actions, the oldest first: a note, a payment, a mail with what its tool says of it, and a note that is done.
async fn four(world: &World) -> Vec<HoldId> {
    let mut ids = Vec::new();
    for effect in ["write", "money", "send", "write"] {
        ids.push(sample::hold_of(world, &world.home, effect).await);
    }
    let changes = [
        r#"tool = 'bank.pay_out', agent = 'clerk', needs = '[["owner"],["finance","manager"]]', envelope = '{"arguments":{"payee":"ACME 100%"},"evidence":[]}'"#,
        r#"tool = 'mail.send', needs = '[["support"]]', preview = '{"title":"=Writes to Ada","lines":[]}'"#,
        r#"state = 'done', needs = '[["owner"]]'"#,
    ];
    for (id, change) in ids.iter().skip(1).zip(changes) {
        let text = format!("set session_replication_role = replica; update hold set {change} where hold_id = '{}'", id.uuid());
        world.server.database.raw(&text).await;
    }
    ids
}

/// The places of the actions that a list, two a page, and both files show under these filters: the same in all three.
async fn shown(world: &World, ids: &[HoldId], cookie: &SecretString, query: &str) -> Vec<usize> {
    let place = |id: &str| ids.iter().position(|one| one.to_string() == id).expect("one of ours");
    let id_of = |item: &Value| place(item["hold_id"].as_str().expect("an id"));
    let (mut listed, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.server.ask("GET", format!("/api/v1/holds?limit=2&{query}{cursor}")).cookie(cookie).send().await.expect(200).json();
        listed.extend(page["items"].as_array().expect("items").iter().map(id_of));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let file = async |accept: &str| {
        let path = format!("/api/v1/holds?limit=1&{query}");
        world.server.ask("GET", path).cookie(cookie).header("accept", accept).send().await.expect(200).text()
    };
    let csv = file("text/csv").await;
    let in_csv: Vec<usize> = csv.split_terminator("\r\n").skip(1).map(|line| place(line.rsplit(',').next().expect("a cell"))).collect();
    assert_eq!(in_csv, listed, "the file of `{query}`: {csv}");
    let jsonl = file("application/jsonl").await;
    let in_jsonl: Vec<usize> = jsonl.lines().map(|line| id_of(&serde_json::from_str(line).expect("an object"))).collect();
    assert_eq!(in_jsonl, listed, "the lines of `{query}`: {jsonl}");
    listed
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused_with_its_name_for_the_list_and_for_each_file() {
    let world = World::make().await;
    let owner = world.owner().await;
    for (query, path) in [
        ("state=open", "state"),
        ("effect=steal", "effect"),
        ("role=king", "role"),
        ("run=run_1", "run"),
        ("person=7", "person"),
        ("workspace=x", "workspace"),
        ("mine=perhaps", "mine"),
        ("limit=0", "limit"),
        ("tool=%00", "query"),
    ] {
        for accept in ["application/json", "text/csv", "application/jsonl"] {
            let reply = world.server.ask("GET", format!("/api/v1/holds?{query}")).cookie(&owner).header("accept", accept).send().await.expect(422).json();
            assert_eq!(reply["errors"][0]["path"], path, "{query}: {reply}");
        }
    }
    world.server.ask("GET", "/api/v1/holds?urgency=high").cookie(&owner).header("accept", "text/csv").send().await.expect(422);
    // A file is no way around who may see the list.
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    world.server.ask("GET", "/api/v1/holds").header("accept", "text/csv").send().await.expect(401);
    world.server.ask("GET", "/api/v1/holds").token(&token).header("accept", "text/csv").send().await.expect(403);
}

#[tokio::test]
async fn held_actions_leave_as_the_list_shows_them_under_the_same_filters() {
    let world = World::make().await;
    let owner = world.owner().await;
    let ids = four(&world).await;
    sample::hold_of(&world, &world.other, "money").await;
    let first = world.server.ask("GET", format!("/api/v1/holds/{}", ids[0])).cookie(&owner).send().await.expect(200).json();
    let ours = (format!("person={}", world.home.owner), format!("workspace={}", world.home.workspace));
    let make = &world.server.state.office.ids;
    let nobody = (format!("person={}", make.make::<PersonId>()), format!("workspace={}", make.make::<WorkspaceId>()));
    let run = format!("run={}", first["run_id"].as_str().expect("a run"));
    for (query, expect) in [
        ("", &[3, 2, 1, 0][..]),
        ("state=held", &[0, 1, 2]),
        ("state=done", &[3]),
        ("effect=money", &[1]),
        ("effect=read", &[]),
        ("tool=crm.*", &[3, 0]),
        ("tool=bank.pay_out", &[1]),
        ("tool=crm_add_note", &[]),
        ("agent=clerk", &[1]),
        (&ours.0, &[3, 2, 1, 0]),
        (&ours.1, &[3, 2, 1, 0]),
        (&nobody.0, &[]),
        (&nobody.1, &[]),
        (&run, &[0]),
        ("role=manager", &[1, 0]),
        ("role=finance", &[1]),
        ("role=support", &[2]),
        ("role=auditor", &[]),
        ("q=WRITES+ada", &[2]),
        ("q=acme", &[1]),
        ("q=100%25", &[1]),
        ("q=0%25%25", &[]),
        ("q=pay+ada", &[]),
        // What a proposal is written in is no word of it.
        ("q=evidence", &[]),
        ("q=++", &[3, 2, 1, 0]),
        ("mine=true", &[3, 1, 0]),
        ("mine=false", &[3, 2, 1, 0]),
        ("state=held&role=manager&effect=write&q=note", &[0]),
        ("state=held&mine=true&tool=b*", &[1]),
        ("state=held&agent=clerk&role=support", &[]),
    ] {
        assert_eq!(shown(&world, &ids, &owner, query).await, expect, "{query}");
    }
    for (role, expect) in [(Role::Manager, &[1, 0][..]), (Role::Support, &[2]), (Role::Auditor, &[])] {
        assert_eq!(shown(&world, &ids, &world.session(role).await.secret, "mine=true").await, expect, "{role}");
    }
    // A token never decides, whosever it is.
    let token = world.token(&world.home.actor, &[Scope::Read]).await.secret;
    for (query, count) in [("mine=true", 0), ("", 4)] {
        let page = world.server.ask("GET", format!("/api/v1/holds?{query}")).token(&token).send().await.expect(200).json();
        assert_eq!(page["items"].as_array().expect("items").len(), count, "{query}");
    }
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    let theirs = world.server.ask("GET", "/api/v1/holds?agent=clerk").cookie(&elsewhere).header("accept", "text/csv").send().await.expect(200).text();
    assert_eq!(theirs.lines().count(), 1, "the heading alone: {theirs}");
}

#[tokio::test]
async fn a_held_action_with_nul_in_its_proposal_is_found_and_hides_no_other() {
    let world = World::make().await;
    let owner = world.owner().await;
    let ids = four(&world).await;
    let envelope = r#"{"arguments":{"payee":"ACME","place":"C:\\u0000"},"evidence":[{"from":"result","path":"/odd\u0000name"}]}"#;
    let text = format!("set session_replication_role = replica; update hold set envelope = '{envelope}' where hold_id = '{}'", ids[1].uuid());
    world.server.database.raw(&text).await;
    for (query, expect) in [("q=acme", &[1][..]), ("q=ada", &[2]), ("q=odd", &[]), ("state=held&q=acme", &[1]), ("state=held&q=ada", &[2])] {
        assert_eq!(shown(&world, &ids, &owner, query).await, expect, "{query}");
    }
}

#[tokio::test]
async fn held_actions_leave_as_csv_that_no_spreadsheet_computes_and_as_a_pages_items() {
    let world = World::make().await;
    let owner = world.owner().await;
    four(&world).await;
    let ask = || world.server.ask("GET", "/api/v1/holds?effect=send").cookie(&owner);
    let reply = ask().header("accept", "application/json;q=0.5, text/csv").send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"held.csv\""));
    let text = reply.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "held_at,state,tool,effect,about,needs,people,reason,rules,arguments,expires_at,decided_at,closed_at,run_id,call_id,person_id,agent,workspace_id,hold_id"
    );
    assert!(lines[1].contains(",held,mail.send,send,'=Writes to Ada,support,1,A sample.,,{},2100-01-01T00:00:00Z,,,run_"), "{text}");
    let reply = ask().header("accept", "application/jsonl").send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/jsonl"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"held.jsonl\""));
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let page = ask().send().await.expect(200).json();
    assert_eq!(page["items"].as_array(), Some(&lines), "the same as on the page");
}

#[tokio::test]
async fn held_actions_that_are_more_than_a_page_leave_each_once_in_the_order_in_which_they_lapse() {
    let world = World::make().await;
    let owner = world.owner().await;
    let one = sample::hold_of(&world, &world.home, "write").await;
    // Several lapse at the same moment.
    let more = format!(
        "set session_replication_role = replica;
         insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state,
                           held_at, expires_at, people, separate, ask)
         select tenant_id, gen_random_uuid(), workspace_id, run_id, 'call_9_' || number, person_id, agent, 'x.' || number, effect, envelope_id, envelope, needs,
                reason, rules, state, held_at, timestamptz '2099-01-01 00:00Z' + (number % 7) * interval '1 hour', people, separate, ask
           from hold, generate_series(1, 450) as number where hold_id = '{}'",
        one.uuid()
    );
    world.server.database.raw(&more).await;
    for query in ["state=held&tool=x.*", "tool=x.*"] {
        let reply = world.server.ask("GET", format!("/api/v1/holds?{query}")).cookie(&owner).header("accept", "application/jsonl").send().await.expect(200);
        let items: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        let mut tools: Vec<&str> = items.iter().map(|item| item["tool"].as_str().expect("a tool")).collect();
        let until: Vec<&str> = items.iter().map(|item| item["expires_at"].as_str().expect("a time")).collect();
        assert!(query.starts_with("tool") || until.is_sorted(), "{query}");
        tools.sort_unstable();
        tools.dedup();
        assert_eq!((tools.len(), items.len()), (450, 450), "{query}");
    }
}
