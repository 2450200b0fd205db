//! What an approval takes and who is asked for it: rules of the configuration, the first that fits a call counts.
//!
//! Which roles suffice is the policies' word. This adds how many people, whether whoever asked must leave it to others, who is asked
//! first and who later, and how long it waits.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use steward_core::limits::HOLD_HOURS;
use steward_core::{Effect, Role, Terms};

/// Who is asked once a held action has waited so long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Minutes after it was held; 0 is at once.
    pub after_minutes: u32,
    /// People with one of these roles.
    pub roles: BTreeSet<Role>,
}

/// What approvals of some calls take, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRule {
    /// Tools it is for: names, or prefixes ending in `*`; all without any.
    pub tools: Vec<String>,
    /// Effect classes it is for; all without any.
    pub effects: BTreeSet<Effect>,
    /// How many different people.
    pub people: u16,
    /// Whether others than who asked; as usual for the effect when it does not say.
    pub separate: Option<bool>,
    /// Who is asked, in order of time; nobody in particular without any.
    pub ask: Vec<Ask>,
    /// How long it waits.
    pub hours: i64,
}

/// All rules, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalRules(pub Vec<ApprovalRule>);

/// What an approval of one call takes, who is asked, and how long it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// How many people, and whether others than who asked.
    pub terms: Terms,
    /// Who is asked, in order of time.
    pub ask: Vec<Ask>,
    /// How long it waits.
    pub hours: i64,
}

/// Effects whose approval is another person's unless configured otherwise: what changes who can do what, and money.
pub const SEPARATE: [Effect; 4] = [Effect::Money, Effect::Credential, Effect::Member, Effect::Admin];

impl ApprovalRules {
    /// What an approval of this call takes.
    pub fn find(&self, tool: &str, effect: Effect) -> Route {
        let usual = SEPARATE.contains(&effect);
        match self.0.iter().find(|rule| rule.fits(tool, effect)) {
            Some(rule) => Route { terms: Terms { people: rule.people, separate: rule.separate.unwrap_or(usual) }, ask: rule.ask.clone(), hours: rule.hours },
            None => Route { terms: Terms { people: 1, separate: usual }, ask: Vec::new(), hours: HOLD_HOURS },
        }
    }
}

impl ApprovalRule {
    fn fits(&self, tool: &str, effect: Effect) -> bool {
        let named = |pattern: &String| pattern.strip_suffix('*').map_or_else(|| pattern == tool, |prefix| tool.starts_with(prefix));
        (self.tools.is_empty() || self.tools.iter().any(named)) && (self.effects.is_empty() || self.effects.contains(&effect))
    }
}

/// The roles asked by now, of a list that was stored with a held action.
pub fn asked(ask: &[Ask], waited_minutes: i64) -> BTreeSet<Role> {
    ask.iter().filter(|one| i64::from(one.after_minutes) <= waited_minutes).flat_map(|one| one.roles.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_counts_and_dangerous_effects_are_anothers_to_approve() {
        let rule = |tools: &[&str], effects: &[Effect], people| ApprovalRule {
            tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
            effects: effects.iter().copied().collect(),
            people,
            separate: (people == 3).then_some(false),
            ask: Vec::new(),
            hours: 1,
        };
        let rules = ApprovalRules(vec![
            rule(&["mail.*"], &[Effect::Send], 2),
            rule(&[], &[Effect::Money], 3),
            rule(&["mail.send_all"], &[], 4),
            rule(&["bank.*"], &[], 5),
        ]);
        let check = |tool: &str, effect: Effect, people: u16, separate: bool| {
            assert_eq!(rules.find(tool, effect).terms, Terms { people, separate }, "{tool}");
        };
        check("mail.send_all", Effect::Send, 2, false);
        check("mail.purge", Effect::Destroy, 1, false);
        check("pay.out", Effect::Money, 3, false);
        check("bank.close", Effect::Admin, 5, true);
        check("bank.look", Effect::Read, 5, false);
        check("people.invite", Effect::Member, 1, true);
        check("unknown.tool", Effect::Admin, 1, true);
        check("keys.show", Effect::Credential, 1, true);
        assert!(ApprovalRules::default().find("pay.out", Effect::Money).terms.separate);
    }

    #[test]
    fn others_are_asked_as_time_goes_by() {
        let ask = [Ask { after_minutes: 0, roles: [Role::Support].into() }, Ask { after_minutes: 30, roles: [Role::Manager, Role::Owner].into() }];
        assert_eq!(asked(&ask, 29), [Role::Support].into());
        assert_eq!(asked(&ask, 30), [Role::Owner, Role::Manager, Role::Support].into());
        assert!(asked(&[], 1_000).is_empty());
    }
}
