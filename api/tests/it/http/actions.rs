//! The action log and its export.

use super::working::{Listening, NO_COMPANIES, Working};
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Role, Scope};

/// A model that tries a forbidden call with a name a spreadsheet would compute, an allowed call, and a call of a tool there is not.
async fn busy() -> (Working, String) {
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().len() {
        0 => Reply::Calls(vec![
            ("crm.create_company".to_owned(), json!({ "name": "=HYPERLINK(\"https://evil.example\")" })),
            ("crm.find_contacts".to_owned(), json!({ "query": "Lena" })),
            ("+cmd|calc".to_owned(), json!({})),
        ]),
        _ => Reply::text("Some of it did not work."),
    })
    .await;
    let working = Working::with(model, &[NO_COMPANIES]).await;
    let owner = working.world.owner().await;
    let (_, run) = working.say(&owner, "Add the company =HYPERLINK(\"https://evil.example\") and find Lena").await;
    let events = Listening::open(working.ask("GET", format!("/api/v1/runs/{run}/events")).cookie(&owner)).await.until_the_end().await;
    assert_eq!(events.last().expect("an end").data["outcome"], "replied", "{events:?}");
    (working, run)
}

#[tokio::test]
async fn the_log_is_not_for_everyone_and_takes_no_nonsense() {
    let (working, _) = busy().await;
    let world = &working.world;
    working.ask("GET", "/api/v1/actions").cookie(&working.as_role(Role::Support).await).send().await.expect(403);
    working.ask("GET", "/api/v1/actions").token(&world.token(&world.home.actor, &[Scope::Converse]).await.secret).send().await.expect(403);
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    assert_eq!(working.ask("GET", "/api/v1/actions").cookie(&elsewhere).send().await.expect(200).json()["items"], json!([]));
    let csv = working.ask("GET", "/api/v1/actions").cookie(&elsewhere).header("accept", "text/csv").send().await.expect(200).text();
    assert_eq!(csv.lines().count(), 1, "the heading alone: {csv}");
    let owner = world.owner().await;
    for (query, path) in
        [("verdict=maybe", "verdict"), ("run=run_1", "run"), ("from=yesterday", "from"), ("to=2026-13-01", "to"), ("limit=0", "limit"), ("tool=%00", "query")]
    {
        for accept in ["application/json", "text/csv", "application/jsonl"] {
            let reply = working.ask("GET", format!("/api/v1/actions?{query}")).cookie(&owner).header("accept", accept).send().await.expect(422).json();
            assert_eq!(reply["errors"][0]["path"], path, "{query}: {reply}");
        }
    }
}

#[tokio::test]
async fn actions_are_found_by_what_they_were() {
    let (working, run) = busy().await;
    let auditor = working.as_role(Role::Auditor).await;
    let elsewhere = working.world.server.state.office.ids.make::<steward_core::RunId>();
    for (query, tools) in [
        ("", &["+cmd|calc", "crm.create_company", "crm.find_contacts"][..]),
        ("verdict=blocked", &["+cmd|calc", "crm.create_company"]),
        ("verdict=allowed", &["crm.find_contacts"]),
        ("verdict=held", &[]),
        ("tool=crm.*", &["crm.create_company", "crm.find_contacts"]),
        ("tool=crm.create_company&verdict=blocked", &["crm.create_company"]),
        ("tool=crm_create_company", &[]),
        (&format!("run={run}&verdict=allowed"), &["crm.find_contacts"]),
        (&format!("run={elsewhere}"), &[]),
        ("from=2026-01-01&verdict=allowed", &["crm.find_contacts"]),
        ("from=2100-01-01T00:00:00Z", &[]),
        ("to=2026-01-01", &[]),
        ("q=LENA", &["crm.find_contacts"]),
        ("q=evil+hyperlink", &["crm.create_company"]),
        ("q=evil+lena", &[]),
        ("q=100%25", &[]),
        ("q=crm_create", &[]),
        ("q=calc&verdict=blocked", &["+cmd|calc"]),
        ("q=++", &["+cmd|calc", "crm.create_company", "crm.find_contacts"]),
    ] {
        let found = working.ask("GET", format!("/api/v1/actions?{query}")).cookie(&auditor).send().await.expect(200).json();
        let mut have: Vec<&str> = found["items"].as_array().expect("items").iter().map(|item| item["tool"].as_str().expect("tool")).collect();
        have.sort_unstable();
        assert_eq!(have, tools, "{query}");
    }
    let blocked = working.ask("GET", "/api/v1/actions?tool=crm.create_company").cookie(&auditor).send().await.expect(200).json();
    let blocked: &Value = &blocked["items"][0];
    assert_eq!((&blocked["verdict"], &blocked["class"], &blocked["rules"]), (&json!("blocked"), &json!("policy"), &json!(["test-no-companies"])));
    assert_eq!((&blocked["arguments"]["name"], &blocked["effect"]), (&json!("=HYPERLINK(\"https://evil.example\")"), &json!("write")));
    assert!(blocked["provenance"].is_array() || blocked["provenance"].is_object(), "{blocked}");
    let one = format!("/api/v1/actions/{}", blocked["decision_id"].as_str().expect("an id"));
    assert_eq!(&working.ask("GET", &one).cookie(&auditor).send().await.expect(200).json(), blocked);
    working.ask("GET", &one).cookie(&working.as_role(Role::Support).await).send().await.expect(403);
    let elsewhere = working.world.other.session_of(&working.world.server, working.world.other.owner).await.secret;
    working.ask("GET", &one).cookie(&elsewhere).send().await.expect(404);
}

