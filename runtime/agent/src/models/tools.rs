//! The tools of a request, made ready once: their wire names, their JSON for each API, their tokens.
//!
//! An agent offers the same tools step after step, so that the work of writing and counting them is done once a set.

use super::names::ToolNames;
use super::request::ModelTool;
use super::tokens::{Encoding, PER_TOOL};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// How many sets are kept; past that all are made anew.
const SETS_MAX: usize = 256;

/// One set of tools, ready for the wire.
#[derive(Debug)]
pub(super) struct ReadyTools {
    tools: Arc<[ModelTool]>,
    pub(super) names: ToolNames,
    chat: OnceLock<Option<Box<RawValue>>>,
    responses: OnceLock<Option<Box<RawValue>>>,
    anthropic: OnceLock<Option<Box<RawValue>>>,
    gemini: OnceLock<Option<Box<RawValue>>>,
    tokens: [OnceLock<u64>; 2],
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
    /// Our schemas need not fit the providers' strict subset; the gate checks arguments in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
struct ChatTool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct MessagesTool<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'a> {
    name: &'a str,
    description: &'a str,
    /// JSON Schema as it is; `parameters` would be a dialect of its own.
    parameters_json_schema: &'a Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declarations<'a> {
    function_declarations: &'a RawValue,
}

impl ReadyTools {
    fn new(tools: &Arc<[ModelTool]>) -> Self {
        Self {
            tools: Arc::clone(tools),
            names: ToolNames::new(tools.iter().map(|tool| tool.name.as_str())),
            chat: OnceLock::new(),
            responses: OnceLock::new(),
            anthropic: OnceLock::new(),
            gemini: OnceLock::new(),
            tokens: [OnceLock::new(), OnceLock::new()],
        }
    }

    /// As chat completions take them; none when there are none.
    pub(super) fn chat(&self) -> Option<&RawValue> {
        let json = || {
            self.json(|name, tool| ChatTool {
                r#type: "function",
                function: Function { r#type: None, name, description: &tool.description, parameters: &tool.parameters, strict: None },
            })
        };
        self.chat.get_or_init(json).as_deref()
    }

    /// As the responses API takes them; none when there are none.
    pub(super) fn responses(&self) -> Option<&RawValue> {
        let json = || {
            self.json(|name, tool| Function {
                r#type: Some("function"),
                name,
                description: &tool.description,
                parameters: &tool.parameters,
                strict: Some(false),
            })
        };
        self.responses.get_or_init(json).as_deref()
    }

    /// As Anthropic's Messages take them; none when there are none.
    pub(super) fn anthropic(&self) -> Option<&RawValue> {
        let json = || self.json(|name, tool| MessagesTool { name, description: &tool.description, input_schema: &tool.parameters });
        self.anthropic.get_or_init(json).as_deref()
    }

    /// As Google's `generateContent` takes them; none when there are none.
    pub(super) fn gemini(&self) -> Option<&RawValue> {
        let json = || {
            let list = self.json(|name, tool| Declaration { name, description: &tool.description, parameters_json_schema: &tool.parameters })?;
            serde_json::value::to_raw_value(&[Declarations { function_declarations: &list }]).ok()
        };
        self.gemini.get_or_init(json).as_deref()
    }

    fn json<'a, T: Serialize>(&'a self, form: impl Fn(&'a str, &'a ModelTool) -> T) -> Option<Box<RawValue>> {
        if self.tools.is_empty() {
            return None;
        }
        let list: Vec<T> = self.tools.iter().map(|tool| form(self.names.offered(&tool.name), tool)).collect();
        serde_json::value::to_raw_value(&list).ok()
    }

