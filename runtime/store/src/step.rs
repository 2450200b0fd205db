//! The hot path of a run: taken up, set aside, written, each as one transaction in one round trip.
//!
//! The statements stand in the migration, as functions that run with the caller's rights and make the actor's row-security
//! settings before anything else.

use crate::audit::AuditRow;
use crate::audit_log;
use crate::audit_writer::Lane;
use crate::conversation::{Message, stored_readers};
use crate::counter::{CounterAdd, CounterCheck};
use crate::decision::DecisionRow;
use crate::doors::Leased;
use crate::error::StoreError;
use crate::hold::HoldRow;
use crate::journal;
use crate::membership::Membership;
use crate::run::RunStatus;
use crate::tx::{Store, workspaces};
use serde_json::{Value, json};
use std::fmt::Write as _;
use steward_core::event::Recorded;
use steward_core::limits::SUB_RUNS_MAX;
use steward_core::{Actor, CallId, Event, Micros, PersonId, ReservationId, Role, RunId, TenantId, WorkspaceId};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A leased run with all that driving it needs.
#[derive(Debug)]
pub struct TakenUp {
    /// Where it works.
    pub workspace: WorkspaceId,
    /// The agent.
    pub agent: String,
    /// Whether somebody asked it to stop.
    pub cancelled: bool,
    /// Whether the person it acts for may still be acted for.
    pub active: bool,
    /// Which roles that person has, and where.
    pub memberships: Vec<Membership>,
    /// Its journal.
    pub events: Vec<Recorded>,
}

/// What whoever drives a run hears with what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: it goes on.
    Nothing,
    /// Somebody asked the run to stop.
    Stop,
    /// What its person may do has changed since it was leased: it is to be taken up anew.
    RolesChanged,
}

impl Heard {
    /// As the database says it: whether somebody asked the run to stop, and neither yes nor no where it is to be taken up anew.
    pub(crate) const fn of(cancelled: Option<bool>) -> Self {
        match cancelled {
            Some(true) => Self::Stop,
            Some(false) => Self::Nothing,
            None => Self::RolesChanged,
        }
    }
}

/// A held action that moves from one state to another.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    /// The call it belongs to.
    pub call: CallId,
    /// The state it must be in.
    pub from: &'static str,
    /// The state it goes to; `claimed` must succeed.
    pub to: &'static str,
}

/// An amount to be set aside for a run in every budget that applies.
#[derive(Debug, Clone)]
pub struct Reserve {
    /// Its id.
    pub id: ReservationId,
    /// What the budgets are named by: kind and name.
    pub scopes: [(&'static str, String); 4],
    /// How much.
    pub amount: Micros,
    /// When it lapses, should the run's worker die.
    pub expires_at: OffsetDateTime,
}

/// How a run that is queued is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Until when.
    pub left_until: OffsetDateTime,
    /// What it knows of the models of its step, for whoever takes it up.
    pub turns: String,
}

/// A run that begins to serve a call of another.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSubRun {
    /// Its id.
    pub run_id: RunId,
    /// The call it serves.
    pub call_id: CallId,
    /// Its agent.
    pub agent: String,
    /// How it comes in.
    pub channel: &'static str,
    /// Its journal so far, numbered from 1.
    pub events: Vec<Recorded>,
}

