//! Tokens that change while calls are made: those of a session.

use std::pin::Pin;

use crate::error::Result;
use crate::secret::Secret;

/// Gives the token of each call, and renews it.
pub trait TokenSource: Send + Sync {
    /// The token for the next call: one that has not ended, and is not `refused`, which a service has just refused.
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> TokenFuture<'a>;
}

/// A token that may have to be asked for.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Secret>> + Send + 'a>>;
