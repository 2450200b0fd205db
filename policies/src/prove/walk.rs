//! Looks at every combination of what may be this way or that, as far as some formulas can tell them apart.
//!
//! Values of a dimension between which no question in play tells a difference stand for each other, and a combination is given up as soon
//! as one of the formulas says what is not wanted.

use super::dimensions::Dimension;
use super::formula::{Answer, Formula};
use crate::effort::Effort;
use crate::facts::Facts;
use std::collections::BTreeSet;

/// The most combinations in which one question is asked.
const ANSWERS_MAX: usize = 20_000;
/// The most combinations one walk ends in.
const CASES_MAX: u64 = 200_000;
/// The most dimensions that are set together: a walk goes a level deeper for each, and a thread's stack has an end.
const DEPTH_MAX: usize = 1_000;
/// So many answers of tables, or parts of formulas, are looked at in the time of one evaluation.
const COMPARED_AT_ONCE: u64 = 256;

/// What one question says to each combination of the dimensions it depends on.
pub(super) struct Table {
    /// Each of its dimensions with the weight of a step along it.
    steps: Vec<(usize, usize)>,
    answers: Vec<Answer>,
}

impl Table {
    /// Asks for all combinations, each of which takes so many evaluations; none where there are too many, or where one cannot be asked for.
    pub(super) fn fill(
        (effort, each): (&Effort, u64),
        dimensions: &[Dimension],
        plain: &Facts,
        depends: impl Fn(&Dimension) -> bool,
        ask: impl Fn(&Facts) -> Option<Answer>,
    ) -> Option<Self> {
        let mut steps = Vec::new();
        let mut size = 1_usize;
        for (at, dimension) in dimensions.iter().enumerate().filter(|(_, dimension)| depends(dimension)) {
            steps.push((at, size));
            size = size.checked_mul(dimension.changes.len()).filter(|size| *size <= ANSWERS_MAX)?;
        }
        if !effort.spend((size as u64).saturating_mul(each)) {
            return None;
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
        let answers = (0..size).map(answer).collect::<Option<Vec<_>>>()?;
        Some(Self { steps, answers })
    }

    /// Of a question that is so or not as one dimension has it.
    pub(super) fn of_its_own(at: usize) -> Self {
        Self { steps: vec![(at, 1)], answers: vec![Answer::No, Answer::Yes] }
    }

    fn at(&self, digits: &[usize]) -> Answer {
        let place = self.steps.iter().map(|(at, step)| digits.get(*at).copied().unwrap_or(0) * step).sum::<usize>();
        self.answers.get(place).copied().unwrap_or(Answer::Fails)
    }

    /// How many answers it has.
    fn size(&self) -> u64 {
        self.answers.len() as u64
    }

    /// What it says where a dimension of so many values has this one.
    fn along(&self, at: usize, count: usize, digit: usize) -> impl Iterator<Item = Answer> {
        let step = self.steps.iter().find(|(dimension, _)| *dimension == at).map(|(_, step)| *step);
        let chosen = move |place: usize| step.is_some_and(|step| place / step % count == digit);
        self.answers.iter().enumerate().filter(move |(place, _)| chosen(*place)).map(|(_, answer)| *answer)
    }
}

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// Nothing was left out.
    Whole,
    /// Whoever looked at what was found had seen enough.
    Stopped,
    /// There are more combinations than are looked at.
    TooLong,
}