#[tokio::test]
async fn blocked_actions_leave_as_csv_that_no_spreadsheet_computes() {
    let (working, run) = busy().await;
    let auditor = working.as_role(Role::Auditor).await;
    let reply = working
        .ask("GET", "/api/v1/actions?verdict=blocked&limit=1")
        .cookie(&auditor)
        .header("accept", "application/json;q=0.5, text/csv")
        .send()
        .await
        .expect(200);
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"actions.csv\""));
    let text = reply.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines[0], "decided_at,verdict,class,tool,effect,rules,reason,arguments,provenance,run_id,call_id,person_id,agent,decision_id");
    assert_eq!(lines.len(), 3, "an export has all, whatever the page: {text}");
    assert!(text.contains(",blocked,policy,crm.create_company,write,test-no-companies,"), "{text}");
    assert!(text.contains(",blocked,unknown_tool,'+cmd|calc,,,"), "{text}");
    assert!(lines[1..].iter().all(|line| line.contains(&run)), "{text}");
    for cell in text.split(['\n', ',']) {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
}

#[tokio::test]
async fn an_export_longer_than_a_page_has_every_row_once() {
    let (working, run) = busy().await;
    let run: steward_core::RunId = run.parse().expect("id");
    let more = format!(
        "insert into decision (tenant_id, decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, class, rules, reason, envelope_id, policy_digest, arguments, provenance, record, decided_at)
         select tenant_id, gen_random_uuid(), workspace_id, run_id, call_id, person_id, agent, 'x.' || number, null, 'block', 'policy', '{{}}', 'x', null, policy_digest, '{{}}', '[]', '{{}}', decided_at
           from decision, generate_series(1, 450) as number where run_id = '{}' and tool = 'crm.create_company'",
        run.uuid()
    );
    working.world.server.database.raw(&more).await;
    let owner = working.world.owner().await;
    let text = working.ask("GET", "/api/v1/actions?tool=x.*").cookie(&owner).header("accept", "text/csv").send().await.expect(200).text();
    let mut tools: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').nth(3)).collect();
    assert_eq!(tools.len(), 450);
    tools.sort_unstable();
    tools.dedup();
    assert_eq!(tools.len(), 450);
}

#[tokio::test]
async fn actions_leave_as_one_object_a_line() {
    let (working, _) = busy().await;
    let owner = working.world.owner().await;
    let page = working.ask("GET", "/api/v1/actions?verdict=blocked").cookie(&owner).send().await.expect(200).json();
    let reply = working.ask("GET", "/api/v1/actions?verdict=blocked").cookie(&owner).header("accept", "application/jsonl").send().await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/jsonl"));
    assert_eq!(reply.header("content-disposition"), Some("attachment; filename=\"actions.jsonl\""));
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert!(!lines.is_empty());
    assert_eq!(page["items"].as_array(), Some(&lines), "the same as on the page");
}
