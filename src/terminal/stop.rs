//! The end that comes before the work's own: Ctrl-C, SIGTERM or SIGHUP, or the reader of the output leaving.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Ending, Error, Result};
use crate::terminal::streams;

/// Waits for whoever asks for the end. From here on these signals end nothing by themselves, so that all further work is
/// done through [`Stop::or`] or one of the others; one that comes between two of them is seen by the second. A command has
/// one of these: another would not see what came before it.
pub struct Stop {
    signals: Vec<(Ending, Signal)>,
    reader_gone: Pin<Box<dyn Future<Output = ()>>>,
}

impl Stop {
    /// Takes Ctrl-C over, for work that only reads and has no end of its own; it ends without a reader, too. Within a
    /// runtime only.
    pub fn of_reading() -> Result<Self> {
        Ok(Self { signals: vec![listen(Ending::Interrupt)?], reader_gone: Box::pin(streams::reader_gone()) })
    }

    /// As [`Stop::of_reading`], for work that says at its end what was done: every signal that asks for the end waits for
    /// that.
    pub fn of_streams() -> Result<Self> {
        Ok(Self { reader_gone: Box::pin(streams::reader_gone()), ..Self::listen()? })
    }

    /// Takes all signals over that ask for the end. Within a runtime only.
    pub fn listen() -> Result<Self> {
        let mut endings = vec![Ending::Interrupt, Ending::Terminate, Ending::Quit];
        // As under `nohup`, where work goes on without its terminal.
        if !streams::hangup_is_ignored() {
            endings.push(Ending::HangUp);
        }
        let signals = endings.into_iter().map(listen).collect::<Result<_>>()?;
        Ok(Self { signals, reader_gone: Box::pin(pending()) })
    }

    /// Done when a signal asks for the end.
    pub async fn asked(&mut self) -> Ending {
        first(&mut self.signals).await
    }

    /// Does `work`, unless it is stopped before: it is left where it waits, never in the middle of writing.
    ///
    /// # Errors
    /// Those of `work`; and one of a silent kind for the one who stopped it.
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            ending = first(&mut self.signals) => Err(Error::ended(ending)),
            () = &mut self.reader_gone => Err(Error::reader_gone()),
            done = work => done,
        }
    }

    /// As [`Stop::or`], for work of several steps of which some are not to be parted: a signal that comes while it `holds`
    /// is answered by `told`, and the work goes on to its end; the second one leaves it.
    ///
    /// # Errors
    /// Those of `work`; and a silent one where it was left.
    pub async fn or_unless_held<T>(
        &mut self,
        holds: &Cell<bool>,
        told: impl Fn(Ending),
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        let mut is_told = false;
        loop {
            tokio::select! {
                biased;
                ending = first(&mut self.signals) => {
                    if is_told || !holds.get() {
                        return Err(Error::ended(ending));
                    }
                    is_told = true;
                    told(ending);
                }
                done = &mut work => return done,
            }
        }
    }
}

fn listen(ending: Ending) -> Result<(Ending, Signal)> {
    let kind = SignalKind::from_raw(ending.signal());
    Ok((ending, signal(kind).map_err(|error| Error::local("cannot wait for signals").cause(error))?))
}

async fn first(signals: &mut [(Ending, Signal)]) -> Ending {
    poll_fn(|context| {
        let mut came =
            signals.iter_mut().filter_map(|(ending, signal)| signal.poll_recv(context).is_ready().then_some(*ending));
        came.next().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
