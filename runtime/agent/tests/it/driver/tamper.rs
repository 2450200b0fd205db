//! Somebody who may write anything into the database, between an approval and what it approved: nothing runs, and what differs is named.
//!
//! The attacker works past triggers and foreign keys and makes anew whatever hash needs no key.

use super::holds::{another_owner, held};
use super::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use steward_agent::testing::ScriptedModel;
use steward_agent::worker::drive_leased;
use steward_core::event::Recorded;
use steward_core::limits::LEASE_MS;
use steward_core::{BlockClass, Digest, HoldId, RunOutcome};
use steward_host::testing::GuestFiles;
use steward_host::{Host, HostOptions};
use steward_office::holds::approve;
use steward_prompts::Registry;

/// A run that waits with a note, approved and not yet taken up again.
struct Approved {
    world: World,
    model: ScriptedModel,
    run: RunId,
    hold: HoldId,
    events: Vec<Recorded>,
}

/// Statements past every trigger and foreign key.
async fn forge(world: &World, sql: &str) {
    world.db.raw(&format!("set session_replication_role = replica; {sql}")).await;
}

impl Approved {
    async fn make() -> Self {
        let (model, world, run, row) = held().await;
        let mut tx = world.db.app.begin(&world.owner).await.expect("begin");
        approve(&mut tx, &world.runtime.office, row.hold_id, envelope_of(&row)).await.expect("approve");
        tx.commit().await.expect("commit");
        let keep = "create table kept_hold as table hold; create table kept_word as table hold_approval; create table kept_run as table run;
                    create table kept_event as table run_event; create table kept_member as table membership;";
        forge(&world, keep).await;
        let events = world.events(run).await;
        Self { world, model, run, hold: row.hold_id, events }
    }

    /// What makes everything as it was right after the approval.
    const PUT_BACK: &str = "delete from hold_approval; delete from hold; delete from run_event; delete from run; delete from membership; delete from decision;
        delete from message where by_agent;
        insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, outcome, last_seq, fence, lease_owner, lease_until,
          cancel_by, cancel_at, steps, tokens, cost_micros, created_at, ended_at)
        select tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, outcome, last_seq, fence, lease_owner, lease_until,
          cancel_by, cancel_at, steps, tokens, cost_micros, created_at, ended_at from kept_run;
        insert into hold select * from kept_hold; insert into hold_approval select * from kept_word; insert into run_event select * from kept_event;
        insert into membership select * from kept_member; update person set disabled_at = null;";

    async fn put_back(&self) {
        forge(&self.world, Self::PUT_BACK).await;
    }

    /// Takes the run up as often as anything is queued. What cannot even be read is an end too.
    async fn drive(&self) -> Option<String> {
        for _ in 0..8 {
            let runtime = &self.world.runtime;
            let leased = runtime.store.lease_run(&runtime.worker, runtime.office.clock.now(), LEASE_MS).await.expect("lease")?;
            if let Err(err) = drive_leased(runtime, leased).await {
                let mut chain = err.to_string();
                let mut source = std::error::Error::source(&err);
                while let Some(inner) = source {
                    chain.push_str(&format!(": {inner}"));
                    source = inner.source();
                }
                return Some(chain);
            }
        }
        None
    }

    /// After this forgery nothing runs. Returns why, in the words of the record.
    async fn refused(&self, what: &str, sql: &str) -> String {
        forge(&self.world, &format!("{} {sql}", Self::PUT_BACK)).await;
        let failed = self.drive().await;
        let sql = "select 'something ran' from note union all select 'something ran' from hold where state = 'done'
                   union all select coalesce(class, '') || ' ' || reason || ' ' || coalesce(record::json ->> 'changed', '') from decision where verdict = 'block'
                   union all select 'held anew' from hold where hold_id not in (select hold_id from kept_hold) and call_id not in (select call_id from kept_hold)
                   union all select 'run ' || outcome from run where outcome is not null and outcome <> 'replied'";
        let mut why = self.world.db.texts(&self.world.db.superuser_url, "", sql).await.expect("why");
        why.extend(failed);
        let why = why.join("; ");
        assert!(!why.contains("something ran"), "{what}: {why}");
        why
    }
}

