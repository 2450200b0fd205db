//! What may be this way or that in a call, each with values that stand for all there are.
//!
//! Levels, switches, roles and facts of a manifest have few values, and all of them are here. Who acts, for whom, where, and who approves is
//! told apart by the names that rules name, and one more that stands for everybody else. Numbers and texts are covered where rules do
//! nothing but compare them with literals. Whatever else a rule asks is covered by nothing: it may be so or not, whatever the call.

use super::formula::Atom;
use super::looks::{Looks, is_below};
use crate::args::representatives;
use crate::cases::approvers;
use crate::facts::Facts;
use crate::matrix::blank;
use crate::rules::{Governed, Rules};
use serde_json::Value;
use std::collections::BTreeSet;
use steward_core::{ArgumentClass, Integrity, PersonId, Role, WorkspaceId};
use uuid::Uuid;

/// The most people that rules may name and all sets of whom are tried.
const PEOPLE_MAX: usize = 4;
/// The most values of what is only tried.
const VALUES_MAX: usize = 8;

type Change = Box<dyn Fn(&mut Facts)>;
type Set = fn(&mut Facts);
type SetLevel = fn(&mut Facts, Integrity);

/// One thing that may be this way or that. The first way is that of the plain call.
pub(super) struct Dimension {
    /// Where rules read it.
    roots: Vec<String>,
    pub(super) changes: Vec<Change>,
}

impl Dimension {
    fn new(roots: &[&str], changes: Vec<Change>) -> Self {
        Self { roots: roots.iter().map(|root| (*root).to_owned()).collect(), changes }
    }

    /// What is so or not, whatever the facts.
    pub(super) fn open() -> Self {
        Self::new(&[], vec![Box::new(|_| {}), Box::new(|_| {})])
    }

    /// So many values that make no difference, for tests.
    #[cfg(test)]
    pub(super) fn of(count: usize) -> Self {
        let unchanged = |_| -> Change { Box::new(|_| {}) };
        Self::new(&[], (0..count).map(unchanged).collect())
    }

    /// Whether an expression that looks at these may tell its values apart.
    pub(super) fn is_read_by(&self, looks: &Looks) -> bool {
        self.roots.iter().any(|root| looks.reads(root))
    }

    /// Whether it is what stands at this path.
    pub(super) fn is_at(&self, path: &str) -> bool {
        self.roots.iter().any(|root| root == path)
    }
}

/// The dimensions of a tool's calls, and which of the questions they cover.
pub(super) fn of(rules: &Rules, name: &str, tool: &Governed, of_class: bool, atoms: &[Atom], asked: &BTreeSet<String>) -> (Vec<Dimension>, Vec<bool>) {
    let named = Named::of(atoms);
    let covered: Vec<bool> = atoms.iter().map(|atom| is_covered(&atom.looks, tool, of_class, &named)).collect();
    let looks = || atoms.iter().zip(&covered).filter(|(_, covered)| **covered).map(|(atom, _)| &atom.looks);
    let is_read = |path: &str| asked.contains(path) || looks().any(|looks| looks.reads(path));
    let near = |path: &str, least: i64, most: i64| near(looks().filter(|looks| looks.reads(path)).flat_map(|looks| looks.numbers.iter().copied()), least, most);
    let plain = blank(rules, name, tool);
    let mut all = Vec::new();
    labels(tool, &is_read, &mut all);
    people(&plain, &named, &is_read, &mut all);
    if is_read("context.run.channel") {
        let texts = looks().filter(|looks| looks.reads("context.run.channel")).flat_map(|looks| looks.texts.iter().cloned()).collect();
        let words = with_other(plain.channel.clone(), &texts, |number| format!("other-{number}"));
        all.push(Dimension::new(&["context.run.channel"], each(words, |facts, word| facts.channel.clone_from(word))));
    }
    if is_read("context.run.step") {
        let steps = near("context.run.step", 0, u32::MAX.into()).into_iter().filter_map(|step| u32::try_from(step).ok());
        all.push(Dimension::new(&["context.run.step"], each(first(plain.step, steps), |facts, step| facts.step = *step)));
    }
    if is_read("context.now") {
        all.push(Dimension::new(&["context.now"], each(first(plain.now_ms, near("context.now", 0, i64::MAX)), |facts, now| facts.now_ms = *now)));
    }
    for counter in rules.counters() {
        let path = format!("context.counts.{}", counter.name);
        if is_read(&path) {
            let name = counter.name.clone();
            let put = move |facts: &mut Facts, count: &i64| _ = facts.counts.insert(name.clone(), *count);
            all.push(Dimension::new(&[&path], each(first(0, near(&path, 0, i64::MAX)), put)));
        }
    }
    for fact in &tool.facts {
        let path = format!("context.facts.{}", fact.name);
        if is_read(&path) {
            let name = fact.name.clone();
            let values: Vec<Value> = fact.fact.range().map_or_else(|| vec![false.into(), true.into()], |range| range.map(Value::from).collect());
            all.push(Dimension::new(&[&path], each(values, move |facts, value| _ = facts.facts.insert(name.clone(), value.clone()))));
        }
    }
    (all, covered)
}

