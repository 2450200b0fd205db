//! Labels: where a value comes from and who may read it. Set by the host, never by the model.
//!
//! Labels form a semilattice under [`Label::join`]: lowest integrity, intersection of readers, union of sources,
//! without a rule of which nothing is left.
//! Nothing in this module raises a label.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::{fmt, str::FromStr};

/// How far a value may steer an effect, from third-party text to the owner's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// Text written by a third party.
    Outside = 0,
    /// A structured field, authenticated but chosen by somebody.
    Fact = 1,
    /// A field of a record the owner named.
    Anchored = 2,
    /// Curated data: contacts, payees, catalogue.
    Directory = 3,
    /// The owner's words, or made by the runtime itself.
    Owner = 4,
}

impl Integrity {
    /// Every level, lowest first; each stands at its own number.
    pub const ALL: [Self; 5] = [Self::Outside, Self::Fact, Self::Anchored, Self::Directory, Self::Owner];

    /// The number policies compare, 0 to 4.
    pub const fn level(self) -> i64 {
        self as i64
    }
}

/// The word a tool manifest uses for a result field's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Made by the runtime: ids, counts, times.
    System,
    /// From a curated directory.
    Directory,
    /// Written by the owner.
    Owner,
    /// A structured field chosen by somebody.
    Fact,
    /// Third-party text; what is not annotated is this.
    Outside,
}

impl Origin {
    /// The integrity a field of this origin has.
    pub const fn integrity(self) -> Integrity {
        match self {
            Self::System | Self::Owner => Integrity::Owner,
            Self::Directory => Integrity::Directory,
            Self::Fact => Integrity::Fact,
            Self::Outside => Integrity::Outside,
        }
    }
}

/// How closely an agent's calls are watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Labels only: a value counts for what it equals, and after outside text every effect asks.
    #[default]
    Open,
    /// Each argument is traced to the owner's words or to a record the owner named, and the owner must have asked for the effect.
    Traced,
    /// As traced, and the model is never shown text from outside: it sees handles and passes them on.
    Sealed,
}

impl Mode {
    /// Every mode, from the loosest.
    pub const ALL: [Self; 3] = [Self::Open, Self::Traced, Self::Sealed];

    /// The one of two that watches more closely.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let place = |mode: Self| Self::ALL.iter().position(|one| *one == mode);
        if place(other) > place(self) { other } else { self }
    }

    /// The word in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Traced => "traced",
            Self::Sealed => "sealed",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("modes are `open`, `traced` and `sealed`")]
pub struct ModeError;

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        Self::ALL.into_iter().find(|mode| mode.name() == text).ok_or(ModeError)
    }
}

/// Who may read a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Readers {
    /// Anyone.
    #[default]
    Public,
    /// Only these principals or groups.
    Only(BTreeSet<String>),
}

impl Readers {
    /// Who stands for everybody of the organisation among readers.
    pub const HOUSE: &'static str = "house";

    /// Whether everybody in `receivers` may read it.
    pub fn cover<'a>(&self, mut receivers: impl Iterator<Item = &'a str>) -> bool {
        match self {
            Self::Public => true,
            Self::Only(readers) => receivers.all(|receiver| readers.contains(receiver)),
        }
    }

    /// Nobody beside those whose it is.
    pub fn nobody() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Whether anyone may read it.
    pub const fn is_public(&self) -> bool {
        matches!(self, Self::Public)
    }

    /// Who may read either: what several records hold is known to the readers of each.
    #[must_use]
    pub fn either(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Public, _) | (_, Self::Public) => Self::Public,
            (Self::Only(a), Self::Only(b)) => Self::Only(a.union(b).cloned().collect()),
        }
    }

    /// Who may read both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Public, readers) | (readers, Self::Public) => readers.clone(),
            (Self::Only(a), Self::Only(b)) => Self::Only(a.intersection(b).cloned().collect()),
        }
    }
}

/// A named rule by which a value counts for more than the text it stood in. There is no other, and each is on record where it was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndorsementRule {
    /// The owner named the source and said, in the same sentence, to go by it.
    NamedSource,
}

/// One place a value came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Source {
    /// The owner's message, by byte span.
    Message {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
    },
    /// A field of an earlier tool result.
    Result {
        /// The call that returned it.
        call: String,
        /// The tool.
        tool: String,
        /// JSON pointer into the result.
        path: String,
    },
    /// The curated directory.
    Directory {
        /// Which record.
        record: String,
    },
    /// The model wrote it; nothing it equals was found.
    Model,
    /// The runtime itself.
    Runtime,
    /// A person who edited the held call.
    Editor {
        /// Who.
        person: crate::id::PersonId,
    },
    /// A rule that let the value count for more, with the words of the owner's message it went by: none where an earlier message says so.
    Endorsed {
        /// Which rule.
        by: EndorsementRule,
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
    },
}

