//! What a server asks a person in the middle of a call: a flat form, and what an answer to it may be.
//!
//! Pure: whether a form may be shown at all is the host's word, who answers is the office's.

use crate::id::QuestionId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A form that a server asks a person to fill in. All its words are the server's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What the server says to the person.
    pub message: String,
    /// What it wants to know, in order.
    pub fields: Vec<QuestionField>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuestionField {
    /// The field's name in the answer.
    pub name: String,
    /// What to call it; its name where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether an answer without it is none.
    pub required: bool,
    /// What may be given.
    pub input: QuestionInput,
}

/// What may be given for a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum QuestionInput {
    /// A text.
    Text {
        /// The least letters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length_min: Option<u32>,
        /// The most letters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        length_max: Option<u32>,
        /// What form the server expects; it checks that itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<QuestionFormat>,
        /// What stands there before the person writes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<String>,
    },
    /// A number.
    Number {
        /// Whether it has no fraction.
        whole: bool,
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        minimum: Option<f64>,
        /// The most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        maximum: Option<f64>,
        /// What stands there before the person writes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<f64>,
    },
    /// Yes or no.
    YesNo {
        /// What is chosen before the person chooses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<bool>,
    },
    /// One of several.
    OneOf {
        /// Of these.
        options: Vec<QuestionOption>,
        /// What is chosen before the person chooses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<String>,
    },
    /// Some of several.
    SomeOf {
        /// Of these.
        options: Vec<QuestionOption>,
        /// The least.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items_min: Option<u32>,
        /// The most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        items_max: Option<u32>,
        /// What is chosen before the person chooses.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        default: Vec<String>,
    },
}

/// What form a text is expected to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionFormat {
    /// A mail address.
    Email,
    /// An address of the web.
    Uri,
    /// A day.
    Date,
    /// A moment.
    DateTime,
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOption {
    /// What stands in the answer.
    pub value: String,
    /// What to call it; its value where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionOutcome {
    /// The person gave an answer.
    Answered,
    /// The person does not say.
    Declined,
    /// The person put the question away.
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// The call ended, or the run was stopped, before anybody answered.
    Withdrawn,
}

impl QuestionOutcome {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Declined, Self::Cancelled, Self::Expired, Self::Withdrawn];

    /// The word in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == text)
    }
}

/// A question that is put to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PutQuestion {
    /// Its id.
    pub question_id: QuestionId,
    /// The server that asks, by its name in the configuration.
    pub server: String,
    /// What it asks.
    pub question: Question,
    /// Until when it waits, Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Why an answer does not fit its question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct AnswerError {
    /// The field; empty where the answer as a whole is meant.
    pub field: String,
    /// What is wrong.
    pub why: String,
}

impl AnswerError {
    fn new(field: &str, why: impl fmt::Display) -> Self {
        Self { field: field.to_owned(), why: why.to_string() }
    }
}

/// The most letters of a text whose field names no bound.
pub const ANSWER_TEXT_LETTERS_MAX: usize = 4_000;

impl Question {
    /// Checks an answer. What it does not name is not given, also where the field has a default: that is what stands there before the
    /// person writes, and who took it away does not say it.
    pub fn check(&self, answer: &Map<String, Value>) -> Result<(), AnswerError> {
        if let Some(name) = answer.keys().find(|name| !self.fields.iter().any(|field| field.name == **name)) {
            return Err(AnswerError::new("", format!("`{}` is not asked for", name.chars().take(64).collect::<String>())));
        }
        for field in &self.fields {
            match answer.get(&field.name) {
                Some(value) => field.input.check(value).map_err(|why| AnswerError::new(&field.name, why))?,
                None if field.required => return Err(AnswerError::new(&field.name, "is needed for an answer")),
                None => {}
            }
        }
        Ok(())
    }
}

