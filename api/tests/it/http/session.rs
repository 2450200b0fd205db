//! Signing in and out over HTTP, and what the cookie looks like.

use super::server::Server;
use super::world::World;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use steward_core::Role;
use steward_office::people::{self, NewOrganisation};

const PASSWORD: &str = "a long enough password";

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same_and_are_slowed_down() {
    let world = World::make().await;
    let server = &world.server;
    let owner = world.owner().await;
    server.ask("PUT", "/api/v1/me/password").cookie(&owner).json(&json!({ "new": PASSWORD })).send().await.expect(200);
    let mut bodies = Vec::new();
    for email in ["ada@home.example", "nobody@home.example"] {
        for _ in 0..5 {
            let reply = server.ask("POST", "/api/v1/session").json(&json!({ "email": email, "password": "not this one" })).send().await.expect(401);
            let mut body = reply.json();
            body["request_id"] = json!(null);
            bodies.push(body);
        }
        let reply = server.ask("POST", "/api/v1/session").json(&json!({ "email": email, "password": PASSWORD })).send().await.expect(429);
        assert_eq!(reply.header("retry-after"), Some("900"));
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

/// Resident memory of this process, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("resident size");
    line.split_whitespace().nth(1).expect("number").parse().expect("number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_sign_ins_at_once_are_hashed_few_at_a_time_and_hold_up_nobody() {
    let world = World::make().await;
    let server = &world.server;
    // Hashes of what nobody knows cost the same as those of what somebody does; each address has its own count.
    let sign_in = |n: usize| server.ask("POST", "/api/v1/session").json(&json!({ "email": format!("nobody-{n}@home.example"), "password": PASSWORD }));
    sign_in(1000).send().await.expect(401);
    let before = resident_kib();
    let most = std::sync::atomic::AtomicU64::new(before);
    let all = async { futures_util::future::join_all((0..64).map(|n| sign_in(n).send())).await };
    let mut times = Vec::new();
    let health = async {
        loop {
            let start = std::time::Instant::now();
            server.ask("GET", "/healthz").send().await.expect(200);
            times.push(start.elapsed());
            most.fetch_max(resident_kib(), std::sync::atomic::Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    };
    let replies = tokio::select! {
        biased;
        replies = all => replies,
        () = health => unreachable!("it goes on until the others are done"),
    };
    assert!(replies.iter().all(|reply| reply.status == 401), "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    times.sort();
    let slow = times[times.len() * 99 / 100];
    println!("{} looks, the slowest in a hundred {slow:?}; {} KiB more at most", times.len(), most.load(std::sync::atomic::Ordering::SeqCst) - before);
    assert!(slow < std::time::Duration::from_millis(500), "health took {slow:?}");
    // Two hashes at once are 38 MiB; sixty-four would be 1.2 GiB.
    assert!(most.load(std::sync::atomic::Ordering::SeqCst) - before < 128 * 1024, "{before} KiB before, {most:?} KiB at most");
}

#[tokio::test]
async fn a_sign_in_that_is_neither_link_nor_password_is_refused() {
    let world = World::make().await;
    for body in [
        json!({}),
        json!({ "email": "ada@home.example" }),
        json!({ "link": "x", "password": PASSWORD }),
        json!({ "email": "ada@home.example", "password": "x".repeat(1025) }),
        json!({ "email": "ada@home.example", "password": PASSWORD, "organisation_id": "org_1" }),
        json!({ "email": ["ada@home.example"], "password": PASSWORD }),
    ] {
        world.server.ask("POST", "/api/v1/session").json(&body).send().await.expect(422);
    }
    // As long as a body may be, and longer: refused before anything is hashed, so it counts as no failure either.
    for (letters, status) in [((1 << 20) - 100, 422), (1 << 20, 413)] {
        let body = json!({ "email": "ada@home.example", "password": "x".repeat(letters) });
        world.server.ask("POST", "/api/v1/session").json(&body).send().await.expect(status);
    }
    assert_eq!(world.server.database.number("select count(*) from sign_in_failure").await, 0);
    for link in ["", "x", "org_00000000000000000000000001.0000000000000000000000000000000000000000000000000000"] {
        world.server.ask("POST", "/api/v1/session").json(&json!({ "link": link })).send().await.expect(401);
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_host_only_and_changes_at_every_turn() {
    let server = Server::start_at("https://steward.example.org").await;
    let new = NewOrganisation { name: "Home", workspace: "Main", owner_email: "ada@home.example", owner_name: "Ada" };
    let made = people::bootstrap(&server.state.store, &server.state.office, new).await.expect("organisation");
    let reply = server.ask("POST", "/api/v1/session").json(&json!({ "link": made.link.expose_secret() })).send().await.expect(201);
    let cookie = reply.header("set-cookie").expect("cookie").to_owned();
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure");
    assert!(pair.starts_with("__Host-stw=org_"), "{pair}");
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));

    let ask = |method, path| server.ask(method, path).header("cookie", pair).header("origin", "https://steward.example.org");
    assert_eq!(ask("GET", "/api/v1/me").send().await.expect(200).json()["email"], "ada@home.example");
    // The other name is no session here: a page on plain HTTP could set it.
    server.ask("GET", "/api/v1/me").header("cookie", pair.replacen("__Host-stw", "stw", 1)).send().await.expect(401);
    let changed = ask("PUT", "/api/v1/me/password").json(&json!({ "new": PASSWORD })).send().await.expect(200);
    assert_ne!(changed.cookie().expose_secret(), pair.split_once('=').expect("pair").1);
    ask("GET", "/api/v1/me").send().await.expect(401);
    let by_password = server.ask("POST", "/api/v1/session").json(&json!({ "email": "ada@home.example", "password": PASSWORD })).send().await.expect(201);
    assert_ne!(by_password.cookie().expose_secret(), changed.cookie().expose_secret());
    assert_eq!(by_password.json()["method"], "password");
}

#[tokio::test]
async fn signing_out_ends_the_session_and_takes_the_cookie_back() {
    let world = World::make().await;
    let owner = world.owner().await;
    let reply = world.server.ask("DELETE", "/api/v1/session").cookie(&owner).send().await.expect(204);
    assert_eq!(reply.header("set-cookie"), Some("stw=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"));
    world.server.ask("GET", "/api/v1/me").cookie(&owner).send().await.expect(401);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one() {
    let world = World::make().await;
    let (one, two) = (world.session(Role::Owner).await, world.session(Role::Owner).await);
    let stranger = world.session(Role::Manager).await;
    let listed = world.server.ask("GET", "/api/v1/sessions").cookie(&one.secret).send().await.expect(200).json();
    let ids: Vec<&str> = listed["items"].as_array().expect("items").iter().map(|item| item["session_id"].as_str().expect("id")).collect();
    assert_eq!(ids, [one.session.session_id.to_string(), two.session.session_id.to_string()]);
    assert_eq!((&listed["items"][0]["is_this"], &listed["items"][1]["is_this"]), (&json!(true), &json!(false)));
    let path = |id: &str| format!("/api/v1/sessions/{id}");
    world.server.ask("DELETE", path(&stranger.session.session_id.to_string())).cookie(&one.secret).send().await.expect(404);
    world.server.ask("DELETE", path(ids[1])).cookie(&one.secret).send().await.expect(204);
    world.server.ask("GET", "/api/v1/me").cookie(&two.secret).send().await.expect(401);
    world.server.ask("GET", "/api/v1/me").cookie(&stranger.secret).send().await.expect(200);
}

#[tokio::test]
async fn an_owner_ends_the_sessions_of_somebody_who_lost_their_phone() {
    let world = World::make().await;
    let (owner, manager) = (world.owner().await, world.session(Role::Manager).await);
    let person = world.person(Role::Support, None).await;
    let (phone, desk) = (world.home.session_of(&world.server, person).await, world.home.session_of(&world.server, person).await);
    let token = world.token(&phone.actor, &[steward_core::Scope::Converse]).await.secret;
    let path = format!("/api/v1/people/{person}/sessions");
    let elsewhere = world.other.session_of(&world.server, world.other.owner).await.secret;
    for method in ["GET", "DELETE"] {
        world.server.ask(method, path.as_str()).cookie(&manager.secret).send().await.expect(403);
        world.server.ask(method, path.as_str()).cookie(&elsewhere).send().await.expect(404);
    }
    world.server.ask("GET", "/api/v1/me").cookie(&phone.secret).send().await.expect(200);
    let listed = world.server.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json();
    let ids: Vec<_> = listed["items"].as_array().expect("items").iter().map(|item| (item["session_id"].clone(), item["is_this"].clone())).collect();
    assert_eq!(ids, [&phone, &desk].map(|one| (json!(one.session.session_id), json!(false))));
    world.server.ask("DELETE", path.as_str()).cookie(&owner).send().await.expect(204);
    for session in [&phone, &desk] {
        world.server.ask("GET", "/api/v1/me").cookie(&session.secret).send().await.expect(401);
    }
    assert_eq!(world.server.ask("GET", path.as_str()).cookie(&owner).send().await.expect(200).json()["items"], json!([]));
    world.server.ask("GET", "/api/v1/me").token(&token).send().await.expect(200);
    world.server.ask("GET", "/api/v1/me").cookie(&world.home.session_of(&world.server, person).await.secret).send().await.expect(200);
}

#[tokio::test]
async fn a_demotion_or_an_end_takes_effect_with_the_next_request() {
    let world = World::make().await;
    let owner = world.owner().await;
    let person = world.person(Role::Manager, None).await;
    let manager = world.home.session_of(&world.server, person).await;
    let token = world.token(&manager.actor, &steward_core::Scope::ALL).await.secret;
    world.server.ask("GET", "/api/v1/people").token(&token).send().await.expect(200);
    let roles = json!({ "roles": [{ "role": "support" }] });
    world.server.ask("PATCH", format!("/api/v1/people/{person}")).cookie(&owner).json(&roles).send().await.expect(200);
    world.server.ask("GET", "/api/v1/people").token(&token).send().await.expect(403);
    world.server.ask("GET", "/api/v1/me").cookie(&manager.secret).send().await.expect(401);
    world.server.ask("DELETE", format!("/api/v1/people/{person}")).cookie(&owner).send().await.expect(204);
    world.server.ask("GET", "/api/v1/me").token(&token).send().await.expect(401);
}

#[tokio::test]
async fn an_idle_session_is_over() {
    let world = World::make().await;
    let owner = world.owner().await;
    world.server.pass_minutes(29);
    world.server.ask("GET", "/api/v1/me").cookie(&owner).send().await.expect(200);
    world.server.pass_minutes(31);
    world.server.ask("GET", "/api/v1/me").cookie(&owner).send().await.expect(401);
    let nothing = SecretString::from("");
    world.server.ask("GET", "/api/v1/me").cookie(&nothing).send().await.expect(401);
}

#[tokio::test]
async fn a_refused_sign_in_takes_the_same_work_whoever_it_names() {
    let world = World::make().await;
    let owner = world.owner().await;
    world.server.ask("PUT", "/api/v1/me/password").cookie(&owner).json(&json!({ "new": PASSWORD })).send().await.expect(200);
    let (silent, out) = (world.person(Role::Support, None).await, world.person(Role::Support, None).await);
    let database = &world.server.database;
    database.raw(&format!("update person set email = 'silent@home.example' where person_id = '{}'", silent.uuid())).await;
    database.raw(&format!("update person set email = 'out@home.example', disabled_at = now() where person_id = '{}'", out.uuid())).await;
    let work = async |body: serde_json::Value| {
        let before = world.server.state.passwords.worked();
        let reply = world.server.ask("POST", "/api/v1/session").json(&body).send().await;
        (reply.status, world.server.state.passwords.worked() - before)
    };
    let known = work(json!({ "email": "ada@home.example", "password": "not this one at all" })).await;
    assert!(known.0 == 401 && known.1 > 0, "{known:?}");
    for (who, email) in
        [("nobody", "nobody@home.example"), ("no password", "silent@home.example"), ("shut out", "out@home.example"), ("no address", "ada at home")]
    {
        assert_eq!(work(json!({ "email": email, "password": "not this one at all" })).await, known, "{who}");
    }
    let elsewhere = json!({ "email": "ada@home.example", "password": PASSWORD, "organisation_id": world.other.tenant });
    assert_eq!(work(elsewhere).await, known, "another organisation");
}