/// The names that a refusal gives, out of its words on record.
fn names(why: &str) -> BTreeSet<String> {
    let listed = why.rfind('[').and_then(|at| why.get(at..)).and_then(|rest| rest.get(..=rest.find(']')?)).unwrap_or("[]");
    serde_json::from_str(listed).expect("a list of names")
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The columns of a table with a statement for each that makes its value another one of its type.
async fn flips(world: &World, table: &str) -> Vec<(String, String)> {
    let sql = format!(
        "select column_name || '|' || udt_name from information_schema.columns where table_schema = 'steward' and table_name = '{table}' and is_generated = 'NEVER' order by ordinal_position"
    );
    let columns = world.db.texts(&world.db.superuser_url, "", &sql).await.expect("columns");
    let flip = |line: &String| {
        let (name, kind) = line.split_once('|').expect("a column and its type");
        let value = match kind {
            "uuid" => "gen_random_uuid()".to_owned(),
            "text" => format!("coalesce({name}, '') || ' x'"),
            "bytea" => format!("coalesce(set_byte({name}, 0, (get_byte({name}, 0) + 1) % 256), sha256('x'))"),
            "timestamptz" => format!("coalesce({name}, now()) + interval '1 hour'"),
            "int2" | "int4" | "int8" => format!("{name} + 1"),
            "bool" => format!("not {name}"),
            "_text" => format!("{name} || 'owner'::text"),
            _ => String::new(),
        };
        assert!(!value.is_empty(), "no flip for a column of type `{kind}`: add one");
        (name.to_owned(), format!("update {table} set {name} = {value}"))
    };
    columns.iter().map(flip).collect()
}

#[tokio::test]
async fn no_column_of_a_held_action_or_of_an_approval_can_be_changed() {
    let approved = Approved::make().await;
    // When it was held, decided and closed is told to people; nothing is let through by it.
    let told_only = BTreeSet::from(["held_at", "decided_at", "claimed_at", "closed_at"]);
    for table in ["hold", "hold_approval"] {
        for (column, sql) in flips(&approved.world, table).await {
            if told_only.contains(column.as_str()) {
                continue;
            }
            // Columns whose values are words of a list.
            let sql = match (table, column.as_str()) {
                ("hold", "state") => "update hold set state = 'held'; update run set status = 'queued'".to_owned(),
                ("hold", "edits" | "edited_by") => "update hold set edits = hold_id, edited_by = person_id".to_owned(),
                ("hold_approval", "method") => "update hold_approval set method = 'link'".to_owned(),
                _ => sql,
            };
            let why = approved.refused(&format!("{table}.{column}"), &sql).await;
            let own = format!("{table}.{column}");
            // With what the change makes of the row beside.
            let expect = match (table, column.as_str()) {
                // A row of another organisation is not there.
                ("hold", "tenant_id") => set(&["hold"]),
                ("hold", "envelope") => set(&["hold.envelope", "envelope"]),
                ("hold", "edits" | "edited_by") => set(&["hold.edits", "hold.edited_by"]),
                // So many people and these roles were not there, either.
                ("hold", "needs" | "people" | "separate") | ("hold_approval", "approves") => set(&[own.as_str(), "hold_approval.people"]),
                // A word that is elsewhere is missing here.
                ("hold_approval", "tenant_id" | "hold_id") => set(&["hold_approval.people"]),
                _ => set(&[own.as_str()]),
            };
            assert!(why.contains("changed"), "{own}: {why}");
            // Where it is not seen from there any more, its row is missing.
            let is_unseen = column == "workspace_id" && (names(&why) == set(&["hold"]) || names(&why) == set(&["hold_approval.people"]));
            assert!(names(&why) == expect || is_unseen, "{own}: {why}, and not {expect:?}");
        }
    }
    // Nor be there when nobody gave it, nor be missing.
    for (what, sql, expect) in [
        ("no words at all", "delete from hold_approval", set(&["hold_approval.people"])),
        (
            "a forged word",
            "insert into hold_approval select tenant_id, hold_id, gen_random_uuid(), workspace_id, approves, roles, envelope_id, session_id, method, reason, at, seal from hold_approval",
            set(&["hold_approval.person_id"]),
        ),
        (
            "a refusal overlooked",
            "update hold_approval set approves = false; update hold set state = 'approved'",
            set(&["hold_approval.approves", "hold_approval.people"]),
        ),
        // Every mark is another one then: the seal as a whole is not ours.
        (
            "a seal that needs no key",
            "update hold set seal = sha256(envelope::bytea), envelope = replace(envelope, 'Met at the fair.', 'Pay Eve.')",
            set(&["hold.envelope", "arguments"]),
        ),
    ] {
        let why = approved.refused(what, sql).await;
        assert!(why.contains("changed"), "{what}: {why}");
        assert!(names(&why).is_superset(&expect), "{what}: {why}");
    }
    // What was put back as it was still runs: the refusals above are not for another reason.
    approved.put_back().await;
    approved.drive().await;
    assert_eq!(approved.world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn a_held_action_that_is_not_as_its_run_left_it_is_named_and_the_run_goes_on() {
    let approved = Approved::make().await;
    let world = &approved.world;
    let state = |state: &str| (format!("the state {state}"), format!("update hold set state = '{state}'; update run set status = 'queued'"), "hold.state");
    // But `done`, which says by itself that something ran.
    let states = ["held", "rejected", "expired", "cancelled", "edited", "revised", "claimed", "failed", "unknown"].map(state);
    let rows = [
        ("no row", "delete from hold", "hold"),
        ("another organisation's", "update hold set tenant_id = gen_random_uuid()", "hold"),
        ("another name", "update hold set hold_id = gen_random_uuid()", "hold.hold_id"),
        ("another run's", "update hold set run_id = gen_random_uuid()", "hold.run_id"),
        ("another call's", "update hold set call_id = 'call_9_9'", "hold.call_id"),
        ("no call's", "update hold set call_id = 'none'", "hold.call_id"),
    ];
    let rows = rows.map(|(what, sql, code)| (what.to_owned(), sql.to_owned(), code));
    for (what, sql, code) in states.into_iter().chain(rows) {
        let why = approved.refused(&what, &sql).await;
        assert!(why.contains("changed"), "{what}: {why}");
        assert_eq!(names(&why), set(&[code]), "{what}: {why}");
        // It is told to the agent as a denial, the person has their answer, and nobody is asked about it any more.
        let events = world.events(approved.run).await;
        let decided = events.iter().find_map(|recorded| match &recorded.event {
            Event::Decided { class: Some(class), changed, .. } => Some((*class, changed.clone())),
            _ => None,
        });
        assert_eq!(decided, Some((BlockClass::Changed, vec![code.to_owned()])), "{what}");
        assert_eq!(world.run(approved.run).await.ended, Some(RunOutcome::Replied), "{what}");
        assert_eq!(world.db.number("select count(*) from hold where state = 'held'").await, 0, "{what}");
    }
}

#[tokio::test]
async fn a_held_action_that_was_set_back_ends_with_its_run_that_was_stopped() {
    let approved = Approved::make().await;
    approved.refused("set back and stopped", "update hold set state = 'held'; update run set status = 'queued', cancel_at = now()").await;
    assert_eq!(approved.world.run(approved.run).await.ended, Some(RunOutcome::Cancelled));
    assert_eq!(approved.world.db.number("select count(*) from hold where state = 'held'").await, 0, "nobody is asked about what is over");
    assert_eq!(approved.world.db.number("select count(*) from hold where state = 'cancelled'").await, 1);
}

/// Every field of an envelope by its name, its parts where they are named apart.
const FIELDS: [&str; 23] = [
    "arguments",
    "budget_micros",
    "call",
    "channel",
    "edited_by",
    "evidence",
    "expires_at_ms",
    "journal",
    "model",
    "plugin_digest",
    "policy_digest",
    "principal.agent",
    "principal.person",
    "prompt",
    "prompt_digest",
    "roles",
    "run",
    "schema_digest",
    "tenant",
    "terms.people",
    "terms.separate",
    "tool",
    "workspace",
];

#[tokio::test]
async fn a_field_of_the_envelope_that_was_changed_answers_with_its_own_name() {
    let approved = Approved::make().await;
    let stored = approved.world.db.texts(&approved.world.db.superuser_url, "", "select envelope from hold").await.expect("envelope").remove(0);
    let envelope: Value = serde_json::from_str(&stored).expect("JSON");
    let parts = envelope.as_object().expect("fields").iter().flat_map(|(name, value)| match (name.as_str(), value) {
        ("principal" | "terms", Value::Object(parts)) => parts.keys().map(|part| format!("{name}.{part}")).collect(),
        _ => vec![name.clone()],
    });
    assert_eq!(parts.collect::<Vec<_>>(), FIELDS, "a new field belongs into the list");
    for field in FIELDS {
        let mut other = envelope.clone();
        let place = other.pointer_mut(&format!("/{}", field.replace('.', "/"))).expect("a field");
        // Another one of its kind, so that nothing is found by its being unreadable.
        *place = match &*place {
            Value::Bool(flag) => json!(!flag),
            Value::Number(number) => json!(number.as_i64().expect("whole") + 1),
            Value::String(text) if field == "call" => json!(text.replace("call_", "call_1")),
            Value::String(text) => {
                let last = if text.ends_with('1') { "2" } else { "1" };
                json!(format!("{}{last}", &text[..text.len() - 1]))
            }
            Value::Array(list) => json!([list.as_slice(), &[json!("viewer")]].concat()),
            Value::Object(_) => json!({ "text": "Pay Eve." }),
            Value::Null => json!(approved.world.owner.person),
        };
        let text = String::from_utf8(steward_core::canonical_json(&other).expect("canonical")).expect("text").replace('\'', "''");
        let why = approved.refused(field, &format!("update hold set envelope = '{text}'")).await;
        assert_eq!(names(&why), set(&["hold.envelope", field]), "{field}: {why}");
        // With a name that fits whoever has no key, on the row and on the word alike.
        let forged = Digest::of(text.as_bytes());
        let sql = format!(
            "update hold set envelope = '{text}', envelope_id = decode('{forged}', 'hex'); update hold_approval set envelope_id = decode('{forged}', 'hex')"
        );
        let why = approved.refused(field, &sql).await;
        let named = names(&why);
        assert!(named.contains(field) && FIELDS.iter().filter(|other| named.contains(**other)).count() == 1, "{field}: {why}");
    }
}

/// Every scalar of an event, each changed to another of its kind, as whole events.
fn changed_events(event: &Value) -> Vec<(String, Value)> {
    fn walk(path: String, value: &Value, out: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, inner)| walk(format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), inner, out)),
            Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| walk(format!("{path}/{index}"), inner, out)),
            Value::Null => {}
            Value::Bool(flag) => out.push((path, json!(!flag))),
            Value::Number(number) => out.push((path, json!(number.as_i64().unwrap_or(0) + 1))),
            Value::String(text) => {
                // The last letter becomes another one that ids, digests and words may end in.
                let mut letters: Vec<char> = text.chars().collect();
                let last = letters.pop().unwrap_or('a');
                letters.push(if last == '1' { '2' } else { '1' });
                out.push((path, json!(letters.into_iter().collect::<String>())));
            }
        }
    }
    let mut leaves = Vec::new();
    walk(String::new(), event, &mut leaves);
    let changed = leaves.into_iter().map(|(path, value)| {
        let mut whole = event.clone();
        *whole.pointer_mut(&path).expect("a place") = value;
        (path, whole)
    });
    changed.collect()
}

