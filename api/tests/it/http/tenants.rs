//! Two organisations: nothing of one is ever seen, counted or touched by the other, through any table and any route.

use super::on_record::{but_sign_in, fingerprint};
use super::sample;
use super::world::World;
use std::collections::BTreeMap;
use steward_api::router::table;
use steward_store::{Page, Store, StoreOptions, person};

/// As whoever `url` signs in, in an organisation and with all of its workspaces.
fn entered(tenant: &str, workspaces: &str) -> String {
    format!("select set_config('app.tenant', '{tenant}', false), set_config('app.workspaces', '{workspaces}', false);")
}

/// One row in every table, made for an organisation by the database's owner, whatever the business rules would say.
async fn fill(world: &World, tenant: &str) {
    let sql = FILL.replace("{tenant}", &format!("'{tenant}'::uuid"));
    world.server.database.raw(&sql).await;
}

/// Rows that only fit together; what is not named has a default. `{tenant}` is the organisation.
const FILL: &str = "
do $$
declare t uuid := {tenant}; w uuid; p uuid; c uuid := gen_random_uuid(); r uuid := gen_random_uuid(); h uuid := gen_random_uuid();
        g uuid := gen_random_uuid(); dc uuid := gen_random_uuid(); k uuid := gen_random_uuid(); co uuid := gen_random_uuid(); tk uuid := gen_random_uuid(); s uuid := gen_random_uuid(); i uuid := gen_random_uuid(); d bytea := sha256(gen_random_uuid()::text::bytea); n timestamptz := now();
