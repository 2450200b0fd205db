//! A replaced data key: what the former one wrapped is wrapped anew, and then neither the database nor a copy of it from before shows who was
//! erased.

use crate::personal::{Kept, named};
use steward_core::{Actor, AuditId, ContactId};
use steward_office::Office;
use steward_office::audit::personal::{self, Opened, Personal};
use steward_office::audit::seal::{DataKey, Subject};
use steward_office::rewrap::{self, Counts, Needs, Pass, Place, ROWS_MAX};
use steward_store::page::Page;
use steward_store::testing::TestDatabase;
use steward_store::{Tx, audit};

fn key(byte: u8) -> DataKey {
    DataKey::from_secret(&[byte; 32]).expect("key")
}

/// The same office with another data key.
fn with(kept: &Kept, key: DataKey) -> Office {
    kept.office.clone().sealing(Personal::new(key, &kept.dir))
}

async fn worker(kept: &Kept) -> Tx {
    kept.world.database.worker.begin(&Actor::worker(kept.house.owner.tenant)).await.expect("begin")
}

/// One pass from the beginning, committed.
async fn pass(kept: &Kept, office: &Office) -> Pass {
    let mut tx = worker(kept).await;
    let done = rewrap::pass(&mut tx, office, &Place::default()).await.expect("looked");
    tx.commit().await.expect("commit");
    done
}

async fn needs(kept: &Kept, office: &Office) -> Needs {
    let mut tx = kept.world.begin(&kept.house.owner).await;
    rewrap::needs(&mut tx, &office.personal).await.expect("looked")
}

/// How many personal details of the log this office can read.
async fn readable(kept: &Kept, office: &Office) -> usize {
    let mut tx = kept.world.begin(&kept.house.owner).await;
    let rows = audit::list(&mut tx, &Page::first(), audit::AuditFilter::default()).await.expect("list");
    let entries: Vec<AuditId> = rows.iter().map(|row| row.audit_id).collect();
    let opened = personal::opened(&mut tx, office, &entries).await.expect("opened");
    let fields = |said: &Opened| match said {
        Opened::Details(details) => details.as_object().map_or(1, |fields| fields.len()),
        Opened::Erased(_) | Opened::Unreadable => 0,
    };
    opened.values().map(fields).sum()
}

/// The database as it is now, under another name. Nobody may be in it meanwhile.
async fn copied(kept: &mut Kept) -> TestDatabase {
    let url = kept.world.database.superuser_url.clone();
    kept.world.database.close().await;
    let name = kept.world.database.texts(&url, "", "select current_database()::text").await.expect("name").remove(0);
    kept.world.database.texts(&url, "", &format!("create database {name}_copy template {name}")).await.expect("copied");
    kept.world.database = TestDatabase::attach(&url).await;
    TestDatabase::attach(&url.replacen(&name, &format!("{name}_copy"), 1)).await
}

/// How many entries say that something was wrapped anew, and of how many keys of personal details.
async fn entries(kept: &Kept) -> (i64, i64) {
    let database = &kept.world.database;
    let of = "from audit_event where action = 'data_key.rewrap'";
    let details = format!("select coalesce(sum((convert_from(canon, 'UTF8')::jsonb #>> '{{detail,details}}')::bigint), 0)::bigint {of}");
    (database.number(&format!("select count(*) {of}")).await, database.number(&details).await)
}

