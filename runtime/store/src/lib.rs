//! The memory of Steward: every SQL statement and every storage engine lives here, and nothing else does.
//!
//! A [`Tx`] exists only for an actor and carries the row-security settings of that actor, so no query runs without a who.
//! The hot path of a run, in [`step`], does the same in one round trip: each of its functions takes the actor and makes those settings first.
//! The pool never leaves this crate. No business rule belongs here: a function stores, finds or lists.

pub mod api_token;
pub mod audit;
pub mod audit_log;
pub mod audit_personal;
pub mod audit_writer;
pub mod budget;
pub mod budget_hold;
pub mod company;
pub mod company_merge;
pub mod contact;
pub mod contact_import;
pub mod contact_merge;
pub mod conversation;
pub mod counter;
pub mod data_key;
pub mod deal;
pub mod decision;
pub mod document;
pub mod doors;
pub mod engines;
mod error;
pub mod escalation;
pub mod governance_change;
pub mod grant;
pub mod hold;
pub mod host_effect;
pub mod idempotency;
pub mod identity;
pub mod journal;
mod line;
pub mod membership;
mod migrate;
pub mod note;
pub mod notice;
pub mod notice_wish;
pub mod oauth;
pub mod page;
pub mod passkey;
pub mod person;
pub mod plugin_state;
pub mod push_subscription;
pub mod question;
pub mod run;
pub mod schedule;
pub mod second_factor;
pub mod secret;
pub mod session;
pub mod sign_in_failure;
pub mod sign_in_link;
pub mod step;
pub mod step_up;
pub mod tenant;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
pub mod usage;
pub mod workspace;

pub use error::StoreError;
pub use migrate::{migrate, migration_state};
pub use page::{Cursor, CursorError, Page};
pub use tx::{Store, StoreOptions, Tx};
