//! The symbolic prover: Cedar's own compiler to SMT, and cvc5 as a child process that answers.
//!
//! The one part of this crate that starts anything; only with the feature `solver`. It looks at all facts at once: for each effect class, where
//! what tools differ in (arguments, facts of their own, the tool itself) is taken for so or not, for nobody knows what a tool to come has; and for
//! each tool that a rule or a property names, or whose class left something open, by its own types.
//! Rules that read arguments are taken as they are written: folding only refuses more, so what is proved of them holds of it too.

mod told;

use super::enumerate::{self, Found};
use super::formula::{Atoms, Formula};
use super::looks::{Looks, is_below};
use super::sentence::Property;
use super::{CounterExample, Proof, PropertyFile, ProveError, Task, Whose};
use crate::effort::Effort;
use crate::rules::{Governed, RuleFile, Rules};
use crate::schema;
use cedar_policy::{Authorizer, Policy, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::{LocalSolver, Solver};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet, Env, SymEnv};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use steward_core::limits::PROVE_EVALUATIONS_MAX;
use steward_core::{ArgumentClass, Effect, ToolSpec};

/// How long one question may take, in milliseconds.
const QUESTION_MS_MAX: u32 = 20_000;
/// The action of a tool to come. No tool has such a name.
const TO_COME: &str = " to come";
/// Where what is open stands in the context of a tool to come.
const OPEN: &str = "open";

/// Proves properties with this cvc5.
pub async fn prove_with(program: &Path, files: &[RuleFile], tools: &[ToolSpec], properties: &[PropertyFile]) -> Result<Vec<Proof>, ProveError> {
    let task = Task::new(files, tools, properties)?;
    let mut command = tokio::process::Command::new(program);
    // A pattern is a question about strings that the solver answers only when it is told that it may.
    command.args(["--lang", "smt", "--strings-exp"]).arg(format!("--tlimit-per={QUESTION_MS_MAX}")).kill_on_drop(true);
    let solver = LocalSolver::from_command(&mut command).map_err(|err| failed(&err))?;
    let mut compiler = CedarSymCompiler::new(solver).map_err(|err| failed(&err))?;
    let (schema, _) = Schema::from_cedarschema_str(task.rules.schema()).map_err(|err| failed(&err))?;
    let mut proofs: Vec<Proof> = task.properties.iter().map(Proof::begun).collect();
    for effect in Effect::ALL {
        let mut open: BTreeSet<usize> = BTreeSet::new();
        let of_class = task.of_class(effect);
        if let Some(class) = task.rules.0.classes.get(&effect).filter(|_| !of_class.is_empty()) {
            let world = World::of_class(&task.rules, class)?;
            for index in of_class {
                let (Some(property), Some(proof)) = (task.properties.get(index), proofs.get_mut(index)) else { continue };
                proof.looked_at += 1;
                if let Some(found) = world.refute(&mut compiler, property).await? {
                    open.insert(index);
                    proof.leave_open(&world.allowing(&found), &Whose::ToCome(effect));
                }
            }
        }
        let mut done: Vec<&Governed> = Vec::new();
        for (spec, tool) in task.tools_of(effect) {
            let left = task.left_for(spec, &proofs, &open, task.is_like_one_of(tool, &done));
            done.push(tool);
            if left.is_empty() {
                continue;
            }
            let world = World::of_tool(&task.rules, &schema, spec, tool)?;
            for index in left {
                let (Some(property), Some(proof)) = (task.properties.get(index), proofs.get_mut(index)) else { continue };
                proof.looked_at += 1;
                if let Some(found) = world.refute(&mut compiler, property).await? {
                    match counter_example(&task, spec, tool, property, &found) {
                        Some(found) => proof.refute(found),
                        None => proof.leave_open(&world.allowing(&found), &Whose::Tool(&spec.name)),
                    }
                }
            }
        }
    }
    Ok(proofs)
}

