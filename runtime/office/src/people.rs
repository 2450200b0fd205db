//! People: who they are, how they prove it, what they may be. The only place that turns a secret into an [`Actor`](steward_core::Actor).
//!
//! Secrets are shown once and stored as hashes. A wrong name and a wrong password look and cost the same.
//! Nothing here knows of cookies or headers.

mod actor;
mod authority;
mod bootstrap;
mod directory;
mod error;
mod factors;
mod failures;
mod id_token;
mod identity;
mod invitation;
mod oauth;
mod passkeys;
mod password;
mod profile;
mod prove;
mod roles;
mod secret;
mod session;
mod sign_in;
mod step_up;
mod sweep;
mod token;
mod totp;
mod webauthn;
mod workspaces;

pub(crate) use actor::of_people;
pub use actor::{actor_of_agent, actor_of_person, agent_of, roles_of};
pub use bootstrap::{Bootstrapped, NewOrganisation, bootstrap};
pub use directory::{Described, describe, disable, enable, list};
pub use error::PeopleError;
pub(crate) use factors::sealed_for as totp_sealed_for;
pub use factors::{Enrolment, Factor, Factors, RECOVERY_CODES, confirm_totp, enrol_totp, new_recovery_codes, remove_all as remove_factors, remove_totp};
pub use id_token::{Expected, ID_TOKEN_BYTES_MAX, IdTokenError, ProviderKey, verify as verify_id_token};
pub use identity::{Identity, TICKET_SECONDS, sign_in_by_ticket, ticket_for};
pub use invitation::{Invitation, Invited, invite, new_link};
pub use oauth::{
    ACCESS_SECONDS, CODE_SECONDS, ClientAllowed, ClientAsked, ClientGrant, CodeExchange, OauthError, Renewal, Revocation, allow_client, exchange_code,
    give_back_token, refuse_client, renew_token,
};
pub use passkeys::{
    CHALLENGE_SECONDS, Creation, PASSKEYS_MAX, Registered, Request, Tried, add_passkey, begin_passkey, begin_sign_in, begin_step_up, list_passkeys,
    refused_on_record, remove_passkey, sign_in_by_passkey, step_up_by_passkey,
};
pub use password::{PASSWORD_BYTES_MAX, PASSWORD_LETTERS_MIN, PasswordChange, Passwords, change_password};
pub use profile::{ProfileChange, change_profile};
pub use prove::{Proven, prove, proven};
pub use roles::{Grant, set_roles};
pub use session::{SESSION_HOURS, SESSION_IDLE_MINUTES, SignedIn, actor_again, actor_of_session, end_sessions, list_sessions, revoke_session};
pub use sign_in::{Attempt, sign_in_by_link, sign_in_by_password};
pub use step_up::{GRAVE, confirm, confirm_lately, envelope_of, may_work, spend as spend_step_up, step_up};
pub use sweep::{Swept, sweep};
pub use token::{Bearer, NewToken, TokenMade, actor_of_token, list_tokens, make_token, revoke_token};
pub use webauthn::{Assertion, Refused, Registration, RelyingParty};
pub use workspaces::{create_workspace, list_workspaces, rename_workspace};

/// How many hours a one-time link can be used.
pub const LINK_HOURS: i64 = 24;
