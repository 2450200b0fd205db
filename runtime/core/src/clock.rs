//! Time and chance as parameters, so that tests turn the clock and runs replay.

use crate::id::Id;
use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};
use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;
use uuid::Uuid;

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// A clock that tests turn; milliseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at`.
    pub fn manual(at: OffsetDateTime) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.unix_timestamp() * 1000)))
    }

    /// Milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one source of time")]
            Self::System => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Self::Manual(ms) => ms.load(Ordering::SeqCst),
        }
    }

    /// The time in UTC, at millisecond precision.
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.now_ms()) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Moves a manual clock by `ms`, which may be negative; the system clock does not move.
    pub fn advance_ms(&self, ms: i64) {
        if let Self::Manual(at) = self {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

/// Where new identifiers come from.
#[derive(Debug, Clone, Default)]
pub enum Ids {
    /// UUID version 7 of the machine's clock.
    #[default]
    System,
    /// A counter, for tests whose output is compared to a file.
    Counter(Arc<AtomicU64>),
}

impl Ids {
    /// A counter that starts at one.
    pub fn counter() -> Self {
        Self::Counter(Arc::new(AtomicU64::new(1)))
    }

    /// A new identifier.
    pub fn make<T: Id>(&self) -> T {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the one source of identifiers")]
            Self::System => T::from_uuid(Uuid::now_v7()),
            Self::Counter(next) => T::from_uuid(Uuid::from_u128(u128::from(next.fetch_add(1, Ordering::SeqCst)))),
        }
    }
}
