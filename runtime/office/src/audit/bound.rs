//! What entries say of other rows: a digest over every column, so that none of them can be changed unseen.
//!
//! Verdicts, what a run begins with, the journal's starts and ends of calls, what a fork took and what a sub-run brought are bound this way. Ids of these rows hold chance, so a digest does not give away a short value.

use super::at_ms;
use serde_json::Value;
use std::collections::HashMap;
use steward_core::event::Recorded;
use steward_core::{AuditId, DecisionId, Digest, RunId};
use steward_store::decision::DecisionRow;
use steward_store::{StoreError, Tx, journal};
use time::OffsetDateTime;

/// The digest of a verdict as it is stored at this time. A column that is added to the row must be added here: the pattern names them all.
pub fn of_decision(row: &DecisionRow, decided_at: OffsetDateTime) -> Digest {
    let DecisionRow {
        decision_id,
        workspace,
        run,
        call_id,
        person,
        agent,
        tool,
        effect,
        verdict,
        class,
        rules,
        reason,
        envelope_id,
        policy_digest,
        arguments,
        provenance,
        record,
        decided_at: _,
    } = row;
    let at = at_ms(decided_at).to_be_bytes();
    let rule_count = (rules.len() as u64).to_be_bytes();
    // Nothing and an empty text are not the same.
    let maybe = |part: Option<&[u8]>| part.map_or([&[0][..], &[]], |part| [&[1][..], part]).map(<[u8]>::to_vec);
    let ids = [decision_id.uuid(), workspace.uuid(), run.uuid(), person.uuid()];
    let optional = [effect.as_deref().map(str::as_bytes), class.as_deref().map(str::as_bytes), envelope_id.as_deref()].map(maybe);
    let texts = [call_id, agent, tool, verdict, reason, arguments, provenance, record];
    let parts = ids
        .iter()
        .map(|id| id.as_bytes().as_slice())
        .chain(texts.iter().map(|text| text.as_bytes()))
        .chain(optional.iter().flatten().map(Vec::as_slice))
        .chain([rule_count.as_slice()])
        .chain(rules.iter().map(|rule| rule.as_bytes()))
        .chain([policy_digest.bytes().as_slice(), at.as_slice()]);
    Digest::of_parts(parts)
}

/// The digest of an event of a run, by its time and its JSON text as it is stored.
pub fn of_event(at_ms: i64, body: &str) -> Digest {
    Digest::of_parts([at_ms.to_be_bytes().as_slice(), body.as_bytes()])
}

/// The digest of an event that is about to be stored.
pub fn of_one(recorded: &Recorded) -> Result<Digest, StoreError> {
    let body = serde_json::to_string(&recorded.event).map_err(|_| StoreError::Corrupt { what: "run_event.body" })?;
    Ok(of_event(recorded.at_ms, &body))
}

/// The digest of events that are about to be stored, in order.
pub fn of_recorded(events: &[Recorded]) -> Result<Digest, StoreError> {
    Ok(of_digests(events.iter().map(of_one).collect::<Result<Vec<_>, _>>()?))
}

/// The digest of events in order.
fn of_events<'a>(events: impl IntoIterator<Item = (i64, &'a str)>) -> Digest {
    of_digests(events.into_iter().map(|(at_ms, body)| of_event(at_ms, body)).collect())
}

fn of_digests(digests: Vec<Digest>) -> Digest {
    Digest::of_parts(digests.iter().map(|digest| digest.bytes().as_slice()))
}

/// The digest of where a run goes on from and of all that it took from there, up to this event, as it is stored; none when some of it is gone.
pub(crate) async fn of_taken(tx: &mut Tx, run: RunId, until_seq: u32) -> Result<Option<Digest>, StoreError> {
    of_stored(tx, run, FORKED_SEQ, until_seq).await
}

/// The digest of the events that a run begins with, up to this one, as they are stored; none when some of them are gone.
pub(crate) async fn of_begun(tx: &mut Tx, run: RunId, until_seq: u32) -> Result<Option<Digest>, StoreError> {
    of_stored(tx, run, 1, until_seq).await
}

async fn of_stored(tx: &mut Tx, run: RunId, from_seq: u32, until_seq: u32) -> Result<Option<Digest>, StoreError> {
    let wanted: Vec<(RunId, u32)> = (from_seq..=until_seq).map(|seq| (run, seq)).collect();
    let mut rows = journal::stored(tx, &wanted).await?;
    rows.sort_by_key(|row| row.seq);
    Ok((rows.len() == wanted.len()).then(|| of_events(rows.iter().map(|row| (row.at_ms, row.body.as_str())))))
}

/// The event of a fork that says where it goes on from; what was taken follows it.
const FORKED_SEQ: u32 = 2;
/// The most events that one entry speaks of.
const TAKEN_MAX: u32 = 20_000;

/// Rows that entries speak of, with the entry and the digest it names.
#[derive(Debug, Default)]
pub(super) struct Bound {
    pub(super) decisions: HashMap<DecisionId, (u64, Digest)>,
    pub(super) events: HashMap<(RunId, u32), (u64, Digest)>,
    pub(super) sealed: HashMap<AuditId, (u64, Digest)>,
    /// Details that are kept beside the log, by their digest.
    pub(super) objects: HashMap<Digest, u64>,
    /// By run, what it took from another's record: up to which event, too.
    pub(super) forks: HashMap<RunId, (u64, u32, Digest)>,
    /// By run, what it began with where that is not the person's word just now: up to which event, too.
    pub(super) begun: HashMap<RunId, (u64, u32, Digest)>,
}

