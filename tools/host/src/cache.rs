//! Compiled plugins on disk, so that a start does not compile them again.
//!
//! A compiled plugin is machine code: whoever can write it, writes our process. So every file carries an HMAC under a key
//! that lies beside it, readable by the server's account alone, over the code, the component it was made from and the
//! engine's settings. A file that does not carry it is compiled again, whatever else it holds. Trouble with the folder
//! after start is only logged: the cache saves time, nothing depends on it.

use crate::error::HostError;
use hmac::{Hmac, KeyInit, Mac};
use rand::TryRngCore;
use sha2::Sha256;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, panic};
use steward_core::Digest;
use wasmtime::{Engine, component::Component};

const KEY_BYTES: usize = 32;
const MAC_BYTES: usize = 32;
/// The largest file read back; the largest component compiles to less.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// What the folder holds of compiled plugins at most; whoever builds one again and again would fill the disk.
const FOLDER_BYTES_MAX: u64 = 2 << 30;

/// The folder of compiled plugins, or none.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: Option<(PathBuf, [u8; KEY_BYTES])>,
    /// Another, of the same account, that is only read.
    other: Option<(PathBuf, [u8; KEY_BYTES])>,
    engine: u64,
}

impl Cache {
    /// Opens the folder and its key; makes both when there are none.
    pub(crate) fn open(folder: Option<&Path>, engine: &Engine) -> Result<Self, HostError> {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let folder = folder.map(|folder| open_key(folder).map(|key| (folder.to_owned(), key))).transpose()?;
        Ok(Self { folder, other: None, engine: hasher.finish() })
    }

    /// Takes what lies compiled in another folder, too. Invariant: its code runs in this process, so it is read only where whoever can write it
    /// can write our own folder as well, which the owner of both says; a person whose home somebody else's command still has in `HOME` is not.
    pub(crate) fn reading_from(self, other: Option<&Path>) -> Self {
        let found = other.zip(self.folder.as_ref()).filter(|(other, (own, _))| are_of_one_account(own, other));
        let other = found.and_then(|(other, _)| Some((other.to_owned(), read_key(&other.join("key")).ok()?)));
        Self { other, ..self }
    }

    /// The component, from the cache or compiled and put there.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> Result<Component, String> {
        let Some((folder, key)) = &self.folder else { return compile(engine, wasm) };
        let source = Digest::of(wasm);
        let name = format!("{}-{:016x}.cwasm", source, self.engine);
        let path = folder.join(&name);
        match self.load(engine, &path, key, &source) {
            Ok(Some(component)) => return Ok(component),
            Ok(None) => {}
            Err(reason) => tracing::warn!(path = %path.display(), reason, "compiled plugin is not usable; compiling again"),
        }
        // What is not right there is no news to anybody here: it is compiled.
        let elsewhere = self.other.as_ref().and_then(|(other, key)| self.load(engine, &other.join(&name), key, &source).ok().flatten());
        let component = elsewhere.map_or_else(|| compile(engine, wasm), Ok)?;
        if let Err(reason) = self.store(&component, &path, key, &source) {
            tracing::warn!(path = %path.display(), reason, "compiled plugin is not kept");
        }
        Ok(component)
    }

    fn load(&self, engine: &Engine, path: &Path, key: &[u8; KEY_BYTES], source: &Digest) -> Result<Option<Component>, String> {
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(err) => return Err(err.to_string()),
        };
        let mut bytes = Vec::new();
        file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(|err| err.to_string())?;
        let (mac, code) = bytes.split_at_checked(MAC_BYTES).ok_or("truncated")?;
        self.mac(key, source, code).verify_slice(mac).map_err(|_| "not written by this server, or changed since")?;
        #[expect(unsafe_code, reason = "the code is ours: its MAC was checked on these very bytes")]
        // SAFETY: the bytes come from `Component::serialize` of an engine with these settings, as the MAC says.
        let component = unsafe { Component::deserialize(engine, code) };
        component.map(Some).map_err(|err| format!("{err:#}"))
    }

    fn store(&self, component: &Component, path: &Path, key: &[u8; KEY_BYTES], source: &Digest) -> Result<(), String> {
        let code = component.serialize().map_err(|err| format!("{err:#}"))?;
        let mac: [u8; MAC_BYTES] = self.mac(key, source, &code).finalize().into_bytes().into();
        write_whole(path, &[&mac, &code], |half, whole| fs::rename(half, whole)).map_err(|err| err.to_string())?;
        make_room(path, FOLDER_BYTES_MAX).map_err(|err| format!("older ones are not cleared away: {err}"))
    }

    fn mac(&self, key: &[u8; KEY_BYTES], source: &Digest, code: &[u8]) -> Hmac<Sha256> {
        // RFC 2104 pads a key shorter than the block with zeros; doing it here makes the constructor infallible.
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(b"steward/cwasm/v1\0");
        mac.update(source.bytes());
        mac.update(&self.engine.to_be_bytes());
        mac.update(code);
        mac
    }
}

