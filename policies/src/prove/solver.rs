//! The symbolic prover: Cedar's own compiler to SMT, and cvc5 as a child process that answers.
//!
//! The one part of this crate that starts anything; only with the feature `solver`. It looks at all facts at once, for each tool
//! and for each effect class, which stands for tools that do not exist yet.
//! Rules that read arguments are taken as they are written: folding only refuses more, so what is proved of them holds of it too.

use super::enumerate::{self, Found};
use super::sentence::Property;
use super::{CounterExample, Proof, PropertyFile, ProveError, Task};
use crate::facts::Facts;
use crate::matrix::blank;
use crate::rules::{RuleFile, Rules};
use cedar_policy::{ActionConstraint, EvalResult, Policy, PolicyId, PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::solver::{LocalSolver, Solver};
use cedar_policy_symcc::{CedarSymCompiler, CompiledPolicySet, Env, SymEnv};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use steward_core::{ArgumentClass, Effect, Integrity, Role, ToolSpec};

/// How long one question may take, in milliseconds.
const QUESTION_MS_MAX: u32 = 20_000;

/// Proves properties with this cvc5.
pub async fn prove_with(program: &Path, files: &[RuleFile], tools: &[ToolSpec], properties: &[PropertyFile]) -> Result<Vec<Proof>, ProveError> {
    let task = Task::new(files, tools, properties)?;
    let mut command = tokio::process::Command::new(program);
    command.args(["--lang", "smt"]).arg(format!("--tlimit-per={QUESTION_MS_MAX}")).kill_on_drop(true);
    let solver = LocalSolver::from_command(&mut command).map_err(|err| failed(&err))?;
    let mut compiler = CedarSymCompiler::new(solver).map_err(|err| failed(&err))?;
    let (schema, _) = Schema::from_cedarschema_str(task.rules.schema()).map_err(|err| failed(&err))?;
    let mut proofs: Vec<Proof> = task.properties.iter().map(Proof::begun).collect();
    for env in environments(&task, &schema) {
        let Some(place) = Place::of(&task, &env) else { continue };
        // What is proved of a class holds of every tool in it that no rule names.
        let like_its_class = place.spec.is_some() && !place.is_named(&task.rules);
        let mut compiled = None;
        for (property, proof) in task.properties.iter().zip(&mut proofs) {
            let of_class = like_its_class && !property.actions.contains(&place.action);
            if of_class || !property.covers(&place.action, place.effect) || proof.counter_example.is_some() {
                continue;
            }
            let world = match &compiled {
                Some(world) => world,
                None => compiled.insert(World::new(&place.rules(&task.rules)?, &env, &schema)?),
            };
            proof.looked_at += 1;
            if let Some(found) = world.refute(&mut compiler, property, &env, &schema).await? {
                proof.proved = false;
                proof.counter_example = counter_example(&task, &place, property, &found);
            }
        }
    }
    Ok(proofs)
}

fn failed(err: &dyn std::error::Error) -> ProveError {
    ProveError::Solver(err.to_string())
}

/// One kind of question for each class, then one for each tool.
fn environments(task: &Task, schema: &Schema) -> Vec<RequestEnv> {
    let place = |env: &RequestEnv| {
        let name = env.action().id().unescaped().to_owned();
        (Effect::ALL.iter().all(|effect| effect.name() != name), !task.installed.contains(&name), name)
    };
    let mut all: Vec<RequestEnv> = schema.request_envs().collect();
    all.sort_by_key(place);
    all
}

/// Rules ready to be asked about, in one environment.
struct World {
    symbols: SymEnv,
    rules: CompiledPolicySet,
}

impl World {
    fn new(rules: &PolicySet, env: &RequestEnv, schema: &Schema) -> Result<Self, ProveError> {
        let symbols = SymEnv::new(schema, env).map_err(|err| failed(&err))?;
        let rules = CompiledPolicySet::compile_with_custom_symenv(rules, env, schema, symbols.clone()).map_err(|err| failed(&err))?;
        Ok(Self { symbols, rules })
    }

    /// A world in which the rules allow what the property forbids.
    async fn refute<S: Solver>(
        &self,
        compiler: &mut CedarSymCompiler<S>,
        property: &Property,
        env: &RequestEnv,
        schema: &Schema,
    ) -> Result<Option<Env>, ProveError> {
        let bound: PolicySet = property.bound().parse().map_err(|err: cedar_policy::ParseErrors| failed(&err))?;
        let bound = CompiledPolicySet::compile_with_custom_symenv(&bound, env, schema, self.symbols.clone()).map_err(|err| failed(&err))?;
        compiler.check_implies_with_counterexample_opt(&self.rules, &bound).await.map_err(|err| failed(&err))
    }
}

/// Where calls are looked at: those of a tool, or those of a class.
struct Place<'a> {
    action: String,
    effect: Effect,
    spec: Option<&'a ToolSpec>,
}

impl<'a> Place<'a> {
    fn of(task: &'a Task, env: &RequestEnv) -> Option<Self> {
        let action = env.action().id().unescaped().to_owned();
        let spec = task.tools.iter().find(|tool| tool.name == action);
        let effect = spec.map(|spec| spec.effect).or_else(|| Effect::ALL.into_iter().find(|effect| effect.name() == action))?;
        Some(Self { action, effect, spec })
    }

