//! What every request works with. Made once, in wiring; a test makes it on its own database, without models.

use crate::mcp::Front;
use crate::meters::Meters;
use crate::notices::Ways;
use crate::oauth::ClientDocuments;
use crate::oidc::Oidc;
use crate::policy_set::SharedFiles;
use crate::site::Site;
use crate::web::Web;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use steward_agent::agents::Agents;
use steward_agent::live::Live;
use steward_agent::models::Listed;
use steward_agent::rules::SharedRules;
use steward_host::Host;
use steward_host::mcp::McpServer;
use steward_office::Office;
use steward_office::audit::sequence::Sequencer;
use steward_office::holds::routing::ApprovalRules;
use steward_office::kept::Keeper;
use steward_office::people::Passwords;
use steward_prompts::Registry;
use steward_store::Store;

/// The parts of the server.
pub struct Parts {
    /// The database, as the server's role.
    pub store: Store,
    /// What takes away what plugins keep, which the server's role cannot.
    pub keeper: Keeper,
    /// Time, chance and the audit writer.
    pub office: Office,
    /// The hashing of passwords.
    pub passwords: Passwords,
    /// Where people reach the server.
    pub site: Site,
    /// The tools.
    pub host: Host,
    /// The configured MCP servers.
    pub mcp: Arc<[McpServer]>,
    /// The file that holds their accepted tools.
    pub mcp_lock: PathBuf,
    /// The rules in force.
    pub rules: SharedRules,
    /// The installation's cases and safety properties.
    pub policy_files: SharedFiles,
    /// Prompt versions.
    pub prompts: Arc<Registry>,
    /// The agents.
    pub agents: Arc<Agents>,
    /// The configured models.
    pub models: Vec<Listed>,
    /// The OpenID provider at which people may sign in.
    pub oidc: Option<Oidc>,
    /// Who programs are that ask to be let in.
    pub clients: ClientDocuments,
    /// What approvals take and who is asked.
    pub approvals: Arc<ApprovalRules>,
    /// By which ways people can be told that something waits.
    pub notices: Ways,
    /// Who watches runs in this process.
    pub live: Live,
    /// What `/metrics` shows.
    pub meters: Arc<Meters>,
    /// What signs the audit log, and where its copies lie; none where this process has no audit key.
    pub audit: Option<Arc<Sequencer>>,
    /// The pages for people.
    pub web: Arc<Web>,
}

/// A handle to the parts. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

struct Inner {
    parts: Parts,
    mcp_front: Front,
}

impl AppState {
    /// Wraps the parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { mcp_front: Front::new(&parts.site), parts }))
    }

    /// The MCP server.
    pub(crate) fn mcp_front(&self) -> &Front {
        &self.0.mcp_front
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
