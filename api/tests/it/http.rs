//! The HTTP server: refusals first, then what works, then what must hold for every route and table.

#![expect(clippy::indexing_slicing, reason = "a field of an answer that is missing reads as null; a list that is too short fails the test")]

mod accepted_list;
mod actions;
mod budget_holds;
mod catalogue;
mod company_import;
mod company_merge;
mod contacts;
mod conversations;
mod documents;
pub(crate) mod factors;
mod forks;
mod governance;
mod grant_proposals;
mod holds;
mod idempotency;
mod jobs;
mod matrix;
mod mcp;
mod merge;
mod notices;
mod oauth;
mod oidc;
mod on_record;
mod openai;
mod openapi;
mod pages;
mod passkeys;
mod peer;
mod people;
mod policy_proposals;
mod prompt_proposals;
pub(crate) mod questions;
mod refusals;
mod runs;
mod sample;
mod schedules;
mod secrets;
mod server;
mod session;
mod sub_runs;
mod tenants;
mod tool_proposals;
mod usage;
mod working;
mod world;
