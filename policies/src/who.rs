//! Whom rules name: an agent, whom it acts for, where. A table for one agent alone shows nothing of a rule for another.

use crate::facts::Facts;
use crate::prove::agents_in_words;
use crate::rules::Rules;
use crate::sample;
use cedar_policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use steward_core::{PersonId, WorkspaceId};

/// The most that one rule is taken to name, and all rules together.
const OF_ONE_MAX: usize = 8;
const WHO_MAX: usize = 32;

/// Who acts, for whom and where, as far as it is not as in any other call.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    agent: Option<String>,
    person: Option<PersonId>,
    workspace: Option<WorkspaceId>,
}

impl Who {
    /// Makes the call theirs.
    pub(crate) fn set(&self, facts: &mut Facts) {
        if let Some(agent) = &self.agent {
            facts.agent.clone_from(agent);
        }
        facts.person = self.person.unwrap_or(facts.person);
        facts.workspace = self.workspace.unwrap_or(facts.workspace);
    }

    /// What a table is called that is of them alone.
    pub(crate) fn title(&self, of: &str) -> String {
        if *self == Self::default() { of.to_owned() } else { format!("{self}: {of}") }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agent = self.agent.as_ref().map(|agent| format!("as agent `{agent}`"));
        let person = self.person.map(|person| format!("for `{person}`"));
        let workspace = self.workspace.map(|workspace| format!("in `{workspace}`"));
        f.write_str(&[agent, person, workspace].into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

/// Whom some rules name.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// With the tools of which a rule does.
    pub(crate) whom: BTreeMap<Who, BTreeSet<String>>,
    /// The rules that name more than are taken: of the rest nothing is said.
    pub(crate) left_out: BTreeSet<String>,
}

/// Whom these rules name, with the tools of which a rule does. Who is named for nothing but an approval is there as whom the agent acts for.
pub(crate) fn named(of: &[&Rules]) -> Named {
    let mut all = Named::default();
    for rules in of {
        // A rule of many tools is read once.
        let mut read: BTreeMap<&str, Vec<Who>> = BTreeMap::new();
        for (name, tool) in &rules.0.tools {
            for policy in tool.slice.policies() {
                let mut whom = read.entry(AsRef::<str>::as_ref(policy.id())).or_insert_with(|| in_rule(policy)).clone();
                let mut is_cut = whom.len() > OF_ONE_MAX;
                whom.truncate(OF_ONE_MAX);
                for who in whom {
                    if all.whom.len() < WHO_MAX || all.whom.contains_key(&who) {
                        all.whom.entry(who).or_default().insert(name.clone());
                    } else {
                        is_cut = true;
                    }
                }
                if is_cut {
                    all.left_out.insert(policy.id().to_string());
                }
            }
        }
    }
    all
}

/// Everybody whom one rule names: each agent for each person in each workspace. Of more than are taken one more than that.
fn in_rule(policy: &Policy) -> Vec<Who> {
    let plain = sample::facts("");
    let (mut agents, mut people, mut workspaces) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // Where the agent of every other table is named, what is said of the rest is told by any other.
    let agent = |name: String| if name == plain.agent { "another".to_owned() } else { name };
    agents.extend(agents_in_words(policy).into_iter().map(agent));
    for entity in policy.entity_literals() {
        let id = entity.id().unescaped();
        match entity.type_name().basename() {
            "Agent" => _ = agents.insert(agent(id.to_owned())),
            "Person" => people.extend(id.parse::<PersonId>()),
            "Workspace" => workspaces.extend(id.parse::<WorkspaceId>()),
            _ => {}
        }
    }
    // More is of no use, and all of them together may be millions.
    let most = OF_ONE_MAX + 1;
    let mut all = vec![Who::default()];
    if !agents.is_empty() {
        all = agents.into_iter().map(|agent| Who { agent: Some(agent), ..Who::default() }).take(most).collect();
    }
    if !people.is_empty() {
        all = all.iter().flat_map(|who| people.iter().map(move |person| Who { person: Some(*person), ..who.clone() })).take(most).collect();
    }
    if !workspaces.is_empty() {
        all = all.iter().flat_map(|who| workspaces.iter().map(move |workspace| Who { workspace: Some(*workspace), ..who.clone() })).take(most).collect();
    }
    all.retain(|who| *who != Who::default());
    all
}
