//! Servers that describe themselves in part, twice or oddly: what is described can be used.

mod support;

use std::time::{Duration, Instant};

use bytes::Bytes;
use prost_reflect::prost::Message as _;
use prost_types::field_descriptor_proto::Type;
use prost_types::{EnumDescriptorProto, FileDescriptorProto};
use support::odd::{OddServer, compile, reflecting, refused, response, sent};
use support::{Run, Spacectl};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{FileDescriptorResponse, ListServiceResponse};

const SHOP: &str = r#"syntax = "proto3"; package a;
    // Something to buy.
    message Thing { string id = 1; int32 size = 2; }
    message Things { repeated Thing results = 1; int32 total_count = 2; }
    service Shop { rpc get(Thing) returns (Thing); rpc list(Thing) returns (Things); }"#;

/// Answers as `Shop` does, whatever the service.
fn answer(path: &str, thing: Bytes) -> http::Response<Body> {
    let list = || [&[0x0a, thing.len() as u8][..], &thing, &[0x10, 1]].concat().into();
    let message: Bytes = if path.ends_with("/list") { list() } else { thing.clone() };
    response(&[], Some(&message), Some(&[("grpc-status", b"0")]))
}

/// The shop in another package, under another name.
fn elsewhere(package: &str, service: &str) -> String {
    SHOP.replace("package a", &format!("package {package}")).replace("service Shop", &format!("service {service}"))
}

/// `reflect`, with a placeholder for every file that is not there, as Go's libraries have it.
fn with_placeholders(
    reflect: impl Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync + 'static,
) -> impl Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync + 'static {
    move |question| match (question, reflect(question)?) {
        (MessageRequest::FileByFilename(name), MessageResponse::ErrorResponse(_)) => {
            let (name, syntax) = (Some(name.clone()), Some("<unknown:0>".into()));
            Ok(sent(&[&FileDescriptorProto { name, syntax, ..FileDescriptorProto::default() }]))
        }
        (_, answer) => Ok(answer),
    }
}

fn file(name: &str, source: &str) -> FileDescriptorProto {
    compile(&[(name, source)]).pop().unwrap()
}

fn run(server: &OddServer, line: &str) -> Run {
    Spacectl::new().run(&format!("--endpoint {} {line}", server.url()))
}

/// Fails unless all commands work with a shop of that name, without a word beside.
#[track_caller]
fn works(server: &OddServer, shop: &str) {
    assert_eq!(run(server, &format!("exec get {shop} -p id=x -p size=3")).quiet_success(), "---\nid: x\nsize: 3\n");
    assert_eq!(run(server, &format!("list {shop} -p id=y -o csv")).quiet_success(), "id\ny\n");
    let all = run(server, &format!("explain {shop}")).quiet_success();
    assert!(all.contains("get   Thing  -> Thing"), "{all}");
    let list = run(server, &format!("explain {shop}.list")).quiet_success();
    assert!(list.contains("repeated Thing"), "{list}");
}

#[track_caller]
fn lists(server: &OddServer, expected: &str) {
    assert_eq!(run(server, "api-resources -o csv -c name,verbs").quiet_success(), format!("name,verbs\n{expected}"));
}

#[test]
fn an_import_that_no_message_needs_is_not_needed() {
    let mut shop = file("shop.proto", SHOP);
    shop.dependency = vec!["gone/options.proto".into(), "gone/more.proto".into()];
    shop.public_dependency = vec![1];
    shop.weak_dependency = vec![0];
    type Import = fn() -> Result<MessageResponse, Status>;
    let imports: [(&str, Option<Import>); 5] = [
        ("not found", None),
        ("another error", Some(|| Ok(refused(Code::Internal, "no")))),
        ("the stream ends so", Some(|| Err(Status::not_found("no")))),
        ("the stream ends", Some(|| Err(Status::unknown("no")))),
        ("no descriptor", Some(|| Ok(refused(Code::Ok, "")))),
    ];
    for (what, import) in imports {
        let known = reflecting(&["a.Shop"], vec![shop.clone()]);
        let reflect = move |question: &MessageRequest| match (question, import) {
            (MessageRequest::FileByFilename(_), Some(import)) => import(),
            _ => known(question),
        };
        let server = OddServer::start(reflect, answer);
        println!("{what}");
        lists(&server, "a.Shop,\"get, list\"\n");
        works(&server, "a.Shop");
    }
    let server = OddServer::start(with_placeholders(reflecting(&["a.Shop"], vec![shop])), answer);
    lists(&server, "a.Shop,\"get, list\"\n");
    works(&server, "a.Shop");
}

