//! Calls: bytes out, bytes back, with metadata, a deadline and careful retries.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request, Status, Streaming};

use super::channel::Transport;
use super::departure::Departure;
use super::metadata::Metadata;
use super::raw_codec::RawCodec;
use super::retry;
use super::status;
use super::trace::{self, Trace};
use super::unreadable;
use crate::codec::decode;
use crate::codec::descriptor::{MessageDescriptor, MethodDescriptor};
use crate::error::{Error, ErrorKind, Outcome, Result, code_name};
use crate::schema::spaceone::{MAX_MESSAGE_SIZE, short_name, takes_no_key};
use crate::secret::redact::Secrets;
use crate::secret::{self, MASK};
use crate::terminal::json;

/// Calls the methods of one endpoint.
#[derive(Clone)]
pub struct Caller {
    transport: Transport,
    metadata: Metadata,
    timeout: Option<Duration>,
    /// The endpoint as errors name it.
    place: Arc<str>,
    trace: Trace,
    key_advice: Arc<str>,
}

impl Caller {
    /// `timeout` bounds each call from its start to its last message, retries included; `None` waits for ever.
    pub fn new(
        transport: Transport,
        metadata: Metadata,
        timeout: Option<Duration>,
        place: impl Into<Arc<str>>,
    ) -> Self {
        Self { transport, metadata, timeout, place: place.into(), trace: Trace::default(), key_advice: Arc::from("") }
    }

    /// Says `advice` on how to set a key where the service asks for one.
    #[must_use]
    pub fn with_key_advice(self, advice: impl Into<Arc<str>>) -> Self {
        Self { key_advice: advice.into(), ..self }
    }

    /// Sends `metadata` instead.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata, ..self }
    }

    /// Tells `trace` of every call.
    #[must_use]
    pub fn with_trace(self, trace: Trace) -> Self {
        Self { trace, ..self }
    }

    /// The endpoint as errors name it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What goes with every call.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// One request, one response.
    pub async fn unary(&self, method: &MethodDescriptor, message: Bytes) -> Result<Bytes> {
        let call = Call::new(self, method, message.clone())?;
        let send = || async {
            let mut grpc = self.ready().await?;
            call.tell_request(&message);
            let request = call.request(message.clone());
            grpc.unary(request, call.path.clone(), RawCodec).await.map(tonic::Response::into_inner)
        };
        let answer = call.within_deadline(call.send_again(self, send)).await;
        call.trace.timed(call.begun.into_std(), || match &answer {
            Ok(message) => format!("{} answered OK, {}", call.place, trace::size(message.len())),
            Err(status) => call.answered(status),
        });
        let answer = answer.map_err(|status| call.error(&status))?;
        call.tell_response(&answer);
        Ok(answer)
    }

    /// One request, any number of responses. Only the start is ever retried: what came is not taken back.
    pub async fn server_streaming(&self, method: &MethodDescriptor, message: Bytes) -> Result<Responses> {
        let call = Call::new(self, method, message.clone())?;
        let send = || async {
            let mut grpc = self.ready().await?;
            call.tell_request(&message);
            let request = call.request(message.clone());
            grpc.server_streaming(request, call.path.clone(), RawCodec).await.map(tonic::Response::into_inner)
        };
        let stream = call.within_deadline(call.send_again(self, send)).await;
        call.trace.timed(call.begun.into_std(), || match &stream {
            Ok(_) => format!("{} has begun to answer", call.place),
            Err(status) => call.answered(status),
        });
        let stream = stream.map_err(|status| call.error(&status))?;
        Ok(Responses { stream, call })
    }

    async fn ready(&self) -> Result<Grpc<Transport>, Status> {
        let mut grpc = self.grpc();
        grpc.ready().await.map_err(Status::from_error)?;
        Ok(grpc)
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

    /// Adds to `error` what to do about the key, if that is what the service refuses and nothing better is known.
    pub(super) fn advise_on_key(&self, error: Error) -> Error {
        let ErrorKind::Status(code) = error.kind() else { return error };
        if error.problems().iter().any(|problem| !problem.hints.is_empty()) {
            return error;
        }
        let has_key = self.metadata.has_key();
        match code {
            Code::Unauthenticated | Code::PermissionDenied if !has_key && !self.key_advice.is_empty() => {
                error.hint(&*self.key_advice)
            }
            Code::Unauthenticated if !self.key_advice.is_empty() => {
                error.hint(format!("{}; an expired key gives the same answer", self.key_advice))
            }
            Code::PermissionDenied => error.hint("the api_key's role may not do this: ask for a key that may"),
            _ => error,
        }
    }

    /// What is told of every call.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// How many requests were answered so far through its connections.
    pub(super) fn answered(&self) -> usize {
        self.transport.answered()
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

/// What a method is called by on the wire: `/package.Service/method`.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.service_full_name(), method.name())
}

/// A call as errors name it.
fn what(method: &MethodDescriptor, place: &str) -> String {
    format!("{} {} at {place}", method.name(), short_name(method.service_full_name()))
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
            Code::DeadlineExceeded => self.call.error(&status).hint("--timeout 0 follows a stream without end"),
            _ => self.call.error(&status),
        })?;
        if let Some(message) = &message {
            self.call.trace.step(|| format!("{} sent a message of {}", self.call.place, trace::size(message.len())));
            self.call.tell_response(message);
        }
        Ok(message)
    }
}

