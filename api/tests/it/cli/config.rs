//! The configuration as the binary reads it.

use super::Home;

#[test]
fn an_unknown_key_stops_every_verb_and_names_the_nearest() {
    let home = Home::with_config("unknown", "[server]\nlissten = \"127.0.0.1:1\"\n");
    for words in [&["up"][..], &["doctor"], &["policy", "check"], &["approvals", "list"], &["migrate"]] {
        let ran = home.run(words);
        assert_eq!(ran.code, 1, "{words:?}: {ran:?}");
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains("there is no key `server.lissten`") && said.contains("did you mean `server.listen`?"), "{words:?}: {ran:?}");
    }
    assert!(!home.path("data").exists(), "a refused configuration makes nothing");
    Home::empty("variable").set("STEWARD_SERVER__LISTN", "x").refused(&["up"], &["did you mean `STEWARD_SERVER__LISTEN`?"]);
}

#[test]
fn the_file_is_found_where_the_contract_says() {
    let home = Home::empty("found");
    home.refused(&["migrate", "--config", "there/my.toml"], &["there/my.toml`, which `--config` names"]);
    home.write("there/my.toml", "data_dir = \"./kept\"\n[server]\nlisten = \"x\"\n");
    home.refused(&["migrate", "--config", "there/my.toml"], &["`server.listen` is `x`", "my.toml:3)"]);
    let by_variable = Home::empty("variable");
    by_variable.write("elsewhere.toml", "zzz = 1\n");
    by_variable.set("STEWARD_CONFIG", "elsewhere.toml").refused(&["migrate"], &["there is no key `zzz`"]);
}
