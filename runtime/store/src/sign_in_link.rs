//! One-time sign-in links; only the hash of a link's secret is stored.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{Digest, LinkId, PersonId};
use time::OffsetDateTime;

/// Makes a link whose secret has this hash.
pub async fn insert(
    tx: &mut Tx,
    id: LinkId,
    person: PersonId,
    token_hash: &Digest,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into sign_in_link (tenant_id, link_id, person_id, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
        tenant,
        id.uuid(),
        person.uuid(),
        token_hash.bytes().as_slice(),
        created_at,
        expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whose unused, unexpired link this is, if its person is not disabled.
pub async fn find_person(tx: &mut Tx, token_hash: &Digest, now: OffsetDateTime) -> Result<Option<PersonId>, StoreError> {
    let id = sqlx::query_scalar!(
        "select sign_in_link.person_id from sign_in_link join person using (tenant_id, person_id)
          where sign_in_link.token_hash = $1 and sign_in_link.used_at is null and sign_in_link.expires_at > $2 and person.disabled_at is null",
        token_hash.bytes().as_slice(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(PersonId::from_uuid))
}

/// Uses a link up. `None` when somebody else was faster: of two at once, one wins.
pub async fn take(tx: &mut Tx, token_hash: &Digest, now: OffsetDateTime) -> Result<Option<LinkId>, StoreError> {
    let id = sqlx::query_scalar!(
        "update sign_in_link set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2 returning link_id",
        token_hash.bytes().as_slice(),
        now,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(LinkId::from_uuid))
}

/// Uses up every open link of a person: for a disabled account, or once a newer link is made.
pub async fn void_all(tx: &mut Tx, person: PersonId, at: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!("update sign_in_link set used_at = $2 where person_id = $1 and used_at is null", person.uuid(), at).execute(tx.conn()).await?;
    Ok(())
}
