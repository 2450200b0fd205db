//! `[[approvals]]`: how many people an approval takes, whether others than who asked, who is asked first, who later, and for how long.

use super::reader::Reader;
use std::collections::BTreeSet;
use steward_core::limits::HOLD_HOURS;
use steward_core::{Effect, Role};
use steward_office::holds::routing::{ApprovalRule, ApprovalRules, Ask};

/// The most people an approval may take.
const PEOPLE_MAX: u64 = 20;
/// The longest a held action may wait, in hours.
const HOURS_MAX: u64 = 24 * 30;

pub(super) fn read(reader: &mut Reader) -> ApprovalRules {
    reader.know("approvals");
    let mut places: Vec<String> = reader.names_under("approvals", &[]).into_iter().collect();
    // `10` stands after `9`: the first rule that fits counts, so order is meaning.
    places.sort_by_key(|place| (place.len(), place.clone()));
    ApprovalRules(places.iter().map(|place| read_one(reader, &format!("approvals.{place}"))).collect())
}

fn read_one(reader: &mut Reader, table: &str) -> ApprovalRule {
    let key = |name: &str| format!("{table}.{name}");
    reader.know(table);
    let tools = reader.list(&key("tools"), &[]);
    if let Some(wrong) = tools.iter().find(|tool| tool.trim_end_matches('*').contains('*') || tool.is_empty()) {
        reader.refuse(&key("tools"), &format!("`{wrong}` is no tool; write a name such as `mail.send`, or a prefix such as `mail.*`"));
    }
    let effects = words(reader, &key("effects"), &Effect::ALL.map(Effect::name), |text| Effect::ALL.into_iter().find(|effect| effect.name() == text));
    let people = u16::try_from(reader.number(&key("people"), 1, 1..=PEOPLE_MAX)).unwrap_or(1);
    // One that does not say leaves it as it is for the effect.
    let says = reader.origin(&key("separate")) != super::Origin::Default;
    let separate = reader.flag(&key("separate"), false);
    let hours = reader.number(&key("hours"), HOLD_HOURS.unsigned_abs(), 1..=HOURS_MAX);
    let first = roles(reader, &key("ask"));
    let then = roles(reader, &key("escalate_to"));
    let after = reader.number(&key("escalate_after_minutes"), 60, 1..=HOURS_MAX * 60);
    if !then.is_empty() && first.is_empty() {
        reader.refuse(&key("ask"), "say who is asked first; `escalate_to` are those who are asked later");
    }
    if !then.is_empty() && after >= hours * 60 {
        reader.refuse(&key("escalate_after_minutes"), "this is not before the action expires; make it less than `hours`");
    }
    let steps = [(0, first), (u32::try_from(after).unwrap_or(u32::MAX), then)];
    let ask = steps.into_iter().filter(|(_, roles)| !roles.is_empty()).map(|(after_minutes, roles)| Ask { after_minutes, roles }).collect();
    ApprovalRule { tools, effects, people, separate: says.then_some(separate), ask, hours: i64::try_from(hours).unwrap_or(HOLD_HOURS) }
}

fn roles(reader: &mut Reader, key: &str) -> BTreeSet<Role> {
    words(reader, key, &Role::ALL.map(Role::name), |text| text.parse().ok())
}

fn words<T: Ord>(reader: &mut Reader, key: &str, known: &[&str], parse: impl Fn(&str) -> Option<T>) -> BTreeSet<T> {
    let mut found = BTreeSet::new();
    for text in reader.list(key, &[]) {
        match parse(&text) {
            Some(word) => drop(found.insert(word)),
            None => reader.refuse(key, &format!("`{text}` is none of {}", known.join(", "))),
        }
    }
    found
}
