//! The OpenAPI document, assembled from the router's table: a route that exists is documented, and what is documented exists.

mod doc;

pub use doc::Doc;

use crate::auth::{Access, takes_key};
use crate::error::Problem;
use crate::router::{Route, table};
use http::Method;
use steward_core::Permission;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Info, License, ObjectBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Required, ResponseBuilder, Schema, Type};
use utoipa::{PartialSchema as _, ToSchema as _};

/// What stands before the list of routes.
const ABOUT: &str = "An agent that acts for an owner, under rules that can be read, tested, proved and audited.\n\n\
    Errors are problem documents (RFC 9457) with a stable `code` and the `request_id` that stands in logs and in the audit log. \
    What you may not know of is 404. Lists take `limit` and `cursor` and answer `{items, next_cursor}`. \
    A POST that names `Idempotency-Key` among its parameters takes it: the same key with the same request gets the same answer and no second effect; a streamed answer takes none. \
    Times are RFC 3339 in UTC, money is `{minor, currency}`, ids are prefixed.";

/// The document.
pub fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut components = Components::new();
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    let mut taken: Vec<(String, RefOr<Schema>)> = schemas;
    for route in table() {
        let doc = (route.doc)();
        let operation = operation(route, &doc);
        taken.extend(doc.schemas);
        let item = PathItem::new(method(&route.method), operation);
        match paths.paths.get_mut(route.path) {
            Some(existing) => existing.merge_operations(item),
            None => {
                paths.paths.insert(route.path.to_owned(), item);
            }
        }
    }
    components.schemas.extend(taken);
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "__Host-stw",
        "A browser session. On plain HTTP, which is taken on loopback only, the cookie is called `stw`.",
    )));
    components.security_schemes.insert("session".to_owned(), RefOr::T(cookie));
    components.security_schemes.insert("token".to_owned(), RefOr::T(SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer))));
    let mut info = Info::new("Steward", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let mut license = License::new("Apache-2.0");
    license.identifier = Some("Apache-2.0".to_owned());
    info.license = Some(license);
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components)).build()
}

/// The document as it is checked in and served.
pub fn text() -> String {
    let mut text = document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

fn method(method: &Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// The noun a path is about, for grouping.
pub(crate) fn noun(path: &str) -> &str {
    let path = path.strip_prefix("/api/v1/").unwrap_or(path);
    let path = if path.starts_with("/v1/") { "openai-compatible" } else { path.trim_start_matches('/') };
    let noun = path.split('/').next().unwrap_or_default();
    if matches!(noun, "healthz" | "readyz" | "metrics" | "openapi.json" | "docs") { "operation" } else { noun }
}

fn operation(route: &Route, doc: &Doc) -> OperationBuilder {
    let mut operation = OperationBuilder::new().tag(noun(route.path)).operation_id(Some(route.name.replace("::", "."))).summary(Some(doc.summary));
    let who = match route.access {
        Access::Public => String::new(),
        Access::SignedIn => "For anyone signed in.".to_owned(),
        Access::Session => "For a person in a browser session; no token ever.".to_owned(),
        Access::May(permission) => needs(permission),
    };
    let description = [doc.description.unwrap_or_default(), &who].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join("\n\n");
    if !description.is_empty() {
        operation = operation.description(Some(description));
    }
    for name in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        operation = operation.parameter(ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True).schema(Some(text)).build());
    }
    for parameter in &doc.parameters {
        operation = operation.parameter(parameter.clone());
    }
    if takes_key(route) {
        let key = ObjectBuilder::new().schema_type(Type::String).max_length(Some(200)).build();
        let key = ParameterBuilder::new().name("Idempotency-Key").parameter_in(ParameterIn::Header).required(Required::False).schema(Some(key)).build();
        operation = operation.parameter(key);
    }
    operation = operation.request_body(doc.body.clone());
    for (status, response) in &doc.answers {
        operation = operation.response(*status, in_form_of(route.path, response.clone()));
    }
    for (status, why) in refusals(route, doc) {
        operation = operation.response(status, in_form_of(route.path, problem(why)));
    }
    if route.access == Access::Public {
        return operation;
    }
    operation = operation.security(SecurityRequirement::new::<_, [&str; 0], &str>("session", []));
    let takes_tokens = match route.access {
        Access::May(permission) => permission.scope().is_some(),
        Access::SignedIn => true,
        Access::Public | Access::Session => false,
    };
    if takes_tokens { operation.security(SecurityRequirement::new::<_, [&str; 0], &str>("token", [])) } else { operation }
}

/// Who holds a permission, in words.
fn needs(permission: Permission) -> String {
    let roles: Vec<&str> = permission.roles().iter().map(|role| role.name()).collect();
    let scope = permission.scope().map_or("no token ever".to_owned(), |scope| format!("tokens with scope `{}`", scope.name()));
    format!("Needs `{}`: {}; {scope}.", permission.name(), roles.join(", "))
}

/// Refusals that follow from the route alone.
fn refusals(route: &Route, doc: &Doc) -> Vec<(&'static str, &'static str)> {
    let mut list = Vec::new();
    if doc.body.is_some() {
        list.extend([("400", "The body is not what its type says."), ("413", "The body is too large."), ("415", "The body has another type.")]);
    }
    if doc.body.is_some() || !doc.parameters.is_empty() {
        list.push(("422", "A field cannot be taken; `errors` names it."));
    }
    if route.access != Access::Public {
        list.extend([("401", "Not signed in."), ("403", "Not allowed, or sent by a page of another site.")]);
    }
    if route.path.contains('{') {
        list.push(("404", "There is nothing here, or nothing you may know of."));
    }
    list.push(("default", "Any other refusal or failure."));
    list
}

fn problem(why: &str) -> utoipa::openapi::Response {
    let schema: RefOr<Schema> = RefOr::Ref(Ref::from_schema_name(Problem::name()));
    ResponseBuilder::new().description(why).content("application/problem+json", Content::new(Some(schema))).build()
}

/// A refusal in the form in which the path's clients get it: those of the OpenAI-compatible routes have their own.
fn in_form_of(path: &str, mut response: utoipa::openapi::Response) -> utoipa::openapi::Response {
    if path.starts_with("/v1/") && response.content.shift_remove("application/problem+json").is_some() {
        let text = || ObjectBuilder::new().schema_type(Type::String).build();
        let error = ["message", "type", "code", "param", "request_id"].into_iter().fold(ObjectBuilder::new(), |error, name| error.property(name, text()));
        let body: RefOr<Schema> = RefOr::T(Schema::Object(ObjectBuilder::new().property("error", error.build()).required("error").build()));
        response.content.insert("application/json".to_owned(), Content::new(Some(body)).into());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Two types of one name would take each other's place, and a client made from the document would send the wrong one.
    #[test]
    fn no_two_schemas_share_a_name() {
        let mut seen: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        for (name, schema) in table().iter().flat_map(|route| (route.doc)().schemas) {
            let shape = serde_json::to_value(&schema).expect("JSON");
            let first = seen.entry(name.clone()).or_insert_with(|| shape.clone());
            assert_eq!(*first, shape, "`{name}` is the name of two types: rename one of them");
        }
    }
}
