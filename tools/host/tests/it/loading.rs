//! Plugins that are broken, hostile or not what their manifest says are not loaded, and say why; the host goes on.

use crate::support::{Folder, contract, options};
use steward_core::{ArgumentRole, Effect, Origin};
use steward_host::testing::GuestFiles;
use steward_host::{Host, PluginError};

fn load(host: &Host, files: &GuestFiles) -> Result<steward_host::PluginInfo, PluginError> {
    let folder = Folder::new();
    files.write(folder.path()).expect("written");
    host.load_dir(folder.path())
}

fn check(host: &Host, what: &str, files: &GuestFiles, expect: &str) {
    let refused = load(host, files).expect_err(what);
    let chain = match std::error::Error::source(&refused) {
        Some(source) => format!("{refused}: {source}"),
        None => refused.to_string(),
    };
    assert!(chain.contains(expect), "{what}: {chain}");
    assert!(host.specs().is_empty(), "{what}");
}

fn replaced(from: &str, to: &str) -> GuestFiles {
    let mut files = GuestFiles::crm();
    assert!(files.manifest.contains(from), "{from}");
    files.manifest = files.manifest.replacen(from, to, 1);
    files
}

fn asker(from: &str, to: &str) -> GuestFiles {
    let files = GuestFiles::asker();
    assert!(files.manifest.contains(from), "{from}");
    GuestFiles { manifest: files.manifest.replacen(from, to, 1), ..files }
}

fn component(bytes: Vec<u8>) -> GuestFiles {
    GuestFiles { component: bytes, ..GuestFiles::crm() }
}

/// A component of this text that exports what the contract asks for, without imports; the manifest asks for none.
/// Its `describe` answers with empty texts.
fn text(inner: &str) -> GuestFiles {
    bare(&contract(inner, "i32.const 0", "i32.const 0"))
}

fn bare(text: &str) -> GuestFiles {
    let mut files = component(wat::parse_str(text).expect("wat"));
    files.manifest = files.manifest.replace("crm = true\ncrm-write = true\n", "");
    files
}

