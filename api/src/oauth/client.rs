//! Who a program is: the document at its own address (client-id metadata), read through the gate that plugins' requests pass, and believed in
//! nothing but what it can lose by: where codes are sent.

use super::redirect;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use steward_core::{Clock, PersonId};
use steward_host::{EgressOptions, Network, PrivateHost, Reader};

/// The longest address of a document, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 2_000;
/// The largest document, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 32 << 10;
/// The most redirect addresses of one document.
const REDIRECTS_MAX: usize = 32;
/// The longest name, in letters.
const NAME_LETTERS_MAX: usize = 100;
/// How long a document counts before it is read again, in milliseconds.
const KNOWN_MS: i64 = 5 * 60 * 1_000;
/// The most documents kept in mind, and the most people whose reads are counted.
const KEPT_MAX: usize = 256;
/// The most documents that are read for one person in a minute.
const READS_PER_MINUTE_MAX: u32 = 20;
const MINUTE_MS: i64 = 60_000;

/// A program, as far as its document was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address of its document.
    pub(crate) client_id: String,
    /// What it calls itself; its host where it does not.
    pub(crate) name: String,
    /// Whose word the document is.
    pub(crate) host: String,
    /// Where codes may be sent.
    pub(super) redirect_uris: Vec<String>,
}

/// Why a program is none for us.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// Its name is no address of a document.
    #[error("`client_id` is no address of a client's document: {0}")]
    Id(String),
    /// The document cannot be read.
    #[error("the client's document cannot be read: {0}")]
    Read(String),
    /// The document says what is not taken.
    #[error("the client's document is not taken: {0}")]
    Document(String),
    /// Too often.
    #[error("too many clients were looked at in this minute: wait a little")]
    TooMany,
}

/// What a document says. What is not here does not count: no picture, no address to show, no key.
#[derive(Deserialize)]
struct Said {
    client_id: String,
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<serde::de::IgnoredAny>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
}

/// Reads documents of programs, and keeps them for minutes.
#[derive(Debug)]
pub struct ClientDocuments {
    reader: Reader,
    clock: Clock,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    clients: HashMap<String, (i64, Client)>,
    reads: HashMap<PersonId, (i64, u32)>,
}

impl ClientDocuments {
    /// One that reaches the public internet, and of this network what the operator names.
    pub fn new(options: EgressOptions, clock: Clock) -> Self {
        Self { reader: Reader::new(options), clock, kept: Mutex::default() }
    }

    /// An exception of the operator's: what a host may stand for in their own network.
    pub fn private(host: String, networks: Vec<Network>) -> PrivateHost {
        Reader::private(host, networks)
    }

