//! Secrets of an organisation for its plugins: set, replaced and removed by an owner who says anew who they are, opened for a call of a run.
//!
//! A value goes in and never comes out to anybody: nothing here shows one, its length or a digest of it. It is sealed with a key of the
//! organisation's own, which is wrapped with the data key, for one organisation, plugin, name and version and for where it goes. Which names
//! there are and where each goes is the word of the plugins' manifests: of the one that was loaded when the value was set.

use crate::Office;
use crate::audit::personal::unsealed;
use crate::audit::seal::{DataKey, OrganisationKey};
use crate::audit::{self, Entry};
use crate::error::OfficeError;
use crate::people::confirm_lately;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use std::collections::BTreeMap;
use steward_core::{ActorKind, Digest, Permission, PersonId, TenantId};
use steward_store::data_key::WrappedCount;
use steward_store::secret::{self, SecretKeyRow, SecretRow};
use steward_store::{StoreError, Tx};

/// The longest value, in bytes.
pub const VALUE_BYTES_MAX: usize = 512;
/// A value is filled up to a multiple of this before it is sealed, in bytes: what is stored does not tell how long it is.
const BLOCK_BYTES: usize = 256;

/// All secrets that the organisation has or had, by plugin and name: never their values.
pub async fn list(tx: &mut Tx) -> Result<Vec<SecretRow>, OfficeError> {
    Ok(secret::list(tx).await?)
}

/// Gives a secret a value, in the place of the one it had. The caller knows that a manifest names it, that it goes to these origins by that
/// manifest and that a header can hold the value.
///
/// # Errors
/// Refused to whoever is no owner in person, and without a second factor given anew or a password given some minutes ago.
pub async fn set(tx: &mut Tx, office: &Office, plugin: &str, name: &str, origins: &[String], value: &SecretString) -> Result<SecretRow, OfficeError> {
    let person = owner(tx)?;
    let plain = filled(value)?;
    let before = secret::lock(tx, plugin, name).await?;
    let version = next_of(before.as_ref());
    let origins = in_order(origins);
    // What is shown of the value is made with the data key: without it nobody tries values until one fits.
    let what = [office.personal.key()?.tag(value.expose_secret().as_bytes()), goes_to(&origins).bytes().to_vec()].concat();
    confirm_lately(tx, office, &step_up_for("set", plugin, name, version, &what)).await?;
    let tenant = tx.actor().tenant;
    let sealed = key_of(tx, office).await?.seal(&about(tenant, plugin, name, version, &origins), &plain).map_err(unsealed)?;
    let (plugin, name) = (plugin.to_owned(), name.to_owned());
    let row = SecretRow { plugin, name, version, sealed: Some(sealed), origins, set_by: person, set_at: office.clock.now() };
    let is_stored = if before.is_some() { secret::replace(tx, &row).await? } else { secret::insert(tx, &row).await? };
    if !is_stored {
        return Err(OfficeError::Conflict("somebody else set this secret at the same time; look whether it is as it should be".to_owned()));
    }
    note(tx, office, "secret.set", &row).await?;
    Ok(row)
}

/// Takes a secret's value away; nothing of it is kept.
///
/// # Errors
/// Missing without a value; refused like [`set`].
pub async fn remove(tx: &mut Tx, office: &Office, plugin: &str, name: &str) -> Result<(), OfficeError> {
    let person = owner(tx)?;
    let before = secret::lock(tx, plugin, name).await?.filter(|row| row.sealed.is_some()).ok_or(OfficeError::Missing("secret"))?;
    let version = next_of(Some(&before));
    confirm_lately(tx, office, &step_up_for("remove", plugin, name, version, &[])).await?;
    let row = SecretRow { version, sealed: None, origins: Vec::new(), set_by: person, set_at: office.clock.now(), ..before };
    if !secret::replace(tx, &row).await? {
        return Err(OfficeError::Conflict("somebody else changed this secret at the same time; look at it again".to_owned()));
    }
    note(tx, office, "secret.remove", &row).await
}

/// Whether a value that was set for these origins may go to all of those: to none that it was not set for.
pub fn is_for(row: &SecretRow, origins: &[String]) -> bool {
    origins.iter().all(|origin| row.origins.contains(origin))
}

