//! An installation whose assistant has `hostile.echo`, a tool that gives back what it is given, and a model that calls it.

use super::*;
use serde_json::json;
use std::sync::Arc;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_host::testing::GuestFiles;
use steward_policies::{RuleFile, Rules, shipped_rules};

/// A model that asks for each of these once, in one answer, and then is done.
pub(super) async fn echoes(calls: &'static [(i64, &'static str)]) -> ScriptedModel {
    ScriptedModel::start_with(move |seen| {
        if seen.tool_results().is_empty() {
            Reply::Calls(calls.iter().map(|(count, text)| ("hostile.echo".to_owned(), json!({ "count": count, "text": text }))).collect())
        } else {
            Reply::text("Done.")
        }
    })
    .await
}

/// The same installation with the tool of these files, under these rules beside the shipped ones.
pub(super) fn with_echo(mut world: World, files: &GuestFiles, rules: &[&str]) -> World {
    let dir = std::env::temp_dir().join(format!("steward-echo-{}", world.tenant));
    files.write(&dir).expect("files");
    world.runtime.host.load_dir(&dir).expect("plugin");
    std::fs::remove_dir_all(&dir).expect("removed");
    let mut all = shipped_rules();
    all.extend(rules.iter().enumerate().map(|(at, text)| RuleFile { name: format!("test-{at}.cedar"), text: (*text).to_owned() }));
    world.runtime.rules.replace(Rules::load(&all, &world.runtime.host.specs()).expect("rules"));
    let runtime = Arc::get_mut(&mut world.runtime).expect("not shared yet");
    let mut agents = (*runtime.agents).clone();
    agents.get_mut("assistant").expect("assistant").tools.push("hostile.echo".to_owned());
    runtime.agents = Arc::new(agents);
    world
}