/// The compiler has panicked on hostile input before; that must cost the plugin, not the server.
fn compile(engine: &Engine, wasm: &[u8]) -> Result<Component, String> {
    contained(|| Component::from_binary(engine, wasm))?.map_err(|err| format!("{err:#}"))
}

/// Invariant: no profile says `panic = "abort"`, or nothing would be contained here; `tests/house` reads the manifest for it.
fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(panic::AssertUnwindSafe(work)).map_err(|_| "the compiler gave up".to_owned())
}

/// Takes compiled plugins away, the oldest first, until those beside `kept` and itself are no more than so many bytes.
fn make_room(kept: &Path, most: u64) -> io::Result<()> {
    let mut others = Vec::new();
    for entry in fs::read_dir(kept.parent().unwrap_or(kept))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "cwasm") || path == kept {
            continue;
        }
        // Another process may have cleared it away.
        let Ok(found) = fs::metadata(&path) else { continue };
        others.push((found.modified()?, found.len(), path));
    }
    others.sort();
    let mut all = others.iter().map(|(_, bytes, _)| bytes).sum::<u64>().saturating_add(fs::metadata(kept)?.len());
    for (_, bytes, path) in others {
        if all <= most {
            break;
        }
        if fs::remove_file(&path).is_ok() {
            all -= bytes;
        }
    }
    Ok(())
}

fn open_key(folder: &Path) -> Result<[u8; KEY_BYTES], HostError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
    let path = folder.join("key");
    if !path.try_exists().map_err(failed(&path))? {
        let mut key = [0; KEY_BYTES];
        rand::rngs::OsRng.try_fill_bytes(&mut key).map_err(|err| failed(&path)(io::Error::other(err)))?;
        // A link fails when there is one already: of two processes that start at once, one key wins and both read it.
        let made = write_whole(&path, &[&key], |half, whole| fs::hard_link(half, whole).and_then(|()| fs::remove_file(half)));
        made.or_else(|err| if err.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(err) }).map_err(failed(&path))?;
    }
    read_key(&path)
}

