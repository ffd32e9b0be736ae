//! Why a transaction failed, and the status that a caller gets.

use rusqlite::ErrorCode;
use tonic::Status;

use super::service_error::ServiceError;

/// Why a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Service(#[from] ServiceError),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

impl From<StoreError> for Status {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Service(error) => error.into(),
            StoreError::Database(error) if is_busy(&error) => {
                ServiceError::Unavailable { reason: "another process keeps the database busy".into() }.into()
            }
            StoreError::Database(error) if is_damaged(&error) => {
                ServiceError::DamagedFile { reason: error.to_string() }.into()
            }
            error => ServiceError::query(error.to_string()).into(),
        }
    }
}

/// What to do with a file that is damaged.
pub const RESTORE: &str = "restore the file from a copy, or rename it: without it, a new one is created";

fn is_damaged(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether another process keeps the database busy.
pub fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
