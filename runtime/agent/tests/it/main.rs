//! The loop against real PostgreSQL, real plugins and models spoken to over HTTP.

#![expect(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test stops where what it looks for is missing, and a child process is told by its environment"
)]

mod away;
mod crash;
mod driver;
mod lines;
mod models;