fn failed(err: &dyn std::error::Error) -> ProveError {
    ProveError::Solver(err.to_string())
}

/// Rules ready to be asked about, for one kind of call.
struct World {
    schema: Schema,
    env: RequestEnv,
    symbols: SymEnv,
    rules: PolicySet,
    compiled: CompiledPolicySet,
}

impl World {
    /// Calls of a tool of this class that is to come. What a rule asks of it that only a tool's own types could answer stands in the context, as
    /// what may be so or not: the same wherever it is asked.
    fn of_class(rules: &Rules, class: &Governed) -> Result<Self, ProveError> {
        let mut atoms = Atoms::default();
        let asked: Vec<(&Policy, Formula)> = class.slice.policies().map(|policy| (policy, Formula::of(policy, &mut atoms))).collect();
        let open: BTreeSet<usize> = (0..atoms.0.len()).filter(|place| atoms.0.get(*place).is_some_and(|atom| is_of_a_tool(&atom.looks))).collect();
        let mut set = PolicySet::new();
        for (policy, formula) in &asked {
            set.add(without(policy, formula, &atoms, &open)?).map_err(|err| failed(&err))?;
        }
        let fields = open.iter().map(|place| format!("{:?}: Bool", field(*place))).collect::<Vec<_>>().join(", ");
        let action = schema::action_text(TO_COME, class.effect, ("{}", "{}"), &format!(",\n  {OPEN}: {{{fields}}}"));
        let (schema, _) = Schema::from_cedarschema_str(&format!("{}{action}", rules.schema())).map_err(|err| failed(&err))?;
        Self::new(schema, TO_COME, set, &always(rules, class, None))
    }

    /// Calls of this tool.
    fn of_tool(rules: &Rules, schema: &Schema, spec: &ToolSpec, tool: &Governed) -> Result<Self, ProveError> {
        let mut set = PolicySet::new();
        for policy in tool.slice.policies() {
            set.add(policy.clone()).map_err(|err| failed(&err))?;
        }
        Self::new(schema.clone(), &spec.name, set, &always(rules, tool, Some(spec)))
    }

    fn new(schema: Schema, action: &str, mut rules: PolicySet, always: &str) -> Result<Self, ProveError> {
        let of_action = |env: &RequestEnv| env.action().id().unescaped() == action;
        let env = schema.request_envs().find(of_action).ok_or_else(|| ProveError::Solver(format!("the schema has no calls of `{action}`")))?;
        let always = Policy::parse(Some(PolicyId::new("what is always so")), always).map_err(|err| failed(&err))?;
        rules.add(always).map_err(|err| failed(&err))?;
        let symbols = SymEnv::new(&schema, &env).map_err(|err| failed(&err))?;
        let compiled = CompiledPolicySet::compile_with_custom_symenv(&rules, &env, &schema, symbols.clone()).map_err(|err| failed(&err))?;
        Ok(Self { schema, env, symbols, rules, compiled })
    }

    /// A world in which the rules allow what the property forbids.
    async fn refute<S: Solver>(&self, compiler: &mut CedarSymCompiler<S>, property: &Property) -> Result<Option<Env>, ProveError> {
        let bound: PolicySet = property.bound().parse().map_err(|err: cedar_policy::ParseErrors| failed(&err))?;
        let bound = CompiledPolicySet::compile_with_custom_symenv(&bound, &self.env, &self.schema, self.symbols.clone()).map_err(|err| failed(&err))?;
        compiler.check_implies_with_counterexample_opt(&self.compiled, &bound).await.map_err(|err| failed(&err))
    }

    /// The rules that allow the call in this world.
    fn allowing(&self, world: &Env) -> BTreeSet<String> {
        let said = Authorizer::new().is_authorized(&world.request, &self.rules, &world.entities);
        said.diagnostics().reason().map(ToString::to_string).collect()
    }
}

