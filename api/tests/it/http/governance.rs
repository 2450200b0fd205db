//! What the house is governed by, and what is written down of it.

use super::working::{NO_COMPANIES, Working};
use super::world::World;
use serde_json::{Value, json};
use steward_core::{AuditId, Clock, Role, Scope};
use steward_office::audit::leaf_of;
use steward_office::audit::note::Signer;
use steward_office::audit::sequence::Sequencer;
use steward_policies::{Rules, shipped_rules};

#[tokio::test]
async fn budgets_limit_something_that_is_there() {
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let owner = world.owner().await;
    let put = |body: &Value| working.ask("PUT", "/api/v1/budgets").cookie(&owner).json(body);
    for (body, path) in [
        (json!({ "scope": "organisation", "period": "day" }), "/cap_micros"),
        (json!({ "scope": "planet", "period": "day", "cap_micros": 1 }), "/scope"),
        (json!({ "scope": "organisation", "period": "week", "cap_micros": 1 }), "/period"),
        (json!({ "scope": "organisation", "period": "day", "cap_micros": -1 }), "/cap_micros"),
        (json!({ "scope": "organisation", "period": "day", "cap_micros": 1.5 }), "/cap_micros"),
        (json!({ "scope": "organisation", "scope_id": "x", "period": "day", "cap_micros": 1 }), "/scope_id"),
        (json!({ "scope": "workspace", "period": "day", "cap_micros": 1 }), "/scope_id"),
        (json!({ "scope": "workspace", "scope_id": world.other.workspace, "period": "day", "cap_micros": 1 }), "/scope_id"),
        (json!({ "scope": "person", "scope_id": world.other.owner, "period": "day", "cap_micros": 1 }), "/scope_id"),
        (json!({ "scope": "agent", "scope_id": "nobody", "period": "day", "cap_micros": 1 }), "/scope_id"),
    ] {
        let reply = put(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{body}: {reply}");
    }
    for role in [Role::Manager, Role::Finance, Role::Auditor] {
        let body = json!({ "scope": "organisation", "period": "day", "cap_micros": 1 });
        working.ask("PUT", "/api/v1/budgets").cookie(&working.as_role(role).await).json(&body).send().await.expect(403);
    }
    working.ask("GET", "/api/v1/budgets").cookie(&working.as_role(Role::Support).await).send().await.expect(403);
    assert_eq!(world.server.database.number("select count(*) from budget").await, 0);

    let body = json!({ "scope": "agent", "scope_id": "assistant", "period": "day", "cap_micros": 5_000_000 });
    let made = put(&body).send().await.expect(200).json();
    let changed = put(&json!({ "scope": "agent", "scope_id": "assistant", "period": "day", "cap_micros": 0 })).send().await.expect(200).json();
    assert_eq!((&made["budget_id"], &made["cap_micros"], &changed["cap_micros"]), (&changed["budget_id"], &json!(5_000_000), &json!(0)));
    put(&json!({ "scope": "workspace", "scope_id": world.home.workspace, "period": "month", "cap_micros": 7 })).send().await.expect(200);
    let listed = working.ask("GET", "/api/v1/budgets").cookie(&working.as_role(Role::Finance).await).send().await.expect(200).json();
    assert_eq!((listed["items"].as_array().expect("items").len(), &listed["items"][0]), (2, &changed));
    let audited = working.ask("GET", "/api/v1/audit?action=budget.put").cookie(&owner).send().await.expect(200).json();
    assert_eq!(audited["items"].as_array().expect("items").len(), 3);
    // A limit of nothing lets no run ask a model; whoever follows it hears that it waits.
    let (_, run) = working.say(&owner, "Hello").await;
    let mut listening = super::working::Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await;
    let events = listening.until("budget.held").await;
    let waits = &events.last().expect("a wait").data;
    let hold = waits["budget_hold_id"].as_str().expect("its id").to_owned();
    let refuse = format!("/api/v1/budgets/holds/{hold}/refuse");
    working.ask("POST", refuse).cookie(&owner).json(&json!({ "reason": "Not today." })).send().await.expect(200);
    let events = listening.until_the_end().await;
    let end = &events.last().expect("an end").data;
    assert!(end["outcome"] == "budget_limit" && end["message"].as_str().expect("message").contains("Not today."), "{events:?}");
    assert!(events.iter().any(|event| event.name == "budget.decided" && event.data["outcome"] == "rejected"), "{events:?}");
}

#[tokio::test]
async fn models_are_told_with_their_price_and_their_agents_and_never_with_address_or_key() {
    let working = Working::saying("Hello.").await;
    let get = || working.ask("GET", "/api/v1/models");
    get().send().await.expect(401);
    let token = working.world.token(&working.world.home.actor, &[Scope::Converse]).await.secret;
    get().token(&token).send().await.expect(403);
    let listed = get().cookie(&working.as_role(Role::Support).await).send().await.expect(200).json();
    let price = json!({ "input_micros": 150_000, "cached_micros": 75_000, "output_micros": 600_000 });
    let strong = json!({
        "name": "strong", "model": "gpt-4o-mini", "provider": "openai", "price": price, "is_price_known": true, "fallback": [], "agents": ["assistant"],
    });
    // All of it: an address or a key would be one field more.
    assert_eq!(listed, json!({ "items": [strong], "next_cursor": null }));
}

#[tokio::test]
async fn tools_prompts_policies_and_agents_are_shown_as_they_are() {
    let model = steward_agent::testing::ScriptedModel::start(Vec::new()).await;
    let working = Working::with(model, &[NO_COMPANIES]).await;
    let state = &working.world.server.state;
    let support = working.as_role(Role::Support).await;
    let get = async |path: &str| working.ask("GET", path).cookie(&support).send().await.expect(200).json();

    let tools = get("/api/v1/tools").await;
    let tools = tools["items"].as_array().expect("items");
    assert_eq!(tools.len(), state.host.specs().len());
    let note = tools.iter().find(|tool| tool["name"] == "crm.add_note").expect("the tool");
    assert_eq!((&note["effect"], &note["roles"]["contact_id"]), (&json!("write"), &json!("id:contact")));
    let spec = state.host.tool("crm.add_note").expect("the tool");
    assert_eq!(note["plugin_digest"], spec.spec().plugin_digest.to_string());
    assert_eq!(note["schema_digest"], spec.spec().schema_digest.to_string());

    let plugins = get("/api/v1/plugins").await;
    let crm = plugins["items"].as_array().expect("items").iter().find(|plugin| plugin["name"] == "crm").expect("the plugin");
    let loaded = state.host.plugins().into_iter().find(|plugin| plugin.name == "crm").expect("the plugin");
    assert_eq!((&crm["digest"], &crm["imports"]), (&json!(loaded.digest), &json!(loaded.imports)));
    assert_eq!((&crm["limits"]["fuel"], &crm["limits"]["deadline_ms"]), (&json!(loaded.limits.fuel), &json!(loaded.limits.deadline_ms)));
    let own = tools.iter().filter(|tool| tool["plugin"] == format!("crm@{}", loaded.version)).count();
    assert_eq!((crm["tools"].as_array().expect("tools").len(), own > 0), (own, true), "each tool of a plugin is one of its tools");

    let prompts = get("/api/v1/prompts").await;
    let listed = prompts["items"].as_array().expect("items").iter().find(|prompt| prompt["labels"].to_string().contains("production")).expect("in production");
    let shown = get("/api/v1/prompts/assistant/production").await;
    assert_eq!((&shown["version"], &shown["digest"]), (&listed["version"], &listed["digest"]));
    assert!(shown["text"].as_str().expect("text").len() > 100, "{shown}");
    assert_eq!(get(&format!("/api/v1/prompts/assistant/{}", shown["version"])).await, shown);
    for path in ["assistant/99", "assistant/0", "assistant/01", "assistant/%00", "nobody/1", "..%2F..%2Fetc/passwd", "assistant/production@1"] {
        let reply = working.ask("GET", format!("/api/v1/prompts/{path}")).cookie(&support).send().await.expect(404).json();
        assert_eq!(reply["code"], "missing", "{path}");
    }

    let policies = get("/api/v1/policies").await;
    assert_eq!(policies["digest"], state.rules.base().digest().to_string());
    let rule = policies["rules"].as_array().expect("rules").iter().find(|rule| rule["id"] == "test-no-companies").expect("the rule");
    assert_eq!((&rule["effect"], &rule["reason"]), (&json!("forbid"), &json!("No companies in this test.")));
    assert!(rule["text"].as_str().expect("text").contains("crm.create_company"), "{rule}");

    let agents = get("/api/v1/agents").await;
    assert_eq!((&agents["items"][0]["name"], &agents["items"][0]["tools"]), (&json!("assistant"), &json!(["crm.*", "documents.*"])));
    assert_eq!(agents["items"][0]["prompt_digest"], shown["digest"]);
    assert_eq!(agents["items"][0]["mode"], state.agents["assistant"].mode.name());
}

#[tokio::test]
async fn other_rules_are_tried_on_what_is_on_record_and_change_nothing() {
    let model = steward_agent::testing::ScriptedModel::start(vec![
        steward_agent::testing::Reply::call("crm.find_contacts", json!({ "query": "Lena" })),
        steward_agent::testing::Reply::call("crm.create_company", json!({ "name": "Birch" })),
        steward_agent::testing::Reply::text("No companies here."),
    ])
    .await;
    let working = Working::with(model, &[NO_COMPANIES]).await;
    let state = &working.world.server.state;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Add the company Birch.").await;
    super::working::Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
    let before = state.rules.base().digest();
    let try_rules = |cookie: &secrecy::SecretString, body: &Value| working.ask("POST", "/api/v1/policies/backtest").cookie(cookie).json(body).send();

    let everything = json!({ "name": "all.cedar", "text": "@id(\"all\") @reason(\"All.\") permit (principal, action, resource);" });
    for (body, path, says) in [
        (json!({ "files": [] }), "/files", "no rule"),
        (json!({ "files": [{ "name": "a.cedar", "text": "permit (principal action" }] }), "/files", "a.cedar:1"),
        (json!({ "files": [{ "name": "a.cedar", "text": "permit (principal, action, resource) when { context.nothing };" }] }), "/files", "a.cedar:1"),
        (json!({ "files": [everything], "decisions": 10_001 }), "/decisions", "10000"),
        (json!({ "files": [everything], "more": 1 }), "/more", ""),
    ] {
        let reply = try_rules(&owner, &body).await.expect(422).json();
        let error = &reply["errors"][0];
        assert!(error["path"] == path && error["message"].as_str().expect("words").contains(says), "{body}: {reply}");
    }
    try_rules(&working.as_role(Role::Support).await, &json!({ "files": [everything] })).await.expect(403);

    let reply = try_rules(&owner, &json!({ "files": [everything] })).await.expect(200).json();
    assert_eq!((&reply["in_force"], &reply["looser"], &reply["added"]), (&json!(before.to_string()), &json!(true), &json!(["all"])), "{reply}");
    assert!(reply["removed"].as_array().expect("rules").contains(&json!("test-no-companies")), "{reply}");
    let decisions = &reply["decisions"];
    assert_eq!((&decisions["judged"], &decisions["newly_allowed"]), (&json!(2), &json!(1)), "{reply}");
    assert_eq!(decisions["differences"][0]["tool"], "crm.create_company");
    assert_eq!((&decisions["differences"][0]["was"], &decisions["differences"][0]["now"]), (&json!("block"), &json!("allow")));
    let none = try_rules(&owner, &json!({ "files": [everything], "decisions": 0 })).await.expect(200).json();
    assert_eq!((&none["decisions"]["judged"], &none["chosen"]), (&json!(0), &Value::Null));
    // One that is named is judged whichever others are, and told apart.
    let actions = working.ask("GET", "/api/v1/actions?tool=crm.create_company").cookie(&owner).send().await.expect(200).json();
    let named = json!({ "files": [everything], "decisions": 0, "decision_id": actions["items"][0]["decision_id"] });
    let reply = try_rules(&owner, &named).await.expect(200).json();
    let chosen = &reply["chosen"];
    assert_eq!((&reply["decisions"]["judged"], &chosen["decision_id"]), (&json!(0), &named["decision_id"]), "{reply}");
    assert_eq!(
        (&chosen["was"], &chosen["now"], &chosen["now_by"], &chosen["why_not"]),
        (&json!("block"), &json!("allow"), &json!(["all"]), &Value::Null),
        "{reply}"
    );
    try_rules(&owner, &json!({ "files": [everything], "decision_id": "dec_01h2xcejqtf2nbrexx3vqjhp41" })).await.expect(404);
    try_rules(&owner, &json!({ "files": [everything], "decision_id": "the last" })).await.expect(422);
    assert_eq!(state.rules.base().digest(), before, "nothing changes");
    // Another organisation's decisions are not judged.
    let other = &working.world.other;
    let stranger = other.session_of(&working.world.server, other.owner).await.secret;
    let elsewhere = try_rules(&stranger, &json!({ "files": [everything] })).await.expect(200).json();
    assert_eq!(elsewhere["decisions"]["judged"], 0);
    try_rules(&stranger, &named).await.expect(404);
}

#[tokio::test]
async fn the_audit_log_leaves_whole_and_can_be_checked() {
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let owner = world.owner().await;
    for role in [Role::Manager, Role::Finance, Role::Support] {
        for path in ["/api/v1/audit", "/api/v1/audit/export"] {
            working.ask("GET", path).cookie(&working.as_role(role).await).send().await.expect(403);
        }
    }
    // An auditor of one workspace would learn of the others.
    let narrow = world.person(Role::Auditor, Some(world.home.workspace)).await;
    let narrow = world.home.session_of(&world.server, narrow).await.secret;
    for path in ["/api/v1/audit", "/api/v1/audit/export"] {
        working.ask("GET", path).cookie(&narrow).send().await.expect(403);
    }
    for number in 0..210 {
        let body = json!({ "agent": "assistant", "title": format!("Number {number}") });
        working.ask("POST", "/api/v1/conversations").cookie(&owner).json(&body).send().await.expect(201);
    }
    let auditor = working.as_role(Role::Auditor).await;
    let rows = world.server.database.number(&format!("select count(*) from audit_event where tenant_id = '{}'", world.home.tenant.uuid())).await;
    let reply = working.ask("GET", "/api/v1/audit/export").cookie(&auditor).send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/jsonl"));
    let entries: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(i64::try_from(entries.len()), Ok(rows), "every entry, and only this organisation's");
    for entry in &entries {
        let canon = entry["canon"].as_str().expect("canon");
        assert_eq!(entry["leaf"], leaf_of(canon.as_bytes()).to_string());
        assert_eq!(serde_json::from_str::<Value>(canon).expect("JSON")["action"], entry["action"]);
    }
    let ids: Vec<AuditId> = entries.iter().map(|entry| entry["audit_id"].as_str().expect("id").parse().expect("id")).collect();
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
    let begun = working.ask("GET", "/api/v1/audit/export?action=conversation.create").cookie(&auditor).send().await.expect(200).text();
    assert_eq!(begun.lines().count(), 210);
    for (query, count) in [("from=2000-01-01", 210), ("to=2000-01-01", 0), ("from=2000-01-01&to=2100-01-01T00:00:00Z", 210), ("from=2100-01-01", 0)] {
        let part = working.ask("GET", format!("/api/v1/audit/export?action=conversation.create&{query}")).cookie(&auditor).send().await.expect(200).text();
        assert_eq!(part.lines().count(), count, "{query}");
    }
    working.ask("GET", "/api/v1/audit/export?from=yesterday").cookie(&auditor).send().await.expect(422);
    let first: Value = serde_json::from_str(begun.lines().next().expect("an entry")).expect("JSON");
    let canon: Value = serde_json::from_str(first["canon"].as_str().expect("canon")).expect("JSON");
    assert!(canon["actor"]["session"].as_str().is_some_and(|id| id.starts_with("session_")), "{canon}");
    assert_eq!(canon["actor"]["method"], "link", "how they had signed in: {canon}");
    let page = working.ask("GET", "/api/v1/audit?action=conversation.create&limit=3").cookie(&auditor).send().await.expect(200).json();
    assert_eq!((page["items"].as_array().expect("items").len(), &page["items"][0]["detail"]["agent"]), (3, &json!("assistant")));
    assert!(page["next_cursor"].is_string(), "{page}");
}

#[tokio::test]
async fn the_audit_log_leaves_as_csv_that_no_spreadsheet_computes() {
    const FORMULAS: usize = 210;
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let owner = world.owner().await;
    let ask = |query: &str| working.ask("GET", format!("/api/v1/audit/export{query}")).header("accept", "application/json;q=0.5, text/csv");
    ask("").send().await.expect(401);
    ask("").cookie(&working.as_role(Role::Manager).await).send().await.expect(403);
    let narrow = world.person(Role::Auditor, Some(world.home.workspace)).await;
    ask("").cookie(&world.home.session_of(&world.server, narrow).await.secret).send().await.expect(403);
    ask("?from=yesterday").cookie(&owner).send().await.expect(422);

    // More than a page of entries whose object a spreadsheet would compute.
    let formulas = format!(
        "insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf)
         select tenant_id, gen_random_uuid(), gen_random_uuid(), 1, at, actor_kind, 'test.formula', '=cmd()|calc', outcome, canon, leaf
           from (select * from audit_event where tenant_id = '{}' limit 1) as one, generate_series(1, {FORMULAS})",
        world.home.tenant.uuid()
    );
    world.server.database.raw(&formulas).await;
    let reply = ask("").cookie(&owner).send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"audit.csv\""));
    let text = reply.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "at,action,object,outcome,actor_kind,person_id,request_id,writer_id,writer_seq,audit_id,leaf,canon");
    let rows = world.server.database.number(&format!("select count(*) from audit_event where tenant_id = '{}'", world.home.tenant.uuid())).await;
    assert_eq!(i64::try_from(lines.len() - 1), Ok(rows), "every entry, and only this organisation's");
    assert_eq!(lines.iter().filter(|line| line.contains(",test.formula,'=cmd()|calc,")).count(), FORMULAS);
    for line in &lines[1..] {
        // The exact bytes come last: they are JSON, and so they have quotes, which a cell writes twice.
        let (fields, canon) = line.split_once(",\"{").expect("the exact bytes");
        let canon = format!("{{{}", canon.strip_suffix('"').expect("the end of the cell").replace("\"\"", "\""));
        assert_eq!(fields.rsplit(',').next(), Some(leaf_of(canon.as_bytes()).to_string().as_str()), "{line}");
        assert!(fields.split(',').all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{line}");
    }
    let part = ask("?action=test.*").cookie(&owner).send().await.expect(200).text();
    assert_eq!(part.lines().count(), 1 + FORMULAS, "the same filters, and one heading");

    // What names no kind of file that there is gets what was always given.
    let reply = working.ask("GET", "/api/v1/audit/export").header("accept", "application/json").cookie(&owner).send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/jsonl"));
}

