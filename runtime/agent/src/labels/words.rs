//! The owner's words, read once: the text made comparable, and the dates, times, spans of time and numbers said in it.
//!
//! Only what can be read in one way counts: `1.200` is a number in one country and another in the next, so it names neither.

use super::canon::{address, form};
use super::listed::{ends_in_its_verb, goes_on_to, takes_up};
use super::names::{Names, Piece};
use super::soon::Soon;
use super::sources::is_source;
use super::text;
use crate::intent::Intent;
use crate::run::Run;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;
use steward_core::{Integrity, ToolSpec};

const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "enero"],
    &["february", "feb", "februar", "febrero"],
    &["march", "mar", "märz", "marzo"],
    &["april", "apr", "abril"],
    &["may", "mai", "mayo"],
    &["june", "jun", "juni", "junio"],
    &["july", "jul", "juli", "julio"],
    &["august", "aug", "agosto"],
    &["september", "sep", "sept", "septiembre"],
    &["october", "oct", "oktober", "okt", "octubre"],
    &["november", "nov", "noviembre"],
    &["december", "dec", "dezember", "dez", "diciembre"],
];

/// A place in the message that started the run, by bytes; none (0, 0) in an earlier one.
pub(super) type Span = (u32, u32);

/// What the owner said, ready to be compared with.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The message that started the run, as written.
    pub(super) message: String,
    /// The same, folded.
    pub(super) folded: String,
    /// Earlier words of the owner, folded.
    pub(super) earlier: String,
    dates: BTreeSet<(i64, i64, i64)>,
    times: BTreeSet<i64>,
    spans: BTreeSet<i64>,
    /// Days and times that follow from when it was said.
    soon: Soon,
    numbers: HashSet<String>,
    names: Names,
    /// The owner's earlier messages, as written.
    before: Vec<String>,
    /// Names in each sentence that says to go by what is named, with where it stands; read when it is first asked for, as most runs never do.
    endorsing: OnceLock<Vec<(Span, Names)>>,
    /// Each sentence; likewise.
    sentences: OnceLock<Vec<Said>>,
    /// Addresses, accounts, numbers and moments, in their one form.
    forms: HashSet<String>,
}

/// One sentence of the owner's.
#[derive(Debug, Clone)]
struct Said {
    folded: String,
    names: Names,
    /// What it alone asks for; read when it is first asked for, as every call of a run asks the same.
    intent: OnceLock<Intent>,
}

impl Said {
    fn of(text: &str) -> Self {
        Self { folded: text::folded(text), names: Names::of([text]), intent: OnceLock::new() }
    }

    /// Its parts between commas and words that join. None of those within one of these phrases or in quotes parts anything.
    fn parts<'a>(&self, phrases: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let parts = clauses(&self.folded, &self.names.places(&self.folded, phrases)).into_iter().filter(|part| !part.trim().is_empty());
        parts.map(|part| Self { folded: text::folded(part), names: Names::of_part(part, &self.names), intent: OnceLock::new() }).collect()
    }

    /// Whether it names a record, by one of these phrases or by its id, where that is one.
    fn names(&self, called: &[&str], id: Option<&str>) -> bool {
        called.iter().any(|phrase| !self.names.naming(phrase, false).is_empty()) || id.is_some_and(|id| text::span(&self.folded, &self.folded, id).is_some())
    }

    /// Whether it alone asks for what this tool does.
    fn asks(&self, spec: &ToolSpec) -> bool {
        self.intent.get_or_init(|| Intent::in_text(&self.folded)).asks(spec)
    }
}

impl Words {
    /// The owner's words of a run: its message, and earlier turns that were the owner's own.
    pub fn of(run: &Run) -> Self {
        let earlier: Vec<&str> =
            run.history.iter().filter(|turn| !turn.by_agent && turn.integrity == Integrity::Owner).map(|turn| turn.text.as_str()).collect();
        let mut words = Self { message: run.text.clone(), folded: text::folded(&run.text), earlier: text::folded(&earlier.join("\n")), ..Self::default() };
        let all = format!("{} {}", words.folded, words.earlier);
        let tokens: Vec<&str> = tokens(&all).collect();
        words.read(&tokens);
        // What was said earlier was said on another day, perhaps.
        let today = run.variables.get("now").and_then(|now| moment(now.get(..10)?)).map(|(date, _)| day_of(date));
        words.soon = Soon::of(&self::tokens(&words.folded).collect::<Vec<_>>(), today);
        words.names = Names::of(std::iter::once(run.text.as_str()).chain(earlier.iter().copied()));
        words.before = earlier.into_iter().map(str::to_owned).collect();
        words
    }

