//! Finding PostgreSQL's programs, and of several versions the one that fits.

use super::ClusterOptions;
use super::account::Account;
use super::error::ClusterError;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest major version the migrations run on.
pub const MAJOR_MIN: u32 = 15;

/// Where packages put versioned programs: directory, what the entry's name starts with, and the way from there.
const PLACES: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/usr/local", "pgsql", "bin"),
];

/// One installation of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The directory of `postgres` and `initdb`.
    pub dir: PathBuf,
    /// The major version.
    pub major: u32,
    /// The version in full.
    pub version: String,
}

impl Binaries {
    /// What a cluster in this data directory would run with. For reports: nothing is made or changed.
    pub fn look(options: &ClusterOptions) -> Result<Self, ClusterError> {
        let layout = super::Layout::look(&options.data_dir)?;
        let account = Account::choose(&layout)?;
        Self::find(options, &account, layout.cluster_major()?)
    }

    /// The installation to use: of the cluster's version if there is a cluster, else the newest.
    pub(super) fn find(options: &ClusterOptions, account: &Account, cluster: Option<u32>) -> Result<Self, ClusterError> {
        let mut rejected = Vec::new();
        let mut found: Vec<Self> = Vec::new();
        for dir in candidates(options) {
            if found.iter().any(|known| known.dir == dir) {
                continue;
            }
            match Self::probe(&dir, account) {
                Ok(binaries) if binaries.major < MAJOR_MIN => rejected.push(format!("`{}` is version {}", dir.display(), binaries.version)),
                Ok(binaries) => found.push(binaries),
                Err(None) => {}
                Err(Some(why)) => rejected.push(why),
            }
        }
        if let Some(dir) = options.bin_dir.as_ref()
            && found.is_empty()
            && rejected.is_empty()
        {
            rejected.push(format!("`database.bin_dir` is `{}`, which has no `postgres` and `initdb`", dir.display()));
        }
        let Some(wanted) = cluster else {
            // The first of the newest: candidates come in order of preference.
            let newest = found.iter().map(|binaries| binaries.major).max();
            return found.into_iter().find(|binaries| Some(binaries.major) == newest).ok_or(ClusterError::NotInstalled { rejected });
        };
        if found.is_empty() {
            return Err(ClusterError::NotInstalled { rejected });
        }
        let versions: Vec<&str> = found.iter().map(|binaries| binaries.version.as_str()).collect();
        let other = ClusterError::OtherVersion { dir: options.data_dir.join("pg"), cluster: wanted, found: versions.join(", ") };
        found.into_iter().find(|binaries| binaries.major == wanted).ok_or(other)
    }

    /// Asks the programs in a directory for their version, as the user who will run them. `Err(None)`: there are none.
    fn probe(dir: &Path, account: &Account) -> Result<Self, Option<String>> {
        let postgres = dir.join("postgres");
        if !postgres.is_file() || !dir.join("initdb").is_file() {
            return Err(None);
        }
        let output = account
            .command(&postgres)
            .arg("--version")
            .output()
            .map_err(|err| Some(format!("`{}` cannot be run by `{}`: {err}", postgres.display(), account.name)))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (major, version) = parse_version(&text).ok_or_else(|| Some(format!("`{}` does not say its version", postgres.display())))?;
        Ok(Self { dir: dir.to_owned(), major, version })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Directories to look into, in order of preference. A configured one is the only one.
fn candidates(options: &ClusterOptions) -> Vec<PathBuf> {
    if let Some(dir) = &options.bin_dir {
        return vec![dir.clone()];
    }
    let mut dirs = Vec::new();
    dirs.extend(options.pg_config.as_deref().and_then(bin_dir_of_pg_config));
    for (parent, prefix, rest) in PLACES {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        dirs.extend(entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path().join(rest)));
    }
    dirs.extend(options.path.iter().flat_map(std::env::split_paths));
    dirs
}

fn bin_dir_of_pg_config(program: &Path) -> Option<PathBuf> {
    let output = Command::new(program).arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| PathBuf::from(text.trim()))
}

/// Reads `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)` and its kin.
fn parse_version(text: &str) -> Option<(u32, String)> {
    let rest = text.split("(PostgreSQL)").nth(1)?.trim();
    let version = rest.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((digits.parse().ok()?, version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_distributions_write_them() {
        let check = |text: &str, expect: Option<(u32, &str)>| {
            assert_eq!(parse_version(text), expect.map(|(major, version)| (major, version.to_owned())), "{text}");
        };
        check("", None);
        check("postgres: command not found", None);
        check("postgres (PostgreSQL) devel", None);
        check("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n", Some((15, "15.13")));
        check("postgres (PostgreSQL) 9.6.24\n", Some((9, "9.6.24")));
        check("postgres (PostgreSQL) 18beta1\n", Some((18, "18beta1")));
    }
}
