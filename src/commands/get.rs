//! `get RESOURCE`: one row.

use super::connector::Connector;
use super::method::{Method, read_one_draft};
use super::present::Presentation;
use super::{Context, block_on};
use crate::cli::Get;
use crate::error::Result;
use crate::query;
use crate::resource::Resource;

const VERB: &str = "get";

pub fn run(args: &Get, context: &mut Context<'_>) -> Result<()> {
    let resource = Resource::parse(&args.resource)?;
    let mut presentation = Presentation::parse(args.shown.columns.as_deref(), args.shown.output)?.wide(args.shown.wide);
    let draft = read_one_draft(VERB, &args.request, context.streams)?;
    let connector = Connector::new(context)?;
    block_on(async {
        let method = Method::reach(&connector, &resource, VERB, &args.request.api_version).await?;
        let shape = presentation.check(&method.output())?;
        let request = method.resolve(draft, args.request.strict, &mut context.streams.talk)?;
        if query::chooses_fields(&request.value) {
            presentation.show_every_field();
        }
        let mut answers = method.call(method.encode(&request)?).await?;
        let mut writer = presentation.writer(context.streams);
        while let Some(answer) = answers.next().await? {
            writer.write(presentation.select(shape.document(answer)))?;
        }
        writer.finish()?;
        presentation.tell_of_more("-o yaml", context.streams)
    })
}
