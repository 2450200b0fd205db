//! Second factors against a real database: what is refused, then what works.

#![expect(clippy::indexing_slicing, reason = "a list that is too short fails the test")]

use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};
use steward_core::{Actor, ActorKind, AuthMethod, Clock, Digest, Ids, PersonId, Role, Scope};
use steward_office::audit::personal::Personal;
use steward_office::audit::seal::DataKey;
use steward_office::people::{
    self, Attempt, ClientAllowed, ClientAsked, Factors, Grant, Invitation, NewOrganisation, NewToken, PasswordChange, Passwords, PeopleError, SignedIn,
};
use steward_office::{Office, OfficeError, rewrap};
use steward_store::Store;
use steward_store::testing::TestDatabase;
use time::macros::datetime;

const PASSWORD: &str = "a long enough password";
const EMAIL: &str = "ada@acme.example";
const STEP_MS: i64 = 30_000;

/// What an app shows for a secret in base32 at some second: the RFC's own words, written a second time.
fn app_code(secret: &str, second: i64) -> String {
    let mut bits = String::new();
    for letter in secret.bytes() {
        let five = if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
        bits.push_str(&format!("{five:05b}"));
    }
    let bytes: Vec<u8> = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[at * 8..at * 8 + 8], 2).expect("bits")).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let mac = hmac::sign(&key, &u64::try_from(second / 30).expect("after 1970").to_be_bytes());
    let at = usize::from(mac.as_ref()[19] & 0xf);
    let number = u32::from_be_bytes(mac.as_ref()[at..at + 4].try_into().expect("four")) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

struct House {
    database: TestDatabase,
    store: Store,
    office: Office,
    passwords: Passwords,
    owner: SignedIn,
}

impl House {
    async fn build() -> Self {
        let database = TestDatabase::make().await;
        let key = DataKey::from_secret(&[9; 32]).expect("key");
        let office =
            Office::new(Clock::manual(datetime!(2026-03-01 09:00 UTC)), Ids::System).sealing(Personal::new(key, std::env::temp_dir().join("steward-none")));
        let new = NewOrganisation { name: "Acme", workspace: "Main", owner_email: EMAIL, owner_name: "Ada" };
        let made = people::bootstrap(&database.app, &office, new).await.expect("bootstrap");
        let by_link = people::sign_in_by_link(&database.app, &office, &made.link, Attempt::default()).await.expect("owner");
        let passwords = Passwords::new(2).expect("argon");
        let change = PasswordChange { current: None, new: PASSWORD.into() };
        let owner = people::change_password(&database.app, &office, &passwords, &by_link.actor, &change, None).await.expect("password");
        Self { store: database.app.clone(), database, office, passwords, owner }
    }

    async fn enrol(&self, actor: &Actor) -> Result<String, PeopleError> {
        let mut tx = self.store.begin(actor).await.expect("tx");
        let made = people::enrol_totp(&mut tx, &self.office).await?;
        tx.commit().await.expect("commit");
        assert!(made.uri.expose_secret().starts_with("otpauth://totp/Steward%3A%20Acme:"), "{}", made.uri.expose_secret());
        Ok(made.secret.expose_secret().to_owned())
    }

    /// What the app shows now, or so many steps later.
    fn code(&self, secret: &str, steps: i64) -> SecretString {
        app_code(secret, self.office.clock.now().unix_timestamp() + steps * 30).into()
    }

    async fn confirm(&self, actor: &Actor, code: &SecretString) -> Result<Vec<SecretString>, PeopleError> {
        people::confirm_totp(&self.store, &self.office, actor, code).await
    }

    /// A second factor that counts, and its recovery codes. The clock is a step further then.
    async fn with_factor(&self, actor: &Actor) -> (String, Vec<SecretString>) {
        let secret = self.enrol(actor).await.expect("enrolled");
        let codes = self.confirm(actor, &self.code(&secret, 0)).await.expect("confirmed");
        self.office.clock.advance_ms(STEP_MS);
        (secret, codes)
    }

    async fn sign_in(&self, password: &str, code: Option<&SecretString>) -> Result<SignedIn, PeopleError> {
        let from = Attempt { code, ..Attempt::default() };
        people::sign_in_by_password(&self.store, &self.office, &self.passwords, EMAIL, &password.into(), None, from).await
    }

    async fn step_up(&self, actor: &Actor, bound: &str, code: &SecretString) -> Result<(), PeopleError> {
        people::step_up(&self.store, &self.office, actor, bound, code).await.map(|_| ())
    }

