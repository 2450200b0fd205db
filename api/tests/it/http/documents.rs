//! Documents over HTTP: what is refused and how, who sees what, and what comes along with a message.

use super::working::Working;
use super::world::World;
use secrecy::SecretString;
use serde_json::{Value, json};
use steward_core::limits::{DOCUMENT_BYTES_MAX, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX};
use steward_core::{Role, Scope};

const PATH: &str = "/api/v1/documents";
const TERMS: &str = "# Terms\n\nPayment in thirty days.\n";

async fn put(world: &World, who: &SecretString, query: &str, text: &str) -> Value {
    world.server.ask("POST", PATH).cookie(who).query(query).bytes("text/markdown", text).send().await.expect(201).json()
}

async fn get(world: &World, who: &SecretString, path: &str, status: u16) -> Value {
    world.server.ask("GET", path).cookie(who).send().await.expect(status).json()
}

fn id(document: &Value) -> &str {
    document["document_id"].as_str().expect("an id")
}

#[tokio::test]
async fn a_file_that_is_no_text_is_refused_and_told_what_to_send() {
    let world = World::make().await;
    let owner = world.owner().await;
    let binary: Vec<u8> = (0..=255).cycle().take(4000).collect();
    for (name, bytes, part) in [
        ("a.txt", Vec::new(), "has no text"),
        ("a.txt", b" \r\n\t ".to_vec(), "has no text"),
        ("a.pdf", b"%PDF-1.7 ...".to_vec(), "is a PDF, which is not read here yet: copy what matters"),
        ("a.txt", b"%PDF-1.7 ...".to_vec(), "is a PDF"),
        ("a.docx", b"PK\x03\x04".to_vec(), "save it as plain text"),
        ("a.exe", b"MZ".to_vec(), "no kind of file that is read here; those are .txt"),
        ("a.txt", binary, "is not text"),
        ("a.txt", b"one\0two".to_vec(), "NUL"),
        ("a.json", b"{\"a\":".to_vec(), "is no JSON"),
        ("a.html", b"<script>alert(1)</script>".to_vec(), "has no text"),
        ("a.eml", b"From: a@b.example\nSubject: x\n\nhello".to_vec(), "a mail message, which is not read here yet"),
    ] {
        let reply = world.server.ask("POST", PATH).cookie(&owner).query(&format!("name={name}")).bytes("application/octet-stream", bytes).send().await;
        let reply = reply.expect(422).json();
        assert!(reply["detail"].as_str().expect("detail").contains(part), "{name}: {reply}");
    }
    let ask = |kind: &'static str, bytes: Vec<u8>| world.server.ask("POST", PATH).cookie(&owner).query("name=a.txt").bytes(kind, bytes).send();
    ask("application/pdf", b"x".to_vec()).await.expect(415);
    assert_eq!(ask("application/octet-stream", vec![b'x'; DOCUMENT_BYTES_MAX + 1]).await.expect(413).json()["code"], "too_large");
    for (query, path) in [
        ("for=everybody", "for"),
        ("workspace_id=ws_00000000000000000000000001", "workspace_id"),
        ("conversation_id=conv_00000000000000000000000001", "conversation_id"),
        ("size=1", "size"),
    ] {
        let reply = world.server.ask("POST", PATH).cookie(&owner).query(query).bytes("application/octet-stream", "text").send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], path, "{query}: {reply}");
    }
    assert_eq!(world.server.database.number("select count(*) from document").await, 0);
    assert_eq!(world.server.database.number("select count(*) from audit_event where action like 'document.%'").await, 0);
}

