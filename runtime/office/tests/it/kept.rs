//! What plugins keep, in the database: no wall is crossed, no bound is passed, of two at once one wins, and a repeat changes nothing.

use crate::fixture::{House, World};
use futures_util::future::join_all;
use steward_core::{Actor, Digest, Floor, HasKind as _, Integrity, Kind, Role, RunId, WorkspaceId};
use steward_office::OfficeError;
use steward_office::crm::{CrmError, Effect, Made};
use steward_office::kept::{self, Change, Changed, Space};

const FLOOR: Floor = Floor { integrity: Integrity::Fact, private: true };

/// Whether it is another version now, whichever.
fn is_kept(changed: Changed) -> bool {
    matches!(changed, Changed::Version(_))
}

struct Plugin<'a> {
    world: &'a World,
    actor: Actor,
    run: RunId,
    workspace: WorkspaceId,
    name: &'a str,
}

impl<'a> Plugin<'a> {
    async fn of(world: &'a World, house: &House, workspace: WorkspaceId, name: &'a str) -> Self {
        let run = world.run(house).await;
        Self { world, actor: house.only(workspace).as_agent(run, "assistant"), run, workspace, name }
    }

    fn space(&self) -> Space<'a> {
        Space { workspace: self.workspace, plugin: self.name, bytes_max: 20, entries_max: 3 }
    }

    async fn change_as(&self, call: &str, key: &str, change: Change<'_>) -> Result<Made<Changed>, CrmError> {
        // As the worker, whose grants these are.
        let mut tx = self.world.database.worker.begin(&self.actor).await?;
        let request_digest = Digest::of(format!("{key} {change:?}").as_bytes());
        let effect = Effect { key: call.to_owned(), ordinal: 0, run: self.run, workspace: self.workspace, request_digest };
        let made = kept::change(&mut tx, &self.world.office, &effect, self.space(), key, change).await?;
        tx.commit().await?;
        Ok(made)
    }

    async fn set(&self, call: &str, key: &str, value: &str, expect: Option<u64>) -> Changed {
        let change = Change::Set { value: value.as_bytes(), expect, floor: FLOOR };
        self.change_as(call, key, change).await.expect("changed").into_answer()
    }

    async fn get(&self, key: &str) -> Option<(String, Floor)> {
        let mut tx = self.world.database.worker.begin(&self.actor).await.expect("begin");
        let found = kept::get(&mut tx, self.workspace, self.name, key).await.expect("read")?;
        Some((String::from_utf8(found.value).expect("text"), found.standing.floor))
    }

    async fn keys(&self) -> Vec<String> {
        let mut tx = self.world.database.worker.begin(&self.actor).await.expect("begin");
        let (found, _) = kept::list(&mut tx, self.workspace, self.name, "", None, 10).await.expect("list");
        found.into_iter().map(|(key, _)| key).collect()
    }
}

#[tokio::test]
async fn no_organisation_workspace_or_plugin_sees_what_another_keeps() {
    let world = World::make().await;
    let (acme, other) = (world.house("acme").await, world.house("other").await);
    let own = Plugin::of(&world, &acme, acme.sales, "notes").await;
    let mut elsewhere = Plugin::of(&world, &acme, acme.support, "notes").await;
    let plugin = Plugin::of(&world, &acme, acme.sales, "mail").await;
    let house = Plugin::of(&world, &other, other.sales, "notes").await;
    assert!(is_kept(own.set("1", "k", "mine", None).await));
    for stranger in [&elsewhere, &plugin, &house] {
        assert_eq!((stranger.get("k").await, stranger.keys().await), (None, Vec::new()), "{}", stranger.name);
    }
    assert!(is_kept(house.set("1", "k", "theirs", Some(0)).await));
    assert_eq!(plugin.change_as("1", "k", Change::Delete { floor: FLOOR }).await.expect("deleted").into_answer(), Changed::Deleted(None));
    // Whoever names the workspace of others is refused by the database, and nothing is written.
    for foreign in [acme.sales, other.sales] {
        elsewhere.workspace = foreign;
        let err = elsewhere.change_as("2", "k", Change::Set { value: b"x", expect: None, floor: FLOOR }).await.expect_err("a wall");
        assert_ne!(err.kind(), Kind::Invalid, "{err}");
        assert_eq!(elsewhere.get("k").await, None);
    }
    assert_eq!(own.get("k").await, Some(("mine".to_owned(), FLOOR)));
    assert_eq!(world.database.number("select count(*) from plugin_entry").await, 2);
}

