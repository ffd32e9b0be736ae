//! `Plugin.list` from bytes that are there already, and `Plugin.register`, which answers with what it was given.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use prost::Message as _;
use spacectl::client::raw_codec::RawCodec;
use spacectl::repository::proto::repository::v1::{PluginInfo, PluginQuery, RegisterPluginRequest};
use tonic::body::Body;
use tonic::server::{NamedService, UnaryService};
use tonic::{Request, Response, Status};
use tower_service::Service;

use crate::data::rows;

/// What is asked for of the rows: the first, how many, which fields.
type Part = (usize, usize, Vec<String>);

/// The service.
#[derive(Clone)]
pub struct Plugins {
    rows: usize,
    /// Answers by what was asked for: the second call of a kind costs the service next to nothing.
    answers: Arc<Mutex<HashMap<Part, Bytes>>>,
}

impl Plugins {
    pub fn new(rows: usize) -> Self {
        Self { rows, answers: Arc::default() }
    }

    fn list(&self, request: Bytes) -> Result<Bytes, Status> {
        let query = PluginQuery::decode(request).map_err(unreadable)?.query.unwrap_or_default();
        let page = query.page.unwrap_or_default();
        let start = usize::try_from(page.start.max(1) - 1).unwrap_or_default().min(self.rows);
        let count = match usize::try_from(page.limit) {
            Ok(limit) if limit > 0 => limit.min(self.rows - start),
            _ => self.rows - start,
        };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers
            .entry((start, count, query.only))
            .or_insert_with_key(|(start, count, only)| rows::answer(*start, *count, self.rows, only));
        Ok(answer.clone())
    }
}

fn register(request: Bytes) -> Result<Bytes, Status> {
    let request = RegisterPluginRequest::decode(request).map_err(unreadable)?;
    let id = request.image.rsplit('/').next().unwrap_or_default().to_owned();
    let plugin = PluginInfo {
        plugin_id: if request.plugin_id.is_empty() { id } else { request.plugin_id },
        name: request.name,
        state: 1,
        resource_type: request.resource_type,
        image: request.image,
        provider: request.provider,
        capability: request.capability,
        labels: request.labels,
        tags: request.tags,
        ..PluginInfo::default()
    };
    Ok(plugin.encode_to_vec().into())
}

fn unreadable(error: prost::DecodeError) -> Status {
    Status::invalid_argument(format!("the request cannot be read: {error}"))
}

impl NamedService for Plugins {
    const NAME: &'static str = "spaceone.api.repository.v1.Plugin";
}

impl Service<http::Request<Body>> for Plugins {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answering = Answering(self.clone(), request.uri().path().to_owned());
        Box::pin(async move { Ok(tonic::server::Grpc::new(RawCodec).unary(answering, request).await) })
    }
}

struct Answering(Plugins, String);

impl UnaryService<Bytes> for Answering {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let Self(plugins, path) = self;
        let answer = match path.rsplit('/').next() {
            Some("list") => plugins.list(request.into_inner()),
            Some("register") => register(request.into_inner()),
            _ => Err(Status::unimplemented("not measured")),
        };
        ready(answer.map(Response::new))
    }
}
