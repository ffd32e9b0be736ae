//! A call by what its service said of itself in another run, and the proof that it still says so.
//!
//! The generations of the API give the same field numbers other meanings, so that an old description makes of one request
//! another. A verb that only reads is called by it all the same, while the service is asked for its description as of now:
//! if that is another one, the call counts for nothing and is made again. Whatever became of it is told only then, an error
//! too: what was unknown here may be known there by now. Other verbs are called by the description as of now.

use std::cell::OnceCell;
use std::pin::pin;

use futures_util::future::{Either, join, select};
use prost_reflect::MethodDescriptor;

use super::connector::Connector;
use super::method::{LIST, Method};
use crate::commands::descriptor_cache::Shelf;
use crate::commands::resolve::{Found, MethodRef};
use crate::error::Result;
use crate::grpc::cache_entry::Kept;
use crate::grpc::call::Caller;
use crate::grpc::descriptors::Description;
use crate::grpc::retry::reads_only;
use crate::terminal::io_streams::Diagnostics;

/// Connects to what is `sought`, and does `work` with its method, which may send but not show anything: where it was done
/// by a description that does not hold any more, it is done again. What `work` tells is said once.
///
/// # Errors
/// As of [`Method::reach`]; those of `work`.
pub async fn proved<T>(
    connector: &Connector,
    sought: &MethodRef<'_>,
    diagnostics: &mut Diagnostics,
    work: impl AsyncFn(Method, &mut Diagnostics) -> Result<T>,
) -> Result<T> {
    let shelf = connector.shelf(sought);
    let (caller, guess) = connect(connector, sought, shelf.as_ref()).await?;
    let found = match guess {
        None => connector.find(sought, &caller).await?,
        Some(guess) => match guess.try_out(sought, &caller, &work).await? {
            Outcome::Holds { done, diagnostics: held, renewed } => {
                if let (Some(shelf), Some(found)) = (&shelf, renewed) {
                    shelf.put(&found);
                }
                held.flush_into(diagnostics);
                return done;
            }
            Outcome::Failed(found) => *found,
        },
    };
    let method = Method::of(caller, found.clone())?;
    let Some(shelf) = shelf.filter(|_| reads_only(&found.method)) else { return work(method, diagnostics).await };
    let keeping = async { shelf.put(&found) };
    join(work(method, diagnostics), keeping).await.0
}

/// Connects to what is `sought`. Meanwhile reads what is cached of it, and makes descriptors of that.
async fn connect(
    connector: &Connector,
    sought: &MethodRef<'_>,
    shelf: Option<&Shelf<'_>>,
) -> Result<(Caller, Option<Guess>)> {
    let reading = async {
        let guess = Guess::read(shelf?, sought)?;
        guess.prepare();
        Some(guess)
    };
    let (caller, guess) = join(connector.connect(&sought.resource.service), reading).await;
    Ok((caller?, guess))
}

/// What a method was, by another run.
struct Guess {
    kept: Kept,
    found: Found,
    /// `None` if it has none; then the call tells why.
    descriptor: OnceCell<Option<MethodDescriptor>>,
}

/// What became of a guess.
enum Outcome<T> {
    /// It was right: what was done by it counts.
    Holds {
        done: Result<T>,
        diagnostics: Diagnostics,
        /// What the service says now, if that are other words for the same.
        renewed: Option<Box<Found>>,
    },
    /// It was wrong; what the service says now.
    Failed(Box<Found>),
}

impl Guess {
    fn read(shelf: &Shelf<'_>, sought: &MethodRef<'_>) -> Option<Self> {
        let kept = shelf.get().filter(|kept| reads_only(&kept.method))?;
        let found = sought.as_kept(kept.clone())?;
        Some(Self { kept, found, descriptor: OnceCell::new() })
    }

    fn prepare(&self) -> &Option<MethodDescriptor> {
        self.descriptor.get_or_init(|| self.found.descriptor("").ok())
    }

    fn method(&self, caller: &Caller) -> Result<Method> {
        let (caller, found) = (caller.clone(), self.found.clone());
        match self.prepare() {
            Some(descriptor) => Method::described(caller, descriptor.clone(), found),
            None => Method::of(caller, found),
        }
    }

    /// Does `work` by it while the service is asked whether it is right.
    async fn try_out<T>(
        &self,
        sought: &MethodRef<'_>,
        caller: &Caller,
        work: &impl AsyncFn(Method, &mut Diagnostics) -> Result<T>,
    ) -> Result<Outcome<T>> {
        let kept = &self.kept;
        caller.trace().step(|| format!("{} of {} is called as it was described before", kept.method, kept.service));
        let mut held = Diagnostics::buffered();
        let proving = sought.ask_again(kept, caller);
        let working = async { work(self.method(caller)?, &mut held).await };
        let (said, done) = match select(pin!(proving), pin!(working)).await {
            Either::Left((said, working)) => match Said::of(said?, kept) {
                // Whatever is still under way is left.
                Said::Otherwise(now) => return Ok(changed(caller, now)),
                said => (said, working.await),
            },
            Either::Right((done, proving)) => (Said::of(proving.await?, kept), done),
        };
        Ok(match said {
            Said::TheSame => Outcome::Holds { done, diagnostics: held, renewed: None },
            Said::InOtherWords(now) => Outcome::Holds { done, diagnostics: held, renewed: Some(now) },
            Said::Otherwise(now) => changed(caller, now),
        })
    }
}

/// What a service says of itself by now.
enum Said {
    TheSame,
    /// What makes no difference to the call.
    InOtherWords(Box<Found>),
    Otherwise(Box<Found>),
}

impl Said {
    fn of(now: Option<Found>, kept: &Kept) -> Self {
        match now.map(Box::new) {
            None => Self::TheSame,
            Some(now) if is_same(kept, &now) => Self::InOtherWords(now),
            Some(now) => Self::Otherwise(now),
        }
    }
}

fn changed<T>(caller: &Caller, now: Box<Found>) -> Outcome<T> {
    caller.trace().step(|| format!("{} describes itself otherwise by now: called again", caller.place()));
    Outcome::Failed(now)
}

/// Whether a call by what was `kept` is one by what is described `now`.
fn is_same(kept: &Kept, now: &Found) -> bool {
    if (&now.service, &now.method, &now.closure) != (&kept.service, &kept.method, &kept.closure) {
        return false;
    }
    now.description.files == kept.description.files
        || (now.closure.0.is_some() && rows_are_same(&now.service, &now.description, &kept.description))
}

/// Whether filters are made alike by both descriptions: by what `list` answers with, whatever the method is. What cannot be
/// told of either is not the same.
fn rows_are_same(service: &str, one: &Description, other: &Description) -> bool {
    let closure = |description: &Description| description.closure(service, LIST).0;
    match (closure(one), closure(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => lacks_list(service, one) && lacks_list(service, other),
        _ => false,
    }
}

fn lacks_list(service: &str, description: &Description) -> bool {
    let methods = description.methods(service, "").ok().flatten();
    methods.is_some_and(|methods| methods.iter().all(|method| method != LIST))
}
