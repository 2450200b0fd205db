//! Somebody whose role is delegated to one workspace: in the others they find, change and make nothing, and learn of nothing.

use super::on_record::{but_sign_in, fingerprint};
use super::sample::{self, Sample};
use super::world::World;
use serde_json::{Value, json};
use steward_api::auth::Access;
use steward_api::router::{Route, table};
use steward_core::{Role, WorkspaceId};

/// What lies in a workspace, as paths call it. All else is the organisation's, or one's own.
const NOUNS: [&str; 12] =
    ["contacts", "companies", "deals", "documents", "conversations", "runs", "schedules", "questions", "holds", "grants", "actions", "budgets/holds"];

/// Routes whose body or query names the workspace that something is made or looked for in.
const NAMING: [&str; 8] = [
    "contacts::create",
    "companies::create",
    "deals::create",
    "conversations::create",
    "schedules::create",
    "documents::put",
    "contacts::import",
    "companies::import",
];

fn path_of(noun: &str) -> String {
    format!("/api/v1/{noun}/{{id}}")
}

/// Whether a manager may use the route at all: what a role may do nowhere says nothing about where.
fn is_for_managers(route: &Route) -> bool {
    match &route.access {
        Access::Public | Access::SignedIn | Access::Session => true,
        Access::May(permission) => permission.roles().contains(&Role::Manager),
    }
}

#[tokio::test]
async fn an_id_in_another_workspace_and_no_id_at_all_answer_with_the_same_bytes() {
    let world = World::make().await;
    let sales = world.workspace("Sales").await;
    let away = world.person(Role::Manager, Some(sales)).await;
    let lies_there = |route: &Route| NOUNS.iter().any(|noun| route.path.starts_with(&path_of(noun)));
    let mut tried = 0;
    for route in table().iter().filter(|route| lies_there(route) && is_for_managers(route)) {
        // Also a conversation and a schedule of their own, from before they had to leave.
        let there = sample::target(&world, &world.home, away, route).await;
        let (before, stood) = (world.server.database.number("select count(*) from audit_event").await, fingerprint(&world).await);
        let mut replies = Vec::new();
        for id in [there, sample::nothing(&world, route)] {
            let signed_in = world.home.session_of(&world.server, away).await;
            replies.push(sample::ask(&world, route, id.as_deref()).cookie(&signed_in.secret).send().await.lasting());
        }
        assert_eq!(replies[0].0, 404, "{} {}: {}", route.method, route.path, replies[0].2);
        assert_eq!(replies[0], replies[1], "{} {}", route.method, route.path);
        // Signing in is what was audited in between: a link and a session for each request.
        assert_eq!(world.server.database.number("select count(*) from audit_event").await, before + 4, "{} {}", route.method, route.path);
        assert_eq!(but_sign_in(fingerprint(&world).await), but_sign_in(stood), "{} {} changed something", route.method, route.path);
        tried += 1;
    }
    assert!(tried > 30, "{tried} routes name something in a workspace");
}

#[tokio::test]
async fn nothing_is_made_in_a_workspace_of_others() {
    let world = World::make().await;
    let sales = world.workspace("Sales").await;
    let away = world.person(Role::Manager, Some(sales)).await;
    let signed_in = world.home.session_of(&world.server, away).await;
    let ask = |route: &Route, workspace: WorkspaceId| {
        let query = format!("workspace_id={workspace}");
        let ask = match sample::body(&world, route).expect("a body") {
            Sample::Json(mut body) => {
                body["workspace_id"] = json!(workspace);
                world.server.ask("POST", route.path).json(&body)
            }
            Sample::Bytes(kind, bytes) => world.server.ask("POST", route.path).query(&query).bytes(kind, bytes),
            Sample::Nothing => unreachable!("`{}` makes nothing", route.name),
        };
        ask.cookie(&signed_in.secret)
    };
    let stood = fingerprint(&world).await;
    for name in NAMING {
        let route = table().iter().find(|route| route.name == name).expect("a route");
        let mut replies = Vec::new();
        for workspace in [world.home.workspace, world.server.state.office.ids.make()] {
            replies.push(ask(route, workspace).send().await.lasting());
        }
        assert!(replies[0].0 == 422 && replies[0].2.contains("there is no such workspace"), "{name}: {replies:?}");
        assert_eq!(replies[0], replies[1], "{name}: one that others have is as one that nobody has");
    }
    // Looking is no way round.
    let search = |workspace: WorkspaceId| {
        let query = format!("q=terms&workspace_id={workspace}");
        world.server.ask("GET", "/api/v1/search").query(&query).cookie(&signed_in.secret)
    };
    let [theirs, nobodys] = [search(world.home.workspace).send().await.lasting(), search(world.server.state.office.ids.make()).send().await.lasting()];
    assert_eq!((theirs.0, &theirs), (422, &nobodys));
    assert_eq!(but_sign_in(fingerprint(&world).await), but_sign_in(stood), "nothing was made");

    // In their own they may, and that is all they see.
    let route = table().iter().find(|route| route.name == "contacts::create").expect("a route");
    let made = ask(route, sales).send().await.expect(201).json();
    let listed = world.server.ask("GET", "/api/v1/contacts").cookie(&signed_in.secret).send().await.expect(200).json();
    let all = |page: &Value, field: &str| page["items"].as_array().expect("items").iter().map(|item| item[field].clone()).collect::<Vec<_>>();
    assert_eq!(all(&listed, "contact_id"), [made["contact_id"].clone()]);
    let seen = world.server.ask("GET", "/api/v1/workspaces").cookie(&signed_in.secret).send().await.expect(200).json();
    assert_eq!(all(&seen, "workspace_id"), [json!(sales)]);
}

#[tokio::test]
async fn no_list_shows_anything_of_a_workspace_of_others() {
    let world = World::make().await;
    let sales = world.workspace("Sales").await;
    let (here, away) = (world.person(Role::Manager, Some(world.home.workspace)).await, world.person(Role::Manager, Some(sales)).await);
    let mut there = Vec::new();
    for noun in NOUNS {
        let route = table().iter().find(|route| route.path.starts_with(&path_of(noun))).expect("a route");
        there.push((noun, sample::target(&world, &world.home, here, route).await.expect("something that is there")));
    }
    let (here, away) = (world.home.session_of(&world.server, here).await.secret, world.home.session_of(&world.server, away).await.secret);
    // The sample of a question is asked of the owner, and nobody else has it in a list.
    for (noun, id) in there.iter().filter(|(noun, _)| *noun != "questions") {
        let listed = world.server.ask("GET", format!("/api/v1/{noun}")).cookie(&here).send().await.expect(200).text();
        assert!(listed.contains(id), "whoever has the role in that workspace sees `{id}`: {listed}");
    }
    for route in table().iter().filter(|route| route.method == "GET" && route.path.starts_with("/api/v1/") && !route.path.contains('{')) {
        let path = match route.path {
            "/api/v1/search" => "/api/v1/search?q=terms",
            path => path,
        };
        for form in ["application/json", "text/csv", "application/jsonl"] {
            let reply = world.server.ask("GET", path).cookie(&away).header("accept", form).send().await;
            let is_of_a_workspace = NOUNS.iter().any(|noun| route.path == format!("/api/v1/{noun}"));
            assert!(reply.status == 200 || !is_of_a_workspace, "{path} as {form}: {}", reply.status);
            let text = reply.text();
            for (_, id) in &there {
                assert!(!text.contains(id), "{path} as {form}: {text}");
            }
        }
    }
}
