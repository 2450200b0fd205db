//! Texts as rules compare them: what looks the same is the same.
//!
//! Compatibility forms (full width, ligatures, styled letters) become plain, look-alike letters of other scripts become the
//! Latin ones they look like, invisible characters go, runs of white space become one space, ends are trimmed, case is lower.
//! Only rules see this form. A tool gets the caller's text, or what its schema says is to be made of it.

use serde_json::{Map, Value};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

/// The form in which rules compare a text.
pub fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out.truncate(out.trim_end().len());
    let start = out.len() - out.trim_start().len();
    out.drain(..start);
    out
}

/// The same without trimming the ends: for the pieces of a pattern, which go on at a star.
pub(crate) fn folded_piece(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// A value with every text in it folded; none when that changes nothing.
pub(crate) fn folded_value(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
        Value::String(text) => Some(folded(text)).filter(|folded| folded != text).map(Value::String),
        Value::Array(items) => {
            let folded: Vec<Option<Value>> = items.iter().map(folded_value).collect();
            folded.iter().any(Option::is_some).then(|| folded.into_iter().zip(items).map(|(folded, item)| folded.unwrap_or_else(|| item.clone())).collect())
        }
        Value::Object(fields) => {
            let folded: Vec<Option<Value>> = fields.values().map(folded_value).collect();
            let merged = || fields.iter().zip(folded.iter().cloned()).map(|((name, field), folded)| (name.clone(), folded.unwrap_or_else(|| field.clone())));
            folded.iter().any(Option::is_some).then(|| Value::Object(merged().collect::<Map<_, _>>()))
        }
    }
}

fn fold_into(text: &str, out: &mut String) {
    let mut space = false;
    let mut push = |letter: char| {
        if letter.is_whitespace() {
            if !space {
                out.push(' ');
            }
            space = true;
        } else {
            out.extend(letter.to_lowercase());
            space = false;
        }
    };
    if text.is_ascii() {
        text.chars().filter(|letter| !is_control(*letter)).for_each(&mut push);
        return;
    }
    // Invisible letters go first: one between a letter and its accent would keep the two apart.
    let visible: String = text.chars().filter(|letter| !is_invisible(*letter) && !is_control(*letter)).nfkc().filter(|letter| !is_invisible(*letter)).collect();
    for letter in visible.chars() {
        if letter.is_ascii() { push(letter) } else { plain(letter).chars().for_each(&mut push) }
    }
}

/// The ASCII letters a letter looks like, or the letter itself.
fn plain(letter: char) -> Cow<'static, str> {
    let mut buffer = [0; 4];
    let looks = |letter: &str| Some(skeleton(letter).collect::<String>()).filter(|looks| looks.is_ascii());
    // Some letters have a Latin twin in the other case only, and the case is not to matter.
    let other_case = || looks(&letter.to_lowercase().collect::<String>()).or_else(|| looks(&letter.to_uppercase().collect::<String>()));
    let looks_like = looks(letter.encode_utf8(&mut buffer)).or_else(other_case);
    match looks_like.as_deref() {
        // The tables write a capital I as the l it looks like, and an m as r and n.
        Some("l") if letter.is_uppercase() => Cow::Borrowed("i"),
        Some("rn") => Cow::Borrowed("m"),
        Some(looks) => Cow::Owned(looks.to_owned()),
        None => Cow::Owned(letter.to_string()),
    }
}

/// Control characters other than white space: no text needs them.
const fn is_control(letter: char) -> bool {
    matches!(letter, '\u{0}'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// Characters that show nothing: soft hyphens, joiners, marks of direction, variation selectors, tags, fillers.
const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_is_another_word_stays_another_word() {
        for (one, other) in [("drop", "drops"), ("drop", "crop"), ("é", "e"), ("corn", "com"), ("10", "lo"), ("il", "li"), ("straße", "strase"), ("дом", "dom")]
        {
            assert_ne!(folded(one), folded(other), "{one} and {other}");
        }
    }

    #[test]
    fn forms_of_one_word_are_the_same() {
        let forms = [
            "DROP",
            "drop ",
            "\u{a0}Drop\n",
            "\u{ff24}\u{ff32}\u{ff2f}\u{ff30}",
            "\u{1d403}\u{1d411}\u{1d40e}\u{1d40f}",
            "d\u{200b}r\u{ad}o\u{2060}p",
            "DR\u{41e}\u{420}",
            "dr\u{43e}\u{440}",
            "DR\u{39f}\u{3a1}",
            "\u{24b9}\u{24c7}\u{24c4}\u{24c5}",
            "d\u{e0072}rop",
            "\u{202e}drop\u{202c}",
        ];
        for form in forms {
            assert_eq!(folded(form), "drop", "{form:?}");
        }
        for (given, expect) in [
            ("DRІP", "drip"),
            ("\u{39d}\u{410}\u{41c}\u{395}", "name"),
            ("\u{422}\u{430}\u{432}le", "table"),
            ("a \t\r\n b", "a b"),
            ("e\u{200d}\u{301}", "é"),
            ("\u{2010}\u{2013}", "--"),
        ] {
            assert_eq!(folded(given), expect, "{given:?}");
        }
    }

    #[test]
    fn values_are_folded_inside() {
        assert_eq!(folded_value(&json!({ "a": ["x", 1, null], "b": { "c": true } })), None);
        assert_eq!(folded_value(&json!({ "A": ["X ", 1], "b": "y" })), Some(json!({ "A": ["x", 1], "b": "y" })));
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,24}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
