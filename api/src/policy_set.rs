//! A set of rules with its cases and properties: how it is stored, what it would change, and whether it may be approved. Nothing is executed.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use steward_core::limits::COMPARE_EVALUATIONS_MAX;
use steward_core::{Digest, ToolSpec, Verdict, canonical_json};
use steward_policies::{
    Backtest, CaseFile, CellChange, Difference, Effort, PolicyDiff, Proof, PropertyFile, ProveError, Recorded, RuleFile, Rules, RulesError, backtest_within,
    diff_within, prove, run_cases_within,
};
use steward_store::StoreError;
use utoipa::ToSchema;

/// The longest name of a file, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// The most files of a set.
const FILES_MAX: usize = 500;

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedText {
    /// Below its folder.
    #[schema(example = "30-send.cedar")]
    pub(crate) name: String,
    /// What stands in it.
    pub(crate) text: String,
}

/// A whole set: what is not in it does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicySet {
    /// Cedar files, named `rules/*.cedar`.
    pub(crate) rules: Vec<NamedText>,
    /// Cases, named `cases/*.toml`.
    pub(crate) cases: Vec<NamedText>,
    /// Safety properties beside those of the installation, named `properties/*.txt`.
    pub(crate) properties: Vec<NamedText>,
}

/// What the installation's files hold beside rules: cases, which count until an organisation has its own, and properties, which always count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyFiles {
    /// Cases.
    pub cases: Vec<CaseFile>,
    /// Safety properties.
    pub properties: Vec<PropertyFile>,
}

/// These files as they are now: replaced whole when they change. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct SharedFiles(Arc<RwLock<Arc<PolicyFiles>>>);

impl SharedFiles {
    /// Starts with these.
    pub fn new(files: PolicyFiles) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(files))))
    }

    /// Those that count now.
    pub fn now(&self) -> Arc<PolicyFiles> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets these count from now on.
    pub fn replace(&self, files: PolicyFiles) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(files);
    }
}

impl PolicySet {
    /// A set of these files. Names are made complete, and refused where they lead out of their folder.
    pub(crate) fn new(rules: Vec<NamedText>, cases: Vec<NamedText>, properties: Vec<NamedText>) -> Result<Self, String> {
        if rules.len() + cases.len() + properties.len() > FILES_MAX {
            return Err(format!("a set has at most {FILES_MAX} files"));
        }
        Ok(Self { rules: complete("rules", "cedar", rules)?, cases: complete("cases", "toml", cases)?, properties: complete("properties", "txt", properties)? })
    }

    /// The stored form.
    pub(crate) fn content(&self) -> Result<String, StoreError> {
        let bytes = canonical_json(self).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })?;
        String::from_utf8(bytes).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })
    }

    /// Reads the stored form.
    pub(crate) fn read(content: &str) -> Result<Self, StoreError> {
        serde_json::from_str(content).map_err(|_| StoreError::Corrupt { what: "governance_change.content" })
    }

    /// Its rules.
    pub(crate) fn rule_files(&self) -> Vec<RuleFile> {
        self.rules.iter().map(|file| RuleFile { name: file.name.clone(), text: file.text.clone() }).collect()
    }

    /// Its cases.
    pub(crate) fn case_files(&self) -> Vec<CaseFile> {
        self.cases.iter().map(|file| CaseFile { name: file.name.clone(), text: file.text.clone() }).collect()
    }

    /// All properties it has to keep: the installation's, and those of its own that are not the same.
    pub(crate) fn all_properties(&self, installed: &[PropertyFile]) -> Vec<PropertyFile> {
        let own = self.properties.iter().filter(|file| installed.iter().all(|known| known.text != file.text));
        installed.iter().cloned().chain(own.map(|file| PropertyFile { name: file.name.clone(), text: file.text.clone() })).collect()
    }
}

