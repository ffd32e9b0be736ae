//! `Plugin.list`: filters, order, pages, fields.

use proptest::prelude::*;
use serde_json::json;
use tonic::{Code, Request};

use super::*;
use crate::repository::places::Repositories;
use crate::repository::proto::core::v2::filter::{KeyAlias, OperatorAlias, ValueAlias};
use crate::repository::proto::core::v2::{Filter, Page, Query, Sort, Unwind};
use crate::repository::proto::repository::v1::plugin_query::State;
use crate::repository::proto::repository::v1::repository_server::Repository;
use crate::repository::proto::repository::v1::{PublicRegistryType, RepositoryQuery};

/// Four plugins that differ in everything that filters can ask for. By name they are q0 q2 q1 q3.
async fn four() -> Service {
    let service = Service::new();
    let deep = json!({"n": 1, "s": "Hello", "deep": {"x": [1, 2]}, "l": [{"k": "a", "v": 1}, {"k": "b", "v": 2}]});
    let plugins = [
        ("Alpha", "aws", deep),
        ("beta", "gcp", json!({"n": 2.5})),
        ("Gamma", "", json!({"n": "text", "b": true, "z": null})),
        ("delta.x", "aws", json!({})),
    ];
    for (index, (name, provider, tags)) in plugins.into_iter().enumerate() {
        let request = RegisterPluginRequest {
            name: name.into(),
            provider: provider.into(),
            tags: object(tags),
            labels: list(json!([format!("L{index}"), "All"])),
            ..registration(&format!("x/q{index}"))
        };
        service.register(request).await.unwrap();
    }
    service
}

fn condition(key: &str, operator: &str, json: serde_json::Value) -> Filter {
    Filter {
        key_alias: Some(KeyAlias::K(key.into())),
        value_alias: Some(ValueAlias::V(value(json))),
        operator_alias: Some(OperatorAlias::O(operator.into())),
    }
}

fn filtered(filter: Filter) -> PluginQuery {
    queried(Query { filter: vec![filter], ..Default::default() })
}

fn queried(query: Query) -> PluginQuery {
    PluginQuery { query: Some(query), ..Default::default() }
}

async fn ids(service: &Service, request: PluginQuery) -> String {
    let answer = service.list(request).await.unwrap();
    let ids: Vec<&str> = answer.results.iter().map(|plugin| plugin.plugin_id.as_str()).collect();
    ids.join(" ")
}

