//! Files other programs wrote: what is refused, how each sample reads, and that no bytes stop the reader.

use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use steward_core::limits::{IMPORT_BYTES_MAX, IMPORT_ROWS_MAX};
use steward_core::{HasKind as _, Kind};
use steward_office::import::{self, Format, ImportFile, Refusal, Row, TextEncoding};

/// One row in one line.
pub(crate) fn shown(row: &Result<Row, Refusal>) -> String {
    let row = match row {
        Err(refusal) => return format!("{} (line {}) refused: {}", refusal.row, refusal.line, refusal.why),
        Ok(row) => row,
    };
    let mut out = format!("{} (line {}) {:?}", row.row, row.line, row.display_name);
    let fields = [
        ("given", &row.given_name),
        ("family", &row.family_name),
        ("company", &row.company),
        ("job", &row.job_title),
        ("born", &row.birthday),
        ("uid", &row.external_uid),
        ("note", &row.note),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            let short: String = value.chars().take(60).collect();
            let _ = write!(out, "\n    {name}: {short:?}");
        }
    }
    if !row.tags.is_empty() {
        let _ = write!(out, "\n    tags: {:?}", row.tags);
    }
    for point in &row.points {
        let _ = write!(out, "\n    {}: {:?} [{}] {}", point.kind.name(), point.value, point.key.replace('\n', " "), point.label.as_deref().unwrap_or_default());
    }
    for warning in &row.warnings {
        let _ = write!(out, "\n    warning: {warning}");
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn shown_file(file: &ImportFile) -> String {
    let delimiter = file.detected.delimiter.map(|letter| format!(" {letter:?}")).unwrap_or_default();
    let mut out = format!("{} {}{delimiter}\n", file.detected.format.name(), file.detected.encoding.name());
    for row in &file.rows {
        out.push_str(&shown(row));
        out.push('\n');
    }
    out
}

fn samples() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut files: Vec<PathBuf> = ["vcard", "google", "outlook", "table"]
        .into_iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("folder"))
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|end| end != "expect"))
        .collect();
    files.sort();
    files
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).expect("name")
}

#[test]
#[expect(clippy::disallowed_methods, reason = "UPDATE=1 rewrites the expectations")]
fn every_sample_reads_as_expected() {
    let files = samples();
    assert!(files.len() >= 18, "{} samples", files.len());
    for path in files {
        let read = import::read(&std::fs::read(&path).expect("sample"), name_of(&path));
        assert!(read.is_ok(), "{}: {read:?}", path.display());
        let Ok(file) = read else { continue };
        let expect = path.with_file_name(format!("{}.expect", name_of(&path)));
        if std::env::var("UPDATE").is_ok() {
            std::fs::write(&expect, shown_file(&file)).expect("write");
        }
        assert_eq!(shown_file(&file), std::fs::read_to_string(&expect).unwrap_or_default(), "{}", path.display());
    }
}

fn refused(bytes: &[u8], name: &str, kind: Kind, message: &str) {
    let err = import::read(bytes, name).expect_err(message);
    assert_eq!((err.kind(), err.to_string().contains(message)), (kind, true), "{name}: {err}");
}

