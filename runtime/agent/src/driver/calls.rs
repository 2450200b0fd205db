//! Proposed calls: decide, execute, reconcile. A call runs only against a permit, after its intent is committed.

use super::extract::{self, Question, Spent};
use super::journal::{DecisionSide, Side};
use super::questions::Desk;
use super::standing::Judged;
use super::{Drive, DriveError, Permitted, Ready, plan, wish};
use crate::Runtime;
use crate::counts::{Counted, prepare};
use crate::gate::{Approved, Beside, Catalogue as _, Gate, Ruled, Ruling};
use crate::held::{call_key, preview_of, row_of, stood_of};
use crate::points::point;
use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use steward_core::event::{EndReason, HoldOutcome, Pins, Region};
use steward_core::{CallId, DecisionId, Digest, Effect, EnvelopeId, Event, FailureClass, Label, Micros, Outcome, PluginWork, RunOutcome, ToolCall};
use steward_host::{CallContext, CallReport, DELEGATE, EXTRACT, PROPOSE_GRANT, RunBudget, SCHEDULE};
use steward_office::crm::Stood;
use steward_office::holds::card;
use steward_office::holds::seal::seal_hold;
use steward_policies::{Permit, Rules};
use steward_store::decision::DecisionRow;
use steward_store::run::RunStatus;
use time::OffsetDateTime;

/// How often a started call is taken up again by its key before a person is asked: one that ends its worker each time must not do so for ever.
const ATTEMPTS_MAX: u32 = 8;
/// How long calls that only look may keep a model's answer from being written, in milliseconds: longer than a look takes, and less than
/// anybody would mind asking the model again for if the process ends just then.
const LOOK_MS: u64 = 10;
/// The wall time of a call whose tool does not say, in milliseconds.
const CALL_DEADLINE_MS: u64 = 10_000;
/// The purpose of the digest that stands for the name of a tool that there is not.
const UNKNOWN_TOOL: &str = "tool.unknown/v1";
/// The purpose of the digest by which the audit log tells calls apart.
const SAME_CALL: &str = "call.same/v1";

