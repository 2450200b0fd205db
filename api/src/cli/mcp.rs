//! `steward mcp`: lets a program that speaks MCP over its child's standard streams use a running server. It passes frames on and reads none
//! of them for itself: what may be done is decided there. Standard output carries frames only; everything else goes to standard error.

use super::Setting;
use super::error::CliError;
use crate::wiring::logging;
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rmcp::RoleClient;
use rmcp::model::{ClientJsonRpcMessage, ClientNotification, ErrorCode, ErrorData, JsonRpcNotification, RequestId, ServerJsonRpcMessage};
use rmcp::transport::Transport;
use rmcp::transport::streamable_http_client::{StreamableHttpClientTransport, StreamableHttpClientTransportConfig};
use std::collections::HashSet;
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use steward_core::limits::BODY_BYTES_MAX;
use tokio::sync::mpsc;
use tracing::warn;

/// The variable with the token. There is no flag for it: command lines are seen by everybody on the machine.
const TOKEN: &str = "STEWARD_TOKEN";
/// How long a server may take to accept a connection, in milliseconds.
const CONNECT_MS: u64 = 10_000;
/// How long answers under way are waited for once the program has closed its end, in seconds.
const LAST_ANSWERS_SECONDS: u64 = 10;
/// How long the end of a session may take, in seconds.
const CLOSE_SECONDS: u64 = 3;
/// Frames read and not yet sent.
const FRAMES_MAX: usize = 64;
/// The largest token file, in bytes.
const TOKEN_BYTES_MAX: u64 = 4096;

/// Offer a running server's tools to a program that starts this as its MCP server
///
/// The program speaks the Model Context Protocol over standard input and output. The token is read from STEWARD_TOKEN or from a file.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  STEWARD_TOKEN=stw_… steward mcp --url https://steward.example.com/mcp")]
pub(super) struct Mcp {
    /// Where the server's `/mcp` is [default: `server.public_url` of the configuration]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Read the token from this file instead of STEWARD_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Whose tools are offered, where there are several agents
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// Where the calls belong, for who sees several workspaces
    #[arg(long, value_name = "WORKSPACE")]
    workspace: Option<String>,
}

impl Mcp {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        logging::start(&setting.environment, "warn");
        let token = self.token(setting)?;
        let url = self.address(setting)?;
        // Installed once; that another was there before is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_millis(CONNECT_MS))
            // A token goes where it was meant to go.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|err| CliError::said(format!("cannot speak HTTP: {err}")))?;
        let config = StreamableHttpClientTransportConfig::with_uri(url.as_str()).auth_header(token);
        pass_on(StreamableHttpClientTransport::with_client(client, config), &url).await
    }

    fn token(&self, setting: &Setting) -> Result<String, CliError> {
        let text = match &self.token_file {
            Some(file) => {
                let mut text = String::new();
                let opened = std::fs::File::open(setting.environment.working_dir().join(file));
                let read = opened.and_then(|opened| opened.take(TOKEN_BYTES_MAX).read_to_string(&mut text));
                read.map_err(|err| CliError::said(format!("cannot read the token file `{}`: {err}", file.display())))?;
                text
            }
            None => setting.environment.text(TOKEN).unwrap_or_default().to_owned(),
        };
        let token = text.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CliError::said(format!("there is no token: make one at `Settings, API tokens` of the web and give it in {TOKEN} or `--token-file`")));
        }
        Ok(token.to_owned())
    }

    fn address(&self, setting: &Setting) -> Result<reqwest::Url, CliError> {
        let text = match &self.url {
            Some(url) => url.clone(),
            None => format!("{}/mcp", setting.config()?.server.site.public_url()),
        };
        let refuse = |why: &str| CliError::said(format!("`{text}` {why}"));
        let mut url = reqwest::Url::parse(&text).map_err(|err| refuse(&format!("is no address: {err}")))?;
        let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here) {
            return Err(refuse("would send the token in the clear: give `https://…`, or `http://` with an address of this machine"));
        }
        for (name, value) in [("agent", &self.agent), ("workspace", &self.workspace)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Ok(url)
    }
}

/// What came of sending a frame.
type Sent = (Option<RequestId>, Result<(), String>);