/// Whether only a tool's own types could answer: of a tool to come nobody knows arguments, facts of its own, nor what else it is than its class.
fn is_of_a_tool(looks: &Looks) -> bool {
    looks.reads("context.args") || looks.reads("context.facts") || looks.paths.iter().any(|path| is_below(path, "resource") && path != "resource.effect")
}

/// The field of a question that is open.
fn field(place: usize) -> String {
    format!("q{place}")
}

/// A rule with what is open in it read from the context.
fn without(policy: &Policy, formula: &Formula, atoms: &Atoms, open: &BTreeSet<usize>) -> Result<Policy, ProveError> {
    let mut asked = BTreeSet::new();
    formula.leaves(&mut asked);
    if asked.is_disjoint(open) {
        return Ok(policy.clone());
    }
    let question = |place: usize| match atoms.0.get(place) {
        Some(_) if open.contains(&place) => {
            let all = json!({ ".": { "left": { "Var": "context" }, "attr": OPEN } });
            json!({ ".": { "left": all, "attr": field(place) } })
        }
        Some(atom) => atom.expression.clone(),
        None => Value::Null,
    };
    let action = policy.to_json().map_err(|err| failed(&err))?.get("action").cloned().unwrap_or_default();
    let effect = match policy.effect() {
        cedar_policy::Effect::Permit => "permit",
        cedar_policy::Effect::Forbid => "forbid",
    };
    let any = || json!({ "op": "All" });
    let conditions = json!([{ "kind": "when", "body": formula.expression(&question) }]);
    let rule = json!({ "effect": effect, "principal": any(), "action": action, "resource": any(), "conditions": conditions });
    Policy::from_json(Some(policy.id().clone()), rule).map_err(|err| failed(&err))
}

/// What the host sees to: levels are levels, the tool is what its manifest says, numbers that count are not negative, an hour is one of the day.
fn always(rules: &Rules, tool: &Governed, spec: Option<&ToolSpec>) -> String {
    let level = |name: &str, class: ArgumentClass| {
        if tool.classes.contains(&class) { format!("context.{name} >= 0 && context.{name} <= 4") } else { format!("context.{name} == 4") }
    };
    let mut all = vec![
        level("dest", ArgumentClass::Dest),
        level("ref", ArgumentClass::Ref),
        level("value", ArgumentClass::Value),
        format!("resource.effect == \"{}\"", tool.effect),
        format!("context.now >= 0 && context.run.step >= 0 && context.run.step <= {}", u32::MAX),
    ];
    if let Some(spec) = spec {
        all.push(format!("resource == Tool::{:?} && resource.plugin == {:?}", spec.name, spec.plugin));
        all.push(format!("resource.reversible == {} && resource.idempotent == {}", spec.reversible, spec.idempotent));
        let ranges = tool.facts.iter().filter_map(|fact| Some((&fact.name, fact.fact.range()?)));
        all.extend(ranges.map(|(name, range)| format!("context.facts.{name} >= {} && context.facts.{name} <= {}", range.start(), range.end())));
    }
    all.extend(rules.counters().iter().map(|counter| format!("context.counts.{} >= 0", counter.name)));
    format!("forbid (principal, action, resource) unless {{ {} }};", all.join(" && "))
}

