//! What must hold of the database itself, read from its catalogue, so that a new table or function cannot forget it.

use super::server::Server;
use steward_store::testing::TestDatabase;

const GRANTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/http/grants.txt");

/// Tables whose rows are only ever added to.
const INSERT_ONLY: [&str; 15] = [
    "announcement",
    "audit_checkpoint",
    "audit_event",
    "audit_index",
    "audit_object",
    "audit_personal",
    "contact_import",
    "decision",
    "grant_use",
    "hold_approval",
    "hold_escalation",
    "host_effect",
    "identity",
    "run_event",
    "schedule_run",
];

/// Functions that look across organisations. Each is small and pinned; a new one is written down here, and a reviewer asks why.
const DEFINER_FUNCTIONS: [&str; 7] =
    ["all_tenants", "broken_glass_is_bounded", "changes_in_force", "expired_reservations", "lease_run", "tenants_of_email", "tenants_of_identity"];

async fn check(sql: &str, why: &str) {
    let server = Server::start().await;
    let offenders = server.database.texts(&server.database.superuser_url, "", sql).await.expect("query");
    assert!(offenders.is_empty(), "{why}: {offenders:?}");
}

#[tokio::test]
async fn every_table_has_forced_row_security_and_a_policy() {
    check(
        "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'
            and not (relrowsecurity and relforcerowsecurity and exists (select from pg_policy where polrelid = pg_class.oid and polwithcheck is not null and polqual is not null))",
        "tables without forced row security",
    )
    .await;
}

#[tokio::test]
async fn every_view_asks_as_whoever_looks() {
    check(
        "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('v', 'm') and not coalesce('security_invoker=true' = any (reloptions), false)",
        "views that look as their owner",
    )
    .await;
}

#[tokio::test]
async fn every_table_says_what_it_is_for() {
    check(
        "select relname::text from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'
            and coalesce(obj_description(oid, 'pg_class'), '') = ''",
        "tables without a comment",
    )
    .await;
}

#[tokio::test]
async fn every_key_between_tables_names_the_organisation() {
    check(
        "select conname::text from pg_constraint where connamespace = 'steward'::regnamespace and contype = 'f'
            and not exists (select from unnest(conkey) as key join pg_attribute on attrelid = conrelid and attnum = key where attname = 'tenant_id')",
        "foreign keys across organisations",
    )
    .await;
    check(
        "select conname::text from pg_constraint where connamespace = 'steward'::regnamespace and contype in ('p', 'u') and conrelid <> to_regclass('steward._sqlx_migrations')
            and not exists (select from unnest(conkey) as key join pg_attribute on attrelid = conrelid and attnum = key where attname = 'tenant_id')",
        "unique keys that tell one organisation of another's values",
    )
    .await;
    check(
        "select indexrelid::regclass::text from pg_index join pg_class on pg_class.oid = indrelid
          where relnamespace = 'steward'::regnamespace and indisunique and not indisprimary and indrelid <> to_regclass('steward._sqlx_migrations')
            and not exists (select from unnest(indkey) as key join pg_attribute on attrelid = indrelid and attnum = key where attname = 'tenant_id')",
        "unique indexes that tell one organisation of another's values",
    )
    .await;
}

#[tokio::test]
async fn functions_that_look_across_are_listed_pinned_and_not_public() {
    let server = Server::start().await;
    let url = &server.database.superuser_url;
    let sql = "select proname::text from pg_proc where pronamespace = 'steward'::regnamespace and prosecdef order by proname";
    assert_eq!(server.database.texts(url, "", sql).await.expect("query"), DEFINER_FUNCTIONS);
    check(
        "select proname::text from pg_proc where pronamespace = 'steward'::regnamespace and prosecdef
            and (not coalesce('search_path=\"\"' = any (proconfig), false) or proowner <> 'steward_definer'::regrole
                 or has_function_privilege('public', oid, 'execute'))",
        "functions that are not pinned",
    )
    .await;
}

#[tokio::test]
async fn nobody_who_signs_in_is_above_the_walls_or_owns_anything() {
    check(
        "select rolname::text from pg_roles where rolname like 'steward\\_%' and (rolsuper or rolcreaterole or rolcreatedb or (rolbypassrls and rolname <> 'steward_definer')
            or (rolcanlogin and rolname in ('steward_owner', 'steward_definer')))",
        "roles above the walls",
    )
    .await;
    check(
        "select relname::text from pg_class where relowner in ('steward_app'::regrole, 'steward_worker'::regrole)
          union all select proname::text from pg_proc where proowner in ('steward_app'::regrole, 'steward_worker'::regrole)
          union all select nspname::text from pg_namespace where nspowner in ('steward_app'::regrole, 'steward_worker'::regrole)",
        "things that a signing-in role owns",
    )
    .await;
    check(
        "select roleid::regrole::text || ' to ' || member::regrole::text from pg_auth_members where member in ('steward_app'::regrole, 'steward_worker'::regrole)",
        "roles lent to a signing-in role",
    )
    .await;
}

