//! The MCP server: refusals first, then calls through the gate over a real socket with the protocol's own client.

mod bridge;
mod calls;
mod client;
mod conformance;
mod cut;
mod held;
mod peers;
mod refusals;
mod resumed;
