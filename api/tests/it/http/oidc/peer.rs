//! The same at oidc-provider, a provider that others wrote and certified, whose pages a browser goes through from one to the next.

use super::super::peer::Peer;
use super::super::server::{Server, URL};
use super::super::world::World;
use super::{Browser, Reply, enter, parts};
use http::header::{COOKIE, LOCATION, SET_COOKIE};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;
use steward_api::oidc::OidcSettings;

const CLIENT: &str = "steward";
const SECRET: &str = "a secret that is long enough";
/// The most pages from the button to the way back.
const PAGES_MAX: usize = 12;

/// Goes through the provider's pages as somebody, and gives what stands in the address that leads back.
async fn visit(provider: &str, who: &str, begin: &str) -> BTreeMap<String, String> {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().tls_certs_only([]).build().expect("a client");
    let mut cookies = BTreeMap::from([("who".to_owned(), who.to_owned())]);
    let mut url = begin.to_owned();
    for _ in 0..PAGES_MAX {
        let header = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let reply = http.get(&url).header(COOKIE, header).send().await.expect("a page");
        for set in reply.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().expect("text").split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            cookies.insert(pair.0.to_owned(), pair.1.to_owned());
        }
        let next = reply.headers().get(LOCATION).unwrap_or_else(|| panic!("{url} leads nowhere: {}", reply.status())).to_str().expect("text").to_owned();
        url = if next.starts_with('/') { format!("{provider}{next}") } else { next };
        if let Some(query) = url.strip_prefix(&format!("{URL}/sign-in?")) {
            return parts(query);
        }
    }
    panic!("the provider goes round in circles: {url}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_known_signs_in_at_a_provider_that_others_wrote() {
    let peer = Peer::start("oidc.mjs", &[CLIENT, SECRET, &format!("{URL}/sign-in")]).await;
    let issuer = peer.about["url"].as_str().expect("an address").to_owned();
    let settings =
        OidcSettings { issuer: issuer.clone(), client_id: CLIENT.to_owned(), client_secret: Some(SecretString::from(SECRET)), name: "Example".to_owned() };
    let world = World::on(Server::start_with_provider(settings).await).await;
    // The provider has a clock of its own, and its tokens are of now.
    let clock = &world.server.state.office.clock;
    clock.advance_ms(peer.about["now_ms"].as_i64().expect("a time") - clock.now_ms());
    let come = async |who: &str| -> (Reply, Reply) {
        let browser = Browser::begin(&world).await;
        let back = visit(&issuer, who, &browser.url).await;
        assert_eq!((back.get("iss"), back.get("state")), (Some(&issuer), browser.asked.get("state")), "{back:?}");
        let body = json!({ "code": back["code"], "state": back["state"], "iss": back["iss"] });
        (browser.answer(&body).await, browser.answer(&body).await)
    };
    for nobody in ["unverified", "stranger"] {
        come(nobody).await.0.expect(403);
    }
    for _ in 0..2 {
        let (first, again) = come("ada").await;
        let ticket = first.expect(201).json()["ticket"].clone();
        assert_eq!(again.status, 403, "a code is taken once");
        assert_eq!(enter(&world, &ticket, None).await.expect(201).json()["email"], "ada@home.example");
    }
    assert_eq!(world.server.database.number("select count(*) from identity where subject = 'ada'").await, 1);
}
