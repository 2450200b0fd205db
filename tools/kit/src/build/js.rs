//! JavaScript and TypeScript: one file by esbuild, made a component with QuickJS by componentize-qjs, both from the project's `package.json`; with
//! StarlingMonkey by componentize-js where it asks others by `fetch`.

use super::tools::{own, run, run_told};
use super::{Step, Told};
use crate::error::KitError;
use crate::project::Project;
use crate::world;
use std::process::Command;

const INSTALL: &str = "npm install";
/// What has `fetch`, and what brings it, with what it needs and does not name.
const WITH_FETCH: &str = "@bytecodealliance/componentize-js";
const INSTALL_FETCH: &str = "npm install --save-dev @bytecodealliance/componentize-js@0.23.0 @bytecodealliance/preview2-shim@0.25.0";
/// A component of the world, of a file, to a file, with nothing of WASI but what `fetch` needs.
const MAKE_FETCH: &str = r#"
import { writeFile } from "node:fs/promises";
import { componentize } from "@bytecodealliance/componentize-js";
const [, witPath, worldName, sourcePath, out] = process.argv;
const disableFeatures = ["clocks", "fetch-event", "random", "stdio"];
const { component } = await componentize({ sourcePath, witPath, worldName, disableFeatures });
await writeFile(out, component);
"#;
const NO_NODE: &str = "Node.js 20 or newer is missing; install it from https://nodejs.org or your distribution";

pub(super) fn build(project: &Project, told: Told<'_>) -> Result<Vec<u8>, KitError> {
    let dir = &project.dir;
    let entry = ["src/index.ts", "src/index.js"].into_iter().find(|path| dir.join(path).is_file());
    let entry = entry.ok_or_else(|| KitError::said(format!("there is neither `src/index.ts` nor `src/index.js` in `{}`", dir.display())))?;
    let bundler = own(dir, "node_modules/.bin/esbuild", INSTALL)?;
    let (wit, out) = (world::write(project)?, project.own("built")?);
    let (bundle, component) = (out.join("plugin.js"), out.join("plugin.wasm"));
    let mut command = Command::new(bundler);
    command.current_dir(dir).arg(entry).args(["--bundle", "--format=esm", "--log-level=warning", "--external:steward:*"]);
    command.arg(format!("--outfile={}", absolute(&bundle)?.display()));
    run(&mut command, "esbuild", NO_NODE)?;
    let (name, words, mut command) = if project.outline.imports.contains(&world::WASI) {
        own(dir, &format!("node_modules/{WITH_FETCH}/package.json"), INSTALL_FETCH)?;
        let mut command = Command::new("node");
        command.args(["--input-type=module", "--eval", MAKE_FETCH]).arg(absolute(&wit)?).arg(world::NAME).arg(absolute(&bundle)?).arg(absolute(&component)?);
        ("componentize-js", "componentize-js makes the component", command)
    } else {
        // No WASI: what the interpreter would ask the system for is a trap, and nothing asynchronous is made.
        let mut command = Command::new(own(dir, "node_modules/.bin/componentize-qjs", INSTALL)?);
        command.arg("--wit").arg(absolute(&wit)?).args(["--world", world::NAME]).arg("--js").arg(absolute(&bundle)?);
        command.args(["--sync", "--stub-wasi", "--opt-size"]).arg("--output").arg(absolute(&component)?);
        ("componentize-qjs", "componentize-qjs makes the component", command)
    };
    command.current_dir(dir);
    told(Step::Packs(words));
    run_told(&mut command, name, NO_NODE, told)?;
    std::fs::read(&component).map_err(KitError::read(component))
}

fn absolute(path: &std::path::Path) -> Result<std::path::PathBuf, KitError> {
    std::path::absolute(path).map_err(KitError::read(path))
}
