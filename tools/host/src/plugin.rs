//! Loading a plugin: manifest, schemas, component, grants, and that the code says the same of itself as the manifest.

use crate::bindings::{self, VERSION, steward::plugin::types as wit};
use crate::code::{Code, Ready, Source};
use crate::egress::{Dialer, Egress, EgressRule};
use crate::engine::{MEMORIES_MAX, PER_SLOT, TABLES_MAX};
use crate::error::{PluginError, tidy};
use crate::grants::{self, Grant};
use crate::identity::{SIGNATURE_BYTES_MAX, SIGNATURE_FILE};
use crate::manifest::{Limits, Manifest, SchemaSource, ToolEntry};
use crate::office::{KvQuota, KvSpace};
use crate::sandbox::Meter;
use crate::tool::{Body, Tool};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};
use steward_core::{Digest, Effect};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

/// The largest component taken, in bytes: a Python interpreter fits.
pub const COMPONENT_BYTES_MAX: usize = 32 << 20;
/// Epoch ticks that `describe` may take.
const DESCRIBE_TICKS: u64 = 100;
const REASON_MAX: usize = 500;

/// Everything a plugin consists of.
pub(crate) struct Package<'a> {
    pub(crate) manifest: Cow<'a, str>,
    pub(crate) component: Cow<'a, [u8]>,
    /// Schema files by the path the manifest uses.
    pub(crate) files: BTreeMap<String, Cow<'a, str>>,
    /// The text of its signature file; those that are part of the program have none.
    pub(crate) signature: Option<String>,
    /// The folder it lies in, where its code is to be read when it is called, and not before.
    pub(crate) home: Option<PathBuf>,
}

impl Package<'_> {
    /// Names all of it: component, manifest and schemas, each framed by its length.
    pub(crate) fn digest(&self) -> Digest {
        let files = self.files.iter().flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()]);
        Digest::of_parts([self.component.as_ref(), self.manifest.as_bytes()].into_iter().chain(files))
    }
}

impl Package<'static> {
    /// Reads a plugin's folder.
    pub(crate) fn read(dir: &Path) -> Result<Self, PluginError> {
        let read = |path: &str| {
            let path = dir.join(path);
            let found = fs::metadata(&path).map_err(|source| PluginError::Read { path: path.clone(), source })?;
            // A pipe or a device would be read for ever, and before anybody accepted it.
            if !found.is_file() {
                return Err(PluginError::Manifest(format!("`{}` is no file", path.display())));
            }
            let bytes = found.len();
            if bytes > COMPONENT_BYTES_MAX as u64 {
                return Err(PluginError::TooLarge {
                    plugin: path.display().to_string(),
                    bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
                    most: COMPONENT_BYTES_MAX,
                });
            }
            fs::read(&path).map_err(|source| PluginError::Read { path, source })
        };
        let text = |path: &str| {
            let bytes = read(path)?;
            String::from_utf8(bytes).map_err(|_| PluginError::Manifest(format!("file `{path}` is not UTF-8")))
        };
        let manifest = text("tool.toml")?;
        let parsed = Manifest::parse(&manifest)?;
        let mut files = BTreeMap::new();
        for source in parsed.tools.iter().flat_map(|tool| [&tool.arguments, &tool.result]) {
            if let SchemaSource::File(path) = source {
                files.insert(path.clone(), Cow::Owned(text(path)?));
            }
        }
        let component = read(&format!("{}.wasm", parsed.plugin.name))?;
        let signature = match fs::metadata(dir.join(SIGNATURE_FILE)) {
            Ok(found) if found.len() > SIGNATURE_BYTES_MAX => {
                return Err(PluginError::Manifest(format!("`{SIGNATURE_FILE}` is larger than {SIGNATURE_BYTES_MAX} bytes")));
            }
            Ok(_) => Some(text(SIGNATURE_FILE)?),
            Err(_) => None,
        };
        Ok(Self { manifest: Cow::Owned(manifest), component: Cow::Owned(component), files, signature, home: None })
    }
}

/// What one call of a plugin's tools may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginLimits {
    /// Memory in MiB.
    pub memory_mb: u64,
    /// Fuel: about one for each instruction.
    pub fuel: u64,
    /// Time in milliseconds.
    pub deadline_ms: u64,
    /// Largest result in KiB.
    pub output_kb: u64,
}

/// What was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it was written in.
    pub language: String,
    /// SHA-256 over the component, the manifest and the schemas.
    pub digest: Digest,
    /// The interfaces it was granted.
    pub imports: Vec<String>,
    /// Whom it may ask outside.
    pub egress: Vec<EgressRule>,
    /// What one call may use.
    pub limits: PluginLimits,
    /// What it asks to keep between calls, in each workspace; the operator's own bound counts too.
    pub kv: Option<KvQuota>,
    /// Its tools.
    pub tools: Vec<String>,
}