begin
  select workspace_id into w from workspace where tenant_id = t;
  select person_id into p from person where tenant_id = t;
  insert into session (tenant_id, session_id, person_id, token_hash, method, created_at, seen_at, expires_at) values (t, gen_random_uuid(), p, d, 'link', n, n, n);
  insert into identity (tenant_id, issuer, subject, person_id, bound_at) values (t, 'x', gen_random_uuid()::text, p, n);
  insert into totp (tenant_id, person_id, sealed, made_at) values (t, p, d || substr(d, 1, 17), n);
  insert into secret_key (tenant_id, wrapped, data_key, made_at) values (t, d || substr(d, 1, 29), '0123456789abcdef', n);
  insert into secret (tenant_id, plugin, name, version, sealed, set_by, set_at) values (t, 'x', 'x', 1, decode(repeat('00', 300), 'hex'), p, n);
  insert into recovery_code (tenant_id, person_id, code_hash, made_at) values (t, p, d, n);
  insert into passkey (tenant_id, passkey_id, person_id, name, credential_id, algorithm, public_key, counter, created_at) values (t, gen_random_uuid(), p, 'x', d, -8, d, 0, n);
  insert into push_subscription (tenant_id, push_subscription_id, person_id, name, endpoint, p256dh, auth, created_at) values (t, gen_random_uuid(), p, 'x', 'https://x', d || d || '\x04', substr(d, 1, 16), n);
  insert into notice_wish (tenant_id, person_id, mail, changed_at) values (t, p, true, n);
  insert into notice (tenant_id, notice_id, person_id, channel, target_id, matter, matter_id, expires_at, state, next_at, made_at) values (t, gen_random_uuid(), p, 'mail', p, 'hold', h, n, 'waiting', n, n);
  insert into announcement (tenant_id, matter, matter_id, step, people, notices, at) values (t, 'hold', h, 0, 1, 1, n);
  insert into spent_challenge (tenant_id, challenge_hash, expires_at) values (t, d, n);
  insert into step_up (tenant_id, step_up_id, person_id, bound, method, at, expires_at) values (t, gen_random_uuid(), p, 'x', 'totp', n, n + interval '1 minute');
  insert into api_token (tenant_id, api_token_id, person_id, name, token_hash, scopes, created_at) values (t, tk, p, 'x', d, '{read}', n);
  insert into oauth_code (tenant_id, code_hash, person_id, client_id, client_name, redirect_uri, challenge, resource, scopes, agent, created_at, expires_at)
    values (t, d, p, 'https://x/y', 'x', 'https://x/z', d, 'https://x/mcp', '{converse}', 'assistant', n, n);
  insert into oauth_renewal (tenant_id, secret_hash, api_token_id, made_at, expires_at) values (t, d, tk, n, n);
  insert into sign_in_failure (tenant_id, failure_id, subject, at) values (t, gen_random_uuid(), 'x', n);
  insert into idempotency (tenant_id, person_id, key, request_digest, created_at) values (t, p, 'k', d, n);
  insert into conversation (tenant_id, conversation_id, workspace_id, person_id, agent, title, created_at, changed_at) values (t, c, w, p, 'assistant', 'x', n, n);
  insert into message (tenant_id, message_id, workspace_id, conversation_id, by_agent, text, integrity, created_at) values (t, gen_random_uuid(), w, c, false, 'x', 4, n);
  insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, created_at) values (t, r, w, c, p, 'assistant', 'chat', 'queued', n);
  insert into schedule (tenant_id, schedule_id, workspace_id, person_id, agent, text, cron, time_zone, own_words, integrity, sources, created_at)
    values (t, s, w, p, 'assistant', 'x', '0 9 * * *', 'UTC', true, 4, '[]', n);
  insert into schedule_run (tenant_id, schedule_id, due_at, workspace_id, why, at) values (t, s, n, w, 'x', n);
  update run set status = 'running' where tenant_id = t and run_id = r;
  insert into question (tenant_id, question_id, workspace_id, run_id, fence, call_id, person_id, tool, server, question, asked_at, expires_at)
    select t, gen_random_uuid(), w, r, fence, 'call_1_0', p, 'x', 'x', '{}', n, n from run where tenant_id = t and run_id = r;
  insert into run_event (tenant_id, run_id, seq, workspace_id, at, body) values (t, r, 1, w, n, '{}');
  insert into decision (tenant_id, decision_id, workspace_id, run_id, call_id, person_id, agent, tool, verdict, rules, reason, policy_digest, arguments, provenance, record, decided_at)
    values (t, gen_random_uuid(), w, r, 'call_1_0', p, 'assistant', 'x', 'block', '{}', 'x', d, '{}', '{}', '{}', n);
  insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state, held_at, expires_at)
    values (t, h, w, r, 'call_1_0', p, 'assistant', 'x', 'send', d, '{}', '[]', 'x', '{}', 'held', n, n);
  insert into hold_approval (tenant_id, hold_id, person_id, workspace_id, approves, roles, envelope_id, method, at) values (t, h, p, w, true, '{owner}', d, 'link', n);
  insert into standing_grant (tenant_id, grant_id, workspace_id, agent, tool, effect, tool_digest, ranges, uses_max, given_by, roles, given_at, expires_at, seal)
    values (t, g, w, 'assistant', 'x', 'read', d, '{}', 1, p, '{owner}', n, n + interval '1 day', d);
  insert into grant_use (tenant_id, grant_id, run_id, call_id, workspace_id, ordinal, at) values (t, g, r, 'call_1_0', w, 1, n);
  insert into hold_escalation (tenant_id, hold_id, workspace_id, after_minutes, roles, at) values (t, h, w, 30, '{owner}', n);
  insert into governance_change (tenant_id, governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by, proposed_at, proposed_audit_id, seal, state)
    values (t, gen_random_uuid(), 'policy', 'rules', '{}', d, d, 0, '{}', false, p, n, (select audit_id from audit_event where tenant_id = t limit 1), d, 'proposed');
  insert into document (tenant_id, document_id, workspace_id, conversation_id, person_id, name, media_type, bytes, sha256, characters, chunks, integrity, created_at)
    values (t, dc, w, c, p, 'x', 'text/plain', 1, d, 1, 1, 1, n);
  insert into document_chunk (tenant_id, document_id, number, workspace_id, text, start_at, end_at, integrity, words) values (t, dc, 1, w, 'x', 0, 1, 0, '');
  insert into message_document (tenant_id, message_id, position, workspace_id, document_id) select t, message_id, 0, w, dc from message where tenant_id = t limit 1;
  insert into plugin_state (tenant_id, workspace_id, plugin) values (t, w, 'x');
  insert into plugin_entry (tenant_id, workspace_id, plugin, key, value, version, integrity, private, best_integrity, best_private, changed_at) values (t, w, 'x', 'x', '', 1, 0, true, 0, true, n);
  insert into host_effect (tenant_id, run_id, key, ordinal, workspace_id, request_digest, answer, at) values (t, r, 'k', 0, w, d, '{}', n);
  insert into audit_index (tenant_id, tree_index, audit_id, leaf) values (t, 0, gen_random_uuid(), d);
  insert into audit_checkpoint (tenant_id, tree_size, root, note, horizon, signed_at) values (t, 1, d, 'x', 0, n);
  insert into audit_object (tenant_id, digest, body) values (t, d, 'x');
  insert into budget (tenant_id, budget_id, scope, scope_id, period, cap_micros, window_start, created_at) values (t, gen_random_uuid(), 'organisation', 'x', 'day', 1, n, n);
  insert into budget_hold (tenant_id, budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, held_at, expires_at)
    values (t, gen_random_uuid(), w, r, p, 'assistant', 1, 1, 0, false, 'x', 'held', n, n);
  insert into reservation (tenant_id, reservation_id, run_id, amount_micros, state, budgets, created_at, expires_at) values (t, gen_random_uuid(), r, 1, 'open', '{}', n, n);
  insert into counter (tenant_id, counter, part) values (t, 'x', '');
  insert into counted_call (tenant_id, counter, part, run_id, call_id, at, amount) values (t, 'x', '', r, 'call_1_0', n, 1);
  insert into company (tenant_id, company_id, workspace_id, name, name_key, created_at, changed_at) values (t, co, w, 'x', 'x', n, n);
  insert into contact_import (tenant_id, import_id, workspace_id, person_id, file_name, file_digest, format, encoding, rows, created, merged, unchanged, refused, report, at)
    values (t, i, w, p, 'x', d, 'csv', 'utf-8', 0, 0, 0, 0, 0, '{}', n);
  insert into contact (tenant_id, contact_id, workspace_id, display_name, search, created_at, changed_at) values (t, k, w, 'x', 'x', n, n);
  insert into contact_point (tenant_id, contact_id, position, workspace_id, kind, value, value_key) values (t, k, 0, w, 'email', 'x', 'x');
  insert into deal (tenant_id, deal_id, workspace_id, title, stage, created_at, changed_at) values (t, gen_random_uuid(), w, 'x', 'x', n, n);
  insert into note (tenant_id, note_id, workspace_id, contact_id, text, created_at) values (t, gen_random_uuid(), w, k, 'x', n);
