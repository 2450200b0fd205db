//! Plugins of the installation: which were accepted, and loading exactly these.
//!
//! A folder among the plugins is not run because it is there: what it may do was accepted by people, by digest, and the list of that is a file
//! of the installation. Any byte that is another is another plugin, and waits.

use crate::Host;
use crate::egress::EgressRule;
use crate::error::PluginError;
use crate::identity::{PublicKey, SIGNATURE_FILE, Trust};
use crate::list_file::{self, ListError, ListFile};
use crate::manifest::Manifest;
use crate::mcp::Definition;
use crate::office::KvQuota;
use crate::plugin::{Package, PluginInfo, PluginLimits};
use crate::shipped::SHIPPED;
use crate::tool::Tool;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, PoisonError};
use std::time::SystemTime;
use std::{fs, io, thread};
use steward_core::{ArgumentRole, Digest, Effect, HasKind as _, Kind, Origin, RecordPattern, ToolSpec};

/// Folders that are looked at side by side, at most: to compile an interpreter takes much memory.
const AT_ONCE_MAX: usize = 4;
/// Files of a folder that are looked at, at most: a plugin has a handful.
const FILES_MAX: usize = 1_000;

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
    /// Whom it may ask outside, and with which secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub egress: Vec<EgressRule>,
    /// What one call may use.
    pub limits: PluginLimits,
    /// What it asks to keep between calls, in each workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv: Option<KvQuota>,
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

    /// Its tools as rules would see them, were it accepted. None where what is kept of a tool is not what a manifest says.
    pub fn specs(&self) -> Option<Vec<ToolSpec>> {
        let PluginFacts { version, digest, egress, .. } = &self.facts;
        let spec = |(name, definition): (&String, &Definition)| {
            let counts = Counts::deserialize(definition.annotations.as_ref()?).ok()?;
            let Counts { effect, reversible, idempotent, private, roles, result_labels, anchors, records, facts, timeout_ms } = counts;
            let (arguments, result) = (definition.input.clone(), definition.output.clone()?);
            Some(ToolSpec {
                name: name.clone(),
                plugin: format!("{}@{version}", self.name),
                description: definition.description.clone(),
                effect,
                reversible,
                idempotent,
                schema_digest: Digest::of_value(&[&arguments, &result]).ok()?,
                arguments,
                result,
                roles,
                result_labels,
                anchors,
                records,
                private,
                reaches_out: !egress.is_empty() && !matches!(effect, Effect::Read | Effect::Write),
                facts,
                timeout_ms,
                plugin_digest: *digest,
            })
        };
        self.tools.iter().map(spec).collect()
    }
}

/// Of what [`definition`] keeps of a tool, what rules see.
#[derive(Deserialize)]
struct Counts {
    effect: Effect,
    reversible: bool,
    idempotent: bool,
    private: bool,
    roles: BTreeMap<String, ArgumentRole>,
    result_labels: BTreeMap<String, Origin>,
    anchors: Vec<String>,
    records: Vec<RecordPattern>,
    facts: Vec<String>,
    timeout_ms: u64,
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
    /// The plugin, where it was read and nobody accepted it under this name: it waits for that.
    pub waiting: Option<String>,
    /// What is wrong, and what to do.
    pub reason: String,
}

/// What was there when the folders were loaded last.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    accepted: Vec<(String, Digest)>,
    files: Vec<(PathBuf, u64, Option<SystemTime>)>,
}

/// How a folder looks: two that are equal have the same files, of the same size and last changed at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderLook(Vec<(PathBuf, u64, Option<SystemTime>)>);

impl FolderLook {
    /// Looks at a folder, but not into those of these names.
    pub fn at(dir: &Path, skipped: &[&str]) -> Self {
        Self(look(dir, skipped))
    }
}

/// What tells a changed folder: all of its files, with size and time of change.
fn look(dir: &Path, skipped: &[&str]) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let (mut files, mut dirs) = (Vec::new(), vec![dir.to_owned()]);
    while let Some(dir) = dirs.pop() {
        for file in fs::read_dir(&dir).into_iter().flatten().flatten() {
            if files.len() >= FILES_MAX {
                break;
            }
            if skipped.iter().any(|name| file.file_name() == *name) {
                continue;
            }
            // Of a link itself and of what it leads to either change counts; only a folder of its own is gone into.
            let (own, found) = (file.metadata().ok(), fs::metadata(file.path()).ok());
            let changed = [&own, &found].into_iter().flatten().filter_map(|found| found.modified().ok()).max();
            files.push((file.path(), found.map_or(0, |found| found.len()), changed));
            dirs.extend(own.filter(fs::Metadata::is_dir).map(|_| file.path()));
        }
    }
    files.sort();
    files
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lock {
    plugins: BTreeMap<String, AcceptedPlugin>,
}