    /// Whether some rule names this tool.
    fn is_named(&self, rules: &Rules) -> bool {
        let Some(tool) = rules.0.tools.get(&self.action) else { return false };
        let names = |policy: &Policy| match policy.action_constraint() {
            ActionConstraint::Any => false,
            ActionConstraint::Eq(only) => only == tool.action,
            ActionConstraint::In(any) => any.contains(&tool.action),
        };
        tool.slice.policies().any(names)
    }

    /// The rules that can matter here, and what is always so.
    fn rules(&self, rules: &Rules) -> Result<PolicySet, ProveError> {
        let mut set = PolicySet::new();
        // A class has the rules of any tool of it, and those that name a tool do not match.
        let of_class = rules.0.tools.values().filter(|tool| tool.effect == self.effect);
        let tools: Vec<_> = match self.spec {
            Some(spec) => rules.0.tools.get(&spec.name).into_iter().collect(),
            None => of_class.collect(),
        };
        let mut seen = BTreeSet::new();
        for policy in tools.iter().flat_map(|tool| tool.slice.policies()) {
            if seen.insert(policy.id().to_string()) {
                set.add(policy.clone()).map_err(|err| failed(&err))?;
            }
        }
        let always = Policy::parse(Some(PolicyId::new("what is always so")), self.always(rules)).map_err(|err| failed(&err))?;
        set.add(always).map_err(|err| failed(&err))?;
        Ok(set)
    }

    /// What the host sees to: levels are levels, the tool is what its manifest says, numbers that count are not negative.
    fn always(&self, rules: &Rules) -> String {
        let tool = self.spec.and_then(|spec| rules.0.tools.get(&spec.name));
        let level = |name: &str, class: ArgumentClass| match tool {
            Some(tool) if !tool.classes.contains(&class) => format!("context.{name} == 4"),
            _ => format!("context.{name} >= 0 && context.{name} <= 4"),
        };
        let mut all = vec![
            level("dest", ArgumentClass::Dest),
            level("ref", ArgumentClass::Ref),
            level("value", ArgumentClass::Value),
            format!("resource.effect == \"{}\"", self.effect),
            "context.now >= 0 && context.run.step >= 0".to_owned(),
        ];
        if let Some(spec) = self.spec {
            all.push(format!("resource.reversible == {} && resource.idempotent == {}", spec.reversible, spec.idempotent));
        }
        all.extend(rules.counters().iter().map(|counter| format!("context.counts.{} >= 0", counter.name)));
        format!("forbid (principal, action, resource) unless {{ {} }};", all.join(" && "))
    }
}

/// The solver's world as facts, if it can be said as a case; else what enumeration finds for the same tool.
fn counter_example(task: &Task, place: &Place<'_>, property: &Property, world: &Env) -> Option<CounterExample> {
    let spec = place.spec.or_else(|| task.tools.iter().find(|tool| tool.effect == place.effect))?;
    let tool = task.rules.0.tools.get(&spec.name)?;
    let told = told(&task.rules, spec, world).and_then(|facts| task.counter_example(property, facts));
    told.or_else(|| {
        match enumerate::search(&task.rules, &enumerate::Place { spec: Some(spec), tool }, &[property]).pop()?.found {
            Found::Broken(facts) => task.counter_example(property, *facts),
            Found::Nothing | Found::Open(_) => None,
        }
    })
}

fn told(rules: &Rules, spec: &ToolSpec, world: &Env) -> Option<Facts> {
    let tool = rules.0.tools.get(&spec.name)?;
    let mut facts = blank(rules, &spec.name, tool);
    let context = world.request.context()?.to_json_value().ok()?;
    let level = |name: &str| Integrity::ALL.into_iter().find(|level| Some(level.level()) == context.get(name).and_then(Value::as_i64));
    (facts.dest, facts.reference, facts.value) = (level("dest")?, level("ref")?, level("value")?);
    let truth = |name: &str| context.get(name).and_then(Value::as_bool);
    (facts.leak, facts.content_actionable, facts.class_asked) = (truth("leak")?, truth("content_actionable")?, truth("class_asked")?);
    (facts.uninvited, facts.tainted, facts.within_budget) = (truth("uninvited")?, truth("tainted")?, truth("within_budget")?);
    let role = |id: &str| id.parse::<Role>().ok();
    let approvals = context.pointer("/approvals/roles").and_then(Value::as_array)?;
    facts.approvals.roles = approvals.iter().filter_map(|entity| entity.pointer("/__entity/id").and_then(Value::as_str).and_then(role)).collect();
    let acting = world.entities.get(world.request.principal()?)?.attr("roles")?.ok()?;
    if let EvalResult::Set(roles) = acting {
        facts.roles = roles.iter().filter_map(|one| if let EvalResult::EntityUid(uid) = one { role(uid.id().unescaped()) } else { None }).collect();
    }
    if let Some(counts) = context.get("counts").and_then(Value::as_object) {
        facts.counts = counts.iter().filter_map(|(name, count)| Some((name.clone(), count.as_i64()?))).collect();
    }
    if let Some(arguments) = context.get("args").filter(|arguments| tool.slice.reads("args") && arguments.is_object()) {
        facts.arguments = arguments.clone();
    }
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prove::tests::{BROKEN, broken, check_case};
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
