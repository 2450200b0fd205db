//! The plugins that are part of the program, compiled by the build script.

use crate::plugin::Package;
use std::borrow::Cow;

/// A plugin as the build script embeds it.
#[derive(Debug)]
pub(crate) struct Shipped {
    pub(crate) manifest: &'static str,
    pub(crate) component: &'static [u8],
    pub(crate) files: &'static [(&'static str, &'static str)],
}

impl Shipped {
    pub(crate) fn package(&self) -> Package<'static> {
        Package {
            manifest: Cow::Borrowed(self.manifest),
            component: Cow::Borrowed(self.component),
            files: self.files.iter().map(|(path, text)| ((*path).to_owned(), Cow::Borrowed(*text))).collect(),
            signature: None,
            home: None,
        }
    }
}

/// All of them.
pub(crate) static SHIPPED: &[Shipped] = &include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