#[tokio::test]
async fn a_space_holds_what_it_may_and_frees_what_is_deleted() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    assert!(is_kept(plugin.set("1", "a", "123456789", None).await));
    assert_eq!(plugin.set("2", "b", "1234567890", None).await, Changed::OverQuota(Some(FLOOR)), "21 bytes");
    assert!(is_kept(plugin.set("3", "b", "123456789", None).await));
    assert_eq!(plugin.set("4", "c", "", None).await, Changed::OverQuota(Some(FLOOR)));
    assert!(is_kept(plugin.set("5", "a", "1", None).await), "smaller than before");
    assert!(is_kept(plugin.set("6", "c", "", None).await));
    assert_eq!(plugin.set("7", "d", "", None).await, Changed::OverQuota(Some(FLOOR)), "a fourth entry");
    assert_eq!(plugin.change_as("8", "b", Change::Delete { floor: FLOOR }).await.expect("deleted").into_answer(), Changed::Deleted(Some(FLOOR)));
    assert_eq!(plugin.keys().await, ["a", "c"]);
    let sum = "select bytes::text || ' ' || entries from plugin_state";
    assert_eq!(world.database.texts(&world.database.superuser_url, "", sum).await.expect("sum"), ["3 2"]);
    // Every change and nothing else is in the log.
    assert_eq!(world.database.number("select count(*) from audit_event where action in ('plugin.keep', 'plugin.forget')").await, 5);
}

#[tokio::test]
async fn of_many_that_compare_at_once_one_wins() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    let names: Vec<String> = (0..6).map(|call| format!("call {call}")).collect();
    let outcomes = join_all(names.iter().map(|name| plugin.set(name, "k", name.get(5..).unwrap_or_default(), Some(0)))).await;
    let (won, lost): (Vec<&Changed>, Vec<&Changed>) = outcomes.iter().partition(|outcome| matches!(outcome, Changed::Version(_)));
    assert_eq!((won.len(), lost.iter().all(|outcome| **outcome == Changed::Conflict(Some(FLOOR)))), (1, true), "{outcomes:?}");
    // And of many that fill what is left, no more than fit.
    let outcomes = join_all(names.iter().map(async |name| plugin.set(&format!("fill {name}"), name, "", None).await)).await;
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Changed::Version(_))).count(), 2, "{outcomes:?}");
}

#[tokio::test]
async fn a_repeat_hears_what_the_first_heard_also_that_nothing_was_done() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    let set = |value| Change::Set { value, expect: Some(0), floor: FLOOR };
    let Made::Now(first @ Changed::Version(_)) = plugin.change_as("call", "k", set(b"1")).await.expect("made") else { panic!("made before") };
    assert_eq!(plugin.change_as("late", "k", set(b"2")).await.expect("made"), Made::Now(Changed::Conflict(Some(FLOOR))));
    assert_eq!(plugin.change_as("gone", "k", Change::Delete { floor: FLOOR }).await.expect("made"), Made::Now(Changed::Deleted(Some(FLOOR))));
    // What stands there now would let all of them.
    assert_eq!(plugin.change_as("call", "k", set(b"1")).await.expect("again"), Made::Before(first));
    assert_eq!(plugin.change_as("late", "k", set(b"2")).await.expect("again"), Made::Before(Changed::Conflict(Some(FLOOR))));
    assert_eq!(plugin.change_as("gone", "k", Change::Delete { floor: FLOOR }).await.expect("again"), Made::Before(Changed::Deleted(Some(FLOOR))));
    // Also one that was written before such an answer had a floor.
    world.database.raw("set session_replication_role = replica; update host_effect set answer = '\"over_quota\"' where key = 'late'").await;
    assert_eq!(plugin.change_as("late", "k", set(b"2")).await.expect("again"), Made::Before(Changed::OverQuota(None)));
    assert_eq!(plugin.get("k").await, None);
    let other = plugin.change_as("call", "k", set(b"3")).await;
    assert!(matches!(other, Err(CrmError::KeyReused { .. })), "{other:?}");
}

