//! A change an agent asks for is made once: the answer is kept in the transaction of the change, and a repeat finds it.

use super::error::CrmError;
use crate::Office;
use serde::Serialize;
use serde::de::DeserializeOwned;
use steward_core::{Digest, RunId, WorkspaceId};
use steward_store::host_effect::{self, EffectRow};
use steward_store::{StoreError, Tx};

/// Names one effect of one tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The call's idempotency key.
    pub key: String,
    /// Which of the call's effects, from 0.
    pub ordinal: u32,
    /// The run.
    pub run: RunId,
    /// The workspace it happens in.
    pub workspace: WorkspaceId,
    /// Digest of what is asked. The same key with another digest is refused.
    pub request_digest: Digest,
}

/// An answer, and whether it was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made<T> {
    /// The change was made now.
    Now(T),
    /// The change was made by an earlier call; nothing happened now.
    Before(T),
}

impl<T> Made<T> {
    /// The answer, whenever it was given.
    pub fn into_answer(self) -> T {
        match self {
            Self::Now(answer) | Self::Before(answer) => answer,
        }
    }
}

/// Makes the change and keeps its answer, or gives the answer kept. When `change` fails nothing is kept, and the caller drops
/// the transaction. Of two callers at once the second fails with a conflict and finds the answer when it asks again.
pub async fn once<T, F>(tx: &mut Tx, office: &Office, effect: &Effect, change: F) -> Result<Made<T>, CrmError>
where
    T: Serialize + DeserializeOwned,
    F: AsyncFnOnce(&mut Tx) -> Result<T, CrmError>,
{
    let ordinal = i32::try_from(effect.ordinal).map_err(|_| CrmError::field("ordinal", "is too large"))?;
    if let Some(kept) = host_effect::find(tx, effect.run, &effect.key, ordinal).await? {
        if kept.request_digest != effect.request_digest {
            return Err(CrmError::KeyReused { key: effect.key.clone() });
        }
        let answer = serde_json::from_str(&kept.answer).map_err(|_| StoreError::Corrupt { what: "host_effect.answer" })?;
        return Ok(Made::Before(answer));
    }
    let answer = change(tx).await?;
    let row = EffectRow {
        run: effect.run,
        key: effect.key.clone(),
        ordinal,
        workspace: effect.workspace,
        request_digest: effect.request_digest,
        answer: serde_json::to_string(&answer).map_err(|_| StoreError::Corrupt { what: "host_effect.answer" })?,
        at: office.clock.now(),
    };
    host_effect::insert(tx, &row).await?;
    Ok(Made::Now(answer))
}