/// The levels of its arguments, and what is so or not.
fn labels(tool: &Governed, is_read: &impl Fn(&str) -> bool, all: &mut Vec<Dimension>) {
    let classes: [(&str, ArgumentClass, SetLevel); 3] = [
        ("context.dest", ArgumentClass::Dest, |facts, level| facts.dest = level),
        ("context.ref", ArgumentClass::Ref, |facts, level| facts.reference = level),
        ("context.value", ArgumentClass::Value, |facts, level| facts.value = level),
    ];
    for (path, _, set) in classes.into_iter().filter(|(path, class, _)| is_read(path) && tool.classes.contains(class)) {
        all.push(Dimension::new(&[path], each(Integrity::ALL.into_iter().rev(), move |facts, level| set(facts, *level))));
    }
    let switches: [(&str, Set); 6] = [
        ("context.leak", |facts| facts.leak = true),
        ("context.content_actionable", |facts| facts.content_actionable = true),
        ("context.class_asked", |facts| facts.class_asked = false),
        ("context.uninvited", |facts| facts.uninvited = true),
        ("context.tainted", |facts| facts.tainted = true),
        ("context.within_budget", |facts| facts.within_budget = false),
    ];
    for (path, set) in switches.into_iter().filter(|(path, _)| is_read(path)) {
        all.push(Dimension::new(&[path], vec![Box::new(|_| {}), Box::new(set)]));
    }
}

/// Who acts, for whom and where, and who approves.
fn people(plain: &Facts, named: &Named, is_read: &impl Fn(&str) -> bool, all: &mut Vec<Dimension>) {
    let person = |number: u128| PersonId::from_uuid(Uuid::from_u128(number));
    let people_count = is_read("context.approvals.people");
    if people_count || is_read("context.approvals.roles") {
        // Who approved follows from the roles, where nothing else is said below.
        let approve = |facts: &mut Facts, roles: &BTreeSet<Role>| {
            facts.approvals.people = approvers(roles);
            facts.approvals.roles.clone_from(roles);
        };
        all.push(Dimension::new(&["context.approvals.roles", "context.approvals.people"], each(subsets(&Role::ALL), approve)));
    }
    if people_count {
        let mut known = with_other(plain.person, &named.people, |number| person(1_000 + number));
        let other = (99..).map(person).find(|other| !known.contains(other));
        known.extend(other);
        let sets = each(subsets(&known), |facts: &mut Facts, people: &BTreeSet<PersonId>| facts.approvals.people.clone_from(people));
        let unsaid: Change = Box::new(|_| {});
        all.push(Dimension::new(&["context.approvals.people"], std::iter::once(unsaid).chain(sets).collect()));
    }
    if is_read("principal.roles") {
        all.push(Dimension::new(
            &["principal.roles"],
            each(first(plain.roles.clone(), subsets(&Role::ALL)), |facts: &mut Facts, roles: &BTreeSet<Role>| facts.roles.clone_from(roles)),
        ));
    }
    if is_read("principal.person") {
        let people = with_other(plain.person, &named.people, |number| person(1_000 + number));
        all.push(Dimension::new(&["principal.person"], each(people, |facts, person| facts.person = *person)));
    }
    if is_read("principal.workspace") {
        let places = with_other(plain.workspace, &named.workspaces, |number| WorkspaceId::from_uuid(Uuid::from_u128(1_000 + number)));
        all.push(Dimension::new(&["principal.workspace"], each(places, |facts, place| facts.workspace = *place)));
    }
    if is_read("principal.name") || is_read("context.run.agent") {
        let agents = with_other(plain.agent.clone(), &named.agents, |number| format!("other-{number}"));
        all.push(Dimension::new(&["principal.name", "context.run.agent"], each(agents, |facts, agent| facts.agent.clone_from(agent))));
    }
}

