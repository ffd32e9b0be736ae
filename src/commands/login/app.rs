//! `login --app`: an app of identity, whose secret is a key for scripts.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use super::{OTHER_SCOPE, connector, grant, refuse_call_options, scope, start, warn_of_variables};
use crate::cli::Login;
use crate::commands::connector::selection;
use crate::commands::identity::{IdentityApi, text};
use crate::commands::session_tokens::grant_error;
use crate::commands::{Context, block_on, confirm};
use crate::config::{ConfigDir, EnvironmentName, LoginSession, Selection, StoredToken, TokenScope};
use crate::error::{Error, Result};
use crate::secret::{jwt, mask};

/// What outranks `api_key_file`, or would be shadowed by it.
const OTHER_KEYS: [&str; 3] = ["token", "api_key", "api_key_command"];

pub fn run(args: &Login, context: &mut Context<'_>) -> Result<()> {
    refuse_call_options(context)?;
    check_scope(args)?;
    let dir = ConfigDir::locate(context.variables)?;
    let (name, session) = match alive(args, &dir, context)? {
        Some(alive) => alive,
        None => start(args, context)?,
    };
    let app = args.app.as_deref().unwrap_or_default();
    if !args.print {
        check_storable(&dir, &name)?;
        let question =
            format!("Make the secret of {app} the key of {name}, in place of your session (--print leaves both)");
        confirm::agreement_on_terminal(&question, context.streams)?;
    }
    let selection = Selection { environment: Some(name.to_string()), ..Selection::default() };
    let identity = connector(&selection, context)?.identity()?;
    let secret = block_on(async {
        let api = identity.connect().await?;
        let mut session = session.clone();
        if let Some(scope) = scope::fixed(args.scope.scope) {
            (session.scope, session.workspace) = (scope, None);
        } else if let Some(wanted) = &args.scope.workspace {
            let profile = api.grant(&session, &TokenScope::User).await;
            let profile =
                profile.map_err(|error| grant_error(error, &session, &TokenScope::User, &name, OTHER_SCOPE))?;
            (session.scope, session.workspace) =
                scope::choose(&api, &profile.access_token, Some(wanted), None, context).await?;
        } else if session.scope == TokenScope::Domain {
            return Err(Error::usage("--workspace is missing: without it, the app could change the whole domain")
                .hint("add --workspace NAME, or --scope domain if it has to"));
        }
        let (scope, workspace) = (session.scope.clone(), session.workspace.clone());
        grant(&api, &mut session, scope.clone(), workspace, &name, OTHER_SCOPE).await?;
        let token = session.access_token(&scope).ok_or_else(|| Error::local("there is no token"))?;
        AppCall { api: &api, args, scope: &scope, token }.secret(context).await
    })?;
    mask::remember(&secret);
    let delivered = if args.print {
        writeln!(context.streams.out, "{secret}").and_then(|()| context.streams.out.flush()).map_err(Error::from)
    } else {
        store(&secret, &session, &dir, &name, context)
    };
    delivered.map_err(|error| error.hint("run the command again with --rotate: the app has a secret, and it is lost"))
}

/// Refuses a scope in which there are no apps.
fn check_scope(args: &Login) -> Result<()> {
    match (scope::fixed(args.scope.scope), &args.project) {
        (Some(scope @ (TokenScope::System | TokenScope::User)), _) => {
            Err(Error::usage(format!("an app cannot work in {scope}")).hint("use --workspace NAME or --scope domain"))
        }
        (Some(_), Some(_)) => {
            Err(Error::usage("--project is for an app in a workspace, and --scope names none")
                .hint("omit one of the two"))
        }
        _ => Ok(()),
    }
}

/// The session of the environment, if it is alive and of the user that is asked for.
fn alive(args: &Login, dir: &ConfigDir, context: &mut Context<'_>) -> Result<Option<(EnvironmentName, LoginSession)>> {
    let Some(selected) = selection(context).find(context.variables, dir)? else { return Ok(None) };
    if args.url.is_some() || args.password_stdin || !dir.has(&selected.name) {
        return Ok(None);
    }
    let selection = Selection { environment: Some(selected.name.to_string()), ..Selection::default() };
    let used = connector(&selection, context)?.settings().session.clone();
    let is_wanted = |session: &LoginSession| {
        session.refresh_token.is_fresh()
            && args.user.as_ref().is_none_or(|user| *user == session.user_id)
            && args.domain.as_ref().is_none_or(|domain| *domain == session.domain)
    };
    Ok(used.map(|used| used.session).filter(is_wanted).map(|session| (selected.name, session)))
}

