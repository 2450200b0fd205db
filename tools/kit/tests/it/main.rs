//! The kit on plugins as they are: their own cases in the real sandbox, and requests to others behind the real gate.

#![expect(clippy::panic, reason = "a test that finds something else than it should ends there")]

mod egress;
mod shipped;
mod support;