#[tokio::test]
async fn filters_select_what_the_real_service_selects() {
    let service = four().await;
    for (key, operator, wanted, expected) in [
        ("name", "eq", json!("Alpha"), "q0"),
        ("name", "eq", json!("alpha"), ""),
        ("name", "eq", json!(1), ""),
        ("name", "not", json!("Alpha"), "q2 q1 q3"),
        ("state", "eq", json!("ENABLED"), "q0 q2 q1 q3"),
        ("provider", "eq", json!(null), "q2"),
        ("provider", "not", json!(null), "q0 q1 q3"),
        ("provider", "gte", json!(null), "q2"),
        ("provider", "exists", json!(true), "q0 q2 q1 q3"),
        ("provider", "exists", json!(false), ""),
        ("provider", "in", json!([null, "aws"]), "q0 q2 q3"),
        ("tags.n", "eq", json!(1), "q0"),
        ("tags.n", "lt", json!(2), "q0"),
        ("tags.n", "gte", json!(1), "q0 q1"),
        ("tags.n", "gt", json!("a"), "q2"),
        ("tags.n", "exists", json!(true), "q0 q2 q1"),
        ("tags.nope", "exists", json!(false), "q0 q2 q1 q3"),
        ("tags.nope", "eq", json!(null), "q0 q2 q1 q3"),
        ("tags.nope", "not", json!("x"), "q0 q2 q1 q3"),
        ("tags.b", "eq", json!(true), "q2"),
        ("tags.z", "eq", json!(null), "q0 q2 q1 q3"),
        ("tags.z", "exists", json!(true), "q2"),
        ("tags", "eq", json!({"n": 2.5}), "q1"),
        ("tags.deep", "eq", json!({"x": [1, 2]}), "q0"),
        ("tags.deep.x", "eq", json!(1), "q0"),
        ("tags.deep.x", "in", json!([[1, 2]]), "q0"),
        ("tags.l.k", "eq", json!("b"), "q0"),
        ("tags.l.1.k", "eq", json!("b"), "q0"),
        ("tags.l.0.k", "eq", json!("b"), ""),
        ("name", "lt", json!("Beta"), "q0"),
        ("name", "gte", json!("b"), "q1 q3"),
        ("name", "lt", json!(5), ""),
        ("name", "lt", json!(true), ""),
        ("name", "contain", json!("A"), "q0 q2 q1 q3"),
        ("name", "contain", json!("."), "q3"),
        ("name", "not_contain", json!("a"), ""),
        ("name", "contain_in", json!(["alp", "GAM"]), "q0 q2"),
        ("name", "not_contain_in", json!(["alp", "GAM"]), "q0 q2 q1 q3"),
        ("name", "not_contain_in", json!(["alp", "al"]), "q2 q1 q3"),
        ("name", "in", json!(["Alpha", "beta"]), "q0 q1"),
        ("name", "in", json!([]), ""),
        ("name", "not_in", json!(["Alpha", "beta"]), "q2 q3"),
        ("name", "not_in", json!([]), "q0 q2 q1 q3"),
        ("labels", "eq", json!("L1"), "q1"),
        ("labels", "not", json!("L1"), "q0 q2 q3"),
        ("labels", "contain", json!("l"), "q0 q2 q1 q3"),
        ("labels", "not_contain", json!("l1"), "q0 q2 q3"),
        ("labels", "in", json!(["L1", "L2"]), "q2 q1"),
        ("labels", "regex", json!("^L[12]"), "q2 q1"),
        ("labels.0", "eq", json!("L1"), "q1"),
        ("labels", "match", json!({"a": 1}), ""),
        ("tags.s", "contain", json!("ell"), "q0"),
        ("tags.n", "contain", json!("1"), ""),
        ("tags.n", "contain", json!(1), "q0"),
        ("tags.nope", "not_contain", json!("x"), "q0 q2 q1 q3"),
        ("name", "regex", json!("^a"), "q0"),
        ("name", "regex_in", json!(["^a", "A$"]), "q0 q2 q1"),
        ("tags.n", "regex", json!("^t"), "q2"),
        ("tags.l", "match", json!({"k": "a"}), "q0"),
        ("tags.l", "match", json!({"k": "a", "v": 1}), "q0"),
        ("tags.l", "match", json!({"k": "a", "v": 2}), ""),
        ("tags.deep", "match", json!({"x": 1}), ""),
        ("created_at", "gt", json!("2020-01-01"), "q0 q2 q1 q3"),
        ("created_at", "gt", json!("junk"), ""),
        ("created_at", "gt", json!(1), ""),
        ("created_at", "contain", json!("20"), ""),
        ("created_at", "datetime_gt", json!("2020-01-01"), "q0 q2 q1 q3"),
        ("created_at", "datetime_lt", json!("2020-01-01T00:00:00Z"), ""),
        ("created_at", "datetime_gte", json!("2020-01-01T00:00:00+09:00"), "q0 q2 q1 q3"),
        ("created_at", "datetime_lte", json!("2020"), ""),
        ("created_at", "timediff_gt", json!("now-1d"), "q0 q2 q1 q3"),
        ("created_at", "timediff_lt", json!("now-1d"), ""),
        ("created_at", "timediff_gte", json!("now/m - 2w"), "q0 q2 q1 q3"),
        ("created_at", "timediff_lte", json!("now + 1h"), "q0 q2 q1 q3"),
        ("name", "timediff_gt", json!("now"), ""),
        ("tags.n", "datetime_gt", json!("2020-01-01"), ""),
        ("domain_id", "eq", json!("x"), ""),
    ] {
        let asked = format!("{key} {operator} {wanted}");
        let answer = service.list(filtered(condition(key, operator, wanted))).await.unwrap();
        let found: Vec<&str> = answer.results.iter().map(|plugin| plugin.plugin_id.as_str()).collect();
        assert_eq!(found.join(" "), expected, "{asked}");
        assert_eq!(usize::try_from(answer.total_count).unwrap(), found.len(), "{asked}");
    }
}

