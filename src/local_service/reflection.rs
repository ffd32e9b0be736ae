//! gRPC reflection, v1 and v1alpha: what is served here, told to whoever asks.
//!
//! As most servers do it, a file comes with all that it imports, so that a client need not ask again.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use futures_util::future::{Ready, ready};
use prost_reflect::{DescriptorPool, FileDescriptor};
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::codegen::http;
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{
    ErrorResponse, FileDescriptorResponse, ListServiceResponse, ServerReflectionRequest, ServerReflectionResponse,
    ServiceResponse,
};
use tower_service::Service;

use super::described::descriptor_sets;

/// The service in one of its versions, whose messages are the same on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reflection<const ALPHA: bool>;

impl NamedService for Reflection<false> {
    const NAME: &'static str = "grpc.reflection.v1.ServerReflection";
}

impl NamedService for Reflection<true> {
    const NAME: &'static str = "grpc.reflection.v1alpha.ServerReflection";
}

impl<const ALPHA: bool> Service<http::Request<Body>> for Reflection<ALPHA> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            if !request.uri().path().ends_with("/ServerReflectionInfo") {
                return Ok(Status::unimplemented("").into_http());
            }
            Ok(Grpc::new(ProstCodec::default()).streaming(Answering::<ALPHA>, request).await)
        })
    }
}

struct Answering<const ALPHA: bool>;

impl<const ALPHA: bool> StreamingService<ServerReflectionRequest> for Answering<ALPHA> {
    type Response = ServerReflectionResponse;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<ServerReflectionRequest>>) -> Self::Future {
        let answers = request.into_inner().map(|question| answer::<ALPHA>(question?));
        ready(Ok(Response::new(Box::pin(answers))))
    }
}

fn answer<const ALPHA: bool>(question: ServerReflectionRequest) -> Result<ServerReflectionResponse, Status> {
    let pool = pool().as_ref().map_err(Clone::clone)?;
    let answer = match &question.message_request {
        Some(MessageRequest::ListServices(_)) => services::<ALPHA>(pool),
        Some(MessageRequest::FileContainingSymbol(symbol)) => files(file_of(pool, symbol), symbol),
        Some(MessageRequest::FileByFilename(name)) => files(pool.get_file_by_name(name), name),
        // There are no extensions.
        Some(MessageRequest::FileContainingExtension(asked)) => not_found(&asked.containing_type),
        Some(MessageRequest::AllExtensionNumbersOfType(name)) => not_found(name),
        None => return Err(Status::invalid_argument("nothing is asked for")),
    };
    Ok(ServerReflectionResponse {
        valid_host: question.host.clone(),
        original_request: Some(question),
        message_response: Some(answer),
    })
}

/// All that is served. Made when it is first asked for: it takes longer than most calls.
fn pool() -> &'static Result<DescriptorPool, Status> {
    static POOL: OnceLock<Result<DescriptorPool, Status>> = OnceLock::new();
    POOL.get_or_init(|| {
        let mut pool = DescriptorPool::new();
        descriptor_sets()
            .into_iter()
            .try_for_each(|set| pool.decode_file_descriptor_set(set))
            .map_err(|error| Status::internal(format!("the bundled descriptors cannot be read: {error}")))?;
        Ok(pool)
    })
}

/// Every service but the other version of this one.
fn services<const ALPHA: bool>(pool: &DescriptorPool) -> MessageResponse {
    let other = if ALPHA { Reflection::<false>::NAME } else { Reflection::<true>::NAME };
    let names = pool.services().map(|service| service.full_name().to_owned()).filter(|name| name != other);
    MessageResponse::ListServicesResponse(ListServiceResponse {
        service: names.map(|name| ServiceResponse { name }).collect(),
    })
}

/// The file that defines a service, a message or an enum, or one of their parts.
fn file_of(pool: &DescriptorPool, symbol: &str) -> Option<FileDescriptor> {
    let whole = |name: &str| {
        let service = || pool.get_service_by_name(name).map(|service| service.parent_file());
        let message = || pool.get_message_by_name(name).map(|message| message.parent_file());
        let of_enum = || pool.get_enum_by_name(name).map(|found| found.parent_file());
        service().or_else(message).or_else(of_enum)
    };
    whole(symbol).or_else(|| {
        let (around, part) = symbol.rsplit_once('.')?;
        let is_method =
            || pool.get_service_by_name(around).is_some_and(|service| service.methods().any(|m| m.name() == part));
        let is_field = || {
            pool.get_message_by_name(around).is_some_and(|message| {
                message.get_field_by_name(part).is_some() || message.oneofs().any(|oneof| oneof.name() == part)
            })
        };
        let is_value = || pool.get_enum_by_name(around).is_some_and(|found| found.get_value_by_name(part).is_some());
        whole(around).filter(|_| is_method() || is_field() || is_value())
    })
}

