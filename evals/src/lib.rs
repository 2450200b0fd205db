//! The exams: a scripted, fully compromised model against the real loop, gate and MCP client, with an attentive owner.
//!
//! Nothing here reaches beyond this process: the model and the MCP server are a loopback address of it, the journal is in
//! memory. Nothing here or in the rules knows a suite's tools or texts; suites and attacks are data.

pub mod adaptive;
pub mod agentdojo;
pub mod attacks;
pub mod desk;
mod error;
mod loopback;
pub mod played;
pub mod puppet;
pub mod replay;
pub mod report;
pub mod stage;
mod through;

pub use error::EvalError;
pub use through::Through;