/// Files under the names they are stored by, sorted.
fn complete(folder: &str, ending: &str, files: Vec<NamedText>) -> Result<Vec<NamedText>, String> {
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let below = file.name.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).unwrap_or(&file.name);
        let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let fits = below.len() <= NAME_BYTES_MAX && below.split('/').all(is_plain) && below.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.'));
        if !fits {
            return Err(format!("`{}` is no name of a file in `{folder}`: letters, digits, `.`, `_` and `-`, and `.{ending}` at the end", file.name));
        }
        done.push(NamedText { name: format!("{folder}/{below}"), text: file.text });
    }
    done.sort();
    let names: BTreeSet<&str> = done.iter().map(|file| file.name.as_str()).collect();
    if names.len() < done.len() {
        return Err(format!("two files in `{folder}` have one name"));
    }
    Ok(done)
}

/// What the rules would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BacktestView {
    /// The rules in force.
    #[schema(value_type = String)]
    in_force: Digest,
    /// The rules that were tried.
    #[schema(value_type = String)]
    proposed: Digest,
    /// Rules that are new, by id.
    added: Vec<String>,
    /// Rules that would be gone.
    removed: Vec<String>,
    /// Rules that read otherwise.
    changed: Vec<String>,
    /// Cells of the matrix of situations that would say something else.
    cells: Vec<CellView>,
    /// Rules that name more agents, people and workspaces than the cells are made for: for the rest it is not known what would change.
    // Reports are kept as they were made, and those made before it was looked for do not have it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<String>,
    /// Whether a cell would be looser: allowed and was not, or released by others than before; or some rule is left out, or it is unfinished.
    looser: bool,
    /// Whether it was not compared to the end, for that takes more than one comparison may: cells are missing, and such a set may not be
    /// approved. Decisions on record that were not come to are told as a warning.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unfinished: bool,
    /// What is doubtful in the rules that were tried.
    warnings: Vec<String>,
    /// What is on record, judged again.
    decisions: DecisionsView,
}

impl BacktestView {
    /// Compares rules with those in force, over the matrix and over what is on record, as far as the effort goes.
    pub(crate) fn of(effort: &Effort, in_force: &Rules, rules: &Rules, decisions: Vec<Recorded>) -> Self {
        Self::with(effort, (in_force, rules), diff_within(effort, in_force, rules), decisions)
    }

    /// The same, of rules that are compared already. Decisions on record that are not come to are told, and take nothing away from the rules:
    /// what calls they let through is in the matrix.
    fn with(effort: &Effort, (in_force, rules): (&Rules, &Rules), differs: PolicyDiff, decisions: Vec<Recorded>) -> Self {
        let count = decisions.len();
        let again = backtest_within(effort, rules, decisions);
        let looser = differs.is_looser();
        let PolicyDiff { added, removed, changed, cells, left_out, unfinished } = differs;
        let mut warnings: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
        let judged = again.judged + again.left_out + again.not_judged;
        if judged < count {
            warnings.push(format!("of {count} decisions on record {judged} were looked at: the rest would take too much with these rules"));
        }
        Self {
            in_force: in_force.digest(),
            proposed: rules.digest(),
            added,
            removed,
            changed,
            left_out,
            looser,
            unfinished,
            cells: cells.into_iter().map(CellView::from).collect(),
            warnings,
            decisions: again.into(),
        }
    }
}

/// A cell of the matrix that would say something else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CellView {
    /// How the call came about; before that who acts, for whom and where, if a rule names them.
    situation: String,
    /// Who has approved, or for whom the agent acts.
    column: &'static str,
    tool: String,
    /// What is said; nothing where there was no such tool.
    was: Option<String>,
    now: Option<String>,
    looser: bool,
}

impl From<CellChange> for CellView {
    fn from(cell: CellChange) -> Self {
        let CellChange { situation, column, tool, was, now, looser } = cell;
        Self { situation, column, tool, was, now, looser }
    }
}

/// Decisions on record, judged again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionsView {
    /// So many were judged.
    judged: usize,
    /// So many never came before the rules.
    left_out: usize,
    /// So many lack a fact or counter that the rules read.
    not_judged: usize,
    newly_allowed: usize,
    newly_held: usize,
    newly_blocked: usize,
    /// The same verdict by other rules.
    otherwise_decided: usize,
    /// Those that would come out otherwise, newly allowed ones first; at most 200.
    differences: Vec<DifferenceView>,
    /// Rules that decided nothing of all this.
    dead: Vec<String>,
}

