//! Executes plans: plugins side by side, reported in the order of their specs.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::plan::{ApplyPlan, Task};
use crate::commands::exec::ordered_pool::{Completed, Job, OrderedPool, PoolLimits};
use crate::commands::plugin::named;
use crate::error::{Error, ErrorKind, Result, TerminationSignal, panics};
use crate::plugin::plan;
use crate::plugin::report::ChangeOutcome;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::progress::{Progress, ProgressState, in_flight};
use crate::terminal::shutdown::Shutdown;

/// The change of one plugin.
struct Change<'a> {
    plugin_id: &'a str,
    target: Target<'a>,
    /// Half of it is done: it must not stop.
    is_critical: Cell<bool>,
}

enum Target<'a> {
    Spec(&'a Task),
    /// The row of a plugin that is pruned.
    Row(&'a Map<String, Value>),
}

impl ApplyPlan {
    /// Executes the plan with several plugins in flight, and reports each in the order of the specs. The first failure
    /// ends the sending, also one of `report` unless it is a closed pipe; what is in flight is finished. The first
    /// signal ends it, but not between the two halves of a replacement; the second ends that, too.
    pub async fn execute(
        &self,
        shutdown: &mut Shutdown,
        diagnostics: &Diagnostics,
        progress: Progress,
        report: impl FnMut(ChangeOutcome) -> Result<()>,
    ) -> Result<()> {
        let change = |plugin_id, target| Change { plugin_id, target, is_critical: Cell::new(false) };
        let specs = self.tasks.iter().map(|task| change(&task.spec.plugin_id, Target::Spec(task)));
        let specs: Vec<Change<'_>> = specs.collect();
        let pruned = self.to_prune.iter().filter_map(|row| Some(change(plan::plugin_id(row)?, Target::Row(row))));
        let pruned: Vec<Change<'_>> = pruned.collect();
        let tally = Tally::new(specs.len() + pruned.len(), diagnostics, report);
        let mut run = ApplyRun { plan: self, progress, tally, signal: None, stopped: Vec::new() };
        // Nothing is pruned until all specs are applied.
        for changes in [&specs, &pruned] {
            if run.tally.is_whole() && run.signal.is_none() {
                run.make_all(changes, shutdown).await;
            }
        }
        run.finish()
    }

    async fn make(&self, change: &Change<'_>) -> Result<ChangeOutcome> {
        let made = panics::catch_async(async {
            match change.target {
                Target::Spec(task) => {
                    let (spec, plugin_id) = (&task.spec, change.plugin_id.to_owned());
                    let restored = self.restored(task);
                    let result = self.reconcile(spec, &task.current, &change.is_critical).await;
                    let result = result.map_err(|error| spec.blame(error))?;
                    Ok(ChangeOutcome { plugin_id, result, restored })
                }
                Target::Row(row) => {
                    let removed = self.service.deregister(&self.service.fields.identity(row)).await;
                    removed.map_err(|error| error.context(change.plugin_id))?;
                    Ok(ChangeOutcome::deregistered(change.plugin_id))
                }
            }
        });
        let made = made.await.unwrap_or_else(|panic| Err(panics::error(panic).context(change.plugin_id)));
        change.is_critical.set(false);
        made
    }
}

/// A plan while it is executed.
struct ApplyRun<'a, R> {
    plan: &'a ApplyPlan,
    progress: Progress,
    tally: Tally<'a, R>,
    signal: Option<TerminationSignal>,
    /// The changes that a signal stopped.
    stopped: Vec<&'a Change<'a>>,
}

