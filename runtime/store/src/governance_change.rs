//! Changes of what governs: proposals, what was decided on them, and what is in force. Nothing here checks a seal.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::{Store, Tx};
use steward_core::{AuditId, GovernanceChangeId, PersonId, RunId, TenantId};
use time::OffsetDateTime;

/// A change as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its id.
    pub governance_change_id: GovernanceChangeId,
    /// What is changed: policy, prompt_label, tool, grant.
    pub kind: String,
    /// Which one of its kind; versions count within it.
    pub subject: String,
    /// What is proposed, as canonical JSON.
    pub content: String,
    /// Its SHA-256.
    pub content_digest: Vec<u8>,
    /// Names what was in force when it was proposed.
    pub base_digest: Vec<u8>,
    /// The version in force then; 0 where nothing had been approved yet.
    pub base_version: i32,
    /// What the checks found, as JSON.
    pub report: String,
    /// Whether it passed all that must be passed.
    pub sound: bool,
    /// Who proposed it, or for whom the agent acted that did.
    pub proposed_by: PersonId,
    /// The agent that proposed it.
    pub agent: Option<String>,
    /// In which run.
    pub run: Option<RunId>,
    /// When.
    pub proposed_at: OffsetDateTime,
    /// The entry of the audit log that says so, with the reason.
    pub proposed_audit: AuditId,
    /// The keyed digest over all of the above.
    pub seal: Vec<u8>,
    /// proposed, approved, rejected, withdrawn.
    pub state: String,
    /// The version it came in force as.
    pub version: Option<i32>,
    /// Who decided.
    pub decided_by: Option<PersonId>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// The entry of the audit log that says so, with the reason.
    pub decided_audit: Option<AuditId>,
    /// The keyed digest over an approval.
    pub decided_seal: Option<Vec<u8>>,
}

macro_rules! row {
    ($row:expr) => {
        ChangeRow {
            governance_change_id: GovernanceChangeId::from_uuid($row.governance_change_id),
            kind: $row.kind,
            subject: $row.subject,
            content: $row.content,
            content_digest: $row.content_digest,
            base_digest: $row.base_digest,
            base_version: $row.base_version,
            report: $row.report,
            sound: $row.sound,
            proposed_by: PersonId::from_uuid($row.proposed_by),
            agent: $row.agent,
            run: $row.run_id.map(RunId::from_uuid),
            proposed_at: $row.proposed_at,
            proposed_audit: AuditId::from_uuid($row.proposed_audit_id),
            seal: $row.seal,
            state: $row.state,
            version: $row.version,
            decided_by: $row.decided_by.map(PersonId::from_uuid),
            decided_at: $row.decided_at,
            decided_audit: $row.decided_audit_id.map(AuditId::from_uuid),
            decided_seal: $row.decided_seal,
        }
    };
}

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// approved, rejected, withdrawn.
    pub state: &'static str,
    /// The version it comes in force as, of an approval.
    pub version: Option<i32>,
    /// Who.
    pub by: PersonId,
    /// When.
    pub at: OffsetDateTime,
    /// The entry of the audit log that says so.
    pub audit: AuditId,
    /// The keyed digest over an approval.
    pub seal: Option<Vec<u8>>,
}

