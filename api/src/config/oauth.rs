//! `[oauth]`: which hosts of the operator's own network the documents of clients may be read from.

use super::network;
use super::reader::Reader;
use crate::oauth::ClientDocuments;
use steward_host::{EgressOptions, PrivateHost};

pub(super) fn read(r: &mut Reader) -> EgressOptions {
    let private = r.tables("oauth.private_hosts").iter().filter_map(|table| private_host(r, table)).collect();
    EgressOptions { private, ..EgressOptions::default() }
}

fn private_host(r: &mut Reader, table: &str) -> Option<PrivateHost> {
    r.know(table);
    network::read(r, table, "the address of the client's document", "apps.internal").map(|(host, networks)| ClientDocuments::private(host, networks))
}
