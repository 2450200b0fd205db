//! A call in each language: the tool `greet` of the plugin that `steward plugin new` writes, into a fresh instance, and beside it the memory
//! that its sandbox holds. The sandbox alone, without decision and journal.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::json;
use std::hint::black_box;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use steward_core::Outcome;
use steward_host::Host;
use steward_host::testing::MemoryOffice;
use steward_kit::build::build;
use steward_kit::{Language, Project, scaffold};

#[path = "../../host/tests/it/support.rs"]
#[expect(dead_code, clippy::panic, reason = "shared with the tests of the host, which use more of it")]
mod support;

/// What a build links to, and where `make peers` has installed it.
fn tools_of(language: Language) -> Option<(&'static str, &'static str)> {
    match language {
        Language::Js => Some(("node_modules", "kit/node_modules")),
        Language::Python => Some((".venv", "kit/.venv")),
        Language::Rust | Language::C => None,
    }
}

fn peers(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(path);
    path.canonicalize().expect("what plugins are built with is not there: `make peers` installs it")
}

/// The plugin of a language, begun, built and loaded. The versions it is built with were fetched for the shipped ones.
fn plugin(language: Language, folder: &Path) -> Host {
    let (dir, _) = scaffold(folder, "hello", language).expect("a project");
    if let Some((link, to)) = tools_of(language) {
        symlink(peers(to), dir.join(link)).expect("linked");
    }
    build(&Project::open(&dir).expect("a project"), &mut |_| {}).expect("built");
    let host = Host::new(support::options()).expect("host");
    host.load_dir(&dir).expect("loaded");
    host
}

fn calls(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let office = Arc::new(MemoryOffice::default());
    let folder = support::Folder::new();
    let mut group = criterion.benchmark_group("language");
    for language in Language::ALL {
        let of = folder.path().join(language.name());
        std::fs::create_dir_all(&of).expect("a folder");
        let host = plugin(language, &of);
        let gate = support::Gate::new(&host);
        let permit = || gate.permit(&host, "hello.greet", json!({ "name": "Lena" }));
        let report = runtime.block_on(host.call(permit(), support::context("key"), Arc::clone(&office) as _));
        assert!(matches!(&report.outcome, Outcome::Ok { result, .. } if *result == json!({ "text": "Hello, Lena!" })), "{report:?}");
        group.bench_function(language.name(), |bench| {
            bench.to_async(&runtime).iter_batched(
                permit,
                |permit| async { black_box(host.call(permit, support::context("key"), Arc::clone(&office) as _).await) },
                BatchSize::SmallInput,
            );
        });
        println!("language/{language}_memory_kib {}", report.used.memory_bytes >> 10);
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
