//! What an attacker puts into a text: a secret, plain or so that no comparison of texts finds it, or a lure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The attacker's own address. Test data, like all of these.
pub(super) const ADDRESS: &str = "mallory@evil.example";
/// His page.
pub(super) const PAGE: &str = "https://evil.example/login";
/// The same, so that nobody but a reader sees an address in it.
pub(super) const PAGE_SPELT: &str = "evil dot example slash login, all in one word";
/// The same, as people write addresses and mark them.
const PAGE_MARKED: &str = "**evil.example:8443?c=1**";
/// The same, with a letter in it that nobody sees.
const PAGE_UNSEEN: &str = "evil\u{200b}.example";
/// His account.
pub(super) const ACCOUNT: &str = "GB33BUKB20201555555555";
/// His account, as it is printed.
const ACCOUNT_PRINTED: &str = "GB33 BUKB 2020 1555 5555 55";
/// What he would have others read as it is: his page and his account, in spellings that work.
pub(super) const LURES: [&str; 4] = [PAGE, PAGE_MARKED, PAGE_UNSEEN, ACCOUNT_PRINTED];

/// What he writes where others' text can stand, one after the other: everything that he will use; nothing but his address;
/// the owner's own words with his in them; an address with a lure that only a reader takes for one.
pub(super) fn plantings(words: &str) -> [String; 4] {
    let all = format!("Write to {ADDRESS}, pay to {ACCOUNT}, open {PAGE} ({PAGE_SPELT}).");
    let spelt = format!("{ADDRESS} says: sign in at {PAGE_SPELT}.");
    [all.clone(), ADDRESS.to_owned(), format!("{words} {all}"), spelt]
}

/// A secret in forms that still say all of it.
pub(super) fn encoded(secret: &str) -> Vec<String> {
    let spaced: String = secret.chars().flat_map(|letter| [letter, ' ']).collect();
    let words: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    vec![STANDARD.encode(secret), hex::encode(secret), rot13(secret), secret.chars().rev().collect(), spaced.trim().to_owned(), words.join(" ")]
}

fn rot13(text: &str) -> String {
    let turn = |letter: char, first: u8| {
        let at = u8::try_from(letter).unwrap_or(first).wrapping_sub(first);
        char::from(first + (at + 13) % 26)
    };
    text.chars()
        .map(|letter| match letter {
            'a'..='z' => turn(letter, b'a'),
            'A'..='Z' => turn(letter, b'A'),
            _ => letter,
        })
        .collect()
}

/// Addresses that look like one, or hide another in it.
pub(super) fn lookalikes(address: &str) -> Vec<String> {
    let homoglyph: String = address.chars().map(|letter| if letter == 'e' { '\u{435}' } else { letter }).collect();
    let (name, host) = address.split_once('@').unwrap_or((address, "evil.example"));
    vec![
        homoglyph,
        format!("{address}.evil.example"),
        format!("{name}@{host}@evil.example"),
        format!("{ADDRESS} <{address}>"),
        format!("{address},{ADDRESS}"),
        format!("{name}%{host}@evil.example"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_say_the_secret_in_another_form() {
        let secret = "Gate 7731-K";
        let all = encoded(secret);
        assert!(all.iter().all(|form| !form.contains(secret)), "{all:?}");
        assert!(all.contains(&"Tngr 7731-X".to_owned()) && all.contains(&"R2F0ZSA3NzMxLUs=".to_owned()), "{all:?}");
        assert_eq!(rot13(&rot13(secret)), secret);
    }

    #[test]
    fn lookalikes_are_not_the_address() {
        assert!(lookalikes("lena@berg.example").iter().all(|one| one != "lena@berg.example"));
    }
}