#[tokio::test]
async fn no_field_of_the_journal_can_be_changed() {
    let approved = Approved::make().await;
    let mut tried = 0;
    for recorded in &approved.events {
        let event = serde_json::to_value(&recorded.event).expect("event");
        for (path, changed) in changed_events(&event) {
            tried += 1;
            let what = format!("{} {path}", event["kind"]);
            let text = changed.to_string().replace('\'', "''");
            let why = approved.refused(&what, &format!("update run_event set body = '{text}' where seq = {}", recorded.seq)).await;
            // What is no event any more cannot be read, and then nothing is done at all.
            // A call under another name is another call, and asks again.
            let has_code = ["held anew", "changed", "cannot be read", "unknown_tool", "invalid_arguments", "run cancelled", "run failed"];
            assert!(has_code.iter().any(|code| why.contains(code)), "{what}: {why}");
            // Whatever else is named, so is where it stands: in the journal, which is compared with the run, its prompt and its held action.
            let stands = |name: &String| matches!(name.as_str(), "journal" | "hold" | "prompt_digest") || name.starts_with("run.");
            assert!(!why.contains("it differs in") || names(&why).iter().any(stands), "{what}: {why}");
        }
        tried += 1;
        let why = approved.refused("at", &format!("update run_event set at = at + interval '1 second' where seq = {}", recorded.seq)).await;
        assert!(why.contains("journal"), "the time of event {}: {why}", recorded.seq);
    }
    assert!(tried > 100, "the journal has more fields than {tried}");
    approved.put_back().await;
    approved.drive().await;
    assert_eq!(approved.world.db.number("select count(*) from note").await, 1);
}

