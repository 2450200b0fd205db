//! Who asks. A database transaction exists only for an [`Actor`], so nothing is read without one.

use crate::id::{ApiTokenId, PersonId, RunId, SessionId, TenantId, WorkspaceId};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// What a person may be in an organisation or workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Answers for everything; the only role that releases money.
    Owner,
    /// Runs the daily business and decides on held actions.
    Manager,
    /// Sees and prepares money.
    Finance,
    /// Works with contacts and conversations.
    Support,
    /// Reads records, changes nothing.
    Auditor,
}

impl Role {
    /// Every role, strongest first.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Manager, Self::Finance, Self::Support, Self::Auditor];

    /// The word used in policies, tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Finance => "finance",
            Self::Support => "support",
            Self::Auditor => "auditor",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; roles are owner, manager, finance, support, auditor")]
pub struct RoleError(String);

impl FromStr for Role {
    type Err = RoleError;
    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| RoleError(text.chars().take(32).collect()))
    }
}

/// What an API token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Talk to agents, `/v1/chat/completions` included.
    Converse,
    /// Read records the person may read.
    Read,
    /// Change office records the person may change.
    Write,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Converse, Self::Read, Self::Write];

    /// The word used in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl FromStr for Scope {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.name() == text)
            .ok_or_else(|| format!("`{}` is no scope; scopes are converse, read, write", text.chars().take(32).collect::<String>()))
    }
}

/// How a person proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A one-time link.
    Link,
    /// A password.
    Password,
    /// A passkey.
    Passkey,
    /// An OpenID provider.
    Oidc,
    /// The operating-system account that owns the data directory.
    Terminal,
}

impl AuthMethod {
    /// The word used in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
            Self::Terminal => "terminal",
        }
    }
}

/// In what capacity the actor acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActorKind {
    /// A person in a session. The only kind that may decide on held actions.
    Person {
        /// The session; none in the terminal.
        session: Option<SessionId>,
        /// How the session was opened.
        method: AuthMethod,
    },
    /// A program with a person's API token.
    Token {
        /// The token.
        token: ApiTokenId,
        /// What it may do.
        scopes: BTreeSet<Scope>,
    },
    /// An agent acting for the person, inside a run.
    Agent {
        /// The run.
        run: RunId,
        /// The agent's name.
        agent: String,
    },
    /// Steward's own background work.
    Worker,
}

/// Which workspaces the actor may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Workspaces {
    /// All of the organisation.
    All,
    /// Only these.
    Only(BTreeSet<WorkspaceId>),
}

impl Workspaces {
    /// Whether records of this workspace may be seen; records without one belong to the organisation.
    pub fn sees(&self, workspace: WorkspaceId) -> bool {
        match self {
            Self::All => true,
            Self::Only(set) => set.contains(&workspace),
        }
    }
}

/// Who asks, for whom, and what they may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The organisation.
    pub tenant: TenantId,
    /// The person, or the person acted for; none for background work.
    pub person: Option<PersonId>,
    /// In what capacity.
    pub kind: ActorKind,
    /// The person's roles across the workspaces seen.
    pub roles: BTreeSet<Role>,
    /// Workspaces seen.
    pub workspaces: Workspaces,
}

impl Actor {
    /// Steward's own background work inside one organisation.
    pub fn worker(tenant: TenantId) -> Self {
        Self { tenant, person: None, kind: ActorKind::Worker, roles: BTreeSet::new(), workspaces: Workspaces::All }
    }

    /// The same person's authority, narrowed to an agent inside a run.
    #[must_use]
    pub fn as_agent(&self, run: RunId, agent: &str) -> Self {
        Self { kind: ActorKind::Agent { run, agent: agent.to_owned() }, ..self.clone() }
    }

    /// The word for the audit log: person, token, agent, worker.
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            ActorKind::Person { .. } => "person",
            ActorKind::Token { .. } => "token",
            ActorKind::Agent { .. } => "agent",
            ActorKind::Worker => "worker",
        }
    }
}
