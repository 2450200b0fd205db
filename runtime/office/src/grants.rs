//! Standing grants: an approval given in advance, for one tool of one agent, within ranges of its arguments, so often and so long.
//!
//! A grant stands in for what its giver could approve; the gate decides all the same, and a rule that forbids still forbids.
//! It never covers money, keys, people, removal or Steward itself. Each use is a row of its own, and the database counts them.

mod ask;
mod ranges;

pub use ask::{Asked, Wish, approve, ask, read as read_wish, tool_digest};
pub use ranges::{Range, Ranges, covers};

use crate::Office;
use crate::audit::{self, Entry, seal::Subject};
use crate::error::OfficeError;
use crate::people::spend_step_up;
use ranges::names_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use steward_core::{
    ActorKind, Approvals, CallId, Digest, Effect, EnvelopeKey, GrantId, Needs, Permission, PersonId, Role, RunId, TenantId, Terms, ToolSpec, WorkspaceId,
};
use steward_store::grant::{self, GrantRow, Taken};
use steward_store::{Page, StoreError, Tx, membership, person, workspace};
use time::{Duration, OffsetDateTime};
use tracing::warn;

/// The most uses of one grant, and the longest it may last, in days.
const USES_MAX: u32 = 1_000;
const DAYS_MAX: i64 = 90;
/// The purpose of a grant's seal.
const PURPOSE: &str = "grant/v1";

/// Effects that a grant may cover.
pub const COVERED: [Effect; 4] = [Effect::Read, Effect::Fetch, Effect::Write, Effect::Send];

/// What a person grants.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Where; the runs of one workspace.
    pub workspace: WorkspaceId,
    /// Which agent.
    pub agent: String,
    /// For the runs of this person; of anybody without one.
    pub person: Option<PersonId>,
    /// Within which ranges, by JSON pointer.
    pub ranges: Ranges,
    /// How often.
    pub uses_max: u32,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

/// Grants, newest first.
pub async fn list(tx: &mut Tx, page: &Page) -> Result<Vec<GrantRow>, OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Denied("you may not see grants".to_owned()));
    }
    Ok(grant::list(tx, page).await?)
}

/// One grant.
pub async fn get(tx: &mut Tx, id: GrantId) -> Result<GrantRow, OfficeError> {
    if !tx.actor().may(Permission::HoldsRead) {
        return Err(OfficeError::Missing("grant"));
    }
    grant::find(tx, id).await?.ok_or(OfficeError::Missing("grant"))
}

/// Gives a grant for a tool, in the roles that the giver has now.
pub async fn give(tx: &mut Tx, office: &Office, tool: &ToolSpec, new: NewGrant) -> Result<GrantRow, OfficeError> {
    let row = drafted(tx, office, tool, new).await?;
    spend_step_up(tx, office, &step_up_for(&row)?).await?;
    write(tx, office, row).await
}

