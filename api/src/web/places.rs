//! The places of the web, and what one needs to see each. This is the one list of it: pages are answered by it, and `GET /api/v1/me` says
//! from it where one may go, so that what is shown and what is served never differ.

use serde::Serialize;
use steward_core::Permission::{ActionsRead, AuditRead, BudgetsRead, ContactsRead, Converse, DocumentsRead, GovernanceRead, HoldsRead, PeopleRead};
use steward_core::{Actor, Permission};
use utoipa::ToSchema;

macro_rules! places {
    ($($name:ident = $text:literal, $needs:expr;)*) => {
        /// A place of the web, by the first part of its address: a page, and the pages below it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum Place { $($name),* }

        impl Place {
            /// Every place, in the order in which the web shows them.
            const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The first part of its address.
            const fn name(self) -> &'static str { match self { $(Self::$name => $text),* } }

            /// What one needs to see it; without it whoever is signed in may.
            const fn needs(self) -> Option<Permission> { match self { $(Self::$name => $needs),* } }
        }
    };
}

places! {
    Chat = "chat", Some(Converse);
    Holds = "holds", Some(HoldsRead);
    Blocked = "blocked", Some(ActionsRead);
    Actions = "actions", Some(ActionsRead);
    Runs = "runs", None;
    Schedules = "schedules", Some(Converse);
    Budgets = "budgets", Some(BudgetsRead);
    Usage = "usage", Some(BudgetsRead);
    Contacts = "contacts", Some(ContactsRead);
    Companies = "companies", Some(ContactsRead);
    Deals = "deals", Some(ContactsRead);
    Documents = "documents", Some(DocumentsRead);
    Policies = "policies", Some(GovernanceRead);
    Changes = "changes", Some(GovernanceRead);
    Suggestions = "suggestions", Some(ActionsRead);
    Grants = "grants", Some(HoldsRead);
    Tools = "tools", Some(GovernanceRead);
    Prompts = "prompts", Some(GovernanceRead);
    Agents = "agents", Some(GovernanceRead);
    Audit = "audit", Some(AuditRead);
    People = "people", Some(PeopleRead);
    Health = "health", None;
    Settings = "settings", None;
}

impl Place {
    /// The place that a file of the export belongs to: `runs.html` and `runs.txt` to runs, and all that stands below `runs/`.
    pub(super) fn of(file: &str) -> Option<Self> {
        let first = file.split(['/', '.']).next()?;
        Self::ALL.iter().copied().find(|place| place.name() == first)
    }

    /// Whether whoever is signed in may see it.
    pub(super) const fn is_for_all(self) -> bool {
        self.needs().is_none()
    }

    /// Whether this actor may see it.
    pub(crate) fn is_for(self, actor: &Actor) -> bool {
        self.needs().is_none_or(|permission| actor.may(permission))
    }

    /// Where an actor may go, in the order in which the web shows it.
    pub(crate) fn all_for(actor: &Actor) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|place| place.is_for(actor)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_place_belongs_to_it_and_no_other_does() {
        for (file, expect) in [
            ("audit.html", Some(Place::Audit)),
            ("audit.txt", Some(Place::Audit)),
            ("audit/__next._tree.txt", Some(Place::Audit)),
            ("holds/_.html", Some(Place::Holds)),
            ("holds/_/__next.!KGluc2lkZSk.holds.txt", Some(Place::Holds)),
            ("contacts/duplicates.html", Some(Place::Contacts)),
            ("auditors.html", None),
            ("oauth/authorize.html", None),
            ("_next/static/audit.js", None),
            ("index.html", None),
            ("404.html", None),
            ("", None),
        ] {
            assert_eq!(Place::of(file), expect, "{file}");
        }
    }

    #[test]
    fn a_place_is_told_by_the_first_part_of_its_address() {
        for place in Place::ALL {
            assert_eq!(serde_json::to_value(place).expect("JSON"), place.name());
        }
    }
}
