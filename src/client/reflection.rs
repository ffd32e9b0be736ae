//! A server's own descriptors, by gRPC reflection, v1 or v1alpha: both are asked at once, for most servers have one.

use std::collections::{BTreeSet, HashSet};
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::uri::PathAndQuery;
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ErrorResponse, ServerReflectionRequest, ServerReflectionResponse};

use super::call::Caller;
use super::descriptors::{self, Description};
use super::status;
use crate::error::{Error, Kind, Result, code_name};
use crate::platform::usual_imports;

/// A version of reflection. The messages of all are the same on the wire; only the path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V1,
    V1Alpha,
}

impl Version {
    fn path(self) -> &'static str {
        match self {
            Self::V1 => "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            Self::V1Alpha => "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        }
    }

    /// As it stands in the path.
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Alpha => "v1alpha",
        }
    }
}

/// The longest wait for a description, however long calls may take: it is there before a service has started, so one
/// that does not come by then does not come. Only who waits without end waits longer.
const LIMIT: Duration = Duration::from_secs(10);

/// What a server said of itself.
#[derive(Debug)]
pub struct Described {
    /// The full names of all its services, sorted.
    pub services: Vec<String>,
    /// The asked symbols' files with all that these import; without the symbols that the server does not know.
    pub pool: DescriptorPool,
}

/// How a description was got: who asks so again is answered in one round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub version: Version,
    /// The imports that were not sent along, in the order in which they were asked for.
    pub imports: Vec<String>,
}

/// Asks for the names of all services, and for the file of `symbol` with its imports: in one round trip where the server
/// sends imports along, or has those alone that files of the platform usually have. A `symbol` that the server does not know leaves its file out.
pub async fn fetch(caller: &Caller, symbol: &str) -> Result<(Description, Way)> {
    let guesses = usual_imports(symbol);
    let ask = async |conversation: &mut Conversation| {
        // The platform's services have this version alone. Others may end the stream over a file that they do not have.
        let guesses = if conversation.version == Version::V1Alpha { &guesses[..] } else { &[] };
        conversation.describe(symbol, guesses).await
    };
    match converse(caller, None, ask).await {
        Err(error) if error.kind() == Kind::Status(Code::NotFound) && !guesses.is_empty() => {
            let ask = async |conversation: &mut Conversation| conversation.describe(symbol, &[]).await;
            converse(caller, None, ask).await
        }
        fetched => fetched,
    }
}

/// As [`fetch`], in the `known` way in which it was got before; where that does not lead there any more, in any.
pub async fn fetch_again(caller: &Caller, symbol: &str, known: &Way) -> Result<(Description, Way)> {
    let ask = async |conversation: &mut Conversation| conversation.describe(symbol, &known.imports).await;
    let again = converse(caller, Some(known.version), ask).await;
    match again {
        // Another server, which lacks the version or a file.
        Err(error) if matches!(error.kind(), Kind::Status(Code::Unimplemented | Code::NotFound)) => {
            fetch(caller, symbol).await
        }
        again => again,
    }
}

/// As [`fetch`], with the descriptors made of all that is described.
pub async fn describe(caller: &Caller, symbol: &str) -> Result<Described> {
    let (Description { services, files }, _) = fetch(caller, symbol).await?;
    Ok(Described { pool: descriptors::pool(&files, caller.place())?, services })
}

/// Asks for the names of all services and for the files of every one of them.
pub async fn describe_all(caller: &Caller) -> Result<Described> {
    let ask = async |conversation: &mut Conversation| conversation.describe_all().await;
    let (Description { services, files }, _) = converse(caller, None, ask).await?;
    Ok(Described { pool: descriptors::pool(&files, caller.place())?, services })
}