/// How far a run has come, with the events that brought it there and all that belongs to them.
#[derive(Debug)]
pub struct Step<'a> {
    /// The run.
    pub run: RunId,
    /// The lease under which this is written.
    pub fence: i64,
    /// The last event there was.
    pub from_seq: u32,
    /// Where the run stands now.
    pub status: RunStatus,
    /// How it ended, when it did.
    pub outcome: Option<&'static str>,
    /// Answered steps so far.
    pub steps: u32,
    /// Tokens so far.
    pub tokens: u64,
    /// Cost so far.
    pub cost: Micros,
    /// When.
    pub at: OffsetDateTime,
    /// Until when the lease holds now.
    pub lease_until: OffsetDateTime,
    /// The events, numbered from `from_seq + 1` without gaps.
    pub events: &'a [Recorded],
    /// Verdicts of the gate.
    pub decisions: Vec<&'a DecisionRow>,
    /// Counters on which verdicts were made: the step is written only if none has moved since.
    pub checks: Vec<&'a CounterCheck>,
    /// What allowed calls add to counters.
    pub adds: Vec<&'a CounterAdd>,
    /// Calls that wait for people from now on.
    pub holds: Vec<&'a HoldRow>,
    /// Held actions that move on.
    pub moves: Vec<Move>,
    /// The agent's reply.
    pub reply: Option<&'a Message>,
    /// Runs that begin with this, to serve calls of this one.
    pub sub_runs: Vec<&'a NewSubRun>,
    /// Of a run that is to wait: the runs whose end brings it back. One that is over by then brings it back at once.
    pub waits_for: &'a [RunId],
    /// Of a run that is queued: how it is left alone. One that somebody asked to stop is not.
    pub later: Option<&'a Later>,
    /// Audit entries, all of one writer and of this actor.
    pub audit: Vec<AuditRow>,
    /// The lane that numbered them.
    pub lane: Option<Lane>,
    /// Whether what the run set aside is settled with this.
    pub settle: bool,
    /// What is set aside with this.
    pub reserve: Option<&'a Reserve>,
}

/// Verdicts by column, as `write_step` takes them.
#[derive(Default)]
struct Decided<'a> {
    ids: Vec<uuid::Uuid>,
    calls: Vec<&'a str>,
    tools: Vec<&'a str>,
    effects: Vec<Option<&'a str>>,
    verdicts: Vec<&'a str>,
    classes: Vec<Option<&'a str>>,
    /// Those of all verdicts one after another.
    rules: Vec<&'a str>,
    rule_counts: Vec<i32>,
    reasons: Vec<&'a str>,
    envelopes: Vec<Option<&'a [u8]>>,
    policies: Vec<&'a [u8]>,
    arguments: Vec<&'a str>,
    provenances: Vec<&'a str>,
    records: Vec<&'a str>,
}

impl<'a> Decided<'a> {
    /// None where there are none: an array that is not there costs nothing.
    fn of(rows: &[&'a DecisionRow]) -> Option<Self> {
        if rows.is_empty() {
            return None;
        }
        let mut decided = Self::default();
        for row in rows {
            decided.ids.push(row.decision_id.uuid());
            decided.calls.push(&row.call_id);
            decided.tools.push(&row.tool);
            decided.effects.push(row.effect.as_deref());
            decided.verdicts.push(&row.verdict);
            decided.classes.push(row.class.as_deref());
            decided.rules.extend(row.rules.iter().map(String::as_str));
            decided.rule_counts.push(i32::try_from(row.rules.len()).unwrap_or(i32::MAX));
            decided.reasons.push(&row.reason);
            decided.envelopes.push(row.envelope_id.as_deref());
            decided.policies.push(row.policy_digest.bytes());
            decided.arguments.push(&row.arguments);
            decided.provenances.push(&row.provenance);
            decided.records.push(&row.record);
        }
        Some(decided)
    }
}

/// A row of `take_up`.
struct TakenRow {
    workspace_id: uuid::Uuid,
    agent: String,
    cancelled: bool,
    active: bool,
    roles: Vec<String>,
    places: Vec<Option<uuid::Uuid>>,
    event_at: Vec<OffsetDateTime>,
    event_body: Vec<String>,
}

impl TakenRow {
    fn read(self, person: PersonId) -> Result<TakenUp, StoreError> {
        let memberships = self.roles.iter().zip(self.places).map(|(role, place)| {
            let role: Role = role.parse().map_err(|_| StoreError::Corrupt { what: "membership.role" })?;
            Ok(Membership { person_id: person, workspace_id: place.map(WorkspaceId::from_uuid), role })
        });
        let events = self.event_at.iter().zip(&self.event_body).zip(1..).map(|((at, body), seq)| {
            let event: Event = serde_json::from_str(body).map_err(|_| StoreError::Corrupt { what: "run_event.body" })?;
            let at_ms = i64::try_from(at.unix_timestamp_nanos() / 1_000_000).map_err(|_| StoreError::Corrupt { what: "run_event.at" })?;
            Ok(Recorded::new(seq, at_ms, event))
        });
        Ok(TakenUp {
            workspace: WorkspaceId::from_uuid(self.workspace_id),
            agent: self.agent,
            cancelled: self.cancelled,
            active: self.active,
            memberships: memberships.collect::<Result<_, StoreError>>()?,
            events: events.collect::<Result<_, StoreError>>()?,
        })
    }
}

impl Store {
    /// A leased run with its person's roles and its journal.
    pub async fn take_up(&self, tenant: TenantId, person: PersonId, run: RunId) -> Result<TakenUp, StoreError> {
        let mut line = self.lines.take().await?;
        let row = sqlx::query_as!(
            TakenRow,
            r#"select workspace_id as "workspace_id!", agent as "agent!", cancelled as "cancelled!", active as "active!", roles as "roles!",
                      places as "places!: Vec<Option<uuid::Uuid>>", event_at as "event_at!", event_body as "event_body!"
                 from take_up($1, $2)"#,
            tenant.uuid(),
            run.uuid(),
        )
        .fetch_optional(&mut line.conn)
        .await;
        line.done(row)?.ok_or(StoreError::Missing)?.read(person)
    }

