//! Runs that wait because a budget has no room, and what people said of it. The database itself knows the legal moves.

use crate::error::StoreError;
use crate::page::Page;
use crate::tx::{Store, Tx, workspaces};
use steward_core::{Actor, AuditId, BudgetHoldId, Micros, PersonId, ReservationId, RunId, WorkspaceId};
use time::OffsetDateTime;

/// A waiting run as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetHoldRow {
    /// Its id.
    pub budget_hold_id: BudgetHoldId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Which run.
    pub run: RunId,
    /// For whom the agent acts.
    pub person: PersonId,
    /// The agent.
    pub agent: String,
    /// Before which step.
    pub step: u32,
    /// What the next answer may cost.
    pub need: Micros,
    /// What the run had cost by then.
    pub cost: Micros,
    /// Whether it is the run's own limit rather than a budget's.
    pub of_run: bool,
    /// Which limit has no room, in words.
    pub why: String,
    /// held, allowed, refused, expired, cancelled.
    pub state: String,
    /// By how much the run may go on.
    pub allowed: Option<Micros>,
    /// Until when, if not for as long as it lasts.
    pub allowed_until: Option<OffsetDateTime>,
    /// Whether somebody without the role for it let the run go on.
    pub broke_glass: bool,
    /// Who decided.
    pub decided_by: Option<PersonId>,
    /// When.
    pub decided_at: Option<OffsetDateTime>,
    /// In which words; of a broken glass they are sealed beside an entry of the log.
    pub reason: Option<String>,
    /// Which entry.
    pub decided_audit: Option<AuditId>,
    /// What a review found: justified, not_justified.
    pub review: Option<String>,
    /// Who reviewed.
    pub reviewed_by: Option<PersonId>,
    /// When.
    pub reviewed_at: Option<OffsetDateTime>,
    /// Since when.
    pub held_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

/// What a person said.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    /// allowed, refused, expired, cancelled.
    pub state: &'a str,
    /// By how much the run may go on.
    pub allowed: Option<Micros>,
    /// Until when.
    pub until: Option<OffsetDateTime>,
    /// Without the role for it.
    pub broke_glass: bool,
    /// Who; none when nobody did.
    pub by: Option<PersonId>,
    /// In which words; none where they are sealed beside an entry of the log.
    pub reason: Option<&'a str>,
    /// Which entry.
    pub audit: Option<AuditId>,
    /// When.
    pub at: OffsetDateTime,
}

macro_rules! row {
    ($row:expr) => {
        BudgetHoldRow {
            budget_hold_id: BudgetHoldId::from_uuid($row.budget_hold_id),
            workspace: WorkspaceId::from_uuid($row.workspace_id),
            run: RunId::from_uuid($row.run_id),
            person: PersonId::from_uuid($row.person_id),
            agent: $row.agent,
            step: u32::try_from($row.step).unwrap_or(0),
            need: Micros($row.need_micros),
            cost: Micros($row.cost_micros),
            of_run: $row.of_run,
            why: $row.why,
            state: $row.state,
            allowed: $row.allowed_micros.map(Micros),
            allowed_until: $row.allowed_until,
            broke_glass: $row.broke_glass,
            decided_by: $row.decided_by.map(PersonId::from_uuid),
            decided_at: $row.decided_at,
            reason: $row.reason,
            decided_audit: $row.decided_audit_id.map(AuditId::from_uuid),
            review: $row.review,
            reviewed_by: $row.reviewed_by.map(PersonId::from_uuid),
            reviewed_at: $row.reviewed_at,
            held_at: $row.held_at,
            expires_at: $row.expires_at,
        }
    };
}

/// Writes down that a run waits.
pub async fn insert(tx: &mut Tx, row: &BudgetHoldRow) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into budget_hold (tenant_id, budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, held_at,
                                  expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'held', $12, $13)",
        tenant,
        row.budget_hold_id.uuid(),
        row.workspace.uuid(),
        row.run.uuid(),
        row.person.uuid(),
        row.agent,
        i32::try_from(row.step).unwrap_or(i32::MAX),
        row.need.0,
        row.cost.0,
        row.of_run,
        row.why,
        row.held_at,
        row.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One of them.
