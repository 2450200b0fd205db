//! What the scripted model can be told to say, and to do wrong.

use serde_json::Value;
use steward_core::Usage;

/// One step of a script.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A text.
    Text(String),
    /// Calls, by our names of the tools, with their arguments; all of them at once.
    Calls(Vec<(String, Value)>),
    /// An answer in every detail.
    Said(Said),
    /// A status with headers and a body.
    Status(u16, Vec<(String, String)>, String),
    /// The beginning of another reply: so many bytes of its body, then the connection breaks.
    CutAfter(usize, Box<Reply>),
    /// The beginning of another reply: so many bytes of its body, then nothing more, with the connection open.
    HangAfter(usize, Box<Reply>),
    /// Takes the request and never answers.
    Hang,
    /// Takes the request and closes the connection without a byte.
    HangUp,
    /// Text without end.
    Endless,
    /// Bytes as they are.
    Raw(Raw),
}

impl Reply {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// One call.
    pub fn call(tool: impl Into<String>, arguments: Value) -> Self {
        Self::Calls(vec![(tool.into(), arguments)])
    }
}

/// An answer in every detail.
#[derive(Debug, Clone)]
pub struct Said {
    /// The text, maybe empty.
    pub text: String,
    /// The calls.
    pub calls: Vec<SaidCall>,
    /// What it reports as used; none leaves the report out.
    pub usage: Option<Usage>,
    /// Why it stopped, in the words of chat completions: stop, tool_calls, length, content_filter; none leaves it out.
    pub finish: Option<String>,
    /// Whether a stream ends with `[DONE]`, or `message_stop`.
    pub done: bool,
    /// How many letters each piece of a stream has.
    pub piece: usize,
}

impl Default for Said {
    fn default() -> Self {
        let usage = Usage { input: 100, cached: 0, output: 20 };
        Self { text: String::new(), calls: Vec::new(), usage: Some(usage), finish: Some("stop".to_owned()), done: true, piece: 12 }
    }
}

/// One call of an answer, as raw as a provider may send it.
#[derive(Debug, Clone, Default)]
pub struct SaidCall {
    /// The provider's id, maybe empty.
    pub id: String,
    /// Our name of the tool, or any other name.
    pub tool: String,
    /// The arguments' text, maybe no JSON.
    pub arguments: String,
}

impl From<Vec<(String, Value)>> for Said {
    fn from(calls: Vec<(String, Value)>) -> Self {
        let one = |(index, (tool, arguments)): (usize, (String, Value))| SaidCall { id: format!("call_{index}"), tool, arguments: arguments.to_string() };
        Self { calls: calls.into_iter().enumerate().map(one).collect(), finish: Some("tool_calls".to_owned()), ..Self::default() }
    }
}

/// Bytes as they are.
#[derive(Debug, Clone)]
pub struct Raw {
    /// The content type.
    pub content_type: String,
    /// The body, frame by frame.
    pub frames: Vec<Vec<u8>>,
}

impl Raw {
    /// An event stream of these bytes.
    pub fn events(bytes: impl Into<Vec<u8>>) -> Reply {
        Reply::Raw(Self { content_type: "text/event-stream".to_owned(), frames: vec![bytes.into()] })
    }

    /// An event stream with one `data:` line for each of these.
    pub fn data<T: AsRef<str>>(lines: impl IntoIterator<Item = T>) -> Reply {
        let frames = lines.into_iter().map(|line| format!("data: {}\n\n", line.as_ref()).into_bytes()).collect();
        Reply::Raw(Self { content_type: "text/event-stream".to_owned(), frames })
    }

    /// A whole body of this content type.
    pub fn body(content_type: &str, bytes: impl Into<Vec<u8>>) -> Reply {
        Reply::Raw(Self { content_type: content_type.to_owned(), frames: vec![bytes.into()] })
    }
}
