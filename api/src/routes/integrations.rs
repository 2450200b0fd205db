//! What this installation is connected with: other servers' tools, plugins that are set aside, secrets by their names, ways to people.

pub(crate) mod list;