fn read_key(path: &Path) -> Result<[u8; KEY_BYTES], HostError> {
    let mode = fs::metadata(path).map_err(failed(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        // Others may have read it: what it vouched for is compiled again under a new one.
        return Err(failed(path)(io::Error::new(io::ErrorKind::PermissionDenied, "others may read the key; delete it, a new one is made")));
    }
    let bytes = fs::read(path).map_err(failed(path))?;
    <[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| HostError::CacheKey { path: path.to_owned() })
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> HostError {
    let path = path.to_owned();
    move |source| HostError::Cache { path, source }
}

/// Whether one account owns both folders and the keys in them.
fn are_of_one_account(one: &Path, other: &Path) -> bool {
    let owner = |path: &Path| fs::metadata(path).ok().map(|found| found.uid());
    let first = owner(one);
    first.is_some() && [one.join("key"), other.to_owned(), other.join("key")].iter().all(|path| owner(path) == first)
}

/// Writes a file beside its place and puts it there in one step, so that nobody ever reads half of it.
fn write_whole(path: &Path, parts: &[&[u8]], publish: impl Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let half = path.with_extension(format!("{}-{}.half", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed)));
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        publish(&half, path)
    };
    let written = write();
    if written.is_err() {
        // What is left of it is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&half);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::{Cache, contained, make_room};
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::path::Path;
    use std::time::{Duration, SystemTime};
    use std::{fs, process};
    use steward_core::Digest;
    use wasmtime::Engine;

    /// The smallest component, and one with a module in it.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";
    const OTHER: &[u8] = b"\0asm\x0d\0\x01\0\x01\x08\0asm\x01\0\0\0";

    #[test]
    fn what_another_folder_of_the_account_has_is_taken_over_and_nothing_that_is_not_as_it_was_sealed() {
        let folder = std::env::temp_dir().join(format!("stw-cwasm-from-{}", process::id()));
        let (ours, theirs) = (folder.join("ours"), folder.join("theirs"));
        let engine = Engine::default();
        let there = Cache::open(Some(&theirs), &engine).expect("theirs");
        let other = there.component(&engine, OTHER).expect("compiled");
        // Under the name of another component, so that what is taken over is told from what is compiled.
        let path = theirs.join(format!("{}-{:016x}.cwasm", Digest::of(EMPTY), there.engine));
        let (_, key) = there.folder.as_ref().expect("a key");
        there.store(&other, &path, key, &Digest::of(EMPTY)).expect("sealed");
        let bytes_of = |cache: &Cache| cache.component(&engine, EMPTY).expect("a component").serialize().expect("bytes");
        let is_taken = |from: &Path| {
            let _ = fs::remove_dir_all(&ours);
            let made = bytes_of(&Cache::open(Some(&ours), &engine).expect("ours").reading_from(Some(from)));
            assert!(bytes_of(&Cache::open(Some(&ours), &engine).expect("ours")) == made, "from then on it is our own, under our key");
            made == other.serialize().expect("bytes")
        };
        assert!(!is_taken(&folder.join("nowhere")));
        assert!(is_taken(&theirs));
        let good = fs::read(&path).expect("a file");
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        fs::write(&path, flipped).expect("written");
        assert!(!is_taken(&theirs), "what was tampered with is compiled");
        fs::write(&path, good).expect("written");
        assert!(is_taken(&theirs));
        let key = theirs.join("key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("opened");
        assert!(!is_taken(&theirs), "others may have read the key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("closed");
        // Only who may give files away can look at this one: the command of an administrator, with the home of another in its environment.
        if chown(&key, Some(65_534), None).is_ok() {
            assert!(!is_taken(&theirs), "the key is another account's");
        }
        fs::remove_dir_all(&folder).expect("clean up");
    }

    #[test]
    fn a_compiler_that_panics_costs_the_plugin_and_not_the_server() {
        let gave_up: Result<(), String> = contained(|| panic!("hostile input"));
        assert_eq!((gave_up, contained(|| 7)), (Err("the compiler gave up".to_owned()), Ok(7)));
    }

    #[test]
    fn the_oldest_are_cleared_away_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("stw-cwasm-{}", process::id()));
        fs::create_dir_all(&folder).expect("folder");
        let write = |name: &str, age: u64| {
            let file = fs::File::create(folder.join(name)).expect("made");
            file.set_len(100).expect("length");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).expect("time");
        };
        for (name, age) in [("old.cwasm", 30), ("older.cwasm", 40), ("young.cwasm", 10), ("new.cwasm", 50), ("key", 90), ("old.half", 90)] {
            write(name, age);
        }
        let there = || {
            let mut names: Vec<String> =
                fs::read_dir(&folder).expect("folder").map(|entry| entry.expect("entry").file_name().into_string().expect("text")).collect();
            names.sort();
            names
        };
        let new: &Path = &folder.join("new.cwasm");
        make_room(new, 400).expect("room");
        assert_eq!(there().len(), 6, "all of it is allowed");
        make_room(new, 399).expect("room");
        assert_eq!(there(), ["key", "new.cwasm", "old.cwasm", "old.half", "young.cwasm"]);
        make_room(new, 10).expect("room");
        assert_eq!(there(), ["key", "new.cwasm", "old.half"], "what was just written stays, however large");
        fs::remove_dir_all(&folder).expect("clean up");
    }
}