/// A loaded plugin.
pub(crate) struct Plugin {
    name: String,
    version: String,
    pub(crate) digest: Digest,
    pub(crate) code: Code,
    /// Its way to others, if its manifest has one.
    pub(crate) egress: Option<Arc<Egress>>,
    /// What it may keep, if its manifest asks for that.
    pub(crate) kv: Option<Arc<KvSpace>>,
    /// How many slots one call of it takes, by the memories and tables that its code has.
    pub(crate) weight: usize,
}

impl Plugin {
    /// Its name alone.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `crm@1.0.0`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plugin({} {})", self.full_name(), self.digest.short())
    }
}

/// Loads a plugin and checks it whole; nothing of a plugin that does not agree with its manifest is kept.
pub(crate) fn load(
    engine: &Engine,
    package: &Package<'_>,
    dialer: &Arc<Dialer>,
    kv_cap: KvQuota,
    compile: impl FnOnce(&[u8]) -> Result<(Component, Option<Digest>), String>,
) -> Result<(PluginInfo, Vec<Tool>), PluginError> {
    let manifest = Manifest::parse(&package.manifest)?;
    let (name, bytes) = (manifest.plugin.name.clone(), package.component.len());
    if bytes > COMPONENT_BYTES_MAX {
        return Err(PluginError::TooLarge { plugin: name, bytes, most: COMPONENT_BYTES_MAX });
    }
    let refuse = |reason: String| PluginError::Component { plugin: name.clone(), reason: tidy(&reason, REASON_MAX) };
    let (component, kept) = compile(&package.component).map_err(refuse)?;
    let granted = manifest.grants();
    grants::check_imports(&name, &component, engine, &granted)?;
    let linker = grants::linker(engine, &granted).map_err(|err| refuse(format!("{err:#}")))?;
    let pre = linker.instantiate_pre(&component).map_err(|err| refuse(format!("{err:#}")))?;
    let exports = |reason: wasmtime::Error| PluginError::Exports { plugin: name.clone(), version: VERSION, reason: tidy(&format!("{reason:#}"), REASON_MAX) };
    let ready = Ready::of(pre, &component).map_err(exports)?;
    let said = describe(engine, &component, &manifest)?;
    if let Some(tool) = manifest.tools.iter().find(|tool| tool.preview && ready.preview.is_none()) {
        let difference = format!("tool.toml says `preview = true` for `{}`, and the code has no `preview`", tool.name);
        return Err(PluginError::Disagrees { plugin: name, difference });
    }
    agree(&manifest, &said)?;

    let digest = package.digest();
    let allow = manifest.egress.allow;
    let egress = (!allow.is_empty()).then(|| Egress::new(&name, allow.clone(), Arc::clone(dialer))).transpose();
    let egress = egress.map_err(|_| refuse("its secrets could not be found again in what comes back".to_owned()))?.map(Arc::new);
    let kv = manifest.kv.map(|asked| Arc::new(KvSpace { plugin: name.clone(), quota: asked.within(kv_cap) }));
    let (version, weight) = (manifest.plugin.version.clone(), weight(&component));
    let source = kept.zip(package.home.clone()).map(|(component, home)| Source { component, package: digest, home, granted: granted.clone() });
    let code = Code::new(ready, source);
    let plugin = Arc::new(Plugin { name: name.clone(), version, digest, code, egress, kv, weight });
    let mut tools = Vec::with_capacity(manifest.tools.len());
    for entry in &manifest.tools {
        let arguments = schema(package, entry, &entry.arguments)?;
        let result = schema(package, entry, &entry.result)?;
        let body = Body::Plugin { plugin: Arc::clone(&plugin), limits: manifest.limits.clone() };
        // Who may read what the office hands over of documents is the office's word, and nothing of it is for all.
        let entry = ToolEntry { private: entry.private || granted.contains(&Grant::Knowledge), ..entry.clone() };
        tools.push(Tool::new(body, entry, manifest.limits.deadline_ms, arguments, result)?);
    }
    let info = PluginInfo {
        name,
        version: manifest.plugin.version,
        language: manifest.plugin.language,
        digest,
        imports: granted.iter().map(|grant| grant.name().to_owned()).collect(),
        egress: allow,
        limits: PluginLimits {
            memory_mb: manifest.limits.memory_mb,
            fuel: manifest.limits.fuel,
            deadline_ms: manifest.limits.deadline_ms,
            output_kb: manifest.limits.output_kb,
        },
        kv: manifest.kv,
        tools: tools.iter().map(|tool| tool.spec().name.clone()).collect(),
    };
    Ok((info, tools))
}

