//! A plugin as one file: what it consists of, in one form only, so that the same plugin has the same bytes everywhere.
//!
//! It is a plain tar (POSIX ustar), uncompressed: what compresses differs from one version of a compressor to the next. Nothing is taken
//! from a file that is not, byte for byte, what [`pack`] makes of the plugin in it: no link, no path that leads elsewhere, no second entry
//! of a name, no entry that the plugin does not consist of, nothing hidden in a header.

use crate::error::KitError;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use steward_host::{COMPONENT_BYTES_MAX, files_of};

/// What a file of this kind is called at its end.
pub const ENDING: &str = ".tar";
const BLOCK: usize = 512;
/// Entries of one archive: manifest, component, signature, and two schemas for each of 100 tools.
const ENTRIES_MAX: usize = 256;
/// The largest archive that is looked at, in bytes.
pub const ARCHIVE_BYTES_MAX: usize = COMPONENT_BYTES_MAX + (8 << 20);
/// Letters of a path in ustar's first field; longer ones are none of a plugin's.
const PATH_MAX: usize = 100;

/// A plugin's archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// `name-version.tar`.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The paths in it.
    pub paths: Vec<String>,
}

/// Packs what the plugin in a folder consists of.
///
/// # Errors
/// When something of it is missing or is not right.
pub fn pack(dir: &Path) -> Result<Packed, KitError> {
    let outline = crate::Project::open(dir)?.outline;
    let files = files_of(dir).map_err(|source| KitError::Plugin { dir: dir.to_owned(), source })?;
    let bytes = write(&files).map_err(KitError::said)?;
    Ok(Packed { file_name: format!("{}-{}{ENDING}", outline.name, outline.version), bytes, paths: files.into_iter().map(|(path, _)| path).collect() })
}

/// A folder that an archive was unpacked into; it is removed with the value.
#[derive(Debug)]
pub struct Unpacked(PathBuf);

