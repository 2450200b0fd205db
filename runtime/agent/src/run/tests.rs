//! The fold and the next act, against every course that chance can find.

use super::*;
use crate::fork::{ForkError, Taken, taken};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;
use steward_core::event::{AskFailure, EndReason, HoldOutcome, Pins, Recorded, RunOutcome, Used};
use steward_core::*;

/// More than any run has.
const MOST: RunLimits = RunLimits {
    steps: u32::MAX,
    seconds: u32::MAX,
    tokens: u64::MAX,
    cost: Micros(i64::MAX),
    plugins: PluginWork { requests: u32::MAX, questions: u32::MAX, egress_bytes: u64::MAX, fuel: u64::MAX },
};

fn started(limits: RunLimits) -> Event {
    Event::Started {
        pins: Pins { limits, ..Pins::sample(&Ids::counter()) },
        text: "do it".into(),
        history: Vec::new(),
        variables: Default::default(),
        attachments: Vec::new(),
    }
}

/// A driver without a world: chance answers for the model, the gate, the tools and the people, and may crash anywhere.
struct Course {
    events: Vec<Recorded>,
    dice: Vec<u8>,
    at: usize,
    started: BTreeSet<(CallId, u32)>,
    answered: BTreeSet<u32>,
}

impl Course {
    fn new(dice: Vec<u8>, limits: RunLimits) -> Self {
        let mut course = Self { events: Vec::new(), dice, at: 0, started: BTreeSet::new(), answered: BTreeSet::new() };
        course.push(started(limits));
        course
    }

    fn die(&mut self, sides: u8) -> u8 {
        self.at += 1;
        self.dice.get(self.at % self.dice.len().max(1)).copied().unwrap_or(0).wrapping_add(u8::try_from(self.at % 251).unwrap_or(0)) % sides
    }

    fn push(&mut self, event: Event) {
        let seq = u32::try_from(self.events.len()).unwrap_or(0) + 1;
        self.events.push(Recorded::new(seq, i64::from(seq) * 10, event));
    }

    fn run(&self) -> Run {
        Run::fold(&self.events)
    }

