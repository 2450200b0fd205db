//! What is never allowed to somebody, whatever the call is and whoever approves: so that nobody is offered what is refused every time.
//!
//! It is a word for lists. Whatever may depend on a call counts as possible here, and only [`decide`](crate::decide()) decides on one.

use crate::facts::Facts;
use crate::request::ask_bare;
use crate::rules::Rules;
use crate::sample;
use std::collections::BTreeSet;
use steward_core::{PersonId, Role, WorkspaceId};

/// Who would call.
#[derive(Debug, Clone)]
pub struct Acts<'a> {
    /// The agent's name.
    pub agent: &'a str,
    /// The person it acts for.
    pub person: PersonId,
    /// That person's roles.
    pub roles: &'a BTreeSet<Role>,
    /// Where.
    pub workspace: WorkspaceId,
}

/// Whether the rules block every call of this tool: a rule forbids it that reads nothing of the call, or none could permit it.
pub fn never_allows(rules: &Rules, tool: &str, acts: &Acts<'_>) -> bool {
    let Some(governed) = rules.0.tools.get(tool) else { return false };
    let Acts { agent, person, roles, workspace } = acts.clone();
    let facts = Facts { agent: agent.to_owned(), person, roles: roles.clone(), workspace, ..sample::facts(tool) };
    governed.slice.permits.is_empty() || ask_bare(&rules.0, governed, &facts).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RuleFile;
    use crate::sample_tools;
    use uuid::Uuid;

    #[test]
    fn only_what_no_call_can_be_is_never_allowed() {
        let tools = sample_tools().expect("tools");
        let tool = tools.iter().find(|tool| !tool.effect.only_reads()).expect("a tool that changes something").name.clone();
        let head = |id: &str| format!("@id(\"{id}\") @reason(\"Why.\") @tell(\"Why.\") @shape(\"What.\")\n");
        let permit = format!("{}permit (principal, action, resource);\n", head("all"));
        let action = format!("action == Action::\"{tool}\"");
        let never = |forbid: &str, agent: &str, roles: &[Role]| {
            let text = format!("{permit}{}{forbid}", head("one"));
            let rules = Rules::load(&[RuleFile { name: "all.cedar".to_owned(), text }], &tools).expect("rules");
            let roles = roles.iter().copied().collect();
            let acts = Acts { agent, person: PersonId::from_uuid(Uuid::nil()), roles: &roles, workspace: WorkspaceId::from_uuid(Uuid::nil()) };
            never_allows(&rules, &tool, &acts)
        };
        // What depends on the call, or on who approves, is possible.
        for maybe in [
            "when { context.leak }",
            "when { context.run.step > 3 }",
            "unless { context.approvals.roles.contains(Role::\"owner\") }",
            "when { !context.within_budget }",
        ] {
            assert!(!never(&format!("forbid (principal, {action}, resource) {maybe};"), "assistant", &[]), "{maybe}");
        }
        assert!(!never("forbid (principal, action in Action::\"read\", resource);", "assistant", &[]), "of other tools");
        assert!(never(&format!("forbid (principal, {action}, resource);"), "assistant", &[]));
        assert!(never("forbid (principal, action, resource) when { !resource.reversible || resource.reversible };", "assistant", &[]));
        // Who calls is known beforehand.
        let by_role = format!("forbid (principal, {action}, resource) unless {{ principal.roles.contains(Role::\"owner\") }};");
        assert!(never(&by_role, "assistant", &[Role::Support]) && !never(&by_role, "assistant", &[Role::Owner, Role::Support]));
        let by_agent = format!("forbid (principal == Agent::\"helper\", {action}, resource);");
        assert!(never(&by_agent, "helper", &[]) && !never(&by_agent, "assistant", &[]));
    }

    #[test]
    fn what_no_rule_could_permit_is_never_allowed_and_an_unknown_tool_is_the_gates() {
        let tools = sample_tools().expect("tools");
        let text = "@id(\"read\") @reason(\"Why.\")\npermit (principal, action in Action::\"read\", resource);".to_owned();
        let rules = Rules::load(&[RuleFile { name: "all.cedar".to_owned(), text }], &tools).expect("rules");
        let roles = BTreeSet::from([Role::Owner]);
        let acts = Acts { agent: "assistant", person: PersonId::from_uuid(Uuid::nil()), roles: &roles, workspace: WorkspaceId::from_uuid(Uuid::nil()) };
        for tool in &tools {
            assert_eq!(never_allows(&rules, &tool.name, &acts), tool.effect != steward_core::Effect::Read, "{}", tool.name);
        }
        assert!(!never_allows(&rules, "nobody.knows", &acts));
    }
}