/// The platform's services are asked for usual imports before it is known which there are.
#[test]
fn an_import_that_was_only_guessed_is_not_needed_either() {
    let shop = || file("shop.proto", &elsewhere("spaceone.api.lab.v1", "Shop"));
    for instead in
        [|| Ok(refused(Code::Internal, "no")), || Err(Status::not_found("no")), || Err(Status::unknown("no"))]
    {
        let known = reflecting(&["spaceone.api.lab.v1.Shop"], vec![shop()]);
        let reflect = move |question: &MessageRequest| match question {
            MessageRequest::FileByFilename(_) => instead(),
            _ => known(question),
        };
        let server = OddServer::start(reflect, answer);
        lists(&server, "lab.Shop,\"get, list\"\n");
        works(&server, "lab.Shop");
    }
}

#[test]
fn a_type_is_found_whatever_its_file_is_called() {
    let things = r#"syntax = "proto3"; package b; message Thing { string id = 1; int32 size = 2; }"#;
    let shop = r#"syntax = "proto3"; package a; import "things.proto";
        message Things { repeated b.Thing results = 1; int32 total_count = 2; }
        service Shop { rpc get(b.Thing) returns (b.Thing); rpc list(b.Thing) returns (Things); }"#;
    let files = || {
        let mut files = compile(&[("shop.proto", shop), ("things.proto", things)]);
        files.sort_by_key(|file| file.name() != "shop.proto");
        files
    };
    let mut elsewhere = files();
    elsewhere[0].dependency = vec!["vendor/b/things.proto".into()];
    // Names that depend on where they are.
    let mut relative = files();
    relative[0].message_type[0].field[0].type_name = Some("b.Thing".into());
    // By way of another file.
    let mut public = files();
    public[0].dependency = vec!["all.proto".into()];
    let all = FileDescriptorProto { name: Some("all.proto".into()), ..FileDescriptorProto::default() };
    public.push(FileDescriptorProto { dependency: vec!["things.proto".into()], public_dependency: vec![0], ..all });
    // Files that import each other.
    let mut cyclic = files();
    cyclic[1].dependency = vec!["shop.proto".into()];
    for files in [elsewhere.clone(), relative, public, cyclic] {
        let server = OddServer::start(reflecting(&["a.Shop"], files), answer);
        lists(&server, "a.Shop,\"get, list\"\n");
        works(&server, "a.Shop");
    }
    let server = OddServer::start(with_placeholders(reflecting(&["a.Shop"], elsewhere)), answer);
    lists(&server, "a.Shop,\"get, list\"\n");
    works(&server, "a.Shop");
}

#[test]
fn a_file_with_an_empty_syntax_is_a_proto2_file() {
    let mut shop = file(
        "shop.proto",
        "syntax = \"proto2\"; package odd; message Thing { optional string id = 1; } \
                                       service Shop { rpc get(Thing) returns (Thing); }",
    );
    shop.syntax = Some(String::new());
    let server = OddServer::start(reflecting(&["odd.Shop"], vec![shop]), |_, thing| {
        response(&[], Some(&thing), Some(&[("grpc-status", b"0")]))
    });
    assert_eq!(run(&server, "exec get odd.Shop -p id=x").quiet_success(), "---\nid: x\n");
    assert!(run(&server, "api-resources").success().contains("odd.Shop"));
}

