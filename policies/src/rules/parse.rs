//! One file of rules into policies, and what is wrong with it before types are looked at.

use crate::counters::{self, Counter};
use crate::problem::{Problem, from_parse, line_of};
use crate::rules::literals::fold_literals;
use crate::rules::patterns::Patterns;
use crate::rules::reads::Reads;
use crate::rules::{Rule, RuleEffect, RuleFile};
use cedar_policy::{Policy, PolicyId, PolicySet};
use std::collections::BTreeMap;
use steward_core::Role;

/// The annotations a rule may carry; any other is taken for a slip of the pen.
const ANNOTATIONS: [&str; 5] = ["id", "reason", "tell", "shape", "counts"];
/// The longest rule id, in letters.
const ID_LETTERS_MAX: usize = 64;

/// The most letters and stars of a pattern: it is begun anew at each letter of the text that it is held against, so both together are the work.
const PATTERN_LETTERS_MAX: usize = 256;

/// A rule with its policy, named by the rule's id.
pub(crate) struct Parsed {
    pub(crate) rule: Rule,
    pub(crate) policy: Policy,
    /// The same with folded literals, where that is another rule.
    pub(crate) folded: Option<Policy>,
    pub(crate) reads: Reads,
    /// Its patterns, as written.
    pub(crate) patterns: Patterns,
    /// Those with folded literals.
    pub(crate) folded_patterns: Patterns,
    pub(crate) counters: Vec<Counter>,
}

/// The rules of one file, in their order; what is wrong goes to `problems`.
pub(crate) fn parse_file(file: &RuleFile, problems: &mut Vec<Problem>) -> Vec<Parsed> {
    if let Some((line, message)) = too_deep(&file.text) {
        problems.push(Problem { file: file.name.clone(), line, message });
        return Vec::new();
    }
    let set: PolicySet = match file.text.parse() {
        Ok(set) => set,
        Err(errors) => {
            problems.extend(from_parse(&file.name, &file.text, &errors));
            return Vec::new();
        }
    };
    for template in set.templates() {
        let line = template.as_ref().loc().map_or(1, |loc| line_of(&file.text, loc.start()));
        let message = "a rule with `?principal` or `?resource` is a template, and templates are not used here; name the principal or leave it open".to_owned();
        problems.push(Problem { file: file.name.clone(), line, message });
    }
    let place = |policy: &Policy| policy.as_ref().loc().map_or(0, |loc| loc.start());
    let mut policies: Vec<&Policy> = set.policies().collect();
    policies.sort_by_key(|policy| place(policy));
    let mut parsed = Vec::with_capacity(policies.len());
    for policy in policies {
        let line = line_of(&file.text, place(policy));
        let mut wrong = Vec::new();
        let found = read_rule(file, policy, line, &mut wrong);
        let name = policy.annotation("id").filter(|id| !id.is_empty()).map_or_else(|| "rule".to_owned(), |id| format!("rule `{id}`"));
        problems.extend(wrong.into_iter().map(|message| Problem { file: file.name.clone(), line, message: format!("{name}: {message}") }));
        parsed.extend(found);
    }
    parsed
}

/// The deepest nesting of brackets in a rule.
const NESTING_MAX: usize = 64;
/// The most operators, branches and clauses of one rule. Cedar reads and forgets an expression by recursion, a level for each; it joins clauses by
/// `&&`, though no operator stands between them.
const OPERATORS_MAX: usize = 1_000;

/// The first line of a rule that is nested deeper, or has more operators, than can be read on a thread's stack. Looks at the text alone,
/// before Cedar does: what overflows a stack ends the whole process.
fn too_deep(text: &str) -> Option<(usize, String)> {
    let (mut depth, mut operators, mut line) = (0_usize, 0_usize, 1);
    let mut letters = text.chars().peekable();
    let mut word = String::new();
    while let Some(letter) = letters.next() {
        let in_word = letter.is_alphanumeric() || letter == '_';
        if !(in_word || word.is_empty()) {
            operators += usize::from(matches!(word.as_str(), "if" | "in" | "is" | "has" | "like" | "when" | "unless"));
            word.clear();
        }
        match letter {
            '\n' => line += 1,
            '/' if letters.peek() == Some(&'/') => while letters.next_if(|letter| *letter != '\n').is_some() {},
            '"' => loop {
                match letters.next() {
                    Some('\\') => drop(letters.next()),
                    Some('\n') => line += 1,
                    Some('"') | None => break,
                    Some(_) => {}
                }
            },
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            // A rule's end; inside brackets there is none.
            ';' => (depth, operators) = (0, 0),
            '&' | '|' | '=' | '<' | '>' | '+' | '-' | '*' | '!' | '.' => operators += 1,
            letter if in_word => word.push(letter),
            _ => {}
        }
        if depth > NESTING_MAX {
            return Some((line, format!("is nested deeper than {NESTING_MAX} brackets; say it more plainly, or in several rules")));
        }
        if operators > OPERATORS_MAX {
            return Some((line, format!("has more than {OPERATORS_MAX} operators and clauses in one rule; split it into several")));
        }
    }
    None
}