/// Integrity, readers and sources of one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Lowest integrity of all that went in.
    pub integrity: Integrity,
    /// Who may read all that went in.
    pub readers: Readers,
    /// Everything that went in.
    pub sources: BTreeSet<Source>,
}

impl Label {
    /// A public label from one source.
    pub fn from_source(integrity: Integrity, source: Source) -> Self {
        Self { integrity, readers: Readers::Public, sources: BTreeSet::from([source]) }
    }

    /// The label of a value made of both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let both =
            Self { integrity: self.integrity, readers: self.readers.join(&other.readers), sources: self.sources.union(&other.sources).cloned().collect() };
        both.at_most(other.integrity)
    }

    /// Counts for this at most. A rule raises a value to a field of a named record: where it counts for less, none has raised it, and none
    /// stands among the sources.
    #[must_use]
    pub fn at_most(mut self, most: Integrity) -> Self {
        self.integrity = self.integrity.min(most);
        if self.integrity < Integrity::Anchored {
            self.sources.retain(|source| !matches!(source, Source::Endorsed { .. }));
        }
        self
    }
}

/// What is left of the labels of several values when only this is kept of them: the lowest integrity, and whether any of them was not for
/// everybody. Written beside what a plugin keeps, it is what counts when that is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    /// The lowest integrity of all that went in.
    pub integrity: Integrity,
    /// Whether something went in that not everybody may read: then it is for the organisation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
}

impl Floor {
    /// Of nothing at all.
    pub const CLEAN: Self = Self { integrity: Integrity::Owner, private: false };

    /// The floor of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { integrity: self.integrity.min(other.integrity), private: self.private || other.private }
    }

    /// The better of both in each: the higher integrity, and public if either is.
    #[must_use]
    pub fn better(self, other: Self) -> Self {
        Self { integrity: self.integrity.max(other.integrity), private: self.private && other.private }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(names: &[&str]) -> Readers {
        Readers::Only(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn modes_are_read_by_their_names_only() {
        for wrong in ["", "Open", "trace", "sealed ", "strict"] {
            assert_eq!(wrong.parse::<Mode>(), Err(ModeError), "{wrong}");
        }
        for mode in Mode::ALL {
            assert_eq!(mode.to_string().parse(), Ok(mode));
        }
    }

    #[test]
    fn the_stricter_of_two_modes_is_the_same_from_either_side() {
        for (one, other, expect) in
            [(Mode::Open, Mode::Sealed, Mode::Sealed), (Mode::Open, Mode::Traced, Mode::Traced), (Mode::Traced, Mode::Traced, Mode::Traced)]
        {
            assert_eq!((one.stricter(other), other.stricter(one)), (expect, expect));
        }
    }

    #[test]
    fn a_rule_that_raised_nothing_is_no_source() {
        let rule = Source::Endorsed { by: EndorsementRule::NamedSource, start: 0, end: 9 };
        let raised = Label::from_source(Integrity::Anchored, rule.clone());
        for (integrity, is_kept) in [(Integrity::Outside, false), (Integrity::Fact, false), (Integrity::Anchored, true), (Integrity::Owner, true)] {
            let other = Label::from_source(integrity, Source::Model);
            for joined in [raised.join(&other), other.join(&raised)] {
                assert_eq!((joined.sources.contains(&rule), joined.integrity), (is_kept, integrity.min(Integrity::Anchored)), "{integrity:?}");
                assert!(joined.sources.contains(&Source::Model));
            }
            assert_eq!(raised.clone().at_most(integrity).sources.contains(&rule), is_kept, "{integrity:?}");
        }
    }

    #[test]
    fn readers_shrink_when_joined_and_cover_only_whom_they_name() {
        let (ab, bc) = (only(&["a", "b"]), only(&["b", "c"]));
        assert_eq!(ab.join(&bc), only(&["b"]));
        assert_eq!(ab.join(&Readers::Public), ab);
        assert_eq!(ab.either(&bc), only(&["a", "b", "c"]));
        assert_eq!(ab.either(&Readers::Public), Readers::Public);
        for (readers, receivers, expect) in
            [(&ab, vec!["a", "c"], false), (&only(&[]), vec!["a"], false), (&ab, vec!["a"], true), (&Readers::Public, vec!["anybody"], true)]
        {
            assert_eq!(readers.cover(receivers.clone().into_iter()), expect, "{receivers:?}");
        }
    }
}