#[tokio::test]
async fn the_audit_log_is_read_from_either_end_and_of_one_run() {
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let owner = world.owner().await;
    let mut runs = Vec::new();
    for words in ["One", "Two"] {
        let (_, run) = working.say(&owner, words).await;
        super::working::Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
        runs.push(run.to_string());
    }
    working.ask("GET", "/api/v1/audit?order=sideways").cookie(&owner).send().await.expect(422);
    working.ask("GET", "/api/v1/audit?run=nonsense").cookie(&owner).send().await.expect(422);
    let read = async |query: String| -> Vec<String> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = working.ask("GET", format!("/api/v1/audit?limit=2{query}{cursor}")).cookie(&owner).send().await.expect(200).json();
            found.extend(page["items"].as_array().expect("items").iter().map(|item| format!("{} {}", item["audit_id"], item["object"])));
            let Some(next) = page["next_cursor"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    let oldest = read(String::new()).await;
    let mut newest = read("&order=newest".to_owned()).await;
    newest.reverse();
    assert_eq!(newest, oldest, "the same entries, from the other end, each once");
    for run in &runs {
        let found = read(format!("&order=newest&run={run}")).await;
        let expected: Vec<&String> = oldest.iter().rev().filter(|entry| entry.contains(run.as_str())).collect();
        assert!(!expected.is_empty(), "{oldest:?}");
        assert_eq!(found.iter().collect::<Vec<_>>(), expected);
    }
    let stranger = world.other.session_of(&world.server, world.other.owner).await.secret;
    let theirs = working.ask("GET", format!("/api/v1/audit?run={}", runs[0])).cookie(&stranger).send().await.expect(200).json();
    assert_eq!(theirs["items"], json!([]), "nothing of another organisation's run");

    // One entry alone, wherever it stands in the log.
    let id = oldest[0].split('"').nth(1).expect("an id").to_owned();
    let one = format!("/api/v1/audit/{id}");
    let narrow = world.person(Role::Auditor, Some(world.home.workspace)).await;
    let narrow = world.home.session_of(&world.server, narrow).await.secret;
    working.ask("GET", one.as_str()).send().await.expect(401);
    working.ask("GET", one.as_str()).cookie(&working.as_role(Role::Manager).await).send().await.expect(403);
    working.ask("GET", one.as_str()).cookie(&narrow).send().await.expect(403);
    working.ask("GET", one.as_str()).cookie(&stranger).send().await.expect(404);
    working.ask("GET", "/api/v1/audit/nonsense").cookie(&owner).send().await.expect(404);
    let listed = working.ask("GET", "/api/v1/audit?limit=1").cookie(&owner).send().await.expect(200).json();
    assert_eq!(working.ask("GET", one.as_str()).cookie(&owner).send().await.expect(200).json(), listed["items"][0]);
}

#[tokio::test]
async fn the_audit_log_is_read_by_the_beginning_of_an_action_by_person_and_by_time() {
    let working = Working::saying("Hello.").await;
    let world = &working.world;
    let owner = world.owner().await;
    let manager = world.session(Role::Manager).await;
    for who in [&owner, &manager.secret, &owner] {
        let body = json!({ "agent": "assistant", "title": "Hello" });
        working.ask("POST", "/api/v1/conversations").cookie(who).json(&body).send().await.expect(201);
    }
    for query in ["person=nonsense", "from=yesterday", "to=later"] {
        working.ask("GET", format!("/api/v1/audit?{query}")).cookie(&owner).send().await.expect(422);
        working.ask("GET", format!("/api/v1/audit/export?{query}")).cookie(&owner).send().await.expect(422);
    }
    let (of_owner, of_manager) = (format!("person={}", world.home.owner), format!("person={}", manager.session.person_id));
    for (query, count) in [
        // Without the star it is a name and no beginning.
        ("action=conversation".to_owned(), 0),
        ("action=conversation.*".to_owned(), 3),
        ("action=conversation.create".to_owned(), 3),
        ("action=conversation.create*".to_owned(), 3),
        ("action=conversation.c%25".to_owned(), 0),
        (format!("action=conversation.*&{of_owner}"), 2),
        (format!("action=conversation.*&{of_manager}"), 1),
        (format!("action=nothing.*&{of_manager}"), 0),
        ("action=conversation.*&from=2000-01-01&to=2100-01-01".to_owned(), 3),
        ("action=conversation.*&from=2100-01-01".to_owned(), 0),
        ("action=conversation.*&to=2000-01-01".to_owned(), 0),
    ] {
        for order in ["oldest", "newest"] {
            let page = working.ask("GET", format!("/api/v1/audit?order={order}&{query}")).cookie(&owner).send().await.expect(200).json();
            assert_eq!(page["items"].as_array().expect("items").len(), count, "{order} {query}");
        }
        let lines = working.ask("GET", format!("/api/v1/audit/export?{query}")).cookie(&owner).send().await.expect(200).text();
        assert_eq!(lines.lines().count(), count, "{query}");
    }
}

#[tokio::test]
async fn what_was_always_approved_is_suggested_and_never_what_was_refused_once() {
    let working = Working::noting().await;
    let world = &working.world;
    let held = working.held().await;
    let owner = world.owner().await;
    let ask = |query: &str| working.ask("GET", format!("/api/v1/policies/suggestions{query}"));
    for wrong in ["?days=0", "?days=367", "?least=2", "?least=1001", "?which=all"] {
        ask(wrong).cookie(&owner).send().await.expect(422);
    }
    ask("").cookie(&working.as_role(Role::Support).await).send().await.expect(403);
    assert_eq!(ask("").cookie(&owner).send().await.expect(200).json(), json!({ "items": [] }));
    // Under the shipped rules, notes on a contact that only text from outside named wait; twelve were approved.
    let rules = Rules::load(&shipped_rules(), &world.server.state.host.specs()).expect("rules");
    world.server.state.rules.replace(rules);
    let copies = "set session_replication_role = replica;
        update decision set record = jsonb_set(record::jsonb, '{facts,ref}', '\"outside\"')::text where verdict = 'hold';
        insert into hold select (jsonb_populate_record(one, jsonb_build_object('hold_id', gen_random_uuid(), 'call_id', 'call_8_' || number, 'state', 'done'))).*
          from hold as one, generate_series(1, 12) as number where state = 'held';
        insert into decision select (jsonb_populate_record(one, jsonb_build_object('decision_id', gen_random_uuid(), 'call_id', 'call_8_' || number))).*
          from decision as one, generate_series(1, 12) as number where verdict = 'hold'";
    world.server.database.raw(copies).await;
    assert_eq!(ask("?least=13").cookie(&owner).send().await.expect(200).json()["items"], json!([]), "not that often");
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    assert_eq!(ask("").cookie(&elsewhere).send().await.expect(200).json()["items"], json!([]), "not theirs");
    let found = ask("").cookie(&owner).send().await.expect(200).json();
    let one = &found["items"][0];
    assert_eq!((&one["tool"], &one["approved"], &one["covers"]), (&json!("crm.add_note"), &json!(12), &json!(12)), "{found}");
    // The one that still waits would have run too.
    assert_eq!((&one["backtest"]["newly_allowed"], &one["backtest"]["newly_blocked"]), (&json!(13), &json!(0)), "{found}");
    let shown = working.ask("GET", format!("/api/v1/holds/{}", held.hold)).cookie(&owner).send().await.expect(200).json();
    let rule = one["rule"].as_str().expect("rule");
    assert!(rule.contains(shown["arguments"]["contact_id"].as_str().expect("id")) && rule.contains(&world.home.workspace.to_string()), "{rule}");
    // Nothing is put in force.
    let in_force = working.ask("GET", "/api/v1/policies").cookie(&owner).send().await.expect(200).json();
    assert!(!in_force.to_string().contains(one["id"].as_str().expect("id")), "{in_force}");
    for state in ["rejected", "revised", "edited"] {
        let sql = format!("set session_replication_role = replica; update hold set state = '{state}' where call_id = 'call_8_1'");
        world.server.database.raw(&sql).await;
        assert_eq!(ask("").cookie(&owner).send().await.expect(200).json()["items"], json!([]), "{state} once");
    }
}

#[tokio::test]
async fn the_audit_log_is_checked_from_the_web_and_says_what_was_changed() {
    let world = World::make().await;
    for role in [Role::Manager, Role::Finance, Role::Support] {
        let session = world.session(role).await.secret;
        world.server.ask("GET", "/api/v1/audit/verification").cookie(&session).send().await.expect(403);
    }
    let narrow = world.person(Role::Auditor, Some(world.home.workspace)).await;
    let narrow = world.home.session_of(&world.server, narrow).await.secret;
    world.server.ask("GET", "/api/v1/audit/verification").cookie(&narrow).send().await.expect(403);
    let owner = world.owner().await;
    let check = async || world.server.ask("GET", "/api/v1/audit/verification").cookie(&owner).send().await.expect(200).json();
    let before = check().await;
    assert_eq!((&before["whole"], &before["signed"], &before["checkpoint"]), (&json!(true), &json!(0), &Value::Null), "nothing is signed yet: {before}");
    assert_eq!(before["waiting"].as_u64(), u64::try_from(entries_of(&world).await).ok());

    let dir = std::env::temp_dir().join(format!("stw-signed-{}", world.home.tenant));
    let signer = Signer::from_secret(&[7; 32]).expect("a key");
    Sequencer::new(signer, &dir, Clock::System).pass(&world.server.database.worker, world.home.tenant).await.expect("signed");
    let signed = check().await;
    assert_eq!((&signed["whole"], &signed["problems"], &signed["waiting"]), (&json!(true), &json!([]), &json!(0)), "{signed}");
    assert_eq!((signed["signed"].as_u64(), &signed["entries"]), (u64::try_from(entries_of(&world).await).ok(), &signed["signed"]));
    assert_eq!(signed["checkpoint"]["tree_size"], signed["signed"]);

    let change = "set session_replication_role = replica; update audit_event set object = 'somebody else' where audit_id = (select audit_id from audit_event order by audit_id limit 1)";
    world.server.database.raw(change).await;
    let found = check().await;
    assert_eq!(found["whole"], false);
    assert!(found["problems"][0].as_str().is_some_and(|problem| problem.contains("`object`")), "{found}");
    std::fs::remove_dir_all(&dir).expect("removed");
}

#[tokio::test]
async fn checkpoints_are_read_from_either_end() {
    let world = World::make().await;
    let owner = world.owner().await;
    world.server.ask("GET", "/api/v1/audit/checkpoints?order=sideways").cookie(&owner).send().await.expect(422);
    let support = world.session(Role::Support).await.secret;
    world.server.ask("GET", "/api/v1/audit/checkpoints?order=newest").cookie(&support).send().await.expect(403);

    let dir = std::env::temp_dir().join(format!("stw-checkpoints-{}", world.home.tenant));
    let sequencer = Sequencer::new(Signer::from_secret(&[7; 32]).expect("a key"), &dir, Clock::System);
    for name in ["One", "Two", "Three"] {
        world.server.ask("POST", "/api/v1/workspaces").cookie(&owner).json(&json!({ "name": name })).send().await.expect(201);
        sequencer.pass(&world.server.database.worker, world.home.tenant).await.expect("signed");
    }
    let read = async |order: &str| -> Vec<u64> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = world.server.ask("GET", format!("/api/v1/audit/checkpoints?limit=1{order}{cursor}")).cookie(&owner).send().await.expect(200).json();
            found.extend(page["items"].as_array().expect("items").iter().filter_map(|item| item["tree_size"].as_u64()));
            let Some(next) = page["next_cursor"].as_str() else { return found };
            cursor = format!("&cursor={next}");
        }
    };
    let oldest = read("").await;
    assert!(oldest.len() == 3 && oldest.is_sorted(), "{oldest:?}");
    let mut newest = read("&order=newest").await;
    newest.reverse();
    assert_eq!(newest, oldest, "the same, from the other end, each once");
    std::fs::remove_dir_all(&dir).expect("removed");
}

