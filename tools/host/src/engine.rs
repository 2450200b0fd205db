//! The engine all plugins share, its limits, and the table of loaded tools.
//!
//! Instances come from a pool whose slots are cleaned between calls; where the address space does not suffice for one
//! (a container with `ulimit -v`), they are made on demand, twice as slow and otherwise the same.

use crate::cache::Cache;
use crate::code::READINGS_MAX;
use crate::egress::{Dialer, EgressOptions};
use crate::error::{HostError, PluginError};
use crate::installed::{AcceptedPlugin, SetAside, Tried};
use crate::manifest::MEMORY_MB_MAX;
use crate::office::KvQuota;
use crate::plugin::{self, Package, PluginInfo};
use crate::shipped;
use crate::slots::Slots;
use crate::ticker::Ticker;
use crate::tool::Tool;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use steward_core::{Digest, ToolSpec};
use tokio::sync::{Semaphore, watch};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Tables of one call: how many, and elements of each.
pub(crate) const TABLES_MAX: usize = 50;
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;
/// Linear memories of one call; a composed component has several.
pub(crate) const MEMORIES_MAX: usize = 10;
/// Memories, and tables, that each slot has in the pool; a plugin with more takes more slots.
pub(crate) const PER_SLOT: usize = 2;
/// Core instances of one call.
pub(crate) const INSTANCES_MAX: usize = 200;
/// What one core instance or component may take for its own bookkeeping, in bytes.
const INSTANCE_BYTES_MAX: usize = 4 << 20;
/// The guest's stack, and the fiber's: the office's functions run on top of the guest, and unoptimised ones are large.
pub(crate) const WASM_STACK_BYTES: usize = 512 << 10;
const FIBER_STACK_BYTES: usize = 2 << 20;
/// Memory a slot keeps between calls: measured, less costs page faults, more costs resident memory.
const KEEP_BYTES: usize = 64 << 10;
const WARM_SLOTS: u32 = 32;

/// How instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Allocation {
    /// From a pool; on demand when there is no room for one.
    #[default]
    Pooled,
    /// On demand.
    OnDemand,
}

/// How a host is made.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Where compiled plugins are kept; none compiles them at every start.
    pub cache_dir: Option<PathBuf>,
    /// Calls that run at once, of one organisation half of them; more wait. A plugin with more than two memories or two tables takes more than one.
    pub slots: u32,
    /// How often a computing plugin gives way to others, in milliseconds; also how late past its deadline it is stopped.
    pub tick_ms: u64,
    /// How instances get their memory.
    pub allocation: Allocation,
    /// What the operator says about requests to others.
    pub egress: EgressOptions,
    /// What a plugin keeps in one workspace at most; its manifest asks for its own.
    pub kv: KvQuota,
}

/// What a plugin keeps in one workspace at most where the operator says nothing.
pub const KV_QUOTA_DEFAULT: KvQuota = KvQuota { bytes_max: 1 << 20, entries_max: 1000 };

impl Default for HostOptions {
    fn default() -> Self {
        Self { cache_dir: None, slots: 200, tick_ms: 2, allocation: Allocation::Pooled, egress: EgressOptions::default(), kv: KV_QUOTA_DEFAULT }
    }
}

/// The engine with its plugins. Cheap to clone; clones are one host.
#[derive(Debug, Clone)]
pub struct Host {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
    pub(crate) slots: Slots,
    pub(crate) cache: Cache,
    pub(crate) readings: Arc<Semaphore>,
    dialer: Arc<Dialer>,
    kv_cap: KvQuota,
    tools: RwLock<BTreeMap<String, Arc<Tool>>>,
    pub(crate) plugins: RwLock<BTreeMap<String, PluginInfo>>,
    servers: RwLock<BTreeMap<String, BTreeMap<String, Digest>>>,
    /// How often the table of tools changed; whoever watches is told.
    generation: watch::Sender<u64>,
    /// What was accepted of the installation's plugins, and what lay in their folders, when they were loaded last.
    pub(crate) tried: Mutex<Option<Tried>>,
    /// Which of their folders were set aside then.
    pub(crate) aside: RwLock<Vec<SetAside>>,
    /// Names of MCP servers, which no plugin of the installation takes.
    pub(crate) reserved: RwLock<BTreeSet<String>>,
    /// What of the list of accepted plugins is loaded; all of it while nobody held it to anything.
    pub(crate) held: RwLock<Option<BTreeMap<String, AcceptedPlugin>>>,
}

