//! Compiled plugins on disk: used when they are ours, compiled again when anything about them is not.

use crate::support::Folder;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use steward_host::{Host, HostError, HostOptions};

fn start(folder: &Path) -> Result<Host, HostError> {
    let host = Host::new(HostOptions { cache_dir: Some(folder.to_owned()), slots: 4, ..HostOptions::default() })?;
    host.load_shipped().expect("shipped plugins");
    assert_eq!(host.specs().len(), 13);
    Ok(host)
}

/// The largest of the compiled plugins.
fn compiled(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    assert_eq!(files.len(), 3, "two compiled plugins and the key: {files:?}");
    let code = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    code.max_by_key(|path| fs::metadata(path).map_or(0, |found| found.len())).expect("a compiled plugin")
}

/// A file that was written again is another one of the same name.
fn inode(path: &Path) -> u64 {
    fs::metadata(path).expect("file").ino()
}

#[test]
fn a_compiled_plugin_is_used_again() {
    let folder = Folder::new();
    start(folder.path()).expect("first");
    let file = compiled(folder.path());
    for path in [&file, &folder.path().join("key")] {
        assert_eq!(fs::metadata(path).expect("file").permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    let before = inode(&file);
    start(folder.path()).expect("second");
    assert_eq!(inode(&compiled(folder.path())), before);
}

#[test]
fn what_was_tampered_with_is_compiled_again() {
    let folder = Folder::new();
    start(folder.path()).expect("first");
    let file = compiled(folder.path());
    let good = fs::read(&file).expect("read");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let cases = [
        ("a byte of the code", flipped(good.len() / 2)),
        ("the last byte", flipped(good.len() - 1)),
        ("the code's header", flipped(33)),
        ("the seal", flipped(0)),
        ("truncated", good[..good.len() / 2].to_vec()),
        ("truncated in the seal", good[..7].to_vec()),
        ("empty", Vec::new()),
        ("longer", [good.as_slice(), b"more"].concat()),
    ];
    for (what, bytes) in cases {
        fs::write(&file, bytes).expect("written");
        let before = inode(&file);
        start(folder.path()).expect(what);
        let after = inode(&file);
        assert_ne!(after, before, "{what}");
        start(folder.path()).expect(what);
        assert_eq!(inode(&file), after, "{what}: what was compiled again is used again");
    }
}

/// Sealed by this very server, and yet for other code: one compiled plugin is not another.
#[test]
fn a_compiled_plugin_in_the_place_of_another_is_compiled_again() {
    let folder = Folder::new();
    start(folder.path()).expect("first");
    let crm = compiled(folder.path());
    let host = Host::new(HostOptions { cache_dir: Some(folder.path().to_owned()), slots: 4, ..HostOptions::default() }).expect("host");
    let files = Folder::new();
    steward_host::testing::GuestFiles::hostile().write(files.path()).expect("written");
    host.load_dir(files.path()).expect("loaded");
    let is_other = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "cwasm") && *path != crm;
    let other = fs::read_dir(folder.path()).expect("folder").map(|entry| entry.expect("entry").path()).find(is_other).expect("another");
    fs::rename(&other, &crm).expect("renamed");
    let before = inode(&crm);
    start(folder.path()).expect("again");
    assert_ne!(inode(&crm), before);
}

#[test]
fn a_plugin_sealed_with_another_key_is_compiled_again() {
    let (ours, theirs) = (Folder::new(), Folder::new());
    start(ours.path()).expect("ours");
    start(theirs.path()).expect("theirs");
    let file = compiled(ours.path());
    fs::copy(compiled(theirs.path()), &file).expect("copied");
    let before = inode(&file);
    start(ours.path()).expect("again");
    assert_ne!(inode(&file), before);
}

#[test]
fn a_cache_that_cannot_be_used_is_named() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").expect("written");
    let refused = start(&file.join("cache")).expect_err("a file is no folder");
    assert!(matches!(&refused, HostError::Cache { path, .. } if path.starts_with(&file)), "{refused}");

    let short = folder.path().join("short");
    start(&short).expect("first");
    fs::write(short.join("key"), "short").expect("written");
    let refused = start(&short).expect_err("a short key");
    assert!(refused.to_string().ends_with("is not a key of 32 bytes; delete it, a new one is made and plugins are compiled again"), "{refused}");

    let open = folder.path().join("open");
    start(&open).expect("first");
    fs::set_permissions(open.join("key"), fs::Permissions::from_mode(0o644)).expect("opened");
    let refused = start(&open).expect_err("a key that others may read");
    assert!(matches!(&refused, HostError::Cache { path, .. } if path.ends_with("key")), "{refused}");
}

