//! What a list is asked for: order, page and columns.
//!
//! The platform's lists take a `query`; its shape differs between the generations of the API and some requests have
//! none. What a request can carry is put into it, by its descriptor; the rest is left to be applied here.

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};

/// What the user asked of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The fields that are needed; empty needs all.
    pub only: Vec<String>,
    /// Only the fields that identify a row; `Some(false)` asks for every field.
    pub minimal: Option<bool>,
    pub page: Option<Page>,
    pub sort: Option<Sort>,
}

/// Part of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Counted from 1.
    pub number: u32,
    /// Rows a page.
    pub limit: u32,
}

impl Page {
    /// The first row, counted from 1, as the platform's `query.page.start` is.
    pub fn start(self) -> u64 {
        (u64::from(self.number) - 1) * u64::from(self.limit) + 1
    }
}

/// The order of the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    pub key: String,
    /// Largest first.
    pub desc: bool,
}

impl Sort {
    /// `key`, or `-key` for the largest first.
    pub fn parse(text: &str) -> Result<Self> {
        let (key, desc) = match text.strip_prefix('-') {
            Some(key) => (key, true),
            None => (text, false),
        };
        if key.is_empty() {
            return Err(Error::usage("--sort needs a key").hint("for example -s name, or -s -created_at"));
        }
        Ok(Self { key: key.to_owned(), desc })
    }
}

/// Puts into `request` as much of `wish` as its message `input` can carry, and returns what it cannot: that is to be
/// applied to the rows that come back. A page goes to the service only if the order does too, for a page of rows in
/// another order would be another page.
pub fn apply(request: &mut Map<String, Value>, input: &MessageDescriptor, wish: Wish) -> Result<Wish> {
    let Some(Kind::Message(shape)) = input.get_field_by_name("query").map(|field| field.kind()) else {
        return Ok(wish);
    };
    let has = |name: &str| shape.get_field_by_name(name).is_some();
    let mut query = match request.remove("query") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(given)) => given,
        // Not a mapping: encoding says so, with its place.
        Some(other) => {
            request.insert("query".into(), other);
            return Ok(wish);
        }
    };
    let mut left = Wish::default();
    if has("only") {
        if !wish.only.is_empty() {
            query.insert("only".into(), wish.only.into());
        }
    } else {
        left.only = wish.only;
    }
    if has("minimal") {
        if let Some(minimal) = wish.minimal {
            query.insert("minimal".into(), minimal.into());
        }
    } else {
        left.minimal = wish.minimal;
    }
    match (wish.sort, shape.get_field_by_name("sort")) {
        (Some(sort), Some(field)) => {
            let one = json!({"key": sort.key, "desc": sort.desc});
            query.insert("sort".into(), if field.is_list() { json!([one]) } else { one });
        }
        (sort, _) => left.sort = sort,
    }
    match wish.page {
        Some(page) if has("page") && left.sort.is_none() => {
            let start = u32::try_from(page.start())
                .map_err(|_| Error::usage(format!("page {} of {} rows is too far", page.number, page.limit)))?;
            let mut fields = Map::new();
            if start > 1 {
                fields.insert("start".into(), start.into());
            }
            fields.insert("limit".into(), page.limit.into());
            query.insert("page".into(), fields.into());
        }
        page => left.page = page,
    }
    if !query.is_empty() {
        request.insert("query".into(), query.into());
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    /// Both generations' shapes of a query, and a request without any.
    fn message(name: &str) -> MessageDescriptor {
        let source = r#"
            syntax = "proto3";
            package test;
            message Page { uint32 start = 1; uint32 limit = 2; }
            message Sort { string key = 1; bool desc = 2; }
            message ListOfSorts { repeated Sort sort = 1; Page page = 2; bool minimal = 3; repeated string only = 4; }
            message OneSort { Sort sort = 1; Page page = 2; bool minimal = 3; repeated string only = 4; }
            message PageAlone { Page page = 1; }
            message Second { ListOfSorts query = 1; string name = 2; }
            message First { OneSort query = 1; }
            message Third { PageAlone query = 1; }
            message None { string name = 1; }"#;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.proto"), source).unwrap();
        let files = protox::compile(["t.proto"], [dir.path()]).unwrap();
        DescriptorPool::from_file_descriptor_set(files).unwrap().get_message_by_name(&format!("test.{name}")).unwrap()
    }

    fn wish() -> Wish {
        Wish {
            only: vec!["plugin_id".into()],
            minimal: None,
            page: Some(Page { number: 3, limit: 10 }),
            sort: Some(Sort::parse("-name").unwrap()),
        }
    }

    fn applied(name: &str, given: Value) -> (Value, Wish) {
        let Value::Object(mut request) = given else { panic!("an object") };
        let left = apply(&mut request, &message(name), wish()).unwrap();
        (request.into(), left)
    }

    #[test]
    fn the_sort_takes_the_shape_that_the_descriptor_asks_for() {
        let (request, left) = applied("Second", json!({}));
        let page = json!({"start": 21, "limit": 10});
        assert_eq!(
            request,
            json!({"query": {"only": ["plugin_id"], "sort": [{"key": "name", "desc": true}], "page": page}})
        );
        assert_eq!(left, Wish::default());
        let (request, _) = applied("First", json!({}));
        assert_eq!(request["query"]["sort"], json!({"key": "name", "desc": true}));
    }

    #[test]
    fn without_a_query_all_is_left_to_be_applied_here() {
        let (request, left) = applied("None", json!({"name": "x"}));
        assert_eq!(request, json!({"name": "x"}));
        assert_eq!(left, wish());
    }

    #[test]
    fn a_page_is_not_sent_without_its_order() {
        let (request, left) = applied("Third", json!({}));
        assert_eq!(request, json!({}));
        assert_eq!((left.page, left.sort), (wish().page, wish().sort));
    }

    #[test]
    fn what_the_request_asks_for_already_is_kept() {
        let (request, _) = applied("Second", json!({"query": {"keyword": "slack", "page": {"limit": 1}}}));
        assert_eq!(request["query"]["keyword"], "slack");
        assert_eq!(request["query"]["page"]["limit"], 10);
    }

    #[test]
    fn an_empty_query_is_not_sent() {
        let mut request = Map::new();
        apply(&mut request, &message("Second"), Wish::default()).unwrap();
        assert_eq!(request, Map::new());
    }

    #[test]
    fn a_page_past_what_the_api_can_count_is_refused() {
        let mut request = Map::new();
        let page = Some(Page { number: u32::MAX, limit: u32::MAX });
        let far = Wish { page, ..Wish::default() };
        assert_eq!(apply(&mut request, &message("Second"), far).unwrap_err().exit_code(), 2);
    }
}
