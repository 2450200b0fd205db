//! What a call would do, as a person who decides on it is shown: asked of the tool's own code in a sandbox that changes nothing.
//!
//! It is no part of the decision and takes no permit: what runs is only what the envelope says, whatever a preview claims.

use crate::bindings::{Error, Request, steward::plugin::types as wit};
use crate::call::CallContext;
use crate::egress::{NoSecrets, OwnSecrets, Turn, gate_for};
use crate::engine::Host;
use crate::error::tidy;
use crate::failure::{self, Told};
use crate::office::Office;
use crate::sandbox::{CallState, store};
use crate::tool::Body;
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};
use steward_core::{Effect, Failure, TenantId};
use tokio::time::timeout_at;

/// The longest a preview may take, in milliseconds: a run waits for it before it waits for people.
const PREVIEW_MS: u64 = 2_000;
const TITLE_MAX: usize = 200;
const LABEL_MAX: usize = 60;
/// Characters shown of a value before and after.
const VALUE_MAX: usize = 1_000;
const LINES_MAX: usize = 30;

/// What a tool says that a call would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// One line.
    pub title: String,
    /// What would be changed, made or sent.
    pub lines: Vec<PreviewLine>,
    /// Why the tool could not say, in its or our words; then there is nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// One value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewLine {
    /// What it is.
    pub label: String,
    /// As it is now.
    pub before: Option<String>,
    /// As it would be.
    pub after: Option<String>,
}

impl Host {
    /// Asks a tool what this call of an organisation's would do. None where the tool has no preview. Every change is refused while it runs, and so is
    /// whatever takes longer than two seconds.
    pub async fn preview(&self, tenant: TenantId, tool: &str, arguments: &Value, context: CallContext, office: Arc<dyn Office>) -> Option<Preview> {
        self.preview_for(tenant, tool, arguments, context, office, Arc::new(NoSecrets)).await
    }

    /// The same for an organisation that has secrets of its own: neither they nor the operator's are in what is shown or logged.
    pub async fn preview_for(
        &self,
        tenant: TenantId,
        tool: &str,
        arguments: &Value,
        context: CallContext,
        office: Arc<dyn Office>,
        secrets: Arc<dyn OwnSecrets>,
    ) -> Option<Preview> {
        let tool = self.tool(tool).filter(|tool| tool.preview && tool.accepts(arguments))?;
        let Body::Plugin { plugin, limits } = &tool.body else { return None };
        let budget_ms = context.deadline_ms.min(tool.spec().timeout_ms).min(PREVIEW_MS);
        let deadline = Instant::now() + Duration::from_millis(budget_ms);
        let slot = self.inner.slots.acquire(tenant, plugin.weight);
        let Ok(slot) = timeout_at(deadline.into(), slot).await else { return Some(failed(failure::timeout())) };
        let code = match self.code(plugin, deadline).await {
            Ok(code) => code,
            Err(failure) => return Some(failed(failure)),
        };
        let index = code.preview.as_ref()?;
        let gate = match gate_for(plugin.egress.as_ref(), &tool.spec().name, secrets.as_ref(), deadline).await {
            Ok(gate) => gate,
            Err(failure) => return Some(failed(failure)),
        };
        let CallContext { key, locale, time_zone, now_ms, .. } = context;
        let state = CallState::new(limits, office, tenant, &tool.spec().name, Effect::Read, key.clone(), now_ms);
        let state = state.hiding(gate.clone()).keeping(plugin.kv.clone());
        let request = Request { tool: tool.spec().name.clone(), arguments: arguments.to_string(), key, locale, time_zone, deadline_ms: budget_ms };
        let mut store = store(&self.inner.engine, state, limits, limits.fuel, deadline).ok()?;
        let asked = async {
            let instance = code.pre.instance_pre().instantiate_async(&mut store).await?;
            let preview = instance.get_typed_func::<(Request,), (Result<wit::Preview, Error>,)>(&mut store, index)?;
            preview.call_async(&mut store, (request,)).await
        };
        let answered = {
            let _ticking = self.inner.ticker.run();
            timeout_at(deadline.into(), asked).await
        };
        // Before its words are looked through, as after a call: nothing of the instance is needed any more.
        let state = store.into_data();
        drop(slot);
        let told = gate.as_deref().map(|egress| Told { egress, tenant, turn: Turn::Bounded });
        let said = match answered {
            Err(_elapsed) => Err(failure::timeout()),
            Ok(Err(trap)) => Err(failure::of_trap(&trap, &state, limits, limits.fuel)),
            Ok(Ok((answered,))) => timeout_at(deadline.into(), shown(answered, told)).await.unwrap_or_else(|_elapsed| Err(failure::timeout())),
        };
        Some(said.unwrap_or_else(failed))
    }
}

/// Why there is nothing to show, in our words.
fn failed(failure: Failure) -> Preview {
    Preview { title: String::new(), lines: Vec::new(), failed: Some(tidy(&failure.message, TITLE_MAX)) }
}

/// What a plugin answered as it is shown, without what it may not know.
async fn shown(answered: Result<wit::Preview, Error>, told: Option<Told<'_>>) -> Result<Preview, Failure> {
    match answered {
        Ok(mut said) => {
            said.lines.truncate(LINES_MAX);
            failure::all_scrubbed(bytes_of(&said), told, move |clean| cut(said, clean)).await
        }
        Err(error) => {
            let (_, why) = failure::words(error);
            let refused = failure::all_scrubbed(why.len(), told, move |clean| plain(&why, TITLE_MAX, clean)).await?;
            Ok(Preview { title: String::new(), lines: Vec::new(), failed: Some(refused) })
        }
    }
}

/// All texts of it, in bytes.
fn bytes_of(said: &wit::Preview) -> usize {
    let value = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    said.title.len() + said.lines.iter().map(|line| line.label.len() + value(&line.before) + value(&line.after)).sum::<usize>()
}

/// A text as it is shown: nothing in it turns the direction of what stands around it or cannot be seen, and `clean` took out what the plugin may
/// not know. That comes after the first, which would put together a secret that was hidden by what cannot be seen, and before it is cut.
fn plain(text: &str, most: usize, clean: &dyn Fn(String) -> String) -> String {
    let seen: String =
        text.chars().filter(|letter| !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')).collect();
    tidy(&clean(seen), most)
}

fn cut(said: wit::Preview, clean: &dyn Fn(String) -> String) -> Preview {
    let value = |text: Option<String>| text.map(|text| plain(&text, VALUE_MAX, clean));
    let line = |line: wit::PreviewLine| PreviewLine { label: plain(&line.label, LABEL_MAX, clean), before: value(line.before), after: value(line.after) };
    Preview { title: plain(&said.title, TITLE_MAX, clean), lines: said.lines.into_iter().map(line).collect(), failed: None }
}
