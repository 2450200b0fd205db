//! A server's form, as it is shown.

use serde::Serialize;
use steward_core::{Question, QuestionField, QuestionFormat, QuestionInput, QuestionOption};
use utoipa::ToSchema;

/// A form that a server asks a person to fill in. All its words are the server's.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct QuestionForm {
    /// What the server says to the person.
    message: String,
    /// What it wants to know, in order.
    fields: Vec<QuestionFieldView>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct QuestionFieldView {
    /// The field's name in the answer.
    name: String,
    /// What to call it; its name where there is none.
    title: Option<String>,
    /// More about it.
    description: Option<String>,
    /// Whether an answer without it is none.
    required: bool,
    /// What may be given.
    input: QuestionInputView,
}

/// What may be given for a field.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "type")]
pub(crate) enum QuestionInputView {
    /// A text.
    Text {
        /// The least letters.
        length_min: Option<u32>,
        /// The most letters.
        length_max: Option<u32>,
        /// What form the server expects: email, uri, date, date-time.
        #[schema(value_type = Option<String>)]
        format: Option<QuestionFormat>,
        /// What stands there before the person writes.
        default: Option<String>,
    },
    /// A number.
    Number {
        /// Whether it has no fraction.
        whole: bool,
        /// The least.
        minimum: Option<f64>,
        /// The most.
        maximum: Option<f64>,
        /// What stands there before the person writes.
        default: Option<f64>,
    },
    /// Yes or no.
    YesNo {
        /// What is chosen before the person chooses.
        default: Option<bool>,
    },
    /// One of several.
    OneOf {
        /// Of these.
        options: Vec<QuestionOptionView>,
        /// What is chosen before the person chooses.
        default: Option<String>,
    },
    /// Some of several.
    SomeOf {
        /// Of these.
        options: Vec<QuestionOptionView>,
        /// The least.
        items_min: Option<u32>,
        /// The most.
        items_max: Option<u32>,
        /// What is chosen before the person chooses.
        default: Vec<String>,
    },
}

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct QuestionOptionView {
    /// What stands in the answer.
    value: String,
    /// What to call it; its value where there is none.
    title: Option<String>,
}

impl From<Question> for QuestionForm {
    fn from(Question { message, fields }: Question) -> Self {
        Self { message, fields: fields.into_iter().map(QuestionFieldView::from).collect() }
    }
}

impl From<QuestionField> for QuestionFieldView {
    fn from(QuestionField { name, title, description, required, input }: QuestionField) -> Self {
        Self { name, title, description, required, input: input.into() }
    }
}

impl From<QuestionInput> for QuestionInputView {
    fn from(input: QuestionInput) -> Self {
        let shown = |options: Vec<QuestionOption>| options.into_iter().map(|QuestionOption { value, title }| QuestionOptionView { value, title }).collect();
        match input {
            QuestionInput::Text { length_min, length_max, format, default } => Self::Text { length_min, length_max, format, default },
            QuestionInput::Number { whole, minimum, maximum, default } => Self::Number { whole, minimum, maximum, default },
            QuestionInput::YesNo { default } => Self::YesNo { default },
            QuestionInput::OneOf { options, default } => Self::OneOf { options: shown(options), default },
            QuestionInput::SomeOf { options, items_min, items_max, default } => Self::SomeOf { options: shown(options), items_min, items_max, default },
        }
    }
}
