//! Methods that write, and `get`.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tonic::{Code, Request};

use super::*;
use crate::local_service::proto::repository::v1::plugin_info::State;
use crate::local_service::proto::repository::v1::{PublicRegistryType, RepositoryInfo};

#[tokio::test]
async fn register_answers_the_whole_record() {
    let service = Service::new();
    let answer = service.register(registration("cloudforet/plugin-x")).await.unwrap();
    assert_eq!(answer.created_at, answer.updated_at);
    assert_eq!(answer.created_at.len(), "2026-11-22T06:15:15.035Z".len());
    let expected = PluginInfo {
        plugin_id: "plugin-x".into(),
        name: "A".into(),
        state: State::Enabled.into(),
        resource_type: "inventory.Collector".into(),
        image: "cloudforet/plugin-x".into(),
        provider: String::new(),
        registry_type: PublicRegistryType::DockerHub.into(),
        registry_url: "registry.hub.docker.com".into(),
        registry_config: object(json!({"url": "registry.hub.docker.com"})),
        capability: object(json!({})),
        labels: list(json!([])),
        tags: object(json!({})),
        docs: object(json!({})),
        domain_id: "domain-local".into(),
        repository_info: Some(RepositoryInfo {
            repository_id: "repo-local".into(),
            name: "Private".into(),
            repository_type: "LOCAL".into(),
            endpoint: String::new(),
        }),
        created_at: answer.created_at.clone(),
        updated_at: answer.updated_at.clone(),
    };
    assert_eq!(answer, expected);
    assert_eq!(service.get("plugin-x").await.unwrap(), expected);
}

#[tokio::test]
async fn a_given_plugin_id_goes_before_the_image() {
    let service = Service::new();
    let request = RegisterPluginRequest { plugin_id: "mine".into(), ..registration("x/a") };
    assert_eq!(service.register(request).await.unwrap().plugin_id, "mine");
    assert_eq!(service.register(registration("x/a")).await.unwrap().plugin_id, "a");
}

#[tokio::test]
async fn a_plugin_is_registered_once() {
    let service = Service::new();
    service.register(registration("x/a")).await.unwrap();
    let message = "ERROR_SAVE_UNIQUE_VALUES: Tried to save duplicate unique values. \
                   (keys = ['plugin_id', 'domain_id'])";
    assert_eq!(refused(service.register(registration("y/a")).await), (Code::AlreadyExists, message.into()));
}

#[tokio::test]
async fn the_first_required_field_that_is_missing_is_named() {
    let service = Service::new();
    let complete = registration("x/a");
    let without_name = RegisterPluginRequest { name: String::new(), image: String::new(), ..complete.clone() };
    let without_type = RegisterPluginRequest { resource_type: String::new(), ..complete.clone() };
    let without_image = RegisterPluginRequest { image: String::new(), ..complete };
    for (request, key) in [(without_name, "name"), (without_type, "resource_type"), (without_image, "image")] {
        let message = format!("ERROR_REQUIRED_PARAMETER: Required parameter. (key = {key})");
        assert_eq!(refused(service.register(request).await), (Code::InvalidArgument, message));
    }
}

#[tokio::test]
async fn strict_rules_refuse_image_names_that_a_current_service_refuses() {
    let service = Service::with_options(ServiceOptions { strict: true, ..ServiceOptions::default() });
    let message = r"ERROR_INVALID_IMAGE_NAME_FORMAT: Image name format is [a-zA-Z0-9\-]+ in plugin_b";
    assert_eq!(refused(service.register(registration("x/plugin_b")).await), (Code::InvalidArgument, message.into()));
    let long = "a".repeat(49);
    let message = format!("ERROR_INVALID_IMAGE_LENGTH: The length of image should be less than equal 48 in {long}");
    assert_eq!(refused(service.register(registration(&format!("x/{long}"))).await), (Code::InvalidArgument, message));
}

#[tokio::test]
async fn other_rules_accept_them_and_say_so_once_they_are_registered() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    let on_warning: crate::local_service::OnWarning = Arc::new(move |text| hears.lock().unwrap().push(text.to_owned()));
    let service = Service::with_options(ServiceOptions { on_warning: Some(on_warning), ..ServiceOptions::default() });
    let image = "pyengine/plugin-slack-notification-protocol_settings";
    assert!(service.register(registration(image)).await.is_ok());
    assert!(service.register(registration(image)).await.is_err());
    assert!(service.register(registration("x/fine")).await.is_ok());
    let warning = "current Repository services reject the image name \
                   \"plugin-slack-notification-protocol_settings\": it has characters other than letters, digits \
                   and \"-\"";
    assert_eq!(*heard.lock().unwrap(), [warning]);
}