/// How many slots a call takes: each comes with so many memories and tables of the pool.
fn weight(component: &Component) -> usize {
    // Code that is handed modules by others cannot be counted; it has no such import here, and would have the most.
    let (memories, tables) = component.resources_required().map_or((MEMORIES_MAX, TABLES_MAX), |needs| (count(needs.num_memories), count(needs.num_tables)));
    memories.max(tables).div_ceil(PER_SLOT).max(1)
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn schema(package: &Package<'_>, entry: &ToolEntry, source: &SchemaSource) -> Result<Value, PluginError> {
    let refuse = |problem: String| PluginError::Schema { tool: entry.name.clone(), problem };
    match source {
        SchemaSource::Inline(schema) => Ok(Value::Object(schema.clone())),
        SchemaSource::File(path) => {
            let text = package.files.get(path).ok_or_else(|| refuse(format!("schema `{path}` is not part of the plugin")))?;
            serde_json::from_str(text).map_err(|err| refuse(format!("schema `{path}` is not JSON: {err}")))
        }
    }
}

/// Asks the code what it is, with every import a trap and the plugin's own limits.
fn describe(engine: &Engine, component: &Component, manifest: &Manifest) -> Result<wit::ManifestCheck, PluginError> {
    let name = &manifest.plugin.name;
    let failed = |err: wasmtime::Error| PluginError::Describe { plugin: name.clone(), reason: tidy(&format!("{err:#}"), REASON_MAX) };
    let exports = |err: wasmtime::Error| PluginError::Exports { plugin: name.clone(), version: VERSION, reason: tidy(&format!("{err:#}"), REASON_MAX) };

    let mut linker = Linker::<Meter>::new(engine);
    linker.define_unknown_imports_as_traps(component).map_err(failed)?;
    let Limits { fuel, output_kb, .. } = manifest.limits;
    let mut store = Store::new(engine, Meter::new(&manifest.limits));
    store.limiter(|meter| meter);
    store.set_hostcall_fuel(usize::try_from(output_kb << 10).unwrap_or(usize::MAX));
    store.set_fuel(fuel).map_err(failed)?;
    store.set_epoch_deadline(DESCRIBE_TICKS);
    store.epoch_deadline_trap();
    let instance = linker.instantiate(&mut store, component).map_err(failed)?;
    // Only looked up: a `call` of another type must not be found out by the first user.
    instance.get_typed_func::<(bindings::Request,), (Result<bindings::Response, bindings::Error>,)>(&mut store, "call").map_err(exports)?;
    if component.get_export_index(None, "preview").is_some() {
        instance.get_typed_func::<(bindings::Request,), (Result<wit::Preview, bindings::Error>,)>(&mut store, "preview").map_err(exports)?;
    }
    let describe = instance.get_typed_func::<(), (wit::ManifestCheck,)>(&mut store, "describe").map_err(exports)?;
    let (said,) = describe.call(&mut store, ()).map_err(failed)?;
    Ok(said)
}

fn agree(manifest: &Manifest, said: &wit::ManifestCheck) -> Result<(), PluginError> {
    let differ = |difference: String| Err(PluginError::Disagrees { plugin: manifest.plugin.name.clone(), difference: tidy(&difference, REASON_MAX) });
    if said.name != manifest.plugin.name || said.version != manifest.plugin.version {
        return differ(format!("it calls itself `{}@{}`, tool.toml says `{}@{}`", said.name, said.version, manifest.plugin.name, manifest.plugin.version));
    }
    let effects: BTreeMap<&str, Effect> = said.tools.iter().map(|tool| (tool.name.as_str(), effect(tool.effect))).collect();
    if effects.len() != said.tools.len() {
        return differ("it names a tool twice".to_owned());
    }
    for tool in &manifest.tools {
        match effects.get(tool.name.as_str()) {
            None => return differ(format!("it has no tool `{}`", tool.name)),
            Some(effect) if *effect != tool.effect => return differ(format!("tool `{}` has effect `{effect}`, tool.toml says `{}`", tool.name, tool.effect)),
            Some(_) => {}
        }
    }
    match effects.keys().find(|name| manifest.tools.iter().all(|tool| tool.name != **name)) {
        Some(more) => differ(format!("it has a tool `{more}` that tool.toml does not name")),
        None => Ok(()),
    }
}

const fn effect(effect: wit::Effect) -> Effect {
    match effect {
        wit::Effect::Read => Effect::Read,
        wit::Effect::Fetch => Effect::Fetch,
        wit::Effect::Write => Effect::Write,
        wit::Effect::Send => Effect::Send,
        wit::Effect::Destroy => Effect::Destroy,
        wit::Effect::Money => Effect::Money,
        wit::Effect::Credential => Effect::Credential,
        wit::Effect::Member => Effect::Member,
        wit::Effect::Admin => Effect::Admin,
    }
}
