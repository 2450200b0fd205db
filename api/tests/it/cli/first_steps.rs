//! What a stranger stumbles over with a first plugin: each refusal says what is likely the matter, where it happens.

use super::chat::{CARD, gullible, home};
use super::kit::replace;
use super::{Home, ended};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use steward_agent::testing::{Reply, ScriptedModel};
use steward_api::web::Web;
use steward_host::testing::GuestFiles;
use steward_store::testing::TestDatabase;

/// Variables and flags may say something else than the defaults, so that is not left out.
const UNREAD: &str = "no `steward.toml` was read, for none lies here: what counts is the defaults, the environment and the flags";

#[test]
fn whoever_stands_elsewhere_reads_that_no_configuration_was_read() {
    let home = Home::empty("elsewhere");
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    home.refused(&["chat", "hello"], &["there is no Steward in", UNREAD]);
    home.refused(&["approvals", "list"], &["there is no Steward in", UNREAD]);
    home.refused(&["plugin", "install", "mine"], &["has no `tool.sig`", UNREAD]);
    home.refused(&["plugin", "accept", "mine"], &["no plugin of that name", UNREAD]);
    // Where one was read, it is not what is the matter.
    home.write("steward.toml", "[plugins]\n");
    for words in [&["chat", "hello"][..], &["plugin", "install", "mine"], &["plugin", "accept", "mine"]] {
        let ran = home.run(words);
        assert!(ran.code == 1 && !ran.err.contains(UNREAD), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_plugin_that_is_named_from_inside_itself_is_said_to_be_there() {
    let home = Home::empty("inside");
    let said = home.succeeds(&["plugin", "new", "hello", "--lang", "ts"]);
    for command in ["(cd hello && npm install)", "(cd hello && npm run check)", "steward plugin build hello", "steward plugin test hello"] {
        assert!(said.contains(command), "`{command}` in {said}");
    }
    assert!(home.path("hello/src/index.ts").is_file(), "TypeScript is what JavaScript is written in here");
    // The project's own page leads to the same place.
    let page = fs::read_to_string(home.path("hello/README.md")).expect("a page");
    assert!(page.contains("steward plugin build hello") && page.contains("steward plugin install hello") && !page.contains("install ."), "{page}");
    let mut command = home.command(&["plugin", "build", "hello"]);
    command.current_dir(home.path("hello"));
    let ran = ended(command);
    assert!(ran.code == 1 && ran.err.contains("in the directory above it") && !ran.err.contains("begins a plugin"), "{ran:?}");
    home.refused(&["plugin", "build", "nothing"], &["steward plugin new NAME"]);
}

#[test]
fn a_clang_without_its_linker_is_told_from_no_clang() {
    let home = Home::empty("linker");
    home.succeeds(&["plugin", "new", "hello", "--lang", "c"]);
    // A clang of that kind, by all that is asked of it: it fails, and knows no path of a linker.
    home.write("bin/clang", "#!/bin/sh\ncase \"$*\" in *--print-prog-name=wasm-ld*) echo wasm-ld ;; *) exit 1 ;; esac\n");
    fs::set_permissions(home.path("bin/clang"), fs::Permissions::from_mode(0o755)).expect("a program");
    let mut command = home.command(&["plugin", "build", "hello"]);
    command.env("PATH", home.path("bin"));
    let ran = ended(command);
    assert!(ran.code == 1 && ran.err.contains("wasm-ld is missing") && ran.err.contains("apt-get install lld"), "{ran:?}");
}

#[test]
fn what_was_not_built_since_is_told_from_what_is_wrong() {
    let home = Home::with_config("stale", "[plugins]\nallow_unsigned = true\n");
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    replace(&home, "mine/tool.toml", "effect = \"read\"", "effect = \"destroy\"");
    for verb in ["inspect", "install"] {
        home.refused(&["plugin", verb, "mine"], &["does not agree with tool.toml", "if it is your own, build it again"]);
        // A build runs its author's programs: nobody is told to for a folder that may be a stranger's.
        assert!(!home.run(&["plugin", verb, "mine"]).err.contains("steward plugin build"));
    }
    home.succeeds(&["plugin", "pack", "mine", "--to", "mine.tar"]);
    home.refused(&["plugin", "install", "mine.tar"], &["the plugin in `mine.tar` cannot be used", "does not agree with tool.toml"]);
    assert!(!home.run(&["plugin", "install", "mine.tar"]).err.contains("build it"));
    // Whoever runs its cases has it in their hands.
    home.write("mine/cases/echo.json", "[{ \"name\": \"one\", \"tool\": \"hostile.echo\", \"arguments\": {} }]");
    let ran = home.run(&["plugin", "test", "mine"]);
    assert!(ran.code == 2 && ran.err.contains("build it: `steward plugin build mine`"), "{ran:?}");
    assert!(!home.path("data/plugins").exists(), "nothing was written");
}

#[test]
fn a_rule_about_a_plugin_that_waits_says_that_it_waits() {
    let home = Home::with_config("waits", "[plugins]\nallow_unsigned = true\n");
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    assert!(home.succeeds(&["plugin", "install", "mine"]).contains("Nothing of it is run until it is accepted"));
    let rule = |tool: &str| format!("@id(\"one\") @reason(\"Why.\") permit (principal, action == Action::\"{tool}\", resource);\n");
    home.write("data/policies/rules/mine.cedar", &rule("hostile.echo"));
    home.refused(
        &["up", "--listen", "127.0.0.1:0"],
        &["mine.cedar:1", "Action::\"hostile.echo\"", "installed and not run", "was not accepted yet", "steward plugin accept hostile"],
    );
    home.refused(&["policy", "check"], &["installed and not run", "steward plugin accept hostile"]);
    // A name that is nobody's is still a wrong name.
    home.write("data/policies/rules/mine.cedar", &rule("hostle.echo"));
    home.refused(&["up", "--listen", "127.0.0.1:0"], &["Action::\"hostle.echo\"", "mend the name"]);
    // Accepted, it is what the rule says, and to install the same once more changes nothing. Whether it runs says the record and not the list.
    home.succeeds(&["plugin", "accept", "hostile"]);
    let again = home.succeeds(&["plugin", "install", "mine"]);
    assert!(again.contains("stands in the list of accepted plugins as it is") && again.contains("`steward plugin list` says whether it runs"), "{again}");
    home.write("data/plugins.lock.json", "no list");
    assert!(home.succeeds(&["plugin", "install", "mine"]).contains("Nothing of it is run until it is accepted"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_says_which_key_is_empty_and_that_there_is_no_web() {
    let model = ScriptedModel::start_with(|_| Reply::text("Hello.")).await;
    let database = TestDatabase::make().await;
    // By the way it is written it could be the key itself, so it is not repeated.
    let toml =
        format!("[plugins]\nallow_unsigned = true\n[models.strong]\nmodel = \"scripted\"\nbase_url = \"{}\"\napi_key_env = \"gsk_NO_KEY\"\n", model.base_url());
    let home = Home::with_config("no-key", &toml).set("STEWARD_DATABASE__URL", &database.superuser_url);
    let up = home.up(&[]);
    assert!(up.said.contains("The variable that `models.strong.api_key_env` names is not set") && !up.said.contains("NO_KEY"), "{}", up.said);
    assert!(up.said.contains("#token="), "{}", up.said);
    assert_eq!(up.said.contains("This build has no web"), !Web::built_in().is_built(), "{}", up.said);
    assert_eq!(home.succeeds(&["link"]).contains("This build has no web"), !Web::built_in().is_built());
    // What is not run is said where its tools are missed, beside the answer and not in it.
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    home.succeeds(&["plugin", "install", "mine"]);
    let ran = home.run(&["chat", "hello"]);
    assert!(ran.code == 0 && ran.out.contains("Hello."), "{ran:?}");
    assert!(ran.err.contains("the variable that `models.strong.api_key_env` names is not set here") && !ran.err.contains("NO_KEY"), "{ran:?}");
    assert!(ran.err.contains("not run: plugin `hostile` was not accepted yet"), "{ran:?}");
    up.stop();
    // With a key there is nothing to say.
    let home = home.set("gsk_NO_KEY", "a-key");
    let up = home.up(&[]);
    assert!(!up.said.contains("api_key_env"), "{}", up.said);
    up.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_approves_at_the_terminal_sees_what_comes_of_it() {
    let model = gullible("Done what was allowed.").await;
    let home = home("sees", &model, "").await;
    home.write("lena.vcf", CARD);
    home.succeeds(&["contacts", "import", "lena.vcf"]);
    let approve = || {
        let ran = home.run(&["chat", "What do we know about Lena?"]);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.out.contains("Go on with `steward chat --conversation conv_"), "{ran:?}");
        let words = ran.out.lines().find_map(|line| line.split_once("approve     steward ").map(|(_, words)| words.to_owned())).expect("the way to approve");
        assert!(home.succeeds(&["approvals", "list"]).contains("approvals show HELD-ACTION"));
        let ran = ended(home.command(&words.split_whitespace().collect::<Vec<_>>()));
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.out
    };
    let up = home.up(&[]);
    let said = approve();
    assert!(said.contains("Approved.") && said.contains("✓ crm.create_contact"), "{said}");
    up.stop();
    // Nobody works: it is said how to see it later, and soon.
    let said = approve();
    assert!(said.contains("Approved.") && said.contains("Nothing came of it yet; `steward approvals show hold_"), "{said}");
}
