//! Which limit has no room for the next answer of a run: written down in words, and told apart by a code for readers of other languages.

use serde::Serialize;

/// A limit that has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoRoom {
    /// A budget.
    Budget,
    /// What the run itself may cost.
    Run,
    /// The time for which a person let the run cost more.
    RunOver,
}

impl NoRoom {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Budget, Self::Run, Self::RunOver];

    /// As it is written down.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Budget => "a budget has no room for the next answer",
            Self::Run => "the run cost as much as it may",
            Self::RunOver => "the run cost as much as it may, and the time for which it may go over is over",
        }
    }

    /// The limit that is written down in these words; none for others.
    pub fn of_words(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|limit| limit.words() == words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_known_by_its_own_words_only() {
        for words in ["", "a budget", "The run cost as much as it may", "the run cost as much as it may, and"] {
            assert_eq!(NoRoom::of_words(words), None, "{words}");
        }
        for limit in NoRoom::ALL {
            assert_eq!(NoRoom::of_words(limit.words()), Some(limit));
        }
        assert_eq!(NoRoom::ALL.map(|limit| serde_json::to_value(limit).expect("JSON")), ["budget", "run", "run_over"]);
    }
}
