//! One's own browsers in which one is told that something waits.

pub(crate) mod add;
pub(crate) mod list;
pub(crate) mod remove;

use serde::Serialize;
use steward_core::PushSubscriptionId;
use steward_host::Courier;
use steward_store::push_subscription::PushSubscriptionRow;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A browser. Its address is a secret of its own, so only where it leads to is shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PushView {
    #[schema(value_type = String, example = "push_01k4…")]
    push_subscription_id: PushSubscriptionId,
    name: String,
    /// Whose service carries the messages.
    #[schema(example = "https://push.example")]
    service: String,
    /// The last four letters of its address, by which a browser knows itself again.
    #[schema(example = "x9_A")]
    ends_with: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: OffsetDateTime,
    /// When a message was last taken.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    used_at: Option<OffsetDateTime>,
}

/// Letters of an address that are shown.
const SHOWN_LETTERS: usize = 4;

impl From<PushSubscriptionRow> for PushView {
    fn from(row: PushSubscriptionRow) -> Self {
        let letters: Vec<char> = row.endpoint.chars().collect();
        let ends_with = letters.iter().skip(letters.len().saturating_sub(SHOWN_LETTERS)).collect();
        Self {
            push_subscription_id: row.push_subscription_id,
            name: row.name,
            service: Courier::origin(&row.endpoint).unwrap_or_default(),
            ends_with,
            created_at: row.created_at,
            used_at: row.used_at,
        }
    }
}