/// The values of these secrets of a plugin's, each wanted for these origins, as far as the organisation has them: for the call of a run, and for
/// nobody to see. One that was not set for all of its origins is left out: another version of the plugin, or another plugin of that name, goes
/// elsewhere, and its owner has not seen that.
///
/// # Errors
/// Refused to people and tokens. One that was sealed for another organisation, plugin, name or version, or with another key, is said to be.
pub async fn open(tx: &mut Tx, office: &Office, plugin: &str, wanted: &BTreeMap<String, Vec<String>>) -> Result<BTreeMap<String, SecretString>, OfficeError> {
    if !matches!(tx.actor().kind, ActorKind::Agent { .. } | ActorKind::Worker) {
        return Err(OfficeError::Denied("the value of a secret is shown to nobody".to_owned()));
    }
    let names: Vec<String> = wanted.keys().cloned().collect();
    let mut rows = secret::of_plugin(tx, plugin, &names).await?;
    rows.retain(|row| wanted.get(&row.name).is_some_and(|origins| is_for(row, origins)));
    if rows.is_empty() {
        return Ok(BTreeMap::new());
    }
    let tenant = tx.actor().tenant;
    let found = secret::find_key(tx).await?.ok_or(StoreError::Corrupt { what: "secret" })?;
    let key = office.personal.key()?.unwrap_for(tenant, &found.wrapped).map_err(unsealed)?;
    let mut values = BTreeMap::new();
    for SecretRow { name, version, sealed, origins, .. } in rows {
        let moved = || {
            OfficeError::Conflict(format!(
                "the secret `{name}` of plugin `{plugin}` was not sealed for this organisation, plugin, name and version, and where it goes: it was changed in the database, and an owner has to set it anew"
            ))
        };
        let plain = key.open(&about(tenant, plugin, &name, version, &origins), &sealed.unwrap_or_default()).map(Zeroizing::new).map_err(|_| moved())?;
        let value = emptied(&plain).ok_or_else(moved)?;
        values.insert(name, value);
    }
    Ok(values)
}

/// With which data key the organisation's key is wrapped, if it has one.
pub(crate) async fn wrapped_with(tx: &mut Tx) -> Result<Option<WrappedCount>, OfficeError> {
    Ok(secret::find_key(tx).await?.map(|found| WrappedCount { data_key: Some(found.data_key), data_key_before: found.data_key_before, rows: 1 }))
}

/// Whether the organisation's key opens with this data key or a former one. Where there is none, nothing has to.
pub(crate) async fn opens(tx: &mut Tx, data: &DataKey) -> Result<bool, OfficeError> {
    let tenant = tx.actor().tenant;
    Ok(secret::find_key(tx).await?.is_none_or(|found| data.unwrap_for(tenant, &found.wrapped).is_ok()))
}

/// Wraps the organisation's key anew where it is wrapped with a former data key. False where there is nothing to do, and where another process
/// wrapped it in the place of this one's key: two that know each other's key as the former one would go on for ever.
pub async fn rewrap(tx: &mut Tx, office: &Office) -> Result<bool, OfficeError> {
    let (data, tenant) = (office.personal.key()?, tx.actor().tenant);
    let Some(found) = secret::find_key(tx).await?.filter(|found| found.data_key != data.name() && found.data_key_before.as_deref() != Some(data.name())) else {
        return Ok(false);
    };
    let wrapped = data.rewrap_for(tenant, &found.wrapped).map_err(unsealed)?;
    let anew = SecretKeyRow { wrapped, data_key: data.name().to_owned(), data_key_before: Some(found.data_key.clone()) };
    if !secret::rewrap_key(tx, &anew, &found.data_key).await? {
        return Ok(false);
    }
    let detail = json!({ "data_key": anew.data_key, "before": found.data_key });
    audit::record(tx, office, Entry { action: "secret.rewrap", object: tenant.to_string(), outcome: "done", detail, request_id: None }).await?;
    Ok(true)
}

/// The owner who says so themselves.
fn owner(tx: &Tx) -> Result<PersonId, OfficeError> {
    let actor = tx.actor();
    match (&actor.kind, actor.person) {
        (ActorKind::Person { .. }, Some(person)) if actor.may(Permission::SecretsManage) => Ok(person),
        _ => Err(OfficeError::Denied("secrets are set by owners in person; no token and no agent does".to_owned())),
    }
}

fn next_of(before: Option<&SecretRow>) -> i32 {
    before.map_or(1, |row| row.version.saturating_add(1))
}

/// What a second factor is given for: this change of this version of this secret, to this value and for where it goes, and no other.
fn step_up_for(change: &str, plugin: &str, name: &str, version: i32, what: &[u8]) -> String {
    let version = version.to_string();
    format!("secret:{}", Digest::of_parts([change.as_bytes(), plugin.as_bytes(), name.as_bytes(), version.as_bytes(), what]))
}

