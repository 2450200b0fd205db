//! Running cases: arguments through the schema, the call through a gate that allows it, the code in its sandbox.

use super::office::Scripted;
use super::script::Script;
use super::{Case, Expect, Failed, HostCall, TOLERANCE_PERCENT};
use crate::error::KitError;
use crate::project::Project;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use steward_core::{CallId, Circumstances, Digest, Envelope, EnvelopeKey, Outcome, PersonId, Principal, RunId, TenantId, WorkspaceId};
use steward_host::mcp::Secret;
use steward_host::{Answers, CallContext, EgressOptions, Host};
use steward_policies::{Decision, Facts, Permit, Proposal, RuleFile, Rules, decide, sample_facts};
use uuid::Uuid;

/// The rule of this gate: cases are of the plugin and not of anybody's rules, and nothing they do reaches anybody.
const ALL: &str = "@id(\"cases\") @reason(\"Cases try the plugin, not the rules.\") permit (principal, action, resource);";
/// What a call may take where its tool says no less, in milliseconds.
const DEADLINE_MS: u64 = 60_000;
/// 2026-01-01T00:00:00Z.
const NOW_MS: i64 = 1_767_225_600_000;

/// A plugin, loaded to be called.
pub struct Runner {
    host: Host,
    rules: Rules,
    script: Arc<Script>,
    tools: Vec<String>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseResult {
    /// What came of the call.
    pub got: Expect,
    /// The fuel it took; none for a call that never reached the code.
    pub fuel: Option<u64>,
    /// Wall time in milliseconds.
    pub ms: u64,
    /// What is other than the case says, each with expected and got; nothing where it passed.
    pub problems: Vec<String>,
    /// Whether writing `got` and `fuel` into the case would make it pass.
    pub is_golden: bool,
}

impl Runner {
    /// Loads a plugin as it lies in its folder.
    ///
    /// # Errors
    /// When it is not built, or would not be loaded.
    pub fn load(project: &Project) -> Result<Self, KitError> {
        let name = &project.outline.name;
        if !project.component().is_file() {
            return Err(not_built(project));
        }
        let named = project.outline.egress.iter().filter_map(|rule| rule.secret.as_ref()).flat_map(|secret| secret.names());
        // A value of its own for each, so that one that gets where it should not is seen.
        let secrets: BTreeMap<_, _> = named
            .map(|secret| ((name.clone(), secret.to_owned()), Secret::new(format!("value-of-{secret}-{}", Digest::of(secret.as_bytes()).short()))))
            .collect();
        let script = Arc::new(Script::default());
        let answers = Answers::Recorded(Arc::clone(&script) as _);
        Self::with(project, script, EgressOptions { secrets, answers, ..EgressOptions::default() })
    }

    /// Loads a plugin to be called with others answering for themselves: over the gate of the field, with the secrets and the hosts of the
    /// developer's own network that stand in `egress`. What it asks of the office is still answered from the case.
    ///
    /// # Errors
    /// When it is not built, or would not be loaded.
    pub fn load_live(project: &Project, egress: EgressOptions) -> Result<Self, KitError> {
        if !project.component().is_file() {
            return Err(not_built(project));
        }
        let script = Arc::new(Script::default());
        let answers = Answers::Witnessed(Arc::clone(&script) as _);
        Self::with(project, script, EgressOptions { answers, ..egress })
    }

    fn with(project: &Project, script: Arc<Script>, egress: EgressOptions) -> Result<Self, KitError> {
        let host = project.host(egress)?;
        host.load_dir(&project.dir).map_err(|source| KitError::as_built(&project.dir, source))?;
        let rules = Rules::load(&[RuleFile { name: "cases.cedar".to_owned(), text: ALL.to_owned() }], &host.specs());
        let rules = rules.map_err(|err| KitError::said(format!("the gate for cases does not open: {err}")))?;
        let tools = project.outline.tools.iter().map(|tool| tool.name.clone()).collect();
        Ok(Self { host, rules, script, tools })
    }

    /// The tools there are.
    pub fn tools(&self) -> &[String] {
        &self.tools
    }

    /// Runs a case and compares.
    ///
    /// # Errors
    /// When the case names no tool of the plugin.
    pub async fn run(&self, case: &Case) -> Result<CaseResult, KitError> {
        let mut result = self.call(case).await?;
        let differs = compare(case, &result);
        result.is_golden = result.problems.is_empty();
        result.problems.extend(differs);
        Ok(result)
    }

    /// Makes the call of a case with others answering for themselves, and writes down what they were asked and said in the place of what the
    /// case has of that. What is other than the case says is in `problems`, but for fuel, which an answer's size changes.
    ///
    /// # Errors
    /// When the case names no tool of the plugin.
    pub async fn run_live(&self, case: &Case) -> Result<(CaseResult, Vec<HostCall>), KitError> {
        let mut result = self.call(case).await?;
        let (heard, unfit) = self.script.heard();
        result.problems.extend(unfit);
        result.is_golden = result.problems.is_empty();
        let timeless = Case { fuel: None, ..case.clone() };
        let differs = compare(&timeless, &result);
        result.problems.extend(differs);
        Ok((result, heard))
    }

