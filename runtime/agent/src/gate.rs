//! The gate of one call: known and whitelisted? arguments as the schema says? whose words are they? then the policies decide.
//!
//! Everything here is a pure function of the run's journal, the pinned agent, the rules and the tools, so that the decision
//! taken again at the moment of execution judges the same proposal, byte for byte, or refuses it as changed.

mod facts;
mod refusal;

use crate::agents::Agent;
use crate::labels::{JudgeError, Judged, Origins, Shown, judge_known};
use crate::run::{Run, call_digest};
use refusal::{Refusal, as_changed, bounded, refuse, with_editor};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use steward_core::event::Fate;
use steward_core::limits::CALLS_PER_STEP_MAX;
use steward_core::{
    Approvals, ArgumentClass, BlockClass, Circumstances, DecisionId, Denial, Digest, Effect, Envelope, EnvelopeId, EnvelopeKey, Event, Floor, GrantId,
    Integrity, Label, Needs, PersonId, Principal, ReservationId, Role, RunId, Source, TenantId, ToolCall, ToolSpec, Verdict, WorkspaceId,
};
use steward_host::{ArgumentError, Host, Tool, says_at};
use steward_office::holds::routing::{ApprovalRules, Route};
use steward_policies::{Decision, Facts, Permit, Proposal, Rules, decide};

/// A tool as the gate sees it.
pub trait Callable {
    /// What its manifest says.
    fn spec(&self) -> &ToolSpec;
    /// Cleans and checks arguments.
    fn check_arguments(&self, arguments: &Value) -> Result<Value, ArgumentError>;
}

/// Where the gate finds tools: the host, or a list when nothing will be executed.
pub trait Catalogue: Sync {
    /// The tool of this name.
    fn find(&self, name: &str) -> Option<Arc<dyn Callable>>;
}

impl Callable for Tool {
    fn spec(&self) -> &ToolSpec {
        Self::spec(self)
    }

    fn check_arguments(&self, arguments: &Value) -> Result<Value, ArgumentError> {
        Self::check_arguments(self, arguments)
    }
}

impl Catalogue for Host {
    fn find(&self, name: &str) -> Option<Arc<dyn Callable>> {
        self.tool(name).map(|tool| -> Arc<dyn Callable> { tool })
    }
}

/// A tool that cannot run: its arguments are taken as they are.
impl Callable for ToolSpec {
    fn spec(&self) -> &ToolSpec {
        self
    }

    fn check_arguments(&self, arguments: &Value) -> Result<Value, ArgumentError> {
        Ok(arguments.clone())
    }
}

impl Catalogue for BTreeMap<String, Arc<ToolSpec>> {
    fn find(&self, name: &str) -> Option<Arc<dyn Callable>> {
        let spec = self.get(name)?;
        Some(Arc::<ToolSpec>::clone(spec))
    }
}

/// What stays the same for all calls of a run.
pub struct Gate<'a> {
    /// The rules in force.
    pub rules: &'a Rules,
    /// The tools.
    pub host: &'a dyn Catalogue,
    /// The agent.
    pub agent: &'a Agent,
    /// The key of envelope ids.
    pub key: &'a EnvelopeKey,
    /// The organisation.
    pub tenant: TenantId,
    /// The run.
    pub run_id: RunId,
    /// The person's roles now.
    pub roles: &'a BTreeSet<Role>,
    /// What approvals take.
    pub approvals: &'a ApprovalRules,
    /// The counters of the rules, as they stand for the call that is judged.
    pub counts: &'a BTreeMap<String, i64>,
}

