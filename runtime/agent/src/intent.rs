//! What the owner asked for: which classes of effect, on which kinds of record, read from their own words before anything else.
//!
//! The words are data (`intent/words.json`, and `intent/languages.json` for languages that are read more simply); nothing here knows a tool.
//! Nothing that is read later widens it.

mod languages;
mod phrase;
mod question;

use crate::labels::Words;
use crate::run::Run;
use phrase::{Grammar, Kinds, List, Phrase, Reach, Sentence, sentences};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use steward_core::{ArgumentRole, Effect, ToolSpec};

const TABLE: &str = include_str!("intent/words.json");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    asks: Vec<Entry<Phrase>>,
    /// The words for each kind of record.
    kinds: Kinds,
    /// What has a new record made, of the words that ask for something to be written.
    makes: List,
    /// Phrases that leave it to a text what to do.
    delegates: Vec<Phrase>,
    /// Phrases that say to go by what the same sentence names.
    endorses: Vec<Phrase>,
    grammar: Grammar,
}

/// Phrases that ask for an effect.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<P> {
    effect: Effect,
    /// The kind of record; none is any.
    #[serde(default)]
    of: Option<String>,
    phrases: Vec<P>,
}

static WORDS: LazyLock<Table> = LazyLock::new(|| {
    // A broken table asks for nothing; a test reads it.
    let mut table: Table = serde_json::from_str(TABLE).unwrap_or_default();
    let Table { asks, grammar, .. } = &mut table;
    grammar.learn(asks.iter().flat_map(|entry| &entry.phrases));
    table
});

/// What the owner asked for. Made once from the owner's words, and frozen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intent {
    asked: BTreeSet<(Effect, Option<String>)>,
    /// What a sentence both orders and denies.
    doubted: BTreeSet<(Effect, Option<String>)>,
    delegated: bool,
    /// Whether a message is of no language that is known here, so that nobody can tell what it asks for.
    unread: bool,
    writes: Writes,
}

/// What is to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Writes {
    /// The kinds of record that the orders name, by their places in the table.
    kinds: BTreeSet<usize>,
    /// Whether a new record is to be made.
    makes: bool,
    /// Whether one that is there is to be changed, as far as the words say.
    changes: bool,
}

impl Writes {
    /// Takes in where a sentence says that something is to be written.
    fn take(&mut self, sentence: &Sentence<'_>, places: impl Iterator<Item = usize>) {
        let mut first = None::<usize>;
        for at in places {
            first = Some(first.map_or(at, |first| first.min(at)));
            let makes = sentence.is_at(at, &WORDS.makes);
            (self.makes, self.changes) = (self.makes || makes, self.changes || !makes);
        }
        self.kinds.extend(first.into_iter().flat_map(|at| sentence.kinds_from(at, &WORDS.kinds)));
    }

    fn join(&mut self, other: &Self) {
        self.kinds.extend(&other.kinds);
        (self.makes, self.changes) = (self.makes || other.makes, self.changes || other.changes);
    }
}

impl Intent {
    /// Reads the owner's message, and earlier messages of the owner.
    pub fn of(run: &Run) -> Self {
        let mut intent = Self::default();
        intent.read(&run.text);
        for turn in run.history.iter().filter(|turn| !turn.by_agent && turn.integrity == steward_core::Integrity::Owner) {
            intent.read(&turn.text);
        }
        intent
    }

    /// Reads these words alone.
    pub(crate) fn in_text(text: &str) -> Self {
        let mut intent = Self::default();
        intent.read(text);
        intent
    }

    /// Reads a text without what is denied or in doubt behind a colon and, where there is any, with it, as a denial there reaches what stands
    /// around it: "delete the files, Lena has not agreed: don't". Asked for is what every reading asks for.
    fn read(&mut self, text: &str) {
        let Parted { certain, allowed, is_doubted, is_cut } = parted(text);
        let mut intent = Self::of_lines(&certain);
        if is_doubted {
            intent = intent.and(&Self::of_lines(&allowed), true);
        }
        if is_cut {
            intent = intent.and(&Self::of_lines(&text.split('\n').collect::<Vec<_>>()), false);
        }
        let mut plain = languages::read(text, |word| WORDS.grammar.is_order(word));
        // In another language the words of these are borrowed, and whether it denies them is not known by the table.
        if plain.is_home {
            intent.doubted.append(&mut intent.asked);
        }
        self.unread |= plain.is_unread && intent == Self::default() && !WORDS.grammar.has_an_order(&Words::fold(text));
        for (asked, doubted) in [(&mut intent.asked, &mut intent.doubted), (&mut plain.asked, &mut plain.doubted)] {
            self.asked.append(asked);
            self.doubted.append(doubted);
        }
        self.delegated |= intent.delegated;
        self.writes.join(&intent.writes);
    }

