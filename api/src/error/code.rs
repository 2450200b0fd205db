//! The words by which programs tell refusals and failures apart. The web has a sentence for each in every language, and its compiler asks for one.

use serde::Serialize;
use steward_core::Kind;

/// A stable word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// Something this depends on does not answer.
    Away,
    /// Our fault.
    Bug,
    /// Too much of the kind is under way.
    Busy,
    /// A program that asks to be let in says nothing of itself that could be used.
    ClientRefused,
    /// What is there changed meanwhile, was done already, or does not go with it.
    Conflict,
    /// It came from a page of another site.
    CrossSite,
    /// The caller is known and may not do this.
    Denied,
    /// Nobody is known by this sign-in at a provider.
    IdentityUnknown,
    /// The same request was answered just now.
    InProgress,
    /// The request is wrong as it stands.
    Invalid,
    /// A limit is reached.
    Limit,
    /// It could not be read at all.
    Malformed,
    /// There is no such thing, or the caller may not know of it.
    Missing,
    /// No agent has this name: the word that clients of the OpenAI-compatible routes know.
    ModelNotFound,
    /// Whoever has neither a password nor a second factor signed in too long ago.
    NotFresh,
    /// The password has to be given again.
    NotProven,
    /// Nobody, or nobody any more.
    NotSignedIn,
    /// What a passkey said was not taken.
    PasskeyRefused,
    /// A program that asks to be let in wants the answer sent where its document does not say.
    RedirectRefused,
    /// Refused by what serves the routes, and not by one of them.
    Refused,
    /// Everybody here needs a second factor, and this person has none.
    SecondFactorMissing,
    /// Signing in takes the second factor too.
    SecondFactorRequired,
    /// The link, or the name and password, are not valid.
    SignInRefused,
    /// The second factor has to be given for exactly this.
    StepUpRequired,
    /// A body or a file is larger than it may be.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The path does not take this method.
    WrongMethod,
    /// The body has another type than is taken here.
    WrongType,
}

impl From<Kind> for ProblemCode {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Invalid => Self::Invalid,
            Kind::Denied => Self::Denied,
            Kind::Missing => Self::Missing,
            Kind::Conflict => Self::Conflict,
            Kind::Limit => Self::Limit,
            Kind::Away => Self::Away,
            Kind::Bug => Self::Bug,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_the_same_word_everywhere() {
        for kind in [Kind::Invalid, Kind::Denied, Kind::Missing, Kind::Conflict, Kind::Limit, Kind::Away, Kind::Bug] {
            assert_eq!(serde_json::to_value(ProblemCode::from(kind)).expect("JSON"), kind.code());
        }
    }
}
