//! One row or card, cleaned and keyed. What cannot be taken is refused or left out, with the reason.

use crate::crm::text::{clean_block, clean_line, company_key, email_key, email_problem, fold, phone_key, shown, web_address, web_key};
use crate::crm::{LABEL_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX, POINT_CHARS_MAX, POINTS_MAX, PointKind, TAG_CHARS_MAX, TAGS_MAX, TEXT_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which row or card, from 1; the header does not count.
    pub row: usize,
    /// The line it begins on, from 1.
    pub line: usize,
    /// Why.
    pub why: String,
}

/// An address, number or URL of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPoint {
    /// What it is.
    pub kind: PointKind,
    /// As written, cleaned.
    pub value: String,
    /// Its canonical form.
    pub key: String,
    /// For example `work`.
    pub label: Option<String>,
}

/// A row that can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which row or card, from 1; the header does not count.
    pub row: usize,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The name shown.
    pub display_name: String,
    /// The folded name.
    pub name_key: String,
    /// Whether the row has a name of its own; otherwise its company or first address stands for it.
    pub is_named: bool,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// The company's name.
    pub company: Option<String>,
    /// The company's canonical name.
    pub company_key: Option<String>,
    /// Position in the company.
    pub job_title: Option<String>,
    /// `YYYY-MM-DD`, or `--MM-DD` without a year.
    pub birthday: Option<String>,
    /// What was noted.
    pub note: Option<String>,
    /// Words it is sorted by.
    pub tags: Vec<String>,
    /// The id the other program gave it.
    pub external_uid: Option<String>,
    /// Addresses, numbers and URLs.
    pub points: Vec<RowPoint>,
    /// What was left out and why.
    pub warnings: Vec<String>,
}

/// A row as the file has it.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) display: String,
    pub(super) given: String,
    pub(super) middle: String,
    pub(super) family: String,
    pub(super) suffix: String,
    pub(super) company: String,
    pub(super) job_title: String,
    pub(super) birthday: Option<String>,
    pub(super) note: String,
    pub(super) uid: String,
    pub(super) tags: Vec<String>,
    pub(super) points: Vec<(PointKind, String, Option<String>)>,
    pub(super) warnings: Vec<String>,
}

impl Raw {
    fn texts(&self) -> impl Iterator<Item = &str> {
        let named = [&self.display, &self.given, &self.middle, &self.family, &self.suffix, &self.company, &self.job_title, &self.note, &self.uid];
        let points = self.points.iter().flat_map(|(_, value, label)| [Some(value.as_str()), label.as_deref()]).flatten();
        named.into_iter().map(String::as_str).chain(self.tags.iter().map(String::as_str)).chain(points)
    }

    /// Cleans and keys everything.
    pub(super) fn finish(mut self, row: usize, line: usize) -> Result<Row, Refusal> {
        let refuse = |why: String| Refusal { row, line, why };
        if self.texts().any(|text| text.contains('\0')) {
            return Err(refuse("it holds a NUL character; take it out".to_owned()));
        }
        if self.texts().any(|text| text.contains('\u{fffd}')) {
            self.warnings.push("holds letters that were already lost when the file was written (shown as `\u{fffd}`)".to_owned());
        }
        let mut warnings = std::mem::take(&mut self.warnings);
        let points = take_points(&self.points, &mut warnings);
        let given_name = short(&self.given, TEXT_CHARS_MAX, "first name", &mut warnings);
        let family_name = short(&self.family, TEXT_CHARS_MAX, "last name", &mut warnings);
        let company = short(&self.company, NAME_CHARS_MAX, "company", &mut warnings).filter(|name| !fold(name).is_empty());
        let own_name = own_name(&self);
        let is_named = !own_name.is_empty();
        let fallback = company
            .clone()
            .or_else(|| points.first().filter(|point| matches!(point.kind, PointKind::Email | PointKind::Phone)).map(|point| point.value.clone()));
        let display_name = match (is_named, fallback) {
            (true, _) => own_name,
            (false, Some(fallback)) => fallback.chars().take(NAME_CHARS_MAX).collect(),
            (false, None) => {
                let left_out = if warnings.is_empty() { String::new() } else { format!(": {}", warnings.join("; ")) };
                return Err(refuse(format!("it has no name, company, e-mail address or phone number{left_out}")));
            }
        };
        if display_name.chars().count() > NAME_CHARS_MAX {
            return Err(refuse(format!("its name has more than {NAME_CHARS_MAX} characters")));
        }
        Ok(Row {
            row,
            line,
            name_key: fold(&display_name),
            display_name,
            is_named,
            given_name,
            family_name,
            company_key: company.as_deref().map(company_key),
            company,
            job_title: short(&self.job_title, TEXT_CHARS_MAX, "job title", &mut warnings),
            birthday: self.birthday,
            note: take_note(&self.note, &mut warnings),
            tags: take_tags(&self.tags, &mut warnings),
            external_uid: short(&self.uid, TEXT_CHARS_MAX, "UID", &mut warnings),
            points,
            warnings,
        })
    }
}

