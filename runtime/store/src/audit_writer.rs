//! Who numbers audit entries: lanes, each used by one transaction at a time, so that a lane's numbers have no gap.
//!
//! A transaction borrows a lane of its organisation. Committed, the lane goes on from its last number; rolled back, from where it was.
//! Where the answer to a commit was lost nobody knows, and the lane is never used again: it ends, which is no gap.
//! Nothing waits for anything: two transactions at once use two lanes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use steward_core::{Digest, TenantId};
use uuid::Uuid;

const OPEN: u8 = 0;
const UNSURE: u8 = 1;
const COMMITTED: u8 = 2;

/// The lanes of one process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lanes {
    process: Uuid,
    tenants: Arc<Mutex<HashMap<TenantId, Tenant>>>,
}

#[derive(Debug, Default)]
struct Tenant {
    made: u64,
    /// Writer and last committed number. The last one given back is taken first, so that its end is soon confirmed by a successor.
    idle: Vec<(Uuid, i64)>,
}

/// A writer and a number in its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The lane.
    pub writer_id: Uuid,
    /// From 1 without gaps.
    pub writer_seq: i64,
}

/// A lane in use by one transaction. Dropped, it goes back as far as its transaction came.
#[derive(Debug)]
pub struct Lane {
    lanes: Lanes,
    tenant: TenantId,
    writer: Uuid,
    base: i64,
    last: AtomicI64,
    state: AtomicU8,
}

impl Lanes {
    /// Lanes of a process that nobody else is called like.
    pub fn new(process: Uuid) -> Self {
        Self { process, tenants: Arc::default() }
    }

    /// A free lane of an organisation, or a new one.
    pub fn take(&self, tenant: TenantId) -> Lane {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let lanes = tenants.entry(tenant).or_default();
        let (writer, base) = lanes.idle.pop().unwrap_or_else(|| {
            lanes.made += 1;
            let name = Digest::of_parts([self.process.as_bytes().as_slice(), tenant.uuid().as_bytes(), &lanes.made.to_be_bytes()]);
            let mut bytes = [0; 16];
            bytes.copy_from_slice(name.bytes().first_chunk::<16>().unwrap_or(&[0; 16]));
            (Uuid::from_bytes(bytes), 0)
        });
        drop(tenants);
        Lane { lanes: self.clone(), tenant, writer, base, last: AtomicI64::new(base), state: AtomicU8::new(OPEN) }
    }
}

impl Lane {
    /// The place of the next entry of this transaction.
    pub fn next(&self) -> Place {
        Place { writer_id: self.writer, writer_seq: self.last.fetch_add(1, Ordering::SeqCst) + 1 }
    }

    /// The commit goes out now. Tells whether an earlier one went out whose answer never came.
    pub(crate) fn sent(&self) -> bool {
        self.state.swap(UNSURE, Ordering::SeqCst) == UNSURE
    }

    /// The commit was confirmed.
    pub(crate) fn committed(&self) {
        self.state.store(COMMITTED, Ordering::SeqCst);
    }

    /// The transaction was refused as a whole.
    pub(crate) fn refused(&self) {
        self.state.store(OPEN, Ordering::SeqCst);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let last = match self.state.load(Ordering::SeqCst) {
            OPEN => self.base,
            COMMITTED => self.last.load(Ordering::SeqCst),
            _ => return,
        };
        let mut tenants = self.lanes.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.entry(self.tenant).or_default().idle.push((self.writer, last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_refused_transactions_are_used_again_and_unsure_lanes_end() {
        let lanes = Lanes::new(Uuid::from_u128(1));
        let tenant = TenantId::from_uuid(Uuid::from_u128(2));
        let first = lanes.take(tenant);
        let beside = lanes.take(tenant);
        let other = lanes.take(TenantId::from_uuid(Uuid::from_u128(3)));
        let place = first.next();
        assert_eq!(place.writer_seq, 1);
        assert!(beside.next().writer_id != place.writer_id && other.next().writer_id != place.writer_id);
        drop(first);
        let again = lanes.take(tenant);
        assert_eq!(again.next(), place, "rolled back: the number is free");
        assert!(!again.sent());
        again.committed();
        drop(again);
        let next = lanes.take(tenant);
        assert_eq!(next.next(), Place { writer_seq: 2, ..place });
        assert!(!next.sent() && next.sent(), "a second try knows of the first");
        drop(next);
        assert!(lanes.take(tenant).next().writer_id != place.writer_id, "whoever lost the answer is not heard of again");
    }
}
