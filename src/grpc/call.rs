//! Calls of methods: bytes, metadata, a deadline and retries.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use prost_reflect::{MessageDescriptor, MethodDescriptor};
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status, Streaming};

use super::channel::Transport;
use super::departure::Departure;
use super::metadata::{self, Metadata};
use super::raw_codec::RawCodec;
use super::retry;
use super::status;
use super::status_details;
use super::token_source::TokenSource;
use super::trace::{self, Trace};
use super::unreadable;
use crate::codec::decode;
use crate::error::{Error, Outcome, Result, code_name};
use crate::schema::spaceone::{MAX_MESSAGE_SIZE, short_name, takes_no_key};
use crate::secret::mask::{self, KnownSecrets};
use crate::secret::{self, MASK};
use crate::text::json;

/// Takes warnings.
#[derive(Clone, Default)]
struct Warnings(Option<Arc<WarningListener>>);

type WarningListener = dyn Fn(&str) + Send + Sync;

/// Calls the methods of one endpoint.
#[derive(Clone)]
pub struct Caller {
    transport: Transport,
    pub(super) metadata: Metadata,
    timeout: Option<Duration>,
    /// The endpoint as errors name it.
    endpoint: Arc<str>,
    trace: Trace,
    key_advice: Arc<str>,
    /// Gives the token of each call in place of the one in the metadata.
    pub(super) tokens: Option<Arc<dyn TokenSource>>,
    warnings: Warnings,
}

impl Caller {
    /// `timeout` bounds each call from its start to its last message, retries included; `None` waits for ever.
    pub fn new(
        transport: Transport,
        metadata: Metadata,
        timeout: Option<Duration>,
        endpoint: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            transport,
            metadata,
            timeout,
            endpoint: endpoint.into(),
            trace: Trace::default(),
            key_advice: Arc::from(""),
            tokens: None,
            warnings: Warnings::default(),
        }
    }

    /// Adds `advice` on how to set a key to errors about a missing one.
    #[must_use]
    pub fn with_key_advice(self, advice: impl Into<Arc<str>>) -> Self {
        Self { key_advice: advice.into(), ..self }
    }

    /// Replaces the metadata, its token included.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata, tokens: None, ..self }
    }

    /// Takes the token of each call from `tokens`.
    #[must_use]
    pub fn with_token_source(self, tokens: Arc<dyn TokenSource>) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Hands warnings about responses to `listener`.
    #[must_use]
    pub fn with_warnings(self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { warnings: Warnings(Some(Arc::new(listener))), ..self }
    }

    /// Warns of something in a response.
    pub fn warn(&self, text: &str) {
        if let Warnings(Some(listener)) = &self.warnings {
            listener(text);
        }
    }

    /// Traces every call.
    #[must_use]
    pub fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// The endpoint as errors name it.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether the service is part of this process.
    pub fn is_in_process(&self) -> bool {
        matches!(self.transport, Transport::InProcess(_))
    }

    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// One request, one response.
    pub async fn unary(&self, method: &MethodDescriptor, is_read_only: bool, message: Bytes) -> Result<Bytes> {
        let mut call = Call::new(self, method, is_read_only, message)?;
        let send = |mut grpc: Grpc<Transport>, request, path| async move { grpc.unary(request, path, RawCodec).await };
        let response = call.send_with_token(send).await?;
        self.trace.timed(call.begun.into_std(), || match &response {
            Ok(message) => format!("{} answered OK, {}", self.endpoint, trace::size(message.len())),
            Err(status) => call.ended_with(status),
        });
        let response = response.map_err(|status| call.error(&status))?;
        call.trace_response(&response);
        Ok(response)
    }

    /// One request, any number of responses. Only the start is retried: after a first message, a failure is final.
    pub async fn server_streaming(
        &self,
        method: &MethodDescriptor,
        is_read_only: bool,
        message: Bytes,
    ) -> Result<Responses> {
        let mut call = Call::new(self, method, is_read_only, message)?;
        let send = |mut grpc: Grpc<Transport>, request, path| async move {
            grpc.server_streaming(request, path, RawCodec).await
        };
        let stream = call.send_with_token(send).await?;
        self.trace.timed(call.begun.into_std(), || match &stream {
            Ok(_) => format!("{} has begun to answer", self.endpoint),
            Err(status) => call.ended_with(status),
        });
        let stream = stream.map_err(|status| call.error(&status))?;
        Ok(Responses { stream, call })
    }

    pub(super) fn grpc(&self) -> Grpc<Transport> {
        Grpc::new(self.transport.clone())
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(MAX_MESSAGE_SIZE)
            .max_encoding_message_size(MAX_MESSAGE_SIZE)
    }

    pub(super) fn apply_metadata<T>(&self, request: &mut Request<T>) {
        self.metadata.apply(request);
    }

    /// Adds to `error` what to do about a key that the service refuses, if it has no better hint.
    pub(super) fn advise_on_key(&self, error: Error) -> Error {
        status::advise_on_key(error, self.metadata.has_key(), &self.key_advice)
    }

    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How many requests its connections have had responses to.
    pub(super) fn response_count(&self) -> usize {
        self.transport.response_count()
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

/// The path of a method: `/package.Service/method`.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// A call as errors name it.
pub(super) fn what(method: &MethodDescriptor, endpoint: &str) -> String {
    format!("{} {} at {endpoint}", method.name(), short_name(method.parent_service().full_name()))
}

/// The responses of a streaming call, as they arrive.
pub struct Responses {
    stream: Streaming<Bytes>,
    call: Call,
}

impl Responses {
    /// The next message; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        let message = self.call.within_deadline(self.stream.message()).await;
        let message = message.map_err(|status| match status.code() {
            Code::DeadlineExceeded => self.call.error(&status).hint("use --timeout 0 to follow a stream without end"),
            _ => self.call.error(&status),
        })?;
        if let Some(message) = &message {
            self.call
                .caller
                .trace
                .step(|| format!("{} sent a message of {}", self.call.caller.endpoint, trace::size(message.len())));
            self.call.trace_response(message);
        } else if let Ok(Some(trailers)) = self.stream.trailers().await {
            self.call.trace_metadata(&trailers);
        }
        Ok(message)
    }
}

