//! The end that comes before the work's own: Ctrl-C, SIGTERM or SIGHUP, or the reader of the output leaving.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result, TerminationSignal};
use crate::terminal::io_streams;

/// Waits for whoever asks for the end. From here on these signals end nothing by themselves, so that all further work is
/// done through [`Shutdown::or`] or one of the others; one that comes between two of them is seen by the second. A command has
/// one of these: another would not see what came before it.
pub struct Shutdown {
    signals: Vec<(TerminationSignal, Signal)>,
    reader_gone: Pin<Box<dyn Future<Output = ()>>>,
}

impl Shutdown {
    /// Takes Ctrl-C over, for work that only reads and has no end of its own; it ends without a reader, too. Within a
    /// runtime only.
    pub fn for_reads() -> Result<Self> {
        Ok(Self {
            signals: vec![listen(TerminationSignal::Interrupt)?],
            reader_gone: Box::pin(io_streams::reader_gone()),
        })
    }

    /// As [`Shutdown::for_reads`], for work that says at its end what was done: every signal that asks for the end waits for
    /// that.
    pub fn for_streams() -> Result<Self> {
        Ok(Self { reader_gone: Box::pin(io_streams::reader_gone()), ..Self::listen()? })
    }

    /// Takes all signals over that ask for the end. Within a runtime only.
    pub fn listen() -> Result<Self> {
        let mut endings = vec![TerminationSignal::Interrupt, TerminationSignal::Terminate, TerminationSignal::Quit];
        // As under `nohup`, where work goes on without its terminal.
        if !io_streams::hangup_is_ignored() {
            endings.push(TerminationSignal::HangUp);
        }
        let signals = endings.into_iter().map(listen).collect::<Result<_>>()?;
        Ok(Self { signals, reader_gone: Box::pin(pending()) })
    }

    /// Done when a signal asks for the end.
    pub async fn asked(&mut self) -> TerminationSignal {
        first(&mut self.signals).await
    }

    /// Does `work`, unless it is stopped before: it is left where it waits, never in the middle of writing.
    ///
    /// # Errors
    /// Those of `work`; and one of a silent kind for the one who stopped it.
    pub async fn race<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            ending = first(&mut self.signals) => Err(Error::from_signal(ending)),
            () = &mut self.reader_gone => Err(Error::broken_pipe()),
            done = work => done,
        }
    }

    /// As [`Shutdown::or`], for work of several steps of which some are not to be parted: a signal that comes while it `holds`
    /// is answered by `told`, and the work goes on to its end; the second one leaves it.
    ///
    /// # Errors
    /// Those of `work`; and a silent one where it was left.
    pub async fn race_unless_critical<T>(
        &mut self,
        holds: &Cell<bool>,
        told: impl Fn(TerminationSignal),
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        let mut is_told = false;
        loop {
            tokio::select! {
                biased;
                ending = first(&mut self.signals) => {
                    if is_told || !holds.get() {
                        return Err(Error::from_signal(ending));
                    }
                    is_told = true;
                    told(ending);
                }
                done = &mut work => return done,
            }
        }
    }
}

fn listen(ending: TerminationSignal) -> Result<(TerminationSignal, Signal)> {
    let kind = SignalKind::from_raw(ending.signal());
    Ok((ending, signal(kind).map_err(|error| Error::local("cannot wait for signals").cause(error))?))
}

async fn first(signals: &mut [(TerminationSignal, Signal)]) -> TerminationSignal {
    poll_fn(|context| {
        let mut came =
            signals.iter_mut().filter_map(|(ending, signal)| signal.poll_recv(context).is_ready().then_some(*ending));
        came.next().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
