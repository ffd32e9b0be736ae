//! The end of what goes on until somebody has had enough: Ctrl-C, or the reader of the output leaving.

use std::cell::Cell;
use std::pin::{Pin, pin};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};
use crate::streams;

/// Ends work that has no end of its own. Only such work has one: from here on Ctrl-C does nothing by itself.
pub struct Stop {
    interrupt: Signal,
    reader_gone: Pin<Box<dyn Future<Output = ()>>>,
}

impl Stop {
    /// Takes Ctrl-C over. Within a runtime only.
    pub fn listen() -> Result<Self> {
        let interrupt =
            signal(SignalKind::interrupt()).map_err(|error| Error::local("cannot wait for signals").cause(error))?;
        Ok(Self { interrupt, reader_gone: Box::pin(streams::reader_gone()) })
    }

    /// Does `work`, unless it is stopped before: it is left where it waits, never in the middle of writing.
    ///
    /// # Errors
    /// Those of `work`; and one of a silent kind for the one who stopped it.
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Err(Error::interrupted()),
            () = &mut self.reader_gone => Err(Error::reader_gone()),
            done = work => done,
        }
    }
}

/// Ctrl-C, for work of several steps of which some are not to be parted.
pub struct Interrupt {
    signal: Signal,
}

impl Interrupt {
    /// Takes Ctrl-C over. Within a runtime only.
    pub fn listen() -> Result<Self> {
        let signal =
            signal(SignalKind::interrupt()).map_err(|error| Error::local("cannot wait for signals").cause(error))?;
        Ok(Self { signal })
    }

    /// Does `work`, unless Ctrl-C is pressed: then it is left where it waits, but not while `holds`. In that time the
    /// first Ctrl-C is answered by `told`, and work goes on until it no longer holds; the second one ends it.
    ///
    /// # Errors
    /// Those of `work`; and a silent one where it was left.
    pub async fn or<T>(
        &mut self,
        holds: &Cell<bool>,
        told: impl Fn(),
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                _ = self.signal.recv() => {
                    if !holds.replace(false) {
                        return Err(Error::interrupted());
                    }
                    told();
                }
                done = &mut work => return done,
            }
        }
    }
}
