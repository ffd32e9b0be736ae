//! The SQLite file behind the embedded service: opening it, and transactions that several processes can share.
//!
//! One file in WAL mode. What several callers write at once is one commit: see [`super::batch`]. Calls run on the thread that asks: they take microseconds (a list of all of 100,000 plugins is
//! the exception, with some tenths of a second), less than handing them to another thread would cost a command that
//! makes one call and ends. Only waiting for another process can take long, and that is done asleep, without blocking
//! the runtime: see [`Store::write`].

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{self, Path};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tokio::task::yield_now;
use tonic::Status;

use super::batch::{Batch, Batches};
use crate::error::{Error, Result};
use crate::local_service::service_error::ServiceError;

/// Says that a SQLite file is a plugin store: "SPCT". <https://www.sqlite.org/pragma.html#pragma_application_id>
const APPLICATION_ID: i32 = 0x5350_4354;

/// The schema that this version reads and writes.
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

/// How long a call waits for other processes before it gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long each wait is at most. Waiting begins with a millisecond and doubles.
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// The plugins that are registered in one file. Cheap to clone; clones share one connection.
#[derive(Clone, Debug)]
pub struct Store {
    batches: Arc<Mutex<Batches>>,
    is_new: bool,
}

/// Why work inside a transaction ended without a result.
#[derive(Debug)]
pub enum StoreError {
    /// The request is refused.
    ServiceError(ServiceError),
    /// The database cannot do it.
    Database(rusqlite::Error),
    /// A record cannot be read.
    Damaged(prost::DecodeError),
}

impl From<ServiceError> for StoreError {
    fn from(fault: ServiceError) -> Self {
        Self::ServiceError(fault)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<prost::DecodeError> for StoreError {
    fn from(error: prost::DecodeError) -> Self {
        Self::Damaged(error)
    }
}

impl From<StoreError> for Status {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::ServiceError(fault) => fault.into(),
            StoreError::Database(error) if is_busy(&error) => ServiceError::Busy.into(),
            StoreError::Database(error) => ServiceError::query(error.to_string()).into(),
            StoreError::Damaged(error) => ServiceError::query(error.to_string()).into(),
        }
    }
}

impl Store {
    /// Opens the store at `path`; creates it, readable for its owner only, if there is none. Waits up to 10 seconds for
    /// other processes that are creating it.
    ///
    /// # Errors
    /// The file or its folder cannot be created or opened, the file is something else than a plugin store, or a later
    /// version has written it.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = || Error::local(format!("cannot open the local repository {}", path.display()));
        // SQLite gives names such as ":memory:" a meaning of their own; an absolute path has none.
        let file = path::absolute(path).map_err(|error| failed().cause(error))?;
        create(&file).map_err(|error| failed().cause(error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&file, flags).map_err(|error| failed().cause(error))?;
        let foreign = || failed().cause("the file is not a local repository").hint("choose another file");
        let opened = prepare(&mut connection).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => foreign(),
            _ => failed().cause(error),
        })?;
        let is_new = match opened {
            Opened::Created => true,
            Opened::Known => false,
            Opened::Foreign => return Err(foreign()),
            Opened::Later(version) => {
                return Err(failed()
                    .cause(format!("its format is version {version}; this program knows version {SCHEMA_VERSION}"))
                    .hint("use the version of this program that wrote it, or a later one"));
            }
        };
        Ok(Self { batches: Arc::new(Mutex::new(Batches::new(connection))), is_new })
    }

    /// Whether [`Store::open`] created the store.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Runs `work` on one state of the store.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn read<T>(
        &self,
        work: impl Fn(&Connection) -> std::result::Result<T, StoreError>,
    ) -> std::result::Result<T, Status> {
        patiently_async(|| {
            let mut batches = self.lock();
            let transaction = batches.connection().transaction_with_behavior(TransactionBehavior::Deferred)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
        .map_err(Status::from)
    }

    /// Runs `work` alone among all processes; what it writes is kept if it succeeds, and as a whole.
    ///
    /// Needs a Tokio runtime with time.
    ///
    /// # Errors
    /// What `work` refuses; UNAVAILABLE if another process has kept the database busy for 10 seconds, with nothing
    /// changed; INTERNAL if the database fails.
    pub async fn write<T>(
        &self,
        work: impl Fn(&Connection) -> std::result::Result<T, StoreError>,
    ) -> std::result::Result<T, Status> {
        let (done, batch) = patiently_async(|| self.lock().take_part(&work)).await?;
        let ending = End { store: self, batch: &batch };
        if done.is_ok() {
            // Whoever else is ready to write does so now. Who is refused hears of it first: nothing more may be sent.
            yield_now().await;
        }
        drop(ending);
        match batch.get() {
            Some(Err(status)) => Err(status.clone()),
            _ => Ok(done?),
        }
    }

    /// Counts the plugins.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn count(&self) -> std::result::Result<usize, Status> {
        let count: i64 = self
            .read(|connection| Ok(connection.query_row("SELECT count(*) FROM plugin", (), |row| row.get(0))?))
            .await?;
        Ok(count.try_into().unwrap_or_default())
    }

    /// Removes every plugin in one transaction, and returns how many there were.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn clear(&self) -> std::result::Result<usize, Status> {
        let count = self.write(|connection| Ok(connection.execute("DELETE FROM plugin", ())?)).await?;
        // Returns the space to the disk. What another process prevents is not needed: free pages are used again.
        let _ = self.lock().connection().execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
        Ok(count)
    }

    fn lock(&self) -> MutexGuard<'_, Batches> {
        // A panic in a transaction rolls it back on its way out, so the connection behind a poisoned lock is sound.
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to the end of a batch, also where its writer is not waited for any more.
struct End<'a> {
    store: &'a Store,
    batch: &'a Batch,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        // Another of it can have been earlier, and a further one have begun.
        let mut batches = self.store.lock();
        if self.batch.get().is_none() {
            batches.end();
        }
    }
}