#[tokio::test]
async fn a_plugin_without_an_id_is_never_registered() {
    // The real service takes it, and then nothing can name it.
    assert_eq!(refused(Service::new().register(registration("x/")).await).0, Code::InvalidArgument);
}

#[tokio::test]
async fn registries_have_the_addresses_of_the_real_configuration() {
    let service = Service::new();
    let with = |image: &str, kind: i32, config| RegisterPluginRequest {
        registry_type: kind,
        registry_config: config,
        ..registration(image)
    };
    let github = service.register(with("x/g", PublicRegistryType::Github.into(), None)).await.unwrap();
    assert_eq!(github.registry_url, "ghcr.io");

    let ecr = i32::from(PublicRegistryType::AwsPrivateEcr);
    let message = "ERROR_REQUIRED_PARAMETER: Required parameter. (key = registry_config.account_id)";
    assert_eq!(refused(service.register(with("x/e", ecr, None)).await), (Code::InvalidArgument, message.into()));
    let known = service.register(with("x/e", ecr, object(json!({"account_id": "1"})))).await.unwrap();
    assert_eq!(known.registry_config, object(json!({"account_id": "1", "url": "private.ecr.aws"})));

    let harbor = i32::from(PublicRegistryType::Harbor);
    let message = "ERROR_REGISTRY_SETTINGS: Registry settings are not ready. (registry_type = HARBOR)";
    assert_eq!(refused(service.register(with("x/h", harbor, None)).await), (Code::Internal, message.into()));
    let own = service.register(with("x/h", harbor, object(json!({"url": "harbor.example"})))).await.unwrap();
    assert_eq!(own.registry_url, "harbor.example");

    assert_eq!(refused(service.register(with("x/u", 99, None)).await).0, Code::Internal);
}

#[tokio::test]
async fn labels_are_texts() {
    let service = Service::new();
    let request = RegisterPluginRequest { labels: list(json!(["x", 1])), ..registration("x/a") };
    let message = "ERROR_DB_QUERY: Database query failed. (reason = ValidationError (Plugin:None) \
                   (1.StringField only accepts string values: ['labels']))";
    assert_eq!(refused(service.register(request).await), (Code::Internal, message.into()));
    assert_eq!(refused(service.get("a").await).0, Code::InvalidArgument, "nothing was kept");

    service.register(registration("x/a")).await.unwrap();
    let update = UpdatePluginRequest { plugin_id: "a".into(), labels: list(json!([1])), ..Default::default() };
    let message = "ERROR_DB_QUERY: Database query failed. (reason = StringField only accepts string values)";
    assert_eq!(refused(service.update(update).await), (Code::Internal, message.into()));
}

#[tokio::test]
async fn update_changes_what_is_set_and_empties_what_is_set_empty() {
    let service = Service::new();
    let before = service
        .register(RegisterPluginRequest {
            provider: "aws".into(),
            tags: object(json!({"old": 1})),
            labels: list(json!(["old"])),
            capability: object(json!({"old": 1})),
            ..registration("x/a")
        })
        .await
        .unwrap();
    let update = UpdatePluginRequest {
        plugin_id: "a".into(),
        name: " B ".into(),
        tags: object(json!({" new ": " v "})),
        labels: list(json!([])),
        docs: object(json!({"en": "x"})),
        ..Default::default()
    };
    let after = service.update(update).await.unwrap();
    let expected = PluginInfo {
        name: "B".into(),
        tags: object(json!({"new": "v"})),
        labels: list(json!([])),
        docs: object(json!({"en": "x"})),
        updated_at: after.updated_at.clone(),
        ..before
    };
    assert_eq!(after, expected);
    assert!(after.updated_at >= after.created_at);

    let nothing = UpdatePluginRequest { plugin_id: "a".into(), ..Default::default() };
    let unchanged = service.update(nothing).await.unwrap();
    assert_eq!(
        PluginInfo { updated_at: String::new(), ..unchanged },
        PluginInfo { updated_at: String::new(), ..after }
    );
}