#[tokio::test]
async fn nobody_but_its_readers_knows_of_a_document() {
    let world = World::make().await;
    let (owner, stranger) = (world.owner().await, world.other.session_of(&world.server, world.other.owner).await.secret);
    let manager = world.session(Role::Manager).await.secret;
    let query = format!("name=terms.md&workspace_id={}", world.home.workspace);
    let mine = put(&world, &owner, &query, TERMS).await;
    let path = format!("{PATH}/{}", id(&mine));
    for who in [&stranger, &manager] {
        get(&world, who, &path, 404).await;
        world.server.ask("DELETE", path.as_str()).cookie(who).send().await.expect(404);
        assert_eq!(get(&world, who, PATH, 200).await["items"], json!([]));
    }
    let found = get(&world, &manager, &format!("/api/v1/search?q=payment&workspace_id={}", world.home.workspace), 200).await;
    assert_eq!(found["items"], json!([]));
    // One for the workspace is seen by whoever sees that, and taken away by who may.
    let ours = put(&world, &owner, &format!("{query}&for=workspace"), TERMS).await;
    let path = format!("{PATH}/{}", id(&ours));
    get(&world, &stranger, &path, 404).await;
    assert_eq!(get(&world, &manager, &path, 200).await["document"]["for"], "workspace");
    let support = world.session(Role::Support).await.secret;
    world.server.ask("DELETE", path.as_str()).cookie(&support).send().await.expect(403);
    world.server.ask("DELETE", path.as_str()).cookie(&manager).send().await.expect(204);
    get(&world, &owner, &path, 404).await;
    assert_eq!(world.server.database.number("select count(*) from document_chunk").await, 1, "of the one that is left");
    // A program reads with the scope for it alone, and what it brings has a name that counts for nothing.
    let reader = world.token(&world.home.actor, &[Scope::Read]).await.secret;
    world.server.ask("POST", PATH).token(&reader).query(&query).bytes("text/plain", "text").send().await.expect(403);
    world.server.ask("GET", PATH).token(&reader).send().await.expect(200);
    let writer = world.token(&world.home.actor, &[Scope::Write]).await.secret;
    world.server.ask("POST", PATH).token(&writer).query(&query).bytes("text/plain", "text").send().await.expect(201);
    assert_eq!(world.server.database.number("select min(integrity)::bigint from document").await, 0);
}

#[tokio::test]
async fn a_person_puts_in_as_many_documents_as_they_may_and_no_more() {
    let world = World::make().await;
    let owner = world.owner().await;
    let query = format!("workspace_id={}&for=workspace", world.home.workspace);
    put(&world, &owner, &query, TERMS).await;
    // As many as there may be but for one, by hand.
    let more = |count: i64, bytes: i64| {
        format!(
            "insert into document (tenant_id, document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks, integrity, readers, created_at)
             select tenant_id, gen_random_uuid(), workspace_id, null, person_id, name, media_type, {bytes}, sha256, characters, chunks, integrity, readers, created_at
               from (select * from document limit 1) as one, generate_series(1, {count})"
        )
    };
    let database = &world.server.database;
    database.raw(&more(DOCUMENTS_MAX - 2, 1)).await;
    let last = put(&world, &owner, &query, TERMS).await;
    let try_again = || world.server.ask("POST", PATH).cookie(&owner).query(&query).bytes("text/markdown", TERMS).send();
    let refused = try_again().await.expect(409).json();
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("take one away first")), "{refused}");
    assert_eq!(database.number("select count(*) from document").await, DOCUMENTS_MAX);
    world.server.ask("DELETE", format!("{PATH}/{}", id(&last))).cookie(&owner).send().await.expect(204);
    put(&world, &owner, &query, TERMS).await;

    // What the files take together counts, too; what others put in does not.
    let world = World::make().await;
    let owner = world.owner().await;
    let query = format!("workspace_id={}&for=workspace", world.home.workspace);
    put(&world, &owner, &query, TERMS).await;
    world.server.database.raw(&more(256, DOCUMENTS_BYTES_MAX / 256 - 1)).await;
    put(&world, &owner, &query, TERMS).await;
    world.server.database.raw(&more(1, 180)).await;
    world.server.ask("POST", PATH).cookie(&owner).query(&query).bytes("text/markdown", TERMS).send().await.expect(409);
    let manager = world.session(Role::Manager).await.secret;
    put(&world, &manager, &query, TERMS).await;
}