    fn endorsing_sentences(&self) -> &[(Span, Names)] {
        self.endorsing.get_or_init(|| {
            let said = crate::intent::endorsing(&self.message).map(|(at, sentence)| (spanned(at, sentence), Names::of([sentence])));
            let before = self.before.iter().flat_map(|text| crate::intent::endorsing(text)).map(|(_, sentence)| ((0, 0), Names::of([sentence])));
            said.chain(before).collect()
        })
    }

    fn sentences(&self) -> &[Said] {
        let texts = || std::iter::once(self.message.as_str()).chain(self.before.iter().map(String::as_str));
        self.sentences.get_or_init(|| texts().flat_map(super::sentences::sentences).map(|sentence| Said::of(&sentence)).collect())
    }

    /// What any one text says: its values in every spelling that means the same, and no names.
    pub fn in_text(text: &str) -> Self {
        let mut words = Self { message: text.to_owned(), folded: text::folded(text), ..Self::default() };
        let folded = words.folded.clone();
        words.read(&tokens(&folded).collect::<Vec<_>>());
        words
    }

    /// Whether this value stands here by itself, perhaps in another spelling.
    pub fn hold(&self, value: &str) -> bool {
        let key = text::folded(value);
        !key.is_empty() && (self.says(&key).is_some() || self.says_otherwise(&key))
    }

    /// A text made comparable.
    pub fn fold(text: &str) -> String {
        text::folded(text)
    }

    /// A number in one spelling, of a folded text that is one.
    pub(crate) fn number(folded: &str) -> Option<String> {
        number(folded)
    }

    /// Whether a folded text is a date, perhaps with a time.
    pub fn is_moment(folded: &str) -> bool {
        moment(folded).is_some()
    }

    /// The address in a folded text that is one.
    pub fn address(folded: &str) -> Option<&str> {
        address(folded)
    }

    fn read(&mut self, tokens: &[&str]) {
        self.dates = dates(tokens);
        self.forms = tokens.iter().filter_map(|token| form(token)).collect();
        for (index, token) in tokens.iter().enumerate() {
            let next = |ahead: usize| tokens.get(index + ahead).copied().unwrap_or_default();
            self.times.extend(moment(token).and_then(|(_, time)| time));
            self.times.extend(clock(token, next(1)));
            self.numbers.extend(number(token));
            self.spans.extend(length(token, next(1)));
        }
    }

    /// Where the message says exactly this; an earlier message counts as the whole of the words.
    pub(super) fn says(&self, key: &str) -> Option<(u32, u32)> {
        text::span(&self.message, &self.folded, key).or_else(|| text::span(&self.earlier, &self.earlier, key).map(|_| (0, 0)))
    }

