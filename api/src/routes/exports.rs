//! Answers that are longer than a page: written page by page while they are read, so that neither memory nor a connection to the
//! database is held for a slow reader.

use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use std::future::{Future, ready};
use steward_core::limits::PAGE_MAX;
use steward_office::OfficeError;
use steward_store::{Cursor, Page};
use tracing::error;

/// The largest page from here on.
pub(crate) fn page_after(after: Option<Cursor>) -> Page {
    Page::new(Some(PAGE_MAX), after)
}

/// A body of this text, and then of every further page. A page that cannot be read breaks the answer off, so that no reader takes
/// a part for the whole.
pub(crate) fn body<F, R>(first: String, next: Option<Cursor>, read: F) -> Body
where
    F: Fn(Page) -> R + Clone + Send + 'static,
    R: Future<Output = Result<(String, Option<Cursor>), OfficeError>> + Send,
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
