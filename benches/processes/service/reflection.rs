//! Reflection as the platform's services have it: v1alpha and not v1, and the answer to a symbol is its one file.
//!
//! They are Python with protobuf 3, and the last grpcio-reflection for that (1.48.2) sends no imports along. Later ones, and
//! other languages' libraries, do: [`Style::Along`].

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use prost::Message as _;
use prost_reflect::{DescriptorPool, FileDescriptor};
use prost_types::FileDescriptorSet;
use spacectl::repository::proto::FILE_DESCRIPTOR_SET;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Request, Response, Status, Streaming, async_trait};
use tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1alpha::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1alpha::server_reflection_server::{ServerReflection, ServerReflectionServer};
use tonic_reflection::pb::v1alpha::{
    ErrorResponse, FileDescriptorResponse, ListServiceResponse, ServerReflectionRequest, ServerReflectionResponse,
    ServiceResponse,
};

const PLUGIN_PROTO: &str = "spaceone/api/repository/v1/plugin.proto";
const ANNOTATIONS: &str = "google/api/annotations.proto";
const ANNOTATIONS_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/processes/proto");
const SERVICES: [&str; 2] = ["spaceone.api.core.v1.ServerInfo", "spaceone.api.repository.v1.Plugin"];

/// What the answer to a symbol brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Its file.
    Alone,
    /// Its file with all that this imports.
    Along,
}

/// A service that describes the API in `pool`.
pub fn service(pool: &DescriptorPool, style: Style) -> ServerReflectionServer<impl ServerReflection> {
    let described = |file: FileDescriptor| (file.name().to_owned(), answer(file, style));
    let by_name: HashMap<String, MessageResponse> = pool.files().map(described).collect();
    let services = pool.services().map(|service| (service.full_name().to_owned(), service.parent_file()));
    let messages = pool.all_messages().map(|message| (message.full_name().to_owned(), message.parent_file()));
    let file_by_symbol = services.chain(messages).map(|(symbol, file)| (symbol, file.name().to_owned())).collect();
    ServerReflectionServer::new(Reflection { answers: Arc::new(Answers { by_name, file_by_symbol }) })
}

/// The Repository API as its services describe it: without comments, and with the annotations that the published protos have.
pub fn descriptors() -> Result<DescriptorPool> {
    let mut files = protox::compile([ANNOTATIONS], [ANNOTATIONS_DIR])?.file;
    files.extend(FileDescriptorSet::decode(FILE_DESCRIPTOR_SET)?.file);
    for file in &mut files {
        file.source_code_info = None;
        if file.name() == PLUGIN_PROTO {
            file.dependency.push(ANNOTATIONS.to_owned());
        }
    }
    let by_name: HashMap<String, _> = files.into_iter().map(|file| (file.name().to_owned(), file)).collect();
    let set = FileDescriptorSet { file: by_name.into_values().collect() };
    DescriptorPool::from_file_descriptor_set(set).context("the descriptors do not fit together")
}

/// The answer to a question for `file`.
fn answer(file: FileDescriptor, style: Style) -> MessageResponse {
    let mut files = vec![file];
    let mut at = 0;
    while style == Style::Along && at < files.len() {
        let new: Vec<FileDescriptor> = files[at].dependencies().filter(|import| !files.contains(import)).collect();
        files.extend(new);
        at += 1;
    }
    let file_descriptor_proto = files.iter().map(FileDescriptor::encode_to_vec).collect();
    MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto })
}

#[derive(Clone)]
struct Reflection {
    answers: Arc<Answers>,
}

/// What is answered to whom, made before anybody asks.
struct Answers {
    by_name: HashMap<String, MessageResponse>,
    file_by_symbol: HashMap<String, String>,
}

impl Answers {
    fn to(&self, question: ServerReflectionRequest) -> ServerReflectionResponse {
        let file = |name: &String| self.by_name.get(name).cloned();
        let message = match question.message_request {
            Some(MessageRequest::ListServices(_)) => {
                let service = SERVICES.map(|name| ServiceResponse { name: name.to_owned() }).into();
                Some(MessageResponse::ListServicesResponse(ListServiceResponse { service }))
            }
            Some(MessageRequest::FileContainingSymbol(symbol)) => self.file_by_symbol.get(&symbol).and_then(file),
            Some(MessageRequest::FileByFilename(name)) => file(&name),
            _ => Some(failure(Code::InvalidArgument)),
        };
        // As in the platform's services, neither the host nor the question comes back.
        let message_response = Some(message.unwrap_or_else(|| failure(Code::NotFound)));
        ServerReflectionResponse { message_response, ..ServerReflectionResponse::default() }
    }
}

fn failure(code: Code) -> MessageResponse {
    let error_message = if code == Code::NotFound { "not found" } else { "invalid argument" };
    MessageResponse::ErrorResponse(ErrorResponse { error_code: code.into(), error_message: error_message.to_owned() })
}

#[async_trait]
impl ServerReflection for Reflection {
    type ServerReflectionInfoStream = Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;

    async fn server_reflection_info(
        &self,
        request: Request<Streaming<ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        let answers = Arc::clone(&self.answers);
        let answered = request.into_inner().map(move |question| question.map(|question| answers.to(question)));
        Ok(Response::new(Box::pin(answered)))
    }
}