    /// The program at an address, looked at for somebody.
    pub(crate) async fn find(&self, client_id: &str, person: PersonId) -> Result<Client, ClientError> {
        let host = check_id(client_id)?;
        let now = self.clock.now_ms();
        {
            let mut kept = self.kept();
            if let Some((at, client)) = kept.clients.get(client_id)
                && (0..KNOWN_MS).contains(&now.saturating_sub(*at))
            {
                return Ok(client.clone());
            }
            kept.count(person, now)?;
        }
        let document = self.reader.get(client_id, DOCUMENT_BYTES_MAX, &person.to_string()).await.map_err(|err| ClientError::Read(err.to_string()))?;
        if document.status != 200 {
            return Err(ClientError::Document(format!("`{host}` answered {}; it has to answer 200, and a redirect is not followed", document.status)));
        }
        if document.kind != "application/json" && !(document.kind.starts_with("application/") && document.kind.ends_with("+json")) {
            return Err(ClientError::Document(format!("`{host}` says that it is no JSON")));
        }
        let client = read(client_id, host, &document.body)?;
        let mut kept = self.kept();
        if kept.clients.len() >= KEPT_MAX {
            kept.clients.retain(|_, (at, _)| (0..KNOWN_MS).contains(&now.saturating_sub(*at)));
        }
        if kept.clients.len() < KEPT_MAX {
            kept.clients.insert(client_id.to_owned(), (now, client.clone()));
        }
        Ok(client)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn count(&mut self, person: PersonId, now: i64) -> Result<(), ClientError> {
        let is_now = |since: i64| (0..MINUTE_MS).contains(&now.saturating_sub(since));
        if self.reads.len() >= KEPT_MAX {
            self.reads.retain(|_, (since, _)| is_now(*since));
        }
        let (since, count) = self.reads.entry(person).or_insert((now, 0));
        if !is_now(*since) {
            (*since, *count) = (now, 0);
        }
        if *count >= READS_PER_MINUTE_MAX {
            return Err(ClientError::TooMany);
        }
        *count += 1;
        Ok(())
    }
}

/// The host of an address that can be a program's name.
fn check_id(client_id: &str) -> Result<String, ClientError> {
    if client_id.len() > CLIENT_ID_BYTES_MAX {
        return Err(ClientError::Id(format!("it is longer than {CLIENT_ID_BYTES_MAX} bytes")));
    }
    let host = Reader::host(client_id).map_err(|err| ClientError::Id(err.to_string()))?;
    let has_path = client_id.parse::<http::Uri>().is_ok_and(|uri| uri.path().len() > 1);
    if has_path { Ok(host) } else { Err(ClientError::Id("it needs a path, as in `https://app.example/client.json`".to_owned())) }
}

fn read(client_id: &str, host: String, body: &[u8]) -> Result<Client, ClientError> {
    let wrong = |why: String| ClientError::Document(why);
    let said: Said = serde_json::from_slice(body).map_err(|_| wrong(format!("`{host}` answered no JSON object with `client_id` and `redirect_uris`")))?;
    if said.client_id != client_id {
        return Err(wrong("its `client_id` is not the address it stands at, letter for letter".to_owned()));
    }
    if said.client_secret.is_some() || said.token_endpoint_auth_method.is_some_and(|method| method != "none") {
        return Err(wrong("it wants to prove itself by a secret or key; only `token_endpoint_auth_method` `none` is known here".to_owned()));
    }
    let lacks = |list: &Option<Vec<String>>, wanted: &str| list.as_ref().is_some_and(|list| !list.iter().any(|one| one == wanted));
    if lacks(&said.grant_types, "authorization_code") || lacks(&said.response_types, "code") {
        return Err(wrong("it does not ask by code; nothing else is given here".to_owned()));
    }
    if said.redirect_uris.is_empty() || said.redirect_uris.len() > REDIRECTS_MAX {
        return Err(wrong(format!("it has to name 1 to {REDIRECTS_MAX} `redirect_uris`")));
    }
    let name = said.client_name.unwrap_or_default();
    let name: String = name.chars().filter(|letter| !is_unseen(*letter)).take(NAME_LETTERS_MAX).collect();
    let name = if name.trim().is_empty() { host.chars().take(NAME_LETTERS_MAX).collect() } else { name.trim().to_owned() };
    Ok(Client { client_id: client_id.to_owned(), name, host, redirect_uris: said.redirect_uris })
}

/// Letters that change how others look, or are not seen at all: a name has none.
fn is_unseen(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

impl Client {
    /// Whether its document names a redirect address to which a code may be sent.
    pub(super) fn names(&self, redirect_uri: &str) -> bool {
        redirect::read(redirect_uri).is_some() && redirect::is_named(&self.redirect_uris, redirect_uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ID: &str = "https://app.example/client.json";

    fn taken(document: &Value) -> Result<Client, String> {
        read(ID, "app.example".to_owned(), document.to_string().as_bytes()).map_err(|err| err.to_string())
    }

    fn document(more: Value) -> Value {
        let mut document = json!({ "client_id": ID, "client_name": "Example", "redirect_uris": ["https://app.example/back"] });
        for (name, value) in more.as_object().expect("an object") {
            document[name] = value.clone();
        }
        document
    }

    #[test]
    fn a_document_that_is_not_taken_says_why() {
        for (more, why) in [
            (json!({ "client_id": "https://app.example/other.json" }), "letter for letter"),
            (json!({ "client_id": "https://app.example/client.json/" }), "letter for letter"),
            (json!({ "client_id": "HTTPS://app.example/client.json" }), "letter for letter"),
            (json!({ "client_secret": "x" }), "secret"),
            (json!({ "token_endpoint_auth_method": "client_secret_post" }), "secret"),
            (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "key"),
            (json!({ "grant_types": ["implicit"] }), "by code"),
            (json!({ "response_types": ["token"] }), "by code"),
            (json!({ "redirect_uris": [] }), "redirect_uris"),
            (json!({ "redirect_uris": vec!["https://app.example/back"; 33] }), "redirect_uris"),
            (json!({ "redirect_uris": 7 }), "no JSON object"),
        ] {
            let said = taken(&document(more.clone())).expect_err("refused");
            assert!(said.contains(why), "{more}: {said}");
        }
        assert!(taken(&json!([])).is_err() && taken(&json!("x")).is_err());
    }

    #[test]
    fn a_client_has_the_name_it_gives_itself_or_its_hosts() {
        let name = |more: Value| taken(&document(more)).expect("taken").name;
        assert_eq!(name(json!({})), "Example");
        assert_eq!(name(json!({ "client_name": null })), "app.example");
        assert_eq!(name(json!({ "client_name": " \u{202e}\u{200b} " })), "app.example");
        assert_eq!(name(json!({ "client_name": "Ex\u{202e}am\nple" })), "Example");
        assert_eq!(name(json!({ "client_name": "x".repeat(200) })).len(), 100);
        // What stands there beside it does no harm.
        assert_eq!(
            name(
                json!({ "logo_uri": "https://app.example/x.png", "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "refresh_token"] })
            ),
            "Example"
        );
    }

    #[test]
    fn a_client_is_named_by_the_address_of_a_document() {
        for wrong in [
            "",
            "app",
            "http://app.example/client.json",
            "https://app.example",
            "https://app.example/",
            "https://127.0.0.1/client.json",
            "https://app.example/a#b",
        ] {
            assert!(matches!(check_id(wrong), Err(ClientError::Id(_))), "{wrong}");
        }
        assert_eq!(check_id(ID).expect("an address"), "app.example");
        assert!(check_id(&format!("https://app.example/{}", "x".repeat(2_000))).is_err());
    }
}
