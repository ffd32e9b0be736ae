//! Calls with cached descriptors, revalidated in the same round trip.
//!
//! The generations of the API give the same field numbers other meanings, so that an outdated description makes another
//! request. A verb that only reads is called all the same, while the service is asked for its description: if that
//! differs in a byte, the call counts for nothing and is made again. Output and errors wait until then. Other verbs are
//! called by a description that is asked for first.

use futures_util::future::{join, try_join};

use super::connector::Connector;
use super::method::Method;
use crate::error::{Error, Result};
use crate::grpc::resolve::{MethodRef, ResolvedMethod, Revalidation};
use crate::grpc::retry::is_read_only;
use crate::terminal::io_streams::Diagnostics;

/// Why a speculative call counts for nothing.
enum Discarded {
    Changed(Box<ResolvedMethod>),
    Failed(Error),
}

/// Connects to `method`, and does `work` with it, which may send but not show anything: it is done again where the
/// cached descriptors turn out to be outdated. What `work` tells is shown once.
///
/// # Errors
/// As of [`Method::reach`]; those of `work`.
pub async fn call_speculatively<T>(
    connector: &Connector,
    method: &MethodRef<'_>,
    diagnostics: &mut Diagnostics,
    work: impl AsyncFn(Method, &mut Diagnostics) -> Result<T>,
) -> Result<T> {
    let cache = connector.descriptor_cache(&method.resource.service);
    // While the connection is made. By its name only: that the description calls it read-only may be what has changed.
    let read = async {
        let cached = method.resolve_cached(cache.as_ref()?)?;
        is_read_only(cached.descriptor.name()).then_some(cached)
    };
    let (caller, cached) = join(connector.connect(&method.resource.service), read).await;
    let caller = caller?;
    let resolved = match cached {
        None => connector.resolve(method, &caller).await?,
        Some(cached) => {
            let descriptor = &cached.descriptor;
            let (name, service) = (descriptor.name(), descriptor.parent_service().full_name());
            caller.trace().step(|| format!("{name} of {service} is called as it was described before"));
            let revalidated = async {
                match method.revalidate(&cached, &caller).await {
                    Ok(Revalidation::Same) => Ok(()),
                    Ok(Revalidation::Changed(now)) => Err(Discarded::Changed(now)),
                    Err(error) => Err(Discarded::Failed(error)),
                }
            };
            let mut buffered = Diagnostics::buffered();
            let worked = async {
                let done = async { work(Method::new(caller.clone(), cached.clone())?, &mut buffered).await };
                Ok(done.await)
            };
            match try_join(revalidated, worked).await {
                Ok(((), done)) => {
                    buffered.flush_into(diagnostics);
                    return done;
                }
                Err(Discarded::Failed(error)) => return Err(error),
                Err(Discarded::Changed(now)) => {
                    caller
                        .trace()
                        .step(|| format!("{} describes itself otherwise by now: called again", caller.endpoint()));
                    *now
                }
            }
        }
    };
    let called = work(Method::new(caller, resolved.clone())?, diagnostics);
    match cache.filter(|_| resolved.is_read_only) {
        // Written while the response is on its way.
        Some(cache) => join(called, async { method.store(&cache, &resolved) }).await.0,
        None => called.await,
    }
}
