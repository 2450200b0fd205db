//! People, secrets and roles against a real database: what is refused, then what works.

use secrecy::{ExposeSecret as _, SecretString};
use steward_core::{Actor, ActorKind, AuthMethod, Clock, HasKind as _, Ids, Kind, Permission, PersonId, Role, Scope, Workspaces};
use steward_office::people::{
    self, Attempt, Bootstrapped, Grant, Invitation, NewOrganisation, NewToken, PasswordChange, Passwords, PeopleError, SESSION_HOURS, SESSION_IDLE_MINUTES,
    SignedIn,
};
use steward_office::{Office, people::LINK_HOURS};
use steward_store::testing::TestDatabase;
use steward_store::workspace::{self, Workspace};
use steward_store::{Page, Store, tenant};
use time::macros::datetime;

const PASSWORD: &str = "a long enough password";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

struct House {
    database: TestDatabase,
    store: Store,
    office: Office,
    passwords: Passwords,
}

impl House {
    async fn build() -> Self {
        let database = TestDatabase::make().await;
        let office = Office::new(Clock::manual(datetime!(2026-03-01 09:00 UTC)), Ids::System);
        Self { store: database.app.clone(), database, office, passwords: Passwords::new(2).expect("argon") }
    }

    async fn organisation(&self, email: &str) -> Bootstrapped {
        let new = NewOrganisation { name: "Acme", workspace: "Main", owner_email: email, owner_name: "Ada" };
        people::bootstrap(&self.store, &self.office, new).await.expect("bootstrap")
    }

    async fn by_link(&self, link: &SecretString) -> Result<SignedIn, PeopleError> {
        people::sign_in_by_link(&self.store, &self.office, link, Attempt::default()).await
    }

    async fn by_password(&self, email: &str, password: &str, address: &str) -> Result<SignedIn, PeopleError> {
        let from = Attempt { address: Some(address), user_agent: Some("test"), code: None };
        people::sign_in_by_password(&self.store, &self.office, &self.passwords, email, &password.into(), None, from).await
    }

    async fn actor(&self, secret: &SecretString) -> Result<Actor, PeopleError> {
        people::actor_of_session(&self.store, &self.office, secret).await
    }

    async fn owner(&self, email: &str) -> SignedIn {
        let made = self.organisation(email).await;
        self.by_link(&made.link).await.expect("owner")
    }

    async fn with_password(&self, signed_in: &SignedIn) -> SignedIn {
        let change = PasswordChange { current: None, new: PASSWORD.into() };
        people::change_password(&self.store, &self.office, &self.passwords, &signed_in.actor, &change, None).await.expect("password")
    }

    async fn invite(&self, owner: &Actor, email: &str, grants: &[Grant]) -> Result<people::Invited, PeopleError> {
        let mut tx = self.store.begin(owner).await.expect("tx");
        let invitation = Invitation { email: email.to_owned(), display_name: "Ben".to_owned(), grants: grants.to_vec() };
        let invited = people::invite(&mut tx, &self.office, &invitation).await?;
        tx.commit().await.expect("commit");
        Ok(invited)
    }

    async fn set_roles(&self, owner: &Actor, person: PersonId, grants: &[Grant]) -> Result<(), PeopleError> {
        let mut tx = self.store.begin(owner).await.expect("tx");
        people::set_roles(&mut tx, &self.office, person, grants).await?;
        tx.commit().await.map_err(PeopleError::from)
    }

    async fn disable(&self, owner: &Actor, person: PersonId) -> Result<(), PeopleError> {
        let mut tx = self.store.begin(owner).await.expect("tx");
        people::disable(&mut tx, &self.office, person).await?;
        tx.commit().await.map_err(PeopleError::from)
    }
}

const fn everywhere(role: Role) -> Grant {
    Grant { role, workspace: None }
}