/// What is the same for every attempt of one call.
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) method: MethodDescriptor,
    pub(super) is_read_only: bool,
    message: Bytes,
    path: PathAndQuery,
    begun: Instant,
    pub(super) deadline: Option<Instant>,
    departure: Departure,
}

impl Call {
    fn new(caller: &Caller, method: &MethodDescriptor, is_read_only: bool, message: Bytes) -> Result<Self> {
        let path = PathAndQuery::try_from(path(method))
            .map_err(|error| Error::local(what(method, &caller.endpoint)).caused_by(&error))?;
        let begun = Instant::now();
        let deadline = caller.timeout.map(|timeout| begun + timeout);
        let (caller, method, departure) = (caller.clone(), method.clone(), Departure::default());
        Ok(Self { caller, method, is_read_only, message, path, begun, deadline, departure })
    }

    pub(super) fn takes_no_key(&self) -> bool {
        takes_no_key(self.method.parent_service().full_name(), self.method.name())
    }

    /// Sends as often as it may be sent.
    pub(super) async fn send<T, F: Future<Output = Result<tonic::Response<T>, Status>>>(
        &self,
        send: impl Fn(Grpc<Transport>, Request<Bytes>, PathAndQuery) -> F,
    ) -> Result<T, Status> {
        let notify = |status: &Status, wait: Duration| {
            self.caller.trace.step(|| format!("{}; sent again {}", self.ended_with(status), retry::when(wait)));
        };
        let attempt = || async {
            let mut grpc = self.caller.grpc();
            grpc.ready().await.map_err(Status::from_error)?;
            self.trace_request();
            let response = send(grpc, self.request(), self.path.clone()).await;
            self.trace_metadata(response.as_ref().map_or_else(Status::metadata, tonic::Response::metadata));
            response.map(tonic::Response::into_inner)
        };
        let response_count = || self.caller.response_count();
        self.within_deadline(retry::send_again(self.is_read_only, self.deadline, response_count, notify, attempt)).await
    }