/// A rule from its annotations; none when it has no id to go by.
fn read_rule(file: &RuleFile, policy: &Policy, line: usize, wrong: &mut Vec<String>) -> Option<Parsed> {
    let annotations: BTreeMap<&str, &str> = policy.annotations().map(|(name, text)| (name, text.trim())).collect();
    for name in annotations.keys().filter(|name| !ANNOTATIONS.contains(name)) {
        wrong.push(format!("`@{name}` is not known; known are @id, @reason, @tell, @shape and @counts"));
    }
    for (name, _) in annotations.iter().filter(|(name, text)| text.is_empty() && !matches!(**name, "id" | "reason")) {
        wrong.push(format!("`@{name}` is empty; write a sentence or take it away"));
    }
    let text = |name: &str| annotations.get(name).filter(|text| !text.is_empty()).map(|text| (*text).to_owned());
    if text("reason").is_none() {
        wrong.push("has no `@reason(\"…\")`; say in a sentence for people why the rule is there".to_owned());
    }
    for entity in policy.entity_literals().iter().filter(|entity| entity.type_name().basename() == "Role") {
        if let Err(err) = entity.id().unescaped().parse::<Role>() {
            wrong.push(err.to_string());
        }
    }
    let counters = text("counts").map_or(Ok(Vec::new()), |text| counters::parse(&text)).unwrap_or_else(|message| {
        wrong.push(message);
        Vec::new()
    });
    let Some(id) = text("id") else {
        wrong.push("has no `@id(\"…\")`; give it a name of its own, such as `@id(\"send-known\")`".to_owned());
        return None;
    };
    if !is_id(&id) {
        wrong.push(format!("an id is lower-case letters, digits and dashes, begins with a letter and has at most {ID_LETTERS_MAX}"));
    }
    let effect = match policy.effect() {
        cedar_policy::Effect::Permit => RuleEffect::Permit,
        cedar_policy::Effect::Forbid => RuleEffect::Forbid,
    };
    let rule = Rule {
        id: id.clone(),
        file: file.name.clone(),
        line,
        effect,
        reason: text("reason").unwrap_or_default(),
        tell: text("tell"),
        shape: text("shape"),
        text: policy.to_string(),
    };
    let reads = Reads::of(policy);
    let folded = if reads.reads("args") { fold_literals(policy, &id) } else { Ok(None) };
    let folded = folded.unwrap_or_else(|err| {
        wrong.push(format!("its texts cannot be read: {err}"));
        None
    });
    let mut patterns_of = |policy: &Policy| match policy.to_json() {
        Ok(json) => Patterns::of(&json),
        Err(err) => {
            wrong.push(format!("its patterns cannot be read: {err}"));
            Patterns::default()
        }
    };
    let patterns = patterns_of(policy);
    let folded_patterns = folded.as_ref().map_or_else(|| patterns.clone(), &mut patterns_of);
    if patterns.longest > PATTERN_LETTERS_MAX {
        wrong.push(format!(
            "a pattern after `like` has {} characters, and at most {PATTERN_LETTERS_MAX} are looked for; make it shorter, or compare the whole text with `==`",
            patterns.longest
        ));
    }
    Some(Parsed { rule, reads, patterns, folded_patterns, policy: policy.new_id(PolicyId::new(&id)), folded, counters })
}

fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= ID_LETTERS_MAX && text.starts_with(|first: char| first.is_ascii_lowercase()) && text.bytes().all(letter)
}
