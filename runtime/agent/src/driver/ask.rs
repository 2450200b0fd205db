//! Asking a model: reserve, write the intent down, ask, write the answer down. A step already answered is never asked again.

use super::turns::{Tried, Turn};
use super::{Drive, DriveError, Waits};
use crate::context;
use crate::gate::Catalogue;
use crate::labels;
use crate::live::Writing;
use crate::models::{Answer, AskError, AskRequest, Candidate};
use crate::points::point;
use serde_json::Value;
use std::time::Duration;
use steward_core::event::{AskFailure, EndReason};
use steward_core::limits::ASK_ATTEMPTS_MAX;
use steward_core::{CallId, Event, Micros, Mode, NoRoom, RunOutcome, ToolCall, Usage};
use steward_office::questions;
use steward_store::run::RunStatus;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The wait before a model that names none is asked again, in milliseconds; each failure doubles it.
const BACKOFF_MS: u64 = 250;
/// How often it is doubled at most.
const DOUBLED_MAX: u32 = 6;
/// The longest wait for a model that names one, in milliseconds: a limit by the minute passes, one by the hour or the day does not.
pub(super) const WAIT_MS_MAX: u64 = 60_000;
/// From which wait on what happened is written down before it, in milliseconds.
const WRITTEN_MS: u64 = 1_000;
/// From which wait on a run hands its place back, in milliseconds: a shorter one is over before taking it up again would be worth it.
const HANDED_BACK_MS: u64 = 5_000;

enum Asked {
    Answer(Answer),
    Failed(AskError),
    Stopped,
    OutOfTime,
}

/// How often a step is asked where so many models may answer it.
fn tries_max(of: usize) -> u32 {
    ASK_ATTEMPTS_MAX.saturating_mul(u32::try_from(of).unwrap_or(1))
}

/// The next piece of an answer somebody reads; of one that nobody reads, never.
async fn next(written: &mut Option<mpsc::UnboundedReceiver<String>>) -> Option<String> {
    match written {
        Some(written) => written.recv().await,
        None => std::future::pending().await,
    }
}

