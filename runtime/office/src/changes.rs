//! Changes of what governs: one person proposes, another approves, and what is in force is the newest that was approved.
//!
//! What is proposed never changes: it is stored with its digest and with what the checks found, and sealed with a key outside the database.
//! Nobody approves their own, nor what did not pass its checks, nor what was made for a base that is no longer in force; the database
//! refuses these too, whoever writes. An approval is said anew by who gives it: with a second factor for this very change where they have
//! one, else with their password.

mod seal;

pub use seal::{is_approved, is_sealed};

use crate::Office;
use crate::audit::personal::{Opened, opened};
use crate::audit::{self, Entry, seal::Subject};
use crate::error::OfficeError;
use crate::people::{Proven, confirm};
use serde_json::{Value, json};
use std::collections::HashMap;
use steward_core::id::Id as _;
use steward_core::{ActorKind, AuditId, Digest, EnvelopeKey, GovernanceChangeId, Permission, PersonId, RunId, TenantId};
use steward_store::audit::RecordPlace;
use steward_store::governance_change::{self, ChangeRow, Decided};
use steward_store::{Page, Store, StoreError, Tx, membership};

/// The longest reason a person may give, in bytes.
const REASON_BYTES_MAX: usize = 2000;
/// The longest content of a change, in bytes.
const CONTENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most changes that one run proposes.
const PROPOSALS_OF_RUN_MAX: usize = 3;

/// The purpose of the digest by which the log names what is proposed where that may name people.
const IN_LOG: &str = "change-in-log/v1";

/// The subject of changes of rules: an organisation has one set.
pub const POLICY: &str = "rules";

/// The states a change can be in.
pub const STATES: [&str; 4] = ["proposed", "approved", "rejected", "withdrawn"];

/// What a change is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The rules of the organisation.
    Policy,
    /// The version of a prompt that a label points to.
    PromptLabel,
    /// A standing grant that an agent asks for.
    Grant,
    /// The tools that are accepted of a server.
    Tool,
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Policy, Self::PromptLabel, Self::Grant, Self::Tool];

    /// The kind of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of a stored change.
    pub fn of(row: &ChangeRow) -> Result<Self, StoreError> {
        Self::of_name(&row.kind).ok_or(StoreError::Corrupt { what: "governance_change.kind" })
    }

    /// The stored form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::PromptLabel => "prompt_label",
            Self::Grant => "grant",
            Self::Tool => "tool",
        }
    }

    /// The digest by which the log names what is proposed. The ranges of a grant may name people and accounts: of them it is keyed, so that nobody who
    /// has the log can try out whom.
    fn in_log(self, key: &EnvelopeKey, content: Digest) -> Digest {
        match self {
            Self::Grant => key.seal_bytes(IN_LOG, content.bytes()),
            Self::Policy | Self::PromptLabel | Self::Tool => content,
        }
    }

    /// What to do when a proposal was made for a base that is no longer in force.
    const fn anew(self) -> &'static str {
        match self {
            Self::Policy => {
                "the rules in force are not those this was proposed for: fetch them with `steward policy export DIR`, make the change there, and propose it anew"
            }
            Self::PromptLabel => {
                "the label points elsewhere than when this was proposed: look at the difference again with `steward prompt list`, and propose it anew"
            }
            Self::Grant => "the tool is not as it was when this was proposed: give a grant for it as it is, or have the agent propose it anew",
            Self::Tool => {
                "other tools of this server are accepted than when this was proposed: look at the difference again with `steward plugin accept SERVER --look`, and propose it anew"
            }
        }
    }
}

/// A change as it is proposed.
#[derive(Debug, Clone)]
pub struct Proposal<'a> {
    /// Of what.
    pub kind: ChangeKind,
    /// Which one of its kind.
    pub subject: &'a str,
    /// What is proposed, as canonical JSON.
    pub content: String,
    /// Names what is in force now.
    pub base: Digest,
    /// What the checks found, as JSON.
    pub report: String,
    /// Whether it passed all that must be passed.
    pub is_sound: bool,
    /// Why.
    pub reason: &'a str,
}

/// Proposes a change. Nothing is in force by it.
pub async fn propose(tx: &mut Tx, office: &Office, new: Proposal<'_>) -> Result<ChangeRow, OfficeError> {
    let person = speaker(tx, Permission::ChangesPropose)?;
    write(tx, office, person, None, new).await
}

/// Whether somebody else in this organisation could approve what its person proposes.
pub async fn somebody_else_decides(tx: &mut Tx) -> Result<bool, OfficeError> {
    let Some(person) = tx.actor().person else { return Ok(true) };
    Ok(membership::has_other_owner(tx, person).await?)
}