/// Passes frames both ways until either end closes.
async fn pass_on(mut server: impl Transport<RoleClient> + 'static, url: &reqwest::Url) -> Result<ExitCode, CliError> {
    let mut frames = read_frames()?;
    let mut sending: FuturesUnordered<BoxFuture<'static, Sent>> = FuturesUnordered::new();
    // Requests that have no answer yet.
    let mut asked: HashSet<RequestId> = HashSet::new();
    let mut is_open = true;
    let (mut is_connected, mut was_refused) = (false, false);
    let last_answers = tokio::time::sleep(Duration::MAX);
    tokio::pin!(last_answers);
    loop {
        if !is_open && asked.is_empty() && sending.is_empty() {
            break;
        }
        tokio::select! {
            frame = frames.recv(), if is_open => match frame {
                Some(Ok(frame)) => match read(&frame) {
                    Ok(message) => {
                        let id = if let ClientJsonRpcMessage::Request(request) = &message { Some(request.id.clone()) } else { None };
                        asked.extend(id.clone());
                        if let Some(id) = taken_back(&message) {
                            asked.remove(id);
                        }
                        let sent = server.send(message);
                        sending.push(Box::pin(async move { (id, sent.await.map_err(|err| err.to_string())) }));
                    }
                    Err(refusal) => write(&ServerJsonRpcMessage::error(refusal, None))?,
                },
                Some(Err(err)) => return Err(err.into()),
                None => {
                    is_open = false;
                    last_answers.as_mut().reset(tokio::time::Instant::now() + Duration::from_secs(LAST_ANSWERS_SECONDS));
                }
            },
            Some((id, sent)) = sending.next() => {
                let Err(why) = sent else { continue };
                was_refused = true;
                warn!("a frame could not be sent: {why}");
                if let Some(id) = id.filter(|id| asked.remove(id)) {
                    let message = format!("{} does not take this: {why}", url.host_str().unwrap_or("the server"));
                    write(&ServerJsonRpcMessage::error(ErrorData::internal_error(message, None), Some(id)))?;
                }
            }
            message = server.receive() => {
                let Some(message) = message else {
                    return Err(closed(url));
                };
                match &message {
                    ServerJsonRpcMessage::Response(response) => drop(asked.remove(&response.id)),
                    ServerJsonRpcMessage::Error(error) => drop(error.id.as_ref().map(|id| asked.remove(id))),
                    ServerJsonRpcMessage::Request(_) | ServerJsonRpcMessage::Notification(_) => {}
                }
                is_connected = true;
                write(&message)?;
            }
            () = &mut last_answers => break,
        }
    }
    // The session ends with the program, and what is under way in it is taken back.
    match tokio::time::timeout(Duration::from_secs(CLOSE_SECONDS), server.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(err)) => warn!("the session could not be ended: {err}"),
        // As when the program never said that it was ready: then the server ends the session by itself.
        Err(_elapsed) => warn!("the session could not be ended in time"),
    }
    // Whoever started it by hand wants to know; a program has its errors as frames.
    if was_refused && !is_connected { Err(closed(url)) } else { Ok(ExitCode::SUCCESS) }
}

/// The request that a message takes back: it has no answer that could be waited for.
fn taken_back(message: &ClientJsonRpcMessage) -> Option<&RequestId> {
    if let ClientJsonRpcMessage::Notification(JsonRpcNotification { notification: ClientNotification::CancelledNotification(cancelled), .. }) = message {
        cancelled.params.request_id.as_ref()
    } else {
        None
    }
}

fn closed(url: &reqwest::Url) -> CliError {
    CliError::said(format!("{url} does not answer: see whether the server runs there and the token is valid"))
}

/// Lines of standard input, read by a thread of their own: a terminal or a pipe cannot be waited for in any other way that works everywhere.
fn read_frames() -> io::Result<mpsc::Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = mpsc::channel(FRAMES_MAX);
    let most = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX);
    let reading = move || {
        let mut input = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = (&mut input).take(most + 1).read_until(b'\n', &mut line);
            let frame = match read {
                Ok(0) => return,
                Ok(bytes) if u64::try_from(bytes).unwrap_or(u64::MAX) > most => {
                    Err(io::Error::other(format!("a frame has more than the {BODY_BYTES_MAX} bytes allowed")))
                }
                Ok(_) if line.iter().all(u8::is_ascii_whitespace) => continue,
                Ok(_) => Ok(line),
                Err(err) => Err(err),
            };
            let is_last = frame.is_err();
            if sender.blocking_send(frame).is_err() || is_last {
                return;
            }
        }
    };
    std::thread::Builder::new().name("frames".to_owned()).spawn(reading)?;
    Ok(receiver)
}

fn read(frame: &[u8]) -> Result<ClientJsonRpcMessage, ErrorData> {
    let refuse = |code, why: &str| ErrorData::new(code, why.to_owned(), None);
    let value: serde_json::Value = serde_json::from_slice(frame).map_err(|err| refuse(ErrorCode::PARSE_ERROR, &format!("the frame is not JSON: {err}")))?;
    serde_json::from_value(value).map_err(|_| refuse(ErrorCode::INVALID_REQUEST, "the frame is no message of the protocol"))
}

fn write(message: &ServerJsonRpcMessage) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
