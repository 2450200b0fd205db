//! `docs/first-plugin.md`, run as it stands: by a shell, in an empty directory, with the real program, a real server and a scripted model.

use super::kit::with_cargo;
use super::{Home, Ran, Up, ended};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_store::testing::TestDatabase;

const PAGE: &str = "../docs/first-plugin.md";

/// The fenced blocks of a page, in order: language and text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// A line of the page, in a shell, as its reader would type it.
fn typed(home: &Home, line: &str) -> Ran {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(&home.dir).env_clear().stdin(Stdio::null());
    let mut shell = with_cargo(shell);
    shell.envs(home.variables.iter().map(|(name, value)| (name, value)));
    let program = Path::new(env!("CARGO_BIN_EXE_steward")).parent().expect("a folder").display().to_string();
    let cargo = Path::new(env!("CARGO")).parent().expect("a folder").display().to_string();
    shell.env("PATH", format!("{program}:{cargo}:/usr/local/bin:/usr/bin:/bin"));
    ended(shell)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_a_first_plugin_is_as_it_says() {
    // What any model would do when it is asked to greet somebody, and then say what came of it.
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().last() {
        None => Reply::call("hello.greet", json!({ "name": "Lena" })),
        Some(result) => Reply::text(*result),
    })
    .await;
    let database = TestDatabase::make().await;
    let home = Home::empty("page").set("STEWARD_DATABASE__URL", &database.superuser_url).set("MODEL_KEY", "none");
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect("the page");
    let mut server: Option<Up> = None;
    let mut last: Option<(String, String)> = None;
    let (mut commands, mut compared) = (0, 0);
    for (language, text) in blocks(&page) {
        match language.as_str() {
            "sh" => {
                for line in text.lines() {
                    commands += 1;
                    if line == "steward up" {
                        server = Some(home.up(&[]));
                        continue;
                    }
                    let ran = typed(&home, line);
                    let waits = line.starts_with("steward chat") && ran.code == 3;
                    assert!(ran.code == 0 || waits, "`{line}` ends with {}: {ran:?}", ran.code);
                    last = Some((line.to_owned(), format!("{}{}", ran.out, ran.err)));
                }
            }
            "text" => {
                let (line, said) = last.as_ref().expect("a command before");
                for part in text.lines() {
                    compared += 1;
                    assert!(said.contains(part), "`{line}` should say `{part}`: {said}");
                }
            }
            _ => {
                let (path, rest) = text.split_once('\n').expect("a first line that names the file");
                let path = path.trim_start_matches(['#', '/', ' ']);
                home.write(path, &rest.replace("https://MODEL-SERVER/v1", &model.base_url()).replace("MODEL\"", "scripted\""));
            }
        }
    }
    assert!(commands >= 18 && compared >= 14, "{commands} commands, {compared} lines compared");
    // The server saw it all, and took it up without a restart.
    let server = server.expect("a server");
    server.wait_for_log(&["loaded plugin `hello`"]);
    assert!(server.stop().success());
}
