//! Notices: what waits and was not told of yet, the outbox of messages that say so, and what came of each.

use crate::error::StoreError;
use crate::tx::Tx;
use steward_core::{BudgetHoldId, GovernanceChangeId, HoldId, NoticeId, PersonId, PushSubscriptionId, WorkspaceId};
use time::OffsetDateTime;
use uuid::Uuid;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// A held action.
    Hold(HoldId),
    /// A run that waits for room in a budget.
    BudgetHold(BudgetHoldId),
    /// A change of what governs.
    Change(GovernanceChangeId),
    /// Nothing: somebody wants to see whether messages arrive.
    Test(NoticeId),
}

impl Matter {
    /// The stored form.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold(_) => "hold",
            Self::BudgetHold(_) => "budget_hold",
            Self::Change(_) => "change",
            Self::Test(_) => "test",
        }
    }

    /// The id of what it is about.
    pub const fn uuid(self) -> Uuid {
        match self {
            Self::Hold(id) => id.uuid(),
            Self::BudgetHold(id) => id.uuid(),
            Self::Change(id) => id.uuid(),
            Self::Test(id) => id.uuid(),
        }
    }

    fn read(name: &str, id: Uuid) -> Result<Self, StoreError> {
        match name {
            "hold" => Ok(Self::Hold(HoldId::from_uuid(id))),
            "budget_hold" => Ok(Self::BudgetHold(BudgetHoldId::from_uuid(id))),
            "change" => Ok(Self::Change(GovernanceChangeId::from_uuid(id))),
            "test" => Ok(Self::Test(NoticeId::from_uuid(id))),
            _ => Err(StoreError::Corrupt { what: "notice.matter" }),
        }
    }
}

impl std::fmt::Display for Matter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hold(id) => id.fmt(f),
            Self::BudgetHold(id) => id.fmt(f),
            Self::Change(id) => id.fmt(f),
            Self::Test(id) => id.fmt(f),
        }
    }
}

/// Something that waits, at a step of its route at which nobody was told yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UntoldRow {
    /// What waits.
    pub matter: Matter,
    /// The step: minutes after it was held, 0 for the first.
    pub step: i32,
    /// Where; everywhere without one.
    pub workspace: Option<WorkspaceId>,
    /// Who asked for it.
    pub person: PersonId,
    /// Whether that one and whoever edited it must leave it to others.
    pub separate: bool,
    /// The tool, of a held action.
    pub tool: Option<String>,
    /// Sets of roles that would suffice, as JSON text, of a held action.
    pub needs: Option<String>,
    /// Who is asked and when, as JSON text, at the first step of a held action.
    pub ask: Option<String>,
    /// Who is asked at a later step.
    pub roles: Vec<String>,
    /// Until when it waits; for good without it.
    pub expires_at: Option<OffsetDateTime>,
}

/// A notice as it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    /// Its id.
    pub notice_id: NoticeId,
    /// To whom.
    pub person: PersonId,
    /// In which of their browsers; by mail without one.
    pub browser: Option<PushSubscriptionId>,
    /// Of what.
    pub matter: Matter,
    /// The tool, of a held action.
    pub tool: Option<String>,
    /// When nobody needs to be told any more.
    pub expires_at: OffsetDateTime,
}

/// The way to a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserRow {
    /// Its subscription.
    pub id: PushSubscriptionId,
    /// Where its maker takes messages for it.
    pub endpoint: String,
    /// Its public key: a point of P-256, uncompressed.
    pub p256dh: Vec<u8>,
    /// What only it and we know.
    pub auth: Vec<u8>,
}

/// A notice that is to be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRow {
    /// Its id.
    pub notice_id: NoticeId,
    /// To whom.
    pub person: PersonId,
    /// Their mail address.
    pub email: String,
    /// Their language, if they said.
    pub language: Option<String>,
    /// Of what.
    pub matter: Matter,
    /// The tool, of a held action.
    pub tool: Option<String>,
    /// When nobody needs to be told any more.
    pub expires_at: OffsetDateTime,
    /// How often it was tried, this time counted.
    pub tries: u16,
    /// In which browser; by mail without one.
    pub browser: Option<BrowserRow>,
}

/// A notice as its person or an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// Its id.
    pub notice_id: NoticeId,
    /// To whom.
    pub person: PersonId,
    /// mail, push.
    pub channel: String,
    /// Of what.
    pub matter: Matter,
    /// waiting, sent, moot, dead.
    pub state: String,
    /// How often it was tried.
    pub tries: u16,
    /// What stood against it, the last time.
    pub why: Option<String>,
    /// Since when.
    pub made_at: OffsetDateTime,
    /// When it was over.
    pub done_at: Option<OffsetDateTime>,
}

