//! Grants: one interface each. A plugin's linker holds exactly the granted ones, so what was not granted does not exist.

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
}

impl Grant {
    const ALL: [Self; 7] = [Self::Log, Self::Clock, Self::Crm, Self::CrmWrite, Self::Knowledge, Self::Http, Self::Kv];

    /// The interface's name in `tools/wit` and the key under `[imports]`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Clock => "clock",
            Self::Crm => "crm",
            Self::CrmWrite => "crm-write",
            Self::Knowledge => "knowledge",
            Self::Http => "http",
            Self::Kv => "kv",
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
        }
    }
    Ok(linker)
}

/// What the component imports must be what the manifest asks for, no less and no more.
pub(crate) fn check_imports(plugin: &str, component: &Component, engine: &Engine, granted: &BTreeSet<Grant>) -> Result<(), PluginError> {
    let mut imported = BTreeSet::new();
    for (name, _) in component.component_type().imports(engine) {
        let interface = name.strip_prefix("steward:plugin/").and_then(|rest| rest.strip_suffix(VERSION)).and_then(|rest| rest.strip_suffix('@'));
        if interface == Some("types") {
            continue;
        }
        let Some(grant) = Grant::ALL.into_iter().find(|grant| interface == Some(grant.name())) else {
            let offered: Vec<String> = Grant::ALL.iter().map(|grant| format!("steward:plugin/{}@{VERSION}", grant.name())).collect();
            return Err(PluginError::UnknownImport { plugin: plugin.to_owned(), import: tidy(name, 200), offered: offered.join(", ") });
        };
        if !granted.contains(&grant) {
            return Err(PluginError::Undeclared { plugin: plugin.to_owned(), import: grant.name().to_owned() });
        }
        imported.insert(grant);
    }
    match granted.difference(&imported).next() {
        Some(unused) => Err(PluginError::Unused { plugin: plugin.to_owned(), import: unused.name().to_owned() }),
        None => Ok(()),
    }
}