/// Origins as they are stored.
fn in_order(origins: &[String]) -> Vec<String> {
    let mut origins = origins.to_vec();
    origins.sort_unstable();
    origins.dedup();
    origins
}

fn goes_to(origins: &[String]) -> Digest {
    Digest::of_parts(origins.iter().map(String::as_bytes))
}

/// What a value is sealed for. Names have neither `|` nor spaces in them, so no two of these are the same.
fn about(tenant: TenantId, plugin: &str, name: &str, version: i32, origins: &[String]) -> String {
    format!("steward/organisation-secret/v1|{tenant}|{plugin}|{name}|{version}|egress|{}", goes_to(origins))
}

/// The organisation's key, made now if it has none.
async fn key_of(tx: &mut Tx, office: &Office) -> Result<OrganisationKey, OfficeError> {
    let (data, tenant) = (office.personal.key()?, tx.actor().tenant);
    let found = match secret::find_key(tx).await? {
        Some(found) => found,
        None => {
            let (_, wrapped) = data.make_for(tenant).map_err(unsealed)?;
            secret::insert_key(tx, &SecretKeyRow { wrapped, data_key: data.name().to_owned(), data_key_before: None }, office.clock.now()).await?;
            // Of two who make one at once, one was kept.
            secret::find_key(tx).await?.ok_or(StoreError::Missing)?
        }
    };
    Ok(data.unwrap_for(tenant, &found.wrapped).map_err(unsealed)?)
}

/// A value with its length before it, filled up.
fn filled(value: &SecretString) -> Result<Zeroizing<Vec<u8>>, OfficeError> {
    let bytes = value.expose_secret().as_bytes();
    let length = u16::try_from(bytes.len()).ok().filter(|length| (1..=VALUE_BYTES_MAX).contains(&usize::from(*length)));
    let length = length.ok_or_else(|| OfficeError::Invalid(format!("a secret has 1 to {VALUE_BYTES_MAX} bytes")))?;
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(OfficeError::Invalid("a secret has no control characters in it: one could end the header that it is sent in".to_owned()));
    }
    let whole = (bytes.len() + size_of::<u16>()).next_multiple_of(BLOCK_BYTES);
    // Of its whole size at once: what grows leaves copies behind.
    let mut plain: Zeroizing<Vec<u8>> = Zeroizing::new(Vec::with_capacity(whole));
    plain.extend_from_slice(&length.to_be_bytes());
    plain.extend_from_slice(bytes);
    plain.resize(whole, 0);
    Ok(plain)
}

/// The value of what was filled up; none where that is not what it is.
fn emptied(plain: &[u8]) -> Option<SecretString> {
    let (length, rest) = plain.split_first_chunk()?;
    let value = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    Some(SecretString::from(std::str::from_utf8(value).ok()?))
}

async fn note(tx: &mut Tx, office: &Office, action: &str, row: &SecretRow) -> Result<(), OfficeError> {
    let detail = json!({ "plugin": row.plugin, "name": row.name, "version": row.version });
    let object = format!("{}/{}", row.plugin, row.name);
    Ok(audit::record(tx, office, Entry { action, object, outcome: "done", detail, request_id: None }).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_value_is_refused_without_repeating_it() {
        for wrong in
            [String::new(), "x".repeat(VALUE_BYTES_MAX + 1), "x".repeat(4096), "x".repeat(70_000), "canary\r\nx-admin: 1".to_owned(), "canary\0".to_owned()]
        {
            let refused = filled(&SecretString::from(wrong.as_str())).expect_err("refused").to_string();
            assert!(!refused.contains("canary"), "{refused}");
        }
    }

    #[test]
    fn what_is_sealed_does_not_tell_how_long_the_value_is() {
        let sizes: Vec<usize> = [1, 8, 64, 254].map(|length| filled(&SecretString::from("x".repeat(length))).expect("filled").len()).into();
        assert!(sizes.iter().all(|size| *size == BLOCK_BYTES), "{sizes:?}");
        for value in ["x".to_owned(), "x".repeat(254), "x".repeat(255), "x".repeat(VALUE_BYTES_MAX)] {
            let plain = filled(&SecretString::from(value.as_str())).expect("filled");
            assert_eq!(emptied(&plain).expect("a value").expose_secret(), value);
        }
        assert!(emptied(&[]).is_none() && emptied(&[0, 2, b'x']).is_none());
    }
}
