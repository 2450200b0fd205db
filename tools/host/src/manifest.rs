//! `tool.toml`: the authority on what a plugin may do. Read once, at load; an unknown key is an error.
//!
//! Nothing here looks at the component; that it agrees is checked by `plugin`.

use crate::egress::{EgressRule, RULES_MAX};
use crate::error::PluginError;
use crate::grants::Grant;
use crate::office::KvQuota;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use steward_core::{ArgumentRole, Effect, Origin, RecordPattern};
use steward_policies::FactDeclaration;

/// Linear memory of one call at most, in MiB; the pool's slots are this large.
pub(crate) const MEMORY_MB_MAX: u64 = 64;
const FUEL_MAX: u64 = 20_000_000_000;
const DEADLINE_MS_MAX: u64 = 60_000;
const OUTPUT_KB_MAX: u64 = 1024;
/// What a plugin may keep in a workspace at most, whatever the operator allows.
pub const KV_QUOTA_MOST: KvQuota = KvQuota { bytes_max: 64 << 20, entries_max: 100_000 };
const NAME_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 1024;
const TOOLS_MAX: usize = 100;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) plugin: Head,
    #[serde(default)]
    imports: Imports,
    #[serde(default)]
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) egress: Egress,
    #[serde(default)]
    pub(crate) kv: Option<KvQuota>,
    #[serde(rename = "tool", default)]
    pub(crate) tools: Vec<ToolEntry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) language: String,
}

/// One key an interface; a table for an interface with settings of its own can take the place of `true` later.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Imports {
    log: bool,
    clock: bool,
    crm: bool,
    crm_write: bool,
    knowledge: bool,
    http: bool,
    kv: bool,
    wasi_http: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Sum over all linear memories.
    pub(crate) memory_mb: u64,
    pub(crate) fuel: u64,
    pub(crate) deadline_ms: u64,
    pub(crate) output_kb: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mb: 16, fuel: 500_000_000, deadline_ms: 5000, output_kb: 256 }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Egress {
    pub(crate) allow: Vec<EgressRule>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolEntry {
    pub(crate) name: String,
    pub(crate) effect: Effect,
    pub(crate) reversible: bool,
    pub(crate) idempotent: bool,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) description: String,
    pub(crate) arguments: SchemaSource,
    pub(crate) result: SchemaSource,
    #[serde(default)]
    pub(crate) roles: BTreeMap<String, ArgumentRole>,
    #[serde(default)]
    pub(crate) result_labels: BTreeMap<String, Origin>,
    #[serde(default)]
    pub(crate) anchors: Vec<String>,
    #[serde(default)]
    pub(crate) records: Vec<RecordPattern>,
    #[serde(default)]
    pub(crate) private: bool,
    /// Where the result says who may read it.
    pub(crate) readers: Option<String>,
    #[serde(default)]
    pub(crate) facts: Vec<String>,
    #[serde(default)]
    pub(crate) preview: bool,
}

/// A schema: a file of the plugin's folder, or written out in the manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum SchemaSource {
    File(String),
    Inline(serde_json::Map<String, serde_json::Value>),
}