#[tokio::test]
async fn after_a_new_data_key_a_copy_from_before_shows_nobody_and_the_log_stays_as_it_was_signed() {
    let mut kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    assert!(kept.checked().await.is_clean());
    let copy = copied(&mut kept).await;
    assert!(kept.erase(&kept.house.owner, lena).await.expect("erased"));

    let (now, alone) = (with(&kept, key(8).after(key(7))), with(&kept, key(8)));
    assert_eq!((readable(&kept, &alone).await, readable(&kept, &now).await), (0, 1), "before anything was wrapped anew");
    assert_eq!(needs(&kept, &now).await, Needs { former: Counts { details: 1, ..Counts::default() }, ..Needs::default() });
    assert_eq!(pass(&kept, &kept.office).await, Pass::default(), "it is wrapped with that key");
    assert_eq!(pass(&kept, &now).await, Pass { details: 1, ..Pass::default() });
    assert_eq!(pass(&kept, &now).await, Pass::default(), "once");
    assert_eq!((needs(&kept, &now).await, entries(&kept).await), (Needs::default(), (1, 1)));

    assert_eq!(kept.said_of(&alone, omar).await, [named("Omar")]);
    assert!(matches!(kept.said_of(&alone, lena).await.as_slice(), [Some(Opened::Erased(_))]));
    assert_eq!(readable(&kept, &alone).await, 1);
    assert_eq!(readable(&kept, &kept.office).await, 0, "the former key shows nothing of now");
    // What comes later is sealed under the key that was wrapped anew, and the log is whole.
    kept.office = alone.clone();
    let zoe = kept.contact("Zoe").await;
    assert_eq!(kept.said_of(&alone, zoe).await, [named("Zoe")]);
    assert!(kept.checked().await.is_clean());

    // The copy: the former key shows both in it, so it is the key that counts, and without it there is nothing.
    kept.world.database = copy;
    assert_eq!(readable(&kept, &with(&kept, key(7))).await, 2);
    assert_eq!(readable(&kept, &alone).await, 0);
    assert_eq!(needs(&kept, &alone).await, Needs { foreign: Counts { details: 2, ..Counts::default() }, ..Needs::default() });
    assert_eq!(pass(&kept, &alone).await, Pass::default());
    assert_eq!(readable(&kept, &alone).await, 0);
    // Steward started on it erases her again, with whatever key.
    assert_eq!(kept.erase_again().await, 1);
    assert_eq!(readable(&kept, &with(&kept, key(7))).await, 1);
}

#[tokio::test]
async fn keys_of_before_that_are_put_back_among_those_of_now_open_nothing() {
    let kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    kept.world.database.raw("create table backup as select * from personal_key").await;
    assert!(kept.erase(&kept.house.owner, lena).await.expect("erased"));
    let alone = with(&kept, key(8));
    assert_eq!(pass(&kept, &with(&kept, key(8).after(key(7)))).await.details, 1);
    kept.behind_the_walls("delete from personal_key; insert into personal_key select * from backup").await;
    assert_eq!(readable(&kept, &with(&kept, key(7))).await, 2, "the rows are those of before");
    for contact in [lena, omar] {
        assert_eq!(kept.said_of(&alone, contact).await, [Some(Opened::Unreadable)]);
    }
    assert!(kept.checked().await.is_clean());
}

#[tokio::test]
async fn a_key_is_wrapped_anew_by_the_worker_alone_and_nothing_else_of_it_changes() {
    let kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    assert!(kept.erase(&kept.house.owner, lena).await.expect("erased"));
    let (database, tenant) = (&kept.world.database, kept.house.owner.tenant.uuid());
    let person = kept.house.owner.person.expect("a person").uuid();
    let sealed = "(tenant_id, person_id, sealed, data_key, made_at, confirmed_at, last_step)";
    database
        .raw(&format!("insert into totp {sealed} values ('{tenant}', '{person}', decode(repeat('00', 49), 'hex'), repeat('a', 16), now(), now(), 1)"))
        .await;
    let before = format!("set app.tenant = '{tenant}'; set app.workspaces = '*'");
    let owner = format!("set role steward_owner; {before}");
    let rows = "select row_to_json(personal_key)::text from personal_key union all select row_to_json(totp)::text from totp order by 1";
    let stored = async || database.texts(&database.superuser_url, "", rows).await.expect("rows");
    let as_it_was = stored().await;
    let key_anew = format!("wrapped = decode(repeat('11', 61), 'hex'), data_key = repeat('b', 16), data_key_before = data_key where subject = '{omar}'");
    let codes_anew = "sealed = decode(repeat('11', 49), 'hex'), data_key = repeat('b', 16), data_key_before = data_key";

    for (url, before) in [(&database.app_url, &before), (&database.superuser_url, &owner), (&database.superuser_url, &before)] {
        for sql in [format!("update personal_key set {key_anew}"), format!("update totp set {codes_anew}")] {
            assert!(database.texts(url, before, &sql).await.is_err(), "{before}: {sql}");
        }
    }
    let wrapped = "wrapped = decode(repeat('11', 61), 'hex')";
    for wrong in [
        // The same bytes under another name, other bytes under the same one, and under none.
        format!("personal_key set data_key = repeat('b', 16), data_key_before = data_key where subject = '{omar}'"),
        format!("personal_key set {wrapped} where subject = '{omar}'"),
        format!("personal_key set {wrapped}, data_key = null, data_key_before = data_key where subject = '{omar}'"),
        // As if it had been wrapped with something else before.
        format!("personal_key set {wrapped}, data_key = repeat('b', 16), data_key_before = repeat('c', 16) where subject = '{omar}'"),
        format!("personal_key set {wrapped}, data_key = repeat('b', 16), data_key_before = null where subject = '{omar}'"),
        // More than that, and what was erased.
        format!("personal_key set made_at = made_at - interval '1 day', {key_anew}"),
        format!("personal_key set subject = '{lena}', {key_anew}"),
        format!("personal_key set wrapped = null, erased_at = now(), data_key = repeat('b', 16), data_key_before = data_key where subject = '{omar}'"),
        format!("personal_key set {wrapped}, erased_at = null, data_key = repeat('b', 16), data_key_before = data_key where subject = '{lena}'"),
        format!("personal_key set data_key = repeat('b', 16), data_key_before = data_key where subject = '{lena}'"),
        "totp set sealed = decode(repeat('11', 49), 'hex')".to_owned(),
        "totp set data_key = repeat('b', 16), data_key_before = data_key".to_owned(),
        "totp set sealed = decode(repeat('11', 49), 'hex'), data_key = repeat('b', 16), data_key_before = null".to_owned(),
        format!("totp set last_step = last_step + 1, {codes_anew}"),
        format!("totp set confirmed_at = null, last_step = null, {codes_anew}"),
    ] {
        let sql = format!("update {wrong}");
        assert!(database.texts(&database.worker_url, &before, &sql).await.is_err(), "{sql}");
        // Whoever gets past the grants to all columns, in the worker's role, is held by the trigger.
        let open = "grant update on personal_key, totp to steward_worker; set role steward_worker";
        let past_grants = database.texts(&database.superuser_url, &format!("begin; {open}; {before}"), &sql).await;
        assert!(past_grants.is_err(), "{sql}");
    }
    assert_eq!(stored().await, as_it_was, "what was refused changed nothing");

    for sql in [format!("update personal_key set {key_anew}"), format!("update totp set {codes_anew}")] {
        database.texts(&database.worker_url, &before, &sql).await.expect("wrapped anew");
    }
    // And not back with the one before.
    for sql in [
        format!(
            "update personal_key set wrapped = decode(repeat('22', 61), 'hex'), data_key = data_key_before, data_key_before = data_key where subject = '{omar}'"
        ),
        "update totp set sealed = decode(repeat('22', 49), 'hex'), data_key = data_key_before, data_key_before = data_key".to_owned(),
    ] {
        assert!(database.texts(&database.worker_url, &before, &sql).await.is_err(), "{sql}");
    }
    // It is erased as before.
    assert!(kept.erase(&kept.house.owner, omar).await.expect("erased"));
}

