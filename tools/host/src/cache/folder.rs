//! The folder that compiled plugins lie in: this account's own, where nobody else may write. It is opened once, and every file in it is reached
//! through that descriptor and looked at through its own, so that what was checked is what is read. No link is followed: with somebody else's home
//! in its environment, an administrator's command would otherwise run what they laid there.

use crate::error::HostError;
use rand::TryRngCore;
use rustix::fs::{AtFlags, Dir, Mode, OFlags, linkat, openat, renameat, unlinkat};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

pub(super) const KEY_BYTES: usize = 32;
const KEY: &str = "key";
/// The largest file read back; the largest component compiles to less.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// What the folder holds of compiled plugins at most; whoever builds one again and again would fill the disk.
const FOLDER_BYTES_MAX: u64 = 2 << 30;
/// How old a file is that nobody writes any more, before it has its name: whoever did was ended. In seconds.
const HALF_SECONDS_MAX: u64 = 60 * 60;
/// What nobody else may do, as bits of the mode, and what is said where they may.
const NO_WRITING: (u32, &str) = (0o022, "others may write to it");
/// What was vouched for with a key that others may have read is compiled again under a new one.
const NO_ACCESS: (u32, &str) = (0o077, "others may read the key; delete it, a new one is made");

/// A folder of compiled plugins with the key they are sealed with.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    dir: File,
    key: [u8; KEY_BYTES],
}

impl Folder {
    /// Opens the folder and its key; makes both when there are none.
    ///
    /// # Errors
    /// When it is a link or another account's or others may write there, and the same for its key.
    pub(super) fn open(path: &Path) -> Result<Self, HostError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed(path))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let of_link = |err: rustix::io::Errno| if path.is_symlink() { io::Error::other("it is a link") } else { err.into() };
        let dir = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(of_link).map_err(failed(path))?);
        let found = dir.metadata().map_err(failed(path))?;
        check(&found, NO_WRITING).map_err(failed(path))?;
        let mut folder = Self { path: path.to_owned(), dir, key: [0; KEY_BYTES] };
        folder.key = folder.find_or_make_key()?;
        Ok(folder)
    }

    /// The key.
    pub(super) fn key(&self) -> &[u8; KEY_BYTES] {
        &self.key
    }

    /// Where a file of this name is, to be told.
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What a compiled plugin's file holds, if it is there.
    ///
    /// # Errors
    /// When it is no plain file of this account that nobody else may write.
    pub(super) fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        self.read_checked(name, NO_WRITING)
    }

    /// Keeps a compiled plugin under this name, and clears the oldest away where they are too many, and what others left unfinished.
    pub(super) fn keep(&self, name: &str, parts: &[&[u8]]) -> io::Result<()> {
        self.write_whole(name, parts, |half| Ok(renameat(&self.dir, half, &self.dir, name)?))?;
        self.make_room(name, FOLDER_BYTES_MAX)
    }

    fn find_or_make_key(&self) -> Result<[u8; KEY_BYTES], HostError> {
        let path = self.path_of(KEY);
        let find = || self.read_checked(KEY, NO_ACCESS).map_err(failed(&path));
        let bytes = match find()? {
            Some(bytes) => Some(bytes),
            None => {
                self.make_key().map_err(failed(&path))?;
                find()?
            }
        };
        <[u8; KEY_BYTES]>::try_from(bytes.unwrap_or_default().as_slice()).map_err(|_| HostError::CacheKey { path })
    }

    fn make_key(&self) -> io::Result<()> {
        let mut key = [0; KEY_BYTES];
        rand::rngs::OsRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
        // A link fails when there is one already: of two processes that start at once, one key wins and both read it.
        let made = self.write_whole(KEY, &[&key], |half| {
            linkat(&self.dir, half, &self.dir, KEY, AtFlags::empty())?;
            Ok(unlinkat(&self.dir, half, AtFlags::empty())?)
        });
        made.or_else(|err| if err.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(err) })
    }

    fn read_checked(&self, name: &str, closed: (u32, &str)) -> io::Result<Option<Vec<u8>>> {
        let file = match self.open_file(name) {
            Ok(file) => file,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(err),
        };
        let found = file.metadata()?;
        check(&found, closed)?;
        if !found.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Opens what lies there; a pipe is not waited for.
    fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.dir, name, flags, Mode::empty())?))
    }

    /// Writes a file beside its place; it is put there in one step, so that nobody ever reads half of it.
    fn write_whole(&self, name: &str, parts: &[&[u8]], publish: impl Fn(&str) -> io::Result<()>) -> io::Result<()> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let half = format!("{name}.{}-{}.half", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed));
        let write = || {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mut file = File::from(openat(&self.dir, half.as_str(), flags, Mode::RUSR | Mode::WUSR)?);
            parts.iter().try_for_each(|part| file.write_all(part))?;
            file.sync_all()?;
            publish(&half)
        };
        let written: io::Result<()> = write();
        if written.is_err() {
            // What is left of it is of no use; that it cannot be removed changes nothing.
            let _ = unlinkat(&self.dir, half.as_str(), AtFlags::empty());
        }
        written
    }

    /// Takes compiled plugins away, the oldest first, until those beside `kept` and itself are no more than so many bytes; and files that were
    /// begun an hour before it and never got their name.
    fn make_room(&self, kept: &str, most: u64) -> io::Result<()> {
        let just_written = self.open_file(kept)?.metadata()?;
        let (mut all, now) = (just_written.len(), just_written.modified()?);
        let mut others = Vec::new();
        for entry in Dir::read_from(&self.dir)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            let kind = Path::new(name).extension().and_then(OsStr::to_str);
            if name == kept || !matches!(kind, Some("cwasm" | "half")) {
                continue;
            }
            // Another process may have cleared it away.
            let Ok(found) = self.open_file(name).and_then(|file| file.metadata()) else { continue };
            if kind == Some("cwasm") {
                all = all.saturating_add(found.len());
                others.push((found.modified()?, found.len(), name.to_owned()));
            } else if now.duration_since(found.modified()?).is_ok_and(|age| age.as_secs() > HALF_SECONDS_MAX) {
                // That it cannot be removed, or is gone, changes nothing.
                let _ = unlinkat(&self.dir, name, AtFlags::empty());
            }
        }
        others.sort();
        for (_, bytes, name) in others {
            if all <= most {
                break;
            }
            if unlinkat(&self.dir, name.as_str(), AtFlags::empty()).is_ok() {
                all = all.saturating_sub(bytes);
            }
        }
        Ok(())
    }
}

