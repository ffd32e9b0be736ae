//! The kind of a method's response: a list or one value.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::list_sink::ListSink;
use super::{Document, RESULTS, TOTAL_COUNT, VALUES, id_index};
use crate::codec::decode::{DecodePlan, Workspace, emit_value};
use crate::error::{Error, Result};
use crate::query::columns::check;
use crate::query::{Column, Columns, Sort};
use crate::schema::well_known::WellKnown;

/// A list or one value, as the descriptor says before anything is sent.
#[derive(Clone, Debug)]
pub struct ResponseKind {
    list: Option<Envelope>,
    row: Row,
    response: MessageDescriptor,
    /// How its lists are decoded.
    plan: OnceCell<Arc<DecodePlan>>,
}

/// The fields of a list's response.
#[derive(Clone, Debug)]
struct Envelope {
    /// In the order of a response.
    fields: Vec<String>,
    /// One of them counts the rows that match.
    counts: bool,
}

#[derive(Clone, Debug)]
enum Row {
    Message(MessageDescriptor),
    /// A text or a number, e.g. a version or a timestamp.
    Plain,
    /// Anything: only the response says.
    Open,
}

impl ResponseKind {
    /// Recognises a list by its field `results`, which every SpaceONE service has.
    ///
    /// The response of e.g. `stat` is a Struct: only its value says whether it is a list.
    pub fn new(response: &MessageDescriptor) -> Self {
        let row_of = |message: MessageDescriptor| match WellKnown::of(&message) {
            None => Row::Message(message),
            Some(known) if known.is_plain() => Row::Plain,
            Some(_) => Row::Open,
        };
        let results = response.get_field_by_name(RESULTS).and_then(|field| {
            let row = match field.kind() {
                Kind::Message(message) if field.is_list() => row_of(message),
                Kind::Message(message) if WellKnown::of(&message) == Some(WellKnown::ListValue) => Row::Open,
                _ if field.is_list() => Row::Plain,
                _ => return None,
            };
            Some((Some(Envelope::new(response)), row))
        });
        let (list, row) = results.unwrap_or_else(|| (None, row_of(response.clone())));
        Self { list, row, response: response.clone(), plan: OnceCell::new() }
    }

    /// Checks the columns of `-c` against the type of the rows, or of the one value.
    ///
    /// # Errors
    /// A usage error that names the column, the step that is unknown and the nearest field or all of them; or because
    /// the rows are plain values and have no columns.
    pub fn check(&self, columns: &Columns) -> Result<()> {
        columns.iter().try_for_each(|column| self.check_named(column))
    }

    /// As [`ResponseKind::check`] for one column.
    pub fn check_named(&self, column: &Column) -> Result<()> {
        self.check_column(column, &[]).map_err(|error| error.context(format!("column \"{}\"", column.name())))
    }

    /// Whether the rows have no field that the column begins with.
    pub fn lacks(&self, column: &Column) -> bool {
        let Row::Message(message) = &self.row else { return false };
        column.first_name().is_some_and(|name| message.get_field_by_name(name).is_none())
    }

    /// Checks a sort key. Services do not: some return an internal error, some any order.
    ///
    /// # Errors
    /// As [`ResponseKind::check`]; the nearest name may also be a header of `columns`.
    pub fn check_sort(&self, sort: &Sort, columns: Option<&Columns>) -> Result<()> {
        let headers: Vec<&str> = columns.into_iter().flat_map(Columns::iter).map(Column::header).collect();
        self.check_column(sort.column(), &headers)
            .map_err(|error| error.context(format!("sort key \"{}\"", sort.column().name())))
    }

    /// The fields of a row that hold one plain value each, in the order of their numbers; `None` if all or none do, or
    /// if only a response says.
    pub fn plain_fields(&self) -> Option<Vec<String>> {
        let Row::Message(message) = &self.row else { return None };
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        let all = fields.len();
        fields.retain(check::is_plain);
        fields.sort_by_key(FieldDescriptor::number);
        (1..all).contains(&fields.len()).then(|| fields.iter().map(|field| field.name().to_owned()).collect())
    }

    fn check_column(&self, column: &Column, others: &[&str]) -> Result<()> {
        match &self.row {
            Row::Message(message) => column.check(message, others),
            Row::Plain => Err(Error::usage("the rows are plain values without columns")),
            Row::Open => Ok(()),
        }
    }

    /// The columns that a row can have, if its type says.
    pub fn columns(&self) -> Option<Columns> {
        let Row::Message(message) = &self.row else { return None };
        let mut fields: Vec<FieldDescriptor> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        let columns: Columns = fields.iter().map(|field| Column::from_field(field.name())).collect();
        (!columns.is_empty()).then_some(columns)
    }

    /// The header over rows of this type; empty if only a response says.
    pub fn header(&self) -> Vec<String> {
        match &self.row {
            Row::Plain => vec![VALUES.to_owned()],
            Row::Message(_) | Row::Open => {
                self.columns().iter().flat_map(Columns::iter).map(|column| column.header().to_owned()).collect()
            }
        }
    }

