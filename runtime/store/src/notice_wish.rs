//! How people want to be told.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::PersonId;
use time::OffsetDateTime;

/// What a person said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeWish {
    /// Whether by mail.
    pub mail: bool,
    /// In which language, if they said.
    pub language: Option<String>,
}

/// What a person said, if they did.
pub async fn find(tx: &mut Tx, person: PersonId) -> Result<Option<NoticeWish>, StoreError> {
    Ok(sqlx::query_as!(NoticeWish, "select mail, language from notice_wish where person_id = $1", person.uuid()).fetch_optional(tx.conn()).await?)
}

/// Those of these people who want no mail.
pub async fn without_mail(tx: &mut Tx, people: &[PersonId]) -> Result<Vec<PersonId>, StoreError> {
    let people: Vec<_> = people.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_scalar!("select person_id from notice_wish where person_id = any($1) and not mail", &people).fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(PersonId::from_uuid).collect())
}

/// Stores what a person says.
pub async fn put(tx: &mut Tx, person: PersonId, wish: &NoticeWish, at: OffsetDateTime) -> Result<(), StoreError> {
    let tenant = tx.actor().tenant.uuid();
    sqlx::query!(
        "insert into notice_wish (tenant_id, person_id, mail, language, changed_at) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, person_id) do update set mail = excluded.mail, language = excluded.language, changed_at = excluded.changed_at",
        tenant,
        person.uuid(),
        wish.mail,
        wish.language,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
