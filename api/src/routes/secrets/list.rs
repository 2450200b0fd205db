//! Lists the secrets of plugins by name, with where each goes and who set it. Never a value, its length or a digest of it.

use super::{PluginSecretView, SecretUse, uses};
use crate::auth::{Answer, Caller, json};
use crate::extract::Query;
use crate::keyed::KeyedQuery;
use crate::openapi::Doc;
use crate::routes::PageOf;
use http::StatusCode;
use std::collections::BTreeMap;
use steward_office::secrets;
use steward_store::secret::SecretRow;

pub(crate) fn doc() -> Doc {
    Doc::new("List the secrets of plugins")
        .about("What the manifests of loaded plugins name, where each goes and where its value was set. No value, no length and no digest of one is in any answer.")
        .query::<KeyedQuery>()
        .answers_page::<PluginSecretView>("The secrets, by plugin and name.")
}

pub(crate) async fn handle(caller: Caller, Query(query): Query<KeyedQuery>) -> Answer {
    let page = query.page::<(String, String)>()?;
    let mut tx = caller.begin().await?;
    let rows: BTreeMap<(String, String), SecretRow> =
        secrets::list(&mut tx).await?.into_iter().map(|row| ((row.plugin.clone(), row.name.clone()), row)).collect();
    let host = &caller.state().host;
    let mut named = uses(host);
    // One whose plugin went away stays in sight, so that it can be removed.
    for (key, _) in rows.iter().filter(|(_, row)| row.sealed.is_some()) {
        named.entry(key.clone()).or_default();
    }
    let (items, next) = page.cut(named.into_iter().collect(), |(key, _): &((String, String), Vec<SecretUse>)| key.clone());
    let show = |(key, uses): ((String, String), Vec<SecretUse>)| {
        let row = rows.get(&key);
        PluginSecretView::of(host, key, uses, row)
    };
    json(StatusCode::OK, &PageOf::keyed(items, next, show))
}
