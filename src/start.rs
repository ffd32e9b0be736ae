//! The program's begin where the C library calls it, without what Rust's own does before `main`.
//!
//! That makes ready to say a word where the stack overflows, for which it looks up in `/proc` where the stack is: a
//! twentieth of what a short call takes. Without it, an overflow ends the program by SIGSEGV instead of SIGABRT, and in
//! silence. At the end it flushes Rust's own standard output, which here the program's own streams do. What else it does is
//! done here, but for the main thread's name. Arguments are known all the same: with this C library, Rust has them before
//! anything is called.

use std::ffi::{c_char, c_int};
use std::os::fd::IntoRawFd as _;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::stdio::{stderr, stdin, stdout};

#[unsafe(no_mangle)]
extern "C" fn main(_count: c_int, _arguments: *const *const c_char) -> c_int {
    fill_streams();
    ignore_broken_pipes();
    c_int::from(crate::run())
}

/// Opens `/dev/null` for each of the three streams that the program was started without: the number would go to a file or
/// a connection, and what is meant for a terminal with it.
fn fill_streams() {
    for stream in [stdin(), stdout(), stderr()] {
        if rustix::io::fcntl_getfd(stream) == Err(Errno::BADF) {
            // The lowest number that is free, which is this one. It stays open to the end.
            match rustix::fs::open("/dev/null", OFlags::RDWR, Mode::empty()) {
                Ok(null) => drop(null.into_raw_fd()),
                Err(_) => std::process::abort(),
            }
        }
    }
}

/// A reader that has gone shows as an error of whoever writes, and not as the program's end.
fn ignore_broken_pipes() {
    // SAFETY: no handler is set that could be called, and no other thread runs yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