impl ListFile for Lock {
    fn check(&self) -> Result<(), String> {
        match self.plugins.iter().find(|(name, entry)| **name != entry.plugin.name) {
            Some((name, _)) => Err(format!("`{name}` is another plugin's entry")),
            None => Ok(()),
        }
    }
}

fn failed(path: &Path, err: ListError) -> PluginError {
    match err {
        ListError::Io(source) => PluginError::List { path: path.to_owned(), source },
        ListError::Broken(reason) => PluginError::Accepted { path: path.to_owned(), reason },
    }
}

impl Lock {
    fn read(path: &Path) -> Result<Self, PluginError> {
        list_file::read(path).map_err(|err| failed(path, err))
    }
}

/// What is accepted of a plugin now.
///
/// # Errors
/// When the list cannot be read.
pub fn accepted(lock: &Path, name: &str) -> Result<Option<AcceptedPlugin>, PluginError> {
    Ok(Lock::read(lock)?.plugins.remove(name))
}

/// All that is accepted.
///
/// # Errors
/// When the list cannot be read.
pub fn all_accepted(lock: &Path) -> Result<Vec<AcceptedPlugin>, PluginError> {
    Ok(Lock::read(lock)?.plugins.into_values().collect())
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
        let failed = |source| PluginError::Write { path: path.clone(), source };
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
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(PluginError::Write { path: to.join(SIGNATURE_FILE), source }),
            Ok(()) | Err(_) => {}
        },
    }
    write("tool.toml", package.manifest.as_bytes())
}

/// Writes into the list what is accepted of a plugin.
///
/// # Errors
/// When the list cannot be read or written.
pub fn put(lock: &Path, accepted: AcceptedPlugin) -> Result<(), PluginError> {
    let put = |kept: &mut Lock| {
        kept.plugins.insert(accepted.plugin.name.clone(), accepted);
        true
    };
    list_file::change(lock, put).map_err(|err| failed(lock, err))?;
    Ok(())
}

/// The same, unless what stands there came with the same or a later change. Says whether it was written.
///
/// # Errors
/// When the list cannot be read or written.
pub fn put_newer(lock: &Path, accepted: AcceptedPlugin) -> Result<bool, PluginError> {
    let put = |kept: &mut Lock| {
        let is_newer = kept.plugins.get(&accepted.plugin.name).is_none_or(|before| before.version < accepted.version);
        if is_newer {
            kept.plugins.insert(accepted.plugin.name.clone(), accepted);
        }
        is_newer
    };
    list_file::change(lock, put).map_err(|err| failed(lock, err))
}

/// Puts what counts in the place of what stands there of the plugin, if that is still what was seen. Says whether it was written.
///
/// # Errors
/// When the list cannot be read or written.
pub fn put_over(lock: &Path, seen: &AcceptedPlugin, accepted: AcceptedPlugin) -> Result<bool, PluginError> {
    let put = |kept: &mut Lock| {
        let is_still = kept.plugins.get(&seen.plugin.name) == Some(seen);
        if is_still {
            kept.plugins.insert(accepted.plugin.name.clone(), accepted);
        }
        is_still
    };
    list_file::change(lock, put).map_err(|err| failed(lock, err))
}

impl Host {
    /// Reads, verifies and checks the plugin of a folder as if it were loaded, and says what it is. Nothing of it can be called by that.
    ///
    /// # Errors
    /// Whatever would keep it from being loaded.
    pub fn examine(&self, dir: &Path, trust: &Trust) -> Result<Candidate, PluginError> {
        let package = Package::read(dir)?;
        let name = Manifest::parse(&package.manifest)?.plugin.name;
        self.check_name(&name)?;
        let signed_by = trust.check(&name, &package.digest(), package.signature.as_deref())?;
        self.candidate(&package, signed_by.map(|key| key.to_string()))
    }

    fn candidate(&self, package: &Package<'_>, signed_by: Option<String>) -> Result<Candidate, PluginError> {
        let (info, tools) = self.make(package)?;
        let tools = tools.iter().map(|tool| (tool.spec().name.clone(), definition(tool.spec(), tool.preview, tool.readers()))).collect();
        let PluginInfo { name, version, language, digest, imports, egress, limits, kv, .. } = info;
        Ok(Candidate { name, facts: PluginFacts { version, language, digest, signed_by, imports, egress, limits, kv }, tools })
    }