impl Drive<'_> {
    pub(super) async fn decide(&mut self, calls: &[CallId]) -> Result<(), DriveError> {
        for id in calls {
            let Some(Judged { call, ruling, after_approval, counted }) = self.judged(*id).await? else {
                self.end(RunOutcome::Failed, Some(EndReason::AgentGone), "the agent of this run is no longer configured".to_owned());
                return Ok(());
            };
            let preview = self.preview(&call, &ruling).await?;
            self.note_ruling(&call, ruling, after_approval, counted, preview);
        }
        Ok(())
    }

    /// What tools are told of the run's person: what stood in their settings when it began.
    fn region(&self) -> Region {
        self.run.pins.as_ref().map(|pins| pins.region.clone()).unwrap_or_default()
    }

    /// What the tool says that a call would do, and how the records stand that it names, for the card of one that waits. Of an edited call
    /// the editor's card has it.
    async fn preview(&self, call: &ToolCall, ruling: &Ruling) -> Result<Option<String>, DriveError> {
        let (Ruled::Hold(_), Some(sealed)) = (&ruling.verdict, &ruling.sealed) else { return Ok(None) };
        let Some((store, actor)) = self.journal.records().filter(|_| !self.edited.contains_key(&call.call_id)) else { return Ok(None) };
        let host = &self.runtime.host;
        let stood = Box::pin(stood_of(host, &store, &actor, sealed)).await.map_err(|source| self.journal_error(source))?;
        let hands = (self.hands)(ruling.floor, Stood::default());
        let said = preview_of(host, self.region(), self.key_of(call.call_id), self.runtime.office.clock.now_ms(), sealed, hands, self.secrets()).await;
        Ok(card::write(said, &stood))
    }

    /// The calls with how the records stood that each names, as they were noted for the card on which people approved it; of a call that
    /// changes none, nothing is read.
    async fn ready(&self, permitted: Vec<(CallId, Permitted)>) -> Result<Vec<Ready>, DriveError> {
        let mut ready = Vec::with_capacity(permitted.len());
        for (id, permitted) in permitted {
            let call = self.run.call(id).filter(|call| !call.only_reads());
            let stood = match call.and_then(|call| call.hold.as_ref()) {
                Some(hold) => Box::pin(self.journal.stood(hold.hold_id)).await.map_err(|source| self.journal_error(source))?,
                None => Stood::default(),
            };
            ready.push(Ready { id, permitted, stood });
        }
        Ok(ready)
    }

    /// The counters a call is judged by. What is pending is committed before they are read: when one of them moves before the verdict is
    /// written, only the verdict is lost and not what the model said.
    pub(super) async fn counts_of(&mut self, id: CallId, rules: &Rules) -> Result<Counted, DriveError> {
        let now = self.runtime.office.clock.now();
        let prepared = match (&self.run.pins, self.run.call(id)) {
            (Some(pins), Some(call)) => prepare(rules, &self.runtime.host, &self.run, pins, &call.call, now),
            _ => Default::default(),
        };
        let (mut counted, asked) = prepared;
        if asked.is_empty() {
            return Ok(counted);
        }
        self.flush(RunStatus::Running, false).await?;
        let wanted: Vec<_> = asked.iter().map(|asked| asked.wanted.clone()).collect();
        match self.journal.count_now(&wanted, self.run_id, id).await.map_err(|source| self.journal_error(source))? {
            Some(stood) => counted.take(asked, stood),
            None => counted.take_from_run(asked, rules, &self.runtime.host, &self.run, id),
        }
        Ok(counted)
    }

    /// The gate's word on a call, by these rules.
    pub(super) fn rule(&mut self, id: CallId, approved: Option<&Approved>, counts: &BTreeMap<String, i64>, rules: &Rules) -> Option<(ToolCall, Ruling)> {
        let call = self.run.call(id)?.call.clone();
        let host = &self.runtime.host;
        self.look(id.step);
        let (_, shown) = self.shown.as_ref()?;
        let agent = self.agent()?;
        let gate = Gate {
            rules,
            host,
            agent,
            key: &self.runtime.key,
            tenant: self.tenant,
            run_id: self.run_id,
            roles: &self.roles,
            approvals: &self.runtime.approvals,
            counts,
        };
        if !self.changed.is_empty() {
            let ruling = gate.refuse_changed(&call, self.changed.clone());
            return Some((call, ruling));
        }
        let ruling = gate.rule(&self.run, &call, shown, approved, self.runtime.office.clock.now_ms());
        Some((call, ruling))
    }

    /// Writes a ruling down and keeps its permit.
    fn note_ruling(&mut self, call: &ToolCall, mut ruling: Ruling, after_approval: bool, counted: Counted, preview: Option<String>) {
        let office = &self.runtime.office;
        let decision_id = office.ids.make();
        let Some(pins) = self.run.pins.clone() else { return };
        let now = office.clock.now();
        let event = ruling.event(call, decision_id, after_approval);
        if self.journal.is_lasting() {
            let side = self.decision_side(call, &ruling, decision_id, &pins, after_approval, now);
            self.sides.push(Side::Decision(Box::new(side)));
        }
        if matches!(ruling.verdict, Ruled::Allow(_)) && !(counted.checks.is_empty() && counted.adds.is_empty()) {
            self.sides.push(Side::Counted(counted));
        }
        let hold = self.run.call(call.call_id).and_then(|call| call.hold.as_ref());
        let (was_held, was_changed) = (hold.is_some(), hold.is_some_and(|hold| hold.closed == Some(HoldOutcome::Changed)));
        let started = self.run.call(call.call_id).is_some_and(|call| call.started.is_some());
        self.apply(event);
        let waits = self.edited.remove(&call.call_id);
        let verdict = std::mem::replace(&mut ruling.verdict, Ruled::Block(steward_core::BlockClass::Policy));
        match (verdict, &ruling.sealed) {
            (Ruled::Allow(permit), _) => {
                self.permits.insert(call.call_id, Permitted { permit: *permit, floor: ruling.floor, said: ruling.said.take() });
            }
            (Ruled::Hold(needs), Some(sealed)) => {
                let expires_at_ms = sealed.envelope.expires_at_ms;
                if let Some(waits) = waits {
                    // An editor put it there. People decide on that row; it counts only if it is what the gate makes of it now.
                    let envelope_id = EnvelopeId::from_slice(&waits.envelope_id).unwrap_or(sealed.id);
                    self.apply(Event::HoldOpened { call_id: call.call_id, hold_id: waits.hold_id, envelope_id, needs, expires_at_ms });
                    return;
                }
                let mut row = row_of(office.ids.make(), &pins, self.run_id, call, &ruling, sealed, &needs, now);
                self.apply(Event::HoldOpened { call_id: call.call_id, hold_id: row.hold_id, envelope_id: sealed.id, needs, expires_at_ms });
                row.preview = preview;
                row.journal = self.run.chain.map(|chain| chain.bytes().to_vec());
                // A card without a seal cannot be approved, which is what one that has no canonical form deserves.
                row.seal = seal_hold(&self.runtime.key, self.tenant, &row).ok();
                self.sides.push(Side::Hold(Box::new(row)));
            }
            (Ruled::Hold(_), None) => {}
            // Approved, and yet refused now: the card shows that it failed. One already claimed is closed by whoever reconciles it.
            // What was edited waits under rules that block it now.
            (Ruled::Block(_), _) if waits.is_some() => {
                self.sides.push(Side::CallHold { call: call.call_id, from: "held", to: "cancelled" });
                self.sides.push(Side::CallHold { call: call.call_id, from: "approved", to: "failed" });
            }
            (Ruled::Block(_), _) if was_held && !started => {
                // Set back to where it waits, people would be asked about what is over.
                if was_changed {
                    self.sides.push(Side::CallHold { call: call.call_id, from: "held", to: "cancelled" });
                }
                self.sides.push(Side::CallHold { call: call.call_id, from: "approved", to: "failed" });
            }
            (Ruled::Block(_), _) => {}
        }
    }

    /// A tool as the audit log names it. A name that no tool has is the model's own text, which may be about anybody and of any length: a keyed
    /// digest says where the same came again, and nobody can try out what it was. The name itself stands with the decision.
    fn named(&self, tool: &str) -> String {
        if self.runtime.host.find(tool).is_some() {
            return tool.to_owned();
        }
        let name = json!({ "tenant": self.tenant, "tool": tool });
        self.runtime.key.seal(UNKNOWN_TOOL, &name).map_or_else(|_| "unknown".to_owned(), |digest| format!("unknown:{digest}"))
    }

    /// Where the same call came again, as the audit log says it: keyed, since who has the log could try out a short name or address otherwise.
    fn told_apart(&self, call: Digest) -> Option<Digest> {
        self.runtime.key.seal(SAME_CALL, &json!({ "tenant": self.tenant, "call": call })).ok()
    }

    /// A ruling as it is written down beside the events.
    fn decision_side(&self, call: &ToolCall, ruling: &Ruling, decision_id: DecisionId, pins: &Pins, after_approval: bool, now: OffsetDateTime) -> DecisionSide {
        let name = ruling.name();
        let step = self.run.steps.iter().rev().find(|step| step.number == call.call_id.step);
        let tool = self.runtime.host.find(&call.tool);
        let beside = Beside {
            reservation: self.reservation,
            prompt: &pins.prompt,
            model: step.map_or(&pins.model, |step| &step.model),
            tool: tool.as_ref().map(|tool| tool.spec()),
        };
        let mut detail = json!({
            "call": call.call_id, "tool": self.named(&call.tool), "verdict": name, "rules": ruling.rules, "arguments_digest": self.told_apart(ruling.call_digest),
            "envelope_id": ruling.sealed.as_ref().map(|sealed| sealed.id), "policy_digest": ruling.policy_digest,
            "prompt": pins.prompt, "after_approval": after_approval, "changed": ruling.changed,
            "grant_id": ruling.grant,
        });
        if let (Some(detail), false) = (detail.as_object_mut(), ruling.endorsed.is_empty()) {
            detail.insert("endorsed".to_owned(), json!(ruling.endorsed));
        }
        DecisionSide {
            detail,
            row: DecisionRow {
                decision_id,
                workspace: pins.workspace,
                run: self.run_id,
                call_id: call.call_id.to_string(),
                person: pins.person,
                agent: pins.agent.clone(),
                tool: storable(&call.tool),
                effect: ruling.effect.map(|effect| effect.name().to_owned()),
                verdict: name.name().to_owned(),
                class: match &ruling.verdict {
                    Ruled::Block(class) => Some(class.name().to_owned()),
                    Ruled::Allow(_) | Ruled::Hold(_) => None,
                },
                rules: ruling.rules.clone(),
                reason: storable(&ruling.reason),
                envelope_id: ruling.sealed.as_ref().map(|sealed| sealed.id.bytes().to_vec()),
                policy_digest: ruling.policy_digest,
                arguments: call.broken.as_ref().map_or_else(|| call.arguments.to_string(), |why| json!({ "broken": why }).to_string()),
                provenance: ruling.provenance.to_string(),
                record: ruling.record(&beside),
                decided_at: now,
            },
        }
    }

    pub(super) async fn execute(&mut self, calls: &[CallId]) -> Result<(), DriveError> {
        let Some(permitted) = self.permitted(calls).await? else { return Ok(()) };
        let ready = self.ready(permitted).await?;
        for Ready { id, .. } in &ready {
            self.apply(Event::Starting { call_id: *id, key: self.key_of(*id), attempt: 1, lost: PluginWork::default() });
            if self.run.call(*id).is_some_and(|call| call.hold.is_some()) {
                self.sides.push(Side::CallHold { call: *id, from: "approved", to: "claimed" });
            }
        }
        let looks = ready.iter().all(|Ready { id, .. }| self.only_looks(*id)) && !self.sides.iter().any(|side| matches!(side, Side::Counted(_)));
        if !looks {
            self.flush(RunStatus::Running, false).await?;
            // What is heard with that very commit counts: nothing has begun yet.
            if self.stop.is_cancelled() || self.is_outdated() {
                self.not_begun(&ready);
                return Ok(());
            }
        }
        self.carry_out(ready, looks).await
    }

    /// Calls whose intent is written and that are not begun: the commit told that the run is to stop, or that what its person may do has changed.
    fn not_begun(&mut self, ready: &[Ready]) {
        let (class, why) = if self.stop.is_cancelled() {
            (FailureClass::Failed, "stopped by a person before it began")
        } else {
            (FailureClass::Unavailable, "what the person may do has changed, so this was not begun; propose it again if it is still wanted")
        };
        for Ready { id, .. } in ready {
            if self.run.call(*id).is_some_and(|call| call.hold.is_some()) {
                self.sides.push(Side::CallHold { call: *id, from: "claimed", to: "failed" });
            }
            let CallReport { outcome, fuel, ms, used, records, kept, handed } = report(Outcome::failed(class, why));
            self.apply(Event::Done { call_id: *id, outcome, fuel, ms, used, lost: PluginWork::default(), records, kept, handed });
        }
    }

    /// Whether a call reads the office and does nothing else: nobody outside learns of it, no person or counter admitted it, and doing it
    /// again is the same. Such a call may run while its intent is still to be written: what it finds leaves the process after that.
    fn only_looks(&self, id: CallId) -> bool {
        let Some(call) = self.run.call(id) else { return false };
        let admitted = call.hold.is_none() && call.edit.is_none() && call.ruled.as_ref().is_some_and(|ruled| ruled.grant.is_none());
        let inside = self.runtime.host.tool(&call.call.tool).is_some_and(|tool| tool.spec().effect == Effect::Read && tool.stays_inside());
        admitted && inside
    }

    /// Calls that were started and never ended: repeated by their key where that is safe, handed to a person where it is not.
    pub(super) async fn reconcile(&mut self, calls: &[CallId]) -> Result<(), DriveError> {
        self.withdraw_questions().await;
        let mut again = Vec::new();
        for id in calls {
            let Some(call) = self.run.call(*id) else { continue };
            let attempt = call.started.as_ref().map_or(1, |started| started.attempt).saturating_add(1);
            let tool = self.runtime.host.tool(&call.call.tool);
            let repeatable = tool.is_some_and(|tool| tool.spec().effect.only_reads() || tool.spec().idempotent);
            if repeatable && attempt <= ATTEMPTS_MAX {
                again.push((*id, attempt));
            } else {
                self.not_known(*id, "Steward stopped while this call ran and cannot tell whether it took effect; a person has to look");
            }
        }
        let mut permitted = Vec::new();
        for (id, _) in &again {
            match self.judged(*id).await?.map(|judged| judged.ruling) {
                Some(Ruling { verdict: Ruled::Allow(permit), floor, said, .. }) => permitted.push((*id, Permitted { permit: *permit, floor, said })),
                _ => self.not_known(*id, "Steward stopped while this call ran, and the rules as they are now do not let it be repeated"),
            }
        }
        let ready = self.ready(permitted).await?;
        for (id, attempt) in again.into_iter().filter(|(id, _)| ready.iter().any(|ready| ready.id == *id)) {
            let lost = self.lost(id);
            self.apply(Event::Starting { call_id: id, key: self.key_of(id), attempt, lost });
        }
        self.flush(RunStatus::Running, false).await?;
        // They may have happened before, so they are under way still, and are judged anew when the run is taken up again.
        if self.is_outdated() {
            return Ok(());
        }
        self.carry_out(ready, false).await
    }

    /// What a try of a call that was cut off may have taken at most. Nobody is left to ask, so that much counts.
    fn lost(&self, id: CallId) -> PluginWork {
        let tool = self.run.call(id).and_then(|call| self.runtime.host.tool(&call.call.tool));
        tool.map_or_else(PluginWork::default, |tool| tool.work_max())
    }

    pub(super) fn not_known(&mut self, id: CallId, message: &str) {
        let lost = self.lost(id);
        if self.run.call(id).is_some_and(|call| call.hold.is_some()) {
            self.sides.push(Side::CallHold { call: id, from: "claimed", to: "unknown" });
        }
        self.apply(Event::Done {
            call_id: id,
            outcome: Outcome::failed(FailureClass::Unknown, message),
            fuel: 0,
            ms: 0,
            used: Default::default(),
            lost,
            records: Default::default(),
            kept: None,
            handed: Default::default(),
        });
    }

    /// The permits of these calls. After a restart, and where other rules came in force while an earlier call of the step ran, they are judged anew;
    /// what is not as it is on record is written down before anything runs, and then done or not.
    async fn permitted(&mut self, calls: &[CallId]) -> Result<Option<Vec<(CallId, Permitted)>>, DriveError> {
        let mut permitted = Vec::with_capacity(calls.len());
        for id in calls {
            let kept = self.permits.remove(id);
            let ruled = self.run.call(*id).and_then(|call| call.ruled.as_ref());
            // A grant may have been taken back since, while an earlier call of the step ran: what stands on one is decided again.
            let by_grant = ruled.is_some_and(|ruled| ruled.grant.is_some());
            // So may who approved it have been shut out; of the first call of a step that was asked just now.
            let by_people = self.run.call(*id).is_some_and(|call| call.hold.is_some());
            let is_first = !self.run.steps.iter().filter(|step| step.number == id.step).flat_map(|step| &step.calls).any(|call| call.started.is_some());
            let is_kept = !by_grant && (!by_people || is_first);
            let envelope_id = ruled.and_then(|ruled| ruled.envelope_id);
            let in_force = self.runtime.rules.of(self.tenant).digest();
            if let Some(permit) = kept.filter(|kept| is_kept && kept.permit.envelope().policy_digest == in_force) {
                permitted.push((*id, permit));
                continue;
            }
            match self.judged(*id).await? {
                // The same proposal under the same rules: the decision on record is this one.
                Some(Judged { ruling: Ruling { verdict: Ruled::Allow(permit), sealed, floor, said, .. }, .. })
                    if sealed.as_ref().map(|sealed| sealed.id) == envelope_id =>
                {
                    permitted.push((*id, Permitted { permit: *permit, floor, said }));
                }
                Some(Judged { call, ruling, after_approval, counted }) => {
                    // What was allowed may be blocked now; what is allowed still is allowed by others.
                    let ruling = match ruling.verdict {
                        Ruled::Hold(_) => Ruling {
                            verdict: Ruled::Block(steward_core::BlockClass::Changed),
                            tell: "the rules have changed; propose it again".to_owned(),
                            ..ruling
                        },
                        Ruled::Allow(_) | Ruled::Block(_) => ruling,
                    };
                    self.permits.extend(permitted.drain(..));
                    self.note_ruling(&call, ruling, after_approval, counted, None);
                    return Ok(None);
                }
                None => {
                    self.end(RunOutcome::Failed, Some(EndReason::AgentGone), "the agent of this run is no longer configured".to_owned());
                    return Ok(None);
                }
            }
        }
        Ok(Some(permitted))
    }

    /// Carries calls out, side by side. With `unwritten`, their intent is written only if they take longer than it is worth to wait.
    async fn carry_out(&mut self, ready: Vec<Ready>, unwritten: bool) -> Result<(), DriveError> {
        let mut running: Vec<Reading<'_>> = Vec::with_capacity(ready.len());
        let runtime = self.runtime;
        let now_ms = runtime.office.clock.now_ms();
        // Those that run side by side have it together.
        let budget = self.run.left().map_or_else(RunBudget::default, |left| RunBudget::of(left.plugins));
        let (handed_down, ready): (Vec<_>, Vec<_>) = ready.into_iter().partition(|ready| ready.permitted.permit.envelope().tool == DELEGATE);
        let handed_down: Vec<_> = handed_down.into_iter().map(|Ready { id, permitted, .. }| (id, permitted)).collect();
        let mut desk = Desk::new();
        for Ready { id, permitted: Permitted { permit, floor, said }, stood } in ready {
            if permit.envelope().tool == EXTRACT {
                running.push(self.reading(id, permit).await?);
                continue;
            }
            if permit.envelope().tool == PROPOSE_GRANT {
                running.push(self.wishing(id, permit));
                continue;
            }
            if permit.envelope().tool == SCHEDULE {
                running.push(self.planning(id, permit, said));
                continue;
            }
            let key = self.key_of(id);
            let deadline_ms = runtime.host.tool(&permit.envelope().tool).map_or(CALL_DEADLINE_MS, |tool| tool.spec().timeout_ms);
            let Region { locale, time_zone } = self.region();
            let context = CallContext { key, deadline_ms, locale, time_zone, now_ms, run: budget.clone() };
            let only_reads = self.run.call(id).is_some_and(|call| call.only_reads());
            let hands = (self.hands)(floor, stood);
            let (people, secrets) = (self.people_of(&desk, id), self.secrets());
            let stop = self.stop.clone();
            running.push(Box::pin(async move {
                let calling = runtime.host.call_for(permit, context, hands, people, secrets);
                if !only_reads {
                    point();
                    // An effect under way is never dropped: its outcome must be known. Its deadline bounds it.
                    return (id, calling.await, None);
                }
                tokio::select! {
                    report = calling => (id, report, None),
                    () = stop.cancelled() => (id, report(Outcome::failed(FailureClass::Failed, "stopped by a person")), None),
                }
            }));
        }
        let mut all = join_all(running).fuse();
        let reports = Box::pin(self.attend(&mut desk, &mut all, unwritten.then_some(Duration::from_millis(LOOK_MS)))).await?;
        point();
        for (id, report, spent) in reports {
            if self.run.call(id).is_some_and(|call| call.hold.is_some()) {
                let to = match &report.outcome {
                    Outcome::Ok { .. } => "done",
                    Outcome::Failed { .. } => "failed",
                };
                self.sides.push(Side::CallHold { call: id, from: "claimed", to });
            }
            if let Some(Spent { usage, cost, model }) = spent {
                self.reserved_left = Micros(self.reserved_left.0.saturating_sub(cost.0));
                self.apply(Event::Extracted { call_id: id, model, usage, cost });
            }
            let CallReport { outcome, fuel, ms, used, records, kept, handed } = report;
            self.apply(Event::Done { call_id: id, outcome, fuel, ms, used, lost: PluginWork::default(), records, kept, handed });
        }
        if handed_down.is_empty() { Ok(()) } else { Box::pin(self.hand_down(handed_down)).await }
    }

    /// The idempotency key of a call: the same on every try, different for every call.
    fn key_of(&self, id: CallId) -> String {
        call_key(self.run_id, id)
    }
}

