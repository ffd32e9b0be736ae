//! A damaged row of the local database: listed, read and changed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rusqlite::Connection;

/// The database, which the program has created.
static READY: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
    spacectl_fuzz::run(&["-e", "local", "list", "repository.Plugin"], b"");
    spacectl_fuzz::HOME.path().join("data/spacectl/repository.db")
});

fuzz_target!(|data: &[u8]| {
    let connection = Connection::open(&*READY).expect("the database");
    connection.execute("DELETE FROM plugin", ()).expect("no plugin");
    connection
        .execute("INSERT INTO plugin (plugin_id, name, info) VALUES ('plugin-x', 'x', ?1)", [data])
        .expect("one plugin");
    drop(connection);
    for line in [
        &["list", "repository.Plugin", "-a", "--filter", "name~x", "-s", "name"][..],
        &["exec", "update", "repository.Plugin", "-p", "plugin_id=plugin-x", "-p", "name=y"],
    ] {
        spacectl_fuzz::run(&[&["-e", "local"], line].concat(), b"");
    }
});