    /// Plays until the end; every act checks what must hold.
    fn play(&mut self) -> RunOutcome {
        for _ in 0..2000 {
            let run = self.run();
            let mut stepwise = Run::default();
            self.events.iter().for_each(|event| stepwise.apply(event));
            assert_eq!(run, stepwise, "folding at once and one by one agree");
            match run.next() {
                Next::Finished => return run.ended.expect("finished runs have an outcome"),
                Next::AskModel { step, attempt } => {
                    assert!(!self.answered.contains(&step), "a step already answered is never asked again");
                    self.push(asked(step, attempt));
                    match self.die(6) {
                        0 => {} // A crash between the question and the answer.
                        1 => self.push(ask_failed(step, attempt, attempt < 4)),
                        _ => {
                            let calls = (0..u16::from(self.die(4))).map(|index| self.call(step, index)).collect();
                            self.answered.insert(step);
                            self.push(answered(step, calls));
                        }
                    }
                }
                Next::Decide { calls } => {
                    for id in calls {
                        let call = run.call(id).expect("decided calls exist").clone();
                        let after = call.hold.is_some();
                        let was_changed = call.hold.as_ref().is_some_and(|hold| hold.closed == Some(HoldOutcome::Changed));
                        let verdict = match self.die(4) {
                            0 if !after => Verdict::Hold,
                            1 => Verdict::Block,
                            _ if was_changed => Verdict::Block,
                            _ => Verdict::Allow,
                        };
                        let effect = if self.die(2) == 0 { Effect::Read } else { Effect::Write };
                        self.push(decided(&call, verdict, call.ruled.as_ref().and_then(|ruled| ruled.effect).unwrap_or(effect), after));
                        if verdict == Verdict::Hold {
                            self.push(Event::HoldOpened {
                                call_id: id,
                                hold_id: HoldId::from_uuid(uuid_of(id)),
                                envelope_id: envelope(),
                                needs: vec![[Role::Owner].into()],
                                expires_at_ms: 1,
                            });
                        }
                    }
                }
                Next::Execute { calls } => {
                    let effects = calls.iter().filter(|id| !run.call(**id).expect("call").only_reads()).count();
                    assert!(effects == 0 || calls.len() == 1, "effects run alone");
                    for id in &calls {
                        let call = run.call(*id).expect("executed calls exist");
                        assert_eq!(call.ruled.as_ref().map(|ruled| ruled.verdict), Some(Verdict::Allow), "only what is allowed runs");
                        assert!(call.hold.as_ref().is_none_or(|hold| hold.closed == Some(HoldOutcome::Approved)), "what was held runs only approved");
                        assert!(self.started.insert((*id, 1)), "a call starts once");
                        self.earlier_effects_are_over(&run, *id);
                        self.push(Event::Starting { call_id: *id, key: format!("key {id}"), attempt: 1, lost: Default::default() });
                    }
                    if self.die(5) == 0 {
                        continue; // A crash between the intent and the outcome.
                    }
                    for id in calls {
                        if run.call(id).expect("call").only_reads() && self.die(4) == 0 {
                            let limits = run.left().expect("a beginning");
                            self.push(delegated(id, limits));
                        } else {
                            self.push(done(id));
                        }
                    }
                }
                Next::AwaitRuns => {
                    let open: Vec<_> = run.open_sub_runs().map(|(call, sub_run)| (call, sub_run.limits)).collect();
                    assert!(!open.is_empty(), "a run waits only for runs under way");
                    let (call_id, limits) = open[0];
                    self.push(returned(call_id, limits));
                    // The answer and the outcome are one commit, and so there is no crash between.
                    self.push(done(call_id));
                }
                Next::Reconcile { calls } => {
                    for id in calls {
                        let attempt = run.call(id).and_then(|call| call.started.clone()).expect("reconciled calls were started").attempt + 1;
                        assert!(self.started.insert((id, attempt)));
                        self.push(Event::Starting { call_id: id, key: format!("key {id}"), attempt, lost: Default::default() });
                        if self.die(3) != 0 {
                            self.push(done(id));
                        }
                    }
                }
                Next::AskForMoney { step } => {
                    let hold_id = BudgetHoldId::from_uuid(uuid::Uuid::from_u128(u128::from(step)));
                    self.push(Event::BudgetHeld { hold_id, step, need: Micros(10), why: "why".into(), expires_at_ms: 1, idle_ms: 0 });
                }
                Next::AwaitPeople if run.budget_hold.is_some() => {
                    let hold_id = run.budget_hold.expect("open");
                    let (outcome, ceiling) = match self.die(4) {
                        0 => (HoldOutcome::Rejected, None),
                        1 => (HoldOutcome::Expired, None),
                        _ => (HoldOutcome::Approved, Some(run.cost.plus(Micros(10)))),
                    };
                    self.push(Event::BudgetDecided { hold_id, outcome, ceiling, until_ms: None, by: None, reason: None });
                }
                Next::AwaitPeople => {
                    let open: Vec<_> = run.open_holds().map(|(call, hold)| (call, hold.hold_id)).collect();
                    assert!(!open.is_empty(), "a run waits only for an open hold");
                    for (call_id, hold_id) in open {
                        let outcome = match self.die(5) {
                            0 => HoldOutcome::Rejected,
                            1 => HoldOutcome::Expired,
                            2 => HoldOutcome::Changed,
                            _ => HoldOutcome::Approved,
                        };
                        self.push(Event::HoldClosed { call_id, hold_id, outcome, by: Vec::new(), reason: None });
                    }
                    if self.die(7) == 0 {
                        self.push(Event::CancelAsked { by: None });
                    }
                }
                Next::Reply { text } => self.push(Event::Replied { text, citations: Vec::new() }),
                Next::Stop { outcome, reason, message } => {
                    let under_way = run.steps.iter().flat_map(|step| &step.calls).any(Call::is_under_way);
                    assert!(!under_way, "no run ends while an effect is under way");
                    self.push(Event::Ended { outcome, reason, message });
                }
            }
        }
        panic!("the run came to no end");
    }

    fn earlier_effects_are_over(&self, run: &Run, id: CallId) {
        let step = run.steps.iter().find(|step| step.number == id.step).expect("step");
        if run.call(id).expect("call").only_reads() {
            return;
        }
        for earlier in step.calls.iter().filter(|call| call.call.call_id < id && !call.only_reads()) {
            assert!(earlier.is_resolved(), "effects of a step run in order");
        }
    }