    /// Whether the words hold this value in another form: an account with spaces, a number or a date written otherwise.
    pub(super) fn says_otherwise(&self, key: &str) -> bool {
        if number(key).is_some_and(|number| self.numbers.contains(&number)) || form(key).is_some_and(|form| self.forms.contains(&form)) {
            return true;
        }
        if let Some((date, time)) = moment(key) {
            return self.has_date(date) && time.is_none_or(|time| self.times.contains(&time));
        }
        if let Some(time) = clock(key, "") {
            return self.times.contains(&time);
        }
        let bare = key.trim_start_matches("mailto:").trim_start_matches("tel:");
        if bare != key && self.says(bare).is_some() {
            return true;
        }
        if let Some(rest) = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")) {
            let rest = rest.trim_end_matches('/');
            return [&self.folded, &self.earlier].into_iter().any(|said| {
                said.split_whitespace().map(|word| word.trim_matches(['"', '\'', '<', '>', '(', ')', ',', '.', ';'])).any(|word| {
                    let word = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")).unwrap_or(word);
                    word.trim_end_matches('/') == rest
                })
            });
        }
        text::is_account(key) && [&self.folded, &self.earlier].into_iter().any(|said| text::holds_account(said, key))
    }

    /// Whether a moment is a moment the owner said and a length of time, one that they said or that is given here, later.
    /// True: the length is the owner's too. False: it is one of those given, or the words say the day or the hour only as "tomorrow" or "at 10".
    pub(super) fn computes(&self, key: &str, lengths: &BTreeSet<i64>) -> Option<bool> {
        let Some((date, time)) = moment(key) else { return clock(key, "").filter(|time| self.soon.times.contains(time)).map(|_| false) };
        let Some(time) = time else { return self.soon.days.contains(&day_of(date)).then_some(false) };
        let at = minutes(date) + time;
        let is_said = |start: i64| self.times.contains(&start.rem_euclid(1440)) && self.dates.iter().any(|said| same_day(*said, start.div_euclid(1440)));
        let is_near = |start: i64| {
            let (day, time) = (start.div_euclid(1440), start.rem_euclid(1440));
            (self.times.contains(&time) || self.soon.times.contains(&time))
                && (self.soon.days.contains(&day) || self.dates.iter().any(|said| same_day(*said, day)))
        };
        if self.spans.iter().any(|length| is_said(at - length)) {
            return Some(true);
        }
        (is_near(at) || self.spans.iter().chain(lengths).any(|length| is_near(at - length))).then_some(false)
    }

    fn has_date(&self, date: (i64, i64, i64)) -> bool {
        self.dates.contains(&date) || self.dates.contains(&(0, date.1, date.2))
    }

    /// The ways in which these words name a record by one of its texts; `chosen` says that anybody may have written it.
    pub(super) fn naming(&self, folded: &str, chosen: bool) -> Vec<String> {
        self.names.naming(folded, chosen)
    }

    /// The same, by the words of sentences alone that say to go by what is named: each way with the sentence, the first where there are more.
    pub(super) fn endorsing(&self, folded: &str, chosen: bool) -> BTreeMap<String, Span> {
        let mut found = BTreeMap::new();
        for (span, names) in self.endorsing_sentences() {
            for phrase in names.naming(folded, chosen) {
                found.entry(phrase).or_insert(*span);
            }
        }
        found
    }

    /// The sentence that says to go by this, which the owner wrote as a name in it.
    pub(super) fn endorses_name(&self, folded: &str) -> Option<Span> {
        self.endorsing_sentences().iter().find(|(_, names)| names.is_written(folded)).map(|(span, _)| *span)
    }

    /// Whether the words name an id as an id: behind a word for one, or long enough to be nothing else.
    pub(super) fn names_id(&self, key: &str) -> bool {
        if self.says(key).is_none() {
            return false;
        }
        let long = key.chars().count() >= 8 && key.chars().any(|letter| letter.is_ascii_digit()) && moment(key).is_none() && number(key).is_none();
        let said = format!("{} {}", self.folded, self.earlier);
        let words: Vec<&str> =
            said.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-' && letter != '#').filter(|word| !word.is_empty()).collect();
        long || words
            .windows(2)
            .any(|two| matches!(two, [before, word] if *word == key && matches!(*before, "id" | "ids" | "nr" | "no" | "number" | "nummer" | "número" | "#")))
    }

    /// Whether one sentence names a record, by one of these phrases or by its id, and this receiver as well, by the address or by one of the
    /// phrases for a record that it stands in.
    pub(super) fn names_both(&self, called: &[&str], id: &str, receiver: &str, called_with: &[&str]) -> bool {
        let id = Some(id).filter(|id| self.names_id(id));
        self.sentences().iter().any(|sentence| sentence.names(called, id) && sentence.names(called_with, Some(receiver)))
    }

    /// Whether a sentence that asks for what this tool does names a record, and nobody by an address: one that has both says whom it goes to.
    pub(super) fn names_alone(&self, called: &[&str], id: &str, spec: &ToolSpec) -> bool {
        let id = Some(id).filter(|id| self.names_id(id));
        let has_address = |folded: &str| {
            folded.split_whitespace().any(|word| word.split_once('@').is_some_and(|(before, behind)| !before.is_empty() && behind.contains('.')))
        };
        self.sentences().iter().any(|sentence| sentence.names(called, id) && !has_address(&sentence.folded) && sentence.asks(spec))
    }

    /// Whether one order of one sentence asks for what this tool does and names all these records, each by one of its phrases or by its id.
    pub(super) fn orders(&self, named: &[(Vec<&str>, &str)], spec: &ToolSpec) -> bool {
        let named: Vec<(&[&str], Option<&str>)> = named.iter().map(|(called, id)| (called.as_slice(), Some(*id).filter(|id| self.names_id(id)))).collect();
        let names_all = |sentence: &Said| named.iter().all(|(called, id)| sentence.names(called, *id));
        self.sentences().iter().filter(|sentence| names_all(sentence) && sentence.asks(spec)).any(|sentence| {
            // Of "read this and publish that", the part that names it asks for it too, or the next one does: "take this and publish it".
            // Several records are named in that part and in those behind it that only go on listing. What stands in another part is not ordered
            // with them: whoever wrote what the agent read would choose which of the owner's records goes along, or whom it goes to.
            let phrases: Vec<&str> = named.iter().flat_map(|(called, id)| called.iter().copied().chain(*id)).collect();
            let parts = sentence.parts(phrases.iter().copied());
            let pieces: Vec<Vec<Piece<'_>>> = parts.iter().map(|part| part.names.pieces(&part.folded, phrases.iter().copied())).collect();
            let are_named = |parts: &[Said]| named.iter().all(|(called, id)| parts.iter().any(|part| part.names(called, *id)));
            let is_order = |from: usize| {
                let to = goes_on_to(&pieces, from);
                let (is_one, is_many) = (to == from, to > from || named.len() > 1);
                let is_asked = parts.get(from).is_some_and(|part| part.asks(spec));
                let is_taken_up = || parts.get(to + 1).is_some_and(|next| takes_up(&next.folded, is_one, is_many) && next.asks(spec));
                parts.get(from..=to).is_some_and(are_named) && (is_asked || is_taken_up())
            };
            (0..parts.len()).any(is_order) || ends_in_its_verb(&pieces) && are_named(&parts)
        })
    }

    /// Whether the words name this, wherever they do, as what something is taken from: "from plan.txt", "laut der Datei plan.txt".
    pub(super) fn is_source(&self, phrase: &str) -> bool {
        is_source([&self.folded, &self.earlier], phrase)
    }

    /// Whether the owner wrote an e-mail address: then the receivers are named.
    pub(super) fn has_address(&self) -> bool {
        self.folded.split_whitespace().any(|word| word.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.')))
    }
}