/// Whether this account owns it, and others are kept out as far as that.
fn check(found: &Metadata, (others, said): (u32, &str)) -> io::Result<()> {
    let refused = |said: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, said.to_owned()));
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refused("it belongs to another account");
    }
    if found.mode() & others == 0 { Ok(()) } else { refused(said) }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> HostError {
    let path = path.to_owned();
    move |source| HostError::Cache { path, source }
}

#[cfg(test)]
mod tests {
    use super::Folder;
    use std::time::{Duration, SystemTime};
    use std::{fs, process};

    #[test]
    fn the_oldest_are_cleared_away_and_nothing_else() {
        let path = std::env::temp_dir().join(format!("stw-cwasm-{}", process::id()));
        let folder = Folder::open(&path).expect("folder");
        let write = |name: &str, age: u64| {
            let file = fs::File::create(path.join(name)).expect("made");
            file.set_len(100).expect("length");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).expect("time");
        };
        for (name, age) in [("old.cwasm", 30), ("older.cwasm", 40), ("young.cwasm", 10), ("new.cwasm", 50), ("old.half", 90), ("lost.half", 3_651)] {
            write(name, age);
        }
        let there = || {
            let mut names: Vec<String> =
                fs::read_dir(&path).expect("folder").map(|entry| entry.expect("entry").file_name().into_string().expect("text")).collect();
            names.sort();
            names
        };
        folder.make_room("new.cwasm", 400).expect("room");
        assert_eq!(there(), ["key", "new.cwasm", "old.cwasm", "old.half", "older.cwasm", "young.cwasm"], "all of it is allowed, but what nobody finishes");
        folder.make_room("new.cwasm", 399).expect("room");
        assert_eq!(there(), ["key", "new.cwasm", "old.cwasm", "old.half", "young.cwasm"]);
        folder.make_room("new.cwasm", 10).expect("room");
        assert_eq!(there(), ["key", "new.cwasm", "old.half"], "what was just written stays, however large");
        fs::remove_dir_all(&path).expect("clean up");
    }
}