/// The grant as it would be given now, checked; nothing is given by it.
async fn drafted(tx: &mut Tx, office: &Office, tool: &ToolSpec, new: NewGrant) -> Result<GrantRow, OfficeError> {
    let person = giver(tx)?;
    let now = office.clock.now();
    if !COVERED.contains(&tool.effect) {
        return Err(OfficeError::Invalid(format!("`{}` is of effect {}: each call of it is approved by itself", tool.name, tool.effect)));
    }
    if new.uses_max == 0 || new.uses_max > USES_MAX {
        return Err(OfficeError::Invalid(format!("a grant is for 1 to {USES_MAX} uses")));
    }
    if new.expires_at <= now || new.expires_at > now + Duration::days(DAYS_MAX) {
        return Err(OfficeError::Invalid(format!("a grant ends within {DAYS_MAX} days from now")));
    }
    ranges::check(&new.ranges, tool).map_err(OfficeError::Invalid)?;
    if !tx.actor().workspaces.sees(new.workspace) {
        return Err(OfficeError::Missing("workspace"));
    }
    workspace::get(tx, new.workspace).await.map_err(|err| match err {
        StoreError::Missing => OfficeError::Missing("workspace"),
        other => other.into(),
    })?;
    if let Some(for_whom) = new.person
        && roles_in(tx, for_whom, new.workspace).await?.is_empty()
    {
        return Err(OfficeError::Invalid("whom the grant is for is nobody with a role in this workspace".to_owned()));
    }
    Ok(GrantRow {
        grant_id: office.ids.make(),
        workspace: new.workspace,
        agent: new.agent,
        person: new.person,
        tool: tool.name.clone(),
        effect: tool.effect.name().to_owned(),
        tool_digest: digest_of(tool)?,
        ranges: serde_json::to_string(&new.ranges).map_err(|_| StoreError::Corrupt { what: "grant.ranges" })?,
        uses_max: i32::try_from(new.uses_max).unwrap_or(i32::MAX),
        uses: 0,
        given_by: person,
        roles: tx.actor().roles.iter().map(|role| role.name().to_owned()).collect(),
        given_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        revoked_by: None,
        seal: Vec::new(),
    })
}

/// Seals a checked grant and puts it on record. Its ranges may name people and accounts: they are sealed beside the entry, which says of them no
/// more than the digest of the grant's keyed seal. Without the key nobody can try out whom they name.
async fn write(tx: &mut Tx, office: &Office, mut row: GrantRow) -> Result<GrantRow, OfficeError> {
    row.seal = seal(key(office)?, tx.actor().tenant, &row)?;
    grant::insert(tx, &row).await?;
    let ranges: serde_json::Value = serde_json::from_str(&row.ranges).map_err(|_| StoreError::Corrupt { what: "grant.ranges" })?;
    let detail = json!({
        "tool": row.tool, "agent": row.agent, "uses_max": row.uses_max, "expires_at_ms": ms(row.expires_at), "seal_digest": Digest::of(&row.seal),
    });
    let entry = Entry { action: "grant.give", object: row.grant_id.to_string(), outcome: "done", detail, request_id: None };
    audit::record_about(tx, office, entry, Subject::Person(row.given_by), &json!({ "ranges": ranges })).await?;
    Ok(row)
}

/// What a second factor is given for: everything that the giver chose. The end is bound by the day, since a terminal counts days from now.
fn step_up_for(row: &GrantRow) -> Result<String, OfficeError> {
    let chosen = json!({
        "workspace": row.workspace, "agent": row.agent, "person": row.person, "tool": row.tool, "tool_digest": row.tool_digest,
        "ranges": row.ranges, "uses_max": row.uses_max, "until": row.expires_at.date().to_julian_day(),
    });
    Ok(format!("grant:{}", Digest::of_value(&chosen).map_err(|_| StoreError::Corrupt { what: "grant" })?))
}

/// Takes a grant back. Calls that used it and have not started yet do not run on it any more.
pub async fn revoke(tx: &mut Tx, office: &Office, id: GrantId) -> Result<GrantRow, OfficeError> {
    let person = giver(tx)?;
    let before = grant::find(tx, id).await?.ok_or(OfficeError::Missing("grant"))?;
    if !grant::revoke(tx, id, person, office.clock.now()).await? {
        return Err(OfficeError::Conflict("this grant is already revoked".to_owned()));
    }
    let detail = json!({ "tool": before.tool, "uses": before.uses });
    audit::record(tx, office, Entry { action: "grant.revoke", object: id.to_string(), outcome: "done", detail, request_id: None }).await?;
    grant::find(tx, id).await?.ok_or(OfficeError::Missing("grant"))
}

