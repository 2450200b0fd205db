//! The MCP server's three methods of one address. What they carry is the protocol's; who may use them is ours.

pub(crate) mod close;
pub(crate) mod listen;
pub(crate) mod post;