    async fn spend(&self, actor: &Actor, bound: &str) -> Result<(), OfficeError> {
        let mut tx = self.store.begin(actor).await.expect("tx");
        people::spend_step_up(&mut tx, &self.office, bound).await?;
        tx.commit().await.map_err(OfficeError::from)
    }

    /// The owner at the terminal, where nothing has to be proved.
    fn terminal(&self) -> Actor {
        Actor { kind: ActorKind::Person { session: None, method: AuthMethod::Terminal }, ..self.owner.actor.clone() }
    }

    async fn factors(&self, person: PersonId) -> Factors {
        let mut tx = self.store.begin(&self.owner.actor).await.expect("tx");
        Factors::of(&mut tx, person).await.expect("factors")
    }

    async fn remove_of(&self, actor: &Actor, person: PersonId) -> Result<(), OfficeError> {
        let mut tx = self.store.begin(actor).await.expect("tx");
        people::remove_factors(&mut tx, &self.office, person).await?;
        tx.commit().await.map_err(OfficeError::from)
    }
}

#[track_caller]
fn about_code<T: std::fmt::Debug>(result: Result<T, PeopleError>) {
    assert!(matches!(&result, Err(PeopleError::Field { path, .. }) if path == "/code"), "{result:?}");
}

#[tokio::test]
async fn a_second_factor_begins_only_with_a_code_of_its_own() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    about_code(house.confirm(owner, &"000000".into()).await);
    let first = house.enrol(owner).await.expect("enrolled");
    let second = house.enrol(owner).await.expect("begun again");
    about_code(house.confirm(owner, &house.code(&first, 0)).await);
    about_code(house.confirm(owner, &house.code(&second, 2)).await);
    assert!(house.factors(house.owner.session.person_id).await.totp_since.is_none(), "nothing counts yet");
    let codes = house.confirm(owner, &house.code(&second, -1)).await.expect("a step behind");
    assert_eq!((codes.len(), house.factors(house.owner.session.person_id).await.recovery_left), (10, 10));
    // Neither another nor a second confirmation.
    assert!(matches!(house.enrol(owner).await, Err(PeopleError::FactorTaken)));
    assert!(matches!(house.confirm(owner, &house.code(&second, 0)).await, Err(PeopleError::FactorTaken)));
}

#[tokio::test]
async fn a_stolen_session_alone_sets_up_no_second_factor() {
    let house = House::build().await;
    house.office.clock.advance_ms(5 * 3_600_000);
    assert!(matches!(house.enrol(&house.owner.actor).await, Err(PeopleError::NotProven)), "the password was given too long ago");
    people::prove(&house.store, &house.office, &house.passwords, &house.owner.actor, &PASSWORD.into()).await.expect("proven");
    house.enrol(&house.owner.actor).await.expect("enrolled");
}

#[tokio::test]
async fn a_secret_that_was_left_waiting_never_counts() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    let left = house.enrol(owner).await.expect("begun by whoever has the session");
    house.office.clock.advance_ms(16 * 60_000);
    about_code(house.confirm(owner, &house.code(&left, 0)).await);
    assert!(matches!(house.enrol(owner).await, Err(PeopleError::NotProven)), "the password was given too long ago for that");
}

#[tokio::test]
async fn a_session_alone_makes_nobody_who_could_decide() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    let (secret, _) = house.with_factor(owner).await;
    let invitation =
        Invitation { email: "eve@acme.example".to_owned(), display_name: "Eve".to_owned(), grants: vec![Grant { role: Role::Owner, workspace: None }] };
    let invite = async || {
        let mut tx = house.store.begin(owner).await.expect("tx");
        let invited = people::invite(&mut tx, &house.office, &invitation).await?;
        tx.commit().await.expect("commit");
        Ok::<_, PeopleError>(invited.person)
    };
    let asked_for = |refused: PeopleError| {
        let PeopleError::StepUp { bound, .. } = refused else { panic!("{refused:?}") };
        bound
    };
    let bound = asked_for(invite().await.expect_err("no second factor was given"));
    house.step_up(owner, &bound, &house.code(&secret, 0)).await.expect("given");
    let eve = invite().await.expect("invited");
    let mut tx = house.store.begin(owner).await.expect("tx");
    let wider = [Grant { role: Role::Owner, workspace: None }, Grant { role: Role::Finance, workspace: None }];
    asked_for(people::set_roles(&mut tx, &house.office, eve, &wider).await.expect_err("a further role"));
    asked_for(people::new_link(&mut tx, &house.office, eve).await.expect_err("another way in"));
    // To take roles away it needs none: whoever was wrongly let in is shut out at once.
    drop(tx);
    let mut tx = house.store.begin(owner).await.expect("tx");
    people::set_roles(&mut tx, &house.office, eve, &[Grant { role: Role::Owner, workspace: None }]).await.expect("nothing is added");
}

