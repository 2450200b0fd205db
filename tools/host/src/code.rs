//! A plugin's machine code. That of an installed one is read into memory when it is called for the first time, and stays there.
//!
//! An interpreter's has 36 MB, and most of what is installed is called seldom or never. What runs is what was checked when the plugin was
//! loaded: the file it is read from carries our seal over the code and over what that was compiled from, and where the file is gone, the plugin's
//! folder is compiled again, if it still holds the same to the byte. Code that comes from nowhere else is in memory from the start.

use crate::bindings::ToolPre;
use crate::engine::Host;
use crate::grants::{self, Grant};
use crate::plugin::{Package, Plugin};
use crate::sandbox::CallState;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use steward_core::{Digest, Failure, FailureClass};
use tokio::sync::Mutex;
use tokio::time::timeout_at;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

/// Plugins whose code is read, or compiled again, at the same time.
pub(crate) const READINGS_MAX: usize = 2;

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

/// A plugin's code, in memory or not yet.
pub(crate) struct Code {
    ready: OnceLock<Ready>,
    /// None where it is in memory from the start.
    source: Option<Source>,
    /// Of calls that come at once to code that is not there, one reads it.
    reading: Arc<Mutex<()>>,
}

impl Code {
    /// Code that was checked. It is dropped until somebody calls it, where it can be had again.
    pub(crate) fn new(ready: Ready, source: Option<Source>) -> Self {
        let ready = if source.is_none() { OnceLock::from(ready) } else { OnceLock::new() };
        Self { ready, source, reading: Arc::default() }
    }

    /// What is in memory of it now.
    pub(crate) fn ready(&self) -> Option<&Ready> {
        self.ready.get()
    }
}

impl Host {
    /// A plugin's code for a call; read first, where it is not in memory. What is not read by the call's deadline is there for a later one.
    pub(crate) async fn code<'p>(&self, plugin: &'p Arc<Plugin>, deadline: Instant) -> Result<&'p Ready, Failure> {
        if let Some(ready) = plugin.code.ready() {
            return Ok(ready);
        }
        // Seldom, so what every call carries along has no room for it.
        let message = match timeout_at(deadline.into(), Box::pin(self.read(plugin))).await {
            Ok(Ok(ready)) => return Ok(ready),
            Ok(Err(reason)) => {
                tracing::error!(plugin.name = plugin.name(), reason, "the code of a loaded plugin cannot be had again, so its calls are refused");
                "the tool's code cannot be read now; nothing was asked"
            }
            Err(_elapsed) => "the tool's code was not read in the time of the call; a later try may work",
        };
        Err(Failure { class: FailureClass::Unavailable, message: message.to_owned(), retryable: true })
    }

    /// Goes on by itself when nobody waits for it any more.
    async fn read<'p>(&self, plugin: &'p Arc<Plugin>) -> Result<&'p Ready, String> {
        let alone = Arc::clone(&plugin.code.reading).lock_owned().await;
        if let Some(ready) = plugin.code.ready() {
            return Ok(ready);
        }
        let place = Arc::clone(&self.inner.readings).acquire_owned().await.map_err(|err| err.to_string())?;
        let (host, reads) = (self.clone(), Arc::clone(plugin));
        let read = tokio::task::spawn_blocking(move || {
            let _held = (alone, place);
            host.read_now(&reads)
        });
        read.await.unwrap_or_else(|err| Err(err.to_string()))?;
        plugin.code.ready().ok_or_else(|| "it was read and is not there".to_owned())
    }

    fn read_now(&self, plugin: &Plugin) -> Result<(), String> {
        let Some(source) = &plugin.code.source else { return Err("it comes from nowhere".to_owned()) };
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
        // Of the same plugin only one reads at a time, and it looked whether another had.
        let _ = plugin.code.ready.set(ready);
        Ok(())
    }
}
