//! The hands: tool plugins run as sandboxed WebAssembly components, and tools of MCP servers.
//!
//! [`Host::call`] is the only way to run a tool, and it takes the gate's [`steward_policies::Permit`] by value. Every call
//! gets a fresh instance with limits of its own; a plugin reaches nothing but the interfaces its manifest was granted.
//! Nothing here knows SQL or models; MCP servers are reached by HTTP, and whom a plugin's manifest names, through `egress`; no plugin has
//! ambient time, chance, files or network.

mod bindings;
mod budget;
mod cache;
mod call;
mod clean;
mod code;
mod egress;
mod engine;
mod error;
mod failure;
mod forms;
#[cfg(feature = "testing")]
pub mod fuzzing;
mod grants;
pub mod guest;
mod identity;
mod imports;
pub mod installed;
mod list_file;
mod manifest;
pub mod mcp;
pub mod office;
mod outline;
mod own;
mod plugin;
mod preview;
mod sandbox;
mod schema;
mod shipped;
mod slots;
#[cfg(feature = "testing")]
pub mod testing;
mod ticker;
mod tool;
#[expect(unreachable_pub, reason = "the generated bindings hand these types on as public")]
mod wasi;

pub use budget::RunBudget;
pub use call::{CallContext, CallReport};
pub use egress::{
    Answers, COURIER_BYTES_MAX, Courier, CourierError, Delivered, Document, EgressOptions, EgressRule, EgressSecret, NAMES_KEPT, Network, NetworkError,
    NoSecrets, OWN_SECRET_BYTES_MAX, OwnSecrets, PrivateHost, Reader, ReaderError, Recorded, RecordedAnswer, Resolver, Roots, SECRET_BYTES_MAX,
    SECRET_BYTES_MIN, Scheme, SecretsAway, SentRequest, Witness,
};
pub use engine::{Allocation, Host, HostOptions, KV_QUOTA_DEFAULT};
pub use error::{HostError, PluginError};
pub use identity::{KeyError, PublicKey, SIGNATURE_FILE, SigningKey, Trust};
pub use manifest::KV_QUOTA_MOST;
pub use office::{KvQuota, Office, OfficeError};
pub use outline::{Outline, OutlineTool, files_of, outline_of};
pub use own::{DELEGATE, EXTRACT, PROPOSE_GRANT, SCHEDULE, says_at};
pub use plugin::{COMPONENT_BYTES_MAX, PluginInfo, PluginLimits};
pub use preview::{Preview, PreviewLine};
pub use schema::{ArgumentError, is_open_text};
pub use tool::Tool;
