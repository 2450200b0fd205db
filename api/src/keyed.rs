//! Pages of lists that are at hand whole: what the installation has, and rows of an organisation that are read at once because they are few. Items
//! stand in the order of a key of their own, and a cursor names the key of the last one: what comes or goes between two pages moves no other.

use crate::error::ApiError;
use crate::extract::check_limit;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use steward_core::limits::PAGE_MAX;
use steward_store::CursorError;
use utoipa::IntoParams;

/// How much of such a list, and from where. Without a limit it is as much as a page can hold: most of them are read whole.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyedQuery {
    /// Most items, 1 to 200; 200 without it.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl KeyedQuery {
    /// The page these name, of a list with such keys.
    pub(crate) fn page<K: DeserializeOwned>(&self) -> Result<KeyedPage<K>, ApiError> {
        check_limit(self.limit)?;
        let after = self.cursor.as_deref().map(read::<K>).transpose()?;
        Ok(KeyedPage { limit: usize::try_from(self.limit.unwrap_or(PAGE_MAX)).unwrap_or(usize::MAX), after })
    }
}

/// A page of a list with such keys.
#[derive(Debug)]
pub(crate) struct KeyedPage<K> {
    limit: usize,
    after: Option<K>,
}

impl<K: Ord + Serialize> KeyedPage<K> {
    /// Cuts the page out of all items, and gives the cursor of the next. No two items have one key.
    pub(crate) fn cut<T>(&self, mut items: Vec<T>, key: impl Fn(&T) -> K) -> (Vec<T>, Option<KeyCursor>) {
        if let Some(after) = &self.after {
            items.retain(|item| key(item) > *after);
        }
        items.sort_by_cached_key(&key);
        let more = items.len() > self.limit;
        items.truncate(self.limit);
        let next = if more { items.last().map(|item| KeyCursor::of(&key(item))) } else { None };
        (items, next)
    }
}

/// Where the next page starts: after this key. The text form is opaque to callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyCursor(String);

impl KeyCursor {
    fn of(key: &impl Serialize) -> Self {
        // Texts and numbers are always JSON.
        Self(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default()))
    }
}

impl std::fmt::Display for KeyCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn read<K: DeserializeOwned>(cursor: &str) -> Result<K, ApiError> {
    let key = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.ok_or_else(|| ApiError::field("cursor", CursorError.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Version = (String, u32);

    fn versions(all: &[(&str, u32)]) -> Vec<Version> {
        all.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect()
    }

    fn asked(limit: Option<u32>, cursor: Option<&KeyCursor>) -> KeyedPage<Version> {
        KeyedQuery { limit, cursor: cursor.map(ToString::to_string) }.page().expect("a page")
    }

    #[test]
    fn what_comes_and_goes_between_two_pages_moves_nothing_else() {
        let all = versions(&[("b", 2), ("a", 10), ("a", 9), ("c", 1)]);
        let (first, next) = asked(Some(2), None).cut(all, Clone::clone);
        assert_eq!(first, versions(&[("a", 9), ("a", 10)]), "numbers are numbers");
        // The one that the cursor names goes away, and one comes before it.
        let rest = versions(&[("c", 1), ("a", 1), ("b", 2), ("a", 9)]);
        let (second, last) = asked(Some(2), next.as_ref()).cut(rest, Clone::clone);
        assert_eq!((second, last), (versions(&[("b", 2), ("c", 1)]), None));
    }

    #[test]
    fn without_a_limit_a_page_holds_as_much_as_one_can() {
        let all: Vec<Version> = (0..=PAGE_MAX).map(|version| ("a".to_owned(), version)).collect();
        let (first, next) = asked(None, None).cut(all.clone(), Clone::clone);
        assert_eq!(first.len(), all.len() - 1);
        let (second, last) = asked(None, next.as_ref()).cut(all, Clone::clone);
        assert_eq!((second, last), (versions(&[("a", PAGE_MAX)]), None));
    }

    #[test]
    fn what_is_no_cursor_of_such_a_list_is_refused() {
        for cursor in ["", "zz", "bnVsbA", "ImEi", "WyJhIiwxXQ==", "00000000000000000000000000000001"] {
            let refused = KeyedQuery { limit: None, cursor: Some(cursor.to_owned()) }.page::<Version>().expect_err(cursor);
            assert_eq!(refused.errors.first().map(|field| field.path.as_str()), Some("cursor"), "{cursor}");
        }
    }
}
