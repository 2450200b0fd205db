//! The rules and cases that come with the program, to seed a data directory at its first start.

use crate::cases::CaseFile;
use crate::prove::PropertyFile;
use crate::rules::RuleFile;

/// File names and texts of the shipped rules.
pub const SHIPPED: &[(&str, &str)] = &[
    ("00-limits.cedar", include_str!("../rules/00-limits.cedar")),
    ("10-read.cedar", include_str!("../rules/10-read.cedar")),
    ("20-write.cedar", include_str!("../rules/20-write.cedar")),
    ("30-send.cedar", include_str!("../rules/30-send.cedar")),
    ("40-guarded.cedar", include_str!("../rules/40-guarded.cedar")),
];

/// File names and texts of the shipped cases.
pub const SHIPPED_CASES: &[(&str, &str)] = &[
    ("guarded.toml", include_str!("../cases/guarded.toml")),
    ("limits.toml", include_str!("../cases/limits.toml")),
    ("read.toml", include_str!("../cases/read.toml")),
    ("send.toml", include_str!("../cases/send.toml")),
    ("write.toml", include_str!("../cases/write.toml")),
];

/// File names and texts of the shipped safety properties.
pub const SHIPPED_PROPERTIES: &[(&str, &str)] = &[("shipped.txt", include_str!("../properties/shipped.txt"))];

/// The shipped safety properties as files.
pub fn shipped_properties() -> Vec<PropertyFile> {
    SHIPPED_PROPERTIES.iter().map(|(name, text)| PropertyFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

/// The shipped rules as files.
pub fn shipped_rules() -> Vec<RuleFile> {
    SHIPPED.iter().map(|(name, text)| RuleFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

/// The shipped cases as files.
pub fn shipped_cases() -> Vec<CaseFile> {
    SHIPPED_CASES.iter().map(|(name, text)| CaseFile { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}
