//! What a card keeps beside the call itself, in one sealed column: what the tool said that the call would do, for people, and how the
//! records that it names stood then, for the moment in which it is carried out.

use crate::crm::Stood;
use serde_json::{Map, Value};
use steward_store::StoreError;
use steward_store::hold::HoldRow;

/// The name under which the second stands beside the first.
const STOOD: &str = "stood";

/// The text of the column; none where there is nothing to keep. `said` is what the tool said: an object, or none.
pub fn write(said: Option<Value>, stood: &Stood) -> Option<String> {
    let mut card = match said {
        Some(Value::Object(said)) => said,
        _ => Map::new(),
    };
    if !stood.is_empty() {
        card.insert(STOOD.to_owned(), serde_json::to_value(stood).ok()?);
    }
    (!card.is_empty()).then(|| Value::Object(card).to_string())
}

/// What the tool said that the call would do: `title` and `lines`, or `failed`. None for a tool that says nothing.
pub fn said(row: &HoldRow) -> Result<Option<Value>, StoreError> {
    let mut card = read(row)?;
    card.remove(STOOD);
    Ok((!card.is_empty()).then_some(Value::Object(card)))
}

/// How the records stood that the call names; nothing is noted for a call that names none, and for cards of before.
pub fn stood(row: &HoldRow) -> Result<Stood, StoreError> {
    let noted = read(row)?.remove(STOOD);
    noted.map_or_else(|| Ok(Stood::default()), |noted| serde_json::from_value(noted).map_err(|_| StoreError::Corrupt { what: "hold.preview" }))
}

fn read(row: &HoldRow) -> Result<Map<String, Value>, StoreError> {
    let text = row.preview.as_deref().unwrap_or("{}");
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt { what: "hold.preview" })
}
