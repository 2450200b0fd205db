//! Runs whose journal is in memory.

use crate::agents::Agent;
use crate::driver::{Assignment, HandsFor, Journal, MemoryJournal, Waits};
use crate::pins::as_configured;
use crate::runtime::Runtime;
use steward_core::event::{Pins, Recorded};
use steward_core::{Event, Ids, Role};
use steward_office::conversations::AgentPins;

/// What a run of this agent is pinned to, in a conversation of its own.
pub fn pins_of(agent: &Agent, ids: &Ids) -> Pins {
    let AgentPins { agent, prompt, prompt_digest, model, mode, limits } = as_configured(agent);
    Pins { agent, prompt, prompt_digest, model, mode, limits, ..Pins::sample(ids) }
}

/// A run that an owner begins with these words to the agent of [`super::bench_runtime`], to be driven.
#[expect(clippy::expect_used, reason = "test support may stop the test")]
pub fn bench_run(runtime: &Runtime, hands: HandsFor, text: &str) -> (MemoryJournal, Assignment) {
    let office = &runtime.office;
    let variables = ["agent", "organisation", "person", "workspace", "now"].map(|name| (name.to_owned(), name.to_owned())).into();
    let pins = pins_of(runtime.agents.get("assistant").expect("the assistant"), &office.ids);
    let started = Event::Started { pins, text: text.to_owned(), history: Vec::new(), variables, attachments: Vec::new() };
    let journal = MemoryJournal::new(vec![Recorded::new(1, office.clock.now_ms(), started)]);
    let assignment = Assignment {
        tenant: office.ids.make(),
        run: office.ids.make(),
        fence: 1,
        changed: Vec::new(),
        events: journal.events(),
        journal: Journal::Memory(journal.clone()),
        roles: [Role::Owner].into(),
        hands,
        waits: Waits::InPlace,
        roles_changed: Default::default(),
    };
    (journal, assignment)
}
