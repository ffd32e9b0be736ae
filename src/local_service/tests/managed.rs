//! Tests of the managed repository, with the answers of the real service 2.0.

use std::sync::Arc;

use tonic::{Code, Request};

use super::super::proto::core::v2::{Page, Query, Sort};
use super::super::proto::repository::v1::plugin_query::State;
use super::super::{ServiceOptions, managed_plugin};
use super::*;

/// Two managed plugins, `m1` and `m2`, and two of the domain: `q1`, and one that has the id `m2`, too.
async fn both() -> Service {
    let managed = |name: &str, image: &str, provider: &str| {
        let spec = RegisterPluginRequest { name: name.into(), provider: provider.into(), ..registration(image) };
        managed_plugin(spec).unwrap()
    };
    let managed: Arc<[PluginInfo]> = [managed("Slack", "x/m1", "slack"), managed("AWS", "x/m2", "aws")].into();
    let service = Service::with_options(ServiceOptions { managed, ..ServiceOptions::default() });
    for (name, image) in [("Zabbix", "x/q1"), ("Mine", "x/m2")] {
        service.register(RegisterPluginRequest { name: name.into(), ..registration(image) }).await.unwrap();
    }
    service
}

async fn names(service: &Service, request: PluginQuery) -> (String, i32) {
    let answer = service.list(request).await.unwrap();
    let names: Vec<&str> = answer.results.iter().map(|plugin| plugin.name.as_str()).collect();
    (names.join(" "), answer.total_count)
}

#[tokio::test]
async fn a_list_has_the_plugins_of_both_one_repository_behind_the_other() {
    let service = both().await;
    let page = |start, limit| queried(Query { page: Some(Page { start, limit }), ..Default::default() });
    let sort = |key: &str, desc| queried(Query { sort: vec![Sort { key: key.into(), desc }], ..Default::default() });
    let all = || PluginQuery::default();
    for (request, expected) in [
        (all(), ("Slack AWS Mine Zabbix", 4)),
        (page(0, 3), ("Slack AWS Mine", 4)),
        (page(2, 2), ("AWS Mine", 4)),
        (page(4, 9), ("Zabbix", 4)),
        (page(9, 9), ("", 4)),
        // Each repository by itself.
        (sort("name", false), ("AWS Slack Mine Zabbix", 4)),
        (sort("name", true), ("Slack AWS Zabbix Mine", 4)),
        (queried(Query { keyword: "A".into(), ..Default::default() }), ("Slack AWS Zabbix", 3)),
        (PluginQuery { name: "AWS".into(), ..all() }, ("AWS", 1)),
        (PluginQuery { provider: "slack".into(), ..all() }, ("Slack", 1)),
        (PluginQuery { plugin_id: "m2".into(), ..all() }, ("AWS Mine", 2)),
        (PluginQuery { repository_id: "repo-managed".into(), ..page(2, 1) }, ("AWS", 2)),
        (PluginQuery { repository_id: "repo-local".into(), ..all() }, ("Mine Zabbix", 2)),
        // These reach the own plugins only.
        (filtered(condition("name", "contain", json!("mine"))), ("Slack AWS Mine", 3)),
        (PluginQuery { state: State::Disabled.into(), ..all() }, ("Slack AWS", 2)),
        (PluginQuery { registry_type: 3, ..all() }, ("Slack AWS", 2)),
    ] {
        assert_eq!(names(&service, request.clone()).await, (expected.0.to_owned(), expected.1), "{request:?}");
    }
    let refusal = refused(service.list(sort("created_at", true)).await);
    let said = "ERROR_SORT_KEY: Sort key is invalid. (sort_key = created_at)";
    assert_eq!(refusal, (Code::InvalidArgument, said.to_owned()));
}

#[tokio::test]
async fn a_managed_plugin_is_found_first_and_not_changed() {
    let service = both().await;
    let found = service.get("m2").await.unwrap();
    let place = found.repository_info.unwrap();
    assert_eq!((found.name.as_str(), place.repository_type.as_str()), ("AWS", "MANAGED"));
    assert_eq!((found.created_at.as_str(), found.registry_url.as_str()), ("", "registry.hub.docker.com"));
    assert_eq!(service.get("q1").await.unwrap().name, "Zabbix");
    let not_found = |refusal: (Code, String)| assert_eq!(refusal.0, Code::NotFound);
    not_found(refused(service.update(UpdatePluginRequest { plugin_id: "m1".into(), ..Default::default() }).await));
    not_found(refused(service.plugins.enable(plugin_request("m1")).await));
    not_found(refused(service.plugins.disable(plugin_request("m1")).await));
    not_found(refused(service.plugins.deregister(plugin_request("m1")).await));
    // Where an own one has the id, it is that one.
    service.plugins.deregister(plugin_request("m2")).await.unwrap();
    assert_eq!(names(&service, PluginQuery::default()).await, ("Slack AWS Zabbix".to_owned(), 3));
    let versions = RepositoryPluginRequest { plugin_id: "m1".into(), ..Default::default() };
    assert_eq!(service.plugins.get_versions(Request::new(versions)).await.unwrap().into_inner().results, [""; 0]);
}
