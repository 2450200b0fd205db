//! The plugin kit as a stranger uses it: a project, its build, its cases, its archive, in each language with the tools of that language.

mod live;

use super::{Home, Ran, ended};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::Ordering;
use steward_host::testing::GuestFiles;

/// Where the commands of these tests keep what they compiled.
pub(super) const CACHE: &str = "xdg";

/// Compiled plugins of the person, each with what tells it from another of its name.
fn compiled(home: &Home) -> Vec<(PathBuf, u64)> {
    let files = fs::read_dir(home.path(&format!("{CACHE}/steward/plugins"))).expect("a cache").map(|entry| entry.expect("entry").path());
    let code = files.filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"));
    code.map(|path| (path.clone(), fs::metadata(&path).expect("file").ino())).collect()
}

/// Where the tools of languages are, as `make peers` installs them.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/peers").canonicalize().expect("tests/peers")
}

/// The tools of a language; a test that needs them and lacks them fails and says what brings them.
pub(super) fn tools(path: &str) -> PathBuf {
    let path = peers().join(path);
    assert!(path.exists(), "`{}` is not there: `make peers` installs what plugins are built with", path.display());
    path
}

/// A command where cargo is found and asks no network: what plugins are built with was fetched for the shipped ones.
pub(super) fn with_cargo(mut command: Command) -> Command {
    let cargo = Path::new(env!("CARGO")).parent().expect("a folder").display().to_string();
    command.env("PATH", format!("{cargo}:/usr/local/bin:/usr/bin:/bin")).env("CARGO_NET_OFFLINE", "true");
    // What is compiled is kept beside the test, not in the home of whoever runs it.
    if let Some(cache) = command.get_current_dir().map(|dir| dir.join(CACHE)) {
        command.env("XDG_CACHE_HOME", cache);
    }
    for name in ["CARGO_HOME", "RUSTUP_HOME", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// What cargo builds in a project goes to a folder that stays from one run of the tests to the next: the libraries of a plugin are the same
/// each time, and only the project itself is compiled anew. Each test has its own.
pub(super) fn keep_built(home: &Home, project: &str, name: &str) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins").join(name);
    fs::create_dir_all(&kept).expect("a folder");
    symlink(kept, home.path(project).join("target")).expect("linked");
}

fn kit(home: &Home, arguments: &[&str]) -> Ran {
    ended(with_cargo(home.command(arguments)))
}

/// Runs a command that must end with this code, and gives all it said.
pub(super) fn ends(home: &Home, code: i32, arguments: &[&str]) -> String {
    let ran = kit(home, arguments);
    assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
    format!("{}{}", ran.out, ran.err)
}

pub(super) fn replace(home: &Home, path: &str, from: &str, to: &str) {
    let before = fs::read_to_string(home.path(path)).expect("a file");
    assert!(before.contains(from), "`{from}` in {before}");
    home.write(path, &before.replace(from, to));
}

#[test]
fn a_name_that_is_none_is_refused_and_nothing_is_written_over() {
    let home = Home::empty("new");
    for wrong in ["", "Weather", "1st", "_x", "a-b", "a.b", "../x", "a/b", "ä", &"a".repeat(65)] {
        home.refused(&["plugin", "new", wrong], &["lower-case letters, digits and `_`"]);
    }
    for taken in ["steward", "crm"] {
        home.refused(&["plugin", "new", taken], &["a name of Steward's own"]);
    }
    assert_eq!(fs::read_dir(home.path(".")).expect("the folder").count(), 0, "nothing was made");
    home.write("mine/kept", "as it was");
    home.refused(&["plugin", "new", "mine"], &["is there already"]);
    symlink("nowhere", home.path("linked")).expect("a link");
    home.refused(&["plugin", "new", "linked"], &["is there already"]);
    assert_eq!(fs::read_to_string(home.path("mine/kept")).expect("kept"), "as it was");
    home.refused(&["plugin", "new", "mine", "--in", "nowhere"], &["cannot write `nowhere/mine`"]);
    assert_eq!(home.run(&["plugin", "new", "mine", "--lang", "cobol"]).code, 2);
}

#[test]
fn what_a_build_needs_is_named_with_what_brings_it() {
    let home = Home::empty("needs");
    home.refused(&["plugin", "build"], &["there is no `tool.toml`", "steward plugin new NAME"]);
    for (language, missing) in [("js", "npm install"), ("python", "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")] {
        let said = home.succeeds(&["plugin", "new", language.trim_end_matches('s'), "--lang", language]);
        assert!(said.contains(missing) && said.contains("steward plugin build") && said.contains("steward plugin test"), "{said}");
        home.refused(&["plugin", "build", language.trim_end_matches('s')], &["is missing", missing]);
    }
    for (language, missing) in [("rust", "install Rust with rustup"), ("c", "apt-get install clang lld")] {
        let name = format!("of_{language}");
        home.succeeds(&["plugin", "new", &name, "--lang", language]);
        let mut command = home.command(&["plugin", "build", &name]);
        command.env("PATH", home.path("."));
        let ran = ended(command);
        assert!(ran.code == 1 && ran.err.contains(missing), "{ran:?}");
    }
    home.refused(&["plugin", "pack", "of_rust"], &["cannot read `of_rust/of_rust.wasm`"]);
    let ran = home.run(&["plugin", "test", "of_rust"]);
    assert!(ran.code == 2 && ran.err.contains("is not built; `steward plugin build of_rust` builds it"), "{ran:?}");
    replace(&home, "of_rust/tool.toml", "language = \"rust\"", "language = \"cobol\"");
    home.refused(&["plugin", "build", "of_rust"], &["rust, js, python and c, and not `cobol`"]);
}

/// A project as it is begun: builds, passes, and fails when what it says is other than what its cases say.
fn begun(language: &str, source: &str, tools: impl Fn(&Home)) -> Home {
    let home = Home::empty(language);
    home.succeeds(&["plugin", "new", "hello", "--lang", language]);
    tools(&home);
    let said = ends(&home, 0, &["plugin", "build", "hello"]);
    assert!(said.contains("built `hello/hello.wasm`") && said.contains("to build, ") && said.contains("hello.greet"), "{said}");
    let once = compiled(&home);
    assert_eq!(once.len(), 1, "{once:?}");
    let said = ends(&home, 0, &["plugin", "test", "hello"]);
    assert!(said.contains(", 0 failed") && !said.contains("without a case"), "{said}");
    assert!(said.contains("of no golden fuel") && said.contains("steward plugin test --update"), "nobody keeps what was never written down: {said}");
    ends(&home, 0, &["plugin", "inspect", "hello"]);
    assert_eq!(compiled(&home), once, "what was compiled is not compiled again");
    // The code says otherwise: what was expected and what came are shown, and that is a failure.
    replace(&home, &format!("hello/{source}"), "Guten Tag, ", "Moin, ");
    let ran = kit(&home, &["plugin", "build", "hello", "--json"]);
    let built: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|err| panic!("{err}: {ran:?}"));
    assert!(built["plugin"] == "hello" && built["component"] == "hello/hello.wasm", "{built}");
    assert!(built["digest"].is_string() && built["built_in_ms"].is_u64() && built["tools"].to_string().contains("hello.greet"), "{built}");
    let said = ends(&home, 1, &["plugin", "test", "hello"]);
    assert!(said.contains("Guten Tag, Lena!") && said.contains("Moin, Lena!") && said.contains("expected") && said.contains("1 failed"), "{said}");
    let said = ends(&home, 0, &["plugin", "test", "hello", "--update"]);
    assert!(said.contains(", 0 failed"), "{said}");
    let written = fs::read_to_string(home.path("hello/cases/greet.json")).expect("cases");
    assert!(written.contains("Moin, Lena!") && written.contains("\"fuel\":"), "{written}");
    let said = ends(&home, 0, &["plugin", "test", "hello"]);
    assert!(said.contains(", 0 failed") && !said.contains("golden fuel"), "{said}");
    // The same call takes the same each time, to the last instruction, and as much as is written down.
    let fuel = || -> Vec<serde_json::Value> {
        let told: serde_json::Value = serde_json::from_str(&kit(&home, &["plugin", "test", "hello", "--json"]).out).expect("JSON");
        told["cases"].as_array().expect("cases").iter().map(|case| case["fuel"].clone()).collect()
    };
    let once = fuel();
    assert!(once.iter().filter(|fuel| fuel.is_u64()).count() >= 3 && once == fuel(), "{once:?}");
    assert!(once.iter().filter(|fuel| fuel.is_u64()).take(3).all(|fuel| written.contains(&format!("\"fuel\": {fuel}"))), "{once:?}: {written}");
    home
}