impl Unpacked {
    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.0
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What is left of it is in the system's place for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads the archive in a file and unpacks it, into a new folder of the system's place for such.
///
/// # Errors
/// When it is not, byte for byte, what [`pack`] makes of a plugin. Nothing was written then, but what was removed again.
pub fn unpack_file(path: &Path) -> Result<Unpacked, KitError> {
    let found = fs::metadata(path).map_err(KitError::read(path))?;
    if found.len() > ARCHIVE_BYTES_MAX as u64 {
        return Err(KitError::said(format!("`{}` has {} bytes; an archive has at most {ARCHIVE_BYTES_MAX}", path.display(), found.len())));
    }
    unpack(&fs::read(path).map_err(KitError::read(path))?).map_err(|err| match err {
        KitError::Said(problem) => KitError::said(format!("`{}` is no archive of a plugin: {problem}", path.display())),
        other => other,
    })
}

/// The same for bytes.
///
/// # Errors
/// As of [`unpack_file`].
pub fn unpack(bytes: &[u8]) -> Result<Unpacked, KitError> {
    let files = read(bytes).map_err(KitError::said)?;
    // Everything was looked at by now; the first byte is written here.
    static MADE: AtomicU32 = AtomicU32::new(0);
    // What a process of the same number left behind when it was killed is somebody else's.
    let dir = loop {
        let dir = std::env::temp_dir().join(format!("steward-plugin-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)));
        match fs::create_dir(&dir) {
            Err(err) if err.kind() == std::io::ErrorKind::AlreadyExists => {}
            made => break made.map(|()| dir.clone()).map_err(KitError::write(&dir))?,
        }
    };
    let unpacked = Unpacked(dir);
    for (path, text) in &files {
        let path = unpacked.dir().join(path);
        let folder = path.parent().unwrap_or(unpacked.dir());
        fs::create_dir_all(folder).map_err(KitError::write(folder))?;
        fs::write(&path, text).map_err(KitError::write(&path))?;
    }
    let again = pack(unpacked.dir())?;
    match again.bytes == bytes {
        true => Ok(unpacked),
        false => Err(KitError::said("it has files that are none of the plugin's; pack it anew with `steward plugin pack`")),
    }
}

/// What is wrong with a path in an archive.
fn check_path(path: &str) -> Result<(), String> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    match !path.is_empty() && path.len() <= PATH_MAX && !path.contains(['\\', '\0', ':']) && !path.chars().any(char::is_control) && path.split('/').all(plain) {
        true => Ok(()),
        false => Err(format!("`{}` is no path inside a plugin", path.escape_default().take(200).collect::<String>())),
    }
}

/// An octal field: digits, filled up with zeros in front, a NUL at its end.
fn octal(value: usize, width: usize) -> Vec<u8> {
    format!("{value:0digits$o}\0", digits = width - 1).into_bytes()
}

/// Files in the one form of an archive.
fn write(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, String> {
    if files.len() > ENTRIES_MAX {
        return Err(format!("it has {} files; an archive has at most {ENTRIES_MAX}", files.len()));
    }
    let mut out = Vec::new();
    for (path, bytes) in files {
        check_path(path)?;
        if bytes.len() > COMPONENT_BYTES_MAX {
            return Err(format!("`{path}` has {} bytes; a file has at most {COMPONENT_BYTES_MAX}", bytes.len()));
        }
        let mut head = Vec::with_capacity(BLOCK);
        head.extend_from_slice(path.as_bytes());
        head.resize(PATH_MAX, 0);
        // Mode, owner, group, size, time of change: those of nobody, at no time.
        for (value, width) in [(0o644, 8), (0, 8), (0, 8), (bytes.len(), 12), (0, 12)] {
            head.extend(octal(value, width));
        }
        head.extend_from_slice(b"        0");
        head.resize(257, 0);
        head.extend_from_slice(b"ustar\x0000");
        head.resize(BLOCK, 0);
        let sum: usize = head.iter().map(|byte| usize::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ").into_bytes();
        head.splice(148..156, sum);
        out.extend(head);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(BLOCK), 0);
    }
    out.resize(out.len() + 2 * BLOCK, 0);
    if out.len() > ARCHIVE_BYTES_MAX { Err(format!("it has more than {ARCHIVE_BYTES_MAX} bytes")) } else { Ok(out) }
}

/// Reads an archive that is written in the one form.
fn read(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    if bytes.len() > ARCHIVE_BYTES_MAX {
        return Err(format!("it has more than {ARCHIVE_BYTES_MAX} bytes"));
    }
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut rest = bytes;
    loop {
        let (head, body) = rest.split_at_checked(BLOCK).ok_or("it ends too early")?;
        if head.iter().all(|byte| *byte == 0) {
            break;
        }
        if files.len() >= ENTRIES_MAX {
            return Err(format!("it has more than {ENTRIES_MAX} entries"));
        }
        let field = |from: usize, to: usize| head.get(from..to).unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8(bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()).map_err(|_| "a path is not UTF-8");
        let path = text(field(0, PATH_MAX))?;
        check_path(&path)?;
        match field(156, 157) {
            b"0" => {}
            b"1" | b"2" => return Err(format!("`{path}` is a link; a plugin has files only")),
            _ => return Err(format!("`{path}` is no file; a plugin has files only")),
        }
        if files.last().is_some_and(|(before, _)| *before >= path) {
            let twice = files.iter().any(|(before, _)| *before == path);
            return Err(if twice { format!("`{path}` stands there twice") } else { format!("`{path}` is out of order") });
        }
        let size = usize::from_str_radix(&text(field(124, 136))?, 8).map_err(|_| format!("`{path}` has no size"))?;
        if size > COMPONENT_BYTES_MAX {
            return Err(format!("`{path}` has {size} bytes; a file has at most {COMPONENT_BYTES_MAX}"));
        }
        let (file, after) = body.split_at_checked(size).ok_or_else(|| format!("`{path}` ends too early"))?;
        files.push((path, file.to_vec()));
        rest = after.get(size.next_multiple_of(BLOCK) - size..).ok_or("it ends too early")?;
    }
    // A file that is another file's folder cannot be both.
    if let Some((path, _)) = files.iter().find(|(path, _)| files.iter().any(|(other, _)| other.starts_with(&format!("{path}/")))) {
        return Err(format!("`{path}` is a file and a folder"));
    }
    // Owners, times, padding, what comes after the end: there is one way to write them.
    match write(&files)? == bytes {
        true => Ok(files),
        false => Err("it is not written as `steward plugin pack` writes it".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> (String, Vec<u8>) {
        (path.to_owned(), text.as_bytes().to_vec())
    }

    fn good() -> Vec<(String, Vec<u8>)> {
        vec![file("a.wasm", "x"), file("schemas/a.json", "{}"), file("tool.toml", &"t".repeat(600))]
    }

    /// An archive whose entry has another path, its sum put right; whatever `write` would refuse.
    fn forged(path: &str, kind: u8) -> Vec<u8> {
        let mut bytes = write(&[file("a", "x")]).expect("an archive");
        bytes[..PATH_MAX].fill(0);
        bytes[..path.len()].copy_from_slice(path.as_bytes());
        bytes[156] = kind;
        resum(&mut bytes, 0);
        bytes
    }

    fn resum(bytes: &mut [u8], at: usize) {
        bytes[at + 148..at + 156].fill(b' ');
        let sum: usize = bytes[at..at + BLOCK].iter().map(|byte| usize::from(*byte)).sum();
        bytes[at + 148..at + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }

    #[test]
    fn what_is_not_the_one_form_is_refused_before_anything_is_written() {
        for path in ["../x", "/etc/passwd", "a/../../x", "./a", "a//b", "a/", "", "a\\b", "C:x", "a\nb"] {
            assert!(read(&forged(path, b'0')).expect_err(path).contains("no path inside a plugin"), "{path}");
        }
        for (kind, says) in [(b'1', "is a link"), (b'2', "is a link"), (b'5', "is no file"), (b'L', "is no file"), (b'x', "is no file"), (0, "is no file")] {
            assert!(read(&forged("a", kind)).expect_err("refused").contains(says), "{kind}");
        }
        let twice = [write(&[file("a", "x")]).expect("one")[..2 * BLOCK].to_vec(), write(&[file("a", "y")]).expect("another")].concat();
        assert!(read(&twice).expect_err("refused").contains("twice"));
        let unsorted = [write(&[file("b", "x")]).expect("one")[..2 * BLOCK].to_vec(), write(&[file("a", "y")]).expect("another")].concat();
        assert!(read(&unsorted).expect_err("refused").contains("out of order"));
        let both = write(&[file("a", "x"), file("a/b", "y")]).expect("an archive");
        assert!(read(&both).expect_err("refused").contains("a file and a folder"));
        let many: Vec<_> = (0..=ENTRIES_MAX).map(|number| file(&format!("{number:04}"), "")).collect();
        assert!(write(&many).expect_err("refused").contains("at most 256"));
        let mut many = many.iter().map(|one| write(std::slice::from_ref(one)).expect("one")[..BLOCK].to_vec()).collect::<Vec<_>>().concat();
        many.resize(many.len() + 2 * BLOCK, 0);
        assert!(read(&many).expect_err("refused").contains("more than 256 entries"));
    }

    #[test]
    fn sizes_are_believed_only_where_they_fit() {
        let good = write(&good()).expect("an archive");
        for (size, says) in [("00000000777\0", "ends too early"), ("77777777777\0", "at most"), ("zzzzzzzzzzz\0", "no size"), ("\u{0}00000000001", "no size")] {
            let mut bytes = write(&[file("a", "x")]).expect("an archive");
            bytes[124..136].copy_from_slice(size.as_bytes());
            resum(&mut bytes, 0);
            if size == "00000000777\0" {
                bytes.truncate(2 * BLOCK);
            }
            assert!(read(&bytes).expect_err(size).contains(says), "{size}");
        }
        for end in 0..good.len() {
            assert!(read(&good[..end]).is_err(), "cut at {end}");
        }
        assert!(read(&vec![b'x'; ARCHIVE_BYTES_MAX + 1]).expect_err("refused").contains("more than"));
    }

    #[test]
    fn no_byte_can_be_another() {
        let good = write(&good()).expect("an archive");
        let files = read(&good).expect("read");
        assert_eq!(write(&files).as_deref(), Ok(good.as_slice()));
        for at in (0..good.len()).filter(|at| at % 7 == 0) {
            let mut other = good.clone();
            other[at] ^= 1;
            // The bytes of a file may differ; that is another file then.
            assert!(read(&other).map_or(true, |found| found != files), "byte {at}");
        }
        assert!(read(&[good.clone(), vec![0; BLOCK]].concat()).is_err(), "more after its end");
    }
}
