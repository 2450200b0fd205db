//! What was used and what it cost.

pub(crate) mod list;