#[tokio::test]
async fn without_a_second_factor_it_takes_the_password_to_make_somebody_or_a_way_in() {
    let house = House::build().await;
    let (owner, id) = (&house.owner.actor, house.owner.session.person_id);
    let invitation =
        Invitation { email: "eve@acme.example".to_owned(), display_name: "Eve".to_owned(), grants: vec![Grant { role: Role::Owner, workspace: None }] };
    house.office.clock.advance_ms(11 * 60_000);
    let mut tx = house.store.begin(owner).await.expect("tx");
    // Its session would be new, and set a password.
    assert!(matches!(people::new_link(&mut tx, &house.office, id).await, Err(PeopleError::NotProven)), "a link for oneself");
    assert!(matches!(people::invite(&mut tx, &house.office, &invitation).await, Err(PeopleError::NotProven)), "an accomplice");
    let wider = [Grant { role: Role::Owner, workspace: None }, Grant { role: Role::Finance, workspace: None }];
    assert!(matches!(people::set_roles(&mut tx, &house.office, id, &wider).await, Err(PeopleError::NotProven)), "a further role");
    tx.rollback().await.expect("rollback");
    assert!(matches!(house.remove_of(owner, id).await, Err(OfficeError::NotProven)), "taking a second factor away");
    people::prove(&house.store, &house.office, &house.passwords, owner, &PASSWORD.into()).await.expect("proven");
    let mut tx = house.store.begin(owner).await.expect("tx");
    people::invite(&mut tx, &house.office, &invitation).await.expect("invited");
    people::new_link(&mut tx, &house.office, id).await.expect("link");
    tx.rollback().await.expect("rollback");
    house.remove_of(owner, id).await.expect("removed");
}

#[tokio::test]
async fn with_neither_password_nor_second_factor_it_takes_a_session_that_is_new() {
    let house = House::build().await;
    let id = house.owner.session.person_id;
    house.database.raw("update person set password_hash = null").await;
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    people::new_link(&mut tx, &house.office, id).await.expect("signed in a moment ago");
    tx.rollback().await.expect("rollback");
    house.office.clock.advance_ms(11 * 60_000);
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    assert!(matches!(people::new_link(&mut tx, &house.office, id).await, Err(PeopleError::NotFresh { .. })));
    tx.rollback().await.expect("rollback");
    assert!(matches!(house.remove_of(&house.owner.actor, id).await, Err(OfficeError::NotFresh { .. })));
    let mut tx = house.store.begin(&house.terminal()).await.expect("tx");
    people::new_link(&mut tx, &house.office, id).await.expect("at the terminal");
}

/// Makes a token, and lets a client in that asks to read.
async fn programs(house: &House, actor: &Actor, scope: Scope) -> [Result<(), PeopleError>; 2] {
    let mut tx = house.store.begin(actor).await.expect("tx");
    let new = NewToken { name: "Night job".to_owned(), scopes: [scope].into(), expires_at: None };
    let token = people::make_token(&mut tx, &house.office, new).await.map(|_| ());
    tx.commit().await.expect("commit");
    let mut tx = house.store.begin(actor).await.expect("tx");
    let asked = ClientAsked {
        client_id: "https://app.example/client.json".to_owned(),
        client_name: "Example".to_owned(),
        redirect_uri: "https://app.example/back".to_owned(),
        challenge: Digest::of(b"a verifier"),
        resource: "https://steward.example/mcp".to_owned(),
        scopes: Scope::ALL.into_iter().collect(),
    };
    let allowed = ClientAllowed { agent: "assistant".to_owned(), workspace: None, scopes: [Scope::Converse, scope].into() };
    let client = people::allow_client(&mut tx, &house.office, &asked, allowed).await.map(|_| ());
    tx.commit().await.expect("commit");
    [token, client]
}

