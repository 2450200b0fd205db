//! The exams themselves, over real HTTP, with the real loop.

mod agentdojo;
mod attacks;
mod public;
mod sub_runs;
mod words;
