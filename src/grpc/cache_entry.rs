//! A server's description as it is kept for the next run.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use prost::Message;

use super::descriptors::{Closure, Description};
use super::reflection::{Version, Way};

/// What a server said of itself when one of its methods was called, and what was made of it for the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub description: Description,
    /// How that was got.
    pub way: Way,
    /// The full name of the method's service.
    pub service: String,
    pub method: String,
    pub closure: Closure,
}

#[derive(Clone, PartialEq, Message)]
struct Encoded {
    #[prost(string, repeated, tag = "1")]
    services: Vec<String>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    files: Vec<Bytes>,
    #[prost(string, tag = "3")]
    service: String,
    #[prost(string, tag = "4")]
    method: String,
    #[prost(bytes = "bytes", optional, tag = "5")]
    closure: Option<Bytes>,
    #[prost(bool, tag = "6")]
    is_alpha: bool,
    #[prost(string, repeated, tag = "7")]
    imports: Vec<String>,
    #[prost(fixed64, tag = "8")]
    sum: u64,
}

impl Kept {
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { description, way, service, method, closure } = self.clone();
        let mut encoded = Encoded {
            services: description.services,
            files: description.files,
            service,
            method,
            closure: closure.0,
            is_alpha: way.version == Version::V1Alpha,
            imports: way.imports,
            sum: 0,
        };
        encoded.sum = encoded.sum();
        encoded.encode_to_vec()
    }

    /// What [`Kept::to_bytes`] made; `None` for anything else.
    pub fn from_bytes(bytes: Bytes) -> Option<Self> {
        let encoded = Encoded::decode(bytes).ok()?;
        let Encoded { services, files, service, method, closure, is_alpha, imports, .. } =
            Some(encoded).filter(|encoded| encoded.sum == encoded.sum())?;
        let version = if is_alpha { Version::V1Alpha } else { Version::V1 };
        let (description, way) = (Description { services, files }, Way { version, imports });
        Some(Self { description, way, service, method, closure: Closure(closure) })
    }
}

impl Encoded {
    /// Tells a file that a disk has spoilt. The files are not in it: they are compared with the server's own, and a request
    /// is made by the closure.
    fn sum(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.services, &self.service, &self.method, &self.closure).hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(closure: Option<&'static [u8]>) -> Kept {
        Kept {
            description: Description {
                services: vec!["a.B".into(), "c.D".into()],
                files: vec![Bytes::from_static(b"one"), Bytes::new()],
            },
            way: Way { version: Version::V1Alpha, imports: vec!["b.proto".into()] },
            service: "a.B".into(),
            method: "list".into(),
            closure: Closure(closure.map(Bytes::from_static)),
        }
    }

    #[test]
    fn it_comes_back_as_it_was() {
        for closure in [None, Some(&b""[..]), Some(b"closure")] {
            let kept = kept(closure);
            assert_eq!(Kept::from_bytes(kept.to_bytes().into()), Some(kept));
        }
    }

    #[test]
    fn what_was_cut_off_anywhere_is_nothing() {
        let whole = kept(Some(b"closure")).to_bytes();
        for end in 0..whole.len() {
            assert_eq!(Kept::from_bytes(Bytes::copy_from_slice(&whole[..end])), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn a_bit_that_fell_over_changes_no_request(at in 0usize..60, bit in 0u8..8) {
            let whole = kept(Some(b"closure"));
            let mut bytes = whole.to_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Some(read) = Kept::from_bytes(bytes.into()) {
                let made_by = |kept: &Kept| (kept.service.clone(), kept.method.clone(), kept.closure.clone());
                prop_assert_eq!(made_by(&read), made_by(&whole));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Kept::from_bytes(bytes.into());
        }
    }
}