    /// The trace's line about a status, without the text of the error that follows.
    fn ended_with(&self, status: &Status) -> String {
        if retry::is_unprocessed(status) {
            return format!("{} did not process it", self.caller.endpoint);
        }
        format!("{} answered {}", self.caller.endpoint, code_name(status::code(status)))
    }

    fn trace_request(&self) {
        self.caller.trace.step(|| {
            let mut line =
                format!("send {} to {}, {}", self.path, self.caller.endpoint, trace::size(self.message.len()));
            for name in self.caller.metadata.names() {
                line += &format!(", {name}: {MASK}");
            }
            line
        });
        self.trace_message("request", &self.message, &self.method.input());
    }

    /// Traces headers and trailers of a response.
    fn trace_metadata(&self, metadata: &MetadataMap) {
        self.caller.trace.message(|| format!("response metadata {}", metadata::to_text(metadata)));
    }

    fn trace_response(&self, message: &Bytes) {
        self.trace_message("response", message, &self.method.output());
    }

    fn trace_message(&self, which: &str, message: &Bytes, descriptor: &MessageDescriptor) {
        self.caller.trace.message(|| match decode::decode(message.clone(), descriptor) {
            Ok(mut value) => {
                secret::mask_message(self.method.parent_service().name(), &mut value);
                let line = format!("{which} {}", json::compact(&value));
                // A response can repeat what the request held.
                self.secrets().masked(&line).unwrap_or(line)
            }
            Err(error) => format!("{which}: {error}"),
        });
    }

    /// The secrets in the request.
    fn secrets(&self) -> KnownSecrets {
        let message = decode::decode(self.message.clone(), &self.method.input());
        KnownSecrets::new(
            message
                .map(|value| secret::secrets_in_message(self.method.parent_service().name(), value))
                .unwrap_or_default(),
        )
    }

    fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(self.message.clone());
        self.caller.metadata.apply(&mut request);
        self.departure.reset();
        request.extensions_mut().insert(self.departure.clone());
        if let Some(deadline) = self.deadline {
            // The service need not work longer.
            request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        }
        request
    }

    async fn within_deadline<T>(&self, work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let work = unreadable::guard(work);
        let Some(deadline) = self.deadline else { return work.await };
        let late = || {
            self.departure.cancel();
            Status::deadline_exceeded(format!("no answer within {:?}", deadline - self.begun))
        };
        match tokio::time::timeout_at(deadline, work).await {
            // The transport knows the deadline too, and calls it a cancellation if it is the first to see it.
            Ok(Err(status)) if Instant::now() >= deadline && !retry::is_unprocessed(&status) => Err(late()),
            Ok(result) => result,
            Err(_) => Err(late()),
        }
    }

    fn error(&self, status: &Status) -> Error {
        // A service in this process has done nothing when it reports an error: it has rejected the call.
        let outcome = match status::outcome(status) {
            _ if self.caller.is_in_process() => Outcome::Rejected,
            _ if self.departure.is_cancelled() => Outcome::NotSent,
            outcome => outcome,
        };
        let error = status::error(&what(&self.method, &self.caller.endpoint), status);
        let error = status::with_outcome(error, self.is_read_only, outcome);
        let mut details = status_details::read(status, self.method.parent_pool());
        for detail in &mut details {
            mask::mask_value("", detail);
        }
        let secrets = self.secrets();
        let mask = |text: &str| secrets.masked(text).unwrap_or_else(|| text.to_owned());
        let error = error.with_details(details).map_foreign_texts(mask);
        let error = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied if self.takes_no_key() => {
                error.hint("check the credentials in the request: this call takes no key")
            }
            _ => self.caller.advise_on_key(error),
        };
        // The platform's error code for a missing field, which begins the text.
        if !status.message().starts_with("ERROR_REQUIRED_PARAMETER") {
            return error;
        }
        let resource = short_name(self.method.parent_service().full_name());
        error.hint(format!("run `spacectl explain {resource}.{}` to see its fields", self.method.name()))
    }
}
