//! Gathers what the benches left into one file and one table. `make bench` runs it; it measures nothing itself.
//!
//! Use: `bench_table <criterion's folder> <figures of k5> <figures of builds> <what the benches printed> <file to write>`

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool for developers stops where it cannot go on")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What a figure must not be above, in its unit. Figures of `k5` say theirs in their names.
const TARGETS: &[(&str, f64)] = &[
    ("audit/beyond_the_row_bytes", 250.0),
    ("audit/beyond_the_row_us", 5.0),
    // 10,000 rows a second: the bench orders 20,000.
    ("audit/sequence", 2_000_000.0),
    // 1,000,000 rows a second: the bench checks 262,144.
    ("audit/verify", 262_144.0),
    ("call/get_contact_cpu_us_p50", 40.0),
    ("gate_50_rules/allow", 150.0),
    ("gate_50_rules/hold", 400.0),
    ("import/new_50000", 10_000_000.0),
    ("instance/memory_kib", 50.0),
    ("labels/decision_50_rules_100_values", 250.0),
    ("labels/provenance_10_leaves_100_kb", 1_000.0),
    ("up/pages_mib", 12.0),
    ("policy/backtest_10000_ms_p50", 10_000.0),
    ("policy_sets/backtest_10000", 10_000_000.0),
    ("policy_sets/prove_by_solver", 5_000_000.0),
    ("sign_in/apart_percent", 10.0),
    ("spin/late_ms_max", 15.0),
    ("spin/others_ms_max", 10.0),
    ("up/idle_mib", 120.0),
    ("up/ready_ms", 1_000.0),
    ("egress/beyond_bare", 150.0),
    ("load/cached", 5_000.0),
    ("load/cold", 400_000.0),
    ("language/rust", 40.0),
    ("language/js", 300.0),
    ("language/python", 2_000.0),
    ("mcp/beyond_bare", 1_000.0),
    ("installed_200/start_more_ms_p50", 300.0),
    ("installed_200/memory_more_mib", 100.0),
];
/// Figures made of others: the first less the rest.
const BEYOND: &[(&str, &[&str])] = &[
    // What a plugin's call takes that asks nobody is no part of asking.
    ("egress/beyond_bare", &["egress/mediated", "egress/call", "egress/bare"]),
    ("mcp/beyond_bare", &["mcp/mediated", "mcp/bare"]),
    // Ours as others call it: a run with its journal and a decision in PostgreSQL.
    ("mcp/served_beyond_bare", &["mcp/served_us_p50", "mcp/served_bare_us_p50"]),
];

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [criterion, k5, builds, printed, out] = arguments.as_slice() else {
        eprintln!("use: bench_table <criterion's folder> <figures of k5> <figures of builds> <what the benches printed> <file to write>");
        std::process::exit(2);
    };
    let mut figures = Vec::new();
    gather(criterion, &mut figures);
    figures.extend(std::fs::read_to_string(printed).unwrap_or_default().lines().filter_map(line));
    let beyond: Vec<Value> = BEYOND.iter().filter_map(|(name, parts)| less(name, parts, &figures)).collect();
    figures.extend(beyond);
    figures.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    // Those of builds are there where `make bench-build` ran before.
    for made in [k5, builds].into_iter().filter(|made| made.exists()) {
        figures.extend(read(made).as_array().unwrap().iter().cloned());
    }
    if figures.is_empty() {
        eprintln!("no bench left a figure");
        std::process::exit(1);
    }
    for figure in &mut figures {
        let said = figure["name"].as_str().and_then(said);
        if let Some(target) = said.or_else(|| TARGETS.iter().find(|(name, _)| figure["name"] == *name).map(|(_, most)| *most)) {
            figure["target"] = json!(target);
        }
    }
    std::fs::write(out, format!("{}\n", serde_json::to_string_pretty(&figures).unwrap())).unwrap();
    let (mut targets, mut not_met) = (0, Vec::new());
    for figure in &figures {
        let (value, unit) = (figure["value"].as_f64().unwrap(), figure["unit"].as_str().unwrap());
        let name = figure["name"].as_str().unwrap();
        let target = figure["target"].as_f64().map(|target| {
            let is_floor = name.contains("(target ≥");
            let is_met = if is_floor { value >= target } else { value <= target };
            targets += 1;
            if !is_met {
                not_met.push(name);
            }
            format!("  {} {target}: {}", if is_floor { '≥' } else { '≤' }, if is_met { "met" } else { "NOT MET" })
        });
        println!("{name:<88} {value:>12.2} {unit:<3}{}", target.unwrap_or_default());
    }
    // Among a hundred rows one is overlooked. Nothing is refused for it: it may be this machine, or what else ran on it.
    if not_met.is_empty() {
        println!("All {targets} targets are met.");
    } else {
        println!("NOT MET, {} of {targets}: {}", not_met.len(), not_met.join("; "));
    }
}

/// The target that a figure's own name says: `(target ≤ 5)`.
fn said(name: &str) -> Option<f64> {
    let (_, said) = name.split_once("(target ")?;
    said.trim_start_matches(['≤', '≥', ' ']).trim_end_matches(')').parse().ok()
}

/// The first of these figures less the others, where all are there.
fn less(name: &str, parts: &[&str], figures: &[Value]) -> Option<Value> {
    let value = |part: &str| figures.iter().find(|figure| figure["name"] == part)?["value"].as_f64();
    let (first, rest) = parts.split_first()?;
    let rest: Option<f64> = rest.iter().map(|part| value(part)).sum();
    Some(json!({ "name": name, "value": value(first)? - rest?, "unit": "µs" }))
}

/// Every `new/estimates.json` below a folder: the median, in microseconds.
fn gather(folder: &Path, figures: &mut Vec<Value>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        if path.ends_with("new") && path.join("estimates.json").exists() {
            let name = read(&path.join("benchmark.json"))["full_id"].clone();
            let median = read(&path.join("estimates.json"))["median"]["point_estimate"].as_f64().unwrap();
            figures.push(json!({ "name": name, "value": median / 1_000.0, "unit": "µs" }));
        } else {
            gather(&path, figures);
        }
    }
}

/// A figure that a bench without Criterion printed: `instance/memory_kib 46`. Its unit stands in its name.
fn line(line: &str) -> Option<Value> {
    let (name, value) = line.split_once(' ').filter(|(name, _)| name.contains('/'))?;
    let value: f64 = value.trim().parse().ok()?;
    let unit = name
        .split(['/', '_'])
        .find_map(|part| {
            [("us", "µs"), ("ms", "ms"), ("kib", "KiB"), ("mib", "MiB"), ("s", "s"), ("bytes", "B"), ("percent", "%")].iter().find(|(word, _)| *word == part)
        })
        .map_or("", |(_, unit)| unit);
    Some(json!({ "name": name, "value": value, "unit": unit }))
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