/// The version of the newest approved change of a subject; 0 where nothing was ever approved.
pub async fn newest_version(tx: &mut Tx, kind: ChangeKind, subject: &str) -> Result<i32, OfficeError> {
    Ok(governance_change::version(tx, kind.name(), subject).await?)
}

/// The change of a subject that was approved last as the log says it, and as which version. The log is signed and the rows of changes are not: where
/// it knows of a later one than they do, some of them were taken away or set back. Read it before the rows, which may then only be newer.
pub async fn last_on_record(tx: &mut Tx, kind: ChangeKind, subject: &str) -> Result<Option<(GovernanceChangeId, i32)>, StoreError> {
    let mut last = None::<(RecordPlace, GovernanceChangeId, i32)>;
    for (place, canon) in steward_store::audit::placed_of_kind(tx, "change.approve", GovernanceChangeId::PREFIX).await? {
        let said: Value = serde_json::from_slice(&canon).unwrap_or_default();
        let text = |name: &str| said.pointer(name).and_then(Value::as_str);
        if text("/detail/kind") != Some(kind.name()) || text("/detail/subject") != Some(subject) {
            continue;
        }
        let version = said.pointer("/detail/version").and_then(Value::as_i64).and_then(|version| i32::try_from(version).ok());
        // By the order of the record: a clock may go backwards.
        if let (Some(change), Some(version)) = (text("/object").and_then(|object| object.parse().ok()), version)
            && last.is_none_or(|(before, ..)| before < place)
        {
            last = Some((place, change, version));
        }
    }
    Ok(last.map(|(_, change, version)| (change, version)))
}

/// Whether a row is of before what the log says was approved last.
pub fn is_set_back(row: &ChangeRow, on_record: Option<(GovernanceChangeId, i32)>) -> bool {
    let version = row.version.unwrap_or_default();
    on_record.is_some_and(|(change, last)| version < last || version == last && row.governance_change_id != change)
}

/// Whether this is the organisation of whoever runs the installation: what all organisations share is decided in it alone.
pub async fn is_operators(store: &Store, tenant: TenantId) -> Result<bool, OfficeError> {
    Ok(store.all_tenants().await?.first().is_some_and(|first| first.tenant == tenant))
}

/// Proposes what an agent asks for, in its run. Whom it acts for counts as who proposed it, and leaves the approval to others.
pub(crate) async fn propose_as_agent(tx: &mut Tx, office: &Office, new: Proposal<'_>) -> Result<ChangeRow, OfficeError> {
    let (person, run, agent) = match (&tx.actor().kind, tx.actor().person) {
        (ActorKind::Agent { run, agent }, Some(person)) => (person, *run, agent.clone()),
        _ => return Err(OfficeError::Denied("only an agent in a run proposes in this way".to_owned())),
    };
    let before = governance_change::of_run(tx, run).await?;
    let digest = Digest::of(new.content.as_bytes());
    // The same call once more, after a crash for example, is the same proposal.
    if let Some(same) = before.iter().find(|row| row.content_digest == digest.bytes()) {
        return Ok(same.clone());
    }
    if before.len() >= PROPOSALS_OF_RUN_MAX {
        return Err(OfficeError::Denied(format!("a run proposes at most {PROPOSALS_OF_RUN_MAX} changes")));
    }
    write(tx, office, person, Some((run, agent)), new).await
}

async fn write(tx: &mut Tx, office: &Office, person: PersonId, by: Option<(RunId, String)>, new: Proposal<'_>) -> Result<ChangeRow, OfficeError> {
    let reason = words(new.reason)?.ok_or_else(|| OfficeError::Invalid("say why: whoever decides on it reads that first".to_owned()))?;
    if new.content.len() > CONTENT_BYTES_MAX {
        return Err(OfficeError::Invalid(format!("a change has at most {CONTENT_BYTES_MAX} bytes")));
    }
    let key = key(office)?;
    let id: GovernanceChangeId = office.ids.make();
    let (run, agent) = by.unzip();
    let base_version = governance_change::version(tx, new.kind.name(), new.subject).await?;
    let digest = Digest::of(new.content.as_bytes());
    let detail = json!({
        "kind": new.kind.name(), "subject": new.subject, "content_digest": new.kind.in_log(key, digest), "base_digest": new.base,
        "base_version": base_version, "sound": new.is_sound, "run": run, "agent": agent,
    });
    let entry = Entry { action: "change.propose", object: id.to_string(), outcome: "done", detail, request_id: None };
    let audit = audit::record_about(tx, office, entry, Subject::Person(person), &json!({ "reason": reason })).await?;
    let mut row = ChangeRow {
        governance_change_id: id,
        kind: new.kind.name().to_owned(),
        subject: new.subject.to_owned(),
        content: new.content,
        content_digest: digest.bytes().to_vec(),
        base_digest: new.base.bytes().to_vec(),
        base_version,
        report: new.report,
        sound: new.is_sound,
        proposed_by: person,
        agent,
        run,
        proposed_at: office.clock.now(),
        proposed_audit: audit,
        seal: Vec::new(),
        state: "proposed".to_owned(),
        version: None,
        decided_by: None,
        decided_at: None,
        decided_audit: None,
        decided_seal: None,
    };
    row.seal = seal::of_proposal(key, tx.actor().tenant, &row)?;
    governance_change::insert(tx, &row).await?;
    Ok(row)
}