/// The manifest says otherwise than the code: the host does not take it. What an interpreter's component is compiled for once more, others show as well.
fn disagrees(home: &Home) {
    replace(home, "hello/tool.toml", "effect = \"read\" #", "effect = \"send\" #");
    let said = ends(home, 1, &["plugin", "build", "hello"]);
    assert!(said.contains("the code does not agree with tool.toml") && !said.contains("build it:"), "effects are compared, of what was built just now: {said}");
    replace(home, "hello/tool.toml", "effect = \"send\" #", "effect = \"read\" #");
}

#[test]
fn a_plugin_in_rust_is_begun_built_and_tried() {
    let home = begun("rust", "src/lib.rs", |home| keep_built(home, "hello", "rust"));
    disagrees(&home);
    // The types say what the schemas are.
    let schema = || fs::read_to_string(home.path("hello/schemas/greet.arguments.json")).expect("a schema");
    replace(&home, "hello/src/lib.rs", "/// Who is greeted.", "/// Who is greeted, by first name.");
    ends(&home, 0, &["plugin", "build", "hello"]);
    assert!(schema().contains("by first name"));
    // The same sources give the same bytes, wherever they lie.
    let bytes = fs::read(home.path("hello/hello.wasm")).expect("a component");
    fs::rename(home.path("hello"), home.path("elsewhere")).expect("moved");
    fs::remove_file(home.path("elsewhere/target")).expect("removed");
    keep_built(&home, "elsewhere", "rust-elsewhere");
    ends(&home, 0, &["plugin", "build", "elsewhere"]);
    assert!(fs::read(home.path("elsewhere/hello.wasm")).expect("a component") == bytes, "the same bytes");

    // What the plugin asks otherwise than its case says fails the case, and is shown.
    let cases = "elsewhere/cases/greet_contact.json";
    let first = |said: String| said.lines().take_while(|line| !line.starts_with("ok")).collect::<Vec<_>>().join("\n");
    let good = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/kit/templates").join("cases/greet_contact.json")).expect("cases");
    let good = good.replace("__name__", "hello");
    for (from, to, says) in [
        ("\"with\": { \"id\": \"contact_1\" }", "\"with\": { \"id\": \"contact_9\" }", "got\n    crm.get-contact {\"id\":\"contact_1\"}"),
        (
            "\"call\": \"crm.get-contact\", \"with\": { \"id\": \"contact_1\" }",
            "\"call\": \"crm.get-company\", \"with\": { \"id\": \"contact_1\" }",
            "expected the question",
        ),
        ("\"given_name\": \"Lena\" } }", "\"given_name\": \"Lena\" } }, { \"call\": \"crm.get-contact\", \"with\": {}, \"answer\": {} }", "got none"),
        ("\"given_name\": \"Lena\"", "\"nickname\": \"Lena\"", "host[0].answer.nickname: unknown field"),
    ] {
        home.write(cases, &good.replacen(from, to, 1));
        let said = first(ends(&home, 1, &["plugin", "test", "elsewhere", "--only", "by name"]));
        assert!(said.contains(says), "`{says}` in {said}");
    }
    let unanswered: serde_json::Value = serde_json::from_str(&good).expect("JSON");
    let mut unanswered = unanswered;
    unanswered[0].as_object_mut().expect("a case").remove("host");
    home.write(cases, &unanswered.to_string());
    let said = ends(&home, 1, &["plugin", "test", "elsewhere", "--only", "by name", "--update"]);
    assert!(said.contains("expected no further question") && said.contains("\"call\":\"crm.get-contact\""), "an answer is nobody's to make up: {said}");
    home.write(cases, &good.replacen("\"expect\"", "\"fuel\": 10, \"expect\"", 1));
    assert!(ends(&home, 1, &["plugin", "test", "elsewhere"]).contains("fuel: expected 10 ± 10 %, got "));
    home.write(cases, &good.replacen("\"tool\"", "\"tol\"", 1));
    let said = ends(&home, 2, &["plugin", "test", "elsewhere"]);
    assert!(said.contains("greet_contact.json") && said.contains("[0].tol: unknown field `tol`"), "{said}");
    home.write(cases, &good);
    let told: serde_json::Value = serde_json::from_str(&kit(&home, &["plugin", "test", "elsewhere", "--json"]).out).expect("JSON");
    assert_eq!((&told["passed"], &told["failed"]), (&serde_json::json!(6), &serde_json::json!(0)), "{told}");

    archives(&home);
    by_hand(&home);
}

