//! The access tokens of a session: renewed by its refresh token, once for all calls of a process.

use tokio::sync::Mutex;
use tonic::Code;

use super::block_on;
use super::identity::{GrantedToken, IdentityEndpoint};
use crate::config::{ConfigDir, EnvironmentName, LoginSession, TokenScope, UsedSession};
use crate::error::{Error, ErrorKind, Result};
use crate::grpc::token_source::{TokenFuture, TokenSource};
use crate::secret::Secret;

/// Gives access tokens of one session for one scope.
pub struct SessionTokens {
    dir: ConfigDir,
    environment: EnvironmentName,
    scope: TokenScope,
    identity: IdentityEndpoint,
    session: Mutex<LoginSession>,
}

impl SessionTokens {
    pub fn new(dir: ConfigDir, used: UsedSession, identity: IdentityEndpoint) -> Self {
        let UsedSession { environment, session, scope } = used;
        Self { dir, environment, scope, identity, session: Mutex::new(session) }
    }

    async fn current(&self, refused: Option<&Secret>) -> Result<Secret> {
        // Held while a token is asked for: other calls wait for it, and ask for none.
        let mut session = self.session.lock().await;
        let usable = |session: &LoginSession| {
            let token = session.access_token(&self.scope).filter(|token| token.is_fresh());
            token.map(|token| token.secret()).filter(|token| Some(token) != refused)
        };
        if let Some(token) = usable(&session) {
            return Ok(token);
        }
        // Another process may have renewed it, or logged out.
        *session = self.dir.session(&self.environment)?.ok_or_else(|| ended(&self.environment))?;
        if let Some(token) = usable(&session) {
            return Ok(token);
        }
        let granted = self.grant(session.clone()).await;
        let granted =
            granted.map_err(|error| grant_error(error, &session, &self.scope, &self.environment, OTHER_WORKSPACE))?;
        let token = granted.access_token;
        session.set_access_token(&self.scope, token.clone());
        self.dir.update_session(&self.environment, &session.refresh_token, |stored| {
            stored.set_access_token(&self.scope, token.clone());
        })?;
        Ok(token.secret())
    }

    /// Asks on a thread and connection of its own: a call may wait on any runtime, and resolving is not `Send`.
    async fn grant(&self, session: LoginSession) -> Result<GrantedToken> {
        let (identity, scope) = (self.identity.clone(), self.scope.clone());
        let ask = move || block_on(async { identity.connect().await?.grant(&session, &scope).await });
        let asked = tokio::task::spawn_blocking(ask).await;
        asked.unwrap_or_else(|error| Err(Error::local("cannot ask for a token").caused_by(&error)))
    }
}

impl TokenSource for SessionTokens {
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> TokenFuture<'a> {
        Box::pin(self.current(refused))
    }
}

/// The hint at other workspaces than one that is refused.
pub const OTHER_WORKSPACE: &str = "see yours with `spacectl workspace list`";

/// The error that the session of `environment` has ended.
pub fn ended(environment: &EnvironmentName) -> Error {
    Error::status(Code::Unauthenticated, format!("the session of {environment} has ended"))
        .hint(format!("log in again with `spacectl login -e {environment}`"))
}

/// The error of `Token.grant` in words of its own; `other_scope` is the hint at another one.
pub fn grant_error(
    error: Error,
    session: &LoginSession,
    scope: &TokenScope,
    environment: &EnvironmentName,
    other_scope: &str,
) -> Error {
    let ErrorKind::Status(code) = error.kind() else { return error };
    let sent = error.sent_text().unwrap_or_default().to_owned();
    let user = &session.user_id;
    let says = |name: &str| sent.starts_with(name);
    let own = |message: String, hint: &str| Error::status(code, message).cause(&sent).hint(hint);
    match code {
        Code::Unauthenticated => ended(environment).cause(&sent),
        Code::PermissionDenied => own(format!("{user} may not work in {scope}"), other_scope),
        Code::NotFound if scope.workspace_id().is_some() => own(format!("there is no {scope}"), other_scope),
        _ if says("ERROR_WORKSPACE_STATE") => own(format!("{scope} is disabled"), other_scope),
        _ if says("ERROR_UPDATE_PASSWORD_REQUIRED") => own(
            format!("the password of {user} has to be changed first"),
            "change it in the console, then log in again",
        ),
        _ if says("ERROR_USER_STATE_DISABLED") => {
            own(format!("the user {user} is disabled"), "ask an administrator of the domain to enable the user")
        }
        _ if says("ERROR_DOMAIN_STATE") => {
            own(format!("the domain {} is disabled", session.domain), "ask who runs the installation")
        }
        _ => error,
    }
}
