//! `[[mcp]]`: servers whose tools are used as ours are. What a tool may do stands here; what the server hints decides nothing.

use super::environment::Environment;
use super::reader::Reader;
use std::collections::BTreeMap;
use steward_core::{ArgumentRole, Digest, Effect, Origin, RecordPattern};
use steward_host::mcp::{McpServer, McpToolRules, McpTransport, PASSED_ON, Secret};

/// The time of one call, in milliseconds, unless configured; and the most it may be.
const TIMEOUT_MS: u64 = 30_000;
const TIMEOUT_MS_MAX: u64 = 600_000;
/// What one call may answer, in KiB.
const OUTPUT_KB: u64 = 256;
const OUTPUT_KB_MAX: u64 = 1024;

pub(super) fn read(reader: &mut Reader, environment: &Environment) -> Vec<McpServer> {
    reader.know("mcp");
    let mut servers: Vec<McpServer> = Vec::new();
    for index in reader.names_under("mcp", &[]) {
        let table = format!("mcp.{index}");
        reader.know(&table);
        if let Some(server) = read_one(reader, environment, &table) {
            if servers.iter().any(|other| other.name == server.name) {
                reader.refuse(&format!("{table}.name"), "another MCP server has this name");
            }
            servers.push(server);
        }
    }
    servers
}

fn read_one(reader: &mut Reader, environment: &Environment, table: &str) -> Option<McpServer> {
    let key = |name: &str| format!("{table}.{name}");
    let advice = "write a name of lower-case letters, digits and `_`, a letter first, for example `files`";
    let name = reader.parsed(&key("name"), "", advice, |text| is_name(text).then(|| text.to_owned()));
    let command = reader.list(&key("command"), &[]);
    let passed = reader.list(&key("environment"), &[]);
    let url = reader.secret(&key("url"), super::mask_url);
    let bearer_env = reader.text(&key("bearer_env"), "");
    let dir = reader.path(&key("dir"), ".");
    let timeout_ms = reader.number(&key("timeout_ms"), TIMEOUT_MS, 100..=TIMEOUT_MS_MAX);
    let output_kb = reader.number(&key("output_kb"), OUTPUT_KB, 1..=OUTPUT_KB_MAX);
    let asks = reader.flag(&key("asks"), false);
    let tools = reader.names_under(&key("tools"), &[]);
    reader.know(&key("tools"));
    let tools: BTreeMap<String, McpToolRules> = tools.into_iter().map(|tool| (tool.clone(), rules(reader, &format!("{table}.tools.{tool}")))).collect();
    let transport = match (command.is_empty(), url.is_empty()) {
        (false, true) => {
            let named = passed.iter().map(String::as_str).chain(PASSED_ON);
            let environment = named.filter_map(|name| Some((name.to_owned(), environment.text(name)?.to_owned()))).collect();
            McpTransport::Command { command, environment, dir }
        }
        (true, false) => {
            if !is_private_way(&url) {
                reader.refuse(&key("url"), "write `https://…`; plain `http://` is taken for this machine's own addresses only");
            }
            let bearer = environment.text(&bearer_env).map(Secret::new);
            if !bearer_env.is_empty() && bearer.is_none() {
                reader.refuse(&key("bearer_env"), "there is no such environment variable, or it is empty");
            }
            McpTransport::Url { url, bearer }
        }
        (true, true) | (false, false) => {
            reader.refuse(&key("command"), "write either `command = [\"program\", \"argument\"]` or `url = \"https://…\"`");
            return None;
        }
    };
    Some(McpServer { name: name?, transport, timeout_ms, output_kb, asks, tools })
}

fn rules(reader: &mut Reader, table: &str) -> McpToolRules {
    let key = |name: &str| format!("{table}.{name}");
    reader.know(table);
    let effects: Vec<&str> = Effect::ALL.iter().map(|effect| effect.name()).collect();
    // Left out, it is the strictest.
    let effect = reader.parsed(&key("effect"), Effect::Admin.name(), &format!("effects are {}", effects.join(", ")), |text| {
        Effect::ALL.into_iter().find(|effect| effect.name() == text)
    });
    let is_given = reader.origin(&key("effect")) != super::Origin::Default;
    let pinned = reader.parsed(&key("pinned"), "", "write the 64 hexadecimal letters that `steward plugin accept` prints", |text| {
        if text.is_empty() { Some(None) } else { text.parse::<Digest>().ok().map(Some) }
    });
    McpToolRules {
        effect: effect.filter(|_| is_given),
        reversible: reader.flag(&key("reversible"), false),
        idempotent: reader.flag(&key("idempotent"), false),
        roles: words(reader, &key("roles"), "see docs/adding-an-mcp-server.md for the roles", |text| text.parse::<ArgumentRole>().ok()),
        result_labels: words(reader, &key("result_labels"), "labels are system, directory, owner, fact, outside", origin),
        anchors: reader.list(&key("anchors"), &[]),
        records: records(reader, &key("records")),
        private: reader.flag(&key("private"), false),
        pinned: pinned.flatten(),
        timeout_ms: reader.number_or_none(&key("timeout_ms"), 100..=TIMEOUT_MS_MAX),
    }
}

/// A table of words, by argument name or JSON pointer.
fn words<T>(reader: &mut Reader, table: &str, advice: &str, parse: impl Fn(&str) -> Option<T>) -> BTreeMap<String, T> {
    reader.know(table);
    let names = reader.names_under(table, &[]);
    names.into_iter().filter_map(|name| reader.parsed(&format!("{table}.{name}"), "", advice, &parse).map(|word| (name, word))).collect()
}

fn records(reader: &mut Reader, table: &str) -> Vec<RecordPattern> {
    reader.know(table);
    let mut found = Vec::new();
    for index in reader.names_under(table, &[]) {
        let key = |name: &str| format!("{table}.{index}.{name}");
        let of = reader.parsed(&key("of"), "", "write the type, as in the role `id:<type>`", |text| (!text.is_empty()).then(|| text.to_owned()));
        let id = reader.text(&key("key"), "");
        found.push(RecordPattern {
            at: reader.text(&key("at"), ""),
            of: of.unwrap_or_default(),
            key: Some(id).filter(|id| !id.is_empty()),
            anchors: reader.list(&key("anchors"), &[]),
            made: reader.flag(&key("made"), false),
            readers: reader.list(&key("readers"), &[]),
            public: reader.flag(&key("public"), false),
        });
    }
    found
}

fn origin(text: &str) -> Option<Origin> {
    match text {
        "system" => Some(Origin::System),
        "directory" => Some(Origin::Directory),
        "owner" => Some(Origin::Owner),
        "fact" => Some(Origin::Fact),
        "outside" => Some(Origin::Outside),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether nobody on the way can read along: TLS, or an address of this machine.
fn is_private_way(url: &str) -> bool {
    let Ok(uri) = url.parse::<http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => is_here,
        Some(_) | None => false,
    }
}
