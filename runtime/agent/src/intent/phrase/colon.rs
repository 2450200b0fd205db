//! How far what stands before a colon reaches over it: "never do this:" denies what follows, and "Lena can't come:" only tells, as does what the
//! owner says that they did not: "I have never agreed, as you know:".
//!
//! What only tells puts in doubt what follows, and a person is asked: that somebody does not do a thing may forbid it. It is known by closed lists
//! of verbs, and by somebody or something that does them; all else that denies reaches over the colon.

use super::denied::Found;
use super::{Sentence, is_one};

/// How many words name a thing at most behind its article, and how many somebody.
const THING_MAX: usize = 3;
const NAME_MAX: usize = 2;
/// How many words stand behind "have no" at most: "I have no *time for Lena today*".
const HAS_MAX: usize = 4;

/// How much of an order is denied by what stands before its colon, or by the sentence behind it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::intent) enum Reach {
    #[default]
    Nothing,
    /// It is in doubt.
    Doubt,
    Whole,
}

/// What a denial tells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// What somebody or something else did not: "Lena can't come".
    Another,
    /// What the owner has not: "I have no time".
    Lack,
    /// "Invoice no".
    Answer,
    /// What the owner did not, or somebody does not want: "I have never agreed".
    Will,
}

/// What was read of a line so far.
#[derive(Default)]
pub(super) struct Colon {
    /// Whether a piece is denied that tells nothing, and is no answer, as "no".
    denies: bool,
    /// Whether one is denied that tells nothing.
    answers: bool,
    /// What denials told, where nothing was ordered behind them.
    told: Option<Told>,
    /// Whether it asks what is not wanted: "what I don't want:".
    asks: bool,
    /// Whether it names what follows: "to the following".
    follows: bool,
    /// Whether it ends in a word that may: "this".
    points: bool,
}

impl Colon {
    /// A piece that is denied. `is_answer`: it is no more than "no".
    pub(super) fn deny(&mut self, told: Option<Told>, is_answer: bool) {
        match (self.told, told) {
            // Of two that differ each reaches where the other does not.
            (Some(one), Some(other)) if one != other => self.told = Some(Told::Will),
            (_, Some(_)) => self.told = told,
            (_, None) => {
                self.denies |= !is_answer;
                self.answers = true;
            }
        }
    }

    /// A piece that is not, and whether it orders something: "please do them".
    pub(super) fn go_on(&mut self, orders: bool, asks: bool) {
        self.asks |= asks;
        if orders {
            (self.told, self.follows) = (None, false);
        }
    }

    /// What a piece names of what follows.
    pub(super) fn point(&mut self, follows: bool, points: Option<bool>) {
        self.follows |= follows && self.told.is_some();
        self.points = points.unwrap_or(self.points);
    }

    /// How much of what stands behind the colon is denied. `is_below`: it stands in the lines below, and "no: send it" only answers.
    pub(super) fn reach(&self, is_below: bool) -> Reach {
        if self.denies || (is_below && self.answers) {
            return Reach::Whole;
        }
        let asked = if self.asks { Reach::Doubt } else { Reach::Nothing };
        let Some(told) = self.told else { return asked };
        let here = if self.follows || (self.points && matches!(told, Told::Answer | Told::Will)) {
            Reach::Whole
        } else if self.points || matches!(told, Told::Another | Told::Will) {
            Reach::Doubt
        } else {
            Reach::Nothing
        };
        let below = match told {
            Told::Lack | Told::Answer | Told::Will if is_below => Reach::Whole,
            Told::Another | Told::Lack | Told::Answer | Told::Will => Reach::Nothing,
        };
        asked.max(here).max(below)
    }
}

