//! The pages the server has itself, beside those of the web: each is one document that loads nothing from anywhere else.

pub(crate) mod docs;
pub(crate) mod web;

use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, header};
use sha2::{Digest as _, Sha256};

/// A document with the policy that lets exactly its own style and script in.
#[derive(Debug)]
struct Page {
    html: String,
    policy: String,
}

impl Page {
    /// Puts a document together. `body` is HTML; what is not ours in it is escaped already.
    fn new(title: &str, style: &str, body: &str, script: Option<&str>) -> Self {
        let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
        let (script_tag, script_policy) = match script {
            Some(script) => (format!("<script>{script}</script>"), format!("script-src {}; connect-src 'self'; ", hash(script))),
            None => (String::new(), String::new()),
        };
        let html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n{body}\n{script_tag}\n</body>\n</html>\n"
        );
        let policy =
            format!("default-src 'none'; style-src {}; {script_policy}img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'", hash(style));
        Self { html, policy }
    }

    fn answer(&self) -> Response {
        let mut response = self.html.clone().into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        if let Ok(policy) = HeaderValue::from_str(&self.policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Text as HTML shows it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
