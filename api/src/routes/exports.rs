//! Answers that are longer than a page, and the words that narrow them: written page by page while they are read, so that neither memory nor a connection to the
//! database is held for a slow reader.

use crate::auth::Caller;
use crate::error::ApiError;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use http::{HeaderMap, header};
use serde_json::json;
use std::future::{Future, ready};
use steward_core::limits::PAGE_MAX;
use steward_office::OfficeError;
use steward_office::audit::{self, Entry};
use steward_store::{Cursor, Page};
use tracing::error;

/// The most words that are looked for.
const WORDS_MAX: usize = 12;

/// Whether the first thing that is accepted by its name is CSV; a program that takes anything gets a page.
pub(crate) fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let mut kinds = accepted.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    kinds.find(|kind| kind == "text/csv" || kind == "application/json").is_some_and(|kind| kind == "text/csv")
}

/// How a log leaves as a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A heading, and a line a row.
    Csv,
    /// One object a line, in the form of a page's items.
    Jsonl,
}

impl Form {
    /// The first one the caller accepts by its name; a program that takes anything gets a page.
    pub(crate) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
        let mut kinds = accepted.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        kinds.find_map(|kind| match kind.to_ascii_lowercase().as_str() {
            "text/csv" => Some(Self::Csv),
            "application/jsonl" => Some(Self::Jsonl),
            _ => None,
        })
    }

    /// What stands before the first row.
    pub(crate) fn heading(self, columns: &str) -> String {
        match self {
            Self::Csv => format!("{columns}\r\n"),
            Self::Jsonl => String::new(),
        }
    }

    /// A file of this form; its name is without the ending.
    pub(crate) fn file(self, body: Body, name: &str) -> Response {
        let (kind, ending) = match self {
            Self::Csv => ("text/csv; charset=utf-8", "csv"),
            Self::Jsonl => ("application/jsonl", "jsonl"),
        };
        let disposition = format!("attachment; filename=\"{name}.{ending}\"");
        ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
    }
}

/// The words of a search, at most 12 of them.
pub(crate) fn words(text: Option<&str>) -> Vec<String> {
    text.into_iter().flat_map(str::split_whitespace).take(WORDS_MAX).map(str::to_owned).collect()
}

/// Writes down that somebody takes a book away, before the first line of it leaves.
pub(crate) async fn on_record(caller: &Caller, action: &'static str) -> Result<(), ApiError> {
    let mut tx = caller.begin().await?;
    let entry = Entry { action, object: caller.actor().tenant.to_string(), outcome: "done", detail: json!({}), request_id: None };
    audit::record(&mut tx, caller.office(), entry).await.map_err(OfficeError::from)?;
    tx.commit().await.map_err(OfficeError::from)?;
    Ok(())
}

/// A file of CSV.
pub(crate) fn csv_file(body: Body, disposition: &'static str) -> Response {
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// The largest page from here on.
pub(crate) fn page_after(after: Option<Cursor>) -> Page {
    Page::new(Some(PAGE_MAX), after)
}

/// A body of this text, and then of every further page. A page that cannot be read breaks the answer off, so that no reader takes
/// a part for the whole.
pub(crate) fn body<F, R, E>(first: String, next: Option<Cursor>, read: F) -> Body
where
    F: Fn(Page) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(String, Option<Cursor>), E>> + Send,
    E: std::error::Error + Send + Sync + 'static,
{
    let rest = unfold(next, move |next| {
        let read = read.clone();
        async move {
            match read(page_after(Some(next?))).await {
                Ok((text, next)) => Some((Ok(Bytes::from(text)), next)),
                Err(err) => {
                    error!(error = %err, "an export broke off");
                    Some((Err(err), None))
                }
            }
        }
    });
    Body::from_stream(once(ready(Ok(Bytes::from(first)))).chain(rest))
}