/// What becomes of a notice that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Sent,
    /// Nobody is there any more.
    Moot,
    /// It will be tried again then; it says why.
    Again(OffsetDateTime, String),
    /// It is given up; it says why.
    Dead(String),
}

/// What waits and was not told of at its step, oldest first.
pub async fn untold(tx: &mut Tx, now: OffsetDateTime, most: i64) -> Result<Vec<UntoldRow>, StoreError> {
    let rows = sqlx::query!(
        r#"select matter as "matter!", matter_id as "matter_id!", step as "step!", workspace_id, person_id as "person_id!", separate as "separate!", tool, needs, ask,
                  roles as "roles!", expires_at
             from (select 'hold' as matter, hold_id as matter_id, 0 as step, workspace_id, person_id, separate, tool, needs, ask, '{}'::text[] as roles, expires_at
                     from hold where state = 'held' and expires_at > $1
                   union all
                   select 'hold', hold_id, after_minutes, hold.workspace_id, person_id, separate, tool, needs, null, roles, expires_at
                     from hold join hold_escalation using (tenant_id, hold_id) where state = 'held' and expires_at > $1
                   union all
                   select 'budget_hold', budget_hold_id, 0, workspace_id, person_id, false, null, null, null, '{}', expires_at
                     from budget_hold where state = 'held' and expires_at > $1
                   union all
                   select 'change', governance_change_id, 0, null, proposed_by, true, null, null, null, '{}', null
                     from governance_change where state = 'proposed' and sound) as waiting
            where not exists (select from announcement as told
                               where told.matter = waiting.matter and told.matter_id = waiting.matter_id and told.step = waiting.step)
            order by matter_id, step limit $2"#,
        now,
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(UntoldRow {
                matter: Matter::read(&row.matter, row.matter_id)?,
                step: row.step,
                workspace: row.workspace_id.map(WorkspaceId::from_uuid),
                person: PersonId::from_uuid(row.person_id),
                separate: row.separate,
                tool: row.tool,
                needs: row.needs,
                ask: row.ask,
                roles: row.roles,
                expires_at: row.expires_at,
            })
        })
        .collect()
}