async fn entries_of(world: &World) -> i64 {
    world.server.database.number(&format!("select count(*) from audit_event where tenant_id = '{}'", world.home.tenant.uuid())).await
}

#[tokio::test]
async fn what_is_in_force_is_shown_with_its_matrix_cases_and_properties() {
    let world = World::make().await;
    world.server.ask("GET", "/api/v1/policies/checks").send().await.expect(401);
    let support = world.session(Role::Support).await.secret;
    let checks = world.server.ask("GET", "/api/v1/policies/checks").cookie(&support).send().await.expect(200).json();
    let rules = world.server.ask("GET", "/api/v1/policies").cookie(&support).send().await.expect(200).json();
    assert_eq!(checks["digest"], rules["digest"]);
    let properties = checks["properties"].as_array().expect("properties");
    assert!(!properties.is_empty() && properties.iter().all(|one| one["status"] != "broken"), "{properties:?}");
    let cell = |tool: &str, column: &str| {
        let all = checks["matrix"].as_array().expect("cells");
        all.iter()
            .find(|cell| cell["tool"] == tool && cell["column"] == column && cell["situation"].as_str().is_some_and(|text| text.contains("third-party")))
            .cloned()
    };
    assert_eq!(cell("crm.get_contact", "nobody").expect("a cell")["verdict"], "allow", "looking is free");
    let specs = steward_policies::sample_tools().expect("tools");
    let money = specs.iter().find(|tool| tool.effect == steward_core::Effect::Money).expect("a tool that moves money");
    assert_ne!(cell(&money.name, "nobody").expect("a cell")["verdict"], "allow", "nobody's money moves by itself");
}

#[tokio::test]
async fn integrations_are_named_and_no_secret_is_shown() {
    let world = World::make().await;
    let token = world.token(&world.home.actor, &[Scope::Converse]).await.secret;
    world.server.ask("GET", "/api/v1/integrations").token(&token).send().await.expect(403);
    let owner = world.owner().await;
    let shown = world.server.ask("GET", "/api/v1/integrations").cookie(&owner).send().await.expect(200).json();
    assert_eq!(shown, json!({ "servers": [], "set_aside": [], "secrets": [], "oidc": false, "push": true, "mail": true }));
}
