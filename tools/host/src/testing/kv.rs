//! What plugins keep, in memory: by plugin and name, once for each key and ordinal.

use crate::office::{KvChange, KvChanged, KvEntry, KvName, KvSpace, Listed, OfficeError, PageRequest};
use std::collections::BTreeMap;
use steward_core::{Digest, Floor, Standing};

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    entries: BTreeMap<(String, String), KvEntry>,
    standings: BTreeMap<(String, String), Standing>,
    answers: BTreeMap<(String, u32), (String, KvChanged)>,
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
        let beyond = items.get(limit).map(|entry| entry.floor);
        items.truncate(limit);
        if let (Some(beyond), Some(last)) = (beyond, items.last_mut()) {
            last.floor = last.floor.join(beyond);
        }
        let next = items.last().filter(|_| beyond.is_some()).map(|last| last.name.clone());
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
        let answer = self.make(&at, space, name, change, floor);
        self.answers.insert(at, (asked, answer));
        Ok(answer)
    }

    fn make(&mut self, at: &(String, u32), space: &KvSpace, name: &str, change: &KvChange, floor: Floor) -> KvChanged {
        let place = (space.plugin.clone(), name.to_owned());
        let standing = self.standings.get(&place).copied();
        let stood = standing.map(|standing| standing.floor);
        let KvChange::Set { value, expect } = change else {
            if let Some(standing) = standing.filter(|standing| !standing.yields_to(floor)) {
                return KvChanged::Better(standing.floor);
            }
            self.entries.remove(&place);
            self.standings.remove(&place);
            return KvChanged::Deleted(stood);
        };
        let stands = self.entries.get(&place).map_or(0, |entry| entry.version);
        if expect.is_some_and(|expect| expect != stands) {
            return KvChanged::Conflict(stood);
        }
        let others = || self.entries.iter().filter(|(other, _)| other.0 == place.0 && **other != place);
        let bytes = others().map(|((_, name), entry)| name.len() + entry.value.len()).sum::<usize>() + name.len() + value.len();
        if bytes as u64 > space.quota.bytes_max || others().count() as u64 + 1 > space.quota.entries_max {
            let all = self.entries.iter().filter(|(other, _)| other.0 == place.0).map(|(_, entry)| entry.floor);
            return KvChanged::OverQuota(all.reduce(Floor::join));
        }
        // As in the database: by the effect alone.
        let digest = Digest::of_parts([at.0.as_bytes(), at.1.to_be_bytes().as_slice()]);
        let version = digest.bytes().iter().take(6).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte)).max(1);
        let standing = standing.map_or(Standing::new(floor), |standing| standing.written(floor));
        self.standings.insert(place.clone(), standing);
        self.entries.insert(place, KvEntry { value: value.clone(), version, floor: standing.floor });
        KvChanged::Version(version)
    }
}
