//! The Cedar schema: the hand-written base, the counters of the rules, and one action a tool.
//!
//! Every context is closed: a rule that reads what no manifest and no rule declares does not load.

use crate::args::{Field, record_text};
use crate::counters::Counter;
use crate::facts::{FactDeclaration, FactType};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use steward_core::{Effect, ToolSpec};

/// The hand-written part.
pub(crate) const BASE: &str = include_str!("../schema/base.cedarschema");

/// A tool's part of the schema.
pub(crate) struct ToolTypes<'a> {
    pub(crate) spec: &'a ToolSpec,
    pub(crate) arguments: &'a BTreeMap<String, Field>,
    pub(crate) facts: &'a [FactDeclaration],
}

/// The whole schema as text, the same for the same tools and counters.
pub(crate) fn text<'a>(counters: &[Counter], tools: impl IntoIterator<Item = ToolTypes<'a>>) -> String {
    let mut text = BASE.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(text, "\n// From here on generated.\ntype Counts = {{");
    for (index, counter) in counters.iter().enumerate() {
        let _ = write!(text, "{}{}: Long", if index == 0 { "" } else { ", " }, counter.name);
    }
    text.push_str("};\n");
    for tool in tools {
        text.push_str(&action_text(&tool.spec.name, tool.spec.effect, (&record_text(tool.arguments), &facts_text(tool.facts)), ""));
    }
    text
}

/// The action of a tool, in the group of its effect; `beside` is what else stands in its context.
pub(crate) fn action_text(name: &str, effect: Effect, (arguments, facts): (&str, &str), beside: &str) -> String {
    format!(
        "\naction {name:?} in [{:?}] appliesTo {{ principal: Agent, resource: Tool, context: {{\n  dest: Long, ref: Long, value: Long, leak: Bool, content_actionable: Bool, class_asked: Bool, uninvited: Bool, tainted: Bool, within_budget: Bool,\n  approvals: Approvals, run: RunFacts, counts: Counts, now: Long,\n  args: {arguments},\n  facts: {facts}{beside}\n}} }};\n",
        effect.name()
    )
}

/// A fact the manifest asks for is always supplied, so rules need not ask whether it is there.
fn facts_text(facts: &[FactDeclaration]) -> String {
    let one = |fact: &FactDeclaration| {
        let of = match fact.of {
            FactType::Bool => "Bool",
            FactType::Long => "Long",
        };
        format!("{}: {of}", fact.name)
    };
    format!("{{{}}}", facts.iter().map(one).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use crate::sample;
    use crate::testing::load;

    /// One rule on a group, with and without tools of that group.
    fn check(condition: &str, loads: bool) {
        let rule = format!("@id(\"r\") @reason(\"r\") permit (principal, action in Action::\"send\", resource) when {{ {condition} }};");
        for tools in [Vec::new(), sample::tools().expect("sample")] {
            assert_eq!(load(&rule, &tools).is_ok(), loads, "{condition} with {} tools", tools.len());
        }
    }

    #[test]
    fn a_rule_on_a_group_is_checked_though_no_tool_is_in_it_yet() {
        check("context.desk >= 3", false);
        check("context.dest", false);
        check("context.args.to.contains(\"a\")", false);
        check("context.facts.local_hour < 7", false);
        check("context.counts.sends < 7", false);
        check("resource.effect == 1", false);
        check("context.dest >= 3 && context.class_asked && !context.leak && !context.content_actionable", true);
        check("context.approvals.roles.containsAny([Role::\"owner\", Role::\"manager\"])", true);
        check("context.facts has local_hour && context.facts.local_hour < 7", true);
        check("context.args has subject && context.args.subject like \"*Re:*\"", true);
        check("resource.reversible && principal.roles.contains(Role::\"owner\") && context.run.step < 9 && context.now > 0", true);
    }

    #[test]
    fn a_rule_on_a_tool_reads_its_arguments_and_facts() {
        let tools = sample::tools().expect("sample");
        let check = |condition: &str, loads: bool| {
            let rule = format!("@id(\"r\") @reason(\"r\") forbid (principal, action == Action::\"mail.send\", resource) when {{ {condition} }};");
            assert_eq!(load(&rule, &tools).is_ok(), loads, "{condition}");
        };
        check("context.args.cc.contains(\"a\")", false);
        check("context.args.subjekt == \"a\"", false);
        check("context.facts.weather", false);
        check("context.args.to.contains(\"a\") && context.args has cc && context.args.cc.contains(\"a\")", true);
        check("context.run.channel == \"schedule\" && context.facts.local_hour < 7", true);
    }
}
