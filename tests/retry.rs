//! A stream that HTTP/2 refuses was not looked at: it is sent again, whatever the verb.

use bytes::Bytes;
use http::{HeaderMap, Response};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use spacectl::client::call::Caller;
use spacectl::client::channel;
use spacectl::client::metadata::Metadata;
use spacectl::endpoint::EndpointUrl;
use spacectl::tls::Tls;
use tokio::net::{TcpListener, TcpStream};

fn method(verb: &str) -> MethodDescriptor {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile(["spaceone/api/repository/v1/plugin.proto"], [dir]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    let service = pool.get_service_by_name("spaceone.api.repository.v1.Plugin").unwrap();
    service.methods().find(|method| method.name() == verb).unwrap()
}

/// Resets the first stream with `reason`, answers the others, and returns how many came.
async fn serve(socket: TcpStream, reason: h2::Reason, streams: usize) -> usize {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    let mut seen = 0;
    while let Some(stream) = connection.accept().await {
        let Ok((_, mut respond)) = stream else { break };
        seen += 1;
        if seen == 1 {
            respond.send_reset(reason);
            continue;
        }
        let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
        let mut body = respond.send_response(head, false).unwrap();
        // An empty message: not compressed, no bytes.
        body.send_data(Bytes::from_static(&[0; 5]), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        body.send_trailers(trailers).unwrap();
        if seen == streams {
            connection.graceful_shutdown();
        }
    }
    seen
}

/// Calls `verb` where the first stream is reset with `reason`: what came of it, and how often it was sent.
fn call(verb: &str, reason: h2::Reason, streams: usize) -> (Result<Bytes, i32>, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move { serve(listener.accept().await.unwrap().0, reason, streams).await });
        let address: EndpointUrl = format!("grpc://127.0.0.1:{port}").parse().unwrap();
        let transport = channel::connect(&address, &Tls::default(), None).await.unwrap();
        let caller = Caller::new(transport, Metadata::default(), None, "test");
        let result =
            caller.unary(&(&method(verb)).into(), Bytes::new()).await.map_err(|error| error.exit_code().into());
        drop(caller);
        (result, server.await.unwrap())
    })
}

#[test]
fn a_refused_stream_is_sent_again_even_to_write() {
    assert_eq!(call("register", h2::Reason::REFUSED_STREAM, 2), (Ok(Bytes::new()), 2));
}

#[test]
fn a_stream_that_broke_may_have_been_acted_on() {
    let (result, sent) = call("register", h2::Reason::INTERNAL_ERROR, 1);
    assert_eq!((result, sent), (Err(64 + 14), 1));
}
