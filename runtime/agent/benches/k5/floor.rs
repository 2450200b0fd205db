//! The floor: the same conversation by a bare loop over `async-openai`, without rules, sandbox, budget or journal.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::chat as oa;
use futures_util::StreamExt as _;

/// A client and what it asks.
pub(crate) struct Floor {
    client: Client<OpenAIConfig>,
    tool: oa::ChatCompletionTools,
}

impl Floor {
    /// For the model at this address.
    pub(crate) fn new(base_url: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("client");
        let client = Client::with_config(OpenAIConfig::new().with_api_base(base_url).with_api_key("k")).with_http_client(http);
        let tool = serde_json::from_value(serde_json::json!({
            "type": "function",
            "function": { "name": "crm_get_contact", "description": "Gets a contact.", "parameters": {
                "type": "object", "properties": { "contact_id": { "type": "string" } }, "required": ["contact_id"], "additionalProperties": false } }
        }))
        .expect("tool");
        Self { client, tool }
    }

    /// One conversation: five calls, then the answer.
    pub(crate) async fn run(&self, stream: bool) {
        let mut messages: Vec<oa::ChatCompletionRequestMessage> = vec![
            oa::ChatCompletionRequestSystemMessage::from("You look up contacts.").into(),
            oa::ChatCompletionRequestUserMessage::from("Look up the contacts.").into(),
        ];
        for turn in 0.. {
            let request = oa::CreateChatCompletionRequest {
                model: "gpt-4o-mini".into(),
                messages: messages.clone(),
                tools: Some(vec![self.tool.clone()]),
                stream: stream.then_some(true),
                stream_options: stream.then_some(oa::ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None }),
                ..Default::default()
            };
            let (text, calls) = if stream { self.streamed(request).await } else { self.plain(request).await };
            if calls.is_empty() {
                assert!(text.contains("in order") && turn == 5, "five calls, then the answer");
                return;
            }
            messages.push(
                oa::ChatCompletionRequestAssistantMessage {
                    tool_calls: Some(
                        calls
                            .iter()
                            .map(|(id, arguments)| {
                                oa::ChatCompletionMessageToolCalls::Function(oa::ChatCompletionMessageToolCall {
                                    id: id.clone(),
                                    function: oa::FunctionCall { name: "crm_get_contact".into(), arguments: arguments.clone() },
                                })
                            })
                            .collect(),
                    ),
                    ..Default::default()
                }
                .into(),
            );
            for (id, _) in calls {
                messages.push(
                    oa::ChatCompletionRequestToolMessage {
                        content: r#"{"ok":{"id":"contact_00000000000000000000000001","name":"Lena"}}"#.into(),
                        tool_call_id: id,
                    }
                    .into(),
                );
            }
        }
    }

    async fn plain(&self, request: oa::CreateChatCompletionRequest) -> (String, Vec<(String, String)>) {
        let answer = self.client.chat().create(request).await.expect("answer");
        let message = answer.choices.into_iter().next().expect("a choice").message;
        let calls = message.tool_calls.unwrap_or_default().into_iter().filter_map(|call| match call {
            oa::ChatCompletionMessageToolCalls::Function(call) => Some((call.id, call.function.arguments)),
            oa::ChatCompletionMessageToolCalls::Custom(_) => None,
        });
        (message.content.unwrap_or_default(), calls.collect())
    }

    async fn streamed(&self, request: oa::CreateChatCompletionRequest) -> (String, Vec<(String, String)>) {
        let mut stream = self.client.chat().create_stream(request).await.expect("stream");
        let (mut text, mut calls) = (String::new(), Vec::<(String, String)>::new());
        while let Some(chunk) = stream.next().await {
            for choice in chunk.expect("chunk").choices {
                text.push_str(choice.delta.content.as_deref().unwrap_or_default());
                for call in choice.delta.tool_calls.unwrap_or_default() {
                    let at = call.index as usize;
                    if calls.len() <= at {
                        calls.resize(at + 1, Default::default());
                    }
                    calls[at].0.push_str(call.id.as_deref().unwrap_or_default());
                    calls[at].1.push_str(call.function.and_then(|function| function.arguments).as_deref().unwrap_or_default());
                }
            }
        }
        (text, calls)
    }
}
