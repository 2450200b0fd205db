//! What plugins keep: how much is told, and taking it away.

use super::sample::keep;
use super::world::World;
use serde_json::{Value, json};
use steward_core::{Role, Scope, WorkspaceId};
use steward_office::people;

/// Another workspace of the first organisation.
async fn place(world: &World, name: &str) -> WorkspaceId {
    let mut tx = world.server.state.store.begin(&world.home.actor).await.expect("tx");
    let made = people::create_workspace(&mut tx, &world.server.state.office, name).await.expect("a workspace");
    tx.commit().await.expect("commit");
    made.workspace_id
}

async fn listed(world: &World) -> Value {
    world.server.ask("GET", "/api/v1/plugins/kept").cookie(&world.owner().await).send().await.expect(200).json()
}

#[tokio::test]
async fn how_much_plugins_keep_is_told_by_workspace_and_nothing_of_what_that_is() {
    let world = World::make().await;
    assert_eq!(listed(&world).await, json!({ "items": [], "is_cut": false }));
    let sales = place(&world, "Sales").await;
    keep(&world, &world.home, sales, "weather", 3).await;
    keep(&world, &world.home, world.home.workspace, "notes", 2).await;
    keep(&world, &world.home, sales, "empty", 0).await;
    keep(&world, &world.other, world.other.workspace, "notes", 7).await;
    let told = listed(&world).await;
    let home = world.server.ask("GET", "/api/v1/workspaces").cookie(&world.owner().await).send().await.expect(200).json();
    let name =
        home["items"].as_array().expect("items").iter().find(|one| one["workspace_id"] == world.home.workspace.to_string()).expect("home")["name"].clone();
    assert_eq!(
        told,
        json!({
            "items": [
                { "plugin": "notes", "workspace_id": world.home.workspace, "workspace": name, "entries": 2, "bytes": 6 },
                { "plugin": "weather", "workspace_id": sales, "workspace": "Sales", "entries": 3, "bytes": 9 },
            ],
            "is_cut": false,
        })
    );
    // Who sees one workspace is told of that one.
    let person = world.person(Role::Support, Some(sales)).await;
    let theirs = world.home.session_of(&world.server, person).await.secret;
    let told = world.server.ask("GET", "/api/v1/plugins/kept").cookie(&theirs).send().await.expect(200).json();
    assert_eq!(told["items"].as_array().map(|items| items.iter().map(|one| one["plugin"].clone()).collect::<Vec<_>>()), Some(vec![json!("weather")]), "{told}");
}

#[tokio::test]
async fn what_a_plugin_keeps_is_taken_away_by_an_owner_in_person_and_is_on_record() {
    let world = World::make().await;
    let sales = place(&world, "Sales").await;
    for (workspace, plugin) in [(sales, "notes"), (sales, "weather"), (world.home.workspace, "notes")] {
        keep(&world, &world.home, workspace, plugin, 2).await;
    }
    let path = format!("/api/v1/workspaces/{sales}/kept/notes");
    let entries = "select count(*) from plugin_entry";
    let recorded = "select count(*) from audit_event where action = 'plugin.forget'";
    world.server.ask("DELETE", path.as_str()).send().await.expect(401);
    for role in [Role::Manager, Role::Finance, Role::Support, Role::Auditor] {
        world.server.ask("DELETE", path.as_str()).cookie(&world.session(role).await.secret).send().await.expect(403);
    }
    world.server.ask("DELETE", path.as_str()).token(&world.token(&world.home.actor, &Scope::ALL).await.secret).send().await.expect(403);
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    world.server.ask("DELETE", path.as_str()).cookie(&elsewhere).send().await.expect(404);
    let owner = world.owner().await;
    for wrong in [
        "/api/v1/workspaces/nonsense/kept/notes".to_owned(),
        format!("/api/v1/workspaces/{}/kept/notes", world.other.workspace),
        format!("/api/v1/workspaces/{sales}/kept/no%00tes"),
    ] {
        world.server.ask("DELETE", wrong).cookie(&owner).send().await.expect(404);
    }
    assert_eq!((world.server.database.number(entries).await, world.server.database.number(recorded).await), (6, 0), "nothing happened");

    let done = world.server.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!(done, json!({ "entries": 2 }));
    assert_eq!(world.server.database.number(entries).await, 4);
    let left = listed(&world).await;
    let left: Vec<(&Value, &Value)> = left["items"].as_array().expect("items").iter().map(|one| (&one["plugin"], &one["workspace_id"])).collect();
    assert_eq!(left, [(&json!("notes"), &json!(world.home.workspace)), (&json!("weather"), &json!(sales))]);
    let entry = world.server.ask("GET", "/api/v1/audit?action=plugin.forget").cookie(&owner).send().await.expect(200).json();
    let entry = &entry["items"][0];
    assert_eq!((&entry["object"], &entry["outcome"]), (&json!("plugin:notes"), &json!("done")));
    assert_eq!(entry["detail"], json!({ "workspace": sales, "bytes": 0, "entries": 0, "gone": 2 }));
    // Once more there is nothing to take away, and nothing to write down.
    let again = world.server.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(200).json();
    assert_eq!((again, world.server.database.number(recorded).await), (json!({ "entries": 0 }), 1));
}
