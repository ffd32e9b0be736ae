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
use super::descriptors::{self, Description, Gaps, Head};
use super::{retry, status, unreadable};
use crate::error::{Error, ErrorKind, Result, code_name};
use crate::schema::spaceone::usual_imports;

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

/// A verb for [`retry::send_again`]: to be asked changes nothing.
const READS: &str = "get";

/// What a server said of itself.
#[derive(Debug)]
pub struct Described {
    /// The full names of all its services, sorted.
    pub services: Vec<String>,
    /// The asked symbols' files with all that these import; without the symbols that the server does not know.
    pub pool: DescriptorPool,
    /// The parts of it that are missing.
    pub gaps: Gaps,
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
        Err(error) if is_about_a_file(&error) && !guesses.is_empty() => {
            let ask = async |conversation: &mut Conversation| conversation.describe(symbol, &[]).await;
            converse(caller, None, ask).await
        }
        fetched => fetched,
    }
    .map(Fetched::into_parts)
}

/// As [`fetch`], in the `known` way in which it was got before; where that does not lead there any more, in any.
pub async fn fetch_again(caller: &Caller, symbol: &str, known: &Way) -> Result<(Description, Way)> {
    let ask = async |conversation: &mut Conversation| conversation.describe(symbol, &known.imports).await;
    let again = converse(caller, Some(known.version), ask).await;
    match again {
        // Another server, which lacks the version or a file.
        Err(error) if error.kind() == ErrorKind::Status(Code::Unimplemented) || is_about_a_file(&error) => {
            fetch(caller, symbol).await
        }
        again => again.map(Fetched::into_parts),
    }
}

/// Whether a server may have ended the stream over a file that it does not have.
fn is_about_a_file(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Status(Code::NotFound | Code::Internal | Code::Unknown))
}

/// As [`fetch`], with the descriptors made of all that is described.
pub async fn describe(caller: &Caller, symbol: &str) -> Result<Described> {
    let (Description { services, files }, _) = fetch(caller, symbol).await?;
    let (pool, gaps) = descriptors::pool(&files);
    Ok(Described { services, pool, gaps })
}

/// Asks for the names of all services and for the files of every one of them. Those that cannot be described hide no
/// others.
pub async fn describe_all(caller: &Caller) -> Result<Described> {
    let ask = async |conversation: &mut Conversation| conversation.describe_all().await;
    let Fetched { description: Description { services, files }, refused, .. } = converse(caller, None, ask).await?;
    let (pool, mut gaps) = descriptors::pool(&files);
    for (service, status) in refused {
        gaps.add(&service, || format!("{}: {}", code_name(status.code()), status.message()));
    }
    Ok(Described { services, pool, gaps })
}

