//! Cards. The file is cut into cards by their first and last lines, so that a broken card costs only itself; each card is read
//! by `calcard`, which knows folding, groups, escapes and the encodings of vCard 2.1. Pictures, sounds and keys are not taken.

use super::columns::Part;
use super::csv::address;
use super::dates::{DayOrder, birthday, written};
use super::error::ImportError;
use super::row::{Raw, Refusal, Row};
use crate::crm::PointKind;
use crate::crm::text::shown;
use calcard::common::PartialDateTime;
use calcard::vcard::{VCard, VCardEntry, VCardKind, VCardParameterName, VCardParameterValue, VCardProperty, VCardType, VCardValue};
use calcard::{Entry, Parser};
use std::borrow::Cow;
use steward_core::limits::IMPORT_ROWS_MAX;

const BEGIN: &str = "BEGIN:VCARD";
const END: &str = "END:VCARD";

/// Whether a text holds the first line of a card anywhere.
pub(super) fn has_card(text: &str) -> bool {
    lines(text).into_iter().any(|(_, line)| is_mark(line.trim_start_matches(is_before), BEGIN))
}

/// The cards of a file.
pub(super) fn parse(text: &str) -> Result<Vec<Result<Row, Refusal>>, ImportError> {
    let mut rows = Vec::new();
    for card in cards(text) {
        if rows.len() == IMPORT_ROWS_MAX {
            return Err(ImportError::TooManyRows);
        }
        let row = rows.len() + 1;
        let refuse = |why: &str| Refusal { row, line: card.line, why: why.to_owned() };
        rows.push(match card.body {
            Err(why) => Err(refuse(why)),
            Ok(body) => match Parser::new(&body).entry() {
                Entry::VCard(read) => match raw_of(&read) {
                    Ok(raw) => raw.finish(row, card.line),
                    Err(why) => Err(refuse(why)),
                },
                _ => Err(refuse("it cannot be read as a vCard")),
            },
        });
    }
    Ok(rows)
}

struct Card {
    line: usize,
    body: Result<String, &'static str>,
}

fn is_mark(line: &str, mark: &str) -> bool {
    line.trim_end().eq_ignore_ascii_case(mark)
}

/// What may stand before the first line of a card: white space, and the byte-order mark of a file that was put behind another.
fn is_before(letter: char) -> bool {
    letter.is_whitespace() || letter == '\u{feff}'
}

/// The lines of a file, each with its number from 1. Where a file was put behind another that has no line end, the last line of the one and
/// the first of the other stand in one line, and are told apart.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        match parted(line) {
            Some((last, first)) => out.extend([(index + 1, last), (index + 1, first)]),
            None => out.push((index + 1, line)),
        }
    }
    out
}

/// A line that is the end of one file and the first line of another: a mark stands between them, or the end of a card before.
fn parted(line: &str) -> Option<(&str, &str)> {
    let at_mark = line.rsplit_once('\u{feff}');
    let at_end = line.split_at_checked(END.len()).filter(|(end, _)| is_mark(end, END));
    [at_mark, at_end].into_iter().flatten().find(|(_, rest)| is_mark(rest.trim_start_matches(is_before), BEGIN))
}

/// A card that has begun.
struct Open<'a> {
    line: usize,
    /// White space before each of its lines, where the whole card was moved in: nothing is folded onto its first line, so what stands
    /// before the second one is no fold.
    indent: &'a str,
    body: String,
}

impl<'a> Open<'a> {
    fn begin(line: usize, second: &'a str) -> Self {
        let indent = second.get(..second.len() - second.trim_start().len()).filter(|_| !second.trim().is_empty()).unwrap_or_default();
        Self { line, indent, body: format!("{BEGIN}\n") }
    }

    /// A line of the file as it stands in the card.
    fn own<'b>(&self, line: &'b str) -> &'b str {
        let line = line.trim_start_matches('\u{feff}');
        line.strip_prefix(self.indent).unwrap_or(line)
    }

    /// Whether a card inside this one comes next.
    fn awaits_agent(&self) -> bool {
        self.body.lines().next_back().is_some_and(|last| is_mark(last, "AGENT:"))
    }

    fn unended(self) -> Card {
        Card { line: self.line, body: Err("its END:VCARD line is missing") }
    }
}

/// Whether a moved-in line inside a card begins the next one, and is no fold of the line before: `VERSION` stands second in a card.
fn begins_anew(line: &str, next: &str) -> bool {
    let is_version = next.trim_start().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("VERSION:"));
    is_version && is_mark(line.trim_start_matches(is_before), BEGIN)
}

