//! A person puts other arguments in place of the model's, before a held call is approved.
//!
//! The new arguments go through the same gate as the model's: schema, labels, rules. What the gate blocks stays blocked, and the card
//! waits on as it was. What it would hold or even allow waits again, under a new envelope: an edit is not an approval.
//!
//! The tool is asked what it would do before the edit and not in it: an edit holds a lock and a connection of the database, and whoever answers
//! for the tool needs another one.

use crate::agents::{Agents, of_run};
use crate::counts::prepare;
use crate::driver::secrets_of_run;
use crate::gate::{Gate, Ruled, Ruling};
use crate::hands::Hands;
use crate::held::{call_key, edits_of, preview_of, row_of, stood_within};
use crate::labels::Shown;
use crate::run::Run;
use serde_json::Value;
use std::sync::Arc;
use steward_core::event::{HoldOutcome, Pins, Recorded};
use steward_core::{Actor, CallId, Digest, Event, HoldId, ToolCall};
use steward_host::Host;
use steward_office::holds::card;
use steward_office::holds::edit::{self, Editing};
use steward_office::holds::routing::ApprovalRules;
use steward_office::people::{agent_of, roles_of};
use steward_office::{Office, OfficeError};
use steward_policies::Rules;
use steward_store::hold::{self, HoldRow};
use steward_store::{Store, StoreError, Tx, journal};

/// The most events of one run.
const EVENTS_MAX: i64 = 100_000;

/// What an edit is judged with: the same as what the run is driven with.
pub struct Judges<'a> {
    /// Time, chance, and the key of envelopes.
    pub office: &'a Office,
    /// The database, for what a tool reads to say what the edited call would do.
    pub store: &'a Store,
    /// The tools.
    pub host: &'a Host,
    /// The rules in force.
    pub rules: &'a Rules,
    /// The agents.
    pub agents: &'a Agents,
    /// What approvals take.
    pub approvals: &'a ApprovalRules,
}

/// What came of an edit.
#[derive(Debug)]
pub enum Edited {
    /// Another action waits.
    Waits(Box<HoldRow>),
    /// The gate blocks it; what waited waits on.
    Blocked {
        /// The class of the block.
        class: steward_core::BlockClass,
        /// Why, for people.
        reason: String,
    },
}

/// Other arguments for a held call, with what its tool says that it would do with them. Made by [`look`].
#[derive(Debug)]
pub struct Looked {
    id: HoldId,
    arguments: Value,
    seen: Result<Option<Seen>, OfficeError>,
}

/// What stands on the card of an edited call beside the call, and of which call that was said.
#[derive(Debug)]
struct Seen {
    plugin_digest: Digest,
    schema_digest: Digest,
    arguments: Value,
    card: Option<String>,
}

/// An edit as the gate judges it, not written yet. The action that waits is locked until the transaction ends.
struct Judged {
    editing: Editing,
    pins: Pins,
    call: ToolCall,
    ruling: Ruling,
    next: HoldId,
}

/// Asks the tool of a held call what it would do with these arguments instead, as whom its agent acts for. Nothing is changed, and nothing is
/// locked or held open while the tool answers. What stands against the edit is told by [`edit`].
pub async fn look(actor: &Actor, judges: &Judges<'_>, id: HoldId, arguments: Value) -> Looked {
    let seen = Box::pin(see(actor, judges, id, arguments.clone())).await;
    Looked { id, arguments, seen }
}

async fn see(actor: &Actor, judges: &Judges<'_>, id: HoldId, arguments: Value) -> Result<Option<Seen>, OfficeError> {
    let office = judges.office;
    let mut tx = judges.store.begin(actor).await?;
    let Judged { editing, pins, call, ruling, .. } = judge(&mut tx, judges, id, arguments).await?;
    let (Ruled::Hold(_), Some(sealed)) = (&ruling.verdict, &ruling.sealed) else { return Ok(None) };
    let run = editing.row.run;
    let card = match agent_of(&mut tx, pins.person, run, &pins.agent, pins.workspace).await? {
        Some(agent) => {
            // The editor sees all of the workspace to which the call is bound; what they see beyond it, it cannot change.
            let stood = stood_within(&mut tx, judges.host, sealed).await?;
            tx.rollback().await?;
            let secrets = secrets_of_run(judges.store.clone(), office.clone(), agent.clone(), run);
            let hands = Hands::new(judges.store.clone(), office.clone(), agent, run, pins.workspace, ruling.floor);
            let (region, key, now_ms) = (pins.region.clone(), call_key(run, call.call_id), office.clock.now_ms());
            let said = preview_of(judges.host, region, key, now_ms, sealed, Arc::new(hands), secrets).await;
            card::write(said, &stood)
        }
        None => None,
    };
    let envelope = &sealed.envelope;
    Ok(Some(Seen { plugin_digest: envelope.plugin_digest, schema_digest: envelope.schema_digest, arguments: envelope.arguments.clone(), card }))
}

