//! `list RESOURCE`: rows, ordered, paged and cut to columns by the service where it can, else here.

use super::connector::Connector;
use super::method::{Method, read_one_draft};
use super::present::Presentation;
use super::{Context, block_on, template};
use crate::cli::{List, Rows};
use crate::error::Result;
use crate::query::{self, Page, Wish};
use crate::resource::Resource;
use crate::view::{Columns, Document, Sort};

const VERB: &str = "list";

pub fn run(args: &List, context: &mut Context<'_>) -> Result<()> {
    let resource = Resource::parse(&args.resource)?;
    let mut presentation = Presentation::parse(args.rows.columns.as_deref(), args.output)?.wide(args.rows.wide);
    // What is wrong with it shows before anything is connected to; columns of a template can only add to it.
    wish(&args.rows, presentation.columns())?;
    let given = args.rows.template.as_deref().map(template::read_file).transpose()?;
    let draft = read_one_draft(VERB, &args.request, context.streams)?;
    let connector = Connector::new(context)?;
    block_on(async {
        let method = Method::reach(&connector, &resource, VERB, &args.request.api_version).await?;
        let mut request = method.resolve(draft, args.request.strict, &mut context.streams.talk)?;
        let shows_all = args.rows.all || args.rows.minimal || query::chooses_fields(&request.value);
        if let Some(template) = given {
            template::choose(&template, &method, &mut presentation)?;
        } else if presentation.is_open() && !shows_all {
            template::preset(&method, &mut presentation, context)?;
        }
        let shape = presentation.check(&method.output())?;
        if shows_all {
            presentation.show_every_field();
        }
        let wish = wish(&args.rows, presentation.columns())?;
        if let Some(sort) = &wish.sort {
            shape.check_sort(sort, presentation.columns())?;
        }
        let left = query::apply(&mut request.value, &method.input(), &wish)?;
        if left.minimal {
            context.streams.talk.note(&format!("{resource} has no minimal form: all fields are shown"));
        }
        let mut answers = method.call(method.encode(&request)?).await?;
        let mut writer = presentation.writer(context.streams);
        while let Some(answer) = answers.next().await? {
            let mut document = shape.document(answer);
            if let (Some(local), Document::List(list)) = (&left.local, &mut document) {
                local.apply(list);
            }
            writer.write(presentation.select(document))?;
        }
        writer.finish()?;
        presentation.tell_of_more("-a", context.streams)
    })
}

fn wish(rows: &Rows, columns: Option<&Columns>) -> Result<Wish> {
    Ok(Wish {
        only: columns.map(Columns::only_keys).unwrap_or_default(),
        minimal: match (rows.minimal, rows.all) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        page: rows.limit.map(|limit| Page { number: rows.page.unwrap_or(1), limit }),
        sort: rows.sort.as_deref().map(|sort| Sort::parse(sort, columns)).transpose()?,
    })
}
