//! Says what is due: each moment of a schedule becomes one run, or stands on record with why not.

use super::Every;
use crate::cli::chain;
use std::sync::Arc;
use steward_agent::Runtime;
use steward_agent::pins::pin;
use steward_core::{Actor, HasKind as _, Kind, TenantId};
use steward_office::OfficeError;
use steward_office::conversations::AgentPins;
use steward_office::schedules::{self, Said};
use steward_store::Tx;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often it is looked for what is due, in seconds. Schedules are due by the minute.
const EVERY_SECONDS: u64 = 5;
/// The most that is said for one organisation before the next has its turn.
const AT_ONCE_MAX: usize = 100;

/// Works until `stop`.
pub async fn run(runtime: Arc<Runtime>, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop);
    while every.next().await {
        match once(&runtime).await {
            Ok(0) => {}
            Ok(count) => {
                info!(runs = count, "schedules became runs");
                runtime.live.wake();
            }
            Err(err) => warn!(error = chain(&err), "what is due cannot be looked for; trying again"),
        }
    }
}

/// Says what is due in every organisation, and how many runs came of it. One in which that fails is told, and holds up no other.
pub async fn once(runtime: &Runtime) -> Result<usize, OfficeError> {
    let mut count = 0;
    for row in runtime.store.all_tenants().await? {
        match of_one(runtime, row.tenant).await {
            Ok(said) => count += said,
            Err(err) => warn!(tenant.id = %row.tenant, error = chain(&err), "what is due cannot be said; trying again"),
        }
    }
    Ok(count)
}

/// One transaction a schedule: one that cannot be said takes nothing else back, and holds up no other.
async fn of_one(runtime: &Runtime, tenant: TenantId) -> Result<usize, OfficeError> {
    let (mut count, mut failed) = (0, 0);
    for _ in 0..AT_ONCE_MAX {
        match say_one(runtime, tenant, failed).await {
            Ok(None) => break,
            Ok(Some(said)) => count += usize::from(matches!(said, Said::Run(_))),
            Err(err) if err.kind() == Kind::Away => return Err(err),
            Err(err) => {
                warn!(tenant.id = %tenant, error = chain(&err), "a schedule that is due cannot be said; trying again");
                failed += 1;
            }
        }
    }
    Ok(count)
}

async fn say_one(runtime: &Runtime, tenant: TenantId, but: i64) -> Result<Option<Said>, OfficeError> {
    let mut tx = runtime.store.begin(&Actor::worker(tenant)).await?;
    let Some(row) = schedules::next_due(&mut tx, &runtime.office, but).await? else { return Ok(None) };
    let pins = pins(runtime, &mut tx, &row.agent).await?;
    let said = schedules::say(&mut tx, &runtime.office, &row, pins).await?;
    tx.commit().await?;
    Ok(Some(said))
}

/// What a run of this agent is pinned to now, or why it has none.
async fn pins(runtime: &Runtime, tx: &mut Tx, agent: &str) -> Result<Result<AgentPins, String>, OfficeError> {
    let Some(agent) = runtime.agents.get(agent) else { return Ok(Err("its agent is no longer there".to_owned())) };
    match pin(tx, &runtime.office, &runtime.prompts, agent).await {
        Ok(pins) => Ok(Ok(pins)),
        Err(err) if matches!(err.kind(), Kind::Away | Kind::Bug) => Err(err),
        Err(err) => Ok(Err(err.to_string())),
    }
}
