//! One call of a tool by MCP, and how it is told what became of it.
//!
//! What changes the world and was sent, but not answered in a way that says that nothing was begun, is `unknown`: it may have happened. A
//! plugin's own word that it failed is taken, since all that it changes or asks goes through the host, which saw how far it came. Of a server
//! the host sees one request leave, like a plugin's to others: there a status of 400 and above says that nothing was done, and one of 500 and
//! above leaves it open. Here some codes of the protocol say it; any other, and a result that says that the tool failed, may come from the
//! middle of its work.

use super::asking::People;
use super::beside::{self, Beside};
use super::error::McpError;
use super::link::Link;
use super::server::{Look, Server};
use super::{McpTransport, definition::Definition};
use crate::error::tidy;
use crate::failure;
use crate::manifest::ToolEntry;
use crate::tool::Tool;
use rmcp::model::{CallToolRequest, CallToolRequestParams, CallToolResult, CancelledNotificationParam, ClientRequest, ContentBlock, ErrorCode, RequestId};
use rmcp::model::{ResourceContents, ServerResult};
use rmcp::service::{Peer, PeerRequestOptions};
use rmcp::{RoleClient, ServiceError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use steward_core::canonical::CanonicalError;
use steward_core::{Digest, Failure, FailureClass, Outcome, TenantId};
use tokio::time::error::Elapsed;
use tokio::time::timeout_at;

const MESSAGE_MAX: usize = 500;
/// How many things beside text one answer may name.
const NOTES_MAX: usize = 20;

/// A tool of a server.
#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) server: Arc<Server>,
    /// The server's name for it.
    pub(crate) name: String,
    /// The accepted definition.
    pub(crate) digest: Digest,
}

impl Remote {
    /// `files@mcp`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}@mcp", self.server.config.name)
    }

    /// What a decision is bound to: where the server is, what was accepted, and what the configuration makes of it.
    pub(crate) fn identity(&self, entry: &ToolEntry) -> Result<Digest, CanonicalError> {
        let place = match &self.server.config.transport {
            McpTransport::Command { command, dir, .. } => json!({ "command": command, "dir": dir.display().to_string() }),
            McpTransport::Url { url, .. } => json!({ "url": url }),
        };
        Digest::of_value(&json!({
            "server": self.server.config.name, "place": place, "tool": self.name, "definition": self.digest,
            "effect": entry.effect, "reversible": entry.reversible, "idempotent": entry.idempotent,
            "roles": entry.roles, "result_labels": entry.result_labels, "anchors": entry.anchors,
            "records": entry.records, "private": entry.private,
        }))
    }
}

/// Whether a call that ends now may have had its effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    No,
    /// It may, and its server has nothing more to do for it.
    Answered,
    Perhaps,
}

/// Runs it for an organisation. The arguments match the schema; the deadline holds for connecting and answering together.
pub(crate) async fn run(tenant: TenantId, remote: &Remote, tool: &Tool, arguments: &Value, deadline: Instant, people: Arc<dyn People>) -> Outcome {
    // What was accepted is what is called. Where more than reading comes of it, no look of before this call says that it still is.
    let look = if tool.spec().effect.only_reads() { Look::Lately } else { Look::Since(Instant::now()) };
    let asked = if remote.server.config.asks {
        ask_alone(tenant, remote, look, arguments, deadline, people).await
    } else {
        match reached(remote, timeout_at(deadline.into(), remote.server.reach(&remote.name, look)).await) {
            Ok(link) => ask(remote, &link, arguments, deadline).await,
            Err(failure) => Err((failure, Sent::No)),
        }
    };
    match asked.and_then(|result| read(tool, remote.server.config.output_kb, result)) {
        Ok(result) => Outcome::Ok { result, summary: None },
        Err((failure, Sent::Answered | Sent::Perhaps)) if !tool.spec().effect.only_reads() => {
            let message = format!("{}; whether it had its effect is not known", failure.message);
            Outcome::Failed { failure: Failure { class: FailureClass::Unknown, message, retryable: false } }
        }
        Err((failure, _)) => Outcome::Failed { failure },
    }
}

/// The connection, if the server is there and offers what was accepted.
fn reached<L>(remote: &Remote, reached: Result<Result<(L, Option<Digest>), McpError>, Elapsed>) -> Result<L, Failure> {
    match reached {
        Err(_elapsed) => Err(unavailable("its server did not start in time")),
        Ok(Err(_told)) => Err(unavailable("its server does not answer; a later try may work")),
        Ok(Ok((link, Some(offered)))) if offered == remote.digest => Ok(link),
        Ok(Ok((_, Some(_)))) => Err(changed("its server changed it after it was accepted; it must be accepted again")),
        Ok(Ok((_, None))) => Err(changed("its server no longer offers it")),
    }
}

