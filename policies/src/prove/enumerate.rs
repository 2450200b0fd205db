//! The prover that needs nothing: walks what the rules of a tool, or of a class, can tell apart.
//!
//! Each question of a rule is asked of Cedar in every combination of what it reads, where the values there stand for all there are. What is
//! left (arguments, patterns, sums) is taken for so or not, whatever the facts: where nothing is found then, nothing is there. What is found
//! is tried on real facts, and counts as broken only where the rules themselves allow it.

use super::case;
use super::dimensions::{self, Dimension};
use super::formula::{Answer, Atoms, Formula};
use super::looks::Looks;
use super::sentence::Property;
use super::walk::{Table, Walked, walk};
use crate::effort::{Effort, Texts, weight};
use crate::facts::Facts;
use crate::judge::judge_within;
use crate::matrix::blank;
use crate::request::Question;
use crate::rules::{Governed, Part, Patterns, Rules};
use cedar_policy::{Effect, Policy, PolicyId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use steward_core::{ToolSpec, Verdict};

/// The most facts of one tool that are tried for one property.
const TRIES_MAX: u64 = 4_000;
/// The most facts that are tried for one combination.
const TRIES_EACH_MAX: u64 = 500;
/// In the time of so many evaluations a rule is taken apart, which is done anew for each tool or class that is looked at.
const TAKEN_APART: u64 = 16;

/// Where calls are looked at.
pub(super) struct Place<'a> {
    /// The tool; nothing of a class.
    pub(super) spec: Option<&'a ToolSpec>,
    pub(super) tool: &'a Governed,
}

/// What came of one property.
#[derive(Debug)]
pub(super) enum Found {
    /// Nothing breaks it.
    Nothing,
    /// These facts do: the rules allow the call.
    Broken(Box<Facts>),
    /// Nothing was found, and nothing is proved: these rules may allow what it forbids.
    Open(BTreeSet<String>),
}

/// What came of one property, and of how many cases.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) found: Found,
    pub(super) cases: u64,
}

/// Looks for calls which the rules allow and one of these properties forbids, as far as the effort that is left goes: beyond it all stays open.
pub(super) fn search(effort: &Effort, rules: &Rules, place: &Place<'_>, properties: &[&Property]) -> Vec<Searched> {
    let slice = &place.tool.slice;
    let taken_apart = slice.fixed.weight.saturating_add(slice.open.weight).saturating_mul(TAKEN_APART);
    if effort.is_spent() || !effort.spend(taken_apart) {
        return properties.iter().map(|_| Searched { found: Found::Open(BTreeSet::new()), cases: 0 }).collect();
    }
    let mut asked = BTreeSet::new();
    for property in properties {
        let mut conditions = Vec::new();
        property.broken(&mut conditions);
        asked.extend(conditions.iter().map(|condition| condition.path()));
    }
    let world = World::new(effort, rules, place, &asked);
    properties.iter().map(|property| world.look(property)).collect()
}

/// The rules of one tool or class, taken apart.
struct World<'a> {
    effort: &'a Effort,
    rules: &'a Rules,
    place: &'a Place<'a>,
    plain: Facts,
    dimensions: Vec<Dimension>,
    atoms: Atoms,
    /// What each question says, in its order.
    tables: Vec<Table>,
    /// Questions that no dimension covers, by place.
    open: BTreeSet<usize>,
    permits: Vec<(String, Formula)>,
    forbids: Vec<Formula>,
}