/// `steward plugin dev`: a call that is typed, a change that is built, and what was built before while the new one is broken.
fn by_hand(home: &Home) {
    let mut command = with_cargo(home.command(&["plugin", "dev", "elsewhere"]));
    let log = home.path("dev.log");
    command.stdin(std::process::Stdio::piped()).stdout(fs::File::create(&log).expect("a log")).stderr(std::process::Stdio::null());
    let mut dev = command.spawn().expect("started");
    let mut typed = dev.stdin.take().expect("input");
    let said = |what: &str| fs::read_to_string(&log).unwrap_or_default().contains(what);
    let mut say = |line: &str| std::io::Write::write_all(&mut typed, format!("{line}\n").as_bytes()).expect("typed");
    super::until("a first build", || said("6 cases passed, 0 failed") && said("Type a tool"));
    say("hello.greet {\"name\": \"Omar\"}");
    super::until("an answer", || said("Hello, Omar!") && said(" fuel, "));
    say("hello.greet_contact {\"contact_id\": \"contact_1\"}");
    super::until("what it would ask", || said("crm.get-contact {\"id\":\"contact_1\"}"));
    say("hello.nothing");
    super::until("a refusal", || said("no tool `hello.nothing`; it has hello.greet, hello.greet_contact"));
    replace(home, "elsewhere/src/lib.rs", "Hello, {name}!", "Hello, {nobody}!");
    super::until("a build that fails", || said("cargo test --test schemas) failed"));
    say("hello.greet {\"name\": \"Lena\"}");
    super::until("the one of before", || said("Hello, Lena!"));
    replace(home, "elsewhere/src/lib.rs", "Hello, {nobody}!", "Good day, {name}!");
    super::until("a case that fails", || said("Good day, Lena!") && said("failed"));
    super::signal(i32::try_from(dev.id()).expect("pid"), rustix::process::Signal::INT);
    assert!(dev.wait().expect("ended").success());
}