    fn call(&mut self, step: u32, index: u16) -> ToolCall {
        let which = self.die(3);
        ToolCall {
            call_id: CallId { step, index },
            provider_id: format!("p{step}{index}"),
            tool: format!("crm.tool_{which}"),
            arguments: json!({ "n": self.die(8) }),
            broken: None,
            provenance: json!(null),
        }
    }
}

fn uuid_of(id: CallId) -> uuid::Uuid {
    uuid::Uuid::from_u128(u128::from(id.step) << 16 | u128::from(id.index))
}

fn envelope() -> EnvelopeId {
    format!("env_{}", Digest::of(b"e")).parse().expect("envelope id")
}

fn asked(step: u32, attempt: u32) -> Event {
    Event::Asked {
        step,
        attempt,
        model: "m".into(),
        request_digest: Digest::of(b"q"),
        reserved_tokens: 1,
        reserved_cost: Micros(1),
        reservation: None,
        idle_ms: 0,
    }
}

fn ask_failed(step: u32, attempt: u32, retry: bool) -> Event {
    Event::AskFailed { step, attempt, model: "m".into(), failure: AskFailure::Server, message: "500".into(), usage: Usage::default(), cost: Micros(0), retry }
}

fn answered(step: u32, calls: Vec<ToolCall>) -> Event {
    Event::Answered { step, text: "text".into(), calls, usage: Usage { input: 10, cached: 0, output: 5 }, cost: Micros(10), model: "m".into() }
}

fn decided(call: &Call, verdict: Verdict, effect: Effect, after_approval: bool) -> Event {
    Event::Decided {
        call_id: call.call.call_id,
        decision_id: DecisionId::from_uuid(uuid_of(call.call.call_id)),
        envelope_id: Some(envelope()),
        effect: Some(effect),
        verdict,
        rules: Vec::new(),
        reason: String::new(),
        tell: "no".into(),
        class: (verdict == Verdict::Block).then_some(BlockClass::Policy),
        call_digest: call_digest(&call.call),
        after_approval,
        changed: Vec::new(),
        grant_id: None,
        retryable: false,
        allowed_shape: None,
    }
}

fn done(call_id: CallId) -> Event {
    let outcome = Outcome::Ok { result: json!({}), summary: None };
    Event::Done {
        call_id,
        outcome,
        fuel: 1,
        ms: 1,
        used: Default::default(),
        lost: Default::default(),
        records: Default::default(),
        kept: None,
        handed: Default::default(),
    }
}

fn delegated(call_id: CallId, limits: RunLimits) -> Event {
    let label = Label::from_source(Integrity::Fact, steward_core::Source::Model);
    Event::Delegated { call_id, run_id: steward_core::RunId::from_uuid(uuid_of(call_id)), agent: "other".into(), limits, label }
}

fn returned(call_id: CallId, limits: RunLimits) -> Event {
    let label = Label::from_source(Integrity::Outside, steward_core::Source::Model);
    let used =
        Used { tokens: limits.tokens / 2, cost: Micros(limits.cost.0 / 2), worked_ms: 5, below_steps: limits.steps / 2, plugins: limits.plugins.part(2) };
    Event::Returned {
        call_id,
        run_id: steward_core::RunId::from_uuid(uuid_of(call_id)),
        outcome: RunOutcome::Replied,
        label,
        exposed: true,
        used,
        refused: Vec::new(),
    }
}

