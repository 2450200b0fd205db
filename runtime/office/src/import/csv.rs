//! Rows of a table. Quoted fields may hold delimiters and line ends; a quote that never ends refuses the file, because nobody
//! can tell where its rows are.

use super::columns::{Column, Dialect, Header, Part, fixed_label};
use super::company::{self, CompanyLine};
use super::dates::{DayOrder, birthday, day_order};
use super::error::ImportError;
use super::row::{Raw, Refusal, Row};
use crate::crm::PointKind;
use crate::crm::text::shown;
use std::collections::BTreeMap;
use steward_core::limits::IMPORT_ROWS_MAX;

/// What Google puts between several values of one field.
const GOOGLE_BREAK: &str = " ::: ";
/// A field longer than this is not one a contact list has: most likely a quote was forgotten.
const FIELD_BYTES_MAX: usize = 256 * 1024;

fn reader(text: &str, delimiter: char) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(u8::try_from(delimiter).unwrap_or(b',')).from_reader(text.as_bytes())
}

/// The fields of the first record.
pub(super) fn first_record(text: &str, delimiter: char) -> Result<Vec<String>, ImportError> {
    match reader(text, delimiter).into_records().next() {
        Some(Ok(record)) => Ok(record.iter().map(|field| field.trim_start_matches('\u{feff}').to_owned()).collect()),
        Some(Err(_)) => Err(ImportError::Binary),
        None => Ok(Vec::new()),
    }
}

/// What two columns hold in each row where both hold something.
pub(super) fn pairs(table: &str, delimiter: char, one: usize, other: usize) -> impl Iterator<Item = (String, String)> {
    let field = |record: &csv::StringRecord, at: usize| record.get(at).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let records = reader(table, delimiter).into_records().skip(1).filter_map(Result::ok);
    records.filter_map(move |record| field(&record, one).zip(field(&record, other)))
}

/// What a file holds, row by row.
#[derive(Debug)]
pub(super) struct Rows<R> {
    pub(super) rows: Vec<Result<R, Refusal>>,
    /// Names of columns that hold something and are not taken, at most [`LEFT_OUT_MAX`].
    pub(super) columns_left_out: Vec<String>,
}

/// The most columns that a report names as not taken.
const LEFT_OUT_MAX: usize = 100;

/// A table of contacts.
pub(super) fn parse(text: &str, header: &Header) -> Result<Rows<Row>, ImportError> {
    let order = order_of_days(header.table(text), header);
    rows(text, header, |record, row, line| row_of(record, header, order, row, line))
}

/// A table of companies.
pub(super) fn parse_companies(text: &str, header: &Header) -> Result<Rows<CompanyLine>, ImportError> {
    rows(text, header, |record, row, line| company::line_of(record, header, row, line))
}

/// The rows after the header. Rows with nothing in them are passed over and not counted.
fn rows<R>(text: &str, header: &Header, read: impl Fn(&csv::StringRecord, usize, usize) -> Result<R, Refusal>) -> Result<Rows<R>, ImportError> {
    let table = header.table(text);
    if let Some(line) = open_quote(table, header.delimiter) {
        return Err(ImportError::OpenQuote { line: line + header.skip_lines });
    }
    let mut rows = Vec::new();
    let mut filled = vec![false; header.columns.len()];
    let mut is_header = true;
    for record in reader(table, header.delimiter).into_records() {
        let record = record.map_err(|_| ImportError::Binary)?;
        if std::mem::take(&mut is_header) || record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if rows.len() == IMPORT_ROWS_MAX {
            return Err(ImportError::TooManyRows);
        }
        for (filled, field) in filled.iter_mut().zip(&record) {
            *filled |= !field.trim().is_empty();
        }
        let row = rows.len() + 1;
        let line = record.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0)) + header.skip_lines;
        rows.push(check(&record, header, row, line).and_then(|()| read(&record, row, line)));
    }
    let ignored = header.columns.iter().zip(&header.names).zip(filled).filter(|((column, _), filled)| **column == Column::Ignored && *filled);
    let named = ignored.map(|((_, name), _)| shown(name.trim())).filter(|name| !name.is_empty());
    Ok(Rows { rows, columns_left_out: named.take(LEFT_OUT_MAX).collect() })
}

