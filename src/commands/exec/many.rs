//! Many documents over one connection: so many in flight, answers in the documents' order, and an end at any time.

use bytes::Bytes;

use super::progress::Progress;
use super::summary::Summary;
use super::{Document, Name};
use crate::cli;
use crate::commands::exec::ordered_pool::{Completed, Job, OrderedPool, PoolLimits};
use crate::commands::exec::response_writer::{Answers, Form};
use crate::error::panics;
use crate::error::{Error, ErrorKind, Outcome, Result, TerminationSignal};
use crate::output::view::Document as Shown;
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::shutdown::Shutdown;

/// The most documents that are named in one line.
const MAX_NAMED: usize = 8;

/// Sends all documents, shows what they are answered with, and says at the end what the run has come to. The first signal
/// ends the sending; the second, the waiting.
pub async fn run(
    documents: Vec<Document>,
    wanted: &cli::Many,
    form: &Form<'_>,
    mut progress: Progress,
    streams: &mut IoStreams,
) -> Result<()> {
    let diagnostics = streams.diagnostics.clone();
    let mut names = Vec::with_capacity(documents.len());
    let jobs = documents.into_iter().map(|Document { name, request, subject }| {
        names.push(name);
        Job { request, subject }
    });
    let jobs: Vec<Job<Bytes>> = jobs.collect();
    let bounds =
        PoolLimits { width: wanted.parallel.into(), ends: if wanted.keep_going { ends_all } else { |_| true } };
    let send = |request| form.answer(request);
    let mut flight = OrderedPool::new(jobs, bounds, send);
    let mut report = Report::new(names, Answers::new(form, streams), &diagnostics);
    let mut shutdown = Shutdown::listen()?;
    let mut ended: Option<TerminationSignal> = None;
    // A panic ends the sending as an error does: what is known by then is still told.
    let sending = panics::catch_async(async {
        loop {
            tokio::select! {
                biased;
                ending = shutdown.signal() => {
                    if ended.replace(ending).is_some() {
                        break;
                    }
                    flight.shutdown();
                    progress.aside(true, || tell_of_end(ending, flight.in_flight(), &diagnostics));
                }
                landed = flight.next() => {
                    if landed.is_empty() {
                        break;
                    }
                    let has_talk = landed.iter().any(|(_, outcome)| outcome.is_err());
                    if !progress.aside(has_talk, || report.take(landed)) {
                        flight.shutdown();
                    }
                }
                () = progress.due() => progress.draw(flight.ended()),
            }
        }
    });
    let panicked = sending.await.err().map(panics::error);
    progress.clear();
    report.summary.unsent += flight.unsent();
    let (landed, left) = flight.abandon();
    report.take(landed);
    let Report { answers, names, mut summary, failed, .. } = report;
    let shown = answers.finish().and(streams.out.flush().map_err(Error::from));
    let unshown = shown.as_ref().err().filter(|error| error.kind() != ErrorKind::BrokenPipe);
    unshown.into_iter().for_each(|error| diagnostics.failure(error));
    panicked.iter().for_each(|error| diagnostics.failure(error));
    // Outcomes that a panic has lost are unknown too.
    summary.unknown += names.len().saturating_sub(summary.count());
    if !left.is_empty() {
        diagnostics.warn_always(&format!("left without an answer: {}", named(&left, &names)));
    }
    diagnostics.summary(&summary.line(form.method.verb()), summary.is_whole(), summary.hint());
    match (ended, failed.as_ref().or(unshown).or(panicked.as_ref())) {
        (Some(ending), _) => Err(Error::from_signal(ending)),
        (None, Some(error)) => Err(error.clone().already_reported()),
        (None, None) => shown,
    }
}

/// After a rejection the others may still be taken. What has no answer speaks of the connection, or of a service that is
/// away: whatever is sent behind it would very likely be one more document of which nobody knows what became.
fn ends_all(error: &Error) -> bool {
    error.outcome().is_in_doubt()
}

fn tell_of_end(ending: TerminationSignal, in_flight: usize, diagnostics: &Diagnostics) {
    if in_flight > 0 {
        diagnostics.note(&format!(
            "{ending}: no more is sent, and the answers to {in_flight} are waited for; {ending} once more ends that, too"
        ));
    }
}

/// The documents at these places, as far as they go into a line.
fn named(places: &[usize], names: &[Name]) -> String {
    let names = places.iter().take(MAX_NAMED).filter_map(|place| names.get(*place)).map(ToString::to_string);
    let names = names.collect::<Vec<_>>().join(", ");
    match places.len().saturating_sub(MAX_NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// What is shown and said of the outcomes.
struct Report<'a> {
    names: Vec<Name>,
    answers: Answers<'a>,
    diagnostics: &'a Diagnostics,
    summary: Summary,
    /// What the first document that failed has failed with.
    failed: Option<Error>,
    /// It was said that there is no connection.
    is_cut_off: bool,
}

impl<'a> Report<'a> {
    fn new(names: Vec<Name>, answers: Answers<'a>, diagnostics: &'a Diagnostics) -> Self {
        Self { names, answers, diagnostics, summary: Summary::default(), failed: None, is_cut_off: false }
    }

    /// Shows the answers and tells of what failed; says whether more may be sent.
    fn take(&mut self, landed: Vec<Completed<Shown, Error>>) -> bool {
        for (place, outcome) in landed {
            match outcome {
                Ok(answer) => {
                    self.summary.done += 1;
                    self.answers.show(answer);
                }
                Err(error) => {
                    self.summary.failed(&error);
                    self.fail(place, error);
                }
            }
        }
        // All that is there at once is handed on at once: the next may take its time.
        self.answers.flush();
        self.answers.may_go_on()
    }

    fn fail(&mut self, place: usize, error: Error) {
        // What was there before it comes out before it.
        self.answers.flush();
        let is_unsent = error.outcome() == Outcome::NotSent;
        if !(is_unsent && self.is_cut_off) {
            let told = error.clone();
            self.diagnostics.failure(&match self.names.get(place) {
                Some(name) => name.blame(told),
                None => told,
            });
        }
        self.is_cut_off |= is_unsent;
        self.failed.get_or_insert(error);
    }
}
