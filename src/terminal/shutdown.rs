//! Ends a run early.
//!
//! On Ctrl-C, SIGTERM, SIGQUIT or SIGHUP, or when the reader of the output has gone.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result, TerminationSignal};
use crate::terminal::io_streams;

/// Waits for a signal that ends the run. From its creation on these signals end nothing by themselves: all further work
/// is raced against it. A command has one of these, since another would miss earlier signals.
pub struct Shutdown {
    signals: Vec<(TerminationSignal, Signal)>,
    reader_gone: Pin<Box<dyn Future<Output = ()>>>,
}

impl Shutdown {
    /// Handles Ctrl-C and the reader's leaving, for work that only reads and may never end. Within a runtime only.
    pub fn for_reads() -> Result<Self> {
        Ok(Self {
            signals: vec![listen(TerminationSignal::Interrupt)?],
            reader_gone: Box::pin(io_streams::reader_gone()),
        })
    }

    /// As [`Shutdown::for_reads`], with every signal, for work that reports at its end what was done.
    pub fn for_streams() -> Result<Self> {
        Ok(Self { reader_gone: Box::pin(io_streams::reader_gone()), ..Self::listen()? })
    }

    /// Handles every signal that ends a run. Within a runtime only.
    pub fn listen() -> Result<Self> {
        let mut signals = vec![TerminationSignal::Interrupt, TerminationSignal::Terminate, TerminationSignal::Quit];
        // Under `nohup` the work goes on without its terminal.
        if !is_hangup_ignored() {
            signals.push(TerminationSignal::HangUp);
        }
        let signals = signals.into_iter().map(listen).collect::<Result<_>>()?;
        Ok(Self { signals, reader_gone: Box::pin(pending()) })
    }

    /// Completes on the next signal.
    pub async fn signal(&mut self) -> TerminationSignal {
        next(&mut self.signals).await
    }

    /// Runs `work` until it ends or is interrupted at a point where it waits, never in the middle of a write.
    ///
    /// # Errors
    /// Those of `work`, and a silent one for the interruption.
    pub async fn race<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            signal = next(&mut self.signals) => Err(Error::from_signal(signal)),
            () = &mut self.reader_gone => Err(Error::broken_pipe()),
            done = work => done,
        }
    }

    /// As [`Shutdown::race`], for work with steps that belong together: while it `is_critical`, the first signal only
    /// calls `notify`, and the second interrupts.
    ///
    /// # Errors
    /// As [`Shutdown::race`].
    pub async fn race_unless_critical<T>(
        &mut self,
        is_critical: &Cell<bool>,
        notify: impl Fn(TerminationSignal),
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        let mut is_notified = false;
        loop {
            tokio::select! {
                biased;
                signal = next(&mut self.signals) => {
                    if is_notified || !is_critical.get() {
                        return Err(Error::from_signal(signal));
                    }
                    is_notified = true;
                    notify(signal);
                }
                done = &mut work => return done,
            }
        }
    }
}

/// True if this process was started to survive its terminal, as by `nohup`. Asked before any signal is handled; false
/// where the system has no `/proc`.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is signal 1, the lowest bit.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

fn listen(termination: TerminationSignal) -> Result<(TerminationSignal, Signal)> {
    let kind = SignalKind::from_raw(termination.number());
    let signal = signal(kind).map_err(|error| Error::local("cannot wait for signals").cause(error))?;
    Ok((termination, signal))
}

async fn next(signals: &mut [(TerminationSignal, Signal)]) -> TerminationSignal {
    poll_fn(|context| {
        let mut received =
            signals.iter_mut().filter_map(|(number, signal)| signal.poll_recv(context).is_ready().then_some(*number));
        received.next().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
