//! Removing what no longer counts: old sign-in failures, remembered answers, answered challenges, what clients were let in with. A job runs it for every organisation.

use super::error::PeopleError;
use super::failures::WINDOW_MINUTES;
use crate::Office;
use steward_store::{Tx, idempotency, oauth, passkey, sign_in_failure};
use time::Duration;

/// How long the answer to a POST with an idempotency key is remembered.
const ANSWER_HOURS: i64 = 24;

/// How much was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Sign-in failures.
    pub failures: u64,
    /// Remembered answers.
    pub answers: u64,
    /// Challenges that were answered.
    pub challenges: u64,
    /// Codes of clients, and secrets that renew their tokens.
    pub grants: u64,
}

/// Removes an organisation's old failures and answers.
pub async fn sweep(tx: &mut Tx, office: &Office) -> Result<Swept, PeopleError> {
    let now = office.clock.now();
    Ok(Swept {
        failures: sign_in_failure::purge(tx, now - Duration::minutes(WINDOW_MINUTES)).await?,
        answers: idempotency::purge(tx, now - Duration::hours(ANSWER_HOURS)).await?,
        challenges: passkey::purge_challenges(tx, now).await?,
        grants: oauth::purge(tx, now - Duration::hours(ANSWER_HOURS)).await?,
    })
}
