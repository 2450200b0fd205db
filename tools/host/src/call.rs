//! Calling a tool: one permit, one fresh instance, one report.

use crate::bindings::{Error, Request, Response};
use crate::budget::RunBudget;
use crate::code::Ready;
use crate::egress::{NoSecrets, OwnSecrets, Turn, gate_for};
use crate::engine::Host;
use crate::error::tidy;
use crate::failure::{self, Told};
use crate::manifest::Limits;
use crate::mcp::{self, People};
use crate::office::Office;
use crate::sandbox::{CallState, store};
use crate::tool::{Body, Tool};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use steward_core::event::Handed;
use steward_core::{CallUse, Failure, FailureClass, Floor, Integrity, Outcome, TenantId};
use steward_policies::Permit;
use tokio::time::timeout_at;
use wasmtime::{Store, Trap};

/// Characters of a tool's line for people.
const SUMMARY_MAX: usize = 200;

/// What a call is given beside its arguments.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// The idempotency key, the same on every try of the same call.
    pub key: String,
    /// What is left of the run's time, in milliseconds; the tool's own limit applies too.
    pub deadline_ms: u64,
    /// BCP 47 tag of the person the run works for.
    pub locale: String,
    /// IANA name of that person's time zone.
    pub time_zone: String,
    /// The time the plugin sees, Unix milliseconds.
    pub now_ms: i64,
    /// What the plugins of the run may still take.
    pub run: RunBudget,
}

/// What became of a call and what it took.
#[derive(Debug, Clone, PartialEq)]
pub struct CallReport {
    /// What became of it.
    pub outcome: Outcome,
    /// Fuel used, zero for a call that never ran.
    pub fuel: u64,
    /// Wall time, in milliseconds.
    pub ms: u64,
    /// What else it took.
    pub used: CallUse,
    /// The integrity of every record the office handed to the plugin, by id: no field of such a record in the result is
    /// better than this, whatever the manifest's label says.
    pub records: BTreeMap<String, Integrity>,
    /// The floor of what the plugin had kept from earlier calls and read in this one: nothing of the result is better.
    pub kept: Option<Floor>,
    /// Who may read what the office handed to the plugin, and pieces of documents among that.
    pub handed: Handed,
}

impl CallReport {
    fn refused(class: FailureClass, message: &str) -> Self {
        Self::without_code(Outcome::failed(class, message), 0)
    }

    /// Of a call for which no code of a plugin ran.
    fn without_code(outcome: Outcome, ms: u64) -> Self {
        Self { outcome, fuel: 0, ms, used: CallUse::default(), records: BTreeMap::new(), kept: None, handed: Handed::default() }
    }
}

/// Whom a call may turn to, besides what its plugin's manifest names.
pub(crate) struct Around {
    pub(crate) office: Arc<dyn Office>,
    pub(crate) people: Arc<dyn People>,
    pub(crate) secrets: Arc<dyn OwnSecrets>,
}

impl Host {
    /// Runs the call the permit was made for, and spends the permit. Whatever goes wrong is an outcome.
    pub async fn call(&self, permit: Permit, context: CallContext, office: Arc<dyn Office>) -> CallReport {
        self.call_for(permit, context, office, Arc::new(mcp::Nobody), Arc::new(NoSecrets)).await
    }

    /// The same for people who may be asked in the middle of it, of an organisation that has secrets of its own.
    pub async fn call_for(
        &self,
        permit: Permit,
        context: CallContext,
        office: Arc<dyn Office>,
        people: Arc<dyn People>,
        secrets: Arc<dyn OwnSecrets>,
    ) -> CallReport {
        let envelope = permit.into_envelope();
        let Some(tool) = self.tool(&envelope.tool) else {
            return CallReport::refused(FailureClass::NotFound, "there is no such tool any more");
        };
        // What was decided on is what runs: a plugin or schema that changed since needs a new decision.
        if tool.spec().plugin_digest != envelope.plugin_digest || tool.spec().schema_digest != envelope.schema_digest {
            return CallReport::refused(FailureClass::Denied, "the tool changed after this call was decided on; propose it again");
        }
        self.run(envelope.tenant, &tool, &envelope.arguments, context, Around { office, people, secrets }).await
    }