/// Cuts the file. Text between cards is passed over; a card inside a card (the `AGENT` of vCard 2.1) is left out of it.
fn cards(text: &str) -> Vec<Card> {
    let mut out = Vec::new();
    let mut open: Option<Open<'_>> = None;
    let mut agents = 0_usize;
    let lines = lines(text);
    for (index, (number, whole)) in lines.iter().copied().enumerate() {
        let following = lines.get(index + 1..).unwrap_or_default();
        let next = following.first().map_or("", |(_, next)| *next);
        let Some(card) = &mut open else {
            if is_mark(whole.trim_start_matches(is_before), BEGIN) {
                open = Some(Open::begin(number, next));
            }
            continue;
        };
        let line = card.own(whole);
        if is_mark(line, BEGIN) && (agents > 0 || card.awaits_agent()) {
            agents += 1;
        } else if is_mark(line, BEGIN) || (agents == 0 && begins_anew(line, next) && !card.awaits_agent()) {
            out.extend(open.replace(Open::begin(number, next)).map(Open::unended));
        } else if is_mark(line, END) && agents > 0 {
            agents -= 1;
        } else if is_mark(line, END) {
            out.extend(open.take().map(|card| Card { line: card.line, body: Ok(format!("{}{END}\n", card.body)) }));
        } else if agents == 0 {
            card.body.push_str(&plain_day(tell_encoding(line, following)));
            card.body.push('\n');
        }
    }
    out.extend(open.map(Open::unended));
    out
}

/// Spells out what old phones leave out: `;QUOTED-PRINTABLE` without `ENCODING=`, and UTF-8 without `CHARSET=`.
fn tell_encoding<'a>(line: &'a str, following: &[(usize, &str)]) -> Cow<'a, str> {
    let Some((head, value)) = line.split_once(':') else { return line.into() };
    let upper = head.to_ascii_uppercase();
    if !upper.contains("QUOTED-PRINTABLE") {
        return line.into();
    }
    let mut head = head.to_owned();
    if !upper.contains("ENCODING=")
        && let Some(at) = upper.find(";QUOTED-PRINTABLE")
    {
        head.insert_str(at + 1, "ENCODING=");
    }
    if !upper.contains("CHARSET=") {
        let mut whole = value.to_owned();
        for (_, next) in following {
            if !whole.ends_with('=') {
                break;
            }
            whole.pop();
            whole.push_str(next);
        }
        if std::str::from_utf8(&unquoted(&whole)).is_ok() {
            head.push_str(";CHARSET=UTF-8");
        }
    }
    format!("{head}:{value}").into()
}

/// A birthday as `19800322`, which every version reads the same: many programs write `1980-03-22` in version 4, which knows no such form.
fn plain_day(line: Cow<'_, str>) -> Cow<'_, str> {
    let Some((head, value)) = line.split_once(':') else { return line };
    let name = head.split(';').next().unwrap_or(head);
    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
    if !name.eq_ignore_ascii_case("BDAY") {
        return line;
    }
    let day = value.split(['T', ' ']).next().unwrap_or(value).trim_end();
    let is_dashed = day.len() == 10 && day.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if is_dashed { format!("{head}:{}", day.replace('-', "")).into() } else { line }
}

/// The bytes of a quoted-printable text; what is no code stands for itself.
fn unquoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (plain, coded) = rest.split_at(at);
        out.extend_from_slice(plain.as_bytes());
        match coded.get(1..3).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = coded.get(3..).unwrap_or_default();
            }
            None => {
                out.push(b'=');
                rest = coded.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

fn raw_of(card: &VCard) -> Result<Raw, &'static str> {
    let mut raw = Raw::default();
    let mut preferred: Vec<bool> = Vec::new();
    for entry in &card.entries {
        match &entry.name {
            VCardProperty::Kind if matches!(entry.values.first(), Some(VCardValue::Kind(VCardKind::Group))) => return Err("it is a group, not a contact"),
            VCardProperty::Other(name) if name.eq_ignore_ascii_case("X-ADDRESSBOOKSERVER-KIND") && text(entry).eq_ignore_ascii_case("group") => {
                return Err("it is a group, not a contact");
            }
            VCardProperty::Fn => first(&mut raw.display, text(entry)),
            VCardProperty::N if raw.family.is_empty() && raw.given.is_empty() => {
                raw.family = component(entry, 0);
                raw.given = component(entry, 1);
                raw.middle = component(entry, 2);
                raw.suffix = component(entry, 4);
            }
            VCardProperty::Org => first(&mut raw.company, component(entry, 0)),
            VCardProperty::Title => first(&mut raw.job_title, text(entry)),
            VCardProperty::Note => first(&mut raw.note, text(entry)),
            VCardProperty::Uid => first(&mut raw.uid, text(entry)),
            VCardProperty::Categories => raw.tags.extend(entry.values.iter().map(value_text)),
            VCardProperty::Bday => match day(entry) {
                Ok(day) => raw.birthday = raw.birthday.take().or(day),
                Err(problem) => raw.warnings.push(problem),
            },
            VCardProperty::Email => point(&mut raw, &mut preferred, card, entry, PointKind::Email, text(entry)),
            VCardProperty::Tel => point(&mut raw, &mut preferred, card, entry, PointKind::Phone, text(entry)),
            VCardProperty::Url => point(&mut raw, &mut preferred, card, entry, PointKind::Url, text(entry)),
            VCardProperty::Adr => {
                const PARTS: [Part; 7] = [Part::PoBox, Part::Extended, Part::Street, Part::City, Part::Region, Part::Code, Part::Country];
                let values: Vec<String> = entry.values.iter().map(value_text).collect();
                let written = address(PARTS.into_iter().zip(values.iter().map(String::as_str)).collect());
                point(&mut raw, &mut preferred, card, entry, PointKind::Address, written);
            }
            _ => {}
        }
    }
    // The preferred address comes first; the sort keeps the order of the rest.
    let mut marked: Vec<_> = preferred.into_iter().zip(std::mem::take(&mut raw.points)).collect();
    marked.sort_by_key(|(preferred, _)| !preferred);
    raw.points = marked.into_iter().map(|(_, point)| point).collect();
    Ok(raw)
}

