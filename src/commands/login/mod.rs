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
use super::connector::Connector;
use super::identity::{IdentityApi, text};
use super::session_tokens::{ended, grant_error};
use super::tls_flags::{refuse_useless, tls_of};
use super::{Context, block_on};
use crate::cli::Login;
use crate::config::{
    ConfigDir, Destination, ENDPOINT_VARIABLE, EndpointUrl, EnvironmentName, LoginSession, Selection, Settings,
    StoredToken, TokenScope, UsedSession, Variables,
};
use crate::error::{Error, ErrorKind, Result};
use crate::query::timestamp;
use crate::secret::jwt;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::prompt::Prompt;

pub use self::scope::{ROOT_DOMAIN, UserWorkspace, choose, choose_among, fixed, workspaces};

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
    refuse_call_options(context)?;
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
    // A file that is not a session is replaced in the end.
    let stored = dir.session(name).ok().flatten();
    let selection = match &new {
        Some(url) => Selection { endpoint: Some(url.to_string()), ..Selection::default() },
        None => Selection { environment: Some(name.to_string()), without_session: true, ..Selection::default() },
    };
    let identity = connector(&selection, context)?.identity()?;
    refuse_useless(&tls_of(&context.global.tls)?, &Destination::Url(identity.url.clone()))?;
    if identity.url.is_exposed() {
        let (url, tls) = (&identity.url, identity.url.with_tls(true));
        context.streams.diagnostics.warn(&format!(
            "the password goes to {url} unencrypted, and others on the network can read it: if the service speaks \
             TLS, use {tls}"
        ));
    }
    let url = identity.url.to_string();
    let previous = stored.as_ref().filter(|stored| stored.identity == url);
    let (session, new) = block_on(async {
        let api = identity.connect().await?;
        let new = match new {
            Some(url) => Some(NewEnvironment::offered(&api, &url, name, args.yes, context).await?),
            None => None,
        };
        let mut attempt = Attempt { api: &api, args, name, previous, url: &url };
        Ok((attempt.session(context).await?, new))
    })?;
    if let Some(new) = new {
        new.create(dir, name, context)?;
    }
    let replaced = dir.save_session(name, &session, stored.as_ref())?;
    let diagnostics = &context.streams.diagnostics;
    if let Some(other) = replaced {
        diagnostics.warn(&format!("another login to {name}, of {}, ended meanwhile: it is replaced", other.user_id));
    }
    diagnostics.done(&format!("{} is logged in to {name}: {}", session.user_id, describe(&session)));
    warn_of_variables(context);
    Ok(session)
}

/// A connector by the selection alone: variables that outrank an environment or its session have no part in a login.
pub fn connector(selection: &Selection, context: &mut Context<'_>) -> Result<Connector> {
    let variables = Variables {
        environment: None,
        default_environment: None,
        api_key: None,
        endpoint: None,
        domain_id: None,
        workspace_id: None,
        ..context.variables.clone()
    };
    Connector::of(selection, &mut Context { global: context.global, variables: &variables, streams: context.streams })
}

/// Warns of the variables that outrank a session.
pub fn warn_of_variables(context: &Context<'_>) {
    let Variables { api_key, workspace_id, .. } = context.variables;
    for (variable, is_set) in
        [("SPACECTL_API_KEY", api_key.is_some()), ("SPACECTL_WORKSPACE_ID", workspace_id.is_some())]
    {
        if is_set {
            context.streams.diagnostics.warn(&format!("{variable} is set and outranks the session: unset it"));
        }
    }
}

/// Refuses what is for calls, or would lead them past the environment.
pub fn refuse_call_options(context: &Context<'_>) -> Result<()> {
    let global = context.global;
    if global.endpoint.is_some() {
        return Err(Error::usage("--endpoint is for calls, and a session belongs to an environment")
            .hint("make one with `spacectl login -e NAME --url URL`"));
    }
    if context.variables.endpoint.is_some() {
        return Err(Error::usage(format!("{ENDPOINT_VARIABLE} is set, and outranks the environment of a session"))
            .hint(format!("unset {ENDPOINT_VARIABLE}")));
    }
    let refused = |flag: &str, instead: &str| {
        Err(Error::usage(format!("{flag} is for calls")).hint(format!("use {instead} instead")))
    };
    match () {
        () if global.workspace_id.is_some() => refused("--workspace-id", "--workspace NAME"),
        () if global.domain_id.is_some() => refused("--domain-id", "--domain NAME"),
        () => Ok(()),
    }
}