#[test]
fn files_that_are_no_contact_list_are_refused_and_told_why() {
    for empty in [&b""[..], b"\n \r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe\n\0"] {
        refused(empty, "a.csv", Kind::Invalid, "the file is empty");
    }
    refused(b"PK\x03\x04xxxx", "contacts.xlsx", Kind::Invalid, "an Excel, Numbers or ZIP file");
    refused(b"\xd0\xcf\x11\xe0\xa1\xb1", "contacts.csv", Kind::Invalid, "an old Excel or Outlook file");
    refused(b"%PDF-1.7", "a.csv", Kind::Invalid, "a PDF");
    refused(b"\x1f\x8b\x08", "a.csv", Kind::Invalid, "a gzip archive");
    refused(b"\xff\xfe\0\0n\0\0\0", "a.csv", Kind::Invalid, "UTF-32");
    refused(b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "a.vcf", Kind::Invalid, "a calendar");
    refused(b"  <!DOCTYPE html><html></html>", "a.csv", Kind::Invalid, "a web page");
    refused(b"[\n", "a.csv", Kind::Invalid, "names no column");
    refused(b"{\"contacts\":[]}", "a.json", Kind::Invalid, "JSON");
    refused(b"dn: cn=Lena,dc=example\n", "a.ldif", Kind::Invalid, "LDIF");
    let junk: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    refused(&junk, "a.csv", Kind::Invalid, "not text");
    refused(b"name,email\n", "a.csv", Kind::Invalid, "a header and no rows");
    refused(b"name,email\n,\n\n , \n", "a.csv", Kind::Invalid, "a header and no rows");
    refused(b"lena@example.com,Lena\nana@example.com,Ana\n", "a.csv", Kind::Invalid, "`lena@example.com,Lena` names no column");
    refused(b"name,email\nLena,\"lena@example.com\nAna,ana@example.com\n", "a.csv", Kind::Invalid, "line 2: a quoted field begins and never ends");
    refused(b"sep=;\nname;email\nLena;\"lena\n", "a.csv", Kind::Invalid, "line 3: a quoted field");
    let large = vec![b'a'; IMPORT_BYTES_MAX + 1];
    refused(&large, "a.csv", Kind::Limit, "67108864 is the most");
    let many = format!("name\n{}", "Lena\n".repeat(IMPORT_ROWS_MAX + 1));
    refused(many.as_bytes(), "a.csv", Kind::Limit, "more than 200000 rows");
    let cards = "BEGIN:VCARD\nFN:L\nEND:VCARD\n".repeat(IMPORT_ROWS_MAX + 1);
    refused(cards.as_bytes(), "a.vcf", Kind::Limit, "more than 200000 rows");
}

fn reads(bytes: &[u8], expect: &[&str]) {
    let file = import::read(bytes, "a.csv").expect("file");
    let rows: Vec<String> = file.rows.iter().map(shown).collect();
    assert_eq!(rows, expect, "{}", String::from_utf8_lossy(bytes));
}

#[test]
fn rows_that_cannot_be_taken_are_refused_with_their_number() {
    let long = format!("name,email\n{},a@example.com\nOk,\n", "x".repeat(301));
    reads(long.as_bytes(), &["1 (line 2) refused: its name has more than 300 characters", "2 (line 3) \"Ok\""]);
    reads(b"name,email\nA\0na,a@example.com\nOk,\n", &["1 (line 2) refused: it holds a NUL character; take it out", "2 (line 3) \"Ok\""]);
    reads(
        b"name,phone\n,12\n\n,\n \t,\nOk,",
        &[
            "1 (line 2) refused: it has no name, company, e-mail address or phone number: phone number `12` left out: it needs 3 to 20 digits",
            "2 (line 6) \"Ok\"",
        ],
    );
    reads(b"name,email\nDoe, John,john@example.com\n", &["1 (line 2) refused: it has 3 fields where the header has 2; put fields that hold `,` in quotes"]);
    reads(
        b"name,email\n\"Two\nlines\",x\nOk,ok@example.com",
        &[
            "1 (line 2) \"Two lines\"\n    warning: e-mail address `x` left out: it has no `@`; write it as name@example.com",
            "2 (line 4) \"Ok\"\n    email: \"ok@example.com\" [ok@example.com]",
        ],
    );
    let huge = format!("name,notes\nA,\"{}\"\nB,", "x".repeat(300 * 1024));
    reads(huge.as_bytes(), &["1 (line 2) refused: a field has more than 262144 bytes; a closing quote may be missing", "2 (line 3) \"B\""]);
}

#[test]
fn line_ends_of_every_system_read_the_same() {
    let expect = ["1 (line 2) \"Ana\"", "2 (line 3) \"Bo\"\n    note: \"one\\ntwo\"", "3 (line 5) \"Cy\""];
    for end in ["\n", "\r\n", "\r", "\r\r\n"] {
        reads(["name,notes", "Ana,", "Bo,\"one", "two\"", "Cy,", ""].join(end).as_bytes(), &expect);
    }
    reads(b"name,notes\nAna,\nBo,\"one\ntwo\"\nCy,\x1a", &expect);
}

#[test]
fn invisible_letters_do_not_make_another_person() {
    let text = "name,phone\n\u{feff}Ana\u{200b},\u{202a}+41 79 123 45 67\u{202c}\n";
    reads(text.as_bytes(), &["1 (line 2) \"Ana\"\n    phone: \"+41 79 123 45 67\" [+41791234567]"]);
}

fn utf16(text: &str, little: bool, marked: bool) -> Vec<u8> {
    let mark = if marked { "\u{feff}" } else { "" };
    format!("{mark}{text}").encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("latin 1")).collect()
}

