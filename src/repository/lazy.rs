//! A service that is built when it is first called: what few calls need should cost the others nothing.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tonic::Status;
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tower_service::Service;

/// Stands in for `S` and answers as `S` does.
#[derive(Debug)]
pub struct Lazy<S> {
    built: Arc<OnceLock<Result<S, Status>>>,
    build: fn() -> Result<S, Status>,
}

impl<S> Lazy<S> {
    /// The service that `build` makes. Where `build` fails, every call is answered so.
    pub fn new(build: fn() -> Result<S, Status>) -> Self {
        Self { built: Arc::default(), build }
    }
}

impl<S> Clone for Lazy<S> {
    fn clone(&self) -> Self {
        Self { built: Arc::clone(&self.built), build: self.build }
    }
}

impl<S: NamedService> NamedService for Lazy<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Lazy<S>
where
    // As all generated services, always ready.
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match self.built.get_or_init(self.build) {
            Ok(service) => Box::pin(service.clone().call(request)),
            Err(status) => {
                let answer = status.clone().into_http();
                Box::pin(async { Ok(answer) })
            }
        }
    }
}