#[tokio::test]
async fn a_round_that_was_stopped_in_the_middle_goes_on() {
    let kept = Kept::make().await;
    let (tenant, former) = (kept.house.owner.tenant, key(7));
    let batch = u64::try_from(ROWS_MAX).expect("a bound");
    let many = batch + 3;
    let row = |_| {
        let contact: ContactId = kept.office.ids.make();
        let (_, wrapped) = former.make(tenant, Subject::Contact(contact)).expect("a key");
        let hex: String = wrapped.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("('{}', '{contact}', decode('{hex}', 'hex'), '{}', now())", tenant.uuid(), former.name())
    };
    let rows: Vec<String> = (0..many).map(row).collect();
    kept.world.database.raw(&format!("insert into personal_key (tenant_id, subject, wrapped, data_key, made_at) values {}", rows.join(", "))).await;
    let now = with(&kept, key(8).after(key(7)));
    let left = async || needs(&kept, &now).await.former.details;

    // Cut off before its commit: nothing is done, and nothing says that it is.
    let mut tx = worker(&kept).await;
    assert_eq!(rewrap::pass(&mut tx, &now, &Place::default()).await.expect("wrapped").details, batch);
    tx.rollback().await.expect("cut off");
    assert_eq!((left().await, entries(&kept).await), (many, (0, 0)));
    // Cut off between two: the first stands, and whoever comes next begins anew and does the rest.
    let first = pass(&kept, &now).await;
    assert_eq!((first.details, first.next.is_some(), left().await), (batch, true, 3));
    assert_eq!(pass(&kept, &now).await, Pass { details: 3, ..Pass::default() });
    assert_eq!(pass(&kept, &now).await, Pass::default());
    let all = i64::try_from(many).expect("small");
    assert_eq!((left().await, entries(&kept).await), (0, (2, all)));
    let named = format!("select count(*) from personal_key where data_key = '{}' and data_key_before = '{}'", key(8).name(), former.name());
    assert_eq!(kept.world.database.number(&named).await, all);
    // One that is not cut off goes on from where it was.
    let third = with(&kept, key(9).after(key(8)));
    let mut tx = worker(&kept).await;
    let first = rewrap::pass(&mut tx, &third, &Place::default()).await.expect("wrapped");
    let second = rewrap::pass(&mut tx, &third, &first.next.expect("there is more")).await.expect("wrapped");
    assert_eq!((first.details, second), (batch, Pass { details: 3, ..Pass::default() }));
}

