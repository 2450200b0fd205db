//! Asking others by `wasi:http`: requests are put together from handles, asked as a whole through the gate that `http` asks through, and what
//! came back is read from memory. What WASI has for those who serve others is here for components that were made with it, and never has anything.

use crate::bindings::wasi::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::wasi::http::outgoing_handler;
use crate::bindings::wasi::wasi::http::types::{self, ErrorCode, HeaderError, Method, Scheme};
use crate::egress::{Asked, Failed, Given, Refusal};
use crate::error::tidy;
use crate::sandbox::CallState;
use crate::wasi::{
    Draft, Exchange, Fields, FutureResponse, FutureTrailers, HeldTooMuch, IncomingBody, IncomingResponse, Nothing, OutgoingBody, OutgoingRequest,
    OutgoingResponse, Pending, Refused, RequestOptions, Timer, Wasi, lock,
};
use std::sync::{Arc, Mutex};
use wasmtime::Result;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi_io::IoView;
use wasmtime_wasi_io::poll::{DynPollable, subscribe};
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream, Error};

/// What came of a part of WASI that says no without a reason.
type Told<T> = Result<std::result::Result<T, ()>>;
/// Letters of a reason.
const REASON_MAX: usize = 300;
/// What the clocks count in, as the time of a call does: a millisecond, in nanoseconds.
const TICK_NS: u64 = 1_000_000;

impl IoView for CallState {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.wasi().table
    }
}

impl CallState {
    fn wasi(&mut self) -> &mut Wasi {
        self.wasi.get_or_insert_with(Box::default)
    }

    /// Counts text that the host holds for the plugin from here on.
    fn hold(&mut self, text: Option<&str>) -> Result<()> {
        self.wasi().held.take(text.map_or(0, str::len)).map_err(wasmtime::Error::new)
    }

    /// Asks, with the length that the plugin may have said taken for what it is: a word about the body, which the host says itself.
    async fn exchange(&mut self, asked: Asked) -> Result<std::result::Result<Given, ErrorCode>> {
        let length = asked.body.len();
        let is_other = |(name, value): &(String, String)| name == "content-length" && value.parse() != Ok(length);
        if asked.headers.iter().any(is_other) {
            return Ok(Err(ErrorCode::HttpRequestBodySize(Some(length as u64))));
        }
        let headers = asked.headers.into_iter().filter(|(name, _)| name != "content-length").collect();
        let answered = self.outside(Asked { headers, ..asked }).await?;
        Ok(answered.map_err(|failed| {
            if let Refusal::TooLarge(why) | Refusal::Unreachable(why) = &failed.why {
                // WASI has a name for it and no place for the reason.
                tracing::debug!(tool.name = self.tool, "a request to others brought nothing: {}", tidy(why, REASON_MAX));
            }
            code(&failed)
        }))
    }

    /// Asks what waited for its body, and puts the answer where the plugin looks for it.
    async fn answer(&mut self, pending: Pending) -> Result<()> {
        let answered = self.exchange(pending.asked).await?;
        *lock(&pending.exchange) = Exchange::Answered(answered);
        Ok(())
    }

    /// Changes headers that are the plugin's own.
    fn edit(
        &mut self,
        fields: &Resource<Fields>,
        change: impl FnOnce(&mut Fields, &crate::wasi::Held) -> std::result::Result<(), Refused>,
    ) -> Result<std::result::Result<(), HeaderError>> {
        let held = self.wasi().held.clone();
        told(change(self.table().get_mut(fields)?, &held))
    }
}

/// Why headers stay as they are, as WASI says it. For too many it has no word, and no plugin needs so many.
fn told(refused: std::result::Result<(), Refused>) -> Result<std::result::Result<(), HeaderError>> {
    match refused {
        Ok(()) => Ok(Ok(())),
        Err(Refused::Syntax) => Ok(Err(HeaderError::InvalidSyntax)),
        Err(Refused::Forbidden) => Ok(Err(HeaderError::Forbidden)),
        Err(Refused::Fixed) => Ok(Err(HeaderError::Immutable)),
        Err(Refused::TooMuch) => Err(wasmtime::Error::new(HeldTooMuch)),
    }
}

