//! Makes a service agree with one spec, from wherever an earlier run stopped.

use std::cell::Cell;

use bytes::Bytes;
use serde_json::{Map, Value};
use tonic::Code;

use super::plan::{ApplyPlan, Current, PluginSpec, refuse};
use crate::commands::plugin::service::{is_already_registered, is_not_found};
use crate::error::{Error, ErrorKind, Outcome, Result};
use crate::plugin::backup::Backup;
use crate::plugin::plan::{self, Action};
use crate::plugin::report::ApplyResult;

/// How often a plugin is read again that others write, too.
const MAX_ATTEMPTS: usize = 5;

/// The result of an attempt; `None` if others changed the plugin meanwhile.
type Attempt = Result<Option<ApplyResult>>;

impl ApplyPlan {
    /// Makes the service agree with one spec; must not stop while `is_critical`.
    pub(super) async fn reconcile(
        &self,
        spec: &PluginSpec,
        planned: &Current,
        is_critical: &Cell<bool>,
    ) -> Result<ApplyResult> {
        let mut newer;
        let mut current = planned;
        for _ in 0..MAX_ATTEMPTS {
            refuse(self.problems(spec, current))?;
            let attempt = match (&current.action, &current.row) {
                (Action::Unchanged | Action::Update(_), Some(row)) => self.update(spec, current, row).await,
                (Action::Replace(_), Some(row)) => self.replace(spec, row, is_critical).await,
                _ => self.register(spec, current, is_critical).await,
            };
            let result = attempt?;
            is_critical.set(false);
            if let Some(result) = result {
                return Ok(result);
            }
            newer = self.read(spec).await?;
            current = &newer;
        }
        Err(Error::local(format!("other clients keep changing {}", spec.plugin_id)).hint("try again"))
    }

    /// Updates a plugin if it differs, and finishes a replacement that was stopped.
    async fn update(&self, spec: &PluginSpec, current: &Current, row: &Map<String, Value>) -> Attempt {
        if let Action::Update(changes) = &current.action {
            match self.service.update(&self.service.fields.update(&spec.fields, changes)).await {
                Err(error) if is_not_found(&error) => return Ok(None),
                updated => updated?,
            }
        }
        match &current.pending {
            Some(backup) if current.is_replaced => self.complete(spec, backup, Some(row)).await,
            Some(backup) if !self.abandon(spec, backup, row).await? => Ok(None),
            _ => Ok(Some(self.expected(spec, current))),
        }
    }

    async fn register(&self, spec: &PluginSpec, current: &Current, is_critical: &Cell<bool>) -> Attempt {
        if let Some(backup) = &current.pending {
            is_critical.set(true);
            return self.register_in_place_of(spec, backup).await;
        }
        match self.service.register(spec.bytes.clone()).await {
            Err(error) if is_already_registered(&error) => Ok(None),
            registered => registered.map(|()| Some(ApplyResult::Registered)),
        }
    }

    /// Backs the plugin up, deregisters it and registers the new one.
    async fn replace(&self, spec: &PluginSpec, planned: &Map<String, Value>, is_critical: &Cell<bool>) -> Attempt {
        // Another run may have replaced it since it was planned.
        let Current { row: Some(row), action: Action::Replace(_), pending, .. } = self.read(spec).await? else {
            return Ok(None);
        };
        if plan::repository_type(&row) != plan::repository_type(planned) {
            return Ok(None);
        }
        let old = self.service.fields.as_registered(&row);
        // A run that was stopped while it undid this has left the old plugin enabled.
        let was_disabled = pending.is_some_and(|backup| backup.is_disabled && backup.spec == old);
        let backup = spec.backups.begin(plan::is_disabled(&row) || was_disabled, old)?;
        // Both requests are known to be well-formed before the first is sent.
        self.requests(spec, &backup)?;
        is_critical.set(true);
        if let Err(error) = self.service.deregister(&spec.identity).await {
            if is_rejection(&error) && self.abandon(spec, &backup, &row).await.is_ok() {
                return Err(error);
            }
            return Err(error.hint(format!("it may be deregistered; {}", spec.how_to_finish())));
        }
        self.register_in_place_of(spec, &backup).await
    }