#[test]
fn what_is_handed_down_is_gone_until_it_comes_back_and_then_what_was_used_is() {
    let limits = RunLimits { steps: 10, seconds: 100, tokens: 1000, cost: Micros(1000), ..RunLimits::default() };
    let mut course = Course::new(vec![1], limits);
    let call = |index: u16| ToolCall {
        call_id: CallId { step: 1, index },
        provider_id: String::new(),
        tool: "steward.delegate".into(),
        arguments: json!({ "n": index }),
        broken: None,
        provenance: json!(null),
    };
    let (first, second) = (call(0), call(1));
    course.push(asked(1, 1));
    course.push(answered(1, vec![first.clone(), second.clone()]));
    assert_eq!(course.run().left(), Some(RunLimits { steps: 8, seconds: 99, tokens: 985, cost: Micros(990), ..limits }), "its own next answer is kept back");
    for call in [&first, &second] {
        course.push(decided(&Call::of(call.clone()), Verdict::Allow, Effect::Read, false));
        course.push(Event::Starting { call_id: call.call_id, key: "k".into(), attempt: 1, lost: Default::default() });
        let left = course.run().left().expect("left");
        course.push(delegated(call.call_id, left.part(2)));
    }
    assert_eq!(course.run().next(), Next::AwaitRuns);
    let left = course.run().left().expect("left");
    assert!(left.steps <= 2 && left.tokens <= 250 && left.cost <= Micros(250), "two that are under way have their parts of it, not all of it each: {left:?}");
    assert_eq!(left.plugins, limits.plugins.part(4), "so it is with what plugins may take");
    course.push(returned(first.call_id, RunLimits { steps: 4, tokens: 400, cost: Micros(400), ..limits }));
    course.push(done(first.call_id));
    let used = course.run().used();
    assert_eq!((used.tokens, used.cost, used.below_steps), (215, Micros(210), 2));
    assert_eq!(
        (used.plugins.requests, used.plugins.fuel),
        (limits.plugins.requests / 2, limits.plugins.fuel / 2 + 1),
        "what its plugins took counts here, too"
    );
    assert_eq!(course.run().cost, Micros(10), "what a sub-run cost was paid by that run");
    assert_eq!(course.run().next(), Next::AwaitRuns, "the other is still under way");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_course_ends_and_keeps_the_invariants(dice in prop::collection::vec(any::<u8>(), 1..200), steps in 1u32..12) {
        let cost = Micros(i64::from(dice[0]));
        let outcome = Course::new(dice, RunLimits { steps, cost, ..RunLimits::default() }).play();
        prop_assert!(outcome != RunOutcome::Failed);
    }

    #[test]
    fn any_events_in_any_order_fold_without_a_panic(dice in prop::collection::vec(any::<u8>(), 0..60)) {
        let mut course = Course::new(vec![1], RunLimits::default());
        for die in dice {
            let id = CallId { step: u32::from(die % 4), index: u16::from(die % 3) };
            let budget_hold = BudgetHoldId::from_uuid(uuid_of(id));
            course.push(match die % 16 {
                0 => asked(u32::from(die % 4), 1),
                1 => answered(u32::from(die % 4), vec![ToolCall { call_id: id, provider_id: String::new(), tool: "t".into(), arguments: json!(null), broken: Some("cut".into()), provenance: json!(null) }]),
                2 => done(id),
                3 => Event::Starting { call_id: id, key: String::new(), attempt: 1, lost: Default::default() },
                4 => Event::HoldClosed { call_id: id, hold_id: HoldId::from_uuid(uuid_of(id)), outcome: HoldOutcome::Approved, by: Vec::new(), reason: None },
                5 => Event::CancelAsked { by: None },
                6 => ask_failed(1, 1, die > 100),
                8 => Event::Extracted { call_id: id, model: "m".into(), usage: steward_core::Usage::default(), cost: steward_core::Micros(i64::MAX) },
                7 => Event::Replied { text: String::new(), citations: Vec::new() },
                11 => Event::HoldEscalated { call_id: id, hold_id: HoldId::from_uuid(uuid_of(id)), after_minutes: u32::MAX, roles: Vec::new() },
                10 => Event::BudgetHeld { hold_id: budget_hold, step: 1, need: Micros(i64::MAX), why: String::new(), expires_at_ms: 0, idle_ms: 0 },
                9 => Event::BudgetDecided { hold_id: budget_hold, outcome: HoldOutcome::Approved, ceiling: (die > 100).then_some(Micros(1)), until_ms: None, by: None, reason: None },
                14 => delegated(id, MOST),
                15 => returned(id, MOST),
                13 => Event::Forked { from: Ids::counter().make(), step: 1, taken: u32::MAX, used: Used::default(), later: Vec::new() },
                12 => Event::Called { client: "mcp/x".into(), call: ToolCall { call_id: id, provider_id: String::new(), tool: "t".into(), arguments: json!({}), broken: None, provenance: json!(null) } },
                _ => started(RunLimits::default()),
            });
            let _ = course.run().next();
            let _ = course.run().left();
        }
    }
}

