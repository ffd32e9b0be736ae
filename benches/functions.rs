//! `cargo bench --bench functions -- [NAME]`: the steps of a call by themselves.

mod data;

use std::hint::black_box;
use std::io::Cursor;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use prost_reflect::DescriptorPool;
use prost_reflect::MessageDescriptor;
use spacectl::codec::decode;
use spacectl::codec::encode;
use spacectl::local_service::proto::FILE_DESCRIPTOR_SET;
use spacectl::output::view::Shape;
use spacectl::output::{Format, Look, Writer};
use spacectl::spec::{self, Inputs};

const ROWS: usize = 1000;

criterion_group!(name = benches; config = config(); targets = steps);
criterion_main!(benches);

/// With `BENCH_QUICK`, takes as few samples as criterion allows.
fn config() -> Criterion {
    let is_quick = std::env::var_os("BENCH_QUICK").is_some_and(|value| !value.is_empty() && value != "0");
    let short = Duration::from_millis(50);
    let config = Criterion::default().sample_size(if is_quick { 10 } else { 20 });
    if is_quick { config.warm_up_time(short).measurement_time(short) } else { config }
}

fn steps(criterion: &mut Criterion) {
    criterion.bench_function("descriptors of the API to a pool", |bencher| {
        bencher.iter(|| DescriptorPool::decode(black_box(FILE_DESCRIPTOR_SET)).unwrap());
    });

    let text = data::specs(ROWS);
    let inputs = Inputs { files: vec!["-".to_owned()], ..Inputs::default() };
    let read = || spec::read(&inputs, &mut Cursor::new(black_box(&text))).unwrap();
    assert_eq!(read().len(), ROWS);
    criterion.bench_function("1,000 specs to requests", |bencher| bencher.iter(read));

    let request = serde_json::json!({
        "name": "Slack",
        "image": "cloudforet/plugin-slack",
        "capability": {"supported_schema": ["a", "b"], "data_type": "SECRET"},
        "labels": ["a", "b", "c"],
    });
    let (request, descriptor) = (request.as_object().unwrap(), message("RegisterPluginRequest"));
    criterion.bench_function("a request to bytes", |bencher| {
        bencher.iter(|| encode::encode(black_box(request), &descriptor).unwrap());
    });

    let (response, descriptor) = (Bytes::from(data::list_response(ROWS, &[])), message("PluginsInfo"));
    criterion.bench_function("1,000 rows to a JSON value", |bencher| {
        bencher.iter(|| decode::decode(black_box(response.clone()), &descriptor).unwrap());
    });

    let shape = Shape::of(&descriptor);
    for (name, format) in [("1,000 rows to a table", Format::Table), ("1,000 rows to JSON text", Format::Json)] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut out = Vec::new();
                let mut writer = Writer::new(&mut out, format, Look::default());
                writer.write(shape.wired(black_box(&response)).unwrap()).unwrap();
                writer.finish().unwrap();
                out
            });
        });
    }
}

/// A message of the Repository API.
fn message(name: &str) -> MessageDescriptor {
    data::API.get_message_by_name(&format!("spaceone.api.repository.v1.{name}")).unwrap()
}
