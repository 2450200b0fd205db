//! The leaves of a value, each with its pointer, where its manifest says it comes from, and what the record around it was made of.
//!
//! The patterns of a manifest are read once a result and followed while walking: a leaf costs its own depth, not the number of patterns.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use steward_core::{Floor, Integrity, Origin};

/// Patterns of JSON pointers, as a tree. The more exact pattern counts.
#[derive(Debug, Default)]
pub(super) struct Patterns<'a> {
    nodes: Vec<Node<'a>>,
}

#[derive(Debug, Default)]
struct Node<'a> {
    named: HashMap<&'a str, usize>,
    any: Option<usize>,
    origin: Option<Origin>,
}

impl<'a> Patterns<'a> {
    /// Reads a manifest's labels.
    pub(super) fn of(labels: &'a BTreeMap<String, Origin>) -> Self {
        let mut patterns = Self { nodes: vec![Node::default()] };
        for (pattern, origin) in labels {
            let mut at = 0;
            for part in pattern.split('/').skip(1) {
                at = patterns.child(at, part);
            }
            if let Some(node) = patterns.nodes.get_mut(at) {
                node.origin = Some(*origin);
            }
        }
        patterns
    }

    fn child(&mut self, at: usize, part: &'a str) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else { return at };
        let found = if part == "*" { *node.any.get_or_insert(new) } else { *node.named.entry(part).or_insert(new) };
        if found == new {
            self.nodes.push(Node::default());
        }
        found
    }

    /// Where one part leads from these nodes; more exact first.
    fn step(&self, nodes: &[usize], part: &str) -> Vec<usize> {
        let found = nodes.iter().filter_map(|at| self.nodes.get(*at));
        found.flat_map(|node| [node.named.get(part).copied(), node.any]).flatten().collect()
    }

    fn origin(&self, nodes: &[usize]) -> Origin {
        nodes.iter().filter_map(|at| self.nodes.get(*at)?.origin).next().unwrap_or(Origin::Outside)
    }

    /// Whether any of these nodes names this part itself.
    fn names(&self, nodes: &[usize], part: &str) -> bool {
        nodes.iter().filter_map(|at| self.nodes.get(*at)).any(|node| node.named.contains_key(part))
    }
}

/// One leaf.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// JSON pointer.
    pub(super) path: String,
    /// The scalar; of a key, the key.
    pub(super) leaf: Value,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// The lowest integrity of the stored records it belongs to.
    pub(super) cap: Integrity,
    /// The lowest integrity of what its plugin had kept and read for it, and, where it stands beside no record's id, of all records that
    /// were shown for it: whatever a manifest says, nothing of it is better.
    pub(super) floor: Integrity,
    /// Whether it is a key of an object and not a value: one that the manifest does not name but covers.
    pub(super) is_key: bool,
}

/// The leaves of a result. A key that only a `*` of the manifest covers was chosen by somebody, so it is a leaf too.
pub(super) fn walk(result: &Value, labels: &BTreeMap<String, Origin>, stored: &BTreeMap<String, Integrity>, kept: Option<Floor>) -> Vec<Found> {
    let patterns = Patterns::of(labels);
    let mut out = Vec::new();
    let floor = kept.map_or(Integrity::Owner, |kept| kept.integrity);
    let loose = stored.values().min().map_or(floor, |lowest| floor.min(*lowest));
    Walk { patterns: &patterns, stored, floor, loose, out: &mut out }.go(&mut String::new(), result, &[0], None);
    out
}

struct Walk<'a> {
    patterns: &'a Patterns<'a>,
    stored: &'a BTreeMap<String, Integrity>,
    /// Of what stands beside the id of a record.
    floor: Integrity,
    /// Of what stands beside none: of which records it was made only its plugin knows, so it may be any of them.
    loose: Integrity,
    out: &'a mut Vec<Found>,
}

