//! `login --app`: an app of identity, whose secret is a key for scripts.

use serde_json::{Map, Value, json};

use super::scope::{self, scope_of};
use super::{OTHER_SCOPE, grant, refuse_endpoint, start};
use crate::cli::Login;
use crate::commands::connector::{Connector, selection};
use crate::commands::identity::{IdentityApi, text};
use crate::commands::session_tokens::grant_error;
use crate::commands::{Context, block_on, confirm};
use crate::config::{ConfigDir, EnvironmentName, LoginSession, Selection, StoredToken, TokenScope};
use crate::error::{Error, Result};
use crate::secret::{jwt, mask};

/// Why the secret may not be stored, where it would have no effect.
const OUTRANKING: [&str; 2] = ["token", "api_key"];

pub fn run(args: &Login, context: &mut Context<'_>) -> Result<()> {
    refuse_endpoint(context)?;
    let dir = ConfigDir::locate(context.variables)?;
    let (name, session) = match alive(args, &dir, context)? {
        Some(alive) => alive,
        None => start(args, context)?,
    };
    if !args.print {
        check_storable(&dir, &name)?;
    }
    let selection = Selection { environment: Some(name.to_string()), ..Selection::default() };
    let identity = Connector::of(&selection, context)?.identity()?;
    let secret = block_on(async {
        let api = identity.connect().await?;
        let mut session = session.clone();
        let profile = api.grant(&session, &TokenScope::User).await;
        let profile =
            profile.map_err(|error| grant_error(error, &session, &TokenScope::User, &name, OTHER_SCOPE))?.access_token;
        let wanted = scope_of(args.scope.workspace.as_deref(), args.scope.scope);
        let (scope, workspace) = scope::choose(&api, &profile, wanted, Some(&session), context).await?;
        grant(&api, &mut session, scope.clone(), workspace, &name, OTHER_SCOPE).await?;
        let token = session.access_token(&scope).ok_or_else(|| Error::local("there is no token"))?;
        AppCall { api: &api, args, scope: &scope, token }.secret(context).await
    })?;
    mask::remember(&secret);
    if args.print {
        writeln!(context.streams.out, "{secret}")?;
        return Ok(());
    }
    store(&secret, &dir, &name, context)
}

/// The session of the environment, if it is alive and of the user that is asked for.
fn alive(args: &Login, dir: &ConfigDir, context: &Context<'_>) -> Result<Option<(EnvironmentName, LoginSession)>> {
    let Some(selected) = selection(context).find(context.variables, dir)? else { return Ok(None) };
    let is_wanted = |session: &LoginSession| {
        session.refresh_token.is_fresh()
            && args.user.as_ref().is_none_or(|user| *user == session.user_id)
            && args.domain.as_ref().is_none_or(|domain| *domain == session.domain)
    };
    let session = dir.session(&selected.name)?.filter(|session| args.url.is_none() && is_wanted(session));
    Ok(session.map(|session| (selected.name, session)))
}

/// Refuses to store a secret that another key of the environment outranks.
fn check_storable(dir: &ConfigDir, name: &EnvironmentName) -> Result<()> {
    let keys = dir.load(name)?.credential_keys();
    match keys.iter().find(|key| OUTRANKING.contains(key)) {
        Some(key) => Err(Error::local(format!("{name} has {key}, which outranks a stored secret"))
            .hint(format!("remove it with `spacectl config remove {key} -e {name}`, or use --print"))),
        None => Ok(()),
    }
}

/// The calls for one app.
struct AppCall<'a> {
    api: &'a IdentityApi,
    args: &'a Login,
    scope: &'a TokenScope,
    token: &'a StoredToken,
}