/// A call that a grant may stand in for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// Which agent.
    pub agent: &'a str,
    /// For whom it acts.
    pub person: PersonId,
    /// In which run.
    pub run: RunId,
    /// Which call.
    pub call: CallId,
    /// The tool.
    pub tool: &'a ToolSpec,
    /// The arguments after normalisation.
    pub arguments: &'a Value,
    /// Sets of roles that would each release it.
    pub needs: &'a Needs,
    /// What an approval takes beside them.
    pub terms: Terms,
    /// Whether it tells somebody what they may not read, or what others wrote to be acted on: only who named all of it has seen it.
    pub must_be_seen: bool,
}

/// What a grant gives a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The grant.
    pub grant_id: GrantId,
    /// What its giver could approve, as if they had.
    pub approvals: Approvals,
}

/// Uses up one of a grant that covers this call; none when there is no such grant. The same call finds its use again.
pub async fn take(tx: &mut Tx, office: &Office, wanted: &Wanted<'_>) -> Result<Option<Granted>, OfficeError> {
    let Some(key) = &office.key else { return Ok(None) };
    if !COVERED.contains(&wanted.tool.effect) {
        return Ok(None);
    }
    let (now, call) = (office.clock.now(), wanted.call.to_string());
    let tenant = tx.actor().tenant;
    for row in grant::live(tx, wanted.workspace, wanted.agent, &wanted.tool.name, (wanted.run, &call), now).await? {
        let approvals = approvals_of(tx, &row).await?;
        if row.person.is_some_and(|person| person != wanted.person) || !fits(key, tenant, &row, &approvals, wanted)? {
            continue;
        }
        match grant::take(tx, row.grant_id, wanted.run, &call, now).await? {
            Taken::Used => {
                // By its run and its call it is found again: `grant::take` looks for these.
                let detail = json!({ "run": wanted.run, "call": wanted.call, "tool": row.tool, "given_by": row.given_by });
                audit::record(tx, office, Entry { action: "grant.use", object: row.grant_id.to_string(), outcome: "done", detail, request_id: None }).await?;
                return Ok(Some(Granted { grant_id: row.grant_id, approvals }));
            }
            // One use, one entry: the count of either is compared with the other.
            Taken::Again => return Ok(Some(Granted { grant_id: row.grant_id, approvals })),
            Taken::None => {}
            Taken::Changed => warn!(
                tenant.id = %tenant,
                run.id = %wanted.run,
                "WHAT IS ON RECORD OF A GRANT WAS CHANGED in the database: `{}` counts for nothing; look for who can write there",
                row.grant_id
            ),
        }
    }
    Ok(None)
}

/// Whether the grant is as it was sealed, for the tool as it is, and covers the arguments.
fn fits(key: &EnvelopeKey, tenant: TenantId, row: &GrantRow, approvals: &Approvals, wanted: &Wanted<'_>) -> Result<bool, OfficeError> {
    // One person's grant is one person's approval, and never of what they asked for where that takes others.
    let roles = &approvals.roles;
    let enough = wanted.terms.people <= 1 && !(wanted.terms.separate && row.given_by == wanted.person) && wanted.needs.iter().any(|set| set.is_subset(roles));
    if !enough || row.seal != seal(key, tenant, row)? || row.tool_digest != digest_of(wanted.tool)? || row.effect != wanted.tool.effect.name() {
        return Ok(false);
    }
    // Ranges that cannot be read cover nothing.
    let Ok(ranges) = serde_json::from_str::<Ranges>(&row.ranges) else { return Ok(false) };
    Ok(covers(&ranges, wanted.tool, wanted.arguments) && (!wanted.must_be_seen || names_all(&ranges, wanted.arguments)))
}

/// The giver's approval: in the roles they gave it in, as far as they still have them. Who left, or was demoted, approves nothing any more.
async fn approvals_of(tx: &mut Tx, row: &GrantRow) -> Result<Approvals, OfficeError> {
    let given: Result<BTreeSet<Role>, _> = row.roles.iter().map(|role| role.parse()).collect();
    let given = given.map_err(|_| StoreError::Corrupt { what: "grant.roles" })?;
    let now = roles_in(tx, row.given_by, row.workspace).await?;
    Ok(Approvals { roles: given.intersection(&now).copied().collect(), people: [row.given_by].into() })
}