type Reading<'a> = BoxFuture<'a, (CallId, CallReport, Option<Spent>)>;

impl<'a> Drive<'a> {
    /// Reading behind a handle, with what it may cost set aside. The permit is spent on it.
    async fn reading(&mut self, id: CallId, permit: Permit) -> Result<Reading<'a>, DriveError> {
        let models = &self.runtime.models;
        let Some(question) = Question::of(&permit.into_envelope().arguments) else {
            return Ok(at_once(id, FailureClass::InvalidArguments, "`choice` needs at least two `choices`, and `from` one handle of a single value"));
        };
        let model = self.run.pins.as_ref().map(|pins| pins.model.clone()).unwrap_or_default();
        let candidates = models.candidates(&model).unwrap_or_default().to_vec();
        if !self.reserve(extract::estimate(models, &candidates, &question)).await? {
            return Ok(at_once(id, FailureClass::Unavailable, "a budget has no room for reading this; an owner can raise it"));
        }
        let stop = self.stop.clone();
        Ok(Box::pin(async move {
            let (outcome, spent) = extract::read(models, candidates, question, stop).await;
            (id, report(outcome), Some(spent))
        }))
    }
}

impl<'a> Drive<'a> {
    /// Asking for a standing grant. The permit is spent on it.
    fn wishing(&self, id: CallId, permit: Permit) -> Reading<'a> {
        let arguments = match wish::Arguments::of(permit.into_envelope().arguments) {
            Ok(arguments) => arguments,
            Err(why) => return at_once(id, FailureClass::InvalidArguments, &why),
        };
        let Some((store, actor)) = self.journal.records() else {
            return at_once(id, FailureClass::Failed, "nobody can be asked here");
        };
        let runtime: &'a Runtime = self.runtime;
        let may_use = self.agent().is_some_and(|agent| agent.may_use(&arguments.tool));
        let (Some(tool), Some(pins), true) = (runtime.host.tool(&arguments.tool), &self.run.pins, may_use) else {
            return at_once(id, FailureClass::InvalidArguments, "you have no such tool; ask for one of those you are offered");
        };
        let workspace = pins.workspace;
        Box::pin(async move {
            let outcome = wish::propose(&store, &runtime.office, &actor, workspace, tool.spec(), arguments).await;
            (id, report(outcome), None)
        })
    }
}

