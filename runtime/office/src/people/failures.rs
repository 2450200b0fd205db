//! Slowing down guesses: five wrong tries in a quarter of an hour, per account and per address.
//!
//! A try counts as wrong before it is checked and is taken back when it was right, so that tries side by side do not slip past the count.

use super::error::PeopleError;
use crate::Office;
use steward_core::{Actor, Digest, PersonId, TenantId};
use steward_store::Store;
use steward_store::sign_in_failure::{self, Failure};
use time::Duration;

/// Wrong tries that are answered with a refusal; those beyond are not looked at.
pub(super) const FAILURES_MAX: i64 = 5;
/// How long a wrong try counts.
pub(super) const WINDOW_MINUTES: i64 = 15;

/// A try that counts as wrong until it is forgiven.
#[derive(Debug)]
pub(super) struct Counted {
    tenant: TenantId,
    account: String,
    tries: Vec<Failure>,
}

/// The account of an address. A digest, so that the table names nobody.
fn account_subject(email: &str) -> String {
    format!("account:{}", Digest::of(email.as_bytes()))
}

/// Counts a try, or refuses it unseen because too many went before.
pub(super) async fn count(store: &Store, office: &Office, tenant: TenantId, email: &str, address: Option<&str>) -> Result<Counted, PeopleError> {
    count_as(store, office, tenant, account_subject(email), address).await
}

/// What somebody who is signed in already gives anew.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given {
    /// A code of a second factor.
    Code,
    /// The password.
    Password,
}

/// The same for somebody who is signed in already. Each is counted apart from the other: whoever has the password forgives themselves no wrong
/// codes by giving it in between.
pub(super) async fn count_within(store: &Store, office: &Office, tenant: TenantId, person: PersonId, given: Given) -> Result<Counted, PeopleError> {
    let what = match given {
        Given::Code => "within",
        Given::Password => "password-within",
    };
    count_as(store, office, tenant, format!("{what}:{person}"), None).await
}

/// The same for a program that comes with what a person gave it, by where it comes from. Not counted with sign-ins: a broken program keeps no
/// person out.
pub(super) async fn count_program(store: &Store, office: &Office, tenant: TenantId, address: Option<&str>) -> Result<Counted, PeopleError> {
    count_as(store, office, tenant, format!("program:{}", address.unwrap_or_default()), None).await
}

async fn count_as(store: &Store, office: &Office, tenant: TenantId, account: String, address: Option<&str>) -> Result<Counted, PeopleError> {
    let subjects: Vec<String> = std::iter::once(account.clone()).chain(address.map(|address| format!("address:{address}"))).collect();
    let now = office.clock.now();
    let worker = Actor::worker(tenant);
    let mut tries = Vec::new();
    let mut tx = store.begin(&worker).await?;
    for subject in &subjects {
        tries.push(sign_in_failure::insert(&mut tx, &office.ids, subject, now).await?);
    }
    tx.commit().await?;
    // Counted after the commit: whoever comes sixth sees the five before, in whatever order they are checked.
    let mut tx = store.begin(&worker).await?;
    let mut refused_until = None;
    for subject in &subjects {
        let times = sign_in_failure::list_since(&mut tx, subject, now - Duration::minutes(WINDOW_MINUTES), FAILURES_MAX + 1).await?;
        if i64::try_from(times.len()).unwrap_or(i64::MAX) > FAILURES_MAX {
            refused_until = refused_until.max(times.last().map(|oldest| *oldest + Duration::minutes(WINDOW_MINUTES)));
        }
    }
    if let Some(until) = refused_until {
        // A refused try does not count: hammering does not lengthen the wait.
        for failure in tries {
            sign_in_failure::remove(&mut tx, failure).await?;
        }
        tx.commit().await?;
        return Err(PeopleError::TooManyFailures { retry_after_s: u64::try_from((until - now).whole_seconds()).unwrap_or(0).max(1) });
    }
    Ok(Counted { tenant, account, tries })
}

/// Takes back a try that was neither right nor wrong yet. Earlier wrong ones stay: nobody gets rid of them by half a sign-in.
pub(super) async fn take_back(store: &Store, counted: Counted) -> Result<(), PeopleError> {
    let mut tx = store.begin(&Actor::worker(counted.tenant)).await?;
    for failure in counted.tries {
        sign_in_failure::remove(&mut tx, failure).await?;
    }
    Ok(tx.commit().await?)
}

/// Forgets a try that was right, and with it the account's wrong ones; those of the address stay.
pub(super) async fn forgive(store: &Store, counted: Counted) -> Result<(), PeopleError> {
    let mut tx = store.begin(&Actor::worker(counted.tenant)).await?;
    sign_in_failure::clear(&mut tx, &counted.account).await?;
    for failure in counted.tries {
        sign_in_failure::remove(&mut tx, failure).await?;
    }
    Ok(tx.commit().await?)
}
