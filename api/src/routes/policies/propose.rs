//! Proposes a set of rules: it is checked, compared and tried, and waits for somebody else. Nothing is in force by it.

use crate::auth::{Answer, Caller};
use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::Doc;
use crate::policy_set::{NamedText, PolicySet, measure};
use crate::recorded::judging;
use crate::routes::changes::{ChangeDetail, detail};
use crate::routes::policies::backtest::{DECISIONS_MAX, DECISIONS_USUAL, broken, given_up, newest};
use crate::wiring::adopt::approved_set;
use http::StatusCode;
use serde::Deserialize;
use steward_core::Permission;
use steward_office::OfficeError;
use steward_office::changes::{self, ChangeKind, POLICY, Proposal};
use steward_store::StoreError;
use utoipa::ToSchema;

/// A set of rules to put in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProposal {
    /// All files of rules: what is not in it would no longer hold.
    #[schema(min_items = 1)]
    files: Vec<NamedText>,
    /// All cases beside them; those of now without it.
    cases: Option<Vec<NamedText>>,
    /// Safety properties beside the installation's, which always count; those of now without it.
    properties: Option<Vec<NamedText>>,
    /// Why, for whoever decides.
    reason: String,
    /// How many of the newest decisions are judged again: 0 to 10,000; 1,000 without it.
    #[schema(minimum = 0, maximum = 10_000)]
    decisions: Option<u32>,
}

pub(crate) fn doc() -> Doc {
    Doc::new("Propose a set of rules")
        .about("The set is checked against the tools, its cases and the safety properties, compared with the rules in force and tried on what is on record. It waits for an owner who did not propose it; one that is not `sound` waits too, and cannot be approved.")
        .body::<NewProposal>()
        .answers::<ChangeDetail>("201", "The proposal, with what the checks found.")
}

pub(crate) async fn handle(caller: Caller, Json(new): Json<NewProposal>) -> Answer {
    let most = new.decisions.unwrap_or(DECISIONS_USUAL);
    if most > DECISIONS_MAX {
        return Err(ApiError::field("/decisions", format!("at most {DECISIONS_MAX} are judged at once")));
    }
    if !caller.actor().may(Permission::ActionsRead) {
        return Err(OfficeError::Denied("a proposal is tried on what is on record, which your role may not see".to_owned()).into());
    }
    let mut tx = caller.begin().await?;
    let approved = approved_set(&mut tx, caller.office()).await?;
    tx.rollback().await?;
    let (cases, properties) = match approved {
        Some(set) => (set.cases, set.properties),
        None => (installed_cases(&caller), Vec::new()),
    };
    let set = PolicySet::new(new.files, new.cases.unwrap_or(cases), new.properties.unwrap_or(properties));
    let set = set.map_err(|message| ApiError::field("/files", message))?;
    let content = set.content()?;
    let place = judging().await?;
    let decisions = newest(&caller, usize::try_from(most).unwrap_or(usize::MAX)).await?;
    let (in_force, tools) = (caller.state().rules.of(caller.actor().tenant), caller.state().host.specs());
    let (files, base) = (caller.state().policy_files.now(), in_force.digest());
    let measured = tokio::task::spawn_blocking(move || {
        let _place = place;
        measure(&in_force, &set, &files.properties, &tools, decisions)
    });
    let report = measured.await.map_err(given_up)?.map_err(|err| broken(&err))?;
    let is_sound = report.sound;
    let report = serde_json::to_string(&report).map_err(|_| StoreError::Corrupt { what: "governance_change.report" })?;

    let mut tx = caller.begin().await?;
    let proposal = Proposal { kind: ChangeKind::Policy, subject: POLICY, content, base, report, is_sound, reason: &new.reason };
    let row = changes::propose(&mut tx, caller.office(), proposal).await.map_err(about)?;
    let shown = detail(&mut tx, &caller, &row).await?;
    caller.commit(tx, StatusCode::CREATED, &shown).await
}

/// The cases of the installation.
pub(crate) fn installed_cases(caller: &Caller) -> Vec<NamedText> {
    caller.state().policy_files.now().cases.iter().map(|file| NamedText { name: file.name.clone(), text: file.text.clone() }).collect()
}

fn about(err: OfficeError) -> ApiError {
    match err {
        OfficeError::Invalid(message) => ApiError::field("/reason", message),
        other => other.into(),
    }
}