/// Asks over a connection that only this call has: what the server asks the person meanwhile is asked in this call, of its person.
async fn ask_alone(
    tenant: TenantId,
    remote: &Remote,
    look: Look,
    arguments: &Value,
    deadline: Instant,
    people: Arc<dyn People>,
) -> Result<CallToolResult, (Failure, Sent)> {
    let lent = reached(remote, timeout_at(deadline.into(), remote.server.lend(tenant, &remote.name, look)).await).map_err(|failure| (failure, Sent::No))?;
    if let Some(asking) = lent.link().asking() {
        asking.begin(people, &remote.server.config.name, deadline);
    }
    let answer = ask(remote, lent.link(), arguments, deadline).await;
    if let Some(asking) = lent.link().asking() {
        asking.end();
    }
    // Where it did not answer it may still be at it, and would ask in somebody else's call.
    if matches!(&answer, Ok(_) | Err((_, Sent::No | Sent::Answered))) {
        lent.give_back();
    }
    answer
}

async fn ask(remote: &Remote, link: &Arc<Link>, arguments: &Value, deadline: Instant) -> Result<CallToolResult, (Failure, Sent)> {
    let fields = arguments.as_object().cloned().unwrap_or_default();
    let request = match Beside::named(&remote.name) {
        Some(beside) => beside.request(&fields),
        None => ClientRequest::CallToolRequest(CallToolRequest::new(CallToolRequestParams::new(remote.name.clone()).with_arguments(fields))),
    };
    let asked = async {
        let handle = link.peer().send_cancellable_request(request, PeerRequestOptions::no_options()).await?;
        let mut cancel = Cancel { peer: link.peer().clone(), id: Some(handle.id.clone()) };
        let answer = handle.await_response().await;
        cancel.id = None;
        answer
    };
    match timeout_at(deadline.into(), asked).await {
        Err(_elapsed) => Err((failure::timeout(), Sent::Perhaps)),
        Ok(Ok(ServerResult::CallToolResult(result))) => Ok(result),
        Ok(Ok(other)) if Beside::named(&remote.name).is_some() => {
            beside::answered(other).ok_or_else(|| (bad_output("the server answered something else than what was asked for".to_owned()), Sent::Perhaps))
        }
        Ok(Ok(_)) => Err((bad_output("the server answered something else than a result".to_owned()), Sent::Perhaps)),
        Ok(Err(ServiceError::McpError(error))) => {
            let class = match error.code {
                ErrorCode::INVALID_PARAMS => FailureClass::InvalidArguments,
                ErrorCode::METHOD_NOT_FOUND | ErrorCode::RESOURCE_NOT_FOUND => FailureClass::NotFound,
                _ => FailureClass::Failed,
            };
            let sent = if began_nothing(error.code, Beside::named(&remote.name)) { Sent::No } else { Sent::Answered };
            Err((Failure { class, message: tidy(&error.message, MESSAGE_MAX), retryable: false }, sent))
        }
        Ok(Err(err)) => {
            remote.server.forget(link);
            if link.is_flooded() {
                return Err((failure::output_too_large(remote.server.config.output_kb), Sent::Perhaps));
            }
            let sent = if was_never_sent(&err) { Sent::No } else { Sent::Perhaps };
            tracing::warn!(tool.name = format!("{}.{}", remote.server.config.name, remote.name), "an MCP server was lost in the middle of a call");
            Err((unavailable("the connection to its server was lost"), sent))
        }
    }
}

/// Whether an error of the protocol says that nothing was begun: the server could not read what it was asked, has nothing of that name, or does
/// not take the arguments. That something is not found says so of a look at a resource alone: a tool may come upon it in the middle of its work.
const fn began_nothing(code: ErrorCode, asked: Option<Beside>) -> bool {
    match code {
        ErrorCode::PARSE_ERROR | ErrorCode::INVALID_REQUEST | ErrorCode::METHOD_NOT_FOUND | ErrorCode::INVALID_PARAMS => true,
        ErrorCode::RESOURCE_NOT_FOUND => matches!(asked, Some(Beside::ReadResource)),
        _ => false,
    }
}