    fn of_lines(text: &[&str]) -> Self {
        let mut intent = Self::default();
        intent.read_lines(text);
        intent
    }

    /// What this reading of a text asks for and one of more of it, too. `adds`: what else that one asks for is in doubt, and not denied.
    fn and(&self, more: &Self, adds: bool) -> Self {
        // "Any kind of record" is of fewer where one is named, so it would be of more where that is lost.
        let names_all = |asked: &BTreeSet<(Effect, Option<String>)>, other: &BTreeSet<(Effect, Option<String>)>, effect: Effect| {
            asked.iter().filter(|(of, kind)| *of == effect && kind.is_some()).all(|said| other.contains(said))
        };
        let is_any = |effect: Effect| names_all(&self.asked, &more.asked, effect) && (!adds || names_all(&more.asked, &self.asked, effect));
        let is_both = |said: &(Effect, Option<String>)| self.asked.contains(said) && more.asked.contains(said) && (said.1.is_some() || is_any(said.0));
        let is_in_doubt = |said: &(Effect, Option<String>)| !is_both(said) && (adds || self.asked.contains(said) || self.doubted.contains(said));
        let asked = more.asked.iter().filter(|said| is_both(said)).cloned().collect();
        let doubted = more.asked.union(&more.doubted).filter(|said| is_in_doubt(said)).cloned().collect();
        let mut writes = self.writes.clone();
        writes.join(&more.writes);
        Self { asked, doubted, delegated: self.delegated && more.delegated, unread: false, writes }
    }

    fn read_lines(&mut self, text: &[&str]) {
        let lines = lines(text);
        let folded = Words::fold(&in_clauses(&lines));
        let texts = sentences(&folded);
        let mut read = texts.iter().map(|text| Sentence::of(text, &WORDS.grammar)).peekable();
        while let Some(sentence) = read.next() {
            let refused = read.peek().map_or(Reach::Nothing, Sentence::refuses);
            self.take(&sentence, refused);
        }
        // A question in one line makes none of what is said in another, unless it goes on there.
        for line in in_questions(&lines).iter().map(|line| Words::fold(line)) {
            let sentences = sentences(&line);
            let mut sentences = sentences.iter().map(|text| Sentence::of(text, &WORDS.grammar));
            self.delegated |= sentences.any(|sentence| WORDS.delegates.iter().any(|phrase| sentence.orders(phrase)));
        }
    }

    /// What one sentence asks for. `refused`: how much of its last line the next one denies, as in "Pay it? No."
    fn take(&mut self, sentence: &Sentence<'_>, refused: Reach) {
        let last = sentence.last_line();
        let denied: BTreeSet<(Effect, usize)> =
            WORDS.asks.iter().flat_map(|entry| entry.phrases.iter().flat_map(|phrase| sentence.denies(phrase)).map(|line| (entry.effect, line))).collect();
        for entry in &WORDS.asks {
            let is_free = |line: usize| !denied.contains(&(entry.effect, line));
            let counts = |line: usize| (refused == Reach::Nothing || line != last) && is_free(line);
            let may_count = |line: usize| refused != Reach::Whole || line != last;
            let is_last = |line: usize| refused == Reach::Doubt && line == last && is_free(line);
            if entry.phrases.iter().any(|phrase| sentence.asks_for(phrase, counts)) {
                self.asked.insert((entry.effect, entry.of.clone()));
                if entry.effect == Effect::Write {
                    self.writes.take(sentence, entry.phrases.iter().filter_map(|phrase| sentence.asks_at(phrase, counts)));
                }
            } else if entry.phrases.iter().any(|phrase| sentence.doubts(phrase, may_count) || sentence.asks_for(phrase, is_last)) {
                self.doubted.insert((entry.effect, entry.of.clone()));
            }
        }
    }

    /// Whether the owner asked for what this tool does. A kind of record that was named leaves out the others the table knows.
    pub fn asks(&self, spec: &ToolSpec) -> bool {
        covers(&self.asked, spec)
    }

    /// Whether a sentence of the owner both orders and denies what this tool does, or none of theirs can be read: it is not asked for, and a
    /// person decides.
    pub fn doubts(&self, spec: &ToolSpec) -> bool {
        !self.asks(spec) && (self.unread || covers(&self.doubted, spec))
    }

    /// Whether the owner's orders to write name kinds of record, and what this tool makes or changes is of another.
    pub fn writes_another_kind(&self, spec: &ToolSpec) -> bool {
        let of_tool = WORDS.kinds.of_tool(spec);
        !self.writes.kinds.is_empty() && !of_tool.is_empty() && self.writes.kinds.is_disjoint(&of_tool)
    }