#[tokio::test]
async fn a_stolen_session_makes_no_program_that_outlasts_it() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    let made = "select (select count(*) from api_token) + (select count(*) from oauth_code)";
    house.office.clock.advance_ms(11 * 60_000);
    for refused in programs(&house, owner, Scope::Read).await {
        assert!(matches!(refused, Err(PeopleError::NotProven)), "the password was given too long ago: {refused:?}");
    }
    house.database.raw("update person set password_hash = null").await;
    for refused in programs(&house, owner, Scope::Read).await {
        assert!(matches!(refused, Err(PeopleError::NotFresh { .. })), "neither is there: {refused:?}");
    }
    assert_eq!(house.database.number(made).await, 0);
    for given in programs(&house, &house.terminal(), Scope::Read).await {
        given.expect("at the terminal");
    }
    assert_eq!(house.database.number(made).await, 2);
}

#[tokio::test]
async fn a_second_factor_for_a_program_is_for_that_one_with_those_scopes() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    let (secret, _) = house.with_factor(owner).await;
    let wanted = |refused: [Result<(), PeopleError>; 2]| {
        refused.map(|refused| match refused {
            Err(PeopleError::StepUp { bound, factors }) if factors == ["totp"] => bound,
            other => panic!("{other:?}"),
        })
    };
    let [token, client] = wanted(programs(&house, owner, Scope::Read).await);
    assert_ne!(token, client);
    house.step_up(owner, &token, &house.code(&secret, 0)).await.expect("given for the token");
    let wider = wanted(programs(&house, owner, Scope::Write).await);
    assert!(!wider.contains(&token) && !wider.contains(&client), "one that may more is another: {wider:?}");
    let [made, refused] = programs(&house, owner, Scope::Read).await;
    made.expect("the very one it was given for");
    assert!(matches!(refused, Err(PeopleError::StepUp { bound, .. }) if bound == client), "and not the program");
    house.office.clock.advance_ms(STEP_MS);
    house.step_up(owner, &client, &house.code(&secret, 0)).await.expect("given for the program");
    let [spent, allowed] = programs(&house, owner, Scope::Read).await;
    assert!(matches!(spent, Err(PeopleError::StepUp { bound, .. }) if bound == token), "once is once");
    allowed.expect("let in");
}

#[tokio::test]
async fn a_link_in_place_of_a_lost_password_proves_none() {
    let house = House::build().await;
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    let link = people::new_link(&mut tx, &house.office, house.owner.session.person_id).await.expect("link");
    tx.commit().await.expect("commit");
    let by_link = people::sign_in_by_link(&house.store, &house.office, &link, Attempt::default()).await.expect("signed in");
    let change = PasswordChange { current: None, new: "another long enough password".into() };
    let changed = people::change_password(&house.store, &house.office, &house.passwords, &by_link.actor, &change, None).await.expect("changed");
    assert!(matches!(house.enrol(&changed.actor).await, Err(PeopleError::NotProven)), "who took the link does not have the password yet");
    let again = PasswordChange { current: None, new: "a third long enough password".into() };
    let owner = house.sign_in("another long enough password", None).await.expect("signed in");
    let refused = people::change_password(&house.store, &house.office, &house.passwords, &owner.actor, &again, None).await;
    assert!(matches!(&refused, Err(PeopleError::Field { path, .. }) if path == "/current"), "{refused:?}");
}

#[tokio::test]
async fn a_session_that_is_not_new_sets_no_password_and_no_second_factor_without_the_one_before() {
    let house = House::build().await;
    let link = async |house: &House| {
        let mut tx = house.store.begin(&house.terminal()).await.expect("tx");
        let link = people::new_link(&mut tx, &house.office, house.owner.session.person_id).await.expect("link");
        tx.commit().await.expect("commit");
        people::sign_in_by_link(&house.store, &house.office, &link, Attempt::default()).await.expect("signed in")
    };
    let by_link = link(&house).await;
    house.office.clock.advance_ms(11 * 60_000);
    let change = |current: Option<&str>, new: &str| PasswordChange { current: current.map(Into::into), new: new.into() };
    let ask = async |actor: &Actor, change: PasswordChange| people::change_password(&house.store, &house.office, &house.passwords, actor, &change, None).await;
    // Whoever came by a link is not sent out of their only door.
    let refused = ask(&by_link.actor, change(None, "a thief's own password")).await;
    assert!(matches!(&refused, Err(PeopleError::Field { path, message }) if path == "/current" && message.contains("stay signed in")), "{refused:?}");
    // Where there is no password, a session that is not new makes itself none, and no second factor either.
    house.database.raw("update person set password_hash = null").await;
    let refused = ask(&by_link.actor, change(None, "a thief's own password")).await;
    assert!(matches!(&refused, Err(PeopleError::Field { path, message }) if path == "/new" && message.contains("another link")), "{refused:?}");
    assert!(matches!(house.enrol(&by_link.actor).await, Err(PeopleError::NotFresh { way }) if way.contains("stay signed in")));
    // Who signed in by something else comes in by it again.
    assert!(matches!(house.enrol(&house.owner.actor).await, Err(PeopleError::NotFresh { way }) if way.contains("sign in anew")));
    assert_eq!(house.database.number("select count(*) from person where password_hash is not null").await, 0);
    // A new link, and it is set at once.
    let anew = link(&house).await;
    house.enrol(&anew.actor).await.expect("enrolled");
    let set = ask(&anew.actor, change(None, "the owner's own password")).await.expect("set");
    house.enrol(&set.actor).await.expect("and it counts at once");
    house.office.clock.advance_ms(11 * 60_000);
    assert!(matches!(house.enrol(&set.actor).await, Err(PeopleError::NotProven)));
}

