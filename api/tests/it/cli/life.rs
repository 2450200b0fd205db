//! A whole installation's life: first start, two starters, killed parts, a clean end. With its private PostgreSQL.

use super::{Home, signal, until};
use rustix::process::Signal;
use secrecy::ExposeSecret as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_core::{Clock, Ids, Scope};
use steward_office::Office;
use steward_office::people::{self, NewToken};
use steward_store::testing::TestDatabase;

fn postmaster(home: &Home) -> Option<i32> {
    fs::read_to_string(home.path("data/pg/postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// The answer to a GET with these header lines.
fn get(port: u16, path: &str, headers: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}Connection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// The status of a plain GET.
fn status(port: u16, path: &str) -> Option<u16> {
    get(port, path, "")?.split_whitespace().nth(1)?.parse().ok()
}

/// A token of the owner.
async fn token(database: &TestDatabase, scope: Scope) -> String {
    let tenant = database.app.all_tenants().await.expect("organisations")[0].tenant;
    let owner = people::actor_of_person(&database.app, tenant, "owner@localhost").await.expect("the owner");
    let mut tx = database.app.begin(&owner).await.expect("tx");
    let new = NewToken { name: "looks".to_owned(), scopes: [scope].into(), expires_at: None };
    let made = people::make_token(&mut tx, &Office::new(Clock::System, Ids::System), new).await.expect("a token");
    tx.commit().await.expect("commit");
    made.secret.expose_secret().to_owned()
}

#[test]
fn it_starts_survives_and_stops() {
    let home = Home::empty("life");
    let mut up = home.up(&["--owner", "ada@example.org"]);
    assert!(up.said.contains("Sign in as ada@example.org"), "{}", up.said);
    assert!(up.said.contains("/sign-in#token="), "{}", up.said);
    assert!(!up.log().contains("token="), "the link's secret is in the log");
    assert_eq!(status(up.port, "/readyz"), Some(200));

    // A second one on the same data directory, on another port; and a command beside the server.
    home.refused(
        &["up", "--listen", "127.0.0.1:0"],
        &[&format!("another Steward (process {}, `steward up`) uses the data directory", up.pid()), "stop it first"],
    );
    assert_eq!(status(up.port, "/readyz"), Some(200), "the first one does not mind");
    home.refused(&["approvals", "list"], &["nobody here has the address `owner@localhost`", "--as EMAIL"]);
    assert!(home.succeeds(&["approvals", "list", "--as", "ada@example.org"]).contains("Nothing waits"));
    assert!(home.succeeds(&["link", "--as", "ada@example.org"]).contains("/sign-in#token="));

    // PostgreSQL is killed: it comes back, and so do we.
    let killed = postmaster(&home).expect("postmaster");
    signal(killed, Signal::KILL);
    up.wait_for_log(&["PostgreSQL runs again"]);
    until("readiness", || status(up.port, "/readyz") == Some(200));
    assert_ne!(postmaster(&home), Some(killed));

    // Steward is killed: PostgreSQL goes with it, and the next start finds everything.
    signal(up.pid(), Signal::KILL);
    up.wait();
    let up = home.up(&["--owner", "ada@example.org"]);
    assert!(!up.said.contains("Sign in as"), "the organisation is made once: {}", up.said);
    assert!(home.json(&["audit", "export", "--as", "ada@example.org", "--action", "organisation.create"])["leaf"].is_string());

    // A clean end, as by Ctrl-C: everything is gone, and the exit code says so.
    let end = up.stop_by(Signal::INT);
    assert!(end.success(), "{end:?}");
    assert_eq!(postmaster(&home), None, "PostgreSQL is stopped too");

    // A command alone starts PostgreSQL for as long as it takes.
    assert!(home.succeeds(&["approvals", "list", "--as", "ada@example.org"]).contains("Nothing waits"));
    assert_eq!(postmaster(&home), None);
}

#[test]
fn as_root_in_a_closed_folder_everything_is_kept_where_postgresql_gets() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = Home::empty("closed");
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o700)).expect("closed");
    let up = home.up(&[]);
    // Every command that is begun here finds it.
    let told = home.run(&["doctor"]).out;
    let place = told.split_whitespace().find(|word| word.starts_with("/var/lib/steward/")).expect("where it is kept").to_owned();
    assert!(!home.path("data").exists(), "{told}");
    assert!(home.succeeds(&["approvals", "list"]).contains("Nothing waits"));
    assert!(up.stop().success());
    fs::remove_dir_all(place).expect("clean up");
}

