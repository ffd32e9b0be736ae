//! `exec VERB RESOURCE`: one request for each document.

use super::connector::Connector;
use super::method::{Method, read_drafts};
use super::present::Presentation;
use super::{Context, block_on};
use crate::cli::Exec;
use crate::error::{Error, Result};
use crate::resource::Resource;

pub fn run(args: &Exec, context: &mut Context<'_>) -> Result<()> {
    let resource = Resource::parse(&args.resource)?;
    let presentation = Presentation::parse(args.columns.as_deref(), args.output)?;
    let drafts = read_drafts(&args.request, context.streams)?;
    let connector = Connector::new(context)?;
    block_on(async {
        let caller = connector.connect(&resource.service).await?;
        let method = Method::find(caller, &resource, &args.verb, &args.request.api_version).await?;
        let shape = presentation.check(&method.output())?;
        // All are made before the first is sent: a mistake in the last document is found while nothing is done.
        let resolved = method.resolve_all(drafts, args.request.strict, &mut context.streams.talk)?;
        let encoded = resolved.into_iter().map(|request| Ok((request.label(), method.encode(&request)?)));
        let requests = encoded.collect::<Result<Vec<_>>>()?;
        let count = requests.len();
        let mut writer = presentation.writer(context.streams);
        for (done, (label, request)) in requests.into_iter().enumerate() {
            let sent = async {
                if !method.is_streaming() {
                    let response = method.call(request).await?;
                    return writer.write(presentation.select(shape.document(response)));
                }
                let mut responses = method.stream(request).await?;
                while let Some(response) = responses.next().await? {
                    writer.write(presentation.select(shape.document(response)))?;
                    writer.flush()?;
                }
                Ok(())
            };
            let result = sent.await;
            if let Err(error) = result {
                // What was done before is shown, whatever came after.
                writer.finish()?;
                return Err(if count > 1 { stopped(error, &label, done, count) } else { error });
            }
        }
        writer.finish()
    })
}

/// Says how far a run over several documents came.
fn stopped(error: Error, label: &str, done: usize, count: usize) -> Error {
    let left = count - done - 1;
    error.within(label).hint(format!("done before it: {done} of {count}; not sent: {left}"))
}
