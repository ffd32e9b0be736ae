//! Writers that are ready at once commit together: a commit takes several times as long as what one of them changes.
//!
//! The first begins a transaction of the whole, and each does its work in a savepoint of its own, so that one which is
//! refused takes nothing of the others with it. Nobody is answered before the end: what one has found can rest on what
//! another wrote.

use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use tonic::Status;

use super::store::StoreError;

/// A connection, and what is written through it but not committed.
#[derive(Debug)]
pub(super) struct Batches {
    connection: Connection,
    open: Option<Batch>,
}

/// How a batch has ended; nothing, as long as it is open.
pub(super) type Batch = Arc<OnceLock<Result<(), Status>>>;

impl Batches {
    pub fn new(connection: Connection) -> Self {
        Self { connection, open: None }
    }

    /// The connection, with nothing open.
    pub fn connection(&mut self) -> &mut Connection {
        self.end();
        &mut self.connection
    }

    /// Does `work` in the batch that is open, or in one that it begins. What it comes to holds if the batch's end does,
    /// which the caller sees to.
    ///
    /// # Errors
    /// Another process writes: nothing is begun.
    pub fn take_part<T>(
        &mut self,
        work: impl Fn(&Connection) -> Result<T, StoreError>,
    ) -> Result<(Result<T, StoreError>, Batch), StoreError> {
        // Some errors of a part, as a full disk, make SQLite take back the whole.
        if self.connection.is_autocommit() {
            self.end();
        }
        if self.open.is_none() {
            // Immediate: a transaction that reads first and writes then could otherwise find that another process wrote
            // between, and fail.
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        let batch = Arc::clone(self.open.get_or_insert_default());
        Ok((self.do_part(work), batch))
    }

    fn do_part<T>(&mut self, work: impl Fn(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let part = self.connection.savepoint()?;
        let done = work(&part)?;
        part.commit()?;
        Ok(done)
    }

    /// Commits the batch that is open, if there is one.
    pub fn end(&mut self) {
        let Some(batch) = self.open.take() else { return };
        let ended = self.connection.execute_batch("COMMIT");
        if ended.is_err() && !self.connection.is_autocommit() {
            // What could not be kept is not to be part of what comes next. Should this fail, that fails as well.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        batch.get_or_init(|| ended.map_err(|error| StoreError::Database(error).into()));
    }
}
