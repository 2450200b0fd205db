//! The house holds itself to its drawing: arrows between crates, rooms of heavy dependencies, sizes, words, documents.
//!
//! Every test reads the tree as it lies on disk, and the public suites where they lie beside it, or runs a script that needs nothing; no database, no network, no other crate.
//! Each rule is a function from text to complaints, and is shown here to complain before it is trusted to be silent.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops where it cannot go on")]

mod arrows;
mod choice;
mod dependencies;
mod docs;
mod examples_in_docs;
mod files;
mod house;
mod locks;
mod logging;
mod markdown;
mod plugins;
mod scripts;
mod suites;
mod traceability;
mod tree;
mod verbs;
mod web;
mod words;
