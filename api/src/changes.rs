//! Changes of what governs, as this process sees them: what is in force here of each kind, and what an approval puts in force.

use crate::{label_moves, tool_sets};
use std::path::Path;
use steward_core::{Digest, GovernanceChangeId};
use steward_host::Host;
use steward_office::changes::{self, Approval, ChangeKind};
use steward_office::people::Proven;
use steward_office::{Office, OfficeError, grants};
use steward_prompts::Registry;
use steward_store::governance_change::ChangeRow;
use steward_store::{Store, Tx};

/// What is in force here, for one organisation.
pub(crate) struct Here<'a> {
    /// Time, chance, keys and the audit writer.
    pub(crate) office: &'a Office,
    /// Names the rules of the organisation.
    pub(crate) rules: Digest,
    /// The prompts of the installation.
    pub(crate) prompts: &'a Registry,
    /// The tools of the installation.
    pub(crate) host: &'a Host,
    /// The file that holds the accepted tools of MCP servers; that of the accepted plugins lies beside it.
    pub(crate) mcp_lock: &'a Path,
}

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

    /// Approves a change for exactly what was shown. `password` is a proof given at the terminal just now.
    pub(crate) async fn approve(
        &self,
        store: &Store,
        tx: &mut Tx,
        id: GovernanceChangeId,
        (content_digest, reason): (Digest, &str),
        password: Option<Proven>,
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
        changes::approve(tx, self.office, id, said, password).await
    }
}
