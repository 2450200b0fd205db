//! Standing grants: within their ranges, so often and so long, and no further.

use super::edits::NO_NOTES;
use super::holds::{another_owner, takes};
use super::*;
use serde_json::{Value, json};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Actor, Effect, GrantId, HasKind, Kind, Role, ToolSpec};
use steward_office::OfficeError;
use steward_office::grants::{self, NewGrant, Ranges};
use steward_store::grant::GrantRow;
use steward_store::testing::TestDatabase;
use time::Duration;

/// A world with a contact, and a model that wants to note on it whatever the person says after a colon.
async fn noting() -> (ScriptedModel, World, String) {
    let model = ScriptedModel::start_with(|seen| {
        let results: Vec<Value> = seen.tool_results().into_iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
        let said = seen.body.to_string();
        match (results.is_empty(), said.contains("Make the contact")) {
            (true, true) => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            (true, false) => {
                let id = said.split("Note on contact_").nth(1).map(|rest| rest.chars().take(26).collect::<String>()).unwrap_or_default();
                // A tilde stands for a full stop that the person did not write.
                let text = said.split("NOTE<").nth(1).and_then(|rest| rest.split('>').next()).unwrap_or("hello").replace('~', ".");
                Reply::call("crm.add_note", json!({ "contact_id": format!("contact_{id}"), "text": text }))
            }
            (false, _) => Reply::text("Done."),
        }
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    world.say("Make the contact Lena Petrova, lena@partner.example").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let id = world.db.texts(&world.db.superuser_url, "", "select contact_id::text from contact").await.expect("contact").remove(0);
    let id: steward_core::ContactId = id.parse::<uuid::Uuid>().expect("uuid").into();
    (model, world, id.to_string())
}

pub(super) fn note_tool(world: &World) -> ToolSpec {
    world.runtime.host.tool("crm.add_note").expect("the tool").spec().clone()
}

pub(super) fn for_notes(world: &World, contact: &str, uses_max: u32, days: i64) -> NewGrant {
    let ranges: Ranges = serde_json::from_value(json!({ "/contact_id": { "one_of": [contact] }, "/text": { "letters_max": 20 } })).expect("ranges");
    let expires_at = world.runtime.office.clock.now() + Duration::days(days);
    NewGrant { workspace: world.workspace, agent: "assistant".into(), person: None, ranges, uses_max, expires_at }
}

async fn gives(world: &World, actor: &Actor, tool: &ToolSpec, contact: &str, uses_max: u32, days: i64) -> Result<GrantRow, OfficeError> {
    gives_this(world, actor, tool, for_notes(world, contact, uses_max, days)).await
}

pub(super) async fn gives_this(world: &World, actor: &Actor, tool: &ToolSpec, new: NewGrant) -> Result<GrantRow, OfficeError> {
    let mut tx = world.db.app.begin(actor).await.expect("begin");
    let row = grants::give(&mut tx, &world.runtime.office, tool, new).await?;
    tx.commit().await.expect("commit");
    Ok(row)
}

async fn notes(world: &World) -> i64 {
    world.db.number("select count(*) from note").await
}

#[tokio::test]
async fn a_grant_is_refused_to_whoever_may_not_and_for_what_is_never_granted() {
    let (_model, world, contact) = noting().await;
    let tool = note_tool(&world);
    let run = world.say("Hello").await;
    let support = Actor { roles: [Role::Support].into(), ..world.owner.clone() };
    for actor in [support, world.owner.as_agent(run, "assistant"), Actor::worker(world.tenant)] {
        assert_eq!(gives(&world, &actor, &tool, &contact, 1, 1).await.expect_err("no say").kind(), Kind::Denied);
    }
    for effect in [Effect::Money, Effect::Credential, Effect::Member, Effect::Destroy, Effect::Admin] {
        let refused = gives(&world, &world.owner, &ToolSpec { effect, ..tool.clone() }, &contact, 1, 1).await.expect_err("never granted");
        assert!(refused.to_string().contains("approved by itself"), "{effect}: {refused}");
        // Nor past the program.
        let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
        let insert = format!(
            "insert into standing_grant (tenant_id, grant_id, workspace_id, agent, tool, effect, tool_digest, ranges, uses_max, given_by, roles, given_at, expires_at, seal)
             select tenant_id, gen_random_uuid(), '{}', 'assistant', 'crm.add_note', '{effect}', sha256('x'), '{{}}', 1, person_id, array['owner'], now(), now() + interval '1 day', sha256('x')
               from person returning tool",
            world.workspace.uuid()
        );
        let refused = world.db.texts(&world.db.app_url, &settings, &insert).await.expect_err("never granted");
        assert!(refused.contains("standing_grant_effect_check"), "{refused}");
    }
    for (uses, days) in [(0, 1), (1_001, 1), (1, 0), (1, 91)] {
        assert_eq!(gives(&world, &world.owner, &tool, &contact, uses, days).await.expect_err("too much").kind(), Kind::Invalid, "{uses} {days}");
    }
    assert_eq!(world.db.number("select count(*) from standing_grant").await, 0);
}

#[tokio::test]
async fn a_grant_is_no_way_round_what_a_person_refused_in_the_run_that_another_goes_on_from() {
    let (_model, world, contact) = noting().await;
    let asked = format!("Note on {contact}: NOTE<short>");
    let run = world.say(&asked).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let row = waiting(&world).await.pop().expect("one held action");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    steward_office::holds::reject(&mut tx, &world.runtime.office, row.hold_id, "Not this.").await.expect("refused");
    tx.commit().await.expect("commit");
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    gives(&world, &world.owner, &note_tool(&world), &contact, 2, 1).await.expect("a grant");
    fork(&world, run, 1).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!((notes(&world).await, world.db.number("select uses::bigint from standing_grant").await), (0, 0));
    // Whoever asks for it anew means it: then the grant counts.
    world.say(&asked).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!((notes(&world).await, world.db.number("select uses::bigint from standing_grant").await), (1, 1));
}

#[tokio::test]
async fn a_grant_lets_what_is_in_its_ranges_run_and_nothing_else() {
    let (_model, world, contact) = noting().await;
    let row = gives(&world, &world.owner, &note_tool(&world), &contact, 2, 1).await.expect("a grant");
    // Too long a text waits for people as before.
    world.say(&format!("Note on {contact}: NOTE<a text of more than twenty letters>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!((notes(&world).await, world.db.number("select uses::bigint from standing_grant").await), (0, 0));
    let run = world.say(&format!("Note on {contact}: NOTE<short>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    assert_eq!((notes(&world).await, world.db.number("select uses::bigint from standing_grant").await), (1, 1));
    // The grant is on the decision, in its record and in the audit log.
    let decided: Vec<GrantId> =
        world.events(run).await.into_iter().filter_map(|recorded| if let Event::Decided { grant_id, .. } = recorded.event { grant_id } else { None }).collect();
    assert_eq!(decided, [row.grant_id]);
    let audited = format!("select count(*) from audit_event where action = 'gate.decide' and convert_from(canon, 'utf8') like '%{}%'", row.grant_id);
    assert_eq!(world.db.number(&audited).await, 1);
    assert_eq!(world.db.number(&format!("select count(*) from decision where record like '%{}%'", row.grant_id)).await, 1);
    // Forged ranges cover nothing.
    world.db.raw("set session_replication_role = replica; update standing_grant set ranges = '{\"/contact_id\": \"any\", \"/text\": \"any\"}'").await;
    world.say(&format!("Note on {contact}: NOTE<again>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!((notes(&world).await, world.db.number("select uses::bigint from standing_grant").await), (1, 1));
}

#[tokio::test]
async fn a_grant_stands_in_for_nobody_who_has_not_seen_a_link_that_the_owner_did_not_write() {
    let (_model, world, contact) = noting().await;
    let given = gives(&world, &world.owner, &note_tool(&world), &contact, 5, 1).await.expect("a grant");
    world.say(&format!("Note on {contact}: NOTE<evil~example/login>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let facts = "select count(*) from decision where verdict = 'hold' and record::jsonb @> '{\"facts\": {\"content_actionable\": true}}'";
    assert_eq!((notes(&world).await, world.db.number(facts).await), (0, 1), "short enough for the grant, and still a link");
    // What the owner wrote themselves runs on it.
    world.say(&format!("Note on {contact}: NOTE<evil.example/login>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Ended), 1));
    assert_eq!(world.db.number(&format!("select uses::bigint from standing_grant where grant_id = '{}'", given.grant_id.uuid())).await, 1);
    // And so does what was named to the letter.
    let ranges = serde_json::from_value(json!({ "/contact_id": { "one_of": [contact] }, "/text": { "one_of": ["evil.example/login"] } })).expect("ranges");
    gives_this(&world, &world.owner, &note_tool(&world), NewGrant { ranges, ..for_notes(&world, &contact, 5, 1) }).await.expect("another");
    world.say(&format!("Note on {contact}: NOTE<evil~example/login>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Ended), 2));
}

#[tokio::test]
async fn a_count_that_was_changed_in_the_database_makes_a_grant_count_for_nothing() {
    let (_model, world, contact) = noting().await;
    gives(&world, &world.owner, &note_tool(&world), &contact, 1, 1).await.expect("a grant");
    world.say(&format!("Note on {contact}: NOTE<one>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Ended), 1));
    // The count is put back, alone or together with the uses: the log still knows.
    for (number, sql) in ["update standing_grant set uses = 0", "delete from grant_use; update standing_grant set uses = 0"].into_iter().enumerate() {
        world.db.raw(&format!("set session_replication_role = replica; {sql}")).await;
        world.say(&format!("Note on {contact}: NOTE<again {number}>")).await;
        assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 1), "{sql}");
    }
}

#[tokio::test]
async fn a_use_that_was_put_in_and_an_end_that_was_taken_out_let_nothing_run() {
    let (_model, world, contact) = noting().await;
    let ended = gives(&world, &world.owner, &note_tool(&world), &contact, 5, 1).await.expect("a grant");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    grants::revoke(&mut tx, &world.runtime.office, ended.grant_id).await.expect("revoke");
    tx.commit().await.expect("commit");
    world.db.raw("set session_replication_role = replica; update standing_grant set revoked_at = null, revoked_by = null").await;
    world.say(&format!("Note on {contact}: NOTE<zero>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 0), "it was taken back, the log says");
    // Another is used up. Its use is given to the call that comes next, and then that call gets one of its own.
    gives(&world, &world.owner, &note_tool(&world), &contact, 1, 1).await.expect("another");
    world.say(&format!("Note on {contact}: NOTE<one>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Ended), 1));
    let moved = "update grant_use set run_id = 'RUN'::uuid";
    let put_in = "insert into grant_use select tenant_id, grant_id, 'RUN'::uuid, call_id, workspace_id, ordinal + 1, at from grant_use";
    for (number, sql) in [moved, put_in].into_iter().enumerate() {
        let run = world.say(&format!("Note on {contact}: NOTE<more {number}>")).await;
        let sql = sql.replace("RUN", &run.uuid().to_string());
        world.db.raw(&format!("set session_replication_role = replica; {sql}")).await;
        assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 1), "{sql}");
    }
}

#[tokio::test]
async fn what_was_taken_back_or_is_over_counts_no_more() {
    let (_model, world, contact) = noting().await;
    let row = gives(&world, &world.owner, &note_tool(&world), &contact, 5, 1).await.expect("a grant");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    grants::revoke(&mut tx, &world.runtime.office, row.grant_id).await.expect("revoke");
    assert_eq!(grants::revoke(&mut tx, &world.runtime.office, row.grant_id).await.expect_err("again").kind(), Kind::Conflict);
    tx.commit().await.expect("commit");
    world.say(&format!("Note on {contact}: NOTE<short>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    let other = gives(&world, &world.owner, &note_tool(&world), &contact, 5, 1).await.expect("another");
    world.db.raw(&format!("set session_replication_role = replica; update standing_grant set given_at = now() - interval '3 days', expires_at = now() - interval '2 days' where grant_id = '{}'", other.grant_id.uuid())).await;
    world.say(&format!("Note on {contact}: NOTE<later>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!(notes(&world).await, 0);
    // Nothing of a grant can be changed or removed by the server's role but its end.
    let settings = format!("set app.tenant = '{}'; set app.workspaces = '*'", world.tenant.uuid());
    for (sql, expect) in [
        ("update standing_grant set uses = 0 returning tool", "permission denied"),
        ("update standing_grant set ranges = '{}' returning tool", "permission denied"),
        ("update standing_grant set revoked_at = null, revoked_by = null where revoked_at is not null returning tool", "stays so"),
        ("delete from standing_grant returning tool", "permission denied"),
    ] {
        let refused = world.db.texts(&world.db.app_url, &settings, sql).await.expect_err(sql);
        assert!(refused.contains(expect), "{sql}: {refused}");
    }
}

#[tokio::test]
async fn a_grant_that_is_taken_back_in_the_middle_of_a_step_covers_none_of_its_other_calls() {
    let model = ScriptedModel::start_with(|seen| {
        let said = seen.body.to_string();
        match (seen.tool_results().is_empty(), said.contains("Make the contact")) {
            (true, true) => Reply::call("crm.create_contact", json!({ "name": "Lena Petrova", "emails": ["lena@partner.example"] })),
            (true, false) => {
                let id = said.split("Note on ").nth(1).map(|rest| rest.chars().take(34).collect::<String>()).unwrap_or_default();
                let note = |text: &str| ("crm.add_note".to_owned(), json!({ "contact_id": id, "text": text }));
                Reply::Calls(vec![note("first"), note("second")])
            }
            (false, _) => Reply::text("Done."),
        }
    })
    .await;
    let world = World::with_rules(TestDatabase::make().await, &model.base_url(), &[HOLD_NOTES]).await;
    world.say("Make the contact Lena Petrova, lena@partner.example").await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended));
    let id = world.db.texts(&world.db.superuser_url, "", "select contact_id::text from contact").await.expect("contact").remove(0);
    let contact: steward_core::ContactId = id.parse::<uuid::Uuid>().expect("uuid").into();
    gives(&world, &world.owner, &note_tool(&world), &contact.to_string(), 5, 1).await.expect("a grant");
    // Somebody takes it back at the very moment at which the first note is written.
    world
        .db
        .raw(
            "create function takes_back() returns trigger language plpgsql security definer set search_path = steward as $$ begin
               update standing_grant set revoked_at = given_at, revoked_by = given_by where revoked_at is null;
               return new;
             end $$;
             create trigger takes_back after insert on note for each row execute function takes_back()",
        )
        .await;
    let run = world.say(&format!("Note on {contact}")).await;
    settle(&world).await;
    let texts = world.db.texts(&world.db.superuser_url, "", "select text from note").await.expect("notes");
    assert_eq!(texts, ["first"], "{:?}", kinds(&world, run).await);
    assert_eq!(world.db.number("select count(*) from standing_grant where revoked_at is not null").await, 1);
}

#[tokio::test]
async fn a_grant_counts_only_where_for_whom_and_for_what_it_was_given() {
    let (_model, world, contact) = noting().await;
    let tool = note_tool(&world);
    let day = || for_notes(&world, &contact, 5, 1);
    let second = another_owner(&world, 93).await;
    // Another agent's, another person's, another workspace's.
    gives_this(&world, &world.owner, &tool, NewGrant { agent: "another".into(), ..day() }).await.expect("another agent's");
    gives_this(&world, &world.owner, &tool, NewGrant { person: second.person, ..day() }).await.expect("another person's");
    let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
    let elsewhere = steward_office::people::create_workspace(&mut tx, &world.runtime.office, "Elsewhere").await.expect("a workspace").workspace_id;
    tx.commit().await.expect("commit");
    gives_this(&world, &world.owner, &tool, NewGrant { workspace: elsewhere, ..day() }).await.expect("another workspace's");
    // Of the tool as it was: other code, another meaning of an argument.
    gives_this(&world, &world.owner, &ToolSpec { plugin_digest: steward_core::Digest::of(b"other code"), ..tool.clone() }, day()).await.expect("other code");
    let mut roles = tool.roles.clone();
    roles.insert("text".to_owned(), "query".parse().expect("role"));
    gives_this(&world, &world.owner, &ToolSpec { roles, ..tool.clone() }, day()).await.expect("other roles");
    // For nobody of this workspace, or of this organisation.
    let stranger = NewGrant { person: Some(world.runtime.office.ids.make()), ..day() };
    assert_eq!(gives_this(&world, &world.owner, &tool, stranger).await.expect_err("a stranger").kind(), Kind::Invalid);
    let other = world.beside().await;
    assert_eq!(gives_this(&world, &other.owner, &tool, day()).await.expect_err("not their workspace").kind(), Kind::Missing);
    let theirs = NewGrant { workspace: other.workspace, ..day() };
    gives_this(&world, &other.owner, &tool, theirs).await.expect("another organisation's");
    // Forged over: the row says this workspace, this agent, anybody, and its seal says otherwise.
    world
        .db
        .raw(&format!(
            "set session_replication_role = replica; update standing_grant set workspace_id = '{}', agent = 'assistant', person_id = null, tenant_id = '{}'",
            world.workspace.uuid(),
            world.tenant.uuid()
        ))
        .await;
    world.say(&format!("Note on {contact}: NOTE<short>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Waiting));
    assert_eq!((notes(&world).await, world.db.number("select sum(uses)::bigint from standing_grant").await), (0, 0));
}

#[tokio::test]
async fn a_grant_is_one_persons_approval_and_no_more_than_that_person_could_give_now() {
    for (what, approvals) in [("two people", takes(2, false)), ("others than who asked", takes(1, true))] {
        let (_model, mut world, contact) = noting().await;
        std::sync::Arc::get_mut(&mut world.runtime).expect("nobody else has it").approvals = std::sync::Arc::new(approvals);
        gives(&world, &world.owner, &note_tool(&world), &contact, 5, 1).await.expect("a grant");
        world.say(&format!("Note on {contact}: NOTE<short>")).await;
        assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 0), "{what}");
    }
    let (_model, world, contact) = noting().await;
    let tool = note_tool(&world);
    let gone = another_owner(&world, 94).await;
    gives(&world, &gone, &tool, &contact, 5, 1).await.expect("a grant");
    world.say(&format!("Note on {contact}: NOTE<one>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Ended), 1));
    let id = gone.person.expect("person").uuid();
    let (demoted, promoted) = ("update membership set role = 'support'", "update membership set role = 'owner'");
    world.db.raw(&format!("{demoted} where person_id = '{id}'")).await;
    world.say(&format!("Note on {contact}: NOTE<two>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 1), "demoted");
    world.db.raw(&format!("{promoted} where person_id = '{id}'; update person set disabled_at = now() where person_id = '{id}'")).await;
    world.say(&format!("Note on {contact}: NOTE<three>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 1), "disabled");
    // A manager's word would not do for these notes, and so their grant does not.
    let manager = another_owner(&world, 95).await;
    world.db.raw(&format!("update membership set role = 'manager' where person_id = '{}'", manager.person.expect("person").uuid())).await;
    gives(&world, &Actor { roles: [Role::Manager].into(), ..manager }, &tool, &contact, 5, 1).await.expect("a grant");
    world.say(&format!("Note on {contact}: NOTE<four>")).await;
    assert_eq!((settle(&world).await, notes(&world).await), (Some(RunStatus::Waiting), 1), "not theirs to approve");
}

#[tokio::test]
async fn a_rule_that_forbids_and_an_edit_are_not_covered_by_a_grant() {
    let (_model, world, contact) = noting().await;
    gives(&world, &world.owner, &note_tool(&world), &contact, 5, 1).await.expect("a grant");
    let stricter = World::attach(&world.db.superuser_url, world.tenant, "http://127.0.0.1:9", &[HOLD_NOTES, NO_NOTES]).await;
    world.runtime.rules.replace(stricter.runtime.rules.base());
    world.say(&format!("Note on {contact}: NOTE<short>")).await;
    assert_eq!(settle(&world).await, Some(RunStatus::Ended), "blocked, and the agent says so");
    assert_eq!((notes(&world).await, world.db.number("select uses::bigint from standing_grant").await), (0, 0));
    assert_eq!(world.db.number("select count(*) from decision where verdict = 'block' and class = 'policy'").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_calls_at_once_against_a_grant_of_three_run_exactly_three() {
    let (_model, world, contact) = noting().await;
    gives(&world, &world.owner, &note_tool(&world), &contact, 3, 1).await.expect("a grant");
    for number in 0..20 {
        world.say(&format!("Note on {contact}: NOTE<number {number}>")).await;
    }
    let runtime = &world.runtime;
    let one = || async {
        while let Some(leased) = runtime.store.lease_run(&runtime.worker, runtime.office.clock.now(), steward_core::limits::LEASE_MS).await.expect("lease") {
            steward_agent::worker::drive_leased(runtime, leased).await.expect("drive");
        }
    };
    futures_util::future::join_all((0..20).map(|_| one())).await;
    assert_eq!(notes(&world).await, 3);
    assert_eq!(world.db.number("select uses::bigint from standing_grant").await, 3);
    assert_eq!(world.db.number("select count(*) from grant_use").await, 3);
    assert_eq!(world.db.number("select count(*) from hold where state = 'held'").await, 17, "the others wait for people");
}
