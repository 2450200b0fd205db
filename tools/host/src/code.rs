//! A plugin's machine code: read into memory when it is called, and put aside again where others need the room.
//!
//! That of an interpreter has 36 MB, and most of what is installed is called seldom. What runs is what was checked when the plugin was loaded: the
//! file it is read from carries our seal over the code and over what that was compiled from, and where the file is gone, the plugin's folder is
//! compiled again, if it still holds the same to the byte. Code that comes from nowhere else stays in memory.

use crate::bindings::ToolPre;
use crate::engine::Host;
use crate::grants::{self, Grant};
use crate::plugin::{Package, Plugin};
use crate::sandbox::CallState;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;
use steward_core::{Digest, Failure, FailureClass};
use tokio::sync::Mutex;
use tokio::time::timeout_at;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

/// Code that can be instantiated.
pub(crate) struct Ready {
    /// With its imports.
    pub(crate) pre: ToolPre<CallState>,
    /// Where it says what a call would do, if it does.
    pub(crate) preview: Option<ComponentExportIndex>,
}

impl Ready {
    /// Code with what it was linked to.
    ///
    /// # Errors
    /// When it has not what every plugin has.
    pub(crate) fn of(linked: InstancePre<CallState>, component: &Component) -> wasmtime::Result<Self> {
        Ok(Self { pre: ToolPre::new(linked)?, preview: component.get_export_index(None, "preview") })
    }
}

/// How code is had again.
#[derive(Debug)]
pub(crate) struct Source {
    /// Names what it was compiled from, and by that the file among compiled plugins.
    pub(crate) component: Digest,
    /// Names the plugin.
    pub(crate) package: Digest,
    /// The plugin's folder.
    pub(crate) home: PathBuf,
    /// What it is linked to.
    pub(crate) granted: BTreeSet<Grant>,
}

/// A plugin's code, in memory or not.
pub(crate) struct Code {
    ready: RwLock<Option<Arc<Ready>>>,
    /// None: it stays.
    source: Option<Source>,
    bytes: usize,
    /// Of calls that come at once to code that is not there, one reads it.
    reading: Arc<Mutex<()>>,
    /// Which of all calls was the last of it.
    used: AtomicU64,
}

impl Code {
    /// Code of so many bytes that was checked. It is put aside until it is called, where it can be had again.
    pub(crate) fn new(ready: Ready, bytes: usize, source: Option<Source>) -> Self {
        let ready = source.is_none().then(|| Arc::new(ready));
        Self { ready: RwLock::new(ready), source, bytes, reading: Arc::default(), used: AtomicU64::new(0) }
    }

    /// What is in memory of it now.
    pub(crate) fn ready(&self) -> Option<Arc<Ready>> {
        self.ready.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, ready: Option<Arc<Ready>>) {
        *self.ready.write().unwrap_or_else(PoisonError::into_inner) = ready;
    }
}

/// How much code stays in memory, and how many calls there were, which tells what was called last.
#[derive(Debug)]
pub(crate) struct Shelf {
    bytes_max: usize,
    calls: AtomicU64,
}

impl Shelf {
    /// Of so many bytes.
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self { bytes_max, calls: AtomicU64::new(0) }
    }
}

impl Host {
    /// A plugin's code for a call; read first, where it is not in memory. What is not read by the call's deadline is there for a later one.
    pub(crate) async fn code(&self, plugin: &Arc<Plugin>, deadline: Instant) -> Result<Arc<Ready>, Failure> {
        let code = &plugin.code;
        code.used.store(self.inner.shelf.calls.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        if let Some(ready) = code.ready() {
            return Ok(ready);
        }
        let message = match timeout_at(deadline.into(), self.read(plugin)).await {
            Ok(Ok(ready)) => return Ok(ready),
            Ok(Err(reason)) => {
                tracing::error!(plugin.name = plugin.name(), reason, "the code of a loaded plugin cannot be had again, so its calls are refused");
                "the tool's code cannot be read now; nothing was asked"
            }
            Err(_elapsed) => "the tool's code was not read in the time of the call; a later try may work",
        };
        Err(Failure { class: FailureClass::Unavailable, message: message.to_owned(), retryable: true })
    }

    async fn read(&self, plugin: &Arc<Plugin>) -> Result<Arc<Ready>, String> {
        let alone = Arc::clone(&plugin.code.reading).lock_owned().await;
        if let Some(ready) = plugin.code.ready() {
            return Ok(ready);
        }
        let (host, plugin) = (self.clone(), Arc::clone(plugin));
        let read = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            host.read_now(&plugin)
        });
        read.await.unwrap_or_else(|err| Err(err.to_string()))
    }

    fn read_now(&self, plugin: &Plugin) -> Result<Arc<Ready>, String> {
        let Some(source) = &plugin.code.source else { return Err("it was never put aside".to_owned()) };
        let engine = &self.inner.engine;
        let component = match self.inner.cache.again(engine, &source.component) {
            Some(component) => component,
            None => {
                let package = Package::read(&source.home).map_err(|err| err.to_string())?;
                if package.digest() != source.package {
                    return Err(format!("its compiled code is gone, and `{}` holds another plugin by now", source.home.display()));
                }
                self.inner.cache.component(engine, &package.component)?.0
            }
        };
        let linked = grants::linker(engine, &source.granted).and_then(|linker| linker.instantiate_pre(&component));
        let ready = linked.and_then(|linked| Ready::of(linked, &component)).map_err(|err| format!("{err:#}"))?;
        let ready = Arc::new(ready);
        plugin.code.put(Some(Arc::clone(&ready)));
        self.make_room(plugin);
        Ok(ready)
    }

    /// Puts aside what was not called for the longest, until what can be had again is no more than the shelf takes. The code that was just read
    /// stays, however large, and so does what calls under way run on, until they end.
    fn make_room(&self, just_read: &Plugin) {
        let tools = self.inner.tools.read().unwrap_or_else(PoisonError::into_inner);
        let here = tools.values().filter_map(|tool| tool.code()).filter(|code| code.source.is_some() && code.ready().is_some());
        // A plugin with several tools is met several times.
        let by_use: BTreeMap<u64, &Code> = here.map(|code| (code.used.load(Ordering::Relaxed), code)).collect();
        let mut bytes: usize = by_use.values().map(|code| code.bytes).sum();
        for code in by_use.into_values().filter(|code| !std::ptr::eq(*code, &raw const just_read.code)) {
            if bytes <= self.inner.shelf.bytes_max {
                break;
            }
            code.put(None);
            bytes -= code.bytes;
        }
    }
}
