//! Lists of the installation that are files: read whole, changed by one process at a time, replaced in one step.

use crate::error::tidy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The largest list read, in bytes.
const BYTES_MAX: u64 = 64 << 20;
const REASON_MAX: usize = 500;

/// A list that is kept in a file.
pub(crate) trait ListFile: Default + Serialize + DeserializeOwned {
    /// Says what is wrong with it, beside its form.
    fn check(&self) -> Result<(), String>;
}

/// Why a list cannot be used.
#[derive(Debug)]
pub(crate) enum ListError {
    /// The file cannot be read or written.
    Io(io::Error),
    /// It is not what was written.
    Broken(String),
}

impl From<io::Error> for ListError {
    fn from(err: io::Error) -> Self {
        Self::Io(err)
    }
}

/// Reads a list; of a file that is not there it is empty.
pub(crate) fn read<T: ListFile>(path: &Path) -> Result<T, ListError> {
    match fs::metadata(path) {
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
        Err(err) => return Err(err.into()),
        Ok(found) if found.len() > BYTES_MAX => return Err(ListError::Broken("it is too large".to_owned())),
        Ok(_) => {}
    }
    let broken = |reason: String| ListError::Broken(tidy(&reason, REASON_MAX));
    let list: T = serde_json::from_slice(&fs::read(path)?).map_err(|err| broken(err.to_string()))?;
    list.check().map_err(broken)?;
    Ok(list)
}

/// Reads a list, changes it, and where `change` says so puts the changed one in its place. Whoever changes it meanwhile, in this process or
/// another, waits: nobody's change is lost. A crash leaves the list of before or the changed one.
pub(crate) fn change<T: ListFile>(path: &Path, change: impl FnOnce(&mut T) -> bool) -> Result<bool, ListError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    // The list itself is replaced, so that a lock on it would be one on a file that is gone.
    let guard = File::options().create(true).truncate(false).write(true).open(beside(path, ".guard"))?;
    guard.lock()?;
    let mut list: T = read(path)?;
    if !change(&mut list) {
        return Ok(false);
    }
    let fresh = beside(path, ".new");
    let mut file = File::create(&fresh)?;
    file.write_all(&serde_json::to_vec_pretty(&list).map_err(io::Error::from)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    File::open(dir)?.sync_all()?;
    Ok(true)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
