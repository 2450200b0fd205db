//! The content policy of one exported page: its own files, and of inline scripts exactly those that stand in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The policy of the worker, which has no page around it: it may ask this server.
pub(super) const WORKER: &str = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The policy of a page. No inline style, no code from text, nobody else's anything, no frame around it.
pub(super) fn of(html: &str) -> String {
    let hashes: BTreeSet<String> =
        inline_scripts(html).into_iter().map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script.as_bytes())))).collect();
    let hashes: String = hashes.into_iter().collect();
    format!(
        "default-src 'none'; script-src 'self'{hashes}; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The texts of scripts that name no file.
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((tag, after)) = after.split_once('>') else { break };
        let Some((text, after)) = after.split_once("</script>") else { break };
        if !tag.contains(" src=") && !text.is_empty() {
            found.push(text);
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_let_in_by_hash_and_nothing_else_is() {
        let html =
            "<script src=\"/a.js\" async=\"\"></script><script>one()</script><p onclick=\"x()\"></p><script id=\"x\">two()</script><script>one()</script>";
        assert_eq!(inline_scripts(html), ["one()", "two()", "one()"]);
        let policy = of(html);
        assert_eq!(policy.matches("'sha256-").count(), 2);
        assert!(policy.contains(&STANDARD.encode(Sha256::digest(b"two()"))));
        for never in ["unsafe", "*", "http:", "https:", "blob:"] {
            assert!(!policy.contains(never), "{never}");
        }
    }

    #[test]
    fn a_script_that_never_ends_is_not_let_in() {
        assert_eq!(of("<script>one()").matches("sha256").count(), 0);
        assert_eq!(of("<script").matches("sha256").count(), 0);
    }
}
