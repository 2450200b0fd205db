//! A server's form as a question of ours, or why it is none: an address to visit, a secret, more than a flat form may hold.

use crate::error::tidy;
use serde_json::{Map, Value};
use steward_core::limits::{QUESTION_FIELDS_MAX, QUESTION_OPTIONS_MAX};
use steward_core::{Question, QuestionField, QuestionFormat, QuestionInput, QuestionOption};
use steward_policies::folded;

/// The most letters of what a server says to the person.
const MESSAGE_LETTERS_MAX: usize = 2_000;
/// The most letters of a title, and of a description.
const TITLE_LETTERS_MAX: usize = 200;
const DESCRIPTION_LETTERS_MAX: usize = 500;
/// The most letters of what can be chosen, and of a default.
const VALUE_LETTERS_MAX: usize = 1_000;

/// Parts of words that speak of a secret wherever they stand, in the form in which rules compare texts.
const SECRET_PARTS: [&str; 22] = [
    "password",
    "passwort",
    "kennwort",
    "passphrase",
    "passcode",
    "passkey",
    "mot de passe",
    "contrasena",
    "contraseña",
    "clave secreta",
    "senha",
    "parola d'ordine",
    "secret",
    "credential",
    "apikey",
    "api key",
    "privatekey",
    "private key",
    "accesstoken",
    "token",
    "seed phrase",
    "recovery phrase",
];
/// Words that do so as the name or the title of a field.
const SECRET_WORDS: [&str; 22] = [
    "pass", "passwd", "pwd", "pw", "key", "keys", "code", "codes", "card", "pin", "otp", "totp", "mfa", "2fa", "tan", "cvv", "cvc", "csc", "ssn", "bearer",
    "auth", "cookie",
];

/// Why a question of a server is not put to anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionRefused {
    /// It leads people elsewhere.
    #[error("nobody is sent to an address from here; ask by a form")]
    Address,
    /// It asks for what is nobody's to tell.
    #[error("`{0}` looks like a secret, and nobody is asked for one here")]
    Secret(String),
    /// It is no form, or more than one may be.
    #[error("the form cannot be shown: {0}")]
    Form(String),
}

fn wrong(what: impl Into<String>) -> QuestionRefused {
    QuestionRefused::Form(what.into())
}

/// Reads the parameters of a server's question.
pub(super) fn read(params: &Value) -> Result<Question, QuestionRefused> {
    match params.get("mode").and_then(Value::as_str) {
        None | Some("form") => {}
        Some("url") => return Err(QuestionRefused::Address),
        Some(_) => return Err(wrong("its mode is not known")),
    }
    if params.get("url").is_some() {
        return Err(QuestionRefused::Address);
    }
    let message = words(params.get("message"), MESSAGE_LETTERS_MAX, "its message")?.ok_or_else(|| wrong("it has no message"))?;
    let schema = params.get("requestedSchema").and_then(Value::as_object).ok_or_else(|| wrong("it has no schema"))?;
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(wrong("its schema is no object"));
    }
    let properties = schema.get("properties").and_then(Value::as_object).ok_or_else(|| wrong("its schema has no fields"))?;
    if properties.len() > QUESTION_FIELDS_MAX {
        return Err(wrong(format!("it has more than {QUESTION_FIELDS_MAX} fields")));
    }
    let required: Vec<&str> = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if required.iter().any(|name| !properties.contains_key(*name)) {
        return Err(wrong("it needs a field that it does not have"));
    }
    let fields = properties.iter().map(|(name, property)| field(name, property, required.contains(&name.as_str()))).collect::<Result<Vec<_>, _>>()?;
    if speaks_of_secret(&message, false) {
        return Err(QuestionRefused::Secret("its message".to_owned()));
    }
    Ok(Question { message, fields })
}

fn field(name: &str, property: &Value, required: bool) -> Result<QuestionField, QuestionRefused> {
    let is_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if !is_name {
        return Err(wrong(format!("`{}` is no name of a field", tidy(name, 64))));
    }
    let property = property.as_object().ok_or_else(|| wrong(format!("`{name}` is no field")))?;
    let title = words(property.get("title"), TITLE_LETTERS_MAX, "a title")?;
    let description = words(property.get("description"), DESCRIPTION_LETTERS_MAX, "a description")?;
    let format = property.get("format").and_then(Value::as_str);
    let is_secret = speaks_of_secret(name, true)
        || title.as_deref().is_some_and(|title| speaks_of_secret(title, true))
        || description.as_deref().is_some_and(|description| speaks_of_secret(description, false))
        || format.is_some_and(|format| speaks_of_secret(format, true))
        || property.get("writeOnly") == Some(&Value::Bool(true));
    if is_secret {
        return Err(QuestionRefused::Secret(name.to_owned()));
    }
    let input = input(name, property, format)?;
    Ok(QuestionField { name: name.to_owned(), title, description, required, input })
}

