//! HTTP responses that are not gRPC: from proxies, web servers and login pages.

use std::error::Error as StdError;
use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use tonic::body::Body;
use tonic::{Code, Status};

use super::retry;

/// How much of a page is read, in bytes, and for how long: its title is enough.
const MAX_PAGE: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(1);
/// The most of a page that is shown, in characters.
const MAX_TEXT: usize = 200;

/// An HTTP response that is not gRPC.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the response is not gRPC: HTTP {}", self.description())]
pub(super) struct NonGrpcResponse {
    pub status: StatusCode,
    content_type: String,
    /// The target of a redirection.
    pub location: Option<String>,
    /// The page's title, or the first line of a text.
    pub text: String,
}

/// The response that is not gRPC in or below `error`.
pub(super) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a NonGrpcResponse> {
    retry::sources(error).find_map(|error| error.downcast_ref())
}

impl NonGrpcResponse {
    /// Whether `response` is not gRPC. A proxy may claim gRPC, and report a failure by the HTTP status alone.
    pub fn is(response: &http::Response<Body>) -> bool {
        let headers = response.headers();
        let is_grpc = text(headers, &header::CONTENT_TYPE).starts_with("application/grpc");
        !headers.contains_key(Status::GRPC_STATUS) && (!is_grpc || response.status() != StatusCode::OK)
    }

    pub async fn read(response: http::Response<Body>) -> Self {
        let (head, body) = response.into_parts();
        let content_type = text(&head.headers, &header::CONTENT_TYPE);
        let page = page(body).await;
        let location = text(&head.headers, &header::LOCATION);
        Self {
            status: head.status,
            content_type: content_type.split(';').next().unwrap_or_default().trim().to_owned(),
            location: (!location.is_empty()).then_some(location),
            text: heading(&page),
        }
    }

    /// Whether it is about the client's certificate. nginx completes the handshake with any client and then answers 400
    /// with such a page, for its codes 495 and 496.
    pub fn is_about_certificate(&self) -> bool {
        self.status.is_client_error() && self.text.contains("SSL certificate")
    }

    /// Whether the request went no further. After 408, nginx's 499 and 429 the service may have got it.
    pub fn is_rejection(&self) -> bool {
        let is_late = matches!(self.status.as_u16(), 408 | 429 | 499);
        // 303 redirects to the result of what was done (RFC 9110, section 15.4.4).
        let is_elsewhere = self.status.is_redirection() && self.status != StatusCode::SEE_OTHER;
        is_elsewhere || (self.status.is_client_error() && !is_late)
    }

    /// The gRPC status ("HTTP to gRPC Status Code Mapping").
    pub fn code(&self) -> Code {
        match self.status {
            StatusCode::BAD_REQUEST => Code::Internal,
            StatusCode::UNAUTHORIZED => Code::Unauthenticated,
            StatusCode::FORBIDDEN => Code::PermissionDenied,
            StatusCode::NOT_FOUND => Code::Unimplemented,
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Code::Unavailable,
            _ => Code::Unknown,
        }
    }

    /// `502 Bad Gateway (text/html)`, with the page's text instead of the code's name.
    fn description(&self) -> String {
        let code = self.status.as_str();
        let named = self.status.canonical_reason().unwrap_or_default();
        let text = self.text.strip_prefix(code).unwrap_or(&self.text).trim();
        let mut description = format!("{code} {}", if text.is_empty() { named } else { text });
        if !self.content_type.is_empty() {
            description = format!("{description} ({})", self.content_type);
        }
        description
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// The start of a body, as much as comes in time.
async fn page(body: Body) -> String {
    let mut bytes = Vec::new();
    let mut body = pin!(body);
    let reading = async {
        while bytes.len() < MAX_PAGE
            && let Some(Ok(frame)) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await
        {
            bytes.extend(frame.into_data().unwrap_or_default());
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
    bytes.truncate(MAX_PAGE);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An HTML page's title, or a text's first line.
fn heading(page: &str) -> String {
    let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map(|(title, _)| title);
    let heading = match title {
        Some(title) => title,
        None if page.trim_start().starts_with('<') => "",
        None => page.trim_start().lines().next().unwrap_or_default(),
    };
    heading.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> http::Response<Body> {
        let body = Body::new(body.to_owned());
        http::Response::builder().status(status).header("content-type", content_type).body(body).unwrap()
    }

    fn read(status: u16, content_type: &str, body: &str) -> NonGrpcResponse {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(NonGrpcResponse::read(answer(status, content_type, body)))
    }

    #[test]
    fn grpc_is_known_by_its_headers() {
        assert!(!NonGrpcResponse::is(&answer(200, "application/grpc", "")));
        assert!(!NonGrpcResponse::is(&answer(200, "application/grpc+proto", "")));
        assert!(NonGrpcResponse::is(&answer(200, "text/html", "")));
        assert!(NonGrpcResponse::is(&answer(503, "application/grpc", "")));
        // As nginx's `grpc_pass` is often taught to answer where the service is away.
        let mut bare = answer(204, "", "");
        bare.headers_mut().insert("grpc-status", "14".parse().unwrap());
        assert!(!NonGrpcResponse::is(&bare));
    }

    #[test]
    fn an_answer_is_told_by_its_status_and_its_title() {
        let page = "<html>\n<head><title>502 Bad\n Gateway</title></head><body><h1>502</h1></body></html>";
        for (answer, told) in [
            (read(502, "text/html; charset=utf-8", page), "HTTP 502 Bad Gateway (text/html)"),
            (
                read(400, "text/html", "<title>400 No required SSL certificate was sent</title>"),
                "HTTP 400 No required SSL certificate was sent (text/html)",
            ),
            (read(404, "text/plain", "\n404 page not found\nx"), "HTTP 404 page not found (text/plain)"),
            (read(200, "text/html", "<!doctype html><p>x"), "HTTP 200 OK (text/html)"),
            (read(599, "", ""), "HTTP 599 "),
        ] {
            assert_eq!(answer.to_string(), format!("the response is not gRPC: {told}"));
        }
        assert!(read(200, "text/plain", &"x".repeat(100_000)).text.len() == MAX_TEXT);
    }

    #[test]
    fn only_a_page_about_a_certificate_is_about_one() {
        let of =
            |status, title: &str| read(status, "text/html", &format!("<title>{title}</title>")).is_about_certificate();
        assert!(of(400, "400 No required SSL certificate was sent"));
        assert!(of(400, "400 The SSL certificate error"));
        assert!(!of(400, "400 Bad Request"));
        assert!(!of(502, "502 Bad Gateway"));
    }
}
