//! Tool names on the wire. `crm.find_contacts` does not fit `^[a-zA-Z0-9_-]{1,64}$`, so each name gets one that does.
//!
//! Invariant: no two tools of a request share a wire name, and what a tool is called does not hang on the order of the list.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The longest name the providers take, in characters.
pub(super) const WIRE_NAME_MAX: usize = 64;
/// How many characters of hash tell apart names that would be alike.
const MARK: usize = 8;

/// The two-way list for one set of tools.
#[derive(Debug, Clone, Default)]
pub(super) struct ToolNames {
    to_wire: BTreeMap<String, String>,
    from_wire: BTreeMap<String, String>,
}

impl ToolNames {
    /// Gives each of these tools its wire name.
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut plain: BTreeMap<String, usize> = BTreeMap::new();
        let distinct: std::collections::BTreeSet<&str> = names.collect();
        for name in &distinct {
            *plain.entry(fold(name)).or_default() += 1;
        }
        let mut list = Self::default();
        for name in distinct {
            let folded = fold(name);
            // A name that fits as it is and is alone keeps its form; all of those that would be alike are marked.
            let alone = plain.get(&folded) == Some(&1) && (folded == name || name.chars().count() <= WIRE_NAME_MAX);
            let wire = if alone && !name.is_empty() { folded } else { marked(name, &folded, &list.from_wire, &plain) };
            list.from_wire.insert(wire.clone(), name.to_owned());
            list.to_wire.insert(name.to_owned(), wire);
        }
        list
    }

    /// What to call this tool on the wire. A tool of the past that is no longer offered is folded all the same.
    pub(super) fn wire<'a>(&'a self, name: &'a str) -> std::borrow::Cow<'a, str> {
        match self.to_wire.get(name) {
            Some(wire) => wire.into(),
            None if fits(name) => name.into(),
            None => fold(name).into(),
        }
    }

    /// The wire name of a tool of this very set.
    pub(super) fn offered<'a>(&'a self, name: &'a str) -> &'a str {
        self.to_wire.get(name).map_or(name, String::as_str)
    }

    /// Which tool the model means. A name nobody knows comes back as it is: the gate refuses it by that name.
    pub(super) fn tool(&self, wire: &str) -> String {
        self.from_wire.get(wire).cloned().unwrap_or_else(|| wire.to_owned())
    }
}

fn fits(name: &str) -> bool {
    !name.is_empty() && name.len() <= WIRE_NAME_MAX && name.bytes().all(allowed)
}

const fn allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Everything the wire does not take becomes a line, and the end is cut off.
fn fold(name: &str) -> String {
    let folded: String = name.chars().map(|letter| if u8::try_from(letter).is_ok_and(allowed) { letter } else { '_' }).take(WIRE_NAME_MAX).collect();
    if folded.is_empty() { "_".to_owned() } else { folded }
}

/// The folded name with some of its hash; with more of it while that is taken.
fn marked(name: &str, folded: &str, taken: &BTreeMap<String, String>, plain: &BTreeMap<String, usize>) -> String {
    let hash = hex(&Sha256::digest(name.as_bytes()));
    let mut length = MARK;
    loop {
        let mark: String = hash.chars().take(length).collect();
        let wire: String = folded.chars().take(WIRE_NAME_MAX - 1 - mark.len()).chain(['_']).chain(mark.chars()).collect();
        if length >= WIRE_NAME_MAX - 2 || !(taken.contains_key(&wire) || plain.contains_key(&wire)) {
            return wire;
        }
        length += MARK;
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str]) -> Vec<String> {
        let list = ToolNames::new(names.iter().copied());
        let wires: Vec<String> = names.iter().map(|name| list.wire(name).into_owned()).collect();
        for (name, wire) in names.iter().zip(&wires) {
            assert!(fits(wire), "`{name}` became `{wire}`");
            assert_eq!(&list.tool(wire), name, "`{wire}` must lead back");
        }
        let mut turned: Vec<&str> = names.to_vec();
        turned.reverse();
        let again = ToolNames::new(turned.iter().copied());
        assert!(names.iter().zip(&wires).all(|(name, wire)| again.wire(name) == *wire), "the order of {names:?} must not matter");
        wires
    }

    #[test]
    fn names_that_would_be_alike_are_told_apart() {
        assert_eq!(check(&["crm.find_contacts", "mail.send"]), ["crm_find_contacts", "mail_send"]);
        let alike = check(&["crm.find", "crm_find", "crm-find", "crm find"]);
        assert!(alike[0].starts_with("crm_find_") && alike[1].starts_with("crm_find_") && alike[0] != alike[1], "{alike:?}");
        assert_eq!(alike[2], "crm-find");
        let long = "x".repeat(70);
        let longer = "x".repeat(71);
        check(&[&long, &longer, &"x".repeat(64)]);
        check(&["", "_", "ü", "日本.語", "a"]);
        // A tool that is called what another one would be marked as.
        let marked = alike[0].clone();
        check(&["crm.find", "crm_find", &marked]);
    }

    #[test]
    fn a_name_nobody_offered_comes_back_as_it_is() {
        let list = ToolNames::new(["crm.find"].into_iter());
        assert_eq!(list.tool("rm_rf"), "rm_rf");
        assert_eq!(list.tool("crm.find"), "crm.find");
        assert_eq!(list.wire("gone.tool"), "gone_tool");
    }
}