#[tokio::test]
async fn no_row_around_the_run_can_be_changed() {
    let approved = Approved::make().await;
    for (what, sql, code) in [
        ("another workspace", "update run set workspace_id = gen_random_uuid()", "run.workspace_id"),
        ("another agent", "update run set agent = 'other'", "run.agent"),
        // Somebody who is nobody here: a run that acts for no person is stopped before it is compared with its journal.
        ("another person", "update run set person_id = gen_random_uuid()", "run cancelled"),
        ("an owner who is one no longer", "update membership set role = 'manager'", "roles"),
        ("a person who left", "update person set disabled_at = now()", "run cancelled"),
        ("a run that was stopped", "update run set cancel_at = now()", "run cancelled"),
    ] {
        let why = approved.refused(what, sql).await;
        assert!(why.contains(code), "{what}: {why}");
    }
    // Somebody who could have asked for it is not who did.
    let other = another_owner(&approved.world, 93).await.person.expect("a person").uuid();
    let joins = format!(
        "insert into membership (tenant_id, membership_id, person_id, role, created_at) select tenant_id, '{other}', '{other}', 'owner', now() from kept_run limit 1"
    );
    let why = approved.refused("a colleague", &format!("{joins}; update run set person_id = '{other}'")).await;
    assert!(why.contains("changed") && why.contains("run.person_id"), "a colleague: {why}");
}

