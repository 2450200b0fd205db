//! A test double: a model server that answers from a script, over real HTTP on the loopback interface.
//!
//! It speaks chat completions, the responses API, Anthropic's Messages and Google's `generateContent`, whole and streamed, and every fault a provider
//! can have. It is no model and never ships: only dev-dependencies turn the feature `testing` on.

mod anthropic;
mod chat;
mod gemini;
mod in_memory;
mod reply;
mod responses;
mod server;
mod wire;
mod world;

pub use in_memory::{bench_run, pins_of};
pub use reply::{Raw, Reply, Said, SaidCall};
pub use server::{Api, ScriptedModel, Seen};
pub use world::{World, bench_office, bench_runtime};
