//! Tests of one file shared by several stores.
//!
//! Threads with a store each meet in SQLite's file locks just as processes do, and callers of one store in its
//! connection.

use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use futures_util::future::join_all;
use prost::bytes::Bytes;
use serde_json::json;
use tonic::Code;

use super::*;
use crate::local_service::proto::core::v2::Sort;
use crate::local_service::store_error::StoreError;

const STORES: usize = 6;

/// Runs `work` on `STORES` threads, each with a service on a store of its own, all at once.
fn together<T: Send>(file: &Path, work: impl AsyncFn(usize, Service) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(STORES);
    thread::scope(|scope| {
        let (barrier, work) = (&barrier, &work);
        let threads: Vec<_> = (0..STORES)
            .map(|number| {
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    barrier.wait();
                    let store = Store::open(file).unwrap();
                    let plugins = PluginService::new(store, ServiceOptions::default());
                    let service = Service { plugins, _folder: tempfile::tempdir().unwrap() };
                    runtime.block_on(work(number, service))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn no_registration_is_lost_and_each_id_is_won_once() {
    const EACH: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.db");
    let won: Vec<usize> = together(&file, async |number, service| {
        let mut won = 0;
        for index in 0..EACH {
            service.register(registration(&format!("x/own-{number}-{index}"))).await.unwrap();
            match service.register(registration(&format!("x/shared-{index}"))).await {
                Ok(_) => won += 1,
                Err(status) => assert_eq!(status.code(), Code::AlreadyExists, "{status}"),
            }
        }
        won
    });
    assert_eq!(won.iter().sum::<usize>(), EACH);
    let counts = together(&file, async |_, service| service.list(PluginQuery::default()).await.unwrap().results.len());
    assert_eq!(counts, [STORES * EACH + EACH; STORES]);
}

#[test]
fn updates_of_different_fields_of_one_plugin_all_stay() {
    const EACH: usize = 20;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.db");
    together(&file, async |number, service| {
        // Whoever is first; the others find it there.
        let _ = service.register(registration("x/a")).await;
        for index in 0..EACH {
            let set = json!({ "round": index });
            let none = UpdatePluginRequest { plugin_id: "a".into(), ..Default::default() };
            let update = match number % 4 {
                0 => UpdatePluginRequest { tags: object(set), ..none },
                1 => UpdatePluginRequest { docs: object(set), ..none },
                2 => UpdatePluginRequest { capability: object(set), ..none },
                _ => UpdatePluginRequest { labels: list(json!([index.to_string()])), ..none },
            };
            service.update(update).await.unwrap();
        }
    });
    let service = Service {
        plugins: PluginService::new(Store::open(&file).unwrap(), ServiceOptions::default()),
        _folder: folder,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let plugin = runtime.block_on(service.get("a")).unwrap();
    // A read that came before another's write would have put that one's field back to an earlier round.
    let last = object(json!({ "round": EACH - 1 }));
    assert_eq!((&plugin.tags, &plugin.docs, &plugin.capability), (&last, &last, &last));
    assert_eq!(plugin.labels, list(json!([(EACH - 1).to_string()])));
}

#[tokio::test]
async fn whoever_waits_for_another_process_leaves_the_runtime_free() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plugins.db");
    let service = Service {
        plugins: PluginService::new(Store::open(&file).unwrap(), ServiceOptions::default()),
        _folder: folder,
    };
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // On this runtime of one thread, the other would never get to its end if the first did not let it.
    let (registered, ()) = tokio::join!(service.register(registration("x/a")), async {
        // Reading does not wait.
        assert_eq!(refused(service.get("a").await).0, Code::InvalidArgument);
        other.execute_batch("COMMIT").unwrap();
    });
    registered.unwrap();
}

#[test]
fn a_database_that_stays_busy_is_unavailable() {
    let busy = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None);
    assert_eq!(Status::from(StoreError::from(busy)).code(), Code::Unavailable);
}

#[test]
fn one_of_those_who_open_first_creates() {
    // The one that creates can be held up by the others right behind that, which is rare: so again and again.
    for round in 0..50 {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/er/plugins.db");
        let barrier = Barrier::new(STORES);
        let new = thread::scope(|scope| {
            let threads: Vec<_> = (0..STORES)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        Store::open(&file).unwrap().is_new()
                    })
                })
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap().then_some(())).count()
        });
        assert_eq!(new, 1, "round {round}");
        assert!(!Store::open(&file).unwrap().is_new());
    }
}