/// The archive of `elsewhere`: the same bytes each time, installed like its folder, refused when it is anything else.
fn archives(home: &Home) {
    home.write("steward.toml", "[plugins]\nallow_unsigned = true\n");
    let said = ends(home, 0, &["plugin", "pack", "elsewhere"]);
    assert!(said.contains("packed `elsewhere/hello-0.1.0.tar`") && said.contains("6 files") && said.contains("sha256:"), "{said}");
    ends(home, 0, &["plugin", "pack", "elsewhere", "--to", "again.tar"]);
    let bytes = fs::read(home.path("again.tar")).expect("an archive");
    assert!(fs::read(home.path("elsewhere/hello-0.1.0.tar")).expect("an archive") == bytes, "the same plugin has the same bytes");
    // It is a tar for everybody.
    let listed = Command::new("tar").arg("-tf").arg(home.path("again.tar")).output().expect("tar");
    let listed = String::from_utf8(listed.stdout).expect("text");
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        [
            "hello.wasm",
            "schemas/greet.arguments.json",
            "schemas/greet.result.json",
            "schemas/greet_contact.arguments.json",
            "schemas/greet_contact.result.json",
            "tool.toml"
        ]
    );

    // What another program packs may hold anything, so it is not taken: links, paths that lead out, files beside the plugin's.
    let foreign = |name: &str, arguments: &[&str]| {
        let done = Command::new("tar").arg("-cf").arg(home.path(name)).args(arguments).current_dir(home.path("elsewhere")).output().expect("tar");
        assert!(done.status.success(), "{done:?}");
    };
    symlink("/etc/passwd", home.path("elsewhere/link.json")).expect("a link");
    foreign("link.tar", &["link.json"]);
    foreign("slip.tar", &["-P", "--transform=s,^,../../,", "tool.toml"]);
    foreign("absolute.tar", &["-P", "--transform=s,^,/etc/,", "tool.toml"]);
    foreign("folder.tar", &["schemas"]);
    foreign("other.tar", &["--format=ustar", "hello.wasm", "tool.toml"]);
    home.write("cut.tar", "no archive");
    for (file, says) in [
        ("link.tar", "is a link"),
        ("slip.tar", "`../../tool.toml` is no path inside a plugin"),
        ("absolute.tar", "`/etc/tool.toml` is no path inside a plugin"),
        ("folder.tar", "no path inside a plugin"),
        ("other.tar", "not written as `steward plugin pack` writes it"),
        ("cut.tar", "ends too early"),
    ] {
        home.refused(&["plugin", "install", file], &[file, says]);
    }
    assert!(!home.path("data/plugins").exists(), "nothing was written");
    let said = home.succeeds(&["plugin", "install", "again.tar"]);
    assert!(said.contains("steward plugin accept hello"), "{said}");
    assert!(home.succeeds(&["plugin", "accept", "hello"]).contains("with the first `steward up`"));
    assert!(home.succeeds(&["plugin", "list"]).contains("hello.greet_contact"));
    // From the folder it is the same plugin.
    assert!(home.succeeds(&["plugin", "install", "elsewhere"]).contains("stands in the list of accepted plugins as it is"));
    assert!(home.succeeds(&["plugin", "accept", "hello"]).contains("nothing to do"));
}

