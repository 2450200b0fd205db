//! A run as a fold over its journal, and what to do next. Both are pure: no clock, no I/O, no chance.
//!
//! Crash-resume, replay and tests all use these two functions; whatever the driver does is a consequence of [`Run::next`].

mod fold;
mod next;
mod state;

pub use fold::call_digest;
pub use next::Next;
pub use state::{Call, EditState, HoldState, Ruled, Run, Started, Step, SubRun};

#[cfg(test)]
mod tests;
