//! `[plugins]`: whose signatures count for the installation's own plugins, what they may reach of this network and with which secrets, and how
//! much they keep.

use super::environment::Environment;
use super::network;
use super::reader::Reader;
use std::collections::BTreeMap;
use std::path::Path;
use steward_host::mcp::Secret;
use steward_host::{
    EgressOptions, KV_QUOTA_DEFAULT, KV_QUOTA_MOST, KvQuota, NAMES_KEPT, OWN_SECRET_BYTES_MAX, PrivateHost, SECRET_BYTES_MAX, SECRET_BYTES_MIN, Trust,
};

/// Whom to trust; nobody, and no plugin without a signature, where nothing is said.
pub(super) fn read(r: &mut Reader) -> Trust {
    let allow_unsigned = r.flag("plugins.allow_unsigned", false);
    let mut keys = Vec::new();
    for text in r.list("plugins.trusted_keys", &[]) {
        match text.parse() {
            Ok(key) => keys.push(key),
            Err(err) => r.refuse("plugins.trusted_keys", &format!("`{text}` is no key: {err}")),
        }
    }
    Trust { keys, allow_unsigned }
}

/// What plugins are given on their way to others: nothing of this network, and no secret, where nothing is said.
pub(super) fn egress(r: &mut Reader, environment: &Environment) -> EgressOptions {
    let private = r.tables("plugins.private_hosts").iter().filter_map(|table| private_host(r, table)).collect();
    let mut secrets = BTreeMap::new();
    for table in r.tables("plugins.secrets") {
        let Some((plugin, name, value)) = secret(r, environment, &table) else { continue };
        if secrets.insert((plugin, name), value).is_some() {
            r.refuse(&format!("{table}.name"), "another secret of that plugin has this name");
        }
    }
    EgressOptions { private, secrets, names_kept: NAMES_KEPT, ..EgressOptions::default() }
}

/// What a plugin keeps between calls in one workspace at most, whatever its manifest asks for.
pub(super) fn kv(r: &mut Reader) -> KvQuota {
    let KvQuota { bytes_max, entries_max } = KV_QUOTA_DEFAULT;
    KvQuota {
        bytes_max: r.number("plugins.kv_bytes_max", bytes_max, 0..=KV_QUOTA_MOST.bytes_max),
        entries_max: r.number("plugins.kv_entries_max", entries_max, 0..=KV_QUOTA_MOST.entries_max),
    }
}

fn plugin(r: &mut Reader, table: &str) -> Option<String> {
    r.know(table);
    r.parsed(&format!("{table}.plugin"), "", "write the name of the plugin that it is for", |text| is_name(text).then(|| text.to_owned()))
}

fn private_host(r: &mut Reader, table: &str) -> Option<PrivateHost> {
    let plugin = plugin(r, table);
    let (host, networks) = network::read(r, table, "the plugin's manifest", "crm.internal")?;
    Some(PrivateHost { plugin: plugin?, host, networks })
}

/// A secret is in a variable or a file, never in the configuration itself.
fn secret(r: &mut Reader, environment: &Environment, table: &str) -> Option<(String, String, Secret)> {
    let plugin = plugin(r, table);
    let advice = "write the name that stands between `{{` and `}}` in the plugin's manifest";
    let name = r.parsed(&format!("{table}.name"), "", advice, |text| is_name(text).then(|| text.to_owned()));
    let (env, file) = (format!("{table}.env"), format!("{table}.file"));
    let (variable, path) = (r.text(&env, ""), r.path_or_none(&file));
    let (key, found) = match (variable.as_str(), &path) {
        ("", Some(path)) => (file, read_file(path)),
        ("", None) => {
            r.refuse(&env, "write the variable that holds the secret, or name its file with `file`");
            return None;
        }
        (variable, None) => {
            (env, environment.text(variable).map(str::to_owned).ok_or_else(|| "there is no such environment variable, or it is empty".to_owned()))
        }
        (_, Some(_)) => (env, Err("write `env` or `file`, not both".to_owned())),
    };
    let value = match found.and_then(sound) {
        Ok(value) => value,
        Err(problem) => {
            r.refuse(&key, &problem);
            return None;
        }
    };
    Some((plugin?, name?, Secret::new(value)))
}

fn read_file(path: &Path) -> Result<String, String> {
    let failed = |err: std::io::Error| format!("it cannot be read: {err}");
    let found = std::fs::metadata(path).map_err(failed)?;
    if !found.is_file() || found.len() > 2 * SECRET_BYTES_MAX as u64 {
        return Err("it is no file of one secret".to_owned());
    }
    Ok(std::fs::read_to_string(path).map_err(failed)?.trim_end_matches(['\r', '\n']).to_owned())
}

/// A secret from where it is, if it can be one.
pub(crate) fn secret_of(value: &str) -> Result<Secret, String> {
    check_secret(value).map(|()| Secret::new(value))
}

fn sound(value: String) -> Result<String, String> {
    check_secret(&value).map(|()| value)
}

/// Whether a value can stand in a header, and is long enough to be found again. What is wrong is said without repeating it.
fn check_secret(value: &str) -> Result<(), String> {
    if (SECRET_BYTES_MIN..=SECRET_BYTES_MAX).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(format!("a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} printable ASCII letters without spaces, so that it is found when it comes back"))
}

/// The same of a value that an organisation sets for itself: shorter, as what looks for it is built for each call, and without the letters that
/// HTML and JSON write in so many ways that not all of them are looked for.
pub(crate) fn check_own_secret(value: &str) -> Result<(), String> {
    check_secret(value)?;
    if value.len() > OWN_SECRET_BYTES_MAX || value.contains(['&', '<', '>', '"', '\'', '\\']) {
        let most = OWN_SECRET_BYTES_MAX;
        return Err(format!("an organisation's secret has {SECRET_BYTES_MIN} to {most} letters, none of them one of & < > \" ' \\"));
    }
    Ok(())
}

/// Names as manifests have them.
fn is_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64 && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(letters)
}
