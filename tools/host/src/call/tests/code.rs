//! Code that is put aside, and had again: the same code, or none.

use super::super::*;
use crate::HostOptions;
use crate::mcp::Nobody;
use crate::testing::{GuestFiles, MemoryOffice};
use serde_json::json;
use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A host with two plugins whose code comes from a cache, and the folder that all of it lies in.
struct World {
    root: PathBuf,
    host: Host,
}

impl World {
    fn new(code_bytes: usize) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let root = std::env::temp_dir().join(format!("steward-code-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed)));
        let host = Host::new(HostOptions { cache_dir: Some(root.join("cache")), slots: 4, code_bytes, ..HostOptions::default() }).expect("host");
        for guest in [GuestFiles::hostile(), GuestFiles::keeper()] {
            let dir = root.join(&guest.name);
            guest.write(&dir).expect("written");
            host.load_dir(&dir).expect("loaded");
        }
        Self { root, host }
    }

    fn is_here(&self, tool: &str) -> bool {
        self.host.tool(tool).expect("a tool").code().expect("a plugin's").ready().is_some()
    }

    /// The compiled plugins on disk.
    fn compiled(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.root.join("cache")).expect("folder").map(|entry| entry.expect("entry").path());
        files.filter(|path| path.extension() == Some(OsStr::new("cwasm"))).collect()
    }

    async fn call(&self, tool: &str, arguments: Value, deadline_ms: u64) -> CallReport {
        let tool = self.host.tool(tool).expect("a tool");
        let tenant = "org_00000000000000000000000001".parse().expect("an id");
        let (locale, time_zone, run) = ("en".to_owned(), "UTC".to_owned(), RunBudget::default());
        let context = CallContext { key: "key".to_owned(), deadline_ms, locale, time_zone, now_ms: 0, run };
        let around = Around { office: Arc::new(MemoryOffice::default()), people: Arc::new(Nobody), secrets: Arc::new(NoSecrets) };
        self.host.run(tenant, &tool, &arguments, context, around).await
    }

    /// What the plugin that refuses says, which is its own word; or why it was not asked.
    async fn refused(&self) -> String {
        match self.call("hostile.refuse", json!({ "text": "missing" }), 60_000).await.outcome {
            Outcome::Failed { failure } => failure.message,
            other => panic!("it says no: {other:?}"),
        }
    }

