//! Carrying a plan out, so that it can be stopped at any place and begun again.

use std::cell::Cell;

use bytes::Bytes;
use serde_json::{Map, Value};
use tonic::Code;

use crate::commands::plugin::apply::plan::{Found, Planned, Step, Subject, refusal};
use crate::commands::plugin::service::{is_not_found, is_there_already};
use crate::error::{Error, ErrorKind, Outcome, Result, TerminationSignal};
use crate::plugin::backup::Kept;
use crate::plugin::field_change::Change;
use crate::plugin::plan::{self, Plan};
use crate::plugin::report::{ChangeOutcome, Done};
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::shutdown::Shutdown;

/// How often another look is taken at a plugin that others write, too.
const MAX_LOOKS: usize = 5;

impl Planned {
    /// Does what is planned, one plugin after the other, and tells of each once it is done. What others do meanwhile is
    /// found and taken into account: a plugin that is suddenly there is updated, one that is suddenly gone is registered.
    ///
    /// # Errors
    /// The first failure ends it; so does one of `told`, unless it is only that nobody reads. A signal to `shutdown` ends it,
    /// too; between the two halves of a replacement the second is done first, unless there is another signal.
    pub async fn carry_out(
        &self,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
        mut told: impl FnMut(ChangeOutcome) -> Result<()>,
    ) -> Result<()> {
        let count = self.steps.len() + self.gone.len();
        let mut heard = Ok(());
        let mut tell = |outcome| {
            if heard.is_ok() {
                heard = told(outcome);
            }
            match &heard {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.clone()),
                _ => Ok(()),
            }
        };
        for (done, step) in self.steps.iter().enumerate() {
            let Step { subject, found } = step;
            let restored = self.restored(step);
            let holds = Cell::new(false);
            let id = &subject.plugin_id;
            let asked = Cell::new(None);
            let wait = |ending: TerminationSignal| {
                asked.set(Some(ending));
                let kept = subject.kept().map(|path| format!(", and its old spec in {path}")).unwrap_or_default();
                diagnostics.note(&format!(
                    "{id} is registered anew before this ends; {ending} once more leaves it unfinished{kept}"
                ));
            };
            let settled = shutdown.race_unless_critical(&holds, wait, self.settle(subject, found, &holds)).await;
            if settled.as_ref().is_err_and(is_ended) {
                tell_of_end(id, subject.kept(), diagnostics);
            }
            let outcome = settled.map_err(|error| stopped(subject.blame(error), done, count))?;
            let told = tell(ChangeOutcome { plugin_id: id.clone(), done: outcome, restored });
            // Whoever asked for the end gets it, be there a reader of the outcome or not.
            if let Some(ending) = asked.get() {
                return Err(Error::from_signal(ending));
            }
            told?;
        }
        for (done, row) in self.gone.iter().enumerate() {
            let Some(id) = plan::plugin_id(row) else { continue };
            let identity = self.service.fields.identity(row);
            let removed = shutdown.race(self.service.deregister(&identity)).await;
            if removed.as_ref().is_err_and(is_ended) {
                tell_of_end(id, None, diagnostics);
            }
            removed.map_err(|error| stopped(error.context(id), self.steps.len() + done, count))?;
            tell(ChangeOutcome { plugin_id: id.to_owned(), done: Done::Deregistered, restored: None })?;
        }
        heard
    }

    /// Makes the service agree with one spec. `holds` while it must not be stopped.
    async fn settle(&self, subject: &Subject, found: &Found, holds: &Cell<bool>) -> Result<Done> {
        let mut newer;
        let mut found = found;
        for _ in 0..MAX_LOOKS {
            let problems = self.problems_of(subject, found);
            if !problems.is_empty() {
                return Err(refusal(problems, subject, &found.plan));
            }
            let done = match (&found.plan, &found.row) {
                (Plan::Keep, Some(row)) => self.keep(subject, row, found.pending.as_ref()).await?,
                (Plan::Update(changes), Some(row)) => {
                    self.update(subject, row, changes, found.pending.as_ref()).await?
                }
                (Plan::Replace(_), Some(row)) => self.replace(subject, row, holds).await?,
                (Plan::Register, _) | (_, None) => self.register(subject, found.pending.as_ref(), holds).await?,
            };
            holds.set(false);
            match done {
                Some(done) => return Ok(done),
                None => newer = self.look(subject).await?,
            }
            found = &newer;
        }
        Err(Error::local(format!("others change {} all the time", subject.plugin_id)).hint("try again"))
    }

    /// What there is to do about a plugin that is as its spec says: the rest of a replacement that was stopped. `None` if
    /// the plugin is suddenly gone.
    async fn keep(&self, subject: &Subject, row: &Map<String, Value>, pending: Option<&Kept>) -> Result<Option<Done>> {
        let Some(kept) = pending else { return Ok(Some(Done::Unchanged)) };
        if !self.is_replaced(row, kept) {
            let is_there = self.forget(subject, kept, row).await?;
            return Ok(is_there.then(|| self.settled(subject, row, &[], pending)));
        }
        self.complete(subject, kept, Some(row)).await
    }

    /// `None` if the plugin is suddenly gone.
    async fn update(
        &self,
        subject: &Subject,
        row: &Map<String, Value>,
        changes: &[Change],
        pending: Option<&Kept>,
    ) -> Result<Option<Done>> {
        let request = self.service.updating(&self.service.fields.update(&subject.spec, changes))?;
        match self.service.update(request).await {
            Ok(()) => {}
            Err(error) if is_not_found(&error) => return Ok(None),
            Err(error) => return Err(error),
        }
        match pending {
            Some(kept) if self.is_replaced(row, kept) => self.complete(subject, kept, Some(row)).await,
            Some(kept) => {
                let is_there = self.forget(subject, kept, row).await?;
                Ok(is_there.then(|| self.settled(subject, row, changes, pending)))
            }
            None => Ok(Some(Done::Updated(changes.to_vec()))),
        }
    }

    /// `None` if the plugin is suddenly there.
    async fn register(&self, subject: &Subject, pending: Option<&Kept>, holds: &Cell<bool>) -> Result<Option<Done>> {
        if let Some(kept) = pending {
            holds.set(true);
            return self.register_in_place_of(subject, kept).await;
        }
        match self.service.register(subject.bytes.clone()).await {
            Ok(()) => Ok(Some(Done::Registered)),
            Err(error) if is_there_already(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the old spec, takes the plugin away and registers it anew. `None` if another look is needed.
    async fn replace(
        &self,
        subject: &Subject,
        planned: &Map<String, Value>,
        holds: &Cell<bool>,
    ) -> Result<Option<Done>> {
        // Another run may have replaced it since it was planned.
        let Found { row: Some(row), plan: Plan::Replace(_), pending, .. } = self.look(subject).await? else {
            return Ok(None);
        };
        if plan::repository_type(&row) != plan::repository_type(planned) {
            return Ok(None);
        }
        let old = self.service.fields.as_registered(&row);
        // A run that was stopped while it undid this has left the old plugin enabled.
        let was_disabled = pending.is_some_and(|kept| kept.is_disabled && kept.spec == old);
        let (_, kept) = subject.keeper.begin(plan::is_disabled(&row) || was_disabled, old)?;
        // Both halves are known to be well-formed before the first.
        self.requests(subject, &kept)?;
        holds.set(true);
        if let Err(error) = self.service.deregister(&subject.identity).await {
            // Nothing was taken away, so that there is nothing to finish.
            if is_rejection(&error) && self.forget(subject, &kept, &row).await.is_ok() {
                return Err(error);
            }
            return Err(error.hint(format!("it may be deregistered; {}", subject.again())));
        }
        self.register_in_place_of(subject, &kept).await
    }

    /// What registers the new plugin, and what registers the old one again.
    fn requests(&self, subject: &Subject, kept: &Kept) -> Result<(Bytes, Bytes)> {
        let Self { service, .. } = self;
        let new = service.fields.in_place_of(&kept.spec, &subject.spec);
        Ok((service.registering(&new)?, service.registering(&kept.spec)?))
    }

    /// The second half of a replacement; the first is undone if it fails.
    async fn register_in_place_of(&self, subject: &Subject, kept: &Kept) -> Result<Option<Done>> {
        let (new, old) = self.requests(subject, kept)?;
        let Err(error) = self.service.register(new).await else {
            return self.complete(subject, kept, None).await;
        };
        let again = || subject.again();
        match self.look(subject).await {
            // It was done, whatever was answered; or somebody else did it.
            Ok(Found { row: Some(row), plan: Plan::Keep, .. }) => self.complete(subject, kept, Some(&row)).await,
            // Another run has registered it, and may be replacing it once more.
            Ok(_) if is_there_already(&error) => Ok(None),
            Ok(Found { row: Some(_), .. }) => {
                Err(error.hint("it is registered otherwise than its spec says: run it again"))
            }
            Err(_) => Err(error.hint(again())),
            Ok(Found { row: None, .. }) => match self.service.register(old).await {
                Ok(()) => {
                    self.restore_state(subject, kept, None).await.map_err(|error| error.hint(again()))?;
                    subject.keeper.discard()?;
                    Err(error.hint("the plugin is registered again as it was"))
                }
                Err(undone) => Err(error.hint(format!(
                    "it could not be registered again as it was either ({}); {}",
                    undone.summary(),
                    again()
                ))),
            },
        }
    }

    /// Leaves a replacement that was stopped before it took anything away, or after that was undone. `false` if the plugin
    /// is suddenly gone.
    async fn forget(&self, subject: &Subject, kept: &Kept, row: &Map<String, Value>) -> Result<bool> {
        let is_there = self.restore_state(subject, kept, Some(row)).await?;
        if is_there {
            subject.keeper.discard()?;
        }
        Ok(is_there)
    }

    /// What follows once the new plugin is there: the state that the old one had, and the name of the kept file. `None` if
    /// the plugin is suddenly gone, as where another run replaces it, too.
    async fn complete(&self, subject: &Subject, kept: &Kept, row: Option<&Map<String, Value>>) -> Result<Option<Done>> {
        if !self.restore_state(subject, kept, row).await? {
            return Ok(None);
        }
        let changes = self.service.fields.changes_since(&subject.spec, &kept.spec);
        let file = subject.keeper.finish()?;
        Ok(Some(Done::Replaced { changes, kept: file.map(|path| path.display().to_string()) }))
    }

    /// Disables a plugin that was disabled before; `row` is what is known of it now. `false` if there is none.
    async fn restore_state(&self, subject: &Subject, kept: &Kept, row: Option<&Map<String, Value>>) -> Result<bool> {
        if kept.change_of_state(row).is_none() {
            return Ok(true);
        }
        match self.service.disable(&subject.identity).await {
            Err(error) if is_not_found(&error) => Ok(false),
            done => done.map(|()| true),
        }
    }
}

impl Subject {
    /// The file of an unfinished replacement; `None` also if it cannot be read.
    pub(super) fn kept(&self) -> Option<String> {
        self.keeper.place_of_pending().ok().flatten().map(|path| path.display().to_string())
    }

    /// What there is to do about it.
    fn again(&self) -> String {
        let place = self.kept().map(|path| format!(" in {path}")).unwrap_or_default();
        format!("its old spec is kept{place}: the same command, run again, finishes what was begun")
    }
}

/// Whether what the service was asked for was certainly not done. Other codes may come from what stands before it.
fn is_rejection(error: &Error) -> bool {
    let says_so = || {
        matches!(
            error.kind(),
            ErrorKind::Status(
                Code::InvalidArgument
                    | Code::PermissionDenied
                    | Code::Unauthenticated
                    | Code::FailedPrecondition
                    | Code::Unimplemented
            )
        )
    };
    match error.outcome() {
        Outcome::NotSent => true,
        Outcome::Unknown => false,
        Outcome::None | Outcome::Rejected => says_so(),
    }
}

fn is_ended(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Signal(_))
}

/// Says where a signal ended it: a plugin that may be gone, also to those who want to hear of errors alone.
fn tell_of_end(id: &str, kept: Option<String>, diagnostics: &Diagnostics) {
    match kept {
        Some(kept) => diagnostics.warn_always(&format!(
            "stopped at {id}, which may be deregistered: its old spec is kept in {kept}, and the same command, run again, \
             finishes what was begun"
        )),
        None => diagnostics.note(&format!("stopped at {id}: the same command, run again, does the rest")),
    }
}

/// Says how far a run over several plugins came.
fn stopped(error: Error, done: usize, count: usize) -> Error {
    if error.kind().is_silent() {
        return error;
    }
    if count == 1 {
        error
    } else {
        error.hint(format!("done before it: {done} of {count}; not sent: {}", count - done - 1))
    }
}