#[tokio::test]
async fn filters_that_cannot_be_are_refused_in_the_real_services_words() {
    let service = four().await;
    let query = |reason: &str| (Code::Internal, format!("ERROR_DB_QUERY: Database query failed. (reason = {reason})"));
    let value = |code: &str, operator: &str, said: &str, condition: &str| {
        let message = format!("{code}: The value of '{operator} operator' {said}. ({condition})");
        (Code::InvalidArgument, message)
    };
    for (key, operator, wanted, expected) in [
        ("nope", "eq", json!("x"), query("Cannot resolve field \"nope\"")),
        ("nope.a", "regex", json!("x"), query("Cannot resolve field \"nope\"")),
        ("name.x", "eq", json!("x"), query("Cannot resolve field \"x\"")),
        ("labels.x", "eq", json!("x"), query("Cannot resolve field \"x\"")),
        (".", "eq", json!("x"), query("Cannot resolve field \"\"")),
        ("registry_url", "eq", json!("x"), query("Cannot resolve field \"registry_url\"")),
        ("", "eq", json!("x"), query("Filter condition should have key, value and operator.")),
        (
            "name",
            "in",
            json!("x"),
            value("ERROR_OPERATOR_LIST_VALUE_TYPE", "in", "must be a list type", "{'k': 'name', 'v': 'x', 'o': 'in'}"),
        ),
        (
            "tags.n",
            "eq",
            json!([1]),
            value(
                "ERROR_OPERATOR_VALUE_TYPE",
                "eq",
                "does not support list type",
                "{'k': 'tags.n', 'v': [1.0], 'o': 'eq'}",
            ),
        ),
        (
            "provider",
            "exists",
            json!("x"),
            value(
                "ERROR_OPERATOR_BOOLEAN_TYPE",
                "exists",
                "must be a boolean type",
                "{'key': 'provider', 'value': 'x', 'operator': 'exists'}",
            ),
        ),
        (
            "tags.l",
            "match",
            json!("a"),
            value(
                "ERROR_OPERATOR_DICT_VALUE_TYPE",
                "match",
                "must be a dictionary type",
                "{'key': 'tags__l', 'value': 'a', 'operator': 'match'}",
            ),
        ),
        ("name", "contain", json!(1), query("decoding to str: need a bytes-like object, float found")),
        ("name", "contain", json!(null), query("decoding to str: need a bytes-like object, NoneType found")),
        ("name", "regex", json!(1), query("first argument must be string or compiled pattern")),
        // The words about the expression itself are those of another library.
        ("name", "regex", json!("("), query("unclosed group")),
        (
            "name",
            "contain_in",
            json!([]),
            (Code::Internal, "ERROR_UNKNOWN: reduce() of empty iterable with no initial value".to_owned()),
        ),
        (
            "created_at",
            "datetime_lt",
            json!("junk"),
            query("The value of datetime_lt operator is required ISO 8601 format."),
        ),
        (
            "created_at",
            "timediff_gte",
            json!("now+ 1x"),
            query("The value of timediff_gte operator is invalid. (value = now+ 1x)"),
        ),
        ("created_at", "timediff_gt", json!(5), query("The value of timediff_gt operator is invalid. (value = 5.0)")),
    ] {
        let asked = format!("{key} {operator} {wanted}");
        assert_eq!(refused(service.list(filtered(condition(key, operator, wanted))).await), expected, "{asked}");
    }
    let (code, message) = refused(service.list(filtered(condition("name", "nope", json!("x")))).await);
    assert_eq!(code, Code::Internal);
    assert!(message.contains("Filter operator is not supported. (operator = dict_keys(['lt', 'lte', "), "{message}");
}

#[tokio::test]
async fn a_huge_regular_expression_is_refused_and_not_run() {
    let service = four().await;
    let (code, message) = refused(service.list(filtered(condition("name", "regex", json!("(a{1000}){1000}")))).await);
    assert_eq!(code, Code::Internal);
    assert!(message.contains("size limit"), "{message}");
}

#[tokio::test]
async fn one_of_the_or_filters_and_all_others_must_hold() {
    let service = four().await;
    let either = vec![condition("name", "eq", json!("Alpha")), condition("name", "eq", json!("beta"))];
    let query = Query { filter_or: either, ..Default::default() };
    assert_eq!(ids(&service, queried(query.clone())).await, "q0 q1");
    let both = Query { filter: vec![condition("provider", "eq", json!("aws"))], ..query };
    assert_eq!(ids(&service, queried(both)).await, "q0");
}

#[tokio::test]
async fn a_keyword_is_searched_in_the_name_as_it_stands() {
    let service = four().await;
    for (keyword, expected) in [("A", "q0 q2 q1 q3"), ("GAM", "q2"), ("alp gam", ""), (".", "q3"), ("q0", "")] {
        let query = Query { keyword: keyword.into(), ..Default::default() };
        assert_eq!(ids(&service, queried(query)).await, expected, "{keyword}");
    }
}

