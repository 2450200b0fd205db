//! Safety properties as sentences: `never money without approval by owner`, `no send of private content`.
//!
//! A sentence speaks of computed facts only, so that it can be proved; it is read into a condition that can be evaluated here
//! and written as Cedar for the solver.

use super::formula::Formula;
use crate::facts::Facts;
use crate::problem::Problem;
use std::collections::BTreeSet;
use steward_core::{Effect, Integrity, Role};

/// A file of properties: its name, for messages, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyFile {
    /// What to call it.
    pub name: String,
    /// The text: a sentence a line, lines that begin with `#` are remarks.
    pub text: String,
}

/// One property: in a call of these actions, where `when` holds, nothing is allowed `without`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) text: String,
    /// Tools and effect classes; none is anything.
    pub(crate) actions: BTreeSet<String>,
    pub(crate) when: Option<Condition>,
    pub(crate) without: Option<Condition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Not(Box<Condition>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Approval { roles: BTreeSet<Role>, all: bool },
    ActingFor { roles: BTreeSet<Role>, all: bool },
    Fact(&'static str),
    Below(&'static str, Integrity),
}

/// The facts that are true or false, in the words of sentences and as rules read them.
const FACTS: [(&[&str], &str); 6] = [
    (&["private", "content"], "leak"),
    (&["actionable", "content"], "content_actionable"),
    (&["outside", "text"], "tainted"),
    (&["within", "budget"], "within_budget"),
    (&["uninvited"], "uninvited"),
    (&["asked"], "class_asked"),
];
const CLASSES: [&str; 3] = ["dest", "ref", "value"];

impl Property {
    /// Whether it speaks of this tool.
    pub(crate) fn covers(&self, tool: &str, effect: Effect) -> bool {
        self.actions.is_empty() || self.actions.contains(tool) || self.actions.contains(effect.name())
    }

    /// Whether it speaks of every tool of this class.
    pub(crate) fn covers_class(&self, effect: Effect) -> bool {
        self.actions.is_empty() || self.actions.contains(effect.name())
    }

    /// Whether allowing a call on these facts breaks it.
    pub(crate) fn is_broken_by(&self, facts: &Facts) -> bool {
        self.when.as_ref().is_none_or(|when| when.holds(facts)) && !self.without.as_ref().is_some_and(|without| without.holds(facts))
    }

    /// What may be allowed at most, as a Cedar policy.
    #[cfg(feature = "solver")]
    pub(crate) fn bound(&self) -> String {
        let text = |condition: &Option<Condition>, empty: &str| condition.as_ref().map_or(empty.to_owned(), Condition::cedar);
        format!("permit (principal, action, resource) when {{ !({}) || ({}) }};", text(&self.when, "true"), text(&self.without, "false"))
    }

    /// When allowing a call breaks it. Its conditions go to the end of the list, and are named by their place in it.
    pub(super) fn broken<'a>(&'a self, conditions: &mut Vec<&'a Condition>) -> Formula {
        let when = self.when.as_ref().map_or(Formula::Is(true), |when| when.formula(conditions));
        let without = self.without.as_ref().map_or(Formula::Is(false), |without| without.formula(conditions));
        Formula::both(when, Formula::not(without))
    }
}

impl Condition {
    pub(crate) fn holds(&self, facts: &Facts) -> bool {
        let among = |roles: &BTreeSet<Role>, all: bool, given: &BTreeSet<Role>| if all { roles.is_subset(given) } else { !roles.is_disjoint(given) };
        match self {
            Self::Not(inner) => !inner.holds(facts),
            Self::All(parts) => parts.iter().all(|part| part.holds(facts)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(facts)),
            Self::Approval { roles, all } => among(roles, *all, &facts.approvals.roles),
            Self::ActingFor { roles, all } => among(roles, *all, &facts.roles),
            Self::Fact(name) => match *name {
                "leak" => facts.leak,
                "content_actionable" => facts.content_actionable,
                "tainted" => facts.tainted,
                "within_budget" => facts.within_budget,
                "uninvited" => facts.uninvited,
                _ => facts.class_asked,
            },
            Self::Below(class, level) => {
                let lowest = match *class {
                    "dest" => facts.dest,
                    "ref" => facts.reference,
                    _ => facts.value,
                };
                lowest < *level
            }
        }
    }

    fn formula<'a>(&'a self, conditions: &mut Vec<&'a Self>) -> Formula {
        match self {
            Self::Not(inner) => Formula::not(inner.formula(conditions)),
            Self::All(parts) => parts.iter().map(|part| part.formula(conditions)).reduce(Formula::both).unwrap_or(Formula::Is(true)),
            Self::Any(parts) => parts.iter().map(|part| part.formula(conditions)).reduce(Formula::either).unwrap_or(Formula::Is(false)),
            Self::Approval { .. } | Self::ActingFor { .. } | Self::Fact(_) | Self::Below(..) => {
                conditions.push(self);
                Formula::Asks(conditions.len() - 1)
            }
        }
    }

    /// What it reads, by the path at which rules read it. Of what has parts, nothing.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Approval { .. } => "context.approvals.roles".to_owned(),
            Self::ActingFor { .. } => "principal.roles".to_owned(),
            Self::Fact(name) | Self::Below(name, _) => format!("context.{name}"),
            Self::Not(_) | Self::All(_) | Self::Any(_) => String::new(),
        }
    }

    #[cfg(feature = "solver")]
    fn cedar(&self) -> String {
        let join = |parts: &[Self], word: &str| parts.iter().map(|part| format!("({})", part.cedar())).collect::<Vec<_>>().join(word);
        let set = |of: &str, roles: &BTreeSet<Role>, all: bool| {
            let list = roles.iter().map(|role| format!("Role::\"{role}\"")).collect::<Vec<_>>().join(", ");
            format!("{of}.contains{}([{list}])", if all { "All" } else { "Any" })
        };
        match self {
            Self::Not(inner) => format!("!({})", inner.cedar()),
            Self::All(parts) => join(parts, " && "),
            Self::Any(parts) => join(parts, " || "),
            Self::Approval { roles, all } => set("context.approvals.roles", roles, *all),
            Self::ActingFor { roles, all } => set("principal.roles", roles, *all),
            Self::Fact(name) => format!("context.{name}"),
            Self::Below(class, level) => format!("context.{class} < {}", level.level()),
        }
    }
}

