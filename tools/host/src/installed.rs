//! Plugins of the installation: which were accepted, and loading exactly these.
//!
//! A folder among the plugins is not run because it is there: what it may do was accepted by people, by digest, and the list of that is a file
//! of the installation. Any byte that is another is another plugin, and waits.

use crate::Host;
use crate::error::{PluginError, tidy};
use crate::identity::{SIGNATURE_FILE, Trust};
use crate::manifest::Manifest;
use crate::mcp::Definition;
use crate::plugin::{Package, PluginInfo, PluginLimits};
use crate::shipped::SHIPPED;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::SystemTime;
use std::{fs, io};
use steward_core::{Digest, ToolSpec};

/// The largest list read, in bytes.
const LOCK_BYTES_MAX: u64 = 64 << 20;
const REASON_MAX: usize = 500;

/// What a plugin is and what it may reach and use, beside its tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginFacts {
    /// Its own word for its version.
    pub version: String,
    /// What it was written in.
    pub language: String,
    /// SHA-256 over component, manifest and schemas.
    pub digest: Digest,
    /// Whose signature it has.
    pub signed_by: Option<String>,
    /// The interfaces of the host that it is granted.
    pub imports: Vec<String>,
    /// What one call may use.
    pub limits: PluginLimits,
}

/// A plugin as people accept it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// What it is.
    pub facts: PluginFacts,
    /// Its tools by name; the hints say what the manifest says of each, which counts.
    pub tools: BTreeMap<String, Definition>,
}

impl Candidate {
    /// Names the plugin with all that it may do.
    pub fn digest(&self) -> Digest {
        let tools: Vec<u8> = self.tools.values().flat_map(|definition| *definition.digest().bytes()).collect();
        let facts = serde_json::to_vec(&self.facts).unwrap_or_default();
        Digest::of_parts([self.name.as_bytes(), &facts, &tools])
    }
}

/// What was accepted of one plugin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedPlugin {
    /// As it was shown.
    pub plugin: Candidate,
    /// The approved change that it came with last; 0 where there was none.
    pub version: i32,
}

/// A folder that is not run, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The folder.
    pub dir: PathBuf,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// What was there when the folders were loaded last.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tried {
    accepted: Vec<(String, Digest)>,
    files: Vec<(PathBuf, u64, Option<SystemTime>)>,
}

/// What tells a changed folder: its files with size and time of change.
fn look(dir: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let files = [dir.to_owned(), dir.join("schemas")].into_iter().filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten();
    let mut files: Vec<_> = files
        .map(|file| {
            let found = file.metadata().ok();
            (file.path(), found.as_ref().map_or(0, fs::Metadata::len), found.and_then(|found| found.modified().ok()))
        })
        .collect();
    files.sort();
    files
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    plugins: BTreeMap<String, AcceptedPlugin>,
}

impl Lock {
    /// Reads it; a file that is not there accepts nothing.
    fn read(path: &Path) -> Result<Self, PluginError> {
        let failed = |source| PluginError::Read { path: path.to_owned(), source };
        let broken = |reason: String| PluginError::Accepted { path: path.to_owned(), reason: tidy(&reason, REASON_MAX) };
        match fs::metadata(path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(err) => return Err(failed(err)),
            Ok(found) if found.len() > LOCK_BYTES_MAX => return Err(broken("it is too large".to_owned())),
            Ok(_) => {}
        }
        let lock: Self = serde_json::from_slice(&fs::read(path).map_err(failed)?).map_err(|err| broken(err.to_string()))?;
        match lock.plugins.iter().find(|(name, entry)| **name != entry.plugin.name) {
            Some((name, _)) => Err(broken(format!("`{name}` is another plugin's entry"))),
            None => Ok(lock),
        }
    }

    /// Writes it beside and moves it into place.
    fn write(&self, path: &Path) -> Result<(), PluginError> {
        let failed = |source| PluginError::Read { path: path.to_owned(), source };
        let text = serde_json::to_vec_pretty(self).map_err(|err| failed(err.into()))?;
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(failed)?;
        }
        let beside = path.with_extension("new");
        fs::write(&beside, text).map_err(failed)?;
        fs::rename(&beside, path).map_err(failed)
    }
}

