//! Callers that write at once, in one process: they commit together, and yet each is answered by itself.

use std::task::{Context, Waker};

use futures_util::future::join_all;
use prost::bytes::Bytes;

use super::*;
use crate::local_service::store::StoreError;

#[tokio::test]
async fn who_is_refused_takes_nothing_of_the_others_away() {
    let service = Service::new();
    let images: Vec<String> = (0..60).map(|number| format!("x/image-{}", number % 50)).collect();
    let answers = join_all(images.iter().map(|image| service.register(registration(image)))).await;
    for (number, answer) in answers.iter().enumerate() {
        match answer {
            Ok(plugin) => assert!(number < 50, "{plugin:?}"),
            Err(status) => assert!(number >= 50 && status.code() == Code::AlreadyExists, "{number}: {status}"),
        }
    }
    assert_eq!(service.list(PluginQuery::default()).await.unwrap().results.len(), 50);
}

#[tokio::test]
async fn who_reads_meanwhile_finds_whole_batches() {
    let service = Service::new();
    let writing = join_all((0..20).map(|number| service.register(registration(&format!("x/image-{number}")))));
    let reading = service.list(PluginQuery::default());
    let (written, read) = tokio::join!(writing, reading);
    assert!(written.iter().all(Result::is_ok));
    assert_eq!(read.unwrap().results.len(), 20);
}

#[tokio::test]
async fn a_batch_ends_though_nobody_waits_for_it_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.db");
    let service = Service {
        plugins: PluginService::new(Store::open(&file).unwrap(), ServiceOptions::default()),
        _folder: folder,
    };
    {
        let mut left = Box::pin(service.register(registration("x/left")));
        assert!(left.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let other = Service {
        plugins: PluginService::new(Store::open(&file).unwrap(), ServiceOptions::default()),
        _folder: tempfile::tempdir().unwrap(),
    };
    other.register(registration("x/other")).await.unwrap();
    let names = |list: PluginsInfo| list.results.into_iter().map(|plugin| plugin.plugin_id).collect::<Vec<_>>();
    assert_eq!(names(other.list(PluginQuery::default()).await.unwrap()).len(), 2);
    assert_eq!(names(service.list(PluginQuery::default()).await.unwrap()).len(), 2);
}

/// Where the disk is full, SQLite takes back more than the statement that failed.
#[tokio::test]
async fn what_is_said_to_be_kept_is_kept_and_nothing_else() {
    const EACH: usize = 200_000;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.db");
    let store = Store::open(&file).unwrap();
    store.read(|connection| Ok(connection.execute_batch("PRAGMA max_page_count = 300")?)).await.unwrap();
    let insert = |number: usize| {
        let bytes = Bytes::from(vec![0; if number.is_multiple_of(3) { EACH } else { 10 }]);
        let store = &store;
        async move {
            store
                .write(|connection| -> Result<(), StoreError> {
                    let id = format!("plugin-{number}");
                    let sql = "INSERT INTO plugin (plugin_id, name, info) VALUES (?1, ?1, ?2)";
                    connection.execute(sql, rusqlite::params![id, bytes.as_ref()])?;
                    Ok(())
                })
                .await
        }
    };
    let answers = join_all((0..30).map(insert)).await;
    assert!(answers.iter().any(Result::is_ok) && answers.iter().any(Result::is_err));
    let other = rusqlite::Connection::open(&file).unwrap();
    for (number, answer) in answers.iter().enumerate() {
        let sql = "SELECT count(*) FROM plugin WHERE plugin_id = ?1";
        let kept: bool = other.query_row(sql, [format!("plugin-{number}")], |row| row.get(0)).unwrap();
        assert_eq!(kept, answer.is_ok(), "{number}: {answer:?}");
    }
}