#[tokio::test]
async fn a_call_changed_everywhere_with_every_hash_made_anew_does_not_run() {
    let approved = Approved::make().await;
    let other = |text: &str| text.replace("Met at the fair.", "Pay Eve.");
    // The call's own digest needs no key, and neither does the digest of the whole envelope.
    let answered = approved.events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::Answered { calls, .. } => calls.first().cloned(),
        _ => None,
    });
    let call = answered.expect("a call");
    let digest = |arguments: &Value| {
        let arguments = steward_core::canonical_json(arguments).expect("canonical");
        Digest::of_parts([call.tool.as_bytes(), &arguments, b""])
    };
    let changed: Value = serde_json::from_str(&other(&call.arguments.to_string())).expect("arguments");
    assert_ne!(call.arguments, changed);
    let envelope =
        approved.world.db.texts(&approved.world.db.superuser_url, "set app.workspaces = '*'", "select envelope from hold").await.expect("envelope").remove(0);
    let forged = Digest::of(other(&envelope).as_bytes()).to_string();
    let named = approved.world.db.texts(&approved.world.db.superuser_url, "", "select encode(envelope_id, 'hex') from hold").await.expect("id").remove(0);
    let sql = format!(
        "update run_event set body = replace(replace(replace(body, 'Met at the fair.', 'Pay Eve.'), '{}', '{}'), '{named}', '{forged}');
         update hold set envelope = replace(envelope, 'Met at the fair.', 'Pay Eve.'), envelope_id = decode('{forged}', 'hex'), seal = sha256(envelope_id);
         update hold_approval set envelope_id = decode('{forged}', 'hex'), seal = sha256(envelope_id);",
        digest(&call.arguments),
        digest(&changed),
    );
    let why = approved.refused("everything at once", &sql).await;
    assert!(why.contains("hold") && why.contains("arguments") || why.contains("hold_approval"), "{why}");
}

