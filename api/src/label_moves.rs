//! Moving the label of a prompt: what is proposed, how the texts differ, and where the label points now.

use serde::Serialize;
use steward_agent::pins::{LabelMove, target};
use steward_core::{Digest, canonical_json};
use steward_office::changes::{self, ChangeKind, Proposal};
use steward_office::{Office, OfficeError};
use steward_prompts::{Line, Reference, Registry, Selector, difference};
use steward_store::governance_change::ChangeRow;
use steward_store::{StoreError, Tx};
use utoipa::ToSchema;

/// Where a label is to point.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelContent {
    #[schema(example = "assistant")]
    name: String,
    #[schema(example = "production")]
    label: String,
    /// The version it is to point to.
    version: u32,
    /// The digest of that version's file.
    #[schema(value_type = String)]
    digest: Digest,
}

impl From<LabelMove> for LabelContent {
    fn from(moved: LabelMove) -> Self {
        let LabelMove { name, label, version, digest } = moved;
        Self { name, label, version, digest }
    }
}

/// How two versions of a prompt differ.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LabelReport {
    /// The version the label pointed to; nothing for a new label.
    pub(crate) from_version: Option<u32>,
    /// Lines that differ, in order.
    pub(crate) lines: Vec<LineView>,
}

/// A line that only one of the versions has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LineView {
    /// added, removed.
    pub(crate) change: &'static str,
    pub(crate) text: String,
}

/// The lines that only one of two texts has, in order.
pub(crate) fn lines(old: &str, new: &str) -> Vec<LineView> {
    let only = |line: Line<'_>| match line {
        Line::Same(_) => None,
        Line::Removed(text) => Some(LineView { change: "removed", text: text.to_owned() }),
        Line::Added(text) => Some(LineView { change: "added", text: text.to_owned() }),
    };
    difference(old, new).into_iter().filter_map(only).collect()
}

/// Names where a label points now; nowhere is a digest of nothing.
pub(crate) async fn live(tx: &mut Tx, office: &Office, prompts: &Registry, subject: &str) -> Result<Digest, OfficeError> {
    let Ok(Reference { name, selector: Selector::Label(label) }) = subject.parse() else {
        return Err(StoreError::Corrupt { what: "governance_change.subject" }.into());
    };
    Ok(digest_of(target(tx, office, prompts, &name, &label).await?.as_ref()))
}

fn digest_of(target: Option<&LabelMove>) -> Digest {
    target.map_or_else(|| Digest::of(b""), |target| target.digest)
}

/// Proposes that a label points to another version from now on.
pub(crate) async fn propose(
    tx: &mut Tx,
    office: &Office,
    prompts: &Registry,
    (name, label, version): (&str, &str, u32),
    reason: &str,
) -> Result<ChangeRow, OfficeError> {
    let Ok(Reference { selector: Selector::Label(_), .. }) = format!("{name}@{label}").parse() else {
        return Err(OfficeError::Invalid("name a prompt and a label: lower-case letters, digits and hyphens, a letter first".to_owned()));
    };
    let Some(prompt) = prompts.get(name, version) else {
        return Err(OfficeError::Invalid(format!("there is no version {version} of a prompt `{name}` here; `steward prompt list` shows which there are")));
    };
    let before = target(tx, office, prompts, name, label).await?;
    if before.as_ref().is_some_and(|before| before.version == version) {
        return Err(OfficeError::Invalid(format!("`{name}@{label}` points to version {version} already")));
    }
    let old = before.as_ref().and_then(|before| prompts.get(name, before.version));
    let lines = lines(old.map_or("", |old| &old.text), &prompt.text);
    let report = LabelReport { from_version: before.as_ref().map(|before| before.version), lines };
    let moved = LabelMove { name: name.to_owned(), label: label.to_owned(), version, digest: prompt.digest };
    let corrupt = || StoreError::Corrupt { what: "governance_change.content" };
    let content = canonical_json(&moved).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(corrupt)?;
    let report = serde_json::to_string(&report).map_err(|_| corrupt())?;
    let subject = moved.subject();
    let proposal = Proposal { kind: ChangeKind::PromptLabel, subject: &subject, content, base: digest_of(before.as_ref()), report, is_sound: true, reason };
    changes::propose(tx, office, proposal).await
}
