//! Rows or a value, written in the format that was asked for.