#[test]
fn every_encoding_gives_the_same_rows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    for name in ["google/new.csv", "google/old.csv", "outlook/german.csv", "outlook/spanish.csv", "table/semicolon.csv", "vcard/apple-4.0.vcf"] {
        let text = std::fs::read_to_string(root.join(name)).expect("sample");
        let plain = import::read(text.as_bytes(), name).expect("plain");
        let mut variants = vec![
            (format!("\u{feff}{text}").into_bytes(), TextEncoding::Utf8, true),
            (utf16(&text, true, true), TextEncoding::Utf16Le, true),
            (utf16(&text, false, true), TextEncoding::Utf16Be, true),
            (utf16(&text, true, false), TextEncoding::Utf16Le, false),
            (utf16(&text, false, false), TextEncoding::Utf16Be, false),
        ];
        if text.chars().all(|letter| u32::from(letter) < 256) && !text.is_ascii() {
            variants.push((latin1(&text), TextEncoding::Windows1252, false));
        }
        for (bytes, encoding, marked) in variants {
            let read = import::read(&bytes, name).expect(name);
            assert_eq!((read.detected.encoding, read.detected.marked), (encoding, marked), "{name}");
            assert_eq!((read.detected.format, &read.rows), (plain.detected.format, &plain.rows), "{name} {encoding:?}");
        }
    }
}

#[test]
fn odd_encodings() {
    // Cyrillic in UTF-16 without a mark: zeros stand only at the delimiters.
    let cyrillic = utf16("Name;E-Mail\nИван Иванов;\nПётр;\n", true, false);
    assert_eq!(import::read(&cyrillic, "a.csv").expect("file").detected.encoding, TextEncoding::Utf16Le);
    // Windows-1252 has letters where Latin-1 has none.
    reads(b"name\n\x8eeljko \x80 \x93x\x94\n", &["1 (line 2) \"Željko € “x”\""]);
    // Two files glued together.
    let mut glued = "name\nJürgen\n".as_bytes().to_vec();
    glued.extend_from_slice(b"J\xfcrgen\n");
    let file = import::read(&glued, "a.csv").expect("file");
    assert_eq!(file.detected.encoding, TextEncoding::Mixed);
    assert!(file.rows.iter().all(|row| row.as_ref().is_ok_and(|row| row.display_name == "Jürgen")));
    // A card that names its charset for raw bytes.
    let card = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-2:Wa\xb3\xeasa;Lech\r\nFN;CHARSET=ISO-8859-2:Lech Wa\xb3\xeasa\r\nEND:VCARD\r\n";
    let file = import::read(card, "a.vcf").expect("file");
    assert_eq!(file.rows.iter().map(shown).collect::<Vec<_>>(), ["1 (line 1) \"Lech Wałęsa\"\n    given: \"Lech\"\n    family: \"Wałęsa\""]);
    // A torn UTF-16 file keeps its rows; the last letter is lost and said so.
    let mut torn = utf16("name\nAna\nBob", true, true);
    torn.pop();
    let file = import::read(&torn, "a.csv").expect("file");
    assert!(file.rows.last().and_then(|row| row.as_ref().ok()).is_some_and(|row| row.warnings.iter().any(|warning| warning.contains("lost"))));
}

#[test]
fn names_say_nothing_but_the_extension_of_a_card_file() {
    let card = b"some mail header\nBEGIN:VCARD\nFN:Ana\nEND:VCARD\n";
    assert_eq!(import::read(card, "mail.VCF").expect("card").detected.format, Format::Vcard);
    assert!(import::read(card, "mail.txt").is_err());
    assert_eq!(import::read(b"name\nAna", "b\0ad\u{202e}.csv").expect("file").file_name, "unnamed");
    assert_eq!(import::read(b"name\nAna", &"n".repeat(900)).expect("file").file_name.chars().count(), 255);
}

#[test]
fn fifty_thousand_rows_and_large_fields_are_read() {
    let mut text = String::from("Name,E-mail 1 - Value,Notes\n");
    for n in 0..50_000 {
        let _ = writeln!(text, "Person {n},p{n}@example.com,\"a\nb\"");
    }
    let file = import::read(text.as_bytes(), "a.csv").expect("file");
    assert_eq!(file.rows.len(), 50_000);
    assert_eq!(file.rows.last().and_then(|row| row.as_ref().ok()).map(|row| row.line), Some(100_000));
}

