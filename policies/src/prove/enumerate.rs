//! The prover that needs nothing: judges a tool's rules on representatives of all facts they can tell apart.
//!
//! Numbers are compared with the constants of the rules, so the constants and their neighbours stand for all numbers; sets of
//! roles are taken from the roles that are named, and one more. Where rules read texts or facts of their own, or there are more
//! cases than a bound, what is found holds for the cases that were tried and is said to be no more.

use super::sentence::{Condition, Property};
use crate::args::representatives;
use crate::facts::Facts;
use crate::matrix::blank;
use crate::request::Question;
use crate::rules::{Governed, Part, Reads, Rules};
use cedar_policy::{Policy, PolicySet};
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{ArgumentClass, Integrity, PersonId, Role};
use uuid::Uuid;

/// The most cases of one tool.
const CASES_MAX: u64 = 1_000_000;
/// The most combinations in which one rule is asked.
const ANSWERS_MAX: usize = 20_000;
/// The most values of one argument or fact.
const VALUES_MAX: usize = 6;

/// What came of one tool.
pub(crate) struct Searched {
    /// For each property, the first facts that break it.
    pub(crate) broken: Vec<Option<Facts>>,
    pub(crate) cases: u64,
    /// The cases stand for all there are.
    pub(crate) complete: bool,
}

type Change = Box<dyn Fn(&mut Facts)>;
type Set = fn(&mut Facts);
type SetLevel = fn(&mut Facts, Integrity);

/// One thing that may be this way or that.
struct Dimension {
    /// Where rules read it: an attribute of the context, or `principal`.
    root: String,
    changes: Vec<Change>,
}

/// What the rules of a tool name: whatever else there is, they cannot tell it apart.
#[derive(Default)]
struct Named {
    numbers: BTreeSet<i64>,
    texts: BTreeSet<String>,
    roles: BTreeSet<Role>,
    principal: bool,
    people: bool,
}

/// A question whose answer depends on some dimensions only: asked once for each of their combinations.
struct Table {
    /// Each of its dimensions with the weight of a step along it.
    steps: Vec<(usize, usize)>,
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    No,
    Yes,
    /// The rule cannot be evaluated, which refuses the call.
    Fails,
}

impl Table {
    /// Asks for all combinations; none when there are too many.
    fn fill(dimensions: &[Dimension], plain: &Facts, depends: impl Fn(&Dimension) -> bool, ask: impl Fn(&Facts) -> Answer) -> Option<Self> {
        let mut steps = Vec::new();
        let mut size = 1_usize;
        for (at, dimension) in dimensions.iter().enumerate().filter(|(_, dimension)| depends(dimension)) {
            steps.push((at, size));
            size = size.checked_mul(dimension.changes.len()).filter(|size| *size <= ANSWERS_MAX)?;
        }
        let answer = |place: usize| {
            let mut facts = plain.clone();
            for (at, step) in &steps {
                let Some(dimension) = dimensions.get(*at) else { continue };
                if let Some(change) = dimension.changes.get(place / step % dimension.changes.len()) {
                    change(&mut facts);
                }
            }
            ask(&facts)
        };
        let answers = (0..size).map(answer).collect();
        Some(Self { steps, answers })
    }

    fn at(&self, digits: &[usize]) -> Answer {
        let place = self.steps.iter().map(|(at, step)| digits.get(*at).copied().unwrap_or(0) * step).sum::<usize>();
        self.answers.get(place).copied().unwrap_or(Answer::Fails)
    }
}

/// One rule by itself.
struct Single {
    part: Part,
    is_permit: bool,
    reads: Reads,
    principal: bool,
}

fn singles(part: &Part, rules: &Rules) -> Vec<Single> {
    let single = |policy: &Policy| {
        let mut named = Named::default();
        named.read(&policy.to_json().unwrap_or_default());
        let mut alone = Part { literals_fold: part.literals_fold, ..Part::default() };
        // A policy alone in a set has nothing to collide with.
        let _ = alone.plain.add(policy.clone());
        let index = rules.0.index.get(AsRef::<str>::as_ref(policy.id())).copied().unwrap_or(usize::MAX);
        if let Some(folded) = part.folded.policy(policy.id()).filter(|_| part.on_texts.contains(&index)) {
            let _ = alone.folded.add(folded.clone());
            alone.on_texts.insert(index);
        }
        Single { part: alone, is_permit: policy.effect() == cedar_policy::Effect::Permit, reads: Reads::of(policy), principal: named.principal }
    };
    part.plain.policies().map(single).collect()
}