/// What plugins are built with here is what a new plugin names.
#[test]
fn the_tools_of_languages_are_those_that_a_new_plugin_names() {
    let home = Home::empty("versions");
    for language in ["js", "python"] {
        home.succeeds(&["plugin", "new", &format!("of_{language}"), "--lang", language]);
    }
    let read = |path: PathBuf| -> serde_json::Value { serde_json::from_str(&fs::read_to_string(path).expect("a file")).expect("JSON") };
    let (ours, new) = (read(peers().join("kit/package.json")), read(home.path("of_js/package.json")));
    assert!(ours["devDependencies"].is_object() && ours["devDependencies"] == new["devDependencies"], "{ours} {new}");
    let (ours, new) = (fs::read(peers().join("kit/requirements.txt")), fs::read(home.path("of_python/requirements.txt")));
    assert_eq!(ours.expect("ours"), new.expect("new"));
}

/// A file that uses each interface as its types say.
const TYPED: &str = r#"/// <reference path="../vendor/steward-plugin/interfaces.d.ts" />
import { nowMs } from "steward:plugin/clock@0.1.0";
import { findContacts, type Contact } from "steward:plugin/crm@0.1.0";
import { addNote } from "steward:plugin/crm-write@0.1.0";
import { fetch } from "steward:plugin/http@0.1.0";
import { compareAndSet, delete as forget, get } from "steward:plugin/kv@0.1.0";
import { read, search } from "steward:plugin/knowledge@0.1.0";
import { write } from "steward:plugin/log@0.1.0";
import { text, utf8 } from "../vendor/steward-plugin/index";

export function all(): string {
  const first: Contact | undefined = findContacts("lena", { limit: 1 }).items[0];
  const note = addNote({ tag: "contact", val: first?.id ?? "" }, text(fetch({ method: "GET", url: "https://example.com/", headers: [] }).body));
  const version: number = compareAndSet("last", utf8(note.id), get("last")?.version ?? 0);
  const gone: boolean = forget("before");
  const heading: string | null | undefined = search("terms", undefined, 5)[0]?.chunks[0]?.heading ?? read("doc_1", 1, 1).chunks[0]?.heading;
  write("info", `${nowMs() + version} ${gone} ${heading ?? ""}`);
  return note.text;
}
"#;

