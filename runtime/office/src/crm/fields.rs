//! Checking single fields before they are stored, and the text look-ups match. No I/O.

use super::contact::Point;
use super::error::CrmError;
use super::text::{clean_block, clean_line, control_character, email_key, email_problem, fold, phone_key, shown, web_address, web_key};
use steward_store::contact::PointKind;

/// Longest name of a contact, company or deal, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 300;
/// Longest other line of text, in characters.
pub(crate) const TEXT_CHARS_MAX: usize = 300;
/// Longest tag, in characters.
pub(crate) const TAG_CHARS_MAX: usize = 60;
/// Most tags of a contact.
pub(crate) const TAGS_MAX: usize = 50;
/// Longest address, number or URL, in characters.
pub(crate) const POINT_CHARS_MAX: usize = 2000;
/// Most addresses, numbers and URLs of a contact.
pub(crate) const POINTS_MAX: usize = 50;
/// Longest label of an address, in characters.
pub(crate) const LABEL_CHARS_MAX: usize = 60;
/// Longest note, in characters.
pub(crate) const NOTE_CHARS_MAX: usize = 20_000;
/// Longest name of a stage, in characters.
const STAGE_CHARS_MAX: usize = 60;

/// A line of text, cleaned; empty text is none.
pub(super) fn line(field: &str, text: &str, chars_max: usize) -> Result<Option<String>, CrmError> {
    refuse_control(field, text)?;
    let text = clean_line(text);
    refuse_long(field, &text, chars_max)?;
    Ok(if text.is_empty() { None } else { Some(text) })
}

/// A line of text that must be there.
pub(super) fn needed(field: &str, text: &str, chars_max: usize) -> Result<String, CrmError> {
    line(field, text, chars_max)?.ok_or_else(|| CrmError::field(field, "is empty; give it a text"))
}

/// A stage of the pipeline.
pub(super) fn stage(text: &str) -> Result<String, CrmError> {
    needed("stage", text, STAGE_CHARS_MAX)
}

/// The text of a note.
pub(super) fn note(text: &str) -> Result<String, CrmError> {
    refuse_control("text", text)?;
    let text = clean_block(text);
    refuse_long("text", &text, NOTE_CHARS_MAX)?;
    if text.is_empty() { Err(CrmError::field("text", "is empty; a note says something")) } else { Ok(text) }
}

/// Tags, cleaned, without repeats.
pub(super) fn tags(given: &[String]) -> Result<Vec<String>, CrmError> {
    let mut out: Vec<String> = Vec::new();
    for (index, tag) in given.iter().enumerate() {
        let tag = needed(&format!("tags[{index}]"), tag, TAG_CHARS_MAX)?;
        if !out.iter().any(|known| fold(known) == fold(&tag)) {
            out.push(tag);
        }
    }
    if out.len() > TAGS_MAX { Err(CrmError::field("tags", format!("has {} tags; {TAGS_MAX} is the most", out.len()))) } else { Ok(out) }
}

/// A birthday: `YYYY-MM-DD`, or `--MM-DD` without a year. Empty text is none.
pub(super) fn birthday(text: &str) -> Result<Option<String>, CrmError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.strip_prefix("--").map_or_else(|| text.to_owned(), |rest| format!("2000-{rest}"));
    let format = time::macros::format_description!("[year]-[month]-[day]");
    if day.len() == 10 && time::Date::parse(&day, &format).is_ok() {
        return Ok(Some(text.to_owned()));
    }
    Err(CrmError::field("birthday", format!("is `{}`, which is no day; write YYYY-MM-DD, or --MM-DD without a year", shown(text))))
}

/// A web address of a company. Empty text is none.
pub(super) fn website(field: &str, text: &str) -> Result<Option<String>, CrmError> {
    let Some(text) = line(field, text, POINT_CHARS_MAX)? else { return Ok(None) };
    web_address(&text).map(Some).ok_or_else(|| CrmError::field(field, format!("is `{}`, which is no web address; write https://…", shown(&text))))
}

/// Addresses, numbers or URLs of one kind with their keys, cleaned, without repeats.
pub(super) fn points(kind: PointKind, field: &str, given: &[Point]) -> Result<Vec<(PointKind, Point, String)>, CrmError> {
    let mut out: Vec<(PointKind, Point, String)> = Vec::new();
    for (index, point) in given.iter().enumerate() {
        let field = format!("{field}[{index}]");
        refuse_control(&field, &point.value)?;
        let value = if kind == PointKind::Address { clean_block(&point.value) } else { clean_line(&point.value) };
        refuse_long(&field, &value, POINT_CHARS_MAX)?;
        if value.is_empty() {
            return Err(CrmError::field(field, "is empty; leave it out instead"));
        }
        let (value, key) = match kind {
            PointKind::Email => match email_problem(&value) {
                Some(problem) => return Err(CrmError::field(field, format!("is `{}`, which {problem}", shown(&value)))),
                None => (value.clone(), email_key(&value)),
            },
            PointKind::Phone => match phone_key(&value) {
                Some(key) => (value, key),
                None => return Err(CrmError::field(field, format!("is `{}`, which is no phone number; it needs 3 to 20 digits", shown(&value)))),
            },
            PointKind::Url => match web_address(&value) {
                Some(address) => (address.clone(), web_key(&address)),
                None => return Err(CrmError::field(field, format!("is `{}`, which is no web address; write https://…", shown(&value)))),
            },
            PointKind::Address => (value.clone(), fold(&value)),
        };
        let label = point.label.as_deref().map(|label| line(&format!("{field}.label"), label, LABEL_CHARS_MAX)).transpose()?.flatten();
        if !out.iter().any(|(_, _, known)| *known == key) {
            out.push((kind, Point { value, label }, key));
        }
    }
    Ok(out)
}

/// The folded text look-ups match. Its first line is the folded display name; the rest is names, addresses, numbers and tags.
pub(crate) fn search_text<'a>(
    display_name: &str,
    others: impl IntoIterator<Item = &'a str>,
    keys: impl IntoIterator<Item = &'a str>,
    tags: &'a [String],
) -> String {
    let mut out = fold(display_name);
    for other in others.into_iter().chain(tags.iter().map(String::as_str)) {
        out.push('\n');
        out.push_str(&fold(other));
    }
    for key in keys {
        out.push('\n');
        out.push_str(&fold(key));
    }
    out
}

fn refuse_control(field: &str, text: &str) -> Result<(), CrmError> {
    match control_character(text) {
        Some('\0') => Err(CrmError::field(field, "holds a NUL character; take it out")),
        Some(letter) => Err(CrmError::field(field, format!("holds the control character U+{:04X}; take it out", u32::from(letter)))),
        None => Ok(()),
    }
}

fn refuse_long(field: &str, text: &str, chars_max: usize) -> Result<(), CrmError> {
    let chars = text.chars().count();
    if chars > chars_max { Err(CrmError::field(field, format!("has {chars} characters; {chars_max} is the most"))) } else { Ok(()) }
}
