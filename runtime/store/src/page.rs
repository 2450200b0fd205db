//! Cursor pages: lists are read in bounded pieces, and a cursor names the last row seen.

use steward_core::limits::{PAGE_DEFAULT, PAGE_MAX};
use uuid::Uuid;

/// Where a page starts: after this row. The text form is opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub Uuid);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.simple())
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor; take `next_cursor` of the page before")]
pub struct CursorError;

impl std::str::FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        Uuid::try_parse(text).map(Self).map_err(|_| CursorError)
    }
}

/// How much of a list, and from where.
#[derive(Debug, Clone)]
pub struct Page {
    limit: u32,
    /// After which row; none for the first page.
    pub after: Option<Cursor>,
}

impl Page {
    /// A page of at most `limit` rows, held between 1 and the largest page.
    pub fn new(limit: Option<u32>, after: Option<Cursor>) -> Self {
        Self { limit: limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX), after }
    }

    /// The first page of default size.
    pub fn first() -> Self {
        Self::new(None, None)
    }

    /// Rows to ask for: one more than the page, to know whether another follows.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The row to start after, or none.
    pub fn after_uuid(&self) -> Option<Uuid> {
        self.after.as_ref().map(|cursor| cursor.0)
    }

    /// Cuts the extra row off and gives the cursor of the next page.
    pub fn cut<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> (Vec<T>, Option<Cursor>) {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|row| Cursor(id(row))) } else { None };
        (rows, next)
    }
}