#[test]
fn what_a_plugin_in_typescript_says_of_the_interfaces_is_checked() {
    let home = Home::empty("typed");
    home.succeeds(&["plugin", "new", "hello", "--lang", "js"]);
    symlink(tools("kit/node_modules"), home.path("hello/node_modules")).expect("linked");
    tools("kit/node_modules/.bin/tsc");
    let check = || {
        let mut command = Command::new("npm");
        command.args(["run", "--silent", "check"]).current_dir(home.path("hello"));
        ended(command)
    };
    let ran = check();
    assert_eq!(ran.code, 0, "as it is begun: {ran:?}");
    home.write("hello/src/all.ts", TYPED);
    let ran = check();
    assert_eq!(ran.code, 0, "{ran:?}");
    for (from, to, says) in [
        ("limit: 1 }", "limit: \"1\" }", "'string' is not assignable to type 'number'"),
        ("note.text", "note.words", "'words' does not exist on type 'Note'"),
        ("?? 0);", "?? \"0\");", "is not assignable to parameter of type 'number'"),
        ("write(\"info\"", "write(\"loud\"", "is not assignable to parameter of type"),
    ] {
        assert!(TYPED.contains(from), "{from}");
        home.write("hello/src/all.ts", &TYPED.replace(from, to));
        let ran = check();
        assert!(ran.code != 0 && ran.out.contains("src/all.ts"), "{to}: {ran:?}");
        assert!(ran.out.contains(says), "`{says}`: {ran:?}");
    }
}

#[test]
fn a_plugin_in_javascript_is_begun_built_and_tried() {
    disagrees(&begun("js", "src/index.ts", |home| {
        symlink(tools("kit/node_modules"), home.path("hello/node_modules")).expect("linked");
    }));
}

#[test]
fn a_plugin_in_python_is_begun_built_and_tried() {
    begun("python", "src/app.py", |home| {
        symlink(tools("kit/.venv"), home.path("hello/.venv")).expect("linked");
    });
}

#[test]
fn a_plugin_in_c_is_begun_built_and_tried() {
    let has = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(has("clang") && has("wasm-ld"), "clang and wasm-ld are not there: `make peers` installs what plugins are built with");
    disagrees(&begun("c", "src/plugin.c", |_| {}));
}

/// The registry of Debian's package `docker-registry`, with a name and a password; killed when dropped.
struct Registry {
    process: std::process::Child,
    port: u16,
}

