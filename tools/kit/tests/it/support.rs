//! A plugin's folder in the build's place for such.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use steward_host::testing::GuestFiles;
use steward_kit::Project;

/// The folder of a plugin that is built, removed with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// With these files.
    pub(crate) fn of(guest: &GuestFiles) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("kit-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        guest.write(&path).expect("written");
        Self(path)
    }

    pub(crate) fn project(&self) -> Project {
        Project::open(&self.0).expect("a project")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}
