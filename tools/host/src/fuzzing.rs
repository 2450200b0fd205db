//! What is read of others' bytes, each as a function that takes any: it must neither panic nor believe what it should not.
//!
//! The tests try them with changed samples, `make fuzz` for as long as it is let and guided by coverage. Compiled only with the feature
//! `testing`.

use crate::egress::{EgressRule, ReadTarget as Target, Scheme, find_rule};
use crate::engine::{Allocation, Host, HostOptions};
use crate::error::PluginError;
use crate::manifest::Manifest;
use crate::mcp;
use crate::plugin::Package;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A manifest of anybody's.
pub fn manifest(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(manifest) = Manifest::parse(text) else { return };
    // What was taken holds what the rest of the host relies on.
    assert!(!manifest.tools.is_empty() && manifest.limits.memory_mb > 0 && manifest.limits.fuel > 0, "limits without a bound were taken");
    assert!(manifest.tools.iter().all(|tool| tool.name.split_once('.').is_some_and(|(plugin, _)| plugin == manifest.plugin.name)), "a foreign name was taken");
    assert!(manifest.egress.allow.iter().all(|rule| rule.check().is_ok() && !rule.host.contains('*')), "a rule was taken that is none");
    let asks = [crate::grants::Grant::Http, crate::grants::Grant::WasiHttp].iter().any(|grant| manifest.grants().contains(grant));
    assert_eq!(asks, !manifest.egress.allow.is_empty(), "a way out without its grant");
    assert_eq!(manifest.grants().contains(&crate::grants::Grant::Kv), manifest.kv.is_some(), "something is kept without its grant");
}

/// A component of anybody's, under a manifest that asks for nothing.
pub fn component(bytes: &[u8]) {
    static HOST: OnceLock<Option<Host>> = OnceLock::new();
    const MANIFEST: &str = "[plugin]\nname = \"any\"\nversion = \"1.0.0\"\nlanguage = \"any\"\n[limits]\nmemory_mb = 1\nfuel = 100_000\n[[tool]]\nname = \"any.thing\"\neffect = \"read\"\nreversible = true\nidempotent = true\ndescription = \"Any.\"\narguments = { type = \"object\", additionalProperties = false, properties = {} }\nresult = { type = \"object\" }\n";
    let options = || HostOptions { allocation: Allocation::OnDemand, ..HostOptions::default() };
    let Some(host) = HOST.get_or_init(|| Host::new(options()).ok()) else { return };
    let package = Package { manifest: Cow::Borrowed(MANIFEST), component: Cow::Borrowed(bytes), files: BTreeMap::new(), signature: None, home: None };
    if let Err(PluginError::Manifest(problem)) = host.make(&package) {
        assert!(problem.is_empty(), "the manifest is sound, and was refused for `{problem}`");
    }
}

/// An address, a method and where it redirects to, one a line, under rules that allow a little.
pub fn egress(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let (url, method, location) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let rule = |scheme, host: &str, paths: &[&str]| EgressRule {
        scheme,
        host: host.to_owned(),
        port: None,
        methods: vec!["GET".to_owned()],
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        secret: None,
    };
    let rules = [rule(Scheme::Https, "api.example.com", &["/v1/*"]), rule(Scheme::Http, "b.example", &["/a/*/c", "/"])];
    let Ok(target) = Target::parse(url) else { return };
    look(&rules, method, &target);
    if let Ok(next) = target.follow(location) {
        look(&rules, method, &next);
    }
}

fn look(rules: &[EgressRule], method: &str, target: &Target) {
    // What is compared is what is asked: written out and read again it is the same.
    let written = format!("{}://{}{}", target.scheme, target.authority(), target.path_and_query());
    assert_eq!(Target::parse(&written).as_ref(), Ok(target), "`{written}` is read in two ways");
    let Ok(rule) = find_rule(rules, method, target) else { return };
    assert!(method == "GET" && rule.host == target.host && rule.port() == target.port && rule.scheme == target.scheme, "`{written}` was let through");
    let inside = match target.host.as_str() {
        "api.example.com" => target.path.starts_with("/v1/"),
        "b.example" => target.path == "/" || (target.path.starts_with("/a/") && target.path.ends_with("/c")),
        _ => false,
    };
    assert!(inside && !target.path.contains("/../") && !target.path.contains("//"), "`{written}` was let through");
    // Nor for who takes off what stands behind a `;`.
    let goes_up = target.path.split('/').filter_map(|part| part.split_once(';')).any(|(name, _)| matches!(name, "" | "." | ".."));
    assert!(!goes_up && !target.path.to_ascii_lowercase().contains("%3b"), "`{written}` was let through");
}

/// Frames of an MCP server, one a line: lists of tools and results of calls.
pub fn mcp(bytes: &[u8]) {
    bytes.split(|byte| *byte == b'\n').for_each(mcp::take_frame);
}