/// Bytes that look like the formats often enough to reach deep into their readers.
fn bytes_like(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::sample::select(seeds).prop_map(|seed| seed.as_bytes().to_vec()),
        2 => proptest::collection::vec(any::<u8>(), 0..12),
        1 => "\\PC{0,8}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

const CARD_SEEDS: &[&str] = &[
    "BEGIN:VCARD\r\n",
    "END:VCARD\r\n",
    "VERSION:2.1\n",
    "VERSION:4.0\n",
    "\r\n",
    "\n ",
    "\n",
    "FN:",
    "N:",
    "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:",
    "=C3=",
    "=\n",
    "=3D",
    "ORG:",
    ";",
    ",",
    ":",
    "\\",
    "\\n",
    "\"",
    "TEL;TYPE=cell:",
    "item1.EMAIL;PREF=1:",
    "item1.X-ABLabel:_$!<",
    "BDAY:1980-02-30",
    "BDAY;VALUE=text:",
    "ADR;TYPE=home:;;",
    "PHOTO;ENCODING=b:",
    "QUJD",
    "AGENT:\n",
    "QUOTED-PRINTABLE",
    "a@example.com",
    "+1 555",
    "CATEGORIES:",
    "KIND:group",
    "X;JSCOMPS=\"s,\":",
    "GENDER:",
    "\u{feff}",
    "é",
    "TEL;VALUE=uri:tel:",
];

const TABLE_SEEDS: &[&str] = &[
    "Name,E-mail 1 - Value,E-mail 1 - Type,Phone 1 - Value,Group Membership,Birthday\n",
    "First Name,Last Name,E-mail Address,Business Phone,Business Street,Birthday\r\n",
    "Vorname;Nachname;E-Mail-Adresse;Telefon geschäftlich\n",
    "name\temail\n",
    "sep=|\n",
    "\"",
    "\"\"",
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r",
    "\r\n",
    " ::: ",
    "* ",
    "lena@example.com",
    "<a@b.c>",
    "mailto:",
    "+41 79",
    "1/2/1980",
    "--",
    "0",
    "\0",
    "\u{feff}",
    "é",
    "\u{202e}",
    "=HYPERLINK(\"x\")",
    "x",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_stop_the_card_reader(bytes in bytes_like(CARD_SEEDS)) {
        let mut whole = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n".to_vec();
        whole.extend_from_slice(&bytes);
        whole.extend_from_slice(b"\r\nEND:VCARD\r\n");
        accounted(&whole, "a.vcf");
        accounted(&bytes, "a.vcf");
    }

    #[test]
    fn no_bytes_stop_the_table_reader(head in proptest::sample::select(&["", "Name,E-mail 1 - Value,Phone 1 - Value,Address 1 - City,Notes\n", "First Name,Last Name,E-mail Address,Mobile Phone,Birthday\n", "name;email;phone\n"][..]), bytes in bytes_like(TABLE_SEEDS)) {
        let mut whole = head.as_bytes().to_vec();
        whole.extend_from_slice(&bytes);
        accounted(&whole, "a.csv");
        let wide: Vec<u8> = whole.iter().flat_map(|byte| [*byte, 0]).collect();
        accounted(&wide, "a.csv");
    }

    #[test]
    fn no_bytes_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        accounted(&bytes, "a");
    }
}

/// Whatever the bytes are: an error with words, or rows numbered without gaps whose texts can be stored.
fn accounted(bytes: &[u8], name: &str) {
    match import::read(bytes, name) {
        Err(err) => assert!(!err.to_string().is_empty()),
        Ok(file) => {
            for (index, row) in file.rows.iter().enumerate() {
                match row {
                    Err(refusal) => assert_eq!((refusal.row, refusal.why.is_empty()), (index + 1, false)),
                    Ok(row) => {
                        assert_eq!(row.row, index + 1);
                        assert!((1..=300).contains(&row.display_name.chars().count()));
                        let points = row.points.iter().flat_map(|point| [&point.value, &point.key]);
                        for text in [&row.display_name, &row.name_key]
                            .into_iter()
                            .chain(&row.company)
                            .chain(&row.job_title)
                            .chain(&row.note)
                            .chain(&row.tags)
                            .chain(&row.external_uid)
                            .chain(points)
                        {
                            assert!(!text.is_empty() && !text.contains('\0'), "{row:?}");
                        }
                    }
                }
            }
        }
    }
}
