//! Making a cluster: beside its place, then renamed into it, so that a half-made one is never taken for a whole one.

use super::account::Account;
use super::binaries::Binaries;
use super::error::ClusterError;
use super::files::{Layout, last_words};
use super::server;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::Output;
use std::time::Instant;

/// Locales to try, best first: the second exists everywhere.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];
/// Operating-system users let in besides the one who runs the server.
const ADMINISTRATORS: [&str; 2] = ["root", "postgres"];
/// Database roles they may sign in as.
const ROLES: [&str; 3] = ["steward", "steward_app", "steward_worker"];

/// Initialises a cluster in its place. What an interrupted attempt left behind is removed first: it never held data.
pub(super) async fn run(layout: &Layout, binaries: &Binaries, account: &Account, sync: bool) -> Result<(), ClusterError> {
    let began = Instant::now();
    let n = clear_attempts(layout)?;
    let making = layout.init(n);
    tracing::info!(postgres.version = %binaries.version, user = %account.name, "making a database cluster in `{}`", layout.pg().display());
    let mut locales = LOCALES.iter().peekable();
    while let Some(locale) = locales.next() {
        make_empty(&making, account)?;
        let output = initdb(binaries, account, &making, locale, sync).await?;
        if output.status.success() {
            break;
        }
        let text = String::from_utf8_lossy(&output.stderr);
        if text.contains("invalid locale") && locales.peek().is_some() {
            fs::remove_dir_all(&making).map_err(ClusterError::io("remove", &making))?;
            continue;
        }
        return Err(ClusterError::from_tail("initdb", output.status.to_string(), last_words(&text), layout.data_dir().to_owned()));
    }
    write_access_rules(&making, account)?;
    let pg = layout.pg();
    if pg.is_dir() {
        // Only ever an empty one: `Layout::cluster_major` refuses all others, and so does this call.
        fs::remove_dir(&pg).map_err(ClusterError::io("remove", &pg))?;
    }
    fs::rename(&making, &pg).map_err(ClusterError::io("rename", &making))?;
    let parent = fs::File::open(layout.data_dir()).map_err(ClusterError::io("open", layout.data_dir()))?;
    parent.sync_all().map_err(ClusterError::io("write", layout.data_dir()))?;
    tracing::info!(ms = super::millis(began), "the database cluster is made");
    Ok(())
}

/// Removes half-made clusters; returns a number that none has.
fn clear_attempts(layout: &Layout) -> Result<u32, ClusterError> {
    let entries = fs::read_dir(layout.data_dir()).map_err(ClusterError::io("open", layout.data_dir()))?;
    let mut n = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(attempt) = name.to_str().and_then(|name| name.strip_prefix("pg.init-")).and_then(|n| n.parse::<u32>().ok()) else { continue };
        n = n.max(attempt);
        tracing::warn!("removing `{}`, left by an interrupted first start", entry.path().display());
        fs::remove_dir_all(entry.path()).map_err(ClusterError::io("remove", entry.path()))?;
    }
    Ok(n.saturating_add(1))
}

fn make_empty(dir: &Path, account: &Account) -> Result<(), ClusterError> {
    fs::DirBuilder::new().mode(0o700).create(dir).map_err(ClusterError::io("create", dir))?;
    account.own(dir)
}

async fn initdb(binaries: &Binaries, account: &Account, dir: &Path, locale: &str, sync: bool) -> Result<Output, ClusterError> {
    let program = binaries.program("initdb");
    let mut command = account.command(&program);
    command.args(["--username=steward", "--auth=peer", "--encoding=UTF8", "--lc-messages=C", "--data-checksums", "--no-instructions"]);
    command.arg(format!("--locale={locale}")).arg("-D").arg(dir);
    if !sync {
        command.arg("--no-sync");
    }
    server::die_with_parent(&mut command);
    // The thread waits for the program to the end, so it outlives it, and the program is not left behind by a dying thread.
    let output = tokio::task::spawn_blocking(move || command.output()).await.map_err(std::io::Error::other);
    output.and_then(|output| output).map_err(ClusterError::io("run", program))
}

/// Peer authentication for the same machine's administrators and the user who runs the server; nobody else, no password.
pub(super) fn write_access_rules(pg: &Path, account: &Account) -> Result<(), ClusterError> {
    let mut users = vec![account.name.as_str()];
    users.extend(ADMINISTRATORS.iter().filter(|name| **name != account.name));
    let mut map = String::from("# Written by Steward at every start.\n");
    for user in users {
        for role in ROLES {
            map.push_str(&format!("steward \"{user}\" {role}\n"));
        }
    }
    replace(&pg.join("pg_ident.conf"), &map, account)?;
    replace(&pg.join("pg_hba.conf"), "# Written by Steward at every start.\nlocal all all peer map=steward\n", account)
}

/// Replaces a file in one step. The directory belongs to an unprivileged user, so nothing in it is followed or written through.
fn replace(file: &Path, text: &str, account: &Account) -> Result<(), ClusterError> {
    if fs::read_to_string(file).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let fresh = file.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => return Err(ClusterError::io("remove", fresh)(err)),
        Ok(()) | Err(_) => {}
    }
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(ClusterError::io("create", &fresh))?;
    out.write_all(text.as_bytes()).and_then(|()| out.sync_all()).map_err(ClusterError::io("write", &fresh))?;
    account.own(&fresh)?;
    fs::rename(&fresh, file).map_err(ClusterError::io("rename", &fresh))
}
