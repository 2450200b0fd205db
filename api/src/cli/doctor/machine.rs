//! The machine: data directory, room on the disk, envelope key, port.

use super::Check;
use crate::config::Config;
use crate::wiring::keys::{KeyError, find_key, key_file};
use crate::wiring::lock::{LockError, held_by};
use std::net::TcpListener;

/// Less room than this is wrong, in megabytes.
const ROOM_MB_MIN: u64 = 100;
/// Less room than this deserves a look, in megabytes.
const ROOM_MB_LOW: u64 = 1_000;

pub(super) fn check(config: &Config) -> Vec<Check> {
    let holder = held_by(&config.data_dir);
    vec![data_dir(config, &holder), room(config), key(config), port(config, matches!(&holder, Ok(Some(_)))), address(config)]
}

fn data_dir(config: &Config, holder: &Result<Option<String>, LockError>) -> Check {
    const NAME: &str = "data directory";
    let dir = config.data_dir.display();
    if !config.data_dir.exists() {
        return Check::good(NAME, format!("{dir} (made by the first `steward up`)"));
    }
    match holder {
        Ok(Some(holder)) => Check::good(NAME, format!("{dir} (used by {holder})")),
        Ok(None) => Check::good(NAME, format!("{dir} (not in use)")),
        Err(err) => Check::wrong(NAME, crate::cli::chain(err)),
    }
}

fn room(config: &Config) -> Check {
    const NAME: &str = "disk";
    let existing = config.data_dir.ancestors().find(|dir| dir.exists());
    let Some(stat) = existing.and_then(|dir| rustix::fs::statvfs(dir).ok()) else { return Check::warning(NAME, "the room on the disk cannot be found out") };
    let free_mb = stat.f_bavail.saturating_mul(stat.f_frsize) / 1_000_000;
    let message = format!("{free_mb} MB free");
    match free_mb {
        0..ROOM_MB_MIN => Check::wrong(NAME, format!("{message}; PostgreSQL stops when the disk is full: make room")),
        ROOM_MB_MIN..ROOM_MB_LOW => Check::warning(NAME, format!("{message}; make room soon")),
        ROOM_MB_LOW.. => Check::good(NAME, message),
    }
}

fn key(config: &Config) -> Check {
    const NAME: &str = "envelope key";
    match find_key(config) {
        Ok(_) if config.envelope_key.is_some() => Check::good(NAME, crate::config::ENVELOPE_KEY_VARIABLE),
        Ok(_) => Check::good(NAME, format!("{} (back it up: approvals that wait count only with it)", key_file(&config.data_dir).display())),
        Err(KeyError::Missing { .. }) if config.database.url.is_none() => Check::good(NAME, "made by the first `steward up`"),
        Err(err) => Check::wrong(NAME, crate::cli::chain(&err)),
    }
}

fn port(config: &Config, is_running: bool) -> Check {
    const NAME: &str = "port";
    let listen = config.server.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Check::good(NAME, format!("{listen} is free")),
        Err(err) if err.kind() == std::io::ErrorKind::AddrInUse && is_running => Check::good(NAME, format!("{listen} is in use, and Steward runs")),
        Err(err) if err.kind() == std::io::ErrorKind::AddrInUse => {
            Check::wrong(NAME, format!("another program listens on {listen}; stop it, or set `server.listen` to another port"))
        }
        Err(err) => Check::wrong(NAME, format!("cannot listen on {listen} ({err}); set `server.listen`")),
    }
}

fn address(config: &Config) -> Check {
    const NAME: &str = "address";
    let (site, listen) = (&config.server.site, config.server.listen);
    if !listen.ip().is_loopback() && !site.is_https() {
        return Check::warning(
            NAME,
            format!(
                "{listen} is open to the network but people sign in at {}; set `server.public_url` to the https address of the proxy in front",
                site.public_url()
            ),
        );
    }
    Check::good(NAME, site.public_url())
}
