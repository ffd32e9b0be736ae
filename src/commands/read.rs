//! The verbs that read: `list`, `get`, `stat` and `analyze`.

use super::connector::Connector;
use super::drafts::read_one_draft;
use super::method::MethodResponse;
use super::pages::Paging;
use super::paginator;
use super::prepared_query::PreparedQuery;
use super::query_command::QueryCommand;
use super::watch::WatchLoop;
use super::{Context, block_on, block_on_threads, dry_run, nearest_ids};
use crate::commands::output_options::OutputOptions;
use crate::commands::revalidate::call_speculatively;
use crate::error::{Error, Result};
use crate::grpc::resolve::MethodRef;
use crate::spec::Draft;
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::progress::Progress;
use crate::terminal::shutdown::Shutdown;

impl QueryCommand<'_> {
    /// Sends the query and shows the response, once or again and again.
    pub fn run(&self, context: &mut Context<'_>) -> Result<()> {
        // Only for its usage errors, which come before any connection: it is made again with a template's columns.
        self.options.to_request(self.output.columns())?;
        self.run_draft(read_one_draft(self.verb, self.request, context.streams)?, context)
    }

    /// As [`QueryCommand::run`], with a request that was not read from the command line.
    pub fn run_draft(&self, draft: Draft, context: &mut Context<'_>) -> Result<()> {
        if self.watch.is_some() && self.request.dry_run {
            return Err(Error::usage("--watch and --dry-run cannot be used together"));
        }
        let connector = Connector::new(context)?;
        let is_traced = context.global.verbose > 0;
        let run = async {
            let Some(interval) = self.watch else {
                return self.run_once(&connector, draft, context.streams).await;
            };
            WatchLoop { command: self, connector: &connector, interval, is_traced }.run(draft, context.streams).await
        };
        if self.options.page_size.is_some() { block_on_threads(run) } else { block_on(run) }
    }

    /// Sends and shows once; a list that one message cannot hold comes in pages.
    async fn run_once(&self, connector: &Connector, draft: Draft, streams: &mut IoStreams) -> Result<()> {
        if self.request.dry_run {
            let query = PreparedQuery::reach(self, connector, draft, &mut streams.diagnostics).await?;
            return dry_run::show(&query.method, [&query.request], &query.output, streams);
        }
        let (query, response) = self.send(connector, &draft, &mut streams.diagnostics).await?;
        self.show(&query, response, streams).await
    }

    /// Resolves the method and sends the request in the fewest round trips, with cached descriptors revalidated; again
    /// for pages if one message cannot hold the list.
    async fn send(
        &self,
        connector: &Connector,
        draft: &Draft,
        diagnostics: &mut Diagnostics,
    ) -> Result<(PreparedQuery, MethodResponse)> {
        let resource = &connector.locate(&self.resource)?;
        let method = MethodRef { resource, verb: self.verb, api_version: self.request.api_version.as_deref() };
        call_speculatively(connector, &method, diagnostics, async |method, diagnostics| {
            let mut page_size = self.options.page_size;
            let mut query = PreparedQuery::new(self, method, draft.clone(), page_size, diagnostics).await?;
            loop {
                match (query.send().await, query.paging.smaller()) {
                    (Err(error), Some(size)) if error.is_response_too_large() => {
                        if page_size.replace(size).is_none() {
                            diagnostics.note("the list is too large for one message: requesting it in pages");
                        }
                        // Its notes were shown the first time.
                        let diagnostics = &mut Diagnostics::null();
                        query = PreparedQuery::new(self, query.method, draft.clone(), page_size, diagnostics).await?;
                    }
                    (Err(error), _) => {
                        return Err(
                            nearest_ids::suggest(&query.method, query.request.clone(), error, diagnostics).await
                        );
                    }
                    (Ok(sent), _) => return Ok((query, sent)),
                }
            }
        })
        .await
    }

    async fn show(&self, query: &PreparedQuery, response: MethodResponse, streams: &mut IoStreams) -> Result<()> {
        if query.method.is_streaming() {
            return self.show_stream(query, response, streams).await;
        }
        let response = response.only().await?;
        match &query.paging {
            Paging::Pages(pages) => paginator::show(query, pages, response, streams).await?,
            Paging::Whole { .. } | Paging::IfUnfiltered(_) => {
                let mut progress = Progress::without_total("read", streams);
                let completed = paginator::complete(query, response, &mut progress).await;
                progress.clear();
                query.output.write(completed?, streams)?;
            }
        }
        self.show_notes(query, &query.output, streams)
    }

    async fn show_stream(
        &self,
        query: &PreparedQuery,
        mut stream: MethodResponse,
        streams: &mut IoStreams,
    ) -> Result<()> {
        let mut shutdown = Shutdown::for_reads()?;
        let output = &query.output.for_stream(query.kind());
        let mut writer = output.writer(streams);
        let writing = async {
            while let Some(message) = stream.next_bytes().await? {
                let document = query.arrange(query.document(message).await?, query.client_side());
                writer.write(output.select(document))?;
                writer.flush()?;
            }
            Ok(())
        };
        let written = shutdown.race(writing).await;
        // Responses before the end are written whole, whatever ended the stream.
        written.and(writer.finish())?;
        self.show_notes(query, output, streams)
    }

    fn show_notes(&self, query: &PreparedQuery, output: &OutputOptions, streams: &mut IoStreams) -> Result<()> {
        query.note().iter().for_each(|note| streams.diagnostics.note(note));
        output.note_hidden_fields(self.all_fields_flag, streams)
    }
}
