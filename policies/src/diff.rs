//! Two sets of rules side by side: which rules differ, and which cells of the matrix.

use crate::effort::Effort;
use crate::matrix::{MatrixCell, cells_for};
use crate::rules::Rules;
use crate::who::named;
use serde::Serialize;
use std::collections::BTreeMap;

/// A cell of the matrix that says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellChange {
    /// How the call came about; before that who acts, for whom and where, if a rule of either set names them.
    pub situation: String,
    /// Who has approved, or for whom the agent acts.
    pub column: &'static str,
    /// The tool.
    pub tool: String,
    /// What was said: the verdict, and who could release it; nothing when there was no such tool.
    pub was: Option<String>,
    /// What is said.
    pub now: Option<String>,
    /// Whether it is looser now: allowed and was not, or released by others than before.
    pub looser: bool,
}

/// What differs between two sets of rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyDiff {
    /// Rules that are new, by id.
    pub added: Vec<String>,
    /// Rules that are gone.
    pub removed: Vec<String>,
    /// Rules that read otherwise.
    pub changed: Vec<String>,
    /// Cells of the matrix that say something else.
    pub cells: Vec<CellChange>,
    /// Where anything differs, rules of either set that name more agents, people and workspaces than are compared: for the rest no cell says what
    /// changes.
    pub left_out: Vec<String>,
    /// Whether the effort was spent before all cells were made: of the rest nothing is said.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

/// Compares two sets of rules.
pub fn diff(old: &Rules, new: &Rules) -> PolicyDiff {
    diff_within(&Effort::unbounded(), old, new)
}

/// The same as far as this effort goes.
pub fn diff_within(effort: &Effort, old: &Rules, new: &Rules) -> PolicyDiff {
    let texts = |rules: &Rules| rules.list().iter().map(|rule| (rule.id.clone(), rule.text.clone())).collect::<BTreeMap<_, _>>();
    let (was, now) = (texts(old), texts(new));
    let by_place =
        |cells: Vec<MatrixCell>| cells.into_iter().map(|cell| ((cell.situation.clone(), cell.tool.clone(), cell.column), cell)).collect::<BTreeMap<_, _>>();
    // Both are asked about the same people: a rule that names somebody for the first time is looser for them.
    let named = named(&[old, new]);
    let (mut cells_was, cells_now) = (by_place(cells_for(effort, old, &named.whom)), by_place(cells_for(effort, new, &named.whom)));
    let unfinished = effort.is_spent();
    let mut changes = Vec::new();
    for ((situation, tool, column), cell) in cells_now {
        let before = cells_was.remove(&(situation.clone(), tool.clone(), column));
        // A cell that was not made on the other side is no tool that was not there.
        if before.as_ref().map_or(unfinished, |before| before.verdict == cell.verdict && before.needs == cell.needs) {
            continue;
        }
        let looser = before.as_ref().is_none_or(|before| cell.verdict < before.verdict || cell.verdict == before.verdict && cell.needs != before.needs);
        changes.push(CellChange { situation, column, tool, was: before.map(|before| before.words()), now: Some(cell.words()), looser });
    }
    changes.extend(cells_was.into_values().filter(|_| !unfinished).map(|cell| CellChange {
        was: Some(cell.words()),
        situation: cell.situation,
        column: cell.column,
        tool: cell.tool,
        now: None,
        looser: false,
    }));
    let mut differs = PolicyDiff {
        added: now.keys().filter(|id| !was.contains_key(*id)).cloned().collect(),
        removed: was.keys().filter(|id| !now.contains_key(*id)).cloned().collect(),
        changed: now.iter().filter(|(id, text)| was.get(*id).is_some_and(|before| before != *text)).map(|(id, _)| id.clone()).collect(),
        cells: changes,
        left_out: Vec::new(),
        unfinished,
    };
    // The same rules say the same to everybody. Where one differs, what it says to those whom another names is not known.
    if !differs.is_empty() {
        differs.left_out = named.left_out.into_iter().collect();
    }
    differs
}

impl PolicyDiff {
    /// Whether the new set is looser as far as can be told: in a cell, or maybe where there is none.
    pub fn is_looser(&self) -> bool {
        self.cells.iter().any(|cell| cell.looser) || !self.left_out.is_empty() || self.unfinished
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty() && self.cells.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RuleFile, sample, shipped_rules};

    fn changed(edit: impl Fn(&mut Vec<RuleFile>)) -> PolicyDiff {
        let tools = sample::tools().expect("sample");
        let mut files = shipped_rules();
        let old = Rules::load(&files, &tools).expect("shipped");
        edit(&mut files);
        diff(&old, &Rules::load(&files, &tools).unwrap_or_else(|err| panic!("{err}")))
    }