impl<'a, R: FnMut(ChangeOutcome) -> Result<()>> ApplyRun<'a, R> {
    async fn make_all(&mut self, changes: &'a [Change<'a>], shutdown: &mut Shutdown) {
        let Self { plan, progress, tally, .. } = self;
        let before = tally.done;
        let limits = PoolLimits { width: plan.options.parallel, ends: |_: &Error| true };
        // No plugin has two changes, so that no job has to wait for another.
        let jobs = changes.iter().map(|change| Job { request: change, subject: None });
        let mut pool = OrderedPool::new(jobs, limits, |change| plan.make(change));
        let mut stopped = Vec::new();
        loop {
            tokio::select! {
                biased;
                signal = shutdown.signal() => {
                    if self.signal.replace(signal).is_some() {
                        break;
                    }
                    stopped = pool.leave(|index| changes[index].is_critical.get());
                    let critical = changes.iter().filter(|change| change.is_critical.get());
                    critical.for_each(|change| note_critical(change, signal, tally.diagnostics));
                }
                completed = pool.next() => {
                    if completed.is_empty() {
                        break;
                    }
                    if !progress.suspend(|| tally.take(completed)) {
                        pool.shutdown();
                    }
                }
                () = progress.due() => {
                    let names = pool.indices_in_flight().into_iter().map(|index| changes[index].plugin_id.to_owned());
                    let done = (before + pool.ended()) as u64;
                    progress.draw(&ProgressState { done, in_flight: in_flight(names) });
                }
            }
        }
        let (completed, left) = pool.abandon();
        progress.suspend(|| tally.take(completed));
        stopped.extend(left);
        stopped.sort_unstable();
        self.stopped.extend(stopped.into_iter().map(|index| &changes[index]));
    }

    /// Reports how far the run came.
    fn finish(mut self) -> Result<()> {
        self.progress.clear();
        let Self { tally, stopped, signal, .. } = self;
        let Tally { count, diagnostics, .. } = tally;
        if count > 1 && (!tally.is_whole() || signal.is_some()) {
            diagnostics.summary(&tally.line(stopped.len()), false, None);
        }
        note_stopped(&stopped, diagnostics);
        let unwritten = tally.reported.as_ref().err().filter(|error| error.kind() != ErrorKind::BrokenPipe);
        if signal.is_some() || tally.first.is_some() {
            unwritten.into_iter().for_each(|error| diagnostics.failure(error));
        }
        match (signal, tally.first) {
            (Some(signal), _) => Err(Error::from_signal(signal)),
            (None, Some(error)) if count > 1 => Err(error.already_reported()),
            (None, Some(error)) => Err(error),
            (None, None) => tally.reported,
        }
    }
}

/// Reports outcomes, and counts them.
struct Tally<'a, R> {
    count: usize,
    done: usize,
    failed: usize,
    /// The first failure; it is shown by the caller if there is one change only.
    first: Option<Error>,
    diagnostics: &'a Diagnostics,
    report: R,
    /// The first failure of `report`.
    reported: Result<()>,
}

impl<'a, R: FnMut(ChangeOutcome) -> Result<()>> Tally<'a, R> {
    fn new(count: usize, diagnostics: &'a Diagnostics, report: R) -> Self {
        Self { count, done: 0, failed: 0, first: None, diagnostics, report, reported: Ok(()) }
    }

    /// Reports what has completed; returns whether more may be sent.
    fn take(&mut self, completed: Vec<Completed<ChangeOutcome, Error>>) -> bool {
        for (_, outcome) in completed {
            match outcome {
                Ok(outcome) => {
                    self.done += 1;
                    if self.reported.is_ok() {
                        self.reported = (self.report)(outcome);
                    }
                }
                Err(error) => {
                    self.failed += 1;
                    if self.count > 1 {
                        self.diagnostics.failure(&error);
                    }
                    self.first.get_or_insert(error);
                }
            }
        }
        self.is_whole()
    }

    /// Whether nothing has failed. A reader that has gone does not stop the work.
    fn is_whole(&self) -> bool {
        let is_written = self.reported.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::BrokenPipe);
        self.first.is_none() && is_written
    }

    /// `done: 3 of 5; not sent: 1; failed: 1`.
    fn line(&self, stopped: usize) -> String {
        let Self { count, done, failed, .. } = self;
        let others = [("failed", *failed), ("stopped", stopped)].into_iter().filter(|(_, count)| *count > 0);
        let others: String = others.map(|(word, count)| format!("; {word}: {count}")).collect();
        format!("done: {done} of {count}; not sent: {}{others}", count.saturating_sub(done + failed + stopped))
    }
}

fn note_critical(change: &Change<'_>, signal: TerminationSignal, diagnostics: &Diagnostics) {
    let backup = change.backup_path().map(|path| format!(" (backup: {path})")).unwrap_or_default();
    diagnostics.note(&format!("finishing the replacement of {}; {signal} again aborts{backup}", change.plugin_id));
}

/// Reports where a signal ended the run; a plugin that may be gone also with `-q`.
fn note_stopped(stopped: &[&Change<'_>], diagnostics: &Diagnostics) {
    let mut others = Vec::new();
    for change in stopped {
        match change.backup_path() {
            Some(path) => diagnostics.warn_always(&format!(
                "stopped at {}, which may be deregistered: its old spec is saved in {path}; run the same command again \
                 to finish",
                change.plugin_id
            )),
            None => others.push(change.plugin_id),
        }
    }
    if !others.is_empty() {
        diagnostics.note(&format!("stopped at {}: run the same command again to continue", named(&others)));
    }
}

impl Change<'_> {
    /// The file of an unfinished replacement.
    fn backup_path(&self) -> Option<String> {
        match self.target {
            Target::Spec(task) => task.spec.backup_path(),
            Target::Row(_) => None,
        }
    }
}
