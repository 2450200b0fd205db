//! One connection to a server: a child process or HTTP, bounded in every direction, gone when it is dropped.
//!
//! A server that asks us for a completion or for our folders is refused: the library's answers to these are refusals, and nothing here
//! overrides them. So is one that asks the person for something, unless its table says that it may; then the question is that of the one call
//! which has the connection.

use super::asking::Asking;
use super::error::McpError;
use super::words::{Clean, Words};
use super::{McpServer, McpTransport};
use crate::error::tidy;
use rmcp::model::{
    ClientCapabilities, ClientConfig, CustomRequest, CustomResult, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationCapability, ErrorCode,
    ErrorData, FormElicitationCapability, Implementation, ProtocolVersion,
};
use rmcp::service::{NotificationContext, Peer, RequestContext, RunningService, serve_client};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use rmcp::{ClientHandler, RoleClient};
use secrecy::ExposeSecret as _;
use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use steward_core::Digest;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader, ReadBuf};
use tokio::process::{Child, ChildStderr, Command};

/// The largest message of a server, in bytes: an answer with a picture fits, which is then only named.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// What is logged of one process's standard error: lines, and bytes of one.
const STDERR_LINES_MAX: usize = 100;
const STDERR_LINE_BYTES_MAX: u64 = 16 << 10;
const STDERR_SHOWN_MAX: usize = 300;
/// How long the other side of HTTP may take to accept a connection.
const HTTP_CONNECT_MS: u64 = 5_000;

/// An open connection.
pub(crate) struct Link {
    service: RunningService<RoleClient, Answering>,
    signs: Arc<Signs>,
    asking: Option<Arc<Asking>>,
    /// Looks in a row that nobody lived to see the end of.
    cut_off: AtomicU32,
    _process: Option<Process>,
}

/// What is seen of a server beside its answers.
#[derive(Debug)]
pub(crate) struct Signs {
    /// What none of its words is told with.
    words: Words,
    /// It said that what it offers is other now.
    stale: AtomicBool,
    /// It sent more at once than is taken.
    flooded: AtomicBool,
    /// The last line of its standard error.
    last_words: Mutex<String>,
}

