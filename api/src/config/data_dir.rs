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
/// What the first start makes there.
const BEGUN: [&str; 2] = ["pg", "keys"];
/// For programs of the whole machine (Filesystem Hierarchy Standard 3.0, 5.8).
const OF_THE_MACHINE: &str = "/var/lib/steward";

/// The default of `data_dir` in this working directory, for this process.
pub(super) fn default_in(working_dir: &Path) -> String {
    choose(working_dir, geteuid().is_root(), Path::new(OF_THE_MACHINE))
}

/// What was begun is found again, here before elsewhere, however the folder is closed or opened since.
fn choose(working_dir: &Path, is_root: bool, of_the_machine: &Path) -> String {
    let here = working_dir.join(HERE);
    if !is_root || BEGUN.iter().any(|part| here.join(part).exists()) {
        return HERE.to_owned();
    }
    let elsewhere = of_the_machine.join(Digest::of(working_dir.as_os_str().as_bytes()).short());
    if elsewhere.exists() || !is_open(working_dir) { elsewhere.display().to_string() } else { HERE.to_owned() }
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
    fn only_root_in_a_closed_folder_begins_elsewhere_and_what_was_begun_is_found_again() {
        let dir = std::env::temp_dir().join(format!("stw-data-dir-{}", std::process::id()));
        let (inside, machine) = (dir.join("inside"), dir.join("machine"));
        fs::create_dir_all(inside.join(HERE)).expect("scratch directory");
        let set = |mode| fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).expect("mode");
        let choose = |dir: &Path, is_root| super::choose(dir, is_root, &machine);
        set(0o755);
        assert_eq!((choose(&inside, true), choose(&inside, false)), (HERE.to_owned(), HERE.to_owned()));
        set(0o700);
        let elsewhere = choose(&inside, true);
        assert_eq!(Path::new(&elsewhere).parent(), Some(machine.as_path()), "{elsewhere}");
        assert_eq!((choose(&inside, true), choose(&inside, false)), (elsewhere.clone(), HERE.to_owned()));
        assert_ne!(choose(&dir, true), elsewhere, "each folder has its own");
        // Opened since, it is where it was begun.
        fs::create_dir_all(&elsewhere).expect("begun");
        set(0o755);
        assert_eq!(choose(&inside, true), elsewhere);
        // And so is what was begun here.
        fs::create_dir(inside.join(HERE).join("keys")).expect("begun");
        assert_eq!(choose(&inside, true), HERE);
        set(0o700);
        assert_eq!(choose(&inside, true), HERE);
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
