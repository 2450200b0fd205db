//! Plugins of the installation: nothing of a folder runs that was not accepted as it is.

use crate::support::{Folder, options};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use steward_core::Digest;
use steward_host::installed::{self, AcceptedPlugin, Candidate};
use steward_host::testing::GuestFiles;
use steward_host::{Host, PublicKey, SIGNATURE_FILE, SigningKey, Trust, mcp};

struct Installed {
    root: Folder,
    dir: PathBuf,
    lock: PathBuf,
    host: Host,
}

impl Installed {
    fn with(guest: &GuestFiles) -> Self {
        let root = Folder::new();
        let (dir, lock) = (root.path().join("plugins/one"), root.path().join("plugins.lock.json"));
        guest.write(&dir).expect("written");
        let host = Host::new(options()).expect("host");
        host.load_shipped().expect("shipped");
        Self { root, dir, lock, host }
    }

    fn load(&self, trust: &Trust) -> (Vec<String>, Vec<String>) {
        let (loaded, aside) = self.host.load_installed(std::slice::from_ref(&self.dir), &self.lock, trust);
        (loaded.into_iter().map(|info| info.name).collect(), aside.into_iter().map(|one| one.reason).collect())
    }

    fn accept(&self, trust: &Trust) -> Candidate {
        let plugin = self.host.examine(&self.dir, trust).expect("a plugin");
        installed::put(&self.lock, AcceptedPlugin { plugin: plugin.clone(), version: 0 }).expect("written");
        plugin
    }

    fn has_hostile_tools(&self) -> bool {
        self.host.specs().iter().any(|spec| spec.name.starts_with("hostile."))
    }
}

fn unsigned() -> Trust {
    Trust { keys: Vec::new(), allow_unsigned: true }
}

fn append(file: &Path, text: &str) {
    let before = fs::read(file).expect("file");
    fs::write(file, [before.as_slice(), text.as_bytes()].concat()).expect("written");
}

#[test]
fn a_plugin_that_nobody_accepted_is_not_run() {
    let folder = Installed::with(&GuestFiles::hostile());
    let (loaded, aside) = folder.load(&unsigned());
    assert!(loaded.is_empty() && aside[0].contains("was not accepted yet") && aside[0].contains("steward plugin accept hostile"), "{aside:?}");
    // To look at it makes nothing of it callable.
    folder.host.examine(&folder.dir, &unsigned()).expect("a plugin");
    assert!(!folder.has_hostile_tools());
    folder.accept(&unsigned());
    assert_eq!(folder.load(&unsigned()), (vec!["hostile".to_owned()], Vec::new()));
    assert!(folder.has_hostile_tools());
    // It is there already.
    assert_eq!(folder.load(&unsigned()), (Vec::new(), Vec::new()));
}

#[test]
fn what_is_shown_of_a_plugin_is_what_rules_see_of_it_once_it_runs() {
    let folder = Installed::with(&GuestFiles::hostile());
    let plugin = folder.accept(&unsigned());
    assert_eq!(folder.load(&unsigned()).0, ["hostile"]);
    let loaded: Vec<_> = folder.host.specs().into_iter().filter(|spec| spec.name.starts_with("hostile.")).collect();
    assert_eq!(plugin.specs().expect("as its manifest says"), loaded);
    // Of what says nothing of its effect nothing is made up.
    let mut odd = plugin;
    let name = odd.tools.keys().next().expect("a tool").clone();
    odd.tools.get_mut(&name).expect("that tool").annotations = None;
    assert_eq!(odd.specs(), None);
}

#[test]
fn what_the_list_has_beyond_what_it_is_held_to_is_not_run() {
    let folder = Installed::with(&GuestFiles::hostile());
    let plugin = folder.accept(&unsigned());
    let entry = AcceptedPlugin { plugin, version: 0 };
    let reload = || folder.host.reload_installed(std::slice::from_ref(&folder.dir), &folder.lock, &unsigned());
    folder.host.hold_to([]);
    let (loaded, aside) = reload();
    assert!(loaded.is_empty() && aside[0].reason.contains("was not accepted yet"), "{aside:?}");
    folder.host.hold_to([entry.clone()]);
    assert_eq!(reload().0.len(), 1);
    // Whatever is written there then, what it is held to counts.
    let mut other = entry;
    other.plugin.facts.digest = Digest::of(b"another");
    installed::put(&folder.lock, other).expect("written");
    reload();
    assert!(folder.has_hostile_tools());
    folder.host.hold_to([]);
    reload();
    assert!(!folder.has_hostile_tools());
}

