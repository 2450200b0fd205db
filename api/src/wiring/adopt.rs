//! Takes up what organisations approved: each process asks what is in force, and puts it in force for its own decisions.
//!
//! Rules whose seals do not fit, that do not load with the tools of this process, or that are older than those the log says were approved last, are
//! not passed over: nothing is allowed then, for the rules of before may allow what the new ones were to stop.

use crate::cli::chain;
use crate::policy_set::PolicySet;
use crate::tool_sets::{self, Taken};
use std::path::{Path, PathBuf};
use steward_agent::rules::SharedRules;
use steward_core::{Actor, HasKind as _, Kind, TenantId, ToolSpec};
use steward_host::mcp::McpServer;
use steward_office::changes::{self, ChangeKind};
use steward_office::{Office, OfficeError};
use steward_policies::{Rules, RulesError, nothing_allowed};
use steward_store::doors::TenantRow;
use steward_store::{Store, StoreError, governance_change};
use tracing::{error, info, warn};

/// Why rules that were approved are not in force.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("they were changed in the database after they were approved; look for who can write there, and propose and approve them anew")]
    Changed,
    #[error("the log says that others were approved after them; look for who can write in the database, and propose and approve them anew")]
    SetBack,
    #[error("this process has no envelope key to check them with; give it the key that the server has")]
    NoKey,
    #[error("they cannot be read: {0}")]
    Unread(String),
    #[error("their stored text cannot be read")]
    Content(#[from] StoreError),
    #[error(transparent)]
    Rules(#[from] RulesError),
}

/// Puts in force what is approved and not in force yet. Fails only when the database does not answer.
pub async fn adopt(store: &Store, office: &Office, tools: &[ToolSpec], rules: &SharedRules) -> Result<(), OfficeError> {
    adopt_due(store, office, tools, rules, |known, version| known.is_none_or(|known| known < version)).await
}

/// The same before anything is decided: nothing is allowed either where the log says that rules were approved and the database has none.
pub async fn adopt_first(store: &Store, office: &Office, tools: &[ToolSpec], rules: &SharedRules) -> Result<(), OfficeError> {
    adopt(store, office, tools, rules).await?;
    for TenantRow { tenant, .. } in store.all_tenants().await? {
        if rules.version_of(tenant).is_some() {
            continue;
        }
        let mut tx = store.begin(&Actor::worker(tenant)).await?;
        let on_record = changes::last_on_record(&mut tx, ChangeKind::Policy, changes::POLICY).await?;
        tx.rollback().await?;
        if on_record.is_some() {
            // Whatever is approved from now on is a later version.
            allow_nothing((tenant, 0), tools, rules, &Unusable::SetBack);
        }
    }
    Ok(())
}

/// The same for what is in force already: rules are made for the tools there are, and these are others now.
pub async fn adopt_again(store: &Store, office: &Office, tools: &[ToolSpec], rules: &SharedRules) -> Result<(), OfficeError> {
    adopt_due(store, office, tools, rules, |_, _| true).await
}

/// Writes approved tools of MCP servers and approved plugins into their lock files where these do not have them yet. Of the operator's organisation alone: the tools are
/// everybody's. Gives those of which what is written came later than all that the database knows. Fails only when the database does not answer.
pub async fn adopt_tools(store: &Store, office: &Office, (servers, plugins): (&[McpServer], &[PathBuf]), lock: &Path) -> Result<Vec<Behind>, OfficeError> {
    let (Some(key), false) = (&office.key, servers.is_empty() && plugins.is_empty()) else { return Ok(Vec::new()) };
    let mut behind = Vec::new();
    for one in store.changes_in_force(ChangeKind::Tool.name()).await? {
        let is_here = one.subject.starts_with(tool_sets::PLUGIN) || servers.iter().any(|server| server.name == one.subject);
        if !is_here || !changes::is_operators(store, one.tenant).await? {
            continue;
        }
        let mut tx = store.begin(&Actor::worker(one.tenant)).await?;
        let row = governance_change::in_force(&mut tx, ChangeKind::Tool.name(), &one.subject).await?.ok_or(StoreError::Missing)?;
        tx.rollback().await?;
        if !changes::is_approved(key, one.tenant, &row)? {
            error!(
                plugin.name = one.subject,
                "ACCEPTED TOOLS WERE CHANGED IN THE DATABASE after they were approved, so those of before stay; look for who can write there"
            );
            continue;
        }
        match tool_sets::take_up(lock, &row) {
            Ok(Taken::Up) => info!(plugin.name = one.subject, "approved tools are accepted, as version {}", one.version),
            Ok(Taken::Already) => {}
            Ok(Taken::Behind(written)) => behind.push(Behind { subject: one.subject, written, newest: one.version }),
            Err(err) => error!(plugin.name = one.subject, "approved tools cannot be written down: {}", chain(&err)),
        }
    }
    Ok(behind)
}

/// Tools that are accepted by a later change than the newest that the database knows of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// The server or plugin, as the subject of its changes.
    pub subject: String,
    /// The version that is written down.
    pub written: i32,
    /// The newest in the database.
    pub newest: i32,
}