#[tokio::test]
async fn a_link_lets_in_once_within_a_day() {
    let house = House::build().await;
    let made = house.organisation("ada@example.org").await;
    let foreign = house.organisation("eve@example.org").await;
    // Another organisation's name before this organisation's letters opens nothing.
    let letters = made.link.expose_secret().split_once('.').expect("form").1;
    for bad in [String::new(), "org_x.y".to_owned(), format!("{}.{letters}", foreign.tenant)] {
        assert!(matches!(house.by_link(&bad.clone().into()).await, Err(PeopleError::SignInRefused)), "{bad}");
    }
    house.office.clock.advance_ms(LINK_HOURS * HOUR_MS);
    assert!(matches!(house.by_link(&made.link).await, Err(PeopleError::SignInRefused)), "a link of yesterday");

    let fresh = house.organisation("ida@example.org").await;
    let (one, two) = tokio::join!(house.by_link(&fresh.link), house.by_link(&fresh.link));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "of two at once one gets in");
    assert!(matches!(house.by_link(&fresh.link).await, Err(PeopleError::SignInRefused)), "a used link");
    let signed_in = one.or(two).expect("one got in");
    assert_eq!(signed_in.actor.kind, ActorKind::Person { session: Some(signed_in.session.session_id), method: AuthMethod::Link });
    assert_eq!((signed_in.actor.roles, signed_in.actor.workspaces), ([Role::Owner].into(), Workspaces::All));
}

