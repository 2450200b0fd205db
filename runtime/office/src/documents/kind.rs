//! What a file is: by the ending of its name, else by what it was sent as. What it holds may only speak against it.

use super::error::DocumentError;
use super::name::ending;

/// The endings of names that are read.
pub const ENDINGS: [&str; 10] = [".txt", ".text", ".log", ".md", ".markdown", ".csv", ".tsv", ".json", ".html", ".htm"];

/// A kind of file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Text without structure.
    Plain,
    /// Text with headings.
    Markdown,
    /// Lines under a first one that names their fields.
    Csv,
    /// JSON, as it is written.
    Json,
    /// A page.
    Html,
}

impl FileKind {
    /// Its media type.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain",
            Self::Markdown => "text/markdown",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
            Self::Html => "text/html",
        }
    }

    fn of_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "txt" | "text" | "log" => Self::Plain,
            "md" | "markdown" => Self::Markdown,
            "csv" | "tsv" => Self::Csv,
            "json" => Self::Json,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }

    fn of_media_type(declared: &str) -> Option<Self> {
        [Self::Plain, Self::Markdown, Self::Csv, Self::Json, Self::Html].into_iter().find(|kind| kind.media_type() == declared)
    }
}

const AS_TEXT: &str = "copy what matters out of it into a text file, or export it as text or HTML";
const AS_CSV: &str = "save it as plain text, Markdown, HTML or CSV";
const NO_PICTURES: &str = "write down what it shows";

/// Files whose first bytes tell what they are.
const FOREIGN: [(&[u8], &str, &str); 10] = [
    (b"%PDF-", "a PDF", AS_TEXT),
    (b"PK\x03\x04", "a document of an office program, or an archive", AS_CSV),
    (b"PK\x05\x06", "an archive", AS_CSV),
    (b"\xd0\xcf\x11\xe0", "a document of an older office program", AS_CSV),
    (b"{\\rtf", "rich text", AS_CSV),
    (b"\x1f\x8b", "an archive", AS_CSV),
    (b"\x89PNG", "a picture", NO_PICTURES),
    (b"\xff\xd8\xff", "a picture", NO_PICTURES),
    (b"GIF8", "a picture", NO_PICTURES),
    (b"SQLite format 3", "a database", AS_CSV),
];

/// The same by their names, where the first bytes say nothing.
const FOREIGN_ENDINGS: [(&str, &str, &str); 14] = [
    ("pdf", "a PDF", AS_TEXT),
    ("doc", "a document of an office program", AS_CSV),
    ("docx", "a document of an office program", AS_CSV),
    ("odt", "a document of an office program", AS_CSV),
    ("rtf", "rich text", AS_CSV),
    ("xls", "a table of an office program", AS_CSV),
    ("xlsx", "a table of an office program", AS_CSV),
    ("ods", "a table of an office program", AS_CSV),
    ("pptx", "slides", AS_TEXT),
    ("png", "a picture", NO_PICTURES),
    ("jpg", "a picture", NO_PICTURES),
    ("zip", "an archive", AS_CSV),
    ("eml", "a mail message", AS_TEXT),
    ("msg", "a mail message", AS_TEXT),
];

/// Tells what a file is.
pub(super) fn tell(bytes: &[u8], name: &str, declared: &str) -> Result<FileKind, DocumentError> {
    if bytes.is_empty() {
        return Err(DocumentError::Empty);
    }
    if let Some((_, what, instead)) = FOREIGN.iter().find(|(head, _, _)| bytes.starts_with(head)) {
        return Err(DocumentError::Foreign { what, instead });
    }
    let Some(ending) = ending(name).map(str::to_lowercase) else { return Ok(FileKind::of_media_type(declared).unwrap_or(FileKind::Plain)) };
    if let Some((_, what, instead)) = FOREIGN_ENDINGS.iter().find(|(known, _, _)| *known == ending) {
        return Err(DocumentError::Foreign { what, instead });
    }
    FileKind::of_ending(&ending).ok_or_else(|| DocumentError::UnknownKind { ending: ending.chars().take(20).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_read_says_what_to_send_instead() {
        let check = |bytes: &[u8], name: &str, part: &str| {
            let refusal = tell(bytes, name, "text/plain").expect_err(name).to_string();
            assert!(refusal.contains(part), "{name}: {refusal}");
        };
        check(b"", "a.txt", "has no text");
        check(b"%PDF-1.7 and so on", "a.txt", "the file is a PDF, which is not read here yet: copy what matters");
        check(b"no magic", "a.PDF", "a PDF");
        check(b"From: a@b.example", "a.eml", "the file is a mail message, which is not read here yet: copy what matters");
        check(b"PK\x03\x04rest", "a.docx", "save it as plain text");
        check(b"\x89PNG\r\n", "a.md", "write down what it shows");
        check(b"text", "a.exe", "`.exe` is no kind of file that is read here");
        check(b"text", &format!("a.{}", "y".repeat(100)), "`.yyyyyyyyyyyyyyyyyyyy` is no kind");
    }

    #[test]
    fn the_name_says_what_a_file_is_and_then_what_it_was_sent_as() {
        for (name, declared, expect) in [
            ("a.md", "text/html", FileKind::Markdown),
            ("a.CSV", "application/octet-stream", FileKind::Csv),
            ("README", "text/markdown", FileKind::Markdown),
            ("README", "application/octet-stream", FileKind::Plain),
            ("a.b.htm", "", FileKind::Html),
        ] {
            assert_eq!(tell(b"text", name, declared), Ok(expect), "{name}");
        }
        for end in ENDINGS {
            assert!(tell(b"text", &format!("a{end}"), "").is_ok(), "{end}");
        }
    }
}
