//! Documents in the database: no question reaches past organisation, workspace or readers, and nothing is left of what was taken away.

use crate::fixture::{House, World};
use steward_core::{Actor, ActorKind, ConversationId, DocumentId, HasKind as _, Integrity, Kind, MessageId, PersonId, Readers, Role, WorkspaceId};
use steward_office::OfficeError;
use steward_office::documents::{self, For, Place};
use steward_store::document as store;
use steward_store::{Page, StoreError};

const TERMS: &str = "# Terms\n\nPayment in thirty days.\n";

async fn put(world: &World, actor: &Actor, workspace: WorkspaceId, readers: For, text: &str) -> DocumentId {
    let mut tx = world.begin(actor).await;
    let file = documents::read(text.as_bytes(), "terms.md", "").expect("a file");
    let row = documents::put(&mut tx, &world.office, Place { workspace, conversation: None, readers }, file).await.expect("put");
    tx.commit().await.expect("commit");
    row.document_id
}

/// Somebody else of the house, who sees all of it.
async fn colleague(world: &World, house: &House, role: Role) -> Actor {
    let person: PersonId = world.office.ids.make();
    let (t, p) = (house.owner.tenant.uuid(), person.uuid());
    let sql = format!("insert into person (tenant_id, person_id, email, display_name, created_at) values ('{t}', '{p}', '{p}@people.example', 'Ben', now())");
    world.database.raw(&sql).await;
    Actor { person: Some(person), roles: [role].into(), ..house.owner.clone() }
}

/// Everything that any question of the store says of a document to an actor.
async fn seen(world: &World, actor: &Actor, workspace: WorkspaceId, id: DocumentId) -> [usize; 4] {
    let mut tx = world.begin(actor).await;
    [
        usize::from(store::find(&mut tx, id).await.expect("find").is_some()),
        store::list(&mut tx, None, &Page::first()).await.expect("list").len(),
        store::chunks(&mut tx, id, 1, 10).await.expect("chunks").len(),
        store::search(&mut tx, workspace, "payment", None, 10).await.expect("search").len(),
    ]
}

#[tokio::test]
async fn no_question_to_the_store_reaches_past_the_readers() {
    let world = World::make().await;
    let (acme, other) = (world.house("acme").await, world.house("other").await);
    let ben = colleague(&world, &acme, Role::Manager).await;
    let mine = put(&world, &acme.owner, acme.sales, For::Me, TERMS).await;
    assert_eq!(seen(&world, &acme.owner, acme.sales, mine).await, [1, 1, 1, 1]);
    let nobody = Actor { person: None, ..acme.owner.clone() };
    for stranger in [&ben, &other.owner, &acme.only(acme.support), &nobody, &Actor::worker(acme.owner.tenant)] {
        assert_eq!(seen(&world, stranger, acme.sales, mine).await, [0; 4], "{stranger:?}");
    }
    // An agent sees what its person sees.
    let run = world.run(&acme).await;
    assert_eq!(seen(&world, &acme.owner.as_agent(run, "assistant"), acme.sales, mine).await, [1, 1, 1, 1]);
    assert_eq!(seen(&world, &ben.as_agent(run, "assistant"), acme.sales, mine).await, [0; 4]);
    // Taking it away is a question too, and so is giving a document to readers one does not belong to.
    let mut tx = world.begin(&ben).await;
    assert!(!store::delete(&mut tx, mine).await.expect("asked"));
    let row = store::DocumentRow { document_id: world.office.ids.make(), ..row_of(&world, &acme.owner, mine).await };
    assert!(matches!(store::insert(&mut tx, &row, &[]).await, Err(StoreError::Statement(_))), "for the owner alone, by somebody else");
    drop(tx);
    // For the workspace it is for whoever sees the workspace, and for nobody else.
    let ours = put(&world, &acme.owner, acme.sales, For::Workspace, TERMS).await;
    assert_eq!(seen(&world, &ben, acme.sales, ours).await, [1; 4]);
    for stranger in [&other.owner, &acme.only(acme.support)] {
        assert_eq!(seen(&world, stranger, acme.sales, ours).await, [0; 4]);
    }
}

async fn row_of(world: &World, actor: &Actor, id: DocumentId) -> store::DocumentRow {
    let mut tx = world.begin(actor).await;
    store::find(&mut tx, id).await.expect("find").expect("there")
}

#[tokio::test]
async fn what_was_taken_away_leaves_no_words_and_an_entry_without_its_name() {
    let world = World::make().await;
    let acme = world.house("acme").await;
    let (ben, support) = (colleague(&world, &acme, Role::Manager).await, colleague(&world, &acme, Role::Support).await);
    let ours = put(&world, &acme.owner, acme.sales, For::Workspace, TERMS).await;
    let mut tx = world.begin(&support).await;
    let refused = documents::remove(&mut tx, &world.office, ours).await.expect_err("not theirs");
    assert_eq!(refused.kind(), Kind::Denied, "{refused}");
    drop(tx);
    let mut tx = world.begin(&ben).await;
    documents::remove(&mut tx, &world.office, ours).await.expect("a manager may");
    tx.commit().await.expect("commit");
    let mut tx = world.begin(&acme.owner).await;
    assert!(matches!(documents::remove(&mut tx, &world.office, ours).await, Err(OfficeError::Missing("document"))));
    drop(tx);
    let left = "select count(*) from document_chunk union all select count(*) from document";
    assert_eq!(world.database.texts(&world.database.superuser_url, "", &left.replace("count(*)", "count(*)::text")).await.expect("counted"), ["0", "0"]);
    let log = world
        .database
        .texts(&world.database.superuser_url, "", "select action || ' ' || canon from audit_event where action like 'document.%' order by 1")
        .await;
    let log = log.expect("log");
    assert_eq!(log.len(), 2, "{log:?}");
    assert!(log.iter().all(|entry| !entry.contains("terms.md") && !entry.contains("Payment")), "{log:?}");
}