/// Writes down that a step was told of. False when somebody else did: then nothing more is to be made of it.
pub async fn announce(tx: &mut Tx, row: &UntoldRow, people: usize, notices: usize, at: OffsetDateTime) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let done = sqlx::query!(
        "insert into announcement (tenant_id, matter, matter_id, step, people, notices, at) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        tenant,
        row.matter.name(),
        row.matter.uuid(),
        row.step,
        count(people),
        count(notices),
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes a notice, due at once. Whoever was told of the same in the same place is not told again: then it is false.
pub async fn insert(tx: &mut Tx, new: &NewNotice, at: OffsetDateTime) -> Result<bool, StoreError> {
    let tenant = tx.actor().tenant.uuid();
    let done = sqlx::query!(
        "insert into notice (tenant_id, notice_id, person_id, channel, target_id, matter, matter_id, tool, expires_at, state, next_at, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $10, $10) on conflict do nothing",
        tenant,
        new.notice_id.uuid(),
        new.person.uuid(),
        if new.browser.is_some() { "push" } else { "mail" },
        new.browser.map_or(new.person.uuid(), PushSubscriptionId::uuid),
        new.matter.name(),
        new.matter.uuid(),
        new.tool,
        new.expires_at,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes notices that nobody needs any more: decided, expired, already spoken to, whoever is gone or does not want them. Returns how many.
pub async fn close_moot(tx: &mut Tx, now: OffsetDateTime) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "update notice set state = 'moot', next_at = null, done_at = $1
          where state = 'waiting'
            and (expires_at <= $1
                 or (matter = 'hold' and not exists (select from hold where hold_id = matter_id and hold.state = 'held'))
                 or (matter = 'hold' and exists (select from hold_approval as said where said.hold_id = matter_id and said.person_id = notice.person_id))
                 or (matter = 'budget_hold' and not exists (select from budget_hold where budget_hold_id = matter_id and budget_hold.state = 'held'))
                 or (matter = 'change' and not exists (select from governance_change where governance_change_id = matter_id and governance_change.state = 'proposed'))
                 or exists (select from person where person.person_id = notice.person_id and disabled_at is not null)
                 or (channel = 'push' and not exists (select from push_subscription where push_subscription_id = target_id))
                 or (channel = 'mail' and matter <> 'test'
                     and exists (select from notice_wish where notice_wish.person_id = notice.person_id and not notice_wish.mail)))",
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Takes notices of these channels whose time has come, the longest due first; nobody else gets them before `lease`.
pub async fn take(tx: &mut Tx, now: OffsetDateTime, lease: OffsetDateTime, mail: bool, push: bool, most: i64) -> Result<Vec<DueRow>, StoreError> {
    let rows = sqlx::query!(
        r#"with due as (select tenant_id, notice_id from notice where state = 'waiting' and next_at <= $1 and case channel when 'mail' then $4::boolean else $5::boolean end
                        order by next_at limit $3 for update skip locked),
                taken as (update notice set tries = tries + 1, next_at = $2 from due
                           where notice.tenant_id = due.tenant_id and notice.notice_id = due.notice_id
                          returning notice.notice_id, notice.person_id, notice.channel, notice.target_id, notice.matter, notice.matter_id, notice.tool,
                                    notice.expires_at, notice.tries)
           select notice_id as "notice_id!", taken.person_id as "person_id!", email as "email!", language as "language?", matter as "matter!", matter_id as "matter_id!",
                  tool, expires_at as "expires_at!", tries as "tries!", push_subscription_id as "push_subscription_id?", endpoint as "endpoint?", p256dh as "p256dh?",
                  auth as "auth?"
             from taken join person on person.person_id = taken.person_id
                  left join notice_wish on notice_wish.person_id = taken.person_id
                  left join push_subscription on taken.channel = 'push' and push_subscription_id = target_id
            where taken.channel = 'mail' or push_subscription_id is not null
            order by notice_id"#,
        now,
        lease,
        most,
        mail,
        push,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let browser = match (row.push_subscription_id, row.endpoint, row.p256dh, row.auth) {
                (Some(id), Some(endpoint), Some(p256dh), Some(auth)) => Some(BrowserRow { id: PushSubscriptionId::from_uuid(id), endpoint, p256dh, auth }),
                _ => None,
            };
            Ok(DueRow {
                notice_id: NoticeId::from_uuid(row.notice_id),
                person: PersonId::from_uuid(row.person_id),
                email: row.email,
                language: row.language,
                matter: Matter::read(&row.matter, row.matter_id)?,
                tool: row.tool,
                expires_at: row.expires_at,
                tries: u16::try_from(row.tries).unwrap_or(u16::MAX),
                browser,
            })
        })
        .collect()
}

/// Writes down what became of a notice. Nothing changes when it was closed meanwhile.
pub async fn settle(tx: &mut Tx, id: NoticeId, outcome: &Outcome, at: OffsetDateTime) -> Result<(), StoreError> {
    let (state, next, why) = match outcome {
        Outcome::Sent => ("sent", None, None),
        Outcome::Moot => ("moot", None, None),
        Outcome::Again(next, why) => ("waiting", Some(*next), Some(why.as_str())),
        Outcome::Dead(why) => ("dead", None, Some(why.as_str())),
    };
    sqlx::query!(
        "update notice set state = $2, next_at = $3, why = coalesce($4, why), done_at = case when $2 = 'waiting' then null else $5::timestamptz end
          where notice_id = $1 and state = 'waiting'",
        id.uuid(),
        state,
        next,
        why,
        at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A person's newest notices, or with nobody named everybody's that were given up.
pub async fn list(tx: &mut Tx, person: Option<PersonId>, most: i64) -> Result<Vec<NoticeRow>, StoreError> {
    let rows = sqlx::query!(
        "select notice_id, person_id, channel, matter, matter_id, state, tries, why, made_at, done_at from notice
          where ($1::uuid is null and state = 'dead') or person_id = $1
          order by notice_id desc limit $2",
        person.map(PersonId::uuid),
        most,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(NoticeRow {
                notice_id: NoticeId::from_uuid(row.notice_id),
                person: PersonId::from_uuid(row.person_id),
                channel: row.channel,
                matter: Matter::read(&row.matter, row.matter_id)?,
                state: row.state,
                tries: u16::try_from(row.tries).unwrap_or(0),
                why: row.why,
                made_at: row.made_at,
                done_at: row.done_at,
            })
        })
        .collect()
}

/// How many tests a person asked for since a moment.
pub async fn tests_since(tx: &mut Tx, person: PersonId, since: OffsetDateTime) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"select count(distinct matter_id) as "count!" from notice where person_id = $1 and matter = 'test' and made_at > $2"#,
        person.uuid(),
        since
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Forgets notices that were over before a moment. Returns how many.
pub async fn purge(tx: &mut Tx, before: OffsetDateTime) -> Result<u64, StoreError> {
    Ok(sqlx::query!("delete from notice where state <> 'waiting' and done_at < $1", before).execute(tx.conn()).await?.rows_affected())
}
