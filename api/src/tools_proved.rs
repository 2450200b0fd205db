//! Whether rules keep their safety properties once tools are others: what a tool does to the world may be more than the rules that name it meant.

use crate::cli::chain;
use crate::policy_set::{PolicyFiles, PolicySet};
use steward_core::ToolSpec;
use steward_policies::{Proof, PropertyFile, ProveError, RuleFile, Rules, prove};

/// The most that is told of what would not be kept.
const REASONS_MAX: usize = 5;

/// Rules with the safety properties that they have to keep.
#[derive(Debug, Clone)]
pub(crate) struct Governing {
    rules: Vec<RuleFile>,
    properties: Vec<PropertyFile>,
}

impl Governing {
    /// What governs where tools are decided on: the installation's files, which hold wherever nothing else was approved, and what this organisation
    /// approved.
    pub(crate) fn of(base: &Rules, approved: Option<&PolicySet>, files: &PolicyFiles) -> Vec<Self> {
        let own = approved.map(|set| Self { rules: set.rule_files(), properties: set.all_properties(&files.properties) });
        let base = Self { rules: base.files().to_vec(), properties: files.properties.clone() };
        own.into_iter().chain([base]).collect()
    }
}

/// The tools once all of a plugin's or a server's are these.
pub(crate) fn with_those(now: &[ToolSpec], name: &str, own: Vec<ToolSpec>) -> Vec<ToolSpec> {
    let is_of_it = |spec: &&ToolSpec| spec.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    now.iter().filter(|spec| !is_of_it(spec)).cloned().chain(own).collect()
}

/// What some of these rules keep with the tools of now and would not with those of then, or that they would not even load with them; nothing where
/// all is kept that was. Takes seconds of a core.
pub(crate) fn what_breaks(all: &[Governing], now: &[ToolSpec], then: &[ToolSpec]) -> Option<String> {
    all.iter().find_map(|one| one.what_breaks(now, then))
}

impl Governing {
    fn what_breaks(&self, now: &[ToolSpec], then: &[ToolSpec]) -> Option<String> {
        let proofs = |tools: &[ToolSpec]| prove(&self.rules, tools, &self.properties);
        let after = match proofs(then) {
            Ok(after) => after,
            Err(ProveError::Empty) => return None,
            // What does not load now is not broken by this.
            Err(err) => return proofs(now).is_ok().then(|| chain(&err)),
        };
        let lost: Vec<&Proof> = after.iter().filter(|proof| !proof.proved).collect();
        if lost.is_empty() {
            return None;
        }
        let before = proofs(now).unwrap_or_default();
        let was_kept = |proof: &&&Proof| before.iter().any(|one| one.proved && one.property == proof.property);
        let told: Vec<String> = lost.iter().filter(was_kept).take(REASONS_MAX).map(|proof| said(proof)).collect();
        (!told.is_empty()).then(|| told.join("; "))
    }
}

/// Why a property is not kept, in words.
fn said(proof: &Proof) -> String {
    let Proof { property, counter_example, open, .. } = proof;
    match (counter_example, open.first()) {
        (Some(found), _) => format!("`{property}` would be broken by `{}`, for `{}`", found.by.join("`, `"), found.tool),
        (None, Some(why)) => format!("`{property}` would not be proved any more: {why}"),
        (None, None) => format!("`{property}` would not be proved any more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_core::Effect;
    use steward_policies::{sample_tools, shipped_properties, shipped_rules};

    const TOOL: &str = "books.look";

    fn tools(effect: Effect) -> Vec<ToolSpec> {
        let mut tools = sample_tools().expect("tools");
        let one = tools.iter().find(|tool| tool.effect == Effect::Read).expect("one that reads").clone();
        tools.push(ToolSpec { name: TOOL.to_owned(), plugin: "books@1.0.0".to_owned(), effect, ..one });
        tools
    }

    fn governing(extra: &str) -> Vec<Governing> {
        let mut rules = shipped_rules();
        rules.push(RuleFile { name: "rules/90-ours.cedar".to_owned(), text: extra.to_owned() });
        vec![Governing { rules, properties: shipped_properties() }]
    }

    const NAMED: &str = r#"@id("look") @reason("Looking is free.") permit (principal, action == Action::"books.look", resource);"#;

    #[test]
    fn a_tool_that_does_more_to_the_world_breaks_what_its_rules_kept() {
        let (reads, pays) = (tools(Effect::Read), tools(Effect::Money));
        let named = governing(NAMED);
        let why = what_breaks(&named, &reads, &pays).expect("a rule lets it pay unasked");
        assert!(why.contains("money") && why.contains("would be broken by `look`") && why.contains(TOOL), "{why}");
        assert_eq!(what_breaks(&named, &pays, &reads), None, "to do less breaks nothing");
        assert_eq!(what_breaks(&named, &pays, &pays), None, "what is broken already is not broken by this");
        let classes = governing(r#"@id("none") @reason("N.") forbid (principal, action in Action::"admin", resource) when { context.leak };"#);
        assert_eq!(what_breaks(&classes, &reads, &pays), None, "rules that speak of classes keep what they kept");
    }

    #[test]
    fn a_tool_that_rules_name_is_not_taken_from_under_them() {
        let reads = tools(Effect::Read);
        let without: Vec<ToolSpec> = with_those(&reads, "books", Vec::new());
        assert_eq!(without.len() + 1, reads.len());
        assert!(what_breaks(&governing(NAMED), &reads, &without).is_some_and(|why| why.contains(TOOL)));
        assert_eq!(what_breaks(&governing(NAMED), &without, &without), None, "nor is it what does not load anyhow");
        assert_eq!(with_those(&reads, "book", Vec::new()), reads, "another's name is no beginning of its own");
    }
}
