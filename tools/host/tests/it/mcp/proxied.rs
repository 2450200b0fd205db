//! A server over HTTP is reached as its address says, whatever the environment of the process names as a proxy.

use super::{peer, server};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use steward_host::mcp::{McpServer, McpTransport, Secret, offered};
use tokio::process::Command;

/// The variable that makes this binary ask a server, and says where it is.
const ASKED: &str = "MCP_ASKED";
/// The test that asks.
const ENTRY: &str = "mcp::proxied::asks_only_when_told";
const TOKEN: &str = "let-me-in";

/// The client of the child process. As a test of its own it only shows that the binary is none unless told.
#[tokio::test]
async fn asks_only_when_told() {
    let Some(url) = std::env::var_os(ASKED) else { return };
    let transport = McpTransport::Url { url: url.into_string().expect("an address"), bearer: Some(Secret::new(TOKEN)) };
    let definitions = offered(&McpServer { transport, ..server("plain") }).await.expect("offered");
    assert!(definitions.iter().any(|one| one.name == "echo"));
}

#[tokio::test]
async fn a_server_is_reached_through_no_proxy_of_the_environment() {
    let address = peer::over_http(TOKEN);
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = format!("http://{}", proxy.local_addr().expect("an address"));
    let heard = Arc::<AtomicU32>::default();
    let counted = Arc::clone(&heard);
    std::thread::spawn(move || {
        for _hung_up in proxy.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    let mut child = Command::new(std::env::current_exe().expect("this binary"));
    child.args([ENTRY, "--exact", "--nocapture", "--test-threads=1"]).env_clear().env(ASKED, format!("http://{address}/mcp"));
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &at);
    }
    let ended = child.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("an end");
    assert!(ended.status.success(), "{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(heard.load(Ordering::SeqCst), 0, "the token is for the server");
}
