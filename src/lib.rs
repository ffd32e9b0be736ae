//! spacectl: a command-line client for SpaceONE / Cloudforet.
//!
//! The way of every call: arguments -> request value -> descriptor -> bytes -> call -> value -> view -> output.

pub mod cli;
pub mod client;
pub mod config;
pub mod error;
pub mod escape;
pub mod nearest;
pub mod output;
pub mod path;
pub mod plugin_image;
pub mod query;
pub mod repository;
pub mod resource;
pub mod spec;
pub mod streams;
pub mod view;
