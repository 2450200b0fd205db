//! The house as the server that gives tokens for `/mcp` (OAuth): to programs that nobody hands one, when a person says yes on a page of it.
//!
//! Codes with PKCE only. A program is the document at its own address; nobody registers. What is given, and when it ends, is the office's.

mod challenge;
mod client;
mod redirect;
mod request;

pub(crate) use challenge::say_where;
pub use client::ClientDocuments;
pub(crate) use request::{Request, form_of, look};

use crate::site::Site;

/// The path of the one address that tokens are given for.
pub(crate) const PATH: &str = "/mcp";
/// Where that address describes itself (RFC 9728).
pub(crate) const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource/mcp";
/// The page on which a person says yes or no.
pub(crate) const PAGE: &str = "/oauth/authorize";

/// The address that tokens are given for, as it is named in them.
pub(crate) fn resource(site: &Site) -> String {
    format!("{}{PATH}", site.public_url())
}
