//! Pages of lists: how much a tool asks the office for at once.

use steward_plugin_sdk::{Line, crm};

/// Rows of a page when the model names no limit.
const LIMIT_DEFAULT: u32 = 20;
/// Rows of a page at most; the schemas say the same.
pub(crate) const LIMIT_MAX: u32 = 50;

pub(crate) fn page(limit: Option<u32>, after: Option<Line>) -> crm::Page {
    crm::Page { limit: limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX), after: after.map(String::from) }
}

/// `1 contact`, `3 contacts`, and whether more follow.
pub(crate) fn counted(count: usize, one: &str, many: &str, more: bool) -> String {
    let word = if count == 1 { one } else { many };
    let rest = if more { ", more follow" } else { "" };
    format!("{count} {word}{rest}")
}