impl Link {
    /// Starts or reaches the server and says hello. The caller bounds the time.
    pub(crate) async fn open(server: &McpServer) -> Result<Self, McpError> {
        let words = Words::of(&server.transport).map_err(|_| {
            let reason = "what it may not tell cannot be looked for in its words".to_owned();
            McpError::Away { server: server.name.clone(), reason }
        })?;
        let signs = Arc::new(Signs { words, stale: AtomicBool::default(), flooded: AtomicBool::default(), last_words: Mutex::default() });
        let away = |reason: &str| McpError::Away { server: server.name.clone(), reason: signs.explain(reason) };
        let asking = server.asks.then(Arc::<Asking>::default);
        let answering = Answering { signs: Arc::clone(&signs), asking: asking.clone() };
        match &server.transport {
            McpTransport::Command { command, environment, dir } => {
                let (program, arguments) = command.split_first().ok_or_else(|| away("its command is empty"))?;
                let mut command = Command::new(program);
                command.args(arguments).env_clear().envs(environment).current_dir(dir);
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).process_group(0);
                let mut process = Process(command.spawn().map_err(|err| away(&format!("`{program}` does not start: {err}")))?);
                let (Some(stdin), Some(stdout), Some(stderr)) = (process.0.stdin.take(), process.0.stdout.take(), process.0.stderr.take()) else {
                    return Err(away("its process has no pipes"));
                };
                tokio::spawn(listen(server.name.clone(), stderr, Arc::clone(&signs)));
                let bounded = Bounded { inner: stdout, line: 0, signs: Arc::clone(&signs) };
                let transport = AsyncRwTransport::<RoleClient, _, _>::new(bounded, stdin).with_max_line_length(MESSAGE_BYTES_MAX * 2);
                let transport = Clean::new(transport, signs.words.clone());
                let service = serve_client(answering, transport).await.map_err(|err| away(&signs.words.error(&err)))?;
                Ok(Self { service, signs, asking, cut_off: AtomicU32::default(), _process: Some(process) })
            }
            McpTransport::Url { url, bearer } => {
                // Installed once; that another was there before is fine.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let client = reqwest::Client::builder()
                    .connect_timeout(Duration::from_millis(HTTP_CONNECT_MS))
                    // Where a server is reached stands in the configuration, not in its answers.
                    .redirect(reqwest::redirect::Policy::none())
                    // So does by what way: a variable of the environment leads no token elsewhere.
                    .no_proxy()
                    .build()
                    .map_err(|err| away(&err.to_string()))?;
                let mut config = StreamableHttpClientTransportConfig::with_uri(url.as_str());
                config.auth_header = bearer.as_ref().map(|secret| secret.0.expose_secret().to_owned());
                config.max_json_response_size = MESSAGE_BYTES_MAX;
                config.max_sse_event_size = MESSAGE_BYTES_MAX;
                // A new session may have other tools: it is begun by us, who look at them.
                config.reinit_on_expired_session = false;
                let transport = Clean::new(StreamableHttpClientTransport::with_client(client, config), signs.words.clone());
                let service = serve_client(answering, transport).await.map_err(|err| away(&signs.words.error(&err)))?;
                Ok(Self { service, signs, asking, cut_off: AtomicU32::default(), _process: None })
            }
        }
    }

    /// To ask it something.
    pub(crate) fn peer(&self) -> &Peer<RoleClient> {
        self.service.peer()
    }

    /// Whose questions of the server's are, where it may ask.
    pub(crate) fn asking(&self) -> Option<&Arc<Asking>> {
        self.asking.as_ref()
    }

    /// Whether it can still be used.
    pub(crate) fn is_open(&self) -> bool {
        !self.service.is_closed() && !self.peer().is_transport_closed()
    }

    /// Whether the server said since the last time that what it offers is other.
    pub(crate) fn take_stale(&self) -> bool {
        self.signs.stale.swap(false, Ordering::AcqRel)
    }

    /// Notes a look whose end nobody waited for, and says how many there were in a row.
    pub(crate) fn note_cut_off(&self) -> u32 {
        self.cut_off.fetch_add(1, Ordering::AcqRel).saturating_add(1)
    }

    /// Notes a look that was answered.
    pub(crate) fn note_answered(&self) {
        self.cut_off.store(0, Ordering::Release);
    }

    /// The name and the digest of the definition that the server sent, where this is the digest of what it may tell of it.
    pub(crate) fn as_sent(&self, left: &Digest) -> Option<(String, Digest)> {
        self.signs.words.as_sent(left)
    }

    /// Whether the server sent more at once than is taken.
    pub(crate) fn is_flooded(&self) -> bool {
        self.signs.flooded.load(Ordering::Acquire)
    }

    /// An error of the library's with what the server last said on its standard error.
    pub(crate) fn explain(&self, error: &dyn std::error::Error) -> String {
        self.signs.explain(&self.signs.words.error(error))
    }
}

impl Signs {
    fn explain(&self, reason: &str) -> String {
        let words = self.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = tidy(reason, STDERR_SHOWN_MAX);
        if words.is_empty() { reason } else { format!("{reason}; its last words: {words}") }
    }
}

/// Our side towards the server.
#[derive(Debug)]
struct Answering {
    signs: Arc<Signs>,
    asking: Option<Arc<Asking>>,
}

/// What a server's question to the person is called, also one that the library cannot read.
const ASK_METHOD: &str = "elicitation/create";

impl Answering {
    /// Puts a question, until it is answered or taken back.
    async fn ask(&self, asking: &Asking, params: &serde_json::Value, context: RequestContext<RoleClient>) -> Result<ElicitResult, ErrorData> {
        tokio::select! {
            told = asking.ask(params) => told,
            () = context.ct.cancelled() => Ok(ElicitResult::new(ElicitationAction::Cancel)),
        }
    }
}