#[test]
fn manifests_that_are_not_right_are_refused() {
    let host = Host::new(options()).expect("host");
    let tool = "name = \"crm.find_contacts\"";
    let cases = [
        ("unknown key", replaced("[limits]", "[limits]\ncpu_ms = 5"), "unknown field `cpu_ms`"),
        (
            "unknown interface",
            replaced("crm = true", "files = true"),
            "unknown field `files`, expected one of `log`, `clock`, `crm`, `crm-write`, `knowledge`, `http`, `kv`, `wasi-http`",
        ),
        ("unknown effect", replaced("effect = \"read\"", "effect = \"look\""), "unknown variant `look`"),
        ("unknown role", replaced("query = \"query\"", "query = \"search\""), "`search` is no argument role"),
        ("unknown label", replaced("\"directory\"", "\"ours\""), "unknown variant `ours`"),
        ("broken TOML", replaced("[limits]", "[limits"), "tool.toml: TOML parse error at line 11"),
        (
            "no tools",
            GuestFiles { manifest: GuestFiles::crm().manifest.split("[[tool]]").next().expect("head").to_owned(), ..GuestFiles::crm() },
            "1 to 100 [[tool]] entries",
        ),
        ("foreign name", replaced(tool, "name = \"mail.find\""), "tool `mail.find` must be called `crm.<verb>`"),
        ("name twice", replaced("name = \"crm.get_contact\"", tool), "`crm.find_contacts` stands there twice"),
        ("bad version", replaced("version = \"1.0.0\"", "version = \"1.0\""), "version `1.0` must be three numbers"),
        ("too much memory", replaced("memory_mb = 16", "memory_mb = 65"), "limit memory_mb is 65; this host takes 1 to 64"),
        ("no output", replaced("output_kb = 256", "output_kb = 0"), "limit output_kb is 0"),
        ("long timeout", replaced("timeout_ms = 5000", "timeout_ms = 5001"), "timeout_ms must be 1 to the plugin's deadline_ms, 5000"),
        ("preview of a reading", replaced(tool, &format!("{tool}\npreview = true")), "`preview` is for what a call would change"),
        ("fact of another type", replaced(tool, &format!("{tool}\nfacts = [\"local_hour:float\"]")), "fact `local_hour:float` is of type `float`"),
        (
            "unknown fact",
            replaced(tool, &format!("{tool}\nfacts = [\"weather\"]")),
            "tool `crm.find_contacts`: fact `weather` is none that rules can be told; ask for `known_contacts`, `local_hour:long`, `weekday:long`",
        ),
        (
            "egress without its interface",
            replaced("[limits]", "[egress]\nallow = [{ host = \"api.example.com\", methods = [\"GET\"], paths = [\"/v1/*\"] }]\n[limits]"),
            "[egress] allows others to be asked, and `http` does not stand under [imports]",
        ),
        ("its interface without egress", replaced("crm = true", "crm = true\nhttp = true"), "[egress] allows nobody to be asked"),
        ("egress to any host", asker("host = \"cloud.asker.test\"", "host = \"*.asker.test\""), "[egress] host `*.asker.test`: write one host an entry"),
        ("egress to an address", asker("host = \"cloud.asker.test\"", "host = \"169.254.169.254\""), "`169.254.169.254` is an address"),
        ("egress that names a private address", asker("host = \"cloud.asker.test\"", "private = true, host = \"cloud.asker.test\""), "unknown field `private`"),
        ("a secret without a name", asker("{{asker_token}}", "plain"), "must have `{{name}}`"),
        ("a switch that takes any text", asker("method = \"query\"", "method = \"mode\""), "argument `method` has the role `mode` and takes any text"),
        ("egress of another shape", replaced("[limits]", "[egress]\nallow = [\"*\"]\n[limits]"), "expected struct EgressRule"),
        ("schema outside", replaced("schemas/find_contacts.arguments.json", "../secret.json"), "must be a file inside the plugin's folder"),
        ("schema absolute", replaced("schemas/find_contacts.arguments.json", "/etc/hostname"), "must be a file inside the plugin's folder"),
        ("schema missing", replaced("schemas/find_contacts.arguments.json", "schemas/none.json"), "schemas/none.json`: No such file"),
        ("role without argument", replaced("query = \"query\"", "query = \"query\", subject = \"content\""), "role `subject` names no argument"),
        ("argument without role", replaced("query = \"query\", ", ""), "argument `query` has no role"),
        ("role of a list and not of what is in it", replaced("emails = \"value\"", "\"/emails\" = \"value\""), "argument `/emails/*` has no role"),
        ("label without field", replaced("/contacts/*/name", "/contacts/name"), "`/contacts/name` names no field"),
        ("anchor without field", replaced("anchors = [\"/contacts/*/name\"", "anchors = [\"name\""), "`name` names no field"),
        ("readers without field", replaced(tool, &format!("{tool}\nreaders = \"/contacts/*/team\"")), "`/contacts/*/team` names no field"),
    ];
    for (what, files, expect) in cases {
        check(&host, what, &files, expect);
    }
    let mut files = GuestFiles::crm();
    for (schema, expect) in
        [("{", "is not JSON"), ("{\"type\": \"array\"}", "must have `type`: `object`"), ("{\"type\": \"object\"}", "must have `additionalProperties`: false")]
    {
        files.files.iter_mut().find(|(path, _)| path == "schemas/find_contacts.arguments.json").expect("schema").1 = schema.to_owned();
        check(&host, schema, &files, expect);
    }
    load(&host, &GuestFiles::crm()).expect("the good one still loads");
}