impl Host {
    /// Starts the engine. No plugin is loaded yet.
    pub fn new(options: HostOptions) -> Result<Self, HostError> {
        let slots = options.slots.max(1);
        let engine = match options.allocation {
            Allocation::Pooled => pooled(slots).or_else(|err| {
                tracing::warn!(error = format!("{err:#}"), "no room for a pool of plugin instances; making them on demand");
                Engine::new(&config())
            }),
            Allocation::OnDemand => Engine::new(&config()),
        };
        let engine = engine.map_err(|err| HostError::Engine(format!("{err:#}")))?;
        let cache = Cache::open(options.cache_dir.as_deref(), &engine)?;
        let ticker = Ticker::start(&engine, Duration::from_millis(options.tick_ms.max(1)))?;
        let slots = Slots::new(usize::try_from(slots).unwrap_or(usize::MAX));
        let (tools, plugins, servers, generation) = (RwLock::default(), RwLock::default(), RwLock::default(), watch::Sender::new(0));
        let (tried, aside, reserved, held) = (Mutex::default(), RwLock::default(), RwLock::default(), RwLock::default());
        let (dialer, kv_cap, readings) = (Arc::new(Dialer::new(options.egress)), options.kv, Arc::new(Semaphore::new(READINGS_MAX)));
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                ticker,
                slots,
                cache,
                readings,
                dialer,
                kv_cap,
                tools,
                plugins,
                servers,
                generation,
                tried,
                aside,
                reserved,
                held,
            }),
        })
    }

    /// Whether the operator gave a value to this secret of a plugin's.
    pub fn has_secret(&self, plugin: &str, name: &str) -> bool {
        self.inner.dialer.options.secrets.contains_key(&(plugin.to_owned(), name.to_owned()))
    }

    /// The same for whoever looks at plugins and does not run them for others: where its cache cannot be used, it does without one.
    ///
    /// # Errors
    /// When the engine does not start.
    pub fn to_look(options: HostOptions) -> Result<Self, HostError> {
        let without = HostOptions { cache_dir: None, ..options.clone() };
        Self::new(options).or_else(|err| match err {
            HostError::Cache { .. } | HostError::CacheKey { .. } => Self::new(without),
            other => Err(other),
        })
    }

    /// Loads the plugins that are part of the program.
    pub fn load_shipped(&self) -> Result<(), PluginError> {
        shipped::SHIPPED.iter().try_for_each(|package| self.load(&package.package()).map(|_| ()))
    }

    /// Loads the plugin in a folder: `tool.toml`, `<name>.wasm` (a component) and the schema files it names.
    pub fn load_dir(&self, dir: &Path) -> Result<PluginInfo, PluginError> {
        self.load(&Package::read(dir)?)
    }

    /// The specifications of all loaded tools, by name.
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.inner.tools.read().unwrap_or_else(PoisonError::into_inner).values().map(|tool| tool.spec().clone()).collect()
    }

    /// The loaded plugins, by name. Servers of the Model Context Protocol are none: nothing of them runs here.
    pub fn plugins(&self) -> Vec<PluginInfo> {
        self.inner.plugins.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A loaded tool.
    pub fn tool(&self, name: &str) -> Option<Arc<Tool>> {
        self.inner.tools.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Puts a tool into the table; the caller knows that its name is free.
    pub(crate) fn insert(&self, tool: Tool) {
        let mut tools = self.inner.tools.write().unwrap_or_else(PoisonError::into_inner);
        tools.insert(tool.spec().name.clone(), Arc::new(tool));
        self.inner.generation.send_modify(|generation| *generation += 1);
    }

    /// Puts these tools in the place of all of one server's at once: nobody sees a table with half of them. `accepted` is what they were made
    /// of, usable or not.
    pub(crate) fn replace_remote(&self, server: &str, accepted: BTreeMap<String, Digest>, fresh: Vec<Tool>) {
        let mut tools = self.inner.tools.write().unwrap_or_else(PoisonError::into_inner);
        tools.retain(|_, tool| tool.server() != Some(server));
        tools.extend(fresh.into_iter().map(|tool| (tool.spec().name.clone(), Arc::new(tool))));
        self.inner.servers.write().unwrap_or_else(PoisonError::into_inner).insert(server.to_owned(), accepted);
        self.inner.generation.send_modify(|generation| *generation += 1);
    }

    /// What a server's tools were made of; nothing before they were loaded.
    pub(crate) fn loaded_of(&self, server: &str) -> Option<BTreeMap<String, Digest>> {
        self.inner.servers.read().unwrap_or_else(PoisonError::into_inner).get(server).cloned()
    }

    /// Changes whenever the table of tools does, after the change: what was made from a table of the same generation still holds.
    pub fn generation(&self) -> u64 {
        *self.inner.generation.borrow()
    }

    /// Tells of every change of the table of tools from now on.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.generation.subscribe()
    }

    pub(crate) fn load(&self, package: &Package<'_>) -> Result<PluginInfo, PluginError> {
        self.put_in_place(self.make(package)?, false)
    }

    /// Compiles a plugin and checks it whole. Nothing of it can be called by that.
    pub(crate) fn make(&self, package: &Package<'_>) -> Result<(PluginInfo, Vec<Tool>), PluginError> {
        let compile = |wasm: &[u8]| self.inner.cache.component(&self.inner.engine, wasm);
        let _ticking = self.inner.ticker.run();
        plugin::load(&self.inner.engine, package, &self.inner.dialer, self.inner.kv_cap, compile)
    }

    /// Takes a plugin's tools out of the table. Calls under way end as they began.
    pub(crate) fn take_away(&self, plugin: &str) {
        let mut tools = self.inner.tools.write().unwrap_or_else(PoisonError::into_inner);
        tools.retain(|_, tool| tool.plugin() != Some(plugin));
        self.inner.plugins.write().unwrap_or_else(PoisonError::into_inner).remove(plugin);
        self.inner.generation.send_modify(|generation| *generation += 1);
        tracing::warn!(plugin.name = plugin, "plugin `{plugin}` is no longer accepted as it was loaded, and is not run any more");
    }

    /// Lets a plugin be called, in the place of the one of its name or where there is none: nobody sees a table with half of it.
    pub(crate) fn put_in_place(&self, (info, loaded): (PluginInfo, Vec<Tool>), replaces: bool) -> Result<PluginInfo, PluginError> {
        let mut tools = self.inner.tools.write().unwrap_or_else(PoisonError::into_inner);
        // A tool carries the name of its plugin or server, and that is one's alone.
        let prefix = format!("{}.", info.name);
        let is_own = |tool: &Tool| replaces && tool.plugin() == Some(&info.name);
        if tools.iter().any(|(name, tool)| name.starts_with(&prefix) && !is_own(tool)) {
            return Err(PluginError::Duplicate(info.name));
        }
        tools.retain(|_, tool| !is_own(tool));
        tools.extend(loaded.into_iter().map(|tool| (tool.spec().name.clone(), Arc::new(tool))));
        self.inner.plugins.write().unwrap_or_else(PoisonError::into_inner).insert(info.name.clone(), info.clone());
        self.inner.generation.send_modify(|generation| *generation += 1);
        tracing::info!(plugin.name = info.name, plugin.version = info.version, plugin.digest = %info.digest, "loaded plugin `{}`", info.name);
        Ok(info)
    }
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        // The same input gives the same result on every machine.
        .wasm_relaxed_simd(false)
        .cranelift_nan_canonicalization(true)
        // Nobody walks through a guest's frames but the engine itself, which needs neither table; they were a third of each plugin's memory.
        .native_unwind_info(false)
        .generate_address_map(false)
        // Invariant: multi-memory stays on. Composed components need it, and with it off the compiler panics on them.
        .wasm_memory64(false);
    config
}

