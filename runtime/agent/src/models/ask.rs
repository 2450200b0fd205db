//! One question, one request, one outcome. Retries and failover are the driver's.

use super::candidate::{Bounds, Candidate, Endpoint};
use super::config::Provider;
use super::error::{AskError, Fault, worth_retrying};
use super::gather::{Finish, Gather, Reported};
use super::request::{Answer, AskRequest};
use super::tools::ReadyTools;
use super::wire::{Exchange, Wire, spoken_error};
use super::{Models, anthropic, chat, gemini, responses};
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder;
use async_openai::types::stream::StreamResponse;
use async_openai::{Chat, Client};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use steward_core::event::AskFailure;
use steward_core::{Micros, Usage};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, timeout_at};

/// The longest answer on the wire, in bytes, whatever the tokens.
const WIRE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What the wire may take for an answer without a token, in bytes.
const WIRE_BYTES_MIN: usize = 1024 * 1024;
/// What the wire may take for a token, in bytes: streamed one by one, each has an envelope of some hundred.
const WIRE_BYTES_PER_TOKEN: usize = 2 * 1024;
/// How long the usage is waited for after the model said that it is done, in milliseconds.
const TAIL_MS: u64 = 500;

/// Valid JSON that is not what the API sends.
pub(super) fn not_of_form() -> Fault {
    Fault::new(AskFailure::Malformed, "answers in a form that is not the API's; is `provider` right?")
}

/// What the client library itself cannot do.
fn not_askable<E>(_: E) -> Fault {
    Fault::new(AskFailure::Malformed, "cannot be asked through the client library")
}

/// One question under way.
struct Asking<'a> {
    models: &'a Models,
    candidate: &'a Candidate,
    request: &'a AskRequest,
    tools: Arc<ReadyTools>,
    exchange: Arc<Exchange>,
    output_tokens_max: u32,
    /// When the whole answer must be there.
    deadline: Instant,
    timeout_ms: u64,
}

/// Said before anything leaves: the model would refuse the question, or answer with a few words of it.
fn no_room(models: &Models, candidate: &Candidate, request: &AskRequest) -> AskError {
    let (most, input) = (candidate.inner.context_tokens_max.unwrap_or_default(), models.count_tokens(candidate, request));
    AskError {
        failure: AskFailure::Refused,
        message: format!(
            "model `{}` takes {most} tokens at once (context_tokens_max), and the question alone has {input}; begin a new conversation, \
             or give the agent fewer tools or a larger model",
            candidate.label()
        ),
        retry_after_ms: None,
        usage: Usage::default(),
        cost: Micros(0),
        retry: worth_retrying(AskFailure::Refused),
    }
}

/// Asks once.
pub(super) async fn ask(models: &Models, candidate: &Candidate, request: &AskRequest, deltas: Option<&UnboundedSender<String>>) -> Result<Answer, AskError> {
    let inner = &candidate.inner;
    let Bounds { output_tokens_max, timeout_ms } = models.bounds(candidate, request);
    if output_tokens_max == 0 {
        return Err(no_room(models, candidate, request));
    }
    let bytes_max = (output_tokens_max as usize).saturating_mul(WIRE_BYTES_PER_TOKEN).saturating_add(WIRE_BYTES_MIN).min(WIRE_BYTES_MAX);
    let exchange = Exchange::new(inner.endpoint.secret(), models.clock.clone(), inner.endpoint.host.clone(), bytes_max, deltas.is_some());
    let asking = Asking {
        models,
        candidate,
        request,
        tools: models.tools.ready(&request.tools),
        exchange: Arc::new(exchange),
        output_tokens_max,
        deadline: Instant::now() + Duration::from_millis(timeout_ms),
        timeout_ms,
    };
    let mut gather = Gather::new(inner.encoding, output_tokens_max, deltas);
    let outcome = match asking.collect(&mut gather, deltas.is_some()).await {
        Ok(()) => asking.judge(&gather),
        // What went wrong on the wire explains what the library made of it.
        Err(fault) => Err(asking.exchange.take_fault().unwrap_or(fault)),
    };
    match outcome {
        Ok(()) => Ok(asking.answer(gather)),
        Err(fault) => Err(asking.error(fault, &gather)),
    }
}