#[test]
fn components_that_are_not_right_are_refused() {
    let host = Host::new(options()).expect("host");
    let good = GuestFiles::crm().component;
    // Names in a component carry their length, so a version of the same length can take the place of ours.
    let mut other_version = good.clone();
    let places: Vec<usize> = other_version.windows(6).enumerate().filter(|(_, window)| *window == b"@0.1.0").map(|(at, _)| at).collect();
    places.iter().for_each(|at| other_version[at + 1] = b'9');
    assert!(!places.is_empty());
    let other_types = r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
        (func (export "describe") (canon lift (core func $i "f"))) (func (export "call") (canon lift (core func $i "f"))))"#;
    let start_loop = "(core module $m (func $f (loop br 0)) (start $f)) (core instance (instantiate $m))";
    let many = format!("(core module $m (memory 1)) {}", "(core instance (instantiate $m))".repeat(300));
    let cases = [
        ("empty", component(Vec::new()), "not a component this host can run, truncated"),
        ("garbage", component(b"not wasm at all".to_vec()), "not a component this host can run"),
        ("truncated", component(good[..good.len() / 2].to_vec()), "not a component this host can run, truncated"),
        ("a core module", component(wat::parse_str("(module)").expect("wat")), "not a component this host can run"),
        ("text", component(b"(component)".to_vec()), "not a component this host can run"),
        ("too large", component(vec![0; (32 << 20) + 1]), "at most 33554432 are taken"),
        ("another version of the contract", component(other_version), "steward:plugin/types@9.1.0`, which this host does not offer"),
        (
            "an interface of others",
            bare("(component (import \"wasi:sockets/network@0.2.0\" (instance)))"),
            "imports `wasi:sockets/network@0.2.0`, which this host does not offer",
        ),
        ("no grant", replaced("crm-write = true", ""), "imports `crm-write` without a grant"),
        ("a grant too many", replaced("crm = true", "crm = true\nlog = true"), "is granted `log` but does not import it"),
        ("no exports", bare("(component)"), "does not export `describe` and `call`"),
        ("exports of another type", bare(other_types), "does not export `describe` and `call` of steward:plugin@0.1.0: "),
        ("a preview that is not there", text(""), "tool.toml says `preview = true` for `crm.create_contact`, and the code has no `preview`"),
        (
            "empty answers",
            GuestFiles { manifest: text("").manifest.replace("preview = true\n", ""), ..text("") },
            "it calls itself `@`, tool.toml says `crm@1.0.0`",
        ),
        ("a start function without end", text(start_loop), "describe() failed"),
        ("a large memory", text("(core module $m (memory 1600)) (core instance (instantiate $m))"), "memory"),
        (
            "memories that are too large together",
            text("(core module $m (memory 128)) (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m))"),
            "describe() failed",
        ),
        ("a large table", text("(core module $m (table 1000000 funcref)) (core instance (instantiate $m))"), "table"),
        ("shared memory", text("(core module $m (memory 1 2 shared)) (core instance (instantiate $m))"), "not a component this host can run"),
        ("64-bit memory", text("(core module $m (memory i64 1)) (core instance (instantiate $m))"), "not a component this host can run"),
        ("many instances", text(&many), "instance"),
    ];
    for (what, files, expect) in cases {
        check(&host, what, &files, expect);
    }
    load(&host, &GuestFiles::crm()).expect("the good one still loads");
}

/// What toolchains will write that come after this host, or that it was told not to take.
#[test]
fn what_a_newer_toolchain_writes_is_refused_by_name() {
    let host = Host::new(options()).expect("host");
    let good = GuestFiles::crm().component;
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        component(bytes)
    };
    let newer = "not a component this host can run, truncated or built for another host or by a newer toolchain: ";
    let core = |inner: &str| text(&format!("(core module $m {inner}) (core instance (instantiate $m))"));
    let cases = [
        ("a later version of the format", with(4, good[4] + 1), "version"),
        ("another layer of it", with(6, good[6] + 1), "version"),
        ("a section nobody knows", component([good.as_slice(), &[0x7f, 1, 0]].concat()), "section"),
        ("threads", core("(memory 1 1 shared)"), "threads"),
        ("memory of 64 bits", core("(memory i64 1)"), "memory64"),
        (
            "arithmetic that is not the same everywhere",
            core("(func (param v128 v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))"),
            "relaxed SIMD",
        ),
        ("stack switching", core("(type $f (func)) (type $c (cont $f))"), "stack switching"),
        ("a task of its own", bare("(component (core func $yield (canon thread.yield)))"), ""),
    ];
    for (what, files, feature) in cases {
        check(&host, what, &files, newer);
        check(&host, what, &files, feature);
    }
}

