//! The empty process: what it costs to start a program at all.

fn main() {}