#[tokio::test]
async fn what_is_created_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/plugins.db");
    let plugins = PluginService::new(Store::open(&file).unwrap(), ServiceOptions::default());
    plugins.register(Request::new(registration("x/a"))).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(mode(&file.with_file_name("plugins.db-wal")), 0o600);
    drop(plugins);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "one file when nobody has it open");
}

#[test]
fn files_of_others_and_of_later_versions_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    fs::write(&text, "this is no database, and it is long enough to see that at its beginning").unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let later = folder.path().join("later.db");
    drop(Store::open(&later).unwrap());
    rusqlite::Connection::open(&later).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for (file, cause) in [
        (&text, "the file is not a local repository"),
        (&other, "the file is not a local repository"),
        (&later, "its format is version 2; this program knows version 1"),
    ] {
        let before = fs::read(file).unwrap();
        let error = Store::open(file).unwrap_err();
        assert_eq!(error.exit_code(), 1);
        assert_eq!(error.problems()[0].causes, [cause]);
        assert_eq!(fs::read(file).unwrap(), before);
    }
    assert!(Store::open(folder.path()).is_err(), "a folder");
}

#[test]
fn a_file_with_a_name_that_means_something_to_sqlite_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file:x?mode=memory");
    drop(Store::open(&file).unwrap());
    assert!(file.exists());
}

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

#[tokio::test]
async fn writes_reach_the_disk_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mode = async |store: &Store| {
        let read = |connection: &rusqlite::Connection| {
            Ok(connection.query_row("PRAGMA synchronous", (), |row| row.get::<_, i32>(0))?)
        };
        store.read(read).await.unwrap()
    };
    let store = Store::open(&folder.path().join("plugins.db")).unwrap();
    assert_eq!(mode(&store).await, 1, "NORMAL");
    assert_eq!(mode(&store.with_full_sync().unwrap()).await, 2, "FULL");
}

/// A damaged record is named; the others are as before.
#[tokio::test]
async fn a_damaged_record_is_named_and_can_be_removed() {
    let service = four().await;
    let file = service._folder.path().join("plugins.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    let sort = Query { sort: vec![Sort { key: "name".into(), desc: true }], ..Default::default() };
    let requests = || [PluginQuery::default(), filtered(condition("name", "not", json!("x"))), queried(sort.clone())];
    for (info, reason) in
        [(&b"\xff\xff\xff"[..], "failed to decode Protobuf message: invalid varint"), (b"", "it is of another plugin")]
    {
        let sql = "UPDATE plugin SET info = ?1 WHERE plugin_id = 'q1'";
        other.execute(sql, [info]).unwrap();
        let message = format!(
            "ERROR_DB_QUERY: Database query failed. (reason = the record of the plugin q1 is damaged: {reason}; \
             deregister the plugin, then register it again)"
        );
        for request in requests() {
            assert_eq!(refused(service.list(request).await), (Code::DataLoss, message.clone()));
        }
        assert_eq!(refused(service.get("q1").await), (Code::DataLoss, message.clone()));
        assert_eq!(refused(service.register(registration("x/q1")).await), (Code::DataLoss, message));
        assert_eq!(service.get("q0").await.unwrap().name, "Alpha");
        let count = queried(Query { count_only: true, ..Default::default() });
        assert_eq!(service.list(count).await.unwrap().total_count, 4);
    }
    service.plugins.deregister(plugin_request("q1")).await.unwrap();
    for request in requests() {
        assert_eq!(service.list(request).await.unwrap().results.len(), 3);
    }
    service.register(registration("x/q1")).await.unwrap();
}
