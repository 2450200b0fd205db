//! Shows the rules in force.

use crate::auth::{Answer, Caller, json};
use crate::openapi::Doc;
use http::StatusCode;
use serde::Serialize;
use steward_core::Digest;
use steward_policies::{Rule, RuleEffect};
use utoipa::ToSchema;

/// The rules in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PoliciesView {
    /// Names this set of rules; every decision carries it.
    #[schema(value_type = String)]
    digest: Digest,
    /// In the order in which they give reasons.
    rules: Vec<RuleView>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    #[schema(example = "send-known")]
    id: String,
    /// permit or forbid.
    #[schema(value_type = String)]
    effect: RuleEffect,
    /// For people.
    reason: String,
    /// For the model.
    tell: Option<String>,
    /// The file it stands in.
    file: String,
    line: usize,
    /// Its Cedar text.
    text: String,
}

impl From<&Rule> for RuleView {
    fn from(rule: &Rule) -> Self {
        Self {
            id: rule.id.clone(),
            effect: rule.effect,
            reason: rule.reason.clone(),
            tell: rule.tell.clone(),
            file: rule.file.clone(),
            line: rule.line,
            text: rule.text.clone(),
        }
    }
}

pub(crate) fn doc() -> Doc {
    Doc::new("Show the rules in force").answers::<PoliciesView>("200", "The rules.")
}

pub(crate) async fn handle(caller: Caller) -> Answer {
    let rules = caller.state().rules.of(caller.actor().tenant);
    json(StatusCode::OK, &PoliciesView { digest: rules.digest(), rules: rules.list().iter().map(RuleView::from).collect() })
}