/// The gate's word on one call, with all that is written down about it.
pub struct Ruling {
    /// The verdict, with the permit when it is allow.
    pub verdict: Ruled,
    /// Rules that decided.
    pub rules: Vec<String>,
    /// For people.
    pub reason: String,
    /// For the model.
    pub tell: String,
    /// The effect class; none for an unknown tool.
    pub effect: Option<Effect>,
    /// Digest of the rules that were in force for it.
    pub policy_digest: Digest,
    /// The sealed proposal, when the call became one.
    pub sealed: Option<Sealed>,
    /// What it was made on; written out with the decision.
    pub(crate) basis: Basis,
    /// Where each argument came from.
    pub provenance: Value,
    /// The rules that let an argument count for more than the text it stood in, with the words they went by.
    pub endorsed: BTreeSet<Source>,
    /// Tells repeats.
    pub call_digest: Digest,
    /// The floor of the arguments: what the call writes is no better than that.
    pub floor: Floor,
    /// What is not as it was approved, when the call is blocked as changed.
    pub changed: Vec<String>,
    /// What an approval of it takes and who is asked; none for what never became a proposal.
    pub route: Option<Route>,
    /// Of a block: whether another call of the tool could be allowed.
    pub retryable: bool,
    /// Of a block: what would be allowed instead, in words.
    pub allowed_shape: Option<String>,
    /// The standing grant that stood in for an approval.
    pub grant: Option<GrantId>,
    /// The label of what the call has others say later, where it is such a call.
    pub said: Option<Label>,
}

/// What a ruling was made on.
pub(crate) enum Basis {
    /// The rules were asked on these facts.
    Facts(Box<Facts>),
    /// It never came to the rules; for which agent it was.
    Refused { agent: String },
}

/// What stands beside a decision and is not the gate's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// The money set aside for the question whose answer wanted the call; none without budgets.
    pub reservation: Option<ReservationId>,
    /// The prompt of the run, `name@version`.
    pub prompt: &'a str,
    /// The model that wanted the call.
    pub model: &'a str,
    /// The tool, where there is one of that name.
    pub tool: Option<&'a ToolSpec>,
}

/// A proposal with its id.
pub struct Sealed {
    /// All fields.
    pub envelope: Envelope,
    /// The same as canonical text, as it is stored beside a held action.
    pub text: String,
    /// The keyed id.
    pub id: EnvelopeId,
}

/// Allow, hold or block, with what belongs to each.
pub enum Ruled {
    /// May run, once, with this permit.
    Allow(Box<Permit>),
    /// Waits for one of these sets of roles.
    Hold(Needs),
    /// Does not run.
    Block(BlockClass),
}

impl Ruling {
    /// The same with the grant that stood in for an approval, on its record too.
    #[must_use]
    pub fn granted_by(self, grant: GrantId) -> Self {
        Self { grant: Some(grant), ..self }
    }

    /// All that the decision was made on, as JSON text: the facts and the sealed proposal, or why there was none; and the money that was set
    /// aside for the question that led to it. What was never sealed says its prompt, model and tool here.
    pub fn record(&self, beside: &Beside<'_>) -> String {
        let named = |name: &str, value: Option<Value>| value.map(|value| format!(",\"{name}\":{value}")).unwrap_or_default();
        let all = named("grant_id", self.grant.map(|grant| json!(grant))) + &named("reservation_id", beside.reservation.map(|id| json!(id)));
        let unsealed = || {
            let tool = beside.tool.map(|tool| json!({ "plugin_digest": tool.plugin_digest, "schema_digest": tool.schema_digest }));
            named("prompt", Some(json!(beside.prompt))) + &named("model", Some(json!(beside.model))) + &named("tool", tool)
        };
        match (&self.basis, &self.sealed) {
            // What has an id has a JSON form.
            (Basis::Facts(facts), Some(Sealed { text, .. })) => {
                format!("{{\"facts\":{},\"envelope\":{text}{all}}}", serde_json::to_string(facts).unwrap_or_default())
            }
            (Basis::Facts(facts), None) => format!("{{\"facts\":{}{}{all}}}", serde_json::to_string(facts).unwrap_or_default(), unsealed()),
            (Basis::Refused { agent }, _) => {
                let (agent, policy_digest, changed) = (json!(agent), json!(self.policy_digest), json!(self.changed));
                format!("{{\"agent\":{agent},\"policy_digest\":{policy_digest},\"changed\":{changed}{}{all}}}", unsealed())
            }
        }
    }

    /// The verdict's name.
    pub fn name(&self) -> Verdict {
        match &self.verdict {
            Ruled::Allow(_) => Verdict::Allow,
            Ruled::Hold(_) => Verdict::Hold,
            Ruled::Block(_) => Verdict::Block,
        }
    }

