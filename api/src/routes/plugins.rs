//! The plugins whose tools agents can be given, as they were loaded, and how much they keep between calls.

pub(crate) mod forget;
pub(crate) mod kept;
pub(crate) mod list;