#[tokio::test]
async fn sign_in_asks_for_the_code_after_the_password_and_takes_each_once() {
    let house = House::build().await;
    let other = house.sign_in(PASSWORD, None).await.expect("another browser");
    let (secret, _) = house.with_factor(&house.owner.actor).await;
    assert!(people::actor_of_session(&house.store, &house.office, &other.secret).await.is_err(), "other sessions ended");
    let asked = house.sign_in(PASSWORD, None).await;
    assert!(matches!(&asked, Err(PeopleError::SecondFactorRequired { factors }) if *factors == ["totp", "recovery"]), "{asked:?}");
    // Who does not know the password learns nothing of it.
    let code = house.code(&secret, 0);
    assert!(matches!(house.sign_in("not this one", Some(&code)).await, Err(PeopleError::SignInRefused)));
    about_code(house.sign_in(PASSWORD, Some(&house.code(&secret, 2))).await);
    about_code(house.sign_in(PASSWORD, Some(&house.code(&secret, -1))).await); // Used to confirm.
    let signed_in = house.sign_in(PASSWORD, Some(&code)).await.expect("both are right");
    assert!(signed_in.session.stepped_up_at.is_some(), "the session notes it");
    about_code(house.sign_in(PASSWORD, Some(&code)).await);
    house.office.clock.advance_ms(STEP_MS);
    house.sign_in(PASSWORD, Some(&house.code(&secret, 1))).await.expect("a clock that is ahead");
    about_code(house.sign_in(PASSWORD, Some(&house.code(&secret, 0))).await); // Older than one that was used.
}

#[tokio::test]
async fn guessing_codes_is_slowed_down_and_half_a_sign_in_resets_nothing() {
    let house = House::build().await;
    let (secret, _) = house.with_factor(&house.owner.actor).await;
    let wrong = house.code(&secret, 100);
    for _ in 0..5 {
        about_code(house.sign_in(PASSWORD, Some(&wrong)).await);
        // The right password without a code neither counts nor forgives.
        let half = house.sign_in(PASSWORD, None).await;
        assert!(matches!(half, Err(PeopleError::SecondFactorRequired { .. } | PeopleError::TooManyFailures { .. })), "{half:?}");
    }
    let right = house.code(&secret, 0);
    assert!(matches!(house.sign_in(PASSWORD, Some(&right)).await, Err(PeopleError::TooManyFailures { .. })));
    // Strangers at the door keep nobody who is inside from deciding; who is inside and guesses is slowed down just so.
    for _ in 0..5 {
        about_code(house.step_up(&house.owner.actor, "env_1", &wrong).await);
    }
    assert!(matches!(house.step_up(&house.owner.actor, "env_1", &right).await, Err(PeopleError::TooManyFailures { .. })));
    house.office.clock.advance_ms(16 * 60_000);
    house.sign_in(PASSWORD, Some(&house.code(&secret, 0))).await.expect("after the window");
}

