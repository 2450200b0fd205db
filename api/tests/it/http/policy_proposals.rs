//! Changes of the rules: one person proposes, another approves, and nobody gets around that, not even with plain SQL.

use super::server::Ask;
use super::working::{HOLD_NOTES, Working};
use super::world::World;
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_core::{PersonId, Role, Scope};
use steward_policies::{PropertyFile, shipped_rules};

/// Where rules are proposed.
const PATH: &str = "/api/v1/policies/proposals";
/// Where changes are looked at and decided.
const CHANGES: &str = "/api/v1/changes";

/// A rule that stops companies; it breaks nothing.
const NO_COMPANIES: &str = r#"@id("no-companies") @reason("No companies for now.") @tell("Companies cannot be made here.")
forbid (principal, action == Action::"crm.create_company", resource);"#;

/// The shipped rules, notes that ask, and what else is given.
fn files(extra: &str) -> Value {
    let mut files: Vec<Value> = shipped_rules().iter().map(|file| json!({ "name": file.name, "text": file.text })).collect();
    files.push(json!({ "name": "test-0.cedar", "text": HOLD_NOTES }));
    if !extra.is_empty() {
        files.push(json!({ "name": "90-mine.cedar", "text": extra }));
    }
    json!(files)
}

/// A session of this person that has just proved who they are.
async fn proven(world: &World, person: PersonId) -> SecretString {
    let session = world.home.session_of(&world.server, person).await;
    world.server.database.raw(&format!("update session set proved_at = '2026-03-01 09:00Z' where session_id = '{}'", session.session.session_id.uuid())).await;
    session.secret
}

struct House<'a> {
    working: &'a Working,
    manager: SecretString,
    owner: SecretString,
}

impl<'a> House<'a> {
    /// An owner and a manager who proved who they are.
    async fn of(working: &'a Working) -> Self {
        let world = &working.world;
        let manager = world.person(Role::Manager, None).await;
        // The parts that work keep the time of the machine or their own: the proof is as old as that.
        let (manager, owner) = (proven(world, manager).await, proven(world, world.home.owner).await);
        let now = world.server.state.office.clock.now().unix_timestamp();
        world.server.database.raw(&format!("update session set proved_at = to_timestamp({now})")).await;
        Self { working, manager, owner }
    }

    fn ask(&self, method: &'static str, path: impl Into<String>, who: &SecretString) -> Ask<'_> {
        self.working.ask(method, path).cookie(who)
    }

    async fn propose(&self, who: &SecretString, extra: &str) -> Value {
        // The shipped cases know nothing of the rule that makes notes ask in these tests.
        let body = json!({ "files": files(extra), "cases": [], "reason": "Companies are made by hand.", "decisions": 100 });
        self.ask("POST", PATH, who).json(&body).send().await.expect(201).json()
    }

    async fn approve(&self, who: &SecretString, proposal: &Value) -> super::server::Reply {
        let path = format!("{CHANGES}/{}/approve", id(proposal));
        self.ask("POST", path, who).json(&json!({ "content_digest": proposal["content_digest"], "reason": "Agreed." })).send().await
    }
}

fn id(proposal: &Value) -> String {
    proposal["governance_change_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_proposal_is_refused_unless_it_says_why_and_loads() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    for (body, path, says) in [
        (json!({ "files": [], "reason": "Why." }), "/files", "no rule"),
        (json!({ "files": files("permit (principal action"), "reason": "Why." }), "/files", "rules/90-mine.cedar:1"),
        (json!({ "files": [{ "name": "../../etc/a.cedar", "text": "" }], "reason": "Why." }), "/files", "no name of a file"),
        (json!({ "files": files(""), "reason": " " }), "/reason", "say why"),
        (json!({ "files": files(""), "reason": "x".repeat(2001) }), "/reason", "2000"),
        (json!({ "files": files(""), "reason": "Why.", "decisions": 10_001 }), "/decisions", "10000"),
        (json!({ "files": files(""), "reason": "Why.", "approve": true }), "/approve", ""),
    ] {
        let reply = house.ask("POST", PATH, &house.manager).json(&body).send().await.expect(422).json();
        let error = &reply["errors"][0];
        assert!(error["path"] == path && error["message"].as_str().expect("words").contains(says), "{reply}");
    }
    let body = json!({ "files": files(""), "reason": "Why." });
    let token = working.world.token(&working.world.home.actor, &Scope::ALL).await.secret;
    working.ask("POST", PATH).token(&token).json(&body).send().await.expect(403);
    for role in [Role::Finance, Role::Support, Role::Auditor] {
        working.ask("POST", PATH).cookie(&working.as_role(role).await).json(&body).send().await.expect(403);
    }
    assert_eq!(working.world.server.database.number("select count(*) from governance_change").await, 0);
}

#[tokio::test]
async fn nobody_approves_their_own_nor_what_was_not_shown_nor_without_a_proof() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    let world = &working.world;
    let own = house.propose(&house.owner, NO_COMPANIES).await;
    let reply = house.approve(&house.owner, &own).await.expect(403).json();
    assert!(reply["detail"].as_str().expect("detail").contains("somebody else"), "{reply}");
    house.approve(&house.manager, &own).await.expect(403);
    house.ask("POST", format!("{CHANGES}/{}/reject", id(&own)), &house.owner).json(&json!({})).send().await.expect(403);