#[tokio::test]
async fn a_session_ends_idle_old_revoked_or_with_its_person() {
    let house = House::build().await;
    let made = house.organisation("ada@example.org").await;
    let owner = house.by_link(&made.link).await.expect("in");
    for bad in ["", ".", "org_00000000000000000000000001.", "not a secret", "\u{0}"] {
        assert!(matches!(house.actor(&bad.into()).await, Err(PeopleError::NotSignedIn)), "{bad:?}");
    }
    house.office.clock.advance_ms(SESSION_IDLE_MINUTES * MINUTE_MS - 1);
    assert!(house.actor(&owner.secret).await.is_ok(), "just in time");
    house.office.clock.advance_ms(SESSION_IDLE_MINUTES * MINUTE_MS);
    assert!(house.actor(&owner.secret).await.is_err(), "idle");

    let terminal = people::actor_of_person(&house.store, made.tenant, "ada@example.org").await.expect("ada");
    let mut tx = house.store.begin(&terminal).await.expect("tx");
    let link = people::new_link(&mut tx, &house.office, made.owner).await.expect("link");
    tx.commit().await.expect("commit");
    let busy = house.by_link(&link).await.expect("in");
    for _ in 0..(SESSION_HOURS * 3) {
        assert!(house.actor(&busy.secret).await.is_ok(), "in use");
        house.office.clock.advance_ms(HOUR_MS / 3);
    }
    assert!(house.actor(&busy.secret).await.is_err(), "too old, though in use");

    let ben = house.invite(&terminal, "ben@example.org", &[everywhere(Role::Support)]).await.expect("invited");
    let ben = (ben.person, house.by_link(&ben.link).await.expect("ben"));
    let mut tx = house.store.begin(&owner.actor).await.expect("tx");
    let foreign = people::revoke_session(&mut tx, &house.office, made.owner, ben.1.session.session_id).await;
    assert!(matches!(foreign, Err(PeopleError::Missing("session"))), "one ends one's own sessions only");
    drop(tx);
    house.disable(&owner.actor, ben.0).await.expect("disabled");
    assert!(house.actor(&ben.1.secret).await.is_err(), "disabled");
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_are_told_alike_and_slowed_down() {
    let house = House::build().await;
    let owner = house.owner("ada@example.org").await;
    house.with_password(&owner).await;
    let too_long = "x".repeat(1025);
    assert!(matches!(house.by_password("ada@example.org", &too_long, "9.9.9.9").await, Err(PeopleError::Field { .. })), "refused before hashing");

    for email in ["ada@example.org", "nobody@example.org", "", "\u{0}@😀"] {
        for turn in 0..5 {
            let refused = house.by_password(email, "not the password", &format!("10.0.{}.{turn}", email.len())).await.expect_err("wrong");
            assert!(matches!(refused, PeopleError::SignInRefused), "{email}: {refused}");
        }
        let sixth = house.by_password(email, PASSWORD, "10.9.9.9").await.expect_err("slowed down");
        assert!(matches!(sixth, PeopleError::TooManyFailures { retry_after_s: 900 }), "{email}: {sixth}");
        assert_eq!(sixth.kind(), Kind::Limit);
    }
    // Hammering while refused does not lengthen the wait.
    house.office.clock.advance_ms(14 * MINUTE_MS);
    assert!(matches!(house.by_password("ada@example.org", PASSWORD, "10.9.9.9").await, Err(PeopleError::TooManyFailures { retry_after_s: 60 })));
    house.office.clock.advance_ms(MINUTE_MS);
    assert!(house.by_password("ada@example.org", PASSWORD, "10.9.9.9").await.is_ok(), "after a quarter of an hour");

    // One address that tries many names is slowed down too, and a success of its own does not free it.
    for name in ["a", "b", "c", "d", "e"] {
        assert!(matches!(house.by_password(&format!("{name}@example.org"), "x", "6.6.6.6").await, Err(PeopleError::SignInRefused)));
    }
    assert!(matches!(house.by_password("ada@example.org", PASSWORD, "6.6.6.6").await, Err(PeopleError::TooManyFailures { .. })));
    assert!(house.by_password("ada@example.org", PASSWORD, "7.7.7.7").await.is_ok());
}

#[tokio::test]
async fn tries_side_by_side_do_not_slip_past_the_count() {
    let house = House::build().await;
    let owner = house.owner("ada@example.org").await;
    house.with_password(&owner).await;
    let tries = (0..12).map(|_| house.by_password("ada@example.org", "wrong", "5.5.5.5"));
    let mut looked_at = 0;
    for outcome in futures_util::future::join_all(tries).await {
        match outcome.expect_err("wrong") {
            PeopleError::SignInRefused => looked_at += 1,
            PeopleError::TooManyFailures { .. } => {}
            other => panic!("{other}"),
        }
    }
    assert!(looked_at <= 5, "{looked_at} guesses were looked at");
}

#[tokio::test]
async fn strangers_who_guess_keep_nobody_who_is_inside_from_changing_their_password() {
    let house = House::build().await;
    let by_link = house.owner("ada@example.org").await;
    let owner = house.with_password(&by_link).await;
    for turn in 0..5 {
        let refused = house.by_password("ada@example.org", "not the password", &format!("10.0.0.{turn}")).await.expect_err("wrong");
        assert!(matches!(refused, PeopleError::SignInRefused), "{refused}");
    }
    let change = async |actor: &Actor, current: &str| {
        let change = PasswordChange { current: Some(current.into()), new: "another long password".into() };
        people::change_password(&house.store, &house.office, &house.passwords, actor, &change, None).await
    };
    let changed = change(&owner.actor, PASSWORD).await.expect("changed");
    // At the door it is as it was, and who is inside and guesses is slowed down just so.
    let refused = house.by_password("ada@example.org", "another long password", "10.0.0.9").await.expect_err("slowed down");
    assert!(matches!(refused, PeopleError::TooManyFailures { .. }), "{refused}");
    for _ in 0..5 {
        let refused = change(&changed.actor, "not this one at all").await.expect_err("wrong");
        assert!(matches!(&refused, PeopleError::Field { path, .. } if path == "/current"), "{refused}");
    }
    let refused = change(&changed.actor, "another long password").await.expect_err("slowed down");
    assert!(matches!(refused, PeopleError::TooManyFailures { .. }), "{refused}");
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_needs_the_old_one() {
    let house = House::build().await;
    let first = house.owner("ada@example.org").await;
    let change = |current: Option<&str>, new: &str| PasswordChange { current: current.map(Into::into), new: new.into() };
    let ask = |actor: &Actor, change: PasswordChange| {
        let (house, actor) = (&house, actor.clone());
        async move { people::change_password(&house.store, &house.office, &house.passwords, &actor, &change, None).await }
    };
    for (new, path) in [("short", "/new"), ("ada@example.org", "/new"), (&"😀".repeat(257), "/new")] {
        let refused = ask(&first.actor, change(None, new)).await.expect_err("refused");
        assert!(matches!(&refused, PeopleError::Field { path: at, .. } if at == path), "{new}: {refused}");
    }
    let second = ask(&first.actor, change(None, PASSWORD)).await.expect("first password, by a link's session");
    assert!(house.actor(&first.secret).await.is_err(), "the session before it is over");
    assert!(house.actor(&second.secret).await.is_ok());
    assert_ne!(first.session.session_id, second.session.session_id);
    for current in [None, Some("not this one at all")] {
        let refused = ask(&second.actor, change(current, "another long password")).await.expect_err("refused");
        assert!(matches!(&refused, PeopleError::Field { path, .. } if path == "/current"), "{refused}");
    }
    let third = ask(&second.actor, change(Some(PASSWORD), "another long password")).await.expect("changed");
    assert!(house.actor(&second.secret).await.is_err());
    assert!(house.by_password("ada@example.org", PASSWORD, "1.1.1.1").await.is_err(), "the old password is over");
    assert!(house.by_password(" Ada@Example.org ", "another long password", "1.1.1.1").await.is_ok());
    assert!(house.actor(&third.secret).await.is_ok(), "signing in elsewhere ends nothing");
}

#[tokio::test]
async fn a_weak_hash_is_replaced_when_its_password_is_given() {
    let house = House::build().await;
    house.organisation("ada@example.org").await;
    let weak = "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";
    let weak = format!("{weak}{}", argon_tail(b"an older password", b"somesaltsomesalt"));
    house.database.raw(&format!("update person set password_hash = '{weak}'")).await;
    assert!(house.by_password("ada@example.org", "an older password", "1.1.1.1").await.is_ok());
    assert_eq!(house.database.number("select count(*) from person where password_hash like '$argon2id$v=19$m=19456,t=2,p=1$%'").await, 1);
    assert!(house.by_password("ada@example.org", "an older password", "1.1.1.1").await.is_ok(), "and the new hash fits");
}

fn argon_tail(password: &[u8], salt: &[u8]) -> String {
    use argon2::password_hash::{PasswordHasher as _, SaltString};
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, argon2::Params::new(8192, 1, 1, None).expect("params"));
    let text = argon.hash_password(password, &SaltString::encode_b64(salt).expect("salt")).expect("hash").to_string();
    text.rsplit('$').next().expect("tail").to_owned()
}

#[tokio::test]
async fn a_token_is_refused_expired_revoked_or_guessed() {
    let house = House::build().await;
    let owner = house.owner("ada@example.org").await;
    let now = house.office.clock.now();
    let make = |new: NewToken| {
        let (house, actor) = (&house, &owner.actor);
        async move {
            let mut tx = house.store.begin(actor).await.expect("tx");
            let made = people::make_token(&mut tx, &house.office, new).await?;
            tx.commit().await.expect("commit");
            Ok::<_, PeopleError>(made)
        }
    };
    let good = NewToken { name: "ci".to_owned(), scopes: [Scope::Read].into(), expires_at: None };
    for (bad, path) in [
        (NewToken { name: " ".to_owned(), ..good.clone() }, "/name"),
        (NewToken { scopes: [].into(), ..good.clone() }, "/scopes"),
        (NewToken { expires_at: Some(now), ..good.clone() }, "/expires_at"),
        (NewToken { expires_at: Some(now + time::Duration::days(400)), ..good.clone() }, "/expires_at"),
    ] {
        assert!(matches!(make(bad).await, Err(PeopleError::Field { path: at, .. }) if at == path), "{path}");
    }
    let ask = |secret: &SecretString| {
        let (house, secret) = (&house, secret.clone());
        async move { people::actor_of_token(&house.store, &house.office, &secret, None).await.map(|bearer| bearer.actor) }
    };
    let made = make(good.clone()).await.expect("token");
    let actor = ask(&made.secret).await.expect("actor");
    assert_eq!(actor.kind, ActorKind::Token { token: made.token.api_token_id, scopes: [Scope::Read].into() });
    assert!(actor.may(Permission::ContactsRead) && !actor.may(Permission::ContactsWrite) && !actor.may(Permission::HoldsDecide));
    // The same id with letters of another token and a checksum that fits.
    let other = make(good.clone()).await.expect("token");
    let guessed = splice(made.secret.expose_secret(), other.secret.expose_secret());
    assert!(matches!(ask(&guessed.into()).await, Err(PeopleError::NotSignedIn)));
    let short = make(NewToken { expires_at: Some(now + time::Duration::hours(1)), ..good }).await.expect("token");
    assert!(ask(&short.secret).await.is_ok());
    house.office.clock.advance_ms(HOUR_MS);
    assert!(ask(&short.secret).await.is_err(), "expired");
    let mut tx = house.store.begin(&owner.actor).await.expect("tx");
    people::revoke_token(&mut tx, &house.office, made.token.person_id, made.token.api_token_id).await.expect("revoked");
    tx.commit().await.expect("commit");
    assert!(ask(&made.secret).await.is_err(), "revoked");
    let mut tx = house.store.begin(&owner.actor).await.expect("tx");
    let (listed, _) = people::list_tokens(&mut tx, made.token.person_id, &Page::first()).await.expect("list");
    assert_eq!(
        listed.iter().map(|token| (token.used_at.is_some(), token.revoked_at.is_some())).collect::<Vec<_>>(),
        [(true, true), (false, false), (true, false)]
    );
}

/// `ids` of one token, letters of another, and the right checksum for both.
fn splice(ids: &str, letters: &str) -> String {
    let body = format!("{}_{}", ids.rsplit_once('_').expect("form").0, &letters.rsplit_once('_').expect("form").1[..52]);
    let crc =
        !body.bytes().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 }));
    format!("{body}{crc:08x}")
}

