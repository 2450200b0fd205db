//! For every route a request that it takes: a body, and the id of something that is there. A route without one fails the matrix.

use super::secrets;
use super::server::Ask;
use super::world::{House, World};
use serde_json::{Value, json};
use steward_api::router::Route;
use steward_core::event::Recorded;
use steward_core::{
    Actor, ActorKind, ApiTokenId, AuditId, AuthMethod, BudgetHoldId, CompanyId, ContactId, ConversationId, DealId, DecisionId, Digest, DocumentId, EnvelopeId,
    Event, GovernanceChangeId, GrantId, HoldId, Id, Integrity, PasskeyId, PersonId, PushSubscriptionId, QuestionId, Role, RunId, RunOutcome, ScheduleId, Scope,
    SessionId, WorkspaceId, Workspaces,
};
use steward_office::changes::{self, ChangeKind, POLICY, Proposal};
use steward_office::conversations::{self, AgentPins};
use steward_office::crm::{self, NewCompany, NewContact, NewDeal};
use steward_office::documents::{self, For, Place};
use steward_office::grants::{self, NewGrant, Range};
use steward_office::holds::seal::seal_hold;
use steward_office::people;
use steward_office::schedules::{self, NewSchedule, When};
use steward_store::Page;
use steward_store::audit::{self, AuditFilter};
use steward_store::governance_change::ChangeRow;
use steward_store::hold::{self, HoldRow};
use steward_store::journal;
use steward_store::passkey::{self, PasskeyRow};
use steward_store::push_subscription::{self, PushSubscriptionRow};
use time::macros::datetime;

/// A browser's public key: the one of RFC 8291.
pub(crate) const POINT: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";

/// What waits in the samples.
pub(crate) const ENVELOPE: &str = r#"{"arguments":{},"evidence":[]}"#;

/// Rules that are proposed in the samples: looking is free while the budget has room, which keeps every property of the installation.
const READS: &str = "@id(\"read\") @reason(\"Looking is free.\") permit (principal, action in Action::\"read\", resource) when { context.within_budget };";
/// The same as it is stored.
const CHANGE: &str = r#"{"cases":[],"properties":[],"rules":[{"name":"rules/read.cedar","text":"@id(\"read\") @reason(\"Looking is free.\") permit (principal, action in Action::\"read\", resource) when { context.within_budget };"}]}"#;

/// What a route is sent.
pub(crate) enum Sample {
    Nothing,
    Json(Value),
    Bytes(&'static str, &'static str),
}

