//! What specs ask of a service, found out before anything is written there.

use std::collections::HashMap;

use bytes::Bytes;
use rustix::process::geteuid;
use serde_json::{Map, Value};

use crate::commands::connector::Connector;
use crate::commands::managed;
use crate::commands::plugin::service::Service;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::plugin::backup::Kept;
use crate::plugin::backup_store::{BackupStore, Untrusted};
use crate::plugin::builder::quoted;
use crate::plugin::field_change::{self, Change};
use crate::plugin::plan::{self, Plan};
use crate::plugin::report::{ChangeOutcome, Difference, Done, Restored, paths};
use crate::schema::field_path::FieldPath;
use crate::spec::{Draft, SpanPart, SpecRequest, needed};
use crate::terminal::io_streams::Diagnostics;

/// What the command line says about how far changes may go.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Translate nothing between the generations of the API.
    pub strict: bool,
    /// Deregister and register anew what cannot be updated.
    pub replace: bool,
    /// Deregister the plugins with this label that are in no spec.
    pub prune: Option<String>,
}

/// All that is to be done, with what it is done by.
///
/// How to apply specs: [`Planned::make`] reads what the service has and writes nothing, so that it can stand before work
/// that takes long (and after that, [`Planned::look_again`] brings it up to date). [`Planned::check`] then says what
/// stands in the way, still before anything is written. [`Planned::carry_out`] does it, and tells of each plugin.
pub struct Planned {
    pub service: Service,
    pub(super) wishes: Wishes,
    pub(super) steps: Vec<Step>,
    /// The plugins that are to be deregistered.
    pub(super) gone: Vec<Map<String, Value>>,
}

/// One spec, and what the service has of its plugin.
pub(super) struct Step {
    pub subject: Subject,
    pub found: Found,
}

/// A plugin as its spec says it should be.
pub(super) struct Subject {
    request: SpecRequest,
    pub plugin_id: String,
    /// What tells the service which plugin is meant.
    pub identity: Map<String, Value>,
    /// The spec as the service reads it from its bytes.
    pub spec: Map<String, Value>,
    /// The bytes that register it.
    pub bytes: Bytes,
    pub keeper: BackupStore,
}

/// What was there when the service was asked.
pub(super) struct Found {
    pub row: Option<Map<String, Value>>,
    pub plan: Plan,
    /// The plugin as it was before a replacement that was not finished.
    pub pending: Option<Kept>,
    /// The file that would say so if nobody else could have written it.
    pub untrusted: Option<Untrusted>,
}

impl Planned {
    /// Makes every draft a request, and asks the service what it has. Writes nothing.
    ///
    /// # Errors
    /// A spec that the service's API cannot hold, two specs of one plugin, or a service that does not answer.
    pub async fn make(
        connector: &Connector,
        drafts: Vec<Draft>,
        wishes: Wishes,
        diagnostics: &mut Diagnostics,
    ) -> Result<Self> {
        let service = Service::reach(connector).await?;
        let requests = service.register.resolve_all(drafts, wishes.strict, diagnostics)?;
        let place = service.place();
        let encoded = service.register.encode_all_incomplete(&requests)?;
        let (mut subjects, mut problems) = (Vec::with_capacity(requests.len()), Vec::new());
        for (request, bytes) in requests.into_iter().zip(encoded) {
            match Subject::of(request, bytes, &service, &place) {
                Ok(subject) => subjects.push(subject),
                Err(error) => problems.extend_from_slice(error.problems()),
            }
        }
        refuse_twice(&subjects)?;
        let mut planned = Self { service, wishes, steps: Vec::with_capacity(subjects.len()), gone: Vec::new() };
        for subject in subjects {
            let found = planned.look(&subject).await?;
            if let Some(Untrusted { path, why }) = found.untrusted.as_ref().filter(|_| !planned.wishes.replace) {
                diagnostics.warn(&format!(
                    "{}: {} is ignored, because other users may have written it: {why}",
                    subject.plugin_id,
                    path.display()
                ));
            }
            planned.steps.push(Step { subject, found });
        }
        if !problems.is_empty() {
            // What else is missing is told along with it.
            let new = planned.steps.iter().filter(|step| step.found.plan == Plan::Register);
            problems.extend(new.flat_map(|step| planned.missing(&step.subject)));
            let place = |problem: &Problem| problem.location.clone().map(|at| (at.source, at.line, at.column));
            problems.sort_by_cached_key(place);
        }
        if let Some(error) = Error::from_problems(ErrorKind::Local, problems) {
            return Err(error);
        }
        planned.gone = planned.look_for_gone().await?;
        Ok(planned)
    }