#[test]
fn two_files_of_one_name_are_both_read() {
    let files = || vec![file("service.proto", SHOP), file("service.proto", &elsewhere("b", "Store"))];
    let server = OddServer::start(reflecting(&["a.Shop", "b.Store"], files()), answer);
    lists(&server, "a.Shop,\"get, list\"\nb.Store,\"get, list\"\n");
    works(&server, "a.Shop");
    works(&server, "b.Store");
    // One package in two files of one name: the same types once more, and another service.
    let mut more = file("service.proto", SHOP);
    more.service[0].name = Some("Store".into());
    let server = OddServer::start(reflecting(&["a.Shop", "a.Store"], vec![file("service.proto", SHOP), more]), answer);
    lists(&server, "a.Shop,\"get, list\"\na.Store,\"get, list\"\n");
    works(&server, "a.Shop");
    works(&server, "a.Store");
}

#[test]
fn fields_whose_names_are_alike_are_told_apart() {
    for (syntax, names) in [
        ("proto3", ["fooBar", "FOO_BAR"]),
        ("proto3", ["foo_bar", "fooBar"]),
        ("proto3", ["id", "Id"]),
        ("proto2", ["eventType", "event_type"]),
    ] {
        // protox refuses them, which protoc does not.
        let label = if syntax == "proto2" { "optional" } else { "" };
        let source = format!(
            r#"syntax = "{syntax}"; package a; import "google/protobuf/timestamp.proto"; import "google/protobuf/any.proto";
            message Thing {{ {label} string one = 1; {label} string two = 2; {label} google.protobuf.Timestamp at = 3; }}
            message Things {{ repeated Thing results = 1; }}
            message Anything {{ {label} Thing thing = 1; {label} google.protobuf.Any any = 2; }}
            service Shop {{ rpc get(Thing) returns (Thing); rpc list(Thing) returns (Things); rpc put(Anything) returns (Anything); }}"#
        );
        let mut described = file("shop.proto", &source);
        for (field, name) in described.message_type[0].field.iter_mut().zip(names) {
            (field.name, field.json_name) = (Some(name.to_owned()), None);
        }
        let server = OddServer::start(reflecting(&["a.Shop"], vec![described]), answer);
        let [one, two] = names;
        let given = format!("-p {one}=x -p {two}=z -p at=2026-01-01T00:00:00Z");
        let shown = format!("{one}: x\n{two}: z\nat: \"2026-01-01T00:00:00Z\"\n");
        assert_eq!(
            run(&server, &format!("exec get a.Shop {given}")).quiet_success(),
            format!("---\n{shown}"),
            "{names:?}"
        );
        // By all that is described, since it can hold any type.
        let put = run(&server, &format!("exec put a.Shop -p thing.{one}=x -p thing.{two}=z")).quiet_success();
        assert_eq!(put, format!("---\nthing:\n  {one}: x\n  {two}: z\n"), "{names:?}");
        let listed = run(&server, &format!("list a.Shop {given} -o csv")).quiet_success();
        assert_eq!(listed, format!("{one},{two},at\nx,z,2026-01-01T00:00:00Z\n"), "{names:?}");
        let explained = run(&server, "explain a.Shop.get").quiet_success();
        assert!(explained.contains(one) && explained.contains(two), "{explained}");
        lists(&server, "a.Shop,\"get, list, put\"\n");
    }
}