/// The body a route takes.
pub(crate) fn body(world: &World, route: &Route) -> Option<Sample> {
    // Named, because an owner sees more workspaces than one; to another organisation it is an unknown one.
    let workspace = world.home.workspace;
    let unique = || world.server.state.office.ids.make::<WorkspaceId>().to_string();
    Some(match route.name {
        "session::create" => Sample::Json(json!({ "link": "not a link" })),
        // The password that the sample of `me::password` sets.
        "session::prove" => Sample::Json(json!({ "password": "a long enough password" })),
        "passkeys::challenge" | "passkeys::begin" | "oidc::begin" => Sample::Nothing,
        "oidc::answer" => Sample::Json(json!({ "code": "x", "state": "x" })),
        "passkeys::step_up" => Sample::Json(json!({ "for": "env_0" })),
        "passkeys::add" => Sample::Json(
            json!({ "name": "Phone", "credential_id": "AA", "client_data": "AA", "authenticator_data": "AA", "public_key": "AA", "algorithm": -7 }),
        ),
        "session::step_up" => Sample::Json(json!({ "for": "env_0", "code": "000000" })),
        "factors::enrol" => Sample::Nothing,
        "factors::confirm" | "factors::remove" | "factors::recovery" => Sample::Json(json!({ "code": "000000" })),
        "budget_holds::allow" | "budget_holds::break_glass" => Sample::Json(json!({ "amount_micros": 50_000, "reason": "The customer waits for this." })),
        "budget_holds::refuse" => Sample::Json(json!({ "reason": "Not today." })),
        "budget_holds::review" => Sample::Json(json!({ "justified": true })),
        "notices::set" => Sample::Json(json!({ "mail": true, "language": "es" })),
        "notices::test" => Sample::Nothing,
        "push::add" => Sample::Json(
            json!({ "name": "Phone", "endpoint": format!("https://push.example/{}", unique()), "p256dh": POINT, "auth": "AAAAAAAAAAAAAAAAAAAAAA" }),
        ),
        "me::update" => Sample::Json(json!({ "display_name": format!("Ada {}", unique()), "locale": "de-CH", "time_zone": "Europe/Zurich" })),
        "me::password" => Sample::Json(json!({ "new": "a long enough password" })),
        // Nobody is at the other end: these ask who may ask.
        "oauth::allow" => Sample::Json(json!({ "asked": "", "agent": "assistant", "scopes": ["converse"] })),
        "oauth::refuse" => Sample::Json(json!({ "asked": "" })),
        "oauth::token" => Sample::Bytes("application/x-www-form-urlencoded", "grant_type=refresh_token&client_id=x&refresh_token=x"),
        "oauth::revoke" => Sample::Bytes("application/x-www-form-urlencoded", "client_id=x&token=x"),
        "oauth::register" => Sample::Json(json!({ "redirect_uris": ["https://app.example/back"] })),
        "tokens::create" => Sample::Json(json!({ "name": "ci", "scopes": ["read"] })),
        "people::invite" => Sample::Json(json!({ "email": format!("{}@home.example", unique()), "display_name": "Ben", "roles": [{ "role": "support" }] })),
        "people::roles" => Sample::Json(json!({ "roles": [{ "role": "auditor" }] })),
        "people::enable" | "people::link" => Sample::Nothing,
        "contacts::create" => {
            Sample::Json(json!({ "workspace_id": workspace, "display_name": "Lena", "emails": [{ "value": format!("{}@example.org", unique()) }] }))
        }
        "contacts::update" => Sample::Json(json!({ "version": 1, "job_title": "Buyer" })),
        // Another that nobody has; where [`target`] made one, [`ask`] names it.
        "contacts::merge" => Sample::Json(json!({ "version": 1, "other_id": world.server.state.office.ids.make::<ContactId>(), "other_version": 1 })),
        "companies::merge" => Sample::Json(json!({ "version": 1, "other_id": world.server.state.office.ids.make::<CompanyId>(), "other_version": 1 })),
        "contacts::import" => Sample::Bytes("text/csv", "Name,Email\nLena,lena@example.org\n"),
        "companies::import" => Sample::Bytes("text/csv", "name,website\nAcme,https://acme.example\n"),
        "companies::create" => Sample::Json(json!({ "workspace_id": workspace, "name": unique() })),
        "companies::update" => Sample::Json(json!({ "version": 1, "website": "https://example.org" })),
        "deals::create" => {
            Sample::Json(json!({ "workspace_id": workspace, "title": "Chairs", "stage": "offer", "amount": { "minor": 1250, "currency": "EUR" } }))
        }
        "deals::update" => Sample::Json(json!({ "version": 1, "stage": "won" })),
        "contacts::add_note" | "companies::add_note" | "deals::add_note" => Sample::Json(json!({ "text": "Called, will call back." })),
        "documents::put" => Sample::Bytes("text/markdown", "# Terms\n\nThirty days."),
        "conversations::create" => Sample::Json(json!({ "agent": "assistant", "workspace_id": workspace })),
        "conversations::post" => Sample::Json(json!({ "text": "Hello" })),
        "runs::cancel" | "schedules::pause" | "schedules::resume" => Sample::Nothing,
        "schedules::create" => {
            Sample::Json(json!({ "agent": "assistant", "workspace_id": workspace, "text": "Hello", "cron": "0 9 * * MON", "time_zone": "Europe/Berlin" }))
        }
        "questions::answer" => Sample::Json(json!({ "content": { "day": "Monday" } })),
        "questions::decline" | "questions::cancel" => Sample::Nothing,
        "runs::fork" => Sample::Json(json!({ "step": 1 })),
        "holds::approve" => Sample::Json(json!({ "envelope_id": EnvelopeId::of_text(world.server.state.office.key.as_ref().expect("key"), ENVELOPE) })),
        // No tool and no agent's journal stands behind the samples: these ask who may ask.
        "holds::edit" => Sample::Json(json!({ "arguments": { "text": "Other words." } })),
        "grants::create" => Sample::Json(json!({
            "workspace_id": workspace, "agent": "assistant", "tool": "crm.add_note", "ranges": { "/text": "any" }, "uses_max": 3, "expires_at": "2026-03-20T00:00:00Z",
        })),
        "holds::revise" => Sample::Json(json!({ "guidance": "Shorter, please." })),
        "policies::backtest" => Sample::Json(
            json!({ "files": [{ "name": "all.cedar", "text": "@id(\"all\") @reason(\"All.\") permit (principal, action, resource);" }], "decisions": 0 }),
        ),
        "policies::propose" => Sample::Json(json!({ "files": [{ "name": "read.cedar", "text": READS }], "cases": [], "reason": "A sample.", "decisions": 0 })),
        // No server stands behind the samples.
        "tools::propose" => Sample::Json(json!({ "server": "files", "reason": "A sample." })),
        "changes::approve" => Sample::Json(json!({ "content_digest": Digest::of(CHANGE.as_bytes()) })),
        "prompts::propose" => Sample::Json(json!({ "name": "assistant", "label": "canary", "version": 1, "reason": "A sample." })),
        "changes::reject" => Sample::Json(json!({ "reason": "Too wide." })),
        "changes::withdraw" => Sample::Nothing,
        "holds::reject" => Sample::Json(json!({ "reason": "Not now." })),
        "budgets::put" => Sample::Json(json!({ "scope": "organisation", "period": "day", "cap_micros": 5_000_000 })),
        // An agent nobody has: this asks who may ask, and no model answers here.
        "mcp::post" => Sample::Json(json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "matrix", "version": "1" } } })),
        "openai::complete" => Sample::Json(json!({ "model": "nobody", "messages": [{ "role": "user", "content": "Hello" }] })),
        "openai::respond" => Sample::Json(json!({ "model": "nobody", "input": "Hello" })),
        "secrets::set" => Sample::Json(json!({ "value": "a-value-long-enough" })),
        "workspaces::create" | "workspaces::rename" => Sample::Json(json!({ "name": unique() })),
        _ if matches!(route.method.as_str(), "GET" | "DELETE") => Sample::Nothing,
        _ => return None,
    })
}