    /// Leases the run that is next ([`Store::lease_run`]) and takes it up, in one round trip. What was leased and cannot be read is told apart:
    /// its lease stands all the same.
    pub async fn lease_and_take_up(
        &self,
        worker: &str,
        now: OffsetDateTime,
        lease_ms: i64,
    ) -> Result<Option<(Leased, Result<TakenUp, StoreError>)>, StoreError> {
        let mut line = self.lines.take().await?;
        let row = sqlx::query!(
            r#"select leased.tenant_id as "tenant_id!", leased.run_id as "run_id!", leased.person_id as "person_id!", leased.fence as "fence!",
                      taken.workspace_id as "workspace_id?", taken.agent, taken.cancelled, taken.active, taken.roles,
                      taken.places as "places?: Vec<Option<uuid::Uuid>>", taken.event_at, taken.event_body
                 from lease_run($1, $2, $3) as leased left join lateral take_up(leased.tenant_id, leased.run_id) as taken on true"#,
            worker,
            now,
            lease_ms,
        )
        .fetch_optional(&mut line.conn)
        .await;
        let Some(row) = line.done(row)? else { return Ok(None) };
        let person = PersonId::from_uuid(row.person_id);
        let leased = Leased { tenant: TenantId::from_uuid(row.tenant_id), run: RunId::from_uuid(row.run_id), person, fence: row.fence };
        let taken = (|| {
            Some(TakenRow {
                workspace_id: row.workspace_id?,
                agent: row.agent?,
                cancelled: row.cancelled?,
                active: row.active?,
                roles: row.roles?,
                places: row.places?,
                event_at: row.event_at?,
                event_body: row.event_body?,
            })
        })();
        Ok(Some((leased, taken.ok_or(StoreError::Missing).and_then(|row| row.read(person)))))
    }