impl Bound {
    /// Keeps what an entry is bound to. Entries of other kinds, and those of before there were digests, are bound to nothing.
    pub(super) fn take(&mut self, index: u64, canon: &Value) {
        let text = |name: &str| canon.pointer(name).and_then(Value::as_str);
        if let (Some(id), Some(digest)) = (text("/id").and_then(|id| id.parse().ok()), text("/sealed").and_then(|digest| digest.parse().ok())) {
            self.sealed.insert(id, (index, digest));
        }
        if let Some(kept) = text("/detail/kept_as").and_then(|digest| digest.parse().ok()) {
            self.objects.entry(kept).or_insert(index);
        }
        if text("/action") == Some("run.start") {
            self.take_event(index, canon, text("/object").and_then(|run| run.parse().ok()), "/detail/started");
        }
        let Some(digest) = text("/detail/digest").and_then(|digest| digest.parse().ok()) else { return };
        match text("/action") {
            Some("gate.decide") => {
                if let Some(id) = text("/detail/decision").and_then(|id| id.parse().ok()) {
                    self.decisions.insert(id, (index, digest));
                }
            }
            Some("call.start" | "call.end") => {
                let run = text("/object").and_then(|object| object.split('/').next()).and_then(|run| run.parse().ok());
                if let (Some(run), Some(seq)) = (run, seq_at(canon, "/detail/event")) {
                    self.events.insert((run, seq), (index, digest));
                }
                // A call that was written together with its start, or with what the run brought that served it.
                for beside in ["start", "returned"] {
                    self.take_event(index, canon, run, &format!("/detail/{beside}"));
                }
            }
            // What it began with; of one that serves another, what stands there of it, too.
            Some("run.start") => {
                let until = seq_at(canon, "/detail/until_seq").filter(|until| *until <= TAKEN_MAX);
                if let (Some(run), Some(until)) = (text("/object").and_then(|run| run.parse().ok()), until) {
                    self.begun.insert(run, (index, until, digest));
                }
                self.take_event(index, canon, text("/detail/parent_run").and_then(|run| run.parse().ok()), "/detail/delegated");
            }
            Some("run.fork") => {
                let until = seq_at(canon, "/detail/until_seq").filter(|until| *until <= TAKEN_MAX);
                if let (Some(run), Some(until)) = (text("/object").and_then(|run| run.parse().ok()), until) {
                    self.forks.insert(run, (index, until, digest));
                }
            }
            _ => {}
        }
    }

    /// An event of a run that an entry names at this place beside what it speaks of itself.
    fn take_event(&mut self, index: u64, canon: &Value, run: Option<RunId>, place: &str) {
        let digest = canon.pointer(&format!("{place}/digest")).and_then(Value::as_str).and_then(|digest| digest.parse().ok());
        if let (Some(run), Some(seq), Some(digest)) = (run, seq_at(canon, &format!("{place}/event")), digest) {
            self.events.insert((run, seq), (index, digest));
        }
    }
}

/// The number of an event that an entry names at this place.
fn seq_at(canon: &Value, place: &str) -> Option<u32> {
    canon.pointer(place).and_then(Value::as_u64).and_then(|seq| u32::try_from(seq).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Ids;
    use time::macros::datetime;

    #[test]
    fn every_column_is_part_of_the_digest() {
        let ids = Ids::counter();
        let row = DecisionRow {
            decision_id: ids.make(),
            workspace: ids.make(),
            run: ids.make(),
            call_id: "call_1_0".into(),
            person: ids.make(),
            agent: "assistant".into(),
            tool: "crm.add_note".into(),
            effect: Some("write".into()),
            verdict: "allow".into(),
            class: None,
            rules: vec!["one".into(), "two".into()],
            reason: "why".into(),
            envelope_id: Some(vec![7; 32]),
            policy_digest: Digest::of(b"rules"),
            arguments: "{}".into(),
            provenance: "[]".into(),
            record: "{}".into(),
            decided_at: datetime!(2026-03-01 09:00 UTC),
        };
        let at = row.decided_at;
        let good = of_decision(&row, at);
        let check = |change: &dyn Fn(&mut DecisionRow)| {
            let mut other = row.clone();
            change(&mut other);
            assert_ne!(of_decision(&other, at), good, "{other:?}");
        };
        check(&|row| row.decision_id = ids.make());
        check(&|row| row.workspace = ids.make());
        check(&|row| row.run = ids.make());
        check(&|row| row.person = ids.make());
        check(&|row| row.call_id = "call_1_1".into());
        check(&|row| row.agent = "other".into());
        check(&|row| row.tool = "crm.get_contact".into());
        check(&|row| row.effect = None);
        check(&|row| row.verdict = "block".into());
        check(&|row| row.class = Some(String::new()));
        check(&|row| row.rules = vec!["onetwo".into()]);
        check(&|row| row.reason = String::new());
        check(&|row| row.envelope_id = None);
        check(&|row| row.policy_digest = Digest::of(b"others"));
        check(&|row| row.arguments = "[]".into());
        check(&|row| row.provenance = "{}".into());
        check(&|row| row.record = "[]".into());
        assert_ne!(of_decision(&row, at + time::Duration::milliseconds(1)), good);
        assert_ne!(of_event(1, "{}"), of_event(2, "{}"));
        let taken = of_events([(1, "a"), (2, "b")]);
        for other in [vec![(1, "a")], vec![(2, "b"), (1, "a")], vec![(1, "a"), (2, "c")], vec![(1, "a"), (3, "b")], vec![(1, "a"), (2, "b"), (2, "b")]] {
            assert_ne!(of_events(other.clone()), taken, "{other:?}");
        }
    }
}