/// The id of something of this house that a person may name in the route's path.
pub(crate) async fn target(world: &World, house: &House, person: PersonId, route: &Route) -> Option<String> {
    Box::pin(made_for(world, house, person, route)).await
}

/// The sample of `me::password` gave its people a password: letting somebody in, a person or a program, takes it lately then.
async fn prove(world: &World) {
    world.server.database.raw("select pg_advisory_xact_lock(4100); update session set proved_at = created_at where revoked_at is null;").await;
}

async fn made_for(world: &World, house: &House, person: PersonId, route: &Route) -> Option<String> {
    let store = &world.server.state.store;
    let office = &world.server.state.office;
    macro_rules! made {
        ($tx:ident => $make:expr) => {{
            let mut $tx = store.begin(&house.actor).await.expect("tx");
            let made = $make.await.expect("made");
            $tx.commit().await.expect("commit");
            made
        }};
    }
    if route.path.starts_with(secrets::PATH) {
        secrets::sample(world, house, person, route.name == "secrets::remove").await;
    }
    if route.path.starts_with("/api/v1/people") || route.path.starts_with("/api/v1/tokens") {
        prove(world).await;
    }
    let noun = route.path.strip_prefix("/api/v1/")?.split_once("/{id}")?.0;
    Some(match noun {
        "sessions" => house.session_of(&world.server, person).await.session.session_id.to_string(),
        // Somebody else's: with one of their own, people would not come in by a link alone any more.
        "me/passkeys" => {
            let person_id = world.person_of(house, Role::Support, None).await;
            let passkey_id: PasskeyId = office.ids.make();
            let row = PasskeyRow {
                passkey_id,
                person_id,
                name: "Phone".to_owned(),
                credential_id: passkey_id.uuid().as_bytes().to_vec(),
                algorithm: -8,
                public_key: vec![1; 32],
                counter: 0,
                created_at: office.clock.now(),
                used_at: None,
            };
            made!(tx => passkey::insert(&mut tx, &row));
            passkey_id.to_string()
        }
        "me/push" => {
            let push_subscription_id: PushSubscriptionId = office.ids.make();
            let row = PushSubscriptionRow {
                push_subscription_id,
                person,
                name: "Phone".to_owned(),
                endpoint: format!("https://push.example/{push_subscription_id}"),
                p256dh: [[4].as_slice(), &[1; 64]].concat(),
                auth: vec![1; 16],
                created_at: office.clock.now(),
                used_at: None,
            };
            made!(tx => push_subscription::insert(&mut tx, &row));
            push_subscription_id.to_string()
        }
        "tokens" => {
            let signed_in = house.session_of(&world.server, person).await;
            prove(world).await;
            world.token(&signed_in.actor, &[Scope::Read]).await.token.api_token_id.to_string()
        }
        // Two ids, the second of something of the first.
        "people" if route.path.contains("{token_id}") => {
            let somebody = world.person_of(house, Role::Support, None).await;
            let signed_in = house.session_of(&world.server, somebody).await;
            format!("{somebody} {}", world.token(&signed_in.actor, &[Scope::Read]).await.token.api_token_id)
        }
        "people" => world.person_of(house, Role::Support, None).await.to_string(),
        "workspaces" => {
            let made = made!(tx => people::create_workspace(&mut tx, office, &office.ids.make::<WorkspaceId>().to_string())).workspace_id;
            if route.name == "plugins::forget" {
                keep(world, house, made, KEEPER, 1).await;
            }
            made.to_string()
        }
        // Two ids: the one that stays, and the one that is merged away.
        "contacts" if route.name == "contacts::merge" => {
            let lena = || NewContact { given_name: Some("Lena".to_owned()), ..NewContact::default() };
            let kept = made!(tx => crm::create_contact(&mut tx, office, house.workspace, &lena(), Integrity::Directory)).contact_id;
            let other = made!(tx => crm::create_contact(&mut tx, office, house.workspace, &lena(), Integrity::Directory)).contact_id;
            format!("{kept} {other}")
        }
        "companies" if route.name == "companies::merge" => {
            let acme = || NewCompany { name: office.ids.make::<CompanyId>().to_string(), website: None };
            let kept = made!(tx => crm::create_company(&mut tx, office, house.workspace, &acme(), Integrity::Directory)).company_id;
            let other = made!(tx => crm::create_company(&mut tx, office, house.workspace, &acme(), Integrity::Directory)).company_id;
            format!("{kept} {other}")
        }
        "contacts" => made!(tx => crm::create_contact(&mut tx, office, house.workspace, &NewContact { given_name: Some("Lena".to_owned()), ..NewContact::default() }, Integrity::Directory)).contact_id.to_string(),
        "companies" => {
            let name = office.ids.make::<CompanyId>().to_string();
            made!(tx => crm::create_company(&mut tx, office, house.workspace, &NewCompany { name, website: None }, Integrity::Directory)).company_id.to_string()
        }
        "deals" => {
            let new = NewDeal { title: "Chairs".to_owned(), stage: "offer".to_owned(), ..NewDeal::default() };
            made!(tx => crm::create_deal(&mut tx, office, house.workspace, &new, Integrity::Directory)).deal_id.to_string()
        }
        "documents" => {
            let file = documents::read(b"# Terms\n\nThirty days.", "terms.md", "text/markdown").expect("a file");
            let place = Place { workspace: house.workspace, conversation: None, readers: For::Workspace };
            made!(tx => documents::put(&mut tx, office, place, file)).document_id.to_string()
        }
        "conversations" => conversation_of(world, house, person).await.to_string(),
        "runs" => run_of(world, house, route.name == "runs::events").await.to_string(),
        "schedules" => schedule_of(world, house, person, route.name == "schedules::resume").await.to_string(),
        "actions" => action_of(world, house).await.to_string(),
        "questions" => question_of(world, house).await.to_string(),
        "holds" => hold_of(world, house, "write").await.to_string(),
        "budgets/holds" => budget_hold_of(world, house, person, route).await.to_string(),
        "changes" => change_of(world, house, person, ChangeKind::Policy, route.name.ends_with("::withdraw")).await.governance_change_id.to_string(),
        "grants" => {
            let tool = steward_policies::sample_tools().expect("tools").into_iter().find(|tool| tool.name == "crm.get_contact").expect("a tool that reads");
            let ranges = tool.roles.keys().map(|name| (format!("/{}", name.trim_start_matches('/')), Range::LettersMax(99))).collect();
            let expires_at = office.clock.now() + time::Duration::days(3);
            let new = NewGrant { workspace: house.workspace, agent: "assistant".to_owned(), person: None, ranges, uses_max: 3, expires_at };
            made!(tx => grants::give(&mut tx, office, &tool, new)).grant_id.to_string()
        }
        "audit" => {
            made!(tx => people::create_workspace(&mut tx, office, &office.ids.make::<WorkspaceId>().to_string()));
            let mut tx = world.server.state.store.begin(&house.actor).await.expect("tx");
            let entries = audit::list_newest(&mut tx, &Page::first(), AuditFilter::default()).await.expect("entries");
            entries.first().expect("an entry of this house").audit_id.to_string()
        }
        // A contact is somebody the log has personal details of.
        "audit/personal" => made!(tx => crm::create_contact(&mut tx, office, house.workspace, &NewContact { given_name: Some("Lena".to_owned()), ..NewContact::default() }, Integrity::Directory)).contact_id.to_string(),
        other => panic!("no sample for `{other}`: add one"),
    })
}

