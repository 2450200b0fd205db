//! What a call would do, as a person who decides on it is shown: asked of the tool's own code in a sandbox that changes nothing.
//!
//! It is no part of the decision and takes no permit: what runs is only what the envelope says, whatever a preview claims.

use crate::bindings::{Error, Request, steward::plugin::types as wit};
use crate::call::CallContext;
use crate::engine::Host;
use crate::error::tidy;
use crate::failure;
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
        let tool = self.tool(tool).filter(|tool| tool.preview && tool.accepts(arguments))?;
        let Body::Plugin { plugin, limits } = &tool.body else { return None };
        let budget_ms = context.deadline_ms.min(tool.spec().timeout_ms).min(PREVIEW_MS);
        let deadline = Instant::now() + Duration::from_millis(budget_ms);
        let CallContext { key, locale, time_zone, now_ms, .. } = context;
        let state = CallState::new(limits, office, tenant, &tool.spec().name, Effect::Read, key.clone(), now_ms).keeping(plugin.kv.clone());
        let request = Request { tool: tool.spec().name.clone(), arguments: arguments.to_string(), key, locale, time_zone, deadline_ms: budget_ms };
        let slot = self.inner.slots.acquire(tenant, plugin.weight);
        let Ok(_slot) = timeout_at(deadline.into(), slot).await else { return Some(failed(failure::timeout())) };
        let code = match self.code(plugin, deadline).await {
            Ok(code) => code,
            Err(failure) => return Some(failed(failure)),
        };
        let index = code.preview.as_ref()?;
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
        Some(match answered {
            Err(_elapsed) => failed(failure::timeout()),
            Ok(Err(trap)) => failed(failure::of_trap(&trap, store.data(), limits, limits.fuel)),
            Ok(Ok((Err(error),))) => failed(failure::of_tool(error, None).await),
            Ok(Ok((Ok(said),))) => cut(said),
        })
    }
}

fn failed(failure: Failure) -> Preview {
    Preview { title: String::new(), lines: Vec::new(), failed: Some(plain(&failure.message, TITLE_MAX)) }
}

/// A text as it is shown: nothing in it turns the direction of what stands around it or cannot be seen.
fn plain(text: &str, most: usize) -> String {
    let seen: String =
        text.chars().filter(|letter| !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')).collect();
    tidy(&seen, most)
}

fn cut(said: wit::Preview) -> Preview {
    let value = |text: Option<String>| text.map(|text| plain(&text, VALUE_MAX));
    let line = |line: wit::PreviewLine| PreviewLine { label: plain(&line.label, LABEL_MAX), before: value(line.before), after: value(line.after) };
    Preview { title: plain(&said.title, TITLE_MAX), lines: said.lines.into_iter().take(LINES_MAX).map(line).collect(), failed: None }
}
