//! The audit log as a tree: what is refused and found, then what stands. Superusers rewrite the database past every wall here.

use crate::fixture::{House, World};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use steward_core::Clock;
use steward_office::audit::files::{LogDir, split_entries};
use steward_office::audit::note::{Signer, Verifier};
use steward_office::audit::report::{Problem, Report};
use steward_office::audit::sequence::{SequenceError, Sequencer, export};
use steward_office::audit::{self, ENTRY_BYTES_MAX, Entry, live, verify::verify};
use time::macros::datetime;

/// A house with a log of its own in a directory of its own.
struct Logged {
    world: World,
    house: House,
    sequencer: Sequencer,
    dir: PathBuf,
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn scratch() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    std::env::temp_dir().join(format!("stw-audit-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst)))
}

fn sequencer(dir: &std::path::Path) -> Sequencer {
    Sequencer::new(Signer::from_secret(&[7; 32]).expect("key"), dir, Clock::manual(datetime!(2026-03-01 09:00 UTC)))
}

impl Logged {
    async fn make(sizes: &[usize]) -> Self {
        let world = World::make().await;
        let house = world.house("acme").await;
        let dir = scratch();
        let logged = Self { sequencer: sequencer(&dir), world, house, dir };
        for size in sizes {
            logged.write(*size).await;
            logged.pass().await.expect("pass");
        }
        logged
    }

    async fn write(&self, count: usize) {
        let mut tx = self.world.begin(&self.house.owner).await;
        for n in 0..count {
            self.entry(&mut tx, &n.to_string()).await;
        }
        tx.commit().await.expect("commit");
    }

    async fn entry(&self, tx: &mut steward_store::Tx, object: &str) {
        let entry = Entry { action: "test.write", object: object.to_owned(), outcome: "done", detail: json!({ "amount": 1 }), request_id: None };
        audit::record(tx, &self.world.office, entry).await.expect("record");
    }

    async fn pass(&self) -> Result<u64, SequenceError> {
        Ok(self.sequencer.pass(&self.world.database.worker, self.house.owner.tenant).await?.expect("nobody else").size)
    }

    /// The root that was signed for a size.
    async fn root_of(&self, size: u64) -> steward_core::Digest {
        let mut tx = self.world.begin(&self.house.owner).await;
        steward_store::audit_log::checkpoint_of(&mut tx, size).await.expect("read").expect("signed").root
    }

    fn log(&self) -> LogDir {
        self.sequencer.log_of(self.house.owner.tenant)
    }

    fn verifier(&self) -> Verifier {
        self.sequencer.signer().verifier(self.house.owner.tenant)
    }

    fn offline(&self) -> Report {
        verify(&self.log(), &[], &self.verifier()).expect("readable")
    }

    async fn live(&self) -> Report {
        let mut tx = self.world.begin(&self.house.owner).await;
        live::verify(&mut tx, &[self.log().path().join("checkpoints")], &self.verifier()).await.expect("readable")
    }

    /// As somebody above every wall, with triggers off.
    async fn behind_the_walls(&self, sql: &str) {
        self.world.database.raw(&format!("set session_replication_role = replica; {sql}")).await;
    }
}

fn words(report: &Report) -> String {
    report.problems.iter().map(|problem| format!("{problem}\n")).collect()
}

#[tokio::test]
async fn a_field_changed_in_the_database_is_named_with_its_entry() {
    let logged = Logged::make(&[5, 300]).await;
    assert!(logged.live().await.is_clean(), "{}", words(&logged.live().await));
    for (sql, expect) in [
        (
            "update audit_event set action = 'other.thing' where audit_id = (select audit_id from audit_index where tree_index = 7)",
            "entry 7 was changed: its column `action`",
        ),
        (
            "update audit_event set person_id = null where audit_id = (select audit_id from audit_index where tree_index = 8)",
            "entry 8 was changed: its column `person_id`",
        ),
        (
            "update audit_event set at = at + interval '1 hour' where audit_id = (select audit_id from audit_index where tree_index = 9)",
            "entry 9 was changed: its column `at`",
        ),
        (
            "update audit_event set canon = convert_to(replace(convert_from(canon, 'utf8'), '\"amount\":1', '\"amount\":2'), 'utf8') where audit_id = (select audit_id from audit_index where tree_index = 10)",
            "entry 10 was changed: its bytes",
        ),
    ] {
        assert!(!words(&logged.live().await).contains(expect), "{expect}");
        logged.behind_the_walls(sql).await;
        assert!(words(&logged.live().await).contains(expect), "{expect}: {}", words(&logged.live().await));
    }
}

#[tokio::test]
async fn an_entry_rewritten_with_every_hash_in_the_database_is_found() {
    let logged = Logged::make(&[5, 20]).await;
    // Whoever runs the database recomputes what has no key: the bytes, the leaf, and the leaf in the tree.
    logged
        .behind_the_walls(
            "update audit_event set canon = convert_to(replace(convert_from(canon, 'utf8'), '\"amount\":1', '\"amount\":2'), 'utf8') where audit_id = (select audit_id from audit_index where tree_index = 7);
             update audit_event set leaf = sha256('\\x00'::bytea || canon);
             update audit_index set leaf = audit_event.leaf from audit_event where audit_event.audit_id = audit_index.audit_id",
        )
        .await;
    let report = logged.live().await;
    assert!(matches!(report.problems.as_slice(), [Problem::Root { size: 25, good: 5, .. }]), "{}", words(&report));
}

#[tokio::test]
async fn removed_swapped_and_cut_off_entries_are_found() {
    let check = async |sql: &str, expect: &str| {
        let logged = Logged::make(&[5, 20]).await;
        logged.behind_the_walls(sql).await;
        let report = logged.live().await;
        assert!(words(&report).contains(expect), "{sql}: {}", words(&report));
    };
    check("delete from audit_event where audit_id = (select audit_id from audit_index where tree_index = 3)", "entry 3 was removed").await;
    check(
        "delete from audit_event where audit_id = (select audit_id from audit_index where tree_index = 3); delete from audit_index where tree_index = 3",
        "entry 3 was removed",
    )
    .await;
    check(
        "update audit_index set tree_index = 1000 where tree_index = 6; update audit_index set tree_index = 6 where tree_index = 7; update audit_index set tree_index = 7 where tree_index = 1000",
        "the entries 5 to 24 are not those that were signed",
    )
    .await;
    // The tail goes, and with it every checkpoint in the database; the copy outside knows.
    check("delete from audit_index where tree_index >= 5; delete from audit_event where audit_id not in (select audit_id from audit_index); delete from audit_checkpoint where tree_size > 5", "the log is cut off: entries 5 to 24 are missing of the 25").await;
}

#[tokio::test]
async fn a_place_far_out_ends_the_check_and_is_named() {
    let logged = Logged::make(&[5, 20]).await;
    for place in [1_000, i64::MAX.unsigned_abs()] {
        let far_out = format!(
            "delete from audit_index where tree_index >= 25;
             insert into audit_index (tenant_id, tree_index, audit_id, leaf) select tenant_id, {place}, gen_random_uuid(), leaf from audit_index where tree_index = 0"
        );
        logged.behind_the_walls(&far_out).await;
        let report = logged.live().await;
        assert!(matches!(report.problems.as_slice(), [Problem::Beyond { index, size: 25 }] if *index == place), "{place}: {}", words(&report));
    }
}

#[tokio::test]
async fn an_entry_removed_before_it_had_its_place_is_missed_by_its_writers_number() {
    let logged = Logged::make(&[5]).await;
    logged.write(3).await;
    logged.write(3).await;
    logged.behind_the_walls("delete from audit_event where writer_seq = 8").await;
    logged.pass().await.expect("pass");
    for report in [logged.live().await, logged.offline()] {
        assert!(matches!(report.problems.as_slice(), [Problem::Gap { missing: 8, index: 7, .. }]), "{}", words(&report));
    }
}

#[tokio::test]
async fn a_database_set_back_is_not_signed_any_further_and_is_found() {
    let logged = Logged::make(&[5, 20]).await;
    logged
        .behind_the_walls("delete from audit_index where tree_index >= 5; delete from audit_event where audit_id not in (select audit_id from audit_index); delete from audit_checkpoint where tree_size > 5")
        .await;
    logged.write(4).await;
    assert!(matches!(logged.pass().await, Err(SequenceError::Behind { outside: 25, database: 5, .. })));
    // Grown past the old size, it is still another log.
    let elsewhere = scratch();
    let second = sequencer(&elsewhere);
    logged.write(30).await;
    // A new directory knows nothing; the refused pass before may still have the turn while it is rolled back.
    while second.pass(&logged.world.database.worker, logged.house.owner.tenant).await.expect("pass").is_none() {}
    assert!(matches!(logged.pass().await, Err(SequenceError::Differs { size: 25, .. })));
    let report = logged.live().await;
    assert!(report.problems.iter().any(|problem| matches!(problem, Problem::Root { size: 25, good: 5, .. })), "{}", words(&report));
    fs::remove_dir_all(&elsewhere).expect("clean up");
}

#[tokio::test]
async fn a_database_set_back_together_with_the_files_is_not_signed_by_whoever_saw_more() {
    let logged = Logged::make(&[5, 20]).await;
    logged
        .behind_the_walls("delete from audit_index where tree_index >= 5; delete from audit_event where audit_id not in (select audit_id from audit_index); delete from audit_checkpoint where tree_size > 5")
        .await;
    fs::remove_dir_all(logged.log().path()).expect("remove");
    logged.write(4).await;
    assert!(matches!(logged.pass().await, Err(SequenceError::Behind { outside: 25, database: 5, .. })));
}

/// A year of a busy house has millions of checkpoints, and a pass is made each second.
#[tokio::test]
async fn a_pass_reads_the_newest_checkpoint_and_none_of_the_others() {
    let logged = Logged::make(&[5, 20, 3]).await;
    let kept = logged.log().path().join("checkpoints");
    let unreadable = |size: u64| {
        let file = kept.join(format!("{size:020}"));
        fs::remove_file(&file).expect("remove");
        fs::create_dir(&file).expect("a folder in its place, which cannot be read");
    };
    unreadable(5);
    unreadable(25);
    let begun_anew = sequencer(&logged.dir);
    logged.write(2).await;
    let passed = begun_anew.pass(&logged.world.database.worker, logged.house.owner.tenant).await.expect("pass").expect("nobody else");
    assert_eq!(passed.size, 30);
    // Whoever looks again, since somebody touched what lies there, reads the newest and goes no further.
    unreadable(28);
    logged.write(1).await;
    let passed = begun_anew.pass(&logged.world.database.worker, logged.house.owner.tenant).await.expect("pass").expect("nobody else");
    assert_eq!(passed.size, 31);
}

/// A place for copies, marked as it, and the sequencer of a process that begins anew.
fn copying(logged: &Logged, copies: &std::path::Path) -> Sequencer {
    sequencer(&logged.dir).with_copies(Some(copies.to_path_buf()))
}

fn names_in(dir: &std::path::Path) -> BTreeSet<String> {
    fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_log_set_back_with_its_own_directory_is_found_by_the_copies() {
    let (mut logged, copies) = (Logged::make(&[]).await, scratch());
    let tenant = logged.house.owner.tenant;
    // The folder is there and the place is not mounted: the log goes on, and nothing is written beside the place.
    fs::create_dir(&copies).expect("made");
    logged.sequencer = copying(&logged, &copies);
    logged.write(5).await;
    assert_eq!(logged.pass().await.expect("pass"), 5);
    assert_eq!(names_in(&copies), BTreeSet::new());
    // What is missing there is made up for, also when nothing new was written.
    fs::write(copies.join(audit::COPIES_MARKER), "").expect("marked");
    assert_eq!(logged.pass().await.expect("pass"), 5);
    let copied = LogDir::new(copies.join(tenant.to_string()));
    let kept = copied.path().join("checkpoints");
    assert_eq!(names_in(&kept), [format!("{:020}", 5)].into());
    logged.write(20).await;
    assert_eq!(logged.pass().await.expect("pass"), 25);
    assert_eq!(names_in(&kept), [format!("{:020}", 5), format!("{:020}", 25)].into());
    assert_eq!(names_in(copied.path()), ["checkpoints".to_owned()].into(), "files are only added there");
    assert_eq!(logged.sequencer.checkpoints_of(tenant), [logged.log().path().join("checkpoints"), kept.clone()]);

    // Database and directory are put back together: what lies beside them agrees, and the copies do not.
    logged
        .behind_the_walls("delete from audit_index where tree_index >= 5; delete from audit_event where audit_id not in (select audit_id from audit_index); delete from audit_checkpoint where tree_size > 5")
        .await;
    fs::remove_dir_all(logged.log().path()).expect("removed");
    logged.write(4).await;
    logged.sequencer = copying(&logged, &copies);
    let refused = logged.pass().await;
    let is_found = matches!(&refused, Err(SequenceError::Behind { outside: 25, database: 5, dir }) if dir == copied.path());
    assert!(is_found, "{refused:?}");
    fs::remove_dir_all(&copies).expect("clean up");
}

/// The log is set back while the place is away, grows past what was copied, and the place comes back.
#[tokio::test]
async fn a_log_that_outgrew_its_copy_after_it_was_set_back_is_found() {
    let (mut logged, copies) = (Logged::make(&[]).await, scratch());
    let marker = copies.join(audit::COPIES_MARKER);
    fs::create_dir(&copies).expect("made");
    fs::write(&marker, "").expect("marked");
    logged.sequencer = copying(&logged, &copies);
    for (entries, size) in [(5, 5), (20, 25)] {
        logged.write(entries).await;
        assert_eq!(logged.pass().await.expect("pass"), size);
    }
    logged
        .behind_the_walls("delete from audit_index where tree_index >= 5; delete from audit_event where audit_id not in (select audit_id from audit_index); delete from audit_checkpoint where tree_size > 5")
        .await;
    fs::remove_dir_all(logged.log().path()).expect("removed");
    fs::remove_file(&marker).expect("away");
    logged.sequencer = copying(&logged, &copies);
    logged.write(40).await;
    assert_eq!(logged.pass().await.expect("pass"), 45);
    fs::write(&marker, "").expect("there again");
    let refused = logged.pass().await;
    assert!(matches!(&refused, Err(SequenceError::Differs { size: 25, dir }) if dir.starts_with(&copies)), "{refused:?}");
    fs::remove_dir_all(&copies).expect("clean up");
}

/// Whoever adds a file and dies before it is written leaves one that says nothing.
#[tokio::test]
async fn a_copy_that_was_begun_and_not_written_is_no_tampering() {
    let logged = Logged::make(&[5]).await;
    let copy = logged.dir.join("copy");
    fs::create_dir(&copy).expect("made");
    fs::write(copy.join(format!("{:020}", 5)), "").expect("begun");
    let report = verify(&logged.log(), std::slice::from_ref(&copy), &logged.verifier()).expect("readable");
    assert!(report.is_clean(), "{}", words(&report));
    fs::write(copy.join(format!("{:020}", 6)), "anything").expect("written");
    let report = verify(&logged.log(), &[copy], &logged.verifier()).expect("readable");
    assert!(matches!(report.problems.as_slice(), [Problem::Checkpoint { .. }]), "{}", words(&report));
}

#[tokio::test]
async fn a_place_for_copies_that_hangs_holds_up_nothing() {
    let (mut logged, copies) = (Logged::make(&[]).await, scratch());
    let kept = copies.join(logged.house.owner.tenant.to_string()).join("checkpoints");
    fs::create_dir_all(&kept).expect("made");
    fs::write(copies.join(audit::COPIES_MARKER), "").expect("marked");
    // Whoever opens it waits for somebody who writes.
    let hangs = kept.join(format!("{:020}", 7));
    assert!(std::process::Command::new("mkfifo").arg(&hangs).status().expect("mkfifo").success());
    logged.sequencer = copying(&logged, &copies);
    for size in [5, 10] {
        logged.write(5).await;
        assert_eq!(logged.pass().await.expect("pass"), size);
    }
    assert!(logged.offline().is_clean());
    assert_eq!(names_in(&kept).len(), 1, "nothing is copied meanwhile");
    // It answers again, with nothing that counts.
    drop(fs::OpenOptions::new().write(true).open(&hangs).expect("opened"));
    fs::remove_file(&hangs).expect("removed");
    while names_in(&kept).is_empty() {
        assert_eq!(logged.pass().await.expect("pass"), 10);
    }
    assert_eq!(names_in(&kept), [format!("{:020}", 10)].into());
    fs::remove_dir_all(&copies).expect("clean up");
}

/// Another process signs beside this one, and dies before it shows what it kept; then the database is set back.
#[tokio::test]
async fn what_another_process_kept_and_did_not_show_is_seen() {
    let logged = Logged::make(&[5]).await;
    let other = sequencer(&logged.dir);
    logged.write(20).await;
    let signed = other.pass(&logged.world.database.worker, logged.house.owner.tenant).await.expect("pass").expect("nobody else");
    assert_eq!(signed.size, 25);
    let shown = logged.sequencer.signer().sign(logged.house.owner.tenant, 5, &logged.root_of(5).await);
    logged.log().show_checkpoint(&shown).expect("as it was before");
    logged
        .behind_the_walls("delete from audit_index where tree_index >= 5; delete from audit_event where audit_id not in (select audit_id from audit_index); delete from audit_checkpoint where tree_size > 5")
        .await;
    logged.write(4).await;
    assert!(matches!(logged.pass().await, Err(SequenceError::Behind { outside: 25, database: 5, .. })));
}

#[tokio::test]
async fn two_signed_forms_of_one_size_are_found_as_a_split_view() {
    let logged = Logged::make(&[5, 20]).await;
    let other = logged.sequencer.signer().sign(logged.house.owner.tenant, 25, &steward_core::Digest::of(b"another tree"));
    let file = logged.dir.join("shown-to-somebody");
    fs::write(&file, other).expect("write");
    let report = verify(&logged.log(), &[file], &logged.verifier()).expect("readable");
    assert!(matches!(report.problems.as_slice(), [Problem::Split { size: 25, .. }]), "{}", words(&report));
}

/// The bytes of the first file of entries, as entries, given back after a change.
fn rewrite(logged: &Logged, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let bytes = logged.log().read_entries(0, 1).expect("file").expect("entries");
    let mut entries: Vec<Vec<u8>> = split_entries(&bytes).expect("entries").into_iter().map(<[u8]>::to_vec).collect();
    change(&mut entries);
    fs::remove_dir_all(logged.log().path().join("tile/entries")).expect("remove");
    logged.log().write_entries(0, &entries).expect("write");
}

#[tokio::test]
async fn files_that_were_tampered_with_are_found_without_a_database() {
    let check = async |expect: &str, tamper: &dyn Fn(&Logged)| {
        let logged = Logged::make(&[5, 20]).await;
        assert!(logged.offline().is_clean(), "{}", words(&logged.offline()));
        tamper(&logged);
        let report = logged.offline();
        assert!(words(&report).contains(expect), "{expect}: {}", words(&report));
    };
    check("entry 7 was changed: its bytes", &|logged| rewrite(logged, |entries| *entries[7].last_mut().expect("byte") ^= 1)).await;
    check("entry 3 was changed: its bytes", &|logged| rewrite(logged, |entries| entries.swap(3, 4))).await;
    check("entries 24 to 24 are missing of the 25", &|logged| rewrite(logged, |entries| drop(entries.remove(3)))).await;
    check("entries 20 to 24 are missing of the 25", &|logged| rewrite(logged, |entries| entries.truncate(20))).await;
    check("entries 0 to 24 are missing of the 25", &|logged| fs::remove_dir_all(logged.log().path().join("tile/entries")).expect("remove")).await;
    check("tile 0 of level 0 does not belong", &|logged| fs::remove_dir_all(logged.log().path().join("tile/0")).expect("remove")).await;
    check("does not count: its signature is forged", &|logged| {
        let path = logged.log().path().join("checkpoint");
        let note = fs::read_to_string(&path).expect("note").replace("\n25\n", "\n24\n");
        fs::write(path, note).expect("write");
    })
    .await;
    // Entries and tiles made anew by somebody without the key.
    check("the entries 5 to 24 are not those that were signed", &|logged| {
        rewrite(logged, |entries| entries.swap(7, 8));
        let mut hashes = logged.log().read_tile(0, 0, 25).expect("tile").expect("hashes");
        hashes.swap(7, 8);
        logged.log().write_tile(0, 0, &hashes).expect("write");
    })
    .await;
}

#[tokio::test]
async fn another_key_and_an_empty_directory_say_nothing() {
    let logged = Logged::make(&[5]).await;
    let stranger = Signer::from_secret(&[8; 32]).expect("key").verifier(logged.house.owner.tenant);
    assert!(verify(&logged.log(), &[], &stranger).expect_err("nothing").to_string().contains("holds no checkpoint that is signed with the key"));
    assert!(verify(&LogDir::new(scratch()), &[], &logged.verifier()).is_err());
    assert!(verify(&logged.log(), &[scratch()], &logged.verifier()).is_err(), "a copy that is not there");
}

#[tokio::test]
async fn a_rolled_back_change_leaves_neither_an_entry_nor_a_gap() {
    let logged = Logged::make(&[]).await;
    logged.write(2).await;
    let mut tx = logged.world.begin(&logged.house.owner).await;
    logged.entry(&mut tx, "rolled back").await;
    tx.rollback().await.expect("rollback");
    let mut dropped = logged.world.begin(&logged.house.owner).await;
    logged.entry(&mut dropped, "dropped").await;
    drop(dropped);
    // Two at once, committed the other way round.
    let (mut one, mut two) = (logged.world.begin(&logged.house.owner).await, logged.world.begin(&logged.house.owner).await);
    logged.entry(&mut one, "one").await;
    logged.entry(&mut two, "two").await;
    two.commit().await.expect("commit");
    assert_eq!(logged.pass().await.expect("pass"), 3);
    one.commit().await.expect("commit");
    assert_eq!(logged.pass().await.expect("pass"), 4, "an entry that was written earlier and committed later gets its place");
    let report = logged.live().await;
    assert!(report.is_clean(), "{}", words(&report));
    assert_eq!((report.entries, report.writers, report.waiting), (4, 2, 0));
    assert_eq!(logged.world.database.number("select count(*) from audit_event where object in ('rolled back', 'dropped')").await, 0);
}

#[tokio::test]
async fn a_commit_after_a_failure_that_was_passed_over_fails_and_leaves_no_gap() {
    let logged = Logged::make(&[2]).await;
    let mut tx = logged.world.begin(&logged.house.owner).await;
    logged.entry(&mut tx, "before the failure").await;
    let name = steward_office::people::create_workspace(&mut tx, &logged.world.office, "sales").await;
    assert!(name.is_err(), "a second workspace of this name is refused");
    let committed = tx.commit().await;
    assert!(matches!(committed, Err(steward_store::StoreError::Statement(_))), "{committed:?}");
    assert_eq!(logged.world.database.number("select count(*) from audit_event where object = 'before the failure'").await, 0);
    logged.write(2).await;
    logged.pass().await.expect("pass");
    let report = logged.live().await;
    assert!(report.is_clean(), "{}", words(&report));
    assert_eq!((report.entries, report.writers), (4, 1), "the numbers were used again");
}

#[tokio::test]
async fn nobody_who_signs_in_and_not_even_the_owner_of_the_tables_changes_the_log() {
    let logged = Logged::make(&[3]).await;
    let database = &logged.world.database;
    let tenant = logged.house.owner.tenant.uuid();
    let before = format!("set app.tenant = '{tenant}'; set app.workspaces = '*'");
    let owner = format!("set role steward_owner; {before}");
    // A long detail and sealed ones, so that there is something to change.
    let seal = format!(
        "insert into audit_object (tenant_id, digest, body) values ('{tenant}', sha256('long'), 'long');
         set session_replication_role = replica;
         insert into audit_personal (tenant_id, audit_id, subject, sealed) select tenant_id, audit_id, 'person_1', 'sealed' from audit_event limit 1"
    );
    database.raw(&seal).await;
    for (who, url, before) in [("app", &database.app_url, &before), ("worker", &database.worker_url, &before), ("owner", &database.superuser_url, &owner)] {
        for (table, change) in [
            ("audit_event", "outcome = 'refused'"),
            ("audit_index", "tree_index = 9"),
            ("audit_checkpoint", "tree_size = 9"),
            ("audit_object", "body = 'short'"),
            ("audit_personal", "sealed = 'open'"),
        ] {
            assert!(!database.texts(url, before, &format!("select 'there' from {table}")).await.expect("read").is_empty(), "{who} sees {table}");
            for verb in [format!("update {table} set {change}"), format!("delete from {table}"), format!("truncate {table} cascade")] {
                let refused = database.texts(url, before, &verb).await.expect_err(&verb);
                assert!(refused.contains("permission denied") || refused.contains("is insert-only"), "{who}: {verb}: {refused}");
            }
        }
    }
    assert!(logged.live().await.is_clean());
}

#[tokio::test]
async fn a_detail_that_is_too_long_is_kept_whole_beside_the_log() {
    let logged = Logged::make(&[]).await;
    let long = "x".repeat(ENTRY_BYTES_MAX + 1);
    let mut tx = logged.world.begin(&logged.house.owner).await;
    let entry = Entry { action: "test.long", object: "o".into(), outcome: "done", detail: json!({ "text": long }), request_id: None };
    audit::record(&mut tx, &logged.world.office, entry).await.expect("record");
    tx.commit().await.expect("commit");
    logged.pass().await.expect("pass");
    assert!(logged.live().await.is_clean() && logged.offline().is_clean());
    let named = "select count(*) from audit_event join audit_object on convert_from(canon, 'utf8') like '%\"kept_as\":\"' || encode(digest, 'hex') || '\"%'
                  where digest = sha256(body) and length(body) > 60000 and length(canon) < 1000";
    assert_eq!(logged.world.database.number(named).await, 1);
    // What is kept there is as much of the log as the entry.
    for (sql, how) in [("update audit_object set body = 'short'", "changed"), ("delete from audit_object", "removed")] {
        logged.behind_the_walls(sql).await;
        let report = logged.live().await;
        assert!(matches!(report.problems.as_slice(), [Problem::Bound { how: found, .. }] if *found == how), "{sql}: {}", words(&report));
    }
}

#[tokio::test]
async fn a_sequencer_killed_anywhere_goes_on_with_one_root_a_size() {
    let logged = Logged::make(&[]).await;
    let mut seen = BTreeSet::new();
    for round in 0..100u64 {
        logged.write(1 + usize::try_from(round % 7).expect("small")).await;
        // Dropped after a number of polls: between any two answers of the database.
        let pass = logged.sequencer.pass(&logged.world.database.worker, logged.house.owner.tenant);
        let mut polls = 0;
        let mut pass = std::pin::pin!(pass);
        let _ = std::future::poll_fn(|context| {
            polls += 1;
            if polls > round % 23 { std::task::Poll::Ready(None) } else { pass.as_mut().poll(context).map(Some) }
        })
        .await;
        seen.extend(
            logged
                .log()
                .checkpoints()
                .expect("readable")
                .into_iter()
                .filter_map(|(_, note)| logged.verifier().open(&note).ok())
                .map(|seen| (seen.size, seen.root)),
        );
    }
    // The transaction of the last dropped pass may still hold the lock while it is rolled back.
    while logged.sequencer.pass(&logged.world.database.worker, logged.house.owner.tenant).await.expect("pass").is_none() {
        tokio::task::yield_now().await;
    }
    let sizes: BTreeSet<u64> = seen.iter().map(|(size, _)| *size).collect();
    assert_eq!(sizes.len(), seen.len(), "one root a size");
    assert_eq!(
        logged.world.database.number("select count(*) from audit_index").await,
        logged.world.database.number("select max(tree_index) + 1 from audit_index").await
    );
    assert_eq!(logged.world.database.number("select count(*) from audit_index").await, logged.world.database.number("select count(*) from audit_event").await);
    for report in [logged.live().await, logged.offline()] {
        assert!(report.is_clean(), "{}", words(&report));
    }
}

#[tokio::test]
async fn lost_tiles_are_built_anew_and_an_export_is_the_same_log() {
    let logged = Logged::make(&[5, 300, 1]).await;
    fs::remove_dir_all(logged.log().path().join("tile")).expect("remove");
    logged.write(600).await;
    assert_eq!(logged.pass().await.expect("pass"), 906);
    let report = logged.offline();
    assert!(report.is_clean(), "{}", words(&report));
    assert_eq!((report.entries, report.checkpoints), (906, 4));
    let copy = LogDir::new(logged.dir.join("copy"));
    let mut tx = logged.world.begin(&logged.house.owner).await;
    assert_eq!(export(&mut tx, &copy).await.expect("export"), 906);
    let copied = verify(&copy, &[logged.log().path().join("checkpoints")], &logged.verifier()).expect("readable");
    assert!(copied.is_clean(), "{}", words(&copied));
    assert_eq!(copied.root, report.root);
}

/// More than is held in memory from the places to the files, and a file that was begun before.
#[tokio::test]
async fn entries_larger_than_what_is_held_are_read_again_and_give_the_same_log() {
    let logged = Logged::make(&[5]).await;
    logged
        .behind_the_walls(
            "insert into audit_event (tenant_id, audit_id, writer_id, writer_seq, at, actor_kind, action, object, outcome, canon, leaf)
             select tenant_id, gen_random_uuid(), gen_random_uuid(), 1, at, actor_kind, action, object, outcome, convert_to(repeat(md5(g::text), 2000), 'utf8'),
                    sha256('\\x00'::bytea || convert_to(repeat(md5(g::text), 2000), 'utf8'))
               from (select * from audit_event limit 1) one, generate_series(1, 600) g",
        )
        .await;
    assert_eq!(logged.pass().await.expect("pass"), 605);
    logged.write(300).await;
    assert_eq!(logged.pass().await.expect("pass"), 905);
    // Built anew from the database, every signed root is compared on the way.
    fs::remove_dir_all(logged.log().path().join("tile")).expect("remove");
    logged.write(1).await;
    assert_eq!(logged.pass().await.expect("pass"), 906);
    let kept = logged.log().read_entries(0, 256).expect("file").expect("entries");
    assert_eq!(split_entries(&kept).expect("entries").len(), 256);
}

#[tokio::test]
async fn an_organisation_has_a_log_of_its_own() {
    let logged = Logged::make(&[5]).await;
    let other = logged.world.house("other").await;
    let passed = logged.sequencer.pass(&logged.world.database.worker, other.owner.tenant).await.expect("pass").expect("free");
    assert_eq!(passed.size, 0);
    let foreign = logged.sequencer.signer().verifier(other.owner.tenant);
    assert!(verify(&logged.log(), &[], &foreign).is_err(), "another organisation's key opens nothing here");
}
