//! The model of k5: an OpenAI-compatible server that asks for one call a turn until five results are there, then answers.
//! A test double. The first path segment says how long it takes: `/wait2000/v1/chat/completions`.

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::time::Duration;

const CALL: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_N","type":"function","function":{"name":"crm_get_contact","arguments":"{\"contact_id\":\"contact_00000000000000000000000001\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#;
const TEXT: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"All five contacts were looked up and everything is in order."},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}"#;

/// Serves until killed; prints the port first.
pub(crate) fn serve() {
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio");
    tokio.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        println!("{}", listener.local_addr().expect("address").port());
        loop {
            let (socket, _) = listener.accept().await.expect("accept");
            let _ = socket.set_nodelay(true);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service_fn(answer)));
        }
    });
}

async fn answer(req: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let wait_ms: u64 = req.uri().path().trim_start_matches("/wait").split('/').next().and_then(|ms| ms.parse().ok()).unwrap_or(0);
    let body = req.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let results = text.matches(r#""role":"tool""#).count();
    let stream = text.contains(r#""stream":true"#);
    if wait_ms > 0 {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
    // A waiting model answers at once in words: the runs measured there have one turn.
    let done = results >= 5 || wait_ms > 0;
    let (kind, body) = if stream {
        ("text/event-stream", streamed(done, results))
    } else {
        ("application/json", if done { TEXT.to_owned() } else { CALL.replace("call_N", &format!("call_{results}")) })
    };
    Ok(Response::builder().header("content-type", kind).body(Full::from(body)).expect("response"))
}

fn streamed(done: bool, results: usize) -> String {
    let mut out = String::new();
    let mut chunk = |delta: &str, finish: &str| {
        out.push_str(&format!("data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"));
    };
    if done {
        chunk(r#"{"role":"assistant","content":""}"#, "null");
        for word in ["All five", " contacts", " were", " looked", " up", " and", " everything", " is", " in", " order."] {
            chunk(&format!(r#"{{"content":"{word}"}}"#), "null");
        }
        chunk("{}", r#""stop""#);
    } else {
        chunk(
            &format!(
                r#"{{"role":"assistant","tool_calls":[{{"index":0,"id":"call_{results}","type":"function","function":{{"name":"crm_get_contact","arguments":""}}}}]}}"#
            ),
            "null",
        );
        for part in [r#"{\"contact_id\":"#, r#"\"contact_0000000000000"#, r#"0000000000001\"}"#] {
            chunk(&format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{part}"}}}}]}}"#), "null");
        }
        chunk("{}", r#""tool_calls""#);
    }
    out.push_str("data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120}}\n\ndata: [DONE]\n\n");
    out
}
