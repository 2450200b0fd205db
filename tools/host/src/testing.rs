//! For tests of this crate and of those that stand on it: the shipped plugins as files, the hostile ones, an office in memory,
//! a server to ask.
//!
//! Compiled only with the feature `testing`; the product has none of it. There is no way around the permit here either.

mod echo;
mod kv;
mod office;

pub use crate::egress::MadeUp;
pub use echo::Echo;
pub use office::{MemoryOffice, Seed};

use crate::shipped::{SHIPPED, Shipped};
use std::path::Path;
use std::{fs, io};

static HOSTILE: &[Shipped] = &include!(concat!(env!("OUT_DIR"), "/hostile.rs"));

/// A guest as the files a plugin's folder holds.
#[derive(Debug, Clone)]
pub struct GuestFiles {
    /// The plugin's name; the component's file is called `<name>.wasm`.
    pub name: String,
    /// `tool.toml`.
    pub manifest: String,
    /// The component.
    pub component: Vec<u8>,
    /// Schema files, by path.
    pub files: Vec<(String, String)>,
}

impl GuestFiles {
    /// The shipped plugin `crm`.
    pub fn crm() -> Self {
        Self::of("crm", SHIPPED)
    }

    /// The shipped plugin `documents`.
    pub fn documents() -> Self {
        Self::of("documents", SHIPPED)
    }

    /// The plugin that does everything a plugin must not do.
    pub fn hostile() -> Self {
        Self::of("hostile", HOSTILE)
    }

    /// The plugin that asks others whatever its arguments say.
    pub fn asker() -> Self {
        Self::of("asker", HOSTILE)
    }

    /// The same, which may ask this port of `localhost` with its secret `asker_token`; the operator has to name that host as private.
    pub fn asker_at(port: u16) -> Self {
        let asker = Self::asker();
        let manifest = asker.manifest.replace("api.asker.test", "localhost").replace("8080", &port.to_string());
        Self { manifest, ..asker }
    }

    /// The plugin that asks others by `wasi:http` whatever its arguments say.
    pub fn roamer() -> Self {
        Self::of("roamer", HOSTILE)
    }

    /// The plugin that keeps and tells whatever its arguments say.
    pub fn keeper() -> Self {
        Self::of("keeper", HOSTILE)
    }

    fn of(name: &str, table: &[Shipped]) -> Self {
        let head = format!("name = \"{name}\"");
        let found = table.iter().find(|guest| guest.manifest.contains(&head));
        Self {
            name: name.to_owned(),
            manifest: found.map(|guest| guest.manifest.to_owned()).unwrap_or_default(),
            component: found.map(|guest| guest.component.to_vec()).unwrap_or_default(),
            files: found.map(|guest| guest.files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()).unwrap_or_default(),
        }
    }

    /// Writes the plugin's folder, for [`crate::Host::load_dir`].
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        fs::write(dir.join("tool.toml"), &self.manifest)?;
        fs::write(dir.join(format!("{}.wasm", self.name)), &self.component)?;
        self.files.iter().try_for_each(|(path, text)| {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap_or(dir))?;
            fs::write(path, text)
        })
    }
}
