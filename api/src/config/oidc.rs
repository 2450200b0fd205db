//! `[auth.oidc]`: the OpenID provider at which people may sign in.

use super::environment::Environment;
use super::reader::Reader;
use crate::oidc::OidcSettings;
use secrecy::SecretString;

/// The provider; none where no issuer is named.
pub(super) fn read(r: &mut Reader, environment: &Environment) -> Option<OidcSettings> {
    let advice =
        "write the provider's address as it calls itself, for example `https://id.example.com`; plain `http://` is taken for this machine's own addresses only";
    let issuer = r.parsed("auth.oidc.issuer", "", advice, |text| (text.is_empty() || crate::oidc::is_safe(text)).then(|| text.to_owned()))?;
    let client_id = r.text("auth.oidc.client_id", "");
    let variable = r.text("auth.oidc.client_secret_env", "");
    let name = r.parsed("auth.oidc.name", "", "write what people call the provider, at most 60 letters", |text| {
        (text.chars().count() <= 60).then(|| text.trim().to_owned())
    })?;
    if issuer.is_empty() {
        if !client_id.is_empty() {
            r.refuse("auth.oidc.issuer", "set it too: without it nobody signs in there");
        }
        return None;
    }
    if client_id.is_empty() {
        r.refuse("auth.oidc.client_id", "write the id that the provider gave this installation");
        return None;
    }
    let secret = environment.text(&variable).filter(|_| !variable.is_empty()).map(SecretString::from);
    if !variable.is_empty() && secret.is_none() {
        r.refuse("auth.oidc.client_secret_env", "there is no such variable: set it, or leave this out for a client without a secret");
    }
    let host = issuer.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default().to_owned();
    Some(OidcSettings { name: if name.is_empty() { host } else { name }, issuer, client_id, client_secret: secret })
}
