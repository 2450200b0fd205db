//! Who sees which budgets.

use super::fixture::World;
use steward_core::{Actor, HasKind, Kind, Micros, Role};
use steward_office::budgets;

#[tokio::test]
async fn who_sees_one_workspace_sees_its_budgets_only() {
    let world = World::make().await;
    let house = world.house("north").await;
    let mut tx = world.begin(&house.owner).await;
    for (scope, id) in
        [("organisation", String::new()), ("workspace", house.sales.to_string()), ("workspace", house.support.to_string()), ("agent", "assistant".into())]
    {
        budgets::put(&mut tx, &world.office, scope, &id, "day", Micros(1_000_000)).await.expect("put");
    }
    assert_eq!(budgets::list(&mut tx).await.expect("list").len(), 4);
    tx.commit().await.expect("commit");

    let mut tx = world.begin(&Actor { roles: [Role::Support].into(), ..house.owner.clone() }).await;
    assert_eq!(budgets::list(&mut tx).await.expect_err("not theirs").kind(), Kind::Denied);
    let mut tx = world.begin(&Actor { roles: [Role::Manager].into(), ..house.only(house.sales) }).await;
    let seen: Vec<String> = budgets::list(&mut tx).await.expect("list").into_iter().map(|row| row.scope_id).collect();
    assert_eq!(seen, [house.sales.to_string()], "neither the organisation's nor another workspace's");
}