#[tokio::test]
async fn a_password_given_in_between_forgives_no_wrong_codes_and_a_code_no_wrong_passwords() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    let (secret, _) = house.with_factor(owner).await;
    let prove = async |password: &str| people::prove(&house.store, &house.office, &house.passwords, owner, &password.into()).await.map(|_| ());
    let wrong = house.code(&secret, 100);
    // Somebody who has the session and the password, and guesses at the codes.
    for _ in 0..5 {
        about_code(house.step_up(owner, "env_1", &wrong).await);
        prove(PASSWORD).await.expect("it is the password");
    }
    assert!(matches!(house.step_up(owner, "env_1", &house.code(&secret, 0)).await, Err(PeopleError::TooManyFailures { .. })));
    house.office.clock.advance_ms(16 * 60_000);
    // Somebody who has the session and the phone, and guesses at the password.
    for _ in 0..5 {
        let refused = prove("not this one at all").await;
        assert!(matches!(&refused, Err(PeopleError::Field { path, .. }) if path == "/password"), "{refused:?}");
    }
    house.step_up(owner, "env_1", &house.code(&secret, 0)).await.expect("codes are counted by themselves");
    assert!(matches!(prove(PASSWORD).await, Err(PeopleError::TooManyFailures { .. })));
}

#[tokio::test]
async fn a_password_that_is_changed_forgives_no_wrong_codes_at_the_door() {
    let house = House::build().await;
    let (secret, _) = house.with_factor(&house.owner.actor).await;
    let wrong = house.code(&secret, 100);
    for _ in 0..4 {
        about_code(house.sign_in(PASSWORD, Some(&wrong)).await);
    }
    let next = "another long enough password";
    let change = PasswordChange { current: Some(PASSWORD.into()), new: next.into() };
    people::change_password(&house.store, &house.office, &house.passwords, &house.owner.actor, &change, None).await.expect("changed");
    about_code(house.sign_in(next, Some(&wrong)).await);
    assert!(matches!(house.sign_in(next, Some(&house.code(&secret, 0))).await, Err(PeopleError::TooManyFailures { .. })));
}

#[tokio::test]
async fn a_link_waits_for_the_code_and_a_wrong_one_does_not_use_it_up() {
    let house = House::build().await;
    let (secret, _) = house.with_factor(&house.owner.actor).await;
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    let link = people::new_link(&mut tx, &house.office, house.owner.session.person_id).await.expect("link");
    tx.commit().await.expect("commit");
    let by_link = async |code: Option<&SecretString>| people::sign_in_by_link(&house.store, &house.office, &link, Attempt { code, ..Attempt::default() }).await;
    assert!(matches!(by_link(None).await, Err(PeopleError::SecondFactorRequired { .. })));
    about_code(by_link(Some(&"000000".into())).await);
    by_link(Some(&house.code(&secret, 0))).await.expect("both");
    assert!(matches!(by_link(Some(&house.code(&secret, 1))).await, Err(PeopleError::SignInRefused)), "a link works once");
}

#[tokio::test]
async fn a_recovery_code_lets_one_in_once_and_decides_nothing() {
    let house = House::build().await;
    let (secret, codes) = house.with_factor(&house.owner.actor).await;
    about_code(house.sign_in(PASSWORD, Some(&"0000-0000-0000-0000".into())).await);
    about_code(house.step_up(&house.owner.actor, "env_1", &codes[1]).await);
    // Typed without dashes and in capitals it is the same.
    let typed = SecretString::from(codes[0].expose_secret().replace('-', " ").to_uppercase());
    house.sign_in(PASSWORD, Some(&typed)).await.expect("recovered");
    about_code(house.sign_in(PASSWORD, Some(&codes[0])).await);
    let new = people::new_recovery_codes(&house.store, &house.office, &house.owner.actor, &house.code(&secret, 0)).await.expect("new ones");
    about_code(house.sign_in(PASSWORD, Some(&codes[2])).await);
    house.sign_in(PASSWORD, Some(&new[0])).await.expect("a new one");
    assert_eq!(house.factors(house.owner.session.person_id).await.recovery_left, 9);
}

#[tokio::test]
async fn of_twenty_sign_ins_with_one_code_one_gets_in() {
    let house = House::build().await;
    let (secret, codes) = house.with_factor(&house.owner.actor).await;
    for code in [house.code(&secret, 0), codes[0].clone()] {
        let tries = (0..5).map(|_| house.sign_in(PASSWORD, Some(&code)));
        let through = futures_util::future::join_all(tries).await.into_iter().filter(Result::is_ok).count();
        assert_eq!(through, 1);
        house.office.clock.advance_ms(16 * 60_000);
    }
}

