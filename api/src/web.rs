//! The web: the exported pages of `admin`, served from the program itself or from a folder, each with the policy that lets exactly its
//! own scripts run. It says which place a page belongs to and asks nobody who they are: pages hold no data, which comes from the API alone.

mod places;
mod policy;

pub(crate) use places::Place;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

/// The files that were there when this program was built.
static BUILT_IN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));
/// Stands in the place of any one id: `runs/_.html` is the page of every run.
const ANY_ID: &str = "_";
/// The worker that keeps the page for when there is no network. It asks this server and loads nothing else.
const WORKER: &str = "sw.js";
/// The page for what is not there.
const MISSING: &str = "404.html";
/// Names under this change with their content, so a browser may keep them.
const IMMUTABLE: &str = "_next/static/";
/// The largest file taken from a folder.
const FILE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Most files taken from a folder.
const FILES_MAX: usize = 5_000;

/// Marks an answer that is a page and stays one, whatever its status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnPage;

#[derive(Debug, Clone)]
struct File {
    body: Bytes,
    brotli: Option<Bytes>,
    kind: &'static str,
    etag: HeaderValue,
    policy: Option<HeaderValue>,
    is_immutable: bool,
    /// The place that not everybody may see, if it belongs to one.
    place: Option<Place>,
}

/// The exported pages and what they load.
#[derive(Debug, Clone, Default)]
pub struct Web(BTreeMap<String, File>);

impl Web {
    /// The web of this program; empty if it was built without.
    pub fn built_in() -> Self {
        Self::of(BUILT_IN.iter().map(|(name, bytes)| ((*name).to_owned(), Bytes::from_static(bytes))))
    }

    /// The web of a folder, read once.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        gather(folder, "", &mut files)?;
        Ok(Self::of(files))
    }

    /// Puts files together: those that end in `.br` are the compressed form of others.
    pub fn of(files: impl IntoIterator<Item = (String, Bytes)>) -> Self {
        let (compressed, plain): (Vec<_>, Vec<_>) = files.into_iter().partition(|(name, _)| name.ends_with(".br"));
        let compressed: BTreeMap<String, Bytes> = compressed.into_iter().collect();
        let files = plain.into_iter().filter_map(|(name, body)| {
            let kind = kind(&name);
            let etag = HeaderValue::from_str(&format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&body)))).ok()?;
            let policy = match (kind, name.as_str()) {
                (HTML, _) => Some(HeaderValue::from_str(&policy::of(&String::from_utf8_lossy(&body))).ok()?),
                (_, WORKER) => Some(HeaderValue::from_static(policy::WORKER)),
                _ => None,
            };
            let brotli = compressed.get(&format!("{name}.br")).cloned();
            let place = Place::of(&name).filter(|place| !place.is_for_all());
            let is_immutable = name.starts_with(IMMUTABLE);
            Some((name, File { body, brotli, kind, etag, policy, is_immutable, place }))
        });
        Self(files.collect())
    }

    /// Whether there is a web to serve.
    pub fn is_built(&self) -> bool {
        self.0.contains_key("index.html") && self.0.contains_key(MISSING)
    }

    /// The file or page at a path; for a path that is none, the page that says so.
    pub fn answer(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        match self.find(path) {
            Some(file) => Some(file.answer(StatusCode::OK, headers)),
            None => self.missing(headers),
        }
    }

    /// The page that says that there is nothing.
    pub fn missing(&self, headers: &HeaderMap) -> Option<Response> {
        self.0.get(MISSING).map(|file| file.answer(StatusCode::NOT_FOUND, headers))
    }

    /// Whether something of its own stands at a path.
    pub fn has(&self, path: &str) -> bool {
        self.find(path).is_some()
    }

    /// The place of what stands at a path, where not everybody who is signed in may see it. Whatever else there is, is for all.
    pub(crate) fn kept(&self, path: &str) -> Option<Place> {
        self.find(path)?.place
    }

    fn find(&self, path: &str) -> Option<&File> {
        let path = path.trim_matches('/');
        let path = if path.is_empty() { "index" } else { path };
        let at = |path: &str| self.0.get(path).or_else(|| self.0.get(&format!("{path}.html")));
        if path == "404" || path == MISSING {
            return None;
        }
        if let Some(file) = at(path) {
            return Some(file);
        }
        // One id: `runs/x` is `runs/_.html`; what the router fetches for it is `runs/x.txt` and below `runs/x/`.
        let parts: Vec<&str> = path.split('/').collect();
        (1..parts.len()).find_map(|place| {
            let mut parts = parts.clone();
            let part = parts.get_mut(place)?;
            *part = if part.ends_with(".txt") { "_.txt" } else { ANY_ID };
            at(&parts.join("/"))
        })
    }
}

impl File {
    fn answer(&self, status: StatusCode, headers: &HeaderMap) -> Response {
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let is_known = status == StatusCode::OK && text(header::IF_NONE_MATCH).contains(self.etag.to_str().unwrap_or("\u{0}"));
        let takes_brotli = text(header::ACCEPT_ENCODING).split(',').any(|coding| {
            let mut parts = coding.split(';');
            parts.next().is_some_and(|name| name.trim() == "br") && !parts.any(|weight| weight.trim() == "q=0")
        });
        let brotli = self.brotli.as_ref().filter(|_| takes_brotli && !is_known);
        let body = if is_known { Bytes::new() } else { brotli.unwrap_or(&self.body).clone() };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { status };
        let own = response.headers_mut();
        own.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.kind));
        // What is there for some people and missing for others is kept by nobody on the way, and asked for anew each time. The same goes for
        // all that is missing: what is kept from somebody looks like what is nowhere.
        let is_for_some = self.place.is_some() || status == StatusCode::NOT_FOUND;
        let (vary, cache) = match (is_for_some, self.is_immutable) {
            (true, _) => ("accept-encoding, cookie", "private, no-cache"),
            (false, true) => ("accept-encoding", "public, max-age=31536000, immutable"),
            (false, false) => ("accept-encoding", "no-cache"),
        };
        own.insert(header::VARY, HeaderValue::from_static(vary));
        own.insert(header::ETAG, self.etag.clone());
        own.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if brotli.is_some() {
            own.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        if let Some(policy) = &self.policy {
            own.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        response.extensions_mut().insert(OwnPage);
        response
    }
}

const HTML: &str = "text/html; charset=utf-8";

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => HTML,
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/x-component",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

fn gather(folder: &Path, prefix: &str, files: &mut Vec<(String, Bytes)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let about = entry.metadata()?;
        if about.is_dir() {
            gather(&entry.path(), &format!("{name}/"), files)?;
        } else if about.len() > FILE_BYTES_MAX || files.len() >= FILES_MAX {
            return Err(io::Error::other(format!("`{name}` is too large or one too many for a web")));
        } else {
            files.push((name, Bytes::from(fs::read(entry.path())?)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
