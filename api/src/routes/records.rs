//! What contacts, companies, deals and notes have in common at the edge: where a new one goes, and how far it is to be trusted.

use crate::auth::Caller;
use crate::error::ApiError;
use steward_core::{ActorKind, Integrity, WorkspaceId};
use steward_office::crm::CrmError;
use steward_store::{Page, StoreError, Tx, workspace};

/// The workspace a new record goes to: the one named, or the only one the caller sees.
pub(crate) async fn workspace_for(tx: &mut Tx, path: &str, given: Option<WorkspaceId>) -> Result<WorkspaceId, ApiError> {
    if let Some(given) = given {
        return match workspace::get(tx, given).await {
            Ok(_) => Ok(given),
            Err(StoreError::Missing) => Err(ApiError::field(path, "there is no such workspace")),
            Err(err) => Err(err.into()),
        };
    }
    match workspace::list(tx, &Page::new(Some(1), None)).await?.as_slice() {
        [only] => Ok(only.workspace_id),
        _ => Err(ApiError::field(path, "say which workspace: you see more than one, or none")),
    }
}

/// A person curates the directory. What a program writes may be anybody's words, whoever's token it has.
pub(crate) fn integrity_of(caller: &Caller) -> Integrity {
    match caller.actor().kind {
        ActorKind::Person { .. } => Integrity::Directory,
        ActorKind::Token { .. } => Integrity::Fact,
        ActorKind::Agent { .. } | ActorKind::Worker => Integrity::Outside,
    }
}

/// A note is its author's words: the person's own, or text that a program brought from somewhere.
pub(crate) fn note_integrity_of(caller: &Caller) -> Integrity {
    match caller.actor().kind {
        ActorKind::Person { .. } => Integrity::Owner,
        ActorKind::Token { .. } | ActorKind::Agent { .. } | ActorKind::Worker => Integrity::Outside,
    }
}

/// A record that the body names and that is not there is a wrong field; one that the path names is missing.
pub(crate) fn named_in_body(err: CrmError) -> ApiError {
    match err {
        CrmError::NoCompany(_) => ApiError::field("/company_id", "there is no such company in this workspace"),
        CrmError::NoContact(_) => ApiError::field("/contact_id", "there is no such contact in this workspace"),
        other => other.into(),
    }
}