impl<'a> World<'a> {
    fn new(effort: &'a Effort, rules: &'a Rules, place: &'a Place<'a>, asked: &BTreeSet<String>) -> Self {
        let (tool, name) = (place.tool, place.spec.map_or("", |spec| spec.name.as_str()));
        let mut policies: Vec<&Policy> = tool.slice.policies().collect();
        policies.sort_by_key(|policy| rules.0.index.get(AsRef::<str>::as_ref(policy.id())));
        let (mut atoms, mut permits, mut forbids) = (Atoms::default(), Vec::new(), Vec::new());
        for policy in policies {
            let formula = Formula::of(policy, &mut atoms);
            match policy.effect() {
                Effect::Permit => permits.push((policy.id().to_string(), formula)),
                Effect::Forbid => forbids.push(formula),
            }
        }
        let plain = blank(rules, name, tool);
        let (mut dimensions, covered) = dimensions::of(rules, name, tool, place.spec.is_none(), &atoms.0, asked);
        // What is open comes behind these, and tells nothing of a question that they cover.
        let covering = dimensions.len();
        let (mut tables, mut open) = (Vec::new(), BTreeSet::new());
        for (at, (atom, covered)) in atoms.0.iter().zip(covered).enumerate() {
            let fill = || {
                let part = alone(&atom.expression)?;
                let depends = |dimension: &Dimension| dimension.is_read_by(&atom.looks);
                // Arguments are not covered: only in texts of its own a pattern is looked for long.
                let patterns = Patterns::of(&atom.expression).effort(&Texts::default());
                let each = weight(&atom.expression.to_string()).saturating_add(patterns);
                Table::fill((effort, each), dimensions.get(..covering).unwrap_or_default(), &plain, depends, |facts| ask(rules, tool, &part, facts))
            };
            let table = if covered { fill() } else { None };
            tables.push(table.unwrap_or_else(|| {
                open.insert(at);
                dimensions.push(Dimension::open());
                Table::of_its_own(dimensions.len() - 1)
            }));
        }
        Self { effort, rules, place, plain, dimensions, atoms, tables, open, permits, forbids }
    }

    fn look(&self, property: &Property) -> Searched {
        let mut conditions = Vec::new();
        let broken = property.broken(&mut conditions);
        let of_conditions: Option<Vec<Table>> = conditions
            .iter()
            .map(|condition| {
                let path = condition.path();
                Table::fill((self.effort, 1), &self.dimensions, &self.plain, |dimension| dimension.is_at(&path), |facts| Some(condition.holds(facts).into()))
            })
            .collect();
        let Some(of_conditions) = of_conditions else {
            return Searched { found: Found::Open(self.permits.iter().map(|(id, _)| id.clone()).collect()), cases: 0 };
        };
        // The conditions of the property stand behind the questions of the rules.
        let broken = broken.moved(self.tables.len());
        let tables: Vec<&Table> = self.tables.iter().chain(&of_conditions).collect();
        let (mut cases, mut tried, mut open) = (0, 0, BTreeSet::new());
        for (id, permit) in &self.permits {
            let (mut found, mut beside) = (None, None);
            let mut wanted = vec![(&broken, Answer::Yes), (permit, Answer::Yes)];
            wanted.extend(self.forbids.iter().map(|forbid| (forbid, Answer::No)));
            let walked = walk(self.effort, &self.dimensions, &tables, &wanted, &mut cases, &mut |digits: &[usize]| {
                open.insert(id.clone());
                let values = beside.get_or_insert_with(|| self.beside(&wanted));
                found = self.try_out(digits, values, property, &mut tried);
                found.is_some() || self.place.spec.is_none() || tried >= TRIES_MAX
            });
            if let Some(facts) = found {
                return Searched { found: Found::Broken(Box::new(facts)), cases: cases + tried };
            }
            if walked == Walked::TooLong {
                open.insert(id.clone());
            }
        }
        Searched { found: if open.is_empty() { Found::Nothing } else { Found::Open(open) }, cases: (cases + tried).max(1) }
    }

    /// Values to try of what is open in these formulas; of a class nothing is tried.
    fn beside(&self, wanted: &[(&Formula, Answer)]) -> Vec<Dimension> {
        if self.place.spec.is_none() {
            return Vec::new();
        }
        let mut leaves = BTreeSet::new();
        wanted.iter().for_each(|(formula, _)| formula.leaves(&mut leaves));
        let open: Vec<&Looks> = leaves.intersection(&self.open).filter_map(|leaf| self.atoms.0.get(*leaf)).map(|atom| &atom.looks).collect();
        if open.is_empty() { Vec::new() } else { dimensions::beside(self.rules, self.place.tool, &open) }
    }