/// Why there is no answer, as WASI says it.
const fn code(failed: &Failed) -> ErrorCode {
    match (&failed.why, failed.sent) {
        (Refusal::Denied(_), _) => ErrorCode::HttpRequestDenied,
        (Refusal::TooLarge(_), false) => ErrorCode::HttpRequestBodySize(None),
        (Refusal::TooLarge(_), true) => ErrorCode::HttpResponseBodySize(None),
        (Refusal::TooMany(_), _) => ErrorCode::ConnectionLimitReached,
        (Refusal::Timeout, false) => ErrorCode::ConnectionTimeout,
        (Refusal::Timeout, true) => ErrorCode::HttpResponseTimeout,
        (Refusal::Unreachable(_), false) => ErrorCode::DestinationUnavailable,
        (Refusal::Unreachable(_), true) => ErrorCode::ConnectionTerminated,
    }
}

/// A method as it stands in a request.
fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(other) => other,
    }
    .to_owned()
}

/// One address of its parts, which the gate reads like any other. What the parts say for themselves counts for nothing.
fn url(request: &OutgoingRequest) -> std::result::Result<String, ErrorCode> {
    let scheme = match &request.scheme {
        None | Some(Scheme::Https) => "https",
        Some(Scheme::Http) => "http",
        Some(Scheme::Other(other)) => other,
    };
    let authority = request.authority.as_deref().ok_or(ErrorCode::HttpRequestUriInvalid)?;
    Ok(format!("{scheme}://{authority}{}", request.path_with_query.as_deref().unwrap_or("/")))
}

/// Headers as the gate is told of them.
fn lines(headers: &Fields) -> std::result::Result<Vec<(String, String)>, ErrorCode> {
    let not_text = |_| ErrorCode::InternalError(Some("a header's value is not text".to_owned()));
    headers.entries().into_iter().map(|(name, value)| Ok((name, String::from_utf8(value).map_err(not_text)?))).collect()
}

impl outgoing_handler::Host for CallState {
    async fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> Result<std::result::Result<Resource<FutureResponse>, ErrorCode>> {
        let request = self.table().delete(request)?;
        let options = options.map(|options| self.table().delete(options)).transpose()?.unwrap_or_default();
        let (url, lines) = match url(&request).and_then(|url| Ok((url, lines(&request.headers)?))) {
            Ok(parts) => parts,
            Err(code) => return Ok(Err(code)),
        };
        let asked = self.asked(method(&request.method), url, lines, Vec::new(), options.timeout_ms());
        let future = FutureResponse::of(Exchange::Waiting);
        let pending = Pending { asked, exchange: Arc::clone(&future.exchange) };
        let ready = match request.draft {
            None => Some(pending),
            Some(draft) => lock(&draft).hand_over(pending),
        };
        if let Some(pending) = ready {
            self.answer(pending).await?;
        }
        Ok(Ok(self.table().push(future)?))
    }
}

impl types::Host for CallState {
    fn http_error_code(&mut self, error: Resource<Error>) -> Result<Option<ErrorCode>> {
        Ok(self.table().get(&error)?.downcast_ref::<ErrorCode>().cloned())
    }
}

impl types::HostFields for CallState {
    fn new(&mut self) -> Result<Resource<Fields>> {
        Ok(self.table().push(Fields::default())?)
    }

