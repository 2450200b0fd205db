//! How a part of a tool's definition differs from what it was: both sides of each place, whole, for whoever accepts it in the terminal.

use super::output::{Output, Tone, one_line};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

/// Prints what is gone of a part and what has come: of two schemas those places that differ.
pub(super) fn difference(output: &Output, part: &str, before: Option<&Value>, after: Option<&Value>) -> io::Result<()> {
    let (before, after) = (before.map(leaves).unwrap_or_default(), after.map(leaves).unwrap_or_default());
    for (sign, tone, these, others) in [("-", Tone::Bad, &before, &after), ("+", Tone::Good, &after, &before)] {
        for (place, words) in these.iter().filter(|(place, words)| others.get(*place) != Some(words)) {
            output.line(output.tone(tone, &format!("  {sign} {part} {place}{}{words}", if place.is_empty() { "" } else { " " })))?;
        }
    }
    Ok(())
}

/// A value in words.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { "—".to_owned() } else { value.to_string() }, str::to_owned)
}

/// What stands in a part of a definition, by its place: of two that differ those places are shown that do, whole.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                open.extend(fields.iter().map(|(name, field)| (format!("{place}/{}", one_line(name, usize::MAX)), field)));
            }
            Value::Array(all) if !all.is_empty() => open.extend(all.iter().enumerate().map(|(at, one)| (format!("{place}/{at}"), one))),
            leaf => drop(found.insert(place, one_line(&text(leaf), usize::MAX))),
        }
    }
    found
}
