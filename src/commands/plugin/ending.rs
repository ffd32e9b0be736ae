//! The end that somebody else wants: Ctrl-C, or SIGTERM from whoever runs the job.

use signal_hook::consts::SIGTERM;
use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};

/// Waits for both. From here on they end nothing by themselves, so that all further work is done through
/// [`Ending::or`].
pub struct Ending {
    interrupt: Signal,
    terminate: Signal,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Interrupt,
    Terminate,
}

impl Ending {
    /// Takes both signals over. Within a runtime only.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|error| Error::local("cannot wait for signals").cause(error));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Done when the end is asked for.
    pub async fn asked(&mut self) -> Asked {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Asked::Interrupt,
            _ = self.terminate.recv() => Asked::Terminate,
        }
    }

    /// Does `work`, unless the end is asked for before: it is left where it waits.
    ///
    /// # Errors
    /// Those of `work`; and that of [`Asked::obey`].
    pub async fn or<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            asked = self.asked() => Err(asked.obey()),
            done = work => done,
        }
    }

    /// Does `work` that has its own way with Ctrl-C, unless SIGTERM comes.
    ///
    /// # Errors
    /// As [`Ending::or`].
    pub async fn or_terminated<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => Err(Asked::Terminate.obey()),
            done = work => done,
        }
    }
}

impl Asked {
    /// Ends the program as SIGTERM does where nobody looks; or says that Ctrl-C was pressed, which has an exit code of
    /// its own. All that is to be said is said before.
    pub fn obey(self) -> Error {
        if self == Self::Terminate {
            // It returns only if the signal's default cannot be had back.
            let _ = emulate_default_handler(SIGTERM);
        }
        Error::interrupted()
    }
}