/// Whoever can write there, writes our process: an administrator's command may have somebody else's home in its environment.
#[test]
fn nothing_is_read_from_a_folder_that_is_not_ours_alone() {
    let folder = Folder::new();
    let is_refused = |cache: &Path, named: &Path, said: &str| {
        let refused = start(cache).expect_err(said);
        assert!(matches!(&refused, HostError::Cache { path, source } if path == named && source.to_string() == said), "{refused:?}");
        // Whoever only looks does without.
        let options = HostOptions { cache_dir: Some(cache.to_owned()), slots: 4, ..HostOptions::default() };
        Host::to_look(options).expect("without a cache").load_shipped().expect("compiled");
    };
    let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");

    let cache = folder.path().join("cache");
    start(&cache).expect("ours");
    let (file, key) = (compiled(&cache), cache.join("key"));
    let before = inode(&file);
    for open in [0o770, 0o702] {
        mode(&cache, open);
        is_refused(&cache, &cache, "others may write to it");
    }
    mode(&cache, 0o755);
    start(&cache).expect("others may read there");
    assert_eq!(inode(&file), before, "and nothing is compiled again");

    let link = folder.path().join("link");
    symlink(&cache, &link).expect("linked");
    is_refused(&link, &link, "it is a link");
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&key, &elsewhere).expect("moved");
    symlink(&elsewhere, &key).expect("linked");
    assert!(matches!(start(&cache), Err(HostError::Cache { path, .. }) if path == key), "a key behind a link");
    fs::remove_file(&key).expect("removed");
    fs::rename(&elsewhere, &key).expect("back");

    // Only who may give files away can try these.
    for path in [&cache, &key] {
        if chown(path, Some(65_534), None).is_ok() {
            is_refused(&cache, path, "it belongs to another account");
            chown(path, Some(rustix::process::geteuid().as_raw()), None).expect("back");
        }
    }
    start(&cache).expect("ours again");
    assert_eq!(inode(&file), before);
}

#[test]
fn a_compiled_plugin_behind_a_link_or_open_to_others_is_compiled_again() {
    let folder = Folder::new();
    let cache = folder.path().join("cache");
    start(&cache).expect("first");
    let (file, elsewhere) = (compiled(&cache), folder.path().join("elsewhere"));
    fs::rename(&file, &elsewhere).expect("moved");
    symlink(&elsewhere, &file).expect("linked");
    start(&cache).expect("again");
    assert!(!file.is_symlink(), "the link is replaced and not followed");
    assert!(elsewhere.is_file());

    fs::set_permissions(&file, fs::Permissions::from_mode(0o622)).expect("opened");
    let before = inode(&file);
    start(&cache).expect("again");
    assert_ne!(inode(&file), before);
    assert_eq!(fs::metadata(&file).expect("file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_folder_that_fills_up_costs_only_time() {
    let folder = Folder::new();
    start(folder.path()).expect("first");
    let file = compiled(folder.path());
    // Neither read nor replaced: what stands where the file belongs is a folder that is not empty.
    fs::remove_file(&file).expect("removed");
    fs::create_dir_all(file.join("in the way")).expect("folder");
    start(folder.path()).expect("compiled without the cache");
}

#[test]
fn two_hosts_that_start_at_once_agree_on_one_key() {
    let folder = Folder::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| start(folder.path()).expect("started"));
        }
    });
    let before = inode(&compiled(folder.path()));
    start(folder.path()).expect("later");
    assert_eq!(inode(&compiled(folder.path())), before);
}
