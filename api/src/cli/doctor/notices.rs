//! How people are told that something waits: the mail server, and the key that signs messages to browsers.

use super::Check;
use crate::cli::chain;
use crate::config::Config;
use crate::notices::Mailer;
use crate::wiring::push_key::{self, PushKeyError};

pub(super) async fn check(config: &Config) -> Vec<Check> {
    vec![mail(config).await, push(config)]
}

async fn mail(config: &Config) -> Check {
    const NAME: &str = "mail";
    let Some(settings) = &config.notices.mail else {
        return Check::good(NAME, "no mail server is configured, so nobody is told by mail; set `notices.mail.url` and `notices.mail.from`");
    };
    let looked = match Mailer::new(settings, &config.server.site) {
        Ok(mailer) => mailer.look().await,
        Err(err) => Err(err),
    };
    match looked {
        Ok(()) => Check::good(NAME, format!("{}:{} answers", settings.host, settings.port)),
        Err(err) => Check::wrong(NAME, format!("{}:{}: {}; check `notices.mail`", settings.host, settings.port, chain(&err))),
    }
}

fn push(config: &Config) -> Check {
    const NAME: &str = "push key";
    match push_key::find(config) {
        Ok(_) => Check::good(NAME, "messages to browsers are signed (back it up: with another key people turn them on anew)"),
        Err(PushKeyError::Missing { .. }) if config.database.url.is_none() => Check::good(NAME, "made by the next `steward up`"),
        Err(err) => Check::warning(NAME, format!("browsers get no messages: {}", chain(&err))),
    }
}