/// A conversation of a person; somebody who has none is asked about the owner's.
async fn conversation_of(world: &World, house: &House, person: PersonId) -> ConversationId {
    let kind = ActorKind::Person { session: None, method: AuthMethod::Terminal };
    let actor = Actor { tenant: house.tenant, person: Some(person), kind, roles: [Role::Support].into(), workspaces: Workspaces::All };
    let mut tx = world.server.state.store.begin(&actor).await.expect("tx");
    let made = conversations::create(&mut tx, &world.server.state.office, "assistant", house.workspace, "A sample").await.expect("conversation");
    tx.commit().await.expect("commit");
    made.conversation_id
}

/// A schedule of a person, perhaps paused; somebody who has none is asked about the owner's.
async fn schedule_of(world: &World, house: &House, person: PersonId, is_paused: bool) -> ScheduleId {
    let kind = ActorKind::Person { session: None, method: AuthMethod::Terminal };
    let actor = Actor { tenant: house.tenant, person: Some(person), kind, roles: [Role::Support].into(), workspaces: Workspaces::All };
    let office = &world.server.state.office;
    let when = When::cron("0 9 * * MON", "UTC", office.clock.now()).expect("a time");
    let new = NewSchedule { agent: "assistant".to_owned(), workspace: house.workspace, conversation: None, text: "Hello".to_owned(), when };
    let mut tx = world.server.state.store.begin(&actor).await.expect("tx");
    let made = schedules::create(&mut tx, office, new).await.expect("schedule").schedule_id;
    if is_paused {
        schedules::pause(&mut tx, office, made).await.expect("paused");
    }
    tx.commit().await.expect("commit");
    made
}

