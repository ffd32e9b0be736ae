//! Reflection as a test wants it: with imports sent along or not, and no answer before it is let go.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use prost_reflect::DescriptorPool;
use prost_reflect::prost::Message as _;
use prost_types::FileDescriptorProto;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{
    ErrorResponse, FileDescriptorResponse, ListServiceResponse, ServerReflectionRequest, ServerReflectionResponse,
    ServiceResponse,
};

/// Answers the questions of one server; clones are the same.
#[derive(Clone)]
pub struct Describing {
    files: Arc<HashMap<String, FileDescriptorProto>>,
    /// The file of each service.
    services: Arc<HashMap<String, String>>,
    /// Files come with all that they import, as from most servers.
    sends_imports: bool,
    held: watch::Sender<bool>,
    questions: Arc<Mutex<Vec<String>>>,
}

impl Describing {
    pub fn new(pool: &DescriptorPool, sends_imports: bool) -> Self {
        let files = pool.file_descriptor_protos().map(|file| (file.name().to_owned(), file.clone())).collect();
        let file_of = |service: prost_reflect::ServiceDescriptor| {
            (service.full_name().to_owned(), service.parent_file().name().to_owned())
        };
        Self {
            files: Arc::new(files),
            services: Arc::new(pool.services().map(file_of).collect()),
            sends_imports,
            held: watch::Sender::new(false),
            questions: Arc::default(),
        }
    }

    /// Answers nothing until it is let go.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// What was asked since the last time, also what is not answered yet.
    pub fn take_questions(&self) -> Vec<String> {
        std::mem::take(&mut self.questions.lock().unwrap())
    }

    fn answer(&self, question: MessageRequest) -> MessageResponse {
        let unknown = || {
            MessageResponse::ErrorResponse(ErrorResponse {
                error_code: Code::NotFound as i32,
                error_message: "not found".to_owned(),
            })
        };
        let file = match question {
            MessageRequest::ListServices(_) => {
                let service = self.services.keys().map(|name| ServiceResponse { name: name.clone() }).collect();
                return MessageResponse::ListServicesResponse(ListServiceResponse { service });
            }
            MessageRequest::FileContainingSymbol(symbol) => self.services.get(&symbol).cloned(),
            MessageRequest::FileByFilename(name) => Some(name),
            _ => None,
        };
        let Some(file) = file.and_then(|name| self.files.get(&name)) else { return unknown() };
        let mut sent = vec![file];
        let mut next = 0;
        while self.sends_imports && next < sent.len() {
            for import in &sent[next].dependency {
                if !sent.iter().any(|file| file.name() == import) {
                    sent.push(&self.files[import]);
                }
            }
            next += 1;
        }
        let file_descriptor_proto = sent.into_iter().map(|file| file.encode_to_vec()).collect();
        MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto })
    }
}

/// A question as a test compares it.
fn told(question: &MessageRequest) -> String {
    match question {
        MessageRequest::ListServices(_) => "services".to_owned(),
        MessageRequest::FileContainingSymbol(symbol) => format!("symbol {symbol}"),
        MessageRequest::FileByFilename(name) => format!("file {name}"),
        other => format!("{other:?}"),
    }
}

impl tonic::server::StreamingService<ServerReflectionRequest> for Describing {
    type Response = ServerReflectionResponse;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<ServerReflectionRequest>>) -> Self::Future {
        let (describing, mut questions) = (self.clone(), request.into_inner());
        // Taken down as they come, whatever becomes of the answers.
        let (came, coming) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                let question = question.and_then(|question| {
                    question.message_request.ok_or_else(|| Status::invalid_argument("no question"))
                });
                if let Ok(question) = &question {
                    describing.questions.lock().unwrap().push(told(question));
                }
                if came.send(question).is_err() {
                    return;
                }
            }
        });
        let describing = self.clone();
        let answers = UnboundedReceiverStream::new(coming).then(move |question: Result<MessageRequest, Status>| {
            let (describing, mut held) = (describing.clone(), describing.held.subscribe());
            async move {
                let question = question?;
                // The test may have ended.
                let _ = held.wait_for(|held| !held).await;
                let answer = Some(describing.answer(question));
                Ok(ServerReflectionResponse { message_response: answer, ..Default::default() })
            }
        });
        ready(Ok(Response::new(Box::pin(answers))))
    }
}
