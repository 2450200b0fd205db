//! The rules and cases that come with the program, to seed a data directory at its first start.

use crate::cases::CaseFile;
use crate::problem::RulesError;
use crate::prove::PropertyFile;
use crate::rules::{RuleFile, Rules};
use steward_core::ToolSpec;

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

/// Rules that allow nothing, for when those that should be in force cannot be used: whatever cannot be decided is refused.
pub fn nothing_allowed(tools: &[ToolSpec]) -> Result<Rules, RulesError> {
    let text = r#"@id("rules-cannot-be-used")
@reason("The rules that this organisation approved cannot be used, so nothing is allowed. An operator finds the cause in the log; other rules can be proposed.")
@tell("Nothing can be done at the moment: an operator has to look after the rules.")
forbid (principal, action, resource);
"#;
    Rules::load(&[RuleFile { name: "rules/none.cedar".to_owned(), text: text.to_owned() }], tools)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{judge, sample};
    use steward_core::Verdict;

    #[test]
    fn where_rules_cannot_be_used_nothing_is_allowed_whoever_approves() {
        let tools = sample::tools().expect("sample");
        let rules = nothing_allowed(&tools).expect("sound");
        for tool in &tools {
            assert_eq!(judge(&rules, &sample::facts(&tool.name)).verdict(), Verdict::Block, "{}", tool.name);
        }
    }
}