/// A decision that would come out otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    /// The decision.
    #[schema(example = "dec_01k0c3v8k2f1n9t5y7w3q6z4ab")]
    id: String,
    tool: String,
    /// What came out.
    #[schema(value_type = String)]
    was: Verdict,
    /// What would come out.
    #[schema(value_type = String)]
    now: Verdict,
    was_by: Vec<String>,
    now_by: Vec<String>,
    /// Why, for people.
    reason: String,
}

impl From<Backtest> for DecisionsView {
    fn from(report: Backtest) -> Self {
        let differences = report.differences.into_iter().map(|one| {
            let Difference { name, tool, was, now, was_by, now_by, reason } = one;
            DifferenceView { id: name, tool, was, now, was_by, now_by, reason }
        });
        Self {
            judged: report.judged,
            left_out: report.left_out,
            not_judged: report.not_judged,
            newly_allowed: report.newly_allowed,
            newly_held: report.newly_held,
            newly_blocked: report.newly_blocked,
            otherwise_decided: report.otherwise_decided,
            differences: differences.collect(),
            dead: report.dead,
        }
    }
}

/// What the checks of a proposal found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalReport {
    /// Whether it may be approved: it loads, every property is proved of it, it fails no case, and it was compared to the end.
    pub(crate) sound: bool,
    /// What would change.
    pub(crate) changes: BacktestView,
    /// Safety properties, the installation's and its own.
    pub(crate) properties: Vec<PropertyView>,
    /// So many cases were run.
    pub(crate) cases: usize,
    /// Cases that came out otherwise than they say.
    pub(crate) failed_cases: Vec<FailedCaseView>,
    /// Cases or properties that cannot be read, or were not come to.
    pub(crate) problems: Vec<String>,
}

/// What became of a safety property.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PropertyView {
    /// The sentence.
    pub(crate) property: String,
    /// proved; not_broken, where nothing was found and nothing is proved either; broken. Only what is proved may be approved.
    pub(crate) status: &'static str,
    /// Calls that were tried.
    tried: u64,
    /// Of a broken one: the rules that allow what it forbids.
    by: Vec<String>,
    /// Of a broken one: the call, as a case to keep.
    case: Option<String>,
    /// Of one that is neither proved nor broken: which rules may allow what it forbids, and of which tool.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) open: Vec<String>,
}

impl From<Proof> for PropertyView {
    fn from(proof: Proof) -> Self {
        let status = match (&proof.counter_example, proof.proved) {
            (Some(_), _) => "broken",
            (None, true) => "proved",
            (None, false) => "not_broken",
        };
        let (by, case) = proof.counter_example.map_or((Vec::new(), None), |found| (found.by, Some(found.case)));
        Self { property: proof.property, status, tried: proof.cases, by, case, open: proof.open }
    }
}

/// A case that came out otherwise than it says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailedCaseView {
    pub(crate) file: String,
    pub(crate) name: String,
    tool: String,
    /// How what it got differs from what it expects.
    pub(crate) differences: Vec<String>,
    by: Vec<String>,
    /// Why, for people.
    reason: String,
}

/// Checks a set: what it would change, whether it keeps the properties and passes its cases. Takes seconds of a core.
pub(crate) fn measure(
    in_force: &Rules,
    set: &PolicySet,
    installed: &[PropertyFile],
    tools: &[ToolSpec],
    decisions: Vec<Recorded>,
) -> Result<ProposalReport, RulesError> {
    measure_within(&Effort::of(COMPARE_EVALUATIONS_MAX), in_force, set, installed, tools, decisions)
}

