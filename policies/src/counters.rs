//! Counters that rules declare: `@counts("sends_today = send per day")` makes `context.counts.sends_today` known to all rules.
//!
//! Nothing is counted here; the gate counts and hands the numbers in with the facts. An allowed call counts from the moment
//! it is allowed, so that calls under way are in the number, and whatever becomes of it afterwards.

use crate::args::{Field, is_required_long, is_required_text};
use crate::facts::is_name;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use steward_core::{Digest, Effect};

/// The longest text by which calls are told apart, in bytes; a longer one stands as its digest.
const PART_BYTES_MAX: usize = 200;
/// What a counter looks like, for messages.
const FORM: &str = "`@counts(\"sends_today = send per day\")`, `\"spent = sum amount_minor of payouts.prepare by args.currency per hour\"` or \
                    `\"looked = done crm.get_contact per run\"`: a tool or effect class; by person, agent, workspace or args.<name>; per minute, hour, day, week or run";

/// The window a counter looks back over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// This run, from its beginning.
    Run,
    /// The last 60 seconds.
    Minute,
    /// The last 60 minutes.
    Hour,
    /// The last 24 hours.
    Day,
    /// The last 7 days.
    Week,
}

impl Window {
    const ALL: [(Self, &'static str); 5] = [(Self::Run, "run"), (Self::Minute, "minute"), (Self::Hour, "hour"), (Self::Day, "day"), (Self::Week, "week")];

    /// Its length in milliseconds; none when it is the run.
    pub const fn ms(self) -> Option<i64> {
        match self {
            Self::Run => None,
            Self::Minute => Some(60_000),
            Self::Hour => Some(3_600_000),
            Self::Day => Some(86_400_000),
            Self::Week => Some(604_800_000),
        }
    }
}

/// What is counted of the calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// How many were allowed.
    Calls,
    /// How many of this run ended well: for "only after".
    Done,
    /// The sum of this argument over the allowed ones.
    Sum(String),
}

/// Which calls count together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// All of the organisation.
    Organisation,
    /// Those for the same person.
    Person,
    /// Those of the same agent.
    Agent,
    /// Those in the same workspace.
    Workspace,
    /// Those with the same text in this argument, as rules compare texts.
    Argument(String),
}

/// A number computed from the allowed calls within a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Counter {
    /// The name; rules read `context.counts.<name>`.
    pub name: String,
    /// What is computed.
    pub measure: Measure,
    /// Of which calls: a tool's name or an effect class.
    pub of: String,
    /// Which of them count together.
    pub by: By,
    /// Over which time.
    pub window: Window,
}

/// For whom and where a call is made.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The person.
    pub person: &'a str,
    /// The agent.
    pub agent: &'a str,
    /// The workspace.
    pub workspace: &'a str,
}

impl Counter {
    /// Names what is recorded for it. Two counters over the same calls share their records, whatever their names and windows.
    pub fn key(&self) -> String {
        let by = self.by_text();
        match &self.measure {
            Measure::Calls | Measure::Done => format!("{}{by}", self.of),
            Measure::Sum(field) => format!("sum {field} of {}{by}", self.of),
        }
    }

    /// Whether a call of this tool counts.
    pub fn counts(&self, tool: &str, effect: Effect) -> bool {
        self.of == tool || self.of == effect.name()
    }

    /// What a call with these arguments counts together with; none when it does not say.
    pub fn part(&self, caller: Caller<'_>, arguments: &serde_json::Value) -> Option<String> {
        let part = match &self.by {
            By::Organisation => String::new(),
            By::Person => caller.person.to_owned(),
            By::Agent => caller.agent.to_owned(),
            By::Workspace => caller.workspace.to_owned(),
            By::Argument(name) => crate::fold::folded(arguments.get(name)?.as_str()?),
        };
        Some(if part.len() > PART_BYTES_MAX { Digest::of(part.as_bytes()).to_string() } else { part })
    }

    /// How much a call with these arguments adds. What is negative adds nothing: no call makes room for another.
    pub fn amount(&self, arguments: &serde_json::Value) -> Option<i64> {
        match &self.measure {
            Measure::Calls | Measure::Done => Some(1),
            Measure::Sum(field) => Some(crate::args::whole(arguments.get(field)?)?.max(0)),
        }
    }

    fn by_text(&self) -> String {
        match &self.by {
            By::Organisation => String::new(),
            By::Person => " by person".to_owned(),
            By::Agent => " by agent".to_owned(),
            By::Workspace => " by workspace".to_owned(),
            By::Argument(name) => format!(" by args.{name}"),
        }
    }

    /// What stands against it, given the tools: their effects and arguments by name.
    pub(crate) fn check<'a>(&self, tools: impl Iterator<Item = (&'a str, Effect, &'a BTreeMap<String, Field>)>) -> Result<(), String> {
        let is_class = Effect::ALL.iter().any(|effect| effect.name() == self.of);
        let mut found = is_class;
        for (name, effect, arguments) in tools.filter(|(name, effect, _)| self.counts(name, *effect)) {
            found = true;
            let (need, there) = match (&self.measure, &self.by) {
                (Measure::Sum(field), _) if !is_required_long(arguments, field) => (format!("a whole number `{field}`"), false),
                (_, By::Argument(field)) if !is_required_text(arguments, field) => (format!("a text `{field}`"), false),
                _ => (String::new(), true),
            };
            if !there {
                return Err(format!(
                    "the counter `{self}` needs {need} that every call has, and `{name}`, a {effect} tool, has none; name other tools or arguments"
                ));
            }
        }
        if found { Ok(()) } else { Err(format!("the counter `{self}` counts `{}`, which is no installed tool and no effect class", self.of)) }
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.measure {
            Measure::Calls => String::new(),
            Measure::Done => "done ".to_owned(),
            Measure::Sum(field) => format!("sum {field} of "),
        };
        let window = Window::ALL.iter().find(|(window, _)| *window == self.window).map_or("", |(_, name)| name);
        write!(f, "{} = {what}{}{} per {window}", self.name, self.of, self.by_text())
    }
}