/// The roles that a person has in a workspace at this moment; none when they were disabled.
pub(crate) async fn roles_in(tx: &mut Tx, id: PersonId, workspace: WorkspaceId) -> Result<BTreeSet<Role>, OfficeError> {
    if !person::is_active(tx, id).await? {
        return Ok(BTreeSet::new());
    }
    let memberships = membership::list_of(tx, &[id]).await?;
    Ok(memberships.into_iter().filter(|one| one.workspace_id.is_none_or(|place| place == workspace)).map(|one| one.role).collect())
}

/// The digest of a tool as the gate sees it: its code, its schemas, its effect, and what each argument is. None of it may change under a grant.
fn digest_of(tool: &ToolSpec) -> Result<Vec<u8>, OfficeError> {
    let digest = Digest::of_value(&json!({
        "name": tool.name, "plugin": tool.plugin_digest, "schema": tool.schema_digest, "effect": tool.effect, "roles": tool.roles,
        "reversible": tool.reversible,
    }));
    Ok(digest.map_err(|_| StoreError::Corrupt { what: "grant.tool" })?.bytes().to_vec())
}

/// The grant as the rule it is: what a reader of the policies would write for it.
pub fn as_rule(row: &GrantRow) -> String {
    let ranges: Ranges = serde_json::from_str(&row.ranges).unwrap_or_default();
    let mut text = format!("// At most {} times, until {}; given by {}.\n", row.uses_max, row.expires_at, row.given_by);
    let mut conditions = Vec::new();
    for (path, range) in &ranges {
        match ranges::as_condition(path, range) {
            Ok(condition) => conditions.push(condition),
            Err(note) => text.push_str(&format!("// {note}\n")),
        }
    }
    if let Some(person) = row.person {
        text.push_str(&format!("// Only for runs of {person}.\n"));
    }
    text.push_str("// Nothing that its receivers may not read, and no links or accounts of others, unless all its values are named.\n");
    let when = if conditions.is_empty() { String::new() } else { format!("\nwhen {{\n  {}\n}}", conditions.join(" &&\n  ")) };
    text.push_str(&format!("@id(\"{}\")\npermit (principal == Agent::{:?}, action == Action::{:?}, resource){when};\n", row.grant_id, row.agent, row.tool));
    text
}

/// The keyed digest over everything of a grant but its uses and its end.
fn seal(key: &EnvelopeKey, tenant: TenantId, row: &GrantRow) -> Result<Vec<u8>, OfficeError> {
    let content = json!({
        "tenant": tenant, "grant": row.grant_id, "workspace": row.workspace, "agent": row.agent, "person": row.person, "tool": row.tool,
        "effect": row.effect, "tool_digest": row.tool_digest, "ranges": row.ranges, "uses_max": row.uses_max, "given_by": row.given_by,
        "roles": row.roles, "given_at": ms(row.given_at), "expires_at": ms(row.expires_at),
    });
    let seal = key.seal(PURPOSE, &content).map_err(|_| StoreError::Corrupt { what: "grant" })?;
    Ok(seal.bytes().to_vec())
}

fn ms(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

fn key(office: &Office) -> Result<&EnvelopeKey, OfficeError> {
    office
        .key
        .as_ref()
        .ok_or_else(|| OfficeError::Denied("this process has no envelope key, so its grants would not count; set `STEWARD_ENVELOPE_KEY`".to_owned()))
}

/// Who gives and takes back: an owner or a manager in a session. No token, no agent.
fn giver(tx: &Tx) -> Result<PersonId, OfficeError> {
    let actor = tx.actor();
    match (&actor.kind, actor.person) {
        (ActorKind::Person { .. }, Some(person)) if actor.may(Permission::GrantsManage) => Ok(person),
        _ => Err(OfficeError::Denied("only an owner or a manager in a session gives grants or takes them back".to_owned())),
    }
}
