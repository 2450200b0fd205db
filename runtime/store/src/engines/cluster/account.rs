//! The operating-system user that PostgreSQL runs as. PostgreSQL refuses root, so root steps down.

use super::error::ClusterError;
use super::files::Layout;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Users that root steps down to, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Who runs the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) name: String,
    /// Whether this process is root and changes to it.
    pub(super) steps_down: bool,
}

impl Account {
    /// Ourselves, or for root the owner of the cluster, else `postgres`, else `nobody`.
    pub(super) fn choose(layout: &Layout) -> Result<Self, ClusterError> {
        let us = rustix::process::geteuid();
        if !us.is_root() {
            let missing = || {
                ClusterError::Account(format!(
                    "user id {} has no name on this machine, and PostgreSQL needs one; add it to `/etc/passwd`, or set `database.url`",
                    us.as_raw()
                ))
            };
            return Self::find(&us.as_raw().to_string()).ok_or_else(missing);
        }
        if let Ok(meta) = layout.pg().metadata()
            && meta.uid() != 0
        {
            let missing = || {
                ClusterError::Account(format!(
                    "`{}` belongs to user id {}, who has no name on this machine; give it to `postgres` with `chown -R postgres`",
                    layout.pg().display(),
                    meta.uid()
                ))
            };
            return Self::find(&meta.uid().to_string()).map(Self::stepped_down).ok_or_else(missing);
        }
        let missing = || {
            ClusterError::Account(
                "PostgreSQL must not run as root, and there is neither a user `postgres` nor `nobody`; add one of them, or set `database.url`".to_owned(),
            )
        };
        UNPRIVILEGED.iter().find_map(|name| Self::find(name)).map(Self::stepped_down).ok_or_else(missing)
    }

    fn stepped_down(self) -> Self {
        Self { steps_down: true, ..self }
    }

    /// A user by name or number, from `/etc/passwd` or, for directories elsewhere, by asking `id`.
    fn find(key: &str) -> Option<Self> {
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        find_in_passwd(&passwd, key).or_else(|| {
            let id = |flag: &[&str]| {
                let output = Command::new("id").args(flag).arg(key).stdin(Stdio::null()).output().ok()?;
                output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            };
            Some(Self { uid: id(&["-u"])?.parse().ok()?, gid: id(&["-g"])?.parse().ok()?, name: id(&["-un"])?, steps_down: false })
        })
    }

    /// A command that runs as this user, with nothing of our environment, away from our terminal's signals.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/").stdin(Stdio::null()).process_group(0);
        if self.steps_down {
            // As root, this also drops the supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Whether this user can enter a directory. Asked of the system itself, so that access lists count too.
    fn enters(&self, dir: &Path) -> bool {
        let mut test = self.command("/bin/sh");
        test.args(["-c", "test -x \"$1\"", "sh"]).arg(dir).stdout(Stdio::null()).stderr(Stdio::null());
        test.status().is_ok_and(|status| status.success())
    }

    /// Fails when this user cannot get to `dir`, and names the first directory on the way that is closed.
    pub(super) fn check_reachable(&self, dir: &Path) -> Result<(), ClusterError> {
        if !self.steps_down || self.enters(dir) {
            return Ok(());
        }
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        let closed = way.into_iter().find(|part| !self.enters(part)).unwrap_or(dir);
        Err(ClusterError::Unreachable { dir: dir.to_owned(), user: self.name.clone(), closed: PathBuf::from(closed) })
    }

    /// Gives a file or directory to this user.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        if self.steps_down {
            std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(ClusterError::io("change the owner of", path))?;
        }
        Ok(())
    }
}

/// The name of a user id, or the number itself.
pub(super) fn name_of(uid: u32) -> String {
    Account::find(&uid.to_string()).map_or_else(|| format!("user id {uid}"), |account| account.name)
}

fn find_in_passwd(passwd: &str, key: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, uid, gid) = (fields.next()?, fields.nth(1)?, fields.next()?);
        (name == key || uid == key).then_some(())?;
        Some(Account { uid: uid.parse().ok()?, gid: gid.parse().ok()?, name: name.to_owned(), steps_down: false })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n#broken\nbad:x:no:1::/:/bin/false\nnobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";

    #[test]
    fn users_are_found_by_name_and_number() {
        let check = |key: &str, expect: Option<(u32, u32, &str)>| {
            let found = find_in_passwd(PASSWD, key);
            assert_eq!(found.as_ref().map(|a| (a.uid, a.gid, a.name.as_str())), expect, "{key}");
        };
        check("postgres", None);
        check("bad", None);
        check("", None);
        check("nobody", Some((65534, 65533, "nobody")));
        check("0", Some((0, 0, "root")));
    }
}
