//! A host of the operator's own network, and what its name may stand for: what is written so is the only way past the walls of what goes out.

use super::reader::Reader;
use steward_host::Network;

/// `host` and `addresses` of a table. `whose` says by whom the host is named, `example` such a name.
pub(super) fn read(r: &mut Reader, table: &str, whose: &str, example: &str) -> Option<(String, Vec<Network>)> {
    let advice = format!("write the host in lower case, as {whose} names it, for example `{example}`");
    let host = r.parsed(&format!("{table}.host"), "", &advice, |text| {
        let is_host = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.');
        is_host.then(|| text.to_owned())
    });
    let key = format!("{table}.addresses");
    let mut networks: Vec<Network> = Vec::new();
    for text in r.list(&key, &[]) {
        match text.parse() {
            Ok(network) => networks.push(network),
            Err(err) => r.refuse(&key, &format!("`{text}` is none: {err}")),
        }
    }
    if networks.is_empty() {
        r.refuse(&key, "write what that name may stand for, for example `[\"10.0.0.5\"]` or `[\"10.1.0.0/16\"]`");
    }
    Some((host?, networks))
}
