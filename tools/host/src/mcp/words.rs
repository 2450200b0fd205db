//! What a server was given and may not tell: the values of its variables, its token, and what its address carries besides the host.
//!
//! They are taken out of every message of the server before anything reads it, so that no result, error, definition, question or line of the
//! log has one, and out of what it says beside its messages. It is the second line, as for plugins: a server knows these values and may write
//! them in a form that is not looked for.
//!
//! What a tool was called in the server's own words is kept as a digest, so that what was accepted of it in those words is known again.

use super::definition::Definition;
use super::{McpTransport, PASSED_ON, TOOLS_MAX};
use crate::egress::{SECRET_BYTES_MAX, SECRET_BYTES_MIN, Scrubber, SecretsAway};
use rmcp::RoleClient;
use rmcp::model::{ErrorData, GetExtensions as _, ServerJsonRpcMessage, ServerResult, Tool};
use rmcp::service::TxJsonRpcMessage;
use rmcp::transport::Transport;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use steward_core::Digest;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use url::Url;

/// The shortest part of an address's path that is taken for a secret, in bytes: what is shorter is a word.
const PATH_PART_BYTES_MIN: usize = 20;
/// What has more bytes is looked through away from the threads that others' calls go on with.
const MESSAGE_HERE_BYTES_MAX: usize = 64 << 10;
/// So many such at once, of all servers. A connection has one at a time, so who comes next waits for no more than there are connections.
static LARGE: Semaphore = Semaphore::const_new(2);
/// How the library begins to repeat what a server answered that is no message. It cuts the answer, and half of a secret is not found any more.
const PREVIEW: &str = "unexpected server response: ";

/// Looks for what one server may not tell. Clones look for the same.
#[derive(Clone)]
pub(super) struct Words {
    scrubber: Scrubber,
    /// The address as errors of the library have it, and what is shown in its place.
    address: Option<(String, String)>,
    /// By the digest of a definition without what is not told: the name and the digest of what was sent.
    sent: Arc<Mutex<BTreeMap<Digest, (String, Digest)>>>,
}

/// By hand: the address may carry a secret.
impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words")
    }
}

