//! The named models of this installation: what they are called, who asks them and what they cost, never where they are or with which key.

pub(crate) mod list;
