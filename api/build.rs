//! Puts the exported web into the program, if it was built: every file of `admin/dist`, as a table of names and bytes.
//!
//! Without the web the table is empty and the program says so on its first page; nothing here needs Node.js.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The export, from this crate's folder. The folder itself is in the repository, so that a change of it is seen.
const EXPORT: &str = "../admin/dist";

fn main() -> io::Result<()> {
    let folder = Path::new(EXPORT);
    println!("cargo::rerun-if-changed={EXPORT}");
    let mut files = Vec::new();
    if folder.is_dir() {
        gather(folder, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(folder).map_err(io::Error::other)?.to_string_lossy().replace('\\', "/");
        let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", fs::canonicalize(file)?);
    }
    table.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(PathBuf::from(out).join("web_files.rs"), table)
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        // What begins with a dot keeps the folder in the repository and is no part of the web.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            gather(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
