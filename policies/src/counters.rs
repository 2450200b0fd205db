//! Counters that rules declare: `@counts("sends_today = send per day")` makes `context.counts.sends_today` known to all rules.
//!
//! Nothing is counted here; the gate counts and hands the numbers in with the facts.

use crate::facts::is_name;
use serde::Serialize;
use std::fmt;

/// The window a counter looks back over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// The last 60 minutes.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last 7 days.
    Week,
}

impl Window {
    /// Its length in milliseconds.
    pub const fn ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 604_800_000,
        }
    }
}

/// A number of allowed calls within a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Counter {
    /// The name; rules read `context.counts.<name>`.
    pub name: String,
    /// What is counted: a tool's name or an effect class.
    pub of: String,
    /// Over which time.
    pub window: Window,
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = match self.window {
            Window::Hour => "hour",
            Window::Day => "day",
            Window::Week => "week",
        };
        write!(f, "{} = {} per {window}", self.name, self.of)
    }
}

/// Reads a `@counts` annotation: one or more counters, separated by semicolons.
pub(crate) fn parse(text: &str) -> Result<Vec<Counter>, String> {
    text.split(';').map(one).collect()
}

fn one(text: &str) -> Result<Counter, String> {
    let form = || format!("`{}` is no counter; write `@counts(\"sends_today = send per day\")` with a tool or effect class and hour, day or week", text.trim());
    let (name, rest) = text.split_once('=').ok_or_else(form)?;
    let mut words = rest.split_whitespace();
    let (Some(of), Some("per"), Some(window), None) = (words.next(), words.next(), words.next(), words.next()) else { return Err(form()) };
    let window = match window {
        "hour" => Window::Hour,
        "day" => Window::Day,
        "week" => Window::Week,
        _ => return Err(form()),
    };
    if !is_name(name.trim()) {
        return Err(form());
    }
    Ok(Counter { name: name.trim().to_owned(), of: of.to_owned(), window })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_or_refused() {
        let check = |text: &str, expect: Option<&[&str]>| {
            let found = parse(text).ok().map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expect.map(|list| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).as_deref(), "{text}");
        };
        for bad in ["", "sends", "sends = send", "sends = send per month", "Sends = send per day", "sends = send per day or so", "a = b per day;"] {
            check(bad, None);
        }
        check("sends_today = send per day", Some(&["sends_today = send per day"]));
        check("a=mail.send per hour; b = money  per week", Some(&["a = mail.send per hour", "b = money per week"]));
    }
}