    let theirs = house.propose(&house.manager, NO_COMPANIES).await;
    let path = format!("{CHANGES}/{}/approve", id(&theirs));
    let right = json!({ "content_digest": theirs["content_digest"] });
    let unproven = world.owner().await;
    let reply = house.ask("POST", path.as_str(), &unproven).json(&right).send().await.expect(403).json();
    assert!(reply["detail"].as_str().expect("detail").contains("/api/v1/session/prove"), "{reply}");
    for wrong in [theirs["base_digest"].clone(), json!(format!("sha256:{}", "0".repeat(64)))] {
        let status = house.ask("POST", path.as_str(), &house.owner).json(&json!({ "content_digest": wrong })).send().await.status;
        assert!(status == 409 || status == 422, "{wrong}: {status}");
    }
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    house.ask("POST", path.as_str(), &elsewhere).json(&right).send().await.expect(404);
    let token = world.token(&world.home.actor, &Scope::ALL).await.secret;
    working.ask("POST", path.as_str()).token(&token).json(&right).send().await.expect(403);
    house.ask("POST", format!("{CHANGES}/{}/withdraw", id(&theirs)), &house.owner).send().await.expect(403);
    assert_eq!(world.server.database.number("select count(*) from governance_change where state <> 'proposed'").await, 0);
    assert_eq!(world.server.state.rules.version_of(world.home.tenant), None, "nothing is in force by it");

    let withdrawn = house.ask("POST", format!("{CHANGES}/{}/withdraw", id(&theirs)), &house.manager).send().await.expect(200).json();
    assert_eq!(withdrawn["state"], "withdrawn");
    house.approve(&house.owner, &theirs).await.expect(409);
    let other = world.person(Role::Owner, None).await;
    let other = world.home.session_of(&world.server, other).await.secret;
    let rejected = house.ask("POST", format!("{CHANGES}/{}/reject", id(&own)), &other).json(&json!({ "reason": "Not now." })).send().await.expect(200).json();
    assert_eq!((&rejected["state"], &rejected["decision_reason"]), (&json!("rejected"), &json!("Not now.")));
}

#[tokio::test]
async fn what_breaks_a_property_or_fails_a_case_waits_and_is_never_approved() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    let everything = "@id(\"all\") @reason(\"All.\") permit (principal, action, resource);";
    let body = json!({ "files": files(everything), "reason": "Everything.", "decisions": 0 });
    let loose = house.ask("POST", PATH, &house.manager).json(&body).send().await.expect(201).json();
    assert_eq!((&loose["sound"], &loose["report"]["changes"]["looser"]), (&json!(false), &json!(true)));
    let broken: Vec<&Value> = loose["report"]["properties"].as_array().expect("properties").iter().filter(|one| one["status"] == "broken").collect();
    assert!(!broken.is_empty() && broken.iter().all(|one| one["case"].is_string()), "{loose}");
    assert!(!loose["report"]["failed_cases"].as_array().expect("cases").is_empty());
    let reply = house.approve(&house.owner, &loose).await.expect(409).json();
    assert!(reply["detail"].as_str().expect("detail").contains("did not pass its checks"), "{reply}");
    // Not even with a case and a property of one's own that say otherwise: the installation's properties always count.
    let body = json!({
        "files": [{ "name": "all.cedar", "text": "@id(\"all\") @reason(\"All.\") permit (principal, action, resource);" }],
        "cases": [], "properties": [], "reason": "Everything.", "decisions": 0,
    });
    let reply = house.ask("POST", PATH, &house.manager).json(&body).send().await.expect(201).json();
    assert_eq!(reply["sound"], json!(false), "{reply}");
    assert_eq!(working.world.server.state.rules.version_of(working.world.home.tenant), None);
}

