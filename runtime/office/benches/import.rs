//! Import of 50,000 contacts, as Google writes them, and of 50,000 companies into PostgreSQL: reading, planning, writing, committing.
//! Each has an e-mail address and a phone number, every third a second address, a postal address and a web page besides.
//!
//! Needs `STEWARD_TEST_DATABASE_URL`. Every round imports into a workspace of its own.

use criterion::{Criterion, criterion_group, criterion_main};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use steward_core::{Actor, ActorKind, AuthMethod, Clock, Ids, Integrity, PersonId, Role, TenantId, WorkspaceId, Workspaces};
use steward_office::crm::{self, ContactQuery};
use steward_office::{Office, import};
use steward_store::Page;
use steward_store::testing::TestDatabase;

const CONTACTS: usize = 50_000;

fn google_csv() -> String {
    let mut text = String::from(
        "First Name,Middle Name,Last Name,Organization Name,Organization Title,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - Formatted,Website 1 - Value\n",
    );
    for n in 0..CONTACTS {
        let (more, address, site) = if n % 3 == 0 {
            (format!("p{n}@home.example"), format!("\"Street {n}\nCity\""), format!("www.example{n}.com"))
        } else {
            (String::new(), String::new(), String::new())
        };
        let _ = writeln!(
            text,
            "Jürgen{n},,Müller-{n},\"Company {}, Inc.\",Buyer,1980-01-{:02},,Customers ::: * myContacts,* Work,person.{n}@example{}.com,Home,{more},Mobile,+49 171 {n:07},Work,{address},{site}",
            n % 5000,
            n % 28 + 1,
            n % 700,
        );
    }
    text
}

fn companies_csv() -> String {
    let mut text = String::from("Company name,Company Domain Name,Industry\n");
    for n in 0..CONTACTS {
        let _ = writeln!(text, "\"Company {n}, Inc.\",company{n}.example,Toys");
    }
    text
}

async fn workspace(database: &TestDatabase, office: &Office) -> (Actor, WorkspaceId) {
    let (tenant, person, workspace): (TenantId, PersonId, WorkspaceId) = (office.ids.make(), office.ids.make(), office.ids.make());
    let (t, p, w) = (tenant.uuid(), person.uuid(), workspace.uuid());
    database
        .raw(&format!(
            "insert into tenant values ('{t}', 'bench', now());
             insert into person (tenant_id, person_id, email, display_name, created_at) values ('{t}', '{p}', 'p@bench.example', 'P', now());
             insert into workspace values ('{t}', '{w}', 'main', now())"
        ))
        .await;
    let kind = ActorKind::Person { session: None, method: AuthMethod::Terminal };
    (Actor { tenant, person: Some(person), kind, roles: [Role::Owner].into(), workspaces: Workspaces::All }, workspace)
}

#[expect(clippy::expect_used, reason = "a bench that cannot run stops")]
async fn import_once(database: &TestDatabase, office: &Office, text: &str, actor: &Actor, workspace: WorkspaceId) {
    let file = import::read(text.as_bytes(), "contacts.csv").expect("file");
    let mut tx = database.app.begin(actor).await.expect("begin");
    let report = import::run(&mut tx, office, workspace, &file, Integrity::Directory).await.expect("import");
    tx.commit().await.expect("commit");
    assert_eq!((report.rows, report.refused_count), (CONTACTS, 0));
}

#[expect(clippy::expect_used, reason = "a bench that cannot run stops")]
async fn import_companies_once(database: &TestDatabase, office: &Office, text: &str, actor: &Actor, workspace: WorkspaceId) {
    let file = import::read_companies(text.as_bytes(), "companies.csv").expect("file");
    let mut tx = database.app.begin(actor).await.expect("begin");
    let report = import::run_companies(&mut tx, office, workspace, &file, Integrity::Directory).await.expect("import");
    tx.commit().await.expect("commit");
    assert_eq!((report.rows, report.refused_count), (CONTACTS, 0));
}

#[expect(clippy::expect_used, reason = "a bench that cannot run stops")]
fn bench(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let text = google_csv();
    let (database, office) = runtime.block_on(async { (TestDatabase::make().await, Office::new(Clock::System, Ids::System)) });
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10);
    group.bench_function("read_50000", |bencher| bencher.iter(|| import::read(text.as_bytes(), "contacts.csv").expect("file")));
    group.bench_function("new_50000", |bencher| {
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let mut total = Duration::ZERO;
                for _ in 0..rounds {
                    let (actor, workspace) = workspace(&database, &office).await;
                    let begun = Instant::now();
                    import_once(&database, &office, &text, &actor, workspace).await;
                    total += begun.elapsed();
                }
                total
            })
        });
    });
    let (actor, again) = runtime.block_on(workspace(&database, &office));
    runtime.block_on(import_once(&database, &office, &text, &actor, again));
    group.bench_function("known_50000", |bencher| {
        bencher.to_async(&runtime).iter(|| import_once(&database, &office, &text, &actor, again));
    });
    let list = companies_csv();
    group.bench_function("new_50000_companies", |bencher| {
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let mut total = Duration::ZERO;
                for _ in 0..rounds {
                    let (actor, workspace) = workspace(&database, &office).await;
                    let begun = Instant::now();
                    import_companies_once(&database, &office, &list, &actor, workspace).await;
                    total += begun.elapsed();
                }
                total
            })
        });
    });
    let (owner, listed) = runtime.block_on(workspace(&database, &office));
    runtime.block_on(import_companies_once(&database, &office, &list, &owner, listed));
    group.bench_function("known_50000_companies", |bencher| {
        bencher.to_async(&runtime).iter(|| import_companies_once(&database, &office, &list, &owner, listed));
    });
    group.finish();
    let query = ContactQuery { text: "muller person.4999@".to_owned(), ..ContactQuery::default() };
    criterion.bench_function("find_among_50000", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let mut tx = database.app.begin(&actor).await.expect("begin");
            let found = crm::find_contacts(&mut tx, &query, &Page::first()).await.expect("find");
            assert_eq!(found.items.len(), 1);
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
