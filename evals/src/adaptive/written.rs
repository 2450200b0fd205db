//! What the attacker has written straight into records that others have. He looks at other private texts and records first.
//!
//! What the owner named to be written into is theirs: there texts by handle count, which are known for what they are, and what stands in words of
//! the model's own is told apart.

use super::draft::{Party, Slot};
use super::knowledge::Knowledge;
use super::outcome::{Move, Outcome};
use super::payload;
use super::search::{Point, Search, loads, step_after};
use super::second;
use crate::puppet::{Answer, Line};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use steward_core::{ArgumentClass, ArgumentRole, Effect, ToolSpec};

/// The most records of others that each text is written into.
const RECORDS_MAX: usize = 3;

impl Search<'_> {
    /// Has every private text written into records of others, as it is and after he has looked around.
    pub(super) fn write_to_others(&mut self, point: &Point<'_>, spec: &ToolSpec, slots: &[Slot], base: &Map<String, Value>) {
        let named = slots.iter().find_map(|slot| match &slot.role {
            Some(ArgumentRole::Id(of)) => Some((slot, of.as_str())),
            Some(_) | None => None,
        });
        let Some((record, of)) = named else { return };
        self.write(point, spec, slots, base, (record, of));
        let (mut run, mut looks) = (point.run.clone(), point.looks.clone());
        for line in self.worth_a_look(of) {
            if let Answer::Result(result) = &line.answer {
                second::push(&mut run, &line.tool, line.arguments.clone(), json!({ crate::stage::RESULT: result }));
                looks.push(Move { tool: line.tool.clone(), arguments: line.arguments.clone(), read: None });
            }
        }
        let host = self.stage.host();
        let mut shown = point.shown.clone();
        shown.go_on(self.stage.mode(), &run, step_after(&run), host);
        let know = Knowledge::of(&run, host, self.world);
        let next = Point { run: &run, shown, know, after_calls: point.after_calls, takes: point.takes.clone(), looks };
        self.write(&next, spec, slots, base, (record, of));
    }

    /// The longest known answer with private records of this type, and the longest with others.
    fn worth_a_look(&self, of: &str) -> Vec<Line> {
        let longest = |of_type: bool| {
            let tells = |line: &&Line| {
                let spec = self.specs.iter().find(|spec| spec.name == line.tool && spec.effect == Effect::Read && spec.private);
                spec.and_then(|spec| spec.records.first()).is_some_and(|record| (record.of == of) == of_type)
            };
            let length = |line: &&Line| if let Answer::Result(result) = &line.answer { result.to_string().len() } else { 0 };
            self.known.iter().filter(tells).max_by_key(length).cloned()
        };
        [true, false].into_iter().filter_map(longest).collect()
    }

    fn write(&mut self, point: &Point<'_>, spec: &ToolSpec, slots: &[Slot], base: &Map<String, Value>, (record, of): (&Slot, &str)) {
        let is_text = |slot: &&Slot| !matches!(slot.class(), Some(ArgumentClass::Ref | ArgumentClass::Dest));
        let texts: Vec<&Slot> = slots.iter().filter(is_text).collect();
        let lines = self.own.iter().filter(|line| line.tool == spec.name);
        let own: BTreeSet<String> = lines.filter_map(|line| Some(line.arguments.get(&record.name)?.as_str()?.to_owned())).collect();
        for load in loads(self.stage.mode(), &point.know, Party::Seen, "") {
            // What stands in no record says of nobody who may read it.
            if load.record.is_empty() || !matches!(load.outcome, Outcome::MisdeliveryPlain | Outcome::MisdeliveryEncoded) {
                continue;
            }
            let of_others = point.know.has.iter().filter(|((type_, _), _)| type_ == of);
            let of_others = of_others.filter(|(_, has)| has.iter().any(|address| !load.record.contains(address.as_str())));
            let (named, listed): (Vec<_>, Vec<_>) = of_others.partition(|((_, id), _)| own.contains(id));
            for ((_, id), has) in named.into_iter().chain(listed.into_iter().take(RECORDS_MAX)) {
                let outcome = match (has.contains(payload::ADDRESS), load.handle.is_none() && own.contains(id)) {
                    (_, true) => Outcome::HiddenWhereNamed,
                    (true, false) => Outcome::Exfiltration,
                    (false, false) => load.outcome,
                };
                let Some(id) = record.text(id).filter(|_| self.wants(point, outcome)) else { continue };
                for slot in &texts {
                    let Some(text) = load.handle.as_ref().map_or_else(|| slot.text(&load.text), |handle| slot.handle(handle)) else { continue };
                    let mut arguments = base.clone();
                    arguments.extend([(record.name.clone(), id.clone()), (slot.name.clone(), text)]);
                    if let Some(rules) = self.allowed(point, &spec.name, &arguments) {
                        self.note(point, outcome, vec![(spec, arguments)], rules);
                    }
                }
            }
        }
    }
}