/// A service beside `a.Shop` that cannot be described, and how errors say so.
#[test]
fn a_service_that_cannot_be_described_is_named_and_hides_no_other() {
    let bad = || file("bad.proto", &elsewhere("bad", "Bad"));
    let reflect_with = |bad: Vec<FileDescriptorProto>| {
        let mut files = vec![file("shop.proto", SHOP)];
        files.extend(bad);
        reflecting(&["a.Shop", "bad.Bad", "z.Store"], [files, vec![file("z.proto", &elsewhere("z", "Store"))]].concat())
    };
    let mut untyped = bad();
    untyped.message_type[0].field[1].set_type(Type::Message);
    untyped.message_type[0].field[1].type_name = Some(".gone.Size".into());
    let mut newer = bad();
    newer.syntax = Some("editions".into());
    let mut valueless = bad();
    valueless.enum_type.push(EnumDescriptorProto { name: Some("Empty".into()), ..EnumDescriptorProto::default() });
    let mut twice = bad();
    twice.message_type[0].field[1].number = Some(1);
    for (file, why, has_row) in [
        (None, "does not describe bad.Bad: NOT_FOUND: not found", false),
        (
            Some(newer),
            "does not describe bad.Bad: bad.proto is of an unknown syntax: only proto2, proto3 and the editions 2023 and 2024 can be read",
            false,
        ),
        (Some(valueless), "does not describe bad.Bad: enums must have at least one value", false),
        (Some(twice), "does not describe bad.Bad: ", false),
        (
            Some(untyped),
            "describes bad.Bad only in part: bad.Thing.size is of the type gone.Size, which is not described",
            true,
        ),
    ] {
        let server = OddServer::start(reflect_with(file.into_iter().collect()), answer);
        let listed = run(&server, "api-resources -o csv -c name");
        let bad = if has_row { "bad.Bad\n" } else { "" };
        assert_eq!(
            (listed.status, listed.stdout.as_str()),
            (Some(0), &*format!("name\na.Shop\n{bad}z.Store\n")),
            "{listed}"
        );
        assert!(listed.stderr.starts_with(&format!("warning: {} {why}", server.url())), "{listed}");
        assert_eq!(listed.stderr.lines().count(), 1, "{listed}");
        works(&server, "a.Shop");
        works(&server, "z.Store");
        // A call needs its own types only.
        let called = run(&server, "exec get bad.Bad");
        assert_eq!(called.status == Some(0), why.contains("enums"), "{called}");
    }
    // By what is answered instead.
    type Instead = fn() -> Result<MessageResponse, Status>;
    let instead: [(&str, Instead); 4] = [
        ("no such luck", || Ok(refused(Code::Internal, "no such luck"))),
        ("no such luck", || Err(Status::internal("no such luck"))),
        ("no such luck", || Err(Status::unknown("no such luck"))),
        ("reflection answered another question", || {
            Ok(MessageResponse::ListServicesResponse(ListServiceResponse { service: Vec::new() }))
        }),
    ];
    for (why, instead) in instead {
        let known = reflect_with(Vec::new());
        let reflect = move |question: &MessageRequest| match question {
            MessageRequest::FileContainingSymbol(symbol) if symbol == "bad.Bad" => instead(),
            _ => known(question),
        };
        let server = OddServer::start(reflect, answer);
        let listed = run(&server, "api-resources -o csv -c name");
        assert_eq!((listed.status, listed.stdout.as_str()), (Some(0), "name\na.Shop\nz.Store\n"), "{listed}");
        assert!(listed.stderr.contains(" does not describe bad.Bad: ") && listed.stderr.contains(why), "{listed}");
        works(&server, "z.Store");
    }
}

#[test]
fn what_is_described_in_part_is_explained_in_part() {
    let mut shop = file("shop.proto", SHOP);
    shop.message_type[0].field[1].set_type(Type::Message);
    shop.message_type[0].field[1].type_name = Some(".gone.Size".into());
    shop.dependency = vec!["gone/size.proto".into()];
    let server = OddServer::start(reflecting(&["a.Shop"], vec![shop]), answer);
    let explained = run(&server, "explain a.Shop.get");
    assert_eq!(explained.status, Some(0), "{explained}");
    assert!(explained.stdout.contains("id  text  string"), "{explained}");
    let why =
        "a.Thing.size is of the type gone.Size, which is not described (the server does not send gone/size.proto)";
    assert!(explained.stderr.ends_with(&format!("does not describe all of a.Shop: {why}\n")), "{explained}");
    let called = run(&server, "exec get a.Shop -p id=x");
    assert_eq!(called.status, Some(77), "{called}");
    assert!(called.stderr.contains(why) && server.paths().is_empty(), "{called}");
}

#[test]
fn an_endpoint_that_describes_nothing_is_an_error() {
    let known = reflecting(&["a.Shop"], vec![file("shop.proto", SHOP)]);
    let reflect = move |question: &MessageRequest| match question {
        MessageRequest::FileContainingSymbol(_) => Ok(refused(Code::PermissionDenied, "not for you")),
        _ => known(question),
    };
    let server = OddServer::start(reflect, answer);
    let run = run(&server, "api-resources");
    assert_eq!(run.status, Some(71), "{run}");
    assert!(run.stderr.contains("PERMISSION_DENIED\ncause: not for you\n"), "{run}");
}

