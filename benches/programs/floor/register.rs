//! Calls of `register`, so many at a time, and a line of csv for each answer.

use futures_util::{StreamExt as _, TryStreamExt as _};
use http::uri::PathAndQuery;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use spacectl::repository::proto::repository::v1::{PluginInfo, RegisterPluginRequest};
use tonic::Request;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use super::{Result, json};

pub async fn register(grpc: Grpc<Channel>, count: u32, in_flight: usize) -> Result<()> {
    let out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(out);
    csv.write_record(["plugin_id", "name", "image", "capability", "labels", "tags"])?;
    let answers = futures_util::stream::iter(0..count).map(|number| send(grpc.clone(), number)).buffered(in_flight);
    let mut answers = std::pin::pin!(answers);
    while let Some(plugin) = answers.try_next().await? {
        let (capability, tags) = (json::object(plugin.capability.as_ref()), json::object(plugin.tags.as_ref()));
        let labels = json::array(plugin.labels.as_ref());
        csv.write_record([&plugin.plugin_id, &plugin.name, &plugin.image, &*capability, &*labels, &*tags])?;
    }
    Ok(csv.flush()?)
}

async fn send(mut grpc: Grpc<Channel>, number: u32) -> Result<PluginInfo> {
    grpc.ready().await?;
    let path = PathAndQuery::from_static("/spaceone.api.repository.v1.Plugin/register");
    let codec: ProstCodec<RegisterPluginRequest, PluginInfo> = ProstCodec::default();
    Ok(grpc.unary(Request::new(registration(number)), path, codec).await?.into_inner())
}

fn registration(number: u32) -> RegisterPluginRequest {
    RegisterPluginRequest {
        name: format!("Plugin Number {number} Webhook"),
        resource_type: "monitoring.Webhook".into(),
        image: format!("cloudforet/plugin-{number:06}-mon-webhook"),
        provider: "aws".into(),
        capability: Some(object([("supported_schema", list(["a", "b"])), ("data_type", text("SECRET"))])),
        labels: Some(ListValue { values: ["a", "b", "c"].map(text).into() }),
        tags: Some(object([
            ("description", text(&format!("desc {number}"))),
            ("spaceone:plugin_name", text(&format!("P{number}"))),
            ("icon", text("https://x/icon.svg")),
        ])),
        ..RegisterPluginRequest::default()
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Struct {
    Struct { fields: fields.map(|(key, value)| (key.to_owned(), value)).into() }
}

fn list<const N: usize>(items: [&str; N]) -> Value {
    Value { kind: Some(Kind::ListValue(ListValue { values: items.map(text).into() })) }
}

fn text(text: &str) -> Value {
    Value { kind: Some(Kind::StringValue(text.to_owned())) }
}
