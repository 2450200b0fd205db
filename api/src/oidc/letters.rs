//! Names and values as they stand in an address or in a form.

use std::fmt::Write as _;

/// Name and value pairs, joined; every byte that could mean something else is written as its number.
pub(crate) fn encoded(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        push(&mut text, name);
        text.push('=');
        push(&mut text, value);
    }
    text
}

/// One value by itself.
pub(super) fn one(value: &str) -> String {
    let mut text = String::new();
    push(&mut text, value);
    text
}

fn push(text: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_ends_it() {
        assert_eq!(encoded(&[("a", "x&b=1"), ("c", "ä +%#")]), "a=x%26b%3D1&c=%C3%A4%20%2B%25%23");
        assert_eq!(one("id:ü"), "id%3A%C3%BC");
    }
}