#[tokio::test]
async fn the_secret_lies_sealed_and_opens_for_nobody_else() {
    let house = House::build().await;
    let (secret, codes) = house.with_factor(&house.owner.actor).await;
    let rows = house
        .database
        .texts(&house.database.superuser_url, "", "select row_to_json(totp)::text from totp union all select row_to_json(recovery_code)::text from recovery_code union all select convert_from(canon, 'utf8') from audit_event")
        .await
        .expect("rows");
    let everything = rows.join("\n").to_lowercase();
    for plain in codes.iter().map(|code| code.expose_secret().replace('-', "")).chain([secret.to_lowercase()]) {
        assert!(!everything.contains(&plain), "{plain} stands in the database");
    }
    // Sealed for one person, with one key: moved or opened with another it is good for nothing.
    let other =
        Office { personal: Personal::new(DataKey::from_secret(&[8; 32]).expect("key"), std::env::temp_dir().join("steward-none")), ..house.office.clone() };
    let from = Attempt { code: Some(&house.code(&secret, 0)), ..Attempt::default() };
    let foreign = people::sign_in_by_password(&house.store, &other, &house.passwords, EMAIL, &PASSWORD.into(), None, from).await;
    assert!(matches!(&foreign, Err(PeopleError::Store(_))), "{foreign:?}");
}

#[tokio::test]
async fn a_second_factor_goes_with_a_code_or_by_an_owner() {
    let house = House::build().await;
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    let grants = vec![Grant { role: Role::Manager, workspace: None }];
    let invitation = Invitation { email: "ben@acme.example".to_owned(), display_name: "Ben".to_owned(), grants };
    let invited = people::invite(&mut tx, &house.office, &invitation).await.expect("invited");
    tx.commit().await.expect("commit");
    let ben = people::sign_in_by_link(&house.store, &house.office, &invited.link, Attempt::default()).await.expect("ben");
    let (of_owner, _) = house.with_factor(&house.owner.actor).await;
    let (of_ben, _) = house.with_factor(&ben.actor).await;
    let remove = async |actor: &Actor, code: &SecretString| people::remove_totp(&house.store, &house.office, actor, code).await;
    about_code(remove(&ben.actor, &house.code(&of_owner, 0)).await);
    about_code(remove(&ben.actor, &house.code(&of_ben, 5)).await);
    assert!(matches!(house.remove_of(&ben.actor, house.owner.session.person_id).await, Err(OfficeError::Missing(_))), "a manager is no owner");
    // The owner gives their own factor for exactly this.
    let person = ben.session.person_id;
    let bound = match house.remove_of(&house.owner.actor, person).await {
        Err(OfficeError::StepUp { bound, .. }) => bound,
        other => panic!("{other:?}"),
    };
    house.step_up(&house.owner.actor, "factors:somebody-else", &house.code(&of_owner, 0)).await.expect("given for another");
    assert!(house.remove_of(&house.owner.actor, person).await.is_err());
    house.office.clock.advance_ms(STEP_MS);
    house.step_up(&house.owner.actor, &bound, &house.code(&of_owner, 0)).await.expect("given");
    house.remove_of(&house.owner.actor, person).await.expect("removed");
    assert!(!house.factors(person).await.is_there());
    assert!(people::actor_of_session(&house.store, &house.office, &ben.secret).await.is_err(), "their sessions ended");
    house.office.clock.advance_ms(STEP_MS);
    remove(&house.owner.actor, &house.code(&of_owner, 0)).await.expect("one's own");
    house.sign_in(PASSWORD, None).await.expect("the password alone again");
}

#[tokio::test]
async fn a_step_up_is_for_one_thing_one_session_five_minutes_and_one_use() {
    let house = House::build().await;
    let owner = &house.owner.actor;
    house.spend(owner, "env_1").await.expect("who has no second factor decides as before");
    let (secret, _) = house.with_factor(owner).await;
    let asked = house.spend(owner, "env_1").await;
    assert!(matches!(&asked, Err(OfficeError::StepUp { bound, factors }) if bound == "env_1" && *factors == ["totp"]), "{asked:?}");
    for bad in ["", "with a blank", &"x".repeat(101)] {
        assert!(matches!(house.step_up(owner, bad, &house.code(&secret, 0)).await, Err(PeopleError::Field { path, .. }) if path == "/for"));
    }
    house.step_up(owner, "env_1", &house.code(&secret, 0)).await.expect("given");
    let elsewhere = Actor { kind: ActorKind::Person { session: None, method: AuthMethod::Terminal }, ..owner.clone() };
    for (who, bound) in [(owner, "env_2"), (&elsewhere, "env_1")] {
        assert!(matches!(house.spend(who, bound).await, Err(OfficeError::StepUp { .. })), "{bound}");
    }
    house.spend(owner, "env_1").await.expect("for this");
    assert!(matches!(house.spend(owner, "env_1").await, Err(OfficeError::StepUp { .. })), "once");
    house.office.clock.advance_ms(STEP_MS);
    house.step_up(owner, "env_1", &house.code(&secret, 0)).await.expect("given again");
    house.office.clock.advance_ms(5 * 60_000 + 1);
    assert!(matches!(house.spend(owner, "env_1").await, Err(OfficeError::StepUp { .. })), "too old");
}