/// The parts of a folded sentence between commas and words that join. Those within a name, which stands at one of these places, part nothing.
fn clauses<'a>(folded: &'a str, names: &[Range<usize>]) -> Vec<&'a str> {
    // "And" is written onto the word behind it in Arabic: a name that begins with its letter is no "and".
    let words = [" and ", " then ", " und ", " dann ", " y ", " luego ", " et ", " puis ", " ثم ", " و", " र ", " अनि "];
    let mut masked = folded.to_owned();
    for name in names {
        if masked.get(name.clone()).is_some() {
            masked.replace_range(name.clone(), &"\u{1}".repeat(name.len()));
        }
    }
    let mut parts: Vec<Range<usize>> = std::iter::once(0..folded.len()).collect();
    for join in [",", ";", "\u{60c}", "\u{61b}"].into_iter().chain(words) {
        parts = parts.into_iter().flat_map(|part| cut(&masked, &part, join)).collect();
    }
    parts.into_iter().filter_map(|part| folded.get(part)).collect()
}

/// What stands before, between and behind these words within a part of a text.
fn cut(text: &str, part: &Range<usize>, join: &str) -> Vec<Range<usize>> {
    let mut from = part.start;
    let found = text.get(part.clone()).unwrap_or_default().match_indices(join);
    let mut pieces: Vec<Range<usize>> = found
        .map(|(at, _)| {
            let piece = from..part.start + at;
            from = piece.end + join.len();
            piece
        })
        .collect();
    pieces.push(from..part.end);
    pieces
}