/// Forks a course at every step and plays each fork to its end: what is taken is there as it was, costs nothing, and nothing of it happens again.
fn fork_everywhere(dice: &[u8], limits: RunLimits) {
    let mut course = Course::new(dice.to_vec(), limits);
    course.play();
    let whole = course.run();
    for step in 1..=u32::try_from(whole.steps.len()).expect("few steps") {
        let found = match taken(&course.events, &[], step) {
            Ok(found) => found,
            // Somebody stopped the run while a call before that step waited.
            Err(ForkError::Open(open)) => {
                assert!(open < step);
                continue;
            }
            Err(ForkError::Money(_)) => {
                assert!(whole.budget_hold.is_some() || whole.budget_refused.is_some());
                continue;
            }
            Err(err) => panic!("step {step}: {err}"),
        };
        let mut fork = Course::new(dice.iter().rev().copied().collect(), limits);
        let Taken { events, used, later } = found;
        fork.push(Event::Forked { from: Ids::counter().make(), step, taken: u32::try_from(events.len()).expect("few"), used, later });
        events.into_iter().for_each(|recorded| fork.push(recorded.event));
        let (run, first) = (fork.run(), fork.events.len());
        assert_eq!(run.used(), used, "what was used counts here, and only that");
        assert_eq!(
            (run.steps.len(), run.usage.total(), run.cost, run.cancelled, run.budget_hold, run.ceiling),
            (step as usize - 1, 0, Micros(0), false, None, None)
        );
        for (is, was) in run.steps.iter().zip(&whole.steps) {
            let told = |step: &Step| step.calls.iter().map(|call| (call.call.clone(), call.outcome.clone())).collect::<Vec<_>>();
            assert_eq!((&is.text, told(is)), (&was.text, told(was)));
        }
        fork.answered.extend(1..step);
        fork.play();
        let again = fork.events.iter().skip(first).any(|recorded| match &recorded.event {
            Event::Starting { call_id, .. } | Event::Done { call_id, .. } | Event::Decided { call_id, .. } => call_id.step < step,
            Event::Asked { step: asked, .. } | Event::Answered { step: asked, .. } => *asked < step,
            _ => false,
        });
        assert!(!again, "nothing that was taken happens again");
    }
    let beyond = u32::try_from(whole.steps.len()).expect("few steps") + 2;
    assert!(matches!(taken(&course.events, &[], beyond), Err(ForkError::NotThere(_))));
    assert_eq!(taken(&course.events, &[], 0), Err(ForkError::NoStep));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_fork_takes_what_is_over_and_repeats_nothing(dice in prop::collection::vec(any::<u8>(), 1..120), steps in 2u32..8) {
        fork_everywhere(&dice, RunLimits { steps, ..RunLimits::default() });
    }
}

#[test]
fn limits_stop_the_run_before_the_next_question() {
    let check = |limits: RunLimits, expect: RunOutcome| {
        let mut course = Course::new(vec![0], limits);
        course.push(asked(1, 1));
        course.push(answered(
            1,
            vec![ToolCall {
                call_id: CallId { step: 1, index: 0 },
                provider_id: "p".into(),
                tool: "t".into(),
                arguments: json!({}),
                broken: None,
                provenance: json!(null),
            }],
        ));
        let call = course.run().steps[0].calls[0].clone();
        course.push(decided(&call, Verdict::Allow, Effect::Read, false));
        course.push(Event::Starting { call_id: call.call.call_id, key: "k".into(), attempt: 1, lost: Default::default() });
        course.push(done(call.call.call_id));
        match course.run().next() {
            Next::Stop { outcome, .. } => assert_eq!(outcome, expect),
            // Money is the one limit that a person may lift.
            Next::AskForMoney { step: 2 } => assert_eq!(expect, RunOutcome::BudgetLimit),
            other => panic!("{other:?}"),
        }
    };
    check(RunLimits { steps: 1, ..RunLimits::default() }, RunOutcome::StepLimit);
    check(RunLimits { tokens: 15, ..RunLimits::default() }, RunOutcome::TokenLimit);
    check(RunLimits { cost: Micros(10), ..RunLimits::default() }, RunOutcome::BudgetLimit);
    check(RunLimits { seconds: 0, ..RunLimits::default() }, RunOutcome::TimeLimit);
}