end $$";

/// Fills the other organisation with a word that stands nowhere else, in place of every text, and says by what it is known.
pub(crate) async fn canary(world: &World) -> [String; 5] {
    let theirs = FILL.replace("{tenant}", &format!("'{}'::uuid", world.other.tenant.uuid())).replace("'x'", "'canarybird'");
    world.server.database.raw(&theirs).await;
    let (tenant, workspace, owner) = (world.other.tenant.to_string(), world.other.workspace.to_string(), world.other.owner.to_string());
    [tenant, workspace, owner, "other.example".to_owned(), "canarybird".to_owned()]
}

/// Tries a statement on every table, each on its own, and says what came of it: `table count`, where an error counts as -1.
/// `{table}` stands for the table.
async fn on_every_table(world: &World, url: &str, entered: &str, statement: &str) -> BTreeMap<String, i64> {
    let before = format!(
        "{entered} create temp table outcome (line text);
         do $$
         declare name text; rows bigint;
         begin
           for name in select relname from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations' loop
             begin
               execute replace('{statement}', '{{table}}', 'steward.' || name);
               get diagnostics rows = row_count;
             exception when others then rows := -1;
             end;
             insert into outcome values (name || ' ' || rows);
           end loop;
         end $$;",
        statement = statement.replace('\'', "''"),
    );
    let lines = world.server.database.texts(url, &before, "select line from outcome").await.expect("outcome");
    lines.iter().map(|line| line.split_once(' ').map(|(name, rows)| (name.to_owned(), rows.parse().expect("number"))).expect("line")).collect()
}

