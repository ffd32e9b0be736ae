//! Descriptors by gRPC reflection, v1 or v1alpha.
//!
//! Both are asked side by side, since most servers have one of them.

mod conversation;
mod files;
mod volume;

use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::{Either, select};
use prost_reflect::DescriptorPool;
use tonic::{Code, Status};

use super::call::Caller;
use super::descriptors::{self, Description, Gaps};
use super::{retry, status, unreadable};
use crate::error::{Error, ErrorKind, Result, code_name};
use crate::schema::spaceone::usual_imports;
pub use conversation::ReflectionVersion;
use conversation::{Answered, Conversation, made_here};
use files::Files;

/// The longest wait for a description, unless `--timeout` is 0: a service has it from its start, so one that is late
/// does not come.
pub const LIMIT: Duration = Duration::from_secs(10);

/// The services of a server, and descriptors.
#[derive(Debug)]
pub struct DescribedServer {
    /// The full names of all its services, sorted.
    pub services: Vec<String>,
    /// The files of the requested symbols with their imports; unknown symbols are left out.
    pub pool: DescriptorPool,
    /// The parts that are missing.
    pub gaps: Gaps,
}

/// How a description was fetched: the same way again takes one round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReflectionRoute {
    pub version: ReflectionVersion,
    /// The imports that had to be asked for, in that order.
    pub imports: Vec<String>,
}

/// Asks for the names of all services, and for the file of `symbol` with its imports; a `symbol` that the server does
/// not know leaves its file out. One round trip is enough where the server sends imports along, where it has those
/// alone that files of the platform usually have, or where the `known` route of an earlier run still leads there.
pub async fn fetch(
    caller: &Caller,
    symbol: &str,
    known: Option<&ReflectionRoute>,
) -> Result<(Description, ReflectionRoute)> {
    let known = known.map(|route| (Some(route.version), route.imports.clone()));
    let mut attempts = known.into_iter().chain([(None, usual_imports(symbol)), (None, Vec::new())]);
    loop {
        let (version, imports) = attempts.next().unwrap_or_default();
        let ask = async |conversation: &mut Conversation| {
            // The platform's services have this version alone. Others may end the stream over a file that they do not
            // have.
            let asks_for_imports = version.is_some() || conversation.version == ReflectionVersion::V1Alpha;
            conversation.describe(symbol, if asks_for_imports { &imports } else { &[] }).await
        };
        match converse(caller, LIMIT, version, ask).await {
            // Another server than the last time, which lacks the version or a file.
            Err(error) if version.is_some() && error.kind() == ErrorKind::Status(Code::Unimplemented) => {}
            Err(error) if (version.is_some() || !imports.is_empty()) && is_about_a_file(&error) => {}
            fetched => return fetched.map(|Fetched { description, route, .. }| (description, route)),
        }
    }
}

/// Whether the server may have ended the stream over a file that it does not have.
fn is_about_a_file(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Status(Code::NotFound | Code::Internal | Code::Unknown))
}

/// As [`fetch`], with the descriptors of all that is described.
pub async fn describe(caller: &Caller, symbol: &str) -> Result<DescribedServer> {
    let (Description { services, files }, _) = fetch(caller, symbol, None).await?;
    let (pool, gaps) = descriptors::pool(&files);
    Ok(DescribedServer { services, pool, gaps })
}

/// Asks for all services with their files. Those that are refused become gaps.
pub async fn describe_all(caller: &Caller, limit: Duration) -> Result<DescribedServer> {
    let ask = async |conversation: &mut Conversation| conversation.describe_all().await;
    let Fetched { description: Description { services, files }, refused, .. } =
        converse(caller, limit, None, ask).await?;
    let (pool, mut gaps) = descriptors::pool(&files);
    for (service, status) in refused {
        gaps.add(&service, || format!("{}: {}", code_name(status.code()), status.message()));
    }
    Ok(DescribedServer { services, pool, gaps })
}

