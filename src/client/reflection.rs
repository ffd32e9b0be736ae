//! A server's own descriptors, by gRPC reflection: v1, and where a server has not got that, v1alpha.

use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
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
use super::status;
use crate::error::{Error, Result, code_name};

/// The messages of both versions are the same on the wire; only the path differs.
const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

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

/// Asks for the names of all services, and for the file of `symbol` with its imports: in one round trip where the server
/// sends imports along, as the platform's services do.
pub async fn describe(caller: &Caller, symbol: &str) -> Result<Described> {
    converse(caller, async |conversation| {
        conversation.ask(MessageRequest::ListServices(String::new()))?;
        conversation.ask(MessageRequest::FileContainingSymbol(symbol.to_owned()))?;
        let services = conversation.services().await?;
        let mut files = Files::new();
        match conversation.files(&mut files).await {
            Ok(()) => conversation.imports(&mut files).await?,
            // Some servers end the stream over a symbol that they do not know, instead of answering so.
            Err(status) if status.code() == Code::NotFound => {}
            Err(status) => return Err(status),
        }
        Ok(Described { services, pool: files.into_pool()? })
    })
    .await
}

/// Asks for the names of all services and for the files of every one of them.
pub async fn describe_all(caller: &Caller) -> Result<Described> {
    converse(caller, async |conversation| {
        conversation.ask(MessageRequest::ListServices(String::new()))?;
        let services = conversation.services().await?;
        for service in &services {
            conversation.ask(MessageRequest::FileContainingSymbol(service.clone()))?;
        }
        let mut files = Files::new();
        for _ in &services {
            conversation.files(&mut files).await?;
        }
        conversation.imports(&mut files).await?;
        Ok(Described { services, pool: files.into_pool()? })
    })
    .await
}

/// Holds `talk` with the first version of reflection that the server has.
async fn converse(
    caller: &Caller,
    talk: impl AsyncFn(&mut Conversation) -> Result<Described, Status>,
) -> Result<Described> {
    let what = format!("cannot ask {} what it offers", caller.place());
    let failed = |status: Status| status::first_error(&what, &status);
    let work = async {
        for path in PATHS {
            let begun = Instant::now();
            let mut conversation = Conversation::start(caller, path);
            let result = talk(&mut conversation).await;
            caller.trace().timed(begun, || {
                let (version, place) = (path.split('.').nth(2).unwrap_or(path), caller.place());
                match &result {
                    Ok(Described { services, pool }) => {
                        format!(
                            "reflection {version} at {place}: {} services, {} files",
                            services.len(),
                            pool.files().len()
                        )
                    }
                    Err(status) => format!("reflection {version} at {place}: {}", code_name(status.code())),
                }
            });
            match result {
                // A proxy that passes neither path on says what it is; a service without reflection does not.
                Err(status) if status.code() == Code::Unimplemented && (path == PATHS[0] || !made_here(&status)) => {}
                result => return result.map_err(failed),
            }
        }
        Err(Error::status(Code::Unimplemented, &what)
            .cause("it offers no gRPC reflection, neither v1 nor v1alpha")
            .hint("is this the gRPC port of a SpaceONE service?"))
    };
    match caller.timeout() {
        None => work.await,
        Some(timeout) => {
            let limit = timeout.min(LIMIT);
            tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late(&what, limit)))
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

/// One bidirectional stream. The stream is opened when the first answer is waited for, with every question asked by
/// then already in it: some servers send no headers before they have seen a question.
struct Conversation {
    questions: mpsc::UnboundedSender<ServerReflectionRequest>,
    unopened: Option<(Caller, &'static str, mpsc::UnboundedReceiver<ServerReflectionRequest>)>,
    answers: Option<Streaming<ServerReflectionResponse>>,
}

impl Conversation {
    fn start(caller: &Caller, path: &'static str) -> Self {
        let (questions, receiver) = mpsc::unbounded_channel();
        Self { questions, unopened: Some((caller.clone(), path, receiver)), answers: None }
    }

    fn ask(&self, question: MessageRequest) -> Result<(), Status> {
        let request = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
        self.questions.send(request).map_err(|_| Status::unavailable("the reflection stream has closed"))
    }

    async fn answer(&mut self) -> Result<MessageResponse, Status> {
        if let Some((caller, path, receiver)) = self.unopened.take() {
            let mut request = Request::new(UnboundedReceiverStream::new(receiver));
            caller.apply_metadata(&mut request);
            let mut grpc = caller.grpc();
            grpc.ready().await.map_err(Status::from_error)?;
            let codec: ProstCodec<ServerReflectionRequest, ServerReflectionResponse> = ProstCodec::default();
            let response = grpc.streaming(request, PathAndQuery::from_static(path), codec).await?;
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
/// Protobuf's own files (`google/protobuf/struct.proto` and the like) are not taken from the server: they are the same
/// everywhere, and what converts their messages relies on that.
struct Files {
    /// Knows protobuf's own files from the start.
    pool: DescriptorPool,
    raw: Vec<Bytes>,
    size: usize,
    known: HashSet<String>,
    /// Imports that were asked for already: one that the server does not have is not asked for again.
    asked: HashSet<String>,
    wanted: BTreeSet<String>,
}

impl Files {
    fn new() -> Self {
        let pool = DescriptorPool::global();
        let known = pool.files().map(|file| file.name().to_owned()).collect();
        Self { pool, raw: Vec::new(), size: 0, known, asked: HashSet::new(), wanted: BTreeSet::new() }
    }

    fn add(&mut self, raw: Bytes) -> Result<(), Status> {
        let file = FileDescriptorProto::decode(raw.clone())
            .map_err(|error| Status::internal(format!("a descriptor cannot be read: {error}")))?;
        if self.known.insert(file.name().to_owned()) {
            self.size += raw.len();
            if self.raw.len() == MAX_FILES || self.size > MAX_BYTES {
                return Err(Status::resource_exhausted("the server describes more than any service has"));
            }
            self.wanted.extend(file.dependency);
            self.raw.push(raw);
        }
        Ok(())
    }

    fn take_missing(&mut self) -> Vec<String> {
        let wanted = std::mem::take(&mut self.wanted);
        wanted.into_iter().filter(|name| !self.known.contains(name) && self.asked.insert(name.clone())).collect()
    }

    fn into_pool(mut self) -> Result<DescriptorPool, Status> {
        /// `FileDescriptorSet.file`: field 1, length-delimited.
        const FILE: u8 = 1 << 3 | 2;
        let mut set = Vec::with_capacity(self.raw.iter().map(|file| file.len() + 6).sum());
        for file in &self.raw {
            set.push(FILE);
            prost::encoding::encode_varint(file.len() as u64, &mut set);
            set.extend_from_slice(file);
        }
        self.pool
            .decode_file_descriptor_set(set.as_slice())
            .map_err(|error| Status::internal(format!("the descriptors do not fit together: {error}")))?;
        Ok(self.pool)
    }
}