    /// The same for a plugin that is yet to be signed: whatever signature it has does not count.
    ///
    /// # Errors
    /// Whatever would keep it from being loaded.
    pub fn examine_unsigned(&self, dir: &Path) -> Result<Candidate, PluginError> {
        self.candidate(&Package::read(dir)?, None)
    }

    /// Who stands for the plugin of a folder, by its signature. Nothing of it is compiled by that.
    ///
    /// # Errors
    /// When it cannot be read, or its signature does not count or is of something else.
    pub fn signed_by(&self, dir: &Path, trust: &Trust) -> Result<Option<PublicKey>, PluginError> {
        let package = Package::read(dir)?;
        trust.check(&Manifest::parse(&package.manifest)?.plugin.name, &package.digest(), package.signature.as_deref())
    }

    /// Says which names are those of MCP servers of the configuration: no plugin of the installation takes one.
    pub fn reserve(&self, names: impl IntoIterator<Item = String>) {
        *self.inner.reserved.write().unwrap_or_else(PoisonError::into_inner) = names.into_iter().collect();
    }

    /// Holds the list to these entries: whatever stands in it, they alone are loaded from now on, and as they are here.
    pub fn hold_to(&self, entries: impl IntoIterator<Item = AcceptedPlugin>) {
        let held = entries.into_iter().map(|entry| (entry.plugin.name.clone(), entry)).collect();
        *self.inner.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }

    /// What is loaded of the list: all of it, or what it is held to. One that cannot be read is told also where it is held.
    fn read_list(&self, lock: &Path) -> Result<Lock, PluginError> {
        let list = Lock::read(lock)?;
        let held = self.inner.held.read().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(held.map_or(list, |plugins| Lock { plugins }))
    }

    /// Loads those of these folders that were accepted as they are, in the place of what was loaded of the same name; calls under way end as
    /// they began. Gives what was loaded and what was not. A folder that was accepted before and is another by now stays as it was loaded, and
    /// so does everything when the list of what is accepted cannot be read: then that list is what is set aside.
    pub fn load_installed(&self, dirs: &[PathBuf], lock: &Path, trust: &Trust) -> (Vec<PluginInfo>, Vec<SetAside>) {
        let (loaded, aside, _) = self.load_all(dirs, lock, trust);
        (loaded, aside)
    }

    /// The same; says also whether something failed that may pass by itself.
    fn load_all(&self, dirs: &[PathBuf], lock: &Path, trust: &Trust) -> (Vec<PluginInfo>, Vec<SetAside>, bool) {
        let (mut loaded, mut aside, mut names, mut may_pass) = (Vec::new(), Vec::new(), BTreeSet::new(), false);
        let mut set_aside = |dir: &Path, err: &PluginError| {
            may_pass |= err.kind() == Kind::Away;
            let waiting = if let PluginError::NotAccepted { plugin } = err { Some(plugin.clone()) } else { None };
            aside.push(SetAside { dir: dir.to_owned(), waiting, reason: chain(err) });
        };
        match self.read_list(lock) {
            Err(err) => set_aside(lock, &err),
            Ok(list) => {
                // In their order, however long each took: of two folders of one name the first counts.
                for (dir, ready) in dirs.iter().zip(self.ready_all(dirs, &list, trust)) {
                    match ready.and_then(|ready| self.place(ready, &mut names)) {
                        Ok(info) => loaded.extend(info),
                        Err(err) => set_aside(dir, &err),
                    }
                }
                // What is no longer accepted, or is another by now, is called no more.
                for info in self.plugins().into_iter().filter(|info| !is_shipped(&info.name)) {
                    if list.plugins.get(&info.name).is_none_or(|one| one.plugin.facts.digest != info.digest) {
                        self.take_away(&info.name);
                    }
                }
            }
        }
        self.inner.aside.write().unwrap_or_else(PoisonError::into_inner).clone_from(&aside);
        (loaded, aside, may_pass)
    }