#[tokio::test]
async fn no_table_shows_or_takes_rows_of_another_organisation() {
    let world = World::make().await;
    let database = &world.server.database;
    let (home, other) = (world.home.tenant.uuid().to_string(), world.other.tenant.uuid().to_string());
    fill(&world, &home).await;
    let count = |tenant: &str| format!("select from {{table}} where tenant_id = '{tenant}'");
    let of_home = on_every_table(&world, &database.superuser_url, "", &count(&home)).await;
    let of_other = on_every_table(&world, &database.superuser_url, "", &count(&other)).await;
    for (table, rows) in &of_home {
        assert!(*rows > 0, "`{table}` has no row here: add one to FILL");
    }
    let by_workspace = "select relname::text from pg_class join pg_attribute on attrelid = pg_class.oid and attname = 'workspace_id'
                         where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> 'membership'";
    let by_workspace = database.texts(&database.superuser_url, "", by_workspace).await.expect("look");
    assert!(by_workspace.len() > 10, "{by_workspace:?}");
    for url in [&database.app_url, &database.worker_url] {
        let all = "select from {table}";
        // A role without any right to a table is refused; that is as good as nothing seen.
        for (table, rows) in on_every_table(&world, url, &entered(&home, "*"), all).await {
            assert_eq!(rows, of_home[&table], "{table}: an organisation sees its own, and only its own");
        }
        for (table, rows) in on_every_table(&world, url, &entered(&other, "*"), all).await {
            assert_eq!(rows, of_other[&table], "{table}: and so does the other");
        }
        for nobody in [String::new(), entered("", ""), entered("", "*")] {
            for (table, rows) in on_every_table(&world, url, &nobody, all).await {
                assert!(rows <= 0, "{table}: without an organisation there is nothing, and {rows} rows were seen");
            }
        }
        for elsewhere in [entered(&home, ""), entered(&home, &world.other.workspace.uuid().to_string())] {
            let seen = on_every_table(&world, url, &elsewhere, all).await;
            for table in &by_workspace {
                assert!(seen[table] <= 0, "{table}: without the workspace there is nothing");
            }
        }
        // Whatever right there is to change rows does not reach over, and a row cannot be given away.
        for (who, change) in [
            (&other, format!("update {{table}} set tenant_id = tenant_id where tenant_id = '{home}'")),
            (&other, format!("delete from {{table}} where tenant_id = '{home}'")),
            (&home, format!("update {{table}} set tenant_id = '{other}' where tenant_id = '{home}'")),
        ] {
            for (table, rows) in on_every_table(&world, url, &entered(who, "*"), &change).await {
                assert!(rows <= 0, "{table}: {change}");
            }
        }
        // Other ways to the same rows: what a statement gives back, a cursor, a copy, a view made on the spot.
        let given_back =
            format!("with changed as (update {{table}} set tenant_id = tenant_id returning tenant_id) select from changed where tenant_id = '{home}'");
        for (table, rows) in on_every_table(&world, url, &entered(&other, "*"), &given_back).await {
            assert!(rows <= 0, "{table}: {given_back}");
        }
        for table in of_home.keys() {
            let open = format!("begin; {} declare c cursor for select tenant_id::text from {table};", entered(&other, "*"));
            if let Ok(seen) = database.texts(url, &open, "fetch all from c").await {
                assert!(!seen.contains(&home), "{table}: through a cursor");
            }
            let look = format!("{} create temp view v as select * from {table};", entered(&other, "*"));
            if let Ok(seen) = database.texts(url, &look, "select tenant_id::text from v").await {
                assert!(!seen.contains(&home), "{table}: through a view");
            }
            let copied = database.copied(url, &entered(&other, "*"), table).await;
            assert!(copied.is_none_or(|rows| !rows.contains(&home)), "{table}: through a copy");
        }
        for (table, rows) in on_every_table(&world, url, &entered(&home, "*"), "truncate {table} cascade").await {
            assert_eq!(rows, -1, "{table}: row security does not see `truncate`, so nobody may");
        }
    }
    assert_eq!(on_every_table(&world, &database.superuser_url, "", &count(&home)).await, of_home, "all still there");
}

/// How often one connection changes hands.
const TURNS: usize = 1000;

#[tokio::test]
async fn a_connection_that_changes_hands_carries_nothing_over() {
    let world = World::make().await;
    let options = StoreOptions { connections_max: 1, ..StoreOptions::new(&world.server.database.app_url) };
    let store = Store::connect(&options).await.expect("store");
    for turn in 0..TURNS {
        let (house, foreign) = if turn % 2 == 0 { (&world.home, &world.other) } else { (&world.other, &world.home) };
        let mut tx = store.begin(&house.actor).await.expect("tx");
        let seen: Vec<_> = person::list(&mut tx, &Page::first()).await.expect("people").into_iter().map(|person| person.person_id).collect();
        assert_eq!(seen, [house.owner], "turn {turn}");
        match turn % 4 {
            0 => tx.commit().await.expect("commit"),
            1 => tx.rollback().await.expect("rollback"),
            // A refused statement leaves the transaction broken; dropping it leaves the connection to the next.
            2 => assert!(person::insert(&mut tx, house.owner, "eve@other.example", "x", world.server.state.office.clock.now()).await.is_err()),
            _ => {
                let never = tokio::time::timeout(std::time::Duration::ZERO, person::get(&mut tx, foreign.owner)).await;
                assert!(never.is_err() || matches!(never, Ok(Err(_))), "cut off in the middle, or not found");
            }
        }
    }
}