    /// Whether the owner had new records made and none changed, and a record of this type is of such a kind.
    pub fn only_makes(&self, of: &str) -> bool {
        self.writes.makes && !self.writes.changes && !self.writes.kinds.is_disjoint(&WORDS.kinds.in_name(of))
    }

    /// Whether a value that the owner said to take from a record they named may steer this effect. Who may do what, and what cannot be
    /// undone, never is; money still asks, by its own rule.
    pub fn endorses(&self, spec: &ToolSpec) -> bool {
        matches!(spec.effect, Effect::Write | Effect::Send | Effect::Money) && self.asks(spec)
    }

    /// Whether the owner left it to a text what to do. What cannot be undone and who may do what is never left to one.
    pub fn delegates(&self, effect: Effect) -> bool {
        self.delegated && matches!(effect, Effect::Read | Effect::Fetch | Effect::Write | Effect::Send | Effect::Money)
    }
}

/// Whether what was said covers what this tool does.
fn covers(said: &BTreeSet<(Effect, Option<String>)>, spec: &ToolSpec) -> bool {
    let named = |of: &str| said.contains(&(spec.effect, Some(of.to_owned())));
    let any = said.contains(&(spec.effect, None));
    match kind(spec).filter(|kind| WORDS.asks.iter().any(|entry| entry.effect == spec.effect && entry.of.as_deref() == Some(kind))) {
        Some(kind) => named(kind) || (any && !said.iter().any(|(effect, of)| *effect == spec.effect && of.is_some())),
        None => any || said.iter().any(|(effect, _)| *effect == spec.effect),
    }
}

/// How far what stands behind a colon is denied, or in doubt: "do not do any of this:".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Under {
    /// Nothing of it was read yet.
    Colon,
    /// A list was.
    List,
    /// Lines without a mark were, down to a blank one.
    Lines,
}

/// What of this goes on in a line.
fn going_on(under: &BTreeSet<Under>, line: &str) -> BTreeSet<Under> {
    let plain = line.trim();
    let is_item = plain.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '*' | '+' | '•' | '·' | '–' | '—'));
    let next = |under: &Under| match under {
        Under::Colon | Under::List if plain.is_empty() => Some(*under),
        Under::Colon | Under::List if is_item => Some(Under::List),
        Under::Colon | Under::Lines if !plain.is_empty() => Some(Under::Lines),
        Under::Colon | Under::List | Under::Lines => None,
    };
    under.iter().filter_map(next).collect()
}

/// The lines of a text in parts.
#[derive(Default)]
struct Parted<'a> {
    /// Those without what is denied or in doubt behind a colon: "I have never agreed: reply".
    certain: Vec<&'a str>,
    /// Those without what is denied behind one: "never do this: reply, delete", and the list below "do not:".
    allowed: Vec<&'a str>,
    /// Whether anything is in doubt, and whether anything is denied.
    is_doubted: bool,
    is_cut: bool,
}

fn parted(text: &str) -> Parted<'_> {
    let mut lines = Parted::default();
    // A line in doubt may deny what follows on it, and where that ends the doubt goes on.
    let (mut denial, mut doubt) = (BTreeSet::new(), BTreeSet::new());
    for line in text.split('\n') {
        (denial, doubt) = (going_on(&denial, line), going_on(&doubt, line));
        if !denial.is_empty() {
            continue;
        }
        let is_doubted = !doubt.is_empty();
        let (mut end, mut since) = (0, is_doubted.then_some(0));
        for part in line.split_inclusive([':', '：', '﹕', '︰']) {
            end += part.len();
            let rest = line.get(end..).unwrap_or_default();
            // A wide colon has its space in itself.
            let is_colon = part.ends_with(['：', '﹕', '︰']) || (part.ends_with(':') && (rest.is_empty() || rest.starts_with(char::is_whitespace)));
            let folded = if is_colon { Words::fold(part) } else { String::new() };
            // Looked at to the first letter only: a line may have any number of colons, and of blanks behind them.
            let is_below = rest.trim_start().is_empty();
            let under = if is_below { Under::Colon } else { Under::List };
            match sentences(&folded).last().map_or(Reach::Nothing, |last| Sentence::of(last, &WORDS.grammar).reaches(is_below)) {
                Reach::Nothing => {}
                Reach::Doubt => {
                    doubt.insert(under);
                    since = since.or(Some(end));
                }
                Reach::Whole => {
                    denial.insert(under);
                    lines.is_cut = true;
                    break;
                }
            }
        }
        let read = line.get(..end).unwrap_or(line);
        if !is_doubted {
            lines.certain.push(since.and_then(|since| line.get(..since)).unwrap_or(read));
        }
        lines.allowed.push(read);
        lines.is_doubted |= since.is_some();
    }
    lines
}

/// What a line is to the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    /// Another clause follows.
    Clause,
    /// It asks without a mark, and the mark stands further down.
    SameQuestion,
    /// It asks, and no mark follows for it.
    Question,
}

