//! Who has which role where. The database itself keeps the last owner's row from being removed.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Ids, LinkId, PersonId, Role, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// A role of a person, in one workspace or, without one, in the whole organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// Who.
    pub person_id: PersonId,
    /// Where; everywhere without one.
    pub workspace_id: Option<WorkspaceId>,
    /// As what.
    pub role: Role,
}

/// Gives a role.
pub async fn insert(tx: &mut Tx, ids: &Ids, membership: Membership, created_at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    // A membership is never named from outside, so it has no id type of its own.
    let id = ids.make::<LinkId>().uuid();
    sqlx::query!(
        "insert into membership (tenant_id, membership_id, person_id, workspace_id, role, created_at) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        id,
        membership.person_id.uuid(),
        membership.workspace_id.map(WorkspaceId::uuid),
        membership.role.name(),
        created_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a role away. Refused with `STW02` for the organisation's last owner.
pub async fn delete(tx: &mut Tx, membership: Membership) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from membership where person_id = $1 and workspace_id is not distinct from $2 and role = $3",
        membership.person_id.uuid(),
        membership.workspace_id.map(WorkspaceId::uuid),
        membership.role.name(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether somebody else than this person owns the organisation and may come in.
pub async fn has_other_owner(tx: &mut Tx, person: PersonId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from membership join person using (tenant_id, person_id)
                           where role = 'owner' and person_id <> $1 and disabled_at is null) as "found!""#,
        person.uuid()
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// The roles of these people.
pub async fn list_of(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<Membership>, StoreError> {
    let people: Vec<Uuid> = people.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!("select person_id, workspace_id, role from membership where person_id = any($1) order by membership_id", &people)
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Membership {
                person_id: PersonId::from_uuid(row.person_id),
                workspace_id: row.workspace_id.map(WorkspaceId::from_uuid),
                role: row.role.parse().map_err(|_| StoreError::Corrupt { what: "membership.role" })?,
            })
        })
        .collect()
}

/// People who can still sign in and have one of these roles somewhere, in the order they came, at most `most`.
pub async fn people_with(tx: &mut Tx, roles: &[String], workspace: Option<WorkspaceId>, most: i64) -> Result<Vec<PersonId>, StoreError> {
    let rows = sqlx::query_scalar!(
        "select person_id from person where disabled_at is null and exists
                (select from membership where membership.person_id = person.person_id and role = any($1)
                    and ($3::uuid is null or membership.workspace_id is null or membership.workspace_id = $3))
          order by person_id limit $2",
        roles,
        most,
        workspace.map(WorkspaceId::uuid),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PersonId::from_uuid).collect())
}

/// How many people who can still sign in are owners.
pub async fn count_owners(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from membership join person using (tenant_id, person_id) where role = 'owner' and disabled_at is null"#
    )
    .fetch_one(tx.conn())
    .await?)
}