    /// Sets an amount aside in every budget that applies. False, and nothing is set aside, when one of them has no room.
    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    pub async fn reserve(
        &self,
        actor: &Actor,
        id: ReservationId,
        run: RunId,
        scopes: &[(&str, String)],
        amount: Micros,
        at: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let (kinds, names): (Vec<String>, Vec<String>) = scopes.iter().map(|(kind, name)| ((*kind).to_owned(), name.clone())).unzip();
        let mut line = self.lines.take().await?;
        let room = sqlx::query_scalar!(
            r#"select reserve($1, $2, $3, $4, $5, $6, $7, $8, $9) as "room!""#,
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
        .fetch_one(&mut line.conn)
        .await;
        line.done(room)
    }

    /// Writes one step: all of it or nothing. Tells whether somebody asked the run to stop, or whether it is to be taken up anew.
    ///
    /// [`StoreError::Stale`] when the lease was lost, another event came in between, or a held action to be claimed is no longer free;
    /// [`StoreError::Moved`] when a counter has moved since a verdict was made on it, or there are as many sub-runs as there may be;
    /// [`StoreError::NoRoom`] when a budget has none.
    pub async fn write_step(&self, actor: &Actor, step: &Step<'_>) -> Result<Heard, StoreError> {
        let mut times = Vec::with_capacity(step.events.len());
        let mut bodies = Vec::with_capacity(step.events.len());
        for recorded in step.events {
            let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(recorded.at_ms) * 1_000_000);
            times.push(at.map_err(|_| StoreError::Corrupt { what: "run_event.at" })?);
            bodies.push(journal::body(recorded)?);
        }
        let audit = (!step.audit.is_empty()).then_some(&step.audit);
        let each = |column: fn(&AuditRow) -> &str| audit.map(|rows| rows.iter().map(column).collect::<Vec<_>>());
        let bytes = |column: fn(&AuditRow) -> &[u8]| audit.map(|rows| rows.iter().map(column).collect::<Vec<_>>());
        let writer = audit.and_then(|rows| rows.first()).map(|row| row.writer_id);
        let ids = audit.map(|rows| rows.iter().map(|row| row.audit_id.uuid()).collect::<Vec<_>>());
        let seqs = audit.map(|rows| rows.iter().map(|row| row.writer_seq).collect::<Vec<_>>());
        let (canons, leaves) = (bytes(|row| row.canon.as_slice()), bytes(|row| row.leaf.bytes().as_slice()));
        let (actions, objects, outcomes) = (each(|row| &row.action), each(|row| &row.object), each(|row| &row.outcome));
        self.keep_objects(actor, &step.audit).await?;
        let scopes = step.reserve.map(|reserve| reserve.scopes.iter().map(|(kind, name)| ((*kind).to_owned(), name.clone())).unzip());
        let (kinds, names): (Option<Vec<String>>, Option<Vec<String>>) = scopes.unzip();
        let sub_runs = list_of(&step.sub_runs, |new| sub_run(new))?;
        let waits_for = (!step.waits_for.is_empty()).then(|| step.waits_for.iter().map(|run| run.uuid()).collect::<Vec<_>>());
        let mut line = self.lines.take().await?;
        let decided = Decided::of(&step.decisions);
        let in_doubt = step.lane.as_ref().is_some_and(Lane::sent);
        let cancelled = sqlx::query!(
            r#"select write_step($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                                 $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42) as cancelled,
                      case when $45::uuid is null then true else set_aside($1, $2, $45, $3, $46, $47, $48, $11, $49) end as room,
                      case when $50::text is null then true else begin_sub_runs($1, $2, $3, $11, $50, $51) end as begun,
                      case when $52::uuid[] is null then true else await_runs($1, $2, $3, $52) end as awaits,
                      case when $53::timestamptz is null then true else leave_alone($1, $2, $3, $53, $54) end as left_alone
                 from (select case when $43::text is null and $44::text is null then true else count_calls($1, $2, $3, $11, $43, $44) end as unmoved offset 0) as counters
                where counters.unmoved"#,
            actor.tenant.uuid(),
            workspaces(actor),
            step.run.uuid(),
            step.fence,
            i32::try_from(step.from_seq).unwrap_or(i32::MAX),
            step.status.name(),
            step.outcome,
            i32::try_from(step.steps).unwrap_or(i32::MAX),
            i64::try_from(step.tokens).unwrap_or(i64::MAX),
            step.cost.0,
            step.at,
            step.lease_until,
            &times,
            &bodies as _,
            decided.as_ref().map(|decided| decided.ids.as_slice()) as _,
            decided.as_ref().map(|decided| decided.calls.as_slice()) as _,
            decided.as_ref().map(|decided| decided.tools.as_slice()) as _,
            decided.as_ref().map(|decided| decided.effects.as_slice()) as _,
            decided.as_ref().map(|decided| decided.verdicts.as_slice()) as _,
            decided.as_ref().map(|decided| decided.classes.as_slice()) as _,
            decided.as_ref().map(|decided| decided.rules.as_slice()) as _,
            decided.as_ref().map(|decided| decided.rule_counts.as_slice()) as _,
            decided.as_ref().map(|decided| decided.reasons.as_slice()) as _,
            decided.as_ref().map(|decided| decided.envelopes.as_slice()) as _,
            decided.as_ref().map(|decided| decided.policies.as_slice()) as _,
            decided.as_ref().map(|decided| decided.arguments.as_slice()) as _,
            decided.as_ref().map(|decided| decided.provenances.as_slice()) as _,
            decided.as_ref().map(|decided| decided.records.as_slice()) as _,
            list(&step.holds, |row| hold(row)),
            list(&step.moves, |step| json!({ "call_id": step.call, "from_state": step.from, "to_state": step.to })),
            step.reply
                .map(|reply| json!({ "message_id": reply.message_id.uuid().to_string(), "text": reply.text, "integrity": reply.integrity as i16, "readers": stored_readers(&reply.readers) }).to_string()),
            writer,
            actor.kind_name(),
            actor.person.map(PersonId::uuid),
            ids.as_deref(),
            seqs.as_deref(),
            actions.as_deref() as _,
            objects.as_deref() as _,
            outcomes.as_deref() as _,
            canons.as_deref() as _,
            leaves.as_deref() as _,
            step.settle,
            list(&step.checks, |check| json!(check)),
            list(&step.adds, |add| json!(add)),
            step.reserve.map(|reserve| reserve.id.uuid()),
            kinds.as_deref(),
            names.as_deref(),
            step.reserve.map(|reserve| reserve.amount.0),
            step.reserve.map(|reserve| reserve.expires_at),
            sub_runs.as_deref(),
            SUB_RUNS_MAX,
            waits_for.as_deref(),
            step.later.map(|later| later.left_until),
            step.later.map(|later| later.turns.as_str()),
        )
        .map(|row| row.cancelled)
        .fetch_one(&mut line.conn)
        .await;
        let outcome = line.done(cancelled);
        match (&step.lane, &outcome) {
            (Some(lane), Ok(_)) => lane.committed(),
            // Its answer may still be a commit that went through; so may that of an earlier try.
            (_, Err(StoreError::Away(_))) | (None, _) => {}
            (Some(lane), Err(_)) if !in_doubt => lane.refused(),
            (Some(_), Err(_)) => {}
        }
        outcome.map(Heard::of)
    }

