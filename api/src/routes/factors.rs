//! One's own second factors.

pub(crate) mod confirm;
pub(crate) mod enrol;
pub(crate) mod recovery;
pub(crate) mod remove;
pub(crate) mod show;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use steward_office::people::Factors;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A code of a second factor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Code {
    /// Six digits of the app, or a recovery code; gaps and dashes do not matter.
    #[schema(value_type = String, example = "081804", max_length = 64)]
    pub(crate) code: SecretString,
}

/// The second factors one has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FactorsView {
    /// Since when codes of an app count; null without any.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    totp_since: Option<OffsetDateTime>,
    /// How many passkeys are registered.
    passkeys: usize,
    /// Recovery codes left, of ten.
    recovery_left: i64,
    /// Whether everybody here has to have a second factor.
    is_required: bool,
}

impl FactorsView {
    fn of(factors: &Factors, is_required: bool) -> Self {
        Self { totp_since: factors.totp_since, passkeys: factors.passkeys, recovery_left: factors.recovery_left, is_required }
    }
}

/// Recovery codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Ten codes, each good for one sign-in. Shown now and never again; null when the answer is repeated.
    recovery_codes: Option<Vec<String>>,
}

impl RecoveryCodes {
    fn of(codes: &[SecretString]) -> Self {
        Self { recovery_codes: Some(codes.iter().map(|code| code.expose_secret().to_owned()).collect()) }
    }

    const fn shown_before() -> Self {
        Self { recovery_codes: None }
    }
}
