//! The data key: what still needs one before it or one that is not here, and when a former one may be destroyed.

use super::Check;
use crate::config::Config;
use crate::wiring::data_key;
use steward_core::Actor;
use steward_office::OfficeError;
use steward_office::rewrap::{self, Counts, Needs};
use steward_store::Store;

const NAME: &str = "data key";

/// What is to be said of it; nothing where there is one key and all opens with it.
pub(super) async fn check(store: &Store, config: &Config) -> Result<Option<Check>, OfficeError> {
    // Where there is none, that is said in its own place.
    let Ok(personal) = data_key::find(config) else { return Ok(None) };
    let mut needs = Needs::default();
    for row in store.all_tenants().await? {
        let mut tx = store.begin(&Actor::worker(row.tenant)).await?;
        needs += rewrap::needs(&mut tx, &personal).await?;
    }
    let mut says = said_of(&needs);
    if personal.is_former_too() {
        says.insert(0, SAME.to_owned());
    }
    let is_free = personal.has_former() && !personal.is_former_too() && needs.is_now_alone();
    Ok(match (says.is_empty(), is_free) {
        (true, true) => Some(Check::good(NAME, FREE)),
        (true, false) => None,
        // What opens with nothing keeps no key in place.
        (false, true) => Some(Check::warning(NAME, format!("{}\n{FREE}", says.join("\n")))),
        (false, false) => Some(Check::warning(NAME, says.join("\n"))),
    })
}

/// Said when the key in force is called a former one: nothing may be destroyed.
const SAME: &str = "the data key in force stands among the former ones too, so no new one is in its place: destroy nothing; put a new key into \
`keys/data.key` (`STEWARD_DATA_KEY`), or take this one out of the former ones";

/// Said when nothing needs a former key any more, which is here still.
const FREE: &str = "nothing in the database needs a former data key any more: once every process has the new one, make a backup, then destroy the \
former with every copy (`keys/data.former.key`, `STEWARD_DATA_KEY_FORMER`)\n\
backups of the database from before then show no personal detail of the audit log, neither of who was erased nor of anybody else, and their secrets and \
one-time codes open no more, so they are no longer good to go on from; what stands in them in the clear, such as contacts and messages, stays readable";

fn said_of(needs: &Needs) -> Vec<String> {
    let mut says = Vec::new();
    if !needs.former.is_none() {
        says.push(format!("{} still need a former data key: keep that one until the server has wrapped them anew", listed(&needs.former)));
    }
    if !needs.turned.is_none() {
        says.push(format!(
            "{} are not wrapped back with a data key that was in force before: put a third one in its place, with both as former ones",
            listed(&needs.turned)
        ));
    }
    if !needs.foreign.is_none() {
        says.push(format!("{} open only with a data key that is not here: put that one into `keys/data.former.key`", listed(&needs.foreign)));
    }
    if !needs.unknown.is_none() {
        says.push(format!("of {} it is not known yet which data key they need: keep the former ones, and let the server run", listed(&needs.unknown)));
    }
    if !needs.lost.is_none() {
        says.push(format!(
            "{} open with none of the data keys that are here, whichever is written beside them, so none is kept for them; where a backup has them whole, put \
             it back first",
            listed(&needs.lost)
        ));
    }
    says
}

fn listed(counts: &Counts) -> String {
    let parts =
        [(counts.details, "keys of personal details"), (counts.codes, "secrets for one-time codes"), (counts.secrets, "keys of organisations' secrets")];
    let parts: Vec<String> = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_which_key_is_said_by_kind_and_nothing_where_there_is_nothing() {
        assert!(said_of(&Needs::default()).is_empty());
        let counts = |details, codes, secrets| Counts { details, codes, secrets };
        let needs = Needs { former: counts(3, 0, 1), turned: counts(1, 0, 0), foreign: counts(0, 2, 0), unknown: counts(0, 0, 4), lost: counts(5, 0, 0) };
        assert!(!needs.is_now_alone() && Needs { lost: needs.lost, ..Needs::default() }.is_now_alone());
        let said = said_of(&needs);
        for (line, expect) in said.iter().zip([
            "3 keys of personal details, 1 keys of organisations' secrets still need a former data key",
            "1 keys of personal details are not wrapped back",
            "2 secrets for one-time codes open only with a data key that is not here",
            "of 4 keys of organisations' secrets it is not known yet",
            "5 keys of personal details open with none of the data keys that are here",
        ]) {
            assert!(line.starts_with(expect), "{line}");
        }
        assert_eq!(said.len(), 5);
    }
}