/// Holds `talk` with the server in the version that it has, if that is known; else in all at once, and the first to be
/// answered counts.
async fn converse(
    caller: &Caller,
    known: Option<Version>,
    talk: impl AsyncFn(&mut Conversation) -> Result<Answered, Status>,
) -> Result<(Description, Way)> {
    let what = format!("cannot ask {} what it offers", caller.place());
    let failed = |status: Status| caller.advise_on_key(status::first_error(&what, &status));
    let none = || {
        Error::status(Code::Unimplemented, &what)
            .cause("it offers no gRPC reflection, neither v1 nor v1alpha")
            .hint("is this the gRPC port of a SpaceONE service?")
    };
    let begun = Instant::now();
    let by = async |version: Version| (talk(&mut Conversation::start(caller, version)).await, version);
    let work = async {
        let (result, version) = match known {
            Some(version) => by(version).await,
            None => first_to_answer(pin!(by(Version::V1)), pin!(by(Version::V1Alpha))).await,
        };
        caller.trace().timed(begun, || {
            let (version, place) = (version.name(), caller.place());
            match &result {
                Ok(Answered { services, files }) => {
                    format!("reflection {version} at {place}: {} services, {} files", services.len(), files.raw.len())
                }
                Err(status) => format!("reflection {version} at {place}: {}", code_name(status.code())),
            }
        });
        match result {
            Ok(Answered { services, files }) => {
                let Files { raw, known, mut asked, .. } = files;
                asked.retain(|name| known.contains(name));
                Ok((Description { services, files: raw }, Way { version, imports: asked }))
            }
            // A proxy that passes neither path on says what it is; a service without reflection does not.
            Err(status) if status.code() == Code::Unimplemented && !made_here(&status) => Err(none()),
            Err(status) => Err(failed(status)),
        }
    };
    match caller.timeout() {
        None => work.await,
        Some(timeout) => {
            let limit = timeout.min(LIMIT);
            tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late(&what, limit)))
        }
    }
}

/// What a conversation came to, and in which version it was held.
type Outcome = (Result<Answered, Status>, Version);

/// What comes of two conversations: the first answer, or where there is none the failure of `first`, unless that only says
/// that there is no such version.
async fn first_to_answer(
    first: impl Future<Output = Outcome> + Unpin,
    second: impl Future<Output = Outcome> + Unpin,
) -> Outcome {
    let is_absent = |outcome: &Outcome| matches!(&outcome.0, Err(status) if status.code() == Code::Unimplemented);
    match select(first, second).await {
        Either::Left((outcome, second)) if is_absent(&outcome) => second.await,
        Either::Left((outcome, _)) => outcome,
        Either::Right((outcome @ (Ok(_), _), _)) => outcome,
        Either::Right((failed, first)) => {
            let outcome = first.await;
            if is_absent(&outcome) { failed } else { outcome }
        }
    }
}

/// No description came within `limit`.
fn late(what: &str, limit: Duration) -> Error {
    let error = Error::status(Code::DeadlineExceeded, format!("{what}: {}", code_name(Code::DeadlineExceeded)))
        .cause(format!("no answer within {limit:?}"));
    if limit < LIMIT {
        error.hint("--timeout waits longer")
    } else {
        error.hint("is it overloaded, or no gRPC service? --timeout 0 waits without end, other limits to 10s at most")
    }
}

/// Whether `status` stands for something that is no gRPC status.
fn made_here(status: &Status) -> bool {
    std::error::Error::source(status).is_some()
}

/// What a server answered.
struct Answered {
    services: Vec<String>,
    files: Files,
}

/// One bidirectional stream. The stream is opened when the first answer is waited for, with every question asked by
/// then already in it: some servers send no headers before they have seen a question.
struct Conversation {
    questions: mpsc::UnboundedSender<ServerReflectionRequest>,
    unopened: Option<(Caller, mpsc::UnboundedReceiver<ServerReflectionRequest>)>,
    version: Version,
    answers: Option<Streaming<ServerReflectionResponse>>,
}

impl Conversation {
    fn start(caller: &Caller, version: Version) -> Self {
        let (questions, receiver) = mpsc::unbounded_channel();
        Self { questions, unopened: Some((caller.clone(), receiver)), version, answers: None }
    }