    /// Runs a tool. Only [`Host::call`] may, and the tests of this crate.
    async fn run(&self, tenant: TenantId, tool: &Tool, arguments: &Value, context: CallContext, around: Around) -> CallReport {
        let Around { office, people, secrets } = around;
        if !tool.accepts(arguments) {
            return CallReport::refused(FailureClass::InvalidArguments, "the arguments do not match the tool's schema");
        }
        let begun = Instant::now();
        let budget_ms = context.deadline_ms.min(tool.spec().timeout_ms);
        let deadline = begun + Duration::from_millis(budget_ms);
        let (plugin, limits) = match &tool.body {
            Body::Plugin { plugin, limits } => (plugin, limits),
            Body::Mcp(remote) => {
                let outcome = mcp::call::run(tenant, remote, tool, arguments, deadline, people).await;
                return CallReport::without_code(outcome, elapsed_ms(begun));
            }
            Body::Own => return CallReport::refused(FailureClass::NotFound, "this is not the host's to run"),
        };
        let Ok(slot) = timeout_at(deadline.into(), self.inner.slots.acquire(tenant, plugin.weight)).await else {
            return CallReport::refused(FailureClass::Unavailable, "all sandboxes are busy; a later try may work");
        };
        let code = match self.code(plugin, deadline).await {
            Ok(code) => code,
            Err(failure) => return CallReport::without_code(Outcome::Failed { failure }, elapsed_ms(begun)),
        };
        let egress = match gate_for(plugin.egress.as_ref(), &tool.spec().name, secrets.as_ref(), deadline).await {
            Ok(egress) => egress,
            Err(failure) => return CallReport::without_code(Outcome::Failed { failure }, elapsed_ms(begun)),
        };
        let CallContext { key, locale, time_zone, now_ms, run, .. } = context;
        let granted = match run.take_fuel(limits.fuel) {
            Ok(granted) => granted,
            Err(spent) => return CallReport::refused(FailureClass::RunLimit, &spent.to_string()),
        };
        let state = CallState::new(limits, office, tenant, &tool.spec().name, tool.spec().effect, key.clone(), now_ms);
        let state = state.reaching(egress).within(run.clone()).keeping(plugin.kv.clone());
        let mut store = match store(&self.inner.engine, state, limits, granted, deadline) {
            Ok(store) => store,
            Err(err) => {
                tracing::error!(tool.name = tool.spec().name, error = format!("{err:#}"), "cannot make a sandbox");
                run.give_fuel(granted);
                return CallReport::refused(FailureClass::Unavailable, "no sandbox could be made");
            }
        };
        let request = Request { tool: tool.spec().name.clone(), arguments: arguments.to_string(), key, locale, time_zone, deadline_ms: budget_ms };
        let answered = {
            let _ticking = self.inner.ticker.run();
            // Ticks stop a plugin that computes; this stops one that waits.
            timeout_at(deadline.into(), answer(code, &mut store, &request)).await
        };
        // Before its words are looked through, which may take its turn: nothing of the instance is needed any more, so whoever does not wait for
        // that has used no more for it, and has its place.
        let unused = store.get_fuel().unwrap_or(0);
        run.give_fuel(unused);
        let fuel = granted.saturating_sub(unused);
        let mut state = store.into_data();
        drop(slot);
        let egress = state.egress.clone();
        // What a call did is not told as refused for what others have in line.
        let turn = if state.changes > 0 || state.is_unsure() { Turn::Unbounded } else { Turn::Bounded };
        let told = egress.as_deref().map(|egress| Told { egress, tenant, turn });
        let failed = match answered {
            Err(_elapsed) => Err(failure::timeout()),
            Ok(Err(trap)) => {
                if matches!(trap.downcast_ref(), Some(Trap::StackOverflow)) {
                    state.depth.overflowed();
                }
                Err(failure::of_trap(&trap, &state, limits, granted))
            }
            Ok(Ok(answered)) => {
                state.used.output_bytes = answered.as_ref().map_or(0, bytes_of);
                // It is the call's time too. What is being looked through then ends by itself, and nobody sees it.
                let heard = timeout_at(deadline.into(), heard(tool, limits, answered, told)).await;
                heard.unwrap_or_else(|_elapsed| Err(failure::timeout()))
            }
        };
        let outcome = failed.unwrap_or_else(|failure| Outcome::Failed { failure: own_up(failure, &state) });
        CallReport { outcome, fuel, ms: elapsed_ms(begun), used: state.took(), kept: state.kept, records: state.records, handed: state.handed }
    }
}

fn elapsed_ms(begun: Instant) -> u64 {
    u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)
}

async fn answer(code: &Ready, store: &mut Store<CallState>, request: &Request) -> wasmtime::Result<Result<Response, Error>> {
    let instance = code.pre.instantiate_async(&mut *store).await?;
    instance.call_call(store, request).await
}

/// What a plugin answered, in bytes.
fn bytes_of(response: &Response) -> u64 {
    (response.result.len() + response.summary.as_ref().map_or(0, String::len)) as u64
}

/// What a plugin answered, without what it may not know.
async fn heard(tool: &Tool, limits: &Limits, answered: Result<Response, Error>, told: Option<Told<'_>>) -> Result<Outcome, Failure> {
    match answered {
        Ok(response) => read(tool, limits, response, told).await,
        Err(error) => Err(failure::of_tool(error, told).await),
    }
}

async fn read(tool: &Tool, limits: &Limits, response: Response, told: Option<Told<'_>>) -> Result<Outcome, Failure> {
    let most = usize::try_from(limits.output_kb << 10).unwrap_or(usize::MAX);
    if response.result.len() > most {
        return Err(failure::output_too_large(limits.output_kb));
    }
    let read = tool.results.read(&failure::scrubbed(response.result, told).await?);
    let summary = match response.summary {
        Some(summary) => Some(tidy(&failure::scrubbed(summary, told).await?, SUMMARY_MAX)),
        None => None,
    };
    match read {
        Ok(result) => Ok(Outcome::Ok { result, summary }),
        Err(message) => Err(Failure { class: FailureClass::BadOutput, message: tidy(&message, 500), retryable: false }),
    }
}

/// A call that failed after it changed something must not read as if nothing had happened.
fn own_up(failure: Failure, state: &CallState) -> Failure {
    if state.is_unsure() {
        let message = format!("{}; whether its last change was made is not known", failure.message);
        return Failure { class: FailureClass::Unknown, message, retryable: false };
    }
    match state.changes {
        0 => failure,
        1 => Failure { message: format!("{}; it had made one change before, which stands", failure.message), retryable: false, ..failure },
        many => Failure { message: format!("{}; it had made {many} changes before, which stand", failure.message), retryable: false, ..failure },
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests;