/// Answers to every question for a file by name.
fn with_files(
    first: FileDescriptorProto,
    by_name: impl Fn(&str) -> MessageResponse + Send + Sync + 'static,
) -> OddServer {
    let reflect = reflecting(&["a.Shop"], vec![first]);
    let reflect = move |question: &MessageRequest| match question {
        MessageRequest::FileByFilename(name) => Ok(by_name(name)),
        _ => reflect(question),
    };
    OddServer::start(reflect, answer)
}

/// Fails unless `line` ends in time, with this exit code and these words.
#[track_caller]
fn ends(server: &OddServer, line: &str, exit: i32, words: &str) {
    let begun = Instant::now();
    let ended = run(server, line);
    let took = begun.elapsed();
    assert_eq!((ended.status, ended.stderr.contains(words)), (Some(exit), true), "{line}: {ended}");
    assert!(took < Duration::from_secs(6), "{line}: {took:?}");
}

const LINES: [&str; 3] = ["exec get a.Shop --timeout 1s", "explain a.Shop --timeout 1s", "api-resources --timeout 1s"];

#[test]
fn imports_without_end_are_refused_in_time() {
    let importing = |names: &mut dyn Iterator<Item = String>| {
        let mut file = file("a.proto", SHOP);
        file.dependency = names.collect();
        file
    };
    let many = importing(&mut (0..60_000).map(|n| format!("import{n}.proto")));
    let (reflect, many) = (reflecting(&["a.Shop"], Vec::new()), sent(&[&many]));
    let reflect = move |question: &MessageRequest| match question {
        MessageRequest::FileContainingSymbol(_) => Ok(many.clone()),
        _ => reflect(question),
    };
    let server = OddServer::start(reflect, answer);
    for line in LINES {
        ends(&server, line, 72, "\ncause: the server describes more than is read: 10000 files\n");
    }
    let next = |names: Vec<String>, name: &str| {
        let file = FileDescriptorProto { name: Some(name.to_owned()), dependency: names, ..Default::default() };
        sent(&[&file])
    };
    // Each imports a thousand others.
    let server = with_files(importing(&mut ["0".to_owned()].into_iter()), move |name| {
        next((0..1_000).map(|n| format!("{name}/{n}")).collect(), name)
    });
    ends(&server, "exec get a.Shop --timeout 0", 72, "the server describes more than is read: 10000 files");
    // Each imports one other, which takes its time.
    let server = with_files(importing(&mut ["0".to_owned()].into_iter()), move |name| {
        std::thread::sleep(Duration::from_millis(20));
        next(vec![format!("{name}0")], name)
    });
    ends(&server, "exec get a.Shop --timeout 1s", 68, "DEADLINE_EXCEEDED");
}

/// Answers with this file to every question for one.
fn describing(file: &FileDescriptorProto) -> OddServer {
    let (reflect, file) = (reflecting(&["a.Shop"], Vec::new()), sent(&[file]));
    let reflect = move |question: &MessageRequest| match question {
        MessageRequest::ListServices(_) => reflect(question),
        _ => Ok(file.clone()),
    };
    OddServer::start(reflect, answer)
}

#[test]
fn descriptors_that_expand_are_refused_in_time() {
    let mut wide = file("a.proto", SHOP);
    wide.message_type.resize_with(1_000_000, Default::default);
    ends(&describing(&wide), "exec get a.Shop", 72, "the server describes more than is read: 1000000 definitions");
    let mut long = file("a.proto", &SHOP.replace("package a", &format!("package {}", "x".repeat(100_000))));
    long.message_type.resize_with(1_000, Default::default);
    ends(&describing(&long), "exec get a.Shop", 72, "the server describes more than is read: 65536 KiB of names");
}

