//! One call of `list`, and its rows written.

use std::io::{BufWriter, Write as _};

use http::uri::PathAndQuery;
use spacectl::repository::proto::core::v2::Query;
use spacectl::repository::proto::repository::v1::{PluginQuery, PluginsInfo};
use tonic::Request;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use super::columns::{ALL, Column, ID, PRESET, TWO};
use super::{Result, json, table};

pub async fn list(mut grpc: Grpc<Channel>, format: &str, columns: &str) -> Result<()> {
    let chosen: &[Column] = match columns {
        "id" => &ID,
        "two" => &TWO,
        "preset" => &PRESET,
        "all" => &ALL,
        _ => return Err("COLUMNS: id, two, preset or all".into()),
    };
    let only = if columns == "all" { &[] } else { chosen };
    let only = only.iter().map(|column| column.name.to_owned()).collect();
    let query = PluginQuery { query: Some(Query { only, ..Query::default() }), ..PluginQuery::default() };
    let path = PathAndQuery::from_static("/spaceone.api.repository.v1.Plugin/list");
    let codec: ProstCodec<PluginQuery, PluginsInfo> = ProstCodec::default();
    let PluginsInfo { results, total_count } = grpc.unary(Request::new(query), path, codec).await?.into_inner();

    let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match (format, columns) {
        ("table", _) => table::write(&mut out, &results, chosen, total_count)?,
        ("csv", _) => {
            let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(&mut out);
            csv.write_record(chosen.iter().map(|column| column.name))?;
            for row in &results {
                for column in chosen {
                    csv.write_field((column.cell)(row).as_bytes())?;
                }
                csv.write_record(None::<&[u8]>)?;
            }
            csv.flush()?;
        }
        ("quiet", "id") => results.iter().try_for_each(|row| writeln!(out, "{}", row.plugin_id))?,
        ("json", "two") => json::pretty::<json::Two>(&mut out, &results, total_count)?,
        ("json", "all") => json::pretty::<json::All>(&mut out, &results, total_count)?,
        ("jsonl", "two") => json::lines::<json::Two>(&mut out, &results)?,
        ("jsonl", "all") => json::lines::<json::All>(&mut out, &results)?,
        _ => return Err("FORMAT: table, csv, json, jsonl or quiet".into()),
    }
    Ok(out.flush()?)
}