#[tokio::test]
async fn what_the_installation_asks_for_since_then_counts_when_it_is_approved() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    let (database, state) = (&working.world.server.database, &working.world.server.state);
    let proposal = house.propose(&house.manager, NO_COMPANIES).await;
    assert_eq!(proposal["sound"], json!(true), "{proposal}");
    let before = (*state.policy_files.now()).clone();
    let mut tighter = before.clone();
    tighter.properties.push(PropertyFile { name: "properties/ours.txt".to_owned(), text: "never write without approval by owner\n".to_owned() });
    state.policy_files.replace(tighter);
    let reply = house.approve(&house.owner, &proposal).await.expect(409).json();
    let detail = reply["detail"].as_str().expect("detail");
    assert!(detail.contains("does not pass them as things are now") && detail.contains("`never write without approval by owner` is broken"), "{reply}");
    assert_eq!(database.number("select count(*) from governance_change where state <> 'proposed'").await, 0);
    assert_eq!(database.number("select count(*) from audit_event where action = 'change.approve'").await, 0);
    assert_eq!(state.rules.version_of(working.world.home.tenant), None, "nothing is in force by it");
    // Whoever may not approve it is told that, and not what it lacks.
    house.approve(&house.manager, &proposal).await.expect(403);
    state.policy_files.replace(before);
    house.approve(&house.owner, &proposal).await.expect(200);
}

#[tokio::test]
async fn an_approved_set_is_in_force_for_its_organisation_and_what_was_approved_before_it_does_not_run() {
    let working = Working::noting().await;
    let house = House::of(&working).await;
    let world = &working.world;
    let state = &world.server.state;
    let before = state.rules.of(world.home.tenant).digest();
    let mut held = working.held().await;
    let proposal = house.propose(&house.manager, NO_COMPANIES).await;
    assert_eq!(
        (&proposal["sound"], &proposal["is_stale"], &proposal["base_digest"]),
        (&json!(true), &json!(false), &json!(before.to_string())),
        "{}",
        proposal["report"]["failed_cases"]
    );
    assert_eq!(proposal["report"]["changes"]["added"], json!(["no-companies"]));
    assert!(proposal["report"]["changes"]["decisions"]["judged"].as_u64().expect("a number") > 0, "{proposal}");
    let shown = house.ask("GET", format!("{CHANGES}/{}", id(&proposal)), &house.owner).send().await.expect(200).json();
    assert_eq!((&shown["report"], &shown["content"], &shown["reason"]), (&proposal["report"], &proposal["content"], &json!("Companies are made by hand.")));
    let also = house.propose(&house.manager, "").await;

    let approved = house.approve(&house.owner, &proposal).await.expect(200).json();
    assert_eq!((&approved["state"], &approved["version"]), (&json!("approved"), &json!(1)));
    house.approve(&house.owner, &proposal).await.expect(409);
    let live = state.rules.of(world.home.tenant);
    assert_eq!(live.digest().to_string(), proposal["report"]["changes"]["proposed"].as_str().expect("a digest"));
    assert_eq!((state.rules.base().digest(), state.rules.of(world.other.tenant).digest()), (before, before), "and for no other");
    let policies = house.ask("GET", "/api/v1/policies", &house.owner).send().await.expect(200).json();
    assert!(policies["rules"].as_array().expect("rules").iter().any(|rule| rule["id"] == "no-companies"), "{policies}");

    // A proposal for what is no longer in force says so, and what to do.
    let listed = house.ask("GET", format!("{CHANGES}?kind=policy&state=proposed"), &house.owner).send().await.expect(200).json();
    assert_eq!((&listed["items"][0]["governance_change_id"], &listed["items"][0]["is_stale"]), (&also["governance_change_id"], &json!(true)));
    let reply = house.approve(&house.owner, &also).await.expect(409).json();
    assert!(reply["detail"].as_str().expect("detail").contains("steward policy export"), "{reply}");

    // The action that waited under the rules of before is approved now, and does not run: what would run is not what was shown.
    let approve = format!("/api/v1/holds/{}/approve", held.hold);
    house.ask("POST", approve, &house.owner).json(&json!({ "envelope_id": held.envelope })).send().await.expect(200);
    held.stream.until_the_end().await;
    assert_eq!(world.server.database.number("select count(*) from note").await, 0);
    let blocked = house.ask("GET", "/api/v1/actions?verdict=blocked", &house.owner).send().await.expect(200).json();
    let reason = blocked["items"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("not what was approved") && reason.contains("policy_digest"), "{blocked}");

    let history = house.ask("GET", "/api/v1/policies/history", &house.owner).send().await.expect(200).json();
    let items = history["items"].as_array().expect("items");
    assert_eq!((items.len(), &items[0]["version"], &items[0]["decision_reason"]), (1, &json!(1), &json!("Agreed.")));
    let audit = house.ask("GET", "/api/v1/audit?action=change.approve", &house.owner).send().await.expect(200).json();
    assert_eq!(
        (&audit["items"][0]["detail"]["content_digest"], &audit["items"][0]["object"]),
        (&proposal["content_digest"], &proposal["governance_change_id"])
    );
    assert_eq!(audit["items"][0]["personal"]["reason"], "Agreed.");
    let clear = "select count(*) from governance_change as t where to_jsonb(t)::text like '%made by hand%' or to_jsonb(t)::text like '%Agreed.%'";
    assert_eq!(world.server.database.number(clear).await, 0, "reasons are sealed");
}