    /// Their tokens, overhead included.
    pub(super) fn tokens(&self, encoding: Encoding) -> u64 {
        let [o200k, cl100k] = &self.tokens;
        let kept = match encoding {
            Encoding::O200k => o200k,
            Encoding::Cl100k => cl100k,
        };
        *kept.get_or_init(|| {
            let one =
                |tool: &ModelTool| encoding.count(&tool.name) + encoding.count(&tool.description) + encoding.count(&tool.parameters.to_string()) + PER_TOOL;
            self.tools.iter().map(one).sum()
        })
    }
}

/// The sets made ready so far.
#[derive(Debug, Default)]
pub(super) struct ToolSets {
    hasher: RandomState,
    sets: Mutex<Sets>,
}

#[derive(Debug, Default)]
struct Sets {
    by_content: HashMap<u64, Arc<ReadyTools>>,
    /// By where they lie, which saves comparing them. Each entry keeps its tools, so that no other can come to lie there.
    by_address: HashMap<usize, (Arc<[ModelTool]>, Arc<ReadyTools>)>,
}

impl Sets {
    /// Room for one more of each.
    fn bound(&mut self) {
        if self.by_content.len() >= SETS_MAX {
            self.by_content.clear();
        }
        if self.by_address.len() >= SETS_MAX {
            self.by_address.clear();
        }
    }
}

impl ToolSets {
    /// These tools, ready.
    pub(super) fn ready(&self, tools: &Arc<[ModelTool]>) -> Arc<ReadyTools> {
        let address = Arc::as_ptr(tools).addr();
        if let Some((_, ready)) = self.lock().by_address.get(&address).filter(|(kept, _)| Arc::ptr_eq(kept, tools)) {
            return Arc::clone(ready);
        }
        let key = self.hasher.hash_one(tools);
        let known = self.lock().by_content.get(&key).cloned();
        // Compared as well as hashed: another set's tools must never go out by accident.
        let ready = known.filter(|known| known.tools == *tools).unwrap_or_else(|| Arc::new(ReadyTools::new(tools)));
        let mut sets = self.lock();
        sets.bound();
        sets.by_content.insert(key, Arc::clone(&ready));
        sets.by_address.insert(address, (Arc::clone(tools), Arc::clone(&ready)));
        ready
    }

    fn lock(&self) -> MutexGuard<'_, Sets> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tool(name: &str) -> ModelTool {
        ModelTool {
            name: name.to_owned(),
            description: "Finds contacts.".to_owned(),
            parameters: json!({ "type": "object", "properties": { "query": { "type": "string" } } }),
        }
    }

    #[test]
    fn a_set_is_made_ready_once_and_never_mistaken_for_another() {
        let sets = ToolSets::default();
        let first = sets.ready(&[tool("crm.find")].into());
        assert!(Arc::ptr_eq(&first, &sets.ready(&[tool("crm.find")].into())));
        let mut other = tool("crm.find");
        other.parameters["properties"]["query"]["type"] = json!("integer");
        let other = sets.ready(&[other].into());
        assert!(!Arc::ptr_eq(&first, &other));
        assert_ne!(first.chat().map(RawValue::get), other.chat().map(RawValue::get));
        let shared: Arc<[ModelTool]> = [tool("crm.find")].into();
        assert!(Arc::ptr_eq(&sets.ready(&shared), &sets.ready(&shared)), "found by where it lies");
        assert!(Arc::ptr_eq(&first, &sets.ready(&shared)), "and the same as its equal elsewhere");
        for index in 0..2 * SETS_MAX {
            sets.ready(&[tool(&format!("t{index}"))].into());
        }
        let sets = sets.sets.lock().expect("sets");
        assert!(sets.by_content.len() <= SETS_MAX && sets.by_address.len() <= SETS_MAX);
    }

    #[test]
    fn each_api_gets_its_form() {
        let sets = ToolSets::default();
        let ready = sets.ready(&[tool("crm.find")].into());
        let chat: Value = serde_json::from_str(ready.chat().expect("tools").get()).expect("JSON");
        assert_eq!(chat[0]["type"], "function");
        assert_eq!(chat[0]["function"]["name"], "crm_find");
        let responses: Value = serde_json::from_str(ready.responses().expect("tools").get()).expect("JSON");
        assert_eq!((&responses[0]["type"], &responses[0]["name"], &responses[0]["strict"]), (&json!("function"), &json!("crm_find"), &json!(false)));
        let anthropic: Value = serde_json::from_str(ready.anthropic().expect("tools").get()).expect("JSON");
        assert_eq!(anthropic, json!([{ "name": "crm_find", "description": "Finds contacts.", "input_schema": tool("crm.find").parameters }]));
        let gemini: Value = serde_json::from_str(ready.gemini().expect("tools").get()).expect("JSON");
        let declared = json!({ "name": "crm_find", "description": "Finds contacts.", "parametersJsonSchema": tool("crm.find").parameters });
        assert_eq!(gemini, json!([{ "functionDeclarations": [declared] }]));
        let none = sets.ready(&[].into());
        assert!(none.chat().is_none() && none.responses().is_none() && none.anthropic().is_none() && none.gemini().is_none());
    }
}
