//! Taking a request apart: JSON bodies, query parameters, ids in paths. What cannot be taken is refused with the path of the field.

use crate::error::{ApiError, FieldProblem, ProblemCode};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use steward_core::limits::PAGE_MAX;
use steward_store::{Cursor, Page};

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        check_json_type(request.headers())?;
        let bytes = bytes::Bytes::from_request(request, state).await.map_err(|_| malformed("the body broke off: send it again"))?;
        parse(&bytes).map(Self)
    }
}

fn malformed(detail: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, ProblemCode::Malformed, detail)
}

fn check_json_type(headers: &HeaderMap) -> Result<(), ApiError> {
    if media_type(headers) == "application/json" {
        return Ok(());
    }
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ProblemCode::WrongType, "send the body as `application/json`"))
}

/// Reads JSON text. Bad JSON is malformed; JSON of another shape is invalid, with the path of the field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if has_nul(bytes) {
        return Err(malformed("the body holds a NUL character, which no text here may"));
    }
    // Serde would take a list for a struct; what is documented is an object.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).map_err(|err| malformed(format!("the body is not JSON: {err}")))?;
        return Err(ApiError::field("", "give a JSON object"));
    }
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut from).map_err(|err| {
        let mut path = pointer(err.path());
        let inner = err.into_inner();
        if inner.is_data() {
            let message = plain(&inner.to_string());
            // Serde names the place where a field is missing; what one looks for is the field.
            if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
                path = format!("{path}/{field}");
            }
            let mut invalid = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::Invalid, format!("`{path}`: {message}"));
            invalid.errors.push(FieldProblem { path, message });
            invalid
        } else {
            malformed(format!("the body is not JSON: {inner}"))
        }
    })?;
    from.end().map_err(|err| malformed(format!("the body is not JSON: {err}")))?;
    Ok(value)
}

/// The message without serde's position, which says nothing next to a path.
fn plain(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(head, _)| head).chars().take(300).collect()
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("/{index}")),
            Segment::Map { key } => text.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

/// Whether a JSON text spells a NUL. A bare one is no JSON; an escape stands after an odd number of backslashes.
fn has_nul(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = rest.get(at + 1..).unwrap_or_default();
        if rest.starts_with(b"u0000") {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

/// A body of bytes with what it says it is.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) bytes: bytes::Bytes,
    kind: String,
}

impl<S: Send + Sync> FromRequest<S> for Bytes {
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = media_type(request.headers());
        let bytes = bytes::Bytes::from_request(request, state).await.map_err(|_| malformed("the body broke off: send it again"))?;
        Ok(Self { bytes, kind })
    }
}

impl Bytes {
    /// What the body says it is.
    pub(crate) fn kind(&self) -> &str {
        &self.kind
    }

    /// Refuses a body that says it is something else.
    pub(crate) fn check_kind(&self, kinds: &[&str]) -> Result<(), ApiError> {
        if kinds.contains(&self.kind.as_str()) {
            return Ok(());
        }
        Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ProblemCode::WrongType, format!("send the body as one of {}", kinds.join(", "))))
    }
}

/// The body's media type in lower case, without parameters.
fn media_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Query parameters.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let has_nul = parts.uri.query().is_some_and(|query| query.contains("%00"));
        let taken = axum::extract::Query::<T>::try_from_uri(&parts.uri).map_err(|err| err.body_text());
        match taken {
            Ok(axum::extract::Query(value)) if !has_nul => Ok(Self(value)),
            Ok(_) => Err(ApiError::field("query", "holds a NUL character, which no text here may")),
            Err(text) => {
                let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
                let (name, message) = text.split_once(": ").filter(|(name, _)| !name.contains(' ')).unwrap_or(("query", text));
                Err(ApiError::field(name, message.chars().take(300).collect::<String>()))
            }
        }
    }
}

/// The page a list's `limit` and `cursor` name.
pub(crate) fn page(limit: Option<u32>, cursor: Option<&str>) -> Result<Page, ApiError> {
    check_limit(limit)?;
    let cursor = cursor.map(str::parse::<Cursor>).transpose().map_err(|err| ApiError::field("cursor", err.to_string()))?;
    Ok(Page::new(limit, cursor))
}

/// Refuses a `limit` that is none of a page.
pub(crate) fn check_limit(limit: Option<u32>) -> Result<(), ApiError> {
    if limit.is_some_and(|limit| !(1..=PAGE_MAX).contains(&limit)) {
        return Err(ApiError::field("limit", format!("give 1 to {PAGE_MAX}")));
    }
    Ok(())
}

/// The id in the path. A text that is no id of this kind names nothing.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

impl<T: steward_core::Id, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| ApiError::missing())?;
        text.parse().map(Self).map_err(|_| ApiError::missing())
    }
}

/// The two ids in the path, the second of something that belongs to the first.
#[derive(Debug)]
pub(crate) struct Ids<A, B>(pub(crate) A, pub(crate) B);

impl<A: steward_core::Id, B: steward_core::Id, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((first, second)) = Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| ApiError::missing())?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(ApiError::missing()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses is looked at")]
    struct Order {
        name: String,
        #[serde(default)]
        lines: Vec<Line>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it parses is looked at")]
    struct Line {
        count: u8,
    }

    #[test]
    fn what_is_not_json_of_this_shape_is_refused_with_its_path() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for (text, status, path) in [
            ("", 400, ""),
            ("{", 400, ""),
            ("{\"name\":\"a\"} x", 400, ""),
            (deep.as_str(), 422, ""),
            ("{\"name\":\"\\ud800\"}", 400, ""),
            ("{\"name\":\"a\\u0000b\"}", 400, ""),
            ("{\"na\\u0000me\":1}", 400, ""),
            ("[]", 422, ""),
            ("{}", 422, "/name"),
            ("{\"name\":\"a\",\"lines\":[{}]}", 422, "/lines/0/count"),
            ("{\"name\":1}", 422, "/name"),
            ("{\"name\":\"a\",\"extra\":1}", 422, "/extra"),
            ("{\"name\":\"a\",\"lines\":[{\"count\":1},{\"count\":300}]}", 422, "/lines/1/count"),
        ] {
            let err = parse::<Order>(text.as_bytes()).expect_err(text);
            assert_eq!(err.status.as_u16(), status, "{text}: {err:?}");
            if status == 422 {
                assert_eq!(err.errors.first().map(|field| field.path.as_str()), Some(path), "{text}: {err:?}");
            }
        }
        for good in ["{\"name\":\"a\\\\u0000b\"}", "{\"name\":\"\\\\\"}", "{\"name\":\"😀\"}"] {
            parse::<Order>(good.as_bytes()).expect(good);
        }
        assert!(parse::<Order>(b"{\"name\":\"\xff\"}").is_err(), "not UTF-8");
    }

    #[test]
    fn pages_out_of_bounds_are_refused() {
        for (limit, cursor) in [(Some(0), None), (Some(201), None), (None, Some("x")), (None, Some(""))] {
            assert!(page(limit, cursor).is_err(), "{limit:?} {cursor:?}");
        }
        assert!(page(Some(200), Some("00000000000000000000000000000001")).is_ok());
    }
}
