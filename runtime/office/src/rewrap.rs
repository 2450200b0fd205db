//! What a replaced data key leaves to be done: keys of personal details and secrets for one-time codes are wrapped anew, so that nothing needs
//! the former key and it can be destroyed. Whoever has a copy of the database from before then opens nothing in it that is sealed.
//!
//! A pass is one transaction over a bounded number of rows with its entry in the log, so one that is cut off did nothing, and the next goes on.
//! What is sealed with these keys stays as it is, and so does the log. Secrets of organisations are wrapped anew by [`crate::secrets`].

use crate::Office;
use crate::audit::personal::{Personal, unsealed};
use crate::audit::seal::{SealError, Subject};
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use crate::people::totp_sealed_for;
use crate::secrets;
use serde_json::json;
use std::ops::AddAssign;
use steward_core::PersonId;
use steward_store::data_key::{self, DataKeyNames, Wrapped, WrappedAnew, WrappedCount};
use steward_store::{StoreError, Tx};

/// The most keys of personal details, and the most secrets for one-time codes, that a pass wraps.
pub const ROWS_MAX: i64 = 500;

/// Up to where an organisation was looked through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    subject: Option<String>,
    person: Option<PersonId>,
}

/// What a pass did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pass {
    /// Keys of personal details that were wrapped anew.
    pub details: u64,
    /// Secrets for one-time codes that were sealed anew.
    pub codes: u64,
    /// Those that open with none of the keys that there are.
    pub left: u64,
    /// Where the next pass goes on; none at the end.
    pub next: Option<Place>,
}

/// So much of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Keys of personal details, one for each person or contact.
    pub details: u64,
    /// Secrets for one-time codes.
    pub codes: u64,
    /// Organisations with secrets of their own.
    pub secrets: u64,
}

/// What needs another data key than that of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// A former one that is here, which has to be kept until then.
    pub former: Counts,
    /// Of those, what is not wrapped anew: the key of now is the one it was wrapped with before.
    pub turned: Counts,
    /// One that is not here.
    pub foreign: Counts,
    /// One that was not written down: of before this was, and not looked at since.
    pub unknown: Counts,
    /// Opens with none that is here, though beside it stands one that is, or none. No key that is here is kept for it.
    pub lost: Counts,
}

impl Counts {
    /// Whether it is nothing.
    pub const fn is_none(&self) -> bool {
        self.details == 0 && self.codes == 0 && self.secrets == 0
    }

    /// These without those others.
    const fn without(self, other: Self) -> Self {
        Self {
            details: self.details.saturating_sub(other.details),
            codes: self.codes.saturating_sub(other.codes),
            secrets: self.secrets.saturating_sub(other.secrets),
        }
    }
}

impl Needs {
    /// Whether no key but that of now opens anything: what opens with none that is here needs none of them.
    pub fn is_now_alone(&self) -> bool {
        *self == Self { lost: self.lost, ..Self::default() }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.details += other.details;
        self.codes += other.codes;
        self.secrets += other.secrets;
    }
}

impl AddAssign for Needs {
    fn add_assign(&mut self, other: Self) {
        self.former += other.former;
        self.turned += other.turned;
        self.foreign += other.foreign;
        self.unknown += other.unknown;
        self.lost += other.lost;
    }
}

/// Wraps anew what a former data key wrapped in the worker's organisation, from this place on. What another process wrapped in the place of this
/// one's key is left: two that know each other's key as the former one would go on for ever. What somebody is changing is left to a later round.
pub async fn pass(tx: &mut Tx, office: &Office, from: &Place) -> Result<Pass, OfficeError> {
    let (data, tenant) = (office.personal.key()?, tx.actor().tenant);
    let names = data.names();
    let keys = data_key::lock_personal(tx, &names, from.subject.as_deref(), ROWS_MAX).await?;
    let codes = data_key::lock_totp(tx, &names, from.person, ROWS_MAX).await?;
    let is_full = |rows: usize| i64::try_from(rows).is_ok_and(|rows| rows >= ROWS_MAX);
    let next = (is_full(keys.len()) || is_full(codes.len())).then(|| Place {
        subject: keys.last().map(|row| row.of.clone()).or_else(|| from.subject.clone()),
        person: codes.last().map(|row| row.of).or(from.person),
    });
    let (keys, keys_left) = anew(&names, keys, |subject, wrapped| {
        let subject = subject.parse::<Subject>().map_err(|_| SealError::Other);
        subject.and_then(|subject| data.rewrap(tenant, subject, wrapped))
    })?;
    let (codes, codes_left) = anew(&names, codes, |person, sealed| data.reseal(&totp_sealed_for(tenant, *person), sealed))?;
    let details = if keys.is_empty() { 0 } else { data_key::replace_personal(tx, &names.now, &keys).await? };
    let codes = if codes.is_empty() { 0 } else { data_key::replace_totp(tx, &names.now, &codes).await? };
    if details + codes > 0 {
        let detail = json!({ "data_key": names.now, "details": details, "codes": codes });
        audit::record(tx, office, Entry { action: "data_key.rewrap", object: tenant.to_string(), outcome: "done", detail, request_id: None }).await?;
    }
    Ok(Pass { details, codes, left: keys_left + codes_left, next })
}

