//! `docs/adding-a-tool.md`, run as it stands, once for each language: by a shell, in an empty directory, with the real program, a real server and
//! a scripted model. What npm and pip would fetch is linked to from `tests/peers`, where `make peers` has installed it.

use super::kit::{keep_built, tools, with_cargo};
use super::{Home, Ran, Up, ended};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use steward_agent::testing::{Reply, ScriptedModel};
use steward_store::testing::TestDatabase;

const PAGE: &str = "../docs/adding-a-tool.md";
/// The languages of the page, as its blocks name them.
const LANGUAGES: [&str; 4] = ["rust", "js", "python", "c"];

/// A fenced block of the page.
struct Block {
    /// How it is to be read: `sh`, `text`, or the kind of a file.
    kind: String,
    /// The languages of plugins that it is for; none stands for all.
    only: Vec<String>,
    text: String,
}

/// The fenced blocks of a page, in order.
fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(head), None) => {
                let mut words = head.split_whitespace().map(str::to_owned);
                open = Some(Block { kind: words.next().unwrap_or_default(), only: words.collect(), text: String::new() });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
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

/// What a line that asks a registry would bring is there already.
fn is_installed(home: &Home, line: &str) -> bool {
    let (folder, from) = match line {
        line if line.contains("npm install") => ("node_modules", "kit/node_modules"),
        line if line.contains("pip install") => (".venv", "kit/.venv"),
        _ => return false,
    };
    symlink(tools(from), home.path("hello").join(folder)).expect("linked");
    true
}

#[test]
fn the_page_names_no_language_that_there_is_not() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect("the page");
    let named: Vec<String> = blocks(&page).into_iter().flat_map(|block| block.only).collect();
    assert!(named.iter().all(|one| LANGUAGES.contains(&one.as_str())), "{named:?}");
    // Each is begun, and made one that cannot be taken back.
    for language in LANGUAGES {
        assert_eq!(named.iter().filter(|one| *one == language).count(), 2, "{language}: {named:?}");
    }
}

async fn walk(language: &str) {
    // What any model would do when it is asked to greet somebody, and then say what came of it.
    let model = ScriptedModel::start_with(|seen| match seen.tool_results().last() {
        None => Reply::call("hello.greet", json!({ "name": "Lena" })),
        Some(result) => Reply::text(*result),
    })
    .await;
    let database = TestDatabase::make().await;
    let home = Home::empty(&format!("page-{language}")).set("STEWARD_DATABASE__URL", &database.superuser_url).set("MODEL_KEY", "none");
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect("the page");
    let mut server: Option<Up> = None;
    let mut last: Option<(String, String)> = None;
    let (mut commands, mut compared) = (0, 0);
    for Block { kind, text, .. } in blocks(&page).into_iter().filter(|block| block.only.is_empty() || block.only.iter().any(|one| one == language)) {
        match kind.as_str() {
            "sh" => {
                for line in text.lines() {
                    commands += 1;
                    if line == "steward up" {
                        server = Some(home.up(&[]));
                        continue;
                    }
                    if is_installed(&home, line) {
                        continue;
                    }
                    let ran = typed(&home, line);
                    let waits = line.starts_with("steward chat") && ran.code == 3;
                    assert!(ran.code == 0 || waits, "`{line}` ends with {}: {ran:?}", ran.code);
                    if language == "rust" && line.starts_with("steward plugin new") {
                        keep_built(&home, "hello", "page");
                    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_adding_a_tool_is_as_it_says_in_rust() {
    walk("rust").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_adding_a_tool_is_as_it_says_in_javascript() {
    walk("js").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_adding_a_tool_is_as_it_says_in_python() {
    walk("python").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_adding_a_tool_is_as_it_says_in_c() {
    walk("c").await;
}
