//! `[agents.<name>]`: prompt, model, tools and bounds of each agent.

use super::reader::{ALIKE_MIN, Reader};
use steward_agent::models::ModelsConfig;
use steward_core::{Micros, Mode, PluginWork, RunLimits};

/// The agent there is when none is configured.
pub const DEFAULT_AGENT: &str = "assistant";
/// The most dollars one run may be given.
const DOLLARS_MAX: i64 = 100_000;

/// One agent, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentConfig {
    /// Its name.
    pub name: String,
    /// `name@version` or `name@label` of its prompt.
    pub prompt: String,
    /// The named model.
    pub model: String,
    /// Tools it may use: names, or prefixes ending in `*`.
    pub tools: Vec<String>,
    /// How closely its calls are watched.
    pub mode: Mode,
    /// Bounds of its runs.
    pub limits: RunLimits,
}

pub(super) fn read(reader: &mut Reader, models: &ModelsConfig) -> Vec<AgentConfig> {
    let mut names = reader.names_under("agents", &[]);
    if names.is_empty() {
        names.insert(DEFAULT_AGENT.to_owned());
    }
    names.iter().map(|name| read_one(reader, models, name)).collect()
}

fn read_one(reader: &mut Reader, models: &ModelsConfig, name: &str) -> AgentConfig {
    let key = |part: &str| format!("agents.{name}.{part}");
    reader.know(&format!("agents.{name}"));
    let advice = "write a prompt and its version or label, for example `assistant@production`";
    let prompt = reader.parsed(&key("prompt"), "assistant@production", advice, |text| {
        text.split_once('@').filter(|(a, b)| !a.is_empty() && !b.is_empty()).map(|_| text.to_owned())
    });
    let model = reader.text(&key("model"), "strong");
    // Without any model Steward still runs and says so in the chat.
    if !models.models.is_empty() && !models.models.contains_key(&model) {
        let known: Vec<&str> = models.models.keys().map(String::as_str).collect();
        reader.refuse(&key("model"), &format!("there is no such model; configured are {}", known.join(", ")));
    }
    let tools = reader.list(&key("tools"), &["crm.*", "documents.*"]);
    if let Some(wrong) = tools.iter().find(|tool| tool.trim_end_matches('*').contains('*') || tool.is_empty()) {
        reader.refuse(&key("tools"), &format!("`{wrong}` is no tool; write a name such as `crm.find_contacts`, or a prefix such as `crm.*`"));
    }
    let mode = mode(reader, &key("mode"));
    AgentConfig { name: name.to_owned(), prompt: prompt.unwrap_or_default(), model, tools, mode, limits: limits(reader, &key("limits")) }
}

/// What is no mode is refused; nothing runs less watched than was written.
fn mode(reader: &mut Reader, key: &str) -> Mode {
    let word = reader.text(key, Mode::default().name());
    match word.parse() {
        Ok(mode) => return mode,
        Err(err) => {
            let alike = |mode: &Mode| strsim::jaro_winkler(mode.name(), &word.to_lowercase());
            let nearest = Mode::ALL.into_iter().max_by(|a, b| alike(a).total_cmp(&alike(b))).filter(|mode| alike(mode) >= ALIKE_MIN);
            let hint = nearest.map_or_else(String::new, |mode| format!("; did you mean `{mode}`?"));
            reader.refuse(key, &format!("{err}{hint}"));
        }
    }
    // Never used: a configuration with a problem is refused whole. The closest watch all the same.
    Mode::Sealed
}

fn limits(reader: &mut Reader, table: &str) -> RunLimits {
    let usual = RunLimits::default();
    reader.know(table);
    let minutes = reader.number(&format!("{table}.minutes"), u64::from(usual.seconds / 60), 1..=24 * 60);
    let advice = "write dollars with at most six decimals, for example 1.0 or 0.25";
    let cost = reader.decimal(&format!("{table}.usd"), "1.0", advice, micros);
    RunLimits {
        steps: u32::try_from(reader.number(&format!("{table}.steps"), u64::from(usual.steps), 1..=1_000)).unwrap_or(usual.steps),
        seconds: u32::try_from(minutes * 60).unwrap_or(usual.seconds),
        tokens: reader.number(&format!("{table}.tokens"), usual.tokens, 1_000..=1_000_000_000),
        cost: cost.unwrap_or(usual.cost),
        plugins: plugins(reader, table, &usual.plugins),
    }
}

/// What the plugins of a run may take together; 0 lets them take none of it.
fn plugins(reader: &mut Reader, table: &str, usual: &PluginWork) -> PluginWork {
    let mut number = |name: &str, usual: u64, most: u64| reader.number(&format!("{table}.{name}"), usual, 0..=most);
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    PluginWork {
        requests: small(number("requests", usual.requests.into(), 10_000)),
        questions: small(number("questions", usual.questions.into(), 1_000_000)),
        egress_bytes: number("egress_bytes", usual.egress_bytes, 1 << 30),
        fuel: number("fuel", usual.fuel, 10_000_000_000_000),
    }
}

/// Dollars as millionths, read digit by digit: no float touches an amount.
fn micros(text: &str) -> Option<Micros> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 {
        return None;
    }
    let whole: i64 = whole.parse().ok().filter(|dollars| *dollars <= DOLLARS_MAX)?;
    let part: i64 = format!("{part:0<6}").parse().ok()?;
    Some(Micros(whole * 1_000_000 + part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_exactly() {
        let check = |text: &str, expect: Option<i64>| assert_eq!(micros(text), expect.map(Micros), "{text}");
        for wrong in ["", ".", "-1", "1e3", "inf", "nan", "1.", "0.0000001", "100001", "99999999999999999999", "1,5"] {
            check(wrong, None);
        }
        check("0", Some(0));
        check("1.0", Some(1_000_000));
        check("0.1", Some(100_000));
        check("0.000001", Some(1));
        check("100000", Some(100_000_000_000));
    }
}