impl Drive<'_> {
    pub(super) async fn ask(&mut self, step: u32, attempt: u32) -> Result<(), DriveError> {
        let Some(pins) = self.run.pins.clone() else { return Ok(()) };
        let runtime = self.runtime;
        // A wait counts as the run's time, wherever it was waited; that nobody had a place for the run behind it does not.
        if self.run.failed_attempts > 0 && self.run.asked.is_none() && self.left(runtime.office.clock.now_ms()).is_zero() {
            self.end(RunOutcome::TimeLimit, None, "the run worked as long as it may".to_owned());
            return Ok(());
        }
        let Some(candidates) = runtime.models.candidates(&pins.model).filter(|candidates| !candidates.is_empty()) else {
            self.end(
                RunOutcome::ModelFailed,
                Some(EndReason::ModelMissing),
                format!("no model `{}` is configured; set [models.{}] in steward.toml", pins.model, pins.model),
            );
            return Ok(());
        };
        let candidates = candidates.to_vec();
        let tries = tries_max(candidates.len());
        let place = self.turns.place(step, attempt, candidates.len());
        let Some(candidate) = candidates.get(place).filter(|_| attempt <= tries) else {
            self.end(RunOutcome::ModelFailed, Some(EndReason::ModelTries), format!("no model answered after {} tries", attempt.saturating_sub(1)));
            return Ok(());
        };
        let Some(request) = self.request() else {
            self.end(RunOutcome::Failed, Some(EndReason::AgentGone), format!("agent `{}` or its prompt `{}` is no longer there", pins.agent, pins.prompt));
            return Ok(());
        };
        let input = runtime.models.count_tokens(candidate, &request);
        let output = u64::from(runtime.models.bounds(candidate, &request).output_tokens_max);
        let estimate = runtime.models.estimate(candidate, input, output);
        if self.run.used().tokens.saturating_add(input) > pins.limits.tokens {
            self.end(RunOutcome::TokenLimit, None, "the next answer would use more tokens than the run may".to_owned());
            return Ok(());
        }
        if self.run.used().cost >= pins.limits.cost && self.over_now().0 <= 0 {
            return Box::pin(self.ask_for_money(step, Some(estimate), true, NoRoom::RunOver)).await;
        }
        let request_digest = context::digest(&request);
        let label = candidate.label().to_owned();
        let idle_ms = self.idle_ms;
        let asked = |reservation| Event::Asked {
            step,
            attempt,
            model: label.clone(),
            request_digest,
            reserved_tokens: input.saturating_add(output),
            reserved_cost: estimate,
            reservation,
            idle_ms,
        };
        let reserve = self.needed(estimate);
        let is_asked = match &reserve {
            Some(reserve) if self.commit_setting_aside(asked(Some(reserve.id)), reserve).await? => {
                self.set_aside(reserve.id, reserve.amount);
                true
            }
            Some(reserve) if !self.reserve_over(estimate, reserve.amount).await? => {
                return Box::pin(self.ask_for_money(step, Some(estimate), false, NoRoom::Budget)).await;
            }
            _ => false,
        };
        if !is_asked {
            self.apply(asked(self.reservation));
            self.flush(RunStatus::Running, false).await?;
        }
        self.idle_ms = 0;
        let (asked, writing) = self.put(candidate, &request, step, attempt).await;
        // Who comes before the answer is committed has it still.
        self.writing = writing;
        point();
        match asked {
            Asked::Answer(answer) => {
                self.reserved_left = Micros(self.reserved_left.0.saturating_sub(answer.cost.0));
                let answered = self.answered(step, answer);
                self.apply(answered);
            }
            Asked::Failed(err) => Box::pin(self.failed(Tried { step, attempt, place, of: candidates.len() }, candidate, err)).await?,
            // What was sent may be charged all the same, so it counts.
            Asked::Stopped => self.note_failure(
                step,
                attempt,
                candidate.label(),
                AskFailure::CutOff,
                "stopped by a person",
                input,
                runtime.models.estimate(candidate, input, 0),
            ),
            Asked::OutOfTime => {
                self.note_failure(
                    step,
                    attempt,
                    candidate.label(),
                    AskFailure::Timeout,
                    "the run's time is over",
                    input,
                    runtime.models.estimate(candidate, input, 0),
                );
                self.end(RunOutcome::TimeLimit, None, "the run worked as long as it may".to_owned());
            }
        }
        Ok(())
    }

    fn request(&mut self) -> Option<AskRequest> {
        if self.system.is_none() {
            let pins = self.run.pins.as_ref()?;
            let prompt = self.runtime.prompts.resolve(&pins.prompt).ok().filter(|prompt| prompt.digest == pins.prompt_digest)?;
            let variables =
                self.run.variables.iter().filter(|(name, _)| prompt.variables.contains(*name)).map(|(name, value)| (name.as_str(), value.as_str())).collect();
            self.system = Some(prompt.render(&variables).ok()?.into());
        }
        if self.tools.is_none() {
            self.tools = Some(self.runtime.offers.of(self.agent()?, &self.runtime.host));
        }
        let host: &dyn Catalogue = &self.runtime.host;
        let sealed = (self.mode() == Mode::Sealed).then_some(host);
        Some(context::request(&self.run, sealed, self.system.clone()?, self.tools.clone()?))
    }

    async fn put(&self, candidate: &Candidate, request: &AskRequest, step: u32, attempt: u32) -> (Asked, Option<Writing>) {
        // From when the question was put together: a commit may have waited for room on a disk, which is not the model's time.
        let left = self.left(self.run.last_at_ms);
        let live = &self.runtime.live;
        // Nobody watches most runs, and what nobody reads is not kept apart. Who began one from a page reads it as soon as that has its number, which
        // may be after the model is asked.
        let is_awaited = self.journal.is_lasting() && self.run.pins.as_ref().is_some_and(|pins| questions::is_anybody_there(&pins.channel));
        let is_read = is_awaited || live.is_watched();
        let (deltas, mut written) = is_read.then(mpsc::unbounded_channel::<String>).unzip();
        let writing = is_read.then(|| live.writing(self.run_id, step, attempt));
        let tell = |text| {
            if let Some(writing) = &writing {
                writing.tell(text);
            }
        };
        let asking = self.runtime.models.ask(candidate, request, deltas.as_ref());
        tokio::pin!(asking);
        let deadline = tokio::time::sleep(left);
        tokio::pin!(deadline);
        let asked = loop {
            tokio::select! {
                biased;
                Some(text) = next(&mut written) => tell(text),
                () = self.stop.cancelled() => break Asked::Stopped,
                () = &mut deadline => break Asked::OutOfTime,
                outcome = &mut asking => {
                    while let Some(text) = written.as_mut().and_then(|written| written.try_recv().ok()) {
                        tell(text);
                    }
                    break outcome.map_or_else(Asked::Failed, Asked::Answer);
                }
            }
        };
        (asked, writing)
    }

    /// How long the run may still work, at this moment in Unix milliseconds.
    fn left(&self, now_ms: i64) -> Duration {
        let limit_ms = self.run.pins.as_ref().map_or(0, |pins| i64::from(pins.limits.seconds).saturating_mul(1000));
        let since_ms = now_ms.saturating_sub(self.run.last_at_ms).saturating_sub(i64::try_from(self.idle_ms).unwrap_or(i64::MAX)).max(0);
        Duration::from_millis(u64::try_from(limit_ms.saturating_sub(self.run.worked_ms).saturating_sub(since_ms)).unwrap_or(0))
    }

    /// Notes the failure, and waits until somebody may be asked again, or says how long that is where it is not waited for here. A model that was
    /// not asked yet is not waited for.
    async fn failed(&mut self, tried: Tried, candidate: &Candidate, mut err: AskError) -> Result<(), DriveError> {
        let Tried { step, attempt, of, .. } = tried;
        let left = self.left(self.runtime.office.clock.now_ms()).min(Duration::from_millis(WAIT_MS_MAX));
        // Final for the model that gave it and for no other: a wrong key or name there says nothing about the others, and neither does an answer
        // that outgrew its bound, since each has a bound of its own.
        let is_final = matches!(err.failure, AskFailure::Refused | AskFailure::TooLong);
        let wait = (!is_final).then(|| match err.retry_after_ms {
            Some(named) => Duration::from_millis(named),
            // Nobody asked for it, so it is no reason to give up.
            None => Duration::from_millis(BACKOFF_MS << attempt.min(DOUBLED_MAX)).min(left),
        });
        let has_next = (err.retry || is_final) && attempt < tries_max(of);
        let turn = has_next.then(|| self.turns.failed(tried, wait, Instant::now(), left));
        match turn {
            Some(Turn::After(_)) => err.retry = true,
            Some(Turn::TooLate) => {
                err.retry = false;
                err.message.push_str(&format!("; no model may be asked again within the {} s that this run can wait", left.as_secs()));
            }
            Some(Turn::Nobody) => {
                err.retry = false;
                if attempt > 1 {
                    err.message.push_str(&format!("; no model answered after {attempt} tries"));
                }
            }
            None => {}
        }
        self.reserved_left = Micros(self.reserved_left.0.saturating_sub(err.cost.0));
        self.apply(Event::AskFailed {
            step,
            attempt,
            model: candidate.label().to_owned(),
            failure: err.failure,
            message: err.message,
            usage: err.usage,
            cost: err.cost,
            retry: err.retry,
        });
        if let Some(Turn::After(wait)) = turn
            && !wait.is_zero()
        {
            // It is written down with that, and a stop that was heard already needs no place later.
            if self.waits == Waits::Queued && wait >= Duration::from_millis(HANDED_BACK_MS) && !self.stop.is_cancelled() {
                self.later = Some(wait);
                return Ok(());
            }
            // Who watches is told why nothing happens, and what it cost is not lost with the process.
            if wait >= Duration::from_millis(WRITTEN_MS) {
                self.flush(RunStatus::Running, false).await?;
            }
            // Waiting is cut short by a stop; the fold decides what follows.
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn note_failure(&mut self, step: u32, attempt: u32, model: &str, failure: AskFailure, message: &str, input: u64, cost: Micros) {
        let usage = Usage { input, cached: 0, output: 0 };
        self.apply(Event::AskFailed { step, attempt, model: model.to_owned(), failure, message: message.to_owned(), usage, cost, retry: true });
    }

    fn answered(&mut self, step: u32, answer: Answer) -> Event {
        let mut calls = Vec::with_capacity(answer.calls.len());
        for (index, call) in answer.calls.into_iter().enumerate() {
            let mut call = ToolCall {
                call_id: CallId { step, index: u16::try_from(index).unwrap_or(u16::MAX) },
                provenance: Value::Null,
                provider_id: call.provider_id,
                tool: call.tool,
                arguments: call.arguments,
                broken: call.broken,
            };
            call.provenance = self.provenance(&call);
            calls.push(call);
        }
        Event::Answered { step, text: answer.text, calls, usage: answer.usage, cost: answer.cost, model: answer.model }
    }

    /// Where the arguments of a proposed call came from; null where that cannot be said: a tool that is not known, arguments it does not take.
    /// The gate finds what is worked out here.
    fn provenance(&mut self, call: &ToolCall) -> Value {
        let runtime = self.runtime;
        let Some(tool) = runtime.host.tool(&call.tool).filter(|_| call.broken.is_none()) else { return Value::Null };
        self.look(call.call_id.step);
        let mode = self.mode();
        let Some((_, shown)) = &mut self.shown else { return Value::Null };
        let judged = labels::judge(mode, &self.run, shown, &*tool, call);
        shown.note_write(mode, &self.run, &*tool, call);
        judged.ok().and_then(|judged| serde_json::to_value(&judged.origins.leaves).ok()).unwrap_or_default()
    }
}
