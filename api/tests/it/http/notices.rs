//! Telling people that something waits: who is told, once, and what becomes of each message.

mod mail;
mod outbox;
mod push;
mod routes;

use super::world::World;
use serde_json::json;
use steward_core::{Actor, HoldId, PersonId, Role};
use steward_office::notices::{self, Channels};
use time::OffsetDateTime;
use uuid::Uuid;

/// Both ways.
pub(super) const BOTH: Channels = Channels { mail: true, push: true };

/// An action that waits, as the gate would have it.
pub(super) struct Waits<'a> {
    pub(super) by: PersonId,
    pub(super) needs: &'a [&'a [&'a str]],
    pub(super) ask: &'a [(u32, &'a [&'a str])],
    pub(super) separate: bool,
    pub(super) tool: &'a str,
}

impl World {
    /// An action that waits for an owner or a manager, asked for by somebody.
    pub(super) async fn waits(&self, by: PersonId) -> HoldId {
        self.holds(Waits { by, needs: &[&["owner"], &["manager"]], ask: &[], separate: false, tool: "mail.send" }).await
    }

    pub(super) async fn holds(&self, hold: Waits<'_>) -> HoldId {
        let id: HoldId = self.server.state.office.ids.make();
        let Waits { by, needs, ask, separate, tool } = hold;
        let ask: Vec<_> = ask.iter().map(|(after_minutes, roles)| json!({ "after_minutes": after_minutes, "roles": roles })).collect();
        let (tenant, workspace, by, hold, now) = (self.home.tenant.uuid(), self.home.workspace.uuid(), by.uuid(), id.uuid(), self.now());
        let sql = format!(
            "do $$
declare c uuid := gen_random_uuid(); r uuid := gen_random_uuid();
begin
  insert into conversation (tenant_id, conversation_id, workspace_id, person_id, agent, title, created_at, changed_at)
    values ('{tenant}', c, '{workspace}', '{by}', 'assistant', 'Secret title', '{now}', '{now}');
  insert into run (tenant_id, run_id, workspace_id, conversation_id, person_id, agent, channel, status, created_at)
    values ('{tenant}', r, '{workspace}', c, '{by}', 'assistant', 'chat', 'waiting', '{now}');
  insert into hold (tenant_id, hold_id, workspace_id, run_id, call_id, person_id, agent, tool, effect, envelope_id, envelope, needs, reason, rules, state,
                    held_at, expires_at, ask, separate)
    values ('{tenant}', '{hold}', '{workspace}', r, 'call_1_0', '{by}', 'assistant', '{tool}', 'send', sha256('x'), '{{\"arguments\":{{\"to\":\"lena@secret.example\"}}}}',
            '{}', 'A secret reason', '{{}}', 'held', '{now}', '{now}'::timestamptz + interval '72 hours', '{}', {separate});
end $$",
            json!(needs),
            json!(ask),
        );
        self.server.database.raw(&sql).await;
        id
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.server.state.office.clock.now()
    }

    /// A person with a role and this mail address.
    pub(super) async fn named(&self, role: Role, email: &str) -> PersonId {
        let person = self.person(role, None).await;
        self.server.database.raw(&format!("update person set email = '{email}' where person_id = '{}'", person.uuid())).await;
        person
    }

    /// One round of telling, without sending anything. Returns how many things were told of.
    pub(super) async fn announce(&self, channels: Channels) -> usize {
        let mut tx = self.server.database.worker.begin(&Actor::worker(self.home.tenant)).await.expect("tx");
        let told = notices::announce(&mut tx, &self.server.state.office, channels, 100).await.expect("told");
        tx.commit().await.expect("commit");
        told
    }

    /// The one column of a query, in order.
    pub(super) async fn column(&self, sql: &str) -> Vec<String> {
        self.server.database.texts(&self.server.database.superuser_url, "", sql).await.expect("a query")
    }

    /// Whom a message of this was made for, in order.
    pub(super) async fn told_of(&self, matter: Uuid) -> Vec<PersonId> {
        let found = self.column(&format!("select distinct person_id::text from notice where matter_id = '{matter}' order by 1")).await;
        found.iter().map(|id| PersonId::from_uuid(id.parse().expect("an id"))).collect()
    }

    /// A browser of a person, at an address.
    pub(super) async fn browser(&self, person: PersonId, endpoint: &str, p256dh: &str, auth: &str) {
        let session = self.home.session_of(&self.server, person).await.secret;
        let body = json!({ "name": "Phone", "endpoint": endpoint, "p256dh": p256dh, "auth": auth });
        self.server.ask("POST", "/api/v1/me/push").cookie(&session).json(&body).send().await.expect(201);
    }
}

/// People in the order of their ids.
pub(super) fn sorted(people: &[PersonId]) -> Vec<PersonId> {
    let mut people = people.to_vec();
    people.sort_by_key(|id| id.uuid().to_string());
    people
}