/// Where a sentence stands that begins at this byte, without the white space around it.
fn spanned(at: usize, sentence: &str) -> Span {
    let start = at + sentence.len() - sentence.trim_start().len();
    let end = start + sentence.trim().len();
    (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
}

/// Words, with what stands inside a date, a time or a number kept together.
fn tokens(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|letter: char| letter.is_whitespace() || matches!(letter, '(' | ')' | '"' | ';' | '!' | '?' | '<' | '>' | '“' | '”'))
        .flat_map(|word| {
            // `1'200` is one number, and neither 1 nor 200.
            let is_one = is_grouped(word);
            word.split(move |letter: char| !is_one && matches!(letter, '\'' | '‘' | '’'))
        })
        .map(|word| word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '-'))
        .filter(|word| !word.is_empty())
}

/// Whether a word has an apostrophe between two digits.
fn is_grouped(word: &str) -> bool {
    word.match_indices(['\'', '’']).any(|(at, mark)| {
        let digit = |letter: char| letter.is_ascii_digit();
        word.get(..at).is_some_and(|before| before.ends_with(digit)) && word.get(at + mark.len()..).is_some_and(|after| after.starts_with(digit))
    })
}

/// The dates a folded text says.
pub(super) fn dates_in(folded: &str) -> BTreeSet<(i64, i64, i64)> {
    dates(&tokens(folded).collect::<Vec<_>>())
}

fn dates(tokens: &[&str]) -> BTreeSet<(i64, i64, i64)> {
    let mut found = BTreeSet::new();
    for (index, token) in tokens.iter().enumerate() {
        let next = |ahead: usize| tokens.get(index + ahead).copied().unwrap_or_default();
        found.extend(moment(token).map(|(date, _)| date));
        if let Some(month) = month(token) {
            let before = index.checked_sub(1).and_then(|at| tokens.get(at)).filter(|word| **word != "de");
            let before = before.or_else(|| index.checked_sub(2).and_then(|at| tokens.get(at)));
            let (day, year) = match day(next(1)) {
                Some(day) => (Some(day), year(next(2))),
                None => (before.and_then(|word| day(word)), year(next(1)).or_else(|| year(next(2)))),
            };
            // A day without a year is that day of any year: the year comes from elsewhere, the choice of day is the owner's.
            found.extend(day.map(|day| (year.unwrap_or(0), month, day)));
        }
    }
    found
}

pub(super) fn month(word: &str) -> Option<i64> {
    MONTHS.iter().position(|names| names.contains(&word)).and_then(|index| i64::try_from(index + 1).ok())
}

