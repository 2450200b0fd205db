//! The rules in force, shared by everyone in the process and replaced whole when new ones are valid.

use std::sync::{Arc, PoisonError, RwLock};
use steward_policies::Rules;

/// A handle to the rules in force. Cheap to clone.
#[derive(Clone)]
pub struct SharedRules {
    inner: Arc<RwLock<Rules>>,
}

impl SharedRules {
    /// Starts with these.
    pub fn new(rules: Rules) -> Self {
        Self { inner: Arc::new(RwLock::new(rules)) }
    }

    /// The rules now.
    pub fn current(&self) -> Rules {
        self.inner.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts new rules in force for every decision from now on.
    pub fn replace(&self, rules: Rules) {
        *self.inner.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }
}