/// Writes a proposal.
pub async fn insert(tx: &mut Tx, row: &ChangeRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into governance_change (tenant_id, governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound,
                                        proposed_by, agent, run_id, proposed_at, proposed_audit_id, seal, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'proposed')",
        tenant,
        row.governance_change_id.uuid(),
        row.kind,
        row.subject,
        row.content,
        row.content_digest,
        row.base_digest,
        row.base_version,
        row.report,
        row.sound,
        row.proposed_by.uuid(),
        row.agent,
        row.run.map(RunId::uuid),
        row.proposed_at,
        row.proposed_audit.uuid(),
        row.seal,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One change.
pub async fn find(tx: &mut Tx, id: GovernanceChangeId) -> Result<Option<ChangeRow>, StoreError> {
    let row = sqlx::query!(
        "select governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by, agent, run_id,
                proposed_at, proposed_audit_id, seal, state, version, decided_by, decided_at, decided_audit_id, decided_seal
           from governance_change where governance_change_id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// The same, locked until the transaction ends: of two who decide at once the second sees what the first said.
pub async fn lock(tx: &mut Tx, id: GovernanceChangeId) -> Result<Option<ChangeRow>, StoreError> {
    let row = sqlx::query!(
        "select governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by, agent, run_id,
                proposed_at, proposed_audit_id, seal, state, version, decided_by, decided_at, decided_audit_id, decided_seal
           from governance_change where governance_change_id = $1 for update",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// Changes of one kind or all, newest first, in one state or all. Content and report, which may be long, are left out.
pub async fn list(tx: &mut Tx, kind: Option<&str>, state: Option<&str>, page: &Page) -> Result<Vec<ChangeRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select governance_change_id, kind, subject, '' as "content!", content_digest, base_digest, base_version, '' as "report!", sound, proposed_by, agent,
                  run_id, proposed_at, proposed_audit_id, seal, state, version, decided_by, decided_at, decided_audit_id, decided_seal
             from governance_change where ($1::text is null or kind = $1) and ($2::text is null or state = $2) and ($3::uuid is null or governance_change_id < $3)
            order by governance_change_id desc limit $4"#,
        kind,
        state,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// What was proposed in a run, oldest first.
pub async fn of_run(tx: &mut Tx, run: RunId) -> Result<Vec<ChangeRow>, StoreError> {
    let rows = sqlx::query!(
        "select governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by, agent, run_id,
                proposed_at, proposed_audit_id, seal, state, version, decided_by, decided_at, decided_audit_id, decided_seal
           from governance_change where run_id = $1 order by governance_change_id",
        run.uuid()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// The newest approved change of a subject: what is in force.
pub async fn in_force(tx: &mut Tx, kind: &str, subject: &str) -> Result<Option<ChangeRow>, StoreError> {
    let row = sqlx::query!(
        "select governance_change_id, kind, subject, content, content_digest, base_digest, base_version, report, sound, proposed_by, agent, run_id,
                proposed_at, proposed_audit_id, seal, state, version, decided_by, decided_at, decided_audit_id, decided_seal
           from governance_change where kind = $1 and subject = $2 and state = 'approved' order by version desc limit 1",
        kind,
        subject,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// Subjects of one kind of which something was ever approved, sorted.
pub async fn subjects(tx: &mut Tx, kind: &str) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query_scalar!("select distinct subject from governance_change where kind = $1 and state = 'approved' order by subject", kind);
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The version of a subject that is in force; 0 where nothing was ever approved.
pub async fn version(tx: &mut Tx, kind: &str, subject: &str) -> Result<i32, StoreError> {
    let newest = sqlx::query_scalar!("select max(version) from governance_change where kind = $1 and subject = $2", kind, subject).fetch_one(tx.conn()).await?;
    Ok(newest.unwrap_or(0))
}

/// Decides on a proposal. Refused with `STW13` when another change came in force meanwhile.
pub async fn decide(tx: &mut Tx, id: GovernanceChangeId, decided: &Decided) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update governance_change set state = $2, version = $3, decided_by = $4, decided_at = $5, decided_audit_id = $6, decided_seal = $7
          where governance_change_id = $1 and state = 'proposed'",
        id.uuid(),
        decided.state,
        decided.version,
        decided.by.uuid(),
        decided.at,
        decided.audit.uuid(),
        decided.seal,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What is in force somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// In which organisation.
    pub tenant: TenantId,
    /// Which change.
    pub change: GovernanceChangeId,
    /// Of what.
    pub subject: String,
    /// Its version.
    pub version: i32,
}

impl Store {
    /// What is in force of one kind, in every organisation that ever approved a change.
    pub async fn changes_in_force(&self, kind: &str) -> Result<Vec<InForce>, StoreError> {
        let rows = sqlx::query!(
            r#"select tenant_id as "tenant_id!", governance_change_id as "governance_change_id!", subject as "subject!", version as "version!"
                 from changes_in_force($1)"#,
            kind
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| InForce {
                tenant: TenantId::from_uuid(row.tenant_id),
                change: GovernanceChangeId::from_uuid(row.governance_change_id),
                subject: row.subject,
                version: row.version,
            })
            .collect())
    }
}