    /// The names of all services, and the files of `symbol`; `imports` are asked for before it is known that they are
    /// needed.
    async fn describe(&mut self, symbol: &str, imports: &[String]) -> Result<Answered, Status> {
        self.ask(MessageRequest::ListServices(String::new()))?;
        self.ask(MessageRequest::FileContainingSymbol(symbol.to_owned()))?;
        for import in imports {
            self.ask(MessageRequest::FileByFilename(import.clone()))?;
        }
        let services = self.services().await?;
        let mut files = Files::default();
        match self.files(&mut files).await {
            Ok(()) => {}
            // Some servers end the stream over a symbol that they do not know, instead of answering so.
            Err(status) if status.code() == Code::NotFound && imports.is_empty() => {
                return Ok(Answered { services, files });
            }
            Err(status) => return Err(status),
        }
        for import in imports {
            let before = files.raw.len();
            self.files(&mut files).await?;
            // One that had come along already need not be asked for the next time.
            if files.raw.len() > before {
                files.ask_for(import);
            }
        }
        self.imports(&mut files).await?;
        Ok(Answered { services, files })
    }

    /// The names of all services, and the files of every one of them.
    async fn describe_all(&mut self) -> Result<Answered, Status> {
        self.ask(MessageRequest::ListServices(String::new()))?;
        let services = self.services().await?;
        for service in &services {
            self.ask(MessageRequest::FileContainingSymbol(service.clone()))?;
        }
        let mut files = Files::default();
        for _ in &services {
            self.files(&mut files).await?;
        }
        self.imports(&mut files).await?;
        Ok(Answered { services, files })
    }

    fn ask(&self, question: MessageRequest) -> Result<(), Status> {
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
        self.questions.send(request).map_err(|_| Status::unavailable("the reflection stream has closed"))
    }

    async fn answer(&mut self) -> Result<MessageResponse, Status> {
        if let Some((caller, receiver)) = self.unopened.take() {
            let mut request = Request::new(UnboundedReceiverStream::new(receiver));
            caller.apply_metadata(&mut request);
            let mut grpc = caller.grpc();
            grpc.ready().await.map_err(Status::from_error)?;
            let codec: ProstCodec<ServerReflectionRequest, ServerReflectionResponse> = ProstCodec::default();
            let response = grpc.streaming(request, PathAndQuery::from_static(self.version.path()), codec).await?;
            self.answers = Some(response.into_inner());
        }
        let ended = || Status::unavailable("the reflection stream ended early");
        let message = self.answers.as_mut().ok_or_else(ended)?.message().await?.ok_or_else(ended)?;
        message.message_response.ok_or_else(|| Status::internal("an empty reflection answer"))
    }

    async fn services(&mut self) -> Result<Vec<String>, Status> {
        match self.answer().await? {
            MessageResponse::ListServicesResponse(list) => {
                let names: BTreeSet<String> = list.service.into_iter().map(|service| service.name).collect();
                Ok(names.into_iter().collect())
            }
            MessageResponse::ErrorResponse(error) => Err(refusal(error)),
            _ => Err(Status::internal("reflection answered another question")),
        }
    }

    /// Takes the answer to one question for files. A symbol that the server does not know adds none.
    async fn files(&mut self, files: &mut Files) -> Result<(), Status> {
        match self.answer().await? {
            MessageResponse::FileDescriptorResponse(response) => {
                response.file_descriptor_proto.into_iter().try_for_each(|file| files.add(file.into()))
            }
            MessageResponse::ErrorResponse(error) if Code::from(error.error_code) == Code::NotFound => Ok(()),
            MessageResponse::ErrorResponse(error) => Err(refusal(error)),
            _ => Err(Status::internal("reflection answered another question")),
        }
    }

    /// Asks for what the files import until nothing is missing: a round trip per level, all of a level at once.
    async fn imports(&mut self, files: &mut Files) -> Result<(), Status> {
        loop {
            let missing = files.take_missing();
            if missing.is_empty() {
                return Ok(());
            }
            for name in &missing {
                self.ask(MessageRequest::FileByFilename(name.clone()))?;
            }
            for _ in &missing {
                self.files(files).await?;
            }
        }
    }
}

/// What a server answers instead of what was asked for.
fn refusal(error: ErrorResponse) -> Status {
    match Code::from(error.error_code) {
        Code::Ok => Status::internal("reflection answered with an error that is none"),
        code => Status::new(code, error.error_message),
    }
}

