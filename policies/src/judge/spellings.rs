//! Spellings: no form of a text slips past a forbid, and none that only looks like it slips into a permit.

use super::*;
use crate::{sample, testing::rules};
use serde_json::json;

/// The forms a caller may give to `DROP`.
const FORMS: [&str; 8] = [
    "DROP",
    "drop ",
    "\tDrop",
    "\u{ff24}\u{ff32}\u{ff2f}\u{ff30}",
    "DR\u{41e}\u{420}",
    "d\u{200b}rop",
    "\u{1d403}\u{1d411}\u{1d40e}\u{1d40f}",
    "dr\u{ad}\u{43e}p",
];

fn verdict(text: &str, title: &str) -> Verdict {
    let mut facts = sample::facts("calendar.invite");
    facts.arguments = json!({ "guests": ["anna@known.example"], "starts_at": "2026-03-01T09:00:00Z", "title": title });
    judge(&rules(text), &facts).verdict()
}

fn two(permit: &str, forbid: &str) -> String {
    format!(
        "@id(\"p\") @reason(\"r\") permit (principal, action == Action::\"calendar.invite\", resource) when {{ {permit} }};
         @id(\"f\") @reason(\"r\") forbid (principal, action == Action::\"calendar.invite\", resource) when {{ {forbid} }};"
    )
}

#[test]
fn no_spelling_slips_past_a_forbid() {
    let forbids = [
        "context.args has title && context.args.title == \"DROP\"",
        "context.args has title && context.args.title like \"*Drop*\"",
        "context.args has title && [\"drop\", \"Alter\"].contains(context.args.title)",
        "!(context.args has title && context.args.title != \"dROP\")",
        "context.args has title && (if context.leak then \"x\" else context.args.title) == \"DROP\"",
    ];
    for forbid in forbids {
        let text = two("true", forbid);
        for form in FORMS {
            assert_eq!(verdict(&text, form), Verdict::Block, "{forbid} on {form:?}");
        }
        assert_eq!(verdict(&text, "crop"), Verdict::Allow, "{forbid}");
    }
}

#[test]
fn no_exception_of_a_permit_is_dodged() {
    for permit in ["!(context.args has title && context.args.title == \"DROP\")", "context.args has title && !(context.args.title like \"drop*\")"] {
        let text = two(permit, "false");
        for form in FORMS {
            assert_eq!(verdict(&text, form), Verdict::Block, "{permit} on {form:?}");
        }
        assert_eq!(verdict(&text, "crop"), Verdict::Allow, "{permit}");
    }
}

#[test]
fn what_only_looks_like_it_is_not_permitted() {
    let text = two("context.args.guests.containsAll([\"anna@known.example\"]) && [\"anna@known.example\"].containsAll(context.args.guests)", "false");
    let judged = |guest: &str| {
        let mut facts = sample::facts("calendar.invite");
        facts.arguments = json!({ "guests": [guest], "starts_at": "x", "title": "t" });
        judge(&rules(&text), &facts).verdict()
    };
    // The tool would get exactly this address, and it is somebody else's.
    for guest in ["\u{430}nna@known.example", "anna@known.ex\u{430}mple", "anna@known.example\u{200b}"] {
        assert_eq!(judged(guest), Verdict::Block, "{guest:?}");
    }
    assert_eq!(judged("anna@known.example"), Verdict::Allow);
}

#[test]
fn a_hold_is_derived_from_both_forms() {
    let approved = "context.approvals.roles.contains(Role::\"owner\") && context.args has title";
    let text = two("true", &format!("{approved} && context.args.title == \"DROP\" || !context.approvals.roles.contains(Role::\"owner\")"));
    assert_eq!(verdict(&text, "crop"), Verdict::Hold);
    for form in FORMS {
        assert_eq!(verdict(&text, form), Verdict::Block, "no approval releases {form:?}");
    }
}

#[test]
fn texts_of_the_context_are_compared_in_one_form() {
    let mut facts = sample::facts("mail.send");
    facts.agent = "Sales".to_owned();
    facts.arguments = json!({ "to": [], "subject": "Sales", "body": "" });
    let rule = "@id(\"p\") @reason(\"r\") permit (principal, action == Action::\"mail.send\", resource) when { context.args.subject == context.run.agent };";
    assert_eq!(judge(&rules(rule), &facts).verdict(), Verdict::Allow, "a permit is not lost to folding one of two equal texts");
    facts.arguments["subject"] = json!("sales");
    assert_eq!(judge(&rules(rule), &facts).verdict(), Verdict::Block);
}