/// Whom and what rules name.
#[derive(Default)]
struct Named {
    agents: BTreeSet<String>,
    people: BTreeSet<PersonId>,
    workspaces: BTreeSet<WorkspaceId>,
}

impl Named {
    fn of(atoms: &[Atom]) -> Self {
        let mut named = Self::default();
        for looks in atoms.iter().map(|atom| &atom.looks) {
            named.agents.extend(looks.named("Agent").map(str::to_owned));
            if looks.reads("context.run.agent") {
                named.agents.extend(looks.texts.iter().cloned());
            }
            named.people.extend(looks.named("Person").filter_map(|id| id.parse::<PersonId>().ok()));
            named.workspaces.extend(looks.named("Workspace").filter_map(|id| id.parse::<WorkspaceId>().ok()));
        }
        named
    }
}

/// Whether the values above stand for everything that this question can tell apart.
fn is_covered(looks: &Looks, tool: &Governed, of_class: bool, named: &Named) -> bool {
    // An id that is none is somebody's mistake: nothing is claimed of what was meant.
    let is_id = |(kind, id): &(String, String)| match kind.as_str() {
        "Person" => id.parse::<PersonId>().is_ok(),
        "Workspace" => id.parse::<WorkspaceId>().is_ok(),
        _ => true,
    };
    let is_path_covered = |path: &String| {
        let parts: Vec<&str> = path.split('.').collect();
        match parts.as_slice() {
            ["principal", ..] | ["action"] => true,
            // Of a tool to come only its class is known.
            ["resource", rest @ ..] => !of_class || rest == ["effect"],
            ["context", "dest" | "ref" | "value"] => true,
            ["context", "leak" | "content_actionable" | "class_asked" | "uninvited" | "tainted" | "within_budget"] => true,
            ["context", "approvals", "roles"] => true,
            ["context", "approvals"] | ["context", "approvals", "people"] => named.people.len() <= PEOPLE_MAX,
            ["context", "run", "channel" | "agent" | "step"] | ["context", "now"] | ["context", "counts", _] => looks.compares,
            ["context", "facts", _] => !of_class,
            // What the tool does not have is missing in every call of it.
            ["context", "args", _, ..] => !of_class && !tool.arguments.keys().any(|name| is_below(path, &format!("context.args.{name}"))),
            _ => false,
        }
    };
    !looks.anything && looks.entities.iter().all(is_id) && looks.paths.iter().all(is_path_covered)
}