    fn from_list(&mut self, entries: Vec<(String, Vec<u8>)>) -> Result<std::result::Result<Resource<Fields>, HeaderError>> {
        let (mut fields, held) = (Fields::default(), self.wasi().held.clone());
        match told(entries.iter().try_for_each(|(name, value)| fields.append(name, value, &held)))? {
            Ok(()) => Ok(Ok(self.table().push(fields)?)),
            Err(refused) => Ok(Err(refused)),
        }
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> Result<Vec<Vec<u8>>> {
        Ok(self.table().get(&fields)?.get(&name))
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> Result<bool> {
        Ok(self.table().get(&fields)?.has(&name))
    }

    fn set(&mut self, fields: Resource<Fields>, name: String, values: Vec<Vec<u8>>) -> Result<std::result::Result<(), HeaderError>> {
        self.edit(&fields, |fields, held| fields.set(&name, &values, held))
    }

    fn delete(&mut self, fields: Resource<Fields>, name: String) -> Result<std::result::Result<(), HeaderError>> {
        self.edit(&fields, |fields, held| fields.delete(&name, held))
    }

    fn append(&mut self, fields: Resource<Fields>, name: String, value: Vec<u8>) -> Result<std::result::Result<(), HeaderError>> {
        self.edit(&fields, |fields, held| fields.append(&name, &value, held))
    }

    fn entries(&mut self, fields: Resource<Fields>) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.table().get(&fields)?.entries())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> Result<Resource<Fields>> {
        let copied = self.table().get(&fields)?.copied();
        Ok(self.table().push(copied)?)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> Result<()> {
        self.table().delete(fields)?;
        Ok(())
    }
}

impl types::HostOutgoingRequest for CallState {
    fn new(&mut self, headers: Resource<Fields>) -> Result<Resource<OutgoingRequest>> {
        let headers = self.table().delete(headers)?.fixed();
        let request = OutgoingRequest { method: Method::Get, scheme: None, authority: None, path_with_query: None, headers, draft: None };
        Ok(self.table().push(request)?)
    }

    fn body(&mut self, request: Resource<OutgoingRequest>) -> Told<Resource<OutgoingBody>> {
        let request = self.table().get_mut(&request)?;
        if request.draft.is_some() {
            return Ok(Err(()));
        }
        let draft: Arc<Mutex<Draft>> = Arc::default();
        request.draft = Some(Arc::clone(&draft));
        Ok(Ok(self.table().push(OutgoingBody { draft, has_stream: false })?))
    }

    fn method(&mut self, request: Resource<OutgoingRequest>) -> Result<Method> {
        Ok(self.table().get(&request)?.method.clone())
    }

    fn set_method(&mut self, request: Resource<OutgoingRequest>, method: Method) -> Told<()> {
        if let Method::Other(other) = &method {
            self.hold(Some(other))?;
            if other.parse::<http::Method>().is_err() {
                return Ok(Err(()));
            }
        }
        self.table().get_mut(&request)?.method = method;
        Ok(Ok(()))
    }

    fn path_with_query(&mut self, request: Resource<OutgoingRequest>) -> Result<Option<String>> {
        Ok(self.table().get(&request)?.path_with_query.clone())
    }

    fn set_path_with_query(&mut self, request: Resource<OutgoingRequest>, path: Option<String>) -> Told<()> {
        self.hold(path.as_deref())?;
        if path.as_deref().is_some_and(|path| !path.is_empty() && !path.starts_with(['/', '?'])) {
            return Ok(Err(()));
        }
        self.table().get_mut(&request)?.path_with_query = path;
        Ok(Ok(()))
    }

    fn scheme(&mut self, request: Resource<OutgoingRequest>) -> Result<Option<Scheme>> {
        Ok(self.table().get(&request)?.scheme.clone())
    }

    fn set_scheme(&mut self, request: Resource<OutgoingRequest>, scheme: Option<Scheme>) -> Told<()> {
        if let Some(Scheme::Other(other)) = &scheme {
            self.hold(Some(other))?;
            if other.parse::<http::uri::Scheme>().is_err() {
                return Ok(Err(()));
            }
        }
        self.table().get_mut(&request)?.scheme = scheme;
        Ok(Ok(()))
    }

    fn authority(&mut self, request: Resource<OutgoingRequest>) -> Result<Option<String>> {
        Ok(self.table().get(&request)?.authority.clone())
    }

    fn set_authority(&mut self, request: Resource<OutgoingRequest>, authority: Option<String>) -> Told<()> {
        self.hold(authority.as_deref())?;
        if authority.as_deref().is_some_and(|authority| authority.parse::<http::uri::Authority>().is_err()) {
            return Ok(Err(()));
        }
        self.table().get_mut(&request)?.authority = authority;
        Ok(Ok(()))
    }

    fn headers(&mut self, request: Resource<OutgoingRequest>) -> Result<Resource<Fields>> {
        let headers = self.table().get(&request)?.headers.fixed();
        Ok(self.table().push(headers)?)
    }

    fn drop(&mut self, request: Resource<OutgoingRequest>) -> Result<()> {
        self.table().delete(request)?;
        Ok(())
    }
}

impl types::HostRequestOptions for CallState {
    fn new(&mut self) -> Result<Resource<RequestOptions>> {
        Ok(self.table().push(RequestOptions::default())?)
    }

    fn connect_timeout(&mut self, options: Resource<RequestOptions>) -> Result<Option<u64>> {
        Ok(self.table().get(&options)?.connect)
    }

    fn set_connect_timeout(&mut self, options: Resource<RequestOptions>, ns: Option<u64>) -> Told<()> {
        self.table().get_mut(&options)?.connect = ns;
        Ok(Ok(()))
    }

    fn first_byte_timeout(&mut self, options: Resource<RequestOptions>) -> Result<Option<u64>> {
        Ok(self.table().get(&options)?.first_byte)
    }

    fn set_first_byte_timeout(&mut self, options: Resource<RequestOptions>, ns: Option<u64>) -> Told<()> {
        self.table().get_mut(&options)?.first_byte = ns;
        Ok(Ok(()))
    }

    fn between_bytes_timeout(&mut self, options: Resource<RequestOptions>) -> Result<Option<u64>> {
        Ok(self.table().get(&options)?.between_bytes)
    }

    fn set_between_bytes_timeout(&mut self, options: Resource<RequestOptions>, ns: Option<u64>) -> Told<()> {
        self.table().get_mut(&options)?.between_bytes = ns;
        Ok(Ok(()))
    }

    fn drop(&mut self, options: Resource<RequestOptions>) -> Result<()> {
        self.table().delete(options)?;
        Ok(())
    }
}

impl types::HostOutgoingBody for CallState {
    fn write(&mut self, body: Resource<OutgoingBody>) -> Told<Resource<DynOutputStream>> {
        let held = self.wasi().held.clone();
        let body = self.table().get_mut(&body)?;
        if std::mem::replace(&mut body.has_stream, true) {
            return Ok(Err(()));
        }
        let stream = body.stream(&held);
        Ok(Ok(self.table().push(stream)?))
    }

    async fn finish(&mut self, body: Resource<OutgoingBody>, trailers: Option<Resource<Fields>>) -> Result<std::result::Result<(), ErrorCode>> {
        let body = self.table().delete(body)?;
        let trailers = trailers.map(|trailers| self.table().delete(trailers)).transpose()?;
        if trailers.is_some_and(|trailers| !trailers.is_empty()) {
            lock(&body.draft).give_up();
            return Ok(Err(ErrorCode::InternalError(Some("nothing is sent behind a body".to_owned()))));
        }
        let ready = lock(&body.draft).finish();
        if let Some(pending) = ready {
            self.answer(pending).await?;
        }
        Ok(Ok(()))
    }

    fn drop(&mut self, body: Resource<OutgoingBody>) -> Result<()> {
        lock(&self.table().delete(body)?.draft).give_up();
        Ok(())
    }
}

impl types::HostFutureIncomingResponse for CallState {
    fn subscribe(&mut self, future: Resource<FutureResponse>) -> Result<Resource<DynPollable>> {
        subscribe(self.table(), future)
    }

    fn get(&mut self, future: Resource<FutureResponse>) -> Result<Option<std::result::Result<std::result::Result<Resource<IncomingResponse>, ErrorCode>, ()>>> {
        let exchange = Arc::clone(&self.table().get(&future)?.exchange);
        let Some(had) = lock(&exchange).take() else { return Ok(None) };
        Ok(Some(match had {
            Some(Ok(given)) => Ok(Ok(self.table().push(IncomingResponse::from(given))?)),
            Some(Err(code)) => Ok(Err(code)),
            None => Err(()),
        }))
    }

    fn drop(&mut self, future: Resource<FutureResponse>) -> Result<()> {
        self.table().delete(future)?;
        Ok(())
    }
}

impl types::HostIncomingResponse for CallState {
    fn status(&mut self, response: Resource<IncomingResponse>) -> Result<u16> {
        Ok(self.table().get(&response)?.status)
    }

    fn headers(&mut self, response: Resource<IncomingResponse>) -> Result<Resource<Fields>> {
        let headers = self.table().get(&response)?.headers.fixed();
        Ok(self.table().push(headers)?)
    }

    fn consume(&mut self, response: Resource<IncomingResponse>) -> Told<Resource<IncomingBody>> {
        match self.table().get_mut(&response)?.body.take() {
            Some(bytes) => Ok(Ok(self.table().push(IncomingBody { bytes: Some(bytes) })?)),
            None => Ok(Err(())),
        }
    }

    fn drop(&mut self, response: Resource<IncomingResponse>) -> Result<()> {
        self.table().delete(response)?;
        Ok(())
    }
}

impl types::HostIncomingBody for CallState {
    fn stream(&mut self, body: Resource<IncomingBody>) -> Told<Resource<DynInputStream>> {
        match self.table().get_mut(&body)?.stream() {
            Some(stream) => Ok(Ok(self.table().push(stream)?)),
            None => Ok(Err(())),
        }
    }

    fn finish(&mut self, body: Resource<IncomingBody>) -> Result<Resource<FutureTrailers>> {
        self.table().delete(body)?;
        Ok(self.table().push(FutureTrailers::default())?)
    }

    fn drop(&mut self, body: Resource<IncomingBody>) -> Result<()> {
        self.table().delete(body)?;
        Ok(())
    }
}

impl types::HostFutureTrailers for CallState {
    fn subscribe(&mut self, trailers: Resource<FutureTrailers>) -> Result<Resource<DynPollable>> {
        subscribe(self.table(), trailers)
    }

    fn get(&mut self, trailers: Resource<FutureTrailers>) -> Result<Option<std::result::Result<std::result::Result<Option<Resource<Fields>>, ErrorCode>, ()>>> {
        let had = std::mem::replace(&mut self.table().get_mut(&trailers)?.taken, true);
        Ok(Some(if had { Err(()) } else { Ok(Ok(None)) }))
    }

    fn drop(&mut self, trailers: Resource<FutureTrailers>) -> Result<()> {
        self.table().delete(trailers)?;
        Ok(())
    }
}

impl types::HostIncomingRequest for CallState {
    fn method(&mut self, request: Resource<Nothing>) -> Result<Method> {
        match *self.table().get(&request)? {}
    }

    fn path_with_query(&mut self, request: Resource<Nothing>) -> Result<Option<String>> {
        match *self.table().get(&request)? {}
    }

    fn scheme(&mut self, request: Resource<Nothing>) -> Result<Option<Scheme>> {
        match *self.table().get(&request)? {}
    }

    fn authority(&mut self, request: Resource<Nothing>) -> Result<Option<String>> {
        match *self.table().get(&request)? {}
    }

    fn headers(&mut self, request: Resource<Nothing>) -> Result<Resource<Fields>> {
        match *self.table().get(&request)? {}
    }

    fn consume(&mut self, request: Resource<Nothing>) -> Told<Resource<IncomingBody>> {
        match *self.table().get(&request)? {}
    }

    fn drop(&mut self, request: Resource<Nothing>) -> Result<()> {
        match self.table().delete(request)? {}
    }
}

impl types::HostResponseOutparam for CallState {
    fn send_informational(&mut self, param: Resource<Nothing>, _: u16, _: Resource<Fields>) -> Result<std::result::Result<(), ErrorCode>> {
        match *self.table().get(&param)? {}
    }

    fn set(&mut self, param: Resource<Nothing>, _: std::result::Result<Resource<OutgoingResponse>, ErrorCode>) -> Result<()> {
        match self.table().delete(param)? {}
    }

    fn drop(&mut self, param: Resource<Nothing>) -> Result<()> {
        match self.table().delete(param)? {}
    }
}

impl types::HostOutgoingResponse for CallState {
    fn new(&mut self, headers: Resource<Fields>) -> Result<Resource<OutgoingResponse>> {
        let headers = self.table().delete(headers)?.fixed();
        Ok(self.table().push(OutgoingResponse { status: 200, headers, has_body: false })?)
    }

    fn status_code(&mut self, response: Resource<OutgoingResponse>) -> Result<u16> {
        Ok(self.table().get(&response)?.status)
    }

    fn set_status_code(&mut self, response: Resource<OutgoingResponse>, status: u16) -> Told<()> {
        self.table().get_mut(&response)?.status = status;
        Ok(Ok(()))
    }

    fn headers(&mut self, response: Resource<OutgoingResponse>) -> Result<Resource<Fields>> {
        let headers = self.table().get(&response)?.headers.fixed();
        Ok(self.table().push(headers)?)
    }

    fn body(&mut self, response: Resource<OutgoingResponse>) -> Told<Resource<OutgoingBody>> {
        if std::mem::replace(&mut self.table().get_mut(&response)?.has_body, true) {
            return Ok(Err(()));
        }
        Ok(Ok(self.table().push(OutgoingBody { draft: Arc::default(), has_stream: false })?))
    }

    fn drop(&mut self, response: Resource<OutgoingResponse>) -> Result<()> {
        self.table().delete(response)?;
        Ok(())
    }
}

impl monotonic_clock::Host for CallState {
    fn now(&mut self) -> Result<u64> {
        self.heard();
        Ok(self.wasi().clock.now())
    }

    fn resolution(&mut self) -> Result<u64> {
        Ok(TICK_NS)
    }

    fn subscribe_instant(&mut self, at: u64) -> Result<Resource<DynPollable>> {
        let clock = Arc::clone(&self.wasi().clock);
        let timer = self.table().push(Timer { clock, at })?;
        subscribe(self.table(), timer)
    }

    fn subscribe_duration(&mut self, ns: u64) -> Result<Resource<DynPollable>> {
        let at = self.wasi().clock.now().saturating_add(ns);
        self.subscribe_instant(at)
    }
}

impl wall_clock::Host for CallState {
    /// As the call's own clock says it, which is that of the plugin's other interface.
    fn now(&mut self) -> Result<wall_clock::Datetime> {
        self.heard();
        let ms = u64::try_from(self.now_ms).unwrap_or_default();
        let nanoseconds = u32::try_from(ms % 1000 * TICK_NS).unwrap_or_default();
        Ok(wall_clock::Datetime { seconds: ms / 1000, nanoseconds })
    }

    fn resolution(&mut self) -> Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}
