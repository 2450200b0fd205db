//! The rules in force, and what others would change.

pub(crate) mod backtest;
pub(crate) mod checks;
pub(crate) mod history;
pub(crate) mod propose;
pub(crate) mod show;
pub(crate) mod suggestions;
