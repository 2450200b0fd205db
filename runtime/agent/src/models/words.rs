//! Other people's words inside our messages: bounded, on one line, and without keys.

/// The longest piece of a provider's text that goes into a message, in characters.
pub(super) const WORDS_MAX: usize = 300;
/// How keys begin that are not ours to know.
const KEY_STARTS: [&str; 4] = ["sk-", "sess-", "AIza", "Bearer "];
/// What stands where a key stood.
const HIDDEN: &str = "[key]";

/// The text on one line, without `secret` and whatever else looks like a key, cut to [`WORDS_MAX`].
pub(super) fn bounded(text: &str, secret: Option<&str>) -> String {
    // Far more than is kept, far less than a provider may send; what is cut off later cannot hide a key that is kept.
    let text: String = text.chars().take(WORDS_MAX * 8).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let mut text = match secret {
        Some(secret) if !secret.is_empty() => text.replace(secret, HIDDEN),
        _ => text,
    };
    for start in KEY_STARTS {
        text = without_keys(&text, start);
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    if words.chars().count() <= WORDS_MAX { words } else { words.chars().take(WORDS_MAX - 1).chain(['…']).collect() }
}

fn without_keys(text: &str, start: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        clean.push_str(before);
        let key = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.' | '*' | '…' | '/' | '+' | '=');
        let after_key = after.trim_start_matches(key);
        // In the middle of a word (`task-list`) it is no key.
        if before.ends_with(|letter: char| letter.is_alphanumeric()) {
            clean.push_str(start);
            rest = after;
        } else {
            clean.push_str(HIDDEN);
            rest = after_key;
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_never_get_through() {
        let check = |text: &str, expect: &str| assert_eq!(bounded(text, Some("s3cret")), expect, "{text}");
        check("Incorrect API key provided: sk-proj-abc***xyz. You can find", "Incorrect API key provided: [key] You can find");
        check("header `Bearer abc.def` and s3cret", "header '[key]' and [key]");
        check("API key AIzaSyD-9tSrke72 is not valid", "API key [key] is not valid");
        check("a task-list is no key, nor is disk-usage", "a task-list is no key, nor is disk-usage");
        check("two\nlines\u{0}and\ttabs", "two lines and tabs");
        check("", "");
    }

    #[test]
    fn words_are_bounded_and_a_key_at_the_cut_is_gone() {
        let long = bounded(&"é".repeat(5_000), None);
        assert_eq!(long.chars().count(), WORDS_MAX);
        assert!(long.ends_with('…'));
        let edge = format!("{} sk-{}", "x".repeat(WORDS_MAX - 6), "k".repeat(40));
        assert!(!bounded(&edge, None).contains("kk"), "the key is hidden before the cut");
    }
}