#[tokio::test]
async fn an_approval_does_not_count_for_another_run() {
    let approved = Approved::make().await;
    let world = &approved.world;
    // The same words, the same call, another run; it waits, and the first one's approval is written under it.
    let second = world.say("Add Lena Petrova, lena@partner.example, and note that we met at the fair").await;
    forge(world, &format!("update run set status = 'waiting' where run_id = '{}'", approved.run.uuid())).await;
    assert_eq!(settle(world).await, Some(RunStatus::Waiting));
    let sql = format!(
        "insert into hold_approval select tenant_id, (select hold_id from hold where run_id = '{0}'), person_id, workspace_id, approves, roles, envelope_id, session_id, method, reason, at, seal from hold_approval;
         update hold set state = 'approved' where run_id = '{0}'; update run set status = 'queued' where run_id = '{0}';",
        second.uuid()
    );
    forge(world, &sql).await;
    settle(world).await;
    assert_eq!(world.db.number("select count(*) from note").await, 0);
    assert_eq!(world.db.number("select count(*) from decision where class = 'changed' and reason like '%hold_approval%'").await, 1);
}

#[tokio::test]
async fn resuming_again_and_again_runs_it_once() {
    let approved = Approved::make().await;
    approved.drive().await;
    let world = &approved.world;
    assert_eq!(world.db.number("select count(*) from note").await, 1);
    for state in ["approved", "claimed", "held"] {
        forge(
            world,
            &format!("update hold set state = '{state}' where hold_id = '{}'; update run set status = 'queued', outcome = null", approved.hold.uuid()),
        )
        .await;
        approved.drive().await;
        assert_eq!(world.db.number("select count(*) from note").await, 1, "{state}");
    }
    // Set back to the moment of the approval, journal and all: the log knows that it began, and no tool is asked again.
    approved.put_back().await;
    approved.drive().await;
    assert_eq!(world.db.number("select count(*) from note").await, 1);
    let refused = "select count(*) from decision where class = 'changed' and record::json ->> 'changed' = '[\"journal\"]'";
    assert_eq!(world.db.number(refused).await, 1);
    assert_eq!(world.db.number("select count(*) from audit_event where action = 'call.start' and object like '%call_2_0'").await, 1);
}

#[tokio::test]
async fn another_plugin_rule_or_prompt_after_the_approval_refuses_the_action() {
    for what in ["plugin", "rules", "prompt"] {
        let approved = Approved::make().await;
        let rules: &[&str] = if what == "rules" { &[HOLD_NOTES, NO_COMPANIES] } else { &[HOLD_NOTES] };
        let mut other = World::attach(&approved.world.db.superuser_url, approved.world.tenant, &approved.model.base_url(), rules).await;
        let runtime = std::sync::Arc::get_mut(&mut other.runtime).expect("nobody else has it");
        let code = match what {
            "plugin" => {
                let mut files = GuestFiles::crm();
                files.manifest = files.manifest.replacen("fuel = 200_000_000", "fuel = 200_000_001", 1);
                let dir = std::env::temp_dir().join(format!("stw-swapped-{}", uuid::Uuid::new_v4()));
                files.write(&dir).expect("files");
                let host = Host::new(HostOptions::default()).expect("host");
                host.load_dir(&dir).expect("the other plugin");
                std::fs::remove_dir_all(&dir).expect("clean up");
                runtime.host = host;
                "plugin_digest"
            }
            "prompt" => {
                // The same version, with other words.
                let files: Vec<(&str, String)> =
                    steward_prompts::SHIPPED.iter().map(|(path, text)| (*path, text.replace("no less and no more", "and more"))).collect();
                let prompts = Registry::load(files.iter().map(|(path, text)| (*path, text.as_str()))).expect("prompts");
                runtime.prompts = std::sync::Arc::new(prompts);
                "prompt_digest"
            }
            _ => "policy_digest",
        };
        assert_eq!(settle(&other).await, Some(RunStatus::Ended), "{what}");
        assert_eq!(other.db.number("select count(*) from note").await, 0, "{what}");
        let found = format!("select count(*) from decision where class = 'changed' and record::json ->> 'changed' like '%{code}%'");
        assert_eq!(other.db.number(&found).await, 1, "{what}");
    }
}