    /// Details too long for their entries go first: one that is left over harms nobody, one that is missing would.
    async fn keep_objects(&self, actor: &Actor, rows: &[AuditRow]) -> Result<(), StoreError> {
        if rows.iter().all(|row| row.large.is_none()) {
            return Ok(());
        }
        let mut tx = self.begin(actor).await?;
        for (digest, body) in rows.iter().filter_map(|row| row.large.as_ref()) {
            audit_log::keep_object(&mut tx, *digest, body).await?;
        }
        tx.commit().await
    }
}

/// Rows as the JSON the function reads; none when there are none.
fn list<T>(rows: &[T], row: impl Fn(&T) -> Value) -> Option<String> {
    (!rows.is_empty()).then(|| rows.iter().map(row).collect::<Value>().to_string())
}

/// The same of rows that may have no such form.
fn list_of<T>(rows: &[T], row: impl Fn(&T) -> Result<Value, StoreError>) -> Result<Option<String>, StoreError> {
    let rows = rows.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(list(&rows, Value::clone))
}

fn sub_run(new: &NewSubRun) -> Result<Value, StoreError> {
    let bodies = new.events.iter().map(journal::body).collect::<Result<Vec<_>, _>>()?;
    let at_ms = new.events.first().map_or(0, |recorded| recorded.at_ms);
    Ok(json!({ "run_id": new.run_id.uuid().to_string(), "agent": new.agent, "call_id": new.call_id, "at_ms": at_ms, "events": bodies }))
}

fn hold(row: &HoldRow) -> Value {
    json!({
        "hold_id": row.hold_id.uuid().to_string(), "call_id": row.call_id, "tool": row.tool, "effect": row.effect, "envelope_id": hex(&row.envelope_id),
        "envelope": row.envelope, "needs": row.needs, "reason": row.reason, "rules": row.rules,
        "expires_at": row.expires_at.format(&Rfc3339).unwrap_or_default(), "people": row.people, "separate": row.separate, "ask": row.ask,
        "preview": row.preview, "edits": row.edits.map(|id| id.uuid().to_string()), "edited_by": row.edited_by.map(|id| id.uuid().to_string()),
        "journal": row.journal.as_deref().map(hex), "seal": row.seal.as_deref().map(hex),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
