//! The server against a real database, through its router.

#![expect(clippy::panic, reason = "a test that finds something else than it should ends there")]

mod cli;
mod http;
