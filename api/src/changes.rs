//! Changes of what governs, as this process sees them: what is in force here of each kind, and what an approval puts in force.

use crate::policy_set::{PolicyFiles, PolicySet, what_fails};
use crate::recorded::approving;
use crate::tools_proved::{Governing, what_breaks, with_those};
use crate::wiring::adopt::approved_set;
use crate::{label_moves, tool_sets};
use std::path::Path;
use std::sync::Arc;
use steward_core::{Actor, Digest, GovernanceChangeId, Permission};
use steward_host::Host;
use steward_host::mcp::McpServer;
use steward_office::changes::{self, Approval, ChangeKind};
use steward_office::people::Proven;
use steward_office::{Office, OfficeError, grants};
use steward_policies::Rules;
use steward_prompts::Registry;
use steward_store::governance_change::ChangeRow;
use steward_store::{Store, Tx};

/// What is in force here, for one organisation.
pub(crate) struct Here<'a> {
    /// Time, chance, keys and the audit writer.
    pub(crate) office: &'a Office,
    /// Names the rules of the organisation.
    pub(crate) rules: Digest,
    /// The rules of the installation's files.
    pub(crate) base: Rules,
    /// The configured MCP servers.
    pub(crate) mcp: &'a [McpServer],
    /// The prompts of the installation.
    pub(crate) prompts: &'a Registry,
    /// The tools of the installation.
    pub(crate) host: &'a Host,
    /// The file that holds the accepted tools of MCP servers; that of the accepted plugins lies beside it.
    pub(crate) mcp_lock: &'a Path,
    /// The cases and safety properties of the installation.
    pub(crate) policy_files: Arc<PolicyFiles>,
}

/// That what is proposed passes its checks as things are now; it names what was checked. Only [`Here::check_again`] makes one.
pub(crate) struct Checked(Option<Digest>);

impl Here<'_> {
    /// Names what is in force of the subject of a change.
    pub(crate) async fn live(&self, tx: &mut Tx, row: &ChangeRow) -> Result<Digest, OfficeError> {
        match ChangeKind::of(row)? {
            ChangeKind::Policy => Ok(self.rules),
            ChangeKind::PromptLabel => label_moves::live(tx, self.office, self.prompts, &row.subject).await,
            ChangeKind::Grant => {
                // A tool that is gone is another than the one it was asked for.
                let tool = row.subject.rsplit_once('@').and_then(|(tool, _)| self.host.tool(tool));
                tool.map_or(Ok(Digest::of(b"")), |tool| grants::tool_digest(tool.spec()))
            }
            ChangeKind::Tool => tool_sets::live(self.mcp_lock, row),
        }
    }

    /// Checks once more what is about to be approved, just this: proposed rules, since properties may have been tightened and tools may be others
    /// since they were proposed; and tools, with which the rules have to keep what they keep now. Takes seconds of a core, and is to be done while no
    /// transaction is open. Of any other change, and of what cannot be approved anyhow, nothing is checked.
    pub(crate) async fn check_again(&self, store: &Store, actor: &Actor, id: GovernanceChangeId, shown: Digest) -> Result<Checked, OfficeError> {
        let mut tx = store.begin(actor).await?;
        let row = changes::get(&mut tx, id).await?;
        let live = match ChangeKind::of(&row)? {
            ChangeKind::Policy => self.rules,
            ChangeKind::Tool => tool_sets::live(self.mcp_lock, &row)?,
            ChangeKind::PromptLabel | ChangeKind::Grant => return Ok(Checked(None)),
        };
        let may_decide = actor.may(Permission::ChangesDecide) && actor.person != Some(row.proposed_by);
        let stands = row.state == "proposed" && row.sound && row.content_digest == shown.bytes() && row.base_digest == live.bytes();
        let is_whole = match &self.office.key {
            Some(key) => changes::is_sealed(key, actor.tenant, &row)?,
            None => false,
        };
        if !may_decide || !stands || !is_whole {
            return Ok(Checked(None));
        }
        let work = self.work(&mut tx, &row).await?;
        tx.rollback().await?;
        let place = approving().await.map_err(|err| OfficeError::Conflict(err.detail))?;
        let checked = tokio::task::spawn_blocking(move || {
            // Whoever asked may be gone: the place is free when the work is done and not before.
            let _place = place;
            work()
        });
        match checked.await {
            Ok(None) => Ok(Checked(Some(Digest::of(row.content.as_bytes())))),
            Ok(Some(why)) => Err(OfficeError::Conflict(why)),
            Err(_) => Err(OfficeError::Conflict("it could not be checked to the end, so it cannot be approved; try again".to_owned())),
        }
    }

    /// The check of a change, to be done elsewhere: why it cannot be approved as things are now.
    async fn work(&self, tx: &mut Tx, row: &ChangeRow) -> Result<Box<dyn FnOnce() -> Option<String> + Send>, OfficeError> {
        let (files, now) = (Arc::clone(&self.policy_files), self.host.specs());
        if ChangeKind::of(row)? == ChangeKind::Policy {
            let set = PolicySet::read(&row.content)?;
            return Ok(Box::new(move || {
                let why = what_fails(&set, &files.properties, &now)?;
                Some(format!(
                    "it passed its checks when it was proposed and does not pass them as things are now, so it cannot be approved: {why}; reject it, and propose it anew when that is mended"
                ))
            }));
        }
        let (name, own) = tool_sets::specs(self.mcp, row)?;
        let governing = Governing::of(&self.base, approved_set(tx, self.office).await?.as_ref(), &files);
        Ok(Box::new(move || {
            let then = with_those(&now, &name, own);
            let why = what_breaks(&governing, &now, &then)?;
            Some(format!(
                "with these tools the rules do not keep what they keep now, so they cannot be accepted: {why}; change the rules first, or reject this"
            ))
        }))
    }

    /// Approves a change for exactly what was shown and checked. `password` is a proof given at the terminal just now.
    pub(crate) async fn approve(
        &self,
        store: &Store,
        tx: &mut Tx,
        id: GovernanceChangeId,
        (content_digest, reason): (Digest, &str),
        password: Option<Proven>,
        checked: Checked,
    ) -> Result<ChangeRow, OfficeError> {
        let before = changes::get(tx, id).await?;
        let kind = ChangeKind::of(&before)?;
        if kind == ChangeKind::Tool {
            tool_sets::check_operators(store, tx).await?;
        }
        if kind == ChangeKind::Grant {
            let wanted = grants::read_wish(&before)?.tool;
            let gone = || OfficeError::Conflict(format!("there is no tool `{wanted}` any more, so nothing can be granted for it; reject this"));
            let tool = self.host.tool(&wanted).ok_or_else(gone)?;
            return Ok(grants::approve(tx, self.office, tool.spec(), id, (content_digest, reason), password).await?.0);
        }
        let said = Approval { content_digest, live: self.live(tx, &before).await?, reason };
        let row = changes::approve(tx, self.office, id, said, password).await?;
        // Whatever else refuses it says so first; what was not checked is not committed.
        if matches!(kind, ChangeKind::Policy | ChangeKind::Tool) && checked.0 != Some(content_digest) {
            return Err(OfficeError::Conflict("it was not checked as things are now, so it cannot be approved; look at it again, and try again".to_owned()));
        }
        Ok(row)
    }
}