impl Walk<'_> {
    /// Adds the leaves of a value. `cap` is of the records that it stands beside the ids of, if any.
    fn go(&mut self, path: &mut String, value: &Value, nodes: &[usize], cap: Option<Integrity>) {
        let before = path.len();
        match value {
            Value::Object(map) => {
                // An object belongs to a stored record when one of its own texts is the record's id.
                let own = map.values().filter_map(|inner| self.stored.get(inner.as_str()?)).min().copied();
                let cap = own.into_iter().chain(cap).min();
                for (key, inner) in map {
                    push(path, key);
                    let next = self.patterns.step(nodes, key);
                    // A word that no pattern covers is a field the manifest forgot; anything else that stands as a key is text.
                    if !self.patterns.names(nodes, key) && (!next.is_empty() || !is_field(key)) {
                        let origin = match self.patterns.origin(&next) {
                            // Whoever made the list chose who stands in it.
                            Origin::System | Origin::Owner => Origin::Fact,
                            origin @ (Origin::Directory | Origin::Fact | Origin::Outside) => origin,
                        };
                        self.add(path, Value::String(key.clone()), origin, cap, true);
                    }
                    self.go(path, inner, &next, cap);
                    path.truncate(before);
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    path.push('/');
                    let start = path.len();
                    path.push_str(&index.to_string());
                    let next = self.patterns.step(nodes, path.get(start..).unwrap_or_default());
                    self.go(path, inner, &next, cap);
                    path.truncate(before);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                let origin = self.patterns.origin(nodes);
                // An id that stands in no object, as in a bare list, is of its own record.
                let cap = cap.or_else(|| self.stored.get(value.as_str()?).copied());
                self.add(path, value.clone(), origin, cap, false);
            }
        }
    }

    fn add(&mut self, path: &str, leaf: Value, origin: Origin, cap: Option<Integrity>, is_key: bool) {
        let floor = if cap.is_some() { self.floor } else { self.loose };
        self.out.push(Found { path: path.to_owned(), leaf, origin, cap: cap.unwrap_or(Integrity::Owner), floor, is_key });
    }
}

/// Whether a key has the form of a field's name.
pub(super) fn is_field(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Adds one part to a JSON pointer.
pub(super) fn push(path: &mut String, part: &str) {
    path.push('/');
    if part.contains(['~', '/']) {
        path.push_str(&part.replace('~', "~0").replace('/', "~1"));
    } else {
        path.push_str(part);
    }
}

/// The scalar leaves of a value with their JSON pointers.
pub(super) fn leaves(value: &Value) -> Vec<(String, Value)> {
    fn go(path: &mut String, value: &Value, out: &mut Vec<(String, Value)>) {
        let before = path.len();
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    push(path, key);
                    go(path, inner, out);
                    path.truncate(before);
                }
            }
            Value::Array(list) => {
                for (index, inner) in list.iter().enumerate() {
                    push(path, &index.to_string());
                    go(path, inner, out);
                    path.truncate(before);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push((path.clone(), value.clone())),
        }
    }
    let mut out = Vec::new();
    go(&mut String::new(), value, &mut out);
    out
}

