//! The reference: the OpenAPI document as one page of HTML, made on the server, without a script.

use super::{Page, escape};
use crate::openapi::{Doc, document};
use axum::response::Response;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let document = serde_json::to_value(document()).unwrap_or_default();
    Page::new("Steward API reference", include_str!("page.css"), &body(&document), None)
});

pub(crate) fn doc() -> Doc {
    Doc::new("The API reference").answers_as("200", "text/html", "This document as a page.")
}

pub(crate) async fn handle() -> Response {
    PAGE.answer()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn body(document: &Value) -> String {
    let mut html = format!("<main class=\"wide\">\n<h1>Steward API, version {}</h1>\n", escape(text(document, "/info/version")));
    for paragraph in text(document, "/info/description").split("\n\n") {
        let _ = writeln!(html, "<p>{}</p>", prose(paragraph));
    }
    html.push_str("<p>The same as a file: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n");
    let mut nouns: BTreeMap<&str, String> = BTreeMap::new();
    for (path, item) in document.pointer("/paths").and_then(Value::as_object).into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            nouns.entry(text(operation, "/tags/0")).or_default().push_str(&one(method, path, operation));
        }
    }
    for (noun, operations) in &nouns {
        let _ = write!(html, "<h2 id=\"{0}\">{0}</h2>\n{operations}", escape(noun));
    }
    html.push_str("<h2 id=\"types\">Types</h2>\n");
    for (name, schema) in document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten() {
        let _ = writeln!(
            html,
            "<details id=\"type-{0}\"><summary><code>{0}</code> {1}</summary>{2}</details>",
            escape(name),
            prose(text(schema, "/description")),
            fields(schema)
        );
    }
    html.push_str("</main>");
    html
}

fn one(method: &str, path: &str, operation: &Value) -> String {
    let (method, path) = (escape(&method.to_uppercase()), escape(path));
    let mut html = format!("<details><summary><span class=\"verb\">{method}</span> <code>{path}</code> {}</summary>\n", prose(text(operation, "/summary")));
    for paragraph in text(operation, "/description").split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        let _ = writeln!(html, "<p>{}</p>", prose(paragraph));
    }
    if let Some(parameters) = operation.pointer("/parameters").and_then(Value::as_array) {
        html.push_str("<table><thead><tr><th scope=\"col\">Parameter</th><th scope=\"col\">In</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>\n");
        for parameter in parameters {
            let schema = parameter.get("schema").unwrap_or(&Value::Null);
            let _ = writeln!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text(parameter, "/name")),
                escape(text(parameter, "/in")),
                kind(schema),
                prose(text(parameter, "/description"))
            );
        }
        html.push_str("</tbody></table>\n");
    }
    if let Some(content) = operation.pointer("/requestBody/content").and_then(Value::as_object) {
        let _ = writeln!(html, "<p>Body: {}</p>", content.iter().map(|(media, content)| media_type(media, content)).collect::<Vec<_>>().join(", or "));
    }
    html.push_str("<table><thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Answer</th><th scope=\"col\">Type</th></tr></thead><tbody>\n");
    for (status, answer) in operation.pointer("/responses").and_then(Value::as_object).into_iter().flatten() {
        let media = answer.pointer("/content").and_then(Value::as_object);
        let media: Vec<String> = media.into_iter().flatten().map(|(media, content)| media_type(media, content)).collect();
        let _ = writeln!(html, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", escape(status), prose(text(answer, "/description")), media.join(", or "));
    }
    html.push_str("</tbody></table></details>\n");
    html
}

fn media_type(media: &str, content: &Value) -> String {
    let schema = content.get("schema").map(kind).filter(|_| media.contains("json")).unwrap_or_default();
    format!("<code>{}</code> {schema}", escape(media))
}

/// A schema in a few words, linking to the types it names.
fn kind(schema: &Value) -> String {
    if let Some(name) = text(schema, "/$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        return format!("<a href=\"#type-{0}\">{0}</a>", escape(name));
    }
    for (key, word) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema.get(key).and_then(Value::as_array) {
            return parts.iter().map(kind).collect::<Vec<_>>().join(word);
        }
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", kind(items));
    }
    if let Some(items) = schema.pointer("/properties/items") {
        return format!("page: {}", kind(items));
    }
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    };
    let format = schema.get("format").and_then(Value::as_str).map(|format| format!(" ({format})")).unwrap_or_default();
    escape(&format!("{name}{format}"))
}

fn fields(schema: &Value) -> String {
    let mut html = String::new();
    // A flattened type says what it adds in `allOf`, next to what it takes over.
    let parts: Vec<&Value> = schema.get("allOf").and_then(Value::as_array).map_or_else(|| vec![schema], |parts| parts.iter().collect());
    for part in parts {
        let Some(properties) = part.get("properties").and_then(Value::as_object) else {
            let _ = writeln!(html, "<p>{}</p>", kind(part));
            continue;
        };
        let required: Vec<&str> = part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        html.push_str("<table><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>\n");
        for (name, field) in properties {
            let optional = if required.contains(&name.as_str()) { "" } else { " (optional)" };
            let _ = writeln!(
                html,
                "<tr><td><code>{}</code>{optional}</td><td>{}</td><td>{}</td></tr>",
                escape(name),
                kind(field),
                prose(text(field, "/description"))
            );
        }
        html.push_str("</tbody></table>\n");
    }
    html
}

/// Prose with `code` in backticks.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escape(part);
        if index % 2 == 1 {
            let _ = write!(html, "<code>{part}</code>");
        } else {
            html.push_str(&part);
        }
    }
    html
}
