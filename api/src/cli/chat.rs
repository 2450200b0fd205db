//! `steward chat`: talk with an agent in the terminal. The run is driven here, so its text streams as it is written.

mod keyboard;
mod printer;
mod questions;
mod session;

use super::Setting;
use super::error::CliError;
use super::output::Tone;
use super::progress::govern;
use super::terminal::{Terminal, Who, with};
use crate::config::DEFAULT_AGENT;
use crate::wiring::database::is_made;
use crate::wiring::keys::find_key;
use crate::wiring::{logging, loop_of};
use clap::Args;
use session::{Session, Turn};
use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;
use steward_core::limits::MESSAGE_BYTES_MAX;
use steward_core::{ConversationId, EnvelopeKey};

/// Exit code: an action of the run waits for people.
const WAITING: u8 = 3;
/// Exit code: a limit or budget stopped the run, until somebody lets it go on or for good.
const LIMITED: u8 = 4;
/// Exit code: anything else went wrong.
const FAILED: u8 = 1;

/// Talk with an agent
///
/// With a text, or with one on standard input, the agent answers once; without, you talk on until Ctrl-D. Ctrl-C stops the run.
/// Exit codes: 0 the agent replied, 3 an action waits for people, 4 a limit or budget stopped it, until somebody lets it go on or for
/// good, 1 an error.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  steward chat \"Find Lena Brandt and add a note: called today.\"\n  steward chat --json \"Which deals are open?\" | jq .event"
)]
pub(super) struct Chat {
    /// What to say
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// With which agent
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
    /// In which workspace, by name or id, where there are several
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Go on with this conversation instead of beginning one
    #[arg(long, value_name = "CONVERSATION")]
    conversation: Option<ConversationId>,
    /// Print every event as a line of JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    who: Who,
}

impl Chat {
    pub(super) async fn run(self, setting: &Setting) -> Result<ExitCode, CliError> {
        let config = setting.config()?;
        logging::start(&setting.environment, "error");
        let text = self.message().await?;
        if text.is_none() && self.json {
            return Err(CliError::said("say something: `--json` needs a text, as an argument or on standard input"));
        }
        if !is_made(&config)? {
            return Err(CliError::said(format!(
                "there is no Steward in `{}` yet; start it once with `steward up`{}",
                config.data_dir.display(),
                config.unread()
            )));
        }
        let key = find_key(&config)?;
        let turn = with(config, &self.who, "steward chat", async |terminal| Box::pin(self.talk(setting, terminal, key, text)).await).await?;
        Ok(match turn {
            Turn::Replied => ExitCode::SUCCESS,
            Turn::Waiting => ExitCode::from(WAITING),
            Turn::Stopped | Turn::Limited => ExitCode::from(LIMITED),
            Turn::Failed => ExitCode::from(FAILED),
        })
    }

    /// The text of the arguments, or of standard input if that is no terminal.
    async fn message(&self) -> Result<Option<String>, CliError> {
        let text = self.text.join(" ");
        if !text.trim().is_empty() {
            return Ok(Some(text));
        }
        if io::stdin().is_terminal() {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(|| {
            let mut text = String::new();
            io::stdin().take(MESSAGE_BYTES_MAX as u64 + 1).read_to_string(&mut text).map(|_| text)
        });
        let text = read.await.map_err(io::Error::other)??;
        if text.trim().is_empty() {
            Err(CliError::said("there is nothing on standard input; say something, for example `steward chat \"Hello\"`"))
        } else {
            Ok(Some(text))
        }
    }

    async fn talk(&self, setting: &Setting, terminal: &Terminal, key: EnvelopeKey, text: Option<String>) -> Result<Turn, CliError> {
        let runtime = loop_of(&terminal.config, &terminal.database, key, govern).await?;
        let name = self.agent.as_deref().unwrap_or(DEFAULT_AGENT);
        let names: Vec<&str> = runtime.agents.keys().map(String::as_str).collect();
        let agent = runtime.agents.get(name).cloned().ok_or_else(|| CliError::said(format!("there is no agent `{name}`; there are: {}", names.join(", "))))?;
        if runtime.models.candidates(&agent.model).is_none() {
            return Err(CliError::said(format!(
                "no model `{0}` is configured, so `{name}` cannot answer; add [models.{0}] with `model` and `api_key_env` to steward.toml",
                agent.model
            )));
        }
        // What the agent has not, its person should hear of, and not by guessing from its words.
        for one in runtime.host.set_aside() {
            eprintln!("steward: not run: {}", one.reason);
        }
        if let Some(key) = terminal.config.without_key(&agent.model) {
            eprintln!("steward: the variable that `{key}` names is not set here, or is empty: the model `{}` is asked without a key", agent.model);
        }
        let workspace = terminal.workspace(self.workspace.as_deref()).await?;
        let mut session = Session::begin(terminal, runtime.clone(), agent, workspace, self.conversation, setting.output, self.json).await?;
        let turn = match text {
            Some(text) => self.once(setting, &mut session, &text).await,
            None => self.talk_on(setting, &mut session).await,
        };
        runtime.store.close().await;
        turn
    }

    /// Says one thing. Where it waits, how to go on with it is said: the conversation has no other name.
    async fn once(&self, setting: &Setting, session: &mut Session<'_>, text: &str) -> Result<Turn, CliError> {
        let turn = session.turn(text).await?;
        if matches!(turn, Turn::Waiting | Turn::Stopped) && !self.json {
            let words = format!("Go on with `steward chat --conversation {} \"…\"`.", session.conversation());
            setting.output.line(setting.output.tone(Tone::Quiet, &words))?;
        }
        Ok(turn)
    }

    /// Line by line, until the end of the input.
    async fn talk_on(&self, setting: &Setting, session: &mut Session<'_>) -> Result<Turn, CliError> {
        let output = setting.output;
        output.line(output.tone(Tone::Quiet, &format!("{} · {} · Ctrl-D leaves, Ctrl-C stops an answer", session.agent_name(), session.conversation())))?;
        loop {
            output.piece(&output.tone(Tone::Strong, "you> "))?;
            match exchange(session).await {
                Ok(true) => {}
                Ok(false) => {
                    output.line("")?;
                    return Ok(Turn::Replied);
                }
                // Said where the answer would stand: whoever talks sees it, and may say something else.
                Err(err) if err.is_of_one_message() => output.line(output.tone(Tone::Bad, &format!("  {}", super::chain(&err))))?,
                Err(err) => return Err(err),
            }
        }
    }
}

/// One line and what comes of it. False at the end of the input.
async fn exchange(session: &mut Session<'_>) -> Result<bool, CliError> {
    let Some(line) = session.line().await? else { return Ok(false) };
    if !line.trim().is_empty()
        && let Turn::Waiting = session.turn(&line).await?
    {
        session.decide_here().await?;
    }
    Ok(true)
}