#[tokio::test]
async fn the_last_owner_stays_whoever_asks_and_however() {
    let house = House::build().await;
    let made = house.organisation("ada@example.org").await;
    let ada = house.by_link(&made.link).await.expect("in");
    assert!(matches!(house.set_roles(&ada.actor, made.owner, &[everywhere(Role::Manager)]).await, Err(PeopleError::LastOwner)));
    assert!(matches!(house.disable(&ada.actor, made.owner).await, Err(PeopleError::LastOwner)));
    assert!(house.actor(&ada.secret).await.is_ok(), "a refused change changes nothing");

    let ben = house.invite(&ada.actor, "ben@example.org", &[everywhere(Role::Owner)]).await.expect("ben");
    house.disable(&ada.actor, ben.person).await.expect("one of two");
    // A disabled owner is no owner: ada is the last again.
    assert!(matches!(house.set_roles(&ada.actor, made.owner, &[everywhere(Role::Manager)]).await, Err(PeopleError::LastOwner)));

    let cid = house.invite(&ada.actor, "cid@example.org", &[everywhere(Role::Owner)]).await.expect("cid");
    let cid_actor = house.by_link(&cid.link).await.expect("cid").actor;
    let (one, two) = tokio::join!(house.disable(&ada.actor, cid.person), house.disable(&cid_actor, made.owner));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "two owners cannot remove each other");
}