/// Reads files of properties; what is wrong is named with its line.
pub(crate) fn read(files: &[PropertyFile], known: &BTreeSet<String>) -> Result<Vec<Property>, Vec<Problem>> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        for (index, line) in file.text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match Reader::new(line).sentence(known) {
                Ok(property) => found.push(property),
                Err(message) => problems.push(Problem { file: file.name.clone(), line: index + 1, message: format!("`{line}`: {message}") }),
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

struct Reader<'a> {
    text: &'a str,
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, words: text.split_whitespace().collect(), at: 0 }
    }

    fn peek(&self, ahead: usize) -> &'a str {
        self.words.get(self.at + ahead).copied().unwrap_or_default()
    }

    fn take(&mut self, words: &[&str]) -> bool {
        let there = words.iter().enumerate().all(|(ahead, word)| self.peek(ahead) == *word);
        self.at += if there { words.len() } else { 0 };
        there
    }

    fn sentence(mut self, known: &BTreeSet<String>) -> Result<Property, String> {
        if !self.take(&["never"]) && !self.take(&["no"]) {
            return Err("a property begins with `never` or `no`, as in `never money without approval by owner`".to_owned());
        }
        let mut actions = BTreeSet::new();
        if !self.take(&["anything"]) {
            loop {
                let name = self.peek(0);
                if !known.contains(name) {
                    return Err(format!("`{name}` is no installed tool and no effect class; write one, or `anything`"));
                }
                actions.insert(name.to_owned());
                self.at += 1;
                if !self.take(&["or"]) {
                    break;
                }
            }
        }
        let mut when: Vec<Condition> = if self.take(&["of", "private", "content"]) { vec![Condition::Fact("leak")] } else { Vec::new() };
        if self.take(&["when"]) {
            when.push(self.any()?);
        }
        let without = if self.take(&["without"]) { Some(self.any()?) } else { None };
        if self.at < self.words.len() {
            return Err(format!("`{}` is not understood here; after the actions stand `of private content`, `when …` and `without …`", self.peek(0)));
        }
        let when = if when.len() > 1 { Some(Condition::All(when)) } else { when.pop() };
        Ok(Property { text: self.text.to_owned(), actions, when, without })
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.all()?];
        while self.take(&["or"]) {
            parts.push(self.all()?);
        }
        Ok(if parts.len() > 1 { Condition::Any(parts) } else { parts.remove(0) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut parts = vec![self.one()?];
        while self.take(&["and"]) {
            parts.push(self.one()?);
        }
        Ok(if parts.len() > 1 { Condition::All(parts) } else { parts.remove(0) })
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.take(&["not"]) {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.take(&["approval", "by"]) {
            let (roles, all) = self.roles()?;
            return Ok(Condition::Approval { roles, all });
        }
        if self.take(&["acting", "for"]) {
            let (roles, all) = self.roles()?;
            return Ok(Condition::ActingFor { roles, all });
        }
        if self.take(&["over", "budget"]) {
            return Ok(Condition::Not(Box::new(Condition::Fact("within_budget"))));
        }
        if let Some((words, name)) = FACTS.iter().find(|(words, _)| words.iter().enumerate().all(|(ahead, word)| self.peek(ahead) == *word)) {
            self.at += words.len();
            return Ok(Condition::Fact(name));
        }
        if let Some(class) = CLASSES.iter().find(|class| self.peek(0) == **class)
            && self.peek(1) == "below"
        {
            let level: Integrity = serde_json::from_value(self.peek(2).into())
                .map_err(|_| format!("`{}` is no level; levels are fact, anchored, directory, owner", self.peek(2)))?;
            self.at += 3;
            return Ok(Condition::Below(class, level));
        }
        Err(format!(
            "`{}` is no condition; conditions are `approval by ROLE`, `acting for ROLE`, `private content`, `actionable content`, `outside text`, `asked`, \
             `uninvited`, `over budget`, `within budget`, `dest below LEVEL` (or ref, value), each after `not` too, joined by `and` and `or`",
            self.peek(0)
        ))
    }

    /// Roles joined by one word, as long as roles follow.
    fn roles(&mut self) -> Result<(BTreeSet<Role>, bool), String> {
        let first: Role = self.peek(0).parse().map_err(|err| format!("{err}"))?;
        self.at += 1;
        let (mut roles, joint) = (BTreeSet::from([first]), self.peek(0));
        while matches!(joint, "or" | "and")
            && self.peek(0) == joint
            && let Ok(role) = self.peek(1).parse()
        {
            roles.insert(role);
            self.at += 2;
        }
        let all = roles.len() > 1 && joint == "and";
        Ok((roles, all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_one(text: &str) -> Result<Property, String> {
        let known = ["send", "money", "payouts.release"].map(str::to_owned).into();
        read(&[PropertyFile { name: "p.txt".into(), text: format!("# remark\n\n{text}") }], &known)
            .map(|mut found| found.remove(0))
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn sentences_that_are_not_understood_are_refused_with_their_place() {
        for (text, expect) in [
            ("always send", "begins with `never` or `no`"),
            ("never", "`` is no installed tool"),
            ("never sned", "`sned` is no installed tool and no effect class"),
            ("never send or", "`` is no installed tool"),
            ("never send unless asked", "`unless` is not understood here"),
            ("never send when hungry", "`hungry` is no condition"),
            ("never send without approval by boss", "boss"),
            ("never send when dest below sea", "`sea` is no level"),
            ("never send when asked and", "`` is no condition"),
        ] {
            let refused = read_one(text).expect_err(text);
            assert!(refused.starts_with("p.txt:3: ") && refused.contains(expect), "{refused}");
        }
    }

    #[test]
    fn sentences_mean_what_they_say() {
        let facts = |change: &dyn Fn(&mut Facts)| {
            let mut facts = crate::sample::facts("mail.send");
            change(&mut facts);
            facts
        };
        let check =
            |text: &str, change: &dyn Fn(&mut Facts), broken: bool| assert_eq!(read_one(text).expect(text).is_broken_by(&facts(change)), broken, "{text}");
        check("never anything", &|_| {}, true);
        check("never money without approval by owner", &|_| {}, true);
        check("never money without approval by owner", &|facts| facts.approvals.roles = [Role::Owner].into(), false);
        check("never money without approval by owner and finance", &|facts| facts.approvals.roles = [Role::Owner].into(), true);
        check("never money without approval by owner or asked", &|_| {}, false);
        check("no send of private content", &|_| {}, false);
        check("no send of private content", &|facts| facts.leak = true, true);
        check("never send when not asked and dest below anchored", &|facts| facts.class_asked = false, false);
        check("never send when not asked and dest below anchored", &|facts| (facts.class_asked, facts.dest) = (false, Integrity::Fact), true);
        check("never send when over budget or uninvited", &|facts| facts.uninvited = true, true);
        let covers = read_one("never send or payouts.release").expect("read");
        assert!(covers.covers("payouts.release", Effect::Money) && covers.covers("mail.send", Effect::Send) && !covers.covers("other", Effect::Money));
    }
}
