//! The tools agents can be given, as the gate knows them.

pub(crate) mod list;
pub(crate) mod propose;