#[test]
fn any_other_byte_is_another_plugin_and_waits_while_the_one_of_before_stays() {
    let guest = GuestFiles::hostile();
    for change in ["tool.toml", "hostile.wasm", guest.files[0].0.as_str()] {
        let folder = Installed::with(&guest);
        let before = folder.accept(&unsigned());
        assert_eq!(folder.load(&unsigned()).0, ["hostile"]);
        append(&folder.dir.join(change), if change == "hostile.wasm" { "\0\u{1}\0" } else { "\n" });
        let (loaded, aside) = folder.load(&unsigned());
        assert!(loaded.is_empty() && aside[0].contains("another than was accepted"), "{change}: {aside:?}");
        assert!(folder.has_hostile_tools(), "{change}: what runs is what was accepted");
        // After a restart the other bytes are not run either.
        let fresh = Host::new(options()).expect("host");
        let (loaded, aside) = fresh.load_installed(std::slice::from_ref(&folder.dir), &folder.lock, &unsigned());
        assert!(loaded.is_empty() && aside.len() == 1 && fresh.specs().is_empty(), "{change}: {aside:?}");
        if let Ok(after) = folder.host.examine(&folder.dir, &unsigned()) {
            assert_ne!((before.digest(), before.facts.digest), (after.digest(), after.facts.digest), "{change}");
        }
    }
}

#[test]
fn who_may_read_what_a_tool_answers_is_part_of_what_is_accepted() {
    let mut guest = GuestFiles::hostile();
    let with = |manifest: &str, line: &str| manifest.replacen("reversible = true\n", &format!("reversible = true\n{line}"), 1);
    let plain = guest.manifest.clone();
    let examined = |guest: &GuestFiles| {
        let folder = Installed::with(guest);
        folder.host.examine(&folder.dir, &unsigned()).expect("a plugin").tools
    };
    // Private both times, so that nothing but the place of the readers differs.
    guest.manifest = with(&plain, "private = true\n");
    let before = examined(&guest);
    guest.manifest = with(&plain, "private = true\nreaders = \"/text\"\n");
    let after = examined(&guest);
    let differ: Vec<String> = mcp::differences(&before, &after).iter().map(ToString::to_string).collect();
    assert!(differ.len() == 1 && differ[0].contains("hostile.echo"), "{differ:?}");
    let said = |tools: &BTreeMap<String, mcp::Definition>| tools["hostile.echo"].annotations.as_ref().and_then(|counts| counts.get("readers").cloned());
    assert_eq!((said(&before), said(&after)), (None, Some("/text".into())));
}

#[test]
fn without_a_signature_that_counts_it_is_neither_looked_at_nor_loaded() {
    let folder = Installed::with(&GuestFiles::hostile());
    let key = SigningKey::from_secret(&[9; 32]).expect("key");
    let trusting = |key: PublicKey| Trust { keys: vec![key], allow_unsigned: false };
    let refused = folder.host.examine(&folder.dir, &trusting(key.public())).expect_err("unsigned").to_string();
    assert!(refused.contains("has no `tool.sig`"), "{refused}");
    let digest = folder.accept(&unsigned()).facts.digest;
    // That it was accepted once is not enough where signatures are asked for by now.
    let (loaded, aside) = folder.load(&trusting(key.public()));
    assert!(loaded.is_empty() && aside[0].contains("has no `tool.sig`"), "{aside:?}");
    fs::write(folder.dir.join(SIGNATURE_FILE), key.sign(&digest)).expect("written");
    let stranger = SigningKey::from_secret(&[8; 32]).expect("key").public();
    let (loaded, aside) = folder.load(&trusting(stranger));
    assert!(loaded.is_empty() && aside[0].contains("plugins.trusted_keys"), "{aside:?}");
    let candidate = folder.host.examine(&folder.dir, &trusting(key.public())).expect("signed");
    assert_eq!(candidate.facts.signed_by, Some(key.public().to_string()));
    assert_eq!(folder.load(&trusting(key.public())).0, ["hostile"]);
}