#[tokio::test]
async fn labels_say_who_may_be_told_and_a_name_that_a_program_brought_is_anybodys_text() {
    let world = World::make().await;
    let acme = world.house("acme").await;
    let mine = put(&world, &acme.owner, acme.sales, For::Me, TERMS).await;
    let ours = put(&world, &acme.owner, acme.sales, For::Workspace, "Payment by card.").await;
    let mut tx = world.begin(&acme.owner).await;
    let found = documents::search(&mut tx, acme.sales, "payment days", None, 10).await.expect("found");
    let told: Vec<(DocumentId, Readers)> = found.iter().map(|found| (found.document.document_id, found.readers.clone())).collect();
    // The better hit comes first: it holds both words.
    assert_eq!(told, [(mine, Readers::Only(["owner@acme.example".to_owned()].into())), (ours, Readers::Public)]);
    assert!(found.iter().all(|found| found.document.integrity == Integrity::Fact && found.chunks.iter().all(|chunk| chunk.integrity == Integrity::Outside)));
    drop(tx);
    let token = Actor { kind: ActorKind::Token { token: world.office.ids.make(), scopes: steward_core::Scope::ALL.into() }, ..acme.owner.clone() };
    let brought = put(&world, &token, acme.sales, For::Workspace, TERMS).await;
    assert_eq!(row_of(&world, &acme.owner, brought).await.integrity, Integrity::Outside);
}

#[tokio::test]
async fn words_are_found_in_any_script_and_what_is_no_question_is_refused() {
    let world = World::make().await;
    let acme = world.house("acme").await;
    let text = "Fällig nach dreißig Tagen; see C&A | B. भुक्तानी तीस दिनमा। الدفع خلال ثلاثين يوما";
    let id = put(&world, &acme.owner, acme.sales, For::Workspace, text).await;
    let mut tx = world.begin(&acme.owner).await;
    for (query, expect) in [
        ("FÄLLIG", 1),
        ("भुक्तानी", 1),
        ("الدفع", 1),
        ("fallig", 1),
        ("DREISSIG", 1),
        ("unicorn or fällig", 1),
        ("unicorn", 0),
        ("a & b | !c:* 'x", 1),
        ("???", 0),
    ] {
        let found = documents::search(&mut tx, acme.sales, query, Some(id), 10).await.expect(query);
        assert_eq!(found.len(), expect, "{query}");
    }
    for query in ["", "  ", "a\0b", &"x".repeat(501)] {
        let refused = documents::search(&mut tx, acme.sales, query, None, 10).await.expect_err("no question");
        assert_eq!(refused.kind(), Kind::Invalid, "{query}");
    }
    // Of another workspace it is not there, for a search as for a reading.
    for refused in [
        documents::search(&mut tx, acme.support, "fällig", Some(id), 10).await.expect_err("another workspace"),
        documents::look_into(&mut tx, acme.support, id, 1, 5).await.expect_err("another workspace"),
    ] {
        assert_eq!(refused.kind(), Kind::Missing, "{refused}");
    }
}

#[tokio::test]
async fn what_came_with_a_message_is_there_as_long_as_it_may_be_read() {
    let world = World::make().await;
    let acme = world.house("acme").await;
    let ben = colleague(&world, &acme, Role::Manager).await;
    let mine = put(&world, &acme.owner, acme.sales, For::Me, TERMS).await;
    let run = world.run(&acme).await;
    let (conversation, message) = (ConversationId::from_uuid(run.uuid()), world.office.ids.make::<MessageId>());
    let (t, w) = (acme.owner.tenant.uuid(), acme.sales.uuid());
    world
        .database
        .raw(&format!(
            "insert into message (tenant_id, message_id, workspace_id, conversation_id, by_agent, text, integrity, readers, created_at)
             values ('{t}', '{}', '{w}', '{}', false, 'see', 4, null, now())",
            message.uuid(),
            conversation.uuid()
        ))
        .await;
    let mut tx = world.begin(&acme.owner).await;
    store::attach(&mut tx, message, acme.sales, &[mine]).await.expect("attached");
    tx.commit().await.expect("commit");
    let along = async |actor: &Actor| {
        let mut tx = world.begin(actor).await;
        let one = store::of_messages(&mut tx, &[message]).await.expect("along");
        let all = store::of_conversation(&mut tx, conversation, 10).await.expect("along");
        (one.into_iter().map(|(_, row)| row.map(|row| row.name)).collect::<Vec<_>>(), all.len())
    };
    assert_eq!(along(&acme.owner).await, (vec![Some("terms.md".to_owned())], 1));
    assert_eq!(along(&ben).await, (vec![None], 0));
    let mut tx = world.begin(&acme.owner).await;
    documents::remove(&mut tx, &world.office, mine).await.expect("removed");
    tx.commit().await.expect("commit");
    assert_eq!(along(&acme.owner).await, (vec![None], 0));
}