#[tokio::test]
async fn of_two_approvals_at_once_on_one_base_one_comes_in_force() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    let (one, two) = (house.propose(&house.manager, NO_COMPANIES).await, house.propose(&house.manager, "").await);
    let (first, second) = tokio::join!(house.approve(&house.owner, &one), house.approve(&house.owner, &two));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", first.text(), second.text());
    assert_eq!(working.world.server.database.number("select count(*) from governance_change where state = 'approved'").await, 1);
}

#[tokio::test]
async fn rules_that_were_changed_in_the_database_allow_nothing() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    let world = &working.world;
    let state = &world.server.state;
    let proposal = house.propose(&house.manager, NO_COMPANIES).await;
    // Whoever can write rows changes what waits: it cannot be approved.
    let behind = |set: &str| {
        format!(
            "alter table governance_change disable trigger user; update governance_change set {set} where governance_change_id = '{}'; alter table governance_change enable trigger user;",
            uuid_of(&proposal)
        )
    };
    world.server.database.raw("create table kept as select * from governance_change").await;
    let back = "alter table governance_change disable trigger user; delete from governance_change; insert into governance_change select * from kept; alter table governance_change enable trigger user;";
    for set in ["content = replace(content, 'forbid', 'permit')", "report = '{}'", "base_version = 0, agent = 'x', run_id = null", "proposed_by = decided_by"] {
        // The last two are against the table's own checks, and then nothing changed.
        if world.server.database.texts(&world.server.database.superuser_url, "", &format!("{} select 'done'", behind(set))).await.is_ok() {
            let reply = house.approve(&house.owner, &proposal).await;
            assert_eq!(reply.status, 409, "{set}: {}", reply.text());
        }
        world.server.database.raw(back).await;
    }
    house.approve(&house.owner, &proposal).await.expect(200);
    assert_eq!(state.rules.version_of(world.home.tenant), Some(1));
    // Or what is in force: a process that takes it up allows nothing.
    world.server.database.raw(&behind("content = replace(content, 'no-companies', 'any-company')")).await;
    let fresh = steward_agent::rules::SharedRules::new(state.rules.base());
    steward_api::wiring::adopt::adopt(&state.store, &state.office, &state.host.specs(), &fresh).await.expect("looked at");
    assert_eq!(fresh.of(world.home.tenant).list().iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(), ["rules-cannot-be-used"]);
    assert_eq!(fresh.of(world.other.tenant).digest(), state.rules.base().digest(), "the others are as they were");
}

