//! What a decision keeps to itself, and what it refuses to mint.

use super::*;
use crate::testing::rules;
use crate::{Rules, sample};
use serde_json::json;
use steward_core::{CallId, Digest, EnvelopeKey, Principal, Role, RunId, TenantId};
use uuid::Uuid;

const ALL: &str = "@id(\"all\") @reason(\"everything\") permit (principal, action, resource);";

fn proposal(facts: &Facts, rules: &Rules) -> Proposal {
    let envelope = Envelope {
        tenant: TenantId::from_uuid(Uuid::from_u128(3)),
        run: RunId::from_uuid(Uuid::from_u128(4)),
        call: CallId { step: 1, index: 0 },
        principal: Principal { agent: facts.agent.clone(), person: facts.person },
        tool: facts.tool.clone(),
        plugin_digest: Digest::of(b"plugin"),
        schema_digest: Digest::of(b"schema"),
        arguments: facts.arguments.clone(),
        policy_digest: rules.digest(),
        prompt: "assistant@1".into(),
        prompt_digest: Digest::of(b"prompt"),
        model: "scripted/one".into(),
        evidence: json!({}),
        budget_micros: 0,
        expires_at_ms: 1_000,
        circumstances: Default::default(),
    };
    let envelope_id = envelope.id(&EnvelopeKey::from_bytes([7; 32])).expect("id");
    Proposal { envelope, envelope_id }
}

fn check(change: impl Fn(&mut Facts, &mut Envelope), expect: &str) {
    let rules = rules(ALL);
    let mut facts = sample::facts("mail.send");
    facts.arguments = json!({"to": ["anna@known.example"]});
    let mut proposal = proposal(&facts, &rules);
    change(&mut facts, &mut proposal.envelope);
    let said = match decide(&rules, proposal.clone(), &facts) {
        Decision::Allow { permit, .. } => {
            assert_eq!((permit.envelope(), permit.envelope_id()), (&proposal.envelope, proposal.envelope_id));
            "allow".to_owned()
        }
        Decision::Hold { .. } => "hold".to_owned(),
        Decision::Block(denial) => format!("{} {}", denial.class.name(), denial.reason),
    };
    assert_eq!(said, expect);
}

#[test]
fn what_was_not_judged_does_not_run() {
    check(|facts, _| facts.arguments = json!({"to": ["drop@attacker.example"]}), "changed the arguments of what would run is not what was judged");
    check(|_, envelope| envelope.tool = "payouts.prepare".into(), "changed the tool of what would run is not what was judged");
    check(|facts, _| facts.agent = "other".into(), "changed the agent of what would run is not what was judged");
    check(
        |_, envelope| envelope.principal.person = steward_core::PersonId::from_uuid(Uuid::from_u128(9)),
        "changed the person of what would run is not what was judged",
    );
    check(|_, _| {}, "allow");
}

#[test]
fn an_approval_that_is_too_late_does_not_count() {
    check(|facts, _| (facts.approvals.roles, facts.now_ms) = ([Role::Owner].into(), 1_000), "expired the approval came too late; propose the call again");
    check(|facts, _| (facts.approvals.roles, facts.now_ms) = ([Role::Owner].into(), 999), "allow");
    check(|facts, _| facts.now_ms = 5_000, "allow");
}

#[test]
fn a_permit_shows_no_arguments() {
    let rules = rules(ALL);
    let mut facts = sample::facts("mail.send");
    facts.arguments = json!({"body": "private"});
    let decision = decide(&rules, proposal(&facts, &rules), &facts);
    assert!(!format!("{decision:?}").contains("private"));
}
