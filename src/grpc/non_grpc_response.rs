//! Answers in HTTP that are no gRPC: those of a proxy whose service is away, of a web server, of a login page.

use std::error::Error as StdError;
use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use tonic::body::Body;
use tonic::{Code, Status};

use super::retry;

/// How much of a page is read, in bytes, and how long it is waited for: its title tells enough.
const MAX_PAGE: usize = 4096;
const PATIENCE: Duration = Duration::from_secs(1);
/// The most of a page that is repeated, in characters.
const MAX_TEXT: usize = 200;

/// An answer that is no gRPC.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the answer is no gRPC: HTTP {}", self.description())]
pub(super) struct NonGrpcResponse {
    pub status: StatusCode,
    content_type: String,
    /// Where it sends the caller to.
    pub location: Option<String>,
    /// The page's title, or the first line of what is no page.
    pub text: String,
}

/// The answer that is no gRPC in or below `error`.
pub(super) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a NonGrpcResponse> {
    retry::sources(error).find_map(|error| error.downcast_ref())
}

impl NonGrpcResponse {
    /// Whether `response` is for somebody who speaks no gRPC. A proxy may say gRPC, and tell by HTTP alone what failed.
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

    /// Whether the page says that it is about the client's certificate. nginx finishes the handshake with whoever
    /// connects, and says so then; it answers 400 to its own codes 495 and 496.
    pub fn is_about_certificate(&self) -> bool {
        self.status.is_client_error() && self.text.contains("SSL certificate")
    }

    /// Whether it says that the request went no further. Those who waited in vain for the service do not: 408, nginx's 499,
    /// and 429, which some services say after a while.
    pub fn is_rejection(&self) -> bool {
        let is_late = matches!(self.status.as_u16(), 408 | 429 | 499);
        // 303 sends to where the result of what was done is (RFC 9110, section 15.4.4).
        let is_elsewhere = self.status.is_redirection() && self.status != StatusCode::SEE_OTHER;
        is_elsewhere || (self.status.is_client_error() && !is_late)
    }

    /// The status that stands for it (gRPC's "HTTP to gRPC Status Code Mapping").
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

    /// `502 Bad Gateway (text/html)`; what the page says stands in the place of the code's own name.
    fn description(&self) -> String {
        let code = self.status.as_str();
        let named = self.status.canonical_reason().unwrap_or_default();
        let said = self.text.strip_prefix(code).unwrap_or(&self.text).trim();
        let said = if said.is_empty() { named } else { said };
        let mut told = format!("{code} {said}");
        if !self.content_type.is_empty() {
            told = format!("{told} ({})", self.content_type);
        }
        told
    }
}

fn text(headers: &HeaderMap, name: &header::HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// The start of a body; what does not come in time or breaks off is left out.
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
    // Too late is as good as too long.
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
            assert_eq!(answer.to_string(), format!("the answer is no gRPC: {told}"));
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
