//! Plugins as they are: real WebAssembly, real permits, an office in memory.

#![expect(clippy::panic, reason = "a test that finds something else than it should ends there")]

mod cache;
mod calls;
mod egress;
mod fairness;
mod fuzz;
mod handed;
mod installed;
mod knowledge;
mod kv;
mod loading;
mod mcp;
mod preview;
mod support;
