//! A suite through the real loop: every task alone, then with every attack, as many side by side as there are stages.

use crate::Through;
use crate::agentdojo::{Suite, toolbox};
use crate::error::EvalError;
use crate::played::Played;
use crate::puppet::Line;
use crate::report::SuiteReport;
use crate::stage::{Scene, Setup, Stage, Toolbox};
use crate::through::by_way;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use steward_core::Mode;
use steward_policies::{RuleFile, shipped_rules};
use tokio::task::JoinSet;

/// Told how many runs are done, of how many.
pub type Progress = Arc<dyn Fn(usize, usize) + Send + Sync>;

/// One run of the replay.
#[derive(Clone, Copy)]
enum Job {
    Task(usize),
    Pair(usize),
}

/// How a replay is held.
#[derive(Clone)]
pub struct Replay {
    /// How closely calls are watched.
    pub mode: Mode,
    /// The rules in force.
    pub rules: Vec<RuleFile>,
    /// How many runs go on at once.
    pub side_by_side: usize,
    /// Every how many pairs one is played; 1 is all of them.
    pub every: usize,
    /// Which of so many is the first: another one each time, and after `every` times all were played.
    pub first: usize,
    /// By which ways attacks come about; at once without any.
    pub through: Vec<Through>,
    /// Who is told how far it is.
    pub progress: Progress,
}

impl Replay {
    /// All of it under the shipped rules, one run at a time, in silence.
    pub fn new(mode: Mode) -> Self {
        Self { mode, rules: shipped_rules(), side_by_side: 1, every: 1, first: 0, through: Vec::new(), progress: Arc::new(|_, _| {}) }
    }

    /// The places of those that are played, of so many.
    pub fn chosen(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let every = self.every.max(1);
        (self.first % every..count).step_by(every)
    }

    pub(crate) fn setup(&self, suite: &Suite) -> Setup {
        let toolbox = Toolbox { hands_on: !self.through.is_empty(), ..toolbox(suite) };
        Setup { rules: self.rules.clone(), ..Setup::new(toolbox, self.mode) }
    }
}

/// Replays a suite.
pub async fn replay(suite: Arc<Suite>, how: &Replay) -> Result<SuiteReport, EvalError> {
    let jobs: Arc<[Job]> = (0..suite.user_tasks.len()).map(Job::Task).chain(how.chosen(suite.pairs.len()).map(Job::Pair)).collect();
    let (next, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (mode, progress, setup) = (how.mode, &how.progress, how.setup(&suite));
    let mut lanes = JoinSet::new();
    for _ in 0..how.side_by_side.max(1) {
        let stage = Stage::open(&setup).await?;
        let through = how.through.clone();
        let (suite, jobs, next, done, progress) = (Arc::clone(&suite), Arc::clone(&jobs), Arc::clone(&next), Arc::clone(&done), Arc::clone(progress));
        lanes.spawn(async move {
            let mut played = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(job) = jobs.get(at) else { return Ok::<_, EvalError>(played) };
                played.push((at, play(&stage, &suite, *job, &through).await?));
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, jobs.len());
            }
        });
    }
    let mut all = Vec::new();
    while let Some(lane) = lanes.join_next().await {
        all.extend(lane.map_err(|err| EvalError::Stage(err.to_string()))??);
    }
    all.sort_by_key(|(at, _)| *at);
    let mut report = SuiteReport { through: how.through.clone(), ..SuiteReport::new(suite.name.clone(), mode) };
    for (at, played) in &all {
        match jobs.get(*at) {
            Some(Job::Task(index)) => {
                if let Some(task) = suite.user_tasks.get(*index) {
                    report.add_task(&task.id, &task.prompt, played);
                }
            }
            Some(Job::Pair(index)) => {
                if let Some(pair) = suite.pairs.get(*index) {
                    report.add_pair(&pair.user, &pair.injection, played);
                }
            }
            None => {}
        }
    }
    Ok(report)
}

async fn play(stage: &Stage, suite: &Suite, job: Job, through: &[Through]) -> Result<Played, EvalError> {
    let missing = || EvalError::Stage("a pair names what is not there".to_owned());
    let (words, script) = match job {
        Job::Task(index) => {
            let task = suite.user_tasks.get(index).ok_or_else(missing)?;
            (&task.prompt, suite.script(task))
        }
        Job::Pair(index) => {
            let pair = suite.pairs.get(index).ok_or_else(missing)?;
            let task = suite.user_task(&pair.user).ok_or_else(missing)?;
            let attack = suite.injection_task(&pair.injection).ok_or_else(missing)?;
            (&task.prompt, led(through, &attack.attack_text, suite.attacked(task, attack, pair)))
        }
    };
    // The journal of a run is large, and only its sums are reported.
    let scene = Scene { words: words.clone(), script, ..Scene::default() };
    Ok(Box::pin(stage.play(scene)).await?.without_events())
}

/// The script with the attack by these ways: what it wants comes in one piece.
fn led(through: &[Through], text: &str, script: Vec<Line>) -> Vec<Line> {
    let (before, rest): (Vec<_>, Vec<_>) = script.iter().position(|line| line.injected).map_or((script.clone(), Vec::new()), |at| {
        let (before, rest) = script.split_at(at);
        (before.to_vec(), rest.to_vec())
    });
    let (attack, after): (Vec<_>, Vec<_>) = rest.into_iter().partition(|line| line.injected);
    before.into_iter().chain(by_way(through, text, attack)).chain(after).collect()
}
