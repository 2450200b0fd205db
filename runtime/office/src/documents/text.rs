//! From the bytes of a file to its text: one encoding, one kind of line end, nothing that cannot be seen.

use super::error::DocumentError;
use super::html;
use super::kind::FileKind;
use crate::crm::text::clean_block;
use crate::import::decode;

/// The text of a file.
pub(super) fn of(bytes: &[u8], kind: FileKind) -> Result<String, DocumentError> {
    let (text, _, _) = decode(bytes).map_err(|_| DocumentError::Binary)?;
    if text.contains('\0') {
        return Err(DocumentError::Nul);
    }
    match kind {
        FileKind::Html => Ok(clean(&html::text(&text)?)),
        FileKind::Json => {
            serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|err| DocumentError::Json(err.to_string()))?;
            Ok(clean(&text))
        }
        FileKind::Plain | FileKind::Markdown | FileKind::Csv => Ok(clean(&text)),
    }
}

/// Without control characters and marks without width, which would stand between the words that are looked for and what is seen.
fn clean(text: &str) -> String {
    let seen: String = text.chars().filter(|letter| !letter.is_control() || letter.is_whitespace()).collect();
    clean_block(&seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused() {
        let check = |bytes: &[u8], kind, expect: DocumentError| assert_eq!(of(bytes, kind), Err(expect), "{bytes:?}");
        check(b"a\0b", FileKind::Plain, DocumentError::Nul);
        check(&[0x80, 0x81, 0x8d, 0x8f, 0x90, 0x9d, 1, 2, 3, 4, 5, 6], FileKind::Plain, DocumentError::Binary);
        check(b"\xff\xfe\0\0a\0\0\0", FileKind::Plain, DocumentError::Binary);
        let Err(DocumentError::Json(why)) = of(b"{\"a\":", FileKind::Json) else { panic!("no JSON") };
        assert!(why.contains("EOF"), "{why}");
        assert!(matches!(of("[".repeat(10_000).as_bytes(), FileKind::Json), Err(DocumentError::Json(_))), "as deep as nobody writes it");
    }

    #[test]
    fn every_way_to_write_text_is_read() {
        let check = |bytes: &[u8], expect: &str| assert_eq!(of(bytes, FileKind::Plain).as_deref(), Ok(expect), "{bytes:?}");
        check(b"\xef\xbb\xbfplain\r\ntext\r\n\r\n", "plain\ntext");
        check(b"gr\xfc\xdfe", "grüße");
        check(b"\xff\xfeg\0r\0\xfc\0n\0", "grün");
        check(b"\xfe\xff\0g\0r\0\xfc\0n", "grün");
        check("pay \u{202e}evil\u{200b}\u{1b}[31m".as_bytes(), "pay evil[31m");
        check("नेपाली पाठ".as_bytes(), "नेपाली पाठ");
    }
}
