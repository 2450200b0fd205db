//! What a plugin keeps: names and sizes are checked, the floor is the host's own word, and the office does the rest.

use crate::bindings::steward::plugin::kv as wit;
use crate::error::tidy;
use crate::office::{KV_KEY_BYTES_MAX, KV_VALUE_BYTES_MAX, KvChange, KvChanged, KvSpace, OfficeError, PageRequest};
use crate::sandbox::{CallState, RepeatDiffers};
use std::sync::Arc;
use wasmtime::Result;

type Answer<T> = Result<std::result::Result<T, wit::KvError>>;

/// Names of a page at most.
const NAMES_MAX: u32 = 200;
const REASON_MAX: usize = 300;
/// Why a call does not take an entry away that counts for more than what it knows, or did before it was set anew.
const BETTER: &str = "this call knows what is private, or of lower standing than what this entry was ever written from, so it does not take it away; \
                      set it to nothing instead, or leave it to a call that takes it away before it asks for anything";

fn refusal(error: OfficeError) -> wit::KvError {
    match error {
        OfficeError::Denied => wit::KvError::Denied("not allowed here; a tool that only reads keeps nothing, and a preview neither".to_owned()),
        OfficeError::Invalid(what) | OfficeError::Told { why: what, .. } => wit::KvError::Invalid(tidy(&what, REASON_MAX)),
        OfficeError::NotFound => wit::KvError::Denied("there is no such workspace".to_owned()),
        OfficeError::TooLarge => wit::KvError::Invalid("that is more than is kept at once".to_owned()),
        OfficeError::Conflict | OfficeError::Unavailable => wit::KvError::Unavailable,
    }
}

fn check_name(name: &str) -> std::result::Result<(), wit::KvError> {
    if name.is_empty() || name.len() > KV_KEY_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(wit::KvError::Invalid(format!("a key has 1 to {KV_KEY_BYTES_MAX} bytes and no control characters")));
    }
    Ok(())
}

impl CallState {
    fn space(&self) -> std::result::Result<Arc<KvSpace>, wit::KvError> {
        // Who was not granted the interface cannot be loaded with it; this is for the case that somebody links it without.
        self.kv.clone().ok_or_else(|| wit::KvError::Denied("nothing is kept for this plugin".to_owned()))
    }

    async fn put(&mut self, name: String, change: KvChange) -> Answer<KvChanged> {
        let ordinal = match self.keep()? {
            Ok(ordinal) => ordinal,
            Err(refused) => return Ok(Err(refusal(refused))),
        };
        let asked = self.space().and_then(|space| check_name(&name).map(|()| space));
        let asked = asked.and_then(|space| match &change {
            KvChange::Set { value, .. } if value.len() > KV_VALUE_BYTES_MAX => {
                Err(wit::KvError::Invalid(format!("a value has at most {KV_VALUE_BYTES_MAX} bytes")))
            }
            KvChange::Set { .. } | KvChange::Delete => Ok(space),
        });
        let space = match asked {
            Ok(space) => space,
            Err(refused) => {
                self.nothing_asked();
                return Ok(Err(refused));
            }
        };
        let (office, key, seen) = (Arc::clone(&self.office), self.key.clone(), self.seen);
        let answer = office.kv_change(&key, ordinal, &space, &name, &change, seen).await;
        if matches!(answer, Err(OfficeError::Conflict)) {
            // Whatever the plugin would do about it, it would do beside what it did the first time.
            self.nothing_asked();
            return Err(wasmtime::Error::new(RepeatDiffers));
        }
        self.keeping_done(&answer);
        // Hearing that an entry stands there is reading a little of it: two hundred such answers are a word.
        // That others leave no room tells of them as well.
        if let Ok(KvChanged::Deleted(Some(floor)) | KvChanged::Conflict(Some(floor)) | KvChanged::Better(floor) | KvChanged::OverQuota(Some(floor))) = answer {
            self.recalled(floor);
        }
        Ok(match answer {
            Ok(KvChanged::Conflict(_)) => Err(wit::KvError::Conflict),
            Ok(KvChanged::Better(_)) => Err(wit::KvError::Invalid(BETTER.to_owned())),
            Ok(KvChanged::OverQuota(_)) => {
                let quota = space.quota;
                Err(wit::KvError::OverQuota(format!("a plugin keeps at most {} bytes in {} entries here", quota.bytes_max, quota.entries_max)))
            }
            Ok(changed) => Ok(changed),
            Err(error) => Err(refusal(error)),
        })
    }
}

impl wit::Host for CallState {
    async fn get(&mut self, key: String) -> Answer<Option<wit::Entry>> {
        self.ask()?;
        let space = match self.space().and_then(|space| check_name(&key).map(|()| space)) {
            Ok(space) => space,
            Err(refused) => return Ok(Err(refused)),
        };
        let found = Arc::clone(&self.office).kv_get(&space, &key).await;
        self.told(&found);
        Ok(found.map_err(refusal).map(|found| {
            found.map(|entry| {
                self.recalled(entry.floor);
                wit::Entry { value: entry.value, version: entry.version }
            })
        }))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Answer<u64> {
        Ok(self.put(key, KvChange::Set { value, expect: None }).await?.map(version))
    }

    async fn compare_and_set(&mut self, key: String, value: Vec<u8>, expect: u64) -> Answer<u64> {
        Ok(self.put(key, KvChange::Set { value, expect: Some(expect) }).await?.map(version))
    }

    async fn delete(&mut self, key: String) -> Answer<bool> {
        Ok(self.put(key, KvChange::Delete).await?.map(|changed| matches!(changed, KvChanged::Deleted(Some(_)))))
    }

    async fn list(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<wit::Keys> {
        self.ask()?;
        let sound = prefix.len() <= KV_KEY_BYTES_MAX && after.as_ref().is_none_or(|after| after.len() <= KV_KEY_BYTES_MAX);
        let sound = sound && !prefix.chars().chain(after.iter().flat_map(|after| after.chars())).any(char::is_control);
        let space = match self.space() {
            Ok(space) if sound => space,
            Ok(_) => return Ok(Err(wit::KvError::Invalid(format!("a key has at most {KV_KEY_BYTES_MAX} bytes and no control characters")))),
            Err(refused) => return Ok(Err(refused)),
        };
        let page = PageRequest { after, limit: limit.clamp(1, NAMES_MAX) };
        let found = Arc::clone(&self.office).kv_list(&space, &prefix, &page).await;
        self.told(&found);
        Ok(found.map_err(refusal).map(|found| {
            found.items.iter().for_each(|entry| self.recalled(entry.floor));
            wit::Keys { items: found.items.into_iter().map(|entry| entry.name).collect(), next: found.next }
        }))
    }
}

fn version(changed: KvChanged) -> u64 {
    match changed {
        KvChanged::Version(version) => version,
        KvChanged::Deleted(_) | KvChanged::Conflict(_) | KvChanged::Better(_) | KvChanged::OverQuota(_) => 0,
    }
}
