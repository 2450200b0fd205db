//! What governs agents: plugins, rules, prompts, agents; and the models they ask.

use super::Check;
use crate::cli::output::counted;
use crate::config::Config;
use crate::wiring::agents::{load_prompts, resolve};
use crate::wiring::policies::read_rules;
use crate::wiring::{AssembleError, look_at_host};
use futures_util::future::join_all;
use std::time::Duration;
use steward_agent::models::Models;
use steward_core::{Clock, ToolSpec};
use tokio::net::TcpStream;

/// How long a model's address may take to answer, in seconds.
const REACH_SECONDS: u64 = 3;

pub(super) async fn check(config: &Config) -> Vec<Check> {
    let host = look_at_host(config);
    let specs: Vec<ToolSpec> = host.as_ref().map(steward_host::Host::specs).unwrap_or_default();
    let aside = host.as_ref().map(steward_host::Host::set_aside).unwrap_or_default();
    let mut checks = vec![Check::of("plugins", host, |_| {
        let mut names: Vec<&str> = specs.iter().map(|spec| spec.plugin.as_str()).collect();
        names.dedup();
        format!("{} ({})", names.join(", "), counted(specs.len(), "tool", "tools"))
    })];
    checks.extend(aside.iter().map(|one| Check::warning("plugins", format!("`{}` is not run: {}", one.dir.display(), one.reason))));
    checks.push(policies(config, &specs));
    checks.extend(agents(config, &specs));
    checks.extend(models(config).await);
    checks
}

fn policies(config: &Config, specs: &[ToolSpec]) -> Check {
    const NAME: &str = "policies";
    if !config.policies_dir.is_dir() {
        return Check::good(NAME, format!("{} (the shipped ones are put there by the first `steward up`)", config.policies_dir.display()));
    }
    let checked = read_rules(&config.policies_dir).and_then(|rules| Ok(steward_policies::check(&rules, specs)?));
    match checked {
        Ok(summary) if summary.warnings.is_empty() && summary.without_permit.is_empty() && summary.always_allowed.is_empty() => Check::good(
            NAME,
            format!("{}, {} ({})", counted(summary.permits, "permit", "permits"), counted(summary.forbids, "forbid", "forbids"), summary.digest.short()),
        ),
        Ok(summary) => {
            let warnings = summary.warnings.iter().map(ToString::to_string);
            let blocked = summary.without_permit.iter().map(|tool| format!("no rule permits `{tool}`"));
            let open = summary.always_allowed.iter().map(|one| format!("{} always allows `{}`, whoever asks", one.rules.join(" and "), one.tool));
            Check::warning(NAME, warnings.chain(blocked).chain(open).collect::<Vec<_>>().join("\n"))
        }
        Err(err) => Check::wrong(NAME, crate::cli::chain(&err)),
    }
}

fn agents(config: &Config, specs: &[ToolSpec]) -> Vec<Check> {
    let prompts = if config.prompts_dir.is_dir() {
        load_prompts(&config.prompts_dir).map_err(AssembleError::from)
    } else {
        steward_prompts::shipped()
            .map_err(|source| AssembleError::from(crate::wiring::agents::AgentsError::Prompts { dir: config.prompts_dir.clone(), source }))
    };
    let resolved = match prompts.and_then(|prompts| Ok(resolve(&config.agents, &prompts)?)) {
        Ok(agents) => agents,
        Err(err) => return vec![Check::wrong("agents", crate::cli::chain(&err))],
    };
    let lost = resolved.values().flat_map(|agent| {
        let unknown = agent
            .tools
            .iter()
            .filter(|pattern| !specs.iter().any(|spec| pattern.strip_suffix('*').map_or(spec.name == **pattern, |start| spec.name.starts_with(start))));
        unknown.map(|pattern| format!("`agents.{}.tools` names `{pattern}`, and no tool is called so", agent.name))
    });
    let lost: Vec<String> = lost.collect();
    if !lost.is_empty() {
        return vec![Check::warning("agents", lost.join("\n"))];
    }
    let each = resolved.values().map(|agent| format!("{} ({}, model {})", agent.name, agent.prompt, agent.model));
    vec![Check::good("agents", each.collect::<Vec<_>>().join(", "))]
}

async fn models(config: &Config) -> Vec<Check> {
    const NAME: &str = "models";
    if config.models.models.is_empty() {
        return vec![Check::warning(NAME, "none configured, so agents cannot answer; add [models.strong] with `model` and `api_key_env` to steward.toml")];
    }
    if let Err(err) = Models::new(config.models.clone(), Clock::System) {
        return vec![Check::wrong(NAME, crate::cli::chain(&err))];
    }
    let looks = config.models.models.iter().map(|(name, model)| async move {
        let base = if model.base_url.is_empty() { model.provider.base_url() } else { &model.base_url };
        if let Some(key) = config.without_key(name) {
            return Check::wrong(NAME, format!("{name}: the variable that `{key}` names is not set; put the key of {} there", model.model));
        }
        if model.api_key.is_none() && model.base_url.is_empty() {
            return Check::wrong(NAME, format!("{name}: {} wants a key; name its variable in `models.{name}.api_key_env`", model.provider.vendor()));
        }
        // Whoever goes through a proxy reaches the proxy.
        match reach(config.models.proxy.as_deref().unwrap_or(base)).await {
            Ok(()) => Check::good(NAME, format!("{name}: {} at {base}", model.model)),
            Err(why) => Check::wrong(NAME, format!("{name}: {base} cannot be reached ({why}); check `models.{name}.base_url` and the network")),
        }
    });
    join_all(looks).await
}

/// Whether somebody listens there. Nothing is asked, so nothing is charged.
async fn reach(url: &str) -> Result<(), String> {
    let uri: http::Uri = url.parse().map_err(|_| "not an address".to_owned())?;
    let host = uri.host().ok_or("not an address")?.trim_matches(['[', ']']).to_owned();
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    match tokio::time::timeout(Duration::from_secs(REACH_SECONDS), TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(err)) => Err(err.to_string()),
        Err(_) => Err(format!("no answer in {REACH_SECONDS} s")),
    }
}