/// Reads a `@counts` annotation: one or more counters, separated by semicolons.
pub(crate) fn parse(text: &str) -> Result<Vec<Counter>, String> {
    text.split(';').map(one).collect()
}

fn one(text: &str) -> Result<Counter, String> {
    let form = || format!("`{}` is no counter; write {FORM}", text.trim());
    let (name, rest) = text.split_once('=').ok_or_else(form)?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (measure, rest) = match words.as_slice() {
        ["sum", field, "of", rest @ ..] if is_name(field) => (Measure::Sum((*field).to_owned()), rest),
        ["done", rest @ ..] => (Measure::Done, rest),
        rest => (Measure::Calls, rest),
    };
    let (of, by, window) = match rest {
        [of, "per", window] => (of, By::Organisation, window),
        [of, "by", by, "per", window] => (of, read_by(by).ok_or_else(form)?, window),
        _ => return Err(form()),
    };
    let window = Window::ALL.iter().find(|(_, name)| name == window).ok_or_else(form)?.0;
    if !is_name(name.trim()) {
        return Err(form());
    }
    if measure == Measure::Done && window != Window::Run {
        return Err(format!("`{}` asks what was done over a time; what is done is known within a run: write `per run`", text.trim()));
    }
    if window == Window::Run && by != By::Organisation {
        return Err(format!("`{}` tells the calls of one run apart; leave out `by`", text.trim()));
    }
    Ok(Counter { name: name.trim().to_owned(), measure, of: (*of).to_owned(), by, window })
}

fn read_by(word: &str) -> Option<By> {
    Some(match word {
        "person" => By::Person,
        "agent" => By::Agent,
        "workspace" => By::Workspace,
        other => By::Argument(other.strip_prefix("args.").filter(|name| is_name(name))?.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sample, testing::load};
    use serde_json::json;

    #[test]
    fn counters_are_read_or_refused() {
        let check = |text: &str, expect: Option<&[&str]>| {
            let found = parse(text).ok().map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), expect.map(|list| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).as_deref(), "{text}");
        };
        for bad in ["", "sends", "sends = send", "sends = send per month", "Sends = send per day", "sends = send per day or so", "a = b per day;"] {
            check(bad, None);
        }
        for bad in
            ["a = sum of b per day", "a = sum x b per day", "a = b by them per day", "a = b by args. per day", "a = done b per day", "a = b by person per run"]
        {
            check(bad, None);
        }
        check("sends_today = send per day", Some(&["sends_today = send per day"]));
        check("a=mail.send per hour; b = money  per week", Some(&["a = mail.send per hour", "b = money per week"]));
        let full = ["a = sum x of b.c by args.currency per minute", "b = done b.c per run", "c = b.c by person per hour"];
        check(&full.join(";"), Some(&full));
    }

    #[test]
    fn what_cannot_be_counted_is_refused_when_the_rules_load() {
        let tools = sample::tools().expect("sample");
        let check = |counter: &str, expect: Option<&str>| {
            let rule = format!("@id(\"a\") @reason(\"r\") @counts(\"{counter}\") permit (principal, action, resource);");
            match (load(&rule, &tools), expect) {
                (Ok(_), None) => {}
                (Err(err), Some(expect)) => assert!(err.to_string().contains(expect), "{counter}: {err}"),
                (loaded, _) => panic!("{counter}: {loaded:?}"),
            }
        };
        check("a = mail.sned per day", Some("no installed tool and no effect class"));
        check("a = sum amount of payouts.prepare per day", Some("needs a whole number `amount`"));
        check("a = sum amount_minor of send per day", Some("a send tool, has none"));
        check("a = sum limit of crm.find_contacts per day", Some("that every call has"));
        check("a = payouts.prepare by args.amount_minor per day", Some("needs a text `amount_minor`"));
        check("a = sum amount_minor of money by args.currency per day", None);
        check("a = sum amount_minor of payouts.prepare per run", None);
    }

    #[test]
    fn no_call_makes_room_for_another() {
        let counter = parse("a = sum x of b by args.c per day").expect("counter").remove(0);
        let caller = Caller { person: "p", agent: "a", workspace: "w" };
        for (given, expect) in
            [(json!(-5), Some(0)), (json!(7), Some(7)), (json!(7.0), Some(7)), (json!("7"), None), (json!(1.5), None), (json!(u64::MAX), None)]
        {
            assert_eq!(counter.amount(&json!({ "x": given })), expect, "{given}");
        }
        assert_eq!(counter.part(caller, &json!({})), None);
        assert_eq!(counter.part(caller, &json!({ "c": "ＥUR " })), Some("eur".to_owned()));
        assert_eq!(counter.part(caller, &json!({ "c": "x".repeat(3000) })).map(|part| part.len()), Some(64));
        assert_eq!(counter.key(), "sum x of b by args.c");
    }
}
