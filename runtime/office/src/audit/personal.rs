//! Personal details of audit entries: sealed when they are written, opened for whoever may read the log, gone when their key is erased.
//!
//! Who was erased is also kept in a list outside the database, so that a backup that is put back is erased again.

use super::seal::{DataKey, SealError, Subject, SubjectKey};
use super::{Entry, record};
use crate::Office;
use crate::error::OfficeError;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use steward_core::{AuditId, Permission, TenantId, canonical_json};
use steward_store::audit_personal::{self, KeyRow};
use steward_store::{StoreError, Tx};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The name of the list of erased subjects in an organisation's directory.
const LIST: &str = "erased";

/// The data key, or why there is none; and where the lists of erased subjects lie.
#[derive(Debug, Clone)]
pub struct Personal {
    key: Result<DataKey, String>,
    dir: Option<PathBuf>,
}

/// What became of an entry's personal details.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    /// They can be read.
    Details(Value),
    /// Their key was erased.
    Erased(OffsetDateTime),
    /// They do not open with the keys there are: they, or the keys, were changed.
    Unreadable,
}

impl Personal {
    /// Seals with this key, and keeps the list of an organisation's erased subjects in a directory of its own under `dir`.
    pub fn new(key: DataKey, dir: impl Into<PathBuf>) -> Self {
        Self { key: Ok(key), dir: Some(dir.into()) }
    }

    /// Seals with a key that is gone with the process, and keeps no list.
    pub fn passing() -> Self {
        Self { key: DataKey::passing().map_err(|err| err.to_string()), dir: None }
    }

    /// Seals nothing: what has personal details is refused for this reason. Erasing takes no key, and who is erased is put on the list under `dir`.
    pub fn without_key(why: impl Into<String>, dir: impl Into<PathBuf>) -> Self {
        Self { key: Err(why.into()), dir: Some(dir.into()) }
    }

    /// The data key, or why there is none.
    pub(crate) fn key(&self) -> Result<&DataKey, StoreError> {
        self.key.as_ref().map_err(|why| StoreError::Outside(why.clone()))
    }

    /// Whether there is a data key that came in the place of another, which still opens what it sealed.
    pub fn has_former(&self) -> bool {
        self.key.as_ref().is_ok_and(DataKey::has_former)
    }

    /// Whether the data key in force stands among the former ones as well.
    pub fn is_former_too(&self) -> bool {
        self.key.as_ref().is_ok_and(DataKey::is_former_too)
    }

    /// Seals a secret that is kept to be used; `about` says what it is and whose.
    pub(crate) fn seal_secret(&self, about: &str, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.key()?.seal_secret(about, plain).map_err(unsealed)
    }

    /// Opens a secret that was sealed for this.
    pub(crate) fn open_secret(&self, about: &str, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.key()?.open_secret(about, sealed).map_err(unsealed)
    }

    /// The key of a subject, made now if there is none. None when it was erased: nothing personal is kept of them any more.
    async fn key_of(&self, tx: &mut Tx, subject: Subject, now: OffsetDateTime) -> Result<Option<SubjectKey>, StoreError> {
        let (data, tenant, name) = (self.key()?, tx.actor().tenant, subject.to_string());
        let found = match audit_personal::find_key(tx, &name).await? {
            Some(found) => found,
            None => {
                let (_, wrapped) = data.make(tenant, subject).map_err(unsealed)?;
                audit_personal::insert_key(tx, &name, &wrapped, data.name(), now).await?;
                // Of two who make one at once, one was kept.
                audit_personal::find_key(tx, &name).await?.ok_or(StoreError::Missing)?
            }
        };
        let Some(wrapped) = found.wrapped else { return Ok(None) };
        data.unwrap(tenant, subject, &wrapped).map(Some).map_err(unsealed)
    }

