//! Sends many documents side by side, and writes the responses in their order.

use bytes::Bytes;

use super::summary::Summary;
use super::{Document, Name};
use crate::cli;
use crate::commands::exec::ordered_pool::{Completed, Job, OrderedPool, PoolLimits};
use crate::commands::exec::response_writer::{ResponseContext, ResponseWriter};
use crate::error::panics;
use crate::error::{Error, ErrorKind, Outcome, Result, TerminationSignal};
use crate::output::view::Document as Response;
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::progress::{Progress, ProgressState, in_flight};
use crate::terminal::shutdown::Shutdown;

/// How many documents one line names.
const MAX_NAMED: usize = 8;

/// Sends all documents, writes the responses, and ends with a summary. The first signal ends the sending, the second
/// the waiting.
pub async fn run(
    documents: Vec<Document>,
    wanted: &cli::ManyArgs,
    context: &ResponseContext<'_>,
    (mut progress, resume): (Progress, Option<String>),
    streams: &mut IoStreams,
) -> Result<()> {
    let diagnostics = streams.diagnostics.clone();
    let mut names = Vec::with_capacity(documents.len());
    let jobs = documents.into_iter().map(|Document { name, request, subject }| {
        names.push(name);
        Job { request, subject }
    });
    let jobs: Vec<Job<Bytes>> = jobs.collect();
    let limits =
        PoolLimits { width: wanted.parallel.into(), ends: if wanted.keep_going { ends_all } else { |_| true } };
    let send = |request| context.call(request);
    let mut pool = OrderedPool::new(jobs, limits, send);
    let mut report = Report::new(names, ResponseWriter::new(context, streams), &diagnostics);
    let mut shutdown = Shutdown::listen()?;
    let mut signalled: Option<TerminationSignal> = None;
    // A panic ends the sending as an error does: the summary still comes.
    let sending = panics::catch_async(async {
        loop {
            tokio::select! {
                biased;
                signal = shutdown.signal() => {
                    if signalled.replace(signal).is_some() {
                        break;
                    }
                    pool.shutdown();
                    note_signal(signal, pool.in_flight(), &diagnostics);
                }
                completed = pool.next() => {
                    if completed.is_empty() {
                        break;
                    }
                    if !progress.suspend(|| report.take(completed)) {
                        pool.shutdown();
                    }
                }
                () = progress.due() => {
                    let names = pool.indices_in_flight().into_iter();
                    let names = names.map(|index| report.names.get(index).map(ToString::to_string).unwrap_or_default());
                    progress.draw(&ProgressState { done: pool.ended() as u64, in_flight: in_flight(names) });
                }
            }
        }
    });
    let panicked = sending.await.err().map(panics::error);
    progress.clear();
    let first_unsent = report.names.len() - pool.unsent();
    report.summary.unsent += pool.unsent();
    let (completed, left) = pool.abandon();
    report.take(completed);
    let Report { writer, names, mut summary, failed, .. } = report;
    let written = writer.finish().and(streams.out.flush().map_err(Error::from));
    let unwritten = written.as_ref().err().filter(|error| error.kind() != ErrorKind::BrokenPipe);
    unwritten.into_iter().for_each(|error| diagnostics.failure(error));
    panicked.iter().for_each(|error| diagnostics.failure(error));
    // Outcomes that a panic has lost are unknown too.
    summary.unknown += names.len().saturating_sub(summary.count());
    if !left.is_empty() {
        diagnostics.warn_always(&format!("left without an answer: {}", named(&left, &names)));
    }
    diagnostics.summary(&summary.line(context.method.verb()), summary.is_whole(), summary.hint());
    if let (Some(_), Some(name)) = (signalled, names.get(first_unsent)) {
        diagnostics.note(&match resume {
            Some(command) => format!("to send the rest, run {command}"),
            None => format!("not sent: {name} and every document after it"),
        });
    }
    match (signalled, failed.as_ref().or(unwritten).or(panicked.as_ref())) {
        (Some(signal), _) => Err(Error::from_signal(signal)),
        (None, Some(error)) => Err(error.clone().already_reported()),
        (None, None) => written,
    }
}

/// Whether no more is sent: after a rejection the others may still be accepted, but without an answer the connection or
/// the service is likely gone.
fn ends_all(error: &Error) -> bool {
    error.outcome().is_in_doubt()
}

fn note_signal(signal: TerminationSignal, in_flight: usize, diagnostics: &Diagnostics) {
    if in_flight > 0 {
        let s = if in_flight == 1 { "" } else { "s" };
        diagnostics.note(&format!("{signal}: waiting for {in_flight} request{s} in flight; {signal} again aborts"));
    }
}

/// The documents at these indices, as many as fit into a line.
fn named(indices: &[usize], names: &[Name]) -> String {
    let names = indices.iter().take(MAX_NAMED).filter_map(|index| names.get(*index)).map(ToString::to_string);
    let names = names.collect::<Vec<_>>().join(", ");
    match indices.len().saturating_sub(MAX_NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// Writes responses, reports failures, counts both.
struct Report<'a> {
    names: Vec<Name>,
    writer: ResponseWriter<'a>,
    diagnostics: &'a Diagnostics,
    summary: Summary,
    /// The first failure.
    failed: Option<Error>,
    /// Whether a missing connection was reported.
    is_cut_off: bool,
}

impl<'a> Report<'a> {
    fn new(names: Vec<Name>, writer: ResponseWriter<'a>, diagnostics: &'a Diagnostics) -> Self {
        Self { names, writer, diagnostics, summary: Summary::default(), failed: None, is_cut_off: false }
    }

    /// Reports what has completed; returns whether more may be sent.
    fn take(&mut self, completed: Vec<Completed<Response, Error>>) -> bool {
        for (index, outcome) in completed {
            match outcome {
                Ok(response) => {
                    self.summary.done += 1;
                    self.writer.write(response);
                }
                Err(error) => {
                    self.summary.failed(&error);
                    self.fail(index, error);
                }
            }
        }
        // The next may take its time.
        self.writer.flush();
        self.writer.may_continue()
    }

    fn fail(&mut self, index: usize, error: Error) {
        // Output stays in order where both streams are one terminal.
        self.writer.flush();
        let is_unsent = error.outcome() == Outcome::NotSent;
        if !(is_unsent && self.is_cut_off) {
            let reported = error.clone();
            self.diagnostics.failure(&match self.names.get(index) {
                Some(name) => name.blame(reported),
                None => reported,
            });
        }
        self.is_cut_off |= is_unsent;
        self.failed.get_or_insert(error);
    }
}