    /// The requests that register the new plugin, and the old one again.
    fn requests(&self, spec: &PluginSpec, backup: &Backup) -> Result<(Bytes, Bytes)> {
        let new = self.service.fields.in_place_of(&backup.spec, &spec.fields);
        Ok((self.service.register.encode_made(&new)?, self.service.register.encode_made(&backup.spec)?))
    }

    /// The second half of a replacement; the first is undone if it fails.
    async fn register_in_place_of(&self, spec: &PluginSpec, backup: &Backup) -> Attempt {
        let (new, old) = self.requests(spec, backup)?;
        let Err(error) = self.service.register(new).await else {
            return self.complete(spec, backup, None).await;
        };
        match self.read(spec).await {
            // It was done though the answer was an error; or another run did it.
            Ok(Current { row: Some(row), action: Action::Unchanged, .. }) => {
                self.complete(spec, backup, Some(&row)).await
            }
            // Another run has registered it, and may be replacing it again.
            Ok(_) if is_already_registered(&error) => Ok(None),
            Ok(Current { row: Some(_), .. }) => {
                Err(error.hint("it is registered, but not as its spec says: run the command again"))
            }
            Err(_) => Err(error.hint(spec.how_to_finish())),
            Ok(Current { row: None, .. }) => match self.service.register(old).await {
                Ok(()) => {
                    let restored = self.restore_state(spec, backup, None).await;
                    restored.map_err(|error| error.hint(spec.how_to_finish()))?;
                    spec.backups.discard()?;
                    Err(error.hint("the old plugin is registered again"))
                }
                Err(undo) => {
                    let (undo, finish) = (undo.summary(), spec.how_to_finish());
                    Err(error.hint(format!("the old plugin could not be registered again either ({undo}); {finish}")))
                }
            },
        }
    }

    /// Gives up a replacement that changed nothing. `false` if the plugin is gone.
    async fn abandon(&self, spec: &PluginSpec, backup: &Backup, row: &Map<String, Value>) -> Result<bool> {
        let is_there = self.restore_state(spec, backup, Some(row)).await?;
        if is_there {
            spec.backups.discard()?;
        }
        Ok(is_there)
    }

    /// Restores the state of a registered replacement, and renames the backup.
    async fn complete(&self, spec: &PluginSpec, backup: &Backup, row: Option<&Map<String, Value>>) -> Attempt {
        // Another run may have deregistered it to replace it, too.
        if !self.restore_state(spec, backup, row).await? {
            return Ok(None);
        }
        let changes = self.service.fields.changes_since(&spec.fields, &backup.spec);
        let backup = spec.backups.finish()?.map(|path| path.display().to_string());
        Ok(Some(ApplyResult::Replaced { changes, backup }))
    }

    /// Disables a plugin that was disabled before. `false` without one.
    async fn restore_state(
        &self,
        spec: &PluginSpec,
        backup: &Backup,
        row: Option<&Map<String, Value>>,
    ) -> Result<bool> {
        if backup.state_change(row).is_none() {
            return Ok(true);
        }
        match self.service.disable(&spec.identity).await {
            Err(error) if is_not_found(&error) => Ok(false),
            disabled => disabled.map(|()| true),
        }
    }
}

impl PluginSpec {
    fn how_to_finish(&self) -> String {
        let backup = self.backup_path().map(|path| format!(" in {path}")).unwrap_or_default();
        format!("its old spec is saved{backup}: run the same command again to finish")
    }
}

/// Whether the service certainly did nothing. Other codes may be a proxy's.
fn is_rejection(error: &Error) -> bool {
    use Code::{FailedPrecondition, InvalidArgument, PermissionDenied, Unauthenticated, Unimplemented};
    let is_refusal = matches!(
        error.kind(),
        ErrorKind::Status(InvalidArgument | PermissionDenied | Unauthenticated | FailedPrecondition | Unimplemented)
    );
    match error.outcome() {
        Outcome::NotSent => true,
        Outcome::Unknown => false,
        Outcome::None | Outcome::Rejected => is_refusal,
    }
}