    /// The type of a list's rows, if that is known; a row is then a mapping of its fields.
    pub fn list_row(&self) -> Option<&MessageDescriptor> {
        match &self.row {
            Row::Message(message) if self.list.is_some() => Some(message),
            Row::Message(_) | Row::Plain | Row::Open => None,
        }
    }

    /// The type of the rows, or of the one value; `None` if only the response says, or if they are plain.
    pub fn row(&self) -> Option<&MessageDescriptor> {
        match &self.row {
            Row::Message(message) => Some(message),
            Row::Plain | Row::Open => None,
        }
    }

    /// Whether the response is one value, a mapping of its type's fields.
    pub fn is_one_message(&self) -> bool {
        self.list.is_none() && matches!(self.row, Row::Message(_))
    }

    /// The field that identifies a row: `own`, else the first that ends in `_id`.
    pub fn id_field(&self, own: &str) -> Option<String> {
        let mut header = self.header();
        id_index(&header, Some(own)).map(|index| header.swap_remove(index))
    }

    /// The number of columns where none are chosen, if that is known.
    pub fn column_count(&self) -> Option<usize> {
        match &self.row {
            Row::Message(message) => Some(message.fields().len()),
            Row::Plain => Some(1),
            Row::Open => None,
        }
    }

    /// Reads a list from its bytes; `None` for other responses, and for malformed ones.
    pub fn read_list(&self, response: &Bytes) -> Option<Document> {
        self.list.as_ref()?;
        let plan = self.plan.get_or_init(|| Arc::new(DecodePlan::new(&self.response)));
        plan.check(0, response).ok()?;
        let mut sink = ListSink::with_capacity(response.len());
        plan.emit(0, response, &mut sink, &mut Workspace::default()).ok()?;
        Some(self.complete(sink))
    }

    /// Makes a document of a response's value.
    pub fn document(&self, response: Value) -> Document {
        let has_rows = response.get(RESULTS).is_some_and(Value::is_array);
        if self.list.is_none() && !(has_rows && matches!(self.row, Row::Open)) {
            return Document::Value(response);
        }
        let mut sink = ListSink::default();
        emit_value(&response, &mut sink);
        self.complete(sink)
    }

    /// Adds `results` and a count of 0 to a list without rows: the wire leaves them out. With rows, a missing count is
    /// unknown, as some services do not count.
    fn complete(&self, sink: ListSink) -> Document {
        let mut list = sink.finish();
        if let Some(fields) = &self.list
            && !list.envelope.contains_key(RESULTS)
        {
            fields.put(&mut list.envelope, RESULTS, Value::Array(Vec::new()));
            if fields.counts && !list.envelope.contains_key(TOTAL_COUNT) {
                fields.put(&mut list.envelope, TOTAL_COUNT, 0.into());
            }
        }
        Document::List(list)
    }
}

impl Envelope {
    fn new(response: &MessageDescriptor) -> Self {
        let mut fields: Vec<_> = response.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        // Wider numbers are texts in JSON; the platform's counts are int32.
        let is_count = |field: &FieldDescriptor| {
            field.name() == TOTAL_COUNT && !field.is_list() && matches!(field.kind(), Kind::Int32 | Kind::Uint32)
        };
        Self {
            counts: fields.iter().any(is_count),
            fields: fields.iter().map(|field| field.name().to_owned()).collect(),
        }
    }

