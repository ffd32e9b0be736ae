//! What the tests of the binary stand on: a runner in an empty home, and real gRPC servers.

// Every test binary compiles this module and uses its own part of it.
#![allow(dead_code, unused_imports)]

mod authority;
mod describing;
mod desk;
mod dynamic_value;
pub mod odd;
mod plugins;
mod proxy;
mod runner;
mod running;
mod server;

pub use authority::{Authority, Issued};
pub use describing::Describing;
pub use desk::{Desk, Wire};
pub use dynamic_value::decode_dynamic;
pub use plugins::{Plugins, Trouble, row};
pub use proxy::{Act, Proxy};
pub use runner::{Run, Spacectl};
pub use running::{End, Running};
pub use server::{Answer, Api, Call, Reflection, Server};