fn day(word: &str) -> Option<i64> {
    let digits = word.trim_end_matches(['.', ',']);
    let digits = ["st", "nd", "rd", "th"].into_iter().find_map(|end| digits.strip_suffix(end)).unwrap_or(digits);
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<i64> {
    word.trim_end_matches(['.', ',']).parse().ok().filter(|year| (1900..=2200).contains(year))
}

/// A date, perhaps with a time: `2026-05-20`, `2026-05-20 10:00`, `2026-05-20T10:00:00`, `20.05.2026`.
pub(super) fn moment(text: &str) -> Option<((i64, i64, i64), Option<i64>)> {
    if text.len() < 8 || text.len() > 35 || !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (date, time) = text.split_once(['t', ' ']).map_or((text, None), |(date, time)| (date, Some(time)));
    let number = |part: &str| part.parse::<i64>().ok();
    let parts = |by: char| date.split(by).map(number).collect::<Option<Vec<i64>>>();
    let date = match (parts('-').as_deref(), parts('.').as_deref()) {
        (Some([year, month, day]), _) | (_, Some([day, month, year])) => (*year, *month, *day),
        _ => return None,
    };
    if !(1900..=2200).contains(&date.0) || !(1..=12).contains(&date.1) || !(1..=31).contains(&date.2) {
        return None;
    }
    match time {
        None => Some((date, None)),
        Some(time) => clock(time, "").map(|time| (date, Some(time))),
    }
}

/// A time of day in minutes: `10:00`, `10:00:00`, `3pm`, `3 pm`.
pub(super) fn clock(word: &str, next: &str) -> Option<i64> {
    let (digits, half) = if let Some(digits) = word.strip_suffix("am") {
        (digits, Some(0))
    } else if let Some(digits) = word.strip_suffix("pm") {
        (digits, Some(12))
    } else {
        (
            word,
            match next {
                "am" => Some(0),
                "pm" => Some(12),
                _ => None,
            },
        )
    };
    let digits = digits.trim().trim_end_matches('z');
    let mut parts = digits.split(':').map(|part| part.parse::<i64>().ok());
    let hour = parts.next()??;
    let minute = match parts.next() {
        Some(minute) => minute?,
        None => half.map(|_| 0)?,
    };
    let second = parts.next().map_or(Some(0), |second| second)?;
    let hour = match half {
        Some(add) => (1..=12).contains(&hour).then_some(hour % 12 + add)?,
        None => hour,
    };
    ((0..24).contains(&hour) && (0..60).contains(&minute) && second == 0 && parts.next().is_none()).then_some(hour * 60 + minute)
}

/// A length of time in minutes: `1 hour`, `one hour`, `1-hour`, `30 minutes`.
fn length(word: &str, next: &str) -> Option<i64> {
    let (count, unit) = word.split_once('-').unwrap_or((word, next));
    let unit = match unit.trim_end_matches(['.', ',']) {
        "hour" | "hours" | "h" | "stunde" | "stunden" | "stündige" | "hora" | "horas" => 60,
        "minute" | "minutes" | "min" | "minuten" | "minuto" | "minutos" => 1,
        _ => return None,
    };
    let named = HashMap::from([
        ("one", 1),
        ("an", 1),
        ("a", 1),
        ("eine", 1),
        ("einer", 1),
        ("una", 1),
        ("two", 2),
        ("zwei", 2),
        ("dos", 2),
        ("three", 3),
        ("drei", 3),
        ("tres", 3),
        ("four", 4),
        ("vier", 4),
        ("cuatro", 4),
    ]);
    let count = named.get(count).copied().or_else(|| count.parse::<i64>().ok())?;
    (1..=1440).contains(&count).then_some(count * unit)
}

/// A number in one spelling. One that reads differently from country to country is none.
pub(super) fn number(word: &str) -> Option<String> {
    let word = word.trim_matches(['$', '€', '£', ' ', '%']);
    let (sign, digits) = word.strip_prefix('-').map_or(("", word), |digits| ("-", digits));
    if digits.is_empty()
        || digits.len() > 18
        || !digits.starts_with(|first: char| first.is_ascii_digit())
        || !digits.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ','))
    {
        return None;
    }
    let (whole, part) = match digits.rfind(['.', ',']) {
        None => (digits, ""),
        Some(at) => {
            let (whole, part) = digits.split_at(at);
            let part = part.get(1..)?;
            match part.len() {
                0 => return None,
                3 if whole.contains(['.', ',']) && whole.contains(digits.get(at..=at)?) => (digits, ""),
                3 => return None,
                _ => (whole, part),
            }
        }
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}

/// Minutes from the epoch to the beginning of a day.
pub(super) fn minutes((year, month, day): (i64, i64, i64)) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468) * 1440
}

/// Days from the epoch to a day.
fn day_of(date: (i64, i64, i64)) -> i64 {
    minutes(date).div_euclid(1440)
}

fn same_day(said: (i64, i64, i64), day: i64) -> bool {
    if said.0 != 0 {
        return day_of(said) == day;
    }
    // Without a year: of the years around, the one that fits.
    (1970 + day / 366 - 1..=1970 + day / 365 + 1).any(|year| minutes((year, said.1, said.2)).div_euclid(1440) == day)
}