/// What is accepted of a plugin now.
///
/// # Errors
/// When the list cannot be read.
pub fn accepted(lock: &Path, name: &str) -> Result<Option<AcceptedPlugin>, PluginError> {
    Ok(Lock::read(lock)?.plugins.remove(name))
}

/// Copies a plugin's files, and nothing else of its folder, to where the installation's plugins lie; what lay there of it is replaced.
///
/// # Errors
/// When something cannot be read or written. What was there before stays until all of it is read.
pub fn copy(from: &Path, to: &Path) -> Result<(), PluginError> {
    let package = Package::read(from)?;
    let name = Manifest::parse(&package.manifest)?.plugin.name;
    let write = |path: &str, bytes: &[u8]| {
        let path = to.join(path);
        let failed = |source| PluginError::Read { path: path.clone(), source };
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(failed)?;
        }
        fs::write(&path, bytes).map_err(failed)
    };
    write(&format!("{name}.wasm"), &package.component)?;
    package.files.iter().try_for_each(|(path, text)| write(path, text.as_bytes()))?;
    match &package.signature {
        Some(signature) => write(SIGNATURE_FILE, signature.as_bytes())?,
        // That of the files before is of something else.
        None => match fs::remove_file(to.join(SIGNATURE_FILE)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(PluginError::Read { path: to.join(SIGNATURE_FILE), source }),
            Ok(()) | Err(_) => {}
        },
    }
    write("tool.toml", package.manifest.as_bytes())
}

/// Writes into the list what is accepted of a plugin. The only function that does.
///
/// # Errors
/// When the list cannot be read or written.
pub fn put(lock: &Path, accepted: AcceptedPlugin) -> Result<(), PluginError> {
    let mut kept = Lock::read(lock)?;
    kept.plugins.insert(accepted.plugin.name.clone(), accepted);
    kept.write(lock)
}

impl Host {
    /// Reads, verifies and checks the plugin of a folder as if it were loaded, and says what it is. Nothing of it can be called by that.
    ///
    /// # Errors
    /// Whatever would keep it from being loaded.
    pub fn examine(&self, dir: &Path, trust: &Trust) -> Result<Candidate, PluginError> {
        let package = Package::read(dir)?;
        let name = Manifest::parse(&package.manifest)?.plugin.name;
        if is_shipped(&name) {
            return Err(PluginError::Duplicate(name));
        }
        let signed_by = trust.check(&name, &package.digest(), package.signature.as_deref())?;
        self.candidate(&package, signed_by.map(|key| key.to_string()))
    }

    fn candidate(&self, package: &Package<'_>, signed_by: Option<String>) -> Result<Candidate, PluginError> {
        let (info, tools) = self.make(package)?;
        let tools = tools.iter().map(|tool| (tool.spec().name.clone(), definition(tool.spec(), tool.preview))).collect();
        let PluginInfo { name, version, language, digest, imports, limits, .. } = info;
        Ok(Candidate { name, facts: PluginFacts { version, language, digest, signed_by, imports, limits }, tools })
    }

    /// The same for a plugin that is yet to be signed: whatever signature it has does not count.
    ///
    /// # Errors
    /// Whatever would keep it from being loaded.
    pub fn examine_unsigned(&self, dir: &Path) -> Result<Candidate, PluginError> {
        self.candidate(&Package::read(dir)?, None)
    }

