//! Plans of `plugin apply`: specs, compared with what the service has.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use rustix::process::geteuid;
use serde_json::{Map, Value};

use crate::cli::DEFAULT_PARALLEL;
use crate::commands::connector::Connector;
use crate::commands::managed;
use crate::commands::plugin::service::PluginClient;
use crate::error::{Error, ErrorKind, Location, Problem, Result};
use crate::plugin::backup::Backup;
use crate::plugin::backup_store::{BackupStore, UntrustedFile};
use crate::plugin::builder::quoted;
use crate::plugin::field_change::{self, FieldChange};
use crate::plugin::plan::{self, Action};
use crate::plugin::report::{ApplyResult, ChangeOutcome, RestoredFields, SpecDiff};
use crate::schema::field_path::FieldPath;
use crate::spec::{Draft, SpanPart, SpecRequest, needed};
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::progress::Progress;

/// How far changes may go.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// Translate nothing between the generations of the API.
    pub strict: bool,
    /// Deregister and register again what cannot be updated.
    pub replace: bool,
    /// Deregister the plugins with this label that are in no spec.
    pub prune: Option<String>,
    /// How many requests are in flight at a time.
    pub parallel: usize,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self { strict: false, replace: false, prune: None, parallel: DEFAULT_PARALLEL.into() }
    }
}

/// The changes that make a service agree with specs.
///
/// [`ApplyPlan::new`] only reads; [`ApplyPlan::refresh`] reads again after a time in which others may have written;
/// [`ApplyPlan::check`] refuses what cannot be done, before anything is written; [`ApplyPlan::execute`] does the
/// rest.
pub struct ApplyPlan {
    pub service: PluginClient,
    pub(super) options: ApplyOptions,
    pub(super) tasks: Vec<Task>,
    /// The plugins that are deregistered because no spec has them.
    pub(super) to_prune: Vec<Map<String, Value>>,
}

/// One spec, and what the service has of its plugin.
pub(super) struct Task {
    pub spec: PluginSpec,
    pub current: Current,
}

/// A plugin as its spec describes it.
pub(super) struct PluginSpec {
    request: SpecRequest,
    pub plugin_id: String,
    /// The fields with which the service finds the plugin.
    pub identity: Map<String, Value>,
    /// The spec as the service reads it from its bytes.
    pub fields: Map<String, Value>,
    /// The request that registers it.
    pub bytes: Bytes,
    pub backups: BackupStore,
}

/// What the service and the folder of the spec had when they were read.
pub(super) struct Current {
    pub row: Option<Map<String, Value>>,
    pub action: Action,
    /// The plugin as it was before a replacement that was not finished.
    pub pending: Option<Backup>,
    /// That replacement came as far as to the new plugin. Otherwise the row is the old one: nothing was deregistered
    /// yet, or it was registered again.
    pub is_replaced: bool,
    pub untrusted: Option<UntrustedFile>,
}