#[tokio::test]
async fn roles_mean_the_same_everywhere_and_take_effect_at_once() {
    let house = House::build().await;
    let made = house.organisation("ada@example.org").await;
    let ada = house.by_link(&made.link).await.expect("in");
    let foreign = house.organisation("eve@example.org").await;
    let mut tx = house.store.begin(&ada.actor).await.expect("tx");
    let sales = people::create_workspace(&mut tx, &house.office, "Sales").await.expect("workspace").workspace_id;
    tx.commit().await.expect("commit");
    let here = |role, workspace| Grant { role, workspace: Some(workspace) };
    for (grants, why) in [
        (vec![], "no role"),
        (vec![everywhere(Role::Support), everywhere(Role::Support)], "twice"),
        (vec![here(Role::Owner, sales)], "owner of a part"),
        (vec![here(Role::Support, foreign.workspace)], "another organisation's workspace"),
        (vec![everywhere(Role::Support), here(Role::Manager, sales)], "everywhere and somewhere"),
        (vec![here(Role::Support, made.workspace), here(Role::Manager, sales)], "not the same in both"),
    ] {
        let refused = house.invite(&ada.actor, "ben@example.org", &grants).await;
        assert!(matches!(refused, Err(PeopleError::Field { .. })), "{why}: {refused:?}");
    }
    let ben = house.invite(&ada.actor, "ben@example.org", &[here(Role::Manager, sales)]).await.expect("ben");
    assert!(matches!(house.invite(&ada.actor, "BEN@example.org", &[everywhere(Role::Support)]).await, Err(PeopleError::EmailTaken)));
    let first = house.by_link(&ben.link).await.expect("ben");
    assert_eq!((&first.actor.roles, &first.actor.workspaces), (&[Role::Manager].into(), &Workspaces::Only([sales].into())));
    house.set_roles(&ada.actor, ben.person, &[everywhere(Role::Support)]).await.expect("roles");
    assert!(house.actor(&first.secret).await.is_err(), "a session does not outlive the roles it was opened with");
    let missing = house.set_roles(&ada.actor, foreign.owner, &[everywhere(Role::Support)]).await;
    assert!(matches!(missing, Err(PeopleError::Missing("person"))), "another organisation's person");
}