#[tokio::test]
async fn nobody_takes_away_what_counts_for_more_than_what_they_know() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    let facts = Floor { integrity: Integrity::Fact, private: false };
    plugin.change_as("set", "k", Change::Set { value: b"1", expect: None, floor: facts }).await.expect("set");
    let outside = Floor { integrity: Integrity::Outside, private: false };
    for (call, floor) in [("private", Floor { private: true, ..Floor::CLEAN }), ("outside", outside), ("both", outside.join(FLOOR))] {
        let refused = plugin.change_as(call, "k", Change::Delete { floor }).await.expect("asked");
        assert_eq!(refused, Made::Now(Changed::Better(facts)), "{call}");
        assert_eq!(plugin.change_as(call, "k", Change::Delete { floor }).await.expect("again"), Made::Before(Changed::Better(facts)), "{call}");
    }
    assert_eq!((plugin.get("k").await, plugin.keys().await), (Some(("1".to_owned(), facts)), vec!["k".to_owned()]));
    assert_eq!(world.database.number("select count(*) from audit_event where action = 'plugin.forget'").await, 0);
    // Who sets it has left what they know beside it, and takes it away no more than before: in that call, and in any later one.
    let private = Floor { private: true, ..facts };
    plugin.change_as("nothing", "k", Change::Set { value: b"", expect: None, floor: private }).await.expect("set");
    for call in ["at once", "another"] {
        let refused = plugin.change_as(call, "k", Change::Delete { floor: private }).await.expect("asked").into_answer();
        assert_eq!(refused, Changed::Better(private), "{call}: what it counts for now is what is told");
    }
    assert_eq!(plugin.get("k").await, Some((String::new(), private)));
    // Neither does one that is better in one way and worse in the other.
    let refused = plugin.change_as("later", "k", Change::Delete { floor: outside }).await.expect("asked").into_answer();
    assert_eq!(refused, Changed::Better(private));
    assert_eq!(world.database.number("select count(*) from audit_event where action = 'plugin.forget'").await, 0);
    // Who knows no more than whoever knew least takes it away, and hears what it counts for by then.
    assert_eq!(plugin.change_as("facts", "k", Change::Delete { floor: facts }).await.expect("deleted").into_answer(), Changed::Deleted(Some(private)));
    // Made again it is what it is made from, and nothing of before.
    plugin.change_as("again", "k", Change::Set { value: b"2", expect: Some(0), floor: private }).await.expect("set");
    assert_eq!(plugin.change_as("gone", "k", Change::Delete { floor: private }).await.expect("deleted").into_answer(), Changed::Deleted(Some(private)));
    plugin.change_as("other", "m", Change::Set { value: b"1", expect: None, floor: facts }).await.expect("set");
    let better = Change::Delete { floor: Floor::CLEAN };
    assert_eq!(plugin.change_as("better", "m", better).await.expect("deleted").into_answer(), Changed::Deleted(Some(facts)));
}

#[tokio::test]
async fn what_two_wrote_of_whom_neither_knows_less_counts_as_both_and_goes_with_who_knows_less_than_either() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    let set = async |call: &str, floor: Floor| plugin.change_as(call, "k", Change::Set { value: b"1", expect: None, floor }).await.expect("set");
    let delete = async |call: &str, floor: Floor| plugin.change_as(call, "k", Change::Delete { floor }).await.expect("asked").into_answer();
    let (private, outside) = (Floor { integrity: Integrity::Owner, private: true }, Floor { integrity: Integrity::Outside, private: false });
    // That a private call made it decides over whether one that read a stranger's text takes it away: so that is told as private, too.
    set("1", private).await;
    set("2", outside).await;
    let both = outside.join(private);
    assert_eq!(plugin.get("k").await, Some(("1".to_owned(), both)));
    for (call, floor) in [("3", private), ("4", outside), ("5", both)] {
        assert_eq!(delete(call, floor).await, Changed::Better(both), "{floor:?}");
    }
    // Who knows less than either begins anew.
    set("6", Floor::CLEAN).await;
    assert_eq!(plugin.get("k").await, Some(("1".to_owned(), Floor::CLEAN)));
    assert_eq!(delete("7", private).await, Changed::Better(Floor::CLEAN));
    assert_eq!(delete("8", Floor::CLEAN).await, Changed::Deleted(Some(Floor::CLEAN)));
    // The table itself takes no best that is less than what stands there.
    set("9", Floor::CLEAN).await;
    let lower = "update plugin_entry set best_integrity = 0, best_private = true";
    assert!(world.database.texts(&world.database.superuser_url, "", &format!("{lower} returning key")).await.is_err());
}

