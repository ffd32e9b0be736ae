//! Answers of reflection: files that do not fit together. Each file follows its length in two bytes.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use prost_reflect::prost::Message as _;
use prost_types::FileDescriptorProto;
use spacectl::codec::decode::DecodePlan;
use spacectl::grpc::descriptors::Description;

fuzz_target!(|data: &[u8]| {
    let (mut files, mut rest) = (Vec::new(), data);
    while let Some((length, more)) = rest.split_at_checked(2) {
        let length = usize::from(u16::from_be_bytes([length[0], length[1]])).min(more.len());
        files.push(Bytes::copy_from_slice(&more[..length]));
        rest = &more[length..];
    }
    let services = files.iter().filter_map(|file| FileDescriptorProto::decode(file.clone()).ok());
    let services: Vec<String> = services
        .flat_map(|file| {
            let package = file.package().to_owned();
            file.service.into_iter().map(move |service| format!("{package}.{}", service.name()))
        })
        .collect();
    let description = Description { services: services.clone(), files };
    for service in &services {
        let Ok(Some(methods)) = description.methods(service, "x") else { continue };
        for method in methods {
            let Ok(Some(method)) = description.method(service, &method, "x") else { continue };
            DecodePlan::new(&method.output());
            let _ = spacectl::codec::encode::encode(&serde_json::Map::new(), &method.input());
        }
    }
});
