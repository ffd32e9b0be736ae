//! The access tokens of a session: renewed by its refresh token, once for all calls of a process.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tonic::Code;

use super::block_on;
use super::identity::{GrantedToken, IdentityEndpoint};
use crate::config::{ConfigDir, EnvironmentName, LoginSession, TokenScope, UsedSession};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::grpc::token_source::{TokenFuture, TokenSource};
use crate::secret::Secret;
use crate::terminal::io_streams::Diagnostics;

/// A token that is refused so soon after it was granted is refused for another reason than its age.
const NEW: Duration = Duration::from_secs(60);

/// The hint at other workspaces than one that is refused.
pub const OTHER_WORKSPACE: &str = "see yours with `spacectl workspace list`";

/// Gives access tokens of one session for one scope.
pub struct SessionTokens {
    dir: ConfigDir,
    environment: EnvironmentName,
    scope: TokenScope,
    identity: IdentityEndpoint,
    diagnostics: Diagnostics,
    /// Held while a token is asked for: other calls wait for it, and ask for none.
    state: Mutex<TokenState>,
}

struct TokenState {
    session: LoginSession,
    /// When this process got its last token.
    granted: Option<Instant>,
    /// When the last renewal failed, and how.
    failed: Option<(Instant, Error)>,
}

impl SessionTokens {
    pub fn new(dir: ConfigDir, used: UsedSession, identity: IdentityEndpoint, diagnostics: Diagnostics) -> Self {
        let UsedSession { environment, session, scope } = used;
        let state = Mutex::new(TokenState { session, granted: None, failed: None });
        Self { dir, environment, scope, identity, diagnostics, state }
    }

    async fn current(&self, refused: Option<&Secret>) -> Result<Secret> {
        let begun = Instant::now();
        let mut state = self.state.lock().await;
        let usable = |session: &LoginSession| {
            let token = session.access_token(&self.scope).filter(|token| token.is_fresh());
            token.map(|token| token.secret()).filter(|token| Some(token) != refused)
        };
        if let Some(token) = usable(&state.session) {
            return Ok(token);
        }
        if let Some(refused) = refused.filter(|_| state.granted.is_some_and(|granted| granted.elapsed() < NEW)) {
            return Ok(refused.clone());
        }
        if let Some((at, error)) = &state.failed
            && (*at >= begun || error.kind() == ErrorKind::Status(Code::Unauthenticated))
        {
            return Err(error.clone());
        }
        let renewed = self.renew(&mut state, usable).await;
        let renewed = renewed.map_err(|error| error.with_outcome(Outcome::NotSent));
        if let Err(error) = &renewed {
            state.failed = Some((Instant::now(), error.clone()));
        }
        renewed
    }

    async fn renew(&self, state: &mut TokenState, usable: impl Fn(&LoginSession) -> Option<Secret>) -> Result<Secret> {
        // Another process may have renewed it, logged out, or logged in as somebody else.
        let stored = self.dir.session(&self.environment)?;
        state.session = stored
            .filter(|stored| stored.is_of_same_user(&state.session))
            .ok_or_else(|| ended(&self.environment).cause("it was replaced or removed meanwhile"))?;
        if let Some(token) = usable(&state.session) {
            return Ok(token);
        }
        if !state.session.refresh_token.is_fresh() {
            return Err(ended(&self.environment));
        }
        let GrantedToken { access_token, .. } = self.grant(state.session.clone()).await.map_err(|error| {
            let other = grant_error(error, &state.session, &self.scope, &self.environment, OTHER_WORKSPACE);
            match other.kind() {
                ErrorKind::Status(Code::Unauthenticated) => other,
                _ => other.context(format_args!("cannot get a token for {}", self.scope)),
            }
        })?;
        state.session.set_access_token(&self.scope, access_token.clone());
        state.granted = Some(Instant::now());
        Ok(access_token.secret())
    }

    /// Asks, and stores the answer for other processes, on a thread and connection of its own: a call may wait on any
    /// runtime, resolving is not `Send`, and the lock may take a while.
    async fn grant(&self, session: LoginSession) -> Result<GrantedToken> {
        let (identity, scope, diagnostics) = (self.identity.clone(), self.scope.clone(), self.diagnostics.clone());
        let (dir, environment) = (self.dir.clone(), self.environment.clone());
        let ask = move || {
            let granted = block_on(async { identity.connect().await?.grant(&session, &scope).await })?;
            let token = granted.access_token.clone();
            let stored = dir.update_session(&environment, &session.refresh_token, |stored| {
                stored.set_access_token(&scope, token);
            });
            if let Err(error) = stored {
                let message = error.problems().first().map(|problem| problem.message.clone()).unwrap_or_default();
                diagnostics.warn(&format!("the new token is used and not stored: {message}"));
            }
            Ok(granted)
        };
        let asked = tokio::task::spawn_blocking(ask).await;
        asked.unwrap_or_else(|error| Err(Error::local("cannot ask for a token").caused_by(&error)))
    }
}

impl TokenSource for SessionTokens {
    fn token<'a>(&'a self, refused: Option<&'a Secret>) -> TokenFuture<'a> {
        Box::pin(self.current(refused))
    }
}

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
    let Some(sent) = error.sent_text().map(str::to_owned) else { return error };
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