#[test]
fn a_stop_is_heard_while_postgresql_repairs_itself() {
    let home = Home::empty("repairs");
    let up = home.up(&[]);
    let killed = postmaster(&home).expect("postmaster");
    // Told that it stands by for another, and to let nobody in meanwhile, the server recovers for as long as it runs.
    home.write("data/pg/standby.signal", "");
    let settings = home.path("data/pg/postgresql.auto.conf");
    let before = fs::read_to_string(&settings).expect("settings");
    fs::OpenOptions::new().append(true).open(&settings).and_then(|mut file| file.write_all(b"\nhot_standby = off\n")).expect("settings");
    signal(killed, Signal::KILL);
    up.wait_for_log(&["starting it again"]);
    until("the next PostgreSQL", || postmaster(&home).is_some_and(|pid| pid != killed));
    until("its recovery", || fs::read_to_string(home.path("data/pg.log")).is_ok_and(|log| log.contains("entering standby mode")));
    let end = up.stop();
    assert!(end.success(), "{end:?}");
    until("PostgreSQL to be gone too", || postmaster(&home).is_none());

    // Nothing is lost by it: the next start finds everything.
    fs::remove_file(home.path("data/pg/standby.signal")).expect("removed");
    fs::OpenOptions::new().write(true).truncate(true).open(&settings).and_then(|mut file| file.write_all(before.as_bytes())).expect("settings");
    let up = home.up(&[]);
    assert!(!up.said.contains("Sign in as"), "the organisation is there: {}", up.said);
    assert!(up.stop().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_reloaded_and_broken_ones_are_not() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("reload", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    let up = home.up(&[]);
    let token = token(&database, Scope::Read).await;
    // What the running server judges by, by its own word: the digest of the rules, and the rules.
    let in_force = || {
        let answer = get(up.port, "/api/v1/policies", &format!("Authorization: Bearer {token}\r\n")).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
    };
    let before = in_force();
    assert!(before.contains("\"digest\"") && before.contains("permit"), "{before}");
    home.write("data/policies/rules/90-mine.cedar", "permit (principal, action, resource) when { context.nothing };\n");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES ARE REFUSED", "rules/90-mine.cedar:1"]);
    assert_eq!(in_force(), before);
    home.write("data/policies/rules/90-mine.cedar", "");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES ARE REFUSED", "rules/90-mine.cedar:1", "the file is empty"]);
    assert_eq!(in_force(), before);
    // The whole directory is taken away, as an update that broke off might leave it.
    fs::rename(home.path("data/policies/rules"), home.path("aside")).expect("moved");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES ARE REFUSED", "cannot be read"]);
    assert_eq!(in_force(), before);
    fs::rename(home.path("aside"), home.path("data/policies/rules")).expect("moved back");
    // What is not on record does not come in force, and comes in force by itself once it is.
    let refuse = "create function no_reload() returns trigger language plpgsql as $$ begin
                    if new.action = 'policy.reload' then raise exception 'there is no room'; end if;
                    return new;
                  end $$;
                  create trigger no_reload before insert on audit_event for each row execute function no_reload()";
    database.raw(refuse).await;
    home.write("data/policies/rules/90-mine.cedar", "@id(\"mine\") @reason(\"Mine.\") forbid (principal, action, resource) when { context.tainted };\n");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES CANNOT BE PUT ON RECORD"]);
    assert_eq!(in_force(), before);
    database.raw("drop trigger no_reload on audit_event").await;
    up.wait_for_log(&["new rules are in force"]);
    let after = in_force();
    assert!(after != before && after.contains("\"mine\""), "{after}");
    let digest = |policies: &str| serde_json::from_str::<serde_json::Value>(policies).expect("JSON")["digest"].as_str().expect("a digest").to_owned();
    let (first, second) = (digest(&before), digest(&after));
    let mut expected = vec![format!("worker none {first}"), format!("worker {first} {second}")];
    assert_eq!(reloads(&database).await, expected, "at the first start, and once when it changed, by the service");
    assert_eq!(up.log().matches("CANNOT BE PUT ON RECORD").count(), 1, "it is said once");
    assert!(up.stop().success());

    // A start that finds the same says nothing; one that finds other files says so before it serves.
    assert!(home.up(&[]).stop().success());
    assert_eq!(reloads(&database).await, expected);
    fs::remove_file(home.path("data/policies/rules/90-mine.cedar")).expect("removed");
    let up = home.up(&[]);
    expected.push(format!("worker {second} {first}"));
    assert_eq!(reloads(&database).await, expected);
    assert!(up.stop().success());
    // The same change again, in the other direction of the newest entry, is another one.
    home.write("data/policies/rules/90-mine.cedar", "@id(\"mine\") @reason(\"Mine.\") forbid (principal, action, resource) when { context.tainted };\n");
    let up = home.up(&[]);
    expected.push(format!("worker {first} {second}"));
    assert_eq!(reloads(&database).await, expected);
    assert!(up.stop().success());
}

/// Of two organisations the log of one can be written, and the files are put back as they were before the other's can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_came_in_force_for_nobody_are_on_record_as_gone_again() {
    let database = TestDatabase::make().await;
    let home = Home::with_config("halfway", "").set("STEWARD_DATABASE__URL", &database.superuser_url);
    assert!(home.up(&[]).stop().success());
    // The younger one, of which the older one's log says nothing.
    let other = "00000000-0000-7000-8000-000000000002";
    database.raw(&format!("insert into tenant (tenant_id, name, created_at) values ('{other}', 'Second', now() + interval '1 day')")).await;
    let up = home.up(&[]);
    let refuse = format!(
        "create function no_reload() returns trigger language plpgsql as $$ begin
           if new.action = 'policy.reload' and new.tenant_id = '{other}' then raise exception 'there is no room'; end if;
           return new;
         end $$;
         create trigger no_reload before insert on audit_event for each row execute function no_reload()"
    );
    database.raw(&refuse).await;
    home.write("data/policies/rules/90-mine.cedar", "@id(\"mine\") @reason(\"Mine.\") forbid (principal, action, resource) when { context.tainted };\n");
    up.wait_for_log(&["ERROR", "THE CHANGED RULES CANNOT BE PUT ON RECORD"]);
    fs::remove_file(home.path("data/policies/rules/90-mine.cedar")).expect("removed");
    up.wait_for_log(&["it is on record that the rules of before stayed in force"]);
    let said = reloads(&database).await;
    let digest = |place: usize| said[place].rsplit(' ').next().expect("a digest").to_owned();
    let (before, mine) = (digest(0), digest(2));
    assert_ne!(before, mine);
    let begun = format!("worker none {before}");
    assert_eq!(said, [begun.clone(), begun, format!("worker {before} {mine}"), format!("worker {mine} {before}")]);
    assert!(up.stop().success());
}

/// What the log says of the files' rules, oldest first: by whom, and which came in the place of which.
async fn reloads(database: &TestDatabase) -> Vec<String> {
    let said = "select actor_kind || ' ' || coalesce(convert_from(canon, 'utf8')::jsonb #>> '{detail,before}', 'none') || ' ' || (convert_from(canon, 'utf8')::jsonb #>> '{detail,after}')
                  from audit_event where action = 'policy.reload' order by audit_id";
    database.texts(&database.superuser_url, "", said).await.expect("entries")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_run_as_processes_of_their_own() {
    let home = Home::made("parts", "").await;
    assert!(home.succeeds(&["migrate"]).contains("has all"));
    let port = super::free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut serve = home.command(&["serve", "--listen", &listen]).stderr(std::process::Stdio::null()).spawn().expect("serve");
    let log = fs::File::create(home.path("work.log")).expect("log");
    let mut work = home.command(&["work", "--runs", "2"]).stderr(log).spawn().expect("work");
    until("readiness", || status(port, "/readyz") == Some(200));
    until("the worker", || fs::read_to_string(home.path("work.log")).is_ok_and(|log| log.contains("working")));
    assert!(work.try_wait().expect("status").is_none(), "the worker works on");
    for child in [&mut serve, &mut work] {
        signal(i32::try_from(child.id()).expect("pid"), Signal::TERM);
        assert!(child.wait().expect("end").success());
    }
}

/// What is under way has so long after the first signal.
const GRACE: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_stops_at_once_and_the_next_start_goes_on() {
    let model = ScriptedModel::start(vec![Reply::Hang, Reply::text("Here I am again.")]).await;
    let database = TestDatabase::make().await;
    let toml = format!("[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\n", model.base_url());
    let home = Home::with_config("twice", &toml).set("STEWARD_DATABASE__URL", &database.superuser_url);
    let mut up = home.up(&[]);
    let token = token(&database, Scope::Converse).await;
    let body = r#"{"model":"assistant","stream":true,"messages":[{"role":"user","content":"Are you there?"}]}"#;
    let mut stream = TcpStream::connect(("127.0.0.1", up.port)).expect("connect");
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json", up.port);
    write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("ask");
    until("the model to be asked", || model.requests().len() == 1);
    signal(up.pid(), Signal::TERM);
    up.wait_for_log(&["stopping (SIGTERM)"]);
    let asked = Instant::now();
    signal(up.pid(), Signal::INT);
    assert_eq!(up.wait().code(), Some(130));
    assert!(asked.elapsed() < GRACE && up.log().contains("stopping at once"), "{:?}: {}", asked.elapsed(), up.log());

    // Nothing that was committed is lost: the run goes on at the next start, once its lease has run out.
    assert_eq!(database.number("select count(*) from run where status = 'running'").await, 1);
    database.raw("update run set lease_until = now() - interval '1 minute'").await;
    let up = home.up(&[]);
    let mut looks = 0;
    while database.number("select count(*) from run where outcome = 'replied'").await == 0 {
        looks += 1;
        assert!(looks < 6_000, "the run does not go on: {}", up.log());
    }
    assert_eq!(database.number("select count(*) from message where by_agent and text = 'Here I am again.'").await, 1);
    assert!(up.stop().success());
}