#[tokio::test]
async fn the_requests_own_fields_are_conditions() {
    let service = four().await;
    service.plugins.disable(plugin_request("q3")).await.unwrap();
    let none = PluginQuery::default;
    for (request, expected) in [
        (PluginQuery { plugin_id: "q1".into(), ..none() }, "q1"),
        (PluginQuery { name: "beta".into(), ..none() }, "q1"),
        (PluginQuery { provider: "aws".into(), ..none() }, "q0 q3"),
        (PluginQuery { provider: "aws".into(), state: State::Disabled.into(), ..none() }, "q3"),
        (PluginQuery { resource_type: "x".into(), ..none() }, ""),
        (PluginQuery { registry_type: PublicRegistryType::DockerHub.into(), ..none() }, "q0 q2 q1 q3"),
        (PluginQuery { registry_type: PublicRegistryType::Harbor.into(), ..none() }, ""),
        (PluginQuery { state: 99, ..none() }, ""),
        (PluginQuery { repository_id: "repo-local".into(), ..none() }, "q0 q2 q1 q3"),
        (PluginQuery { repository_id: "repo-managed".into(), ..none() }, ""),
    ] {
        assert_eq!(ids(&service, request.clone()).await, expected, "{request:?}");
    }
    let message = "ERROR_NOT_FOUND_REPOSITORY: Repository does not exist. (repository_id = nope)";
    let elsewhere = PluginQuery { repository_id: "nope".into(), ..none() };
    assert_eq!(refused(service.list(elsewhere).await), (Code::InvalidArgument, message.into()));
}

#[tokio::test]
async fn rows_are_sorted_by_each_key_in_turn() {
    let service = four().await;
    let sort = |keys: &[(&str, bool)]| {
        let sort = keys.iter().map(|(key, desc)| Sort { key: (*key).into(), desc: *desc }).collect();
        queried(Query { sort, ..Default::default() })
    };
    for (keys, expected) in [
        (&[("provider", false)][..], "q2 q0 q3 q1"),
        (&[("provider", true)], "q1 q0 q3 q2"),
        (&[("provider", false), ("name", true)], "q2 q3 q0 q1"),
        (&[("name", true)], "q3 q1 q2 q0"),
        (&[("image", true)], "q3 q2 q1 q0"),
        (&[("tags.n", false)], "q3 q0 q1 q2"),
        (&[("tags.nope", false)], "q0 q1 q2 q3"),
        // A list is ordered by its least item, and that is All in all of them; descending by its greatest.
        (&[("labels", false)], "q0 q1 q2 q3"),
        (&[("labels", true)], "q3 q2 q1 q0"),
    ] {
        assert_eq!(ids(&service, sort(keys)).await, expected, "{keys:?}");
    }
    // 1.12.5 orders by what does not exist; the 2.x service refuses.
    let message = "ERROR_DB_QUERY: Database query failed. (reason = Cannot resolve field \"nope\")";
    assert_eq!(refused(service.list(sort(&[("nope", false)])).await), (Code::Internal, message.into()));
    assert_eq!(refused(service.list(sort(&[("", true)])).await).0, Code::InvalidArgument);
}