/// Values to try of what no dimension covers: what questions like these read of arguments, texts and numbers.
pub(super) fn beside(rules: &Rules, tool: &Governed, open: &[&Looks]) -> Vec<Dimension> {
    let words: Vec<String> =
        open.iter().flat_map(|looks| &looks.texts).collect::<BTreeSet<_>>().into_iter().take(VALUES_MAX).cloned().chain(["other".to_owned()]).collect();
    let numbers: Vec<i64> = near(open.iter().flat_map(|looks| looks.numbers.iter().copied()), i64::MIN, i64::MAX).into_iter().collect();
    let is_read = |path: &str| open.iter().any(|looks| looks.reads(path));
    let unchanged = || -> Change { Box::new(|_| {}) };
    let mut all = Vec::new();
    for (name, values) in representatives(&tool.arguments, &words, &numbers, VALUES_MAX) {
        let path = format!("context.args.{name}");
        if is_read(&path) {
            let put = move |facts: &mut Facts, value: &Value| {
                if let Some(fields) = facts.arguments.as_object_mut() {
                    if value.is_null() { _ = fields.remove(&name) } else { _ = fields.insert(name.clone(), value.clone()) }
                }
            };
            all.push(Dimension::new(&[&path], std::iter::once(unchanged()).chain(each(values, put)).collect()));
        }
    }
    if is_read("context.run.channel") {
        let changes = each(words.clone(), |facts: &mut Facts, word: &String| facts.channel.clone_from(word));
        all.push(Dimension::new(&["context.run.channel"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    if is_read("context.run.agent") || is_read("principal.name") {
        let named = open.iter().flat_map(|looks| looks.named("Agent")).take(VALUES_MAX).map(str::to_owned);
        let changes = each(words.into_iter().chain(named), |facts: &mut Facts, word: &String| facts.agent.clone_from(word));
        all.push(Dimension::new(&["principal.name", "context.run.agent"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    if is_read("context.run.step") {
        let steps = numbers.iter().filter_map(|number| u32::try_from(*number).ok());
        let changes = each(steps, |facts: &mut Facts, step: &u32| facts.step = *step);
        all.push(Dimension::new(&["context.run.step"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    let counts = || numbers.iter().copied().filter(|number| *number >= 0);
    if is_read("context.now") {
        let changes = each(counts(), |facts: &mut Facts, now: &i64| facts.now_ms = *now);
        all.push(Dimension::new(&["context.now"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    for counter in rules.counters() {
        let path = format!("context.counts.{}", counter.name);
        if is_read(&path) {
            let name = counter.name.clone();
            let changes = each(counts(), move |facts: &mut Facts, count: &i64| _ = facts.counts.insert(name.clone(), *count));
            all.push(Dimension::new(&[&path], std::iter::once(unchanged()).chain(changes).collect()));
        }
    }
    let people = || open.iter().flat_map(|looks| looks.named("Person")).filter_map(|id| id.parse::<PersonId>().ok()).take(VALUES_MAX);
    if is_read("principal.person") {
        let changes = each(people(), |facts: &mut Facts, person: &PersonId| facts.person = *person);
        all.push(Dimension::new(&["principal.person"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    if is_read("principal.workspace") {
        let places = open.iter().flat_map(|looks| looks.named("Workspace")).filter_map(|id| id.parse::<WorkspaceId>().ok()).take(VALUES_MAX);
        let changes = each(places, |facts: &mut Facts, place: &WorkspaceId| facts.workspace = *place);
        all.push(Dimension::new(&["principal.workspace"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    if is_read("context.approvals.people") {
        let changes = each(people(), |facts: &mut Facts, person: &PersonId| facts.approvals.people = [*person].into());
        all.push(Dimension::new(&["context.approvals.people"], std::iter::once(unchanged()).chain(changes).collect()));
    }
    all
}

/// A change for each of these values.
fn each<T: 'static>(values: impl IntoIterator<Item = T>, set: impl Fn(&mut Facts, &T) + Clone + 'static) -> Vec<Change> {
    let change = |value: T| -> Change {
        let set = set.clone();
        Box::new(move |facts| set(facts, &value))
    };
    values.into_iter().map(change).collect()
}

/// This value first, then the others.
fn first<T: PartialEq + Clone>(plain: T, others: impl IntoIterator<Item = T>) -> Vec<T> {
    let before = plain.clone();
    std::iter::once(plain).chain(others.into_iter().filter(move |other| *other != before)).collect()
}

/// This value first, then those that are named, and one that is not named where this one is.
fn with_other<T: Ord + Clone>(plain: T, named: &BTreeSet<T>, make: impl Fn(u128) -> T) -> Vec<T> {
    let other = (0..).map(make).find(|other| *other != plain && !named.contains(other));
    let other = other.filter(|_| named.contains(&plain));
    first(plain, named.iter().cloned().chain(other))
}

/// Numbers that stand for all, where they are compared with these and nothing else: each, its neighbours, and nought.
fn near(numbers: impl Iterator<Item = i64>, least: i64, most: i64) -> BTreeSet<i64> {
    let all = numbers.flat_map(|number| [number.saturating_sub(1), number, number.saturating_add(1)]);
    all.chain([0]).filter(|number| (least..=most).contains(number)).collect()
}

/// All sets of these; the empty one first.
fn subsets<T: Ord + Clone>(of: &[T]) -> Vec<BTreeSet<T>> {
    (0_u32..1 << of.len().min(16)).map(|mask| of.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0).map(|(_, one)| one.clone()).collect()).collect()
}