    /// What was set aside when they were loaded last.
    pub fn set_aside(&self) -> Vec<SetAside> {
        self.inner.aside.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same as loading them, where the list or a folder is another than when they were loaded last, or what failed then may have passed;
    /// only a look at both where not. Gives what is set aside only when that is other than before.
    pub fn reload_installed(&self, dirs: &[PathBuf], lock: &Path, trust: &Trust) -> (Vec<PluginInfo>, Vec<SetAside>) {
        // A list that cannot be read is told by what lies there.
        let accepted = self.read_list(lock).map(|list| list.plugins.values().map(|one| (one.plugin.name.clone(), one.plugin.facts.digest)).collect());
        let list = fs::metadata(lock).ok().map(|found| (lock.to_owned(), found.len(), found.modified().ok()));
        let files = dirs.iter().flat_map(|dir| look(dir, &[])).chain(list.filter(|_| accepted.is_err()));
        let wanted = Tried { files: files.collect(), accepted: accepted.unwrap_or_default() };
        // Held while loading: of two that reload at once the second finds it done.
        let mut tried = self.inner.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.as_ref() == Some(&wanted) {
            return (Vec::new(), Vec::new());
        }
        let before = self.set_aside();
        let (loaded, aside, may_pass) = self.load_all(dirs, lock, trust);
        *tried = (!may_pass).then_some(wanted);
        (loaded, if aside == before { Vec::new() } else { aside })
    }

    /// Whether a plugin of the program, the loop, or an MCP server of the configuration has this name.
    fn check_name(&self, name: &str) -> Result<(), PluginError> {
        if is_shipped(name) {
            return Err(PluginError::Duplicate(name.to_owned()));
        }
        match self.inner.reserved.read().unwrap_or_else(PoisonError::into_inner).contains(name) {
            true => Err(PluginError::NameOfServer(name.to_owned())),
            false => Ok(()),
        }
    }

    /// What is found in each of these folders, several looked at side by side: an installation has hundreds, and a start waits for all. That a
    /// name was taken is seen afterwards, so the same folder twice is compiled twice.
    fn ready_all(&self, dirs: &[PathBuf], list: &Lock, trust: &Trust) -> Vec<Result<Ready, PluginError>> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut found = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(dir) = dirs.get(at) else { return found };
                found.push((at, self.ready(dir, list, trust)));
            }
        };
        let others = thread::available_parallelism().map_or(1, NonZero::get).min(AT_ONCE_MAX).min(dirs.len()).saturating_sub(1);
        let mut found = thread::scope(|scope| {
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let mut found = work();
            found.extend(others.into_iter().flat_map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic))));
            found
        });
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, ready)| ready).collect()
    }

    /// Reads and checks the plugin of a folder; nothing can be called by that.
    fn ready(&self, dir: &Path, list: &Lock, trust: &Trust) -> Result<Ready, PluginError> {
        let package = Package::read(dir)?;
        let (name, digest) = (Manifest::parse(&package.manifest)?.plugin.name, package.digest());
        // What is part of the program is replaced by nothing.
        self.check_name(&name)?;
        let Some(accepted) = list.plugins.get(&name) else { return Err(PluginError::NotAccepted { plugin: name }) };
        if accepted.plugin.facts.digest != digest {
            return Err(PluginError::OtherThanAccepted { plugin: name, digest });
        }
        trust.check(&name, &digest, package.signature.as_deref())?;
        if self.loaded(&name) == Some(digest) {
            return Ok(Ready { name, made: None });
        }
        // Most of what is installed is called seldom.
        let made = self.make(&Package { home: Some(dir.to_owned()), ..package })?;
        Ok(Ready { name, made: Some(made) })
    }

    /// Lets a plugin be called that is ready, and gives what it is, where it was not loaded just so before.
    fn place(&self, ready: Ready, names: &mut BTreeSet<String>) -> Result<Option<PluginInfo>, PluginError> {
        // Only who may run takes the name: a folder that waits keeps no other from running.
        if !names.insert(ready.name.clone()) {
            return Err(PluginError::Duplicate(ready.name));
        }
        let replaces = self.loaded(&ready.name).is_some();
        ready.made.map(|made| self.put_in_place(made, replaces)).transpose()
    }

    /// What is loaded of this name.
    fn loaded(&self, name: &str) -> Option<Digest> {
        self.inner.plugins.read().unwrap_or_else(PoisonError::into_inner).get(name).map(|info| info.digest)
    }
}

/// A plugin of the installation, read and checked.
struct Ready {
    name: String,
    /// None where just this is loaded already.
    made: Option<(PluginInfo, Vec<Tool>)>,
}

/// Whether a plugin of the program itself has this name, or the loop, whose tools are called so.
pub(crate) fn is_shipped(name: &str) -> bool {
    static NAMES: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| SHIPPED.iter().filter_map(|one| Manifest::parse(one.manifest).ok()).map(|manifest| manifest.plugin.name).collect());
    name == "steward" || NAMES.contains(name)
}

/// A tool as it is accepted.
fn definition(spec: &ToolSpec, preview: bool, readers: Option<&str>) -> Definition {
    let mut counts = json!({
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
    // Only where it is said: a plugin that says nothing of it is the one that was accepted before this was shown.
    if let (Some(readers), Some(counts)) = (readers, counts.as_object_mut()) {
        counts.insert("readers".to_owned(), readers.into());
    }
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