#[tokio::test]
async fn rows_cannot_point_into_another_organisation() {
    let world = World::make().await;
    let database = &world.server.database;
    let (home, other) = (world.home.tenant.uuid(), world.other.tenant.uuid());
    let theirs = world.other.owner.uuid();
    for (sql, why) in [
        (
            format!(
                "insert into session (tenant_id, session_id, person_id, token_hash, method, created_at, seen_at, expires_at) values ('{home}', gen_random_uuid(), '{theirs}', sha256('x'), 'link', now(), now(), now()) returning '1'"
            ),
            "a foreign person",
        ),
        (
            format!(
                "insert into membership values ('{home}', gen_random_uuid(), '{}', '{}', 'support', now()) returning '1'",
                world.home.owner.uuid(),
                world.other.workspace.uuid()
            ),
            "a foreign workspace",
        ),
        (format!("insert into workspace values ('{other}', gen_random_uuid(), 'x', now()) returning '1'"), "a foreign organisation"),
        ("insert into tenant values (gen_random_uuid(), 'x', now()) returning '1'".to_owned(), "an organisation of its own"),
    ] {
        assert!(database.texts(&database.app_url, &entered(&home.to_string(), "*"), &sql).await.is_err(), "{why}");
    }
    // A name that another organisation has is no conflict, and tells nothing.
    let same = format!(
        "insert into person (tenant_id, person_id, email, display_name, created_at) values ('{home}', gen_random_uuid(), 'eve@other.example', 'x', now()) returning '1'"
    );
    assert_eq!(database.texts(&database.app_url, &entered(&home.to_string(), "*"), &same).await, Ok(vec!["1".to_owned()]));
}

#[tokio::test]
async fn an_id_of_another_organisation_and_no_id_at_all_answer_with_the_same_bytes() {
    let world = World::make().await;
    for route in table().iter().filter(|route| route.path.contains("{id}")) {
        let mut replies = Vec::new();
        let foreign = sample::target(&world, &world.other, world.other.owner, route).await;
        let (before, stood) = (world.server.database.number("select count(*) from audit_event").await, fingerprint(&world).await);
        for id in [foreign, sample::nothing(&world, route), Some("nonsense".to_owned())] {
            let owner = world.owner().await;
            replies.push(sample::ask(&world, route, id.as_deref()).cookie(&owner).send().await.lasting());
        }
        assert_eq!(replies[0].0, 404, "{} {}: {}", route.method, route.path, replies[0].2);
        assert!(replies.iter().all(|reply| *reply == replies[0]), "{} {}: {replies:#?}", route.method, route.path);
        // Signing in is what was audited in between: a link and a session for each request.
        assert_eq!(world.server.database.number("select count(*) from audit_event").await, before + 6, "{} {}", route.method, route.path);
        assert_eq!(but_sign_in(fingerprint(&world).await), but_sign_in(stood), "{} {} changed something", route.method, route.path);
    }
}

/// The forms in which a list may be asked for: as a page, as a table, as lines.
const FORMS: [&str; 3] = ["application/json", "text/csv", "application/jsonl"];

#[tokio::test]
async fn no_list_shows_anything_of_another_organisation() {
    let world = World::make().await;
    let theirs = canary(&world).await;
    let owner = world.owner().await;
    let mut files = 0;
    for route in table().iter().filter(|route| route.method == "GET" && !route.path.contains('{')) {
        let path = match route.path {
            "/api/v1/search" => "/api/v1/search?q=canarybird",
            path => path,
        };
        for form in FORMS {
            let reply = world.server.ask("GET", path).cookie(&owner).header("accept", form).send().await;
            // Nobody asked to be let in, and nobody has a session as an MCP client; pages of the web need a browser that says so.
            let may_refuse = matches!(path, "/api/v1/oauth/request" | "/mcp") || !path.starts_with("/api/");
            assert!(reply.status == 200 || may_refuse, "{path} as {form}: {}", reply.status);
            files += usize::from(reply.header("content-type").is_some_and(|kind| kind.starts_with(form)) && form != FORMS[0]);
            let text = reply.text();
            for foreign in &theirs {
                assert!(!text.contains(foreign), "{path} as {form}: {text}");
            }
        }
    }
    // Contacts, companies, deals, actions and usage as tables, and actions as lines.
    assert!(files >= 5, "{files} lists left as files");
}
