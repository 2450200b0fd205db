//! Every route × everyone who may knock, against a golden file. A route that is missing from it fails, and so does a line without a route.
//! `UPDATE=1` rewrites the file; a reviewer reads the difference.

use super::sample;
use super::world::{House, World};
use secrecy::SecretString;
use std::fmt::Write as _;
use steward_api::router::{Route, table};
use steward_core::{PersonId, Role, Scope, WorkspaceId};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/http/matrix.txt");

/// Everyone who may knock.
#[derive(Debug, Clone, Copy)]
enum Knocker {
    Nobody,
    BadCookie,
    BadToken,
    Expired,
    Revoked,
    As(Role),
    /// A manager whose role is delegated to the workspace that the samples lie in, or to another one.
    Delegated(Place),
    Token(Scope),
    ExpiredToken,
    RevokedToken,
    OtherOwner,
}

/// A workspace, as the samples see it.
#[derive(Debug, Clone, Copy)]
enum Place {
    Here,
    Elsewhere,
}

/// Who has which role, and where.
struct People {
    /// In the whole organisation, in the order of the roles.
    everywhere: [PersonId; 5],
    here: PersonId,
    elsewhere: PersonId,
}

impl People {
    async fn of(world: &World) -> Self {
        let mut everywhere = [world.home.owner; 5];
        for (place, role) in everywhere.iter_mut().zip(Role::ALL).skip(1) {
            *place = world.person(role, None).await;
        }
        let manager = async |workspace: WorkspaceId| world.person(Role::Manager, Some(workspace)).await;
        Self { everywhere, here: manager(world.home.workspace).await, elsewhere: manager(world.workspace("Sales").await).await }
    }
}

const KNOCKERS: [(&str, Knocker); 18] = [
    ("nobody", Knocker::Nobody),
    ("bad-cookie", Knocker::BadCookie),
    ("bad-token", Knocker::BadToken),
    ("expired", Knocker::Expired),
    ("revoked", Knocker::Revoked),
    ("owner", Knocker::As(Role::Owner)),
    ("manager", Knocker::As(Role::Manager)),
    ("finance", Knocker::As(Role::Finance)),
    ("support", Knocker::As(Role::Support)),
    ("auditor", Knocker::As(Role::Auditor)),
    ("mgr@here", Knocker::Delegated(Place::Here)),
    ("mgr@else", Knocker::Delegated(Place::Elsewhere)),
    ("t:converse", Knocker::Token(Scope::Converse)),
    ("t:read", Knocker::Token(Scope::Read)),
    ("t:write", Knocker::Token(Scope::Write)),
    ("t:expired", Knocker::ExpiredToken),
    ("t:revoked", Knocker::RevokedToken),
    ("other-org", Knocker::OtherOwner),
];

enum Proof {
    None,
    Cookie(SecretString),
    Token(SecretString),
}

/// Who somebody is, and how they prove it. Fresh for every request: a route may end the session it is asked with.
async fn proof(world: &World, people: &People, knocker: Knocker) -> (PersonId, Proof) {
    let session = |house: &'static str, person: PersonId| async move {
        let house: &House = if house == "home" { &world.home } else { &world.other };
        house.session_of(&world.server, person).await
    };
    let person_in = |role: Role| people.everywhere[Role::ALL.iter().position(|known| *known == role).expect("role")];
    let owner = world.home.owner;
    match knocker {
        Knocker::Nobody => (owner, Proof::None),
        Knocker::BadCookie => (owner, Proof::Cookie("org_00000000000000000000000001.0000000000000000000000000000000000000000000000000000".into())),
        Knocker::BadToken => (owner, Proof::Token("stw_live_not_a_token".into())),
        Knocker::Expired => {
            let signed_in = session("home", owner).await;
            let id = signed_in.session.session_id.uuid();
            world.server.database.raw(&format!("update session set expires_at = '2026-01-01' where session_id = '{id}'")).await;
            (owner, Proof::Cookie(signed_in.secret))
        }
        Knocker::Revoked => {
            let signed_in = session("home", owner).await;
            let id = signed_in.session.session_id.uuid();
            world.server.database.raw(&format!("update session set revoked_at = '2026-01-01' where session_id = '{id}'")).await;
            (owner, Proof::Cookie(signed_in.secret))
        }
        Knocker::As(role) => {
            let person = person_in(role);
            (person, Proof::Cookie(session("home", person).await.secret))
        }
        Knocker::Delegated(place) => {
            let person = match place {
                Place::Here => people.here,
                Place::Elsewhere => people.elsewhere,
            };
            (person, Proof::Cookie(session("home", person).await.secret))
        }
        Knocker::Token(scope) => (owner, Proof::Token(world.token(&world.home.actor, &[scope]).await.secret)),
        // With every scope, so that it is nothing else they lack.
        Knocker::ExpiredToken | Knocker::RevokedToken => {
            let made = world.token(&world.home.actor, &Scope::ALL).await;
            let column = if matches!(knocker, Knocker::ExpiredToken) { "expires_at" } else { "revoked_at" };
            let id = made.token.api_token_id.uuid();
            world.server.database.raw(&format!("update api_token set {column} = '2026-01-01' where api_token_id = '{id}'")).await;
            (owner, Proof::Token(made.secret))
        }
        Knocker::OtherOwner => (owner, Proof::Cookie(session("other", world.other.owner).await.secret)),
    }
}

async fn status(world: &World, people: &People, route: &Route, knocker: Knocker, is_there: bool) -> u16 {
    let (person, proof) = proof(world, people, knocker).await;
    let id = if is_there { sample::target(world, &world.home, person, route).await } else { sample::nothing(world, route) };
    let ask = sample::ask(world, route, id.as_deref());
    let ask = match &proof {
        Proof::None => ask,
        Proof::Cookie(secret) => ask.cookie(secret),
        Proof::Token(token) => ask.token(token),
    };
    ask.send().await.status
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "whether to rewrite the file is asked of the one who runs the test")]
async fn every_route_answers_everyone_as_written_down() {
    let world = World::make().await;
    let people = People::of(&world).await;
    let mut text = String::from("# status for something that is there / for an id that names nothing\n");
    let _ = write!(text, "{:44}", "# route");
    for (name, _) in KNOCKERS {
        let _ = write!(text, " {name:>10}");
    }
    text.push('\n');
    for route in table() {
        let _ = write!(text, "{:44}", format!("{} {}", route.method, route.path));
        let cell = |knocker| {
            let (world, people) = (&world, &people);
            async move {
                let there = status(world, people, route, knocker, true).await;
                if !route.path.contains("{id}") {
                    return there.to_string();
                }
                format!("{there}/{}", status(world, people, route, knocker, false).await)
            }
        };
        for cell in futures_util::future::join_all(KNOCKERS.map(|(_, knocker)| cell(knocker))).await {
            let _ = write!(text, " {cell:>10}");
        }
        text.push('\n');
    }
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(PATH, &text).expect("write");
    }
    let golden = std::fs::read_to_string(PATH).unwrap_or_default();
    for (have, want) in text.lines().zip(golden.lines()) {
        assert_eq!(have, want, "run this test with UPDATE=1 and read the difference");
    }
    assert_eq!(text.lines().count(), golden.lines().count(), "a route is missing from the matrix, or a line has no route");
}