/// The file with all that it imports, each before those that it imports itself.
fn files(file: Option<FileDescriptor>, asked: &str) -> MessageResponse {
    let Some(file) = file else { return not_found(asked) };
    let mut sent = vec![file];
    let mut next = 0;
    while let Some(file) = sent.get(next).cloned() {
        for import in file.dependencies() {
            if !sent.contains(&import) {
                sent.push(import);
            }
        }
        next += 1;
    }
    let file_descriptor_proto = sent.iter().map(FileDescriptor::encode_to_vec).collect();
    MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto })
}

fn not_found(asked: &str) -> MessageResponse {
    MessageResponse::ErrorResponse(ErrorResponse {
        error_code: Code::NotFound as i32,
        error_message: format!("{asked} not found"),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn ask(question: MessageRequest) -> MessageResponse {
        let question = ServerReflectionRequest { host: "h".into(), message_request: Some(question) };
        let answer = answer::<false>(question.clone()).unwrap();
        assert_eq!((answer.valid_host.as_str(), answer.original_request), ("h", Some(question)));
        answer.message_response.unwrap()
    }

    /// The names of the files that come, if any do.
    fn names(question: MessageRequest) -> Option<Vec<String>> {
        match ask(question) {
            MessageResponse::FileDescriptorResponse(files) => {
                let read = |file: Vec<u8>| {
                    <prost_types::FileDescriptorProto as prost::Message>::decode(file.as_slice()).unwrap()
                };
                Some(files.file_descriptor_proto.into_iter().map(|file| read(file).name().to_owned()).collect())
            }
            MessageResponse::ErrorResponse(error) => {
                assert_eq!(Code::from(error.error_code), Code::NotFound);
                None
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_served_is_listed() {
        let MessageResponse::ListServicesResponse(list) = ask(MessageRequest::ListServices(String::new())) else {
            panic!("no list")
        };
        let names: BTreeSet<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
        let expected = [
            "grpc.health.v1.Health",
            Reflection::<false>::NAME,
            "spaceone.api.core.v1.ServerInfo",
            "spaceone.api.repository.v1.Plugin",
            "spaceone.api.repository.v1.Repository",
        ];
        assert_eq!(names, BTreeSet::from(expected));
    }

    #[test]
    fn a_symbol_comes_with_all_that_its_file_imports() {
        let package = "spaceone.api.repository.v1";
        let plugin = names(MessageRequest::FileContainingSymbol(format!("{package}.Plugin"))).unwrap();
        assert_eq!(plugin[0], "spaceone/api/repository/v1/plugin.proto");
        for import in ["spaceone/api/core/v2/query.proto", "google/protobuf/struct.proto"] {
            assert!(plugin.iter().any(|name| name == import), "{import}");
        }
        assert_eq!(plugin.iter().collect::<BTreeSet<_>>().len(), plugin.len());
        for part in [
            "Plugin.register",
            "PluginInfo",
            "PluginInfo.plugin_id",
            "PluginInfo.State",
            "PluginInfo.State.ENABLED",
            "PublicRegistryType",
        ] {
            let found = names(MessageRequest::FileContainingSymbol(format!("{package}.{part}")));
            assert_eq!(found.as_ref(), Some(&plugin), "{part}");
        }
        assert_eq!(names(MessageRequest::FileByFilename(plugin[0].clone())), Some(plugin));
        let oneof = names(MessageRequest::FileContainingSymbol("spaceone.api.core.v2.Filter.key_alias".into()));
        assert_eq!(oneof.unwrap()[0], "spaceone/api/core/v2/query.proto");
    }

    #[test]
    fn what_is_not_there_is_answered_so() {
        for symbol in ["", "Plugin", "spaceone.api.repository.v1", "spaceone.api.repository.v1.Plugin.nope", "a.b"] {
            assert_eq!(names(MessageRequest::FileContainingSymbol(symbol.into())), None, "{symbol}");
        }
        assert_eq!(names(MessageRequest::FileByFilename("nope.proto".into())), None);
        assert_eq!(names(MessageRequest::AllExtensionNumbersOfType("x".into())), None);
        assert!(answer::<true>(ServerReflectionRequest::default()).is_err());
    }
}