#[test]
fn nothing_takes_the_place_of_a_plugin_of_the_program_or_of_another_folder() {
    let folder = Installed::with(&GuestFiles::crm());
    let refused = folder.host.examine(&folder.dir, &unsigned()).expect_err("its name is taken").to_string();
    assert!(refused.contains("`crm` is loaded already"), "{refused}");
    assert!(folder.load(&unsigned()).1[0].contains("`crm` is loaded already"));
    let folder = Installed::with(&GuestFiles::hostile());
    let twin = folder.root.path().join("plugins/two");
    GuestFiles::hostile().write(&twin).expect("written");
    folder.accept(&unsigned());
    let (loaded, aside) = folder.host.load_installed(&[folder.dir.clone(), twin], &folder.lock, &unsigned());
    assert_eq!((loaded.len(), aside.len()), (1, 1));
}

#[test]
fn a_folder_that_waits_takes_no_name_and_what_is_no_file_is_not_read() {
    let folder = Installed::with(&GuestFiles::hostile());
    folder.accept(&unsigned());
    let first = folder.root.path().join("plugins/a-copy");
    GuestFiles::hostile().write(&first).expect("written");
    append(&first.join("tool.toml"), "\n");
    let (loaded, aside) = folder.host.load_installed(&[first.clone(), folder.dir.clone()], &folder.lock, &unsigned());
    assert_eq!((loaded.len(), aside.len()), (1, 1));
    assert!(aside[0].dir == first && aside[0].reason.contains("another than was accepted"), "{aside:?}");
    fs::remove_file(first.join("hostile.wasm")).expect("removed");
    std::os::unix::fs::symlink("/dev/zero", first.join("hostile.wasm")).expect("linked");
    let refused = folder.host.examine(&first, &unsigned()).expect_err("no file").to_string();
    assert!(refused.contains("is no file"), "{refused}");
}

#[test]
fn what_is_no_longer_accepted_is_run_no_more() {
    let folder = Installed::with(&GuestFiles::hostile());
    folder.accept(&unsigned());
    folder.load(&unsigned());
    assert!(folder.has_hostile_tools());
    fs::remove_file(&folder.lock).expect("removed");
    let aside = folder.host.reload_installed(std::slice::from_ref(&folder.dir), &folder.lock, &unsigned()).1;
    assert!(aside.len() == 1 && !folder.has_hostile_tools());
    assert!(folder.host.specs().iter().any(|spec| spec.name.starts_with("crm.")), "what is part of the program stays");
}

#[test]
fn an_accepted_upgrade_takes_the_place_of_what_was_loaded_all_at_once() {
    let folder = Installed::with(&GuestFiles::hostile());
    let before = folder.accept(&unsigned());
    folder.load(&unsigned());
    let tools = folder.host.specs().len();
    let manifest = fs::read_to_string(folder.dir.join("tool.toml")).expect("manifest");
    fs::write(folder.dir.join("tool.toml"), format!("{manifest}\n# a word more\n")).expect("written");
    let dirs = std::slice::from_ref(&folder.dir);
    // A changed folder is found without a restart, said once, and not run.
    let reload = || folder.host.reload_installed(dirs, &folder.lock, &unsigned());
    let (loaded, aside) = reload();
    assert!(loaded.is_empty() && aside[0].reason.contains("another than was accepted"), "{aside:?}");
    assert!(reload().1.is_empty());
    let after = folder.accept(&unsigned());
    assert_ne!(before.facts.digest, after.facts.digest);
    let (loaded, aside) = folder.host.reload_installed(dirs, &folder.lock, &unsigned());
    assert_eq!((loaded.len(), aside.len(), loaded[0].digest), (1, 0, after.facts.digest));
    assert_eq!(folder.host.specs().len(), tools);
    let again = folder.host.reload_installed(dirs, &folder.lock, &unsigned());
    assert!(again.0.is_empty() && again.1.is_empty());
}

