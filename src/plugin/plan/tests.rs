//! Tests of plans: what changes, and how.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("an object") };
    object
}

fn names(names: &str) -> Vec<String> {
    names.split(' ').map(str::to_owned).collect()
}

/// The second generation.
fn fields() -> PluginFields {
    PluginFields {
        register: names(
            "name resource_type image provider registry_type registry_config capability labels tags plugin_id docs",
        ),
        update: names("plugin_id name capability labels tags docs"),
        keys: names("plugin_id"),
        row: names(
            "plugin_id name state resource_type image provider registry_type registry_url registry_config capability \
             labels tags docs domain_id",
        ),
    }
}

fn first_generation() -> PluginFields {
    PluginFields {
        register: names(
            "name service_type image provider registry_type registry_config capability template labels tags project_id \
             domain_id",
        ),
        update: names("plugin_id name capability template labels tags domain_id"),
        keys: names("plugin_id domain_id"),
        row: names(
            "plugin_id name image state service_type provider registry_type registry_url registry_config capability \
             template labels tags project_id domain_id",
        ),
    }
}

fn trimmed(value: &Value) -> Value {
    match value {
        Value::String(text) => text.trim().into(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.trim().to_owned(), trimmed(value))).collect(),
        other => other.clone(),
    }
}

/// What a service makes of a register request.
fn registered(spec: &Map<String, Value>) -> Map<String, Value> {
    let mut row: Map<_, _> = spec.iter().map(|(name, value)| (name.clone(), trimmed(value))).collect();
    row.insert("plugin_id".to_owned(), plugin_id(spec).unwrap().into());
    row.insert("state".to_owned(), "ENABLED".into());
    row.entry("registry_type").or_insert_with(|| "DOCKER_HUB".into());
    row.insert("registry_url".to_owned(), "registry.hub.docker.com".into());
    let config = row.entry("registry_config").or_insert_with(|| json!({}));
    config.as_object_mut().unwrap().entry("url").or_insert_with(|| "registry.hub.docker.com".into());
    for (name, empty) in [("tags", json!({})), ("capability", json!({})), ("docs", json!({})), ("labels", json!([]))] {
        row.entry(name).or_insert(empty);
    }
    row
}

/// What a service makes of an update request.
fn updated(row: &Map<String, Value>, request: &Map<String, Value>) -> Map<String, Value> {
    let mut row = row.clone();
    row.extend(request.iter().map(|(name, value)| (name.clone(), trimmed(value))));
    row
}

fn paths(plan: &Action) -> Vec<String> {
    plan.changes().iter().map(|change| change.path.to_string()).collect()
}

fn spec(more: Value) -> Map<String, Value> {
    let mut spec = object(json!({"name": "A", "resource_type": "a.B", "image": "x/plugin-a"}));
    spec.extend(object(more));
    spec
}

#[test]
fn what_is_not_there_is_registered_and_what_is_as_it_should_be_is_kept() {
    let spec = spec(json!({"tags": {"icon": "a"}}));
    assert_eq!(fields().action(&spec, None), Action::Register);
    assert_eq!(fields().action(&spec, Some(&registered(&spec))), Action::Unchanged);
}

#[test]
fn only_what_differs_is_sent_as_whole_fields() {
    let row = registered(&spec(json!({"tags": {"icon": "a", "x": 1}, "labels": ["a"], "docs": {"en": "d"}})));
    let new = spec(json!({"tags": {"icon": "b"}, "labels": ["a"]}));
    let plan = fields().action(&new, Some(&row));
    assert!(matches!(plan, Action::Update(_)));
    assert_eq!(paths(&plan), ["tags.icon", "tags.x"]);
    let request = fields().update(&new, plan.changes());
    assert_eq!(Value::Object(request), json!({"plugin_id": "plugin-a", "tags": {"icon": "b"}}));
}

#[test]
fn what_no_update_takes_asks_for_a_replacement() {
    let row = registered(&spec(json!({})));
    for (field, value) in [
        ("image", json!("y/plugin-a")),
        ("resource_type", json!("c.D")),
        ("registry_type", json!("HARBOR")),
        ("registry_config", json!({"account_id": "1"})),
        ("provider", json!("aws")),
    ] {
        let mut new = spec(json!({"name": "other"}));
        new.insert(field.to_owned(), value);
        let plan = fields().action(&new, Some(&row));
        assert!(matches!(&plan, Action::Replace(_)), "{field}: {plan:?}");
        assert_eq!(plan.changes().len(), 2, "{plan:?}");
    }
}

#[test]
fn an_address_that_the_service_filled_in_is_no_difference_and_another_is() {
    let row = registered(&spec(json!({})));
    let config = |config: Value| fields().action(&spec(json!({"registry_config": config})), Some(&row));
    assert_eq!(config(json!({})), Action::Unchanged);
    assert_eq!(config(json!({"url": "registry.hub.docker.com"})), Action::Unchanged);
    assert_eq!(paths(&config(json!({"url": "ghcr.io"}))), ["registry_config.url"]);
    assert_eq!(paths(&config(json!({"account_id": "1"}))), ["registry_config.account_id"]);
}

