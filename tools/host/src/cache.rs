//! Compiled plugins on disk, so that a start does not compile them again.
//!
//! A compiled plugin is machine code: whoever can write it, writes our process. So every file carries an HMAC under a key
//! that lies beside it, readable by the server's account alone in a folder where nobody else may write, over the code,
//! the component it was made from and the engine's settings. A file that does not carry it is compiled again, whatever
//! else it holds. Trouble with the folder after start is only logged: the cache saves time, nothing depends on it.

mod folder;

use crate::error::HostError;
use folder::{Folder, KEY_BYTES};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic;
use std::path::Path;
use steward_core::Digest;
use wasmtime::{Engine, component::Component};

const MAC_BYTES: usize = 32;

/// The folder of compiled plugins, or none.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: Option<Folder>,
    engine: u64,
}

impl Cache {
    /// Opens the folder and its key; makes both when there are none.
    pub(crate) fn open(folder: Option<&Path>, engine: &Engine) -> Result<Self, HostError> {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self { folder: folder.map(Folder::open).transpose()?, engine: hasher.finish() })
    }

    /// The component, from the cache or compiled and put there; and what it can be had by again, if it lies there.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> Result<(Component, Option<Digest>), String> {
        let Some(folder) = &self.folder else { return Ok((compile(engine, wasm)?, None)) };
        let source = Digest::of(wasm);
        if let Some(component) = self.again(engine, &source) {
            return Ok((component, Some(source)));
        }
        let (component, name) = (compile(engine, wasm)?, self.name(&source));
        match self.store(&component, folder, &name, &source) {
            Ok(()) => Ok((component, Some(source))),
            Err(reason) => {
                tracing::warn!(path = %folder.path_of(&name).display(), reason, "compiled plugin is not kept");
                Ok((component, None))
            }
        }
    }

    /// What lies there of a component, if it is usable.
    pub(crate) fn again(&self, engine: &Engine, source: &Digest) -> Option<Component> {
        let (folder, name) = (self.folder.as_ref()?, self.name(source));
        self.load(engine, folder, &name, source).unwrap_or_else(|reason| {
            tracing::warn!(path = %folder.path_of(&name).display(), reason, "compiled plugin is not usable; compiling again");
            None
        })
    }

    fn name(&self, source: &Digest) -> String {
        format!("{source}-{:016x}.cwasm", self.engine)
    }

    fn load(&self, engine: &Engine, folder: &Folder, name: &str, source: &Digest) -> Result<Option<Component>, String> {
        let Some(bytes) = folder.read(name).map_err(|err| err.to_string())? else { return Ok(None) };
        let (mac, code) = bytes.split_at_checked(MAC_BYTES).ok_or("truncated")?;
        self.mac(folder.key(), source, code).verify_slice(mac).map_err(|_| "not written by this server, or changed since")?;
        #[expect(unsafe_code, reason = "the code is ours: its MAC was checked on these very bytes")]
        // SAFETY: the bytes come from `Component::serialize` of an engine with these settings, as the MAC says.
        let component = unsafe { Component::deserialize(engine, code) };
        component.map(Some).map_err(|err| format!("{err:#}"))
    }

    fn store(&self, component: &Component, folder: &Folder, name: &str, source: &Digest) -> Result<(), String> {
        let code = component.serialize().map_err(|err| format!("{err:#}"))?;
        let mac: [u8; MAC_BYTES] = self.mac(folder.key(), source, &code).finalize().into_bytes().into();
        folder.keep(name, &[&mac, &code]).map_err(|err| err.to_string())
    }

    fn mac(&self, key: &[u8; KEY_BYTES], source: &Digest, code: &[u8]) -> Hmac<Sha256> {
        // RFC 2104 pads a key shorter than the block with zeros; doing it here makes the constructor infallible.
        let mut block = [0; 64];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(b"steward/cwasm/v1\0");
        mac.update(source.bytes());
        mac.update(&self.engine.to_be_bytes());
        mac.update(code);
        mac
    }
}

/// The compiler has panicked on hostile input before; that must cost the plugin, not the server.
fn compile(engine: &Engine, wasm: &[u8]) -> Result<Component, String> {
    contained(|| Component::from_binary(engine, wasm))?.map_err(|err| format!("{err:#}"))
}

/// Invariant: no profile says `panic = "abort"`, or nothing would be contained here; `tests/house` reads the manifest for it.
fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    panic::catch_unwind(panic::AssertUnwindSafe(work)).map_err(|_| "the compiler gave up".to_owned())
}

#[cfg(test)]
mod tests {
    use super::contained;

    #[test]
    fn a_compiler_that_panics_costs_the_plugin_and_not_the_server() {
        let gave_up: Result<(), String> = contained(|| panic!("hostile input"));
        assert_eq!((gave_up, contained(|| 7)), (Err("the compiler gave up".to_owned()), Ok(7)));
    }
}