/// The solver's world as facts, if it can be said as a case; else what enumeration finds for the same tool.
fn counter_example(task: &Task, spec: &ToolSpec, tool: &Governed, property: &Property, world: &Env) -> Option<CounterExample> {
    let told = told::facts(&task.rules, spec, tool, world).into_iter().find_map(|facts| task.counter_example(property, facts));
    told.or_else(|| {
        let (effort, place) = (Effort::of(PROVE_EVALUATIONS_MAX), enumerate::Place { spec: Some(spec), tool });
        match enumerate::search(&effort, &task.rules, &place, &[property]).pop()?.found {
            Found::Broken(facts) => task.counter_example(property, *facts),
            Found::Nothing | Found::Open(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::tests::{BROKEN, broken, check_case, loosened, of, undecided, with};
    use crate::{prove, shipped_properties, shipped_rules};
    use std::path::PathBuf;

    /// The solver of this machine, which `scripts/need solver` installs.
    fn cvc5() -> PathBuf {
        let found = ["/usr/bin/cvc5", "/usr/local/bin/cvc5", "/opt/homebrew/bin/cvc5"].iter().map(PathBuf::from).find(|path| path.is_file());
        found.unwrap_or_else(|| panic!("cvc5 is missing; run `make test`, which installs it"))
    }

    #[tokio::test]
    async fn the_solver_refutes_what_enumeration_refutes() {
        let cvc5 = cvc5();
        for (file, from, to, property) in BROKEN {
            let files = broken(*file, from, to);
            let only = [PropertyFile { name: "p.txt".into(), text: (*property).to_owned() }];
            let proof = prove_with(&cvc5, &files, &[], &only).await.unwrap_or_else(|err| panic!("{err}")).remove(0);
            let tried = prove(&files, &[], &only).unwrap_or_else(|err| panic!("{err}")).remove(0);
            assert!(!proof.proved && !tried.proved, "{from} -> {to}");
            check_case(&files, proof.counter_example.as_ref().unwrap_or_else(|| panic!("{property}: {proof:?}")));
        }
    }

    /// Rules for who acts, for whom, where and when, and rules on what tools differ in: the solver's world is told as a case that then fails.
    #[tokio::test]
    async fn the_solver_refutes_what_only_some_tools_people_or_times_are_allowed() {
        let cvc5 = cvc5();
        for (rule, property) in loosened() {
            let files = with(&rule);
            let proof = prove_with(&cvc5, &files, &[], &of(property)).await.unwrap_or_else(|err| panic!("{rule}: {err}")).remove(0);
            assert!(!proof.proved, "{rule}");
            check_case(&files, proof.counter_example.as_ref().unwrap_or_else(|| panic!("{rule}: {proof:?}")));
        }
    }

    #[tokio::test]
    async fn the_solver_proves_of_a_tool_that_is_there_more_than_enumeration_and_of_one_to_come_no_more() {
        let cvc5 = cvc5();
        for (place, (rule, property)) in undecided().into_iter().enumerate() {
            let proof = prove_with(&cvc5, &with(&rule), &[], &of(property)).await.unwrap_or_else(|err| panic!("{rule}: {err}")).remove(0);
            // The first three contradict themselves; the others hang on what nobody can know.
            assert!(proof.counter_example.is_none(), "{rule}: {proof:?}");
            assert_eq!((proof.proved, proof.open.is_empty()), (place < 3, place < 3), "{rule}: {proof:?}");
            assert!(proof.open.iter().all(|why| why.starts_with("`x` may allow it of ")), "{rule}: {proof:?}");
        }
    }

    #[tokio::test]
    async fn both_provers_agree_on_the_shipped_properties() {
        let cvc5 = cvc5();
        let solved = prove_with(&cvc5, &shipped_rules(), &[], &shipped_properties()).await.unwrap_or_else(|err| panic!("{err}"));
        let tried = prove(&shipped_rules(), &[], &shipped_properties()).unwrap_or_else(|err| panic!("{err}"));
        for (solved, tried) in solved.iter().zip(&tried) {
            assert!(solved.proved && tried.proved && solved.looked_at > 0 && solved.cases == 0, "{solved:?} {tried:?}");
        }
    }

    #[tokio::test]
    async fn a_solver_that_is_none_is_an_error_that_says_what_to_do() {
        for program in ["/nowhere/cvc5", "/bin/true"] {
            let refused = prove_with(Path::new(program), &shipped_rules(), &[], &shipped_properties()).await.expect_err("no solver");
            assert!(refused.to_string().contains("prove by enumeration instead"), "{refused}");
        }
    }
}
