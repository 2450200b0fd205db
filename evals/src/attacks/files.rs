//! The corpus as files: `desk.toml` with the tool set, the places and the goals, and a file of cases for each class.

use crate::Through;
use crate::error::EvalError;
use crate::stage::{Toolbox, result_schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use steward_core::{ArgumentRole, Effect, Origin, RecordPattern};
use steward_host::mcp::McpToolRules;

/// What stands in a place's calls where the attack is done, if not after all of them.
const ATTACK: &str = "attack";
/// What a corpus's folder calls its tool set, places and goals.
const DESK: &str = "desk.toml";
const FORMAT: &str = "steward.attacks/1";

/// The shipped corpus.
const SHIPPED: &[(&str, &str)] = &[
    (DESK, include_str!("../../corpus/desk.toml")),
    ("authority.toml", include_str!("../../corpus/authority.toml")),
    ("calendar_title.toml", include_str!("../../corpus/calendar_title.toml")),
    ("contact_name.toml", include_str!("../../corpus/contact_name.toml")),
    ("encoded.toml", include_str!("../../corpus/encoded.toml")),
    ("file_name.toml", include_str!("../../corpus/file_name.toml")),
    ("handed_on.toml", include_str!("../../corpus/handed_on.toml")),
    ("hidden.toml", include_str!("../../corpus/hidden.toml")),
    ("language.toml", include_str!("../../corpus/language.toml")),
    ("put_off.toml", include_str!("../../corpus/put_off.toml")),
    ("split.toml", include_str!("../../corpus/split.toml")),
    ("stored_note.toml", include_str!("../../corpus/stored_note.toml")),
    ("summary.toml", include_str!("../../corpus/summary.toml")),
    ("unicode.toml", include_str!("../../corpus/unicode.toml")),
];

/// The whole corpus.
#[derive(Debug, Clone)]
pub struct Corpus {
    toolset: Toolset,
    /// What `{name}` stands for everywhere.
    pub values: BTreeMap<String, String>,
    /// Where a text is read.
    pub places: BTreeMap<String, Place>,
    /// What attackers want.
    pub goals: BTreeMap<String, Goal>,
    /// The attacks.
    pub cases: Vec<Case>,
}

/// `desk.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeskFile {
    server: String,
    #[serde(default)]
    values: BTreeMap<String, String>,
    tool: Vec<ToolNote>,
    place: Vec<Place>,
    goal: Vec<Goal>,
}

/// A tool set.
#[derive(Debug, Clone)]
pub struct Toolset {
    server: String,
    tools: Vec<ToolNote>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolNote {
    name: String,
    description: String,
    /// By name: `text`, `texts`, `number`, with `?` behind it when it may be left out.
    #[serde(default)]
    arguments: BTreeMap<String, String>,
    /// None is a tool of which nobody said anything.
    effect: Option<Effect>,
    #[serde(default)]
    roles: BTreeMap<String, ArgumentRole>,
    #[serde(default)]
    labels: BTreeMap<String, Origin>,
    #[serde(default)]
    records: Vec<RecordPattern>,
    #[serde(default)]
    private: bool,
}

/// Where a text is read: the owner's words, the calls that read it, and what the owner wanted done after.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// The owner's words.
    pub words: String,
    /// Earlier turns of the conversation.
    #[serde(default)]
    pub history: Vec<TurnNote>,
    /// An earlier run.
    #[serde(default)]
    pub earlier: Option<Earlier>,
    /// What is in the office.
    #[serde(default = "nothing")]
    pub office: Value,
    /// The calls that read the text.
    #[serde(default)]
    pub reads: Vec<CallNote>,
    /// The rest of the owner's task.
    #[serde(default)]
    pub then: Vec<CallNote>,
}

/// An earlier turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnNote {
    /// Whether the agent said it.
    pub by_agent: bool,
    /// What was said.
    pub text: String,
}

/// An earlier run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earlier {
    /// The owner's words.
    pub words: String,
    /// What was done.
    pub calls: Vec<CallNote>,
}

/// A call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallNote {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    #[serde(default = "nothing")]
    pub arguments: Value,
    /// What it answers, if the tool set answers and not a plugin.
    #[serde(default)]
    pub answer: Value,
    /// What is done in the run that it hands on to, or that it has said later.
    #[serde(default)]
    pub below: Vec<CallNote>,
}

impl CallNote {
    /// Whether the attack follows here, and is no call of the owner's.
    pub(super) fn is_attack(&self) -> bool {
        self.tool == ATTACK
    }

    /// Whether the attack follows somewhere in it.
    pub(super) fn holds_attack(&self) -> bool {
        self.is_attack() || self.below.iter().any(Self::holds_attack)
    }
}

fn nothing() -> Value {
    json!({})
}

/// What an attacker wants.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Goal {
    /// Its name.
    pub name: String,
    /// The calls that bring it about.
    pub calls: Vec<CallNote>,
}

/// The cases of one class.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    format: String,
    class: String,
    case: Vec<Case>,
}

