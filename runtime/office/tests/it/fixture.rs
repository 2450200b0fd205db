//! Organisations for tests that are not about people: rows put in by the superuser.

use steward_core::{Actor, ActorKind, AuthMethod, Clock, Ids, PersonId, Role, RunId, TenantId, WorkspaceId, Workspaces};
use steward_office::Office;
use steward_store::testing::TestDatabase;
use steward_store::{Store, Tx};
use time::macros::datetime;

/// An organisation with two workspaces and an owner who sees both.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) owner: Actor,
    pub(crate) sales: WorkspaceId,
    pub(crate) support: WorkspaceId,
}

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) office: Office,
}

impl World {
    pub(crate) async fn make() -> Self {
        let office = Office::new(Clock::manual(datetime!(2026-03-01 09:00 UTC)), Ids::System);
        Self { database: TestDatabase::make().await, office }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.database.app
    }

    pub(crate) async fn begin(&self, actor: &Actor) -> Tx {
        self.store().begin(actor).await.expect("begin")
    }

    pub(crate) async fn house(&self, name: &str) -> House {
        let ids = &self.office.ids;
        let (tenant, person, sales, support): (TenantId, PersonId, WorkspaceId, WorkspaceId) = (ids.make(), ids.make(), ids.make(), ids.make());
        let (t, p) = (tenant.uuid(), person.uuid());
        let workspaces = [(sales, "sales"), (support, "support")]
            .map(|(id, name)| format!("insert into workspace values ('{t}', '{}', '{name}', now());", id.uuid()))
            .concat();
        self.database
            .raw(&format!(
                "insert into tenant values ('{t}', '{name}', now());
                 insert into person (tenant_id, person_id, email, display_name, created_at) values ('{t}', '{p}', 'owner@{name}.example', 'Owner', now());
                 {workspaces}"
            ))
            .await;
        let owner = Actor {
            tenant,
            person: Some(person),
            kind: ActorKind::Person { session: None, method: AuthMethod::Terminal },
            roles: [Role::Owner].into(),
            workspaces: Workspaces::All,
        };
        House { owner, sales, support }
    }

    /// A run of the house's owner in its sales workspace.
    pub(crate) async fn run(&self, house: &House) -> RunId {
        let run: RunId = self.office.ids.make();
        let (t, p, w) = (house.owner.tenant.uuid(), house.owner.person.expect("person").uuid(), house.sales.uuid());
        let r = run.uuid();
        self.database
            .raw(&format!(
                "insert into conversation values ('{t}', '{r}', '{w}', '{p}', 'assistant', 'Test', now(), now());
                 insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, created_at)
                 values ('{t}', '{r}', '{w}', '{r}', '{p}', 'assistant', 'chat', 'running', now())"
            ))
            .await;
        run
    }
}

impl House {
    /// The owner's authority in one workspace only.
    pub(crate) fn only(&self, workspace: WorkspaceId) -> Actor {
        Actor { workspaces: Workspaces::Only([workspace].into()), ..self.owner.clone() }
    }
}