impl ApplyPlan {
    /// Resolves every draft, and reads what the service has, while `progress` shows how far it is. Writes nothing.
    pub async fn new(
        connector: &Connector,
        drafts: Vec<Draft>,
        options: ApplyOptions,
        progress: &mut Progress,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self> {
        let service = PluginClient::connect(connector).await?;
        let requests = service.register.resolve_all(drafts, options.strict, diagnostics)?;
        let encoded = service.register.encode_all_incomplete(&requests)?;
        let (mut specs, mut problems) = (Vec::with_capacity(requests.len()), Vec::new());
        for (request, bytes) in requests.into_iter().zip(encoded) {
            match PluginSpec::new(request, bytes, &service) {
                Ok(spec) => specs.push(spec),
                Err(error) => problems.extend_from_slice(error.problems()),
            }
        }
        refuse_duplicates(&specs)?;
        let mut plan = Self { service, options, tasks: Vec::new(), to_prune: Vec::new() };
        let current = plan.read_all(&specs.iter().collect::<Vec<_>>(), progress).await?;
        plan.tasks = specs.into_iter().zip(current).map(|(spec, current)| Task { spec, current }).collect();
        for Task { spec, current } in plan.tasks.iter().filter(|_| !plan.options.replace) {
            if let Some(UntrustedFile { path, why }) = &current.untrusted {
                let (id, path) = (&spec.plugin_id, path.display());
                diagnostics.warn(&format!("{id}: {path} is ignored, because other users may have written it: {why}"));
            }
        }
        if !problems.is_empty() {
            let new = plan.tasks.iter().filter(|task| task.current.action == Action::Register);
            problems.extend(new.flat_map(|task| plan.missing(&task.spec)));
            let place = |problem: &Problem| problem.location.clone().map(|at| (at.source, at.line, at.column));
            problems.sort_by_cached_key(place);
        }
        refuse(problems)?;
        plan.to_prune = plan.find_to_prune().await?;
        Ok(plan)
    }

    /// Reads again what the service has. No plugin is pruned that was not to be before.
    pub async fn refresh(&mut self) -> Result<()> {
        let current =
            self.read_all(&self.tasks.iter().map(|task| &task.spec).collect::<Vec<_>>(), &mut Progress::none()).await?;
        for (task, current) in self.tasks.iter_mut().zip(current) {
            task.current = current;
        }
        let known: HashSet<String> = self.ids_to_prune().map(str::to_owned).collect();
        self.to_prune = self.find_to_prune().await?;
        self.to_prune.retain(|row| plan::plugin_id(row).is_some_and(|id| known.contains(id)));
        Ok(())
    }

    /// Refuses the plan if a plugin needs a replacement that is not allowed, belongs to a managed repository, lacks a
    /// field that registering needs, or cannot be backed up.
    pub fn check(&self) -> Result<()> {
        refuse(self.tasks.iter().flat_map(|task| self.problems(&task.spec, &task.current)).collect())?;
        let mut replaced = self.tasks.iter().filter(|task| matches!(task.current.action, Action::Replace(_)));
        replaced.try_for_each(|task| task.spec.backups.check())
    }

    /// Refuses specs that differ from plugins of a managed repository.
    pub fn check_managed(&self) -> Result<()> {
        refuse(self.tasks.iter().filter_map(|task| managed_problem(&task.spec, &task.current)).collect())
    }

    /// What prevents the action for one plugin.
    pub(super) fn problems(&self, spec: &PluginSpec, current: &Current) -> Vec<Problem> {
        let blocking = managed_problem(spec, current).or_else(|| self.backup_problem(spec, current));
        match &current.action {
            _ if blocking.is_some() => Vec::from_iter(blocking),
            Action::Register if current.pending.is_none() => self.missing(spec),
            Action::Replace(changes) if !self.options.replace => {
                let hint = "--replace deregisters the plugin and registers it again; its old spec is saved to a file";
                let problem = |change: &FieldChange| {
                    let value = |value: &Option<Value>| value.as_ref().map_or("nothing".into(), Value::to_string);
                    let (path, before, after) = (&change.path, value(&change.before), value(&change.after));
                    let message = format!("{}: {path} cannot be updated, from {before} to {after}", spec.plugin_id);
                    Problem::new(message).at(spec.request.locate(path, SpanPart::Value)).hint(hint)
                };
                let fixed = changes.iter().filter(|change| !self.service.fields.can_update(change.field()));
                fixed.map(problem).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The problem of a replacement that was not finished, or of its backup.
    fn backup_problem(&self, spec: &PluginSpec, current: &Current) -> Option<Problem> {
        let id = &spec.plugin_id;
        match &current.untrusted {
            Some(UntrustedFile { path, why }) if self.options.replace => {
                let (path, file) = (path.display(), quoted(&path.to_string_lossy()));
                let message =
                    format!("{id}: {path} is not used as a backup, because other users may have written it: {why}");
                let user = geteuid().as_raw();
                let trust = format!("to trust it, run: sudo chown {user} {file} && chmod 600 {file}");
                Some(Problem::new(message).hint(format!("check it; if it is not yours: rm {file}")).hint(trust))
            }
            _ if current.pending.is_some() && !self.options.replace => {
                let file = spec.backup_path().unwrap_or_default();
                let message = format!("{id}: a replacement was not finished; the old spec is in {file}");
                let ignore = format!("to ignore the old spec, run: rm {}", quoted(&file));
                let finish = "--replace finishes it; fields that the spec leaves out come from the old spec";
                Some(Problem::new(message).hint(finish).hint(ignore))
            }
            _ => None,
        }
    }

    /// The fields that registering needs and the spec does not have.
    fn missing(&self, spec: &PluginSpec) -> Vec<Problem> {
        let is_missing = |name: &&&str| {
            self.service.fields.register.iter().any(|field| field == **name)
                && spec.fields.get(**name).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty())
        };
        let problem = |name: &&str| {
            Problem::new(format!("{}: {name} is missing, and the plugin is not registered", spec.plugin_id))
                .at(spec.locate(name))
                .hint(format!("add {name} to the spec: registering needs it"))
        };
        needed("repository", "Plugin", "register").iter().filter(is_missing).map(problem).collect()
    }

    /// What executing the plan does, as long as no one else writes.
    pub fn preview(&self) -> Vec<ChangeOutcome> {
        let changed = self.tasks.iter().map(|task| ChangeOutcome {
            plugin_id: task.spec.plugin_id.clone(),
            result: self.expected(&task.spec, &task.current),
            restored: self.restored(task),
        });
        changed.chain(self.ids_to_prune().map(ChangeOutcome::deregistered)).collect()
    }

    /// The result of the action, and of finishing a replacement.
    pub(super) fn expected(&self, spec: &PluginSpec, current: &Current) -> ApplyResult {
        match (&current.action, &current.pending) {
            (Action::Replace(changes), _) => ApplyResult::Replaced { changes: changes.clone(), backup: None },
            (Action::Register, None) => ApplyResult::Registered,
            (action, Some(backup)) if *action == Action::Register || current.is_replaced => {
                let changes = self.service.fields.changes_since(&spec.fields, &backup.spec);
                ApplyResult::Replaced { changes, backup: None }
            }
            (action, _) => {
                let changes = action.changes().iter().cloned().chain(current.restored_state());
                match Vec::from_iter(changes) {
                    changes if changes.is_empty() => ApplyResult::Unchanged,
                    changes => ApplyResult::Updated(changes),
                }
            }
        }
    }

    /// The fields that come from the backup of a replacement, if there are any.
    pub(super) fn restored(&self, Task { spec, current }: &Task) -> Option<RestoredFields> {
        let backup = current.pending.as_ref()?;
        let mut changes = Vec::new();
        if current.row.is_none() {
            let mut fields = self.service.fields.in_place_of(&backup.spec, &spec.fields);
            fields.retain(|field, _| !spec.fields.contains_key(field));
            changes = field_change::of_new(&fields);
        }
        changes.extend(current.restored_state());
        (!changes.is_empty()).then(|| RestoredFields { from: spec.backup_path().unwrap_or_default(), changes })
    }

    /// The plugins that something is restored for.
    pub fn all_restored(&self) -> Vec<(&str, RestoredFields)> {
        self.tasks.iter().filter_map(|task| Some((&*task.spec.plugin_id, self.restored(task)?))).collect()
    }

    /// The plugins of the specs, in their order.
    pub fn plugin_ids(&self) -> impl Iterator<Item = &str> {
        self.tasks.iter().map(|task| &*task.spec.plugin_id)
    }

    /// The plugins that are disabled, and stay so.
    pub fn disabled_ids(&self) -> impl Iterator<Item = &str> {
        let disabled = self.tasks.iter().filter(|task| task.current.row.as_ref().is_some_and(plan::is_disabled));
        disabled.map(|task| &*task.spec.plugin_id)
    }

    /// How many plugins it is about.
    pub fn len(&self) -> usize {
        self.tasks.len() + self.to_prune.len()
    }

    pub fn ids_to_prune(&self) -> impl Iterator<Item = &str> {
        self.to_prune.iter().filter_map(plan::plugin_id)
    }

    /// The plugins that differ from their specs, field by field.
    pub fn diffs(&self) -> Vec<SpecDiff> {
        self.tasks.iter().filter_map(|task| self.diff(task)).collect()
    }

    fn diff(&self, task: &Task) -> Option<SpecDiff> {
        let (Task { spec, current }, fields) = (task, &self.service.fields);
        let state = current.restored_state();
        let (action, mut changes) = match &current.action {
            Action::Register => {
                let replaced = current.pending.as_ref().map(|backup| fields.in_place_of(&backup.spec, &spec.fields));
                ("register", field_change::of_new(replaced.as_ref().unwrap_or(&spec.fields)))
            }
            Action::Unchanged if state.is_none() && !current.is_replaced => return None,
            Action::Unchanged => ("finish", Vec::new()),
            Action::Update(changes) => ("update", changes.clone()),
            Action::Replace(changes) => ("replace", changes.clone()),
        };
        changes.extend(state);
        let fixed = changes.iter().map(FieldChange::field).filter(|field| !fields.can_update(field));
        Some(SpecDiff {
            plugin_id: spec.plugin_id.clone(),
            source: spec.request.label(),
            action,
            fixed: fixed.map(str::to_owned).collect(),
            changes,
            restored: self.restored(task),
        })
    }
}

impl Current {
    /// The state that a backup restores, unless it is replaced by a second one.
    fn restored_state(&self) -> Option<FieldChange> {
        let is_second = self.is_replaced && matches!(self.action, Action::Replace(_));
        self.pending.as_ref().filter(|_| !is_second)?.state_change(self.row.as_ref())
    }
}

impl PluginSpec {
    fn new(request: SpecRequest, bytes: Bytes, service: &PluginClient) -> Result<Self> {
        let Value::Object(fields) = service.register.decode_request(bytes.clone())? else {
            return Err(Error::local(format!("{} is not a spec", request.label())));
        };
        let Some(plugin_id) = plan::plugin_id(&fields).map(str::to_owned) else {
            return Err(Error::local(format!("{} does not say which plugin it is about", request.label()))
                .at(request.locate(&FieldPath::default(), SpanPart::Value))
                .hint("add image: the part after its last `/` is the plugin's id"));
        };
        let identity = service.fields.identity(&fields);
        let backups = BackupStore::new(request.source(), &plugin_id, &service.scope());
        Ok(Self { request, plugin_id, identity, fields, bytes, backups })
    }

    /// The file of an unfinished replacement; `None` also if it cannot be read.
    pub fn backup_path(&self) -> Option<String> {
        self.backups.scan().ok()?.trusted.map(|(path, _)| path.display().to_string())
    }

    fn locate(&self, field: &str) -> Option<Location> {
        self.request.locate(&FieldPath::default().key(field), SpanPart::Value)
    }

    /// Where the spec names its plugin.
    fn location(&self) -> Option<Location> {
        self.locate(if self.fields.contains_key("plugin_id") { "plugin_id" } else { "image" })
    }

    /// `error` with the plugin and the place of its spec.
    pub fn blame(&self, error: Error) -> Error {
        if error.problems().iter().any(|problem| problem.location.is_some()) {
            return error;
        }
        match self.request.place() {
            Some((place, _)) => error.context(&self.plugin_id).at(Some(place)),
            None => error.context(format!("{} ({})", self.plugin_id, self.request.label())),
        }
    }
}

/// The problem that a plugin of a managed repository differs from its spec.
fn managed_problem(spec: &PluginSpec, current: &Current) -> Option<Problem> {
    let kind = current.row.as_ref().and_then(plan::repository_type);
    let kind = kind.filter(|kind| kind != "local" && current.action != Action::Unchanged)?;
    let problem = Problem::new(managed::message(&spec.plugin_id, &kind)).at(spec.location());
    Some(problem.hint("give the plugin an id of its own: set plugin_id, or rename the image"))
}

/// Refuses two specs of one plugin, which would undo each other on every run.
fn refuse_duplicates(specs: &[PluginSpec]) -> Result<()> {
    let place = |spec: &PluginSpec| spec.location().map_or_else(|| spec.request.label(), |place| place.to_string());
    let (mut known, mut problems) = (HashMap::<&str, &PluginSpec>::new(), Vec::new());
    for spec in specs {
        let id = spec.plugin_id.as_str();
        if let Some(first) = known.get(id) {
            let message = format!("two specs are of {id}: at {} and at {}", place(first), place(spec));
            problems.push(Problem::new(message).hint("remove one of them"));
        } else {
            known.insert(id, spec);
        }
    }
    refuse(problems)
}

/// The error of `problems`, if there are any.
pub(super) fn refuse(problems: Vec<Problem>) -> Result<()> {
    Error::from_problems(ErrorKind::Local, problems).map_or(Ok(()), Err)
}