#[tokio::test]
async fn what_is_only_ever_added_to_cannot_be_changed_by_grant_or_by_habit() {
    let server = Server::start().await;
    let database = &server.database;
    let guarded = "select tgrelid::regclass::text from pg_trigger where tgname = 'never_change' order by tgrelid::regclass::text collate \"C\"";
    assert_eq!(
        database.texts(&database.superuser_url, "", guarded).await.expect("query"),
        INSERT_ONLY,
        "what a trigger guards stands in the list, and nothing else"
    );
    for table in INSERT_ONLY {
        for (role, verb) in [
            ("steward_app", "update"),
            ("steward_app", "delete"),
            ("steward_app", "truncate"),
            ("steward_worker", "update"),
            ("steward_worker", "delete"),
            ("steward_worker", "truncate"),
        ] {
            let sql = format!("select has_table_privilege('{role}', 'steward.{table}', '{verb}')::text");
            assert_eq!(database.texts(&database.superuser_url, "", &sql).await.expect("query"), ["false"], "{role} may {verb} {table}");
        }
        // Not even somebody above the walls: the trigger stands before the grant.
        assert!(database.texts(&database.superuser_url, "", &format!("truncate {table} cascade")).await.is_err(), "{table}");
        let sql = format!("select tgname::text from pg_trigger where tgrelid = 'steward.{table}'::regclass and tgname like 'never\\_%' order by tgname");
        assert_eq!(database.texts(&database.superuser_url, "", &sql).await.expect("query"), ["never_change", "never_truncate"], "{table}");
    }
    let sql = "select proname::text from pg_proc where pronamespace = 'steward'::regnamespace and not prosecdef and prolang = (select oid from pg_language where lanname = 'plpgsql')
                 and prorettype = 'trigger'::regtype and not coalesce('search_path=\"\"' = any (proconfig), false)";
    check(sql, "triggers that look things up by whoever's path").await;
}

/// What anybody but its owner may do with each table, view and sequence, with which columns, and who may call each function.
async fn grants(database: &TestDatabase) -> Vec<String> {
    let tables = "
        select 'table ' || relname || ' ' || coalesce(role || ': ' || string_agg(what, ', ' order by what collate \"C\"), 'nobody')
          from (select oid, relname::text, relowner, coalesce(relacl, acldefault(case relkind when 'S' then 's'::\"char\" else 'r'::\"char\" end, relowner)) as acl
                  from pg_class where relnamespace = 'steward'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')) as it
          left join lateral (
            select grantee, lower(privilege_type) as what from aclexplode(acl) where grantee <> relowner
             union all
            select given.grantee, lower(given.privilege_type) || ' (' || string_agg(attname::text, ' ' order by attname::text collate \"C\") || ')'
              from pg_attribute, aclexplode(attacl) as given where attrelid = it.oid and given.grantee <> relowner group by given.grantee, given.privilege_type
          ) as given on true
          left join lateral (select case when grantee = 0 then 'public' else grantee::regrole::text end as role where grantee is not null) as named on true
         group by relname, role";
    let functions = "
        select 'function ' || it.oid::regprocedure::text || case when prosecdef then ', as its owner' else '' end || ': ' || coalesce(string_agg(role, ', ' order by role collate \"C\"), 'nobody')
          from pg_proc as it
          left join lateral (
            select case when grantee = 0 then 'public' else grantee::regrole::text end as role
              from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee <> proowner
          ) as given on true
         where pronamespace = 'steward'::regnamespace and not exists (select from pg_depend where objid = it.oid and deptype = 'e')
         group by it.oid, prosecdef";
    let mut lines = Vec::new();
    for sql in [tables, functions] {
        lines.extend(database.texts(&database.superuser_url, "", sql).await.expect("grants"));
    }
    lines.sort_unstable();
    lines
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "whether to rewrite the file is asked of the one who runs the test")]
async fn what_is_granted_is_written_down() {
    let server = Server::start().await;
    let lines = grants(&server.database).await;
    assert!(lines.iter().all(|line| !line.contains("truncate") && !line.contains(" public: ")), "never granted: {lines:?}");
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(GRANTS, format!("{}\n", lines.join("\n"))).expect("write");
    }
    let golden = std::fs::read_to_string(GRANTS).unwrap_or_default();
    for (have, want) in lines.iter().zip(golden.lines()) {
        assert_eq!(have, want, "run this test with UPDATE=1 and read the difference");
    }
    assert_eq!(lines.len(), golden.lines().count(), "a table or function is missing from the file, or a line has none");
}

#[tokio::test]
async fn a_grant_that_is_not_written_down_is_seen() {
    let server = Server::start().await;
    let database = &server.database;
    let before = grants(database).await;
    for (sql, line) in [
        ("grant delete on run_event to steward_app", "table run_event steward_app: delete, "),
        ("grant update (body) on run_event to steward_worker", "update (body)"),
        ("grant execute on function changes_in_force to public", "function changes_in_force"),
        ("create table careless (n int); grant all on careless to steward_app", "table careless steward_app: delete, insert, "),
        ("create table forgotten (n int)", "table forgotten nobody"),
    ] {
        database.raw(sql).await;
        let new: Vec<String> = grants(database).await.into_iter().filter(|line| !before.contains(line)).collect();
        assert!(new.iter().any(|one| one.contains(line)), "`{sql}` is not seen: {new:?}");
    }
}