/// Runs `talk` in the `known` version of reflection, or else in both: the first answer counts.
async fn converse(
    caller: &Caller,
    max: Duration,
    known: Option<ReflectionVersion>,
    talk: impl AsyncFn(&mut Conversation) -> Result<Answered, Status>,
) -> Result<Fetched> {
    let what = format!("cannot ask {} what it offers", caller.endpoint());
    let failed = |status: Status| caller.advise_on_key(status::first_error(&what, &status));
    let none = || {
        Error::status(Code::Unimplemented, &what)
            .cause("it offers no gRPC reflection, neither v1 nor v1alpha")
            .hint("is this the gRPC port of a SpaceONE service?")
    };
    let begun = Instant::now();
    let by = async |version: ReflectionVersion| {
        let notify = |status: &Status, wait: Duration| {
            caller.trace().step(|| {
                let (version, endpoint, code) = (version.name(), caller.endpoint(), code_name(status::code(status)));
                format!("reflection {version} at {endpoint}: {code}; asked again {}", retry::when(wait))
            });
        };
        let ask = || unreadable::guard(async { talk(&mut Conversation::start(caller, version)).await });
        (retry::send_again(true, None, || caller.response_count(), notify, ask).await, version)
    };
    let work = async {
        let (result, version) = match known {
            Some(version) => by(version).await,
            None => first_to_answer(pin!(by(ReflectionVersion::V1)), pin!(by(ReflectionVersion::V1Alpha))).await,
        };
        caller.trace().timed(begun, || {
            let (version, endpoint) = (version.name(), caller.endpoint());
            match &result {
                Ok(Answered { services, files, .. }) => {
                    format!(
                        "reflection {version} at {endpoint}: {} services, {} files",
                        services.len(),
                        files.raw.len()
                    )
                }
                Err(status) => format!("reflection {version} at {endpoint}: {}", code_name(status::code(status))),
            }
        });
        match result {
            Ok(Answered { services, files, refused }) => {
                let Files { raw, known, asked_in_order: mut asked, .. } = files;
                asked.retain(|name| known.contains(name));
                let description = Description { services, files: raw };
                Ok(Fetched { description, route: ReflectionRoute { version, imports: asked }, refused })
            }
            // A proxy that passes on neither path is explained by its response.
            Err(status) if status.code() == Code::Unimplemented && !made_here(&status) => Err(none()),
            Err(status) => Err(failed(status)),
        }
    };
    match caller.timeout() {
        None => work.await,
        Some(timeout) => {
            let limit = timeout.min(max);
            let late = || {
                let error =
                    Error::status(Code::DeadlineExceeded, format!("{what}: {}", code_name(Code::DeadlineExceeded)));
                let longer =
                    if limit < max { "use --timeout to wait longer" } else { "use --timeout 0 to wait without end" };
                error.cause(format!("no answer within {limit:?}")).hint(longer)
            };
            tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late()))
        }
    }
}

/// The result of a conversation, and its version.
type Conversed = (Result<Answered, Status>, ReflectionVersion);

/// The first answer of two conversations. If both fail, the failure of `first`, unless that only says that the server
/// lacks the version.
async fn first_to_answer(
    first: impl Future<Output = Conversed> + Unpin,
    second: impl Future<Output = Conversed> + Unpin,
) -> Conversed {
    let is_absent = |outcome: &Conversed| matches!(&outcome.0, Err(status) if status.code() == Code::Unimplemented);
    match select(first, second).await {
        Either::Left((outcome, second)) if is_absent(&outcome) => second.await,
        Either::Left((outcome, _)) => outcome,
        Either::Right((outcome @ (Ok(_), _), _)) => outcome,
        Either::Right((failed, first)) => {
            let outcome = first.await;
            if is_absent(&outcome) { failed } else { outcome }
        }
    }
}

struct Fetched {
    description: Description,
    route: ReflectionRoute,
    refused: Vec<(String, Status)>,
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn outcome(result: std::result::Result<&str, Code>, version: ReflectionVersion) -> Conversed {
        let answered = |name: &str| Answered { services: vec![name.to_owned()], ..Answered::default() };
        (result.map(answered).map_err(|code| Status::new(code, version.name())), version)
    }

    fn told((result, version): Conversed) -> String {
        match result {
            Ok(answered) => format!("{} {}", version.name(), answered.services[0]),
            Err(status) => format!("{} {}", version.name(), code_name(status.code())),
        }
    }

    /// `None` has not come yet.
    type Came = Option<std::result::Result<&'static str, Code>>;

    fn of(first: Came, second: Came) -> Option<String> {
        let future = |came: Came, version| async move {
            match came {
                Some(result) => outcome(result, version),
                None => pending().await,
            }
        };
        let both = first_to_answer(
            Box::pin(future(first, ReflectionVersion::V1)),
            Box::pin(future(second, ReflectionVersion::V1Alpha)),
        );
        let waited = futures_util::future::select(Box::pin(both), ready(()));
        match futures_util::FutureExt::now_or_never(waited)? {
            Either::Left((outcome, _)) => Some(told(outcome)),
            Either::Right(_) => None,
        }
    }

    #[test]
    fn the_first_answer_counts_and_of_failures_the_first_versions() {
        let (absent, denied) = (Some(Err(Code::Unimplemented)), Some(Err(Code::PermissionDenied)));
        for (first, second, expected) in [
            (Some(Ok("a")), None, Some("v1 a")),
            (None, Some(Ok("b")), Some("v1alpha b")),
            (Some(Ok("a")), Some(Ok("b")), Some("v1 a")),
            (absent, Some(Ok("b")), Some("v1alpha b")),
            (denied, Some(Ok("b")), Some("v1 PERMISSION_DENIED")),
            (Some(Ok("a")), denied, Some("v1 a")),
            (absent, denied, Some("v1alpha PERMISSION_DENIED")),
            (absent, absent, Some("v1alpha UNIMPLEMENTED")),
            // What one of them fails in is not reported before the other is known.
            (absent, None, None),
            (None, denied, None),
            (None, absent, None),
        ] {
            assert_eq!(of(first, second).as_deref(), expected, "{first:?} {second:?}");
        }
    }
}
