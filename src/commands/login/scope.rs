//! What a session is for: a workspace, the domain, the system or the user's own profile.

use serde_json::{Value, json};

use crate::cli::LoginScope;
use crate::commands::Context;
use crate::commands::identity::IdentityApi;
use crate::config::{LoginSession, StoredToken, TokenScope};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::hint_at_name;
use crate::terminal::prompt::Prompt;

/// The domain whose administrators run the installation.
const ROOT_DOMAIN: &str = "domain-root";

/// A workspace that the user may work in.
pub struct Workspace {
    pub id: String,
    pub name: String,
    /// The user's role there; `None` for administrators of the domain, who need none.
    pub role_type: Option<String>,
}

/// What the command line asks for.
pub enum WantedScope<'a> {
    Workspace(&'a str),
    Other(LoginScope),
    Nothing,
}

/// What the options ask for.
pub fn scope_of(workspace: Option<&str>, scope: Option<LoginScope>) -> WantedScope<'_> {
    match (workspace, scope) {
        (Some(workspace), _) => WantedScope::Workspace(workspace),
        (None, Some(scope)) => WantedScope::Other(scope),
        (None, None) => WantedScope::Nothing,
    }
}

/// The workspaces of the user whose token this is, sorted by name. It has to be one for the user's own profile.
pub async fn workspaces(api: &IdentityApi, token: &StoredToken) -> Result<Vec<Workspace>> {
    let response = api.call("UserProfile", "get_workspaces", json!({}), Some(&token.secret())).await?;
    let rows = response.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |row: &Value, field: &str| row.get(field).and_then(Value::as_str).map(str::to_owned);
    let workspace = |row: &Value| {
        let id = text(row, "workspace_id")?;
        let role = text(row, "role_type").filter(|role| role != "NONE" && role != "ROLE_TYPE_NONE");
        Some(Workspace { name: text(row, "name").unwrap_or_else(|| id.clone()), id, role_type: role })
    };
    let mut workspaces: Vec<Workspace> = rows.iter().filter_map(workspace).collect();
    workspaces.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(workspaces)
}

/// The scope that is wanted, else that of the previous session, else the only one there is; a person is asked. With the
/// name of its workspace.
pub async fn choose(
    api: &IdentityApi,
    token: &StoredToken,
    wanted: WantedScope<'_>,
    previous: Option<&LoginSession>,
    context: &mut Context<'_>,
) -> Result<(TokenScope, Option<String>)> {
    if let WantedScope::Other(scope) = wanted {
        let scope = match scope {
            LoginScope::Domain => TokenScope::Domain,
            LoginScope::System => TokenScope::System,
            LoginScope::User => TokenScope::User,
        };
        return Ok((scope, None));
    }
    let workspaces = workspaces(api, token).await?;
    if let WantedScope::Workspace(name) = wanted {
        return find(&workspaces, name);
    }
    if let Some(previous) = previous {
        match previous.scope.workspace_id() {
            Some(id) => {
                if let Some(workspace) = workspaces.iter().find(|workspace| workspace.id == id) {
                    return Ok(in_workspace(workspace));
                }
            }
            None if previous.scope != TokenScope::User => return Ok((previous.scope.clone(), None)),
            None => {}
        }
    }
    let profile = api.call("UserProfile", "get", json!({}), Some(&token.secret())).await?;
    let text = |field: &str| profile.get(field).and_then(Value::as_str).unwrap_or_default();
    if text("role_type") == "DOMAIN_ADMIN" {
        let is_root = text("domain_id") == ROOT_DOMAIN;
        return Ok((if is_root { TokenScope::System } else { TokenScope::Domain }, None));
    }
    match &workspaces[..] {
        [] => Ok((TokenScope::User, None)),
        [only] => Ok(in_workspace(only)),
        several => ask(several, context),
    }
}

fn in_workspace(workspace: &Workspace) -> (TokenScope, Option<String>) {
    (TokenScope::Workspace { workspace_id: workspace.id.clone() }, Some(workspace.name.clone()))
}

/// The workspace with this ID or name.
fn find(workspaces: &[Workspace], name: &str) -> Result<(TokenScope, Option<String>)> {
    let named: Vec<&Workspace> =
        workspaces.iter().filter(|workspace| workspace.id == name || workspace.name == name).collect();
    match &named[..] {
        [workspace] => Ok(in_workspace(workspace)),
        [] => {
            let names: Vec<&str> = workspaces.iter().map(|workspace| workspace.name.as_str()).collect();
            let error = Error::local(format!("you have no workspace {name}"));
            Err(match names.is_empty() {
                true => error.hint("no workspace is open to you: ask an administrator of the domain"),
                false => error.hint(hint_at_name(name, &names)),
            })
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|workspace| workspace.id.as_str()).collect();
            Err(Error::local(format!("several workspaces are called {name}"))
                .hint(format!("give one's ID: {}", ids.join(" or "))))
        }
    }
}

fn ask(workspaces: &[Workspace], context: &mut Context<'_>) -> Result<(TokenScope, Option<String>)> {
    let names: Vec<&str> = workspaces.iter().map(|workspace| workspace.name.as_str()).collect();
    let Some(mut prompt) = Prompt::new(context.streams) else {
        return Err(Error::usage(format!("--workspace is missing: you have {} workspaces", workspaces.len()))
            .hint(format!("add --workspace with one of {}", names.join(", "))));
    };
    prompt.say("Workspaces:");
    for workspace in workspaces {
        let role = workspace.role_type.as_ref().map(|role| format!(" ({role})")).unwrap_or_default();
        prompt.say(&format!("  {} {}{role}", workspace.id, workspace.name));
    }
    prompt.ask("Workspace (name or ID):", |answer| find(workspaces, answer))
}
