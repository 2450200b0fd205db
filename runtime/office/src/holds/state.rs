//! How a held action stands for the run that waits for it: by the state of its row, and by what people said of it.
//!
//! The two are written together, so where they do not fit each other somebody wrote there past us. Whether the words are those of people
//! and the rest of the row is as it was held is another question: every seal is checked before the action is carried out.

use super::{read_needs, suffices};
use steward_core::event::HoldOutcome;
use steward_store::hold::{ApprovalRow, HoldRow};

/// How a held action stands that the journal of its run has open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Nobody decided, or not enough people did.
    Waits,
    /// Another one waits in its place.
    Edited,
    /// People decided, or nobody did in time.
    Closed(HoldOutcome),
    /// The state is none that people or the run brought it to.
    Changed,
}

/// How a held action stands that the journal of its run has open. `has_next` says whether one that is as it was sealed waits in its place.
pub fn stands(row: &HoldRow, said: &[ApprovalRow], has_next: bool) -> Stands {
    let is_refused = said.iter().any(|word| !word.approves);
    // Enough words alone do not say that people released it: the last of them counted by the roles of then, in which who said yes earlier may
    // have had none. Whoever released it said when, too, and until it is over nothing else did. One whose needs cannot be read is released by nobody.
    let is_released = row.decided_at.is_some() && row.closed_at.is_none() && read_needs(row).is_ok_and(|needs| suffices(&needs, row.people, said));
    match row.state.as_str() {
        "held" if !is_refused && !is_released => Stands::Waits,
        "edited" if has_next => Stands::Edited,
        "approved" => Stands::Closed(HoldOutcome::Approved),
        "rejected" if is_refused => Stands::Closed(HoldOutcome::Rejected),
        "revised" if is_refused => Stands::Closed(HoldOutcome::Revised),
        "expired" if !is_released => Stands::Closed(HoldOutcome::Expired),
        "cancelled" if !is_released => Stands::Closed(HoldOutcome::Cancelled),
        // It is claimed in the commit that starts it, and ends behind that: never while its run still waits for it.
        _ => Stands::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::super::STATES;
    use super::*;
    use steward_core::{HoldId, PersonId, RunId, WorkspaceId};
    use time::OffsetDateTime;
    use uuid::Uuid;

    const AT: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn row(state: &str) -> HoldRow {
        let id = Uuid::from_u128;
        HoldRow {
            hold_id: HoldId::from_uuid(id(1)),
            workspace: WorkspaceId::from_uuid(id(2)),
            run: RunId::from_uuid(id(3)),
            call_id: "call_1_0".to_owned(),
            person: PersonId::from_uuid(id(4)),
            agent: "assistant".to_owned(),
            tool: "mail.send".to_owned(),
            effect: "send".to_owned(),
            envelope_id: vec![0; 32],
            envelope: "{}".to_owned(),
            needs: r#"[["owner"]]"#.to_owned(),
            reason: String::new(),
            rules: Vec::new(),
            state: state.to_owned(),
            held_at: AT,
            expires_at: AT,
            decided_at: None,
            closed_at: None,
            people: 2,
            separate: false,
            ask: "[]".to_owned(),
            preview: None,
            edits: None,
            edited_by: None,
            journal: None,
            seal: None,
        }
    }

    fn word(person: u128, approves: bool) -> ApprovalRow {
        ApprovalRow {
            person: PersonId::from_uuid(Uuid::from_u128(person)),
            workspace: WorkspaceId::from_uuid(Uuid::from_u128(2)),
            approves,
            roles: vec!["owner".to_owned()],
            envelope_id: vec![0; 32],
            method: "terminal".to_owned(),
            reason: None,
            at: AT,
            session: None,
            seal: None,
        }
    }

    /// How each state stands with these words and times, where no other one waits in its place.
    fn check(said: &[ApprovalRow], decided_at: Option<OffsetDateTime>, closed_at: Option<OffsetDateTime>, fits: &[(&str, Stands)]) {
        for state in STATES {
            let expect = fits.iter().find(|(name, _)| *name == state).map_or(Stands::Changed, |(_, stands)| *stands);
            let row = HoldRow { decided_at, closed_at, ..row(state) };
            assert_eq!(stands(&row, said, false), expect, "`{state}` with {} words, decided {decided_at:?}, closed {closed_at:?}", said.len());
        }
    }

    #[test]
    fn a_state_that_the_words_do_not_bear_is_a_changed_one() {
        let closed = Stands::Closed;
        let open = [
            ("held", Stands::Waits),
            ("approved", closed(HoldOutcome::Approved)),
            ("expired", closed(HoldOutcome::Expired)),
            ("cancelled", closed(HoldOutcome::Cancelled)),
        ];
        check(&[], None, None, &open);
        check(&[word(5, true)], None, None, &open);
        // Enough people said yes, which is one commit with what it makes of the row.
        check(&[word(5, true), word(6, true)], Some(AT), None, &[("approved", closed(HoldOutcome::Approved))]);
        let refused = [
            ("approved", closed(HoldOutcome::Approved)),
            ("rejected", closed(HoldOutcome::Rejected)),
            ("revised", closed(HoldOutcome::Revised)),
            ("expired", closed(HoldOutcome::Expired)),
            ("cancelled", closed(HoldOutcome::Cancelled)),
        ];
        check(&[word(5, true), word(6, false)], Some(AT), Some(AT), &refused);
    }

    #[test]
    fn words_that_were_too_few_when_they_were_counted_release_nothing_later() {
        let said = [word(5, true), word(6, true)];
        // One of the two was not there any more when the other spoke, and may be there again: it was never decided, so it waits, and is over in time.
        assert_eq!(stands(&row("held"), &said, false), Stands::Waits);
        for (state, outcome) in [("expired", HoldOutcome::Expired), ("cancelled", HoldOutcome::Cancelled)] {
            let over = HoldRow { decided_at: Some(AT), closed_at: Some(AT), ..row(state) };
            assert_eq!(stands(&over, &said, false), Stands::Closed(outcome));
        }
    }

    #[test]
    fn an_edited_one_stands_so_only_where_another_waits_in_its_place() {
        assert_eq!(stands(&row("edited"), &[], true), Stands::Edited);
        assert_eq!(stands(&row("edited"), &[], false), Stands::Changed);
        assert_eq!(stands(&row("held"), &[], true), Stands::Waits);
    }

    #[test]
    fn needs_that_cannot_be_read_are_met_by_nobody() {
        let row = HoldRow { needs: "nothing".to_owned(), ..row("held") };
        assert_eq!(stands(&row, &[word(5, true), word(6, true)], false), Stands::Waits);
        let row = HoldRow { decided_at: Some(AT), ..row };
        assert_eq!(stands(&row, &[word(5, true), word(6, true)], false), Stands::Waits);
    }
}