impl<'a> Drive<'a> {
    /// Having something said later. The permit is spent on it.
    fn planning(&self, id: CallId, permit: Permit, said: Option<Label>) -> Reading<'a> {
        let arguments = match plan::Arguments::of(permit.into_envelope().arguments) {
            Ok(arguments) => arguments,
            Err(why) => return at_once(id, FailureClass::InvalidArguments, &why),
        };
        let (Some(pins), Some(said)) = (&self.run.pins, said) else {
            return at_once(id, FailureClass::Failed, "nothing can be said later from here");
        };
        let runtime: &'a Runtime = self.runtime;
        let from = plan::Place { call: id, workspace: pins.workspace, conversation: pins.conversation, agent: pins.agent.clone(), mode: self.mode(), said };
        let journal = self.journal.clone();
        Box::pin(async move { (id, report(plan::make(&journal, &runtime.office, from, arguments).await), None) })
    }
}

fn at_once<'a>(id: CallId, class: FailureClass, why: &str) -> Reading<'a> {
    let outcome = Outcome::failed(class, why);
    Box::pin(async move { (id, report(outcome), None) })
}

/// The report of a call that no sandbox ran.
fn report(outcome: Outcome) -> CallReport {
    CallReport { outcome, fuel: 0, ms: 0, used: Default::default(), records: Default::default(), kept: None, handed: Default::default() }
}

/// Text columns take no NUL.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}").chars().take(2000).collect()
}