    /// Seals the details of one entry. None when their subject was erased.
    pub(super) async fn seal(&self, tx: &mut Tx, subject: Subject, now: OffsetDateTime, id: AuditId, details: &Value) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(key) = self.key_of(tx, subject, now).await? else { return Ok(None) };
        let plain = canonical_json(details).map_err(|_| StoreError::Corrupt { what: "personal details" })?;
        key.seal(id, &plain).map(Some).map_err(unsealed)
    }

    fn open(&self, tenant: TenantId, row: &audit_personal::SealedRow) -> Opened {
        match &row.key {
            KeyRow { wrapped: Some(wrapped), .. } => {
                let opened = || {
                    let subject = row.subject.parse().ok()?;
                    let plain = self.key.as_ref().ok()?.unwrap(tenant, subject, wrapped).ok()?.open(row.audit_id, &row.sealed).ok()?;
                    serde_json::from_slice(&plain).ok()
                };
                opened().map_or(Opened::Unreadable, Opened::Details)
            }
            KeyRow { erased_at: Some(at), .. } => Opened::Erased(*at),
            KeyRow { .. } => Opened::Unreadable,
        }
    }

    /// Writes down, outside the database, that a subject is to be erased. Durable when it returns.
    fn list(&self, tenant: TenantId, subject: Subject, at: OffsetDateTime) -> io::Result<()> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let dir = dir.join(tenant.to_string());
        fs::create_dir_all(&dir)?;
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(dir.join(LIST))?;
        // A line that a crash cut off stays one by itself.
        let mut last = [0];
        let torn = file.seek(io::SeekFrom::End(-1)).is_ok() && file.read(&mut last)? == 1 && last != *b"\n";
        let line = format!("{}{} {subject}\n", if torn { "\n" } else { "" }, at.format(&Rfc3339).unwrap_or_default());
        file.write_all(line.as_bytes())?;
        file.sync_all()?;
        fs::File::open(&dir)?.sync_all()
    }

    /// Everybody on an organisation's list.
    fn listed(&self, tenant: TenantId) -> io::Result<Vec<Subject>> {
        let Some(dir) = &self.dir else { return Ok(Vec::new()) };
        match fs::read_to_string(list_of(dir, tenant)) {
            Ok(text) => Ok(text.lines().filter_map(|line| line.split_once(' ')?.1.parse().ok()).collect()),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(err) => Err(err),
        }
    }
}

fn list_of(dir: &Path, tenant: TenantId) -> PathBuf {
    dir.join(tenant.to_string()).join(LIST)
}

pub(crate) fn unsealed(err: SealError) -> StoreError {
    match err {
        SealError::Chance => StoreError::Outside(err.to_string()),
        SealError::Other => StoreError::Outside("the data key is not the one that the keys here were made with; restore it from a backup".to_owned()),
    }
}

/// What became of the personal details of these entries. Entries without any are not among them.
pub async fn opened(tx: &mut Tx, office: &Office, entries: &[AuditId]) -> Result<HashMap<AuditId, Opened>, StoreError> {
    let tenant = tx.actor().tenant;
    let rows = audit_personal::of_entries(tx, entries).await?;
    Ok(rows.iter().map(|row| (row.audit_id, office.personal.open(tenant, row))).collect())
}

/// Erases all personal details of a subject from the audit log: of a contact those of all records that were merged into one with it, whichever
/// of them is named. False when all were erased before.
///
/// What is kept elsewhere, a contact's record for example, is not touched.
pub async fn erase(tx: &mut Tx, office: &Office, subject: Subject) -> Result<bool, OfficeError> {
    if !tx.actor().may(Permission::AuditErase) {
        return Err(OfficeError::Denied("only an owner may erase personal details".to_owned()));
    }
    let mut subjects = vec![subject];
    if let Subject::Contact(contact) = subject {
        let others = steward_store::contact_merge::one_person(tx, contact).await?.into_iter().filter(|other| *other != contact);
        subjects.extend(others.map(Subject::Contact));
    }
    let mut keys = Vec::with_capacity(subjects.len());
    for subject in &subjects {
        keys.extend(audit_personal::find_key(tx, &subject.to_string()).await?);
    }
    if keys.is_empty() {
        return Err(OfficeError::Missing("personal details"));
    }
    if keys.iter().all(|key| key.wrapped.is_none()) {
        return Ok(false);
    }
    // First outside: should the database be lost after this, the one that is restored is erased again.
    for subject in subjects.iter().copied() {
        let listed = office.personal.list(tx.actor().tenant, subject, office.clock.now());
        listed.map_err(|err| OfficeError::Store(StoreError::Outside(format!("the list of erased subjects cannot be written: {err}"))))?;
    }
    for subject in subjects {
        erase_now(tx, office, subject, "personal.erase").await?;
    }
    Ok(true)
}

async fn erase_now(tx: &mut Tx, office: &Office, subject: Subject, action: &str) -> Result<bool, OfficeError> {
    if !audit_personal::erase_key(tx, &subject.to_string(), office.clock.now()).await? {
        return Ok(false);
    }
    record(tx, office, Entry { action, object: subject.to_string(), outcome: "done", detail: json!({}), request_id: None }).await?;
    Ok(true)
}

/// Erases whoever stands on the list of erased subjects and has a key nevertheless: the database is an older one. Returns how many.
pub async fn erase_again(tx: &mut Tx, office: &Office) -> Result<u64, OfficeError> {
    let listed = office.personal.listed(tx.actor().tenant);
    let listed = listed.map_err(|err| OfficeError::Store(StoreError::Outside(format!("the list of erased subjects cannot be read: {err}"))))?;
    let mut erased = 0;
    for subject in listed {
        erased += u64::from(erase_now(tx, office, subject, "personal.erase_again").await?);
    }
    Ok(erased)
}