#[tokio::test]
async fn what_is_told_of_one_entry_tells_nothing_of_others_without_their_floor() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    let set = async |call: &str, key: &str, floor: Floor| {
        plugin.change_as(call, key, Change::Set { value: b"", expect: None, floor }).await.expect("set").into_answer()
    };
    // A version does not count what others wrote in between.
    let mut versions = Vec::new();
    for call in ["1", "2", "3"] {
        let Changed::Version(version) = set(call, "a", Floor::CLEAN).await else { panic!("{call}") };
        assert!((1..1 << 52).contains(&version), "{version}");
        versions.push(version);
    }
    assert!(versions.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1000), "{versions:?}");
    // That there is another key behind the last one of a page is told with that one's floor.
    set("4", "b", FLOOR).await;
    let page = async |after: Option<&str>, limit| {
        let mut tx = world.database.worker.begin(&plugin.actor).await.expect("begin");
        kept::list(&mut tx, plugin.workspace, plugin.name, "", after, limit).await.expect("list")
    };
    assert_eq!(page(None, 1).await, (vec![("a".to_owned(), FLOOR)], Some("a".to_owned())));
    assert_eq!(page(None, 2).await, (vec![("a".to_owned(), Floor::CLEAN), ("b".to_owned(), FLOOR)], None));
    // And that there is no room, with the floor of all that takes it.
    set("5", "c", Floor::CLEAN).await;
    assert_eq!(set("6", "d", Floor::CLEAN).await, Changed::OverQuota(Some(FLOOR)));
}

/// Takes away all that a plugin keeps in a workspace, as whoever this is.
async fn forget(world: &World, actor: &Actor, workspace: WorkspaceId, plugin: &str) -> Result<u64, OfficeError> {
    let mut tx = world.database.worker.begin(actor).await?;
    let gone = kept::forget(&mut tx, &world.office, workspace, plugin).await?;
    tx.commit().await?;
    Ok(gone)
}

#[tokio::test]
async fn an_owner_takes_away_what_a_plugin_keeps_in_one_workspace_and_nobody_else_does() {
    let world = World::make().await;
    let (house, other) = (world.house("acme").await, world.house("other").await);
    let notes = Plugin::of(&world, &house, house.sales, "notes").await;
    let elsewhere = Plugin::of(&world, &house, house.support, "notes").await;
    let mail = Plugin::of(&world, &house, house.sales, "mail").await;
    for (number, plugin) in [&notes, &elsewhere, &mail].into_iter().enumerate() {
        assert!(is_kept(plugin.set(&format!("{number} 1"), "a", "12345678", None).await));
        assert!(is_kept(plugin.set(&format!("{number} 2"), "b", "12345678", None).await));
    }
    assert_eq!(notes.set("full", "c", "12345678", None).await, Changed::OverQuota(Some(FLOOR)));
    let finance = Actor { roles: [Role::Finance, Role::Manager].into(), ..house.owner.clone() };
    for (who, actor) in [("the plugin's agent", &notes.actor), ("no owner", &finance)] {
        assert!(matches!(forget(&world, actor, house.sales, "notes").await, Err(OfficeError::Denied(_))), "{who}");
    }
    for (who, actor) in [("another organisation's owner", &other.owner), ("one who sees another workspace", &house.only(house.support))] {
        assert_eq!(forget(&world, actor, house.sales, "notes").await.expect("nothing there"), 0, "{who}");
    }
    assert_eq!(notes.keys().await, ["a", "b"]);

    assert_eq!(forget(&world, &house.owner, house.sales, "notes").await.expect("taken away"), 2);
    assert_eq!((notes.keys().await, elsewhere.keys().await.len(), mail.keys().await.len()), (Vec::new(), 2, 2));
    // It is told once, and there is room again.
    assert_eq!(forget(&world, &house.owner, house.sales, "notes").await.expect("nothing left"), 0);
    assert_eq!(world.database.number("select count(*) from audit_event where action = 'plugin.forget'").await, 1);
    assert!(is_kept(notes.set("room", "c", "123456789", Some(0)).await) && is_kept(notes.set("more", "d", "123456789", Some(0)).await));
}

#[tokio::test]
async fn what_is_kept_goes_with_its_workspace() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let support = house.support.uuid();
    let plugin = Plugin::of(&world, &house, house.sales, "notes").await;
    plugin.set("1", "k", "stays", None).await;
    let tenant = house.owner.tenant.uuid();
    world
        .database
        .raw(&format!(
            "insert into plugin_state (tenant_id, workspace_id, plugin) values ('{tenant}', '{support}', 'notes');
             insert into plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at)
             values ('{tenant}', '{support}', 'notes', 'k', 'goes', 1, 4, false, 4, false, now());
             delete from workspace where workspace_id = '{support}';"
        ))
        .await;
    assert_eq!(world.database.number("select count(*) from plugin_entry").await, 1);
    assert_eq!(world.database.number(&format!("select count(*) from plugin_state where workspace_id = '{support}'")).await, 0);
    assert_eq!(plugin.get("k").await.map(|(text, _)| text).as_deref(), Some("stays"));
}
