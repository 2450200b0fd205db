//! What a manifest asks of the world, for the rules of its tool: made of what the run is pinned to and the time that is written down with
//! the decision, so that it comes out the same when the decision is taken again. Nothing here looks at a clock.

use crate::labels::Origins;
use crate::run::Run;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use steward_core::{ArgumentClass, Integrity};
use steward_office::schedules::Wall;
use steward_policies::{FactDeclaration, WorldFact};

/// The facts that are asked for, by name. What cannot be told is left out, and a rule that reads it blocks.
pub(super) fn of_the_world(asked: &[FactDeclaration], run: &Run, origins: &Origins, now_ms: i64) -> BTreeMap<String, Value> {
    if asked.is_empty() {
        return BTreeMap::new();
    }
    let wall = run.pins.as_ref().and_then(|pins| Wall::at(&pins.region.time_zone, now_ms));
    let told = |fact: WorldFact| match fact {
        WorldFact::KnownContacts => Some(json!(origins.lowest(ArgumentClass::Dest) >= Integrity::Directory)),
        WorldFact::LocalHour => wall.map(|wall| json!(wall.hour)),
        WorldFact::Weekday => wall.map(|wall| json!(wall.weekday)),
    };
    asked.iter().filter_map(|one| Some((one.name.clone(), told(one.fact)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Leaf;
    use steward_core::event::{Pins, Region};
    use steward_core::{ArgumentRole, Ids, Label, Source};

    /// A call to somebody of this standing.
    fn to(integrity: Integrity) -> Origins {
        let leaf = Leaf { path: "/to".to_owned(), role: Some(ArgumentRole::Recipient), label: Label::from_source(integrity, Source::Model) };
        Origins { leaves: vec![leaf], tainted: false, context: Integrity::Owner, content_actionable: false, leak: false, class_asked: true, uninvited: false }
    }

    fn run(time_zone: &str) -> Run {
        let pins = Pins::sample(&Ids::counter());
        Run { pins: Some(Pins { region: Region { time_zone: time_zone.to_owned(), ..Region::default() }, ..pins }), ..Run::default() }
    }

    fn told(asked: &[&str], run: &Run, origins: &Origins, now_ms: i64) -> Value {
        let asked: Vec<FactDeclaration> = asked.iter().map(|text| FactDeclaration::parse(text).expect("a fact")).collect();
        json!(of_the_world(&asked, run, origins, now_ms))
    }

    #[test]
    fn what_cannot_be_told_is_left_out_and_what_nobody_asks_for_is_not_told() {
        let owners = to(Integrity::Owner);
        for nowhere in [run("Mars/Base"), Run::default()] {
            assert_eq!(told(&["local_hour:long", "weekday:long"], &nowhere, &owners, 0), json!({}));
        }
        assert_eq!(told(&["local_hour:long"], &run("UTC"), &owners, i64::MAX), json!({}), "no clock shows that");
        assert_eq!(told(&[], &run("UTC"), &owners, 0), json!({}));
        assert_eq!(told(&["weekday:long"], &run("UTC"), &owners, 0), json!({ "weekday": 4 }));
    }

    #[test]
    fn it_is_the_hour_and_the_day_of_the_person() {
        let hour = |zone: &str, now_ms| told(&["local_hour:long", "weekday:long"], &run(zone), &to(Integrity::Owner), now_ms);
        // 2026-03-01, a Sunday, at 20:30 in Greenwich.
        let now_ms = 1_772_397_000_000;
        assert_eq!(hour("UTC", now_ms), json!({ "local_hour": 20, "weekday": 7 }));
        assert_eq!(hour("Asia/Kathmandu", now_ms), json!({ "local_hour": 2, "weekday": 1 }));
        assert_eq!(hour("America/Los_Angeles", now_ms), json!({ "local_hour": 12, "weekday": 7 }));
    }

    #[test]
    fn who_is_not_of_the_directory_nor_named_by_the_owner_is_not_known() {
        for level in Integrity::ALL {
            let known = told(&["known_contacts"], &run("UTC"), &to(level), 0);
            assert_eq!(known, json!({ "known_contacts": level >= Integrity::Directory }), "{level:?}");
        }
    }
}
