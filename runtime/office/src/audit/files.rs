//! A log as files, laid out as C2SP tlog-tiles: `tile/<level>/<number>`, `tile/entries/<number>`, `checkpoint`; and beside them
//! `checkpoints/<size>`, every checkpoint there ever was, each written once.
//!
//! The same form serves the installation, an export and a check; nothing here knows keys or the database.

use super::tree::{Edge, TILE};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use steward_core::Digest;

/// A directory that holds one organisation's log.
#[derive(Debug, Clone)]
pub struct LogDir {
    dir: PathBuf,
}

/// What [`LogDir::keep_checkpoint`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It lies there now.
    Yes,
    /// Another one of this size lay there and still does.
    Another,
}

/// A file of entries that has another form.
#[derive(Debug, thiserror::Error)]
#[error("not a file of entries")]
pub struct FormError;

impl LogDir {
    /// The log in this directory, which need not be there yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Writes a full tile of hashes.
    pub fn write_tile(&self, level: u8, number: u64, hashes: &[Digest]) -> io::Result<()> {
        let path = self.tile(&level.to_string(), number, hashes.len());
        replace(&path, &hashes.iter().flat_map(|hash| *hash.bytes()).collect::<Vec<_>>())?;
        if hashes.len() == TILE { forget(&self.part_dir(&level.to_string(), number), None) } else { Ok(()) }
    }

