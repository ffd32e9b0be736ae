//! `cargo bench --bench functions`: the steps of a call by themselves.

mod data;

use std::hint::black_box;
use std::io::Cursor;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prost_reflect::DescriptorPool;
use serde_json::Value;
use spacectl::client::encode;
use spacectl::decode::{self, Decoder};
use spacectl::descriptor::MessageDescriptor;
use spacectl::output::{Format, Look, Writer};
use spacectl::repository::proto::FILE_DESCRIPTOR_SET;
use spacectl::spec::{self, Inputs};
use spacectl::view::{Columns, Shape};

use data::{registrations, rows};

const ROWS: usize = 1000;

criterion_group!(name = benches; config = config(); targets = descriptors, requests, specs, answers, lists, tables);
criterion_main!(benches);

/// With `BENCH_QUICK`, no longer than it takes to see that it works.
fn config() -> Criterion {
    let is_quick = std::env::var_os("BENCH_QUICK").is_some_and(|value| !value.is_empty() && value != "0");
    let short = Duration::from_millis(50);
    if is_quick { Criterion::default().warm_up_time(short).measurement_time(short) } else { Criterion::default() }
}

/// From what reflection answers to a pool.
fn descriptors(criterion: &mut Criterion) {
    criterion.bench_function("descriptors", |bencher| {
        bencher.iter(|| DescriptorPool::decode(black_box(FILE_DESCRIPTOR_SET)).unwrap());
    });
}

/// From a request's value to its bytes.
fn requests(criterion: &mut Criterion) {
    let request = message("RegisterPluginRequest");
    let value = serde_json::json!({
        "name": "Plugin Number 1 Webhook",
        "resource_type": "monitoring.Webhook",
        "image": "cloudforet/plugin-000001-mon-webhook",
        "provider": "aws",
        "capability": {"supported_schema": ["a", "b"], "data_type": "SECRET"},
        "labels": ["a", "b", "c"],
        "tags": {"description": "desc 1", "spaceone:plugin_name": "P1", "icon": "https://x/icon.svg"},
    });
    let value = value.as_object().unwrap();
    criterion.bench_function("request/encode", |bencher| {
        bencher.iter(|| encode::encode(black_box(value), &request).unwrap());
    });
}

/// From the text of specs to drafts of requests.
fn specs(criterion: &mut Criterion) {
    let text = registrations::yaml(ROWS);
    let inputs = Inputs { files: vec!["-".to_owned()], ..Inputs::default() };
    assert_eq!(spec::read(&inputs, &mut Cursor::new(&text)).unwrap().len(), ROWS);
    let mut group = criterion.benchmark_group("specs");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("read", |bencher| bencher.iter(|| spec::read(&inputs, &mut Cursor::new(&text)).unwrap()));
    group.finish();
}

/// From an answer's bytes to its value.
fn answers(criterion: &mut Criterion) {
    let (bytes, answer) = (answer(), message("PluginsInfo"));
    let mut group = criterion.benchmark_group("answer");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("decode", |bencher| {
        bencher.iter(|| decode::decode(black_box(bytes.clone()), &answer).unwrap());
    });
    let decoder = Decoder::new(answer);
    group.bench_function("decode/by_plan", |bencher| {
        bencher.iter(|| decoder.decode(black_box(bytes.clone())).unwrap());
    });
    group.finish();
}

/// From an answer's bytes to text, the rows read where they lie.
fn lists(criterion: &mut Criterion) {
    let bytes = answer();
    let shape = Shape::of(&message("PluginsInfo"));
    let mut group = criterion.benchmark_group("list");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    for (name, format) in
        [("table", Format::Table), ("csv", Format::Csv), ("json", Format::Json), ("jsonl", Format::JsonLines)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut out = Vec::new();
                let mut writer = Writer::new(&mut out, format, Look::default());
                writer.write(shape.wired(black_box(&bytes)).unwrap()).unwrap();
                writer.finish().unwrap();
                out
            });
        });
    }
    group.finish();
}

/// From an answer's value to the text of a table.
fn tables(criterion: &mut Criterion) {
    let answer_type = message("PluginsInfo");
    let shape = Shape::of(&answer_type);
    let value = decode::decode(answer(), &answer_type).unwrap();
    let columns = Columns::parse("plugin_id,name,state,tags").unwrap();
    let table = |value: Value| {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, Format::Table, Look::default());
        writer.write(shape.document(value).select(&columns)).unwrap();
        writer.finish().unwrap();
        out
    };
    let mut group = criterion.benchmark_group("answer");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(20);
    group.bench_function("table", |bencher| {
        bencher.iter_batched(|| value.clone(), table, criterion::BatchSize::LargeInput);
    });
    group.finish();
}

fn answer() -> Bytes {
    rows::answer(0, ROWS, ROWS, &[])
}

/// A message of the Repository API.
fn message(name: &str) -> MessageDescriptor {
    let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
    (&pool.get_message_by_name(&format!("spaceone.api.repository.v1.{name}")).unwrap()).into()
}
