//! Grants: one interface each. A plugin's linker holds exactly the granted ones, so what was not granted does not exist.

use crate::bindings::wasi::wasi;
use crate::bindings::{VERSION, steward::plugin as wit};
use crate::error::{PluginError, tidy};
use crate::sandbox::CallState;
use std::collections::BTreeSet;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Result};

/// An interface a plugin may be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    Log,
    Clock,
    Crm,
    CrmWrite,
    Knowledge,
    Http,
    Kv,
    WasiHttp,
}

impl Grant {
    /// The interfaces of Steward's own.
    const OWN: [Self; 7] = [Self::Log, Self::Clock, Self::Crm, Self::CrmWrite, Self::Knowledge, Self::Http, Self::Kv];

    /// The key under `[imports]`; of Steward's own interfaces their name in `tools/wit`, too.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Clock => "clock",
            Self::Crm => "crm",
            Self::CrmWrite => "crm-write",
            Self::Knowledge => "knowledge",
            Self::Http => "http",
            Self::Kv => "kv",
            Self::WasiHttp => "wasi-http",
        }
    }
}

/// What an import is to be granted as. Of WASI there is what `wasi:http` needs, in any version 0.2, and nothing else.
enum Import {
    /// It has no functions, so it is no right.
    Free,
    /// One right by itself.
    Right(Grant),
    /// Part of what another right needs.
    PartOf(Grant),
    /// One right, for whoever has the other as well.
    Beside(Grant, Grant),
}

impl Import {
    fn of(name: &str) -> Option<Self> {
        let (interface, version) = name.split_once('@')?;
        if let Some(own) = interface.strip_prefix("steward:plugin/").filter(|_| version == VERSION) {
            let right = Grant::OWN.into_iter().find(|grant| own == grant.name()).map(Self::Right);
            return if own == "types" { Some(Self::Free) } else { right };
        }
        match interface {
            _ if !version.starts_with("0.2.") => None,
            "wasi:http/outgoing-handler" => Some(Self::Right(Grant::WasiHttp)),
            "wasi:http/types" | "wasi:io/error" | "wasi:io/poll" | "wasi:io/streams" | "wasi:clocks/monotonic-clock" => Some(Self::PartOf(Grant::WasiHttp)),
            "wasi:clocks/wall-clock" => Some(Self::Beside(Grant::Clock, Grant::WasiHttp)),
            _ => None,
        }
    }
}

/// A linker with the granted interfaces and nothing else.
pub(crate) fn linker(engine: &Engine, grants: &BTreeSet<Grant>) -> Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    // Types only: both sides need the same words, and there is nothing to call.
    wit::types::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    for grant in grants {
        match grant {
            Grant::Log => wit::log::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::Clock => wit::clock::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::Crm => wit::crm::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::CrmWrite => wit::crm_write::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::Knowledge => wit::knowledge::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::Http => wit::http::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::Kv => wit::kv::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?,
            Grant::WasiHttp => add_wasi_http(&mut linker, grants.contains(&Grant::Clock))?,
        }
    }
    Ok(linker)
}

/// What `wasi:http` needs, and the time of the call where that was granted too. Streams and waiting are the library's, which knows no system:
/// the crates that have files and sockets are not part of this program.
fn add_wasi_http(linker: &mut Linker<CallState>, with_time: bool) -> Result<()> {
    wasmtime_wasi_io::add_to_linker_async(linker)?;
    wasi::clocks::monotonic_clock::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    // Without what is unstable in it.
    wasi::http::types::add_to_linker::<_, HasSelf<CallState>>(linker, &wasi::http::types::LinkOptions::default(), |state| state)?;
    wasi::http::outgoing_handler::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    if with_time {
        wasi::clocks::wall_clock::add_to_linker::<_, HasSelf<CallState>>(linker, |state| state)?;
    }
    Ok(())
}

/// What the component imports must be what the manifest asks for, no less and no more.
pub(crate) fn check_imports(plugin: &str, component: &Component, engine: &Engine, granted: &BTreeSet<Grant>) -> Result<(), PluginError> {
    let mut imported = BTreeSet::new();
    for (name, _) in component.component_type().imports(engine) {
        let (needed, right) = match Import::of(name) {
            Some(Import::Free) => continue,
            Some(Import::Right(right)) => (vec![right], Some(right)),
            Some(Import::PartOf(whole)) => (vec![whole], None),
            Some(Import::Beside(right, other)) => (vec![other, right], Some(right)),
            None => {
                let mut offered: Vec<String> = Grant::OWN.iter().map(|grant| format!("steward:plugin/{}@{VERSION}", grant.name())).collect();
                offered.push("wasi:http/outgoing-handler@0.2 with what it needs".to_owned());
                return Err(PluginError::UnknownImport { plugin: plugin.to_owned(), import: tidy(name, 200), offered: offered.join(", ") });
            }
        };
        if let Some(missing) = needed.into_iter().find(|grant| !granted.contains(grant)) {
            return Err(PluginError::Undeclared { plugin: plugin.to_owned(), import: missing.name().to_owned() });
        }
        imported.extend(right);
    }
    match granted.difference(&imported).next() {
        Some(unused) => Err(PluginError::Unused { plugin: plugin.to_owned(), import: unused.name().to_owned() }),
        None => Ok(()),
    }
}