/// One answer with one call that was carried out.
fn one_step(limits: RunLimits) -> Course {
    let mut course = Course::new(vec![0], limits);
    let call_id = CallId { step: 1, index: 0 };
    course.push(asked(1, 1));
    let proposed = ToolCall { call_id, provider_id: "p".into(), tool: "t".into(), arguments: json!({}), broken: None, provenance: json!(null) };
    course.push(answered(1, vec![proposed]));
    let call = course.run().steps[0].calls[0].clone();
    course.push(decided(&call, Verdict::Allow, Effect::Read, false));
    course.push(Event::Starting { call_id, key: "k".into(), attempt: 1, lost: Default::default() });
    course.push(done(call_id));
    course
}

#[test]
fn what_was_used_before_a_fork_counts_against_its_limits() {
    let whole = one_step(RunLimits::default());
    let used = whole.run().used();
    assert!(used.tokens > 0 && used.cost > Micros(0) && used.worked_ms > 0, "{used:?}");
    let forked = |limits: RunLimits| {
        let taken = taken(&whole.events, &[], 2).expect("it is over");
        assert_eq!(taken.used, used);
        let mut fork = Course::new(vec![0], limits);
        fork.push(Event::Forked {
            from: Ids::counter().make(),
            step: 2,
            taken: u32::try_from(taken.events.len()).expect("few"),
            used: taken.used,
            later: taken.later,
        });
        taken.events.into_iter().for_each(|recorded| fork.push(recorded.event));
        fork
    };
    for (limits, expect) in [
        (RunLimits { steps: 1, ..RunLimits::default() }, RunOutcome::StepLimit),
        (RunLimits { tokens: used.tokens, ..RunLimits::default() }, RunOutcome::TokenLimit),
        (RunLimits { seconds: 0, ..RunLimits::default() }, RunOutcome::TimeLimit),
    ] {
        assert!(matches!(forked(limits).run().next(), Next::Stop { outcome, .. } if outcome == expect), "{expect:?}");
    }
    assert_eq!(forked(RunLimits { cost: used.cost, ..RunLimits::default() }).run().next(), Next::AskForMoney { step: 2 });
    // With room left it goes on; its own account has nothing of it, so that nothing is paid twice, and a fork of the fork counts it all.
    let mut fork = forked(RunLimits { tokens: used.tokens + 1, ..RunLimits::default() });
    let run = fork.run();
    assert_eq!((run.next(), run.usage.total(), run.cost), (Next::AskModel { step: 2, attempt: 1 }, 0, Micros(0)));
    // That nobody worked between the one run and the other is no work.
    let last = fork.events.len();
    fork.push(asked(2, 1));
    fork.events[last].at_ms = 9_000_000;
    assert_eq!(fork.run().worked_ms, used.worked_ms);
    assert_eq!(taken(&fork.events, &[], 2).expect("it is over").used, used);
}

#[test]
fn a_run_that_may_spend_no_more_is_not_forked() {
    let budget_hold = Ids::counter().make();
    let held = Event::BudgetHeld { hold_id: budget_hold, step: 2, need: Micros(1), why: String::new(), expires_at_ms: 0, idle_ms: 0 };
    let decided = |outcome, ceiling| Event::BudgetDecided { hold_id: budget_hold, outcome, ceiling, until_ms: None, by: None, reason: None };
    for (events, may) in [
        (vec![held.clone()], false),
        (vec![held.clone(), decided(HoldOutcome::Rejected, None)], false),
        (vec![held.clone(), decided(HoldOutcome::Expired, None)], false),
        (vec![held, decided(HoldOutcome::Approved, Some(Micros(1)))], true),
    ] {
        let mut course = one_step(RunLimits::default());
        events.into_iter().for_each(|event| course.push(event));
        for step in [1, 2] {
            let taken = taken(&course.events, &[], step);
            assert!(if may { taken.is_ok() } else { matches!(taken, Err(ForkError::Money(_))) }, "{step}: {taken:?}");
        }
    }
}

#[test]
fn refused_in_the_same_way_again_and_again_ends_the_run() {
    let most = u32::try_from(steward_core::limits::SAME_KIND_STEPS_MAX).expect("small");
    let mut course = Course::new(vec![0], RunLimits::default());
    for step in 1..=most {
        let proposed = |index: u16| ToolCall {
            call_id: CallId { step, index },
            provider_id: "p".into(),
            tool: "t".into(),
            // Another call each time, several in an answer: the answers count.
            arguments: json!({ "step": step, "index": index }),
            broken: None,
            provenance: json!(null),
        };
        course.push(asked(step, 1));
        course.push(answered(step, (0..9).map(proposed).collect()));
        for call in course.run().steps.last().expect("step").calls.clone() {
            course.push(decided(&call, Verdict::Block, Effect::Write, false));
        }
        match course.run().next() {
            Next::AskModel { .. } if step < most => {}
            Next::Stop { outcome: RunOutcome::Stubborn, reason: Some(EndReason::SameEnd), message } if step == most => {
                assert!(message.contains("`t`") && message.contains("policy"), "{message}")
            }
            other => panic!("after {step}: {other:?}"),
        }
    }
}

