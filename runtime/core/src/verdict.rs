//! What the gate says of a proposal, in a form that can be stored, shown and compared.

use crate::actor::Role;
use crate::id::PersonId;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Allow, hold for people, or block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Runs now.
    Allow,
    /// Denied now, allowed if certain people approve.
    #[serde(rename = "hold", alias = "held")]
    Hold,
    /// Denied, whoever approves.
    Block,
}

impl Verdict {
    /// The word in tables and cases: allow, hold, block.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }

    /// The word in the action log: allowed, held, blocked.
    pub const fn past(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::Hold => "held",
            Self::Block => "blocked",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Verdict {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "allow" | "allowed" => Ok(Self::Allow),
            "hold" | "held" => Ok(Self::Hold),
            "block" | "blocked" => Ok(Self::Block),
            other => Err(format!("`{}` is no verdict; verdicts are allowed, held, blocked", other.chars().take(32).collect::<String>())),
        }
    }
}

/// Roles that, approving together, release a held action.
pub type ApprovalSet = BTreeSet<Role>;

/// The smallest sets of approvals that would each suffice. Empty for allow and block.
pub type Needs = Vec<ApprovalSet>;

/// Approvals given so far. A fact like any other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Approvals {
    /// Roles in which somebody approved.
    pub roles: BTreeSet<Role>,
    /// Who approved.
    pub people: BTreeSet<PersonId>,
}

/// Why a call was blocked, as a class the model and the log can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockClass {
    /// There is no such tool, or this agent may not use it.
    UnknownTool,
    /// The arguments are not JSON or do not match the schema.
    InvalidArguments,
    /// The rules forbid it, or none allows it.
    Policy,
    /// A rule could not be evaluated; what cannot be decided is refused.
    PolicyError,
    /// A budget or limit is reached.
    Limit,
    /// The same call was denied before.
    Repeated,
    /// A person refused it.
    Refused,
    /// Nobody answered in time.
    Expired,
    /// What would run is not what was approved.
    Changed,
    /// Who approved it was shut out, or has no role any more that helps to.
    ApproverGone,
}

impl BlockClass {
    /// The word in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownTool => "unknown_tool",
            Self::InvalidArguments => "invalid_arguments",
            Self::Policy => "policy",
            Self::PolicyError => "policy_error",
            Self::Limit => "limit",
            Self::Repeated => "repeated",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Changed => "changed",
            Self::ApproverGone => "approver_gone",
        }
    }
}

/// A denial as a value for the model: it says what kind it is and what would be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// What kind.
    pub class: BlockClass,
    /// The rules that decided; empty when none matched.
    pub rules: Vec<String>,
    /// For people.
    pub reason: String,
    /// For the model.
    pub tell: String,
    /// Whether another call of this tool could be allowed.
    pub retryable: bool,
    /// What would be allowed instead, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_shape: Option<String>,
}