#[test]
fn what_tells_which_plugin_is_meant_is_sent_and_not_compared() {
    let fields = first_generation();
    let spec =
        object(json!({"name": "A", "service_type": "a.B", "image": "x/a", "domain_id": "d-1", "template": {"a": 1}}));
    let row = object(json!({"plugin_id": "a", "name": "A", "service_type": "a.B", "image": "x/a", "domain_id": "d-2"}));
    let plan = fields.action(&spec, Some(&row));
    assert_eq!(paths(&plan), ["template.a"]);
    let request = fields.update(&spec, plan.changes());
    assert_eq!(Value::Object(request), json!({"domain_id": "d-1", "plugin_id": "a", "template": {"a": 1}}));
    assert_eq!(Value::Object(fields.identity(&spec)), json!({"domain_id": "d-1", "plugin_id": "a"}));
}

#[test]
fn a_plugin_in_the_place_of_another_keeps_what_its_spec_leaves_out() {
    let old = fields().as_registered(&registered(&spec(json!({"tags": {"a": 1}, "docs": {"en": "d"}}))));
    let new = fields().in_place_of(&old, &spec(json!({"image": "y/plugin-a", "tags": {}})));
    assert_eq!((&new["image"], &new["tags"], &new["docs"]), (&json!("y/plugin-a"), &json!({}), &json!({"en": "d"})));
    assert_eq!(new["registry_config"], json!({"url": "registry.hub.docker.com"}));
    let elsewhere = fields().in_place_of(&old, &spec(json!({"registry_type": "GITHUB"})));
    assert_eq!(elsewhere.get("registry_config"), None, "settings of another registry");
}

#[test]
fn what_has_changed_can_be_told_of_what_is_gone() {
    let old = fields().as_registered(&registered(&spec(json!({"tags": {"a": 1}}))));
    let changes = fields().changes_since(&spec(json!({"image": "y/plugin-a", "registry_config": {}})), &old);
    assert_eq!(paths(&Action::Replace(changes)), ["image"]);
}

#[test]
fn an_id_of_its_own_is_registered_again() {
    let row = registered(&spec(json!({"plugin_id": "own"})));
    assert_eq!(fields().as_registered(&row)["plugin_id"], "own");
    assert_eq!(fields().as_registered(&registered(&spec(json!({})))).get("plugin_id"), None);
}

#[test]
fn only_plugins_that_are_known_to_be_the_domains_own_are_pruned() {
    let row = |place: Value, labels: Value| object(json!({"repository_info": place, "labels": labels}));
    let local = json!({"repository_type": "LOCAL"});
    assert!(is_ours_with("a", &row(local.clone(), json!(["b", "a"]))));
    assert!(is_ours_with("a", &row(json!({"repository_type": "local"}), json!(["a"]))));
    assert!(!is_ours_with("a", &row(local.clone(), json!(["ab"]))));
    assert!(!is_ours_with("a", &row(json!({"repository_type": "MANAGED"}), json!(["a"]))));
    assert!(!is_ours_with("a", &row(json!({}), json!(["a"]))));
    assert!(!is_ours_with("a", &row(local, Value::Null)));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        "[ a]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map("[ab]{1,2}| c ", inner, 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn mapping() -> impl Strategy<Value = Value> {
    prop::collection::hash_map("[ab]{1,2}| c ", value(), 0..3)
        .prop_map(|entries| Value::Object(entries.into_iter().collect()))
}

fn specs() -> impl Strategy<Value = Map<String, Value>> {
    let texts = (prop_oneof![Just("A"), Just(" A "), Just("B")], prop_oneof![Just("x/plugin-a"), Just("y/plugin-a")]);
    let maps = (prop::option::of(mapping()), prop::option::of(mapping()), prop::option::of(mapping()));
    let labels = prop::option::of(prop::collection::vec("[ab]", 0..3));
    let registry = prop::option::of(prop_oneof![Just("HARBOR"), Just("GITHUB")]);
    (texts, maps, labels, registry).prop_map(|((name, image), (tags, docs, config), labels, registry)| {
        let mut spec = object(json!({"name": name, "resource_type": "a.B", "image": image}));
        let maps = [("tags", tags), ("docs", docs), ("registry_config", config)];
        spec.extend(maps.into_iter().filter_map(|(name, map)| Some((name.to_owned(), map?))));
        spec.extend(labels.map(|labels| ("labels".to_owned(), labels.into())));
        spec.extend(registry.map(|registry| ("registry_type".to_owned(), registry.into())));
        spec
    })
}

proptest! {
    #[test]
    fn what_was_registered_as_a_spec_says_is_kept(spec in specs()) {
        prop_assert_eq!(fields().action(&spec, Some(&registered(&spec))), Action::Unchanged);
    }

    #[test]
    fn what_was_carried_out_is_not_planned_again(before in specs(), spec in specs()) {
        let (fields, row) = (fields(), registered(&before));
        let after = match fields.action(&spec, Some(&row)) {
            Action::Unchanged => row,
            Action::Update(changes) => {
                let request = fields.update(&spec, &changes);
                let is_changed = |name: &str| changes.iter().any(|change| change.field() == name);
                prop_assert!(request.keys().all(|name| name == "plugin_id" || is_changed(name)));
                updated(&row, &request)
            }
            Action::Replace(_) => registered(&fields.in_place_of(&fields.as_registered(&row), &spec)),
            Action::Register => registered(&spec),
        };
        prop_assert_eq!(fields.action(&spec, Some(&after)), Action::Unchanged);
    }

    #[test]
    fn what_is_kept_registers_the_same_again(spec in specs()) {
        let row = registered(&spec);
        prop_assert_eq!(registered(&fields().as_registered(&row)), row);
    }
}
