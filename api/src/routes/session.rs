//! Signing in and out.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod prove;
pub(crate) mod step_up;
