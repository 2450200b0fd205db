//! The first start puts the shipped rules and prompts into the data directory, where they are the organisation's to change.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Copies files into a directory that does not exist yet, in one step: it is whole or not there.
/// A directory that exists is the organisation's; nothing is put back into it. Returns whether it was made.
pub fn seed_once<'a>(dir: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Result<bool> {
    if dir.exists() {
        return Ok(false);
    }
    let making = dir.with_extension("new");
    match fs::remove_dir_all(&making) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(err),
        Ok(()) | Err(_) => {}
    }
    fs::create_dir_all(&making)?;
    for (path, text) in files {
        write(&making.join(path), text)?;
    }
    fs::rename(&making, dir)?;
    Ok(true)
}

/// Writes files into a directory that is made for them; one that exists is left alone, and so is everything beside it. Returns whether it was made.
pub fn write_new<'a>(dir: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Result<bool> {
    match fs::create_dir(dir) {
        Err(err) if err.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        made => made?,
    }
    for (path, text) in files {
        write(&dir.join(path), text)?;
    }
    Ok(true)
}

/// Adds files that are missing, and changes none. For things that are never edited, such as versions of prompts.
pub fn add_missing<'a>(dir: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> io::Result<usize> {
    let mut added = 0;
    for (path, text) in files {
        let file = dir.join(path);
        if !file.exists() {
            let making = file.with_extension("new");
            write(&making, text)?;
            fs::rename(&making, &file)?;
            added += 1;
        }
    }
    Ok(added)
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, text)
}

/// Files below a directory with one of these endings, as path and text, sorted by path.
pub fn read_below(dir: &Path, endings: &[&str]) -> io::Result<Vec<(String, String)>> {
    let read = |path: PathBuf| {
        let name = path.strip_prefix(dir).unwrap_or(&path).display().to_string();
        let text = fs::read_to_string(&path).map_err(|err| io::Error::new(err.kind(), format!("`{}`: {err}", path.display())))?;
        Ok((name, text))
    };
    let mut files = list_below(dir, endings)?.into_iter().map(read).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Where those files are, sorted.
pub fn list_below(dir: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() {
                // Three levels hold every layout there is; a link in a circle ends here.
                if path.strip_prefix(dir).is_ok_and(|below| below.components().count() <= 3) {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_put_once_and_never_over_changes() {
        let dir = std::env::temp_dir().join(format!("stw-seed-{}", std::process::id()));
        fs::create_dir_all(dir.join("rules.new")).expect("half-made");
        fs::write(dir.join("rules.new/junk.cedar"), "junk").expect("half-made");
        let rules = dir.join("rules");
        let files = [("a.cedar", "a"), ("deep/b.cedar", "b"), ("c.txt", "c")];
        assert!(seed_once(&rules, files).expect("first"));
        fs::remove_file(rules.join("a.cedar")).expect("the owner removes one");
        assert!(!seed_once(&rules, files).expect("second"));
        assert_eq!(read_below(&rules, &["cedar"]).expect("read"), [("deep/b.cedar".to_owned(), "b".to_owned())]);

        fs::write(rules.join("deep/b.cedar"), "changed").expect("change");
        assert_eq!(add_missing(&rules, files).expect("add"), 1);
        assert_eq!(read_below(&rules, &["cedar"]).expect("read"), [("a.cedar".to_owned(), "a".to_owned()), ("deep/b.cedar".to_owned(), "changed".to_owned())]);
        fs::remove_dir_all(&dir).expect("clean up");
    }
}
