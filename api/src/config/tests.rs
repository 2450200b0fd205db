//! Configurations as people write them, the wrong ones first.

use super::*;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use steward_agent::models::Provider;
use steward_core::{HasKind, Micros};

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let dir = std::env::temp_dir().join(format!("stw-config-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    std::fs::create_dir_all(&dir).expect("scratch directory");
    if !file.is_empty() {
        std::fs::write(dir.join("steward.toml"), file).expect("file");
    }
    let loaded = Config::load(&Environment::of(variables.iter().copied(), &dir), &Overrides::default());
    std::fs::remove_dir_all(&dir).expect("clean up");
    loaded
}

fn refused(file: &str, variables: &[(&str, &str)], expect: &[&str]) {
    let err = load(file, variables).expect_err(file).to_string();
    for part in expect {
        assert!(err.contains(part), "`{file}` {variables:?} should say `{part}`, but says: {err}");
    }
}

#[test]
fn wrong_keys_name_the_nearest_known_one() {
    refused("dta_dir = \"x\"", &[], &["there is no key `dta_dir`", "steward.toml:1)", "did you mean `data_dir`?"]);
    refused("[server]\n\nlisten_on = \"127.0.0.1:1\"", &[], &["`server.listen_on`", "steward.toml:3)", "did you mean `server.listen`?"]);
    refused("[sever]\nlisten = \"127.0.0.1:1\"", &[], &["did you mean `server.listen`?"]);
    refused("[models.strong]\nmodel = \"m\"\napi_key = \"sk-secret\"", &[], &["`models.strong.api_key`", "did you mean `models.strong.api_key_env`?"]);
    refused("[agents.assistant.limits]\nstep = 3", &[], &["did you mean `agents.assistant.limits.steps`?"]);
    refused("[plugin]", &[], &["there is no key `plugin`"]);
    refused("[server.listen]", &[], &["`server.listen` is `a table`", "write"]);
    refused("zzz = 1", &[], &["there is no key `zzz`", "see `steward doctor`"]);
    refused("", &[("STEWARD_SERVER__LISTN", "127.0.0.1:1")], &["`STEWARD_SERVER__LISTN` sets no known key; did you mean `STEWARD_SERVER__LISTEN`?"]);
    refused("\"a.b\" = 1", &[], &["`a.b`", "is no name"]);
}

#[test]
fn wrong_values_say_what_to_write() {
    refused("data_dir = 7", &[], &["`data_dir` is `7`", "write a text in quotes"]);
    refused("data_dir = \"\"", &[], &["write a path"]);
    refused("owner_email = \"nobody\"", &[], &["`owner_email` is `nobody`", "write an e-mail address"]);
    refused("[server]\nlisten = \"7700\"", &[], &["`server.listen` is `7700`", "127.0.0.1:7700"]);
    refused("", &[("STEWARD_SERVER__LISTEN", "somewhere")], &["(STEWARD_SERVER__LISTEN)", "127.0.0.1:7700"]);
    refused("[server]\npublic_url = \"steward.example.com\"", &[], &["https://steward.example.com"]);
    refused("[server]\nlisten = \"192.168.1.5:7700\"", &[], &["`server.public_url` is not set", "this machine's own addresses only"]);
    refused("[audit]\ncopies_dir = \"data/copies\"", &[], &["`audit.copies_dir`", "outside the data directory"]);
    refused("[server]\nbehind_proxy = \"yes\"", &[], &["write true or false"]);
    refused("[database]\nurl = \"mysql://u:hunter2@h/d\"", &[], &["mysql://u:…@h/d", "postgres://user:password@host/database"]);
    refused("[database]\nworker_url = \"postgres://w@h/d\"", &[], &["`database.url` is not set"]);
    refused("[database]\nconnections_max = 1", &[], &["a whole number from 2 to 1000"]);
    refused("[database]\nconnections_max = 0x10", &[], &["a whole number from 2 to 1000"]);
    refused("[models.strong]\nprovider = \"acme\"\nmodel = \"m\"", &[], &["providers are `openai`", "`anthropic` and `gemini`"]);
    refused("[models.strong]\nmodel = \"m\"\ncontext_tokens_max = 512", &[], &["`models.strong.context_tokens_max` is `512`"]);
    refused("[models.strong]", &[], &["`models.strong.model` is not set", "for example `gpt-4o-mini`"]);
    refused("[models.strong]\nmodel = \"m\"\napi_key_env = \"sk-abc\"", &[], &["the name of an environment variable, not the key itself"]);
    refused("[models.a]\nmodel = \"m\"\nfallback = [\"b\"]", &[], &["there is no model `b`; configured are a"]);
    refused("[models.a]\nmodel = \"m\"\nprice = { input = 3 }", &[], &["`models.a.price.output` is not set"]);
    refused("[agents.a]\nprompt = \"assistant\"", &[], &["`assistant@production`"]);
    refused("[models.fast]\nmodel = \"m\"", &[], &["`agents.assistant.model` is not set: there is no such model; configured are fast"]);
    refused("[agents.a]\ntools = [\"*.send\"]", &[], &["`*.send` is no tool"]);
    refused("[agents.a]\ntools = \"crm.*\"", &[], &["write a list of texts"]);
    refused("[agents.a]\nmode = \"trace\"", &[], &["`agents.a.mode` is `trace`", "modes are `open`, `traced` and `sealed`; did you mean `traced`?"]);
    refused("[agents.a]\nmode = \"Sealed\"", &[], &["did you mean `sealed`?"]);
    refused("[agents.a]\nmode = \"\"", &[], &["modes are `open`, `traced` and `sealed`"]);
    refused("", &[("STEWARD_AGENTS__ASSISTANT__MODE", "strict")], &["modes are `open`, `traced` and `sealed`"]);
    refused("[agents.a]\nlimits = { usd = \"1\" }", &[], &["at most six decimals"]);
    refused("[agents.a]\nlimits = { steps = 0 }", &[], &["from 1 to 1000"]);
}

#[test]
fn what_is_not_built_yet_is_refused_unless_empty() {
    for (section, key) in [("vectors", "url"), ("files", "url"), ("cache", "url"), ("bus", "kafka"), ("models.embedding", "model")] {
        refused(&format!("[{section}]\n{key} = \"x\""), &[], &[&format!("`{section}.{key}` is `x`"), "not available in this version"]);
        load(&format!("[{section}]\n{key} = \"\""), &[]).expect(section);
    }
}

#[test]
fn approval_rules_are_refused_unless_they_can_be_kept() {
    let rule = |line: &str| format!("[[approvals]]\n{line}");
    refused(&rule("people = 0"), &[], &["`approvals.0.people` is `0`", "from 1 to 20"]);
    refused(&rule("effects = [\"harmless\"]"), &[], &["`harmless` is none of read, fetch"]);
    refused(&rule("ask = [\"boss\"]"), &[], &["`boss` is none of owner, manager"]);
    refused(&rule("escalate_to = [\"owner\"]"), &[], &["say who is asked first"]);
    refused(&rule("ask = [\"support\"]\nescalate_to = [\"owner\"]\nhours = 1"), &[], &["not before the action expires"]);
    refused(&rule("tools = [\"*.send\"]"), &[], &["`*.send` is no tool"]);
    refused(&rule("peple = 2"), &[], &["did you mean `approvals.0.people`?"]);
    let text =
        rule("tools = [\"mail.*\"]\npeople = 2\nseparate = true\nask = [\"manager\"]\nescalate_to = [\"owner\"]\nescalate_after_minutes = 30\nhours = 24");
    let rules = load(&text, &[]).expect("config").approvals;
    let route = rules.find("mail.send", steward_core::Effect::Send);
    assert_eq!((route.terms.people, route.terms.separate, route.hours), (2, true, 24));
    assert_eq!(route.ask.iter().map(|ask| ask.after_minutes).collect::<Vec<_>>(), [0, 30]);
    assert_eq!(rules.find("crm.add_note", steward_core::Effect::Write).terms, steward_core::Terms::default());
}

#[test]
fn mcp_servers_are_refused_unless_everything_is_said() {
    refused("[[mcp]]\nname = \"files\"", &[], &["`mcp.0.command` is not set", "either `command"]);
    refused("[[mcp]]\nname = \"files\"\ncommand = [\"a\"]\nurl = \"https://a.example\"", &[], &["either `command"]);
    refused("[[mcp]]\nname = \"My Files\"\ncommand = [\"a\"]", &[], &["lower-case letters"]);
    refused("[[mcp]]\nname = \"a\"\nurl = \"http://a.example\"", &[], &["this machine's own addresses only"]);
    refused("[[mcp]]\nname = \"a\"\nurl = \"https://a.example\"\nbearer_env = \"NO\"", &[], &["there is no such environment variable"]);
    refused("[[mcp]]\nname = \"a\"\ncommand = [\"a\"]\n[[mcp]]\nname = \"a\"\ncommand = [\"b\"]", &[], &["another MCP server has this name"]);
    let tool = |line: &str| format!("[[mcp]]\nname = \"a\"\ncommand = [\"a\"]\n[mcp.tools.send]\n{line}");
    refused(&tool("effect = \"harmless\""), &[], &["effects are read, fetch"]);
    refused(&tool("roles = { to = \"somebody\" }"), &[], &["`mcp.0.tools.send.roles.to` is `somebody`"]);
    refused(&tool("result_labels = { \"/a/*\" = \"trusted\" }"), &[], &["labels are system"]);
    refused(&tool("pinned = \"abc\""), &[], &["64 hexadecimal letters"]);
    refused(&tool("efect = \"read\""), &[], &["did you mean `mcp.0.tools.send.effect`?"]);
}

#[test]
fn mcp_servers_are_read_whole() {
    let file = "[[mcp]]\nname = \"files\"\ncommand = [\"npx\", \"files\"]\nenvironment = [\"FILES_KEY\"]\n[mcp.tools.read]\neffect = \"read\"\nroles = { path = \"path\" }\nresult_labels = { \"/items/*/id\" = \"system\" }\n[mcp.tools.other]\n";
    let config = load(file, &[("FILES_KEY", "k"), ("OTHER_KEY", "o"), ("PATH", "/bin")]).expect("read");
    let server = config.mcp.first().expect("server");
    let steward_host::mcp::McpTransport::Command { command, environment, .. } = &server.transport else { panic!("{server:?}") };
    assert_eq!(command, &["npx", "files"]);
    assert_eq!(environment.keys().collect::<Vec<_>>(), ["FILES_KEY", "PATH"], "nothing else of ours");
    let read = &server.tools["read"];
    assert_eq!(read.effect, Some(steward_core::Effect::Read));
    assert_eq!(read.result_labels["/items/*/id"], steward_core::Origin::System);
    assert_eq!(server.tools["other"].effect, None);
    assert!(load("", &[]).expect("empty").mcp.is_empty());
}

#[test]
fn secrets_and_private_hosts_of_plugins_are_refused_unless_everything_is_said() {
    let secret = |lines: &str| format!("[[plugins.secrets]]\nplugin = \"crm_sync\"\nname = \"token\"\n{lines}");
    refused("[[plugins.secrets]]\nenv = \"A\"", &[("A", "long-enough")], &["name of the plugin", "between `{{` and `}}`"]);
    refused(&secret(""), &[], &["write the variable that holds the secret"]);
    refused(&secret("value = \"s3cr3t-value\""), &[], &["plugins.secrets.0.value"]);
    refused(&secret("env = \"NO\""), &[], &["there is no such environment variable"]);
    refused(&secret("env = \"A\"\nfile = \"b\""), &[("A", "long-enough")], &["not both"]);
    refused(&secret("file = \"nowhere\""), &[], &["it cannot be read"]);
    refused(&secret("file = \"/dev/zero\""), &[], &["it is no file of one secret"]);
    for wrong in ["short", "with a space", "with\u{e4}umlaut", "two\nlines-of-it"] {
        let err = load(&secret("env = \"A\""), &[("A", wrong)]).expect_err(wrong).to_string();
        assert!(err.contains("a secret has 8 to 4096 printable") && !err.contains(wrong), "{err}");
    }
    let twice = format!("{0}\n{0}", secret("env = \"A\""));
    refused(&twice, &[("A", "long-enough")], &["another secret of that plugin"]);
    let host = |lines: &str| format!("[[plugins.private_hosts]]\nplugin = \"crm_sync\"\n{lines}");
    refused(&host("addresses = [\"10.0.0.5\"]"), &[], &["`plugins.private_hosts.0.host` is not set"]);
    refused(&host("host = \"crm.internal\""), &[], &["what that name may stand for"]);
    refused(&host("host = \"CRM.internal:80\"\naddresses = [\"10.0.0.5\"]"), &[], &["the host in lower case"]);
    refused(&host("host = \"crm.internal\"\naddresses = [\"0.0.0.0/0\"]"), &[], &["`0.0.0.0/0` is none"]);
    refused(&host("host = \"crm.internal\"\naddresses = [\"crm.internal\"]"), &[], &["`crm.internal` is none"]);
}

#[test]
fn secrets_and_private_hosts_of_plugins_are_read_and_not_shown() {
    let file = "[[plugins.secrets]]\nplugin = \"crm_sync\"\nname = \"token\"\nenv = \"CRM_TOKEN\"\n[[plugins.private_hosts]]\nplugin = \"crm_sync\"\nhost = \"crm.internal\"\naddresses = [\"10.0.0.5\", \"fd00::/8\"]\n";
    let config = load(file, &[("CRM_TOKEN", "s3cr3t-value")]).expect("read");
    assert_eq!(config.plugin_egress.secrets.keys().collect::<Vec<_>>(), [&("crm_sync".to_owned(), "token".to_owned())]);
    let private = &config.plugin_egress.private;
    assert_eq!((private[0].plugin.as_str(), private[0].host.as_str(), private[0].networks.len()), ("crm_sync", "crm.internal", 2));
    assert!(!format!("{config:?}").contains("s3cr3t-value"));
}

#[test]
fn broken_files_name_the_line() {
    refused("data_dir = \"x\"\n[server\n", &[], &["is not valid TOML in line 2"]);
    refused("a = 1\na = 2\n", &[], &["is not valid TOML in line 2"]);
    let err = Config::load(&Environment::of([("STEWARD_CONFIG", "nowhere.toml")], "/"), &Overrides::default()).expect_err("no file");
    assert!(err.to_string().contains("/nowhere.toml`, which `STEWARD_CONFIG` names"), "{err}");
    assert_eq!(err.kind(), steward_core::Kind::Invalid);
}

#[test]
fn every_problem_is_reported_at_once() {
    let err = load("zzz = 1\n[server]\nlisten = \"x\"\npublic_url = \"y\"", &[]).expect_err("three").to_string();
    assert_eq!(err.lines().count(), 3, "{err}");
}

#[test]
fn without_a_file_everything_has_a_default() {
    let config = load("", &[]).expect("defaults");
    assert!(config.file.is_none());
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:7700");
    assert_eq!(config.server.site.public_url(), "http://127.0.0.1:7700");
    assert_eq!(config.owner_email, "owner@localhost");
    assert!(config.models.models.is_empty());
    assert!(config.data_dir.ends_with("data") && config.data_dir.is_absolute());
    assert_eq!(config.policies_dir, config.data_dir.join("policies"));
    let [agent] = config.agents.as_slice() else { panic!("one agent") };
    assert_eq!((agent.name.as_str(), agent.prompt.as_str(), agent.model.as_str()), ("assistant", "assistant@production", "strong"));
    assert_eq!(agent.tools, ["crm.*", "documents.*"]);
    assert_eq!(agent.mode, steward_core::Mode::Open);
    assert_eq!(agent.limits, steward_core::RunLimits::default());
}

#[test]
fn every_mode_runs_as_it_is_written() {
    for mode in steward_core::Mode::ALL {
        let config = load(&format!("[agents.a]\nmode = \"{mode}\"\n"), &[]).expect("config");
        assert_eq!(config.agents.first().expect("agent").mode, mode);
    }
}

#[test]
fn a_model_is_spoken_to_in_the_protocol_that_is_named() {
    for provider in [Provider::OpenAi, Provider::OpenAiResponses, Provider::Anthropic, Provider::Gemini] {
        let word = provider.name();
        let config = load(&format!("[models.strong]\nprovider = \"{word}\"\nmodel = \"m\"\n"), &[]).expect(word);
        assert_eq!(config.models.models.get("strong").map(|model| model.provider), Some(provider));
    }
    let config = load("[models.strong]\nmodel = \"m\"\n", &[]).expect("config");
    assert_eq!(config.models.models.get("strong").map(|model| model.provider), Some(Provider::OpenAi));
}

#[test]
fn flags_go_over_the_environment_and_that_over_the_file() {
    let file = "data_dir = \"./here\"\n[server]\nlisten = \"localhost:1\"\n[models.strong]\nmodel = \"m\"\napi_key_env = \"MY_KEY\"\nbase_url = \"http://localhost:9/v1/\"\n\
                [agents.assistant]\nlimits = { steps = 7, minutes = 2, usd = 0.25 }\n";
    let variables = [
        ("STEWARD_SERVER__LISTEN", "127.0.0.1:2"),
        ("STEWARD_AGENTS__ASSISTANT__TOOLS", "crm.find_contacts, crm.get_contact"),
        ("MY_KEY", "sk-1"),
        ("STEWARD_PORT", "tcp://10.0.0.1:1"),
        ("STEWARD_SERVICE_HOST", "x"),
    ];
    let config = load(file, &variables).expect("config");
    let value = |key: &str| config.settings.iter().find(|setting| setting.key == key).cloned().expect(key);
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(value("server.listen").origin, "STEWARD_SERVER__LISTEN");
    assert!(value("data_dir").origin.ends_with("steward.toml:1"), "{:?}", value("data_dir"));
    assert_eq!(value("owner_email").origin, "default");
    assert!(!config.settings.iter().any(|setting| setting.value.contains("sk-1")), "a secret is shown");
    assert!(!format!("{config:?}").contains("sk-1"), "a secret is logged");
    let strong = config.models.models.get("strong").expect("model");
    assert!(strong.api_key.is_some());
    assert_eq!(strong.base_url, "http://localhost:9/v1");
    let limits = config.agents.first().expect("agent").limits;
    assert_eq!((limits.steps, limits.seconds, limits.cost), (7, 120, Micros(250_000)));
    assert_eq!(config.agents.first().expect("agent").tools, ["crm.find_contacts", "crm.get_contact"]);

    let overrides = Overrides { file: None, values: vec![("server.listen", "127.0.0.1:3".to_owned(), "--listen")] };
    let config = Config::load(&Environment::of(variables, Path::new("/")), &overrides).expect("config");
    assert_eq!(config.server.listen.port(), 3);
}

#[test]
fn passwords_are_masked_wherever_they_stand() {
    let check = |url: &str, expect: &str| assert_eq!(mask_url(url), expect);
    check("nothing secret", "nothing secret");
    check("postgres://u:p@h:1/d", "postgres://u:…@h:1/d");
    check("postgres://u:p@ss@h/d", "postgres://u:…@h/d");
    check("postgres://u@h/d?password=p&sslmode=require", "postgres://u@h/d?password=…&sslmode=require");
    check("postgres:///d?host=/s&user=u", "postgres:///d?host=/s&user=u");
    check("http://proxy:3128", "http://proxy:3128");
}

#[test]
fn mail_is_refused_unless_it_can_go_out_as_it_should() {
    let mail = |rest: &str| format!("[notices.mail]\n{rest}");
    let whole = "url = \"smtp://mail.example.com\"\nfrom = \"Steward <steward@example.com>\"\n";
    refused(&mail("url = \"mail.example.com\""), &[], &["`notices.mail.url` is `mail.example.com`", "smtps://host"]);
    refused(&mail("url = \"smtp+plain://mail.example.com\""), &[], &["this machine's own server"]);
    refused(&mail("url = \"smtp://mail.example.com\""), &[], &["`notices.mail.from` is not set", "Steward <steward@example.com>"]);
    refused(&mail("from = \"steward@example.com\""), &[], &["set `notices.mail.url` too"]);
    refused(&mail("url = \"smtp://mail.example.com\"\nfrom = \"steward@example.com\\r\\nBcc: eve@example.com\""), &[], &["write who mail is from"]);
    refused(&mail(&format!("{whole}user = \"steward\"")), &[], &["`notices.mail.password_env` together, or neither"]);
    refused(&mail(&format!("{whole}user = \"steward\"\npassword_env = \"NO_SUCH\"")), &[], &["there is no such variable"]);
    refused(&mail(&format!("{whole}pasword_env = \"X\"")), &[], &["did you mean `notices.mail.password_env`?"]);
    refused("[notices]\nlanguage = \"fr\"", &[], &["`notices.language` is `fr`", "`en`, `es`, `ar`, `ne`"]);
    refused("[notices.push]\ncontact = \"ops\"", &[], &["mailto:ops@example.com"]);
    refused("[[oauth.private_hosts]]\nhost = \"apps.internal\"", &[], &["`oauth.private_hosts.0.addresses`", "what that name may stand for"]);
    refused("[[notices.push.private_hosts]]\nhost = \"push.internal\"", &[], &["`notices.push.private_hosts.0.addresses`", "what that name may stand for"]);
    let config =
        load(&mail(&format!("{whole}user = \"steward\"\npassword_env = \"MAIL_PASSWORD\"")), &[("MAIL_PASSWORD", "hunter2")]).expect("a configuration");
    let settings = config.notices.mail.as_ref().expect("mail");
    assert_eq!((settings.host.as_str(), settings.port, settings.user.as_deref()), ("mail.example.com", 587, Some("steward")));
    assert!(!format!("{:?} {:?}", config.settings, settings).contains("hunter2"), "a password is never shown");
    assert_eq!(config.notices.contact, "mailto:owner@localhost");
}

#[test]
fn a_section_that_is_left_empty_is_right() {
    load("[plugins]\n[server]\n[database]\n[approvals]\n[models]\n[agents.assistant.limits]\n", &[]).expect("sections of which every value is the default");
}