    /// The event that records it.
    pub fn event(&self, call: &ToolCall, decision_id: DecisionId, after_approval: bool) -> Event {
        Event::Decided {
            call_id: call.call_id,
            decision_id,
            envelope_id: self.sealed.as_ref().map(|sealed| sealed.id),
            effect: self.effect,
            verdict: self.name(),
            rules: self.rules.clone(),
            reason: self.reason.clone(),
            tell: self.tell.clone(),
            class: match &self.verdict {
                Ruled::Block(class) => Some(*class),
                Ruled::Allow(_) | Ruled::Hold(_) => None,
            },
            call_digest: self.call_digest,
            after_approval,
            changed: self.changed.clone(),
            grant_id: self.grant,
            retryable: self.retryable,
            allowed_shape: self.allowed_shape.clone(),
        }
    }
}

/// What people said so far of a call that was held.
pub struct Approved {
    /// Roles and people.
    pub approvals: Approvals,
    /// What they approved.
    pub envelope_id: EnvelopeId,
    /// The same as it was stored then, canonical text.
    pub envelope: String,
    /// What is stored of it and no longer fits its seal. Anything here, and nothing runs.
    pub broken: Vec<String>,
    /// Whether too few of those who approved it could approve it still. Then nothing runs, either.
    pub is_orphaned: bool,
}

