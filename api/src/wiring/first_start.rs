//! The first start makes the organisation and its owner, and gives the one-time link that lets the owner in.

use crate::config::Config;
use secrecy::SecretString;
use steward_office::Office;
use steward_office::people::{self, NewOrganisation, PeopleError};
use steward_store::Store;

/// What the first workspace is called.
const WORKSPACE: &str = "General";

/// Makes the organisation where there is none. The secret of the owner's link, if it was made now.
pub async fn organisation(store: &Store, office: &Office, config: &Config) -> Result<Option<SecretString>, PeopleError> {
    if !store.all_tenants().await?.is_empty() {
        return Ok(None);
    }
    let owner_name = config.owner_email.split('@').next().unwrap_or("owner");
    let new = NewOrganisation { name: &config.organisation, workspace: WORKSPACE, owner_email: &config.owner_email, owner_name };
    Ok(Some(people::bootstrap(store, office, new).await?.link))
}
