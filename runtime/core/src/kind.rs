//! What an error means to whoever caused it. The edge turns a kind into an HTTP status or an exit code, nobody else does.

/// The seven meanings an error can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong as it stands; the same request will fail again.
    Invalid,
    /// The caller is known and may not do this.
    Denied,
    /// There is no such thing, or the caller may not know of it.
    Missing,
    /// The thing changed, or the same act was already done.
    Conflict,
    /// A limit or budget is reached.
    Limit,
    /// Something this depends on does not answer; trying again may help.
    Away,
    /// Our fault.
    Bug,
}

impl Kind {
    /// The stable word used in `code` fields.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::Limit => "limit",
            Self::Away => "away",
            Self::Bug => "bug",
        }
    }
}

/// Implemented by every error that may reach an edge.
pub trait HasKind: std::error::Error {
    /// What the error means.
    fn kind(&self) -> Kind;
}