impl Manifest {
    /// Reads and checks a manifest.
    pub(crate) fn parse(text: &str) -> Result<Self, PluginError> {
        let manifest: Self = toml::from_str(text).map_err(|err| PluginError::Manifest(err.to_string().trim_end().to_owned()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The interfaces asked for.
    pub(crate) fn grants(&self) -> BTreeSet<Grant> {
        let Imports { log, clock, crm, crm_write, knowledge, http, kv, wasi_http } = self.imports;
        let asked = [
            (log, Grant::Log),
            (clock, Grant::Clock),
            (crm, Grant::Crm),
            (crm_write, Grant::CrmWrite),
            (knowledge, Grant::Knowledge),
            (http, Grant::Http),
            (kv, Grant::Kv),
            (wasi_http, Grant::WasiHttp),
        ];
        asked.into_iter().filter(|(asked, _)| *asked).map(|(_, grant)| grant).collect()
    }

    fn check(&self) -> Result<(), PluginError> {
        let refuse = |problem: String| Err(PluginError::Manifest(problem));
        let Head { name, version, language } = &self.plugin;
        if !is_name(name) {
            return refuse(format!("plugin name `{name}` must be lower-case letters, digits and `_`, at most {NAME_MAX}, a letter first"));
        }
        let numbers: Vec<&str> = version.split('.').collect();
        if numbers.len() != 3 || numbers.iter().any(|number| number.parse::<u32>().is_err()) {
            return refuse(format!("version `{version}` must be three numbers, for example `1.0.0`"));
        }
        if language.is_empty() || language.len() > NAME_MAX {
            return refuse("language must be named, for example `rust`".to_owned());
        }
        let Limits { memory_mb, fuel, deadline_ms, output_kb } = self.limits;
        for (key, value, most) in [
            ("memory_mb", memory_mb, MEMORY_MB_MAX),
            ("fuel", fuel, FUEL_MAX),
            ("deadline_ms", deadline_ms, DEADLINE_MS_MAX),
            ("output_kb", output_kb, OUTPUT_KB_MAX),
        ] {
            if value == 0 || value > most {
                return refuse(format!("limit {key} is {value}; this host takes 1 to {most}"));
            }
        }
        let allow = &self.egress.allow;
        let Imports { http, wasi_http, .. } = self.imports;
        if (http || wasi_http) == allow.is_empty() {
            return refuse(if allow.is_empty() {
                let asks = if http { "http" } else { "wasi-http" };
                format!("`{asks}` stands under [imports], and [egress] allows nobody to be asked; name them under `allow`")
            } else {
                "[egress] allows others to be asked, and `http` does not stand under [imports]; add `http = true`, or `wasi-http = true` for code that asks by `wasi:http`".to_owned()
            });
        }
        if allow.len() > RULES_MAX {
            return refuse(format!("[egress] allows {} things, at most {RULES_MAX} are taken", allow.len()));
        }
        for rule in allow {
            rule.check().map_err(|problem| PluginError::Manifest(format!("[egress] {problem}")))?;
        }
        match self.kv {
            None if self.imports.kv => {
                return refuse("`kv` stands under [imports], and nothing says how much is kept; add `[kv]` with `bytes_max` and `entries_max`".to_owned());
            }
            Some(_) if !self.imports.kv => return refuse("[kv] says how much is kept, and `kv` does not stand under [imports]; add `kv = true`".to_owned()),
            Some(KvQuota { bytes_max, entries_max }) => {
                for (key, value, most) in [("bytes_max", bytes_max, KV_QUOTA_MOST.bytes_max), ("entries_max", entries_max, KV_QUOTA_MOST.entries_max)] {
                    if value == 0 || value > most {
                        return refuse(format!("[kv] {key} is {value}; this host takes 1 to {most}"));
                    }
                }
            }
            None => {}
        }
        if self.tools.is_empty() || self.tools.len() > TOOLS_MAX {
            return refuse(format!("a plugin has 1 to {TOOLS_MAX} [[tool]] entries, this has {}", self.tools.len()));
        }
        let mut names = BTreeSet::new();
        for tool in &self.tools {
            tool.check(name, deadline_ms).map_err(PluginError::Manifest)?;
            if !names.insert(&tool.name) {
                return refuse(format!("tool `{}` stands there twice", tool.name));
            }
        }
        Ok(())
    }
}

impl ToolEntry {
    fn check(&self, plugin: &str, deadline_ms: u64) -> Result<(), String> {
        let name = &self.name;
        if name.len() > NAME_MAX || name.split_once('.').is_none_or(|(before, verb)| before != plugin || !is_name(verb)) {
            return Err(format!("tool `{name}` must be called `{plugin}.<verb>`, at most {NAME_MAX} letters"));
        }
        if self.description.is_empty() || self.description.chars().count() > DESCRIPTION_MAX {
            return Err(format!("tool `{name}` needs a description of 1 to {DESCRIPTION_MAX} characters"));
        }
        if self.timeout_ms.is_some_and(|timeout| timeout == 0 || timeout > deadline_ms) {
            return Err(format!("tool `{name}`: timeout_ms must be 1 to the plugin's deadline_ms, {deadline_ms}"));
        }
        if self.preview && self.effect.only_reads() {
            return Err(format!("tool `{name}`: `preview` is for what a call would change; this one only reads"));
        }
        for fact in &self.facts {
            FactDeclaration::parse(fact).map_err(|problem| format!("tool `{name}`: {problem}"))?;
        }
        for source in [&self.arguments, &self.result] {
            if let SchemaSource::File(path) = source
                && (path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| part.is_empty() || part.starts_with('.')))
            {
                return Err(format!("tool `{name}`: schema `{path}` must be a file inside the plugin's folder"));
            }
        }
        Ok(())
    }
}

/// Whether a text is a name of a plugin or a verb.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= NAME_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}