/// Changes of one kind or all, newest first, in one state or all; without what is proposed in them and what the checks found.
pub async fn list(tx: &mut Tx, kind: Option<ChangeKind>, state: Option<&str>, page: &Page) -> Result<Vec<ChangeRow>, OfficeError> {
    if !tx.actor().may(Permission::GovernanceRead) {
        return Err(OfficeError::Denied("you may not see what governs".to_owned()));
    }
    Ok(governance_change::list(tx, kind.map(ChangeKind::name), state, page).await?)
}

/// One change.
pub async fn get(tx: &mut Tx, id: GovernanceChangeId) -> Result<ChangeRow, OfficeError> {
    if !tx.actor().may(Permission::GovernanceRead) {
        return Err(OfficeError::Missing("change"));
    }
    governance_change::find(tx, id).await?.ok_or(OfficeError::Missing("change"))
}

/// The reasons people gave, by the entries of the log that hold them; whose details were erased has none.
pub async fn reasons(tx: &mut Tx, office: &Office, rows: &[ChangeRow]) -> Result<HashMap<AuditId, String>, OfficeError> {
    let entries: Vec<AuditId> = rows.iter().flat_map(|row| std::iter::once(row.proposed_audit).chain(row.decided_audit)).collect();
    let found = opened(tx, office, &entries).await?;
    let reason = |details: Opened| match details {
        Opened::Details(details) => details.get("reason").and_then(|reason| reason.as_str().map(str::to_owned)),
        Opened::Erased(_) | Opened::Unreadable => None,
    };
    Ok(found.into_iter().filter_map(|(id, details)| Some((id, reason(details)?))).collect())
}

/// What a person says yes to.
#[derive(Debug, Clone, Copy)]
pub struct Approval<'a> {
    /// The digest of the content they were shown.
    pub content_digest: Digest,
    /// What is in force now.
    pub live: Digest,
    /// Why, if they say.
    pub reason: &'a str,
}

/// Approves a change, which is in force with the commit. `password` is a proof given at the terminal just now; a session remembers its own.
pub async fn approve(tx: &mut Tx, office: &Office, id: GovernanceChangeId, said: Approval<'_>, password: Option<Proven>) -> Result<ChangeRow, OfficeError> {
    let person = speaker(tx, Permission::ChangesDecide)?;
    let key = key(office)?;
    let reason = words(said.reason)?;
    let mut row = open(tx, id).await?;
    let kind = ChangeKind::of(&row)?;
    if row.content_digest != said.content_digest.bytes() {
        return Err(OfficeError::Conflict("what is proposed is not what you were shown; look at it again and decide on that".to_owned()));
    }
    if !is_sealed(key, tx.actor().tenant, &row)? {
        return Err(OfficeError::Conflict(
            "this proposal was changed in the database after it was sealed, so it cannot be approved; reject it, and look for who can write there".to_owned(),
        ));
    }
    if row.proposed_by == person {
        return Err(OfficeError::Denied("who proposed a change leaves the approval to somebody else; ask another owner".to_owned()));
    }
    if !row.sound {
        return Err(OfficeError::Conflict(
            "it did not pass its checks, so it cannot be approved: its report says which property, case or rule; propose it anew when that is mended"
                .to_owned(),
        ));
    }
    let newest = governance_change::version(tx, kind.name(), &row.subject).await?;
    if row.base_digest != said.live.bytes() || row.base_version != newest {
        return Err(OfficeError::Conflict(format!("this proposal is stale; {}", kind.anew())));
    }
    confirm(tx, office, &step_up_for(&row), password).await?;
    let version = newest.saturating_add(1);
    let detail = json!({
        "kind": kind.name(), "subject": row.subject, "content_digest": kind.in_log(key, said.content_digest), "version": version,
        "proposed_by": row.proposed_by,
    });
    let audit = note(tx, office, "change.approve", &row, person, detail, reason).await?;
    row.state = "approved".to_owned();
    row.version = Some(version);
    row.decided_by = Some(person);
    let at = office.clock.now();
    row.decided_at = Some(at);
    row.decided_audit = Some(audit);
    let seal = seal::of_approval(key, tx.actor().tenant, &row)?;
    row.decided_seal = Some(seal.clone());
    let decided = Decided { state: "approved", version: Some(version), by: person, at, audit, seal: Some(seal) };
    match governance_change::decide(tx, id, &decided).await {
        Ok(true) => Ok(row),
        // Whoever was a moment faster with another proposal on the same base came first.
        Err(err) if is_stale(&err) => Err(OfficeError::Conflict(format!("this proposal is stale; {}", kind.anew()))),
        Ok(false) => Err(OfficeError::Conflict("somebody else decided first".to_owned())),
        Err(err) => Err(err.into()),
    }
}