/// Looks for facts on which the tool's rules allow what one of these properties forbids.
pub(crate) fn search(rules: &Rules, name: &str, tool: &Governed, properties: &[&Property]) -> Searched {
    let mut leaves = Vec::new();
    properties.iter().flat_map(|property| property.conditions()).for_each(|condition| condition.leaves(&mut leaves));
    let (dimensions, mut complete) = dimensions(rules, tool, &leaves);
    let total = dimensions.iter().try_fold(1_u64, |total, dimension| total.checked_mul(dimension.changes.len() as u64)).unwrap_or(u64::MAX);
    complete &= total <= CASES_MAX;
    let plain = blank(rules, name, tool);
    let mut searched = Searched { broken: vec![None; properties.len()], cases: total.min(CASES_MAX), complete };

    let (mut permits, mut forbids) = (Vec::new(), Vec::new());
    for Single { part, is_permit, reads, principal } in [&tool.slice.fixed, &tool.slice.open].into_iter().flat_map(|part| singles(part, rules)) {
        let ask = |facts: &Facts| match Question::new(&rules.0, tool, facts).and_then(|question| question.ask(&part, &BTreeSet::new())) {
            Ok(said) if !said.errors.is_empty() => Answer::Fails,
            Ok(said) if said.rules.is_empty() => Answer::No,
            Ok(_) => Answer::Yes,
            Err(_) => Answer::Fails,
        };
        let depends = |dimension: &Dimension| reads.whole || dimension.root == "principal" && principal || reads.attributes.contains(&dimension.root);
        match Table::fill(&dimensions, &plain, depends, ask) {
            Some(table) if is_permit => permits.push(table),
            Some(table) => forbids.push(table),
            // A rule with too many combinations: nothing is claimed of what it does.
            None => searched.complete = false,
        }
    }
    let broken_by = |property: &&Property| {
        let mut leaves = Vec::new();
        property.conditions().for_each(|condition| condition.leaves(&mut leaves));
        let roots: BTreeSet<&str> = leaves.iter().map(|leaf| leaf.root()).collect();
        let ask = |facts: &Facts| if property.is_broken_by(facts) { Answer::Yes } else { Answer::No };
        Table::fill(&dimensions, &plain, |dimension| roots.contains(dimension.root.as_str()), ask)
    };
    let properties: Vec<Option<Table>> = properties.iter().map(broken_by).collect();
    searched.complete &= properties.iter().all(Option::is_some);

    let mut digits = vec![0; dimensions.len()];
    for number in 0..searched.cases {
        // Spread over the whole space when it is too large to be walked.
        let mut place = if total <= CASES_MAX { number } else { number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % total };
        for (digit, dimension) in digits.iter_mut().zip(&dimensions) {
            let count = dimension.changes.len() as u64;
            *digit = usize::try_from(place % count).unwrap_or(0);
            place /= count;
        }
        let refused = || forbids.iter().any(|forbid| forbid.at(&digits) != Answer::No) || permits.iter().any(|permit| permit.at(&digits) == Answer::Fails);
        let open = properties
            .iter()
            .zip(&searched.broken)
            .any(|(table, broken)| broken.is_none() && table.as_ref().is_some_and(|table| table.at(&digits) == Answer::Yes));
        if !open || !permits.iter().any(|permit| permit.at(&digits) == Answer::Yes) || refused() {
            continue;
        }
        let mut facts = plain.clone();
        for (digit, dimension) in digits.iter().zip(&dimensions) {
            dimension.changes.get(*digit).into_iter().for_each(|change| change(&mut facts));
        }
        for (table, broken) in properties.iter().zip(&mut searched.broken) {
            if broken.is_none() && table.as_ref().is_some_and(|table| table.at(&digits) == Answer::Yes) {
                *broken = Some(facts.clone());
            }
        }
    }
    searched
}

