//! `login`: a session at the identity service, for a person.
//!
//! The password is sent once, for a refresh token; that gives access tokens for a workspace, the domain or the system.
//! The session is stored when all of it has succeeded.

mod app;
mod new_environment;
mod password;
mod scope;

use std::time::Duration;

use serde_json::json;
use tonic::Code;

use self::new_environment::NewEnvironment;
use self::password::PasswordSource;
use super::connector::{Connector, selection};
use super::identity::{IdentityApi, text};
use super::session_tokens::{ended, grant_error};
use super::{Context, block_on};
use crate::cli::{Login, ScopeArgs};
use crate::config::{
    ConfigDir, ENDPOINT_VARIABLE, EndpointUrl, EnvironmentName, LoginSession, Selection, Settings, StoredToken,
    TokenScope, UsedSession,
};
use crate::error::{Error, ErrorKind, Result};
use crate::query::timestamp;
use crate::secret::jwt;
use crate::terminal::prompt::Prompt;

pub use self::scope::{Workspace, choose, scope_of, workspaces};

/// A clock that differs by more than this is worth a warning, in seconds.
const MAX_SKEW: i64 = 120;
/// The hint at another scope than one that is refused.
const OTHER_SCOPE: &str = "choose another one with --workspace or --scope";

pub fn run(args: &Login, context: &mut Context<'_>) -> Result<()> {
    if args.app.is_some() {
        return app::run(args, context);
    }
    start(args, context).map(drop)
}

/// Logs in to the environment of the command line, and stores the session.
fn start(args: &Login, context: &mut Context<'_>) -> Result<(EnvironmentName, LoginSession)> {
    refuse_endpoint(context)?;
    let dir = ConfigDir::locate(context.variables)?;
    let (name, new) = new_environment::target(args, &dir, context)?;
    let session = log_in(&name, new, args, &dir, context)?;
    Ok((name, session))
}

/// Logs in to `name`, whose identity service is at `new` if there is no such environment yet.
fn log_in(
    name: &EnvironmentName,
    new: Option<EndpointUrl>,
    args: &Login,
    dir: &ConfigDir,
    context: &mut Context<'_>,
) -> Result<LoginSession> {
    // A file that is not a session is replaced.
    let previous = match dir.session(name) {
        Ok(previous) => previous,
        Err(_) => dir.remove_session(name).map(|_| None)?,
    };
    let selection = match &new {
        Some(url) => Selection { endpoint: Some(url.to_string()), ..Selection::default() },
        None => Selection { environment: Some(name.to_string()), ..Selection::default() },
    };
    let connector = Connector::of(&selection, context)?;
    let identity = connector.identity()?;
    let url = identity.url.to_string();
    let (session, new) = block_on(async {
        let api = identity.connect().await?;
        let new = match new {
            Some(url) => Some(NewEnvironment::offered(&api, &url, args.yes, context).await?),
            None => None,
        };
        let mut attempt = Attempt { api: &api, args, name, previous: previous.as_ref(), url: &url };
        Ok((attempt.session(context).await?, new))
    })?;
    if let Some(new) = new {
        new.create(dir, name, context)?;
    }
    let replaced = dir.save_session(name, &session, previous.as_ref())?;
    let diagnostics = &context.streams.diagnostics;
    if let Some(other) = replaced {
        diagnostics.warn(&format!("another login to {name}, of {}, ended meanwhile: it is replaced", other.user_id));
    }
    if context.variables.api_key.is_some() {
        diagnostics.warn("SPACECTL_API_KEY is set and outranks the session: unset it to use the session");
    }
    diagnostics.done(&format!("{} is logged in to {name}: {}", session.user_id, describe(&session)));
    Ok(session)
}

