//! Telling people that something waits for them: who is told, once each, and what becomes of a message that does not arrive.
//!
//! What waits is its own record: whatever is held and stands in no `announcement` yet is told of in the next round, so that no crash and
//! no other process loses it, and a run that holds nothing does nothing for it. Whom to tell is asked of the same roles, routes and
//! workspaces that decide who may approve. Being told gives no right, and nothing here knows what is to be done: only that it waits.

mod places;

pub use places::{LANGUAGES, PLACES_MAX, Place, Settings, add_place, list_places, remove_place, set_wish, settings, test};

use crate::Office;
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use crate::holds::routing::{Ask, asked};
use crate::people::of_people;
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::{Actor, Needs, Permission, PersonId, PushSubscriptionId, Role};
use steward_store::notice::{self, DueRow, Matter, NewNotice, Outcome, UntoldRow};
use steward_store::{StoreError, Tx, hold, membership, notice_wish, push_subscription};
use time::{Duration, OffsetDateTime};

/// The most people that are looked at for one thing: with a role that helps, and in its workspace.
const PEOPLE_MAX: i64 = 200;
/// How long somebody is told of a change that waits for good, in days.
const CHANGE_DAYS: i64 = 7;
/// How long whoever sends a message has it for themselves, in seconds; after that it was lost with them and is sent again.
pub const LEASE_SECONDS: i64 = 120;
/// How long after each try that failed the next one is made, in seconds; after the last the message is given up.
pub const BACKOFF_SECONDS: [i64; 7] = [15, 60, 120, 300, 900, 1800, 3600];
/// The longest that another server may ask us to wait, in seconds.
const WAIT_SECONDS_MAX: i64 = 3600;
/// How long what became of a message is remembered, in days.
const KEPT_DAYS: i64 = 30;
/// The longest text of why a message did not arrive, in letters.
const WHY_LETTERS_MAX: usize = 300;

/// By which ways people can be told here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Channels {
    /// By mail.
    pub mail: bool,
    /// In their browsers.
    pub push: bool,
}

/// What a way out said to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// It was taken.
    Taken,
    /// The browser is there no longer.
    Gone,
    /// It is refused and will be refused again; it says why.
    Refused(String),
    /// It failed and may not fail again; it says why, and after how many seconds to come back if that was said.
    Failed {
        /// Why.
        why: String,
        /// When to come back.
        after_s: Option<u64>,
    },
}

/// Makes messages of what waits and was not told of. Returns how many things that were.
pub async fn announce(tx: &mut Tx, office: &Office, channels: Channels, most: i64) -> Result<usize, OfficeError> {
    // Whoever cannot tell anybody leaves it to those who can.
    if channels == Channels::default() {
        return Ok(0);
    }
    let now = office.clock.now();
    let untold = notice::untold(tx, now, most).await?;
    let mut told = 0;
    for row in &untold {
        let people = deciders(tx, row).await?;
        let notices = notices_for(tx, office, channels, row, &people).await?;
        // Of two processes at once the second finds the first one's word, and its own notices in place already.
        if notice::announce(tx, row, people.len(), notices, now).await? {
            let detail = json!({ "matter": row.matter.name(), "step": row.step, "people": people, "notices": notices });
            audit::record(tx, office, Entry { action: "notice.announce", object: row.matter.to_string(), outcome: "done", detail, request_id: None }).await?;
            told += 1;
        }
    }
    Ok(told)
}

