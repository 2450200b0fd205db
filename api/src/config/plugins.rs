//! `[plugins]`: whose signatures count for the installation's own plugins.

use super::reader::Reader;
use steward_host::Trust;

/// Whom to trust; nobody, and no plugin without a signature, where nothing is said.
pub(super) fn read(r: &mut Reader) -> Trust {
    let allow_unsigned = r.flag("plugins.allow_unsigned", false);
    let mut keys = Vec::new();
    for text in r.list("plugins.trusted_keys", &[]) {
        match text.parse() {
            Ok(key) => keys.push(key),
            Err(err) => r.refuse("plugins.trusted_keys", &format!("`{text}` is no key: {err}")),
        }
    }
    Trust { keys, allow_unsigned }
}