    /// Facts like these that the rules allow and the property forbids, if there are any among those that are tried.
    fn try_out(&self, digits: &[usize], beside: &[Dimension], property: &Property, tried: &mut u64) -> Option<Facts> {
        let spec = self.place.spec?;
        let mut like_these = self.plain.clone();
        for (digit, dimension) in digits.iter().zip(&self.dimensions) {
            dimension.changes.get(*digit).into_iter().for_each(|change| change(&mut like_these));
        }
        let total = beside.iter().try_fold(1_u64, |total, dimension| total.checked_mul(dimension.changes.len() as u64)).unwrap_or(u64::MAX);
        for number in 0..total.min(TRIES_EACH_MAX) {
            if *tried >= TRIES_MAX {
                return None;
            }
            *tried += 1;
            // Spread over all of them where there are more than are tried.
            let mut place = if total <= TRIES_EACH_MAX { number } else { number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % total };
            let mut facts = like_these.clone();
            for dimension in beside {
                let count = dimension.changes.len() as u64;
                let change = usize::try_from(place % count).ok().and_then(|digit| dimension.changes.get(digit));
                change.into_iter().for_each(|change| change(&mut facts));
                place /= count;
            }
            case::complete(&mut facts, self.place.tool, spec);
            // What waits for people is judged again for every set of roles, and all of that counts.
            if judge_within(self.effort, self.rules, &facts)?.verdict() == Verdict::Allow && property.is_broken_by(&facts) {
                return Some(facts);
            }
        }
        None
    }
}

/// A question as a rule of its own.
fn alone(expression: &Value) -> Option<Part> {
    let any = || json!({ "op": "All" });
    let rule = json!({ "effect": "permit", "principal": any(), "action": any(), "resource": any(), "conditions": [{ "kind": "when", "body": expression }] });
    let mut part = Part::default();
    part.plain.add(Policy::from_json(Some(PolicyId::new("a question")), rule).ok()?).ok()?;
    Some(part)
}

/// What a question says to these facts; nothing where it cannot be asked, which is not to say that a call is refused.
fn ask(rules: &Rules, tool: &Governed, part: &Part, facts: &Facts) -> Option<Answer> {
    let said = Question::new(&rules.0, tool, facts).and_then(|question| question.ask(part, &BTreeSet::new())).ok()?;
    Some(if said.errors.is_empty() { Answer::from(said.allows) } else { Answer::Fails })
}

#[cfg(test)]
mod tests {
    use super::super::{PropertyFile, Task};
    use super::*;
    use crate::testing::file;
    use steward_core::Role;

    /// So many rules that ask for everybody's approval of a payout, and what is looked at.
    fn task(rules: usize) -> Task {
        let roles = Role::ALL.map(|role| format!("Role::\"{}\"", role.name())).join(", ");
        let rule = |number: usize| {
            format!(
                "@id(\"r{number}\") @reason(\"r\") permit (principal, action == Action::\"payouts.prepare\", resource) \
                 when {{ context.approvals.roles.containsAll([{roles}]) }};\n"
            )
        };
        let text: String = (0..rules).map(rule).collect();
        let property = PropertyFile { name: "p.txt".into(), text: "never money without approval by owner".into() };
        Task::new(&[file("a.cedar", &text)], &[], &[property]).expect("a task")
    }

    fn place(task: &Task) -> Place<'_> {
        let spec = task.tools.iter().find(|tool| tool.name == "payouts.prepare").expect("a tool that pays");
        Place { spec: Some(spec), tool: &task.rules.0.tools[&spec.name] }
    }

    #[test]
    fn taking_the_rules_of_a_tool_apart_counts_for_each_tool() {
        let task = task(50);
        let place = place(&task);
        let search = |effort: &Effort| search(effort, &task.rules, &place, &[&task.properties[0]]).remove(0);
        let few = Effort::of(50 * TAKEN_APART - 1);
        let cut = search(&few);
        assert!(matches!(cut.found, Found::Open(_)) && cut.cases == 0 && few.is_spent(), "{cut:?}");
        assert!(matches!(search(&Effort::of(1_000_000)).found, Found::Nothing), "they ask for an owner, too");
    }

    #[test]
    fn what_is_tried_counts_with_every_set_of_roles_that_is_asked_for() {
        let task = task(50);
        let place = place(&task);
        let try_out = |effort: &Effort| {
            let world = World::new(effort, &task.rules, &place, &BTreeSet::new());
            let (before, mut tried) = (effort.left(), 0);
            assert!(world.try_out(&[], &[Dimension::of(10)], &task.properties[0], &mut tried).is_none());
            (tried, before - effort.left())
        };
        // Once as it stands, and once for each of the 31 sets.
        let (tried, spent) = try_out(&Effort::of(1_000_000));
        assert!(tried == 10 && spent >= 10 * 32 * 50, "{tried} took {spent}");
        let cut = Effort::of(10 * 32 * 50 / 2);
        assert!(try_out(&cut).0 < 10 && cut.is_spent());
    }
}
