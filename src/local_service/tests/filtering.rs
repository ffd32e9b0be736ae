//! `Plugin.list`: which plugins filters select.

use serde_json::json;
use tonic::Code;

use super::*;

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
