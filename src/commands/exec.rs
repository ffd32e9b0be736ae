//! `exec VERB RESOURCE`: one request for each document.

use super::connector::Connector;
use super::method::{Method, read_drafts};
use super::present::Presentation;
use super::stop::Stop;
use super::{Context, block_on, dry_run};
use crate::cli::Exec;
use crate::error::{Error, Kind, Result};
use crate::{query, slips};

pub fn run(args: &Exec, context: &mut Context<'_>) -> Result<()> {
    slips::check_order(&args.verb, &args.resource)?;
    let resource = context.resource(&args.resource)?;
    let mut presentation = Presentation::parse(args.shown.columns.as_deref(), args.shown.output)?.wide(args.shown.wide);
    let drafts = read_drafts(&args.request, context.streams)?;
    let connector = Connector::new(context)?;
    block_on(async {
        let method = Method::reach(&connector, &resource, &args.verb, &args.request.api_version).await?;
        let shape = presentation.check(&method.output())?;
        // All are made before the first is sent: a mistake in the last document is found while nothing is done.
        let resolved = method.resolve_all(drafts, args.request.strict, &mut context.streams.talk)?;
        if resolved.iter().any(|request| query::chooses_fields(&request.value)) {
            presentation.show_every_field();
        }
        let encoded = resolved.into_iter().map(|request| Ok((request.label(), method.encode(&request)?)));
        let requests = encoded.collect::<Result<Vec<_>>>()?;
        if args.request.dry_run {
            let requests = requests.iter().map(|(_, request)| request);
            return dry_run::show(&method, requests, &presentation, context.streams);
        }
        let count = requests.len();
        let mut stop = method.is_streaming().then(Stop::of_reading).transpose()?;
        let presentation = if method.is_streaming() { presentation.of_stream(&shape)? } else { presentation };
        let mut writer = presentation.writer(context.streams);
        let mut shown = Ok(());
        for (done, (label, request)) in requests.into_iter().enumerate() {
            let answering = async {
                let mut answers = method.call(request).await?;
                while let Some(answer) = answers.next().await? {
                    if shown.is_ok() {
                        shown = writer.write(presentation.select(shape.document(answer))).and_then(|()| writer.flush());
                    }
                    // Without a reader the rest is still sent, as it was asked for; but a stream is only there to be read.
                    match &shown {
                        Err(error) if error.kind() == Kind::ReaderGone && !method.is_streaming() => {}
                        Err(error) => return Err(error.clone()),
                        Ok(()) => {}
                    }
                }
                Ok(())
            };
            let answered = match &mut stop {
                Some(stop) => stop.or(answering).await,
                None => answering.await,
            };
            if let Err(error) = answered {
                // What was done before is shown; should that fail too, this failure outranks it.
                let _ = writer.finish();
                return Err(if count > 1 { stopped(error, &label, done, count) } else { error });
            }
        }
        shown.and(writer.finish())?;
        presentation.tell_of_more("-o yaml", context.streams)
    })
}

/// Says how far a run over several documents came.
pub fn stopped(error: Error, label: &str, done: usize, count: usize) -> Error {
    let left = count - done - 1;
    error.within(label).hint(format!("done before it: {done} of {count}; not sent: {left}"))
}