    /// Inserts a field at its place in a response.
    fn put(&self, response: &mut Map<String, Value>, name: &str, value: Value) {
        let before = self.fields.iter().take_while(|field| *field != name);
        let place = before.filter(|field| response.contains_key(*field)).count();
        response.shift_insert(place, name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::view::RowList;
    use crate::query::columns::test_types::bundled;

    fn kind(name: &str) -> ResponseKind {
        ResponseKind::new(&bundled(name))
    }

    fn list(document: Document) -> RowList {
        match document {
            Document::List(list) => list,
            other => panic!("no list: {other:?}"),
        }
    }

    #[test]
    fn a_list_without_rows_is_a_list_again() {
        let plugins = kind("spaceone.api.repository.v1.PluginsInfo");
        assert_eq!(plugins.document(json!({})).into_value().to_string(), r#"{"results":[],"total_count":0}"#);
        let uncounted = json!({"results": [{"name": "a"}]});
        assert_eq!(plugins.document(uncounted.clone()).into_value(), uncounted);
        let past_the_end = plugins.document(json!({"total_count": 9})).into_value();
        assert_eq!(past_the_end.to_string(), r#"{"results":[],"total_count":9}"#);
        let versions = |response| kind("spaceone.api.repository.v1.VersionsInfo").document(response).into_value();
        assert_eq!(versions(json!({"total_count": 9})).to_string(), r#"{"total_count":9,"results":[]}"#);
        assert_eq!(versions(json!({})).to_string(), r#"{"total_count":0,"results":[]}"#);
    }

    #[test]
    fn rows_of_plain_values_have_one_column() {
        let versions = kind("spaceone.api.repository.v1.VersionsInfo");
        assert_eq!(versions.column_count(), Some(1));
        let document = list(versions.document(json!({"results": ["1.10", "1.9"]})));
        assert_eq!(document.headers(), ["Values"]);
        assert_eq!(serde_json::to_value(document).unwrap()["results"], json!(["1.10", "1.9"]));
        assert!(versions.check(&Columns::parse("version").unwrap()).is_err());
    }

    #[test]
    fn plain_fields_are_those_of_one_value_in_the_order_of_their_numbers() {
        let plain = "plugin_id name state resource_type image provider registry_type registry_url domain_id created_at \
                     updated_at";
        let plain: Vec<&str> = plain.split_whitespace().collect();
        assert_eq!(kind("spaceone.api.repository.v1.PluginsInfo").plain_fields().unwrap(), plain);
        assert_eq!(kind("spaceone.api.repository.v1.PluginInfo").plain_fields().unwrap(), plain);
        // All are plain, or none is, or nothing is known.
        assert_eq!(kind("spaceone.api.repository.v1.RepositoriesInfo").plain_fields(), None);
        assert_eq!(kind("spaceone.api.repository.v1.VersionsInfo").plain_fields(), None);
        let any = prost_reflect::DescriptorPool::global().get_message_by_name("google.protobuf.Struct").unwrap();
        assert_eq!(ResponseKind::new(&any).plain_fields(), None);
    }

    #[test]
    fn moments_and_wrapped_values_are_plain_and_maps_and_lists_are_not() {
        let files = protox::compile(["kinds.proto"], ["tests/proto"]).unwrap();
        let pool = prost_reflect::DescriptorPool::from_file_descriptor_set(files).unwrap();
        let kinds = pool.all_messages().find(|message| message.name() == "Kinds").unwrap();
        let plain = "flag whole long count big real small text data color key k maybe at took mask wrapped_long \
                     wrapped_text";
        assert_eq!(ResponseKind::new(&kinds).plain_fields().unwrap(), plain.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_sort_key_is_a_field_or_a_header() {
        let plugins = kind("spaceone.api.repository.v1.PluginsInfo");
        let columns = Columns::parse("name|Title,tags.icon").unwrap();
        let check = |key: &str| plugins.check_sort(&Sort::parse(key, Some(&columns)).unwrap(), Some(&columns));
        for known in ["name", "-Title", "tags.icon", "tags.any.thing", "created_at"] {
            check(known).unwrap();
        }
        let refusal = |key: &str| check(key).unwrap_err().to_string();
        assert_eq!(
            refusal("-nmae"),
            "error: sort key \"nmae\": PluginInfo has no field nmae\nhint: did you mean name?"
        );
        assert!(refusal("Titel").ends_with("hint: did you mean Title?"));
        assert!(kind("google.protobuf.Struct").check_sort(&Sort::parse("x", None).unwrap(), None).is_ok());
    }

    #[test]
    fn one_value_is_no_list() {
        let plugin = kind("spaceone.api.repository.v1.PluginInfo");
        let response = json!({"name": "a", "tags": {"results": []}});
        assert_eq!(plugin.document(response.clone()), Document::Value(response.clone()));
        let columns = Columns::parse("name|Name,provider").unwrap();
        plugin.check(&columns).unwrap();
        let selected = plugin.document(response).select(&columns).into_value();
        assert_eq!(selected, json!({"Name": "a", "provider": null}));
    }

    #[test]
    fn only_its_value_tells_what_a_struct_is() {
        let statistics = kind("google.protobuf.Struct");
        statistics.check(&Columns::parse("whatever.0").unwrap()).unwrap();
        assert_eq!(statistics.column_count(), None);
        assert_eq!(list(statistics.document(json!({"results": [{"a": 1}, {"b": 2, "a": 3}]}))).headers(), ["a", "b"]);
        assert_eq!(statistics.document(json!({"a": 1})), Document::Value(json!({"a": 1})));
        assert_eq!(statistics.document(json!([1])), Document::Value(json!([1])));
    }

    #[test]
    fn chosen_columns_keep_their_order_and_may_repeat() {
        let plugins = kind("spaceone.api.repository.v1.PluginsInfo");
        let rows = json!({"results": [{"name": "a", "provider": "x"}, {"name": "b"}], "total_count": 7});
        let columns = Columns::parse("provider,name|provider").unwrap();
        let document = list(plugins.document(rows).select(&columns));
        assert_eq!(document.headers(), ["provider", "provider"]);
        assert_eq!(document.total(), Some(7));
        let mut cells = Vec::new();
        let each = document.each(|row| {
            cells.push(row.iter().map(|cell| cell.text().into_owned()).collect::<Vec<_>>());
            Ok(())
        });
        each.unwrap();
        assert_eq!(cells, [["x", "a"], ["", "b"]]);
    }
}
