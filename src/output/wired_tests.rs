//! What is written of a list's bytes is what is written of its value, in every format.

use bytes::Bytes;
use proptest::prelude::*;
use prost_reflect::ReflectMessage as _;
use prost_reflect::prost::Message as _;

use super::{Format, Look, Writer};
use crate::decode;
use crate::decode::tests::made_up_list;
use crate::view::{Columns, Document, Shape};

const FORMATS: [Format; 6] = [Format::Table, Format::Json, Format::JsonLines, Format::Yaml, Format::Csv, Format::Quiet];

/// Columns that some rows have: fields, what is below them, and what no row has.
const COLUMNS: [&str; 6] = [
    "f0|First,f1,f2",
    "f1.f0,f1.f0.f1,f3.0,f3.0.f1|x",
    "f2.?f0:=a=>f1,f4.name,f4.a.b",
    "nope,f0.nope,0,?f0:=a=>f1",
    "f5",
    "f1.value,f2.seconds,f3.paths,f6.key.f0",
];

const FIELDS: [&[&str]; 3] = [&["f0", "f1", "f2", "f9"], &["f7"], &["nope"]];

fn written(document: Document, format: Format, look: Look) -> Result<String, String> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, format, look);
    // Columns are refused by quiet output, both ways.
    let done = writer.write(document).and_then(|()| writer.finish());
    done.map_err(|error| error.to_string()).map(|()| String::from_utf8(out).unwrap())
}

fn looks() -> [Look; 3] {
    let plain = Look::default();
    [plain, Look { terminal: true, styled: true, ..plain }, Look { width: Some(40), terminal: true, ..plain }]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_list_is_written_from_its_bytes_as_from_its_value(seed: u64) {
        let list = made_up_list(seed);
        let shape = Shape::of(&list.descriptor());
        let bytes = Bytes::from(list.encode_to_vec());
        let by_value = || shape.document(decode::decode(bytes.clone(), &list.descriptor()).unwrap());
        let Some(by_bytes) = shape.wired(&bytes) else { return Ok(()) };
        let same = |ours: Document, theirs: Document| -> Result<(), TestCaseError> {
            for format in FORMATS {
                for look in looks() {
                    prop_assert_eq!(written(ours.clone(), format, look), written(theirs.clone(), format, look));
                }
            }
            Ok(())
        };
        same(by_bytes.clone(), by_value())?;
        for columns in COLUMNS {
            let columns = Columns::parse(columns).unwrap();
            same(by_bytes.clone().select(&columns), by_value().select(&columns))?;
        }
        for fields in FIELDS {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            let ((ours, ours_left), (theirs, theirs_left)) = (by_bytes.clone().narrow(&fields), by_value().narrow(&fields));
            prop_assert_eq!(ours_left, theirs_left);
            same(ours, theirs)?;
        }
        prop_assert_eq!(by_bytes.into_value(), by_value().into_value());
    }
}

/// Nearly all lists are read so: the test above compares something.
#[test]
fn lists_are_read_from_their_bytes() {
    let read = (0..200).filter(|seed| {
        let list = made_up_list(*seed);
        Shape::of(&list.descriptor()).wired(&list.encode_to_vec().into()).is_some()
    });
    let read = read.count();
    assert!(read > 50, "{read}");
}