/// A verdict on a call of a run of the owner.
async fn action_of(world: &World, house: &House) -> DecisionId {
    let run = run_of(world, house, true).await;
    let id: DecisionId = world.server.state.office.ids.make();
    let text = format!(
        "insert into decision (tenant_id, decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, class, rules, reason, envelope_id, policy_digest, arguments, provenance, record, decided_at)
         values ('{}', '{}', '{}', '{}', 'call_1_0', '{}', 'assistant', 'crm.get_contact', 'read', 'allow', null, '{{read}}', 'Looking is free.', null, decode(repeat('00', 32), 'hex'), '{{}}', '[]', '{{}}', now())",
        house.tenant.uuid(),
        id.uuid(),
        house.workspace.uuid(),
        run.uuid(),
        house.owner.uuid()
    );
    world.server.database.raw(&text).await;
    id
}

/// A run of the owner: over, with all of its events, or still queued.
async fn run_of(world: &World, house: &House, is_over: bool) -> RunId {
    let conversation = conversation_of(world, house, house.owner).await;
    let agent = &world.server.state.agents["assistant"];
    let pins = AgentPins {
        agent: agent.name.clone(),
        prompt: agent.prompt.clone(),
        prompt_digest: agent.prompt_digest,
        model: agent.model.clone(),
        mode: agent.mode,
        limits: agent.limits,
    };
    let mut tx = world.server.state.store.begin(&house.actor).await.expect("tx");
    let run = conversations::post(&mut tx, &world.server.state.office, conversation, "Hello", "chat", pins, None).await.expect("posted").run;
    if is_over {
        let event = Event::Ended { outcome: RunOutcome::Cancelled, reason: None, message: "Stopped.".to_owned() };
        journal::append(&mut tx, run, house.workspace, &[Recorded::new(2, world.server.state.office.clock.now_ms(), event)]).await.expect("ended");
    }
    tx.commit().await.expect("commit");
    if is_over {
        let sql = format!("update run set status = 'ended', outcome = 'cancelled', ended_at = now(), last_seq = 2 where run_id = '{}'", run.uuid());
        world.server.database.raw(&sql).await;
    }
    run
}