/// Holds `talk` with the server in the version that it has, if that is known; else in all at once, and the first to be
/// answered counts.
async fn converse(
    caller: &Caller,
    known: Option<Version>,
    talk: impl AsyncFn(&mut Conversation) -> Result<Answered, Status>,
) -> Result<Fetched> {
    let what = format!("cannot ask {} what it offers", caller.place());
    let failed = |status: Status| caller.advise_on_key(status::first_error(&what, &status));
    let none = || {
        Error::status(Code::Unimplemented, &what)
            .cause("it offers no gRPC reflection, neither v1 nor v1alpha")
            .hint("is this the gRPC port of a SpaceONE service?")
    };
    let begun = Instant::now();
    let by = async |version: Version| {
        let notify = |status: &Status, wait: Duration| {
            caller.trace().step(|| {
                let (version, place, code) = (version.name(), caller.place(), code_name(status::code(status)));
                format!("reflection {version} at {place}: {code}; asked again {}", retry::when(wait))
            });
        };
        let ask = || unreadable::guard(async { talk(&mut Conversation::start(caller, version)).await });
        (retry::send_again(READS, None, || caller.answered(), notify, ask).await, version)
    };
    let work = async {
        let (result, version) = match known {
            Some(version) => by(version).await,
            None => first_to_answer(pin!(by(Version::V1)), pin!(by(Version::V1Alpha))).await,
        };
        caller.trace().timed(begun, || {
            let (version, place) = (version.name(), caller.place());
            match &result {
                Ok(Answered { services, files, .. }) => {
                    format!("reflection {version} at {place}: {} services, {} files", services.len(), files.raw.len())
                }
                Err(status) => format!("reflection {version} at {place}: {}", code_name(status::code(status))),
            }
        });
        match result {
            Ok(Answered { services, files, refused }) => {
                let Files { raw, known, mut asked, .. } = files;
                asked.retain(|name| known.contains(name));
                let description = Description { services, files: raw };
                Ok(Fetched { description, way: Way { version, imports: asked }, refused })
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
#[derive(Default)]
struct Answered {
    services: Vec<String>,
    files: Files,
    /// The services whose files were asked for and not sent, with what was said instead.
    refused: Vec<(String, Status)>,
}

/// A description, how it was got, and what was refused of it.
struct Fetched {
    description: Description,
    way: Way,
    refused: Vec<(String, Status)>,
}

impl Fetched {
    fn into_parts(self) -> (Description, Way) {
        (self.description, self.way)
    }
}

/// One bidirectional stream. The stream is opened when the first answer is waited for, with every question asked by
/// then already in it: some servers send no headers before they have seen a question.
struct Conversation {
    caller: Caller,
    questions: mpsc::UnboundedSender<ServerReflectionRequest>,
    unopened: Option<mpsc::UnboundedReceiver<ServerReflectionRequest>>,
    version: Version,
    answers: Option<Streaming<ServerReflectionResponse>>,
}

impl Conversation {
    fn start(caller: &Caller, version: Version) -> Self {
        let (questions, receiver) = mpsc::unbounded_channel();
        Self { caller: caller.clone(), questions, unopened: Some(receiver), version, answers: None }
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
        let answer = match self.answer().await {
            // Some servers end the stream over a symbol that they do not know, instead of answering so.
            Err(status) if status.code() == Code::NotFound && imports.is_empty() => {
                return Ok(Answered { services, files, ..Answered::default() });
            }
            answer => answer?,
        };
        if let Some(refusal) = files.take(answer)?.filter(|refusal| refusal.code() != Code::NotFound) {
            return Err(refusal);
        }
        for import in imports {
            let before = files.raw.len();
            // Whether it is needed shows later.
            let _refusal = files.take(self.answer().await?)?;
            // One that had come along already need not be asked for the next time.
            if files.raw.len() > before {
                files.ask_for(import);
            }
        }
        self.imports(&mut files).await?;
        Ok(Answered { services, files, ..Answered::default() })
    }

    /// The names of all services, and the files of every one of them.
    async fn describe_all(&mut self) -> Result<Answered, Status> {
        self.ask(MessageRequest::ListServices(String::new()))?;
        let services = self.services().await?;
        let questions = services.iter().map(|service| MessageRequest::FileContainingSymbol(service.clone())).collect();
        let mut files = Files::default();
        let refusals = self.files(questions, &mut files).await?;
        let refused = services.iter().cloned().zip(refusals);
        let mut refused: Vec<_> = refused.filter_map(|(service, refusal)| Some((service, refusal?))).collect();
        // Where all are refused for one reason, that is about the endpoint.
        if refused.len() == services.len()
            && let Some(at) = refused.iter().position(|(_, status)| status.code() != Code::NotFound)
        {
            return Err(refused.swap_remove(at).1);
        }
        self.imports(&mut files).await?;
        Ok(Answered { services, files, refused })
    }

    fn ask(&self, question: MessageRequest) -> Result<(), Status> {
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
        self.questions.send(request).map_err(|_| Status::unavailable("the reflection stream has closed"))
    }

    async fn answer(&mut self) -> Result<MessageResponse, Status> {
        if let Some(receiver) = self.unopened.take() {
            let mut request = Request::new(UnboundedReceiverStream::new(receiver));
            self.caller.apply_metadata(&mut request);
            let mut grpc = self.caller.grpc();
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

    /// Asks `questions` for files, and says of each what was answered instead, if anything was.
    async fn files(
        &mut self,
        questions: Vec<MessageRequest>,
        files: &mut Files,
    ) -> Result<Vec<Option<Status>>, Status> {
        for question in &questions {
            self.ask(question.clone())?;
        }
        let mut refusals = Vec::with_capacity(questions.len());
        for at in 1..=questions.len() {
            let refusal = match self.answer().await {
                Ok(answer) => files.take(answer)?,
                Err(status) if made_here(&status) => return Err(status),
                // Some servers end the stream over what they do not have: the rest is asked in another one.
                Err(status) => {
                    *self = Self::start(&self.caller, self.version);
                    for question in &questions[at..] {
                        self.ask(question.clone())?;
                    }
                    Some(status)
                }
            };
            refusals.push(refusal);
        }
        Ok(refusals)
    }

    /// Asks for what the files import until nothing is missing: a round trip per level, all of a level at once. An
    /// import that the server does not send may not be needed; a type that is missing for it is asked for by its own name.
    async fn imports(&mut self, files: &mut Files) -> Result<(), Status> {
        loop {
            let missing = files.take_missing().into_iter().map(MessageRequest::FileByFilename);
            let mut questions: Vec<MessageRequest> = missing.collect();
            if questions.is_empty() {
                questions = files.take_undefined().into_iter().map(MessageRequest::FileContainingSymbol).collect();
            }
            if questions.is_empty() {
                return Ok(());
            }
            self.files(questions, files).await?;
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
/// How often types are asked for by their own names: those of a file, and those that their files use in turn.
const MAX_ASKED_FOR_TYPES: usize = 8;

/// File descriptors as the server sent them: raw bytes, so that options unknown here survive.
///
/// Protobuf's own files are not taken from the server. Two files can have one name, as where a proxy stands before several
/// servers.
#[derive(Default)]
struct Files {
    raw: Vec<Bytes>,
    size: usize,
    contents: HashSet<Bytes>,
    known: HashSet<String>,
    /// Imports that were asked for already: one that the server does not have is not asked for again.
    asked: Vec<String>,
    /// Types that were asked for already, and how often some were.
    asked_types: HashSet<String>,
    asked_for_types: usize,
    wanted: BTreeSet<String>,
}

impl Files {
    /// Takes the answer to one question for files; says why if it holds none, or one that cannot be read.
    fn take(&mut self, answer: MessageResponse) -> Result<Option<Status>, Status> {
        match answer {
            MessageResponse::FileDescriptorResponse(response) => {
                let mut refusal = None;
                for file in response.file_descriptor_proto {
                    refusal = refusal.or(self.add(file.into())?);
                }
                Ok(refusal)
            }
            MessageResponse::ErrorResponse(error) => Ok(Some(refusal(error))),
            _ => Ok(Some(Status::internal("reflection answered another question"))),
        }
    }

    /// Takes a file; says why if it cannot be read.
    fn add(&mut self, raw: Bytes) -> Result<Option<Status>, Status> {
        let unreadable = |why: String| Status::internal(format!("a descriptor cannot be read: {why}"));
        let Some(Head { name, imports, is_readable }) = descriptors::head(&raw) else {
            let read = FileDescriptorProto::decode(raw.clone());
            let why = read.err().map_or_else(|| "it is not a file".to_owned(), |error| error.to_string());
            return Ok(Some(unreadable(why)));
        };
        if !descriptors::is_own(name) && self.contents.insert(raw.clone()) {
            self.size += raw.len();
            if self.raw.len() == MAX_FILES || self.size > MAX_BYTES {
                return Err(Status::resource_exhausted("the server describes more than any service has"));
            }
            if is_readable {
                self.known.insert(name.to_owned());
            }
            self.wanted.extend(imports.into_iter().map(str::to_owned));
            self.raw.push(raw);
        }
        Ok(None)
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

    /// The types that are used and that no file defines, for want of an import; each once.
    fn take_undefined(&mut self) -> Vec<String> {
        let has_all = self.asked.iter().all(|import| self.known.contains(import));
        if has_all || self.asked_for_types == MAX_ASKED_FOR_TYPES {
            return Vec::new();
        }
        self.asked_for_types += 1;
        let undefined = descriptors::undefined_types(&self.raw).into_iter();
        undefined.filter(|name| self.asked_types.insert(name.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn outcome(result: std::result::Result<&str, Code>, version: Version) -> Outcome {
        let answered = |name: &str| Answered { services: vec![name.to_owned()], ..Answered::default() };
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