#[tokio::test]
async fn the_database_itself_refuses_codes_and_step_ups_that_were_used() {
    let house = House::build().await;
    let (secret, codes) = house.with_factor(&house.owner.actor).await;
    house.step_up(&house.owner.actor, "env_1", &house.code(&secret, 0)).await.expect("given");
    house.spend(&house.owner.actor, "env_1").await.expect("used");
    house.sign_in(PASSWORD, Some(&codes[0])).await.expect("used");
    for change in [
        "update totp set last_step = last_step",
        "update totp set last_step = last_step - 1",
        "update totp set last_step = last_step + 1, sealed = sealed || ''::bytea, made_at = made_at - interval '1 day'",
        "update step_up set used_at = null",
        "update step_up set bound = 'env_2'",
        "update recovery_code set used_at = null where used_at is not null",
        "delete from step_up",
        "truncate step_up",
    ] {
        let refused = house.database.texts(&house.database.superuser_url, change, "select 'nothing'").await;
        let refused = refused.expect_err(change);
        assert!(refused.contains("used") || refused.contains("insert-only") || refused.contains("cannot change"), "{change}: {refused}");
    }
}

#[tokio::test]
async fn codes_of_an_app_count_under_a_new_data_key_alone_once_it_sealed_their_secret_anew() {
    let house = House::build().await;
    let (secret, _) = house.with_factor(&house.owner.actor).await;
    let key = |byte: u8| DataKey::from_secret(&[byte; 32]).expect("key");
    let sealing = |key: DataKey| house.office.clone().sealing(Personal::new(key, std::env::temp_dir().join("steward-none")));
    let (former, now, alone) = (house.office.clone(), sealing(key(8).after(key(9))), sealing(key(8)));
    let round = async |office: &Office| {
        let mut tx = house.database.worker.begin(&Actor::worker(house.owner.actor.tenant)).await.expect("begin");
        let done = rewrap::pass(&mut tx, office, &rewrap::Place::default()).await.expect("looked");
        tx.commit().await.expect("commit");
        (done.codes, done.left)
    };
    let sign_in = async |office: &Office| {
        let code = house.code(&secret, 0);
        let from = Attempt { code: Some(&code), ..Attempt::default() };
        people::sign_in_by_password(&house.store, office, &house.passwords, EMAIL, &PASSWORD.into(), None, from).await
    };
    assert_eq!(round(&former).await, (0, 0));
    assert!(matches!(sign_in(&alone).await, Err(PeopleError::Store(_))), "before it was sealed anew");
    assert_eq!(round(&now).await, (1, 0));
    assert_eq!((round(&now).await, round(&alone).await), ((0, 0), (0, 0)));
    sign_in(&alone).await.expect("with the new key alone");
    house.office.clock.advance_ms(STEP_MS);
    assert!(matches!(sign_in(&former).await, Err(PeopleError::Store(_))), "the former key opens it no more");
}

#[tokio::test]
async fn where_everybody_needs_one_who_has_none_does_nothing_grave() {
    let house = House::build().await;
    let strict = house.office.clone().requiring_second_factor(true);
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    assert!(matches!(people::spend_step_up(&mut tx, &strict, "env_1").await, Err(OfficeError::NoSecondFactor)));
    assert!(!people::may_work(&mut tx, &strict).await.expect("asked"), "not before a second factor was given");
    assert!(people::may_work(&mut tx, &house.office).await.expect("asked"));
    tx.rollback().await.expect("rollback");
    house.with_factor(&house.owner.actor).await;
    let mut tx = house.store.begin(&house.owner.actor).await.expect("tx");
    assert!(people::may_work(&mut tx, &strict).await.expect("asked"), "setting it up gave it");
}
