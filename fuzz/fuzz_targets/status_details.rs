//! The details of a status, as lines and as JSON.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use spacectl::grpc::{status, status_details};
use tonic::{Code, Status};

fuzz_target!(|data: &[u8]| {
    let status = Status::with_details(Code::InvalidArgument, "x", Bytes::copy_from_slice(data));
    let details = status_details::read(&status, &spacectl_fuzz::KINDS);
    let error = status::error("get x", &status).with_details(details);
    let text = error.to_string();
    assert!(!text.bytes().any(|byte| byte < 0x20 && byte != b'\n'), "{text:?}");
    let _ = error.to_json();
});