#[test]
fn a_list_that_cannot_be_read_is_said_and_loads_nothing() {
    let folder = Installed::with(&GuestFiles::hostile());
    folder.accept(&unsigned());
    let dirs = std::slice::from_ref(&folder.dir);
    for broken in ["", "{", "{\"plugins\":{\"other\":", &fs::read_to_string(&folder.lock).expect("list").replacen("\"hostile\": {", "\"other\": {", 1)] {
        fs::write(&folder.lock, broken).expect("written");
        // What else runs starts all the same.
        let (loaded, aside) = folder.host.load_installed(dirs, &folder.lock, &unsigned());
        assert!(loaded.is_empty() && aside.len() == 1 && aside[0].dir == folder.lock && aside[0].reason.contains("accept them anew"), "{aside:?}");
        assert_eq!(folder.host.set_aside(), aside);
        // It is not written over either: whoever mends it finds it.
        let plugin = folder.host.examine(&folder.dir, &unsigned()).expect("a plugin");
        let refused = installed::put(&folder.lock, AcceptedPlugin { plugin, version: 0 }).expect_err("broken").to_string();
        assert!(refused.contains("accept them anew"), "{refused}");
        assert_eq!(fs::read_to_string(&folder.lock).expect("list"), broken);
    }
    assert!(!folder.has_hostile_tools());
    // Broken while it runs, what was accepted stays, and it is said once.
    fs::remove_file(&folder.lock).expect("removed");
    folder.accept(&unsigned());
    assert_eq!(folder.load(&unsigned()).0, ["hostile"]);
    fs::write(&folder.lock, "{").expect("written");
    assert!(folder.host.reload_installed(dirs, &folder.lock, &unsigned()).1[0].reason.contains("accept them anew"));
    assert!(folder.host.reload_installed(dirs, &folder.lock, &unsigned()).1.is_empty());
    assert!(folder.has_hostile_tools());
}

#[test]
fn nobody_s_acceptance_is_lost_when_many_accept_at_once_and_an_older_one_takes_no_place() {
    let folder = Installed::with(&GuestFiles::hostile());
    let plugin = folder.host.examine(&folder.dir, &unsigned()).expect("a plugin");
    let named = |number: usize, version: i32| AcceptedPlugin { plugin: Candidate { name: format!("one-{number}"), ..plugin.clone() }, version };
    let together = Barrier::new(16);
    thread::scope(|scope| {
        for number in 0..16 {
            let (named, together, lock) = (&named, &together, &folder.lock);
            scope.spawn(move || {
                together.wait();
                installed::put(lock, named(number, 2)).expect("written");
            });
        }
    });
    for number in 0..16 {
        assert!(installed::accepted(&folder.lock, &format!("one-{number}")).expect("list").is_some(), "{number}");
    }
    let accepted = || installed::accepted(&folder.lock, "one-0").expect("list").map(|one| one.version);
    assert!(!installed::put_newer(&folder.lock, named(0, 1)).expect("looked"));
    assert!(!installed::put_newer(&folder.lock, named(0, 2)).expect("looked"));
    assert_eq!(accepted(), Some(2));
    assert!(installed::put_newer(&folder.lock, named(0, 3)).expect("written"));
    assert_eq!(accepted(), Some(3));
}

#[test]
fn no_plugin_takes_the_name_of_a_server_of_the_configuration() {
    let folder = Installed::with(&GuestFiles::hostile());
    folder.accept(&unsigned());
    folder.host.reserve(["hostile".to_owned()]);
    let refused = folder.host.examine(&folder.dir, &unsigned()).expect_err("its name is taken").to_string();
    assert!(refused.contains("the name of an MCP server"), "{refused}");
    let (loaded, aside) = folder.load(&unsigned());
    assert!(loaded.is_empty() && aside[0].contains("the name of an MCP server") && !folder.has_hostile_tools(), "{aside:?}");
}

#[test]
fn a_change_deep_in_a_folder_is_found_without_a_restart() {
    let mut guest = GuestFiles::hostile();
    let (path, _) = guest.files.first_mut().expect("a schema file");
    let deep = format!("schemas/of/them/{}", path.rsplit('/').next().expect("a name"));
    guest.manifest = guest.manifest.replace(path.as_str(), &deep);
    *path = deep.clone();
    let folder = Installed::with(&guest);
    let dirs = std::slice::from_ref(&folder.dir);
    folder.accept(&unsigned());
    assert_eq!(folder.host.reload_installed(dirs, &folder.lock, &unsigned()).0.len(), 1);
    assert!(folder.host.reload_installed(dirs, &folder.lock, &unsigned()).1.is_empty());
    append(&folder.dir.join(deep), "\n");
    let (loaded, aside) = folder.host.reload_installed(dirs, &folder.lock, &unsigned());
    assert!(loaded.is_empty() && aside[0].reason.contains("another than was accepted"), "{aside:?}");
}
