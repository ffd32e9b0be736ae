//! One reflection stream: questions out, answers back.

use std::collections::BTreeSet;

use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio::task::yield_now;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::files::{Files, refusal};
use super::volume::check_files;
use crate::grpc::call::Caller;

/// A version of reflection. The messages are the same on the wire; only the path differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReflectionVersion {
    V1,
    V1Alpha,
}

impl ReflectionVersion {
    fn path(self) -> &'static str {
        match self {
            Self::V1 => "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            Self::V1Alpha => "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V1Alpha => "v1alpha",
        }
    }
}

/// The answer of a server.
#[derive(Default)]
pub(super) struct Answered {
    pub services: Vec<String>,
    pub files: Files,
    /// The services whose files were refused, with the status.
    pub refused: Vec<(String, Status)>,
}

/// One bidirectional stream. It is opened when the first answer is awaited, with all questions so far in it: some
/// servers send no headers before they have seen a question.
pub(super) struct Conversation {
    caller: Caller,
    questions: mpsc::UnboundedSender<ServerReflectionRequest>,
    unopened: Option<mpsc::UnboundedReceiver<ServerReflectionRequest>>,
    pub(super) version: ReflectionVersion,
    answers: Option<Streaming<ServerReflectionResponse>>,
}

impl Conversation {
    pub(super) fn start(caller: &Caller, version: ReflectionVersion) -> Self {
        let (questions, receiver) = mpsc::unbounded_channel();
        Self { caller: caller.clone(), questions, unopened: Some(receiver), version, answers: None }
    }

    /// Asks for all services and the files of `symbol`; for `imports` before it is known that they are needed.
    pub(super) async fn describe(&mut self, symbol: &str, imports: &[String]) -> Result<Answered, Status> {
        self.ask(MessageRequest::ListServices(String::new()))?;
        self.ask(MessageRequest::FileContainingSymbol(symbol.to_owned()))?;
        for import in imports {
            self.ask(MessageRequest::FileByFilename(import.clone()))?;
        }
        let services = self.services().await?;
        let mut files = Files::default();
        let answer = match self.answer().await {
            // Some servers end the stream over an unknown symbol, instead of answering.
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
            // Whether it is needed turns out later.
            let _refusal = files.take(self.answer().await?)?;
            // One that came along already need not be asked for the next time.
            if files.raw.len() > before {
                files.ask_for(import);
            }
        }
        self.imports(&mut files).await?;
        Ok(Answered { services, files, ..Answered::default() })
    }

    /// Asks for all services with their files.
    pub(super) async fn describe_all(&mut self) -> Result<Answered, Status> {
        self.ask(MessageRequest::ListServices(String::new()))?;
        let services = self.services().await?;
        check_files(services.len())?;
        let questions = services.iter().map(|service| MessageRequest::FileContainingSymbol(service.clone())).collect();
        let mut files = Files::default();
        let refusals = self.files(questions, &mut files).await?;
        let refused = services.iter().cloned().zip(refusals);
        let mut refused: Vec<_> = refused.filter_map(|(service, refusal)| Some((service, refusal?))).collect();
        // If all are refused, the reason is about the endpoint.
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

    /// Asks `questions` for files; returns the refusal of each, if it was refused.
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
            // Answers that came already must not hold up the deadline.
            yield_now().await;
            let refusal = match self.answer().await {
                Ok(answer) => files.take(answer)?,
                Err(status) if made_here(&status) => return Err(status),
                // Some servers end the stream over what they do not have: the rest goes into another one.
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

    /// Asks for imports until nothing is missing: a round trip per level. If an import is refused, the types that are
    /// missing are asked for by name.
    async fn imports(&mut self, files: &mut Files) -> Result<(), Status> {
        loop {
            let missing = files.take_missing()?.into_iter().map(MessageRequest::FileByFilename);
            let mut questions: Vec<MessageRequest> = missing.collect();
            // The deadline also ends what is computed here.
            yield_now().await;
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

/// Whether `status` was made on this side.
pub(super) fn made_here(status: &Status) -> bool {
    std::error::Error::source(status).is_some()
}