/// The same as far as this effort goes, from which the proofs take nothing: theirs is their own.
pub(crate) fn measure_within(
    effort: &Effort,
    in_force: &Rules,
    set: &PolicySet,
    installed: &[PropertyFile],
    tools: &[ToolSpec],
    decisions: Vec<Recorded>,
) -> Result<ProposalReport, RulesError> {
    let rules = Rules::load(&set.rule_files(), tools)?;
    let differs = diff_within(effort, in_force, &rules);
    // Before what is on record: a set is approved by its cases.
    let checks = Checks::of(effort, set, installed, tools)?;
    let changes = BacktestView::with(effort, (in_force, &rules), differs, decisions);
    let sound = checks.is_sound() && !changes.unfinished;
    let Checks { properties, cases, failed_cases, problems } = checks;
    Ok(ProposalReport { sound, changes, properties, cases, failed_cases, problems })
}

/// Why a set does not pass its checks as things are now: with these properties of the installation and these tools; none where it does. Takes
/// seconds of a core.
pub(crate) fn what_fails(set: &PolicySet, installed: &[PropertyFile], tools: &[ToolSpec]) -> Option<String> {
    let checks = match Checks::of(&Effort::of(COMPARE_EVALUATIONS_MAX), set, installed, tools) {
        Ok(checks) => checks,
        Err(err) => return Some(format!("its rules do not load: {}", crate::cli::chain(&err))),
    };
    let properties = checks.properties.iter().filter(|property| !property.is_kept()).map(|property| format!("`{}` is {}", property.property, property.word()));
    let cases = checks.failed_cases.iter().map(|case| format!("the case `{}` fails", case.name));
    let all: Vec<String> = checks.problems.iter().cloned().chain(properties).chain(cases).take(REASONS_MAX).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// What is said of a set that was not compared to the end.
pub(crate) const UNFINISHED: &str = "not compared to the end, which would take too much: what was not looked at may be looser; make the rules simpler";

/// The most that is told of what fails.
const REASONS_MAX: usize = 5;

/// What a set says of itself, whatever is in force.
struct Checks {
    properties: Vec<PropertyView>,
    cases: usize,
    failed_cases: Vec<FailedCaseView>,
    problems: Vec<String>,
}

impl Checks {
    fn of(effort: &Effort, set: &PolicySet, installed: &[PropertyFile], tools: &[ToolSpec]) -> Result<Self, RulesError> {
        let files = set.rule_files();
        let mut problems = Vec::new();
        let properties = match prove(&files, tools, &set.all_properties(installed)) {
            Ok(proofs) => proofs.into_iter().map(PropertyView::from).collect(),
            Err(ProveError::Empty) => Vec::new(),
            Err(ProveError::Rules(err)) => return Err(err),
            Err(err @ (ProveError::Sentences(_) | ProveError::Solver(_))) => {
                problems.push(err.to_string());
                Vec::new()
            }
        };
        let (mut cases, mut failed_cases) = (0, Vec::new());
        match run_cases_within(effort, &files, tools, &set.case_files()) {
            Ok(report) => {
                cases = report.cases.len();
                failed_cases = report.failed().cloned().map(FailedCaseView::from).collect();
            }
            Err(err) => problems.push(crate::cli::chain(&err)),
        }
        Ok(Self { properties, cases, failed_cases, problems })
    }

    fn is_sound(&self) -> bool {
        self.problems.is_empty() && self.failed_cases.is_empty() && self.properties.iter().all(PropertyView::is_kept)
    }
}

impl PropertyView {
    /// Whether it is shown that nothing breaks it.
    fn is_kept(&self) -> bool {
        self.status == "proved"
    }

    /// What became of it, in words.
    fn word(&self) -> &'static str {
        if self.status == "broken" { "broken" } else { "not proved" }
    }
}

