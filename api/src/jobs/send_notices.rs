//! Tells people that something waits: makes messages of what nobody was told of yet, and sends those whose time has come.
//!
//! A message is leased in one commit, sent outside of any, and what came of it is written in another. Whoever dies in between leaves the
//! lease to run out, and the message is sent again with the same id and topic.

use super::{BATCH_MAX, Every};
use crate::cli::chain;
use crate::notices::Sender;
use futures_util::StreamExt as _;
use futures_util::stream::iter;
use std::sync::Arc;
use steward_core::{Actor, TenantId};
use steward_office::{Office, OfficeError, notices};
use steward_store::Store;
use steward_store::notice::DueRow;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

/// How often, in seconds: people wait for it.
const EVERY_SECONDS: u64 = 5;
/// Messages of one organisation in one round, and how many of them are under way at once.
const SENT_MAX: i64 = 40;
const AT_ONCE: usize = 8;

/// Works until `stop`.
pub async fn run(store: Store, office: Office, sender: Arc<Sender>, stop: CancellationToken) {
    let mut every = Every::seconds(EVERY_SECONDS, stop.clone());
    while every.next().await {
        let round = once(&store, &office, &sender);
        let outcome = tokio::select! {
            biased;
            // What is under way is taken up again when its lease has run out.
            () = stop.cancelled() => break,
            outcome = round => outcome,
        };
        if let Err(err) = outcome {
            warn!(error = chain(&err), "people could not be told what waits for them; trying again");
        }
    }
}

/// One round in every organisation. Returns how many messages were tried.
pub async fn once(store: &Store, office: &Office, sender: &Sender) -> Result<usize, OfficeError> {
    let mut tried = 0;
    for row in store.all_tenants().await? {
        match of_one(store, office, sender, row.tenant).await {
            Ok(count) => tried += count,
            Err(err) => warn!(tenant.id = %row.tenant, error = chain(&err), "people could not be told what waits for them; trying again"),
        }
    }
    Ok(tried)
}

async fn of_one(store: &Store, office: &Office, sender: &Sender, tenant: TenantId) -> Result<usize, OfficeError> {
    let worker = Actor::worker(tenant);
    // What waits and cannot be told of keeps nobody from what others are to be told.
    if let Err(err) = announce(store, office, sender, &worker).await {
        warn!(tenant.id = %tenant, error = chain(&err), "what waits could not be told of; trying again");
    }
    let mut tx = store.begin(&worker).await?;
    let due = notices::take(&mut tx, office, sender.channels(), SENT_MAX).await?;
    tx.commit().await?;
    let count = due.len();
    let all = iter(due).map(|due| send(store, office, sender, &worker, due)).buffer_unordered(AT_ONCE);
    all.for_each(async |()| {}).await;
    Ok(count)
}

async fn announce(store: &Store, office: &Office, sender: &Sender, worker: &Actor) -> Result<(), OfficeError> {
    let mut tx = store.begin(worker).await?;
    notices::announce(&mut tx, office, sender.channels(), i64::from(BATCH_MAX)).await?;
    Ok(tx.commit().await?)
}

async fn send(store: &Store, office: &Office, sender: &Sender, worker: &Actor, due: DueRow) {
    let tried = sender.send(&due, office.clock.now()).await;
    debug!(notice.id = %due.notice_id, "a message that something waits was tried");
    let settled = async {
        let mut tx = store.begin(worker).await?;
        let dead = notices::settle(&mut tx, office, &due, tried).await?;
        tx.commit().await?;
        Ok::<_, OfficeError>(dead)
    };
    match settled.await {
        Ok(None) => {}
        Ok(Some(why)) => error!(tenant.id = %worker.tenant, notice.id = %due.notice_id, "somebody could not be told that something waits for them: {why}"),
        // The lease runs out, and it is tried again.
        Err(err) => warn!(notice.id = %due.notice_id, error = chain(&err), "what came of a message could not be written down"),
    }
}