/// What a second factor is given for before this change is approved: its seal binds all that was proposed, and who is asked is shown that.
pub fn step_up_for(row: &ChangeRow) -> String {
    format!("change:{}", Digest::of(&row.seal))
}

fn is_stale(err: &StoreError) -> bool {
    matches!(err, StoreError::Conflict { .. }) || matches!(err, StoreError::Refused { code, .. } if code == "STW13")
}

/// Refuses a change that somebody else proposed.
pub async fn reject(tx: &mut Tx, office: &Office, id: GovernanceChangeId, reason: &str) -> Result<ChangeRow, OfficeError> {
    let person = speaker(tx, Permission::ChangesDecide)?;
    let reason = words(reason)?;
    let row = open(tx, id).await?;
    if row.proposed_by == person {
        return Err(OfficeError::Denied("you proposed this yourself: withdraw it".to_owned()));
    }
    close(tx, office, row, person, ("rejected", "change.reject"), reason).await
}

/// Takes one's own proposal back.
pub async fn withdraw(tx: &mut Tx, office: &Office, id: GovernanceChangeId) -> Result<ChangeRow, OfficeError> {
    let person = speaker(tx, Permission::ChangesPropose)?;
    let row = open(tx, id).await?;
    if row.proposed_by != person {
        return Err(OfficeError::Denied("only who proposed it may withdraw it; whoever decides on it may reject it".to_owned()));
    }
    close(tx, office, row, person, ("withdrawn", "change.withdraw"), None).await
}

async fn close(
    tx: &mut Tx,
    office: &Office,
    mut row: ChangeRow,
    person: PersonId,
    (state, action): (&'static str, &'static str),
    reason: Option<String>,
) -> Result<ChangeRow, OfficeError> {
    let detail = json!({ "kind": row.kind, "subject": row.subject, "proposed_by": row.proposed_by });
    let audit = note(tx, office, action, &row, person, detail, reason).await?;
    let decided = Decided { state, version: None, by: person, at: office.clock.now(), audit, seal: None };
    if !governance_change::decide(tx, row.governance_change_id, &decided).await? {
        return Err(OfficeError::Conflict("somebody else decided first".to_owned()));
    }
    row.state = state.to_owned();
    row.decided_by = Some(person);
    row.decided_at = Some(decided.at);
    row.decided_audit = Some(audit);
    Ok(row)
}

async fn note(
    tx: &mut Tx,
    office: &Office,
    action: &str,
    row: &ChangeRow,
    person: PersonId,
    detail: Value,
    reason: Option<String>,
) -> Result<AuditId, OfficeError> {
    let entry = Entry { action, object: row.governance_change_id.to_string(), outcome: "done", detail, request_id: None };
    let details = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    Ok(audit::record_about(tx, office, entry, Subject::Person(person), &details).await?)
}

/// The proposal, locked, and still one.
async fn open(tx: &mut Tx, id: GovernanceChangeId) -> Result<ChangeRow, OfficeError> {
    let row = governance_change::lock(tx, id).await?.ok_or(OfficeError::Missing("change"))?;
    if row.state != "proposed" {
        return Err(OfficeError::Conflict(format!("this change is already {}", row.state)));
    }
    Ok(row)
}

/// Who speaks: a person in a session or at the terminal, with the right to.
fn speaker(tx: &Tx, permission: Permission) -> Result<PersonId, OfficeError> {
    let actor = tx.actor();
    match (&actor.kind, actor.person) {
        (ActorKind::Person { .. }, Some(person)) if actor.may(permission) => Ok(person),
        _ => Err(OfficeError::Denied("changing what governs is for people whose role allows it; no token and no agent does".to_owned())),
    }
}

fn key(office: &Office) -> Result<&EnvelopeKey, OfficeError> {
    office.key.as_ref().ok_or_else(|| {
        OfficeError::Conflict("without the envelope key nothing can be proposed or approved; give this command the key that the server has".to_owned())
    })
}

/// Words of a person; none when there are none.
fn words(text: &str) -> Result<Option<String>, OfficeError> {
    let text = text.trim();
    if text.len() > REASON_BYTES_MAX || text.contains('\0') {
        return Err(OfficeError::Invalid(format!("a reason has at most {REASON_BYTES_MAX} bytes and no NUL")));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