    /// Loads those of these folders that were accepted as they are, in the place of what was loaded of the same name; calls under way end as
    /// they began. Gives what was loaded and what was not. A folder that was accepted before and is another by now stays as it was loaded.
    ///
    /// # Errors
    /// When the list of what is accepted cannot be read; everything else sets only its own folder aside.
    pub fn load_installed(&self, dirs: &[PathBuf], lock: &Path, trust: &Trust) -> Result<(Vec<PluginInfo>, Vec<SetAside>), PluginError> {
        let lock = Lock::read(lock)?;
        let (mut loaded, mut aside, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        for dir in dirs {
            match self.load_one(dir, &lock, trust, &mut names) {
                Ok(info) => loaded.extend(info),
                Err(err) => aside.push(SetAside { dir: dir.clone(), reason: chain(&err) }),
            }
        }
        // What is no longer accepted, or is another by now, is called no more.
        for info in self.plugins().into_iter().filter(|info| !is_shipped(&info.name)) {
            if lock.plugins.get(&info.name).is_none_or(|one| one.plugin.facts.digest != info.digest) {
                self.take_away(&info.name);
            }
        }
        self.inner.aside.write().unwrap_or_else(PoisonError::into_inner).clone_from(&aside);
        Ok((loaded, aside))
    }

    /// The folders that were set aside when they were loaded last.
    pub fn set_aside(&self) -> Vec<SetAside> {
        self.inner.aside.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, where the list or a folder is another than when they were loaded last; only a look at both where not.
    ///
    /// # Errors
    /// When the list of what is accepted cannot be read.
    pub fn reload_installed(&self, dirs: &[PathBuf], lock: &Path, trust: &Trust) -> Result<(Vec<PluginInfo>, Vec<SetAside>), PluginError> {
        let accepted = Lock::read(lock)?.plugins.values().map(|one| (one.plugin.name.clone(), one.plugin.facts.digest)).collect();
        let wanted = Tried { accepted, files: dirs.iter().flat_map(|dir| look(dir)).collect() };
        let mut tried = self.inner.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if *tried == wanted {
            return Ok((Vec::new(), Vec::new()));
        }
        *tried = wanted;
        drop(tried);
        self.load_installed(dirs, lock, trust)
    }

    fn load_one(&self, dir: &Path, lock: &Lock, trust: &Trust, names: &mut BTreeSet<String>) -> Result<Option<PluginInfo>, PluginError> {
        let package = Package::read(dir)?;
        let (name, digest) = (Manifest::parse(&package.manifest)?.plugin.name, package.digest());
        // What is part of the program is replaced by nothing.
        if is_shipped(&name) {
            return Err(PluginError::Duplicate(name));
        }
        let Some(accepted) = lock.plugins.get(&name) else { return Err(PluginError::NotAccepted { plugin: name }) };
        if accepted.plugin.facts.digest != digest {
            return Err(PluginError::OtherThanAccepted { plugin: name, digest });
        }
        trust.check(&name, &digest, package.signature.as_deref())?;
        // Only who may run takes the name: a folder that waits keeps no other from running.
        if !names.insert(name.clone()) {
            return Err(PluginError::Duplicate(name));
        }
        let before = self.plugins().into_iter().find(|info| info.name == name).map(|info| info.digest);
        if before == Some(digest) {
            return Ok(None);
        }
        self.put_in_place(&package, before.is_some()).map(Some)
    }
}

/// Whether a plugin of the program itself has this name, or the loop, whose tools are called so.
fn is_shipped(name: &str) -> bool {
    name == "steward" || SHIPPED.iter().any(|one| Manifest::parse(one.manifest).is_ok_and(|manifest| manifest.plugin.name == name))
}

/// A tool as it is accepted.
fn definition(spec: &ToolSpec, preview: bool) -> Definition {
    let counts = json!({
        "effect": spec.effect,
        "reversible": spec.reversible,
        "idempotent": spec.idempotent,
        "preview": preview,
        "private": spec.private,
        "roles": spec.roles,
        "result_labels": spec.result_labels,
        "anchors": spec.anchors,
        "records": spec.records,
        "facts": spec.facts,
        "timeout_ms": spec.timeout_ms,
    });
    Definition {
        name: spec.name.clone(),
        description: spec.description.clone(),
        input: spec.arguments.clone(),
        output: Some(spec.result.clone()),
        annotations: Some(counts),
    }
}

fn chain(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut source = err.source();
    while let Some(err) = source {
        text = format!("{text}: {err}");
        source = err.source();
    }
    text
}