/// What the file turned out to be.
enum Opened {
    Created,
    Known,
    Foreign,
    Later(i32),
}

/// Creates the file and its folders for their owner only, and leaves those alone that are there.
fn create(file: &Path) -> std::io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    folders.mode(0o700);
    // SQLite gives its side files the mode of the main file.
    options.mode(0o600);
    if let Some(folder) = file.parent() {
        folders.create(folder)?;
    }
    options.open(file).map(drop)
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<Opened> {
    // Waiting is ours: see `Store::write`.
    connection.busy_timeout(Duration::ZERO)?;
    // Each step is tried again by itself: whoever has created the store must not find it there the second time.
    let opened = patiently(|| {
        // One state of the file: between two questions, another process could create the store.
        let looking = connection.transaction()?;
        let recognised = recognise(&looking)?;
        looking.commit()?;
        match recognised {
            Opened::Created => found(connection),
            other => Ok(other),
        }
    })?;
    if matches!(opened, Opened::Created | Opened::Known) {
        patiently(|| tune(connection))?;
    }
    Ok(opened)
}

/// Sets the modes that the file keeps and those that each connection has of its own.
fn tune(connection: &Connection) -> rusqlite::Result<()> {
    let mode: String = connection.query_row("PRAGMA journal_mode", (), |row| row.get(0))?;
    if mode != "wal" {
        connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    }
    // In WAL mode this can lose the last calls when the power fails, and never damages the file. What was written is
    // moved from the side file to the main one, and waited for on its way to the disk, after every 16 MiB instead of 4:
    // a thousand registrations wait once, at their end.
    connection.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4096")
}

/// Looks at a file without changing it; an empty one is for us to create.
fn recognise(connection: &Connection) -> rusqlite::Result<Opened> {
    let application: i32 = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
    let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    Ok(match (application, version) {
        (APPLICATION_ID, SCHEMA_VERSION) => Opened::Known,
        (APPLICATION_ID, version) if version > SCHEMA_VERSION => Opened::Later(version),
        (0, 0) => {
            let empty = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get(0))?;
            if empty { Opened::Created } else { Opened::Foreign }
        }
        _ => Opened::Foreign,
    })
}

/// Creates the schema, unless another process was faster.
fn found(connection: &mut Connection) -> rusqlite::Result<Opened> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let opened = recognise(&transaction)?;
    if matches!(opened, Opened::Created) {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    transaction.commit()?;
    Ok(opened)
}

/// As [`patiently`], asleep between attempts without blocking the runtime.
async fn patiently_async<T>(
    mut attempt: impl FnMut() -> std::result::Result<T, StoreError>,
) -> std::result::Result<T, StoreError> {
    let mut pauses = Pauses::start();
    loop {
        match (attempt(), pauses.next()) {
            (Err(StoreError::Database(error)), Some(pause)) if is_busy(&error) => tokio::time::sleep(pause).await,
            (result, _) => return result,
        }
    }
}

/// Tries again while other processes keep the database busy.
fn patiently<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let mut pauses = Pauses::start();
    loop {
        match (attempt(), pauses.next()) {
            (Err(error), Some(pause)) if is_busy(&error) => std::thread::sleep(pause),
            (result, _) => return result,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The waits between attempts, until patience ends.
struct Pauses {
    end: Instant,
    pause: Duration,
}

impl Pauses {
    fn start() -> Self {
        Self { end: Instant::now() + PATIENCE, pause: Duration::from_millis(1) }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        (Instant::now() < self.end).then_some(pause)
    }
}
