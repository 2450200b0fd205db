//! The rules in force.

pub(crate) mod show;