/// The plugin that keeps something in the samples.
const KEEPER: &str = "notes";

/// Has a plugin keep so many entries in a workspace, each of one byte under a key of two.
pub(crate) async fn keep(world: &World, house: &House, workspace: WorkspaceId, plugin: &str, entries: u32) {
    let (tenant, workspace) = (house.tenant.uuid(), workspace.uuid());
    let sql = format!(
        "insert into plugin_state (tenant_id, workspace_id, plugin, bytes, entries) values ('{tenant}', '{workspace}', '{plugin}', {}, {entries});
         insert into plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at)
         select '{tenant}', '{workspace}', '{plugin}', 'k' || number, 'x', 1, 4, false, 4, false, now() from generate_series(1, {entries}) as number;",
        entries * 3
    );
    world.server.database.raw(&sql).await;
}

/// An action of the owner's run that waits for an owner or a manager, for the envelope that [`body`] names.
pub(crate) async fn hold_of(world: &World, house: &House, effect: &str) -> HoldId {
    let run = run_of(world, house, false).await;
    let id: HoldId = world.server.state.office.ids.make();
    let key = world.server.state.office.key.as_ref().expect("key");
    let mut row = HoldRow {
        hold_id: id,
        workspace: house.workspace,
        run,
        call_id: "call_1_0".to_owned(),
        person: house.owner,
        agent: "assistant".to_owned(),
        tool: "crm.add_note".to_owned(),
        effect: effect.to_owned(),
        envelope_id: EnvelopeId::of_text(key, ENVELOPE).bytes().to_vec(),
        envelope: ENVELOPE.to_owned(),
        needs: r#"[["owner"],["manager"]]"#.to_owned(),
        reason: "A sample.".to_owned(),
        rules: Vec::new(),
        state: "held".to_owned(),
        held_at: datetime!(2026-03-01 00:00 UTC),
        expires_at: datetime!(2100-01-01 00:00 UTC),
        decided_at: None,
        closed_at: None,
        people: 1,
        separate: false,
        ask: "[]".to_owned(),
        preview: None,
        edits: None,
        edited_by: None,
        journal: None,
        seal: None,
    };
    row.seal = Some(seal_hold(key, house.tenant, &row).expect("seal"));
    let mut tx = world.server.state.store.begin(&house.actor).await.expect("tx");
    hold::insert(&mut tx, &row).await.expect("a hold");
    tx.commit().await.expect("commit");
    id
}