/// Tables grow while code runs, too.
#[test]
fn a_table_that_grows_stops_where_it_must() {
    let host = Host::new(options()).expect("host");
    let grow = "(func $grow (loop $on (br_if $on (i32.ne (table.grow 0 (ref.null func) (i32.const 1000)) (i32.const -1))))";
    let module = |most: u32| {
        let start = format!("{grow} (if (i32.gt_u (table.size 0) (i32.const {most})) (then unreachable))) (start $grow)");
        text(&format!("(core module $m (table 1 funcref) {start}) (core instance (instantiate $m))"))
    };
    // Past its start it is refused for something else.
    check(&host, "the bound", &module(20_000), "the code has no `preview`");
    check(&host, "less than the bound", &module(19_000), "describe() failed");
}

#[test]
fn code_that_does_not_agree_with_its_manifest_is_refused() {
    let host = Host::new(options()).expect("host");
    let entry = |name: &str| {
        let manifest = GuestFiles::crm().manifest;
        let start = manifest.find(&format!("[[tool]]\nname = \"{name}\"")).expect("entry");
        let end = manifest[start + 1..].find("[[tool]]").map_or(manifest.len(), |length| start + 1 + length);
        manifest[start..end].to_owned()
    };
    let last = entry("crm.list_deals");
    let more = format!("{last}\n{}", last.replacen("crm.list_deals", "crm.drop_deals", 1));
    let cases = [
        ("another effect", replaced("effect = \"write\"", "effect = \"send\""), "tool `crm.create_contact` has effect `write`, tool.toml says `send`"),
        ("another version", replaced("version = \"1.0.0\"", "version = \"1.0.1\""), "it calls itself `crm@1.0.0`, tool.toml says `crm@1.0.1`"),
        ("a tool too many in the code", replaced(&last, ""), "it has a tool `crm.list_deals` that tool.toml does not name"),
        ("a tool too many in the manifest", replaced(&last, &more), "it has no tool `crm.drop_deals`"),
    ];
    for (what, files, expect) in cases {
        check(&host, what, &files, expect);
    }
    let stranger = GuestFiles { name: "crm".to_owned(), component: GuestFiles::hostile().component, ..GuestFiles::crm() };
    let stranger = GuestFiles { manifest: stranger.manifest.replace("crm = true\n", "crm = true\nlog = true\nclock = true\n"), ..stranger };
    check(&host, "another plugin's code", &stranger, "it calls itself `hostile@1.0.0`, tool.toml says `crm@1.0.0`");
}

#[test]
fn a_plugin_is_loaded_once() {
    let host = Host::new(options()).expect("host");
    host.load_shipped().expect("shipped");
    let refused = load(&host, &GuestFiles::crm()).expect_err("twice");
    assert!(matches!(&refused, PluginError::Duplicate(name) if name == "crm"), "{refused}");
}

#[test]
fn a_loaded_plugin_says_what_it_is() {
    let host = Host::new(options()).expect("host");
    let info = load(&host, &GuestFiles::crm()).expect("loaded");
    assert_eq!((info.name.as_str(), info.version.as_str(), info.language.as_str()), ("crm", "1.0.0", "rust"));
    assert_eq!(info.imports, ["crm", "crm-write"]);
    assert_eq!(info.tools.len(), 11);

    let specs = host.specs();
    assert!(specs.iter().all(|spec| spec.plugin == "crm@1.0.0" && spec.plugin_digest == info.digest));
    let tool = host.tool("crm.add_note").expect("tool");
    let spec = tool.spec();
    assert_eq!((spec.effect, spec.reversible, spec.idempotent, spec.timeout_ms), (Effect::Write, true, true, 5000));
    assert_eq!(spec.roles.get("contact_id"), Some(&ArgumentRole::Id("contact".to_owned())));
    assert_eq!(spec.result_labels.get("/text"), Some(&Origin::Outside));
    assert!(host.tool("crm.drop_everything").is_none());
}