/// Who may decide on it and is asked at this step.
async fn deciders(tx: &mut Tx, row: &UntoldRow) -> Result<Vec<PersonId>, OfficeError> {
    let permission = match row.matter {
        Matter::Hold(_) => Permission::HoldsDecide,
        Matter::BudgetHold(_) => Permission::BudgetsDecide,
        Matter::Change(_) => Permission::ChangesDecide,
        Matter::Test(_) => return Ok(Vec::new()),
    };
    let (needs, asked) = (needs_of(row)?, asked_at(row)?);
    let mut not = BTreeSet::new();
    if row.separate {
        not.insert(row.person);
    }
    if let Matter::Hold(id) = row.matter {
        if row.separate {
            not.extend(hold::editors(tx, id).await?);
        }
        // Whoever said something knows of it.
        not.extend(hold::approvals(tx, id).await?.into_iter().map(|word| word.person));
    }
    // Only who may be among them is looked at, so that the bound leaves out nobody for the sake of others.
    let helps = |role: &&Role| needs.as_ref().is_none_or(|needs| needs.contains(*role));
    let roles: Vec<String> = permission.roles().iter().filter(helps).map(|role| role.name().to_owned()).collect();
    let people = membership::people_with(tx, &roles, row.workspace, PEOPLE_MAX).await?;
    let may = |actor: &Actor| {
        actor.may(permission)
            && row.workspace.is_none_or(|workspace| actor.workspaces.sees(workspace))
            && needs.as_ref().is_none_or(|needs| actor.roles.iter().any(|role| needs.contains(role)))
            && actor.person.is_some_and(|person| !not.contains(&person))
    };
    let all: Vec<Actor> = of_people(tx, &people).await?.into_iter().filter(may).collect();
    let is_asked = |actor: &&Actor| asked.as_ref().is_none_or(|asked| actor.roles.iter().any(|role| asked.contains(role)));
    let first: Vec<PersonId> = all.iter().filter(is_asked).filter_map(|actor| actor.person).collect();
    // A route on which nobody can decide loses nothing: then it waits for whoever can.
    Ok(if first.is_empty() { all.iter().filter_map(|actor| actor.person).collect() } else { first })
}

/// Roles of which one must be there for a word to help; any, where the rules do not say.
fn needs_of(row: &UntoldRow) -> Result<Option<BTreeSet<Role>>, OfficeError> {
    let Some(text) = &row.needs else { return Ok(None) };
    let needs: Needs = serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what: "hold.needs" })?;
    Ok(Some(needs.into_iter().flatten().collect()))
}

/// Roles that the route asks at this step; nobody in particular where there is no route.
fn asked_at(row: &UntoldRow) -> Result<Option<BTreeSet<Role>>, OfficeError> {
    if row.step > 0 {
        let roles = row.roles.iter().map(|role| role.parse().map_err(|_| StoreError::Corrupt { what: "hold_escalation.roles" }));
        return Ok(Some(roles.collect::<Result<_, StoreError>>()?));
    }
    let Some(text) = &row.ask else { return Ok(None) };
    let route: Vec<Ask> = serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what: "hold.ask" })?;
    let first = asked(&route, 0);
    Ok((!first.is_empty()).then_some(first))
}

async fn notices_for(tx: &mut Tx, office: &Office, channels: Channels, row: &UntoldRow, people: &[PersonId]) -> Result<usize, OfficeError> {
    let now = office.clock.now();
    let expires_at = row.expires_at.unwrap_or(now + Duration::days(CHANGE_DAYS));
    let without_mail: BTreeSet<PersonId> = notice_wish::without_mail(tx, people).await?.into_iter().collect();
    let mut made = 0;
    for person in people {
        let mut places = Vec::new();
        if channels.mail && !without_mail.contains(person) {
            places.push(None);
        }
        // Another process may have the key that this one has not.
        places.extend(list_of(tx, *person).await?.into_iter().map(Some));
        for browser in places {
            let new = NewNotice { notice_id: office.ids.make(), person: *person, browser, matter: row.matter, tool: row.tool.clone(), expires_at };
            made += usize::from(notice::insert(tx, &new, now).await?);
        }
    }
    Ok(made)
}

async fn list_of(tx: &mut Tx, person: PersonId) -> Result<Vec<PushSubscriptionId>, StoreError> {
    let most = i64::try_from(PLACES_MAX).unwrap_or(i64::MAX);
    Ok(push_subscription::list_of(tx, person, most).await?.into_iter().map(|row| row.push_subscription_id).collect())
}

/// Takes messages whose time has come and for which there is a way out here, after closing those that nobody needs any more.
pub async fn take(tx: &mut Tx, office: &Office, channels: Channels, most: i64) -> Result<Vec<DueRow>, OfficeError> {
    let now = office.clock.now();
    notice::close_moot(tx, now).await?;
    Ok(notice::take(tx, now, now + Duration::seconds(LEASE_SECONDS), channels.mail, channels.push, most).await?)
}

