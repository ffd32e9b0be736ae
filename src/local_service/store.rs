//! The SQLite file of the embedded service, shared by several processes.
//!
//! One file in WAL mode. Calls run on the caller's thread: they take microseconds, less than handing them to another
//! thread costs. Only waiting for another process can take long, and that is asynchronous.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{self, Path};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BlockingRetryable as _, ExponentialBuilder, Retryable as _};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use rustix::fs::OFlags;
use tonic::Status;

use super::store_error::{RESTORE, StoreError, is_busy};
use super::table;
use super::types::Store;
use crate::error::{Error, Result};
use crate::fs::open_file_with;

/// Marks a SQLite file as a plugin store: "SPCT". <https://www.sqlite.org/pragma.html#pragma_application_id>
const APPLICATION_ID: i32 = 0x5350_4354;

const SCHEMA_VERSION: i32 = 1;

/// `seq` is the order of registration. The index on names serves sorted pages and, being the smallest, counting.
const SCHEMA: &str = "
    CREATE TABLE plugin (
        seq INTEGER PRIMARY KEY,
        plugin_id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        info BLOB NOT NULL -- an encoded spaceone.api.repository.v1.PluginInfo
    ) STRICT;
    CREATE INDEX plugin_by_name ON plugin (name);
";

/// How long a call waits for other processes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What a [`Store`] has of its file.
#[derive(Clone, Debug)]
pub(super) struct OpenStore {
    connection: Arc<Mutex<Connection>>,
    is_new: bool,
}

impl Store {
    /// Opens the store at `path`, or creates it, readable for its owner only. Waits up to 10 seconds for other
    /// processes that are creating it.
    ///
    /// # Errors
    /// The file or its folder cannot be created or opened, the file is not a plugin store, or a later version has
    /// written it.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = || Error::local(format!("cannot open the local repository {}", path.display()));
        // SQLite gives names such as ":memory:" a meaning of their own; an absolute path has none.
        let file = path::absolute(path).map_err(|error| failed().cause(error))?;
        let not_writable = "make the file and its folder writable, or choose another file";
        create(&file).map_err(|error| failed().cause(error).hint(not_writable))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&file, flags).map_err(|error| failed().cause(error))?;
        let foreign = || failed().cause("the file is not a local repository").hint("choose another file");
        let state = prepare(&mut connection).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => foreign(),
            Some(ErrorCode::DatabaseCorrupt) => failed().cause(error).hint(RESTORE),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => failed().cause(error).hint(not_writable),
            _ => failed().cause(error),
        })?;
        match state {
            FileState::Empty | FileState::Known => {
                let is_new = matches!(state, FileState::Empty);
                Ok(Self(OpenStore { connection: Arc::new(Mutex::new(connection)), is_new }))
            }
            FileState::Foreign => Err(foreign()),
            FileState::Later(version) => Err(failed()
                .cause(format!("its format is version {version}; this program knows version {SCHEMA_VERSION}"))
                .hint("use the version of this program that wrote it, or a later one")),
        }
    }

    /// Lets each write reach the disk before it is acknowledged: a power failure loses nothing then.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn with_full_sync(self) -> Result<Self> {
        let set = self.lock().execute_batch("PRAGMA synchronous = FULL");
        set.map_err(|error| Error::local("cannot set how the local repository is written").cause(error))?;
        Ok(self)
    }

    /// Whether [`Store::open`] created the store.
    pub fn is_new(&self) -> bool {
        self.0.is_new
    }

    /// Runs `work` on a snapshot of the store.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn read<T>(&self, work: impl Fn(&Connection) -> Result<T, StoreError>) -> Result<T, Status> {
        self.transact(TransactionBehavior::Deferred, work).await
    }

    /// Runs `work` as the only writer of all processes; its changes are committed together, if it succeeds.
    ///
    /// # Errors
    /// The error of `work`; UNAVAILABLE if another process keeps the database busy for 10 seconds, with nothing
    /// changed; INTERNAL if the database fails.
    pub async fn write<T>(&self, work: impl Fn(&Connection) -> Result<T, StoreError>) -> Result<T, Status> {
        // A transaction that reads first and then writes would fail if another process wrote in between.
        self.transact(TransactionBehavior::Immediate, work).await
    }

    /// Counts the plugins.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn count(&self) -> Result<usize, Status> {
        self.read(table::count).await
    }

    /// Removes every plugin in one transaction, and returns how many there were.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn clear(&self) -> Result<usize, Status> {
        let count = self.write(|connection| Ok(connection.execute("DELETE FROM plugin", ())?)).await?;
        // Returns the space to the disk. Another process can prevent it; free pages are used again.
        let _ = self.lock().execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        Ok(count)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic in a transaction rolls it back, so the connection in a poisoned lock is sound.
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn transact<T>(
        &self,
        behavior: TransactionBehavior,
        work: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, Status> {
        let attempt = || {
            let mut connection = self.lock();
            let transaction = connection.transaction_with_behavior(behavior)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        let is_busy = |error: &StoreError| matches!(error, StoreError::Database(error) if is_busy(error));
        (|| std::future::ready(attempt())).retry(backoff()).when(is_busy).await.map_err(Status::from)
    }
}

enum FileState {
    Empty,
    Known,
    Foreign,
    Later(i32),
}

/// Creates the file and its folders for their owner only; existing ones are left alone.
fn create(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // SQLite gives its side files the mode of the main file.
    open_file_with(file, OFlags::WRONLY | OFlags::CREATE).map(drop)
}

/// Creates the schema in an empty file and sets the connection's modes.
fn prepare(connection: &mut Connection) -> rusqlite::Result<FileState> {
    // SQLite's own waiting would block the runtime.
    connection.busy_timeout(Duration::ZERO)?;
    let state = (|| create_schema(connection)).retry(backoff()).when(is_busy).call()?;
    if matches!(state, FileState::Empty | FileState::Known) {
        (|| set_modes(connection)).retry(backoff()).when(is_busy).call()?;
    }
    Ok(state)
}

fn create_schema(connection: &mut Connection) -> rusqlite::Result<FileState> {
    // Without writing first: the file may be another program's.
    let transaction = connection.transaction()?;
    let state = inspect(&transaction)?;
    transaction.commit()?;
    if !matches!(state, FileState::Empty) {
        return Ok(state);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let state = inspect(&transaction)?;
    // Another process may have been faster.
    if matches!(state, FileState::Empty) {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    Ok(state)
}

/// Looks at a file without changing it.
fn inspect(connection: &Connection) -> rusqlite::Result<FileState> {
    let application: i32 = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
    let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    Ok(match (application, version) {
        (APPLICATION_ID, SCHEMA_VERSION) => FileState::Known,
        (APPLICATION_ID, version) if version > SCHEMA_VERSION => FileState::Later(version),
        (0, 0) => {
            let is_empty = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get(0))?;
            if is_empty { FileState::Empty } else { FileState::Foreign }
        }
        _ => FileState::Foreign,
    })
}

fn set_modes(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    // NORMAL in WAL mode can lose the last calls at a power failure, and never damages the file. A checkpoint waits for
    // the disk: after 16 MiB instead of 4, a thousand registrations wait once.
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4096")
}

/// Delays between attempts while other processes keep the database busy.
fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(1))
        .with_max_delay(Duration::from_millis(32))
        .without_max_times()
        .with_total_delay(Some(BUSY_TIMEOUT))
}
