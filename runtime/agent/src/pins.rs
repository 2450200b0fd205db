//! What a new run is pinned to: its agent, and the version that the label of its prompt points to now.
//!
//! Labels point where the prompts' files say until an organisation approves another version; from then on they point there for it.
//! What was approved and cannot be had, or is not as it was sealed, is not passed over: no run begins on other words than approved ones.

use crate::agents::Agent;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use steward_core::Digest;
use steward_office::changes::{self, ChangeKind};
use steward_office::conversations::AgentPins;
use steward_office::{Office, OfficeError};
use steward_prompts::Registry;
use steward_store::{StoreError, Tx, governance_change};

/// A label moved to another version, as it is proposed and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMove {
    /// The prompt.
    pub name: String,
    /// The label, for example `production`.
    pub label: String,
    /// The version it is to point to.
    pub version: u32,
    /// The digest of that version's file.
    pub digest: Digest,
}

impl LabelMove {
    /// What changes of this label are stored under.
    pub fn subject(&self) -> String {
        subject(&self.name, &self.label)
    }

    /// Reads the stored form.
    pub fn read(content: &str) -> Result<Self, StoreError> {
        serde_json::from_str(content).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })
    }
}

/// What changes of a label are stored under.
pub fn subject(name: &str, label: &str) -> String {
    format!("{name}@{label}")
}

/// Where a label points for the organisation of this transaction; nowhere when neither the files nor an approval say so.
pub async fn target(tx: &mut Tx, office: &Office, prompts: &Registry, name: &str, label: &str) -> Result<Option<LabelMove>, OfficeError> {
    let Some(row) = governance_change::in_force(tx, ChangeKind::PromptLabel.name(), &subject(name, label)).await? else {
        let version = prompts.labels(name).get(label).copied();
        let prompt = version.and_then(|version| prompts.get(name, version));
        return Ok(prompt.map(|prompt| LabelMove { name: name.to_owned(), label: label.to_owned(), version: prompt.version, digest: prompt.digest }));
    };
    let key = office.key.as_ref().ok_or_else(|| OfficeError::Conflict("without the envelope key nobody can tell which prompt was approved".to_owned()))?;
    if !changes::is_approved(key, tx.actor().tenant, &row)? {
        return Err(OfficeError::Conflict(format!(
            "where `{}` points was changed in the database after it was approved; look for who can write there, and propose and approve it anew",
            row.subject
        )));
    }
    let moved = LabelMove::read(&row.content)?;
    if prompts.get(&moved.name, moved.version).is_none_or(|prompt| prompt.digest != moved.digest) {
        return Err(OfficeError::Conflict(format!(
            "`{}` points to version {}, which this process does not have as it was approved; put its file back into the prompts' directory and restart",
            row.subject, moved.version
        )));
    }
    Ok(Some(moved))
}

/// Where the labels of a prompt point for the organisation of this transaction.
pub async fn labels(tx: &mut Tx, office: &Office, prompts: &Registry, name: &str) -> Result<BTreeMap<String, u32>, OfficeError> {
    let mut known: BTreeSet<String> = prompts.labels(name).into_keys().map(str::to_owned).collect();
    let approved = governance_change::subjects(tx, ChangeKind::PromptLabel.name()).await?;
    known.extend(approved.iter().filter_map(|subject| subject.split_once('@')).filter(|(prompt, _)| *prompt == name).map(|(_, label)| label.to_owned()));
    let mut labels = BTreeMap::new();
    for label in known {
        if let Some(now) = target(tx, office, prompts, name, &label).await? {
            labels.insert(label, now.version);
        }
    }
    Ok(labels)
}

/// What a run of this agent is pinned to where no organisation has approved anything else.
pub(crate) fn as_configured(agent: &Agent) -> AgentPins {
    AgentPins {
        agent: agent.name.clone(),
        prompt: agent.prompt.clone(),
        prompt_digest: agent.prompt_digest,
        model: agent.model.clone(),
        mode: agent.mode,
        limits: agent.limits,
    }
}

/// What a run of this agent that begins now is pinned to.
pub async fn pin(tx: &mut Tx, office: &Office, prompts: &Registry, agent: &Agent) -> Result<AgentPins, OfficeError> {
    let mut pins = as_configured(agent);
    let Some(label) = &agent.prompt_label else { return Ok(pins) };
    let name = agent.prompt.split('@').next().unwrap_or_default();
    if let Some(now) = target(tx, office, prompts, name, label).await? {
        pins.prompt = format!("{}@{}", now.name, now.version);
        pins.prompt_digest = now.digest;
    }
    Ok(pins)
}
