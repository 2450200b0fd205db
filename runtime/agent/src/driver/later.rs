//! A run whose models want to be left alone hands its place back: it is queued in the commit that says what happened, with when it may go on and
//! what it knows of its models, so that whoever takes it up asks nobody too early. It holds no lease, no place and no money meanwhile.

use super::ask::WAIT_MS_MAX;
use super::turns::{Left, Turns};
use super::{Drive, DriveError};
use std::time::Duration;
use steward_store::run::RunStatus;
use steward_store::step::Later;
use tokio::time::Instant;
use tracing::info;

/// Where a run waits when its models want to be left alone for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Where it is driven: its place is one that no other run wants.
    InPlace,
    /// In the queue, and its place goes to another run. A journal in memory has none.
    Queued,
}

impl Drive<'_> {
    /// Gives the run back until its models may be asked again.
    pub(super) async fn hand_back(&mut self, wait: Duration) -> Result<RunStatus, DriveError> {
        let clock = &self.runtime.office.clock;
        // The part of a millisecond that is cut off counts: nobody is asked before the time that was named.
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).saturating_add(1);
        let now_ms = clock.now_ms();
        self.turns.left = Some(Left { after_seq: self.run.last_seq, until_ms: now_ms.saturating_add(wait_ms) });
        let later = Later { left_until: clock.now() + time::Duration::milliseconds(wait_ms), turns: self.turns.kept(Instant::now(), now_ms) };
        self.commit(RunStatus::Queued, true, None, Some(&later)).await?;
        // Somebody may have asked it to stop until then: it is not left alone, and may be ended at once.
        self.runtime.live.wake();
        info!(run.id = %self.run_id, "run waits {wait_ms} ms for its models, without a place");
        Ok(RunStatus::Queued)
    }

    /// Takes up what the run knew of the models of its step, and since when it waits for a worker alone. What cannot be read is as good as unknown:
    /// they are asked in their order, and all of the time was the run's.
    pub(super) async fn read_turns(&mut self) -> Result<(), DriveError> {
        if self.run.failed_attempts == 0 {
            return Ok(());
        }
        let kept = self.journal.turns(self.run_id).await.map_err(|source| self.journal_error(source))?;
        let now_ms = self.runtime.office.clock.now_ms();
        if let Some(turns) = kept.and_then(|text| Turns::of_kept(&text, Instant::now(), now_ms)) {
            self.turns = turns;
        }
        self.idle_ms = match self.turns.left.filter(|left| left.after_seq == self.committed_seq) {
            Some(left) => left.idle_ms(self.committed_seq, now_ms),
            // Its worker died while it waited in its place, and no wait is longer than this.
            None if self.run.asked.is_none() => u64::try_from(now_ms.saturating_sub(self.run.last_at_ms)).unwrap_or(0).saturating_sub(WAIT_MS_MAX),
            None => 0,
        };
        Ok(())
    }
}
