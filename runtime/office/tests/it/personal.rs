//! Personal details in the audit log: sealed, opened for who may read it, erased for good, and erased again when a backup comes back.

use crate::fixture::{House, World};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use steward_core::{
    Actor, ActorKind, ApiTokenId, ArgumentRole, AuditId, Clock, ContactId, Effect, EnvelopeKey, HasKind, Integrity, Kind, Role, Scope, ToolSpec,
};
use steward_office::Office;
use steward_office::audit::note::Signer;
use steward_office::audit::personal::{self, Opened, Personal};
use steward_office::audit::report::Report;
use steward_office::audit::seal::{DataKey, Subject};
use steward_office::audit::sequence::Sequencer;
use steward_office::audit::{live, verify::verify};
use steward_office::crm::{self, NewCompany, NewContact};
use steward_office::grants::{self, NewGrant, Ranges};
use steward_office::people::{Grant, Invitation, invite};
use steward_store::audit;
use steward_store::page::Page;
use time::macros::datetime;

/// An organisation whose log is signed, with a data key.
pub(crate) struct Kept {
    pub(crate) world: World,
    pub(crate) house: House,
    pub(crate) office: Office,
    sequencer: Sequencer,
    pub(crate) dir: PathBuf,
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn sealing(dir: &Path, secret: u8) -> Personal {
    Personal::new(DataKey::from_secret(&[secret; 32]).expect("key"), dir)
}

impl Kept {
    pub(crate) async fn make() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let world = World::make().await;
        let house = world.house("acme").await;
        let dir = std::env::temp_dir().join(format!("stw-personal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst)));
        let office = world.office.clone().sealing(sealing(&dir, 7));
        let sequencer = Sequencer::new(Signer::from_secret(&[7; 32]).expect("key"), &dir, Clock::manual(datetime!(2026-03-01 09:00 UTC)));
        Self { world, house, office, sequencer, dir }
    }

    pub(crate) async fn contact(&self, name: &str) -> ContactId {
        let mut tx = self.world.begin(&self.house.owner).await;
        let new = NewContact { given_name: Some(name.to_owned()), ..NewContact::default() };
        let made = crm::create_contact(&mut tx, &self.office, self.house.sales, &new, Integrity::Directory).await.expect("contact");
        tx.commit().await.expect("commit");
        made.contact_id
    }

    /// What the log says of somebody, opened by this office.
    pub(crate) async fn said_of(&self, office: &Office, contact: ContactId) -> Vec<Option<Opened>> {
        let mut tx = self.world.begin(&self.house.owner).await;
        let rows = audit::list(&mut tx, &Page::first(), audit::AuditFilter::default()).await.expect("list");
        let about: Vec<AuditId> =
            rows.iter().filter(|row| row.object == contact.to_string() && row.action.starts_with("contact.")).map(|row| row.audit_id).collect();
        let opened = personal::opened(&mut tx, office, &about).await.expect("opened");
        about.iter().map(|id| opened.get(id).cloned()).collect()
    }

    pub(crate) async fn erase(&self, actor: &Actor, contact: ContactId) -> Result<bool, steward_office::OfficeError> {
        let mut tx = self.world.begin(actor).await;
        let erased = personal::erase(&mut tx, &self.office, Subject::Contact(contact)).await?;
        tx.commit().await.expect("commit");
        Ok(erased)
    }

    pub(crate) async fn erase_again(&self) -> u64 {
        let mut tx = self.world.database.worker.begin(&Actor::worker(self.house.owner.tenant)).await.expect("begin");
        let erased = personal::erase_again(&mut tx, &self.office).await.expect("erase again");
        tx.commit().await.expect("commit");
        erased
    }

    pub(crate) async fn checked(&self) -> Report {
        let (tenant, verifier) = (self.house.owner.tenant, self.sequencer.signer().verifier(self.house.owner.tenant));
        self.sequencer.pass(&self.world.database.worker, tenant).await.expect("pass").expect("free");
        assert!(verify(&self.sequencer.log_of(tenant), &[], &verifier).expect("readable").is_clean());
        let mut tx = self.world.begin(&self.house.owner).await;
        live::verify(&mut tx, &[], &verifier).await.expect("readable")
    }

    pub(crate) async fn behind_the_walls(&self, sql: &str) {
        self.world.database.raw(&format!("set session_replication_role = replica; {sql}")).await;
    }
}

pub(crate) fn named(name: &str) -> Option<Opened> {
    Some(Opened::Details(json!({ "display_name": name })))
}

#[tokio::test]
async fn erased_details_stay_erased_and_the_log_stays_as_it_was_signed() {
    let kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    assert!(kept.checked().await.is_clean());
    let size = kept.checked().await.entries;
    // Nobody but an owner, no token, and nobody who is not there.
    let owner = &kept.house.owner;
    let scopes = Scope::ALL.into();
    let token = Actor { kind: ActorKind::Token { token: kept.office.ids.make::<ApiTokenId>(), scopes }, ..owner.clone() };
    for actor in [Actor { roles: [Role::Auditor, Role::Manager].into(), ..owner.clone() }, token] {
        assert_eq!(kept.erase(&actor, lena).await.expect_err("not theirs").kind(), Kind::Denied);
    }
    assert_eq!(kept.erase(owner, kept.office.ids.make()).await.expect_err("nobody").kind(), Kind::Missing);
    assert_eq!(kept.said_of(&kept.office, lena).await, [named("Lena")]);
    kept.world.database.raw("create table backup as select * from personal_key").await;

    assert!(kept.erase(owner, lena).await.expect("erased"));
    assert!(matches!(kept.said_of(&kept.office, lena).await.as_slice(), [Some(Opened::Erased(_))]));
    assert_eq!(kept.said_of(&kept.office, omar).await, [named("Omar")], "others keep theirs");
    assert!(!kept.erase(owner, lena).await.expect("a second time"));
    let report = kept.checked().await;
    assert!(report.is_clean() && report.entries == size + 1, "{:?}", report.problems);
    // What comes later of her is written down without her name.
    let mut tx = kept.world.begin(owner).await;
    let patch = crm::ContactPatch { job_title: Some("Buyer".to_owned()), ..crm::ContactPatch::default() };
    crm::update_contact(&mut tx, &kept.office, lena, 1, &patch, Integrity::Directory).await.expect("changed");
    tx.commit().await.expect("commit");
    assert!(matches!(kept.said_of(&kept.office, lena).await.as_slice(), [Some(Opened::Erased(_)), None]));

    // A backup is put back: the key is there again, until the list outside says otherwise.
    kept.behind_the_walls("delete from personal_key; insert into personal_key select * from backup").await;
    assert_eq!(kept.said_of(&kept.office, lena).await[0], named("Lena"));
    assert_eq!(kept.erase_again().await, 1);
    assert_eq!(kept.erase_again().await, 0);
    assert!(matches!(kept.said_of(&kept.office, lena).await[0], Some(Opened::Erased(_))));
    assert_eq!(kept.said_of(&kept.office, omar).await, [named("Omar")]);
    assert_eq!(kept.world.database.number("select count(*) from audit_event where action = 'personal.erase_again'").await, 1);
    assert!(kept.checked().await.is_clean());
}

#[tokio::test]
async fn what_a_merge_put_another_value_in_the_place_of_is_kept_sealed() {
    let kept = Kept::make().await;
    let (lena, second) = (kept.contact("Lena").await, kept.contact("L.").await);
    let mut tx = kept.world.begin(&kept.house.owner).await;
    let choice = crm::Choice { display_name: Some(crm::Side::Other), ..crm::Choice::default() };
    let merge = crm::Merge { version: 1, other: second, other_version: 1, choice };
    let merged = crm::merge_contacts(&mut tx, &kept.office, lena, &merge, Integrity::Owner).await.expect("merged");
    tx.commit().await.expect("commit");
    assert_eq!(merged.display_name, "L.");
    let said = Some(Opened::Details(json!({ "display_name": "L.", "replaced": { "display_name": "Lena" } })));
    assert!(kept.said_of(&kept.office, lena).await.contains(&said), "{:?}", kept.said_of(&kept.office, lena).await);
    // It is hers: when she is forgotten, it is.
    assert!(kept.erase(&kept.house.owner, lena).await.expect("erased"));
    assert!(!kept.said_of(&kept.office, lena).await.contains(&said));
}

#[tokio::test]
async fn whichever_record_of_a_person_is_named_all_of_them_are_erased() {
    let kept = Kept::make().await;
    let owner = &kept.house.owner;
    let merge = async |into: ContactId, other: ContactId| {
        let mut tx = kept.world.begin(owner).await;
        let (version, other_version) =
            (crm::get_contact(&mut tx, into).await.expect("one").version, crm::get_contact(&mut tx, other).await.expect("other").version);
        let merge = crm::Merge { version, other, other_version, choice: crm::Choice::default() };
        crm::merge_contacts(&mut tx, &kept.office, into, &merge, Integrity::Owner).await.expect("merged");
        tx.commit().await.expect("commit");
    };
    let (lena, second, third, omar) = (kept.contact("Lena").await, kept.contact("L.").await, kept.contact("Lena P.").await, kept.contact("Omar").await);
    merge(lena, second).await;
    // Named by the record that was merged away.
    assert!(kept.erase(owner, second).await.expect("erased"));
    for record in [lena, second] {
        assert!(kept.said_of(&kept.office, record).await.iter().all(|said| !matches!(said, Some(Opened::Details(_)))), "{record}");
    }
    // What is merged in later is erased too, though the one that stands for it was erased before.
    merge(lena, third).await;
    assert!(matches!(kept.said_of(&kept.office, third).await[0], Some(Opened::Details(_))));
    assert!(kept.erase(owner, lena).await.expect("erased"));
    assert!(kept.said_of(&kept.office, third).await.iter().all(|said| !matches!(said, Some(Opened::Details(_)))));
    assert!(!kept.erase(owner, third).await.expect("a second time"));
    assert_eq!(kept.said_of(&kept.office, omar).await, [named("Omar")], "others keep theirs");
}

#[tokio::test]
async fn a_line_cut_off_in_the_list_of_the_erased_loses_no_other() {
    let kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    kept.world.database.raw("create table backup as select * from personal_key").await;
    let list = kept.dir.join(kept.house.owner.tenant.to_string()).join("erased");
    fs::create_dir_all(list.parent().expect("parent")).expect("directory");
    fs::write(&list, "2026-03-01T09:00:00Z contact_01").expect("torn");
    for contact in [lena, omar] {
        kept.erase(&kept.house.owner, contact).await.expect("erased");
    }
    kept.behind_the_walls("delete from personal_key; insert into personal_key select * from backup").await;
    assert_eq!(kept.erase_again().await, 2, "{}", fs::read_to_string(&list).expect("list"));
}

#[tokio::test]
async fn sealed_details_and_keys_that_were_tampered_with_are_found_or_do_not_open() {
    let kept = Kept::make().await;
    let (lena, omar) = (kept.contact("Lena").await, kept.contact("Omar").await);
    kept.world.database.raw("create table sealed_before as select * from audit_personal; create table keys_before as select * from personal_key").await;
    assert!(kept.checked().await.is_clean());
    for (sql, expect) in [
        ("update audit_personal set sealed = set_byte(sealed, 19, get_byte(sealed, 19) # 1)", "was changed: it is not what entry"),
        ("delete from audit_personal", "was removed: it is not what entry"),
    ] {
        kept.behind_the_walls(&format!("{sql} where subject = '{lena}'")).await;
        let report = kept.checked().await;
        assert!(report.problems.len() == 1 && report.problems[0].to_string().contains(expect), "{sql}: {:?}", report.problems);
        assert!(!matches!(kept.said_of(&kept.office, lena).await.as_slice(), [Some(Opened::Details(_))]), "{sql}");
        kept.behind_the_walls("delete from audit_personal; insert into audit_personal select * from sealed_before").await;
    }
    // Another's key, another installation's key, or the same key for another organisation open nothing.
    kept.behind_the_walls(&format!("update personal_key set wrapped = (select wrapped from keys_before where subject = '{omar}') where subject = '{lena}'"))
        .await;
    assert_eq!(kept.said_of(&kept.office, lena).await, [Some(Opened::Unreadable)]);
    let stranger = kept.office.clone().sealing(sealing(&kept.dir, 8));
    assert_eq!(kept.said_of(&stranger, omar).await, [Some(Opened::Unreadable)]);
    assert_eq!(kept.said_of(&kept.office, omar).await, [named("Omar")]);
}

#[tokio::test]
async fn keys_are_only_ever_erased_whoever_writes() {
    let kept = Kept::make().await;
    let lena = kept.contact("Lena").await;
    kept.erase(&kept.house.owner, lena).await.expect("erased");
    kept.contact("Omar").await;
    let database = &kept.world.database;
    let before = format!("set app.tenant = '{}'; set app.workspaces = '*'", kept.house.owner.tenant.uuid());
    let owner = format!("set role steward_owner; {before}");
    for (url, before) in [(&database.app_url, &before), (&database.worker_url, &before), (&database.superuser_url, &owner)] {
        for sql in [
            format!("update personal_key set wrapped = repeat('x', 61)::bytea, erased_at = null where subject = '{lena}'"),
            format!("update personal_key set erased_at = now() where subject = '{lena}'"),
            "update personal_key set wrapped = repeat('x', 61)::bytea where erased_at is null".to_owned(),
            "delete from personal_key".to_owned(),
            "truncate personal_key cascade".to_owned(),
        ] {
            assert!(database.texts(url, before, &sql).await.is_err(), "{sql}");
        }
    }
}

#[tokio::test]
async fn without_its_key_nothing_personal_is_written_and_the_change_does_not_happen() {
    let kept = Kept::make().await;
    let lena = kept.contact("Lena").await;
    let keyless = kept.office.clone().sealing(Personal::without_key("there is no data key", &kept.dir));
    for office in [keyless.clone(), kept.office.clone().sealing(sealing(&kept.dir, 8))] {
        let mut tx = kept.world.begin(&kept.house.owner).await;
        let patch = crm::ContactPatch { job_title: Some("Buyer".to_owned()), ..crm::ContactPatch::default() };
        let refused = crm::update_contact(&mut tx, &office, lena, 1, &patch, Integrity::Directory).await.expect_err("no key");
        assert_eq!(refused.kind(), Kind::Away, "{refused}");
    }
    assert_eq!(kept.world.database.number("select count(*) from contact where job_title is not null").await, 0);
    // To erase takes no key, and a backup that is put back is held to the list all the same.
    let mut tx = kept.world.begin(&kept.house.owner).await;
    assert!(personal::erase(&mut tx, &keyless, Subject::Contact(lena)).await.expect("erased"));
    tx.commit().await.expect("commit");
    let list = fs::read_to_string(kept.dir.join(kept.house.owner.tenant.to_string()).join("erased")).expect("a list");
    assert!(list.contains(&lena.to_string()), "{list}");
}

#[tokio::test]
async fn what_is_personal_stands_nowhere_in_the_log_in_clear() {
    let kept = Kept::make().await;
    let (name, email) = ("Canaria-Zeisig", "canary-41@zeisig.example");
    kept.contact(name).await;
    let mut tx = kept.world.begin(&kept.house.owner).await;
    let grants = vec![Grant { workspace: None, role: Role::Support }];
    invite(&mut tx, &kept.office, &Invitation { email: email.to_owned(), display_name: name.to_owned(), grants }).await.expect("invited");
    // Whom a grant covers is who the giver named.
    let account = "DE89370400440532013000";
    let tool = ToolSpec::sample("mail.send", Effect::Send, &[("to", ArgumentRole::Recipient)]);
    let ranges: Ranges = serde_json::from_value(json!({ "/to": { "one_of": [email, account] } })).expect("ranges");
    let expires_at = datetime!(2026-03-02 09:00 UTC);
    let new = NewGrant { workspace: kept.house.sales, agent: "assistant".to_owned(), person: None, ranges, uses_max: 1, expires_at };
    let office = kept.office.clone().with_key(EnvelopeKey::from_bytes([7; 32]));
    grants::give(&mut tx, &office, &tool, new).await.expect("given");
    // Nor does the log keep what a company was called before a merge, which may be its owner.
    let made = |name: &str| NewCompany { name: name.to_owned(), ..NewCompany::default() };
    let stays = crm::create_company(&mut tx, &kept.office, kept.house.sales, &made(name), Integrity::Directory).await.expect("company");
    let goes = crm::create_company(&mut tx, &kept.office, kept.house.sales, &made("Example"), Integrity::Directory).await.expect("company");
    let choice = crm::CompanyChoice { name: Some(crm::Side::Other), ..crm::CompanyChoice::default() };
    let merge = crm::CompanyMerge { version: 1, other: goes.company_id, other_version: 1, choice };
    crm::merge_companies(&mut tx, &kept.office, stays.company_id, &merge, Integrity::Owner).await.expect("merged");
    tx.commit().await.expect("commit");
    let mut tx = kept.world.begin(&kept.house.owner).await;
    let rows = audit::list(&mut tx, &Page::first(), audit::AuditFilter::default()).await.expect("list");
    let about = |action: &str| rows.iter().find(|row| row.action == action).expect("an entry").audit_id;
    let ids = [about("grant.give"), about("company.merge")];
    let opened = personal::opened(&mut tx, &kept.office, &ids).await.expect("opened");
    let said = [json!({ "ranges": { "/to": { "one_of": [email, account] } } }), json!({ "replaced": { "name": name } })];
    for (id, said) in ids.iter().zip(said) {
        assert_eq!(opened.get(id), Some(&Opened::Details(said)), "whoever may read the log sees it");
    }
    tx.rollback().await.expect("rollback");
    assert!(kept.checked().await.is_clean());
    for canary in [name, email, account] {
        for (table, column) in [("audit_event", "canon"), ("audit_personal", "sealed"), ("audit_object", "body"), ("personal_key", "wrapped")] {
            let sql = format!("select count(*) from {table} where position('{canary}'::bytea in coalesce({column}, '')) > 0");
            assert_eq!(kept.world.database.number(&sql).await, 0, "{canary} in {table}.{column}");
        }
        assert!(!holds(&kept.dir, canary.as_bytes()), "{canary} in the files");
    }
    assert_eq!(kept.world.database.number("select count(*) from audit_personal").await, 4, "all are kept, sealed");
}

/// Whether a file below this directory holds these bytes.
fn holds(dir: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(dir).expect("directory").any(|entry| {
        let path = entry.expect("entry").path();
        if path.is_dir() { holds(&path, bytes) } else { fs::read(&path).expect("file").windows(bytes.len()).any(|part| part == bytes) }
    })
}
