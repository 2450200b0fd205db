//! The plugins whose tools agents can be given, as they were loaded.

pub(crate) mod list;