/// Looks for combinations in which each formula says what is wanted of it, counts in how many it ended, and shows each that is found, as the
/// value of every dimension, until it is told that this is enough. The questions of the formulas are named by the place of their tables.
pub(super) fn walk(
    effort: &Effort,
    dimensions: &[Dimension],
    tables: &[&Table],
    wanted: &[(&Formula, Answer)],
    cases: &mut u64,
    found: &mut dyn FnMut(&[usize]) -> bool,
) -> Walked {
    // However few combinations of them there are, the formulas are to be read.
    let parts = wanted.iter().map(|(formula, _)| formula.size()).sum::<u64>();
    if effort.is_spent() || !effort.spend(parts / COMPARED_AT_ONCE) {
        return Walked::TooLong;
    }
    let mut walk = Walk { effort, tables, order: Vec::new(), told: vec![Told::default()], left: CASES_MAX };
    let asked = |formula: &Formula| {
        let mut leaves = BTreeSet::new();
        formula.leaves(&mut leaves);
        leaves
    };
    let asked: Vec<BTreeSet<usize>> = wanted.iter().map(|(formula, _)| asked(formula)).collect();
    let in_play: Vec<&Table> = asked.iter().flatten().collect::<BTreeSet<_>>().into_iter().filter_map(|leaf| tables.get(*leaf).copied()).collect();
    let answers = in_play.iter().map(|table| table.size()).sum::<u64>();
    // Each with the dimensions it hangs on that are not set yet.
    let mut open: Vec<(&Formula, Answer, BTreeSet<usize>)> = wanted
        .iter()
        .zip(&asked)
        .map(|((formula, answer), leaves)| {
            let on = leaves.iter().filter_map(|leaf| tables.get(*leaf)).flat_map(|table| table.steps.iter().map(|(at, _)| *at)).collect();
            (*formula, *answer, on)
        })
        .collect();
    // What asks for least beyond what is set already comes first: it gives up soonest.
    while let Some(next) = (0..open.len()).min_by_key(|place| open.get(*place).map(|(_, _, on)| on.len())) {
        let (formula, answer, more) = open.remove(next);
        if !effort.spend(open.len() as u64 / COMPARED_AT_ONCE) {
            return Walked::TooLong;
        }
        for at in more {
            let count = dimensions.get(at).map_or(1, |dimension| dimension.changes.len());
            let compared = answers.saturating_mul(count as u64).saturating_add(open.len() as u64);
            if !effort.spend(compared / COMPARED_AT_ONCE) {
                return Walked::TooLong;
            }
            open.iter_mut().for_each(|(_, _, on)| _ = on.remove(&at));
            walk.order.push((at, standing_for_all(&in_play, at, count)));
            walk.told.push(Told::default());
        }
        if let Some(told) = walk.told.last_mut() {
            told.size += formula.size();
            told.formulas.push((formula, answer));
        }
    }
    let mut digits = vec![0; dimensions.len()];
    let walked = walk.go(0, &mut digits, found);
    *cases += CASES_MAX - walk.left;
    walked
}

/// Of the values of a dimension those between which the questions tell a difference, the first of each kind.
fn standing_for_all(in_play: &[&Table], at: usize, count: usize) -> Vec<usize> {
    let mut kinds: Vec<Vec<Answer>> = Vec::new();
    let mut chosen = Vec::new();
    for digit in 0..count {
        let kind: Vec<Answer> = in_play.iter().flat_map(|table| table.along(at, count, digit)).collect();
        if !kinds.contains(&kind) {
            kinds.push(kind);
            chosen.push(digit);
        }
    }
    chosen
}

/// What can be told once so many dimensions are set.
#[derive(Default)]
struct Told<'a> {
    formulas: Vec<(&'a Formula, Answer)>,
    /// Of how many parts all of them are joined.
    size: u64,
}

struct Walk<'a> {
    /// What all walks of a proof may take together.
    effort: &'a Effort,
    tables: &'a [&'a Table],
    /// The dimensions in the order in which they are set, with the values that are tried.
    order: Vec<(usize, Vec<usize>)>,
    /// One for each number of them that are set.
    told: Vec<Told<'a>>,
    /// So many more ends are looked at.
    left: u64,
}

