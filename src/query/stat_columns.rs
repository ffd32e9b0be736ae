//! The columns of a `stat` or `analyze` response, in the order of the request.

use serde_json::{Map, Value};

/// The names that `request` gives to the fields of the rows, those that it groups by first. Empty for verbs other than
/// `stat` and `analyze`.
pub fn response_fields(verb: &str, request: &Map<String, Value>) -> Vec<String> {
    let query = request.get("query").and_then(Value::as_object).unwrap_or(request);
    match verb {
        "stat" => from_stages(query.get("aggregate").unwrap_or(&Value::Null)),
        "analyze" => from_analysis(query),
        _ => Vec::new(),
    }
}

/// Of an aggregation, whose last stages make the rows.
fn from_stages(stages: &Value) -> Vec<String> {
    let stages: Vec<&Value> = items(stages).rev().collect();
    let of = |stage: &str, part: &str| -> Vec<String> {
        stages.iter().flat_map(|it| items(&it[stage][part])).filter_map(name).collect()
    };
    let counts = stages.iter().filter_map(|stage| name(&stage["count"]));
    [of("group", "keys"), of("project", "fields"), of("group", "fields"), counts.collect()].concat()
}

fn from_analysis(query: &Map<String, Value>) -> Vec<String> {
    let part = |key: &str| query.get(key).unwrap_or(&Value::Null);
    let group = |key: &Value| match key {
        // `data.region` is called `region` in the rows.
        Value::String(key) => key.rsplit('.').next().map(str::to_owned),
        key => name(key),
    };
    let mut fields: Vec<String> = items(part("group_by")).filter_map(group).collect();
    // A granularity groups by it.
    fields.push("date".to_owned());
    let keys = |part: &Value| part.as_object().map(|part| part.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    fields.extend(keys(part("select")));
    fields.extend(keys(part("fields")));
    fields
}

/// The items of a list; any other value is one item.
fn items(value: &Value) -> impl DoubleEndedIterator<Item = &Value> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    items.iter()
}

/// The field's name, which the API also takes as `n`.
fn name(field: &Value) -> Option<String> {
    field.get("name").or_else(|| field.get("n"))?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(verb: &str, request: Value) -> Vec<String> {
        response_fields(verb, request.as_object().unwrap())
    }

    #[test]
    fn groups_come_first_and_the_last_stage_decides() {
        let first =
            json!({"group": {"keys": [{"key": "a", "name": "z"}, {"k": "b", "n": "y"}], "fields": [{"name": "n"}]}});
        let last = json!({"group": {"keys": [{"name": "y"}], "fields": [{"name": "m"}, {"name": "c"}]}});
        let count = json!({"count": {"name": "total"}});
        let query = json!({"aggregate": [first, {"limit": 1}, last, count]});
        let expected = ["y", "z", "y", "m", "c", "n", "total"];
        assert_eq!(of("stat", json!({ "query": query.clone() })), expected);
        assert_eq!(of("stat", query.clone()), expected);
        assert!(of("list", query).is_empty());
        for odd in
            [json!({}), json!({"aggregate": 1}), json!({"aggregate": [{"group": []}, "x", {"group": {"keys": "k"}}]})]
        {
            assert!(of("stat", odd.clone()).is_empty(), "{odd}");
        }
    }

    #[test]
    fn an_analysis_groups_by_keys_and_dates() {
        let query = json!({
            "fields": {"n": {"operator": "count"}, "cost": {"key": "cost", "operator": "sum"}},
            "select": {"x": "n"}, "group_by": ["data.region", {"key": "a", "name": "provider"}, 1],
        });
        assert_eq!(of("analyze", json!({"query": query})), ["region", "provider", "date", "x", "n", "cost"]);
    }
}
