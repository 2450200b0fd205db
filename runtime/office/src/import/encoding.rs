//! From bytes to text. See the module above for how the encoding is told.

use super::error::ImportError;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How a file's text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextEncoding {
    /// UTF-8, ASCII included.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows-1252, Latin-1 included.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// Some lines in UTF-8, others in Windows-1252 or a charset they name.
    #[serde(rename = "mixed")]
    Mixed,
}

impl TextEncoding {
    /// The word used in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Mixed => "mixed",
        }
    }
}

/// How much of a file without a byte-order mark is looked at for the zeros of UTF-16, in bytes.
const SNIFF_BYTES: usize = 8 * 1024;

/// The text of a file, its encoding, and whether a byte-order mark said so. The mark is not part of the text.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, TextEncoding, bool), ImportError> {
    let (text, encoding, marked) = if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        let (text, encoding) = decode_bytes(rest);
        (text, encoding, true)
    } else if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err(ImportError::Foreign { what: "text in UTF-32" });
    } else if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        (UTF_16LE.decode_without_bom_handling(rest).0, TextEncoding::Utf16Le, true)
    } else if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        (UTF_16BE.decode_without_bom_handling(rest).0, TextEncoding::Utf16Be, true)
    } else if let Some(encoding) = sniff_utf16(bytes) {
        let reader = if encoding == TextEncoding::Utf16Le { UTF_16LE } else { UTF_16BE };
        (reader.decode_without_bom_handling(bytes).0, encoding, false)
    } else {
        let (text, encoding) = decode_bytes(bytes);
        (text, encoding, false)
    };
    if is_binary(&text) { Err(ImportError::Binary) } else { Ok((text, encoding, marked)) }
}

/// The fewest zeros that speak for UTF-16; a stray one in a small file does not.
const SNIFF_ZEROS_MIN: usize = 4;

/// UTF-16 without a mark: Western text has a zero in every other byte, and text of other scripts at least at line ends,
/// delimiters and digits.
fn sniff_utf16(bytes: &[u8]) -> Option<TextEncoding> {
    let head = bytes.get(..SNIFF_BYTES.min(bytes.len()))?;
    let pairs = head.len() / 2;
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let (mut first, mut second) = (0, 0);
    for pair in head.as_chunks::<2>().0 {
        first += usize::from(pair[0] == 0);
        second += usize::from(pair[1] == 0);
    }
    let many = |zeros: usize| zeros >= SNIFF_ZEROS_MIN && zeros * 10 >= pairs;
    match (first, second) {
        (0, zeros) if many(zeros) => Some(TextEncoding::Utf16Le),
        (zeros, 0) if many(zeros) => Some(TextEncoding::Utf16Be),
        _ => None,
    }
}

fn decode_bytes(bytes: &[u8]) -> (Cow<'_, str>, TextEncoding) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), TextEncoding::Utf8);
    }
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    let (mut utf8, mut other, mut named) = (false, false, false);
    let mut charset: Option<&'static Encoding> = None;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            charset = named_charset(line);
        }
        match (std::str::from_utf8(line), charset) {
            (Ok(text), _) => {
                utf8 |= !text.is_ascii();
                out.push_str(text);
            }
            (Err(_), Some(charset)) => {
                named = true;
                out.push_str(&charset.decode_without_bom_handling(line).0);
            }
            (Err(_), None) => {
                other = true;
                out.push_str(&WINDOWS_1252.decode_without_bom_handling(line).0);
            }
        }
    }
    let encoding = if other && !utf8 && !named { TextEncoding::Windows1252 } else { TextEncoding::Mixed };
    (Cow::Owned(out), encoding)
}

/// The charset a vCard line names for its own value, as in `N;CHARSET=ISO-8859-2:…`.
fn named_charset(line: &[u8]) -> Option<&'static Encoding> {
    let head = line.get(..line.iter().position(|byte| *byte == b':')?)?;
    let mut parts = head.split(|byte| *byte == b';');
    let name = parts.next()?;
    if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')) {
        return None;
    }
    let label = parts.find_map(|part| part.get(..8).filter(|key| key.eq_ignore_ascii_case(b"CHARSET=")).and(part.get(8..)))?;
    Encoding::for_label(label.trim_ascii()).filter(|encoding| encoding.is_ascii_compatible())
}

/// More than one in fifty characters that no text has, or that stand for bytes that could not be read; two are forgiven.
fn is_binary(text: &str) -> bool {
    let (mut all, mut odd) = (0_usize, 0_usize);
    for letter in text.chars() {
        all += 1;
        odd += usize::from(letter == '\u{fffd}' || (letter.is_control() && !letter.is_whitespace() && letter != '\u{1a}'));
    }
    odd > 2 && odd * 50 > all
}
