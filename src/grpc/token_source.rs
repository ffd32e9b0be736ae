//! Tokens that change while calls are made: those of a session.

use std::pin::Pin;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::{Code, Request, Status};

use super::call::{self, Call};
use super::channel::Transport;
use super::status;
use crate::error::{Error, Outcome, Result};
use crate::secret::Secret;

/// Gives the token of each call, and renews it.
pub trait TokenSource: Send + Sync {
    /// The token for the next call, which has not ended. `refused` is one that a service has just refused: it is the
    /// answer again if there is no better one.
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> TokenFuture<'a>;
}

/// A token that may have to be asked for.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Secret>> + Send + 'a>>;

impl Call {
    /// Sends with a current token; once more if the service itself refuses that before it does anything.
    pub(super) async fn send_with_token<T, F: Future<Output = Result<tonic::Response<T>, Status>>>(
        &mut self,
        send: impl Fn(Grpc<Transport>, Request<Bytes>, PathAndQuery) -> F,
    ) -> Result<Result<T, Status>> {
        let Some(tokens) = self.caller.tokens.clone().filter(|_| !self.takes_no_key()) else {
            return Ok(self.send(send).await);
        };
        let token = self.token(tokens.token(None)).await?;
        self.caller.metadata.set_token(token.expose())?;
        let response = self.send(&send).await;
        let Err(status) = &response else { return Ok(response) };
        if !status::is_token_refused(status, self.is_read_only) {
            return Ok(response);
        }
        let renewed = self.token(tokens.token(Some(&token))).await.map_err(|error| error.cause(status.message()))?;
        if renewed == token {
            return Ok(response);
        }
        self.caller.metadata.set_token(renewed.expose())?;
        self.caller.trace().step(|| format!("{} refused the token: sent again with a new one", self.caller.endpoint()));
        Ok(self.send(send).await)
    }

    /// Waits for a token, within the deadline.
    async fn token(&self, token: TokenFuture<'_>) -> Result<Secret> {
        let Some(deadline) = self.deadline else { return token.await };
        tokio::time::timeout_at(deadline, token).await.unwrap_or_else(|_| {
            let what = call::what(&self.method, self.caller.endpoint());
            let error = Error::status(Code::DeadlineExceeded, format!("{what}: no token within the timeout"));
            Err(error.with_outcome(Outcome::NotSent))
        })
    }
}