    #[test]
    fn the_same_rules_do_not_differ() {
        assert!(changed(|_| {}).is_empty());
        let only_words = changed(|files| files[2].text = files[2].text.replace("needs the owner, a manager or support", "needs somebody"));
        assert_eq!((only_words.changed.as_slice(), only_words.cells.len()), (["write-approved".to_owned()].as_slice(), 0));
    }

    #[test]
    fn cells_that_change_are_named_and_looser_ones_marked() {
        let loose = changed(|files| {
            files.push(RuleFile { name: "90.cedar".into(), text: "@id(\"x\") @reason(\"r\") permit (principal, action == Action::\"payouts.prepare\", resource) when { context.approvals.roles.contains(Role::\"manager\") };".into() })
        });
        assert_eq!(loose.added, ["x"]);
        let of_payouts: Vec<_> = loose
            .cells
            .iter()
            .map(|cell| (cell.tool.as_str(), cell.column, cell.was.as_deref().unwrap_or_default(), cell.now.as_deref().unwrap_or_default(), cell.looser))
            .collect();
        assert!(of_payouts.contains(&("payouts.prepare", "manager", "hold by owner", "allow", true)), "{of_payouts:?}");
        assert!(of_payouts.contains(&("payouts.prepare", "nobody", "hold by owner", "hold by owner or manager", true)), "{of_payouts:?}");
        assert!(of_payouts.iter().all(|cell| cell.0 == "payouts.prepare"));
        let for_one = "principal.workspace == Workspace::\"ws_0000000000000000000000002d\"";
        let night = changed(|files| {
            let rule =
                format!("@id(\"x\") @reason(\"r\") permit (principal == Agent::\"nightly\", action in Action::\"money\", resource) when {{ {for_one} }};");
            files.push(RuleFile { name: "90.cedar".into(), text: rule });
        });
        assert!(
            night.cells.iter().any(|cell| cell.looser && cell.was.as_deref() == Some("hold by owner") && cell.now.as_deref() == Some("allow")),
            "{night:?}"
        );
        let whose = |cell: &CellChange| cell.situation.starts_with("as agent `nightly` in `ws_0000000000000000000000002d`: asked ");
        assert!(night.cells.iter().all(|cell| whose(cell) && cell.tool == "payouts.prepare"), "{night:?}");
        let rest = changed(|files| {
            let rule = "@id(\"x\") @reason(\"r\") permit (principal, action in Action::\"money\", resource) when { principal != Agent::\"assistant\" };";
            files.push(RuleFile { name: "90.cedar".into(), text: rule.into() });
        });
        assert!(rest.cells.iter().any(|cell| cell.looser && cell.situation.starts_with("as agent `another`: ")), "{rest:?}");
        let in_words = changed(|files| {
            let rule = "@id(\"x\") @reason(\"r\") permit (principal, action in Action::\"money\", resource) when { context.run.agent == \"nightly\" };";
            files.push(RuleFile { name: "90.cedar".into(), text: rule.into() });
        });
        assert!(in_words.cells.iter().any(|cell| cell.looser && cell.situation.starts_with("as agent `nightly`: ")), "{in_words:?}");
        // A record or a list of the rule's own hides nobody.
        let (person, workspace) = ("person_0000000000000000000000002d", "ws_0000000000000000000000002d");
        let (agent, of_person, there) = ("as agent `nightly`: ", format!("for `{person}`: "), format!("in `{workspace}`: "));
        for (condition, whose) in [
            ("{a: context.run.agent}.a == \"nightly\"".to_owned(), agent),
            ("{a: \"nightly\"}.a == context.run.agent".to_owned(), agent),
            ("[{a: \"nightly\"}].contains({a: context.run.agent})".to_owned(), agent),
            ("{a: context.run}.a.agent == \"nightly\"".to_owned(), agent),
            ("(if context.leak then context else context).run.agent == \"nightly\"".to_owned(), agent),
            ("{a: principal} == {a: Agent::\"nightly\"}".to_owned(), agent),
            ("{a: Agent::\"nightly\"}.a == principal".to_owned(), agent),
            ("[Agent::\"nightly\"].contains(principal)".to_owned(), agent),
            (format!("{{a: principal.person}} == {{a: Person::\"{person}\"}}"), of_person.as_str()),
            (format!("{{a: [principal.workspace]}}.a.contains(Workspace::\"{workspace}\")"), there.as_str()),
        ] {
            let hidden = changed(|files| {
                let rule = format!("@id(\"x\") @reason(\"r\") permit (principal, action in Action::\"money\", resource) when {{ {condition} }};");
                files.push(RuleFile { name: "90.cedar".into(), text: rule });
            });
            assert!(hidden.cells.iter().any(|cell| cell.looser && cell.situation.starts_with(whose)), "{condition}: {hidden:?}");
        }
        // Whoever approves is somebody.
        let by_anybody = changed(|files| {
            let rule = "@id(\"x\") @reason(\"r\") permit (principal, action in Action::\"money\", resource) when { !context.approvals.people.isEmpty() };";
            files.push(RuleFile { name: "90.cedar".into(), text: rule.into() });
        });
        let allowed = |column: &str| by_anybody.cells.iter().any(|cell| cell.column == column && cell.now.as_deref() == Some("allow"));
        assert!(allowed("auditor") && allowed("support") && !allowed("nobody"), "{by_anybody:?}");
        let tight = changed(|files| files[3].text = "@id(\"none\") @reason(\"r\") forbid (principal, action in Action::\"send\", resource);".into());
        assert!(!tight.cells.is_empty() && tight.cells.iter().all(|cell| !cell.looser), "{tight:?}");
        assert_eq!((tight.removed.len(), tight.added.len()), (2, 1));
    }
    #[test]
    fn a_rule_that_names_more_than_are_compared_is_told_and_counts_as_looser() {
        let agents = |count: usize| (0..count).map(|number| format!("Agent::\"a{number:02}\"")).collect::<Vec<_>>().join(", ");
        let refusing = |id: &str, count: usize| {
            format!(
                "@id(\"{id}\") @reason(\"r\") forbid (principal, action in Action::\"money\", resource) when {{ [{}].contains(principal) }};",
                agents(count)
            )
        };
        let with = |texts: &[String]| {
            let mut files = shipped_rules();
            files.extend(texts.iter().enumerate().map(|(place, text)| RuleFile { name: format!("9{place}.cedar"), text: text.clone() }));
            Rules::load(&files, &sample::tools().expect("sample")).unwrap_or_else(|err| panic!("{err}"))
        };
        let whole = diff(&with(&[]), &with(&[refusing("few", 8)]));
        assert!(whole.left_out.is_empty() && !whole.is_looser(), "{whole:?}");
        let cut = diff(&with(&[]), &with(&[refusing("many", 9)]));
        assert_eq!(cut.left_out, ["many"]);
        assert!(cut.is_looser() && cut.cells.iter().all(|cell| !cell.looser), "{cut:?}");
        // What another rule changes for the ninth is not known either, and where nothing differs nothing is left out.
        let other = diff(&with(&[refusing("many", 9)]), &with(&[refusing("many", 9), refusing("few", 1)]));
        assert_eq!((other.left_out.as_slice(), other.is_looser()), (["many".to_owned()].as_slice(), true));
        assert!(diff(&with(&[refusing("many", 9)]), &with(&[refusing("many", 9)])).is_empty());
        // All together are bounded, too.
        let apart: Vec<String> = (0..5).map(|rule| refusing(&format!("r{rule}"), 8).replace("\"a", &format!("\"r{rule}-"))).collect();
        let all = diff(&with(&[]), &with(&apart));
        assert!(!all.left_out.is_empty() && all.is_looser(), "{:?}", all.left_out);
    }