/// What is the same for every try of one call.
struct Call {
    caller: Caller,
    method: MethodDescriptor,
    message: Bytes,
    path: PathAndQuery,
    trace: Trace,
    begun: Instant,
    place: Arc<str>,
    deadline: Option<(Instant, Duration)>,
    departure: Departure,
    is_in_process: bool,
}

impl Call {
    fn new(caller: &Caller, method: &MethodDescriptor, message: Bytes) -> Result<Self> {
        let path = PathAndQuery::try_from(path(method))
            .map_err(|error| Error::local(what(method, &caller.place)).caused_by(&error))?;
        let begun = Instant::now();
        let deadline = caller.timeout.map(|timeout| (begun + timeout, timeout));
        let (caller, trace) = (caller.clone(), caller.trace.clone());
        let (method, place) = (method.clone(), caller.place.clone());
        let is_in_process = matches!(caller.transport, Transport::InProcess(_));
        Ok(Self {
            caller,
            method,
            message,
            path,
            trace,
            begun,
            place,
            deadline,
            departure: Departure::default(),
            is_in_process,
        })
    }

    /// Sends as often as it may be sent.
    async fn send_again<T, F: Future<Output = Result<T, Status>>>(
        &self,
        caller: &Caller,
        send: impl Fn() -> F,
    ) -> Result<T, Status> {
        let notify = |status: &Status, wait: Duration| {
            self.trace.step(|| format!("{}; sent again {}", self.answered(status), retry::when(wait)));
        };
        let deadline = self.deadline.map(|(at, _)| at);
        retry::send_again(self.method.name(), deadline, || caller.answered(), notify, send).await
    }

    /// A status as steps name it: the words of the error that follows are not repeated.
    fn answered(&self, status: &Status) -> String {
        if retry::is_unprocessed(status) {
            return format!("{} did not process it", self.place);
        }
        format!("{} answered {}", self.place, code_name(status::code(status)))
    }

    fn tell_request(&self, message: &Bytes) {
        self.trace.step(|| {
            let mut line = format!("send {} to {}, {}", self.path, self.place, trace::size(message.len()));
            for name in self.caller.metadata.names() {
                line += &format!(", {name}: {MASK}");
            }
            line
        });
        self.tell_message("request", message, &self.method.input());
    }

    fn tell_response(&self, message: &Bytes) {
        self.tell_message("response", message, &self.method.output());
    }

    fn tell_message(&self, which: &str, message: &Bytes, descriptor: &MessageDescriptor) {
        self.trace.message(|| match decode::decode(message.clone(), descriptor) {
            Ok(mut value) => {
                secret::mask_message(self.method.service_name(), &mut value);
                let line = format!("{which} {}", json::compact(&value));
                // An answer can repeat what it was asked.
                self.secrets().masked(&line).unwrap_or(line)
            }
            Err(error) => format!("{which}: {error}"),
        });
    }

    /// The secrets in what is asked.
    fn secrets(&self) -> Secrets {
        let message = decode::decode(self.message.clone(), &self.method.input());
        Secrets::new(
            message.map(|value| secret::secrets_in_message(self.method.service_name(), value)).unwrap_or_default(),
        )
    }

    fn request(&self, message: Bytes) -> Request<Bytes> {
        let mut request = Request::new(message);
        self.caller.metadata.apply(&mut request);
        self.departure.reset();
        request.extensions_mut().insert(self.departure.clone());
        if let Some((at, _)) = self.deadline {
            // Tells the service how long an answer is of use.
            request.set_timeout(at.saturating_duration_since(Instant::now()));
        }
        request
    }

    async fn within_deadline<T>(&self, work: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
        let work = unreadable::guard(work);
        let Some((at, timeout)) = self.deadline else { return work.await };
        let late = || {
            self.departure.cancel();
            Status::deadline_exceeded(format!("no answer within {timeout:?}"))
        };
        match tokio::time::timeout_at(at, work).await {
            // The transport knows the deadline too, and calls it a cancellation if it is the first to see it.
            Ok(Err(status)) if Instant::now() >= at && !retry::is_unprocessed(&status) => Err(late()),
            Ok(result) => result,
            Err(_) => Err(late()),
        }
    }

    fn error(&self, status: &Status) -> Error {
        // What is called in this process has done nothing if it has not said so.
        let effect = match status::effect(status) {
            _ if self.is_in_process => Outcome::Rejected,
            _ if self.departure.is_cancelled() => Outcome::NotSent,
            effect => effect,
        };
        let error = status::error(&what(&self.method, &self.place), status);
        let error = status::with_outcome(error, self.method.name(), effect);
        let secrets = self.secrets();
        let error = error.map_causes(|cause| secrets.masked(cause));
        let error = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied
                if takes_no_key(self.method.service_full_name(), self.method.name()) =>
            {
                error.hint("check the credentials in the request: this call takes no key")
            }
            _ => self.caller.advise_on_key(error),
        };
        // As the platform's services begin to say that a field is missing.
        if !status.message().starts_with("ERROR_REQUIRED_PARAMETER") {
            return error;
        }
        let resource = short_name(self.method.service_full_name());
        error.hint(format!("`spacectl explain {resource}.{}` tells what it takes", self.method.name()))
    }
}