#[test]
fn packages_with_one_short_name_are_told_apart() {
    let files = ["one", "two"].map(|package| file(&format!("{package}.proto"), &elsewhere(package, "Shop")));
    let server = OddServer::start(reflecting(&["one.Shop", "two.Shop"], files.to_vec()), answer);
    for typed in ["x.Shop", "x.shops", "Shop", "shop"] {
        let unclear = run(&server, &format!("exec get {typed}"));
        assert_eq!(unclear.status, Some(2), "{unclear}");
        assert!(unclear.stderr.ends_with("hint: name one of them: one.Shop, two.Shop\n"), "{unclear}");
    }
    works(&server, "one.Shop");
    works(&server, "two.Shop");
}

#[test]
fn explain_needs_no_service_behind_an_endpoint() {
    let server = OddServer::start(reflecting(&["a.Shop"], vec![file("a.proto", SHOP)]), answer);
    for (typed, same) in [("Shop.get", "a.Shop.get"), ("shop.get.size", "a.Shop.get.size"), ("Shop", "a.Shop")] {
        let explained = run(&server, &format!("explain {typed}")).quiet_success();
        assert_eq!(explained, run(&server, &format!("explain {same}")).quiet_success(), "{typed}");
    }
    let unknown = run(&server, "explain Shop.gte");
    assert!(unknown.stderr.contains("has no verb gte\nhint: did you mean get?"), "{unknown}");
    assert!(run(&server, "explain Nothing.get").stderr.contains("has no resource Nothing.get\n"));
}

/// A file with these bytes after it: fields that prost's type lacks.
fn with_bytes(file: &FileDescriptorProto, more: &[u8]) -> MessageResponse {
    let bytes = [&file.encode_to_vec(), more].concat();
    MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto: vec![bytes] })
}

#[test]
fn files_in_editions_mean_on_the_wire_what_their_features_say() {
    let source = r#"syntax = "proto3"; package a; service Shop { rpc get(Thing) returns (Thing); }
        message Thing { string id = 1; Thing inner = 3; repeated int32 sizes = 4; map<string, Thing> by = 5; }"#;
    let mut file = file("a.proto", source);
    file.syntax = Some("editions".into());
    let by = b"\x2a\x08\x0a\x01k\x12\x03\x0a\x01z";
    let plain = [&b"\x1a\x03\x0a\x01x\x22\x02\x01\x02"[..], by].concat();
    let other = [&b"\x1b\x0a\x01x\x1c\x20\x01\x20\x02"[..], by].concat();
    for (edition, features, expected) in [
        (&b"\x70\xe8\x07"[..], &b""[..], &plain),
        (b"\x70\xe9\x07", b"", &plain),
        // `features` of the file: repeated_field_encoding = EXPANDED, message_encoding = DELIMITED.
        (b"\x70\xe8\x07", b"\x42\x07\x92\x03\x04\x18\x02\x28\x02", &other),
    ] {
        let (reflect, file) = (reflecting(&["a.Shop"], Vec::new()), with_bytes(&file, &[edition, features].concat()));
        let reflect = move |question: &MessageRequest| match question {
            MessageRequest::ListServices(_) => reflect(question),
            _ => Ok(file.clone()),
        };
        let expected = Bytes::from(expected.clone());
        let server = OddServer::start(reflect, move |_, request| {
            let message = if request == expected { request } else { Bytes::new() };
            response(&[], Some(&message), Some(&[("grpc-status", b"0")]))
        });
        let value = r#"{"inner":{"id":"x"},"sizes":[1,2],"by":{"k":{"id":"z"}}}"#;
        let echoed = run(&server, &format!("exec get a.Shop -o jsonl -j '{value}'")).quiet_success();
        assert_eq!(echoed, format!("{value}\n"), "{edition:?} {features:?}");
        assert!(run(&server, "explain a.Shop.get").quiet_success().contains("inner"));
        assert_eq!(run(&server, "api-resources -o csv -c name").quiet_success(), "name\na.Shop\n");
    }
    let server = {
        let (reflect, file) = (reflecting(&["a.Shop"], Vec::new()), with_bytes(&file, b"\x70\xea\x07"));
        OddServer::start(
            move |question| match question {
                MessageRequest::ListServices(_) => reflect(question),
                _ => Ok(file.clone()),
            },
            answer,
        )
    };
    let newer = run(&server, "exec get a.Shop");
    assert!(newer.stderr.contains("a.proto is in an edition after 2024: only "), "{newer}");
}
