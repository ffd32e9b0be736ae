//! Sends documents to a streaming method, and writes each message at once.

use bytes::Bytes;
use tonic::Code;

use super::Document;
use super::summary::Summary;
use crate::cli::Exec;
use crate::commands::exec::response_writer::{ResponseContext, ResponseWriter};
use crate::error::{Error, ErrorKind, Result};
use crate::terminal::io_streams::IoStreams;
use crate::terminal::shutdown::Shutdown;

/// Where streams end before their services end them.
pub struct StreamLimits {
    /// The next stream follows on one that failed.
    keep_going: bool,
    /// The most messages of one stream.
    messages: Option<u32>,
}

impl StreamLimits {
    pub fn new(args: &Exec) -> Self {
        Self { keep_going: args.many.keep_going, messages: args.limit }
    }
}

/// Follows the stream of each document to its end, or to Ctrl-C.
pub async fn run(
    documents: Vec<Document>,
    limits: &StreamLimits,
    context: &ResponseContext<'_>,
    streams: &mut IoStreams,
) -> Result<()> {
    let (diagnostics, count) = (streams.diagnostics.clone(), documents.len());
    let mut shutdown = Shutdown::for_streams()?;
    let mut writer = ResponseWriter::new(context, streams);
    let mut summary = Summary { unsent: count, ..Summary::default() };
    let mut first: Option<Error> = None;
    for Document { name, request, .. } in documents {
        summary.unsent -= 1;
        let followed = shutdown.race(follow(context, request, limits.messages, &mut writer)).await;
        match followed {
            Ok(()) => summary.done += 1,
            // Without a reader a stream is of no use.
            Err(error) if count == 1 || error.is_silent() || writer.written().is_err() => {
                // What came before is written whole; should that fail too, the first error counts.
                let _ = writer.finish();
                if count > 1 {
                    summary.unknown += 1;
                    let _ = streams.out.flush();
                    diagnostics.summary(&summary.line(context.method.verb()), false, summary.hint());
                }
                return Err(error);
            }
            Err(error) => {
                summary.failed(&error);
                diagnostics.failure(&name.blame(error.clone()));
                // --timeout also says how long each stream is followed.
                let is_over = error.kind() == ErrorKind::Status(Code::DeadlineExceeded);
                let is_cut_off = error.outcome().is_in_doubt() && !is_over;
                first.get_or_insert(error);
                if !limits.keep_going || is_cut_off {
                    break;
                }
            }
        }
    }
    writer.finish()?;
    if count > 1 {
        streams.out.flush()?;
        diagnostics.summary(&summary.line(context.method.verb()), summary.is_whole(), summary.hint());
    }
    first.map_or(Ok(()), |error| Err(error.already_reported()))
}

async fn follow(
    context: &ResponseContext<'_>,
    request: Bytes,
    limit: Option<u32>,
    writer: &mut ResponseWriter<'_>,
) -> Result<()> {
    let mut messages = context.method.call(request).await?;
    let mut count = 0;
    // A stream that is dropped is cancelled.
    while limit != Some(count)
        && let Some(message) = messages.next_bytes().await?
    {
        count = count.saturating_add(1);
        writer.write(context.decode(message).await?);
        writer.flush();
        writer.written().clone()?;
    }
    Ok(())
}
