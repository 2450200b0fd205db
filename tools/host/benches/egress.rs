//! What a request through the gate costs beyond a bare one: the same server, once by hand and once from a plugin, each over a new connection.
//!
//! `mediated` less `call` is the request with its gate; that less `bare` is the gate. `call` is the same plugin with a request that is refused
//! before a name is looked up.

use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::hint::black_box;
use tokio::net::TcpStream;

#[path = "../tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests, which use more of it")]
mod support;
#[path = "../tests/it/egress/world.rs"]
#[expect(dead_code, reason = "shared with the tests, which use more of it")]
mod world;

async fn bare(port: u16) -> usize {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("http");
    let request = http::Request::get("/open/a").header("host", "api.asker.test").body(Empty::<bytes::Bytes>::new()).expect("a request");
    let talk = async { sender.send_request(request).await.expect("an answer").into_body().collect().await.expect("a body").to_bytes().len() };
    tokio::pin!(talk, connection);
    tokio::select! {
        length = &mut talk => length,
        _ended = &mut connection => talk.await,
    }
}

fn requests(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    let server = runtime.block_on(world::Server::start(|_| world::answer("200 OK", "content-type: text/plain\r\n", vec![b'x'; 2048])));
    let world = world::World::at(server.port);
    let mut group = criterion.benchmark_group("egress");
    group.bench_function("bare", |bench| bench.to_async(&runtime).iter(|| async { black_box(bare(server.port).await) }));
    // With a secret to fill in and to look for.
    for (name, url) in [("call", "http://nobody.test/v1/a".to_owned()), ("mediated", world.url("api", "/v1/a"))] {
        group.bench_function(name, |bench| bench.to_async(&runtime).iter(|| async { black_box(world.report("asker.look", json!({ "url": url })).await) }));
    }
    group.finish();
}

criterion_group!(benches, requests);
criterion_main!(benches);
