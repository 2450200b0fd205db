//! Shuts a person out.

use super::{COLLIDED_TRIES_MAX, has_collided, stop_here};
use crate::auth::{Answer, Caller};
use crate::extract::Id;
use crate::openapi::Doc;
use steward_core::PersonId;
use steward_office::people;

pub(crate) fn doc() -> Doc {
    Doc::new("Shut a person out")
        .about("Their sessions, tokens and links end at once, and their runs stop. What they did stays on record.")
        .answers_nothing("The person is shut out.")
        .refuses("409", "The last owner stays.")
}

pub(crate) async fn handle(caller: Caller, Id(id): Id<PersonId>) -> Answer {
    let mut tx = caller.begin().await?;
    let mut stopped = people::disable(&mut tx, caller.office(), id).await;
    for _ in 0..COLLIDED_TRIES_MAX {
        if !has_collided(&stopped) {
            break;
        }
        tx.rollback().await?;
        tx = caller.begin().await?;
        stopped = people::disable(&mut tx, caller.office(), id).await;
    }
    let stopped = stopped?;
    let answer = caller.commit_empty(tx).await?;
    stop_here(&caller, stopped);
    Ok(answer)
}