impl ClientHandler for Answering {
    fn get_info(&self) -> ClientConfig {
        // No other capability is offered: no sampling, no roots, and no address to visit.
        let mut capabilities = ClientCapabilities::default();
        capabilities.elicitation = self.asking.as_ref().map(|_| ElicitationCapability::new().with_form(FormElicitationCapability::new()));
        let config = ClientConfig::new(capabilities, Implementation::new("steward", env!("CARGO_PKG_VERSION")));
        // The protocol that begins with a greeting, and in which a server asks by a request; not whatever the library knows last.
        config.with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    async fn create_elicitation(&self, request: ElicitRequestParams, context: RequestContext<RoleClient>) -> Result<ElicitResult, ErrorData> {
        let Some(asking) = &self.asking else { return Ok(ElicitResult::new(ElicitationAction::Decline)) };
        let params = serde_json::to_value(&request).map_err(|err| ErrorData::invalid_params(err.to_string(), None))?;
        self.ask(asking, &params, context).await
    }

    async fn on_custom_request(&self, request: CustomRequest, context: RequestContext<RoleClient>) -> Result<CustomResult, ErrorData> {
        match &self.asking {
            // A form that the library knows no type for; ours says what is wrong with it, or that it is one.
            Some(asking) if request.method == ASK_METHOD => {
                let told = self.ask(asking, request.params.as_ref().unwrap_or(&serde_json::Value::Null), context).await?;
                serde_json::to_value(told).map(CustomResult::new).map_err(|err| ErrorData::internal_error(err.to_string(), None))
            }
            Some(_) | None => Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "nothing of the kind is answered here", None)),
        }
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.signs.stale.store(true, Ordering::Release);
    }

    // Lists of resources and prompts are asked for in each call and kept nowhere, so there is nothing to forget of them. That something changed
    // is a reason to look at its tools all the same: these lists are read by tools.
    async fn on_resource_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.signs.stale.store(true, Ordering::Release);
    }

    async fn on_prompt_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.signs.stale.store(true, Ordering::Release);
    }
}

/// A process that does not outlive its connection, nor do its children.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Only while it has not been waited for: its number may be another's later.
        let group = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// A stream of lines that ends when one of them is too long.
struct Bounded<R> {
    inner: R,
    line: usize,
    signs: Arc<Signs>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Bounded<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if matches!(read, Poll::Ready(Ok(()))) {
            for byte in buffer.filled().iter().skip(before) {
                self.line = if *byte == b'\n' { 0 } else { self.line + 1 };
                if self.line > MESSAGE_BYTES_MAX {
                    self.signs.flooded.store(true, Ordering::Release);
                    return Poll::Ready(Err(io::Error::other("a message is too large")));
                }
            }
        }
        read
    }
}

/// Takes what a process says on its standard error; the first lines are logged, the rest only drained.
async fn listen(server: String, stderr: ChildStderr, signs: Arc<Signs>) {
    let mut reader = BufReader::new(stderr);
    let mut lines = 0_usize;
    let mut line = Vec::new();
    let mut is_rest = false;
    loop {
        line.clear();
        match (&mut reader).take(STDERR_LINE_BYTES_MAX).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        // The rest of a line that is too long begins anywhere, in the middle of a secret too: nothing of it is told.
        if std::mem::replace(&mut is_rest, line.last() != Some(&b'\n')) {
            continue;
        }
        // Before it is cut: half of a secret is not found any more.
        let text = signs.words.text(String::from_utf8_lossy(&line).trim_end());
        let text = tidy(&text, STDERR_SHOWN_MAX);
        if text.is_empty() {
            continue;
        }
        lines = lines.saturating_add(1);
        if lines <= STDERR_LINES_MAX {
            // Nobody knows what a foreign program writes there, so it is not for every log.
            tracing::debug!(plugin.name = server, "MCP server: {text}");
        }
        *signs.last_words.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}