/// Puts other arguments in place of those of a held call.
pub async fn edit(tx: &mut Tx, judges: &Judges<'_>, looked: Looked) -> Result<Edited, OfficeError> {
    let Looked { id, arguments, seen } = looked;
    let Judged { editing, pins, call, ruling, next } = judge(tx, judges, id, arguments).await?;
    let office = judges.office;
    match (&ruling.verdict, &ruling.sealed) {
        (Ruled::Hold(needs), Some(sealed)) => {
            let envelope = &sealed.envelope;
            let is_of_this = |seen: &Seen| {
                (seen.plugin_digest, seen.schema_digest) == (envelope.plugin_digest, envelope.schema_digest) && seen.arguments == envelope.arguments
            };
            let moved = || OfficeError::Conflict("what this action is judged by changed in the moment of the edit; edit it once more".to_owned());
            let seen = seen?.filter(is_of_this).ok_or_else(moved)?;
            let mut waits = row_of(next, &pins, editing.row.run, &call, &ruling, sealed, needs, office.clock.now());
            waits.preview = seen.card;
            Ok(Edited::Waits(Box::new(edit::replace(tx, office, &editing, waits).await?)))
        }
        (Ruled::Block(class), _) => {
            edit::refuse(tx, office, &editing, class.name(), &ruling.rules).await?;
            Ok(Edited::Blocked { class: *class, reason: ruling.reason })
        }
        // The gate never lets an edited call run by itself.
        (Ruled::Allow(_) | Ruled::Hold(_), _) => Err(gone("this call does not wait any more")),
    }
}

fn gone(what: &str) -> OfficeError {
    OfficeError::Conflict(format!("{what}, so nothing can be edited; refuse it, or send it back with guidance"))
}

/// What the gate says of the run with the edit in it.
async fn judge(tx: &mut Tx, judges: &Judges<'_>, id: HoldId, arguments: Value) -> Result<Judged, OfficeError> {
    let office = judges.office;
    let editing = edit::begin(tx, office, id).await?;
    if !arguments.is_object() {
        return Err(OfficeError::Invalid("arguments are one JSON object".to_owned()));
    }
    let row = &editing.row;
    let call_id: CallId = row.call_id.parse().map_err(|_| StoreError::Corrupt { what: "hold.call_id" })?;
    let next = office.ids.make();
    let mut run = Run::fold(&journal::read(tx, row.run, 0, EVENTS_MAX).await?);
    let mut events = Vec::new();
    // Earlier edits that the run has not taken up yet.
    if let (Some(open), Some(key)) = (run.call(call_id).and_then(|call| call.hold.as_ref()), &office.key) {
        let rows = hold::of_run(tx, row.run).await?;
        events = edits_of(key, tx.actor().tenant, &rows, call_id, open.hold_id)?.events;
    }
    events.push(Event::HoldClosed { call_id, hold_id: id, outcome: HoldOutcome::Edited, by: vec![editing.by], reason: None });
    events.push(Event::Edited { call_id, hold_id: id, next_hold_id: next, arguments, by: editing.by });
    let at_ms = office.clock.now_ms();
    for event in events {
        run.apply(&Recorded::new(run.last_seq.saturating_add(1), at_ms, event));
    }
    let (Some(pins), Some(call)) = (&run.pins, run.call(call_id)) else { return Err(gone("this call is no longer part of its run")) };
    let agent = of_run(judges.agents, pins).ok_or_else(|| gone("the agent of this run is no longer configured"))?;
    let key = office.key.as_ref().ok_or_else(|| gone("this process has no envelope key"))?;
    let roles = roles_of(tx, pins.person).await?;
    // Counters beyond the run are read when the run takes the edit up, and again when the call runs.
    let (mut counted, asked) = prepare(judges.rules, judges.host, &run, pins, &call.call, office.clock.now());
    counted.take_from_run(asked, judges.rules, judges.host, &run, call_id);
    let gate = Gate {
        rules: judges.rules,
        host: judges.host,
        agent: &agent,
        key,
        tenant: tx.actor().tenant,
        run_id: row.run,
        roles: &roles,
        approvals: judges.approvals,
        counts: &counted.values,
    };
    let shown = Shown::before(agent.mode, &run, call_id.step, judges.host);
    let ruling = gate.rule(&run, &call.call, &shown, None, office.clock.now_ms());
    let (pins, call) = (pins.clone(), call.call.clone());
    Ok(Judged { editing, pins, call, ruling, next })
}