impl Words {
    /// Of a server that is reached in this way.
    ///
    /// # Errors
    /// Away where they cannot be looked for: then nothing may be asked of it.
    pub(super) fn of(transport: &McpTransport) -> Result<Self, SecretsAway> {
        let mut secrets: Vec<(&str, String)> = Vec::new();
        let mut address = None;
        match transport {
            McpTransport::Command { environment, .. } => {
                for (name, value) in environment.iter().filter(|(name, _)| !PASSED_ON.contains(&name.as_str())) {
                    secrets.extend(parts(value).into_iter().map(|part| (name.as_str(), part)));
                }
            }
            McpTransport::Url { url, bearer } => {
                if let Some(bearer) = bearer {
                    secrets.extend(parts(bearer.expose()).into_iter().map(|part| ("bearer", part)));
                }
                if let Ok(url) = Url::parse(url) {
                    let named = url.path_segments().into_iter().flatten().filter(|part| part.len() >= PATH_PART_BYTES_MIN).map(str::to_owned);
                    let asked = url.query_pairs().map(|(_, value)| value.into_owned());
                    // A question has its values as they are read; they stand in it as they are written, and one without a name is all value.
                    let written =
                        url.query().into_iter().flat_map(|all| all.split('&')).map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value).to_owned());
                    let carried = named.chain(asked).chain(written).chain([url.username().to_owned(), url.password().unwrap_or_default().to_owned()]);
                    // As it is written there, and as whoever is asked reads it.
                    let carried = carried.flat_map(|value| [decoded(&value), value]);
                    secrets.extend(carried.flat_map(|value| parts(&value)).map(|part| ("url", part)));
                    address = Some((url.as_str().to_owned(), url.host_str().unwrap_or_default().to_owned()));
                }
            }
        }
        // Looked for as an organisation's are, which takes little room however long they are.
        let scrubber = Scrubber::of(std::iter::empty())?.with_own(secrets.iter().map(|(name, part)| (*name, part.as_str())))?;
        Ok(Self { scrubber, address, sent: Arc::default() })
    }

    /// The name and the digest of the definition that the server sent, where this is the digest of what is left of it.
    pub(super) fn as_sent(&self, left: &Digest) -> Option<(String, Digest)> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).get(left).cloned()
    }

    /// A definition as it may be shown. It may have been accepted in the server's own words, and keeps its name, by which it is called.
    pub(super) fn definition(&self, whole: &Definition) -> Result<Definition, String> {
        let unreadable = |_: serde_json::Error| "its definition holds what its server may not tell, and cannot be read without that".to_owned();
        let text = serde_json::to_vec(whole).map_err(unreadable)?;
        let Some(clean) = self.scrubber.clean(&text) else { return Ok(whole.clone()) };
        let clean: Definition = serde_json::from_slice(&clean).map_err(unreadable)?;
        Ok(Definition { name: whole.name.clone(), ..clean })
    }

    /// Notes which tools of a list are not as they were sent.
    fn note(&self, sent: &ServerJsonRpcMessage, left: &ServerJsonRpcMessage) {
        let (ServerJsonRpcMessage::Response(sent), ServerJsonRpcMessage::Response(left)) = (sent, left) else { return };
        let (ServerResult::ListToolsResult(sent), ServerResult::ListToolsResult(left)) = (&sent.result, &left.result) else { return };
        // One that is too large is refused where the list is read.
        let digest = |tool: &Tool| Definition::of("", tool.clone()).ok().map(|definition| definition.digest());
        for (sent, left) in sent.tools.iter().zip(&left.tools) {
            let (Some(as_sent), Some(as_left)) = (digest(sent), digest(left)) else { continue };
            if as_sent == as_left {
                continue;
            }
            let mut noted = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            // A server that changes its words again and again fills no memory; the next list notes anew what is forgotten here.
            if noted.len() >= TOOLS_MAX * 2 {
                noted.clear();
            }
            noted.insert(as_left, (sent.name.clone().into_owned(), as_sent));
        }
    }

    /// A text of the server's, whole: after it was cut, half of a secret would not be found.
    pub(super) fn text(&self, text: &str) -> String {
        self.scrubber.text(text.to_owned())
    }

    /// An error of the library's as it may be told: without the address, and without an answer that the library has cut.
    pub(super) fn error(&self, error: &dyn std::error::Error) -> String {
        let mut told = error.to_string();
        if let Some((before, rest)) = told.split_once(PREVIEW) {
            let status = rest.strip_prefix("HTTP ").and_then(|rest| rest.split(':').next());
            told = match status {
                Some(status) => format!("{before}it answered HTTP {status}"),
                None => format!("{before}it answered something that is no message"),
            };
        }
        if let Some((address, host)) = &self.address {
            told = told.replace(address.as_str(), host);
        }
        self.text(&told)
    }

    /// A message, which reads like this, without what its server may not tell. Where nothing can be read any more, whoever waits for it is told
    /// so; none where nobody does.
    fn clean(&self, mut message: ServerJsonRpcMessage, text: &[u8]) -> Option<ServerJsonRpcMessage> {
        let Some(clean) = self.scrubber.clean(text) else { return Some(message) };
        if let Ok(mut clean) = serde_json::from_slice::<ServerJsonRpcMessage>(&clean) {
            self.note(&message, &clean);
            // What the library knows of where it came from is not in its text.
            if let (ServerJsonRpcMessage::Request(from), ServerJsonRpcMessage::Request(to)) = (&mut message, &mut clean) {
                std::mem::swap(from.request.extensions_mut(), to.request.extensions_mut());
            }
            return Some(clean);
        }
        let answers = match message {
            ServerJsonRpcMessage::Response(response) => Some(response.id),
            ServerJsonRpcMessage::Error(error) => error.id,
            ServerJsonRpcMessage::Request(_) | ServerJsonRpcMessage::Notification(_) => return None,
        };
        let error = ErrorData::internal_error("what the server answered holds what it may not tell, and cannot be read without that", None);
        Some(ServerJsonRpcMessage::error(error, answers))
    }
}