    /// Asks the service anew what it has, after a time in which others may have written. Nothing is deregistered that was
    /// not to be before.
    ///
    /// # Errors
    /// The service does not answer.
    pub async fn look_again(&mut self) -> Result<()> {
        for at in 0..self.steps.len() {
            self.steps[at].found = self.look(&self.steps[at].subject).await?;
        }
        let known: Vec<String> = self.gone_ids().map(str::to_owned).collect();
        self.gone = self.look_for_gone().await?;
        self.gone.retain(|row| plan::plugin_id(row).is_some_and(|id| known.iter().any(|known| known == id)));
        Ok(())
    }

    /// What the service has of a plugin now, and what that means for it.
    pub(super) async fn look(&self, subject: &Subject) -> Result<Found> {
        let row = self.service.row(&subject.identity).await.map_err(|error| error.context(&subject.plugin_id))?;
        let plan = self.service.fields.plan(&subject.spec, row.as_ref());
        Ok(Found { row, plan, pending: subject.keeper.pending()?, untrusted: subject.keeper.untrusted()? })
    }

    async fn look_for_gone(&self) -> Result<Vec<Map<String, Value>>> {
        let Some(label) = &self.wishes.prune else { return Ok(Vec::new()) };
        let mut rows = self.service.rows().await?;
        let is_in_specs = |row: &Map<String, Value>| {
            let id = plan::plugin_id(row);
            self.steps.iter().any(|step| Some(step.subject.plugin_id.as_str()) == id)
        };
        rows.retain(|row| plan::is_ours_with(label, row) && !is_in_specs(row));
        Ok(rows)
    }

    /// Says what stands in the way of carrying it out, while nothing is done.
    ///
    /// # Errors
    /// A change that only a replacement can make, where none is wanted; a plugin of a managed repository; a spec without
    /// what registering needs; a folder in which an old spec cannot be kept.
    pub fn check(&self) -> Result<()> {
        let problems = self.steps.iter().flat_map(|step| self.problems(step)).collect();
        if let Some(error) = Error::from_problems(ErrorKind::Local, problems) {
            return Err(error);
        }
        let mut replaced = self.steps.iter().filter(|step| matches!(step.found.plan, Plan::Replace(_)));
        replaced.try_for_each(|step| step.subject.keeper.check())
    }

    /// As [`Planned::check`], of plugins that cannot be changed whatever is wanted.
    ///
    /// # Errors
    /// There are such, and they differ from their specs.
    pub fn check_managed(&self) -> Result<()> {
        let problems = self.steps.iter().filter_map(|step| managed_problem(&step.subject, &step.found)).collect();
        Error::from_problems(ErrorKind::Local, problems).map_or(Ok(()), Err)
    }

    pub(super) fn problems(&self, step: &Step) -> Vec<Problem> {
        self.problems_of(&step.subject, &step.found)
    }