/// Whether a request surely never left: its connection was refused.
fn was_never_sent(error: &ServiceError) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = source {
        if current.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect) {
            return true;
        }
        source = current.source();
    }
    false
}

/// Tells the server that nobody waits any more, unless it answered.
struct Cancel {
    peer: Peer<RoleClient>,
    id: Option<RequestId>,
}

impl Drop for Cancel {
    fn drop(&mut self) {
        if let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) {
            let peer = self.peer.clone();
            runtime.spawn(async move {
                // The server may be gone; then there is nothing to cancel.
                let _ = peer.notify_cancelled(CancelledNotificationParam::new(Some(id), Some("nobody waits for it any more".to_owned()))).await;
            });
        }
    }
}

/// The result as its schema has it. Pictures, sounds and files are named, not handed on.
fn read(tool: &Tool, output_kb: u64, answer: CallToolResult) -> Result<Value, (Failure, Sent)> {
    let most = usize::try_from(output_kb << 10).unwrap_or(usize::MAX);
    let (text, notes) = words(&answer.content);
    if answer.is_error == Some(true) {
        // It says itself that it failed, and not where: what waited in vain for somebody else says so in this way, too.
        let message = if text.is_empty() { "the tool failed and does not say why".to_owned() } else { tidy(&text, MESSAGE_MAX) };
        return Err((Failure { class: FailureClass::Failed, message, retryable: false }, Sent::Answered));
    }
    let result = match answer.structured_content {
        Some(structured) if Definition::is_structured(&tool.spec().result) => structured,
        _ if notes.is_empty() => json!({ "text": text }),
        _ => json!({ "text": text, "notes": notes }),
    };
    let result = result.to_string();
    if result.len() > most {
        return Err((failure::output_too_large(output_kb), Sent::Perhaps));
    }
    tool.results.read(&result).map_err(|message| (bad_output(tidy(&message, MESSAGE_MAX)), Sent::Perhaps))
}

fn words(content: &[ContentBlock]) -> (String, Vec<String>) {
    let (mut texts, mut notes) = (Vec::new(), Vec::new());
    let named = |what: &str, kind: &str, encoded: &str| format!("{what} of type `{}`, {} bytes, left out", tidy(kind, 60), encoded.len() / 4 * 3);
    for block in content {
        match block {
            ContentBlock::Text(text) => texts.push(text.text.as_str()),
            ContentBlock::Image(image) => notes.push(named("a picture", &image.mime_type, &image.data)),
            ContentBlock::Audio(audio) => notes.push(named("a sound", &audio.mime_type, &audio.data)),
            ContentBlock::Resource(embedded) => match &embedded.resource {
                ResourceContents::TextResourceContents { text, .. } => texts.push(text.as_str()),
                ResourceContents::BlobResourceContents { mime_type, blob, .. } => notes.push(named("a file", mime_type.as_deref().unwrap_or("unknown"), blob)),
                _ => notes.push("something of an unknown kind, left out".to_owned()),
            },
            ContentBlock::ResourceLink(link) => notes.push(format!("a link to `{}`, not followed", tidy(&link.uri, 200))),
            _ => notes.push("something of an unknown kind, left out".to_owned()),
        }
    }
    notes.truncate(NOTES_MAX);
    (texts.join("\n"), notes)
}

/// Reads an answer and throws it away.
#[cfg(feature = "testing")]
pub(crate) fn take(answer: &CallToolResult) {
    let (_, notes) = words(&answer.content);
    assert!(notes.len() <= NOTES_MAX, "an answer names more than is shown");
}

fn unavailable(message: &str) -> Failure {
    Failure { class: FailureClass::Unavailable, message: message.to_owned(), retryable: true }
}

fn changed(message: &str) -> Failure {
    Failure { class: FailureClass::Denied, message: message.to_owned(), retryable: false }
}

fn bad_output(message: String) -> Failure {
    Failure { class: FailureClass::BadOutput, message, retryable: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_something_is_not_found_says_only_of_a_look_that_nothing_was_begun() {
        for (code, of_a_tool, of_a_look) in [
            (ErrorCode::RESOURCE_NOT_FOUND, false, true),
            (ErrorCode::INTERNAL_ERROR, false, false),
            (ErrorCode::INVALID_PARAMS, true, true),
            (ErrorCode::METHOD_NOT_FOUND, true, true),
        ] {
            assert_eq!((began_nothing(code, None), began_nothing(code, Beside::named("resources/read"))), (of_a_tool, of_a_look), "{code:?}");
        }
    }
}