#[tokio::test]
async fn a_plugin_is_disabled_and_enabled() {
    let service = Service::new();
    service.register(registration("x/a")).await.unwrap();
    let disabled = service.plugins.disable(plugin_request("a")).await.unwrap().into_inner();
    assert_eq!(disabled.state(), State::Disabled);
    assert_eq!(service.get("a").await.unwrap().state(), State::Disabled);
    let enabled = service.plugins.enable(plugin_request("a")).await.unwrap().into_inner();
    assert_eq!(enabled.state(), State::Enabled);
}

#[tokio::test]
async fn a_deregistered_plugin_is_gone_and_its_id_is_free() {
    let service = Service::new();
    service.register(registration("x/a")).await.unwrap();
    service.plugins.deregister(plugin_request("a")).await.unwrap();
    let message = "ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = a)";
    assert_eq!(refused(service.get("a").await), (Code::InvalidArgument, message.into()));
    service.register(registration("x/a")).await.unwrap();
}

#[tokio::test]
async fn methods_that_write_do_not_find_what_is_not_there() {
    let service = Service::new();
    let expected = (
        Code::NotFound,
        "ERROR_NOT_FOUND: Resource cannot be found or access is denied. \
         (('plugin_id', 'domain_id') = ('nope', 'domain-local'))"
            .to_owned(),
    );
    let update = UpdatePluginRequest { plugin_id: "nope".into(), ..Default::default() };
    assert_eq!(refused(service.update(update).await), expected);
    assert_eq!(refused(service.plugins.enable(plugin_request("nope")).await), expected);
    assert_eq!(refused(service.plugins.disable(plugin_request("nope")).await), expected);
    assert_eq!(refused(service.plugins.deregister(plugin_request("nope")).await), expected);
}

#[tokio::test]
async fn every_method_on_one_plugin_requires_its_id() {
    let service = Service::new();
    let expected =
        (Code::InvalidArgument, "ERROR_REQUIRED_PARAMETER: Required parameter. (key = plugin_id)".to_owned());
    assert_eq!(refused(service.update(UpdatePluginRequest::default()).await), expected);
    assert_eq!(refused(service.plugins.enable(plugin_request("")).await), expected);
    assert_eq!(refused(service.plugins.deregister(plugin_request("")).await), expected);
    assert_eq!(refused(service.get("").await), expected);
    let nothing = Request::new(RepositoryPluginRequest::default());
    assert_eq!(refused(service.plugins.get_versions(nothing).await), expected);
}

#[tokio::test]
async fn get_and_get_versions_look_into_the_repository_that_is_named() {
    let service = Service::new();
    service.register(registration("x/a")).await.unwrap();
    let asking = |plugin_id: &str, repository_id: &str| {
        Request::new(RepositoryPluginRequest { plugin_id: plugin_id.into(), repository_id: repository_id.into() })
    };
    assert!(service.plugins.get(asking("a", "repo-local")).await.is_ok());
    for elsewhere in ["repo-managed", "nope"] {
        let message = "ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = a)";
        let expected = (Code::InvalidArgument, message.to_owned());
        assert_eq!(refused(service.plugins.get(asking("a", elsewhere)).await), expected);
        assert_eq!(refused(service.plugins.get_versions(asking("a", elsewhere)).await), expected);
    }
    let versions = service.plugins.get_versions(asking("a", "")).await.unwrap().into_inner();
    assert_eq!((versions.total_count, versions.results.len()), (0, 0));
}

/// A request is read one level deeper than a list reads the record in it.
#[tokio::test]
async fn a_record_that_no_list_can_hold_is_rejected() {
    /// Lists in each other; each is two messages deep.
    fn nested(depth: usize) -> serde_json::Value {
        (0..depth).fold(json!(1), |value, _| json!([value]))
    }
    let service = Service::new();
    // Two objects of three messages each around them.
    let tags = |depth| object(json!({"a": {"b": nested(depth)}}));
    service.register(RegisterPluginRequest { tags: tags(46), ..registration("x/a") }).await.unwrap();
    let expected = "ERROR_DB_QUERY: Database query failed. (reason = the record is nested too deep for a list)";
    let request = RegisterPluginRequest { tags: tags(47), ..registration("x/b") };
    assert!(RegisterPluginRequest::decode(&*request.encode_to_vec()).is_ok());
    assert_eq!(refused(service.register(request).await), (Code::Internal, expected.into()));
    let update = UpdatePluginRequest { plugin_id: "a".into(), docs: tags(47), ..Default::default() };
    assert_eq!(refused(service.update(update).await), (Code::Internal, expected.into()));
    assert_eq!(ids(&service, PluginQuery::default()).await, "a");
}
