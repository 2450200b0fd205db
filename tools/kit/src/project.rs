//! A plugin's folder: what its manifest says, and where the kit keeps what it makes.

use crate::error::KitError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use steward_host::{EgressOptions, Host, HostOptions, Outline, outline_of};

/// The folder of a project that is the kit's: compiled code, the world of the plugin, what a build leaves.
pub(crate) const OWN: &str = ".steward";

/// Calls at once: one. An interpreter's component has several memories and tables, and a slot two of each.
const SLOTS: u32 = 32;

/// A language that the kit knows how to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// With cargo.
    Rust,
    /// JavaScript or TypeScript, in QuickJS.
    Js,
    /// CPython.
    Python,
    /// C without a library.
    C,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::Js, Self::Python, Self::C];

    /// As it is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Js => "js",
            Self::Python => "python",
            Self::C => "c",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "rust" => Ok(Self::Rust),
            "js" | "ts" | "javascript" | "typescript" => Ok(Self::Js),
            "python" => Ok(Self::Python),
            "c" => Ok(Self::C),
            other => {
                Err(format!("the kit builds rust, js, python and c, and not `{other}`; any other tool that makes a component of the world `tool` does as well"))
            }
        }
    }
}

/// A plugin's folder with its manifest read.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder.
    pub dir: PathBuf,
    /// What its manifest says.
    pub outline: Outline,
    /// Where its compiled code is kept between commands: a folder of the person who builds, never one of the project, which may be somebody
    /// else's, and with it a cache and the key that seals it.
    pub compiled: Option<PathBuf>,
}

impl Project {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// When there is none, or it is not right.
    pub fn open(dir: &Path) -> Result<Self, KitError> {
        let path = dir.join("tool.toml");
        let text = match std::fs::read_to_string(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
                let said = match dir.parent() {
                    // A relative path from inside the plugin that it names.
                    Some(above) if above.join("tool.toml").is_file() => format!(
                        "there is no `tool.toml` in `{}`, but there is one in the directory above it: leave the name out, or go up to where `steward.toml` lies",
                        dir.display()
                    ),
                    Some(_) | None => format!("there is no `tool.toml` in `{}`; `steward plugin new NAME` begins a plugin", dir.display()),
                };
                return Err(KitError::said(said));
            }
            text => text.map_err(KitError::read(&path))?,
        };
        let outline = outline_of(&text).map_err(|source| KitError::Plugin { dir: dir.to_owned(), source })?;
        Ok(Self { dir: dir.to_owned(), outline, compiled: None })
    }

    /// Keeps its compiled code in this folder.
    #[must_use]
    pub fn compiled_in(self, folder: Option<PathBuf>) -> Self {
        Self { compiled: folder, ..self }
    }

    /// Its component.
    pub fn component(&self) -> PathBuf {
        self.dir.join(format!("{}.wasm", self.outline.name))
    }

    /// A folder of the kit's own in it, made where there is none.
    pub(crate) fn own(&self, name: &str) -> Result<PathBuf, KitError> {
        let path = self.dir.join(OWN).join(name);
        std::fs::create_dir_all(&path).map_err(KitError::write(&path))?;
        Ok(path)
    }

    /// A sandbox for it alone.
    pub(crate) fn host(&self, egress: EgressOptions) -> Result<Host, KitError> {
        Ok(Host::to_look(HostOptions { slots: SLOTS, egress, cache_dir: self.compiled.clone(), ..HostOptions::default() })?)
    }

    /// Puts an error about the plugin with its folder.
    pub(crate) fn failed(&self) -> impl FnOnce(steward_host::PluginError) -> KitError {
        let dir = self.dir.clone();
        move |source| KitError::Plugin { dir, source }
    }
}