/// What a server asks the owner in a call of their run.
async fn question_of(world: &World, house: &House) -> QuestionId {
    let run = run_of(world, house, false).await;
    let id: QuestionId = world.server.state.office.ids.make();
    let form = r#"{"message":"Which day?","fields":[{"name":"day","required":true,"input":{"type":"text"}}]}"#;
    let sql = format!(
        "update run set status = 'running' where run_id = '{run}';
         insert into question (tenant_id, question_id, workspace_id, run_id, fence, call_id, person_id, tool, server, question, asked_at, expires_at)
         select tenant_id, '{id}', workspace_id, run_id, fence, 'call_1_0', person_id, 'trips.book', 'trips', '{form}', '2026-03-01', '2100-01-01' from run where run_id = '{run}'",
        run = run.uuid(),
        id = id.uuid(),
    );
    world.server.database.raw(&sql).await;
    id
}

/// A run of the owner's that waits for room; for a review one that somebody else let go on, and for breaking the glass a person who proved
/// who they are.
async fn budget_hold_of(world: &World, house: &House, person: PersonId, route: &Route) -> BudgetHoldId {
    let run = run_of(world, house, false).await;
    let id: BudgetHoldId = world.server.state.office.ids.make();
    let (tenant, workspace, owner) = (house.tenant.uuid(), house.workspace.uuid(), house.owner.uuid());
    // Only one at a time: several of a person's sessions are touched at once.
    let mut sql = format!(
        "select pg_advisory_xact_lock(4100);
         insert into budget_hold (tenant_id, budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, held_at, expires_at)
         values ('{tenant}', '{}', '{workspace}', '{}', '{owner}', 'assistant', 1, 50000, 0, false, 'A sample.', 'held', '2026-03-01', '2100-01-01');
         update session set proved_at = '2026-03-01 09:00Z' where person_id = '{}';",
        id.uuid(),
        run.uuid(),
        person.uuid(),
    );
    if route.name == "budget_holds::review" {
        let other = world.person_of(house, Role::Manager, None).await;
        sql.push_str(&format!(
            "update budget_hold set state = 'allowed', allowed_micros = 50000, allowed_until = '2026-03-01 10:00Z', broke_glass = true, decided_by = '{}',
                    decided_at = '2026-03-01 09:00Z', reason = 'The customer waits.' where budget_hold_id = '{}'",
            other.uuid(),
            id.uuid(),
        ));
    }
    world.server.database.raw(&sql).await;
    id
}

