//! What models cost, from `prices.toml`: data, so that a change of price is no change of code.
//!
//! Integers only. A model the list does not know is charged at the documented default, which is dear on purpose:
//! a budget then stops too early and never too late.

use serde::Deserialize;
use steward_core::{Micros, Usage};

/// The list that ships with Steward.
const SHIPPED: &str = include_str!("../../prices.toml");
/// Prices are per this many tokens.
const PER_TOKENS: u128 = 1_000_000;

/// The price of a million tokens, in millionths of a US dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens read.
    pub input: u64,
    /// Tokens read from the provider's prompt cache; the price of `input` when left out.
    #[serde(default)]
    pub cached: Option<u64>,
    /// Tokens written.
    pub output: u64,
}

impl Price {
    /// What this usage costs, rounded up to a whole millionth.
    pub fn cost(&self, usage: Usage) -> Micros {
        let cached = usage.cached.min(usage.input);
        let fresh = usage.input - cached;
        let sum = u128::from(fresh) * u128::from(self.input)
            + u128::from(cached) * u128::from(self.cached.unwrap_or(self.input))
            + u128::from(usage.output) * u128::from(self.output);
        Micros(i64::try_from(sum.div_ceil(PER_TOKENS)).unwrap_or(i64::MAX))
    }
}

/// One line of the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    model: String,
    input: u64,
    #[serde(default)]
    cached: Option<u64>,
    output: u64,
}

/// The whole list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    default: Price,
    price: Vec<Line>,
}

/// Why a list of prices cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// Not TOML of the list's form.
    #[error("not a list of prices")]
    Form(#[from] toml::de::Error),
    /// A star that is not at the end.
    #[error("`{0}` has a star elsewhere than at its end")]
    Star(String),
    /// The same model twice.
    #[error("`{0}` is priced twice")]
    Twice(String),
}

impl Prices {
    /// The list that ships with Steward.
    pub fn shipped() -> Result<Self, PricesError> {
        Self::parse(SHIPPED)
    }

    /// Reads a list; patterns end in at most one star.
    pub fn parse(text: &str) -> Result<Self, PricesError> {
        let list: Self = toml::from_str(text)?;
        let mut seen = std::collections::BTreeSet::new();
        for line in &list.price {
            if line.model.trim_end_matches('*').contains('*') || line.model.ends_with("**") {
                return Err(PricesError::Star(line.model.clone()));
            }
            if !seen.insert(line.model.as_str()) {
                return Err(PricesError::Twice(line.model.clone()));
            }
        }
        Ok(list)
    }

    /// The price of this model: the one that is found, or else the default.
    pub fn of(&self, model: &str) -> Price {
        self.find(model).unwrap_or(self.default)
    }

    /// What the list says of this model: the exact line, or else the longest pattern that fits.
    /// A provider's prefix (`openai/gpt-4o`) and a fine-tune's wrapping (`ft:gpt-4o:…`) are looked through.
    pub fn find(&self, model: &str) -> Option<Price> {
        let name = model.rsplit('/').next().unwrap_or(model);
        let name = name.strip_prefix("ft:").and_then(|rest| rest.split(':').next()).unwrap_or(name);
        let fits = |line: &&Line| match line.model.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == line.model,
        };
        let weight = |line: &&Line| (!line.model.ends_with('*'), line.model.len());
        self.price.iter().filter(fits).max_by_key(weight).map(|line| Price { input: line.input, cached: line.cached, output: line.output })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_list_is_refused() {
        let check = |text: &str, expect: &str| {
            let error = Prices::parse(text).expect_err(text);
            assert!(error.to_string().contains(expect), "{text}: {error}");
        };
        let default = "default = { input = 1, output = 1 }\n";
        check("price = []", "not a list of prices");
        check(&format!("{default}price = [{{ model = \"a*b\", input = 1, output = 1 }}]"), "a star elsewhere");
        check(&format!("{default}price = [{{ model = \"a**\", input = 1, output = 1 }}]"), "a star elsewhere");
        check(&format!("{default}price = [{{ model = \"a\", input = 1, output = 1 }}, {{ model = \"a\", input = 2, output = 1 }}]"), "priced twice");
        check(&format!("{default}price = [{{ model = \"a\", input = -1, output = 1 }}]"), "not a list of prices");
        check(&format!("{default}price = [{{ model = \"a\", input = 1.5, output = 1 }}]"), "not a list of prices");
    }

    #[test]
    fn the_longest_pattern_wins_and_the_unknown_pays_the_default() {
        let list = Prices::parse(
            "default = { input = 9, output = 9 }\n\
             price = [{ model = \"gpt-4*\", input = 4, output = 4 }, { model = \"gpt-4o*\", input = 2, output = 2 }, { model = \"gpt-4o\", input = 3, output = 3 }]",
        )
        .expect("a list");
        let check = |model: &str, input: u64| assert_eq!(list.of(model).input, input, "{model}");
        check("gpt-4", 4);
        check("gpt-4o-2024-11-20", 2);
        check("gpt-4o", 3);
        check("openai/gpt-4o", 3);
        check("ft:gpt-4o:acme::x1", 3);
        check("llama3", 9);
        check("", 9);
        assert_eq!((list.find("llama3"), list.find("gpt-4").map(|price| price.input)), (None, Some(4)));
    }

    #[test]
    fn cost_rounds_up_and_never_overflows() {
        let price = Price { input: 150_000, cached: Some(75_000), output: 600_000 };
        let check = |input, cached, output, expect| assert_eq!(price.cost(Usage { input, cached, output }), Micros(expect));
        check(0, 0, 0, 0);
        check(1, 0, 0, 1);
        check(1_000_000, 0, 0, 150_000);
        check(1_000_000, 1_000_000, 0, 75_000);
        // More cached than read is a provider's mistake: nothing becomes negative.
        check(1_000_000, 9_000_000, 0, 75_000);
        check(0, 0, 1_000_000, 600_000);
        check(u64::MAX, 0, u64::MAX, i64::MAX);
        assert_eq!(Price { input: 10, cached: None, output: 0 }.cost(Usage { input: 1_000_000, cached: 500_000, output: 0 }), Micros(10));
    }

    #[test]
    fn the_shipped_list_is_whole() {
        let list = Prices::shipped().expect("prices.toml");
        assert_eq!(list.of("gpt-4o-mini").input, 150_000);
        for line in &list.price {
            assert!(line.cached.unwrap_or(line.input) <= line.input, "{}: cached tokens are never dearer", line.model);
            assert!(line.input <= line.output, "{}: written tokens are never cheaper", line.model);
        }
    }
}
