//! What a wrong password costs for somebody who is there and for somebody who is not: the same, so that time tells no address.
//!
//! Needs `STEWARD_TEST_DATABASE_URL`.

#![expect(clippy::indexing_slicing, reason = "the middle of a list that is not empty")]

use secrecy::SecretString;
use std::time::Instant;
use steward_core::{Clock, Ids};
use steward_office::Office;
use steward_office::people::{self, Attempt, NewOrganisation, PasswordChange, Passwords, PeopleError};
use steward_store::testing::TestDatabase;
use time::macros::datetime;

const KNOWN: &str = "ada@example.org";
/// Tries of each kind.
const TRIES: usize = 120;
/// After so long earlier failures no longer count.
const FORGOTTEN_MS: i64 = 16 * 60_000;

fn main() {
    // `cargo test --benches` must not measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime").block_on(measure());
}

async fn measure() {
    let store = TestDatabase::make().await.app;
    let office = Office::new(Clock::manual(datetime!(2026-03-01 09:00 UTC)), Ids::System);
    let passwords = Passwords::new(2).expect("argon");
    let new = NewOrganisation { name: "Acme", workspace: "Main", owner_email: KNOWN, owner_name: "Ada" };
    let made = people::bootstrap(&store, &office, new).await.expect("an organisation");
    let owner = people::sign_in_by_link(&store, &office, &made.link, Attempt::default()).await.expect("signed in");
    let change = PasswordChange { current: None, new: "a long enough password".into() };
    people::change_password(&store, &office, &passwords, &owner.actor, &change, None).await.expect("a password");

    let wrong: SecretString = "another long password".into();
    let (mut there, mut nobody) = (Vec::new(), Vec::new());
    for turn in 0..TRIES {
        // One after the other, so that whatever else the machine does falls on both.
        for (email, times) in [(KNOWN.to_owned(), &mut there), (format!("nobody{turn}@example.org"), &mut nobody)] {
            office.clock.advance_ms(FORGOTTEN_MS);
            let began = Instant::now();
            let refused = people::sign_in_by_password(&store, &office, &passwords, &email, &wrong, None, Attempt::default()).await;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            assert!(matches!(refused, Err(PeopleError::SignInRefused)), "a wrong password is refused");
        }
    }
    let middle = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[TRIES / 2]
    };
    let (there, nobody) = (middle(there), middle(nobody));
    println!("sign_in/wrong_password_us {there:.0}");
    println!("sign_in/nobody_us {nobody:.0}");
    // Of the shorter one, whichever that is.
    println!("sign_in/apart_percent {:.1}", (there.max(nobody) / there.min(nobody) - 1.0) * 100.0);
}