/// These wrapped anew, and how many open with no key.
fn anew<'a, T>(
    names: &DataKeyNames,
    rows: Vec<Wrapped<T>>,
    wrap: impl Fn(&T, &[u8]) -> Result<(Vec<u8>, &'a str), SealError>,
) -> Result<(Vec<WrappedAnew<T>>, u64), StoreError> {
    let (mut made, mut left) = (Vec::with_capacity(rows.len()), 0);
    for Wrapped { of, bytes, data_key, data_key_before: _ } in rows {
        match wrap(&of, &bytes) {
            Ok((bytes, opened_by)) => {
                let before = data_key.or_else(|| (opened_by != names.now).then(|| opened_by.to_owned()));
                made.push(WrappedAnew { of, bytes, before });
            }
            Err(SealError::Other) => left += 1,
            Err(err @ SealError::Chance) => return Err(unsealed(err)),
        }
    }
    Ok((made, left))
}

/// What of this organisation needs another data key than that of now. What a former one is to open, or nobody knows which, is tried.
pub async fn needs(tx: &mut Tx, personal: &Personal) -> Result<Needs, OfficeError> {
    let data = personal.key()?;
    let (names, tenant) = (data.names(), tx.actor().tenant);
    let mut needs = Needs::default();
    for count in data_key::count_personal(tx).await? {
        let rows = rows_of(&count);
        needs.add(&names, &count, Counts { details: rows, ..Counts::default() });
    }
    for count in data_key::count_totp(tx).await? {
        let rows = rows_of(&count);
        needs.add(&names, &count, Counts { codes: rows, ..Counts::default() });
    }
    let secret = secrets::wrapped_with(tx).await?;
    if let Some(count) = &secret {
        needs.add(&names, count, Counts { secrets: 1, ..Counts::default() });
    }
    if needs.former.is_none() && needs.unknown.is_none() {
        return Ok(needs);
    }
    let mut after: Option<String> = None;
    loop {
        let rows = data_key::list_personal(tx, &names, after.as_deref(), ROWS_MAX).await?;
        for row in &rows {
            let opened = row.of.parse::<Subject>().map_err(|_| SealError::Other).and_then(|subject| data.rewrap(tenant, subject, &row.bytes));
            if matches!(opened, Err(SealError::Other)) {
                needs.lose(&names, (row.data_key.as_ref(), row.data_key_before.as_ref()), Counts { details: 1, ..Counts::default() });
            }
        }
        match rows.last() {
            Some(last) => after = Some(last.of.clone()),
            None => break,
        }
    }
    let mut after: Option<PersonId> = None;
    loop {
        let rows = data_key::list_totp(tx, &names, after, ROWS_MAX).await?;
        for row in &rows {
            if matches!(data.reseal(&totp_sealed_for(tenant, row.of), &row.bytes), Err(SealError::Other)) {
                needs.lose(&names, (row.data_key.as_ref(), row.data_key_before.as_ref()), Counts { codes: 1, ..Counts::default() });
            }
        }
        match rows.last() {
            Some(last) => after = Some(last.of),
            None => break,
        }
    }
    let former = secret.filter(|count| count.data_key.as_ref().is_some_and(|name| names.former.contains(name)));
    if let Some(count) = former
        && !secrets::opens(tx, data).await?
    {
        needs.lose(&names, (count.data_key.as_ref(), count.data_key_before.as_ref()), Counts { secrets: 1, ..Counts::default() });
    }
    Ok(needs)
}

fn rows_of(count: &WrappedCount) -> u64 {
    u64::try_from(count.rows).unwrap_or_default()
}

impl Needs {
    fn add(&mut self, names: &DataKeyNames, count: &WrappedCount, rows: Counts) {
        match &count.data_key {
            None => self.unknown += rows,
            Some(name) if *name == names.now => {}
            Some(name) if names.former.contains(name) => {
                self.former += rows;
                if count.data_key_before.as_ref() == Some(&names.now) {
                    self.turned += rows;
                }
            }
            Some(_) => self.foreign += rows,
        }
    }

    /// These open with no key that is here: neither the one that stands beside them, with the one before it, nor another.
    fn lose(&mut self, names: &DataKeyNames, (key, before): (Option<&String>, Option<&String>), rows: Counts) {
        if key.is_none() {
            self.unknown = self.unknown.without(rows);
        } else {
            self.former = self.former.without(rows);
            if before == Some(&names.now) {
                self.turned = self.turned.without(rows);
            }
        }
        self.lost += rows;
    }
}