impl Asking<'_> {
    /// Sends the question and gathers what comes back.
    async fn collect(&self, gather: &mut Gather<'_>, streamed: bool) -> Result<(), Fault> {
        let inner = &self.candidate.inner;
        let wire = Wire { http: self.models.http.clone(), exchange: Arc::clone(&self.exchange) };
        let client = Client::build(self.models.http.clone(), inner.endpoint.clone()).with_http_service(wire);
        match inner.provider {
            Provider::OpenAi => {
                let body = chat::Body::new(&inner.model, self.request, &self.tools, self.output_tokens_max, inner.at_openai, streamed);
                let api = client.chat();
                let mut reader = chat::Reader::default();
                if streamed {
                    let stream = self.until_first_byte(api.create_stream_byot(body)).await?;
                    return self.follow(stream, gather, &mut |json, gather| reader.read(json, gather)).await;
                }
                let answer: Box<RawValue> = self.until_deadline(api.create_byot(body)).await?;
                reader.read(answer.get(), gather)
            }
            Provider::OpenAiResponses => {
                let body = responses::Body::new(&inner.model, self.request, &self.tools, self.output_tokens_max, streamed);
                let api = client.responses();
                let mut reader = responses::Reader::default();
                if streamed {
                    let stream = self.until_first_byte(api.create_stream_byot(body)).await?;
                    return self.follow(stream, gather, &mut |json, gather| reader.read(json, gather)).await;
                }
                let answer: Box<RawValue> = self.until_deadline(api.create_byot(body)).await?;
                reader.read(answer.get(), gather)
            }
            Provider::Anthropic => {
                let body = anthropic::Body::new(&inner.model, self.request, &self.tools, self.output_tokens_max, streamed);
                let api = client.chat().path(anthropic::PATH).map_err(not_askable)?;
                let mut reader = anthropic::Reader::default();
                self.carry(api, body, streamed, gather, &mut |json, gather| reader.read(json, gather)).await
            }
            Provider::Gemini => {
                let body = gemini::Body::new(self.request, &self.tools, self.output_tokens_max);
                let mut api = client.chat().path(gemini::path(&inner.model, streamed)).map_err(not_askable)?;
                if streamed {
                    api = api.query(&[("alt", "sse")]).map_err(not_askable)?;
                }
                let mut reader = gemini::Reader::default();
                self.carry(api, body, streamed, gather, &mut |json, gather| reader.read(json, gather)).await
            }
        }
    }

    /// Asks in a protocol that the client library does not know: it carries the question to its place and cuts what comes back into events, and
    /// reads neither.
    async fn carry<B: Serialize + Send>(
        &self,
        api: Chat<'_, Endpoint>,
        body: B,
        streamed: bool,
        gather: &mut Gather<'_>,
        read: &mut (dyn FnMut(&str, &mut Gather<'_>) -> Result<(), Fault> + Send),
    ) -> Result<(), Fault> {
        if streamed {
            let stream = self.until_first_byte(api.create_stream_byot(body)).await?;
            return self.follow(stream, gather, read).await;
        }
        let answer: Box<RawValue> = self.until_deadline(api.create_byot(body)).await?;
        read(answer.get(), gather)
    }

    /// Follows a stream to its end; it is over when the provider ends it, or a moment after the model said that it is done, where that is said
    /// once.
    async fn follow(
        &self,
        mut stream: StreamResponse<Box<RawValue>>,
        gather: &mut Gather<'_>,
        read: &mut (dyn FnMut(&str, &mut Gather<'_>) -> Result<(), Fault> + Send),
    ) -> Result<(), Fault> {
        loop {
            let is_whole = gather.finish.is_some_and(|finish| finish != Finish::Done || !gather.ends_with_stream);
            let patience = if is_whole { TAIL_MS } else { self.candidate.inner.silence_ms };
            let until = self.deadline.min(Instant::now() + Duration::from_millis(patience));
            let event = match timeout_at(until, stream.next()).await {
                Ok(event) => event,
                Err(_) if is_whole => return Ok(()),
                Err(_) => return Err(self.too_late(until)),
            };
            match event {
                Some(Ok(json)) => {
                    if json.get().contains("\"error\"")
                        && let Some(fault) = spoken_error(json.get().as_bytes(), &self.exchange)
                    {
                        return Err(fault);
                    }
                    read(json.get(), gather)?;
                }
                None if is_whole || gather.finish.is_some() && self.exchange.ended() => return Ok(()),
                // The answer was whole before the connection broke.
                Some(Err(_)) if is_whole => return Ok(()),
                None => return Err(Fault::new(AskFailure::CutOff, "ended its answer in the middle")),
                Some(Err(_)) if self.exchange.ended() => return Err(Fault::new(AskFailure::CutOff, "ended its answer in the middle of a letter")),
                Some(Err(_)) => return Err(Fault::new(AskFailure::Malformed, "sent bytes that are no text")),
            }
        }
    }

    async fn until_first_byte<T>(&self, opening: impl Future<Output = Result<T, OpenAIError>>) -> Result<T, Fault> {
        let until = self.deadline.min(Instant::now() + Duration::from_millis(self.candidate.inner.silence_ms));
        self.until(until, opening).await
    }

    async fn until_deadline<T>(&self, answer: impl Future<Output = Result<T, OpenAIError>>) -> Result<T, Fault> {
        self.until(self.deadline, answer).await
    }

    async fn until<T>(&self, until: Instant, future: impl Future<Output = Result<T, OpenAIError>>) -> Result<T, Fault> {
        match timeout_at(until, future).await {
            Ok(Ok(done)) => Ok(done),
            // The exchange knows why; this is for what the library itself cannot do.
            Ok(Err(error)) => Err(not_askable(error)),
            Err(_) => Err(self.too_late(until)),
        }
    }

    fn too_late(&self, until: Instant) -> Fault {
        if until < self.deadline {
            return Fault::new(AskFailure::Timeout, format!("is silent for {} ms", self.candidate.inner.silence_ms));
        }
        Fault::new(AskFailure::Timeout, format!("did not answer within {} ms", self.timeout_ms))
    }

    /// Whether what was gathered is an answer.
    fn judge(&self, gather: &Gather<'_>) -> Result<(), Fault> {
        match gather.finish {
            Some(Finish::Length) => Err(Fault::new(
                AskFailure::TooLong,
                format!("reached the bound of {} tokens before the end of its answer; raise output_tokens_max or ask for less", self.output_tokens_max),
            )),
            Some(Finish::Filtered) => Err(Fault::new(AskFailure::Refused, "stopped its answer: the provider's filter withholds it")),
            _ if gather.is_blank() => Err(Fault::new(AskFailure::Empty, "answered with neither text nor calls")),
            Some(Finish::Done) => Ok(()),
            None => Err(not_of_form()),
        }
    }

    fn answer(&self, gather: Gather<'_>) -> Answer {
        let usage = self.usage(gather.reported, &gather);
        let (text, calls) = gather.finish(&self.tools.names, self.request.messages.len());
        Answer { text, calls, usage, cost: self.candidate.price().cost(usage), model: self.candidate.label().to_owned() }
    }

    /// A failure with what it costs: nothing when no model was reached, or else what was sent and what came.
    fn error(&self, fault: Fault, gather: &Gather<'_>) -> AskError {
        let waited = fault.failure == AskFailure::Timeout && !self.exchange.refused();
        let usage = if self.exchange.answered() || waited { self.usage(gather.reported, gather) } else { Usage::default() };
        AskError {
            failure: fault.failure,
            message: format!("model `{}` {}", self.candidate.label(), fault.message),
            retry_after_ms: fault.retry_after_ms,
            usage,
            cost: self.candidate.price().cost(usage),
            retry: worth_retrying(fault.failure),
        }
    }

    /// What the provider reports, and our own count of whatever it leaves out.
    fn usage(&self, reported: Reported, gather: &Gather<'_>) -> Usage {
        let input = reported.input.unwrap_or_else(|| self.models.count_tokens(self.candidate, self.request));
        Usage { input, cached: reported.cached.unwrap_or(0).min(input), output: reported.output.unwrap_or_else(|| gather.output_tokens()) }
    }
}
