//! `workspace`: lists the workspaces of a session's user, and switches between them.

use serde_json::json;

use super::connector::{Connector, selection};
use super::identity::IdentityApi;
use super::login::{Workspace, choose, describe, grant, scope_of, workspaces};
use super::output_options::{OutputOptions, columns};
use super::session_tokens::{OTHER_WORKSPACE, grant_error};
use super::{Context, block_on};
use crate::cli::WorkspaceCommand;
use crate::config::{ConfigDir, EnvironmentName, LoginSession, StoredToken, TokenScope};
use crate::error::{Error, Result};
use crate::output::view::Document;

pub fn run(args: &WorkspaceCommand, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = selection(context).require(context.variables, &dir)?.name;
    let session = dir.session(&name)?.ok_or_else(|| {
        Error::local(format!("nobody is logged in to {name}"))
            .hint(format!("log in with `spacectl login -e {name}`"))
            .hint("with a key, use `spacectl list identity.Workspace`, and --workspace-id ID for a call")
    })?;
    let identity = Connector::new(context)?.identity()?;
    match args {
        WorkspaceCommand::List { output } => {
            let rows = block_on(async {
                let api = identity.connect().await?;
                let token = profile_token(&api, &session, &name).await?;
                workspaces(&api, &token).await
            })?;
            let current = session.scope.workspace_id();
            let rows = rows.into_iter().map(|Workspace { id, name, role_type }| {
                let is_current = Some(id.as_str()) == current;
                json!({"workspace_id": id, "name": name, "role_type": role_type, "current": is_current})
            });
            let rows = Document::from_rows(rows.collect::<Vec<_>>());
            let headed = "workspace_id|Workspace ID,name|Name,role_type|Role,current|Current";
            let columns = columns(*output, headed, "workspace_id");
            OutputOptions::parse(columns, *output)?.write(rows, context.streams)
        }
        WorkspaceCommand::Use { workspace, scope } => {
            let mut changed = session.clone();
            block_on(async {
                let api = identity.connect().await?;
                let token = profile_token(&api, &session, &name).await?;
                let wanted = scope_of(workspace.as_deref(), *scope);
                let (scope, workspace) = choose(&api, &token, wanted, None, context).await?;
                grant(&api, &mut changed, scope, workspace, &name, OTHER_WORKSPACE).await
            })?;
            let text = format!("{name}: {}", describe(&changed));
            dir.update_session(&name, &session.refresh_token, |stored| *stored = changed)?;
            context.streams.diagnostics.done(&text);
            Ok(())
        }
    }
}

/// An access token for the user's own profile.
async fn profile_token(api: &IdentityApi, session: &LoginSession, name: &EnvironmentName) -> Result<StoredToken> {
    let granted = api.grant(session, &TokenScope::User).await;
    let granted = granted.map_err(|error| grant_error(error, session, &TokenScope::User, name, OTHER_WORKSPACE))?;
    Ok(granted.access_token)
}
