//! The empty process: what it costs that a program is started at all.

fn main() {}