/// Refuses what would lead calls past the environment.
fn refuse_endpoint(context: &Context<'_>) -> Result<()> {
    if context.global.endpoint.is_some() {
        return Err(Error::usage("--endpoint is for calls, and a session belongs to an environment")
            .hint("make one with `spacectl login -e NAME --url URL`"));
    }
    if context.variables.endpoint.is_some() {
        return Err(Error::usage(format!("{ENDPOINT_VARIABLE} is set, and outranks the environment of a session"))
            .hint(format!("unset {ENDPOINT_VARIABLE}")));
    }
    Ok(())
}

/// What a session is for, and until when.
pub fn describe(session: &LoginSession) -> String {
    let place = match (&session.scope, &session.workspace) {
        (TokenScope::Workspace { .. }, Some(name)) => format!("workspace {name} of {}", session.domain),
        (TokenScope::Domain, _) => format!("domain {}", session.domain),
        (scope, _) => scope.to_string(),
    };
    let role = session.role_type.as_ref().map(|role| format!(" as {role}")).unwrap_or_default();
    let end = session.refresh_token.expires_at().map(|end| format!(", until {end}")).unwrap_or_default();
    format!("{place}{role}{end}")
}

/// One login, from the questions to the session.
struct Attempt<'a> {
    api: &'a IdentityApi,
    args: &'a Login,
    name: &'a EnvironmentName,
    /// The last session, whose values are the defaults.
    previous: Option<&'a LoginSession>,
    url: &'a str,
}

impl Attempt<'_> {
    async fn session(&mut self, context: &mut Context<'_>) -> Result<LoginSession> {
        let previous = self.previous;
        let domain = value(
            self.args.domain.as_deref(),
            previous.map(|session| session.domain.as_str()),
            "--domain",
            "Domain",
            context,
        )?;
        let domain_id = self.domain_id(&domain, context).await?;
        let user_id = value(
            self.args.user.as_deref(),
            previous.map(|session| session.user_id.as_str()),
            "--user",
            "User",
            context,
        )?;
        let source = PasswordSource::new(self.args.password_stdin, context)?;
        let response = source.issue(self.api, &domain_id, &domain, &user_id, context).await?;
        let refresh_token = text(&response, "refresh_token")?;
        warn_of_skew(refresh_token, context);
        let refresh_token = StoredToken::received(refresh_token);
        let access_token = StoredToken::received(text(&response, "access_token")?);
        let mut session = LoginSession::new(self.url.to_owned(), domain_id, domain, user_id, refresh_token);
        session.timeout = self.args.lifetime.map(|lifetime| lifetime.as_secs());
        let ScopeArgs { workspace, scope } = &self.args.scope;
        let previous = previous.filter(|previous| previous.user_id == session.user_id);
        let wanted = scope_of(workspace.as_deref(), *scope);
        let choice = scope::choose(self.api, &access_token, wanted, previous, context).await;
        let (chosen, workspace) =
            choice.map_err(|error| grant_error(error, &session, &TokenScope::User, self.name, OTHER_SCOPE))?;
        grant(self.api, &mut session, chosen, workspace, self.name, OTHER_SCOPE).await?;
        if session.scope == TokenScope::User && scope.is_none() {
            context.streams.diagnostics.note("no workspace is open to this user: the session reaches the profile only");
        }
        if let Some(lifetime) = self.args.lifetime {
            note_lifetime(lifetime.as_secs(), &session, context);
        }
        Ok(session)
    }

    /// The id of the domain of this name.
    async fn domain_id(&self, domain: &str, context: &mut Context<'_>) -> Result<String> {
        let info = self.api.call("Domain", "get_auth_info", json!({"name": domain}), None).await;
        let info = info.map_err(|error| match error.kind() {
            ErrorKind::Status(Code::NotFound) => {
                let sent = error.sent_text().unwrap_or_default().to_owned();
                Error::status(Code::NotFound, format!("there is no domain {domain} at {}", self.url))
                    .cause(sent)
                    .hint("check --domain: it is the domain's name, not its ID")
            }
            _ => error,
        })?;
        if info.get("external_auth_state").and_then(|state| state.as_str()) == Some("ENABLED") {
            context.streams.diagnostics.note(&format!(
                "users of {domain} log in elsewhere, in a browser: only its local users have a password here"
            ));
        }
        text(&info, "domain_id").map(str::to_owned)
    }
}