#[tokio::test]
async fn a_document_is_its_text_in_pieces_under_a_name_that_misleads_nobody() {
    let world = World::make().await;
    let owner = world.owner().await;
    let workspace = world.home.workspace;
    let name = "..%2Fevil%E2%80%AEfdp%0A.md";
    let long = format!("# Terms\n\n{}\n\n## Price\n\nPayment in thirty days.", "Some words. ".repeat(300).trim_end());
    let made = put(&world, &owner, &format!("name={name}&workspace_id={workspace}"), &long).await;
    assert_eq!(
        (&made["name"], &made["media_type"], &made["bytes"], &made["for"]),
        (&json!("evilfdp .md"), &json!("text/markdown"), &json!(long.len()), &json!("me"))
    );
    let whole = get(&world, &owner, &format!("{PATH}/{}", id(&made)), 200).await;
    let text: String = whole["chunks"].as_array().expect("chunks").iter().map(|chunk| chunk["text"].as_str().expect("text")).collect();
    assert_eq!((text.as_str(), &whole["next"]), (long.as_str(), &json!(null)));
    let first = get(&world, &owner, &format!("{PATH}/{}?limit=1", id(&made)), 200).await;
    assert_eq!((first["chunks"].as_array().map(Vec::len), &first["next"]), (Some(1), &json!(2)));
    for wrong in ["limit=0", "limit=201", "from=0"] {
        get(&world, &owner, &format!("{PATH}/{}?{wrong}", id(&made)), 422).await;
    }
    let found = get(&world, &owner, &format!("/api/v1/search?q=thirty&workspace_id={workspace}"), 200).await;
    assert_eq!(found["items"][0]["chunks"][0]["heading"], "Price", "{found}");
    get(&world, &owner, "/api/v1/search?q=", 422).await;
    // The same key puts it in once.
    let again = || {
        world
            .server
            .ask("POST", PATH)
            .cookie(&owner)
            .header("idempotency-key", "d-1")
            .query(&format!("workspace_id={workspace}"))
            .bytes("application/octet-stream", "text")
    };
    let (one, two) = (again().send().await.expect(201), again().send().await.expect(201));
    assert_eq!(one.bytes, two.bytes);
    assert_eq!(world.server.database.number("select count(*) from document").await, 2);
    let listed = get(&world, &owner, &format!("{PATH}?limit=1"), 200).await;
    let next = get(&world, &owner, &format!("{PATH}?limit=1&cursor={}", listed["next_cursor"].as_str().expect("more")), 200).await;
    assert_eq!(next["items"][0]["document_id"], made["document_id"]);
}

#[tokio::test]
async fn what_comes_along_with_a_message_is_the_persons_to_give() {
    let working = Working::saying("Thirty days.").await;
    let world = &working.world;
    let owner = world.owner().await;
    let begin = json!({ "agent": "assistant", "workspace_id": world.home.workspace });
    let conversation = working.ask("POST", "/api/v1/conversations").cookie(&owner).json(&begin).send().await.expect(201).json();
    let conversation_id = conversation["conversation_id"].as_str().expect("an id");
    let path = format!("/api/v1/conversations/{conversation_id}/messages");
    let mine = put(world, &owner, &format!("name=terms.md&conversation_id={conversation_id}"), TERMS).await;
    assert_eq!(mine["conversation_id"], conversation["conversation_id"]);
    let manager = working.as_role(Role::Manager).await;
    let theirs = put(world, &manager, &format!("name=b.md&workspace_id={}", world.home.workspace), TERMS).await;
    let stranger = world.other.session_of(&world.server, world.other.owner).await.secret;
    let foreign = put(world, &stranger, "name=c.md&for=workspace", TERMS).await;
    let many: Vec<&str> = std::iter::repeat_n(id(&mine), 11).collect();
    for (attachments, at) in [
        (json!([id(&theirs)]), "/attachments/0"),
        (json!([id(&mine), id(&foreign)]), "/attachments/1"),
        (json!([id(&mine), id(&mine)]), "/attachments/1"),
        (json!(["doc_00000000000000000000000001"]), "/attachments/0"),
        (json!(["run_00000000000000000000000001"]), "/attachments/0"),
        (json!(many), "/attachments"),
    ] {
        let body = json!({ "text": "See", "attachments": attachments });
        let reply = working.ask("POST", path.as_str()).cookie(&owner).json(&body).send().await.expect(422).json();
        assert_eq!(reply["errors"][0]["path"], at, "{reply}");
    }
    assert_eq!(world.server.database.number("select count(*) from run").await, 0);
    working.ask("POST", path.as_str()).cookie(&owner).json(&json!({ "text": "See", "attachments": [id(&mine)] })).send().await.expect(202);
    let attached = async || get(world, &owner, &path, 200).await["items"][0]["attachments"].clone();
    assert_eq!(attached().await, json!([{ "document_id": id(&mine), "name": "terms.md", "media_type": "text/markdown", "bytes": TERMS.len() }]));
    working.ask("DELETE", format!("{PATH}/{}", id(&mine))).cookie(&owner).send().await.expect(204);
    assert_eq!(attached().await, json!([{ "document_id": null, "name": null, "media_type": null, "bytes": null }]));
}