async fn adopt_due(
    store: &Store,
    office: &Office,
    tools: &[ToolSpec],
    rules: &SharedRules,
    is_due: impl Fn(Option<i32>, i32) -> bool,
) -> Result<(), OfficeError> {
    for one in store.changes_in_force(ChangeKind::Policy.name()).await? {
        if !is_due(rules.version_of(one.tenant), one.version) {
            continue;
        }
        let (version, found) = match read(store, office, tools, one.tenant).await {
            Ok(read) => read,
            Err(err) if err.kind() == Kind::Away => return Err(err),
            // One organisation's row that cannot be read stops nobody else's.
            Err(err) => (one.version, Err(Unusable::Unread(err.to_string()))),
        };
        match found {
            Ok(fresh) => {
                for warning in fresh.warnings() {
                    warn!(tenant.id = %one.tenant, "{warning}");
                }
                info!(tenant.id = %one.tenant, policy.digest = %fresh.digest().short(), rules = fresh.list().len(), "approved rules are in force");
                rules.adopt(one.tenant, version, fresh);
            }
            Err(why) => allow_nothing((one.tenant, version), tools, rules, &why),
        }
    }
    Ok(())
}

/// Puts rules that allow nothing in the place of those of this version.
fn allow_nothing((tenant, version): (TenantId, i32), tools: &[ToolSpec], rules: &SharedRules, why: &Unusable) {
    error!(tenant.id = %tenant, "THE APPROVED RULES CANNOT BE USED, so nothing is allowed in this organisation: {}", chain(why));
    match nothing_allowed(tools) {
        Ok(none) => rules.adopt(tenant, version, none),
        Err(err) => error!(tenant.id = %tenant, "and nothing can be put in their place: {}", chain(&err)),
    }
}

/// The rules that an organisation approved last, with their version.
async fn read(store: &Store, office: &Office, tools: &[ToolSpec], tenant: TenantId) -> Result<(i32, Result<Rules, Unusable>), OfficeError> {
    let mut tx = store.begin(&Actor::worker(tenant)).await?;
    let on_record = changes::last_on_record(&mut tx, ChangeKind::Policy, changes::POLICY).await?;
    let row = governance_change::in_force(&mut tx, ChangeKind::Policy.name(), changes::POLICY).await?.ok_or(StoreError::Missing)?;
    tx.rollback().await?;
    let version = row.version.unwrap_or_default();
    if changes::is_set_back(&row, on_record) {
        return Ok((version, Err(Unusable::SetBack)));
    }
    let Some(key) = &office.key else { return Ok((version, Err(Unusable::NoKey))) };
    if !changes::is_approved(key, tenant, &row)? {
        return Ok((version, Err(Unusable::Changed)));
    }
    let loaded = PolicySet::read(&row.content).map_err(Unusable::from).and_then(|set| Ok(Rules::load(&set.rule_files(), tools)?));
    Ok((version, loaded))
}

/// The set that an organisation approved last, as it was sealed; none while it approved none.
pub(crate) async fn approved_set(tx: &mut steward_store::Tx, office: &Office) -> Result<Option<PolicySet>, OfficeError> {
    let Some(row) = governance_change::in_force(tx, ChangeKind::Policy.name(), changes::POLICY).await? else { return Ok(None) };
    let is_whole = match &office.key {
        Some(key) => changes::is_approved(key, tx.actor().tenant, &row)?,
        None => true,
    };
    if !is_whole {
        return Err(OfficeError::Conflict(Unusable::Changed.to_string()));
    }
    Ok(Some(PolicySet::read(&row.content)?))
}