    /// Makes the call of a case and compares only what was asked of the host.
    ///
    /// # Errors
    /// When the case names no tool of the plugin.
    pub async fn call(&self, case: &Case) -> Result<CaseResult, KitError> {
        let tool =
            self.host.tool(&case.tool).ok_or_else(|| KitError::said(format!("the plugin has no tool `{}`; it has {}", case.tool, self.tools.join(", "))))?;
        let given = if case.arguments.is_null() { Value::Object(Default::default()) } else { case.arguments.clone() };
        let arguments = match tool.check_arguments(&given) {
            Ok(arguments) => arguments,
            Err(refused) => {
                let got = Expect { refused: Some(refused.to_string()), ..Expect::default() };
                return Ok(CaseResult { got, fuel: None, ms: 0, problems: unasked(&case.host), is_golden: true });
            }
        };
        let permit = self.permit(&case.tool, arguments, tool.spec().plugin_digest, tool.spec().schema_digest)?;
        let context = CallContext {
            key: "case".to_owned(),
            deadline_ms: DEADLINE_MS,
            locale: case.locale.clone().unwrap_or_else(|| "en".to_owned()),
            time_zone: case.time_zone.clone().unwrap_or_else(|| "Etc/UTC".to_owned()),
            now_ms: case.now_ms.unwrap_or(NOW_MS),
            run: Default::default(),
        };
        self.script.begin(&case.host);
        let report = self.host.call(permit, context, Arc::new(Scripted(Arc::clone(&self.script)))).await;
        let problems = self.script.end();
        let got = match report.outcome {
            Outcome::Ok { result, summary } => Expect { result: Some(result), summary, ..Expect::default() },
            Outcome::Failed { failure } => Expect { failed: Some(Failed { class: failure.class, message: Some(failure.message) }), ..Expect::default() },
        };
        Ok(CaseResult { got, fuel: Some(report.fuel), ms: report.ms, problems, is_golden: true })
    }

    /// A permit for one call, from the one gate there is.
    fn permit(&self, tool: &str, arguments: Value, plugin_digest: Digest, schema_digest: Digest) -> Result<Permit, KitError> {
        let person = PersonId::from_uuid(Uuid::nil());
        let envelope = Envelope {
            tenant: TenantId::from_uuid(Uuid::nil()),
            run: RunId::from_uuid(Uuid::nil()),
            call: CallId { step: 1, index: 0 },
            principal: Principal { agent: "cases".to_owned(), person },
            tool: tool.to_owned(),
            plugin_digest,
            schema_digest,
            arguments: arguments.clone(),
            policy_digest: self.rules.digest(),
            prompt: "cases@1".to_owned(),
            prompt_digest: Digest::of(b""),
            model: "none".to_owned(),
            evidence: Value::Null,
            budget_micros: 0,
            expires_at_ms: i64::MAX,
            circumstances: Circumstances::default(),
        };
        let facts = Facts {
            agent: "cases".to_owned(),
            person,
            roles: BTreeSet::new(),
            workspace: WorkspaceId::from_uuid(Uuid::nil()),
            arguments,
            ..sample_facts(tool)
        };
        let unable = |why: String| KitError::said(format!("the gate for cases does not let `{tool}` through: {why}"));
        // Nobody checks this seal: there is no record that it could be moved to.
        let envelope_id = envelope.id(&EnvelopeKey::from_bytes([0; 32])).map_err(|err| unable(err.to_string()))?;
        match decide(&self.rules, Proposal { envelope, envelope_id }, &facts) {
            Decision::Allow { permit, .. } => Ok(permit),
            Decision::Hold { .. } | Decision::Block { .. } => Err(unable("a rule says otherwise".to_owned())),
        }
    }
}

fn not_built(project: &Project) -> KitError {
    let (name, dir) = (&project.outline.name, project.dir.display());
    KitError::said(format!("`{name}` is not built; `steward plugin build {dir}` builds it"))
}

/// Questions of a case whose call never got as far.
fn unasked(host: &[HostCall]) -> Vec<String> {
    let script = Script::default();
    script.begin(host);
    script.end()
}

/// What came of it against what the case says.
fn compare(case: &Case, result: &CaseResult) -> Vec<String> {
    let Some(expect) = &case.expect else {
        return vec![format!("it expects nothing yet; `--update` writes what comes of it now:\n    {}", text(&result.got))];
    };
    let mut problems = Vec::new();
    let mut seen = result.got.clone();
    // What the case does not say is not compared.
    if expect.summary.is_none() {
        seen.summary = None;
    }
    if let (Some(Failed { message: None, .. }), Some(failed)) = (&expect.failed, &mut seen.failed) {
        failed.message = None;
    }
    if *expect != seen {
        problems.push(format!("expected\n    {}\n  got\n    {}", text(expect), text(&result.got)));
    }
    if let Some(golden) = case.fuel {
        let tolerance = case.fuel_tolerance_percent.unwrap_or(TOLERANCE_PERCENT);
        let apart = result.fuel.unwrap_or(0).abs_diff(golden);
        if apart.saturating_mul(100) > golden.saturating_mul(tolerance) {
            let got = result.fuel.map_or_else(|| "none".to_owned(), |fuel| fuel.to_string());
            problems.push(format!("fuel: expected {golden} ± {tolerance} %, got {got}"));
        }
    }
    problems
}

fn text(expect: &Expect) -> String {
    serde_json::to_string(expect).unwrap_or_default()
}
