//! Who the running program is to its database: never its owner, and always on behalf of an organisation.

use super::{Home, until};
use serde_json::json;
use std::collections::BTreeSet;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_store::testing::TestDatabase;

/// Writes down by whom, and for whom, each statement changes a table.
const WATCH: &str = "
create table public.seen (login text, tenant text, place text, op text);
create function public.see() returns trigger language plpgsql security definer as $$
begin
  insert into public.seen values (session_user, coalesce(current_setting('app.tenant', true), ''), tg_table_name, tg_op);
  return null;
end $$;
do $$
declare place text;
begin
  for place in select relname from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations' loop
    execute format('create trigger see after insert or update or delete on steward.%I for each statement execute function public.see()', place);
  end loop;
end $$";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_by_itself_is_never_the_databases_owner_and_always_somebodys() {
    let model = ScriptedModel::start(vec![Reply::call("crm.find_contacts", json!({ "query": "Lena" })), Reply::text("Nobody.")]).await;
    let database = TestDatabase::make().await;
    let toml = format!("[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\n", model.base_url());
    // As an installation is set up: the owner's login migrates, the two others work.
    let home = Home::with_config("logins", &toml)
        .set("STEWARD_DATABASE__MIGRATE_URL", &database.superuser_url)
        .set("STEWARD_DATABASE__URL", &database.app_url)
        .set("STEWARD_DATABASE__WORKER_URL", &database.worker_url);
    home.up(&[]).stop();
    database.raw(WATCH).await;
    let up = home.up(&[]);
    home.succeeds(&["chat", "Who is Lena?"]);
    // The job that gives entries their place works by itself; when it has, every job has begun.
    // What this test asks meanwhile has a name of its own: a connection that was just closed may still be listed.
    let database = TestDatabase { superuser_url: format!("{}&application_name=looks", database.superuser_url), ..database };
    let placed = async || database.number("select count(*) from public.seen where place = 'audit_index'").await;
    let (mut looks, mut connected) = (0, BTreeSet::new());
    while placed().await == 0 {
        let sql = "select distinct usename::text from pg_stat_activity where datname = current_database() and application_name <> 'looks' and backend_type = 'client backend'";
        connected.extend(database.texts(&database.superuser_url, "", sql).await.expect("who is there"));
        looks += 1;
        assert!(looks < 6_000, "entries got no place: {}", up.log());
    }
    let logins: BTreeSet<String> =
        database.texts(&database.superuser_url, "", "select distinct login from public.seen").await.expect("seen").into_iter().collect();
    let ours: BTreeSet<String> = ["steward_app", "steward_worker"].map(str::to_owned).into();
    assert!(logins == ours, "both work, and nobody else: {logins:?}");
    assert!(connected.is_subset(&ours), "nobody else is connected: {connected:?}");
    let rights =
        "select rolname::text from pg_roles where rolname in ('steward_app', 'steward_worker') and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb)";
    assert_eq!(database.texts(&database.superuser_url, "", rights).await.expect("rights"), Vec::<String>::new());
    // The one door that belongs to no organisation: which run is next, over all of them. It changes nothing where no run waits for a worker.
    let sql = "select distinct place || ' ' || op from public.seen where tenant = ''";
    let nobodys = database.texts(&database.superuser_url, "", sql).await.expect("seen");
    assert!(nobodys.iter().all(|one| one == "run UPDATE"), "every other change is made for an organisation: {nobodys:?}");
    until("it to listen still", || std::net::TcpStream::connect(("127.0.0.1", up.port)).is_ok());
    assert!(up.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_that_row_security_does_not_hold_is_warned_of() {
    let database = TestDatabase::make().await;
    let mut home = Home::with_config("walls", "")
        .set("STEWARD_DATABASE__MIGRATE_URL", &database.superuser_url)
        .set("STEWARD_DATABASE__URL", &database.app_url)
        .set("STEWARD_DATABASE__WORKER_URL", &database.worker_url);
    let up = home.up(&[]);
    let report = home.json(&["doctor", "--json"]);
    assert!(report["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["name"] != "database role")), "{report}");
    assert!(!up.log().contains("row security"), "{}", up.log());
    assert!(up.stop().success());
    // Either sign-in alone is enough for a word, and it still works: the role is laid down in the connection.
    for (url, worker) in [(&database.superuser_url, &database.worker_url), (&database.app_url, &database.superuser_url)] {
        home = home.set("STEWARD_DATABASE__URL", url).set("STEWARD_DATABASE__WORKER_URL", worker);
        let up = home.up(&[]);
        let report = home.json(&["doctor", "--json"]);
        let check =
            report["checks"].as_array().and_then(|checks| checks.iter().find(|check| check["name"] == "database role")).unwrap_or_else(|| panic!("{report}"));
        assert_eq!((&check["state"], &report["ok"]), (&json!("warning"), &json!(true)), "{report}");
        for said in [check["message"].as_str().unwrap_or_default(), &up.log()] {
            assert!(said.contains("whom row security does not hold") && said.contains("sign in as `steward_app`"), "{said}");
        }
        let log = std::fs::File::create(home.path("work.log")).expect("log");
        let mut work = home.command(&["work", "--runs", "1"]).stderr(log).spawn().expect("work");
        until("the worker", || std::fs::read_to_string(home.path("work.log")).is_ok_and(|log| log.contains("whom row security does not hold")));
        super::signal(i32::try_from(work.id()).expect("pid"), rustix::process::Signal::TERM);
        assert!(work.wait().expect("end").success());
        assert!(up.stop().success());
    }
}
