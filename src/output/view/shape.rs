//! What a method answers with: a list or one value, as far as the descriptor tells.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::columns::Column;
use super::document::{Document, List, RESULTS, TOTAL_COUNT};
use super::wired::{ListPlan, WireList};
use super::{Columns, Sort, check};
use crate::error::{Error, Result};
use crate::schema::well_known::WellKnown;

/// The form of a method's response, known before anything is sent.
#[derive(Clone, Debug)]
pub struct Shape {
    list: Option<Envelope>,
    row: Row,
    response: MessageDescriptor,
    /// How its lists are read where they lie; `None` for those that are not.
    plan: OnceCell<Option<Arc<ListPlan>>>,
}

/// What a list's response holds.
#[derive(Clone, Debug)]
struct Envelope {
    /// Its fields, in the order in which a response has them.
    fields: Vec<String>,
    /// One of them counts the rows that match.
    counts: bool,
}

#[derive(Clone, Debug)]
enum Row {
    Message(MessageDescriptor),
    /// A text or a number, such as a version or a moment.
    Plain,
    /// Anything; only the response tells.
    Open,
}

impl Shape {
    /// Recognises a list by its field `results`, the name that every SpaceONE service gives to rows.
    ///
    /// Methods such as `stat` answer with a Struct; its value tells whether that is a list, in [`Shape::document`].
    pub fn of(response: &MessageDescriptor) -> Self {
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
            Some((Some(Envelope::of(response)), row))
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

    /// As [`Shape::check`] for one column.
    pub(super) fn check_named(&self, column: &Column) -> Result<()> {
        self.check_column(column, &[]).map_err(|error| error.context(format!("column \"{}\"", column.name())))
    }

    /// Whether the type of the rows has no field of the name that the column begins with.
    pub(super) fn lacks(&self, column: &Column) -> bool {
        let Row::Message(message) = &self.row else { return false };
        column.first_name().is_some_and(|name| message.get_field_by_name(name).is_none())
    }

    /// Checks what a list is sorted by. Services do not: some answer with an internal error, some with any order.
    ///
    /// # Errors
    /// As [`Shape::check`]; the nearest name may also be a header of `columns`.
    pub fn check_sort(&self, sort: &Sort, columns: Option<&Columns>) -> Result<()> {
        let headers: Vec<&str> = columns.into_iter().flat_map(Columns::iter).map(Column::header).collect();
        self.check_column(sort.column(), &headers)
            .map_err(|error| error.context(format!("sort key \"{}\"", sort.column().name())))
    }

    /// The fields of a row that hold one plain value each, in the order of their numbers; `None` where that is all of
    /// them, or none, or only a response can tell.
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

    /// The columns that a row can have, if its type tells.
    pub fn columns(&self) -> Option<Result<Columns>> {
        let Row::Message(message) = &self.row else { return None };
        // Names of fields hold nothing that has a meaning in the grammar.
        let names: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
        (!names.is_empty()).then(|| Columns::parse(&names.join(",")))
    }

    /// The type of a row of a list, if that is known; a row is then a mapping of its fields.
    pub fn list_row(&self) -> Option<&MessageDescriptor> {
        match &self.row {
            Row::Message(message) if self.list.is_some() => Some(message),
            Row::Message(_) | Row::Plain | Row::Open => None,
        }
    }

    /// The type of the rows, or of the one value; `None` where only the response tells, or where they are plain.
    pub fn row(&self) -> Option<&MessageDescriptor> {
        match &self.row {
            Row::Message(message) => Some(message),
            Row::Plain | Row::Open => None,
        }
    }

    /// Whether the response is one value, and that a mapping of its type's fields.
    pub fn is_one_message(&self) -> bool {
        self.list.is_none() && matches!(self.row, Row::Message(_))
    }

    /// How many columns there are where none are chosen, if that is known.
    pub fn column_count(&self) -> Option<usize> {
        match &self.row {
            Row::Message(message) => Some(message.fields().len()),
            Row::Plain => Some(1),
            Row::Open => None,
        }
    }

    /// A list whose rows stay in the bytes of its response; `None` for what has to become a plain value first: what is no
    /// list, has no rows, or is such as [`DecodePlan`](crate::codec::decode::DecodePlan) leaves alone.
    pub fn wired(&self, response: &Bytes) -> Option<Document> {
        let plan = self.plan.get_or_init(|| self.list_row().and_then(|_| ListPlan::of(&self.response)).map(Arc::new));
        let list = WireList::read(plan.as_ref()?, response.clone())?;
        Some(Document::Wired(Box::new(list)))
    }

    /// Takes a response apart. A list without rows leaves `results` out on the wire, and a count of 0 too: here they are
    /// an empty list and 0 again. Beside rows, a count that is left out is none: some services do not count.
    pub fn document(&self, response: Value) -> Document {
        let Value::Object(mut envelope) = response else {
            return Document::Value(response);
        };
        if let Some(list) = &self.list
            && !envelope.contains_key(RESULTS)
        {
            list.put(&mut envelope, RESULTS, Value::Array(Vec::new()));
            if list.counts && !envelope.contains_key(TOTAL_COUNT) {
                list.put(&mut envelope, TOTAL_COUNT, 0.into());
            }
        }
        let is_list = self.list.is_some() || matches!(self.row, Row::Open);
        match envelope.get_mut(RESULTS) {
            Some(Value::Array(rows)) if is_list => {
                let rows = std::mem::take(rows);
                Document::List(List::new(envelope, rows))
            }
            _ => Document::Value(Value::Object(envelope)),
        }
    }
}

impl Envelope {
    fn of(response: &MessageDescriptor) -> Self {
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

    /// Puts a field where a response has it.
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
    use crate::output::view::Rows as _;
    use crate::output::view::test_types::bundled;

    fn shape(name: &str) -> Shape {
        Shape::of(&bundled(name))
    }

    fn list(document: Document) -> List {
        match document {
            Document::List(list) => list,
            other => panic!("no list: {other:?}"),
        }
    }

    #[test]
    fn a_list_without_rows_is_a_list_again() {
        let plugins = shape("spaceone.api.repository.v1.PluginsInfo");
        assert_eq!(plugins.document(json!({})).into_value().to_string(), r#"{"results":[],"total_count":0}"#);
        let uncounted = json!({"results": [{"name": "a"}]});
        assert_eq!(plugins.document(uncounted.clone()).into_value(), uncounted);
        let past_the_end = plugins.document(json!({"total_count": 9})).into_value();
        assert_eq!(past_the_end.to_string(), r#"{"results":[],"total_count":9}"#);
        let versions = |response| shape("spaceone.api.repository.v1.VersionsInfo").document(response).into_value();
        assert_eq!(versions(json!({"total_count": 9})).to_string(), r#"{"total_count":9,"results":[]}"#);
        assert_eq!(versions(json!({})).to_string(), r#"{"total_count":0,"results":[]}"#);
    }

    #[test]
    fn rows_of_plain_values_have_one_column() {
        let versions = shape("spaceone.api.repository.v1.VersionsInfo");
        assert_eq!(versions.column_count(), Some(1));
        let document = list(versions.document(json!({"results": ["1.10", "1.9"]})));
        assert_eq!(document.headers(), ["Values"]);
        let mut texts = Vec::new();
        let mut take = |cells: &[crate::output::view::Cell<'_>]| {
            texts.extend(cells.iter().map(|cell| cell.text().into_owned()));
            Ok(())
        };
        document.each(&["Values"], &mut take).unwrap();
        assert_eq!(texts, ["1.10", "1.9"]);
        assert!(versions.check(&Columns::parse("version").unwrap()).is_err());
    }

    #[test]
    fn plain_fields_are_those_of_one_value_in_the_order_of_their_numbers() {
        let plain = "plugin_id name state resource_type image provider registry_type registry_url domain_id created_at \
                     updated_at";
        let plain: Vec<&str> = plain.split_whitespace().collect();
        assert_eq!(shape("spaceone.api.repository.v1.PluginsInfo").plain_fields().unwrap(), plain);
        assert_eq!(shape("spaceone.api.repository.v1.PluginInfo").plain_fields().unwrap(), plain);
        // All are plain, or none is, or nothing is known.
        assert_eq!(shape("spaceone.api.repository.v1.RepositoriesInfo").plain_fields(), None);
        assert_eq!(shape("spaceone.api.repository.v1.VersionsInfo").plain_fields(), None);
        let any = prost_reflect::DescriptorPool::global().get_message_by_name("google.protobuf.Struct").unwrap();
        assert_eq!(Shape::of(&any).plain_fields(), None);
    }

    #[test]
    fn moments_and_wrapped_values_are_plain_and_maps_and_lists_are_not() {
        let files = protox::compile(["kinds.proto"], ["tests/proto"]).unwrap();
        let pool = prost_reflect::DescriptorPool::from_file_descriptor_set(files).unwrap();
        let kinds = pool.all_messages().find(|message| message.name() == "Kinds").unwrap();
        let plain = "flag whole long count big real small text data color key k maybe at took mask wrapped_long \
                     wrapped_text";
        assert_eq!(Shape::of(&kinds).plain_fields().unwrap(), plain.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn a_sort_key_is_a_field_or_a_header() {
        let plugins = shape("spaceone.api.repository.v1.PluginsInfo");
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
        assert!(shape("google.protobuf.Struct").check_sort(&Sort::parse("x", None).unwrap(), None).is_ok());
    }

    #[test]
    fn one_value_is_no_list() {
        let plugin = shape("spaceone.api.repository.v1.PluginInfo");
        let response = json!({"name": "a", "tags": {"results": []}});
        assert_eq!(plugin.document(response.clone()), Document::Value(response.clone()));
        let columns = Columns::parse("name|Name,provider").unwrap();
        plugin.check(&columns).unwrap();
        let selected = plugin.document(response).select(&columns).into_value();
        assert_eq!(selected, json!({"Name": "a", "provider": null}));
    }

    #[test]
    fn only_its_value_tells_what_a_struct_is() {
        let statistics = shape("google.protobuf.Struct");
        statistics.check(&Columns::parse("whatever.0").unwrap()).unwrap();
        assert_eq!(statistics.column_count(), None);
        assert_eq!(list(statistics.document(json!({"results": [{"a": 1}, {"b": 2, "a": 3}]}))).headers(), ["a", "b"]);
        assert_eq!(statistics.document(json!({"a": 1})), Document::Value(json!({"a": 1})));
        assert_eq!(statistics.document(json!([1])), Document::Value(json!([1])));
    }

    #[test]
    fn chosen_columns_keep_their_order_and_may_repeat() {
        let plugins = shape("spaceone.api.repository.v1.PluginsInfo");
        let rows = json!({"results": [{"name": "a", "provider": "x"}, {"name": "b"}], "total_count": 7});
        let columns = Columns::parse("provider,name|provider").unwrap();
        let document = list(plugins.document(rows).select(&columns));
        assert_eq!(document.headers(), ["provider", "provider"]);
        assert_eq!(document.total(), Some(7));
        let cells: Vec<_> = document.selected().collect();
        assert_eq!(cells, [[json!("x"), json!("a")], [json!(null), json!("b")]]);
    }
}
