//! Where everything is kept when nobody says: `data` in the working directory.
//!
//! PostgreSQL never runs as root, and the user it runs as cannot get into root's home. Whoever begins there, as root, has a folder of their own
//! where that user can, named by the working directory, so that every command begun there finds it again.

use rustix::process::geteuid;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use steward_core::Digest;

/// In the working directory.
const HERE: &str = "data";
/// For programs of the whole machine (Filesystem Hierarchy Standard 3.0, 5.8).
const OF_THE_MACHINE: &str = "/var/lib/steward";

/// The default of `data_dir` in this working directory, for this process.
pub(super) fn default_in(working_dir: &Path) -> String {
    choose(working_dir, geteuid().is_root())
}

fn choose(working_dir: &Path, is_root: bool) -> String {
    // What is there already is found, wherever it can be used.
    if !is_root || working_dir.join(HERE).exists() || is_open(working_dir) {
        return HERE.to_owned();
    }
    format!("{OF_THE_MACHINE}/{}", Digest::of(working_dir.as_os_str().as_bytes()).short())
}

/// Whether everybody may pass. What cannot be looked at is for the start to complain of.
fn is_open(dir: &Path) -> bool {
    dir.ancestors().filter_map(|part| part.metadata().ok()).all(|found| found.mode() & 0o001 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_root_in_a_closed_folder_begins_elsewhere_and_always_in_the_same_place() {
        let dir = std::env::temp_dir().join(format!("stw-data-dir-{}", std::process::id()));
        let inside = dir.join("inside");
        fs::create_dir_all(&inside).expect("scratch directory");
        let set = |mode| fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).expect("mode");
        set(0o755);
        assert_eq!((choose(&inside, true), choose(&inside, false)), (HERE.to_owned(), HERE.to_owned()));
        set(0o700);
        let elsewhere = choose(&inside, true);
        assert!(elsewhere.starts_with(OF_THE_MACHINE) && elsewhere.len() > OF_THE_MACHINE.len() + 1, "{elsewhere}");
        assert_eq!((choose(&inside, true), choose(&inside, false)), (elsewhere.clone(), HERE.to_owned()));
        assert_ne!(choose(&dir, true), elsewhere, "each folder has its own");
        fs::create_dir(inside.join(HERE)).expect("made");
        assert_eq!(choose(&inside, true), HERE, "what is there already is found");
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
