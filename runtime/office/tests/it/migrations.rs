//! Bringing databases to this version.

use steward_store::migrate;
use steward_store::testing::TestDatabase;
use tokio::task::JoinSet;

/// Databases brought up at once.
const SIDE_BY_SIDE: usize = 8;
/// How often each is brought up.
const ROUNDS: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn databases_of_one_server_are_brought_up_side_by_side() {
    let mut databases = Vec::new();
    for _ in 0..SIDE_BY_SIDE {
        databases.push(TestDatabase::make().await);
    }
    let mut lanes = JoinSet::new();
    for database in &databases {
        let url = database.superuser_url.clone();
        lanes.spawn(async move {
            for _ in 0..ROUNDS {
                migrate(&url).await.map_err(|err| format!("{err}: {:?}", std::error::Error::source(&err)))?;
            }
            Ok::<(), String>(())
        });
    }
    while let Some(lane) = lanes.join_next().await {
        assert_eq!(lane.unwrap(), Ok(()));
    }
}
