//! One folder a noun, one file a verb. Each file has `doc`, what the route says of itself, and `handle`.

pub(crate) mod actions;
pub(crate) mod agents;
pub(crate) mod audit;
pub(crate) mod budget_holds;
pub(crate) mod budgets;
pub(crate) mod changes;
pub(crate) mod companies;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod deals;
pub(crate) mod documents;
pub(crate) mod exports;
pub(crate) mod factors;
pub(crate) mod grants;
pub(crate) mod holds;
pub(crate) mod imports;
pub(crate) mod integrations;
pub(crate) mod mcp;
pub(crate) mod me;
pub(crate) mod models;
pub(crate) mod notes;
pub(crate) mod notices;
pub(crate) mod oauth;
pub(crate) mod oidc;
pub(crate) mod openai;
pub(crate) mod operation;
pub(crate) mod pages;
pub(crate) mod passkeys;
pub(crate) mod people;
pub(crate) mod plugins;
pub(crate) mod policies;
pub(crate) mod prompts;
pub(crate) mod push;
pub(crate) mod questions;
pub(crate) mod records;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod secrets;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod tools;
pub(crate) mod usage;
pub(crate) mod workspaces;

use crate::keyed::KeyCursor;
use serde::{Deserialize, Serialize};
use steward_store::Cursor;
use utoipa::IntoParams;

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct PageOf<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl<T> PageOf<T> {
    /// Shows rows with the cursor of the next page.
    pub(crate) fn new<R>(rows: Vec<R>, next: Option<Cursor>, show: impl Fn(R) -> T) -> Self {
        Self { items: rows.into_iter().map(show).collect(), next_cursor: next.map(|cursor| cursor.to_string()) }
    }

    /// The same of a list whose items have keys of their own.
    pub(crate) fn keyed<R>(rows: Vec<R>, next: Option<KeyCursor>, show: impl Fn(R) -> T) -> Self {
        Self { items: rows.into_iter().map(show).collect(), next_cursor: next.map(|cursor| cursor.to_string()) }
    }
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    #[default]
    Oldest,
    Newest,
}

/// How much of a list, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl PageQuery {
    /// The page these name.
    pub(crate) fn page(&self) -> Result<steward_store::Page, crate::error::ApiError> {
        crate::extract::page(self.limit, self.cursor.as_deref())
    }
}

/// How much of a list that is read from either end, and from where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderedQuery {
    /// `oldest` or `newest` first; `oldest` without it.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    pub(crate) order: Order,
    /// Most items, 1 to 200; 50 without it.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before, in the same order.
    pub(crate) cursor: Option<String>,
}

impl OrderedQuery {
    /// The page these name.
    pub(crate) fn page(&self) -> Result<steward_store::Page, crate::error::ApiError> {
        crate::extract::page(self.limit, self.cursor.as_deref())
    }
}