    async fn kept(&self) {
        let report = self.call("keeper.peek", json!({ "steps": ["told"], "key": "a", "value": "x" }), 60_000).await;
        assert!(matches!(report.outcome, Outcome::Ok { .. }), "{report:?}");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

const ITS_OWN_WORD: &str = "no such thing";
const NOT_THERE: &str = "the tool's code cannot be read now; nothing was asked";

#[tokio::test]
async fn code_that_is_gone_is_no_other_code() {
    let world = World::new(0);
    let (home, component) = (world.root.join("hostile"), GuestFiles::hostile().component);
    world.compiled().iter().for_each(|file| fs::remove_file(file).expect("removed"));
    // What lies in the folder by now was not accepted.
    fs::write(home.join("hostile.wasm"), GuestFiles::keeper().component).expect("written");
    assert_eq!(world.refused().await, NOT_THERE);
    fs::write(home.join("hostile.wasm"), &component).expect("written");
    let manifest = fs::read_to_string(home.join("tool.toml")).expect("read");
    fs::write(home.join("tool.toml"), manifest.replace("\"read\"", "\"admin\"")).expect("written");
    assert_eq!(world.refused().await, NOT_THERE);
    fs::remove_dir_all(&home).expect("removed");
    assert_eq!(world.refused().await, NOT_THERE);
    world.kept().await;

    // As it was accepted: it is compiled again, and lies there again.
    GuestFiles::hostile().write(&home).expect("written");
    assert_eq!(world.refused().await, ITS_OWN_WORD);
    assert_eq!(world.compiled().len(), 2);
}

#[tokio::test]
async fn code_that_was_changed_where_it_lies_is_not_run() {
    let world = World::new(0);
    for file in world.compiled() {
        let mut bytes = fs::read(&file).expect("read");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).expect("written");
    }
    let home = world.root.join("hostile");
    let away = home.with_extension("away");
    fs::rename(&home, &away).expect("moved");
    assert_eq!(world.refused().await, NOT_THERE);
    fs::rename(&away, &home).expect("moved");
    assert_eq!(world.refused().await, ITS_OWN_WORD, "compiled again from what was accepted");
}

#[tokio::test]
async fn a_call_whose_code_is_not_read_in_its_time_asks_nothing_and_a_later_one_finds_it() {
    let world = World::new(0);
    // To compile it takes longer than this.
    world.compiled().iter().for_each(|file| fs::remove_file(file).expect("removed"));
    let report = world.call("hostile.refuse", json!({ "text": "missing" }), 1).await;
    let Outcome::Failed { failure } = report.outcome else { panic!("not in its time: {report:?}") };
    assert_eq!(failure.message, "the tool's code was not read in the time of the call; a later try may work");
    assert!(failure.class == FailureClass::Unavailable && failure.retryable);
    assert_eq!(world.refused().await, ITS_OWN_WORD);
    assert_eq!(world.compiled().len(), 1, "what was begun was ended, once");
}

#[tokio::test]
async fn code_is_here_once_it_was_called_and_makes_room_for_what_is_called_after_it() {
    let world = World::new(0);
    assert!(!world.is_here("hostile.refuse") && !world.is_here("keeper.peek"), "nobody called them");
    for _ in 0..2 {
        assert_eq!(world.refused().await, ITS_OWN_WORD);
        assert!(world.is_here("hostile.refuse") && !world.is_here("keeper.peek"));
        world.kept().await;
        assert!(!world.is_here("hostile.refuse") && world.is_here("keeper.peek"), "what was just read stays, however large");
    }
    // Both fit here.
    let world = World::new(64 << 20);
    assert_eq!(world.refused().await, ITS_OWN_WORD);
    world.kept().await;
    assert!(world.is_here("hostile.refuse") && world.is_here("keeper.peek"));
}

#[tokio::test]
async fn calls_that_come_at_once_run_on_one_code_and_on_code_that_is_put_aside_meanwhile() {
    let world = World::new(0);
    for _ in 0..4 {
        let (one, two, (), three, ()) = tokio::join!(world.refused(), world.refused(), world.kept(), world.refused(), world.kept());
        assert_eq!([one, two, three], [ITS_OWN_WORD; 3]);
    }
}

#[tokio::test]
async fn what_a_tool_says_beforehand_is_asked_of_code_that_was_read_again() {
    let world = World::new(0);
    let tenant = "org_00000000000000000000000001".parse().expect("an id");
    for _ in 0..2 {
        let (locale, time_zone, run) = ("en".to_owned(), "UTC".to_owned(), RunBudget::default());
        let context = CallContext { key: "key".to_owned(), deadline_ms: 60_000, locale, time_zone, now_ms: 0, run };
        let shown = world.host.preview(tenant, "hostile.write_twice", &json!({}), context, Arc::new(MemoryOffice::default())).await.expect("a preview");
        assert!(shown.failed.is_some_and(|why| why.contains("may not do this")), "its own code was asked");
        world.kept().await;
        assert!(!world.is_here("hostile.refuse"));
    }
}

#[tokio::test]
async fn code_that_comes_from_nowhere_else_stays() {
    let world = World::new(0);
    let host = Host::new(HostOptions { slots: 4, code_bytes: 0, ..HostOptions::default() }).expect("host");
    host.load_shipped().expect("shipped");
    host.load_dir(&world.root.join("keeper")).expect("loaded");
    let here = |tool: &str| host.tool(tool).expect("a tool").code().expect("a plugin's").ready().is_some();
    assert!(here("keeper.peek") && here("crm.find_contacts"), "without a cache");
    // With one, what is part of the program.
    let host = Host::new(HostOptions { cache_dir: Some(world.root.join("cache")), slots: 4, ..HostOptions::default() }).expect("host");
    host.load_shipped().expect("shipped");
    assert!(host.tool("crm.find_contacts").expect("a tool").code().expect("a plugin's").ready().is_some());
}
