//! `workspace`: lists the workspaces of a session's user, and switches between them.

use serde_json::json;

use super::connector::selection;
use super::identity::IdentityApi;
use super::login::{
    ROOT_DOMAIN, UserWorkspace, choose, choose_among, connector, describe, fixed, grant, refuse_call_options,
    warn_of_variables, workspaces,
};
use super::output_options::{OutputOptions, columns};
use super::session_tokens::{OTHER_WORKSPACE, grant_error};
use super::{Context, block_on};
use crate::cli::WorkspaceCommand;
use crate::config::{ConfigDir, EnvironmentName, LoginSession, Selection, StoredToken, TokenScope, UsedSession};
use crate::error::{Error, Result};
use crate::output::view::Document;

pub fn run(args: &WorkspaceCommand, context: &mut Context<'_>) -> Result<()> {
    refuse_call_options(context)?;
    let dir = ConfigDir::locate(context.variables)?;
    let name = selection(context).require(context.variables, &dir)?.name;
    let selection = Selection { environment: Some(name.to_string()), ..Selection::default() };
    let connector = connector(&selection, context)?;
    let Some(UsedSession { session, .. }) = connector.settings().session.clone() else {
        return Err(Error::local(format!("not logged in to {name}"))
            .hint(format!("log in with `spacectl login -e {name}`"))
            .hint("or use a key: `spacectl list identity.Workspace`, and --workspace-id ID for a call"));
    };
    let identity = connector.identity()?;
    match args {
        WorkspaceCommand::List { output } => {
            let rows = block_on(async {
                let api = identity.connect().await?;
                let token = profile_token(&api, &session, &name).await?;
                workspaces(&api, &token).await
            })?;
            if rows.is_empty() {
                context.streams.diagnostics.note("no workspace is open to you: ask an administrator of the domain");
            }
            let current = session.scope.workspace_id();
            let rows = rows.into_iter().map(|UserWorkspace { id, name, role_type }| {
                let is_current = Some(id.as_str()) == current;
                json!({"workspace_id": id, "name": name, "role_type": role_type, "current": is_current})
            });
            let rows = Document::from_rows(rows.collect::<Vec<_>>());
            let headed = "workspace_id|Workspace ID,name|Name,role_type|Role,current|Current";
            let columns = columns(*output, headed, "workspace_id");
            OutputOptions::parse(columns, *output)?.write(rows, context.streams)
        }
        WorkspaceCommand::Use(args) => {
            let mut changed = session.clone();
            block_on(async {
                let api = identity.connect().await?;
                let (scope, workspace) = match (fixed(args.scope), &args.workspace) {
                    (Some(scope), _) => (scope, None),
                    (None, wanted) => {
                        let token = profile_token(&api, &session, &name).await?;
                        match wanted {
                            Some(wanted) => choose(&api, &token, Some(wanted), None, context).await?,
                            None => choose_among(&workspaces(&api, &token).await?, "NAME", context)?,
                        }
                    }
                };
                grant(&api, &mut changed, scope, workspace, &name, OTHER_WORKSPACE).await
            })?;
            let text = format!("{name}: {}", describe(&changed));
            if !dir.update_session(&name, &session.refresh_token, |stored| *stored = changed)? {
                return Err(Error::local(format!("the session of {name} was replaced or removed meanwhile"))
                    .hint("run the command again"));
            }
            context.streams.diagnostics.done(&text);
            warn_of_variables(context);
            Ok(())
        }
    }
}

/// An access token for the user's own profile.
async fn profile_token(api: &IdentityApi, session: &LoginSession, name: &EnvironmentName) -> Result<StoredToken> {
    if session.domain_id == ROOT_DOMAIN {
        return Err(Error::local(format!("the domain {} is the system's own and has no workspaces", session.domain))
            .hint("log in to another domain"));
    }
    let granted = api.grant(session, &TokenScope::User).await;
    let granted = granted.map_err(|error| grant_error(error, session, &TokenScope::User, name, OTHER_WORKSPACE))?;
    Ok(granted.access_token)
}
