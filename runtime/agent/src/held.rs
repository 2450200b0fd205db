//! Held calls as rows, and edited ones as events: what the driver writes and what an editor puts in its place are made alike.

use crate::gate::{Ruling, Sealed};
use crate::labels::leaf_roles;
use serde_json::Value;
use std::sync::Arc;
use steward_core::event::{HoldOutcome, Pins, Region};
use steward_core::{Actor, ArgumentRole, CallId, CompanyId, ContactId, Digest, EnvelopeKey, Event, HoldId, Needs, PersonId, RunId, TenantId, ToolCall};
use steward_host::{CallContext, Host, OwnSecrets};
use steward_office::OfficeError;
use steward_office::crm::{CrmError, Stood};
use steward_office::holds::seal::is_sealed;
use steward_store::hold::HoldRow;
use steward_store::{Store, StoreError, Tx};
use time::OffsetDateTime;

/// The row of a call that waits from now on, not sealed yet.
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub(crate) fn row_of(
    hold_id: HoldId,
    pins: &Pins,
    run: RunId,
    call: &ToolCall,
    ruling: &Ruling,
    sealed: &Sealed,
    needs: &Needs,
    now: OffsetDateTime,
) -> HoldRow {
    let terms = sealed.envelope.circumstances.terms;
    let ask = ruling.route.as_ref().and_then(|route| serde_json::to_string(&route.ask).ok());
    HoldRow {
        hold_id,
        workspace: pins.workspace,
        run,
        call_id: call.call_id.to_string(),
        person: pins.person,
        agent: pins.agent.clone(),
        tool: call.tool.clone(),
        effect: ruling.effect.map_or_else(String::new, |effect| effect.name().to_owned()),
        envelope_id: sealed.id.bytes().to_vec(),
        envelope: sealed.text.clone(),
        needs: serde_json::to_string(needs).unwrap_or_default(),
        reason: ruling.reason.clone(),
        rules: ruling.rules.clone(),
        state: "held".to_owned(),
        held_at: now,
        // What the envelope says, so that a card never outlives what it shows.
        expires_at: at(sealed.envelope.expires_at_ms).unwrap_or(now),
        decided_at: None,
        closed_at: None,
        people: terms.people,
        separate: terms.separate,
        ask: ask.unwrap_or_else(|| "[]".to_owned()),
        preview: None,
        edits: None,
        edited_by: None,
        journal: None,
        seal: None,
    }
}

/// The key of one call's effects: the same each time it is tried.
pub(crate) fn call_key(run: RunId, call: CallId) -> String {
    Digest::of_parts([run.to_string().as_bytes(), call.to_string().as_bytes()]).to_string().chars().take(32).collect()
}

/// How the contacts and companies stand that a sealed call names and may change, as whom the agent acts for sees them. It is noted before
/// the tool is asked what it would do: what comes in between is then found to be new, and not taken for what was shown.
pub(crate) async fn stood_of(host: &Host, store: &Store, actor: &Actor, sealed: &Sealed) -> Result<Stood, OfficeError> {
    let named = named(host, sealed);
    if named.is_empty() {
        return Ok(Stood::default());
    }
    noted(&mut store.begin(actor).await?, named).await
}

/// The same in a transaction that is under way, as its actor sees them: for whoever holds a lock, and must not wait for another connection.
pub(crate) async fn stood_within(tx: &mut Tx, host: &Host, sealed: &Sealed) -> Result<Stood, OfficeError> {
    noted(tx, named(host, sealed)).await
}

/// The records that a call names and may change: of which kind, and their ids.
fn named<'a>(host: &Host, sealed: &'a Sealed) -> Vec<(String, &'a str)> {
    let arguments = &sealed.envelope.arguments;
    let Some(tool) = host.tool(&sealed.envelope.tool).filter(|tool| !tool.spec().effect.only_reads()) else { return Vec::new() };
    let id_at = move |(path, role): (String, ArgumentRole)| {
        let ArgumentRole::Id(of) = role else { return None };
        Some((of, arguments.pointer(&path)?.as_str()?))
    };
    leaf_roles(&tool.spec().roles, arguments).into_iter().filter_map(id_at).collect()
}

async fn noted(tx: &mut Tx, named: Vec<(String, &str)>) -> Result<Stood, OfficeError> {
    let mut stood = Stood::default();
    for (of, id) in named {
        let noted = match (of.as_str(), id.parse::<ContactId>(), id.parse::<CompanyId>()) {
            ("contact", Ok(contact), _) => stood.note_contact(tx, contact).await,
            ("company", _, Ok(company)) => stood.note_company(tx, company).await,
            // Of other records nothing is replaced, and what is no id of one is refused when it is looked for.
            _ => Ok(()),
        };
        noted.map_err(|err| match err {
            CrmError::Store(err) => OfficeError::Store(err),
            other => OfficeError::Invalid(other.to_string()),
        })?;
    }
    Ok(stood)
}

/// What the tool says that a sealed call would do, as JSON; none where it says nothing. It is asked with the rights of the run, and none of these
/// secrets is in it.
pub(crate) async fn preview_of(
    host: &Host,
    region: Region,
    key: String,
    now_ms: i64,
    sealed: &Sealed,
    office: Arc<dyn steward_host::Office>,
    secrets: Arc<dyn OwnSecrets>,
) -> Option<Value> {
    let Region { locale, time_zone } = region;
    let context = CallContext { key, deadline_ms: u64::MAX, locale, time_zone, now_ms, run: Default::default() };
    let preview = host.preview_for(sealed.envelope.tenant, &sealed.envelope.tool, &sealed.envelope.arguments, context, office, secrets).await?;
    serde_json::to_value(&preview).ok()
}

fn at(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

/// What became of a held action by edits: the events that say so, and the row that waits in its place now.
pub(crate) struct Edits<'a> {
    pub(crate) events: Vec<Event>,
    pub(crate) waits: Option<&'a HoldRow>,
}

/// The row that waits in the place of another, as it was sealed, and who edited that one.
pub(crate) fn next_of<'a>(key: &EnvelopeKey, tenant: TenantId, rows: &'a [HoldRow], hold_id: HoldId) -> Option<(&'a HoldRow, PersonId)> {
    let next = rows.iter().find(|row| row.edits == Some(hold_id))?;
    let by = next.edited_by?;
    is_sealed(key, tenant, next).unwrap_or(false).then_some((next, by))
}

/// Follows the edits of a held action through the rows of its run. A row that is not as it was sealed is no edit and is not followed: what
/// people say of it then counts for nothing, and is found to be changed.
pub(crate) fn edits_of<'a>(key: &EnvelopeKey, tenant: TenantId, rows: &'a [HoldRow], call_id: CallId, first: HoldId) -> Result<Edits<'a>, OfficeError> {
    let mut edits = Edits { events: Vec::new(), waits: None };
    let mut hold_id = first;
    // Each edit makes one row, so there are no more steps than rows.
    for _ in rows {
        let Some((next, by)) = next_of(key, tenant, rows, hold_id) else { break };
        let envelope: Value = serde_json::from_str(&next.envelope).map_err(|_| StoreError::Corrupt { what: "hold.envelope" })?;
        let arguments = envelope.get("arguments").cloned().unwrap_or_default();
        edits.events.push(Event::HoldClosed { call_id, hold_id, outcome: HoldOutcome::Edited, by: vec![by], reason: None });
        edits.events.push(Event::Edited { call_id, hold_id, next_hold_id: next.hold_id, arguments, by });
        edits.waits = Some(next);
        hold_id = next.hold_id;
    }
    Ok(edits)
}