impl Walk<'_> {
    fn go(&mut self, depth: usize, digits: &mut [usize], found: &mut dyn FnMut(&[usize]) -> bool) -> Walked {
        let Some(left) = self.left.checked_sub(1).filter(|_| depth <= DEPTH_MAX) else { return Walked::TooLong };
        if !self.effort.spend(1 + self.told.get(depth).map_or(0, |told| told.size / COMPARED_AT_ONCE)) {
            return Walked::TooLong;
        }
        let is_wanted = |(formula, answer): &(&Formula, Answer)| {
            let said = formula.answer(&|leaf| self.tables.get(leaf).map_or(Answer::Fails, |table| table.at(digits)));
            said == *answer
        };
        if !self.told.get(depth).is_none_or(|told| told.formulas.iter().all(is_wanted)) {
            self.left = left;
            return Walked::Whole;
        }
        let Some((at, choices)) = self.order.get(depth).cloned() else {
            self.left = left;
            return if found(digits) { Walked::Stopped } else { Walked::Whole };
        };
        for digit in choices {
            if let Some(place) = digits.get_mut(at) {
                *place = digit;
            }
            match self.go(depth + 1, digits, found) {
                Walked::Whole => {}
                ended @ (Walked::Stopped | Walked::TooLong) => return ended,
            }
        }
        if let Some(place) = digits.get_mut(at) {
            *place = 0;
        }
        Walked::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::Answer::{Fails, No, Yes};
    use super::*;

    /// Two dimensions of three values and one of two; the first question reads the first, the second the other two.
    fn walked(wanted: &[(&Formula, Answer)]) -> (Walked, u64, Vec<Vec<usize>>) {
        let dimensions = [Dimension::of(3), Dimension::of(3), Dimension::of(2)];
        let first = Table { steps: vec![(0, 1)], answers: vec![No, Yes, Yes] };
        let second = Table { steps: vec![(1, 1), (2, 3)], answers: vec![No, Yes, Fails, No, Yes, No] };
        let (mut cases, mut seen) = (0, Vec::new());
        let end = walk(&Effort::of(1_000), &dimensions, &[&first, &second], wanted, &mut cases, &mut |digits: &[usize]| {
            seen.push(digits.to_vec());
            false
        });
        (end, cases, seen)
    }

    #[test]
    fn values_that_nothing_tells_apart_stand_for_each_other() {
        let (one, two) = (Formula::Asks(0), Formula::Asks(1));
        let contradiction = Formula::both(one.clone(), Formula::not(one.clone()));
        assert_eq!(walked(&[(&two, Yes), (&contradiction, Yes)]), (Walked::Whole, 2, Vec::new()), "what cannot be is given up before the rest is looked at");
        assert_eq!(walked(&[(&one, Yes)]), (Walked::Whole, 2, vec![vec![1, 0, 0]]));
        assert_eq!(walked(&[(&two, Fails)]).2, [vec![0, 2, 0]]);
        assert_eq!(walked(&[(&two, Yes), (&one, No)]).2, [vec![0, 1, 0], vec![0, 1, 1]]);
    }

    #[test]
    fn a_walk_that_is_too_long_says_so_and_one_that_found_enough_stops() {
        let dimensions: Vec<Dimension> = (0..20).map(|_| Dimension::of(2)).collect();
        let tables: Vec<Table> = (0..20).map(Table::of_its_own).collect();
        let tables: Vec<&Table> = tables.iter().collect();
        let all = (0..20).map(Formula::Asks).reduce(Formula::either).expect("a formula");
        let mut cases = 0;
        let effort = Effort::of(u64::MAX);
        assert_eq!(walk(&effort, &dimensions, &tables, &[(&all, Yes)], &mut cases, &mut |_: &[usize]| false), Walked::TooLong);
        assert_eq!(cases, CASES_MAX);
        assert_eq!(walk(&effort, &dimensions, &tables, &[(&all, Yes)], &mut cases, &mut |_: &[usize]| true), Walked::Stopped);
    }

    #[test]
    fn a_walk_goes_no_deeper_than_a_stack_and_the_formulas_it_reads_count() {
        let walked = |count: usize, first: Answer| {
            let dimensions: Vec<Dimension> = (0..count).map(|_| Dimension::of(2)).collect();
            let tables: Vec<Table> = (0..count).map(Table::of_its_own).collect();
            let tables: Vec<&Table> = tables.iter().collect();
            let refused: Vec<Formula> = (0..count).map(Formula::Asks).collect();
            let nothing = Formula::both(Formula::Asks(0), Formula::Is(false));
            let wanted: Vec<(&Formula, Answer)> = std::iter::once((&nothing, first)).chain(refused.iter().map(|formula| (formula, No))).collect();
            walk(&Effort::of(u64::MAX), &dimensions, &tables, &wanted, &mut 0, &mut |_: &[usize]| true)
        };
        assert_eq!(walked(DEPTH_MAX, No), Walked::Stopped);
        assert_eq!(walked(DEPTH_MAX + 1, No), Walked::TooLong);
        assert_eq!(walked(DEPTH_MAX + 1, Yes), Walked::Whole, "what cannot be is given up before that");
        // A formula of many parts that hangs on one thing: one look at it takes as long as many at a short one.
        let long = (0..2_000).map(|_| Formula::Asks(0)).reduce(Formula::both).expect("a formula");
        let (dimensions, table) = ([Dimension::of(2)], Table::of_its_own(0));
        let read = |evaluations: u64| {
            let wanted: Vec<(&Formula, Answer)> = (0..100).map(|_| (&long, No)).collect();
            walk(&Effort::of(evaluations), &dimensions, &[&table], &wanted, &mut 0, &mut |_: &[usize]| true)
        };
        assert_eq!((read(100), read(1_000), read(10_000)), (Walked::TooLong, Walked::TooLong, Walked::Stopped));
    }

    #[test]
    fn walks_and_tables_share_what_a_proof_may_take() {
        let dimensions: Vec<Dimension> = (0..10).map(|_| Dimension::of(2)).collect();
        let tables: Vec<Table> = (0..10).map(Table::of_its_own).collect();
        let tables: Vec<&Table> = tables.iter().collect();
        let all = (0..10).map(Formula::Asks).reduce(Formula::both).expect("a formula");
        let (effort, mut cases) = (Effort::of(3_000), 0);
        let mut whole = || walk(&effort, &dimensions, &tables, &[(&all, Yes)], &mut cases, &mut |_: &[usize]| false);
        let walked: Vec<Walked> = (0..3).map(|_| whole()).collect();
        assert_eq!(walked, [Walked::Whole, Walked::TooLong, Walked::TooLong], "the second has no room for its end, and the third for none at all");
        let fill = |effort: &Effort| Table::fill((effort, 4), &dimensions, &crate::sample::facts(""), |_| true, |_| Some(Yes)).is_some();
        assert!(!fill(&effort) && !fill(&Effort::of(4_095)) && fill(&Effort::of(4_096)));
    }
}
