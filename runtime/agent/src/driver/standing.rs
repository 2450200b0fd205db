//! What stands behind a call beside the rules: what people said of it, a standing grant, an edit.

use super::{Drive, DriveError};
use crate::counts::Counted;
use crate::gate::{Approved, Basis, Ruled, Ruling, Sealed};
use crate::held::edits_of;
use crate::run::call_digest;
use steward_core::event::Fate;
use steward_core::{CallId, Event, GrantId, Needs, ToolCall};
use steward_office::grants::Wanted;

/// A ruling with all that went into it.
pub(super) struct Judged {
    pub(super) call: ToolCall,
    pub(super) ruling: Ruling,
    /// Whether people had spoken.
    pub(super) after_approval: bool,
    /// The counters it was judged by.
    pub(super) counted: Counted,
}

impl Drive<'_> {
    /// The gate's word on a call, with what people or a standing grant gave it.
    pub(super) async fn judged(&mut self, id: CallId) -> Result<Option<Judged>, DriveError> {
        // Read once: whatever is said of this ruling, others may come in force meanwhile.
        let rules = self.runtime.rules.of(self.tenant);
        let approved = self.approvals_of(id).await?;
        let counted = self.counts_of(id, &rules).await?;
        let Some((call, ruling)) = self.rule(id, approved.as_ref(), &counted.values, &rules) else { return Ok(None) };
        // A grant stands in for people the first time, and again for a call that already runs on one. Nothing edited, nothing that was held.
        // Neither does it where a person refused the same in the run that this one goes on from.
        let refused = self.run.call(id).and_then(|call| self.run.elsewhere(&call_digest(&call.call))).is_some_and(|later| later.fate == Fate::Denied);
        // Nor for a program outside: a grant is given to the house's own agent, whose words and readings are known here.
        let may_be_granted = approved.is_none()
            && !refused
            && !self.run.called
            // Nor below another agent: what that one may not do by a grant, none does for it.
            && self.run.pins.as_ref().is_none_or(|pins| pins.above.is_none())
            && self
                .run
                .call(id)
                .is_some_and(|call| call.hold.is_none() && call.edit.is_none() && call.ruled.as_ref().is_none_or(|ruled| ruled.grant.is_some()));
        if may_be_granted && let (Ruled::Hold(needs), Some(sealed)) = (&ruling.verdict, &ruling.sealed) {
            let must_be_seen = match &ruling.basis {
                Basis::Facts(facts) => facts.leak || facts.content_actionable,
                Basis::Refused { .. } => true,
            };
            let granted = self.granted(&call, needs, sealed, must_be_seen).await?;
            if let Some((grant, approved)) = granted
                && let Some((call, second)) = self.rule(id, Some(&approved), &counted.values, &rules)
                && matches!(second.verdict, Ruled::Allow(_))
            {
                return Ok(Some(Judged { call, ruling: second.granted_by(grant), after_approval: false, counted }));
            }
        }
        Ok(Some(Judged { call, ruling, after_approval: approved.is_some(), counted }))
    }

    /// A use of a standing grant for this call, as the approval it stands in for. What must be seen is covered where the grant names all of it.
    async fn granted(&self, call: &ToolCall, needs: &Needs, sealed: &Sealed, must_be_seen: bool) -> Result<Option<(GrantId, Approved)>, DriveError> {
        let (Some(pins), Some(tool)) = (&self.run.pins, self.runtime.host.tool(&call.tool)) else { return Ok(None) };
        let wanted = Wanted {
            workspace: pins.workspace,
            agent: &pins.agent,
            person: pins.person,
            run: self.run_id,
            call: call.call_id,
            tool: tool.spec(),
            arguments: &sealed.envelope.arguments,
            needs,
            terms: sealed.envelope.circumstances.terms,
            must_be_seen,
        };
        let granted = self.journal.take_grant(&self.runtime.office, &wanted).await.map_err(|source| self.journal_error(source))?;
        Ok(granted.map(|granted| {
            let envelope = sealed.text.clone();
            (granted.grant_id, Approved { approvals: granted.approvals, envelope_id: sealed.id, envelope, broken: Vec::new(), is_orphaned: false })
        }))
    }

    /// Tells whoever follows the run that others were asked meanwhile.
    pub(super) async fn read_escalations(&mut self) -> Result<(), DriveError> {
        let open: Vec<_> = self.run.open_holds().map(|(call, hold)| (call, hold.hold_id, hold.escalated)).collect();
        if open.is_empty() {
            return Ok(());
        }
        let steps = self.journal.escalations(self.run_id).await.map_err(|source| self.journal_error(source))?;
        for step in steps {
            let Some((call_id, hold_id, _)) = open.iter().find(|(_, hold_id, known)| *hold_id == step.hold_id && *known < step.after_minutes) else { continue };
            self.apply(Event::HoldEscalated { call_id: *call_id, hold_id: *hold_id, after_minutes: step.after_minutes, roles: step.roles });
        }
        Ok(())
    }

    /// Takes up what editors put in place of held calls while nobody drove the run.
    pub(super) async fn read_edits(&mut self) -> Result<(), DriveError> {
        self.edited.clear();
        let mut open: Vec<_> = self.run.open_holds().map(|(call, hold)| (call, hold.hold_id)).collect();
        // Edits on record whose new hold is not: something stopped the drive in between.
        let calls = self.run.steps.iter().flat_map(|step| &step.calls).filter(|call| call.hold.is_none() && call.outcome.is_none());
        let between: Vec<_> = calls.filter_map(|call| Some((call.call.call_id, call.edit.as_ref()?.next))).collect();
        open.extend(between.iter().copied());
        if open.is_empty() {
            return Ok(());
        }
        let rows = self.journal.holds(self.run_id).await.map_err(|source| self.journal_error(source))?;
        for (call_id, hold_id) in open {
            let edits = edits_of(&self.runtime.key, self.tenant, &rows, call_id, hold_id).map_err(|source| self.journal_error(source))?;
            let itself = || rows.iter().find(|row| row.hold_id == hold_id && between.iter().any(|(_, next)| *next == hold_id));
            if let Some(waits) = edits.waits.or_else(itself) {
                self.edited.insert(call_id, waits.clone());
            }
            for event in edits.events {
                self.apply(event);
            }
        }
        Ok(())
    }
}