#[tokio::test]
async fn every_change_is_on_record_and_a_refused_one_is_not() {
    let house = House::build().await;
    let made = house.organisation("ada@example.org").await;
    let ada = house.by_link(&made.link).await.expect("in");
    let before = house.database.number("select count(*) from audit_event").await;
    assert!(house.disable(&ada.actor, made.owner).await.is_err());
    assert_eq!(house.database.number("select count(*) from audit_event").await, before);
    let ben = house.invite(&ada.actor, "ben@example.org", &[everywhere(Role::Support)]).await.expect("ben");
    house.disable(&ada.actor, ben.person).await.expect("disabled");
    for action in ["organisation.create", "session.create", "person.invite", "person.disable"] {
        let count = house.database.number(&format!("select count(*) from audit_event where action = '{action}' and outcome = 'done'")).await;
        assert_eq!(count, 1, "{action}");
    }
    let named = house.database.number("select count(*) from audit_event where convert_from(canon, 'utf8') like '%example.org%'").await;
    assert_eq!(named, 0, "no address stands in the log");
}

#[tokio::test]
async fn the_terminal_acts_as_whom_it_names() {
    let house = House::build().await;
    let made = house.organisation("ada@example.org").await;
    assert!(matches!(people::actor_of_person(&house.store, made.tenant, "ben@example.org").await, Err(PeopleError::Missing("person"))));
    let actor = people::actor_of_person(&house.store, made.tenant, "ADA@example.org").await.expect("ada");
    assert_eq!(actor.kind, ActorKind::Person { session: None, method: AuthMethod::Terminal });
    assert!(actor.may(Permission::HoldsDecide));
}

#[tokio::test]
async fn who_counts_does_not_wait_for_who_changes_people_and_two_of_those_do() {
    let house = House::build().await;
    let ada = house.owner("ada@example.org").await;
    let soon = std::time::Duration::from_secs(10);
    let mut changing = house.store.begin(&ada.actor).await.expect("tx");
    tenant::lock(&mut changing).await.expect("lock");
    // A first row of a counter names the organisation as this does.
    let mut counting = house.store.begin(&ada.actor).await.expect("tx");
    let place = Workspace { workspace_id: house.office.ids.make(), name: "Another".to_owned(), created_at: house.office.clock.now() };
    tokio::time::timeout(soon, workspace::insert(&mut counting, &place)).await.expect("nothing to wait for").expect("made");
    let mut second = house.store.begin(&ada.actor).await.expect("tx");
    let waits = tokio::time::timeout(std::time::Duration::from_millis(300), tenant::lock(&mut second)).await;
    assert!(waits.is_err(), "one at a time changes who may do what");
}