impl Sentence<'_> {
    /// What a piece with denials tells; nothing where it orders or forbids.
    pub(super) fn told(&self, (first, to): (usize, usize), found: &[Found]) -> Option<Told> {
        let denials = &self.grammar.denials;
        let last = found.last()?;
        // "The agent will not act alone" is a rule for whoever reads it.
        if (first..last.at).any(|at| is_one(&denials.agents, self.said(at)) && !self.is_of_another(first, at)) {
            return None;
        }
        let is_own = (first..=last.at).any(|at| is_one(&denials.owners, self.said(at)));
        if last.at > first && last.at + 1 == to && is_one(&denials.nones, self.said(last.at)) {
            let before = self.said(last.at - 1);
            // "Lena said no", "my answer is no", "Max dijo que no".
            let is_said = self.grammar.questions.is_finite(before) || [&self.grammar.sayings, &denials.tells].iter().any(|list| is_one(list, before));
            let is_numbered = matches!(before, "invoice" | "order" | "bill" | "case" | "ticket" | "account" | "reference");
            return Some(if !is_numbered && (is_own || is_said) { Told::Will } else { Told::Answer });
        }
        let is_yours = (first..to).any(|at| self.said(at) == "you" || is_one(&self.grammar.addressed, self.said(at)));
        let states = |at: usize| is_one(&denials.states, self.said(at));
        let is_stated = last.at > first && (states(last.at) || (!is_yours && (first + 1..=last.at).any(states)));
        match (is_stated, self.wills(first, to)) {
            (true, wills) if is_own && self.lacks(first, to, last) && (!wills || self.is_of_time(first, to, last)) => Some(Told::Lack),
            (true, false) if !is_own => Some(Told::Another),
            (true, true | false) => Some(Told::Will),
            (false, false) if !is_yours => self.fact((first, to), found),
            (false, true | false) => None,
        }
    }

    /// Whether a piece asks for what is not wanted: "what I don't want".
    pub(super) fn asks_what(&self, first: usize, to: usize) -> bool {
        is_one(&self.grammar.wonders, self.said(first)) && self.wills(first, to)
    }

    /// Whether a piece says what somebody wants, allows or has to.
    fn wills(&self, first: usize, to: usize) -> bool {
        (first..to).any(|at| is_one(&self.grammar.denials.wills, self.said(at)))
    }

    /// Whether a denial is of a thing that is not there: "I have no time", "ich habe keine Zeit".
    fn lacks(&self, first: usize, to: usize, last: &Found) -> bool {
        let word = self.said(last.at);
        // "Ich habe *heute leider* keine Zeit."
        let is_between = |at: usize| self.grammar.questions.is_moment(self.said(at)) || matches!(self.said(at), "gerade" | "leider" | "just" | "currently");
        let had = (first..last.at).rev().find(|at| !is_between(*at));
        let is_had = had.is_some_and(|at| is_one(&self.grammar.denials.states, self.said(at)));
        is_had && (word == "no" || self.is_none(last.at)) && (1..=HAS_MAX).contains(&to.saturating_sub(last.at + 1))
    }

    /// Whether that is time, and nothing else of the piece says what somebody wants: "I have no time to do it".
    fn is_of_time(&self, first: usize, to: usize, last: &Found) -> bool {
        let is_done = |at: usize| at > last.at && matches!(self.said(at), "do" | "tun" | "machen");
        matches!(self.said(last.at + 1), "time" | "zeit") && (first..to).all(|at| is_done(at) || !is_one(&self.grammar.denials.wills, self.said(at)))
    }

    /// Whether an agent is another than whoever reads it: "our agent", "the letting agent", and not "the agent".
    fn is_of_another(&self, first: usize, at: usize) -> bool {
        let (denials, questions) = (&self.grammar.denials, &self.grammar.questions);
        let Some(last) = at.checked_sub(1).filter(|last| *last >= first) else { return false };
        let word = self.said(last);
        let is_reader = questions.is_determiner(word) || questions.is_opener(word) || matches!(word, "ai" | "ki" | "ia" | "your" | "dein" | "ihr" | "tu");
        let lists = [&denials.points, &denials.agents, &denials.tolds, &denials.owners];
        is_one(&denials.possessives, word) || (!is_reader && !lists.iter().any(|list| is_one(list, word)) && self.names(last, true))
    }

    /// What a piece tells that begins with who or what does not do it: "Lena can't come", "Max kommt nicht", "Lena no puede venir".
    fn fact(&self, (first, to): (usize, usize), found: &[Found]) -> Option<Told> {
        let denials = &self.grammar.denials;
        let [one] = found else { return None };
        let is_opening = |at: &usize| is_one(&denials.openings, self.said(*at)) && !matches!(self.said(*at), "sie" | "it");
        let from = (first..to).find(|at| !is_opening(at))?;
        let behind = self.behind_subject(from, to)?;
        // Spanish has it before the verb.
        let is_no = one.at == behind && self.said(one.at) == "no";
        let verb = if is_no { behind + 1 } else { behind };
        let (subject, word, negation) = (self.said(from), self.said(verb), self.said(one.at));
        let acts = is_one(&denials.acts, word);
        let is_negated = is_no || one.at == verb || (one.at > verb && matches!(negation, "not" | "nicht"));
        // "Sie können nicht" is said to the reader, and "Lena will nicht" of what she wants.
        let is_another = (subject == "sie" && word.ends_with('n')) || (word == "will" && negation != "not");
        let rest = (one.at + one.taken).max(verb + 1);
        let goes_on = rest < to && !matches!(self.said(rest), "to" | "zu" | "ever" | "even" | "any" | "so");
        let is_verb = verb < to && (acts || is_one(&denials.facts, word));
        let is_told = is_verb && is_negated && !is_another && (goes_on || (acts && rest == to));
        // "We are not paying", "Lena can't reply".
        let is_order = |at: usize| self.is_verb_of_an_order(self.said(at)) && !self.grammar.questions.is_determiner(self.said(at - 1));
        if !is_told || (rest..to).any(is_order) {
            return None;
        }
        let is_own = behind == from || (first..=one.at).any(|at| is_one(&denials.owners, self.said(at)));
        // "Things Max can't handle" heads a list.
        let most = if self.grammar.questions.is_determiner(subject) { 2 } else { 1 };
        let is_named = behind <= from + most && !matches!(subject, "it" | "es");
        // "Replies can't go out" is of a kind of effect.
        let is_of_order = (first..to).any(|at| self.is_of_an_order(self.said(at)));
        Some(if is_own || is_of_order || !is_named { Told::Will } else { Told::Another })
    }

    /// The word behind who or what a piece begins with: a name, a thing, or nobody but the owner in a Spanish verb.
    fn behind_subject(&self, from: usize, to: usize) -> Option<usize> {
        let (denials, questions, word) = (&self.grammar.denials, &self.grammar.questions, self.said(from));
        if word == "no" {
            return matches!(self.said(from + 1), "tengo" | "tenemos" | "puedo" | "podemos" | "vengo").then_some(from);
        }
        if is_one(&denials.points, word) {
            return None;
        }
        if matches!(word, "sie" | "it" | "es") || is_one(&denials.owners, word) || (questions.is_subject(word) && word != "man") {
            return Some(from + 1);
        }
        let is_thing = questions.is_determiner(word);
        let (start, most) = if is_thing { (from + 1, THING_MAX) } else { (from, NAME_MAX) };
        let is_verb = |at: usize| is_one(&denials.facts, self.said(at)) || is_one(&denials.acts, self.said(at)) || self.said(at) == "no";
        let end = (start..to.min(start + most + 1)).find(|at| is_verb(*at) || !self.names(*at, is_thing))?;
        (end > start && is_verb(end)).then_some(end)
    }

    /// Whether a word may be of a name, or of a thing's.
    fn names(&self, at: usize, is_thing: bool) -> bool {
        let (denials, questions, word) = (&self.grammar.denials, &self.grammar.questions, self.said(at));
        let lists = [&denials.between, &denials.openings, &denials.indefinites, &self.grammar.wonders];
        let is_bound = questions.is_preposition(word) || questions.is_link(word) || questions.is_moment(word) || questions.is_nominal(word);
        let is_other = is_bound || self.begins_thought(at) || lists.iter().any(|list| is_one(list, word));
        word.starts_with(char::is_alphabetic) && !is_other && (is_thing || !self.is_verb(word)) && self.denial(at, at, self.said.len()).is_none()
    }

    /// Whether a piece names what follows on it, and not a thing: "to the following", and not "the following bill".
    pub(super) fn names_what_follows(&self, first: usize, to: usize) -> bool {
        let ends = |end: usize| end >= to || self.grammar.questions.is_finite(self.said(end)) || self.denial(first, end, to).is_some();
        let stands = |at: usize| {
            let rest = self.said.get(at..to).unwrap_or_default();
            self.grammar.denials.follows.iter().any(|row| row.begins(rest) && ends(at + row.0.len()))
        };
        (first..to).any(stands)
    }

    /// Whether a piece ends in a word that may name what follows, as "this"; nothing where it says nothing.
    pub(super) fn ends_in_this(&self, first: usize, to: usize) -> Option<bool> {
        let is_tail = |at: &usize| is_one(&self.grammar.denials.openings, self.said(*at)) || is_one(&self.grammar.tags, self.said(*at));
        (first..to).rev().find(|at| !is_tail(at)).map(|at| is_one(&self.grammar.denials.points, self.said(at)))
    }
}
