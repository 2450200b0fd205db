//! Lists of what is at hand whole: read page by page like any other, in the order of their own keys.

use super::server::Server;
use super::world::World;
use serde_json::{Value, json};
use std::sync::Arc;
use steward_agent::agents::Agent;
use steward_api::Parts;
use steward_core::PersonId;
use steward_host::testing::GuestFiles;

/// Each list with the fields that its items are known by.
const LISTS: [(&str, &[&str]); 7] = [
    ("agents", &["name"]),
    ("budgets", &["scope", "scope_id", "period"]),
    ("models", &["name"]),
    ("plugins", &["name"]),
    ("prompts", &["name", "version"]),
    ("secrets", &["plugin", "name"]),
    ("tools", &["name"]),
];

/// Three agents, three models and two plugins, one of which has two secrets.
fn several(parts: &mut Parts) {
    let agents = Arc::make_mut(&mut parts.agents);
    let assistant = agents.get("assistant").cloned().expect("the assistant");
    let model = parts.models.first().cloned().expect("a model");
    for name in ["clerk", "Bookkeeper"] {
        agents.insert(name.to_owned(), Agent { name: name.to_owned(), ..assistant.clone() });
    }
    for name in ["fast", "embedding"] {
        let mut another = model.clone();
        another.name = name.to_owned();
        parts.models.push(another);
    }
    for files in [GuestFiles::asker(), GuestFiles::crm()] {
        let dir = std::env::temp_dir().join(format!("stw-lists-{}", steward_core::Ids::System.make::<PersonId>()));
        files.write(&dir).expect("written");
        parts.host.load_dir(&dir).expect("the plugin");
        std::fs::remove_dir_all(&dir).expect("removed");
    }
}

/// A server that has several of everything, and an organisation with three budgets.
async fn begun() -> World {
    let world = World::on(Server::start_changed(several).await).await;
    let owner = world.owner().await;
    for budget in [
        json!({ "scope": "organisation", "period": "month", "cap_micros": 3 }),
        json!({ "scope": "organisation", "period": "day", "cap_micros": 2 }),
        json!({ "scope": "agent", "scope_id": "clerk", "period": "total", "cap_micros": 1 }),
    ] {
        world.server.ask("PUT", "/api/v1/budgets").cookie(&owner).json(&budget).send().await.expect(200);
    }
    world
}

/// What an item is known by, in a form that is ordered as it is.
fn key(item: &Value, fields: &[&str]) -> Vec<String> {
    let text = |field: &Value| field.as_str().map_or_else(|| format!("{:010}", field.as_u64().expect("a text or a number")), str::to_owned);
    fields.iter().map(|field| text(&item[*field])).collect()
}

#[tokio::test]
async fn lists_of_what_is_installed_are_read_page_by_page_and_refuse_what_is_no_page() {
    let world = begun().await;
    let owner = world.owner().await;
    for (list, fields) in LISTS {
        let get = async |query: &str| world.server.ask("GET", format!("/api/v1/{list}?{query}")).cookie(&owner).send().await;
        for (query, named) in [
            ("limit=0", "limit"),
            ("limit=201", "limit"),
            ("limit=x", "limit"),
            ("cursor=", "cursor"),
            ("cursor=zz", "cursor"),
            // JSON, and no key; a cursor of a list that is known by ids.
            ("cursor=bnVsbA", "cursor"),
            ("cursor=00000000000000000000000000000001", "cursor"),
            ("lmit=1", "lmit"),
        ] {
            let refused = get(query).await.expect(422);
            assert!(refused.json()["code"] == "invalid" && refused.text().contains(named), "{list}?{query}: {}", refused.text());
        }

        let whole = get("").await.expect(200).json();
        assert_eq!(get("limit=200").await.expect(200).json(), whole, "{list}");
        assert_eq!(whole["next_cursor"], Value::Null, "{list}");
        let all = whole["items"].as_array().expect("items");
        assert!(all.len() > 1, "{list}: {whole}");
        let keys: Vec<Vec<String>> = all.iter().map(|item| key(item, fields)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] < pair[1]), "{list}: {keys:?}");

        let (mut walked, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let query = cursor.map_or_else(|| "limit=1".to_owned(), |cursor| format!("limit=1&cursor={cursor}"));
            let page = get(&query).await.expect(200).json();
            assert_eq!(page["items"].as_array().map(Vec::len), Some(1), "{list}: {page}");
            walked.push(page["items"][0].clone());
            assert!(walked.len() <= all.len(), "{list} does not end");
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(&walked, all, "{list}");
    }
}

#[tokio::test]
async fn a_cursor_shows_nothing_of_another_organisation() {
    let world = begun().await;
    let get = async |who: &secrecy::SecretString, query: &str| {
        world.server.ask("GET", format!("/api/v1/budgets?{query}")).cookie(who).send().await.expect(200).json()
    };
    let first = get(&world.owner().await, "limit=1").await;
    let theirs = world.other.session_of(&world.server, world.other.owner).await.secret;
    let cursor = first["next_cursor"].as_str().expect("more");
    assert_eq!(get(&theirs, &format!("cursor={cursor}")).await, json!({ "items": [], "next_cursor": null }));
}
