//! What a session is for: a workspace, the domain, the system or the user's own profile.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::LoginScope;
use crate::commands::Context;
use crate::commands::identity::IdentityApi;
use crate::config::{LoginSession, StoredToken, TokenScope};
use crate::error::{Error, Result};
use crate::fs::shell_word;
use crate::schema::did_you_mean::hint_at_name;
use crate::terminal::prompt::Prompt;

/// The domain whose administrators run the installation.
pub const ROOT_DOMAIN: &str = "domain-root";

/// The most workspaces in a hint.
const MAX_NAMED: usize = 10;

/// A workspace that the user may work in.
pub struct UserWorkspace {
    pub id: String,
    pub name: String,
    /// The user's role there; `None` for administrators of the domain, who need none.
    pub role_type: Option<String>,
}

/// The scope that an option names, if it needs no look at the workspaces.
pub fn fixed(scope: Option<LoginScope>) -> Option<TokenScope> {
    scope.map(|scope| match scope {
        LoginScope::Domain => TokenScope::Domain,
        LoginScope::System => TokenScope::System,
        LoginScope::User => TokenScope::User,
    })
}

/// The workspaces of the user whose token this is, sorted by name. It has to be one for the user's own profile.
pub async fn workspaces(api: &IdentityApi, token: &StoredToken) -> Result<Vec<UserWorkspace>> {
    let response = api.call("UserProfile", "get_workspaces", json!({}), Some(&token.secret())).await?;
    let rows = response.get("results").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |row: &Value, field: &str| row.get(field).and_then(Value::as_str).map(str::to_owned);
    let workspace = |row: &Value| {
        let id = text(row, "workspace_id")?;
        let role = text(row, "role_type").filter(|role| role != "NONE" && role != "ROLE_TYPE_NONE");
        Some(UserWorkspace { name: text(row, "name").unwrap_or_else(|| id.clone()), id, role_type: role })
    };
    let mut workspaces: Vec<UserWorkspace> = rows.iter().filter_map(workspace).collect();
    workspaces.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(workspaces)
}

/// The workspace that is wanted, else the scope of the previous session, else the only one there is; a person is asked.
/// With the name of its workspace.
pub async fn choose(
    api: &IdentityApi,
    token: &StoredToken,
    wanted: Option<&str>,
    previous: Option<&LoginSession>,
    context: &mut Context<'_>,
) -> Result<(TokenScope, Option<String>)> {
    let workspaces = workspaces(api, token).await?;
    if let Some(name) = wanted {
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
        several => choose_among(several, "--workspace", context),
    }
}

fn in_workspace(workspace: &UserWorkspace) -> (TokenScope, Option<String>) {
    (TokenScope::Workspace { workspace_id: workspace.id.clone() }, Some(workspace.name.clone()))
}

/// The workspace with this ID or name.
fn find(workspaces: &[UserWorkspace], name: &str) -> Result<(TokenScope, Option<String>)> {
    if name.is_empty() {
        return Err(Error::usage("the workspace is empty").hint("give a name or ID"));
    }
    if let Some(workspace) = workspaces.iter().find(|workspace| workspace.id == name) {
        return Ok(in_workspace(workspace));
    }
    let named: Vec<&UserWorkspace> = workspaces.iter().filter(|workspace| workspace.name == name).collect();
    match &named[..] {
        [workspace] => Ok(in_workspace(workspace)),
        [] => {
            let names: Vec<&str> = workspaces.iter().map(|workspace| workspace.name.as_str()).collect();
            let error = Error::local(format!("you have no workspace {name}"));
            Err(match names.is_empty() {
                true => error.hint("ask an administrator of the domain: no workspace is open to you"),
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

/// Asks a person for one of the workspaces; elsewhere, `argument` has to name it.
pub fn choose_among(
    workspaces: &[UserWorkspace],
    argument: &str,
    context: &mut Context<'_>,
) -> Result<(TokenScope, Option<String>)> {
    let Some(mut prompt) = Prompt::new(context.streams) else {
        let names = workspaces.iter().take(MAX_NAMED).map(|workspace| shell_word(Path::new(&workspace.name)));
        let names = names.collect::<Vec<_>>().join(", ");
        let more = workspaces.len().saturating_sub(MAX_NAMED);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        return Err(Error::usage(format!("{argument} is missing, and there is no terminal to ask on"))
            .hint(format!("add {argument}, one of {names}{more}")));
    };
    prompt.say("Workspaces:");
    for workspace in workspaces {
        let role = workspace.role_type.as_ref().map(|role| format!(" ({role})")).unwrap_or_default();
        prompt.say(&format!("  {} {}{role}", workspace.id, workspace.name));
    }
    prompt.ask("Workspace (name or ID)", |answer| find(workspaces, answer))
}
