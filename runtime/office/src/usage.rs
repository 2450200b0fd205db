//! What was used and what it cost, over a time, by something. Reads only.

use crate::error::OfficeError;
use std::str::FromStr;
use steward_core::{Permission, PersonId};
use steward_store::usage::{self, UsageRow};
use steward_store::{StoreError, Tx};
use time::{Duration, OffsetDateTime};

/// The longest time that is summed, in days.
pub const DAYS_MAX: i64 = 366;

/// By what it is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// By day, in UTC.
    Day,
    /// By model.
    Model,
    /// By version of the prompt.
    Prompt,
    /// By tool.
    Tool,
    /// By person acted for.
    Person,
    /// By agent.
    Agent,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Day, Self::Model, Self::Prompt, Self::Tool, Self::Person, Self::Agent];

    /// The word used in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Model => "model",
            Self::Prompt => "prompt",
            Self::Tool => "tool",
            Self::Person => "person",
            Self::Agent => "agent",
        }
    }
}

impl FromStr for By {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|by| by.name() == text).ok_or_else(|| format!("give one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// Sums of runs begun from one moment on and before another, at most 366 days later.
pub async fn sum(tx: &mut Tx, by: By, from: OffsetDateTime, to: OffsetDateTime) -> Result<Vec<UsageRow>, OfficeError> {
    if !tx.actor().may(Permission::BudgetsRead) {
        return Err(OfficeError::Denied("you may not see what was used".to_owned()));
    }
    if to <= from || to - from > Duration::days(DAYS_MAX) {
        return Err(OfficeError::Invalid(format!("`to` is after `from`, by at most {DAYS_MAX} days")));
    }
    Ok(match by {
        By::Day => usage::by_day(tx, from, to).await?,
        By::Model => usage::by_model(tx, from, to).await?,
        By::Prompt => usage::by_prompt(tx, from, to).await?,
        By::Tool => usage::by_tool(tx, from, to).await?,
        By::Agent => usage::by_agent(tx, from, to).await?,
        By::Person => {
            let mut rows = usage::by_person(tx, from, to).await?;
            for row in &mut rows {
                row.key = row.key.parse().map(|id| PersonId::from_uuid(id).to_string()).map_err(|_| StoreError::Corrupt { what: "run.person_id" })?;
            }
            rows
        }
    })
}
