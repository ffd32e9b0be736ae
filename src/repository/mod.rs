//! The embedded Repository service.