/// The places in a value that a JSON pointer with `*` names, with their own pointers.
pub(super) fn pointed<'a>(value: &'a Value, pattern: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), value)];
    for part in pattern.split('/').skip(1) {
        let mut deeper = Vec::new();
        let mut take = |path: &str, name: &str, inner: &'a Value| {
            let mut path = path.to_owned();
            push(&mut path, name);
            if part == "*" || path.rsplit('/').next() == Some(part) {
                deeper.push((path, inner));
            }
        };
        for (path, value) in found {
            match value {
                Value::Array(list) => list.iter().enumerate().for_each(|(index, inner)| take(&path, &index.to_string(), inner)),
                Value::Object(map) => map.iter().for_each(|(key, inner)| take(&path, key, inner)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        found = deeper;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_beside_no_records_id_counts_for_no_more_than_the_worst_record_that_was_shown() {
        let labels = BTreeMap::from([
            ("/items/*/id".to_owned(), Origin::System),
            ("/items/*/name".to_owned(), Origin::Directory),
            ("/items/*/more/phone".to_owned(), Origin::Directory),
            ("/by/*".to_owned(), Origin::Owner),
            ("/address".to_owned(), Origin::Owner),
            ("/total".to_owned(), Origin::System),
        ]);
        let result = json!({
            "items": [{ "id": "c1", "name": "Max", "more": { "phone": "1" } }, { "id": "c2", "name": "Eve" }, { "id": "c9", "name": "nobody's" }],
            "by": { "eve@evil.example": "x" },
            "address": "eve@evil.example",
            "total": 2,
            "ids": ["c1"],
        });
        let stored = |lowest| BTreeMap::from([("c1".to_owned(), Integrity::Directory), ("c2".to_owned(), lowest)]);
        let kept = |integrity| Some(Floor { integrity, private: false });
        for (stored, kept, loose, beside) in [
            (stored(Integrity::Outside), None, Integrity::Outside, Integrity::Owner),
            (stored(Integrity::Directory), None, Integrity::Directory, Integrity::Owner),
            (stored(Integrity::Directory), kept(Integrity::Fact), Integrity::Fact, Integrity::Fact),
            (stored(Integrity::Fact), kept(Integrity::Directory), Integrity::Fact, Integrity::Directory),
            // Who was shown none made it of nothing, or of its arguments.
            (BTreeMap::new(), None, Integrity::Owner, Integrity::Owner),
        ] {
            let found = walk(&result, &labels, &stored, kept);
            let floor = |path: &str| found.iter().find(|leaf| leaf.path == path).map(|leaf| leaf.floor);
            for path in ["/by/eve@evil.example", "/address", "/total", "/items/2/name"] {
                assert_eq!(floor(path), Some(loose), "{path}: {stored:?} {kept:?}");
            }
            for path in ["/items/0/id", "/items/0/name", "/items/0/more/phone", "/items/1/name", "/ids/0"] {
                assert_eq!(floor(path), Some(beside), "{path}: {stored:?} {kept:?}");
            }
            let keys: Vec<_> = found.iter().filter(|leaf| leaf.is_key).map(|leaf| (leaf.path.as_str(), leaf.floor)).collect();
            assert_eq!(keys, [("/by/eve@evil.example", loose)], "{stored:?} {kept:?}");
        }
    }

    #[test]
    fn the_more_exact_pattern_counts_and_keys_nobody_named_are_leaves() {
        let labels = BTreeMap::from([
            ("/*/*".to_owned(), Origin::Fact),
            ("/*/id".to_owned(), Origin::System),
            ("/0/id".to_owned(), Origin::Owner),
            ("/*/shared/*".to_owned(), Origin::System),
        ]);
        let result = json!([{"id": "1", "x": "2", "shared": {"max@x.example": "r"}, "deep": {"y": {"z": true, "do as I say": true}}}, {"id": "3"}]);
        let found: Vec<(String, Origin, bool)> =
            walk(&result, &labels, &BTreeMap::new(), None).into_iter().map(|found| (found.path, found.origin, found.is_key)).collect();
        let at = |path: &str, is_key: bool| found.iter().find(|(at, _, key)| at == path && *key == is_key).map(|(_, origin, _)| *origin);
        assert_eq!(at("/0/id", false), Some(Origin::Owner));
        assert_eq!(at("/1/id", false), Some(Origin::System));
        assert_eq!(at("/0/x", false), Some(Origin::Fact));
        assert_eq!(at("/0/shared/max@x.example", true), Some(Origin::Fact));
        assert_eq!(at("/0/shared/max@x.example", false), Some(Origin::System));
        assert_eq!(at("/0/id", true), None);
        assert_eq!((at("/0/deep/y/z", true), at("/0/deep/y/z", false)), (None, Some(Origin::Outside)));
        assert_eq!(at("/0/deep/y/do as I say", true), Some(Origin::Outside));
    }
}
