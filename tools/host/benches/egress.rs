//! What a request through the gate costs beyond a bare one: the same server, once by hand and once from a plugin, each over a new connection.
//!
//! `mediated` less `call` is the request with its gate; that less `bare` is the gate. `call` is the same plugin with a request that is refused
//! before a name is looked up.

use criterion::{Criterion, criterion_group, criterion_main};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use steward_host::{EgressOptions, NAMES_KEPT};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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

/// How long so many take, one after another, in a task of the runtime, as runs are.
fn timed<T, F: Future<Output = T> + Send>(runtime: &Runtime, rounds: u64, one: impl Fn() -> F + Send + Sync + 'static) -> Duration {
    let task = runtime.spawn(async move {
        let began = Instant::now();
        for _ in 0..rounds {
            black_box(one().await);
        }
        began.elapsed()
    });
    runtime.block_on(task).expect("a task that ends")
}

fn requests(criterion: &mut Criterion) {
    // Both sides on one thread: what is measured is what they do, and not how soon this machine wakes one thread for another.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    // As in a server, where something is always due soon: without it, each time limit of a request would wake a thread to wait for it.
    runtime.spawn(async {
        let mut due = tokio::time::interval(Duration::from_millis(500));
        loop {
            due.tick().await;
        }
    });
    let server = runtime.block_on(world::Server::start(|_| world::answer("200 OK", "content-type: text/plain\r\n", vec![b'x'; 2048])));
    let port = server.port;
    // As the server is set up: a name that was asked for a moment ago is known.
    let world = world::World::with(port, |manifest| manifest, |egress| EgressOptions { names_kept: NAMES_KEPT, ..egress });
    let world = Arc::new(world);
    let mut group = criterion.benchmark_group("egress");
    group.bench_function("bare", |bench| bench.iter_custom(|rounds| timed(&runtime, rounds, move || bare(port))));
    // With a secret to fill in and to look for.
    for (name, url) in [("call", "http://nobody.test/v1/a".to_owned()), ("mediated", world.url("api", "/v1/a"))] {
        let arguments = json!({ "url": url });
        group.bench_function(name, |bench| {
            bench.iter_custom(|rounds| {
                let (world, arguments) = (Arc::clone(&world), arguments.clone());
                let ask = move || {
                    let (world, arguments) = (Arc::clone(&world), arguments.clone());
                    async move { world.report("asker.look", arguments).await }
                };
                timed(&runtime, rounds, ask)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, requests);
criterion_main!(benches);