/// Refuses a row that does not fit its header.
fn check(record: &csv::StringRecord, header: &Header, row: usize, line: usize) -> Result<(), Refusal> {
    let width = header.columns.len();
    if record.iter().skip(width).any(|field| !field.trim().is_empty()) {
        let delimiter = header.delimiter.escape_default();
        let why = format!("it has {} fields where the header has {width}; put fields that hold `{delimiter}` in quotes", record.len());
        return Err(Refusal { row, line, why });
    }
    if record.iter().any(|field| field.len() > FIELD_BYTES_MAX) {
        return Err(Refusal { row, line, why: format!("a field has more than {FIELD_BYTES_MAX} bytes; a closing quote may be missing") });
    }
    Ok(())
}

fn row_of(record: &csv::StringRecord, header: &Header, order: DayOrder, row: usize, line: usize) -> Result<Row, Refusal> {
    let mut raw = Raw::default();
    let mut groups = Groups::default();
    for (column, field) in header.columns.iter().zip(record) {
        let field = field.trim();
        if field.is_empty() {
            continue;
        }
        match column {
            Column::Ignored => {}
            Column::Display => first(&mut raw.display, field),
            Column::Given => first(&mut raw.given, field),
            Column::Middle => first(&mut raw.middle, field),
            Column::Family => first(&mut raw.family, field),
            Column::Suffix => first(&mut raw.suffix, field),
            Column::Company => first(&mut raw.company, field.split(GOOGLE_BREAK).next().unwrap_or(field)),
            Column::JobTitle => first(&mut raw.job_title, field.split(GOOGLE_BREAK).next().unwrap_or(field)),
            Column::Note => first(&mut raw.note, field),
            Column::Birthday => match birthday(field, order) {
                Ok(day) => raw.birthday = day,
                Err(problem) => raw.warnings.push(format!("birthday `{}` left out: it {problem}", shown(field))),
            },
            Column::Tags => raw.tags.extend(tags(field, header.dialect)),
            Column::Email(name) => groups.of(name).values.extend(values(field, header.dialect, PointKind::Email)),
            Column::Phone(name) => groups.of(name).values.extend(values(field, header.dialect, PointKind::Phone)),
            Column::Url(name) => groups.of(name).values.extend(values(field, header.dialect, PointKind::Url)),
            Column::Address(name) => groups.of(name).values.extend(values(field, header.dialect, PointKind::Address)),
            Column::AddressPart(name, part) => groups.of(name).parts.push((*part, field)),
            Column::Label(name) => groups.of(name).label = Some(field),
        }
    }
    raw.points = points(groups);
    raw.finish(row, line)
}

/// What belongs together: the values of `E-mail 1`, its label, the parts of `Address 1`.
#[derive(Default)]
struct Group<'a> {
    order: usize,
    values: Vec<(PointKind, String)>,
    label: Option<&'a str>,
    parts: Vec<(Part, &'a str)>,
}

#[derive(Default)]
struct Groups<'a>(BTreeMap<&'a str, Group<'a>>);