fn point(raw: &mut Raw, preferred: &mut Vec<bool>, card: &VCard, entry: &VCardEntry, kind: PointKind, value: String) {
    raw.points.push((kind, value, label(card, entry)));
    preferred.push(is_preferred(entry));
}

fn first(slot: &mut String, value: String) {
    if slot.trim().is_empty() {
        *slot = value;
    }
}

fn text(entry: &VCardEntry) -> String {
    entry.values.first().map(value_text).unwrap_or_default()
}

fn component(entry: &VCardEntry, index: usize) -> String {
    entry.values.get(index).map(value_text).unwrap_or_default()
}

fn value_text(value: &VCardValue) -> String {
    match value {
        VCardValue::Text(text) => text.clone(),
        VCardValue::Component(parts) => parts.join(" "),
        VCardValue::Integer(number) => number.to_string(),
        // Numbers with a point, dates, pictures and codes are no text of the fields read here.
        VCardValue::Float(_)
        | VCardValue::Boolean(_)
        | VCardValue::PartialDateTime(_)
        | VCardValue::Binary(_)
        | VCardValue::Sex(_)
        | VCardValue::GramGender(_)
        | VCardValue::Kind(_) => String::new(),
    }
}

fn day(entry: &VCardEntry) -> Result<Option<String>, String> {
    let problem = |shown_day: &str| format!("birthday `{}` left out: it is no day of the calendar", shown(shown_day));
    match entry.values.first() {
        Some(VCardValue::PartialDateTime(PartialDateTime { year, month: Some(month), day: Some(day), .. })) => {
            // Apple writes a year that stands for none, and says which.
            let omitted =
                entry.params.iter().any(|param| matches!(&param.name, VCardParameterName::Other(name) if name.eq_ignore_ascii_case("X-APPLE-OMIT-YEAR")));
            let year = year.filter(|_| !omitted).map(u32::from);
            written(year, Some(&u32::from(*month)), Some(&u32::from(*day)))
                .map(Some)
                .ok_or_else(|| problem(&format!("{}-{month:02}-{day:02}", year.map_or_else(|| "-".to_owned(), |year| format!("{year:04}")))))
        }
        Some(VCardValue::PartialDateTime(_)) => Err("birthday left out: it has no month and day".to_owned()),
        Some(value) => birthday(&value_text(value), DayOrder::Unknown).map_err(|_| problem(&value_text(value))),
        None => Ok(None),
    }
}

fn is_preferred(entry: &VCardEntry) -> bool {
    entry.params.iter().any(|param| match (&param.name, &param.value) {
        (VCardParameterName::Pref, VCardParameterValue::Integer(rank)) => *rank == 1,
        (VCardParameterName::Pref, VCardParameterValue::Null) => true,
        (VCardParameterName::Type, VCardParameterValue::Text(word)) => word.eq_ignore_ascii_case("pref"),
        _ => false,
    })
}

/// The label a person gave in the group (`item1.X-ABLabel`), else what the types say.
fn label(card: &VCard, entry: &VCardEntry) -> Option<String> {
    let own = entry.group.as_ref().and_then(|group| {
        card.entries.iter().find(|other| {
            other.group.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(group))
                && matches!(&other.name, VCardProperty::Other(name) if name.eq_ignore_ascii_case("X-ABLABEL"))
        })
    });
    if let Some(own) = own {
        let own = text(own);
        let bare = own.trim().trim_start_matches("_$!<").trim_end_matches(">!$_").trim();
        if !bare.is_empty() {
            return Some(bare.to_owned());
        }
    }
    let has = |wanted: VCardType| entry.params.iter().any(|param| param.value == VCardParameterValue::Type(wanted.clone()));
    let place = if has(VCardType::Work) {
        "work"
    } else if has(VCardType::Home) {
        "home"
    } else {
        ""
    };
    let device = if has(VCardType::Fax) {
        "fax"
    } else if has(VCardType::Pager) {
        "pager"
    } else if has(VCardType::Cell) {
        "mobile"
    } else {
        ""
    };
    let words: Vec<&str> = [place, device].into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() { None } else { Some(words.join(" ")) }
}
