//! Code that is read when it is called: the code that was accepted, or none.

use super::super::*;
use crate::installed::{self, AcceptedPlugin};
use crate::mcp::Nobody;
use crate::testing::{GuestFiles, MemoryOffice};
use crate::{HostOptions, Trust};
use serde_json::json;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A host with two plugins whose code comes from a cache, and the folder that all of it lies in.
struct World {
    root: PathBuf,
    host: Host,
}

impl World {
    fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let root = std::env::temp_dir().join(format!("steward-code-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)));
        let host = Host::new(HostOptions { cache_dir: Some(root.join("cache")), slots: 4, ..HostOptions::default() }).expect("host");
        for guest in [GuestFiles::hostile(), GuestFiles::keeper()] {
            guest.write(&root.join(&guest.name)).expect("written");
        }
        install(&host, &root, &["hostile", "keeper"]);
        Self { root, host }
    }

    fn is_here(&self, tool: &str) -> bool {
        is_here(&self.host, tool)
    }

    /// The compiled plugins on disk.
    fn compiled(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.root.join("cache")).expect("folder").map(|entry| entry.expect("entry").path());
        files.filter(|path| path.extension() == Some(OsStr::new("cwasm"))).collect()
    }

    /// What the plugin that refuses says, which is its own word; or why it was not asked.
    async fn refused(&self, deadline_ms: u64) -> Failure {
        let tool = self.host.tool("hostile.refuse").expect("a tool");
        let around = Around { office: Arc::new(MemoryOffice::default()), people: Arc::new(Nobody), secrets: Arc::new(NoSecrets) };
        match self.host.run(tenant(), &tool, &json!({ "text": "missing" }), context(deadline_ms), around).await.outcome {
            Outcome::Failed { failure } => failure,
            Outcome::Ok { .. } => unreachable!("it says no"),
        }
    }

    async fn says(&self) -> String {
        self.refused(60_000).await.message
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Accepts these plugins and loads them, as an installation does.
fn install(host: &Host, root: &Path, names: &[&str]) {
    let (lock, trust) = (root.join("lock.json"), Trust { keys: Vec::new(), allow_unsigned: true });
    let dirs: Vec<PathBuf> = names.iter().map(|name| root.join(name)).collect();
    for dir in &dirs {
        let plugin = host.examine(dir, &trust).expect("a plugin");
        installed::put(&lock, AcceptedPlugin { plugin, version: 0 }).expect("accepted");
    }
    let (loaded, aside) = host.load_installed(&dirs, &lock, &trust);
    assert!(loaded.len() == names.len() && aside.is_empty(), "{aside:?}");
}

fn tenant() -> TenantId {
    "org_00000000000000000000000001".parse().expect("an id")
}

fn context(deadline_ms: u64) -> CallContext {
    CallContext { key: "key".to_owned(), deadline_ms, locale: "en".to_owned(), time_zone: "UTC".to_owned(), now_ms: 0, run: RunBudget::default() }
}

fn is_here(host: &Host, tool: &str) -> bool {
    let tool = host.tool(tool).expect("a tool");
    let Body::Plugin { plugin, .. } = &tool.body else { unreachable!("a plugin's") };
    plugin.code.ready().is_some()
}

const ITS_OWN_WORD: &str = "no such thing";
const NOT_THERE: &str = "the tool's code cannot be read now; nothing was asked";

#[tokio::test]
async fn code_that_is_gone_is_no_other_code() {
    let world = World::new();
    let home = world.root.join("hostile");
    world.compiled().iter().for_each(|file| fs::remove_file(file).expect("removed"));
    // What lies in the folder by now was not accepted.
    fs::write(home.join("hostile.wasm"), GuestFiles::keeper().component).expect("written");
    let refused = world.refused(60_000).await;
    assert_eq!((refused.message.as_str(), refused.class, refused.retryable), (NOT_THERE, FailureClass::Unavailable, true));
    GuestFiles::hostile().write(&home).expect("written");
    let manifest = GuestFiles::hostile().manifest.replace("\"read\"", "\"admin\"");
    fs::write(home.join("tool.toml"), manifest).expect("written");
    assert_eq!(world.says().await, NOT_THERE);
    fs::remove_dir_all(&home).expect("removed");
    assert_eq!(world.says().await, NOT_THERE);
    assert!(world.compiled().is_empty() && !world.is_here("hostile.refuse"));

    // As it was accepted: it is compiled again, and lies there again.
    GuestFiles::hostile().write(&home).expect("written");
    assert_eq!(world.says().await, ITS_OWN_WORD);
    assert_eq!(world.compiled().len(), 1);
}

#[tokio::test]
async fn code_that_was_changed_where_it_lies_is_not_run() {
    let world = World::new();
    for file in world.compiled() {
        let mut bytes = fs::read(&file).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).expect("written");
    }
    let home = world.root.join("hostile");
    let away = home.with_extension("away");
    fs::rename(&home, &away).expect("moved");
    assert_eq!(world.says().await, NOT_THERE);
    fs::rename(&away, &home).expect("moved");
    assert_eq!(world.says().await, ITS_OWN_WORD, "compiled again from what was accepted");
}

#[tokio::test]
async fn a_call_whose_code_is_not_read_in_its_time_asks_nothing_and_the_reading_goes_on() {
    let world = World::new();
    // To compile it takes longer than this.
    world.compiled().iter().for_each(|file| fs::remove_file(file).expect("removed"));
    let refused = world.refused(1).await;
    assert_eq!(refused.message, "the tool's code was not read in the time of the call; a later try may work");
    assert!(refused.class == FailureClass::Unavailable && refused.retryable);
    // Nobody asks again.
    let read = async {
        while !world.is_here("hostile.refuse") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), read).await.expect("what was begun is ended");
    assert_eq!(world.says().await, ITS_OWN_WORD);
}

#[tokio::test]
async fn code_is_in_memory_once_it_was_called_and_then_needs_nothing_of_the_disk() {
    let world = World::new();
    assert!(!world.is_here("hostile.refuse") && !world.is_here("keeper.peek"), "nobody called them");
    let at_once = tokio::join!(world.says(), world.says(), world.says());
    assert_eq!([at_once.0, at_once.1, at_once.2], [ITS_OWN_WORD; 3]);
    assert!(world.is_here("hostile.refuse") && !world.is_here("keeper.peek"));
    fs::remove_dir_all(&world.root).expect("removed");
    assert_eq!(world.says().await, ITS_OWN_WORD);
    fs::create_dir_all(&world.root).expect("made");
}

#[tokio::test]
async fn what_a_tool_says_beforehand_is_asked_of_code_that_is_read_for_it() {
    let world = World::new();
    let office = Arc::new(MemoryOffice::default());
    let shown = world.host.preview(tenant(), "hostile.write_twice", &json!({}), context(60_000), office).await.expect("a preview");
    assert!(shown.failed.is_some_and(|why| why.contains("may not do this")), "its own code was asked");
    assert!(world.is_here("hostile.refuse"));
}

#[tokio::test]
async fn code_that_comes_from_nowhere_else_is_in_memory_from_the_start() {
    let world = World::new();
    let host = Host::new(HostOptions { slots: 4, ..HostOptions::default() }).expect("host");
    install(&host, &world.root, &["keeper"]);
    assert!(is_here(&host, "keeper.peek"), "without a cache");
    world.host.load_shipped().expect("shipped");
    assert!(world.is_here("crm.find_contacts"), "what is part of the program");
}