impl From<steward_policies::CaseResult> for FailedCaseView {
    fn from(case: steward_policies::CaseResult) -> Self {
        Self { file: case.file, name: case.name, tool: case.tool, differences: case.differences, by: case.by, reason: case.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steward_policies::{sample_tools, shipped_cases, shipped_properties, shipped_rules};

    fn file(name: &str, text: &str) -> NamedText {
        NamedText { name: name.to_owned(), text: text.to_owned() }
    }

    fn shipped() -> (Vec<NamedText>, Vec<NamedText>) {
        (shipped_rules().iter().map(|one| file(&one.name, &one.text)).collect(), shipped_cases().iter().map(|one| file(&one.name, &one.text)).collect())
    }

    #[test]
    fn names_that_lead_out_of_their_folder_are_refused() {
        for name in ["../a.cedar", "/etc/a.cedar", "rules/../../a.cedar", "a.toml", ".cedar", ".a.cedar", "a b.cedar", "rules//a.cedar", "", "cases/a.cedar/"] {
            assert!(PolicySet::new(vec![file(name, "")], Vec::new(), Vec::new()).is_err(), "{name}");
        }
        assert!(PolicySet::new(vec![file("a.cedar", ""), file("rules/a.cedar", "")], Vec::new(), Vec::new()).is_err(), "twice");
        let set = PolicySet::new(vec![file("b.cedar", ""), file("rules/a.cedar", "")], vec![file("deep/er.toml", "")], Vec::new()).expect("a set");
        assert_eq!(
            set.rules.iter().chain(&set.cases).map(|file| file.name.as_str()).collect::<Vec<_>>(),
            ["rules/a.cedar", "rules/b.cedar", "cases/deep/er.toml"]
        );
        assert_eq!(PolicySet::read(&set.content().expect("content")).expect("read"), set);
    }

    #[test]
    fn nothing_is_asked_of_a_report_that_one_made_before_does_not_have() {
        let asked = |schema: utoipa::openapi::RefOr<utoipa::openapi::Schema>| {
            let schema = serde_json::to_value(schema).expect("JSON");
            schema["required"].as_array().expect("a list").iter().map(|name| name.as_str().expect("a name").to_owned()).collect::<Vec<_>>()
        };
        // As the first reports were written. What comes later is left out where there is none of it, or has to be made up for them.
        let changes = ["in_force", "proposed", "added", "removed", "changed", "cells", "looser", "warnings", "decisions"];
        assert_eq!(asked(<BacktestView as utoipa::PartialSchema>::schema()), changes);
        assert_eq!(asked(<PropertyView as utoipa::PartialSchema>::schema()), ["property", "status", "tried", "by"]);
        assert_eq!(asked(<ProposalReport as utoipa::PartialSchema>::schema()), ["sound", "changes", "properties", "cases", "failed_cases", "problems"]);
    }

    #[test]
    fn what_was_not_compared_to_the_end_is_not_sound_and_says_so() {
        let tools = sample_tools().expect("tools");
        let live = Rules::load(&shipped_rules(), &tools).expect("rules");
        let (rules, cases) = shipped();
        let set = PolicySet::new(rules, cases, Vec::new()).expect("a set");
        let facts = Some(steward_policies::sample_facts("mail.send"));
        let one = Recorded { name: "a".into(), verdict: Verdict::Allow, class: None, rules: Vec::new(), facts };
        let of = |left: u64, count: usize| {
            measure_within(&Effort::of(left), &live, &set, &shipped_properties(), &tools, vec![one.clone(); count]).expect("sound rules")
        };
        let within = |left: u64| of(left, 1);
        let cut = within(500);
        assert!(cut.changes.unfinished && cut.changes.looser && !cut.sound && cut.changes.decisions.judged == 0, "{cut:?}");
        assert!(cut.problems.iter().any(|problem| problem.contains("all evaluations of one check")), "{cut:?}");
        assert_eq!(serde_json::to_value(&cut).expect("JSON")["changes"]["unfinished"], true);
        let whole = within(COMPARE_EVALUATIONS_MAX / 20);
        assert!(whole.sound && !whole.changes.looser && whole.changes.decisions.judged == 1, "what is shipped takes a small part: {whole:?}");
        assert!(serde_json::to_value(&whole).expect("JSON")["changes"].get("unfinished").is_none(), "as in reports of before");
        // What is on record comes last, and tells of itself how far it went.
        let enough = (9..24).map(|power| 1 << power).find(|left| within(*left).sound).expect("enough");
        let many = of(enough, 50_000);
        assert!(many.sound && !many.changes.unfinished && (1..50_000).contains(&many.changes.decisions.judged), "{:?}", many.problems);
        assert!(many.changes.warnings.iter().any(|warning| warning.starts_with("of 50000 decisions on record ")), "{:?}", many.changes.warnings);
    }

    #[test]
    fn what_was_sound_is_so_no_longer_once_more_is_asked_of_it() {
        let tools = sample_tools().expect("tools");
        let (rules, cases) = shipped();
        let set = PolicySet::new(rules, cases, Vec::new()).expect("a set");
        let fails = |extra: &str| {
            let mut properties = shipped_properties();
            properties.push(PropertyFile { name: "properties/ours.txt".to_owned(), text: extra.to_owned() });
            what_fails(&set, &properties, &tools)
        };
        assert_eq!(fails("never write without approval by owner").as_deref(), Some("`never write without approval by owner` is broken"));
        assert!(fails("never sunshine").is_some_and(|why| why.contains("`sunshine` is no installed tool")));
        let without_mail: Vec<ToolSpec> = tools.iter().filter(|tool| tool.effect != steward_core::Effect::Send).cloned().collect();
        assert_eq!(what_fails(&set, &shipped_properties(), &without_mail), None, "the shipped cases bring their own tools");
        assert_eq!(fails("# no more than before"), None);
    }

    #[test]
    fn a_set_that_breaks_a_property_or_fails_a_case_is_not_sound() {
        let tools = sample_tools().expect("tools");
        let live = Rules::load(&shipped_rules(), &tools).expect("rules");
        let check = |extra: NamedText, sound: bool| {
            let (mut rules, mut cases) = shipped();
            let mut properties = Vec::new();
            match extra.name.split('.').next_back() {
                Some("cedar") => rules.push(extra),
                Some("toml") => cases.push(extra),
                _ => properties.push(extra),
            }
            let set = PolicySet::new(rules, cases, properties).expect("a set");
            let report = measure(&live, &set, &shipped_properties(), &tools, Vec::new()).expect("sound rules");
            assert_eq!(report.sound, sound, "{report:?}");
            report
        };
        let loose = check(file("90-all.cedar", "@id(\"all\") @reason(\"All.\") permit (principal, action, resource);"), false);
        assert!(loose.changes.looser && loose.properties.iter().any(|one| one.status == "broken" && one.case.is_some() && one.by == ["all"]), "{loose:?}");
        let night = check(
            file("90-night.cedar", "@id(\"night\") @reason(\"N.\") permit (principal == Agent::\"nightly\", action in Action::\"money\", resource);"),
            false,
        );
        assert!(night.properties.iter().any(|one| one.status == "broken" && one.by == ["night"]), "{night:?}");
        let odd = "context.args.payee_id == \"a\" && context.args.payee_id == \"b\"";
        let odd = format!("@id(\"odd\") @reason(\"O.\") permit (principal, action == Action::\"payouts.prepare\", resource) when {{ {odd} }};");
        let odd = check(file("90-odd.cedar", &odd), false);
        assert!(odd.properties.iter().all(|one| one.status != "broken"), "{odd:?}");
        assert!(odd.properties.iter().any(|one| one.status == "not_broken" && one.open == ["`odd` may allow it of `payouts.prepare`"]), "{odd:?}");
        let failing = check(file("z.toml", "[[case]]\nname = \"never\"\ntool = \"mail.send\"\nexpect = \"block\"\n"), false);
        assert_eq!(failing.failed_cases.len(), 1, "{failing:?}");
        assert_eq!(check(file("z.toml", "not a case"), false).problems.len(), 1);
        assert_eq!(check(file("z.txt", "never sunshine"), false).problems.len(), 1, "a property that nobody understands is not kept");
        let strict = check(
            file(
                "90-none.cedar",
                "@id(\"none\") @reason(\"None.\") forbid (principal, action == Action::\"rules.change\", resource) when { context.leak && context.tainted && context.run.step > 30 };",
            ),
            true,
        );
        assert!(!strict.changes.looser && strict.cases > 20, "{strict:?}");
    }
}
