//! The agents of this installation: which prompt, model, tools and bounds each has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use steward_core::{Digest, Mode, Pins, RunLimits};
use steward_host::{EXTRACT, SCHEDULE};

/// How the names of the host's own tools begin.
const OWN: &str = "steward.";

/// One agent, resolved: its prompt pinned to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// `name@version` of its prompt.
    pub prompt: String,
    /// Digest of the prompt's text.
    pub prompt_digest: Digest,
    /// The label by which the configuration names the prompt: an organisation may approve another version for it.
    pub prompt_label: Option<String>,
    /// The named model.
    pub model: String,
    /// Tools it may use: names, or prefixes ending in `*`.
    pub tools: Vec<String>,
    /// How closely its calls are watched.
    pub mode: Mode,
    /// Bounds of its runs.
    pub limits: RunLimits,
    /// In a sub-run, the tools of each agent above it: it may use what it and all of them may. Of an agent by itself there are none.
    pub within: Vec<Vec<String>>,
}

impl Agent {
    /// Whether the agent may use a tool at all. The gate still decides on each call.
    pub fn may_use(&self, tool: &str) -> bool {
        // Handles are there in mode `sealed` only.
        if tool == EXTRACT {
            return self.mode == Mode::Sealed;
        }
        // What is said later is said to the agent by itself, with all of its tools.
        if tool == SCHEDULE && !self.within.is_empty() {
            return false;
        }
        self.within.iter().chain([&self.tools]).all(|tools| names(tools, tool))
    }
}

/// Whether one of these names or prefixes means a tool. `*` alone means those of plugins and servers: the host's own are had by being named.
fn names(tools: &[String], tool: &str) -> bool {
    let is_own = tool.starts_with(OWN);
    let starts = |prefix: &str| tool.starts_with(prefix) && !(prefix.is_empty() && is_own);
    tools.iter().any(|pattern| pattern.strip_suffix('*').map_or_else(|| pattern == tool, starts))
}

/// The agent of a run as it is in that run: below others it is watched at least as closely as they are, and has no tool that one of them has
/// not. None when one of these agents is no longer configured.
pub fn of_run<'a>(agents: &'a Agents, pins: &Pins) -> Option<Cow<'a, Agent>> {
    below(agents, &pins.agent, pins.above.as_ref().map_or(&[], |above| above.agents.as_slice()))
}

/// An agent as it is below these, from the top.
pub(crate) fn below<'a>(agents: &'a Agents, name: &str, above: &[String]) -> Option<Cow<'a, Agent>> {
    let agent = agents.get(name)?;
    if above.is_empty() {
        return Some(Cow::Borrowed(agent));
    }
    let above: Vec<&Agent> = above.iter().map(|name| agents.get(name)).collect::<Option<_>>()?;
    let mode = above.iter().fold(agent.mode, |mode, above| mode.stricter(above.mode));
    let within = above.into_iter().map(|above| above.tools.clone()).collect();
    Some(Cow::Owned(Agent { mode, within, ..agent.clone() }))
}

/// All agents by name.
pub type Agents = BTreeMap<String, Agent>;

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(name: &str, tools: &[&str], mode: Mode) -> (String, Agent) {
        let tools = tools.iter().map(|tool| (*tool).to_owned()).collect();
        let (prompt, model) = ("p@1".to_owned(), "strong".to_owned());
        let limits = RunLimits::default();
        let made = Agent { name: name.to_owned(), prompt, prompt_digest: Digest::of(b"p"), prompt_label: None, model, tools, mode, limits, within: Vec::new() };
        (name.to_owned(), made)
    }

    #[test]
    fn below_others_an_agent_has_no_tool_that_one_of_them_has_not_and_is_watched_as_closely() {
        let agents = Agents::from([
            agent("desk", &["crm.*", "steward.delegate"], Mode::Traced),
            agent("clerk", &["crm.get_contact", "mail.send", "steward.*"], Mode::Open),
            agent("vault", &["*", "steward.delegate"], Mode::Sealed),
            agent("anything", &["*"], Mode::Open),
        ]);
        let of = |name: &str, above: &[&str]| below(&agents, name, &above.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).map(Cow::into_owned);
        assert_eq!(of("nobody", &["desk"]), None);
        assert_eq!(of("clerk", &["nobody"]), None, "what stood above it is not known any more");
        let clerk = of("clerk", &[]).expect("by itself");
        assert!(clerk.may_use("mail.send") && clerk.may_use(SCHEDULE) && !clerk.may_use(EXTRACT));
        let clerk = of("clerk", &["desk"]).expect("below the desk");
        assert_eq!(clerk.mode, Mode::Traced);
        for (tool, expect) in
            [("crm.get_contact", true), ("crm.add_note", false), ("mail.send", false), ("steward.delegate", true), (SCHEDULE, false), (EXTRACT, false)]
        {
            assert_eq!(clerk.may_use(tool), expect, "{tool}");
        }
        let anything = of("anything", &[]).expect("by itself");
        assert!(anything.may_use("mail.send") && !anything.may_use("steward.delegate"), "the host's own tools are named");
        let deeper = of("vault", &["desk", "clerk"]).expect("two below");
        assert!(deeper.may_use("crm.get_contact") && deeper.may_use(EXTRACT) && !deeper.may_use("mail.send"));
        let sealed = of("desk", &["vault"]).expect("below the vault");
        assert_eq!(sealed.mode, Mode::Sealed);
        assert!(sealed.may_use(EXTRACT) && sealed.may_use("crm.add_note"), "how text is shown goes with the mode");
    }
}
