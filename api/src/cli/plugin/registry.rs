//! `steward plugin push` and `pull`: a plugin to a registry and back, named by its digest.

use crate::cli::{CliError, Setting};
use clap::Args;
use serde_json::json;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use steward_core::Digest;
use steward_kit::Project;
use steward_kit::archive::{pack, unpack};
use steward_kit::registry::{Credentials, Reference, named, pull, push};

/// The largest configuration of Docker that is read, in bytes.
const DOCKER_BYTES_MAX: u64 = 1 << 20;

/// Send a plugin to an OCI registry
///
/// Who you are stands in STEWARD_REGISTRY_USER and STEWARD_REGISTRY_PASSWORD, in STEWARD_REGISTRY_TOKEN, or in Docker's configuration.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  steward plugin push registry.example.com/tools/weather:1.0.0\n  steward plugin push localhost:5000/weather:1.0.0 ./weather"
)]
pub(super) struct Push {
    /// Registry, path and tag
    #[arg(value_name = "REF", value_parser = parse)]
    reference: Reference,
    /// The plugin's directory
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Fetch a plugin from an OCI registry, as an archive that can be installed
///
/// A tag may stand for another plugin tomorrow; `REF@sha256:…` cannot.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  steward plugin pull registry.example.com/tools/weather:1.0.0\n  steward plugin pull localhost:5000/weather@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 --to weather.tar"
)]
pub(super) struct Pull {
    /// Registry, path, and tag or digest
    #[arg(value_name = "REF", value_parser = parse)]
    reference: Reference,
    /// The file [default: NAME-VERSION.tar here]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn parse(text: &str) -> Result<Reference, String> {
    text.parse()
}

impl Push {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        let (project, packed) = (Project::open(&self.dir)?, pack(&self.dir)?);
        let digest = push(&self.reference, &packed, &project.outline.version, &credentials(setting, &self.reference)?).await?;
        let (outline, by_digest) = (&project.outline, by_digest(&self.reference, &digest));
        if self.json {
            let said = json!({
                "plugin": outline.name,
                "version": outline.version,
                "pushed_to": self.reference.to_string(),
                "digest": named(&digest),
                "by_digest": by_digest,
            });
            return Ok(setting.output.json(&said)?);
        }
        setting.output.line(format!("pushed `{}` {} to `{}`", outline.name, outline.version, self.reference))?;
        Ok(setting.output.line(format!("By its digest it is `{by_digest}`"))?)
    }
}

impl Pull {
    pub(super) async fn run(self, setting: &Setting) -> Result<(), CliError> {
        let pulled = pull(&self.reference, &credentials(setting, &self.reference)?).await?;
        // What is no plugin is not kept; nor is it run by being looked at.
        let packed = pack(unpack(&pulled.bytes)?.dir())?;
        let file = self.to.unwrap_or_else(|| PathBuf::from(&packed.file_name));
        let made = File::create_new(&file).and_then(|mut made| {
            // Half an archive is none, and would stand in the way of the next.
            made.write_all(&pulled.bytes).inspect_err(|_| drop(std::fs::remove_file(&file)))
        });
        made.map_err(|err| match err.kind() {
            std::io::ErrorKind::AlreadyExists => CliError::said(format!("`{}` is there already; name another with `--to`", file.display())),
            _ => CliError::said(format!("`{}` cannot be written: {err}", file.display())),
        })?;
        let by_digest = by_digest(&self.reference, &pulled.digest);
        if self.json {
            let said = json!({
                "file": file.display().to_string(),
                "bytes": pulled.bytes.len(),
                "digest": named(&pulled.digest),
                "by_digest": by_digest,
            });
            return Ok(setting.output.json(&said)?);
        }
        setting.output.line(format!("pulled `{by_digest}` into `{}`", file.display()))?;
        Ok(setting.output.line(format!("Nothing of it is run: steward plugin install {}", file.display()))?)
    }
}

/// The name that stands for this plugin alone.
fn by_digest(reference: &Reference, digest: &Digest) -> String {
    format!("{}/{}@{}", reference.registry, reference.repository, named(digest))
}

/// Who one is to a registry: by variables, by Docker's configuration, or nobody.
fn credentials(setting: &Setting, reference: &Reference) -> Result<Credentials, CliError> {
    let variable = |name: &str| setting.environment.text(name).map(str::to_owned);
    if let Some(token) = variable("STEWARD_REGISTRY_TOKEN") {
        return Ok(Credentials::Token(token));
    }
    match (variable("STEWARD_REGISTRY_USER"), variable("STEWARD_REGISTRY_PASSWORD")) {
        (Some(user), Some(password)) => return Ok(Credentials::Basic { user, password }),
        (None, None) => {}
        (Some(_), None) | (None, Some(_)) => return Err(CliError::said("set both STEWARD_REGISTRY_USER and STEWARD_REGISTRY_PASSWORD, or neither")),
    }
    let dir = variable("DOCKER_CONFIG").map(PathBuf::from).or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".docker")));
    let Some(path) = dir.map(|dir| dir.join("config.json")) else { return Ok(Credentials::Anonymous) };
    let failed = |problem: String| CliError::said(format!("`{}` cannot be used: {problem}", path.display()));
    match std::fs::metadata(&path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(Credentials::Anonymous),
        Err(err) => return Err(failed(err.to_string())),
        Ok(found) if found.len() > DOCKER_BYTES_MAX => return Err(failed(format!("it has more than {DOCKER_BYTES_MAX} bytes"))),
        Ok(_) => {}
    }
    let text = std::fs::read_to_string(&path).map_err(|err| failed(err.to_string()))?;
    Credentials::from_docker(&text, &reference.registry).map_err(failed)
}