/// The most that a server may describe, in files and in bytes: many times what any service has, and little enough for
/// a server that never ends.
const MAX_FILES: usize = 10_000;
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// File descriptors as the server sent them: raw bytes, so that options unknown here survive.
///
/// Protobuf's own files are not taken from the server.
#[derive(Default)]
struct Files {
    raw: Vec<Bytes>,
    size: usize,
    known: HashSet<String>,
    /// Imports that were asked for already: one that the server does not have is not asked for again.
    asked: Vec<String>,
    wanted: BTreeSet<String>,
}

impl Files {
    fn add(&mut self, raw: Bytes) -> Result<(), Status> {
        let unreadable = |why: String| Status::internal(format!("a descriptor cannot be read: {why}"));
        let Some((name, imports)) = descriptors::name_and_imports(&raw) else {
            let read = FileDescriptorProto::decode(raw.clone());
            return Err(unreadable(read.err().map_or_else(|| "it is no file".to_owned(), |error| error.to_string())));
        };
        if !descriptors::is_own(name) && !self.known.contains(name) {
            self.size += raw.len();
            if self.raw.len() == MAX_FILES || self.size > MAX_BYTES {
                return Err(Status::resource_exhausted("the server describes more than any service has"));
            }
            self.known.insert(name.to_owned());
            self.wanted.extend(imports.into_iter().map(str::to_owned));
            self.raw.push(raw);
        }
        Ok(())
    }

    /// Whether `name` is not asked for yet, as it is from now on.
    fn ask_for(&mut self, name: &str) -> bool {
        let is_new = !self.asked.iter().any(|asked| asked == name);
        if is_new {
            self.asked.push(name.to_owned());
        }
        is_new
    }

    fn take_missing(&mut self) -> Vec<String> {
        let mut missing = std::mem::take(&mut self.wanted).into_iter().collect::<Vec<_>>();
        missing.retain(|name| !descriptors::is_own(name) && !self.known.contains(name) && self.ask_for(name));
        missing
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn outcome(result: std::result::Result<&str, Code>, version: Version) -> Outcome {
        let answered = |name: &str| Answered { services: vec![name.to_owned()], files: Files::default() };
        (result.map(answered).map_err(|code| Status::new(code, version.name())), version)
    }

    fn told((result, version): Outcome) -> String {
        match result {
            Ok(answered) => format!("{} {}", version.name(), answered.services[0]),
            Err(status) => format!("{} {}", version.name(), code_name(status.code())),
        }
    }

    /// `None` has not come yet.
    type Came = Option<std::result::Result<&'static str, Code>>;

    fn of(first: Came, second: Came) -> Option<String> {
        let future = |came: Came, version| async move {
            match came {
                Some(result) => outcome(result, version),
                None => pending().await,
            }
        };
        let both = first_to_answer(Box::pin(future(first, Version::V1)), Box::pin(future(second, Version::V1Alpha)));
        let waited = futures_util::future::select(Box::pin(both), ready(()));
        match futures_util::FutureExt::now_or_never(waited)? {
            Either::Left((outcome, _)) => Some(told(outcome)),
            Either::Right(_) => None,
        }
    }

    #[test]
    fn the_first_answer_counts_and_of_failures_the_first_versions() {
        let (absent, denied) = (Some(Err(Code::Unimplemented)), Some(Err(Code::PermissionDenied)));
        for (first, second, expected) in [
            (Some(Ok("a")), None, Some("v1 a")),
            (None, Some(Ok("b")), Some("v1alpha b")),
            (Some(Ok("a")), Some(Ok("b")), Some("v1 a")),
            (absent, Some(Ok("b")), Some("v1alpha b")),
            (denied, Some(Ok("b")), Some("v1 PERMISSION_DENIED")),
            (Some(Ok("a")), denied, Some("v1 a")),
            (absent, denied, Some("v1alpha PERMISSION_DENIED")),
            (absent, absent, Some("v1alpha UNIMPLEMENTED")),
            // What one of them fails in is not told before the other is known.
            (absent, None, None),
            (None, denied, None),
            (None, absent, None),
        ] {
            assert_eq!(of(first, second).as_deref(), expected, "{first:?} {second:?}");
        }
    }
}