impl<'a> Groups<'a> {
    fn of(&mut self, name: &'a str) -> &mut Group<'a> {
        let order = self.0.len();
        self.0.entry(name).or_insert_with(|| Group { order, ..Group::default() })
    }
}

fn points(groups: Groups<'_>) -> Vec<(PointKind, String, Option<String>)> {
    let mut groups: Vec<(&str, Group<'_>)> = groups.0.into_iter().collect();
    // Google marks the address to use first with a star; columns keep their order otherwise.
    groups.sort_by_key(|(_, group)| (!group.label.is_some_and(|label| label.starts_with('*')), group.order));
    let mut out = Vec::new();
    for (name, group) in groups {
        let label = group.label.map(|label| label.trim_start_matches(['*', ' ']).to_owned()).or_else(|| fixed_label(name).map(str::to_owned));
        if group.values.is_empty() && !group.parts.is_empty() {
            out.push((PointKind::Address, address(group.parts), label));
        } else {
            out.extend(group.values.into_iter().map(|(kind, value)| (kind, value, label.clone())));
        }
    }
    out
}

/// Street lines, then city, region and code in one line, then the country.
pub(super) fn address(mut parts: Vec<(Part, &str)>) -> String {
    parts.sort_by_key(|(part, _)| *part);
    let of =
        |wanted: &[Part]| parts.iter().filter(|(part, text)| wanted.contains(part) && !text.trim().is_empty()).map(|(_, text)| text.trim()).collect::<Vec<_>>();
    let mut lines: Vec<String> = of(&[Part::Street, Part::Extended, Part::PoBox]).into_iter().map(str::to_owned).collect();
    lines.push(of(&[Part::City, Part::Region, Part::Code]).join(", "));
    lines.extend(of(&[Part::Country]).into_iter().map(str::to_owned));
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

fn first(slot: &mut String, field: &str) {
    if slot.is_empty() {
        field.clone_into(slot);
    }
}

fn values(field: &str, dialect: Dialect, kind: PointKind) -> Vec<(PointKind, String)> {
    let many: Vec<&str> = if dialect == Dialect::Google && field.contains(GOOGLE_BREAK) {
        field.split(GOOGLE_BREAK).collect()
    } else if kind == PointKind::Email && field.matches('@').count() > 1 && !field.contains('"') {
        field.split([',', ';', '\n']).collect()
    } else {
        vec![field]
    };
    many.into_iter().map(|value| (kind, value.trim().to_owned())).collect()
}

/// Google's own groups begin with a star and say nothing about the person.
fn tags(field: &str, dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Google => field.split(GOOGLE_BREAK).map(str::trim).filter(|tag| !tag.starts_with('*')).map(str::to_owned).collect(),
        Dialect::Outlook | Dialect::Other => field.split([';', ',', '|']).map(|tag| tag.trim().to_owned()).collect(),
    }
}

fn order_of_days(body: &str, header: &Header) -> DayOrder {
    let Some(index) = header.columns.iter().position(|column| *column == Column::Birthday) else { return DayOrder::Unknown };
    let records = reader(body, header.delimiter).into_records().skip(1).filter_map(Result::ok);
    let dates: Vec<String> = records.filter_map(|record| record.get(index).filter(|date| date.contains('/')).map(str::to_owned)).collect();
    day_order(dates.iter().map(String::as_str))
}

/// The line of a quote that opens a field and is never closed, by the same reading as the CSV reader's: a quote opens only at
/// the start of a field, and a doubled quote inside stands for one.
fn open_quote(text: &str, delimiter: char) -> Option<usize> {
    let delimiter = u8::try_from(delimiter).unwrap_or(b',');
    let (mut line, mut opened) = (1, 0);
    let (mut inside, mut at_start) = (false, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if inside && bytes.peek() == Some(&b'"') => {
                bytes.next();
            }
            b'"' if inside => inside = false,
            b'"' if at_start => {
                inside = true;
                opened = line;
            }
            _ => {}
        }
        line += usize::from(byte == b'\n');
        at_start = !inside && (byte == delimiter || byte == b'\n');
    }
    inside.then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_never_ends_is_found() {
        for (text, line) in [
            ("a,b\n\"c,d\ne,f\n", Some(2)),
            ("a\n\"b\"\"", Some(2)),
            ("a,\"b\nc\",\"d", Some(2)),
            ("a,\"b\nc\"\n", None),
            ("a \"quoted\" word,5\" pipe\n", None),
            ("\"\"\"\"", None),
            ("", None),
        ] {
            assert_eq!(open_quote(text, ','), line, "{text:?}");
        }
    }
}