impl Registry {
    fn start(home: &Home) -> Self {
        let port = super::free_port();
        // bcrypt of `secret`.
        home.write("htpasswd", "me:$2b$04$QotYeiitX1.zlfPBTLYL...Y0ZQSGd6SXfF7TwlwvptwAKbWXqQ1e\n");
        home.write("registry.yml", &format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: \"127.0.0.1:{port}\" }}\nauth: {{ htpasswd: {{ realm: tests, path: {} }} }}\n",
            home.path("registry").display(),
            home.path("htpasswd").display()
        ));
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(home.path("registry.yml"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn();
        let process = process.expect("docker-registry is not there: `make peers` installs a registry that is not ours");
        let registry = Self { process, port };
        super::until("the registry to listen", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_plugin_is_pushed_to_a_registry_and_pulled_by_its_digest() {
    let home = Home::empty("registry");
    GuestFiles::hostile().write(&home.path("mine")).expect("written");
    let registry = Registry::start(&home);
    let name = format!("127.0.0.1:{}/tools/hostile", registry.port);
    let tagged = format!("{name}:1.0.0");
    // Nobody is let in, nor who gives a wrong password; the answer says what to do.
    home.refused(&["plugin", "push", &tagged, "mine"], &["STEWARD_REGISTRY_USER", "docker login"]);
    let home = home.set("STEWARD_REGISTRY_USER", "me").set("STEWARD_REGISTRY_PASSWORD", "wrong");
    home.refused(&["plugin", "push", &tagged, "mine"], &["401"]);
    let home = home.set("STEWARD_REGISTRY_PASSWORD", "secret");
    home.refused(&["plugin", "pull", &tagged], &["has no `tools/hostile`"]);
    let ran = home.run(&["plugin", "push", "hostile", "mine"]);
    assert!(ran.code == 2 && ran.err.contains("must be `host/path:tag`"), "{ran:?}");
    let said = home.succeeds(&["plugin", "push", &tagged, "mine"]);
    let digest = said.split_whitespace().find_map(|word| word.rsplit_once('@')).expect("a digest").1.trim_matches('`').to_owned();
    assert!(digest.starts_with("sha256:"), "{said}");
    let pushed = home.json(&["plugin", "push", &tagged, "mine", "--json"]);
    assert!(pushed["digest"] == digest && pushed["pushed_to"] == tagged, "the same plugin is the same artifact: {pushed}");

    // By tag, and by the digest that stays; what is pulled is what was packed.
    let packed = home.json(&["plugin", "pack", "mine", "--to", "packed.tar", "--json"]);
    assert!(packed["file"] == "packed.tar" && packed["files"].to_string().contains("tool.toml"), "{packed}");
    assert_eq!(packed["bytes"], fs::metadata(home.path("packed.tar")).expect("packed").len());
    let said = home.succeeds(&["plugin", "pull", &tagged, "--to", "pulled.tar"]);
    assert!(said.contains(&digest) && said.contains("steward plugin install pulled.tar"), "{said}");
    assert!(fs::read(home.path("pulled.tar")).expect("pulled") == fs::read(home.path("packed.tar")).expect("packed"));
    home.refused(&["plugin", "pull", &tagged, "--to", "pulled.tar"], &["`pulled.tar` is there already"]);
    let other = GuestFiles::asker();
    other.write(&home.path("other")).expect("written");
    home.succeeds(&["plugin", "push", &tagged, "other"]);
    let pinned = format!("{name}@{digest}");
    let pulled = home.json(&["plugin", "pull", &pinned, "--to", "pinned.tar", "--json"]);
    assert!(pulled["by_digest"] == pinned && pulled["file"] == "pinned.tar" && pulled["bytes"] == packed["bytes"], "{pulled}");
    assert!(fs::read(home.path("pinned.tar")).expect("pulled") == fs::read(home.path("packed.tar")).expect("packed"), "the tag moved, the digest did not");
    home.refused(&["plugin", "push", &pinned, "other"], &["names another"]);
    home.refused(&["plugin", "pull", &format!("{name}@sha256:{}", "0".repeat(64))], &["has no `tools/hostile`"]);

    // A registry that gives other bytes than it names: nothing of them is taken.
    let blobs = home.path("registry/docker/registry/v2/blobs/sha256");
    let mut forged = 0;
    for blob in walk(&blobs) {
        let bytes = fs::read(&blob).expect("a blob");
        if bytes == fs::read(home.path("packed.tar")).expect("packed") {
            fs::write(&blob, [&bytes[..bytes.len() - 1], b"x"].concat()).expect("forged");
            forged += 1;
        }
    }
    assert_eq!(forged, 1);
    home.refused(&["plugin", "pull", &pinned, "--to", "forged.tar"], &["nothing of it was taken"]);
    for blob in walk(&blobs) {
        let text = fs::read_to_string(&blob).unwrap_or_default();
        if text.contains("application/vnd.steward.plugin.v1.tar") {
            fs::write(&blob, text.replace("hostile-1.0.0.tar", "hostile-9.9.9.tar")).expect("forged");
        }
    }
    home.refused(&["plugin", "pull", &pinned, "--to", "forged.tar"], &["127.0.0.1"]);
    assert!(!home.path("forged.tar").exists());
    home.refused(&["plugin", "pull", "registry.invalid/tools/hostile:1"], &["the registry `registry.invalid` is not reached"]);
}

#[test]
fn a_registry_is_asked_through_no_proxy_of_the_environment() {
    let registry = TcpListener::bind(("127.0.0.1", 0)).expect("port");
    let name = format!("{}/tools/hostile:1", registry.local_addr().expect("address"));
    std::thread::spawn(move || {
        for mut stream in registry.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().expect("a clone")).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let (variables, heard) = super::proxy();
    let home = variables.iter().fold(Home::empty("proxied"), |home, (variable, proxy)| home.set(variable, proxy));
    home.set("STEWARD_REGISTRY_TOKEN", "registry-token").refused(&["plugin", "pull", &name], &["has no `tools/hostile`"]);
    assert_eq!(heard.load(Ordering::SeqCst), 0, "the token is for the registry");
}

/// Every file below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}
