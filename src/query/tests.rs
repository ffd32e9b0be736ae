//! Tests of requests made of query options.

use prost_reflect::DescriptorPool;

use super::*;
use crate::query::filter::FilterSet;

/// Both generations' shapes of a query, and a request without any.
fn message(name: &str) -> MessageDescriptor {
    let source = r#"
        syntax = "proto3";
        package test;
        message Page { uint32 start = 1; uint32 limit = 2; }
        message Sort { string key = 1; bool desc = 2; }
        message ListOfSorts { repeated Sort sort = 1; Page page = 2; bool minimal = 3; repeated string only = 4; }
        message OneSort { Sort sort = 1; Page page = 2; bool minimal = 3; repeated string only = 4; }
        message PageAlone { Page page = 1; }
        message Second { ListOfSorts query = 1; string name = 2; }
        message First { OneSort query = 1; }
        message Third { PageAlone query = 1; }
        message Top { repeated string aggregate = 1; Page page = 2; }
        message Book { string page = 1; }
        message Condition { string key = 1; string value = 2; string operator = 3; }
        message LongNames { repeated Condition filter = 1; string keyword = 2; }
        message Fourth { LongNames query = 1; string state = 2; }
        message Empty { }
        message None { string name = 1; }"#;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("t.proto"), source).unwrap();
    let files = protox::compile(["t.proto"], [dir.path()]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    pool.get_message_by_name(&format!("test.{name}")).unwrap()
}

fn wish() -> QueryRequest {
    QueryRequest {
        only: vec!["plugin_id".into()],
        minimal: None,
        page: Some(Page { number: 3, limit: 10 }),
        sort: Some(Sort::parse("-name", None).unwrap()),
    }
}

fn applied(name: &str, given: Value) -> (Value, UnsupportedQuery) {
    let Value::Object(mut request) = given else { panic!("an object") };
    let left = apply(&mut request, &message(name), &wish()).unwrap();
    (request.into(), left)
}

#[test]
fn the_sort_takes_the_shape_that_the_descriptor_asks_for() {
    let (request, left) = applied("Second", json!({}));
    let page = json!({"start": 21, "limit": 10});
    assert_eq!(
        request,
        json!({"query": {"only": ["plugin_id"], "sort": [{"key": "name", "desc": true}], "page": page}})
    );
    assert_eq!(left, UnsupportedQuery { client_side: None, minimal: false });
    let (request, _) = applied("First", json!({}));
    assert_eq!(request["query"]["sort"], json!({"key": "name", "desc": true}));
}

#[test]
fn without_a_query_all_is_left_to_be_applied_here() {
    let (request, left) = applied("None", json!({"name": "x"}));
    assert_eq!(request, json!({"name": "x"}));
    assert_eq!(left.client_side, Some(ClientSideQuery { sort: wish().sort, start: 21, limit: 10 }));
}

#[test]
fn a_request_that_is_a_query_itself_has_its_page_at_the_top() {
    let wish = QueryRequest { sort: None, only: Vec::new(), ..wish() };
    let mut request = Map::from_iter([("aggregate".to_owned(), json!(["x"]))]);
    let left = apply(&mut request, &message("Top"), &wish).unwrap();
    assert_eq!(Value::from(request), json!({"aggregate": ["x"], "page": {"start": 21, "limit": 10}}));
    assert_eq!(left.client_side, None);
    let mut request = Map::new();
    let left = apply(&mut request, &message("Book"), &wish).unwrap();
    assert!(request.is_empty() && left.client_side.is_some(), "a page of text is another thing");
}

#[test]
fn a_page_is_not_sent_without_its_order() {
    let (request, left) = applied("Third", json!({}));
    assert_eq!(request, json!({}));
    assert_eq!(left.client_side, Some(ClientSideQuery { sort: wish().sort, start: 21, limit: 10 }));
}

#[test]
fn what_the_request_asks_for_already_is_kept() {
    let (request, _) = applied("Second", json!({"query": {"keyword": "slack", "page": {"limit": 1}}}));
    assert_eq!(request["query"]["keyword"], "slack");
    assert_eq!(request["query"]["page"]["limit"], 10);
}

#[test]
fn an_empty_query_is_not_sent() {
    let mut request = Map::new();
    apply(&mut request, &message("Second"), &QueryRequest::default()).unwrap();
    assert_eq!(request, Map::new());
}

#[test]
fn a_minimal_form_that_is_not_there_is_told() {
    let wish = QueryRequest { minimal: Some(true), ..QueryRequest::default() };
    let mut request = Map::new();
    assert!(apply(&mut request, &message("None"), &wish).unwrap().minimal);
    assert!(!apply(&mut request, &message("Second"), &wish).unwrap().minimal);
    assert_eq!(Value::from(request), json!({"query": {"minimal": true}}));
}

#[test]
fn a_page_past_what_the_api_can_count_is_refused() {
    let mut request = Map::new();
    let page = Some(Page { number: u32::MAX, limit: u32::MAX });
    let far = QueryRequest { page, ..QueryRequest::default() };
    assert_eq!(apply(&mut request, &message("Second"), &far).unwrap_err().exit_code(), 2);
}

fn selected(name: &str, given: Value, all: &[&str], any: &[&str], search: Option<&str>) -> Result<Value> {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let filters = FilterSet::parse(&texts(all), &texts(any), search)?;
    let Value::Object(mut request) = given else { panic!("an object") };
    add_filters(&mut request, &message(name), &filters, None, false)?;
    Ok(request.into())
}

#[test]
fn a_condition_has_the_names_that_the_descriptor_has() {
    let sent = selected("Fourth", json!({}), &["name=x", "n?"], &[], Some("word")).unwrap();
    let filter = json!([
        {"key": "name", "value": "x", "operator": "eq"},
        {"key": "n", "value": true, "operator": "exists"},
    ]);
    assert_eq!(sent, json!({"query": {"filter": filter, "keyword": "word"}}));
}

#[test]
fn conditions_are_added_to_what_is_there_and_a_word_takes_its_place() {
    let ours = json!({"key": "name", "value": "x", "operator": "eq"});
    let add = |query: Value| selected("Fourth", json!({"query": query}), &["name=x"], &[], Some("b")).unwrap();
    let added = add(json!({"filter": [{"key": "a"}], "keyword": "a"}));
    assert_eq!(added, json!({"query": {"filter": [{"key": "a"}, ours], "keyword": "b"}}));
    for nothing in [json!(null), json!({}), json!({"filter": null})] {
        assert_eq!(add(nothing), json!({"query": {"filter": [ours], "keyword": "b"}}));
    }
    // UnsupportedQuery to the codec, which says where it comes from.
    assert_eq!(add(json!("text")), json!({"query": "text"}));
    assert_eq!(add(json!({"filter": "text"})), json!({"query": {"filter": "text", "keyword": "b"}}));
}

#[test]
fn what_has_no_place_is_refused() {
    let refusal = |name: &str, all: &[&str], any: &[&str], search: Option<&str>| {
        selected(name, json!({}), all, any, search).unwrap_err().to_string()
    };
    assert_eq!(
        refusal("None", &["x~a", "name=a"], &[], None),
        "error: --filter: None does not take filters\n\
         hint: name is a field of this request: use -p name=VALUE"
    );
    assert_eq!(
        refusal("None", &["name~a"], &[], None),
        "error: --filter: None does not take filters\nhint: use -p to set the fields of this request: name"
    );
    assert_eq!(
        refusal("Empty", &[], &[], Some("x")),
        "error: --search: Empty does not take a search word\n\
         hint: leave out the flag to list all rows: this service cannot filter"
    );
    assert_eq!(
        refusal("Fourth", &["name=x"], &["name=x"], None),
        "error: --filter-any: Fourth does not take filters\nhint: use -p to set the fields of this request: state"
    );
}

#[test]
fn without_filters_nothing_is_put_anywhere() {
    for name in ["Fourth", "None", "Empty"] {
        assert_eq!(selected(name, json!({}), &[], &[], None).unwrap(), json!({}));
    }
}

#[test]
fn a_request_can_choose_its_fields_itself() {
    let chooses = |request: Value| chooses_fields(request.as_object().unwrap());
    for chosen in [json!({"query": {"only": ["a"]}}), json!({"query": {"minimal": true}}), json!({"only": ["a"]})] {
        assert!(chooses(chosen.clone()), "{chosen}");
    }
    for open in [json!({}), json!({"query": null}), json!({"query": {"only": [], "minimal": false}, "only": null})] {
        assert!(!chooses(open.clone()), "{open}");
    }
}

#[test]
fn a_request_can_choose_its_rows_itself() {
    let part = |before, limit| Some(RowRange { before, limit });
    for (name, request, chosen) in [
        ("Second", json!({"query": {"page": {"start": 7, "limit": 4}}}), part(6, Some(4))),
        ("Second", json!({"query": {"page": {"start": 7, "limit": 0}}}), part(6, None)),
        ("Second", json!({"query": {"page": {"limit": 4}}}), part(0, Some(4))),
        ("Top", json!({"page": {"start": 1, "limit": 4}}), part(0, Some(4))),
        // UnsupportedQuery to the codec, which says where it comes from.
        ("Second", json!({"query": {"page": "text"}}), part(0, None)),
        ("Second", json!({"query": {"page": {}}}), None),
        ("Second", json!({"query": {"page": null}}), None),
        ("Second", json!({"query": null, "page": {"limit": 4}}), None),
        ("Second", json!({}), None),
        ("Book", json!({"page": "7"}), None),
    ] {
        let (input, object) = (message(name), request.as_object().unwrap());
        let found = chooses_rows(object, &input).then(|| RowRange::from_request(object, &input));
        assert_eq!(found, chosen, "{name} {request}");
    }
}