pub async fn find(tx: &mut Tx, id: BudgetHoldId) -> Result<Option<BudgetHoldRow>, StoreError> {
    let row = sqlx::query!(
        "select budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, allowed_micros, allowed_until, broke_glass,
                decided_by, decided_at, reason, decided_audit_id, review, reviewed_by, reviewed_at, held_at, expires_at
           from budget_hold where budget_hold_id = $1",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// One of them, locked until the transaction ends: two people deciding at once come one after the other.
pub async fn lock(tx: &mut Tx, id: BudgetHoldId) -> Result<Option<BudgetHoldRow>, StoreError> {
    let row = sqlx::query!(
        "select budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, allowed_micros, allowed_until, broke_glass,
                decided_by, decided_at, reason, decided_audit_id, review, reviewed_by, reviewed_at, held_at, expires_at
           from budget_hold where budget_hold_id = $1 for update",
        id.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// The one that a run waits for, if it does.
pub async fn open_of_run(tx: &mut Tx, run: RunId) -> Result<Option<BudgetHoldRow>, StoreError> {
    let row = sqlx::query!(
        "select budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, allowed_micros, allowed_until, broke_glass,
                decided_by, decided_at, reason, decided_audit_id, review, reviewed_by, reviewed_at, held_at, expires_at
           from budget_hold where run_id = $1 and state = 'held'",
        run.uuid()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| row!(row)))
}

/// Waiting runs, oldest first, in one state or all; with `unreviewed`, only overrides that nobody looked at since.
pub async fn list(tx: &mut Tx, state: Option<&str>, unreviewed: bool, page: &Page) -> Result<Vec<BudgetHoldRow>, StoreError> {
    let rows = sqlx::query!(
        "select budget_hold_id, workspace_id, run_id, person_id, agent, step, need_micros, cost_micros, of_run, why, state, allowed_micros, allowed_until, broke_glass,
                decided_by, decided_at, reason, decided_audit_id, review, reviewed_by, reviewed_at, held_at, expires_at
           from budget_hold
          where ($1::text is null or state = $1) and (not $2 or (broke_glass and review is null)) and ($3::uuid is null or budget_hold_id > $3)
          order by budget_hold_id limit $4",
        state,
        unreviewed,
        page.after_uuid(),
        page.fetch(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| row!(row)).collect())
}

/// Those that nobody decided on in time.
pub async fn overdue(tx: &mut Tx, now: OffsetDateTime, most: i64) -> Result<Vec<BudgetHoldId>, StoreError> {
    let rows = sqlx::query_scalar!("select budget_hold_id from budget_hold where state = 'held' and expires_at <= $1 order by expires_at limit $2", now, most)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(BudgetHoldId::from_uuid).collect())
}

/// Whether every budget of these scopes has room for an amount. Spent money of a day or month that is over does not count.
pub async fn has_room(tx: &mut Tx, scopes: &[(&str, String)], amount: Micros, now: OffsetDateTime) -> Result<bool, StoreError> {
    let (kinds, names): (Vec<String>, Vec<String>) = scopes.iter().map(|(kind, name)| ((*kind).to_owned(), name.clone())).unzip();
    let room = sqlx::query_scalar!(
        r#"select not exists (
             select from budget join unnest($1::text[], $2::text[]) as wanted (scope, scope_id) using (scope, scope_id)
              where reserved_micros + $3::bigint + case
                      when period = 'day' and window_start < date_trunc('day', $4::timestamptz at time zone 'UTC') at time zone 'UTC' then 0
                      when period = 'month' and window_start < date_trunc('month', $4::timestamptz at time zone 'UTC') at time zone 'UTC' then 0
                      else spent_micros end > cap_micros) as "room!""#,
        &kinds,
        &names,
        amount.0,
        now,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(room)
}

/// Writes down what was said. False when it was no longer open: somebody else was first.
pub async fn say(tx: &mut Tx, id: BudgetHoldId, said: &Said<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update budget_hold
            set state = $2, allowed_micros = $3, allowed_until = $4, broke_glass = $5, decided_by = $6, reason = $7, decided_at = $8, decided_audit_id = $9
          where budget_hold_id = $1 and state = 'held'",
        id.uuid(),
        said.state,
        said.allowed.map(|amount| amount.0),
        said.until,
        said.broke_glass,
        said.by.map(PersonId::uuid),
        said.reason,
        said.at,
        said.audit.map(AuditId::uuid),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down what a review found.
pub async fn review(tx: &mut Tx, id: BudgetHoldId, found: &str, by: PersonId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update budget_hold set review = $2, reviewed_by = $3, reviewed_at = $4 where budget_hold_id = $1", id.uuid(), found, by.uuid(), at)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a person let through by breaking glass since a moment. Whoever asks at the same time waits.
pub async fn broken_since(tx: &mut Tx, person: PersonId, since: OffsetDateTime) -> Result<Micros, StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('steward broken glass ' || $1::uuid::text, 0))", person.uuid()).execute(tx.conn()).await?;
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(allowed_micros), 0)::bigint as "sum!" from budget_hold where broke_glass and decided_by = $1 and decided_at > $2"#,
        person.uuid(),
        since
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Micros(sum))
}

impl Store {
    /// Sets an amount aside in every budget that applies, whether it has room or not. Only for a run that a person allowed to go over.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    pub async fn reserve_over(
        &self,
        actor: &Actor,
        id: ReservationId,
        run: RunId,
        scopes: &[(&str, String)],
        amount: Micros,
        at: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let (kinds, names): (Vec<String>, Vec<String>) = scopes.iter().map(|(kind, name)| ((*kind).to_owned(), name.clone())).unzip();
        let mut line = self.lines.take().await?;
        let done = sqlx::query!(
            "select reserve_over($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            actor.tenant.uuid(),
            workspaces(actor),
            id.uuid(),
            run.uuid(),
            &kinds,
            &names,
            amount.0,
            at,
            expires_at,
        )
        .execute(&mut line.conn)
        .await;
        line.done(done)?;
        Ok(())
    }
}