#[tokio::test]
async fn rules_that_are_older_than_the_log_says_allow_nothing() {
    let working = Working::saying("Hello.").await;
    let house = House::of(&working).await;
    let world = &working.world;
    let state = &world.server.state;
    let taken_up = async || {
        let fresh = steward_agent::rules::SharedRules::new(state.rules.base());
        steward_api::wiring::adopt::adopt_first(&state.store, &state.office, &state.host.specs(), &fresh).await.expect("looked at");
        assert_eq!(fresh.of(world.other.tenant).digest(), state.rules.base().digest(), "the others are as they were");
        fresh.of(world.home.tenant).list().iter().map(|rule| rule.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let first = house.propose(&house.manager, "").await;
    house.approve(&house.owner, &first).await.expect(200);
    let second = house.propose(&house.manager, NO_COMPANIES).await;
    house.approve(&house.owner, &second).await.expect(200);
    assert!(taken_up().await.iter().any(|id| id == "no-companies"));
    // Whoever can write rows takes away what stops companies: the rules of before, or those of the files, were approved or fit, and are in force no more.
    for rows in [format!("governance_change_id = '{}'", uuid_of(&second)), "true".to_owned()] {
        let taken = format!("set session_replication_role = replica; delete from governance_change where {rows}");
        world.server.database.raw(&taken).await;
        assert_eq!(taken_up().await, ["rules-cannot-be-used"], "{rows}");
    }
}

fn uuid_of(proposal: &Value) -> uuid::Uuid {
    id(proposal).parse::<steward_core::GovernanceChangeId>().expect("an id").uuid()
}

#[tokio::test]
async fn the_table_of_changes_refuses_what_nobody_may_say_whoever_writes() {
    let world = World::make().await;
    let (tenant, owner) = (world.home.tenant.uuid(), world.home.owner.uuid());
    let manager = world.person(Role::Manager, None).await.uuid();
    let database = &world.server.database;
    let insert = |id: u32, state: &str, sound: bool| {
        format!(
            "insert into governance_change (tenant_id, governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by, proposed_at, proposed_audit_id, seal, state)
             select '{tenant}', '00000000-0000-0000-0000-{id:012}', 'policy', 'rules', '{{}}', sha256('a'), sha256('b'), 0, '{{}}', {sound}, '{manager}', now(), (select audit_id from audit_event limit 1), sha256('c'), '{state}' returning '1'"
        )
    };
    let update =
        |id: u32, set: &str| format!("update governance_change set {set} where governance_change_id = '00000000-0000-0000-0000-{id:012}' returning '1'");
    let entered = format!("select set_config('app.tenant', '{tenant}', false), set_config('app.workspaces', '*', false);");
    let as_app = async |sql: &str| database.texts(&database.app_url, &entered, sql).await;
    let yes = |by: uuid::Uuid, version: u32| {
        format!(
            "state = 'approved', version = {version}, decided_by = '{by}', decided_at = now(), decided_audit_id = proposed_audit_id, decided_seal = sha256('d')"
        )
    };
    let refused = async |sql: String, says: &str| {
        let said = as_app(&sql).await.expect_err(&sql);
        assert!(said.contains(says), "`{says}` in {said}: {sql}");
    };
    refused(insert(1, "approved", true), "a change begins as a proposal").await;
    for (id, sound) in [(1, true), (2, false), (3, true)] {
        as_app(&insert(id, "proposed", sound)).await.expect("a proposal");
    }
    refused(update(1, &yes(manager, 1)), "who proposed a change cannot approve it").await;
    refused(update(2, &yes(owner, 1)), "did not pass its checks").await;
    refused(update(1, &yes(owner, 2)), "another change came in force").await;
    refused(update(1, &yes(owner, 1).replace(", decided_seal = sha256('d')", "")), "check constraint").await;
    refused(update(1, &format!("state = 'withdrawn', decided_by = '{owner}', decided_at = now(), decided_audit_id = proposed_audit_id")), "check constraint")
        .await;
    refused(update(1, "state = 'approved'"), "").await;
    for set in ["content = 'x'", "sound = true", "proposed_by = decided_by", "report = 'x'", "base_version = 1", "seal = sha256('z')"] {
        refused(update(2, set), "permission denied").await;
    }
    refused("delete from governance_change returning '1'".to_owned(), "permission denied").await;
    as_app(&update(1, &yes(owner, 1))).await.expect("somebody else");
    refused(update(3, &yes(owner, 1)), "another change came in force").await;
    refused(update(3, &yes(owner, 2)), "another change came in force").await;
    refused(update(1, "state = 'rejected', version = null, decided_seal = null"), "already approved").await;
    // The owner of the tables is told the same.
    for sql in [
        "update governance_change set sound = true",
        "update governance_change set content = 'x'",
        "delete from governance_change",
        "truncate governance_change",
    ] {
        assert!(database.texts(&database.superuser_url, "", &format!("{sql}; select '1'")).await.is_err(), "{sql}");
    }
}