fn dimensions(rules: &Rules, tool: &Governed, leaves: &[&Condition]) -> (Vec<Dimension>, bool) {
    let slice = &tool.slice;
    let mut named = Named::default();
    slice.fixed.plain.policies().chain(slice.open.plain.policies()).for_each(|policy| named.read(&policy.to_json().unwrap_or_default()));
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    let mut approving: BTreeSet<Role> = BTreeSet::new();
    for leaf in leaves {
        match leaf {
            Condition::Below(class, level) => {
                asked.insert(class);
                named.numbers.insert(level.level());
            }
            Condition::Fact(name) => _ = asked.insert(name),
            Condition::Approval { roles, .. } => {
                asked.insert("approvals");
                approving.extend(roles);
            }
            Condition::ActingFor { roles, .. } => {
                named.principal = true;
                named.roles.extend(roles);
            }
            Condition::Not(_) | Condition::All(_) | Condition::Any(_) => {}
        }
    }
    let reads = |name: &str| slice.reads(name) || asked.contains(name);
    let near: BTreeSet<i64> = named.numbers.iter().flat_map(|number| [number.saturating_sub(1), *number, number.saturating_add(1)]).chain([0]).collect();
    let mut all: Vec<Dimension> = Vec::new();
    let mut add = |root: &str, changes: Vec<Change>| all.push(Dimension { root: root.to_owned(), changes });

    let levels: Vec<Integrity> = Integrity::ALL.into_iter().rev().filter(|level| *level == Integrity::Owner || near.contains(&level.level())).collect();
    let classes: [(&str, ArgumentClass, SetLevel); 3] = [
        ("dest", ArgumentClass::Dest, |facts, level| facts.dest = level),
        ("ref", ArgumentClass::Ref, |facts, level| facts.reference = level),
        ("value", ArgumentClass::Value, |facts, level| facts.value = level),
    ];
    for (name, _, set) in classes.into_iter().filter(|(name, class, _)| reads(name) && tool.classes.contains(class)) {
        add(name, levels.iter().copied().map(|level| -> Change { Box::new(move |facts| set(facts, level)) }).collect());
    }
    let switches: [(&str, Set); 6] = [
        ("leak", |facts| facts.leak = true),
        ("content_actionable", |facts| facts.content_actionable = true),
        ("class_asked", |facts| facts.class_asked = false),
        ("uninvited", |facts| facts.uninvited = true),
        ("tainted", |facts| facts.tainted = true),
        ("within_budget", |facts| facts.within_budget = false),
    ];
    for (name, set) in switches.into_iter().filter(|(name, _)| reads(name)) {
        add(name, vec![Box::new(|_| {}), Box::new(set)]);
    }
    // One role more than is named stands for all others.
    let mut roles: Vec<Role> = named.roles.iter().copied().collect();
    roles.extend(Role::ALL.into_iter().rev().find(|role| !named.roles.contains(role)));
    if reads("approvals") {
        let mut approvers: Vec<Role> = slice.approvers.iter().copied().chain(approving).collect::<BTreeSet<_>>().into_iter().collect();
        approvers.extend(Role::ALL.into_iter().rev().find(|role| !approvers.contains(role)));
        add("approvals", subsets(&approvers).map(|set| -> Change { Box::new(move |facts| approve(facts, &set, false)) }).collect());
        if named.people || slice.whole {
            // That the person acted for is the one who approves.
            add("approvals", vec![Box::new(|_| {}), Box::new(|facts| approve(facts, &facts.approvals.roles.clone(), true))]);
        }
    }
    if named.principal || slice.whole {
        add("principal", subsets(&roles).map(|set| -> Change { Box::new(move |facts| facts.roles.clone_from(&set)) }).collect());
    }
    let mut complete = !slice.whole;
    for counter in rules.counters().iter().filter(|counter| slice.reads("counts") && slice.reads_counter(&counter.name)) {
        let (name, near) = (counter.name.clone(), near.iter().copied().filter(|number| *number >= 0));
        let put = |number: i64| -> Change {
            let name = name.clone();
            Box::new(move |facts| _ = facts.counts.insert(name.clone(), number))
        };
        add("counts", near.map(put).collect());
        // Sums of counters and arguments are not told apart by constants alone.
        complete = false;
    }
    if slice.reads("args") || slice.reads("facts") || slice.reads("run") || slice.reads("now") {
        complete = false;
        texts(tool, &named, &near, &mut add);
    }
    (all, complete)
}

