//! Steward's edge: the HTTP server, and the command line that starts it. No SQL, and no decision that is not made below.

pub mod auth;
mod changes;
pub mod cli;
pub mod config;
mod edge;
pub mod error;
mod export;
mod extract;
pub mod follow;
pub mod jobs;
mod label_moves;
mod marks;
mod mcp;
pub mod meters;
pub mod notices;
pub mod oauth;
pub mod oidc;
pub mod openapi;
mod picture;
mod policy_set;
mod recorded;
pub mod router;
mod routes;
pub mod run_events;
pub mod site;
pub mod state;
mod suggestions;
mod tool_sets;
pub mod web;
pub mod wiring;
mod wishes;

pub use policy_set::PolicyFiles;
pub use router::router;
pub use site::Site;
pub use state::{AppState, Parts};
pub use web::Web;