/// An attack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its name, unlike any other.
    pub id: String,
    /// The file's class.
    #[serde(skip)]
    pub class: String,
    /// Where its text stands.
    pub place: String,
    /// What its author wants.
    pub goal: String,
    /// What stands there: one text, or its pieces.
    pub text: OneOrMore,
    /// How it comes about, from the run that read the text on.
    #[serde(default)]
    pub through: Vec<Through>,
    /// What is handed on or said later; the text itself without it.
    #[serde(default)]
    pub task: Option<String>,
    /// What `{name}` stands for in the goal of this case.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// One text, or pieces of one.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Pieces, in order.
    More(Vec<String>),
}

impl Case {
    /// The pieces: `{text}` is the first, `{text2}` the second, `{text3}` the third; what is not there is empty.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        let pieces = match &self.text {
            OneOrMore::One(text) => vec![text.clone()],
            OneOrMore::More(pieces) => pieces.clone(),
        };
        let piece = |at: usize| pieces.get(at).cloned().unwrap_or_default();
        vec![("text".to_owned(), piece(0)), ("text2".to_owned(), piece(1)), ("text3".to_owned(), piece(2))]
    }

    /// The first piece: by it one sees whether the text was read.
    pub(super) fn mark(&self) -> String {
        self.texts().into_iter().next().map(|(_, text)| text.trim().to_owned()).unwrap_or_default()
    }
}

impl Corpus {
    /// The shipped one.
    pub fn shipped() -> Result<Self, EvalError> {
        let files = SHIPPED.iter().map(|(name, text)| (PathBuf::from(name), (*text).to_owned())).collect();
        Self::read(files)
    }

    /// One in a folder: `desk.toml`, and a `.toml` for each class.
    pub fn load(dir: &Path) -> Result<Self, EvalError> {
        let failed = |source| EvalError::File { path: dir.to_owned(), source };
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                paths.push(path);
            }
        }
        paths.sort();
        let read = |path: PathBuf| match std::fs::read_to_string(&path) {
            Ok(text) => Ok((path, text)),
            Err(source) => Err(EvalError::File { path, source }),
        };
        Self::read(paths.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    fn read(files: Vec<(PathBuf, String)>) -> Result<Self, EvalError> {
        let (desks, classes): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| path.ends_with(DESK));
        let Some((path, text)) = desks.into_iter().next() else { return Err(EvalError::NoDesk) };
        let DeskFile { server, values, tool, place, goal } = parse(&path, &text)?;
        let mut corpus = Self {
            toolset: Toolset { server, tools: tool },
            values,
            places: place.into_iter().map(|place| (place.name.clone(), place)).collect(),
            goals: goal.into_iter().map(|goal| (goal.name.clone(), goal)).collect(),
            cases: Vec::new(),
        };
        let mut ids = BTreeSet::new();
        for (path, text) in classes {
            let file: CaseFile = parse(&path, &text)?;
            let wrong = |reason: String| EvalError::Format { path: path.clone(), format: FORMAT, reason };
            if file.format != FORMAT {
                return Err(wrong(format!("its `format` is `{}`", file.format)));
            }
            for case in file.case {
                let told = |what: &str| wrong(format!("case `{}`: {what}", case.id));
                if !ids.insert(case.id.clone()) {
                    return Err(told("another case has the same id"));
                }
                if !corpus.places.contains_key(&case.place) {
                    return Err(told(&format!("there is no place `{}`", case.place)));
                }
                if !corpus.goals.contains_key(&case.goal) {
                    return Err(told(&format!("there is no goal `{}`", case.goal)));
                }
                if case.mark().is_empty() {
                    return Err(told("it has no text"));
                }
                corpus.cases.push(Case { class: file.class.clone(), ..case });
            }
        }
        Ok(corpus)
    }

    /// The tools, beside the shipped plugins.
    pub(super) fn toolbox(&self) -> Toolbox {
        let offered = self.toolset.tools.iter().map(|tool| {
            let (arguments, result) = (schema(&tool.arguments), result_schema(tool.labels.keys(), tool.records.iter()));
            json!({ "name": tool.name, "description": tool.description, "inputSchema": arguments, "outputSchema": result })
        });
        let configured = self.toolset.tools.iter().filter(|tool| tool.effect.is_some()).map(|tool| {
            let ToolNote { name, effect, roles, labels, records, private, .. } = tool.clone();
            (name, McpToolRules { effect, roles, result_labels: labels, records, private, ..McpToolRules::default() })
        });
        Toolbox { server: self.toolset.server.clone(), offered: offered.collect(), configured: configured.collect(), shipped: true, hands_on: true }
    }
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, EvalError> {
    toml::from_str(text).map_err(|err| EvalError::Format { path: path.to_owned(), format: FORMAT, reason: err.to_string().trim().to_owned() })
}

fn schema(arguments: &BTreeMap<String, String>) -> Value {
    let field = |word: &str| match word.trim_end_matches('?') {
        "texts" => json!({ "type": "array", "items": { "type": "string" } }),
        "number" => json!({ "type": "number" }),
        _ => json!({ "type": "string" }),
    };
    let fields: Map<String, Value> = arguments.iter().map(|(name, word)| (name.clone(), field(word))).collect();
    let required: Vec<&String> = arguments.iter().filter(|(_, word)| !word.ends_with('?')).map(|(name, _)| name).collect();
    json!({ "type": "object", "properties": fields, "required": required })
}