/// The lines of a text, each with what it is to the next one.
fn lines<'a>(text: &[&'a str]) -> Vec<(&'a str, Follows)> {
    let mut lines = Vec::new();
    // Of the sentence that begins with the line below.
    let (mut is_marked, mut below) = (false, None::<&str>);
    for &line in text.iter().rev() {
        let goes_on = || below.and_then(|below| below.chars().find(|letter| letter.is_alphanumeric())).is_some_and(char::is_lowercase);
        let folded = Words::fold(line);
        let sentences = sentences(&folded);
        let asks = below.is_some() && sentences.last().is_some_and(|last| Sentence::of(last, &WORDS.grammar).is_unmarked());
        let follows = match asks {
            true if is_marked => Follows::SameQuestion,
            true if !goes_on() => Follows::Question,
            true | false => Follows::Clause,
        };
        if let Some(first) = sentences.first() {
            let sentence = Sentence::of(first, &WORDS.grammar);
            let is_whole = sentences.len() > 1 || first.ends_with(['.', '!', '?', ';', ':']);
            is_marked = sentence.is_marked() || (!is_whole && (is_marked || follows == Follows::Question));
        }
        lines.push((line, follows));
        below = Some(line);
    }
    lines.reverse();
    lines
}

/// A text with each line as a clause of its own, behind two commas, and its mark where a line asks without.
fn in_clauses(lines: &[(&str, Follows)]) -> String {
    lines.iter().map(|(line, follows)| format!("{line}{}", if *follows == Follows::Question { " ? " } else { " , , " })).collect()
}

/// The same lines, with each question that goes on in the next line as one.
fn in_questions(lines: &[(&str, Follows)]) -> Vec<String> {
    let (mut whole, mut open) = (Vec::new(), String::new());
    for (line, follows) in lines {
        open.push_str(line);
        let is_blank = line.trim().is_empty() && !open.trim().is_empty();
        if *follows == Follows::SameQuestion || is_blank {
            open.push_str(" , ");
        } else {
            whole.push(std::mem::take(&mut open));
        }
    }
    whole.push(open);
    whole
}

/// Whether a mark ends a sentence: those of Latin letters, of Arabic, of Devanagari, and the wide ones, behind which Chinese has no space.
pub(crate) const fn ends_sentence(mark: char) -> bool {
    matches!(mark, '.' | '!' | '?' | ';' | '\u{61b}' | '\u{61f}' | '\u{6d4}' | '\u{964}' | '\u{965}') || is_wide_end(mark)
}

const fn is_wide_end(mark: char) -> bool {
    matches!(mark, '\u{3002}' | '\u{ff01}' | '\u{ff1b}' | '\u{ff1f}')
}

/// The sentences of a text as they were written, each with the byte it begins at.
pub(crate) fn as_written(text: &str) -> Vec<(usize, &str)> {
    let sentences = text.split_inclusive(|letter: char| letter == '\n' || ends_sentence(letter));
    let mut starts = vec![0];
    let mut at = 0;
    for part in sentences {
        at += part.len();
        // A full stop ends a sentence only before white space, so that file names stay whole.
        let is_end = part.ends_with(|letter: char| letter == '\n' || is_wide_end(letter));
        if is_end || text.get(at..).is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
            starts.push(at);
        }
    }
    starts.push(text.len());
    starts.windows(2).filter_map(|two| if let [from, to] = two { Some((*from, text.get(*from..*to)?)) } else { None }).collect()
}

/// Whether a text asks for no effect that is known here.
pub(crate) fn asks_nothing(text: &str) -> bool {
    let intent = Intent::in_text(text);
    intent.asked.is_empty() && intent.doubted.is_empty() && !intent.delegated
}

/// Those of them that say to go by what they name: "based on", "accordingly", "as it says in".
pub(crate) fn endorsing(text: &str) -> impl Iterator<Item = (usize, &str)> {
    as_written(text).into_iter().filter(|(_, text)| {
        let folded = Words::fold(text);
        let sentence = Sentence::of(&folded, &WORDS.grammar);
        WORDS.endorses.iter().any(|phrase| sentence.says(phrase))
    })
}

/// Whether this is a word for a kind of record: "file", "notiz".
pub(crate) fn is_of_a_kind(word: &str) -> bool {
    !WORDS.kinds.in_name(word).is_empty()
}

/// The kind of record a tool is about: what its result is, else what its arguments name.
fn kind(spec: &ToolSpec) -> Option<&str> {
    spec.records
        .first()
        .map(|record| record.of.as_str())
        .or_else(|| spec.roles.values().find_map(|role| if let ArgumentRole::Id(of) = role { Some(of.as_str()) } else { None }))
}

#[cfg(test)]
mod tests;
