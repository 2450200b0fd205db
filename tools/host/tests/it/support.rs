//! What the tests share: a host with guests, permits from the real gate, folders that vanish.

use serde_json::Value;
use std::collections::BTreeSet;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use steward_core::{CallId, Digest, Envelope, EnvelopeKey, Outcome, Principal, TenantId};
use steward_host::testing::{GuestFiles, MemoryOffice};
use steward_host::{CallContext, CallReport, Host, HostOptions};
use steward_policies::{Decision, Facts, Permit, Proposal, RuleFile, Rules, decide, sample_facts};

/// A folder under the target directory that is removed with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("host-{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Nobody else may write there, whatever the umask is: the host refuses to keep compiled plugins in such a folder.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).expect("folder");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("removed");
    }
}

/// Options with a cache that all tests share, so that each guest is compiled once.
pub(crate) fn options() -> HostOptions {
    HostOptions { cache_dir: Some(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cwasm")), ..HostOptions::default() }
}

/// A host with the shipped plugins and the hostile one.
pub(crate) fn host(options: HostOptions) -> Host {
    let host = Host::new(options).expect("host");
    host.load_shipped().expect("shipped plugins");
    let folder = Folder::new();
    GuestFiles::hostile().write(folder.path()).expect("written");
    host.load_dir(folder.path()).expect("hostile plugin");
    host
}

/// The text of a component that exports what the contract asks for, without imports. `inner` stands before that; `describe` and `call` are the
/// bodies of those functions, in the same module and after what it keeps in memory: each answers with a place there.
pub(crate) fn contract(inner: &str, describe: &str, call: &str) -> String {
    let exports = r#"
        (type $effect0 (enum "read" "fetch" "write" "send" "destroy" "money" "credential" "member" "admin"))
        (export $effect "effect" (type $effect0))
        (type $tool0 (record (field "name" string) (field "effect" $effect)))
        (export $tool "tool-check" (type $tool0))
        (type $check0 (record (field "name" string) (field "version" string) (field "tools" (list $tool))))
        (export $check "manifest-check" (type $check0))
        (type $request0 (record (field "tool" string) (field "arguments" string) (field "key" string) (field "locale" string)
            (field "time-zone" string) (field "deadline-ms" u64)))
        (export $request "request" (type $request0))
        (type $response0 (record (field "result" string) (field "summary" (option string))))
        (export $response "response" (type $response0))
        (type $error0 (variant (case "invalid-arguments" string) (case "not-found" string) (case "denied" string)
            (case "unavailable" string) (case "failed" string)))
        (export $error "error" (type $error0))"#;
    let code = format!(
        r#"(core module $code
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024)
            (func (export "describe") (result i32) {describe})
            (func (export "call") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32) {call})
            {HOARDS})"#
    );
    let lifts = r#"
        (core instance $code (instantiate $code))
        (func (export "describe") (result $check) (canon lift (core func $code "describe") (memory (core memory $code "memory"))))
        (func (export "call") (param "request" $request) (result (result $response (error $error)))
            (canon lift (core func $code "call") (memory (core memory $code "memory")) (realloc (core func $code "realloc"))))"#;
    format!("(component {inner} {exports} {code} {lifts})")
}

/// What `describe` of the plugin `hoards` points to: the plugin, its version, and one tool that reads.
const HOARDS: &str = r#"
    (data (i32.const 128) "\c0\00\00\00\06\00\00\00\d0\00\00\00\05\00\00\00\a0\00\00\00\01\00\00\00")
    (data (i32.const 160) "\e0\00\00\00\0b\00\00\00\00")
    (data (i32.const 192) "hoards") (data (i32.const 208) "1.0.0") (data (i32.const 224) "hoards.hold")"#;

/// Permits from the real gate under one rule that allows everything.
pub(crate) struct Gate(Rules);