    #[test]
    fn a_difference_that_takes_too_much_is_told_as_unfinished_and_counts_as_looser() {
        let tools = sample::tools().expect("sample");
        let old = Rules::load(&shipped_rules(), &tools).expect("shipped");
        let tight = "@id(\"none\") @reason(\"r\") forbid (principal, action in Action::\"send\", resource);";
        let files: Vec<RuleFile> = shipped_rules().into_iter().chain([RuleFile { name: "90.cedar".into(), text: tight.into() }]).collect();
        let new = Rules::load(&files, &tools).expect("rules");
        let whole = diff(&old, &new);
        assert!(!whole.cells.is_empty() && !whole.unfinished && !whole.is_looser(), "{whole:?}");
        for left in [1, 500, 5_000, 10_000, 20_000, 40_000] {
            let cut = diff_within(&Effort::of(left), &old, &new);
            assert!(cut.unfinished || cut == whole, "{left}: {cut:?}");
            assert_eq!((cut.added.as_slice(), cut.is_looser()), (["none".to_owned()].as_slice(), cut.unfinished), "{left}");
            // What was not come to on one side is not taken for gone or new.
            assert!(cut.cells.iter().all(|cell| whole.cells.contains(cell)), "{left}: {cut:?}");
        }
        assert!(diff_within(&Effort::of(500), &old, &new).unfinished);
    }
}
