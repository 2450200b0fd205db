//! Two organisations with people in every role, to ask the server as each of them.

use super::server::Server;
use secrecy::SecretString;
use std::collections::BTreeSet;
use steward_core::{Actor, PersonId, Role, Scope, TenantId, WorkspaceId};
use steward_office::people::{self, Attempt, Grant, Invitation, NewOrganisation, NewToken, SignedIn};

/// An organisation with its owner.
pub(crate) struct House {
    pub(crate) tenant: TenantId,
    pub(crate) workspace: WorkspaceId,
    pub(crate) owner: PersonId,
    pub(crate) actor: Actor,
}

/// The organisation asked about, and another that must never see it.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) home: House,
    pub(crate) other: House,
}

impl World {
    pub(crate) async fn make() -> Self {
        Self::on(Server::start().await).await
    }

    /// Both organisations on this server.
    pub(crate) async fn on(server: Server) -> Self {
        let home = House::make(&server, "Home", "ada@home.example").await;
        let other = House::make(&server, "Other", "eve@other.example").await;
        Self { server, home, other }
    }

    /// A fresh session of a person in some role of the home organisation.
    pub(crate) async fn session(&self, role: Role) -> SignedIn {
        let person = if role == Role::Owner { self.home.owner } else { self.person(role, None).await };
        self.home.session_of(&self.server, person).await
    }

    /// A new person in the home organisation.
    pub(crate) async fn person(&self, role: Role, workspace: Option<WorkspaceId>) -> PersonId {
        self.person_of(&self.home, role, workspace).await
    }

    /// A new person in an organisation.
    pub(crate) async fn person_of(&self, house: &House, role: Role, workspace: Option<WorkspaceId>) -> PersonId {
        let email = format!("{}@people.example", self.server.state.office.ids.make::<PersonId>());
        let invitation = Invitation { email, display_name: "Somebody".to_owned(), grants: vec![Grant { role, workspace }] };
        let mut tx = self.server.state.store.begin(&house.actor).await.expect("tx");
        let invited = people::invite(&mut tx, &self.server.state.office, &invitation).await.expect("invited");
        tx.commit().await.expect("commit");
        invited.person
    }

    /// Another workspace of the home organisation.
    pub(crate) async fn workspace(&self, name: &str) -> WorkspaceId {
        let mut tx = self.server.state.store.begin(&self.home.actor).await.expect("tx");
        let made = people::create_workspace(&mut tx, &self.server.state.office, name).await.expect("workspace");
        tx.commit().await.expect("commit");
        made.workspace_id
    }

    /// A token of an actor.
    pub(crate) async fn token(&self, actor: &Actor, scopes: &[Scope]) -> people::TokenMade {
        let mut tx = self.server.state.store.begin(actor).await.expect("tx");
        let new = NewToken { name: "test".to_owned(), scopes: scopes.iter().copied().collect::<BTreeSet<_>>(), expires_at: None };
        let made = people::make_token(&mut tx, &self.server.state.office, new).await.expect("token");
        tx.commit().await.expect("commit");
        made
    }

    /// The home organisation's owner, in a fresh session.
    pub(crate) async fn owner(&self) -> SecretString {
        self.session(Role::Owner).await.secret
    }
}

impl House {
    /// A new organisation.
    pub(crate) async fn make(server: &Server, name: &str, email: &str) -> Self {
        let new = NewOrganisation { name, workspace: "Main", owner_email: email, owner_name: "Ada" };
        let made = people::bootstrap(&server.state.store, &server.state.office, new).await.expect("organisation");
        let actor = people::actor_of_person(&server.state.store, made.tenant, email).await.expect("owner");
        Self { tenant: made.tenant, workspace: made.workspace, owner: made.owner, actor }
    }

    /// A fresh session of a person of this organisation.
    pub(crate) async fn session_of(&self, server: &Server, person: PersonId) -> SignedIn {
        let _one_by_one = server.links.lock().await;
        let mut tx = server.state.store.begin(&self.actor).await.expect("tx");
        let link = people::new_link(&mut tx, &server.state.office, person).await.expect("link");
        tx.commit().await.expect("commit");
        people::sign_in_by_link(&server.state.store, &server.state.office, &link, Attempt::default()).await.expect("session")
    }
}