/// Refuses to store a secret where the environment has another key, or where nothing can be written.
fn check_storable(dir: &ConfigDir, name: &EnvironmentName) -> Result<()> {
    let environment = dir.load(name)?;
    let keys = environment.credential_keys();
    let own = dir.key_file(name).display().to_string();
    let file = environment.values().get("api_key_file").and_then(Value::as_str).filter(|file| *file != own);
    let other = keys.iter().copied().find(|key| OTHER_KEYS.contains(key));
    match other.or(file.map(|_| "api_key_file")) {
        Some(key) => Err(Error::local(format!("{name} has {key}, and an environment has one key"))
            .hint(format!("remove it with `spacectl config remove {key} -e {name}`, or use --print"))),
        None => dir.check_key_can_be_stored(name),
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
        let mut existing = self.rows("App", query).await?;
        existing.retain(|app| self.is_of_scope(app));
        let response = match (&existing[..], self.args.rotate) {
            ([], false) => self.create(name).await?,
            ([], true) => {
                return Err(Error::local(format!("there is no app {name} in {}", self.scope))
                    .hint("omit --rotate to create it"));
            }
            ([app], true) => {
                let id = text(app, "app_id")?;
                let question = format!("Replace the secret of {name} ({id}): the current one stops working");
                confirm::agreement_on_terminal(&question, context.streams)?;
                self.call("App", "generate_client_secret", json!({"app_id": id})).await?
            }
            ([app, ..], false) => {
                return Err(Error::local(format!("there is an app {name} already: {}", text(app, "app_id")?))
                    .hint("add --rotate to give it a new secret, or choose another name"));
            }
            (several, true) => {
                return Err(Error::local(format!("{} apps are called {name}", several.len()))
                    .hint("delete all but one: `spacectl list identity.App` shows them"));
            }
        };
        let secret = text(&response, "client_secret")?.to_owned();
        let role = response.get("role_id").and_then(Value::as_str).unwrap_or("its role");
        let end = jwt::expiry(&secret).map(|end| format!(", until {end}")).unwrap_or_default();
        let id = text(&response, "app_id").unwrap_or("the app");
        context.streams.diagnostics.done(&format!("{id} ({name}) has a secret for {} as {role}{end}", self.scope));
        Ok(secret)
    }

    /// The resource group of the app, and the type of its role: the least that identity allows there.
    fn group(&self) -> (&'static str, &'static str) {
        match (self.scope, &self.args.project) {
            (_, Some(_)) => ("PROJECT", "WORKSPACE_MEMBER"),
            (TokenScope::Workspace { .. }, None) => ("WORKSPACE", "WORKSPACE_OWNER"),
            _ => ("DOMAIN", "DOMAIN_ADMIN"),
        }
    }

    /// Whether `app` is of the scope in use: administrators see those of all workspaces.
    fn is_of_scope(&self, app: &Value) -> bool {
        let text = |field: &str| app.get(field).and_then(Value::as_str);
        text("resource_group") == Some(self.group().0)
            && self.scope.workspace_id().is_none_or(|id| text("workspace_id") == Some(id))
            && self.args.project.as_deref().is_none_or(|id| text("project_id") == Some(id))
    }

    async fn create(&self, name: &str) -> Result<Value> {
        let (group, role_type) = self.group();
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

/// Stores the secret as the environment's key, and removes the session, which outranks it.
fn store(
    secret: &str,
    session: &LoginSession,
    dir: &ConfigDir,
    name: &EnvironmentName,
    context: &Context<'_>,
) -> Result<()> {
    let path = dir.store_key(name, secret)?;
    dir.update(name, |environment| environment.set("api_key_file", &path.display().to_string()))?;
    let diagnostics = &context.streams.diagnostics;
    diagnostics.done(&format!("{name} uses it as its key, stored in {}", path.display()));
    // That of another login meanwhile stays.
    if dir.session(name)?.is_some_and(|stored| stored.is_of_same_user(session)) {
        dir.remove_session(name)?;
        diagnostics.note(&format!("the session of {name}, which outranks it, is removed"));
    }
    warn_of_variables(context);
    Ok(())
}
