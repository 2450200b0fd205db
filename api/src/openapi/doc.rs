//! What a route says of itself; everything that follows from the router's table is added there.

use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ArrayBuilder, Content, ObjectBuilder, Ref, RefOr, Required, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// A route's own part of the document.
pub struct Doc {
    pub(super) summary: &'static str,
    pub(super) description: Option<&'static str>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<RequestBody>,
    pub(super) answers: Vec<(&'static str, Response)>,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Doc {
    /// A route in one line.
    pub const fn new(summary: &'static str) -> Self {
        Self { summary, description: None, parameters: Vec::new(), body: None, answers: Vec::new(), schemas: Vec::new() }
    }

    /// What else there is to know.
    pub const fn about(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// Query parameters.
    pub fn query<T: IntoParams>(mut self) -> Self {
        self.parameters = T::into_params(|| Some(ParameterIn::Query));
        self
    }

    /// A JSON body.
    pub fn body<T: ToSchema>(mut self) -> Self {
        let schema = self.refer::<T>();
        self.body = Some(RequestBodyBuilder::new().content("application/json", Content::new(Some(schema))).required(Some(Required::True)).build());
        self
    }

    /// A body of bytes.
    pub fn body_bytes(mut self, kinds: &[&str]) -> Self {
        let body = kinds.iter().fold(RequestBodyBuilder::new(), |body, kind| body.content(*kind, Content::new(None::<RefOr<Schema>>)));
        self.body = Some(body.required(Some(Required::True)).build());
        self
    }

    /// A JSON answer.
    pub fn answers<T: ToSchema>(mut self, status: &'static str, description: &str) -> Self {
        let schema = self.refer::<T>();
        self.answers.push((status, ResponseBuilder::new().description(description).content("application/json", Content::new(Some(schema))).build()));
        self
    }

    /// A page of a list.
    pub fn answers_page<T: ToSchema>(mut self, description: &str) -> Self {
        let items = ArrayBuilder::new().items(self.refer::<T>()).build();
        let cursor = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
            .description(Some("Give it as `cursor` for the next page; null on the last."))
            .build();
        let page = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("items", items)
            .required("items")
            .property("next_cursor", cursor)
            .required("next_cursor")
            .build();
        let page: RefOr<Schema> = RefOr::T(Schema::Object(page));
        self.answers.push(("200", ResponseBuilder::new().description(description).content("application/json", Content::new(Some(page))).build()));
        self
    }

    /// An answer of another type.
    pub fn answers_as(mut self, status: &'static str, kind: &str, description: &str) -> Self {
        let text: RefOr<Schema> = RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build()));
        let content = Content::new(Some(text));
        match self.answers.iter_mut().find(|(have, _)| *have == status) {
            Some((_, response)) => {
                response.content.insert(kind.to_owned(), content.into());
            }
            None => self.answers.push((status, ResponseBuilder::new().description(description).content(kind, content).build())),
        }
        self
    }

    /// A stream of events.
    pub fn answers_events<T: ToSchema>(mut self, status: &'static str, description: &str) -> Self {
        let schema = self.refer::<T>();
        self.answers.push((status, ResponseBuilder::new().description(description).content("text/event-stream", Content::new(Some(schema))).build()));
        self
    }

    /// An answer without a body.
    pub fn answers_nothing(mut self, description: &str) -> Self {
        self.answers.push(("204", ResponseBuilder::new().description(description).build()));
        self
    }

    /// A refusal of this route in particular.
    pub fn refuses(mut self, status: &'static str, why: &str) -> Self {
        self.answers.push((status, super::problem(why)));
        self
    }

    fn refer<T: ToSchema>(&mut self) -> RefOr<Schema> {
        T::schemas(&mut self.schemas);
        self.schemas.push((T::name().into_owned(), <T as PartialSchema>::schema()));
        RefOr::Ref(Ref::from_schema_name(T::name()))
    }
}
