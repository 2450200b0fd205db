//! A call judged once: for the event that proposes a call, and again for the decision on it.

use super::{JudgeError, Judged};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use steward_core::Digest;

/// Judged calls by mode, call and arguments. A copy starts empty: what they were worked out against may have changed.
#[derive(Debug, Default)]
pub(super) struct Memo(Mutex<HashMap<Digest, Arc<Judged>>>);

impl Clone for Memo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Memo {
    /// The call under this digest, worked out now if they were not yet.
    pub(super) fn get_or(&self, digest: Digest, make: impl FnOnce() -> Result<Judged, JudgeError>) -> Result<Arc<Judged>, JudgeError> {
        if let Some(found) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(make()?);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, Arc::clone(&made));
        Ok(made)
    }
}