#[tokio::test]
async fn only_and_minimal_cut_the_fields() {
    let service = four().await;
    let only = |keys: &[&str]| {
        let only = keys.iter().map(|key| (*key).to_owned()).collect();
        PluginQuery { plugin_id: "q0".into(), ..queried(Query { only, ..Default::default() }) }
    };
    let full = service.get("q0").await.unwrap();
    let none = PluginInfo::default;
    for (keys, expected) in [
        (&["name"][..], PluginInfo { name: "Alpha".into(), ..none() }),
        (&["registry_url"], PluginInfo { registry_url: full.registry_url.clone(), ..none() }),
        (&["repository_info.name"], PluginInfo { repository_info: full.repository_info.clone(), ..none() }),
        (&["tags.n", "tags.deep.x"], PluginInfo { tags: object(json!({"n": 1, "deep": {"x": [1, 2]}})), ..none() }),
        (&["tags", "tags.n"], PluginInfo { tags: full.tags.clone(), ..none() }),
        (&["tags.l.k"], PluginInfo { tags: object(json!({"l": [{"k": "a"}, {"k": "b"}]})), ..none() }),
        (&["tags.nope"], PluginInfo { tags: object(json!({})), ..none() }),
        (&["name.x", "labels"], PluginInfo { labels: full.labels.clone(), ..none() }),
    ] {
        let answer = service.list(only(keys)).await.unwrap();
        assert_eq!((&answer.results[..], answer.total_count), (&[expected][..], 1), "{keys:?}");
    }
    let message = "ERROR_DB_QUERY: Database query failed. (reason = Cannot resolve field \"nope\")";
    assert_eq!(refused(service.list(only(&["name", "nope"])).await), (Code::Internal, message.into()));

    let minimal = Query { minimal: true, only: vec!["tags".into()], ..Default::default() };
    let answer = service.list(PluginQuery { plugin_id: "q0".into(), ..queried(minimal) }).await.unwrap();
    let expected = PluginInfo {
        plugin_id: full.plugin_id,
        name: full.name,
        state: full.state,
        image: full.image,
        registry_type: full.registry_type,
        resource_type: full.resource_type,
        provider: full.provider,
        ..none()
    };
    assert_eq!(answer.results, [expected]);
}

#[tokio::test]
async fn count_only_answers_no_rows() {
    let service = four().await;
    let count = Query { count_only: true, page: Some(Page { start: 1, limit: 1 }), ..Default::default() };
    let answer = service.list(queried(count.clone())).await.unwrap();
    assert_eq!((answer.results.len(), answer.total_count), (0, 4));
    let some = Query { filter: vec![condition("provider", "eq", json!("aws"))], ..count };
    let answer = service.list(queried(some)).await.unwrap();
    assert_eq!((answer.results.len(), answer.total_count), (0, 2));
}

#[tokio::test]
async fn what_the_embedded_service_does_not_have_is_refused_and_not_ignored() {
    let unwind = Query { unwind: Some(Unwind { path: "labels".into(), filter: vec![] }), ..Default::default() };
    let message = "ERROR_NOT_IMPLEMENTED: Not implemented. (key = query.unwind)";
    assert_eq!(refused(four().await.list(queried(unwind)).await), (Code::Unimplemented, message.into()));
}

#[tokio::test]
async fn repositories_are_listed_without_a_count() {
    let list = async |repository_id: &str, repository_type: &str| {
        let query = RepositoryQuery { repository_id: repository_id.into(), repository_type: repository_type.into() };
        let answer = Repositories.list(Request::new(query)).await.unwrap().into_inner();
        assert_eq!(answer.total_count, 0);
        answer.results.into_iter().map(|info| info.repository_id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(list("", "").await, "repo-local repo-managed");
    assert_eq!(list("repo-local", "").await, "repo-local");
    assert_eq!(list("", "MANAGED").await, "repo-managed");
    assert_eq!(list("nope", "").await, "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A page is the same slice of all rows, whether SQLite cuts it, a filter runs before it or a sort does.
    #[test]
    fn pages_are_slices(rows in 0usize..7, start in 0u32..9, limit in 0u32..9) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::new();
            for index in 0..rows {
                // Two of one name each.
                let name = format!("n{}", index / 2);
                let request = RegisterPluginRequest { name, ..registration(&format!("x/p{index}")) };
                service.register(request).await.unwrap();
            }
            let all: Vec<String> = (0..rows).map(|index| format!("p{index}")).collect();
            let first = usize::try_from(start.saturating_sub(1)).unwrap();
            let expected: Vec<String> = match usize::try_from(limit).unwrap() {
                0 => all,
                limit => all.into_iter().skip(first).take(limit).collect(),
            };
            let page = Some(Page { start, limit });
            let plain = Query { page, ..Default::default() };
            let filter = vec![condition("name", "contain", json!("N"))];
            let sort = vec![Sort { key: "created_at".into(), desc: false }, Sort { key: "plugin_id".into(), desc: false }];
            for query in [
                plain.clone(),
                Query { filter: filter.clone(), ..plain.clone() },
                Query { sort: sort[1..].to_vec(), ..plain.clone() },
                Query { filter, sort, ..plain },
            ] {
                let answer = service.list(queried(query)).await.unwrap();
                let found: Vec<String> = answer.results.into_iter().map(|plugin| plugin.plugin_id).collect();
                assert_eq!(found, expected);
                assert_eq!(usize::try_from(answer.total_count).unwrap(), rows);
            }
        });
    }
}
