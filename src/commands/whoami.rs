//! `whoami`: the credential of calls, for whom it is, and until when.

use serde_json::{Map, Value, json};

use super::Context;
use super::connector::Connector;
use super::output_options::OutputOptions;
use super::session_tokens::ended;
use crate::cli::WhoAmI;
use crate::config::{ConfigDir, KeyOrigin, SelectedEnvironment, Settings, StoredToken, UsedSession};
use crate::error::{Error, Result};
use crate::output::view::Document;
use crate::query::timestamp;
use crate::secret::jwt;

pub fn run(args: &WhoAmI, context: &mut Context<'_>) -> Result<()> {
    let output = OutputOptions::parse(None, args.output)?;
    let connector = Connector::new(context)?;
    let settings = connector.settings();
    let environment = settings.environment.as_ref().map(|selected| selected.name.to_string());
    let mut rows = Map::from_iter([("environment".to_owned(), json!(environment))]);
    let failure = match &settings.session {
        Some(used) => {
            rows.extend(of_session(used, &ConfigDir::locate(context.variables)?));
            let is_alive = |token: Option<&StoredToken>| token.is_some_and(StoredToken::is_fresh);
            let UsedSession { session, scope, environment } = used;
            let has_ended = !is_alive(Some(&session.refresh_token)) && !is_alive(session.access_token(scope));
            has_ended.then(|| ended(environment))
        }
        None => {
            let key = connector.credential()?.ok_or_else(|| no_credential(settings))?;
            rows.insert("credential".to_owned(), json!(origin(&settings.key_origin)));
            match jwt::claims(key.expose()) {
                Some(claims) => rows.extend(of_claims(&claims, settings)),
                None => context.streams.diagnostics.note("the key is not a token, and does not say whose it is"),
            }
            let end = jwt::expiry(key.expose());
            rows.extend(end.map(|end| ("until".to_owned(), json!(end.to_string()))));
            let advice = || settings.key_origin.advice("a new one");
            let has_ended = end.filter(|end| *end <= timestamp::now());
            has_ended.map(|end| {
                Error::status(tonic::Code::Unauthenticated, format!("the key expired at {end}")).hint(advice())
            })
        }
    };
    output.write(Document::Value(rows.into()), context.streams)?;
    failure.map_or(Ok(()), Err)
}

/// What a session says of its user.
fn of_session(used: &UsedSession, dir: &ConfigDir) -> [(String, Value); 10] {
    let UsedSession { environment, session, scope } = used;
    let is_own = *scope == session.scope;
    let end = |token: Option<&StoredToken>| json!(token.and_then(StoredToken::expires_at).map(|end| end.to_string()));
    [
        ("credential", json!(format!("session in {}", dir.session_file(environment).display()))),
        ("user_id", json!(session.user_id)),
        ("domain", json!(session.domain)),
        ("domain_id", json!(session.domain_id)),
        ("scope", json!(scope.name())),
        ("workspace", json!(session.workspace.as_ref().filter(|_| is_own))),
        ("workspace_id", json!(scope.workspace_id())),
        ("role_type", json!(session.role_type.as_ref().filter(|_| is_own))),
        ("token_until", end(session.access_token(scope))),
        ("until", json!(session.ends_at(scope).map(|end| end.to_string()))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// What a token says of its owner; null for what it does not say.
fn of_claims(claims: &Map<String, Value>, settings: &Settings) -> [(String, Value); 6] {
    let claim = |name: &str| claims.get(name).cloned().unwrap_or_default();
    let or = |claim: Value, sent: &Option<String>| if claim.is_null() { json!(sent) } else { claim };
    let is_app = claim("own") == "APP";
    [
        (if is_app { "app_id" } else { "user_id" }, claim("aud")),
        ("owner_type", claim("own")),
        ("domain_id", or(claim("did"), &settings.x_domain_id)),
        ("workspace_id", or(claim("wid"), &settings.x_workspace_id)),
        ("role_type", claim("rol")),
        ("token_type", claim("typ")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

fn origin(origin: &KeyOrigin) -> String {
    match origin {
        KeyOrigin::Variable => "SPACECTL_API_KEY".to_owned(),
        KeyOrigin::Environment { key, .. } => format!("{key} of the environment"),
        KeyOrigin::File(path) => format!("api_key_file {}", path.display()),
        KeyOrigin::Command => "api_key_command".to_owned(),
        KeyOrigin::Session(name) => format!("session of {name}"),
    }
}

fn no_credential(settings: &Settings) -> Error {
    let name = settings.environment.as_ref().map(|SelectedEnvironment { name, .. }| name);
    match name {
        Some(name) if name.is_built_in() => {
            Error::local(format!("the environment {name} is built in, and knows no users"))
        }
        Some(name) => Error::local(format!("{name} has neither a session nor a key"))
            .hint(format!("log in with `spacectl login`, or {}", settings.key_origin.advice("a key"))),
        None => Error::local("there is no key").hint(settings.key_origin.advice("a key")),
    }
}