/// How many memories or tables the pool has, where one call may have so many.
///
/// One organisation has at most half of the slots, and what weighs more than that is taken to weigh just that: three such calls at once is the most.
fn room(slots: u32, most: usize) -> u32 {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    slots.saturating_mul(number(PER_SLOT)).max(number(most).saturating_mul(3))
}

fn pooled(slots: u32) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        // Counted only, and an interpreter's component has dozens: what is short is memories and tables.
        .total_core_instances(slots.saturating_mul(u32::try_from(INSTANCES_MAX).unwrap_or(u32::MAX)))
        .total_memories(room(slots, MEMORIES_MAX))
        .total_tables(room(slots, TABLES_MAX))
        .total_stacks(slots)
        .max_core_instances_per_component(u32::try_from(INSTANCES_MAX).unwrap_or(u32::MAX))
        .max_memories_per_component(u32::try_from(MEMORIES_MAX).unwrap_or(u32::MAX))
        .max_tables_per_component(u32::try_from(TABLES_MAX).unwrap_or(u32::MAX))
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .max_memory_size(usize::try_from(MEMORY_MB_MAX << 20).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(KEEP_BYTES)
        .table_keep_resident(KEEP_BYTES)
        // Where the kernel can say which pages were touched (6.7), only those are cleaned, wherever they lie.
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(WARM_SLOTS);
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}