/// Writes down what came of a message. Returns why it was given up, if it was.
pub async fn settle(tx: &mut Tx, office: &Office, due: &DueRow, tried: Tried) -> Result<Option<String>, OfficeError> {
    let now = office.clock.now();
    let outcome = outcome(due, tried, now);
    match (&outcome, &due.browser) {
        (Outcome::Sent, Some(browser)) => push_subscription::used(tx, browser.id, now).await?,
        (Outcome::Moot, Some(browser)) => push_subscription::remove_gone(tx, browser.id).await?,
        (Outcome::Sent | Outcome::Moot, None) | (Outcome::Again(..) | Outcome::Dead(_), _) => {}
    }
    notice::settle(tx, due.notice_id, &outcome, now).await?;
    Ok(match outcome {
        Outcome::Dead(why) => Some(why),
        Outcome::Sent | Outcome::Moot | Outcome::Again(..) => None,
    })
}

fn outcome(due: &DueRow, tried: Tried, now: OffsetDateTime) -> Outcome {
    let short = |why: String| why.chars().filter(|letter| !letter.is_control()).take(WHY_LETTERS_MAX).collect::<String>();
    match tried {
        Tried::Taken => Outcome::Sent,
        Tried::Gone => Outcome::Moot,
        Tried::Refused(why) => Outcome::Dead(short(why)),
        Tried::Failed { why, after_s } => {
            let Some(wait) = BACKOFF_SECONDS.get(usize::from(due.tries.saturating_sub(1))) else { return Outcome::Dead(short(why)) };
            let asked = after_s.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX)).min(WAIT_SECONDS_MAX);
            let next = now + Duration::seconds(asked.max(*wait));
            if next >= due.expires_at { Outcome::Dead(short(why)) } else { Outcome::Again(next, short(why)) }
        }
    }
}

/// Messages that were given up, newest first.
pub async fn list_dead(tx: &mut Tx, most: i64) -> Result<Vec<notice::NoticeRow>, OfficeError> {
    Ok(notice::list(tx, None, most).await?)
}

/// Forgets what became of old messages. Returns how many.
pub async fn sweep(tx: &mut Tx, office: &Office) -> Result<u64, StoreError> {
    notice::purge(tx, office.clock.now() - Duration::days(KEPT_DAYS)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::{HoldId, NoticeId};
    use time::macros::datetime;
    use uuid::Uuid;

    fn due(tries: u16) -> DueRow {
        DueRow {
            notice_id: NoticeId::from_uuid(Uuid::from_u128(1)),
            person: PersonId::from_uuid(Uuid::from_u128(2)),
            email: "ben@home.example".to_owned(),
            language: None,
            matter: Matter::Hold(HoldId::from_uuid(Uuid::from_u128(3))),
            tool: None,
            expires_at: datetime!(2026-03-04 09:00 UTC),
            tries,
            browser: None,
        }
    }

    #[test]
    fn a_message_is_tried_again_later_each_time_and_then_given_up() {
        let now = datetime!(2026-03-01 09:00 UTC);
        let failed = |after_s| Tried::Failed { why: "away\r\n".to_owned(), after_s };
        for (tries, after_s, expect) in
            [(1, None, Some(15)), (2, None, Some(60)), (7, None, Some(3600)), (8, None, None), (1, Some(40), Some(40)), (1, Some(9_000), Some(3_600))]
        {
            let expect = expect.map_or(Outcome::Dead("away".to_owned()), |wait| Outcome::Again(now + Duration::seconds(wait), "away".to_owned()));
            assert_eq!(outcome(&due(tries), failed(after_s), now), expect, "{tries} {after_s:?}");
        }
        // What would be said after it is over is not said.
        assert_eq!(outcome(&due(3), failed(None), datetime!(2026-03-04 08:59 UTC)), Outcome::Dead("away".to_owned()));
        assert_eq!(outcome(&due(1), Tried::Refused("x".repeat(999)), now), Outcome::Dead("x".repeat(WHY_LETTERS_MAX)));
        assert_eq!((outcome(&due(1), Tried::Taken, now), outcome(&due(1), Tried::Gone, now)), (Outcome::Sent, Outcome::Moot));
    }
}
