//! Tests of `Plugin.list` and `Repository.list`.

use proptest::prelude::*;
use serde_json::json;
use tonic::{Code, Request};

use super::*;
use crate::local_service::proto::core::v2::{Page, Sort, Unwind};
use crate::local_service::proto::repository::v1::plugin_query::State;
use crate::local_service::proto::repository::v1::repository_server::Repository;
use crate::local_service::proto::repository::v1::{PublicRegistryType, RepositoryQuery};
use crate::local_service::repository_method::RepositoryService;

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
        let answer = RepositoryService.list(Request::new(query)).await.unwrap().into_inner();
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
            let sort = ["created_at", "plugin_id"].map(|key| Sort { key: key.into(), desc: false }).to_vec();
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
