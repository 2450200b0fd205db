//! Forms of servers: what is refused first, then what is read as it is.

use super::*;
use serde_json::json;

fn form(properties: Value) -> Value {
    json!({ "message": "Which one?", "requestedSchema": { "type": "object", "properties": properties } })
}

#[test]
fn an_address_is_refused_whatever_it_is_called() {
    for params in [
        json!({ "mode": "url", "message": "Sign in", "url": "https://elsewhere.example/sign-in", "elicitationId": "1" }),
        json!({ "mode": "form", "message": "Sign in", "url": "https://elsewhere.example", "requestedSchema": { "type": "object", "properties": {} } }),
        json!({ "message": "Sign in", "url": "https://elsewhere.example" }),
    ] {
        assert_eq!(read(&params), Err(QuestionRefused::Address), "{params}");
    }
}

#[test]
fn a_secret_is_refused_by_name_title_description_message_and_form() {
    for name in [
        "password",
        "Password",
        "newPassword",
        "pass_word",
        "p-a-s-s-w-o-r-d",
        "passwd",
        "pwd",
        "pin",
        "PIN",
        "apiKey",
        "api_key",
        "API.KEY",
        "key",
        "token",
        "accessToken",
        "authCode",
        "code",
        "card",
        "cardNumber",
        "cvc",
        "otp",
        "clientSecret",
        "credentials",
        "privateKey",
    ] {
        let refused = read(&form(json!({ name: { "type": "string" } }))).expect_err(name);
        assert_eq!(refused, QuestionRefused::Secret(name.to_owned()));
    }
    for title in
        ["Your password", "Passwort", "Mot de passe", "Contraseña", "Card number", "One-time code", "P\u{200b}assword", "Pаssword", "ｐassword", "API key"]
    {
        let refused = read(&form(json!({ "answer": { "type": "string", "title": title } }))).expect_err(title);
        assert!(matches!(refused, QuestionRefused::Secret(_)), "{title}: {refused}");
    }
    let described = json!({ "answer": { "type": "string", "description": "The password you sign in with." } });
    assert!(matches!(read(&form(described)), Err(QuestionRefused::Secret(_))));
    for format in ["password", "Password", "one-time-code", "current-password"] {
        assert!(matches!(read(&form(json!({ "answer": { "type": "string", "format": format } }))), Err(QuestionRefused::Secret(_))), "{format}");
    }
    assert!(matches!(read(&form(json!({ "answer": { "type": "string", "writeOnly": true } }))), Err(QuestionRefused::Secret(_))));
    let said = json!({ "message": "Your password, please.", "requestedSchema": { "type": "object", "properties": { "answer": { "type": "string" } } } });
    assert!(matches!(read(&said), Err(QuestionRefused::Secret(_))));
}

#[test]
fn what_is_no_flat_form_is_refused() {
    let check = |params: Value, says: &str| {
        let refused = read(&params).expect_err(&params.to_string());
        assert!(matches!(&refused, QuestionRefused::Form(what) if what.contains(says)), "{params}: {refused}");
    };
    check(json!({}), "no message");
    check(json!({ "message": " \u{200b} ", "requestedSchema": { "type": "object", "properties": {} } }), "no message");
    check(json!({ "message": "a" }), "no schema");
    check(json!({ "mode": "voice", "message": "a" }), "mode");
    check(json!({ "message": "a".repeat(2001), "requestedSchema": { "type": "object", "properties": {} } }), "more than 2000");
    check(json!({ "message": "a", "requestedSchema": { "type": "array", "properties": {} } }), "no object");
    check(json!({ "message": "a", "requestedSchema": { "type": "object", "properties": {}, "required": ["b"] } }), "does not have");
    check(form(json!({ "a": { "type": "object", "properties": {} } })), "no text, number");
    check(form(json!({ "a": { "type": "array", "items": { "type": "string" } } })), "what can be chosen");
    check(form(json!({ "a": { "type": "array", "items": { "type": "object", "properties": {} } } })), "what can be chosen");
    check(form(json!({ "a": { "type": "string", "enum": [] } })), "choose from 0");
    check(form(json!({ "a": { "type": "string", "enum": (0..101).map(|at| at.to_string()).collect::<Vec<_>>() } })), "choose from 101");
    check(form(json!({ "a": { "type": "string", "enum": [1] } })), "cannot be read");
    check(form(json!({ "a": { "type": "string", "enum": ["x"], "default": "y" } })), "default");
    check(form(json!({ "a": { "type": "boolean", "default": "yes" } })), "default");
    check(form(json!({ "a": { "type": "string", "format": "hostname" } })), "none that can be asked for");
    check(form(json!({ "ä": { "type": "string" } })), "no name");
    check(form(json!({ "a": "string" })), "no field");
    check(form((0..21).map(|at| (format!("f{at}"), json!({ "type": "string" }))).collect()), "more than 20");
}

#[test]
fn a_flat_form_is_read_as_it_is() {
    let question = read(&json!({
        "mode": "form", "message": "Book\u{202e} it?\nSay how.",
        "requestedSchema": { "type": "object", "required": ["when"], "properties": {
            "when": { "type": "string", "format": "date", "title": "Which day" },
            "note": { "type": "string", "minLength": 1, "maxLength": 20, "default": "none" },
            "seats": { "type": "integer", "minimum": 1, "maximum": 8, "default": 2 },
            "share": { "type": "number" },
            "window": { "type": "boolean", "default": true },
            "class": { "type": "string", "enum": ["1", "2"], "enumNames": ["First", "Second"], "default": "2" },
            "meal": { "type": "string", "oneOf": [{ "const": "v", "title": "Vegetarian" }] },
            "days": { "type": "array", "items": { "type": "string", "enum": ["mo", "tu"] }, "minItems": 1, "default": ["mo"] },
            "stops": { "type": "array", "items": { "anyOf": [{ "const": "a", "title": "A" }] }, "maxItems": 1 },
        } },
    }))
    .expect("a form");
    assert_eq!(question.message, "Book it?\nSay how.");
    let field = |name: &str| question.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!((field("when").required, field("when").title.as_deref(), field("note").required), (true, Some("Which day"), false));
    let option = |value: &str, title: Option<&str>| QuestionOption { value: value.to_owned(), title: title.map(str::to_owned) };
    assert_eq!(field("when").input, QuestionInput::Text { length_min: None, length_max: None, format: Some(QuestionFormat::Date), default: None });
    assert_eq!(field("note").input, QuestionInput::Text { length_min: Some(1), length_max: Some(20), format: None, default: Some("none".to_owned()) });
    assert_eq!(field("seats").input, QuestionInput::Number { whole: true, minimum: Some(1.0), maximum: Some(8.0), default: Some(2.0) });
    assert_eq!(field("share").input, QuestionInput::Number { whole: false, minimum: None, maximum: None, default: None });
    assert_eq!(field("window").input, QuestionInput::YesNo { default: Some(true) });
    let classes = vec![option("1", Some("First")), option("2", Some("Second"))];
    assert_eq!(field("class").input, QuestionInput::OneOf { options: classes, default: Some("2".to_owned()) });
    assert_eq!(field("meal").input, QuestionInput::OneOf { options: vec![option("v", Some("Vegetarian"))], default: None });
    let days = vec![option("mo", None), option("tu", None)];
    assert_eq!(field("days").input, QuestionInput::SomeOf { options: days, items_min: Some(1), items_max: None, default: vec!["mo".to_owned()] });
    assert_eq!(field("stops").input, QuestionInput::SomeOf { options: vec![option("a", Some("A"))], items_min: None, items_max: Some(1), default: Vec::new() });
}
