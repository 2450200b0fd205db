//! Contacts that look like the same person.

use super::{Contact, with_points};
use crate::crm::{CrmError, Slice};
use std::collections::{BTreeSet, HashMap};
use steward_core::{ContactId, WorkspaceId};
use steward_store::contact as store;
use steward_store::contact_merge::{self, Alike, AlikeRow};
use steward_store::{Page, Tx};

/// A contact that looks like an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlikeTo {
    /// It.
    pub contact: Contact,
    /// What the two have in common.
    pub why: Vec<Alike>,
}

/// Contacts that look like one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The oldest of them.
    pub contact: Contact,
    /// The others, oldest first.
    pub others: Vec<AlikeTo>,
}

/// Contacts that have an e-mail address, a phone number, or name and company in common with an older one of their workspace.
/// All are compared by their canonical forms. That two are alike is a reason to look, never a reason to merge.
pub async fn find_alike(tx: &mut Tx, workspace: Option<WorkspaceId>, page: &Page) -> Result<Slice<Group>, CrmError> {
    let rows = contact_merge::list_alike(tx, workspace, page).await?;
    let firsts: BTreeSet<ContactId> = rows.iter().map(|row| row.first).collect();
    let (firsts, next) = page.cut(firsts.into_iter().collect(), |first| first.uuid());
    let rows: Vec<AlikeRow> = rows.into_iter().filter(|row| firsts.contains(&row.first)).collect();
    let wanted: BTreeSet<ContactId> = rows.iter().flat_map(|row| [row.first, row.contact]).collect();
    let found = store::find_many(tx, &wanted.into_iter().collect::<Vec<_>>()).await?;
    let known: HashMap<ContactId, Contact> = with_points(tx, found).await?.into_iter().map(|one| (one.contact_id, one)).collect();
    let mut items: Vec<Group> = Vec::new();
    for row in rows {
        let (Some(first), Some(contact)) = (known.get(&row.first), known.get(&row.contact)) else { continue };
        let other = AlikeTo { contact: contact.clone(), why: row.why };
        match items.last_mut() {
            Some(group) if group.contact.contact_id == row.first => group.others.push(other),
            _ => items.push(Group { contact: first.clone(), others: vec![other] }),
        }
    }
    Ok(Slice { items, next })
}