/// Values for what only business rules read.
fn texts(tool: &Governed, named: &Named, near: &BTreeSet<i64>, add: &mut impl FnMut(&str, Vec<Change>)) {
    let slice = &tool.slice;
    let words: Vec<String> = named.texts.iter().take(VALUES_MAX).cloned().chain(["other".to_owned()]).collect();
    let numbers: Vec<i64> = near.iter().copied().collect();
    let one = |value: Value, set: fn(&mut Facts, Value)| -> Change { Box::new(move |facts| set(facts, value.clone())) };
    if slice.reads("args") {
        for (name, values) in representatives(&tool.arguments, &words, &numbers, VALUES_MAX) {
            let put = |value: Value| -> Change {
                let name = name.clone();
                Box::new(move |facts| {
                    if let Some(fields) = facts.arguments.as_object_mut() {
                        if value.is_null() { _ = fields.remove(&name) } else { _ = fields.insert(name.clone(), value.clone()) }
                    }
                })
            };
            add("args", values.into_iter().map(put).collect());
        }
    }
    if slice.reads("facts") {
        for fact in &tool.facts {
            let values: Vec<Value> = match fact.fact.range() {
                None => vec![false.into(), true.into()],
                // What cannot be is no case. The least there is stands for all below the constants; a range is short enough to leave none of it out.
                Some(range) => {
                    let may_be = near.iter().copied().filter(|number| range.contains(number)).chain([*range.start()]);
                    may_be.collect::<BTreeSet<i64>>().into_iter().map(Value::from).collect()
                }
            };
            let put = |value: Value| -> Change {
                let name = fact.name.clone();
                Box::new(move |facts| _ = facts.facts.insert(name.clone(), value.clone()))
            };
            add("facts", values.into_iter().map(put).collect());
        }
    }
    if slice.reads("run") {
        let channel = |facts: &mut Facts, value: Value| value.as_str().unwrap_or_default().clone_into(&mut facts.channel);
        add("run", std::iter::once("chat").chain(words.iter().map(String::as_str)).map(|word| one(word.into(), channel)).collect());
    }
    if slice.reads("now") {
        add(
            "now",
            numbers.iter().take(VALUES_MAX).map(|number| one((*number).into(), |facts, value| facts.now_ms = value.as_i64().unwrap_or_default())).collect(),
        );
    }
}

impl Named {
    fn read(&mut self, node: &Value) {
        match node {
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            Value::Object(fields) => {
                if fields.get("type").and_then(Value::as_str) == Some("Role") {
                    self.roles.extend(fields.get("id").and_then(Value::as_str).and_then(|id| id.parse::<Role>().ok()));
                }
                self.people |= fields.get("attr").and_then(Value::as_str) == Some("people");
                self.principal |= fields.get("Var").and_then(Value::as_str) == Some("principal");
                match fields.get("Value") {
                    Some(Value::Number(number)) => self.numbers.extend(number.as_i64()),
                    Some(Value::String(text)) => _ = self.texts.insert(text.clone()),
                    _ => {}
                }
                if let Some(pattern) = fields.get("pattern").and_then(Value::as_array) {
                    let letters: String = pattern.iter().filter_map(|item| item.get("Literal").and_then(Value::as_str)).collect();
                    self.texts.insert(letters);
                }
                fields.iter().filter(|(name, _)| *name != "annotations").for_each(|(_, inner)| self.read(inner));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Approvals in these roles, each by somebody of their own; or all by the person acted for.
fn approve(facts: &mut Facts, roles: &BTreeSet<Role>, by_oneself: bool) {
    facts.approvals.people = (100..).zip(roles).map(|(number, _)| PersonId::from_uuid(Uuid::from_u128(number))).collect();
    if by_oneself && !roles.is_empty() {
        facts.approvals.people = [facts.person].into();
    }
    facts.approvals.roles.clone_from(roles);
}

fn subsets(roles: &[Role]) -> impl Iterator<Item = BTreeSet<Role>> {
    (0_u32..1 << roles.len().min(5)).map(|mask| roles.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, role)| *role).collect())
}

/// Whether two tools have the same rules and the same classes of arguments, and their rules read nothing of their own.
pub(crate) fn is_alike(one: &Governed, other: &Governed) -> bool {
    let own = ["args", "facts", "counts"].iter().any(|name| one.slice.reads(name));
    std::sync::Arc::ptr_eq(&one.slice, &other.slice)
        && one.classes == other.classes
        && one.effect == other.effect
        && !own
        && !reads_tool(&one.slice.fixed.plain)
        && !reads_tool(&one.slice.open.plain)
}

/// Whether rules look at the tool itself.
fn reads_tool(rules: &PolicySet) -> bool {
    fn has_resource(node: &Value) -> bool {
        match node {
            Value::Array(items) => items.iter().any(has_resource),
            Value::Object(fields) => fields.get("Var").and_then(Value::as_str) == Some("resource") || fields.values().any(has_resource),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    rules.policies().any(|policy| policy.to_json().is_ok_and(|json| json.get("conditions").is_some_and(has_resource)))
}