/// Fetches an access token for `scope`, which becomes the session's own. `other_scope` is the hint where it is refused.
pub async fn grant(
    api: &IdentityApi,
    session: &mut LoginSession,
    scope: TokenScope,
    workspace: Option<String>,
    name: &EnvironmentName,
    other_scope: &str,
) -> Result<()> {
    let granted = api.grant(session, &scope).await;
    let granted = granted.map_err(|error| grant_error(error, session, &scope, name, other_scope))?;
    session.set_access_token(&scope, granted.access_token);
    session.role_type = granted.role_type;
    session.scope = scope;
    session.workspace = workspace;
    Ok(())
}

/// What is given, else an answer, else the default; an error names the flag.
fn value(
    given: Option<&str>,
    default: Option<&str>,
    flag: &str,
    question: &str,
    context: &mut Context<'_>,
) -> Result<String> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let Some(mut prompt) = Prompt::new(context.streams) else {
        return default.map(str::to_owned).ok_or_else(|| {
            Error::usage(format!("{flag} is missing, and there is no terminal to ask on")).hint(format!("add {flag}"))
        });
    };
    let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
    prompt.ask(&format!("{question}{shown}:"), |answer| match (answer, default) {
        ("", Some(default)) => Ok(default.to_owned()),
        ("", None) => Err(Error::local("it cannot be empty")),
        (answer, _) => Ok(answer.to_owned()),
    })
}

/// Warns where the clock of this machine differs from that of the service.
fn warn_of_skew(token: &str, context: &Context<'_>) {
    let Some(issued) = jwt::issued_at(token) else { return };
    let skew = timestamp::now().as_second().saturating_sub(issued.as_second());
    if skew.abs() > MAX_SKEW {
        let (seconds, side) = (skew.abs(), if skew > 0 { "ahead of" } else { "behind" });
        context.streams.diagnostics.warn(&format!(
            "the clock of this machine is {seconds} seconds {side} that of the identity service: times are shown by \
             the clock here"
        ));
    }
}

/// Tells where the service gives tokens a shorter life than was asked for.
fn note_lifetime(wanted: u64, session: &LoginSession, context: &Context<'_>) {
    let token = session.access_token(&session.scope);
    let Some(lifetime) = token.and_then(|token| jwt::lifetime(token.secret().expose())) else { return };
    if u64::try_from(lifetime).is_ok_and(|lifetime| lifetime < wanted) {
        let note = format!("the service gives access tokens {lifetime} seconds at most; they are renewed");
        context.streams.diagnostics.note(&note);
    }
}

/// Asks for the password again where the session of the next command has ended. Its access token is renewed by the calls
/// themselves.
///
/// # Errors
/// The session has ended, and nobody can be asked.
pub fn ensure_session(context: &mut Context<'_>) -> Result<()> {
    // The command itself reports what is wrong with the settings.
    let Ok(settings) = Settings::resolve(&selection(context), context.variables) else { return Ok(()) };
    let Some(UsedSession { environment, session, scope }) = settings.session else { return Ok(()) };
    if session.refresh_token.is_fresh() || session.access_token(&scope).is_some_and(StoredToken::is_fresh) {
        return Ok(());
    }
    if Prompt::new(context.streams).is_none() {
        return Err(ended(&environment));
    }
    context.streams.diagnostics.note(&format!("the session of {environment} has ended: log in again"));
    again(&environment, &session, context)
}

/// Asks for the password of the same user.
fn again(name: &EnvironmentName, session: &LoginSession, context: &mut Context<'_>) -> Result<()> {
    let (domain, user) = (Some(session.domain.clone()), Some(session.user_id.clone()));
    let lifetime = session.timeout.map(Duration::from_secs);
    let args = Login { domain, user, lifetime, ..Login::default() };
    let dir = ConfigDir::locate(context.variables)?;
    log_in(name, None, &args, &dir, context).map(drop)
}
