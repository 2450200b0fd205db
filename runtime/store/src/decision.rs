//! Verdicts of the gate: inserted before anything happens, listed for the action log.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::Tx;
use steward_core::{DecisionId, Digest, PersonId, RunId, WorkspaceId};
use time::OffsetDateTime;

/// One verdict, with all the gate saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its id.
    pub decision_id: DecisionId,
    /// Where.
    pub workspace: WorkspaceId,
    /// In which run.
    pub run: RunId,
    /// Which call, for example `call_2_0`.
    pub call_id: String,
    /// For whom the agent acted.
    pub person: PersonId,
    /// The agent.
    pub agent: String,
    /// The tool's name as the model wrote it.
    pub tool: String,
    /// The effect class; none for an unknown tool.
    pub effect: Option<String>,
    /// allow, hold, block.
    pub verdict: String,
    /// The class of a block.
    pub class: Option<String>,
    /// Rules that decided.
    pub rules: Vec<String>,
    /// For people.
    pub reason: String,
    /// The sealed proposal, if it became one.
    pub envelope_id: Option<Vec<u8>>,
    /// Digest of the rules.
    pub policy_digest: Digest,
    /// The arguments as JSON text.
    pub arguments: String,
    /// Where each argument came from, as JSON text.
    pub provenance: String,
    /// The facts, pins and digests the decision was made on, as JSON text.
    pub record: String,
    /// When.
    pub decided_at: OffsetDateTime,
}

macro_rules! row {
    ($row:expr) => {
        Ok(DecisionRow {
            decision_id: DecisionId::from_uuid($row.decision_id),
            workspace: WorkspaceId::from_uuid($row.workspace_id),
            run: RunId::from_uuid($row.run_id),
            call_id: $row.call_id,
            person: PersonId::from_uuid($row.person_id),
            agent: $row.agent,
            tool: $row.tool,
            effect: $row.effect,
            verdict: $row.verdict,
            class: $row.class,
            rules: $row.rules,
            reason: $row.reason,
            envelope_id: $row.envelope_id,
            policy_digest: Digest::from_bytes($row.policy_digest.try_into().map_err(|_| StoreError::Corrupt { what: "decision.policy_digest" })?),
            arguments: $row.arguments,
            provenance: $row.provenance,
            record: $row.record,
            decided_at: $row.decided_at,
        })
    };
}

/// Which verdicts to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// allow, hold, block.
    pub verdict: Option<String>,
    /// A tool's name, or a prefix ending in `*`.
    pub tool: Option<String>,
    /// One run only.
    pub run: Option<RunId>,
    /// Not before.
    pub from: Option<OffsetDateTime>,
    /// Before.
    pub to: Option<OffsetDateTime>,
    /// Words that must all stand in the tool's or the agent's name, the reason or the arguments; case does not matter.
    pub words: Vec<String>,
}

/// A text as it stands in a `like` pattern.
pub(crate) fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Verdicts, newest first.
pub async fn list(tx: &mut Tx, filter: &Filter, page: &Page) -> Result<Vec<DecisionRow>, StoreError> {
    // The star of a tool filter becomes a LIKE pattern; everything else in the name is taken as it is.
    let tool = filter.tool.as_ref().map(|tool| literal(tool).replace('*', "%"));
    let words: Vec<String> = filter.words.iter().map(|word| format!("%{}%", literal(&word.to_lowercase()))).collect();
    let rows = sqlx::query!(
        "select decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, class, rules, reason, envelope_id, policy_digest,
                arguments, provenance, record, decided_at
           from decision
          where ($1::text is null or verdict = $1) and ($2::text is null or tool like $2) and ($3::uuid is null or run_id = $3)
            and ($4::timestamptz is null or decided_at >= $4) and ($5::timestamptz is null or decided_at < $5)
            and ($6::uuid is null or decision_id < $6)
            and ($8::text[] = '{}' or lower(tool || ' ' || agent || ' ' || reason || ' ' || arguments) like all ($8))
          order by decision_id desc limit $7",
        filter.verdict,
        tool,
        filter.run.map(RunId::uuid),
        filter.from,
        filter.to,
        page.after_uuid(),
        page.fetch(),
        &words,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row!(row)).collect()
}

/// The verdicts of these ids that are there, in no order.
pub async fn of_ids(tx: &mut Tx, ids: &[DecisionId]) -> Result<Vec<DecisionRow>, StoreError> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "select decision_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, verdict, class, rules, reason, envelope_id, policy_digest,
                arguments, provenance, record, decided_at
           from decision where decision_id = any ($1)",
        &ids,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row!(row)).collect()
}

/// Ids of verdicts after one, smallest first.
pub async fn ids_after(tx: &mut Tx, after: DecisionId, most: i64) -> Result<Vec<DecisionId>, StoreError> {
    let rows = sqlx::query_scalar!("select decision_id from decision where decision_id > $1 order by decision_id limit $2", after.uuid(), most)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(DecisionId::from_uuid).collect())
}
