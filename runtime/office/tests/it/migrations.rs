//! Bringing databases to this version.

use steward_store::migrate;
use steward_store::testing::TestDatabase;
use tokio::task::{JoinSet, LocalSet};

/// Databases brought up at once.
const SIDE_BY_SIDE: usize = 8;
/// How often each is brought up.
const ROUNDS: usize = 6;

#[tokio::test]
async fn databases_of_one_server_are_brought_up_side_by_side() {
    let mut databases = Vec::new();
    for _ in 0..SIDE_BY_SIDE {
        databases.push(TestDatabase::make().await);
    }
    // The migrator's future cannot change threads; the server works side by side all the same.
    let bringing_up = async {
        let mut lanes = JoinSet::new();
        for database in &databases {
            let url = database.superuser_url.clone();
            lanes.spawn_local(async move {
                for _ in 0..ROUNDS {
                    migrate(&url).await.map_err(|err| format!("{err}: {:?}", std::error::Error::source(&err)))?;
                }
                Ok::<(), String>(())
            });
        }
        lanes.join_all().await
    };
    let outcomes = LocalSet::new().run_until(bringing_up).await;
    assert_eq!(outcomes, vec![Ok(()); SIDE_BY_SIDE]);
}