    /// What stands in the way for one plugin.
    pub(super) fn problems_of(&self, subject: &Subject, found: &Found) -> Vec<Problem> {
        let id = &subject.plugin_id;
        if let Some(problem) = managed_problem(subject, found) {
            return vec![problem];
        }
        let backup = self.problem_of_backup(subject, found);
        if backup.is_some() {
            return backup.into_iter().collect();
        }
        match &found.plan {
            Plan::Register if found.pending.is_none() => self.missing(subject),
            Plan::Replace(changes) if !self.wishes.replace => {
                let fixed = changes.iter().filter(|change| !self.service.fields.can_update(change.field()));
                let hint = "--replace deregisters the plugin and registers it anew; its old spec is kept in a file";
                fixed
                    .map(|change| {
                        let told = |value: &Option<Value>| value.as_ref().map_or("nothing".into(), Value::to_string);
                        let (before, after) = (told(&change.before), told(&change.after));
                        let message = format!("{id}: {} cannot be updated, from {before} to {after}", change.path);
                        let at = subject.request.locate(&change.path, SpanPart::Value);
                        Problem::new(message).at(at).hint(hint)
                    })
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// A replacement that was not finished, where none is wanted or its backup may be somebody else's.
    fn problem_of_backup(&self, subject: &Subject, found: &Found) -> Option<Problem> {
        let id = &subject.plugin_id;
        match (self.wishes.replace, &found.untrusted) {
            (true, Some(Untrusted { path, why })) => {
                let file = quoted(&path.to_string_lossy());
                let problem = Problem::new(format!(
                    "{id}: {} is not taken for the old spec of a replacement that was not finished, for others may have \
                     written it: {why}",
                    path.display()
                ));
                Some(
                    problem.hint(format!("look at it; if it is not yours: rm {file}")).hint(format!(
                        "to trust it, run: sudo chown {} {file} && chmod 600 {file}",
                        geteuid().as_raw()
                    )),
                )
            }
            (false, _) if found.pending.is_some() => {
                let file = subject.kept().unwrap_or_default();
                let problem = Problem::new(format!("{id}: a replacement was not finished; the old spec is in {file}"));
                let drop = format!("to ignore the old spec, run: rm {}", quoted(&file));
                Some(problem.hint("--replace finishes it, with what the spec leaves out").hint(drop))
            }
            _ => None,
        }
    }

    /// What is taken over from the backup of a replacement that was not finished; `None` if that is nothing.
    pub(super) fn restored(&self, Step { subject, found }: &Step) -> Option<Restored> {
        let kept = found.pending.as_ref()?;
        // What is replaced once more has a backup of its own; only the state of the same plugin comes from the old one.
        if let (Plan::Replace(_), Some(row)) = (&found.plan, &found.row)
            && self.is_replaced(row, kept)
        {
            return None;
        }
        let mut changes = Vec::new();
        if found.row.is_none() {
            let mut beyond = self.service.fields.in_place_of(&kept.spec, &subject.spec);
            beyond.retain(|field, _| !subject.spec.contains_key(field));
            changes = field_change::of_new(&beyond);
        }
        changes.extend(kept.change_of_state(found.row.as_ref()));
        let from = subject.kept().unwrap_or_default();
        (!changes.is_empty()).then_some(Restored { from, changes })
    }

    /// Each plugin for which something is taken over from a backup.
    pub fn all_restored(&self) -> Vec<(&str, Restored)> {
        let of_step = |step| Some((self.restored(step)?, step));
        self.steps.iter().filter_map(of_step).map(|(restored, step)| (&*step.subject.plugin_id, restored)).collect()
    }

    /// The fields that registering needs and a spec does not have.
    fn missing(&self, subject: &Subject) -> Vec<Problem> {
        let Self { service, .. } = self;
        let needed = needed("repository", "Plugin", "register");
        let is_missing = |name: &&&str| {
            service.fields.register.iter().any(|field| field == **name)
                && subject.spec.get(**name).and_then(Value::as_str).is_none_or(|text| text.trim().is_empty())
        };
        let problem = |name: &&str| {
            Problem::new(format!("{}: {name} is missing, and the plugin is not registered", subject.plugin_id))
                .at(subject.locate(name, SpanPart::Value))
                .hint(format!("registering needs {name}: add it to the spec"))
        };
        needed.iter().filter(is_missing).map(problem).collect()
    }

    /// What carrying it out would do, as far as nobody else writes.
    pub fn foreseen(&self) -> Vec<ChangeOutcome> {
        let of_step = |step: &Step| {
            let Step { subject, found } = step;
            let restored = self.restored(step);
            let changes = || found.plan.changes().to_vec();
            let done = match (&found.plan, &found.row, &found.pending) {
                (Plan::Replace(_), ..) => Done::Replaced { changes: changes(), kept: None },
                (Plan::Keep | Plan::Update(_), Some(row), pending) => {
                    self.settled(subject, row, found.plan.changes(), pending.as_ref())
                }
                (_, _, Some(kept)) => self.replaced(subject, kept),
                (_, _, None) => Done::Registered,
            };
            ChangeOutcome { plugin_id: subject.plugin_id.clone(), done, restored }
        };
        let gone = self.gone_ids().map(|id| ChangeOutcome {
            plugin_id: id.to_owned(),
            done: Done::Deregistered,
            restored: None,
        });
        self.steps.iter().map(of_step).chain(gone).collect()
    }

    /// What it comes to where a plugin is there and at most updated: the rest of a replacement that was stopped is done,
    /// too.
    pub(super) fn settled(
        &self,
        subject: &Subject,
        row: &Map<String, Value>,
        changes: &[Change],
        pending: Option<&Kept>,
    ) -> Done {
        if let Some(kept) = pending.filter(|kept| self.is_replaced(row, kept)) {
            return self.replaced(subject, kept);
        }
        let state = pending.and_then(|kept| kept.change_of_state(Some(row)));
        let changes: Vec<Change> = changes.iter().cloned().chain(state).collect();
        if changes.is_empty() { Done::Unchanged } else { Done::Updated(changes) }
    }

    fn replaced(&self, subject: &Subject, kept: &Kept) -> Done {
        Done::Replaced { changes: self.service.fields.changes_since(&subject.spec, &kept.spec), kept: None }
    }

    /// Whether a replacement that was stopped came as far as to the new plugin. Otherwise what is there is the old one:
    /// nothing was taken away yet, or that was undone.
    pub(super) fn is_replaced(&self, row: &Map<String, Value>, kept: &Kept) -> bool {
        self.service.fields.as_registered(row) != kept.spec
    }

    /// The plugins that were disabled when the service was asked, and stay so.
    pub fn disabled_ids(&self) -> impl Iterator<Item = &str> {
        let disabled = self.steps.iter().filter(|step| step.found.row.as_ref().is_some_and(plan::is_disabled));
        disabled.map(|step| step.subject.plugin_id.as_str())
    }

    /// The plugins that are to be deregistered because no spec has them.
    pub fn gone_ids(&self) -> impl Iterator<Item = &str> {
        self.gone.iter().filter_map(plan::plugin_id)
    }

    /// What differs at the service, field by field.
    pub fn differences(&self) -> Vec<Difference> {
        let of_step = |step: &Step| {
            let Step { subject, found: Found { row, plan, pending, .. } } = step;
            let state = || pending.as_ref().and_then(|kept| kept.change_of_state(row.as_ref()));
            let (action, changes) = match (plan, pending) {
                (Plan::Register, None) => ("register", field_change::of_new(&subject.spec)),
                (Plan::Register, Some(kept)) => {
                    let registered = self.service.fields.in_place_of(&kept.spec, &subject.spec);
                    ("register", field_change::of_new(&registered).into_iter().chain(state()).collect())
                }
                (Plan::Keep, pending) => {
                    let is_replaced = |kept| row.as_ref().is_some_and(|row| self.is_replaced(row, kept));
                    let state = Vec::from_iter(state());
                    if state.is_empty() && !pending.as_ref().is_some_and(is_replaced) {
                        return None;
                    }
                    ("finish", state)
                }
                (Plan::Update(changes), _) => ("update", changes.iter().cloned().chain(state()).collect()),
                (Plan::Replace(changes), pending) => {
                    let is_same = |kept: &&Kept| row.as_ref().is_some_and(|row| !self.is_replaced(row, kept));
                    let state = pending.as_ref().filter(is_same).and_then(|kept| kept.change_of_state(row.as_ref()));
                    ("replace", changes.iter().cloned().chain(state).collect())
                }
            };
            let fixed = changes.iter().map(|change: &Change| change.field().to_owned());
            let fixed = fixed.filter(|field| !self.service.fields.can_update(field)).collect();
            let source = subject.request.label();
            let restored = self.restored(step);
            Some(Difference { plugin_id: subject.plugin_id.clone(), source, action, changes, fixed, restored })
        };
        self.steps.iter().filter_map(of_step).collect()
    }
}

impl Subject {
    fn of(request: SpecRequest, bytes: Bytes, service: &Service, place: &str) -> Result<Self> {
        let Value::Object(spec) = service.register.decode_request(bytes.clone())? else {
            return Err(Error::local(format!("{} is no spec", request.label())));
        };
        let Some(plugin_id) = plan::plugin_id(&spec).map(str::to_owned) else {
            let at = request.locate(&FieldPath::default(), SpanPart::Value);
            return Err(Error::local(format!("{} does not say which plugin it is about", request.label()))
                .at(at)
                .hint("add image: a plugin is known by the part of it behind the last `/`"));
        };
        let identity = service.fields.identity(&spec);
        let keeper = BackupStore::beside(request.source(), &plugin_id, place);
        Ok(Self { request, plugin_id, identity, spec, bytes, keeper })
    }

    fn locate(&self, field: &str, part: SpanPart) -> Option<crate::error::Location> {
        self.request.locate(&FieldPath::default().key(field), part)
    }

    /// Where the spec says which plugin it is about.
    fn place(&self) -> String {
        self.location().map_or_else(|| self.request.label(), |location| location.to_string())
    }

    fn location(&self) -> Option<crate::error::Location> {
        let field = if self.spec.contains_key("plugin_id") { "plugin_id" } else { "image" };
        self.locate(field, SpanPart::Value)
    }

    /// What errors call it.
    pub fn label(&self) -> String {
        format!("{} ({})", self.plugin_id, self.request.label())
    }

    /// `error` of this plugin, with the place of its spec.
    pub fn blame(&self, error: Error) -> Error {
        if error.problems().iter().any(|problem| problem.location.is_some()) {
            return error;
        }
        match self.request.place() {
            Some((place, _)) => error.context(&self.plugin_id).at(Some(place)),
            None => error.context(self.label()),
        }
    }
}

/// A spec of a plugin of a managed repository, unless it is as it says.
fn managed_problem(subject: &Subject, found: &Found) -> Option<Problem> {
    let place = found.row.as_ref().and_then(plan::repository_type);
    let place = place.filter(|place| place != "local" && found.plan != Plan::Keep)?;
    let problem = Problem::new(managed::message(&subject.plugin_id, &place));
    let hint = "give the plugin an id of its own: plugin_id, or another image name";
    Some(problem.at(subject.location()).hint(hint))
}

/// Two specs of one plugin would undo each other for ever.
fn refuse_twice(subjects: &[Subject]) -> Result<()> {
    let mut first: HashMap<&str, &Subject> = HashMap::new();
    let mut problems = Vec::new();
    for subject in subjects {
        if let Some(other) = first.get(subject.plugin_id.as_str()) {
            problems.push(
                Problem::new(format!(
                    "two specs are of {}: at {} and at {}",
                    subject.plugin_id,
                    other.place(),
                    subject.place()
                ))
                .hint("leave one of them out"),
            );
        } else {
            first.insert(&subject.plugin_id, subject);
        }
    }
    Error::from_problems(ErrorKind::Local, problems).map_or(Ok(()), Err)
}

/// A change that is refused, where it comes up while others write.
pub(super) fn refusal(problems: Vec<Problem>, subject: &Subject, plan: &Plan) -> Error {
    Error::from_problems(ErrorKind::Local, problems)
        .unwrap_or_else(|| Error::local(format!("{} differs in {}", subject.label(), paths(plan.changes()))))
}
