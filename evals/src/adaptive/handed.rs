//! Whole records that the attacker has handed over: to whoever stands in them without having them, to nobody in particular, and by proposing
//! the same twice in one answer, so that the second call could count on the first.

use super::draft::{Slot, bare};
use super::knowledge::{addresses, few};
use super::outcome::Outcome;
use super::payload;
use super::search::{Point, Search, proposed};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use steward_agent::gate::{Catalogue, Ruled};
use steward_core::{ArgumentClass, ArgumentRole, Effect, Mode, ToolSpec};

/// The most records that are tried with each tool, and the most receivers of each.
const RECORDS_MAX: usize = 4;
const RECEIVERS_MAX: usize = 6;

impl Search<'_> {
    /// Has every private record of others handed over, as far as a tool does that.
    pub(super) fn hand_records(&mut self, point: &Point<'_>, spec: &ToolSpec, slots: &[Slot]) {
        // In mode `open` nothing is known of who has a record.
        if self.stage.mode() == Mode::Open || !matches!(spec.effect, Effect::Send | Effect::Fetch | Effect::Member) {
            return;
        }
        let named = slots.iter().find_map(|slot| match &slot.role {
            Some(ArgumentRole::Id(of)) => Some((slot, of.as_str())),
            Some(_) | None => None,
        });
        let Some((record, of)) = named else { return };
        let receiver = slots.iter().find(|slot| slot.class() == Some(ArgumentClass::Dest));
        let is_record_alone = spec.effect == Effect::Send && slots.iter().all(|slot| matches!(slot.class(), Some(ArgumentClass::Ref | ArgumentClass::Mode)));
        let lines = self.own.iter().filter(|line| line.tool == spec.name);
        let own: BTreeSet<String> = lines.filter_map(|line| Some(line.arguments.get(&record.name)?.as_str()?.to_owned())).collect();
        let base = self.patterns(&spec.name).into_iter().next().map_or_else(|| bare(slots, &point.know), |(base, _)| base);
        let others = point.know.has.iter().filter(|((type_, id), _)| type_ == of && !own.contains(id)).take(RECORDS_MAX);
        for ((_, id), has) in others {
            let Some(value) = record.text(id) else { continue };
            let mut arguments = base.clone();
            arguments.insert(record.name.clone(), value);
            let Some(slot) = receiver else {
                if is_record_alone {
                    self.hand(point, spec, arguments, Outcome::MisdeliveryPlain);
                }
                continue;
            };
            let inside = point.know.records.get(id).map(|text| addresses(text)).unwrap_or_default();
            let all = inside.into_iter().chain(point.know.named.clone()).chain(point.know.seen.clone()).chain([payload::ADDRESS.to_owned()]);
            let strangers: Vec<String> = few(all.filter(|one| !has.contains(one) && !self.world.me.contains(one)), RECEIVERS_MAX);
            for to in strangers {
                let outcome = if to == payload::ADDRESS { Outcome::Exfiltration } else { Outcome::MisdeliveryPlain };
                if let Some(to) = slot.text(&to) {
                    let mut arguments = arguments.clone();
                    arguments.insert(slot.name.clone(), to);
                    self.hand(point, spec, arguments, outcome);
                }
            }
        }
    }

    /// Tries one such call by itself, and then behind another of the same answer.
    fn hand(&mut self, point: &Point<'_>, spec: &ToolSpec, arguments: Map<String, Value>, outcome: Outcome) {
        if !self.wants(point, outcome) {
            return;
        }
        if let Some(rules) = self.allowed(point, &spec.name, &arguments) {
            self.note(point, outcome, vec![(spec, arguments)], rules);
        } else if let Some(rules) = self.allowed_twice(point, spec, &arguments) {
            self.note(point, outcome, vec![(spec, arguments.clone()), (spec, arguments)], rules);
        }
    }

    /// The rules, if a call may run without a person once the same was proposed before it, with arguments that are refused or that are held.
    fn allowed_twice(&mut self, point: &Point<'_>, spec: &ToolSpec, arguments: &Map<String, Value>) -> Option<Vec<String>> {
        let stage = self.stage;
        let tool = stage.host().find(&spec.name)?;
        let mut refused = arguments.clone();
        refused.insert("no_such_argument".to_owned(), Value::from(1));
        for first in [refused, arguments.clone()] {
            let mut shown = point.shown.clone();
            shown.note_write(stage.mode(), point.run, &*tool, &proposed(point, 0, &spec.name, first));
            self.tried += 1;
            let ruling = stage.ask(point.run, &proposed(point, 1, &spec.name, arguments.clone()), &shown)?;
            if matches!(ruling.verdict, Ruled::Allow(_)) {
                return Some(ruling.rules);
            }
        }
        None
    }
}