impl Gate {
    pub(crate) fn new(host: &Host) -> Self {
        let text = "@id(\"all\") @reason(\"Tests of the sandbox, not of the rules.\") permit (principal, action, resource);".to_owned();
        Self(Rules::load(&[RuleFile { name: "all.cedar".to_owned(), text }], &host.specs()).expect("rules"))
    }

    pub(crate) fn permit(&self, host: &Host, tool: &str, arguments: Value) -> Permit {
        let spec = host.tool(tool).unwrap_or_else(|| panic!("no tool {tool}")).spec().clone();
        self.permit_for(tool, arguments, spec.plugin_digest, spec.schema_digest)
    }

    /// The same for another organisation.
    pub(crate) fn permit_of(&self, tenant: TenantId, host: &Host, tool: &str, arguments: Value) -> Permit {
        let spec = host.tool(tool).unwrap_or_else(|| panic!("no tool {tool}")).spec().clone();
        self.permit_all(tenant, tool, arguments, (spec.plugin_digest, spec.schema_digest))
    }

    pub(crate) fn permit_for(&self, tool: &str, arguments: Value, plugin_digest: Digest, schema_digest: Digest) -> Permit {
        self.permit_all(tenant(1), tool, arguments, (plugin_digest, schema_digest))
    }

    fn permit_all(&self, tenant: TenantId, tool: &str, arguments: Value, (plugin_digest, schema_digest): (Digest, Digest)) -> Permit {
        let person = "person_00000000000000000000000001".parse().expect("id");
        let envelope = Envelope {
            tenant,
            run: "run_00000000000000000000000001".parse().expect("id"),
            call: CallId { step: 1, index: 0 },
            principal: Principal { agent: "assistant".to_owned(), person },
            tool: tool.to_owned(),
            plugin_digest,
            schema_digest,
            arguments: arguments.clone(),
            policy_digest: self.0.digest(),
            prompt: "assistant@1".to_owned(),
            prompt_digest: Digest::of(b""),
            model: "test/model".to_owned(),
            evidence: Value::Null,
            budget_micros: 0,
            expires_at_ms: i64::MAX,
            circumstances: Default::default(),
        };
        let workspace = "ws_00000000000000000000000001".parse().expect("id");
        let facts = Facts { person, roles: BTreeSet::new(), workspace, arguments, ..sample_facts(tool) };
        let envelope_id = envelope.id(&EnvelopeKey::from_bytes([7; 32])).expect("id");
        match decide(&self.0, Proposal { envelope, envelope_id }, &facts) {
            Decision::Allow { permit, .. } => permit,
            other => panic!("not allowed: {other:?}"),
        }
    }
}

/// The organisation of this number.
pub(crate) fn tenant(number: u32) -> TenantId {
    format!("org_{number:026}").parse().expect("id")
}

/// The context of a call with this key.
pub(crate) fn context(key: &str) -> CallContext {
    CallContext {
        key: key.to_owned(),
        deadline_ms: 60_000,
        locale: "en".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        now_ms: 1_700_000_000_000,
        run: Default::default(),
    }
}

/// Calls a tool with arguments that its schema takes.
pub(crate) async fn call(host: &Host, tool: &str, arguments: Value, key: &str, office: &Arc<MemoryOffice>) -> CallReport {
    let permit = Gate::new(host).permit(host, tool, arguments);
    host.call(permit, context(key), Arc::clone(office) as _).await
}

/// The text of an `hostile.*` answer.
pub(crate) fn text(report: &CallReport) -> String {
    match &report.outcome {
        Outcome::Ok { result, .. } => result.get("text").and_then(Value::as_str).expect("a text").to_owned(),
        Outcome::Failed { failure } => panic!("failed: {failure:?}"),
    }
}

/// Hears every line of the log, and what spans are about.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<Mutex<String>>);

impl tracing::field::Visit for Ear {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.lock().expect("the ear").push_str(&format!("{field}={value:?}\n"));
    }
}

impl tracing::Subscriber for Ear {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

impl Ear {
    /// All that was said, a field a line.
    pub(crate) fn heard(&self) -> String {
        self.0.lock().expect("the ear").clone()
    }
}
