//! What comes of an answer, line by line, for the tests of each provider's own protocol.

use super::error::Fault;
use super::gather::{Finish, Gather, Reported};
use super::request::{ModelTool, ProposedCall};
use super::tokens::Encoding;
use super::tools::ToolSets;
use serde_json::json;

/// What came of an answer.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) text: String,
    pub(super) calls: Vec<ProposedCall>,
    pub(super) finish: Option<Finish>,
    pub(super) reported: Reported,
}

pub(super) fn tool(name: &str) -> ModelTool {
    ModelTool { name: name.to_owned(), description: "Finds.".to_owned(), parameters: json!({ "type": "object", "properties": {} }) }
}

/// Reads the lines of an answer as a protocol does.
pub(super) fn came(lines: &[&str], mut read: impl FnMut(&str, &mut Gather) -> Result<(), Fault>) -> Result<Came, Fault> {
    let mut gather = Gather::new(Encoding::O200k, 1_000, None);
    for line in lines {
        read(line, &mut gather)?;
    }
    let (finish, reported) = (gather.finish, gather.reported);
    let tools = ToolSets::default().ready(&[tool("crm.find"), tool("mail.send")].into());
    let (text, calls) = gather.finish(&tools.names, 1);
    Ok(Came { text, calls, finish, reported })
}
