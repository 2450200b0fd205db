//! What plugins keep, in memory: by plugin and name, once for each key and ordinal.

use crate::office::{KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed, OfficeError, PageRequest};
use std::collections::BTreeMap;
use steward_core::Floor;

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    entries: BTreeMap<(String, String), KvEntry>,
    answers: BTreeMap<(String, u32), (String, KvChanged)>,
    version: u64,
}

impl Kept {
    pub(super) fn get(&self, space: &KvSpace, name: &str) -> Option<KvEntry> {
        self.entries.get(&(space.plugin.clone(), name.to_owned())).cloned()
    }

    pub(super) fn list(&self, space: &KvSpace, prefix: &str, page: &PageRequest) -> Listed<KvName> {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let own = self.entries.iter().filter(|((plugin, name), _)| *plugin == space.plugin && name.starts_with(prefix));
        let mut items: Vec<KvName> = own
            .filter(|((_, name), _)| page.after.as_ref().is_none_or(|after| name > after))
            .map(|((_, name), entry)| KvName { name: name.clone(), floor: entry.floor })
            .take(limit.saturating_add(1))
            .collect();
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.name.clone());
        Listed { items, next }
    }

    pub(super) fn change(&mut self, at: (&str, u32), space: &KvSpace, name: &str, change: &KvChange, floor: Floor) -> Result<KvChanged, OfficeError> {
        let asked = format!("{name} {change:?}");
        let at = (at.0.to_owned(), at.1);
        match self.answers.get(&at) {
            Some((before, _)) if *before != asked => return Err(OfficeError::Conflict),
            Some((_, answer)) => return Ok(*answer),
            None => {}
        }
        let answer = self.make(space, name, change, floor);
        self.answers.insert(at, (asked, answer));
        Ok(answer)
    }

    fn make(&mut self, space: &KvSpace, name: &str, change: &KvChange, floor: Floor) -> KvChanged {
        let place = (space.plugin.clone(), name.to_owned());
        let KvChange::Set { value, expect } = change else { return KvChanged::Deleted(self.entries.remove(&place).map(|entry| entry.floor)) };
        let stands = self.entries.get(&place).map_or(0, |entry| entry.version);
        if expect.is_some_and(|expect| expect != stands) {
            return KvChanged::Conflict(self.entries.get(&place).map(|entry| entry.floor));
        }
        let others = || self.entries.iter().filter(|(other, _)| other.0 == place.0 && **other != place);
        let bytes = others().map(|((_, name), entry)| name.len() + entry.value.len()).sum::<usize>() + name.len() + value.len();
        if bytes as u64 > space.quota.bytes_max || others().count() as u64 + 1 > space.quota.entries_max {
            return KvChanged::OverQuota;
        }
        self.version += 1;
        self.entries.insert(place, KvEntry { value: value.clone(), version: self.version, floor });
        KvChanged::Version(self.version)
    }
}
