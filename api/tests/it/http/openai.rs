//! The surface for OpenAI's clients: refusals first, then answers over a real socket with a real worker, then the official clients.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "a test stops where what it looks for is missing")]

mod answers;
mod peers;
mod refusals;
mod service;
