//! Python: CPython with the project's modules by componentize-py, from the project's own environment.

use super::tools::{own, run_told};
use super::{Step, Told};
use crate::error::KitError;
use crate::project::Project;
use crate::world;
use std::path::absolute;
use std::process::Command;

const INSTALL: &str = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt";
const NO_PYTHON: &str = "Python 3.10 or newer is missing; install it from your distribution (Debian: apt-get install python3 python3-venv)";

pub(super) fn build(project: &Project, told: Told<'_>) -> Result<Vec<u8>, KitError> {
    let dir = &project.dir;
    if !dir.join("src/app.py").is_file() {
        return Err(KitError::said(format!("there is no `src/app.py` in `{}`, and tool.toml says `language = \"python\"`", dir.display())));
    }
    let packager = own(dir, ".venv/bin/componentize-py", INSTALL)?;
    let out = project.own("built")?.join("plugin.wasm");
    let path = |path| absolute(path).map_err(KitError::read(path));
    let (wit, out) = (path(&world::write(project)?)?, path(&out)?);
    // No WASI: what the interpreter would ask the system for is a trap.
    let mut command = Command::new(packager);
    command.current_dir(dir).arg("--quiet").arg("--wit-path").arg(wit).args(["--world", world::NAME]);
    command.args(["componentize", "--stub-wasi", "--python-path", "src", "--python-path", "vendor", "app", "--output"]).arg(&out);
    told(Step::Packs("componentize-py makes the component"));
    run_told(&mut command, "componentize-py", NO_PYTHON, told)?;
    std::fs::read(&out).map_err(KitError::read(out))
}
