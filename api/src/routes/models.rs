//! The named models of this installation: names only, never where they are or with which key.

pub(crate) mod list;