/// A part of an address without the percent signs that stand for letters: `p%40ss` is `p@ss`.
fn decoded(part: &str) -> String {
    // Neither is a space or an end here, as they are in a query.
    let pair = format!("part={}", part.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

/// What is looked for of a value: all of it, and each of its lines, since whoever shows several shows them one by one. What is too short is in
/// texts that have nothing to do with it; what is too long is looked for in pieces.
fn parts(value: &str) -> Vec<String> {
    let whole = value.trim();
    let mut parts: Vec<String> = Vec::new();
    for line in whole.lines().map(str::trim).chain([whole]) {
        let mut piece = String::new();
        for letter in line.chars() {
            if piece.len() + letter.len_utf8() > SECRET_BYTES_MAX {
                parts.push(std::mem::take(&mut piece));
            }
            piece.push(letter);
        }
        parts.push(piece);
    }
    parts.retain(|part| part.len() >= SECRET_BYTES_MIN);
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// A connection whose messages are without what its server may not tell, before anybody hears of them.
pub(super) struct Clean<T> {
    inner: T,
    words: Words,
    /// A long message that is being looked through. It stays here, so that whoever stops waiting loses none.
    looking: Option<JoinHandle<Option<ServerJsonRpcMessage>>>,
}

impl<T> Clean<T> {
    pub(super) const fn new(inner: T, words: Words) -> Self {
        Self { inner, words, looking: None }
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Clean<T> {
    type Error = T::Error;

    /// As errors name it.
    fn name() -> Cow<'static, str> {
        "MCP".into()
    }

    fn send(&mut self, item: TxJsonRpcMessage<RoleClient>) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.inner.send(item)
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            let Some(looking) = &mut self.looking else {
                let message = self.inner.receive().await?;
                if !self.words.scrubber.has_any() {
                    return Some(message);
                }
                // What cannot be looked at is not told.
                let Ok(text) = serde_json::to_vec(&message) else { continue };
                if text.len() <= MESSAGE_HERE_BYTES_MAX {
                    let Some(clean) = self.words.clean(message, &text) else { continue };
                    return Some(clean);
                }
                let words = self.words.clone();
                self.looking = Some(tokio::spawn(async move {
                    let _turn = LARGE.acquire().await;
                    tokio::task::spawn_blocking(move || words.clean(message, &text)).await.ok().flatten()
                }));
                continue;
            };
            let clean = looking.await.ok().flatten();
            self.looking = None;
            if clean.is_some() {
                return clean;
            }
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::Secret;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn child(environment: &[(&str, &str)]) -> Words {
        let environment: BTreeMap<String, String> = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Words::of(&McpTransport::Command { command: Vec::new(), environment, dir: PathBuf::from("/") }).expect("looked for")
    }

    #[test]
    fn what_every_child_has_is_no_secret_and_neither_is_what_is_short() {
        let words = child(&[("HOME", "/srv/lena/anywhere"), ("PATH", "/usr/bin:/bin:/sbin"), ("LEVEL", "debug")]);
        let text = "/srv/lena/anywhere /usr/bin:/bin:/sbin debug";
        assert_eq!(words.text(text), text);
        assert!(!words.scrubber.has_any());
    }

    #[test]
    fn a_value_is_found_whole_by_its_lines_and_in_pieces() {
        let long = "0123456789abcdef".repeat(600);
        let words = child(&[("TOKEN", "ghp_0123456789\n"), ("KEY", "-----BEGIN-----\nMIIBVgIBADANBg\nkqhkiG9w0BAQ\n-----END-----"), ("LONG", long.as_str())]);
        assert_eq!(words.text("the token is ghp_0123456789."), "the token is [TOKEN].");
        assert_eq!(words.text("line 2: MIIBVgIBADANBg"), "line 2: [KEY]");
        let told = words.text(&format!("it is {long}."));
        assert!(told.contains("[LONG]") && !told.contains(&long[..64]) && !told.contains(&long[long.len() - 64..]), "{told}");
    }

    #[test]
    fn an_error_names_the_host_and_repeats_nothing_that_was_cut() {
        let url = "https://mcp.example.com/s/0123456789abcdef0123/mcp?key=query-secret".to_owned();
        let words = Words::of(&McpTransport::Url { url: url.clone(), bearer: Some(Secret::new("let-me-in")) }).expect("looked for");
        let told = |text: String| words.error(&std::io::Error::other(text));
        assert_eq!(told(format!("error sending request for url ({url})")), "error sending request for url (mcp.example.com)");
        assert_eq!(
            told("Send message error unexpected server response: HTTP 401 Unauthorized: no such token let-me, when greeting".to_owned()),
            "Send message error it answered HTTP 401 Unauthorized"
        );
        assert_eq!(told("unexpected server response: let-me".to_owned()), "it answered something that is no message");
        assert_eq!(words.text("let-me-in, query-secret, 0123456789abcdef0123"), "[bearer], [url], [url]");
    }

    #[test]
    fn what_an_address_carries_is_found_as_it_is_written_there_and_as_it_is_read() {
        let url = "https://lena:p%40ssw0rd%209@mcp.example.com/s/0123456789%2B0123456789+ab&c=d/mcp".to_owned();
        let words = Words::of(&McpTransport::Url { url, bearer: None }).expect("looked for");
        assert_eq!(words.text("the password p@ssw0rd 9 is wrong"), "the password [url] is wrong");
        assert_eq!(words.text("the password p%40ssw0rd%209 is wrong"), "the password [url] is wrong");
        assert_eq!(words.text("at 0123456789+0123456789+ab&c=d: none"), "at [url]: none");
        let asked = |url: &str| Words::of(&McpTransport::Url { url: url.to_owned(), bearer: None }).expect("looked for");
        let words = asked("https://mcp.example.com/mcp?key=ab%2Bcd%2Fef%3D%3D12");
        assert_eq!(words.text("cannot POST /mcp?key=ab%2Bcd%2Fef%3D%3D12"), "cannot POST /mcp?key=[url]");
        assert_eq!(words.text("no such key: ab+cd/ef==12"), "no such key: [url]");
        assert_eq!(asked("https://mcp.example.com/mcp?0123456789token").text("who is 0123456789token?"), "who is [url]?");
    }

    #[test]
    fn a_message_that_cannot_be_read_any_more_is_an_error_to_who_waits_for_it() {
        let words = child(&[("PIN", "12345678")]);
        let message = |value: serde_json::Value| serde_json::from_value::<ServerJsonRpcMessage>(value).expect("a message");
        let cleaned = |value: serde_json::Value| {
            let clean = words.clean(message(value.clone()), value.to_string().as_bytes());
            clean.map(|clean| serde_json::to_value(clean).expect("JSON"))
        };
        let told = cleaned(json!({ "jsonrpc": "2.0", "id": 7, "result": { "content": [{ "type": "text", "text": "12345678" }] } })).expect("a message");
        assert_eq!(told.pointer("/result/content/0/text"), Some(&json!("[PIN]")));
        let told = cleaned(json!({ "jsonrpc": "2.0", "id": 7, "result": { "content": [], "structuredContent": { "pin": 12_345_678 } } })).expect("a message");
        assert_eq!((&told["id"], told["error"]["message"].as_str().map(|text| text.contains("may not tell"))), (&json!(7), Some(true)));
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": { "level": "info", "data": 12_345_678 } });
        assert_eq!(cleaned(note), None);
    }
}
