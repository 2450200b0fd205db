//! The rules in force, shared by everyone in the process and replaced whole when new ones are valid.
//!
//! The rules of the installation's files hold for every organisation that has approved none of its own.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use steward_core::TenantId;
use steward_policies::Rules;

/// A handle to the rules in force. Cheap to clone.
#[derive(Clone)]
pub struct SharedRules {
    inner: Arc<RwLock<Inner>>,
}

struct Inner {
    base: Rules,
    own: HashMap<TenantId, Own>,
}

/// Rules that an organisation approved.
struct Own {
    version: i32,
    rules: Rules,
}

impl SharedRules {
    /// Starts with these for everybody.
    pub fn new(rules: Rules) -> Self {
        Self { inner: Arc::new(RwLock::new(Inner { base: rules, own: HashMap::new() })) }
    }

    /// The rules of an organisation now: those it approved, else the installation's.
    pub fn of(&self, tenant: TenantId) -> Rules {
        let inner = self.read();
        inner.own.get(&tenant).map_or(&inner.base, |own| &own.rules).clone()
    }

    /// The installation's rules now.
    pub fn base(&self) -> Rules {
        self.read().base.clone()
    }

    /// Puts new rules of the installation in force for every decision from now on.
    pub fn replace(&self, rules: Rules) {
        self.write().base = rules;
    }

    /// The version of an organisation's own rules; none while it has none.
    pub fn version_of(&self, tenant: TenantId) -> Option<i32> {
        self.read().own.get(&tenant).map(|own| own.version)
    }

    /// Puts rules that an organisation approved in force for every decision of it from now on. An older version than the one in force is passed over.
    pub fn adopt(&self, tenant: TenantId, version: i32, rules: Rules) {
        let mut inner = self.write();
        if inner.own.get(&tenant).is_none_or(|own| own.version <= version) {
            inner.own.insert(tenant, Own { version, rules });
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}
