//! The floor: a typed client of the Repository API, written by hand with tonic and prost.
//!
//! `bench-floor URL list COLUMN...` (all columns if none is named) and `bench-floor URL register COUNT IN_FLIGHT`.

mod columns;

use std::borrow::Cow;
use std::io::{BufWriter, Write as _};

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::uri::PathAndQuery;
use prost_types::{ListValue, Struct, Value};
use spacectl::local_service::proto::core::v2::Query;
use spacectl::local_service::proto::repository::v1::{PluginInfo, PluginQuery, PluginsInfo, RegisterPluginRequest};
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;
use unicode_width::UnicodeWidthStr as _;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let [url, command, args @ ..] = &args[..] else { return Err("URL and a command are needed".into()) };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let grpc = Grpc::new(Channel::from_shared((*url).to_owned())?.connect().await?);
        match (*command, args) {
            ("list", columns) => list(grpc.max_decoding_message_size(usize::MAX), columns).await,
            ("register", [count, in_flight]) => register(grpc, count.parse()?, in_flight.parse()?).await,
            _ => Err("the commands are `list COLUMN...` and `register COUNT IN_FLIGHT`".into()),
        }
    })
}

/// Writes the rows as a table.
async fn list(mut grpc: Grpc<Channel>, only: &[&str]) -> Result<()> {
    let query = Query { only: only.iter().map(|&name| name.to_owned()).collect(), ..Query::default() };
    let request = tonic::Request::new(PluginQuery { query: Some(query), ..PluginQuery::default() });
    let path = PathAndQuery::from_static("/spaceone.api.repository.v1.Plugin/list");
    grpc.ready().await?;
    let response = grpc.unary(request, path, ProstCodec::<_, PluginsInfo>::default()).await?;
    let PluginsInfo { results, total_count } = response.into_inner();

    let columns: Vec<_> = columns::ALL.iter().filter(|(name, _)| only.is_empty() || only.contains(name)).collect();
    let mut widths: Vec<usize> = columns.iter().map(|(name, _)| name.len() + 2).collect();
    let mut cells: Vec<Cow<'_, str>> = Vec::with_capacity(results.len() * columns.len());
    for row in &results {
        for ((_, cell), widest) in columns.iter().zip(&mut widths) {
            let cell = cell(row);
            *widest = (*widest).max(width(&cell));
            cells.push(cell);
        }
    }
    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    let mut line = String::new();
    out.write_all(format_row(&mut line, columns.iter().map(|(name, _)| *name), &widths))?;
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    writeln!(out, "{}", rule.join("+"))?;
    for row in cells.chunks_exact(columns.len()) {
        out.write_all(format_row(&mut line, row.iter().map(AsRef::as_ref), &widths))?;
    }
    write!(out, "\n Count: {} / {total_count}\n", results.len())?;
    Ok(out.flush()?)
}

fn format_row<'a>(line: &'a mut String, cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> &'a [u8] {
    line.clear();
    for (index, (cell, widest)) in cells.zip(widths).enumerate() {
        line.push_str(if index == 0 { " " } else { " | " });
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', widest - width(cell)));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    line.as_bytes()
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Writes the responses as CSV.
async fn register(grpc: Grpc<Channel>, count: u32, in_flight: usize) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "plugin_id,name")?;
    let responses = futures_util::stream::iter(0..count).map(|number| register_one(grpc.clone(), number));
    let mut responses = std::pin::pin!(responses.buffered(in_flight));
    while let Some(PluginInfo { plugin_id, name, .. }) = responses.try_next().await? {
        writeln!(out, "{plugin_id},{name}")?;
    }
    Ok(out.flush()?)
}

async fn register_one(mut grpc: Grpc<Channel>, number: u32) -> Result<PluginInfo> {
    let list = |items: &[&str]| items.iter().copied().map(Value::from).collect::<Vec<_>>();
    let request = RegisterPluginRequest {
        name: format!("Plugin Number {number:06} Webhook"),
        resource_type: "monitoring.Webhook".into(),
        image: format!("cloudforet/plugin-{number:06}-mon-webhook"),
        provider: "aws".into(),
        capability: object([("supported_schema", list(&["a", "b"]).into()), ("data_type", "SECRET".into())]),
        labels: Some(ListValue { values: list(&["a", "b", "c"]) }),
        tags: object([
            ("description", format!("desc {number:06}").into()),
            ("spaceone:plugin_name", "P".into()),
            ("icon", "https://x/icon.svg".into()),
        ]),
        ..RegisterPluginRequest::default()
    };
    let path = PathAndQuery::from_static("/spaceone.api.repository.v1.Plugin/register");
    grpc.ready().await?;
    Ok(grpc.unary(tonic::Request::new(request), path, ProstCodec::default()).await?.into_inner())
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Option<Struct> {
    Some(Struct { fields: fields.map(|(key, value)| (key.to_owned(), value)).into() })
}