impl Gate<'_> {
    /// Decides on a call. `approved` is what people said, when it was held before.
    pub fn rule(&self, run: &Run, call: &ToolCall, shown: &Shown, approved: Option<&Approved>, now_ms: i64) -> Ruling {
        let digest = call_digest(call);
        match self.propose(run, call, shown, approved, now_ms, digest) {
            Ok(ruling) => ruling,
            Err(refusal) => self.refusal(digest, *refusal),
        }
    }

    fn refusal(&self, digest: Digest, Refusal { class, effect, reason, tell, changed }: Refusal) -> Ruling {
        Ruling {
            verdict: Ruled::Block(class),
            rules: Vec::new(),
            reason,
            tell,
            effect,
            policy_digest: self.rules.digest(),
            sealed: None,
            basis: Basis::Refused { agent: self.agent.name.clone() },
            provenance: json!([]),
            endorsed: BTreeSet::new(),
            call_digest: digest,
            floor: Floor { integrity: Integrity::Outside, private: true },
            changed,
            route: None,
            // Wrong arguments can be put right; whatever else was refused before the rules were asked cannot.
            retryable: class == BlockClass::InvalidArguments,
            allowed_shape: None,
            grant: None,
            said: None,
        }
    }

    /// The word on a call of a run whose records do not agree with each other.
    pub fn refuse_changed(&self, call: &ToolCall, changed: Vec<String>) -> Ruling {
        self.refusal(call_digest(call), *as_changed(None, changed))
    }

    fn propose(&self, run: &Run, call: &ToolCall, shown: &Shown, approved: Option<&Approved>, now_ms: i64, digest: Digest) -> Result<Ruling, Box<Refusal>> {
        let tool = self.host.find(&call.tool).filter(|_| self.agent.may_use(&call.tool)).ok_or_else(|| {
            refuse(
                BlockClass::UnknownTool,
                None,
                format!("the agent has no tool `{}`", bounded(&call.tool)),
                format!("there is no tool `{}`; use only the tools you were given", bounded(&call.tool)),
            )
        })?;
        let spec = tool.spec();
        let effect = Some(spec.effect);
        if usize::from(call.call_id.index) >= CALLS_PER_STEP_MAX {
            let text = format!("more than {CALLS_PER_STEP_MAX} calls in one answer");
            return Err(refuse(BlockClass::Limit, effect, text.clone(), format!("{text}; ask for fewer at a time")));
        }
        if let Some(why) = &call.broken {
            return Err(refuse(
                BlockClass::InvalidArguments,
                effect,
                format!("the arguments are not JSON: {why}"),
                format!("the arguments are not JSON: {why}; send one JSON object"),
            ));
        }
        if approved.is_none()
            && let Some(before) = run.denial_of(&digest)
        {
            // Neither judged anew nor carried out: the same word again, and that it is the same.
            let tell = format!(
                "{before} The same call was denied before in this run and is not judged again: change it, or explain to the person what stands against it."
            );
            return Err(refuse(BlockClass::Repeated, effect, "the same call was denied before".to_owned(), tell.trim_start().to_owned()));
        }
        let judged = judge_known(self.agent.mode, run, shown, &*tool, call, &digest).map_err(|err| {
            let reason = match &err {
                JudgeError::Arguments(_) => format!("the arguments do not match the schema: {err}"),
                JudgeError::Handle(_) => err.to_string(),
            };
            refuse(BlockClass::InvalidArguments, effect, reason, format!("invalid arguments: {err}"))
        })?;
        let Judged { arguments, origins } = &*judged;
        let edit = run.call(call.call_id).and_then(|call| call.edit.as_ref());
        let edited = edit.map(|edit| with_editor(origins.clone(), edit, arguments));
        let origins = edited.as_ref().unwrap_or(origins);
        let Some(pins) = &run.pins else {
            return Err(refuse(BlockClass::Policy, effect, "the run has no beginning".to_owned(), "internal error".to_owned()));
        };
        let step = run.steps.iter().rev().find(|step| step.number == call.call_id.step);
        let route = self.approvals.find(&spec.name, spec.effect);
        let expires_at_ms = step.map_or(now_ms, |step| step.answered_at_ms).saturating_add(route.hours.saturating_mul(3_600_000));
        let provenance = serde_json::to_value(origins).unwrap_or_default();
        let envelope = Envelope {
            tenant: self.tenant,
            run: self.run_id,
            call: call.call_id,
            principal: Principal { agent: self.agent.name.clone(), person: pins.person },
            tool: spec.name.clone(),
            plugin_digest: spec.plugin_digest,
            schema_digest: spec.schema_digest,
            arguments: arguments.clone(),
            policy_digest: self.rules.digest(),
            prompt: pins.prompt.clone(),
            prompt_digest: pins.prompt_digest,
            model: step.map(|step| step.model.clone()).unwrap_or_default(),
            evidence: provenance.clone(),
            budget_micros: pins.limits.cost.0,
            expires_at_ms,
            circumstances: Circumstances {
                workspace: Some(pins.workspace),
                roles: self.roles.clone(),
                channel: pins.channel.clone(),
                journal: step.and_then(|step| step.chain),
                edited_by: edit.map(|edit| edit.by),
                terms: route.terms,
            },
        };
        let text = envelope
            .canonical()
            .map_err(|err| refuse(BlockClass::InvalidArguments, effect, format!("the arguments cannot be sealed: {err}"), "invalid arguments".to_owned()))?;
        let envelope_id = EnvelopeId::of_text(self.key, &text);
        if let Some(approved) = approved {
            let mut changed = approved.broken.clone();
            let is_other = approved.envelope_id != envelope_id;
            // Also where the name is the same: in which field a stored text was changed, only what is proposed now can tell.
            if is_other || !changed.is_empty() && !approved.envelope.is_empty() {
                let named = envelope.differences(&approved.envelope);
                // The stored text says the same and its name does not fit: the name was changed.
                changed.extend(if named.is_empty() && is_other { vec!["hold.envelope_id".to_owned()] } else { named });
            }
            if !changed.is_empty() {
                return Err(as_changed(effect, changed));
            }
            if approved.is_orphaned {
                return Err(refuse(
                    BlockClass::ApproverGone,
                    effect,
                    "who approved it was shut out since, or has no role any more in which they could approve it".to_owned(),
                    "this was not carried out: who approved it may not approve it any more; tell the person, who can ask for it again".to_owned(),
                ));
            }
            if now_ms > expires_at_ms {
                return Err(refuse(
                    BlockClass::Expired,
                    effect,
                    "the approval came too late".to_owned(),
                    "the approval has lapsed; propose it again".to_owned(),
                ));
            }
        }
        let facts = self.facts(run, call, pins.person, pins.workspace, &pins.channel, arguments.clone(), origins, approved, now_ms);
        let floor = origins.floor();
        let said = says_at(&spec.name).and_then(|path| origins.leaves.iter().find(|leaf| leaf.path == path)).map(|leaf| leaf.label.clone());
        let sealed = Sealed { envelope: envelope.clone(), text, id: envelope_id };
        let decision = decide(self.rules, Proposal { envelope, envelope_id }, &facts);
        let ruling = |verdict, rules, reason, tell| Ruling {
            verdict,
            rules,
            reason,
            tell,
            effect,
            policy_digest: self.rules.digest(),
            sealed: Some(sealed),
            basis: Basis::Facts(Box::new(facts)),
            provenance,
            endorsed: origins.endorsed(),
            call_digest: digest,
            floor,
            changed: Vec::new(),
            route: Some(route),
            retryable: false,
            allowed_shape: None,
            grant: None,
            said,
        };
        let elsewhere = run.elsewhere(&digest);
        let told = |reason: String| match elsewhere.map(|later| later.fate) {
            Some(Fate::Done) => format!("{reason}; the run that this one goes on from did the same already"),
            Some(Fate::Open) => format!("{reason}; the run that this one goes on from wants the same, and it may have happened there"),
            Some(Fate::Denied) => format!("{reason}; a person refused the same in the run that this one goes on from"),
            None => reason,
        };
        Ok(match decision {
            // What a person refused does not happen because somebody began again from before the refusal.
            Decision::Allow { rules, .. } if approved.is_none() && elsewhere.is_some_and(|later| later.fate == Fate::Denied) => {
                let needs = elsewhere.map(|later| later.needs.clone()).unwrap_or_default();
                ruling(Ruled::Hold(needs), rules, told("it was refused before".to_owned()), "this was refused before; it waits for approval".to_owned())
            }
            // An edit is not an approval, even where nobody would have had to be asked for it.
            Decision::Allow { rules, .. } if approved.is_none() && edit.is_some() => {
                let needs = edit.map(|edit| edit.needs.clone()).unwrap_or_default();
                ruling(Ruled::Hold(needs), rules, "a person changed the arguments".to_owned(), "a person changed this call; it waits for approval".to_owned())
            }
            Decision::Allow { permit, rules, reason } => ruling(Ruled::Allow(Box::new(permit)), rules, reason, String::new()),
            // People have spoken and it is still not enough: the rules as they are now refuse it.
            Decision::Hold { rules, reason, .. } if approved.is_some() => ruling(
                Ruled::Block(BlockClass::Refused),
                rules,
                format!("the approvals given do not suffice: {reason}"),
                "the approvals given do not suffice".to_owned(),
            ),
            Decision::Hold { needs, rules, reason, tell } => ruling(Ruled::Hold(needs), rules, told(reason), tell),
            Decision::Block(Denial { class, rules, reason, tell, allowed_shape, retryable }) => {
                Ruling { retryable, allowed_shape, ..ruling(Ruled::Block(class), rules, reason, tell) }
            }
        })
    }

    #[expect(clippy::too_many_arguments, reason = "facts are gathered from everything the gate knows; a struct for one call would only rename them")]
    fn facts(
        &self,
        run: &Run,
        call: &ToolCall,
        person: PersonId,
        workspace: WorkspaceId,
        channel: &str,
        arguments: Value,
        origins: &Origins,
        approved: Option<&Approved>,
        now_ms: i64,
    ) -> Facts {
        Facts {
            agent: self.agent.name.clone(),
            person,
            roles: self.roles.clone(),
            workspace,
            tool: call.tool.clone(),
            arguments,
            dest: origins.lowest(ArgumentClass::Dest),
            reference: origins.lowest(ArgumentClass::Ref),
            value: origins.lowest(ArgumentClass::Value),
            leak: origins.leak,
            content_actionable: origins.content_actionable,
            class_asked: origins.class_asked,
            uninvited: origins.uninvited,
            tainted: origins.tainted,
            within_budget: run
                .pins
                .as_ref()
                .is_some_and(|pins| (run.used().cost <= pins.limits.cost || run.over(now_ms).0 > 0) && run.used().tokens <= pins.limits.tokens),
            channel: channel.to_owned(),
            step: call.call_id.step,
            counts: self.counts.clone(),
            facts: facts::of_the_world(self.rules.facts_of(&call.tool), run, origins, now_ms),
            now_ms,
            approvals: approved.map(|approved| approved.approvals.clone()).unwrap_or_default(),
        }
    }
}