/// What a session is for, and until when.
pub fn describe(session: &LoginSession) -> String {
    let reach = match (&session.scope, &session.workspace) {
        (TokenScope::Workspace { .. }, Some(name)) => format!("workspace {name} of {}", session.domain),
        (TokenScope::Domain, _) => format!("domain {}", session.domain),
        (scope, _) => scope.to_string(),
    };
    let role = session.role_type.as_ref().map(|role| format!(" as {role}")).unwrap_or_default();
    let end = session.ends_at(&session.scope).map(|end| format!(", until {end}")).unwrap_or_default();
    format!("{reach}{role}{end}")
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
        let (domain, domain_id) = self.domain(context).await?;
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
        let previous = previous.filter(|previous| previous.is_of_same_user(&session));
        let fixed = scope::fixed(self.args.scope.scope);
        let is_free = fixed.is_none();
        let choice = match fixed {
            Some(scope) => Ok((scope, None)),
            None => {
                let wanted = self.args.scope.workspace.as_deref();
                scope::choose(self.api, &access_token, wanted, previous, context).await
            }
        };
        let (chosen, workspace) =
            choice.map_err(|error| grant_error(error, &session, &TokenScope::User, self.name, OTHER_SCOPE))?;
        grant(self.api, &mut session, chosen, workspace, self.name, OTHER_SCOPE).await?;
        if session.scope == TokenScope::User && is_free {
            context.streams.diagnostics.note("no workspace is open to this user: the session reaches the profile only");
        }
        if let Some(lifetime) = self.args.lifetime {
            note_lifetime(lifetime.as_secs(), &session, context);
        }
        Ok(session)
    }

    /// The domain's name and ID; a person is asked until there is one of the name.
    async fn domain(&self, context: &mut Context<'_>) -> Result<(String, String)> {
        let default = self.previous.map(|session| session.domain.as_str());
        loop {
            let domain = value(self.args.domain.as_deref(), default, "--domain", "Domain", context)?;
            match self.domain_id(&domain, context).await {
                Ok(id) => return Ok((domain, id)),
                Err(error)
                    if error.kind() == ErrorKind::Status(Code::NotFound)
                        && self.args.domain.is_none()
                        && Prompt::new(context.streams).is_some() =>
                {
                    context.streams.diagnostics.refuse(&error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The id of the domain of this name.
    async fn domain_id(&self, domain: &str, context: &mut Context<'_>) -> Result<String> {
        let info = self.api.call("Domain", "get_auth_info", json!({"name": domain}), None).await;
        let info = info.map_err(|error| match error.kind() {
            ErrorKind::Status(Code::NotFound) => {
                let sent = error.sent_text().unwrap_or_default().to_owned();
                Error::status(Code::NotFound, format!("there is no domain {domain} at {}", self.url))
                    .cause(sent)
                    .hint("give the domain's name, not its ID")
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
    prompt.ask(&format!("{question}{shown}"), |answer| match (answer, default) {
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

/// Asks for the password again where the session of the next command has ended; `selection` is what that command uses.
/// Its access token is renewed by the calls themselves, and on a terminal here, where a person can be asked.
///
/// # Errors
/// The session has ended, and nobody can be asked.
pub fn ensure_session(selection: &Selection, needs_refresh: bool, context: &mut Context<'_>) -> Result<()> {
    // The command itself reports what is wrong with the settings.
    let Ok(settings) = Settings::resolve(selection, context.variables) else { return Ok(()) };
    let Some(UsedSession { environment, session, scope }) = settings.session else { return Ok(()) };
    let is_fresh = !needs_refresh && session.access_token(&scope).is_some_and(StoredToken::is_fresh);
    if is_fresh {
        return Ok(());
    }
    let is_person = Prompt::new(context.streams).is_some();
    if session.refresh_token.is_fresh() {
        let is_refused = |error: Error| error.kind() == ErrorKind::Status(Code::Unauthenticated);
        if !is_person || !renew(selection, context).err().is_some_and(is_refused) {
            return Ok(());
        }
    }
    if !is_person {
        return Err(ended(&environment));
    }
    context.streams.diagnostics.note(&format!("the session of {environment} has ended: log in again"));
    again(&environment, &session, context)
}

/// Fetches an access token for the next command, without a word: that shows its warnings itself.
fn renew(selection: &Selection, context: &mut Context<'_>) -> Result<()> {
    let diagnostics = std::mem::replace(&mut context.streams.diagnostics, Diagnostics::null());
    let connector = Connector::of(selection, context);
    context.streams.diagnostics = diagnostics;
    let connector = connector?;
    block_on(async { connector.renew().await })
}

/// Asks for the password of the same user.
fn again(name: &EnvironmentName, session: &LoginSession, context: &mut Context<'_>) -> Result<()> {
    let (domain, user) = (Some(session.domain.clone()), Some(session.user_id.clone()));
    let lifetime = session.timeout.map(Duration::from_secs);
    let args = Login { domain, user, lifetime, ..Login::default() };
    let dir = ConfigDir::locate(context.variables)?;
    log_in(name, None, &args, &dir, context).map(drop)
}