impl AppCall<'_> {
    /// Creates the app, or gives it a new secret; returns the secret.
    async fn secret(&self, context: &mut Context<'_>) -> Result<String> {
        let name = self.args.app.as_deref().unwrap_or_default();
        let query = json!({"query": {"filter": [{"k": "name", "v": name, "o": "eq"}]}});
        let existing = self.rows("App", query).await?;
        let response = match (&existing[..], self.args.rotate) {
            ([], false) => self.create(name).await?,
            ([], true) => {
                return Err(Error::local(format!("there is no app {name} in {}", self.scope))
                    .hint("omit --rotate to create it"));
            }
            ([app], true) => {
                let id = text(app, "app_id")?;
                let question = format!("Replace the secret of {name} ({id}): the present one stops working");
                confirm::agreement_on_terminal(&question, context.streams)?;
                self.call("App", "generate_client_secret", json!({"app_id": id})).await?
            }
            ([app, ..], false) => {
                return Err(Error::local(format!("there is an app {name} already: {}", text(app, "app_id")?))
                    .hint("add --rotate to give it a new secret, or choose another name"));
            }
            (several, true) => {
                return Err(Error::local(format!("{} apps are called {name}", several.len()))
                    .hint("remove all but one: `spacectl list identity.App`"));
            }
        };
        let secret = text(&response, "client_secret")?.to_owned();
        let role = response.get("role_id").and_then(Value::as_str).unwrap_or("its role");
        let end = jwt::expiry(&secret).map(|end| format!(", until {end}")).unwrap_or_default();
        let id = text(&response, "app_id").unwrap_or("the app");
        context.streams.diagnostics.done(&format!("{id} ({name}) has a secret for {} as {role}{end}", self.scope));
        Ok(secret)
    }

    async fn create(&self, name: &str) -> Result<Value> {
        let (group, role_type) = match (self.scope, &self.args.project) {
            (TokenScope::Workspace { .. }, Some(_)) => ("PROJECT", "WORKSPACE_MEMBER"),
            (TokenScope::Workspace { .. }, None) => ("WORKSPACE", "WORKSPACE_OWNER"),
            (TokenScope::Domain, None) => ("DOMAIN", "DOMAIN_ADMIN"),
            (scope, _) => {
                return Err(Error::usage(format!("an app cannot work in {scope}")).hint("add --workspace NAME"));
            }
        };
        let role = match &self.args.role {
            Some(role) => role.clone(),
            None => self.role(role_type).await?,
        };
        let mut request = Map::from_iter([
            ("name".to_owned(), json!(name)),
            ("role_id".to_owned(), json!(role)),
            ("resource_group".to_owned(), json!(group)),
        ]);
        request.extend(self.args.project.as_ref().map(|id| ("project_id".to_owned(), json!(id))));
        self.call("App", "create", request.into()).await
    }

    /// The managed role of this type, or the only one.
    async fn role(&self, role_type: &str) -> Result<String> {
        let roles = self.rows("Role", json!({"role_type": role_type})).await?;
        let is_managed = |role: &&Value| role.get("is_managed").and_then(Value::as_bool) == Some(true);
        match (roles.iter().find(is_managed), &roles[..]) {
            (Some(role), _) | (None, [role]) => text(role, "role_id").map(str::to_owned),
            (None, []) => Err(Error::local(format!("there is no role of the type {role_type}"))),
            (None, several) => {
                let ids: Vec<&str> = several.iter().filter_map(|role| text(role, "role_id").ok()).collect();
                Err(Error::local(format!("there are {} roles of the type {role_type}", several.len()))
                    .hint(format!("choose one with --role: {}", ids.join(", "))))
            }
        }
    }

    async fn rows(&self, resource: &str, request: Value) -> Result<Vec<Value>> {
        let mut response = self.call(resource, "list", request).await?;
        Ok(response.get_mut("results").map(Value::take).and_then(|rows| rows.as_array().cloned()).unwrap_or_default())
    }

    async fn call(&self, resource: &str, verb: &str, request: Value) -> Result<Value> {
        self.api.call(resource, verb, request, Some(&self.token.secret())).await
    }
}

/// Stores the secret as the environment's key, and forgets the session, which outranks it.
fn store(secret: &str, dir: &ConfigDir, name: &EnvironmentName, context: &Context<'_>) -> Result<()> {
    let advice = "the app has this secret, and it is lost: run the command again with --rotate";
    let path = dir.store_key(name, secret).map_err(|error| error.hint(advice))?;
    dir.update(name, |environment| environment.set("api_key_file", &path.display().to_string()))?;
    dir.remove_session(name)?;
    let diagnostics = &context.streams.diagnostics;
    diagnostics.done(&format!("{name} uses it as its key, stored in {}", path.display()));
    diagnostics.note(&format!("the session of {name}, which would outrank it, is forgotten"));
    Ok(())
}