/// A label that nothing points to yet, moved to the assistant's first version, as it is stored.
fn label_move(world: &World) -> String {
    let digest = world.server.state.prompts.get("assistant", 1).expect("the first version").digest;
    format!(r#"{{"digest":"{digest}","label":"canary","name":"assistant","version":1}}"#)
}

/// A standing grant that an agent asks for, as it is stored.
fn wish(house: &House) -> String {
    json!({
        "workspace": house.workspace, "agent": "assistant", "person": house.owner, "tool": "crm.add_note", "ranges": { "/text": "any" }, "uses_max": 3, "days": 7,
    })
    .to_string()
}

/// A change that somebody else proposed, and to be withdrawn one's own; who is to approve it proved who they are.
pub(crate) async fn change_of(world: &World, house: &House, person: PersonId, kind: ChangeKind, is_own: bool) -> ChangeRow {
    let proposer = if is_own { person } else { world.person_of(house, Role::Manager, None).await };
    let terminal = ActorKind::Person { session: None, method: AuthMethod::Terminal };
    let actor = Actor { tenant: house.tenant, person: Some(proposer), kind: terminal, roles: [Role::Owner].into(), workspaces: Workspaces::All };
    let state = &world.server.state;
    let (report, reason) = ("{}".to_owned(), "A sample.");
    let (subject, content, base) = match kind {
        ChangeKind::Policy => (POLICY, CHANGE.to_owned(), state.rules.of(house.tenant).digest()),
        ChangeKind::PromptLabel => ("assistant@canary", label_move(world), Digest::of(b"")),
        // No tool stands behind the samples.
        ChangeKind::Grant => ("crm.add_note@sample", wish(house), Digest::of(b"")),
        ChangeKind::Tool => ("files", r#"{"server":"files","tools":{}}"#.to_owned(), Digest::of(b"")),
    };
    let proposal = Proposal { kind, subject, content, base, report, is_sound: true, reason };
    let mut tx = state.store.begin(&actor).await.expect("tx");
    let row = changes::propose(&mut tx, &state.office, proposal).await.expect("proposed");
    tx.commit().await.expect("commit");
    // Only one at a time: several of a person's sessions are touched at once.
    let sql = format!("select pg_advisory_xact_lock(4100); update session set proved_at = '2026-03-01 09:00Z' where person_id = '{}';", person.uuid());
    world.server.database.raw(&sql).await;
    row
}

/// An id of the route's kind that names nothing.
pub(crate) fn nothing(world: &World, route: &Route) -> Option<String> {
    fn fresh<T: Id>(world: &World) -> String {
        world.server.state.office.ids.make::<T>().to_string()
    }
    let noun = route.path.strip_prefix("/api/v1/")?.split_once("/{id}")?.0;
    Some(match noun {
        "sessions" => fresh::<SessionId>(world),
        "me/passkeys" => fresh::<PasskeyId>(world),
        "me/push" => fresh::<PushSubscriptionId>(world),
        "tokens" => fresh::<ApiTokenId>(world),
        "people" if route.path.contains("{token_id}") => format!("{} {}", fresh::<PersonId>(world), fresh::<ApiTokenId>(world)),
        "people" => fresh::<PersonId>(world),
        "workspaces" => fresh::<WorkspaceId>(world),
        "contacts" => fresh::<ContactId>(world),
        "companies" => fresh::<CompanyId>(world),
        "deals" => fresh::<DealId>(world),
        "documents" => fresh::<DocumentId>(world),
        "conversations" => fresh::<ConversationId>(world),
        "runs" => fresh::<RunId>(world),
        "schedules" => fresh::<ScheduleId>(world),
        "questions" => fresh::<QuestionId>(world),
        "actions" => fresh::<DecisionId>(world),
        "holds" => fresh::<HoldId>(world),
        "grants" => fresh::<GrantId>(world),
        "changes" => fresh::<GovernanceChangeId>(world),
        "audit" => fresh::<AuditId>(world),
        "audit/personal" => fresh::<ContactId>(world),
        "budgets/holds" => fresh::<BudgetHoldId>(world),
        other => panic!("no id for `{other}`: add one"),
    })
}

/// The request of a route, with its body, to be sent as somebody.
pub(crate) fn ask<'a>(world: &'a World, route: &Route, id: Option<&str>) -> Ask<'a> {
    let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|name| *name == route.method.as_str()).expect("method");
    let path = match id.map(|id| id.split_once(' ').unwrap_or((id, id))) {
        Some((id, of_it)) => route.path.replace("{id}", id).replace("{token_id}", of_it).replace("{plugin}", KEEPER),
        None if route.path.starts_with(secrets::PATH) => route.path.replace("{plugin}", "asker").replace("{name}", "asker_token"),
        None => route.path.replace("{name}", "assistant").replace("{version}", "1"),
    };
    let ask = world.server.ask(method, path);
    // The protocol wants to know for whom and in which forms; other routes do not look.
    let ask = if route.path == "/mcp" { ask.header("host", "127.0.0.1:7700").header("accept", "application/json, text/event-stream") } else { ask };
    let ask = if route.name == "documents::search" { ask.query(&format!("q=terms&workspace_id={}", world.home.workspace)) } else { ask };
    match body(world, route) {
        Some(Sample::Json(mut body)) => {
            if let (Some((_, other)), Some(named)) = (id.and_then(|id| id.split_once(' ')), body.get_mut("other_id")) {
                *named = json!(other);
            }
            ask.json(&body)
        }
        Some(Sample::Bytes(kind, bytes)) => ask.query(&format!("workspace_id={}", world.home.workspace)).bytes(kind, bytes),
        Some(Sample::Nothing) => ask,
        None => panic!("no body for `{}`: add one", route.name),
    }
}
