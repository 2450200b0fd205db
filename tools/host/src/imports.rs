//! The host's side of the granted interfaces. They translate and count; rights are the office's word.

mod crm;
mod crm_write;
mod http;
mod knowledge;
mod kv;
mod wasi_http;

use crate::bindings::steward::plugin as wit;
use crate::error::tidy;
use crate::office::{OfficeError, PageRequest};
use crate::sandbox::CallState;
use wasmtime::Result;

/// Log lines of one call, and characters of a line.
const LOGS_MAX: u32 = 100;
const LOG_CHARACTERS_MAX: usize = 4096;
/// The longest line that is looked through for secrets, in bytes: whatever has no more letters than are shown has no more. Of a longer one
/// nothing is shown: to cut it first would leave half of a secret that stands where it is cut.
const LOG_BYTES_MAX: usize = 4 * LOG_CHARACTERS_MAX;
/// Rows of a page at most.
const ROWS_MAX: u32 = 200;
/// What a plugin may make of a text of ours.
const MESSAGE_MAX: usize = 500;

impl wit::types::Host for CallState {}

impl wit::log::Host for CallState {
    async fn write(&mut self, level: wit::log::Level, message: String) -> Result<()> {
        use wit::log::Level;
        self.heard();
        if self.logs >= LOGS_MAX {
            self.used.logs_cut = self.used.logs_cut.saturating_add(1);
            return Ok(());
        }
        self.logs += 1;
        let is_cut = message.chars().count() > LOG_CHARACTERS_MAX;
        self.used.logs_cut = self.used.logs_cut.saturating_add(u32::from(is_cut));
        let is_left_out = self.hides.is_some() && message.len() > LOG_BYTES_MAX;
        let message = if is_left_out { format!("a line of {} bytes is too long for the log", message.len()) } else { self.scrub(message) };
        let (tool, message) = (self.tool.as_str(), tidy(&message, LOG_CHARACTERS_MAX));
        match level {
            Level::Debug => tracing::debug!(tool.name = tool, "plugin: {message}"),
            Level::Info => tracing::info!(tool.name = tool, "plugin: {message}"),
            // A plugin does not decide what somebody has to look at.
            Level::Warn | Level::Error => tracing::warn!(tool.name = tool, "plugin: {message}"),
        }
        Ok(())
    }
}

impl wit::clock::Host for CallState {
    async fn now_ms(&mut self) -> Result<i64> {
        self.heard();
        Ok(self.now_ms)
    }
}

impl From<OfficeError> for wit::types::OfficeError {
    fn from(error: OfficeError) -> Self {
        match error {
            OfficeError::Denied => Self::Denied,
            OfficeError::NotFound => Self::NotFound,
            OfficeError::Conflict => Self::Conflict,
            OfficeError::Invalid(what) | OfficeError::Told { why: what, .. } => Self::Invalid(tidy(&what, MESSAGE_MAX)),
            OfficeError::TooLarge => Self::TooLarge,
            OfficeError::Unavailable => Self::Unavailable,
        }
    }
}

impl From<wit::crm::Page> for PageRequest {
    fn from(page: wit::crm::Page) -> Self {
        Self { after: page.after, limit: page.limit.clamp(1, ROWS_MAX) }
    }
}
