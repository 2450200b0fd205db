//! What kind of file it is.

use super::columns::{Dialect, Header};
use super::company::CompanyLine;
use super::csv::Rows;
use super::encoding::{TextEncoding, decode};
use super::error::ImportError;
use super::report::Subject;
use super::row::Row;
use super::{csv, vcard};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use steward_core::limits::IMPORT_BYTES_MAX;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// CSV as Google Contacts exports it, old header or new.
    GoogleCsv,
    /// CSV as Outlook exports it, in English, German, Spanish or French.
    OutlookCsv,
    /// vCard 2.1, 3.0 or 4.0.
    Vcard,
    /// Other CSV with a header that names columns we know.
    Csv,
}

impl Format {
    /// The word used in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoogleCsv => "google_csv",
            Self::OutlookCsv => "outlook_csv",
            Self::Vcard => "vcard",
            Self::Csv => "csv",
        }
    }
}

/// What was found out about a file before its rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// What it is.
    pub format: Format,
    /// How its text is written.
    pub encoding: TextEncoding,
    /// Whether a byte-order mark said so.
    pub marked: bool,
    /// What stands between the fields of a row; none in vCards.
    pub delimiter: Option<char>,
}

/// First bytes of files people take for a contact list.
const FOREIGN: [(&[u8], &str); 11] = [
    (b"PK\x03\x04", "an Excel, Numbers or ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Outlook file"),
    (b"!BDN", "an Outlook data file (.pst)"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"{\\rtf", "a rich-text document"),
];

/// First words of texts that are something else.
const FOREIGN_TEXT: [(&str, &str); 6] =
    [("begin:vcalendar", "a calendar"), ("<!doctype", "a web page"), ("<html", "a web page"), ("<?xml", "XML"), ("dn:", "LDIF"), ("{", "JSON")];

/// Contacts: a table or cards. Format and encoding are told from the content; the name only decides between an empty card file and an empty table.
pub(super) fn read_contacts(bytes: &[u8], file_name: &str) -> Result<(Detected, Rows<Row>), ImportError> {
    let (text, encoding, marked) = text_of(bytes)?;
    if holds_cards(&text, file_name) {
        let rows = Rows { rows: vcard::parse(&text)?, columns_left_out: Vec::new() };
        return checked(Detected { format: Format::Vcard, encoding, marked, delimiter: None }, rows);
    }
    let header = Header::sniff(&text, Subject::Contacts)?;
    let format = match header.dialect {
        Dialect::Google => Format::GoogleCsv,
        Dialect::Outlook => Format::OutlookCsv,
        Dialect::Other => Format::Csv,
    };
    let detected = Detected { format, encoding, marked, delimiter: Some(header.delimiter) };
    checked(detected, csv::parse(&text, &header)?)
}

/// Companies: a table whose header names a column with their names.
pub(super) fn read_companies(bytes: &[u8], file_name: &str) -> Result<(Detected, Rows<CompanyLine>), ImportError> {
    let (text, encoding, marked) = text_of(bytes)?;
    if holds_cards(&text, file_name) {
        return Err(ImportError::Cards);
    }
    let header = Header::sniff(&text, Subject::Companies)?;
    let detected = Detected { format: Format::Csv, encoding, marked, delimiter: Some(header.delimiter) };
    checked(detected, csv::parse_companies(&text, &header)?)
}

fn checked<R>(detected: Detected, rows: Rows<R>) -> Result<(Detected, Rows<R>), ImportError> {
    if rows.rows.is_empty() { Err(ImportError::NoRows) } else { Ok((detected, rows)) }
}

/// The text of a file, each line end as one line feed, its encoding, and whether a byte-order mark said so.
/// What is empty, too large, no text or known as something else is refused.
fn text_of(bytes: &[u8]) -> Result<(Cow<'_, str>, TextEncoding, bool), ImportError> {
    if bytes.len() > IMPORT_BYTES_MAX {
        return Err(ImportError::TooLarge { bytes: bytes.len() });
    }
    if let Some((_, what)) = FOREIGN.into_iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(ImportError::Foreign { what });
    }
    let (text, encoding, marked) = decode(bytes)?;
    let text = one_kind_of_line_end(text);
    let start = start_of(&text);
    if start.is_empty() {
        return Err(ImportError::Empty);
    }
    let word = first_word(start);
    match FOREIGN_TEXT.into_iter().find(|(first, _)| word.starts_with(first)) {
        Some((_, what)) => Err(ImportError::Foreign { what }),
        None => Ok((text, encoding, marked)),
    }
}

fn start_of(text: &str) -> &str {
    text.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

fn first_word(start: &str) -> String {
    start.chars().take(24).collect::<String>().to_lowercase()
}

fn holds_cards(text: &str, file_name: &str) -> bool {
    let start = start_of(text);
    let named_card = [".vcf", ".vcard"].into_iter().any(|end| file_name.to_lowercase().ends_with(end));
    first_word(start).starts_with("begin:vcard") || (named_card && vcard::has_card(start))
}

/// Every line end as one line feed: CR LF, a lone CR (old Macs), and CR CR LF (files sent through a text-mode copy twice).
/// A DOS end-of-file mark at the end goes.
fn one_kind_of_line_end(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('\u{1a}')),
        Cow::Owned(text) if text.ends_with('\u{1a}') => Cow::Owned(text.trim_end_matches('\u{1a}').to_owned()),
        Cow::Owned(text) => Cow::Owned(text),
    };
    if text.contains('\r') { Cow::Owned(text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace('\r', "\n")) } else { text }
}
