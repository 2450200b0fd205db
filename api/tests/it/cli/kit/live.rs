//! `steward plugin test --live`: others answer for themselves and that is written down, and a project gets nothing of whoever tries it but what
//! they name.

use super::{ends, replace, with_cargo};
use crate::cli::{Home, ended};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use steward_host::testing::GuestFiles;

/// What the developer has in their environment.
const TOKEN: &str = "the-developers-own-0123456789";
/// Too short to be found again.
const SHORT: &str = "hunter2";

const CASES: &str = "mine/cases/look.json";

/// Somebody of this machine who answers each request alike, with the secret it came with, and keeps what it was asked.
struct Others {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Others {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
                let mut head = String::new();
                while reader.read_line(&mut head).is_ok_and(|bytes| bytes > 2) {}
                heard.lock().expect("asked").push(head);
                // It ends where the connection does: a header with its length is left out of a case, and this plugin tells every header.
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-seen: {TOKEN}\r\n\r\n{{\"found\":1}}");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("asked").clone()
    }
}

/// A plugin that is built, with one call as its case and nothing that is known of it. A configuration lies in its folder, as a project may bring
/// one along, that names this machine.
fn project(name: &str, port: u16) -> Home {
    let home = Home::empty(name).set("MY_TOKEN", TOKEN).set("MY_SHORT", SHORT);
    GuestFiles::asker_at(port).write(&home.path("mine")).expect("written");
    let case = json!([{ "name": "a page", "tool": "asker.look", "arguments": { "url": format!("http://localhost:{port}/v1/a") } }]);
    home.write(CASES, &case.to_string());
    home.write("mine/steward.toml", "[[plugins.private_hosts]]\nplugin = \"asker\"\nhost = \"localhost\"\naddresses = [\"127.0.0.1\", \"::1\"]\n");
    home
}

#[test]
fn a_project_gets_no_secret_that_it_does_not_name_and_no_host_that_only_its_own_configuration_names() {
    let others = Others::start();
    let home = project("live-refused", others.port);
    let before = fs::read_to_string(home.path(CASES)).expect("cases");
    for (arguments, says) in [
        (&["--record"][..], "--live"),
        (&["--secret", "asker_token=MY_TOKEN"], "--live"),
        (&["--live", "--record", "--update"], "cannot be used with"),
        (&["--live", "--secret", "of_another=MY_TOKEN"], "the manifest names no secret `of_another`; it names: asker_token, other_token"),
        (&["--live", "--secret", "asker_token"], "`--secret asker_token` is no `NAME=VARIABLE`"),
        (&["--live", "--secret", "asker_token=NOT_THERE"], "there is no environment variable `NOT_THERE`, or it is empty"),
        (&["--live", "--secret", "asker_token=MY_SHORT"], "`MY_SHORT`: a secret has 8 to"),
    ] {
        let all = [&["plugin", "test", "mine", "--config", "mine/steward.toml"][..], arguments].concat();
        let said = ends(&home, 2, &all);
        assert!(said.contains(says) && !said.contains(TOKEN) && !said.contains(SHORT), "`{says}` in {said}");
    }
    // Neither from beside it nor from inside of it, where a configuration of one's own would be read from.
    for (folder, dir) in [(".", "mine"), ("mine", ".")] {
        let mut command = with_cargo(home.command(&["plugin", "test", dir, "--live", "--record", "--secret", "asker_token=MY_TOKEN"]));
        command.current_dir(home.path(folder));
        let ran = ended(command);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.out.contains("at an address that the operator did not name") && ran.out.contains("it is not recorded"), "{ran:?}");
        assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    }
    assert_eq!(others.asked(), [] as [String; 0], "nothing left");
    assert_eq!(fs::read_to_string(home.path(CASES)).expect("cases"), before, "and nothing was written");
}

#[test]
fn what_others_answer_is_recorded_and_passes_again_without_them() {
    let others = Others::start();
    let home = project("live", others.port);
    let live = ["plugin", "test", "mine", "--live", "--record", "--secret", "asker_token=MY_TOKEN", "--config", "mine/steward.toml"];
    let said = ends(&home, 0, &live);
    let begins = said.lines().next().unwrap_or_default();
    assert!(begins.starts_with("live: others are asked for real") && begins.contains("localhost"), "whoever runs it is told first: {said}");
    assert!(said.contains("1 case passed, 0 failed"), "{said}");
    let asked = others.asked();
    assert!(asked.len() == 1 && asked[0].starts_with("GET /v1/a ") && asked[0].contains(&format!("authorization: Bearer {TOKEN}")), "{asked:?}");

    let written = fs::read_to_string(home.path(CASES)).expect("cases");
    assert!(!written.contains(TOKEN) && !said.contains(TOKEN), "no secret is shown or kept: {said}{written}");
    let cases: Value = serde_json::from_str(&written).expect("JSON");
    let (case, one) = (&cases[0], &cases[0]["host"][0]);
    assert_eq!((case["host"].as_array().map(Vec::len), &one["call"]), (Some(1), &json!("http.fetch")));
    assert_eq!((&one["with"]["method"], &one["with"]["headers"]["authorization"]), (&json!("GET"), &json!("Bearer [asker_token]")));
    let answer = json!({ "status": 200, "headers": { "content-type": "application/json", "x-seen": "[asker_token]" }, "json": { "found": 1 } });
    assert_eq!(one["answer"], answer);
    let text = case["expect"]["result"]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("200 (11 bytes)") && text.contains("x-seen: [asker_token]") && text.ends_with("{\"found\":1}"), "{text}");
    assert!(case["fuel"].is_u64(), "{case}");

    // With nobody asked, no secret given and no host named.
    let said = ends(&home, 0, &["plugin", "test", "mine"]);
    assert!(said.contains("1 case passed, 0 failed") && !said.contains("golden fuel"), "{said}");
    assert_eq!(others.asked().len(), 1);
    // What was recorded is what is answered.
    replace(&home, CASES, "\"found\": 1", "\"found\": 2");
    let said = ends(&home, 1, &["plugin", "test", "mine"]);
    assert!(said.contains("0 cases passed, 1 failed") && said.contains("expected"), "{said}");
}