    /// Writes entries, at most 256 of them; each is shorter than 64 KiB.
    pub fn write_entries(&self, number: u64, entries: &[Vec<u8>]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(entries.iter().map(|entry| entry.len() + 2).sum());
        for entry in entries {
            let length = u16::try_from(entry.len()).map_err(|_| io::Error::other("an entry is longer than 65,535 bytes"))?;
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        replace(&self.tile("entries", number, entries.len()), &bytes)?;
        if entries.len() == TILE { forget(&self.part_dir("entries", number), None) } else { Ok(()) }
    }

    /// Writes the tiles that are not full yet, and forgets the smaller forms of before.
    pub fn write_edge(&self, edge: &Edge) -> io::Result<()> {
        let mut span = TILE as u64;
        for (level, hashes) in (0u8..).zip(edge.levels()) {
            if !hashes.is_empty() {
                self.write_tile(level, edge.size() / span, hashes)?;
                forget(&self.part_dir(&level.to_string(), edge.size() / span), Some(hashes.len()))?;
            }
            if level == 0 && !hashes.is_empty() {
                forget(&self.part_dir("entries", edge.size() / span), Some(hashes.len()))?;
            }
            span = span.saturating_mul(TILE as u64);
        }
        Ok(())
    }

    /// The edge of the tree of this size, as its tiles say; none when one is missing.
    pub fn edge(&self, size: u64) -> io::Result<Option<Edge>> {
        let (mut levels, mut left, mut level) = (Vec::new(), size, 0u8);
        while left > 0 {
            let width = usize::try_from(left % TILE as u64).unwrap_or(0);
            left /= TILE as u64;
            let hashes = if width == 0 { Some(Vec::new()) } else { self.read_tile(level, left, width)? };
            let Some(hashes) = hashes else { return Ok(None) };
            levels.push(hashes);
            level += 1;
        }
        Ok(Edge::of_levels(size, levels))
    }

    /// The first `width` hashes of a tile; none when it is missing or has another length.
    pub fn read_tile(&self, level: u8, number: u64, width: usize) -> io::Result<Option<Vec<Digest>>> {
        let Some(bytes) = self.read(&level.to_string(), number, width)? else { return Ok(None) };
        let (hashes, rest) = bytes.as_chunks::<32>();
        Ok((rest.is_empty() && hashes.len() >= width).then(|| hashes.iter().take(width).map(|hash| Digest::from_bytes(*hash)).collect()))
    }

    /// The bytes of a file of at least `width` entries; none when it is missing.
    pub fn read_entries(&self, number: u64, width: usize) -> io::Result<Option<Vec<u8>>> {
        self.read("entries", number, width)
    }

    /// Puts a checkpoint where it stays for ever. One of the same size that says something else is left as it is.
    pub fn keep_checkpoint(&self, size: u64, note: &str) -> io::Result<Kept> {
        let dir = self.dir.join("checkpoints");
        fs::create_dir_all(&dir)?;
        let path = dir.join(format!("{size:020}"));
        match fs::read(&path) {
            Ok(there) => return Ok(if there == note.as_bytes() { Kept::Yes } else { Kept::Another }),
            Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
            Err(_) => {}
        }
        // Linked into its place when it is whole: a link never replaces what is there.
        let fresh = dir.join(format!(".{size}.new"));
        let mut file = fs::File::create(&fresh)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::hard_link(&fresh, &path)?;
        fs::remove_file(&fresh)?;
        fs::File::open(&dir)?.sync_all()?;
        Ok(Kept::Yes)
    }

    /// The same where nothing can be renamed or removed. What was begun there and not ended stays, and another of its size is not written.
    pub fn add_checkpoint(&self, size: u64, note: &str) -> io::Result<Kept> {
        let dir = self.dir.join("checkpoints");
        fs::create_dir_all(&dir)?;
        let path = dir.join(format!("{size:020}"));
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(note.as_bytes())?;
                file.sync_all()?;
                Ok(Kept::Yes)
            }
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => Ok(if fs::read(&path)? == note.as_bytes() { Kept::Yes } else { Kept::Another }),
            Err(err) => Err(err),
        }
    }

    /// When a checkpoint was last put there or taken away; none where there are none.
    pub fn checkpoints_changed(&self) -> Option<SystemTime> {
        fs::metadata(self.dir.join("checkpoints")).and_then(|about| about.modified()).ok()
    }

    /// Says which checkpoint is the latest.
    pub fn show_checkpoint(&self, note: &str) -> io::Result<()> {
        replace(&self.dir.join("checkpoint"), note.as_bytes())
    }

    /// The checkpoint that is said to be the latest; none where there is none yet.
    pub fn latest(&self) -> io::Result<Option<String>> {
        match fs::read(self.dir.join("checkpoint")) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// Every checkpoint that lies here, by name, smallest first; the latest one last.
    pub fn checkpoints(&self) -> io::Result<Vec<(String, String)>> {
        let mut found = checkpoints_in(&self.dir.join("checkpoints"))?;
        found.extend(self.latest()?.map(|note| ("checkpoint".to_owned(), note)));
        Ok(found)
    }

    /// The first kept checkpoint, from the largest on, of which `open` makes something. The smaller ones are not read.
    pub fn newest_kept<T>(&self, mut open: impl FnMut(&str) -> Option<T>) -> io::Result<Option<T>> {
        let dir = self.dir.join("checkpoints");
        let mut names = names_in(&dir)?;
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        for name in names.iter().rev() {
            if let Some(found) = open(&String::from_utf8_lossy(&fs::read(dir.join(name))?)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn tile(&self, kind: &str, number: u64, width: usize) -> PathBuf {
        if width == TILE { self.dir.join("tile").join(kind).join(spelt(number)) } else { self.part_dir(kind, number).join(width.to_string()) }
    }

    fn part_dir(&self, kind: &str, number: u64) -> PathBuf {
        self.dir.join("tile").join(kind).join(format!("{}.p", spelt(number)))
    }

    /// The file of at least this width: exactly it, the full one, or the narrowest that is wide enough.
    fn read(&self, kind: &str, number: u64, width: usize) -> io::Result<Option<Vec<u8>>> {
        for path in [self.tile(kind, number, width), self.tile(kind, number, TILE)] {
            match fs::read(path) {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(err) if err.kind() == io::ErrorKind::NotFound => {}
                Err(err) => return Err(err),
            }
        }
        let wider = names_in(&self.part_dir(kind, number))?.into_iter().filter_map(|name| name.parse::<usize>().ok()).filter(|there| *there > width).min();
        wider.map(|there| fs::read(self.tile(kind, number, there))).transpose()
    }
}

/// Every checkpoint in a directory of them, or the one in a file.
pub fn checkpoints_in(path: &Path) -> io::Result<Vec<(String, String)>> {
    let text = |path: &Path| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if path.is_file() {
        return Ok(vec![(path.display().to_string(), text(path)?)]);
    }
    let mut names: Vec<String> = names_in(path)?.into_iter().filter(|name| !name.starts_with('.')).collect();
    names.sort();
    let read = |name: String| Ok((format!("{}/{name}", path.file_name().unwrap_or_default().to_string_lossy()), text(&path.join(&name))?));
    // An empty one was begun where files are only added, and its writer died; who could empty another could take it away as well.
    names.into_iter().map(read).filter(|found: &io::Result<(String, String)>| found.as_ref().map_or(true, |(_, note)| !note.is_empty())).collect()
}

/// The entries of a file's bytes.
pub fn split_entries(bytes: &[u8]) -> Result<Vec<&[u8]>, FormError> {
    let (mut rest, mut entries) = (bytes, Vec::with_capacity(TILE));
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(FormError)?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() { Ok(entries) } else { Err(FormError) }
}

/// A tile's number in groups of three digits, all but the last with an `x`.
fn spelt(number: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

/// Written beside its place and renamed into it, so that there is a whole file or the one of before.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    let fresh = path.with_extension("new");
    fs::write(&fresh, bytes)?;
    fs::rename(&fresh, path)
}

fn names_in(dir: &Path) -> io::Result<Vec<String>> {
    match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(err) => Err(err),
    }
}

/// Removes the forms of a tile that is not full, but for one width.
fn forget(dir: &Path, but: Option<usize>) -> io::Result<()> {
    for name in names_in(dir)? {
        if name.parse().ok() != but || but.is_none() {
            fs::remove_file(dir.join(name))?;
        }
    }
    match but {
        None if dir.is_dir() => fs::remove_dir(dir),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelt_as_the_specification_spells_them() {
        let check = |number: u64, expect: &str| assert_eq!(spelt(number), expect);
        check(0, "000");
        check(67, "067");
        check(1_234_067, "x001/x234/067");
        check(1_000, "x001/000");
    }

    #[test]
    fn files_of_entries_with_another_form_are_refused() {
        for wrong in [&[0u8][..], &[0, 2, 1], &[0, 1, 7, 0]] {
            assert!(split_entries(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(split_entries(&[0, 1, 7, 0, 0]).expect("entries"), [&[7u8][..], &[]]);
    }
}