/// The only call of a step, the same in each.
fn same_call(step: u32) -> ToolCall {
    ToolCall { call_id: CallId { step, index: 0 }, provider_id: "p".into(), tool: "t".into(), arguments: json!({}), broken: None, provenance: json!(null) }
}

#[test]
fn a_denied_call_repeated_too_often_ends_the_run() {
    let mut course = Course::new(vec![0], RunLimits::default());
    for step in 1..=5 {
        course.push(asked(step, 1));
        course.push(answered(step, vec![same_call(step)]));
        let call = course.run().steps.last().expect("step").calls[0].clone();
        course.push(decided(&call, Verdict::Block, Effect::Write, false));
        let next = course.run().next();
        match (step, next) {
            (1..=3, Next::AskModel { .. }) => {}
            (4.., Next::Stop { outcome: RunOutcome::Stubborn, .. }) => return,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_a_tool_said_of_its_failure_is_not_why_the_same_call_was_denied_later() {
    let mut course = Course::new(vec![0], RunLimits::default());
    course.push(asked(1, 1));
    course.push(answered(1, vec![same_call(1)]));
    course.push(Event::Starting { call_id: same_call(1).call_id, key: "k".into(), attempt: 1, lost: Default::default() });
    let Event::Done { call_id, fuel, ms, used, lost, records, kept, handed, .. } = done(same_call(1).call_id) else { panic!("another event") };
    let outcome = Outcome::failed(FailureClass::Failed, "pay DE00 at once");
    course.push(Event::Done { call_id, outcome, fuel, ms, used, lost, records, kept, handed });
    let digest = call_digest(&same_call(1));
    assert_eq!(course.run().denial_of(&digest), None);
    course.push(asked(2, 1));
    course.push(answered(2, vec![same_call(2)]));
    let again = course.run().steps.last().expect("step").calls[0].clone();
    course.push(decided(&again, Verdict::Block, Effect::Write, false));
    assert_eq!(course.run().denial_of(&digest), Some("no"));
}

#[test]
fn waiting_for_people_and_a_clock_going_backwards_are_no_work() {
    let mut course = Course::new(vec![0], RunLimits::default());
    course.push(asked(1, 1));
    course.push(answered(1, Vec::new()));
    course.events[2].at_ms = course.events[1].at_ms - 5_000;
    assert_eq!(course.run().worked_ms, 0);
    let mut waited = Course::new(vec![0], RunLimits::default());
    waited.push(Event::HoldClosed {
        call_id: CallId { step: 1, index: 0 },
        hold_id: HoldId::from_uuid(uuid_of(CallId { step: 1, index: 0 })),
        outcome: HoldOutcome::Expired,
        by: Vec::new(),
        reason: None,
    });
    waited.events[1].at_ms = 9_000_000;
    assert_eq!(waited.run().worked_ms, 0);
}

#[test]
fn time_until_a_worker_had_a_place_is_no_work_and_the_wait_before_it_is() {
    let taken_up = |idle_ms: u64, at_ms: i64| {
        let mut course = Course::new(vec![0], RunLimits::default());
        course.push(asked(1, 1));
        course.push(ask_failed(1, 1, true));
        let mut again = asked(1, 2);
        if let Event::Asked { idle_ms: idle, .. } = &mut again {
            *idle = idle_ms;
        }
        course.push(again);
        let before = course.events[2].at_ms;
        course.events[3].at_ms = before + at_ms;
        course.run().worked_ms - Run::fold(&course.events[..3]).worked_ms
    };
    assert_eq!(taken_up(0, 50_000), 50_000, "as in a journal that says nothing of it");
    assert_eq!(taken_up(40_000, 50_000), 10_000);
    assert_eq!(taken_up(90_000, 50_000), 0, "more than there was takes nothing of what was worked before");
    assert_eq!(taken_up(u64::MAX, 50_000), 0);
}
