//! Import of 50,000 contacts, as Google writes them, and of 50,000 companies into PostgreSQL: reading, planning, writing, committing.
//! Each has an e-mail address and a phone number, every third a second address, a postal address and a web page besides.
//!
//! Needs `STEWARD_TEST_DATABASE_URL`. Every round imports into a workspace of its own.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use std::fmt::Write as _;
use std::time::{Duration, Instant};
use steward_core::{Actor, ActorKind, AuthMethod, Clock, Ids, Integrity, PersonId, Role, TenantId, WorkspaceId, Workspaces};
use steward_office::Office;
use steward_office::crm::{self, ContactQuery};
use steward_office::import::{self, AnyFile, Subject};
use steward_store::Page;
use steward_store::testing::TestDatabase;
use tokio::runtime::Runtime;

/// Contacts, or companies, of a list.
const ROWS: usize = 50_000;

type Group<'a> = BenchmarkGroup<'a, WallTime>;

fn google_csv() -> String {
    let mut text = String::from(
        "First Name,Middle Name,Last Name,Organization Name,Organization Title,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - Formatted,Website 1 - Value\n",
    );
    for n in 0..ROWS {
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
    for n in 0..ROWS {
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
async fn import_once(database: &TestDatabase, office: &Office, subject: Subject, text: &str, actor: &Actor, workspace: WorkspaceId) {
    let file = AnyFile::read(subject, text.as_bytes(), "list.csv").expect("file");
    let mut tx = database.app.begin(actor).await.expect("begin");
    let report = file.run(&mut tx, office, workspace, Integrity::Directory).await.expect("import");
    tx.commit().await.expect("commit");
    assert_eq!((report.summary.rows, report.summary.refused_count), (ROWS, 0));
}

/// Measures the import of a list that is new to its workspace and of one that is known; answers who imported the latter.
fn bench_list(group: &mut Group<'_>, runtime: &Runtime, database: &TestDatabase, office: &Office, (subject, text): (Subject, &str), what: &str) -> Actor {
    group.bench_function(format!("new_50000{what}"), |bencher| {
        bencher.iter_custom(|rounds| {
            runtime.block_on(async {
                let mut total = Duration::ZERO;
                for _ in 0..rounds {
                    let (actor, workspace) = workspace(database, office).await;
                    let begun = Instant::now();
                    import_once(database, office, subject, text, &actor, workspace).await;
                    total += begun.elapsed();
                }
                total
            })
        });
    });
    let (actor, again) = runtime.block_on(workspace(database, office));
    runtime.block_on(import_once(database, office, subject, text, &actor, again));
    group.bench_function(format!("known_50000{what}"), |bencher| {
        bencher.to_async(runtime).iter(|| import_once(database, office, subject, text, &actor, again));
    });
    actor
}

#[expect(clippy::expect_used, reason = "a bench that cannot run stops")]
fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("runtime");
    let text = google_csv();
    let (database, office) = runtime.block_on(async { (TestDatabase::make().await, Office::new(Clock::System, Ids::System)) });
    let mut group = criterion.benchmark_group("import");
    group.sample_size(10);
    group.bench_function("read_50000", |bencher| bencher.iter(|| import::read(text.as_bytes(), "contacts.csv").expect("file")));
    let actor = bench_list(&mut group, &runtime, &database, &office, (Subject::Contacts, &text), "");
    bench_list(&mut group, &runtime, &database, &office, (Subject::Companies, &companies_csv()), "_companies");
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