impl QuestionInput {
    fn check(&self, value: &Value) -> Result<(), String> {
        match self {
            Self::Text { length_min, length_max, .. } => {
                let letters = value.as_str().ok_or("has to be a text")?.chars().count();
                let least = length_min.map_or(0, |least| usize::try_from(least).unwrap_or(usize::MAX));
                let most = length_max.map_or(ANSWER_TEXT_LETTERS_MAX, |most| usize::try_from(most).unwrap_or(usize::MAX)).min(ANSWER_TEXT_LETTERS_MAX);
                if letters < least {
                    return Err(format!("needs at least {least} letters"));
                }
                if letters > most {
                    return Err(format!("has more than {most} letters"));
                }
                Ok(())
            }
            Self::Number { whole, minimum, maximum, .. } => {
                let number = value.as_f64().filter(|number| number.is_finite()).ok_or("has to be a number")?;
                if *whole && !(value.is_i64() || value.is_u64()) {
                    return Err("has to be a whole number".to_owned());
                }
                if let Some(least) = minimum.filter(|least| number < *least) {
                    return Err(format!("has to be at least {least}"));
                }
                if let Some(most) = maximum.filter(|most| number > *most) {
                    return Err(format!("has to be at most {most}"));
                }
                Ok(())
            }
            Self::YesNo { .. } => value.is_boolean().then_some(()).ok_or_else(|| "has to be yes or no".to_owned()),
            Self::OneOf { options, .. } => {
                let is_there = value.as_str().is_some_and(|value| options.iter().any(|option| option.value == value));
                is_there.then_some(()).ok_or_else(|| "has to be one of what is offered".to_owned())
            }
            Self::SomeOf { options, items_min, items_max, .. } => {
                let chosen = value.as_array().ok_or("has to be a list of what is offered")?;
                let is_there = |value: &Value| value.as_str().is_some_and(|value| options.iter().any(|option| option.value == value));
                if !chosen.iter().all(is_there) {
                    return Err("has to be a list of what is offered".to_owned());
                }
                if chosen.iter().enumerate().any(|(index, value)| chosen.iter().take(index).any(|before| before == value)) {
                    return Err("names something twice".to_owned());
                }
                let count = u32::try_from(chosen.len()).unwrap_or(u32::MAX);
                if let Some(least) = items_min.filter(|least| count < *least) {
                    return Err(format!("needs at least {least}"));
                }
                if let Some(most) = items_max.filter(|most| count > *most) {
                    return Err(format!("takes at most {most}"));
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn question() -> Question {
        let option = |value: &str| QuestionOption { value: value.to_owned(), title: None };
        let field = |name: &str, required: bool, input| QuestionField { name: name.to_owned(), title: None, description: None, required, input };
        let text = QuestionInput::Text { length_min: Some(2), length_max: Some(5), format: None, default: Some("abc".to_owned()) };
        let options = || vec![option("a"), option("b"), option("c")];
        Question {
            message: "Which?".to_owned(),
            fields: vec![
                field("name", true, text),
                field("count", false, QuestionInput::Number { whole: true, minimum: Some(1.0), maximum: Some(9.0), default: None }),
                field("share", false, QuestionInput::Number { whole: false, minimum: None, maximum: Some(1.0), default: None }),
                field("sure", false, QuestionInput::YesNo { default: None }),
                field("one", false, QuestionInput::OneOf { options: options(), default: None }),
                field("some", false, QuestionInput::SomeOf { options: options(), items_min: Some(1), items_max: Some(2), default: Vec::new() }),
            ],
        }
    }

    #[test]
    fn what_does_not_fit_the_form_is_refused_by_field() {
        let check = |answer: Value, field: &str| {
            let Value::Object(answer) = answer else { panic!("an object") };
            let refused = question().check(&answer).expect_err(&format!("{answer:?}"));
            assert_eq!(refused.field, field, "{refused}");
        };
        check(json!({}), "name");
        check(json!({ "name": "abc", "more": 1 }), "");
        check(json!({ "name": 1 }), "name");
        check(json!({ "name": null }), "name");
        check(json!({ "name": "a" }), "name");
        check(json!({ "name": "abcdef" }), "name");
        for (field, bad) in [
            ("count", json!(0)),
            ("count", json!(10)),
            ("count", json!(1.5)),
            ("count", json!("3")),
            ("share", json!(1.5)),
            ("sure", json!("yes")),
            ("one", json!("d")),
            ("one", json!(["a"])),
            ("some", json!([])),
            ("some", json!(["a", "b", "c"])),
            ("some", json!(["a", "a"])),
            ("some", json!(["d"])),
            ("some", json!("a")),
        ] {
            check(json!({ "name": "abc", field: bad }), field);
        }
        let endless = QuestionInput::Text { length_min: None, length_max: None, format: None, default: None };
        assert!(endless.check(&json!("x".repeat(ANSWER_TEXT_LETTERS_MAX + 1))).is_err());
    }

    #[test]
    fn what_fits_is_taken_and_what_is_left_out_is_not_given() {
        let answer = json!({ "name": "über", "count": 9, "share": 0.5, "sure": false, "one": "b", "some": ["c", "a"] });
        assert_eq!(question().check(answer.as_object().expect("an object")), Ok(()));
        assert_eq!(question().check(json!({ "name": "ab" }).as_object().expect("an object")), Ok(()));
    }

    #[test]
    fn every_outcome_has_its_word() {
        for outcome in QuestionOutcome::ALL {
            assert_eq!(QuestionOutcome::parse(outcome.name()), Some(outcome));
        }
        assert_eq!(QuestionOutcome::parse("asked"), None);
    }
}