fn input(name: &str, property: &Map<String, Value>, format: Option<&str>) -> Result<QuestionInput, QuestionRefused> {
    let default = property.get("default").filter(|value| !value.is_null());
    let mismatch = || wrong(format!("the default of `{name}` does not fit"));
    let length = |key: &str| property.get(key).and_then(Value::as_u64).map(|length| u32::try_from(length).unwrap_or(u32::MAX));
    match property.get("type").and_then(Value::as_str) {
        Some("string") => {
            if let Some(options) = options(name, property)? {
                let default = default.map(|value| value.as_str().map(str::to_owned).ok_or_else(mismatch)).transpose()?;
                if default.as_ref().is_some_and(|default| !options.iter().any(|option| option.value == *default)) {
                    return Err(mismatch());
                }
                return Ok(QuestionInput::OneOf { options, default });
            }
            let format = match format {
                None => None,
                Some("email") => Some(QuestionFormat::Email),
                Some("uri") => Some(QuestionFormat::Uri),
                Some("date") => Some(QuestionFormat::Date),
                Some("date-time") => Some(QuestionFormat::DateTime),
                Some(other) => return Err(wrong(format!("`{name}` has the form `{}`, which is none that can be asked for", tidy(other, 40)))),
            };
            let default = default.map(|value| words(Some(value), VALUE_LETTERS_MAX, "a default")?.ok_or_else(mismatch)).transpose()?;
            Ok(QuestionInput::Text { length_min: length("minLength"), length_max: length("maxLength"), format, default })
        }
        Some(kind @ ("number" | "integer")) => {
            let number = |key: &str| property.get(key).and_then(Value::as_f64);
            let default = default.map(|value| value.as_f64().ok_or_else(mismatch)).transpose()?;
            Ok(QuestionInput::Number { whole: kind == "integer", minimum: number("minimum"), maximum: number("maximum"), default })
        }
        Some("boolean") => Ok(QuestionInput::YesNo { default: default.map(|value| value.as_bool().ok_or_else(mismatch)).transpose()? }),
        Some("array") => {
            let items = property.get("items").and_then(Value::as_object).ok_or_else(|| wrong(format!("`{name}` does not say what can be chosen")))?;
            let options = options(name, items)?.ok_or_else(|| wrong(format!("`{name}` does not say what can be chosen")))?;
            let default = match default {
                None => Vec::new(),
                Some(value) => {
                    let chosen = value.as_array().ok_or_else(mismatch)?;
                    chosen.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(mismatch)).collect::<Result<Vec<_>, _>>()?
                }
            };
            if default.iter().any(|value| !options.iter().any(|option| option.value == *value)) {
                return Err(mismatch());
            }
            Ok(QuestionInput::SomeOf { options, items_min: length("minItems"), items_max: length("maxItems"), default })
        }
        Some(_) | None => Err(wrong(format!("`{name}` is no text, number, yes or no, or choice"))),
    }
}

/// What can be chosen, in each of the forms that the protocol has for it; none where anything can be given.
fn options(name: &str, property: &Map<String, Value>) -> Result<Option<Vec<QuestionOption>>, QuestionRefused> {
    let unreadable = || wrong(format!("what can be chosen for `{name}` cannot be read"));
    let value = |value: &Value| match value.as_str() {
        Some(text) if text.chars().count() <= VALUE_LETTERS_MAX && !text.contains('\0') => Ok(text.to_owned()),
        Some(_) | None => Err(unreadable()),
    };
    let titled = property.get("oneOf").or_else(|| property.get("anyOf"));
    let options = match (titled, property.get("enum")) {
        (Some(titled), _) => {
            let one = |option: &Value| {
                let title = words(option.get("title"), TITLE_LETTERS_MAX, "a title")?;
                Ok(QuestionOption { value: value(option.get("const").ok_or_else(unreadable)?)?, title })
            };
            titled.as_array().ok_or_else(unreadable)?.iter().map(one).collect::<Result<Vec<_>, QuestionRefused>>()?
        }
        (None, Some(values)) => {
            let names = property.get("enumNames").and_then(Value::as_array);
            let one = |(index, option): (usize, &Value)| {
                let title = words(names.and_then(|names| names.get(index)), TITLE_LETTERS_MAX, "a title")?;
                Ok(QuestionOption { value: value(option)?, title })
            };
            values.as_array().ok_or_else(unreadable)?.iter().enumerate().map(one).collect::<Result<Vec<_>, QuestionRefused>>()?
        }
        (None, None) => return Ok(None),
    };
    if options.is_empty() || options.len() > QUESTION_OPTIONS_MAX {
        return Err(wrong(format!("`{name}` lets choose from {}, and from 1 to {QUESTION_OPTIONS_MAX} can be shown", options.len())));
    }
    Ok(Some(options))
}

/// A server's text for people: no control characters, and no more than is shown. One that is cut could say something else.
fn words(value: Option<&Value>, most: usize, what: &str) -> Result<Option<String>, QuestionRefused> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| wrong(format!("{what} is no text")))?;
    if text.chars().count() > most {
        return Err(wrong(format!("{what} has more than {most} letters")));
    }
    let is_hidden = |letter: char| {
        (letter.is_control() && letter != '\n') || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let text: String = text.chars().filter(|letter| !is_hidden(*letter)).collect();
    Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
}

/// Whether a text speaks of a secret, however it is written. A label names one thing, so single words of it count too.
fn speaks_of_secret(text: &str, is_label: bool) -> bool {
    let spaced = spaced(text);
    let plain = folded(&spaced);
    if SECRET_PARTS.iter().any(|part| plain.contains(part)) {
        return true;
    }
    if !is_label {
        return false;
    }
    // A name that is written apart, letter by letter or part by part, is still read as one.
    let joined: String = plain.split(|letter: char| !letter.is_alphanumeric()).collect();
    SECRET_PARTS.iter().any(|part| joined.contains(&part.replace(' ', "")))
        || plain.split(|letter: char| !letter.is_alphanumeric()).any(|word| SECRET_WORDS.contains(&word))
}

/// A name as words: `apiKey`, `api_key` and `api-key` alike.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut was_lower = false;
    for letter in text.chars() {
        if letter.is_uppercase() && was_lower {
            out.push(' ');
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
        out.push(if matches!(letter, '_' | '-' | '.') { ' ' } else { letter });
    }
    out
}

#[cfg(test)]
mod tests;
