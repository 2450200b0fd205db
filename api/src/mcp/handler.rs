//! What the protocol asks of the server, one request at a time. Who asks is found anew for each request, never remembered from the first.

use super::answer::{refused, rpc};
use super::book::{Book, Owner};
use super::call::{Wanted, begin};
use super::offer::{self, Basis, NotFor, target};
use super::session_of;
use super::wait::{PEOPLE_SECONDS, PEOPLE_SECONDS_MAX, Waiting, outcome};
use crate::auth::Caller;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, PaginatedRequestParams, RequestMetaObject, ServerCapabilities, ServerConfig,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use std::sync::Arc;
use steward_core::is_deeper;
use steward_core::limits::ARGUMENT_DEPTH_MAX;

/// The field of a call's `_meta` with the client's own word for it.
const KEY: &str = "steward/idempotency_key";
const KEY_LETTERS_MAX: usize = 200;
/// The field of a call's `_meta` with how long to wait for people, in seconds.
const WAIT: &str = "steward/wait_seconds";
/// The longest name of a client, in letters.
const CLIENT_LETTERS_MAX: usize = 60;

const INSTRUCTIONS: &str = "Tools of Steward. Every call is judged by rules, and some wait for a person: then the error has class `held` and a link. \
    Show the person the link, and make the very same call again later to get its result; it is not carried out twice. \
    To have the same thing done a second time, give that call another `_meta[\"steward/idempotency_key\"]`. \
    An error of class `denied` is final unless it says `retryable`; do not try to get around it.";

/// Answers for one session, or for one request where the protocol has none.
pub(super) struct Handler {
    book: Arc<Book>,
}

impl Handler {
    pub(super) const fn new(book: Arc<Book>) -> Self {
        Self { book }
    }
}

/// Who asks, and with which request.
fn asked(context: &RequestContext<RoleServer>) -> Result<(&http::request::Parts, &Caller), ErrorData> {
    let parts = context.extensions.get::<http::request::Parts>();
    parts.and_then(|parts| Some((parts, parts.extensions.get::<Caller>()?))).ok_or_else(|| ErrorData::internal_error("the request has no sender", None))
}

/// The client's own name, for people who decide.
fn client_of(context: &RequestContext<RoleServer>) -> String {
    let said = context.client_info().map(|client| format!("{} {}", client.name, client.version)).unwrap_or_default();
    let name: String = said.chars().filter(|letter| !letter.is_control()).take(CLIENT_LETTERS_MAX).collect();
    if name.trim().is_empty() { "a client without a name".to_owned() } else { name.trim().to_owned() }
}

fn key_of(meta: &RequestMetaObject) -> Result<Option<String>, ErrorData> {
    match meta.get(KEY) {
        None => Ok(None),
        Some(Value::String(key)) if (1..=KEY_LETTERS_MAX).contains(&key.len()) => Ok(Some(key.clone())),
        Some(_) => Err(ErrorData::invalid_params(format!("`_meta[\"{KEY}\"]`: give a text of 1 to {KEY_LETTERS_MAX} letters"), None)),
    }
}

fn wait_of(meta: &RequestMetaObject) -> Result<u64, ErrorData> {
    match meta.get(WAIT) {
        None => Ok(PEOPLE_SECONDS),
        Some(value) => value
            .as_u64()
            .filter(|seconds| *seconds <= PEOPLE_SECONDS_MAX)
            .ok_or_else(|| ErrorData::invalid_params(format!("`_meta[\"{WAIT}\"]`: give 0 to {PEOPLE_SECONDS_MAX} seconds"), None)),
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
            .with_server_info(Implementation::new("steward", env!("CARGO_PKG_VERSION")).with_title("Steward"))
            .with_instructions(INSTRUCTIONS)
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        self.book.listens(context.peer);
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, context: RequestContext<RoleServer>) -> Result<ListToolsResult, ErrorData> {
        let (parts, caller) = asked(&context)?;
        let target = target(caller, &parts.uri)?;
        // As it is before the list is made: of what changes meanwhile its client hears.
        let basis = Basis::of(caller.state(), caller.actor());
        let tools = offer::tools(caller, &target).await?;
        if let Some(session) = session_of(&parts.headers) {
            self.book.listed(&session, context.peer.clone(), basis);
        }
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        let (parts, caller) = asked(&context)?;
        let target = target(caller, &parts.uri)?;
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        // They are written into the journal of a run with levels around them, and one that cannot be read back cannot be gone on with.
        if is_deeper(&arguments, ARGUMENT_DEPTH_MAX) {
            return Err(ErrorData::invalid_params(format!("the arguments are nested deeper than {ARGUMENT_DEPTH_MAX} levels"), None));
        }
        // A name that no tool has is the gate's to refuse, so that it stands in the log like any other.
        let tool = caller.state().host.tool(&request.name);
        match tool.map_or(Ok(()), |tool| offer::check(caller.actor(), tool.spec())) {
            Ok(()) => {}
            Err(NotFor::Outsiders) => return Ok(refused("unknown_tool", format!("there is no tool `{}` for MCP clients", request.name), false).into()),
            Err(NotFor::Scope(scope)) => {
                let message = format!("`{}` needs a token with the scope `{}`; ask the person for another token", request.name, scope.name());
                return Ok(refused("scope", message, false).into());
            }
        }
        let Some(_under_way) = self.book.begin_call(&Owner::of(caller.actor()), session_of(&parts.headers).as_deref()) else {
            return Ok(refused("limit", "too many calls are under way with this token: wait for some of them", true).into());
        };
        let wanted = Wanted {
            caller,
            agent: target.agent,
            workspace: target.workspace,
            session: session_of(&parts.headers),
            client: client_of(&context),
            tool: request.name.chars().take(KEY_LETTERS_MAX).collect(),
            arguments,
            key: key_of(&context.meta)?,
        };
        let people_seconds = wait_of(&context.meta)?;
        let begun = begin(&self.book, &wanted).await.map_err(|err| rpc(&err))?;
        let waiting = Waiting {
            caller,
            book: &self.book,
            run_seconds: target.agent.limits.seconds,
            people_seconds,
            progress: context.meta.get_progress_token(),
            peer: &context.peer,
            stop: context.ct.clone(),
        };
        match Box::pin(outcome(&waiting, &begun)).await.map_err(|err| rpc(&err))? {
            Some(result) => Ok(result.into()),
            None => Err(ErrorData::invalid_request("the client took the call back", None)),
        }
    }
}
