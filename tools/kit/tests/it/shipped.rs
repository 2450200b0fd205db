//! The plugins that are shipped are examples of the kit: their cases pass, and every tool has one. `UPDATE=1` writes what comes of the calls.

use crate::support::Folder;
use std::path::Path;
use steward_host::testing::GuestFiles;
use steward_kit::cases::{Runner, read_all};

#[tokio::test]
async fn cases_of_shipped_plugins_end_as_written() {
    for files in [GuestFiles::crm(), GuestFiles::documents()] {
        end_as_written(&files).await;
    }
}

async fn end_as_written(files: &GuestFiles) {
    let folder = Folder::of(files);
    let runner = Runner::load(&folder.project()).expect("loaded");
    let update = std::env::var_os("UPDATE").is_some();
    let mut untried = runner.tools().to_vec();
    let mut problems = Vec::new();
    for mut file in read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins").join(&files.name)).expect("cases") {
        for case in &mut file.cases {
            untried.retain(|tool| *tool != case.tool);
            let result = runner.run(case).await.expect("run");
            if update && result.is_golden {
                (case.expect, case.fuel) = (Some(result.got), result.fuel);
            } else {
                problems.extend(result.problems.iter().map(|problem| format!("{}: {}: {problem}", file.path.display(), case.name)));
            }
        }
        if update {
            file.write().expect("written");
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(untried.is_empty(), "tools without a case: {untried:?}");
}

/// The fuel of a call is the same each time: a golden that differs is another plugin, or another engine.
#[tokio::test]
async fn fuel_is_the_same_each_time() {
    let folder = Folder::of(&GuestFiles::crm());
    let files = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/crm")).expect("cases");
    let case = files.iter().flat_map(|file| &file.cases).find(|case| !case.host.is_empty()).expect("a case that asks");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let runner = Runner::load(&folder.project()).expect("loaded");
        for _ in 0..3 {
            seen.push(runner.run(case).await.expect("run").fuel.expect("fuel"));
        }
    }
    assert!(seen.iter().all(|fuel| *fuel == seen[0]), "{seen:?}");
}
