//! One's own open sessions.

pub(crate) mod delete;
pub(crate) mod list;