fn own_name(raw: &Raw) -> String {
    let display = clean_line(&printable(&raw.display));
    if !fold(&display).is_empty() {
        return display;
    }
    let parts: Vec<String> =
        [&raw.given, &raw.middle, &raw.family, &raw.suffix].into_iter().map(|part| clean_line(&printable(part))).filter(|part| !part.is_empty()).collect();
    let joined = parts.join(" ");
    if fold(&joined).is_empty() { String::new() } else { joined }
}

/// Without control characters; NUL was refused before. White space stays.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() || letter.is_whitespace()).collect()
}

fn short(text: &str, chars_max: usize, what: &str, warnings: &mut Vec<String>) -> Option<String> {
    let text = clean_line(&printable(text));
    if text.chars().count() > chars_max {
        warnings.push(format!("{what} left out: it has more than {chars_max} characters"));
        return None;
    }
    if text.is_empty() { None } else { Some(text) }
}

fn take_note(text: &str, warnings: &mut Vec<String>) -> Option<String> {
    let mut text = clean_block(&printable(text));
    if text.chars().count() > NOTE_CHARS_MAX {
        warnings.push(format!("note cut to {NOTE_CHARS_MAX} characters"));
        text = text.chars().take(NOTE_CHARS_MAX).collect::<String>().trim_end().to_owned();
    }
    if text.is_empty() { None } else { Some(text) }
}

fn take_tags(given: &[String], warnings: &mut Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for tag in given {
        let Some(tag) = short(tag, TAG_CHARS_MAX, "tag", warnings) else { continue };
        let key = fold(&tag);
        if key.is_empty() || keys.contains(&key) {
            continue;
        }
        if out.len() == TAGS_MAX {
            warnings.push(format!("tags left out: {TAGS_MAX} is the most"));
            break;
        }
        out.push(tag);
        keys.push(key);
    }
    out
}

fn take_points(given: &[(PointKind, String, Option<String>)], warnings: &mut Vec<String>) -> Vec<RowPoint> {
    let mut out: Vec<RowPoint> = Vec::new();
    for (kind, value, label) in given {
        match point(*kind, value) {
            Ok(None) => {}
            Ok(Some((value, key))) => {
                if out.iter().any(|known| known.kind == *kind && known.key == key) {
                    continue;
                }
                if out.len() == POINTS_MAX {
                    warnings.push(format!("addresses and numbers left out: {POINTS_MAX} is the most"));
                    break;
                }
                let label = label
                    .as_deref()
                    .map(|label| clean_line(&printable(label)).chars().take(LABEL_CHARS_MAX).collect::<String>())
                    .filter(|label| !label.is_empty());
                out.push(RowPoint { kind: *kind, value, key, label });
            }
            Err(why) => warnings.push(why),
        }
    }
    // Addresses first, then numbers: the first point stands for a name that is missing.
    out.sort_by_key(|point| point.kind);
    out
}

/// A value and its key; none when there is nothing, and the reason when it cannot be taken.
fn point(kind: PointKind, given: &str) -> Result<Option<(String, String)>, String> {
    let value = if kind == PointKind::Address { clean_block(&printable(given)) } else { clean_line(&printable(given)) };
    if value.is_empty() {
        return Ok(None);
    }
    if value.chars().count() > POINT_CHARS_MAX {
        return Err(format!("{} left out: it has more than {POINT_CHARS_MAX} characters", word(kind)));
    }
    match kind {
        PointKind::Email => {
            let bare = bare_address(&value);
            match email_problem(bare) {
                None => Ok(Some((bare.to_owned(), email_key(bare)))),
                Some(problem) => Err(format!("e-mail address `{}` left out: it {problem}", shown(&value))),
            }
        }
        PointKind::Phone => {
            let value = value.strip_prefix("tel:").unwrap_or(&value).replace(";ext=", " ext. ");
            match phone_key(&value) {
                Some(key) => Ok(Some((value, key))),
                None => Err(format!("phone number `{}` left out: it needs 3 to 20 digits", shown(&value))),
            }
        }
        PointKind::Url => match web_address(&value) {
            Some(address) => Ok(Some((address.clone(), web_key(&address)))),
            None => Err(format!("web address `{}` left out: only http and https are taken", shown(&value))),
        },
        PointKind::Address => {
            let key = fold(&value);
            Ok(if key.is_empty() { None } else { Some((value, key)) })
        }
    }
}

/// `Lena <lena@example.com>`, `mailto:lena@example.com` and `'lena@example.com'` are written for the address in them.
fn bare_address(value: &str) -> &str {
    let value = value.trim_matches(['\'', '‘', '’']);
    let value = match (value.rfind('<'), value.strip_suffix('>')) {
        (Some(open), Some(inner)) => inner.get(open + 1..).unwrap_or(value),
        (Some(_) | None, _) => value,
    };
    let value = if value.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("mailto:")) { value.get(7..).unwrap_or(value) } else { value };
    value.trim()
}

const fn word(kind: PointKind) -> &'static str {
    match kind {
        PointKind::Email => "e-mail address",
        PointKind::Phone => "phone number",
        PointKind::Url => "web address",
        PointKind::Address => "postal address",
    }
}