#[tokio::test]
async fn two_that_have_the_keys_the_other_way_about_do_not_wrap_personal_keys_to_and_fro() {
    let kept = Kept::make().await;
    let lena = kept.contact("Lena").await;
    let (now, turned) = (with(&kept, key(8).after(key(7))), with(&kept, key(7).after(key(8))));
    // As before it was written down which key it is wrapped with.
    kept.behind_the_walls("update personal_key set data_key = null").await;
    let one = Counts { details: 1, ..Counts::default() };
    assert_eq!(needs(&kept, &now).await, Needs { unknown: one, ..Needs::default() });
    assert_eq!(pass(&kept, &now).await.details, 1);
    for office in [&turned, &now, &turned] {
        assert_eq!(pass(&kept, office).await, Pass::default(), "two such would go on for ever");
    }
    assert_eq!(needs(&kept, &turned).await, Needs { former: one, turned: one, ..Needs::default() });
    assert_eq!(kept.said_of(&turned, lena).await, [named("Lena")], "and both read it");
    // A third one ends it.
    let third = with(&kept, key(9).after_all(&[[7; 32], [8; 32]]).expect("keys"));
    assert_eq!(pass(&kept, &third).await.details, 1);
    assert_eq!(kept.said_of(&with(&kept, key(9)), lena).await, [named("Lena")]);
    // What was not written down and opens with the key of now needs no other, and is known after that.
    kept.behind_the_walls("update personal_key set data_key = null, data_key_before = null").await;
    assert_eq!(pass(&kept, &third).await.details, 1);
    assert_eq!((needs(&kept, &third).await, pass(&kept, &third).await), (Needs::default(), Pass::default()));
    assert_eq!(kept.said_of(&with(&kept, key(9)), lena).await, [named("Lena")]);
}

#[tokio::test]
async fn a_key_that_is_being_changed_or_opens_with_none_keeps_no_other_from_being_wrapped_anew() {
    let kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    kept.contact("Zoe").await;
    kept.behind_the_walls(&format!("update personal_key set wrapped = decode(repeat('00', 61), 'hex') where subject = '{lena}'")).await;
    let (database, now) = (&kept.world.database, with(&kept, key(8).after(key(7))));
    let mut other = database.session(&database.superuser_url, "").await;
    other.say(&format!("begin; select from personal_key where subject = '{omar}' for no key update")).await.expect("held");
    assert_eq!(pass(&kept, &now).await, Pass { details: 1, left: 1, ..Pass::default() });
    other.say("rollback").await.expect("let go");
    assert_eq!(pass(&kept, &now).await, Pass { details: 1, left: 1, ..Pass::default() });
    assert_eq!(pass(&kept, &now).await, Pass { left: 1, ..Pass::default() });
    // No key that is here is kept for it, whichever stands beside it, or none.
    let lost = Needs { lost: Counts { details: 1, ..Counts::default() }, ..Needs::default() };
    assert_eq!((needs(&kept, &now).await, entries(&kept).await), (lost, (2, 2)));
    kept.behind_the_walls(&format!("update personal_key set data_key = null where subject = '{lena}'")).await;
    assert_eq!(needs(&kept, &now).await, lost);
    let tenant = kept.house.owner.tenant.uuid();
    let (person, former) = (kept.house.owner.person.expect("a person").uuid(), key(7));
    let sealed = format!(
        "insert into totp (tenant_id, person_id, sealed, data_key, made_at, confirmed_at, last_step)
         values ('{tenant}', '{person}', decode(repeat('00', 49), 'hex'), '{}', now(), now(), 1)",
        former.name()
    );
    kept.world.database.raw(&sealed).await;
    assert_eq!(needs(&kept, &now).await, Needs { lost: Counts { details: 1, codes: 1, secrets: 0 }, ..Needs::default() });
    // One that stands under a key that is not here is as it was.
    kept.behind_the_walls(&format!("update personal_key set data_key = repeat('a', 16) where subject = '{lena}'")).await;
    let foreign = Needs { foreign: Counts { details: 1, ..Counts::default() }, lost: Counts { codes: 1, ..Counts::default() }, ..Needs::default() };
    assert_eq!(needs(&kept, &now).await, foreign);
}
