//! Cedar's names for our things, made once; type names are not parsed again for every call.

use crate::problem::RulesError;
use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Display;
use steward_core::{PersonId, Role, ToolSpec, WorkspaceId};

/// The entity types of the schema.
pub(crate) struct Names {
    action: EntityTypeName,
    agent: EntityTypeName,
    person: EntityTypeName,
    role: EntityTypeName,
    tool: EntityTypeName,
    workspace: EntityTypeName,
}

impl Names {
    pub(crate) fn new() -> Result<Self, RulesError> {
        let name = |text: &str| text.parse().map_err(|err: cedar_policy::ParseErrors| RulesError::Schema(err.to_string()));
        Ok(Self {
            action: name("Action")?,
            agent: name("Agent")?,
            person: name("Person")?,
            role: name("Role")?,
            tool: name("Tool")?,
            workspace: name("Workspace")?,
        })
    }

    pub(crate) fn action(&self, name: &str) -> EntityUid {
        uid(&self.action, name)
    }

    pub(crate) fn tool(&self, name: &str) -> EntityUid {
        uid(&self.tool, name)
    }

    pub(crate) fn agent(&self, name: &str) -> EntityUid {
        uid(&self.agent, name)
    }

    fn role(&self, role: Role) -> RestrictedExpression {
        RestrictedExpression::new_entity_uid(uid(&self.role, role.name()))
    }

    pub(crate) fn roles(&self, roles: &BTreeSet<Role>) -> RestrictedExpression {
        RestrictedExpression::new_set(roles.iter().map(|role| self.role(*role)))
    }

    pub(crate) fn person(&self, person: impl Display) -> RestrictedExpression {
        RestrictedExpression::new_entity_uid(uid(&self.person, &person.to_string()))
    }

    /// The agent as an entity: for whom it acts, in which roles, and where.
    pub(crate) fn agent_entity(
        &self,
        agent: EntityUid,
        person: PersonId,
        roles: &BTreeSet<Role>,
        workspace: WorkspaceId,
    ) -> Result<Entity, Box<dyn std::error::Error>> {
        let workspace = RestrictedExpression::new_entity_uid(uid(&self.workspace, &workspace.to_string()));
        let attributes =
            HashMap::from([("person".to_owned(), self.person(person)), ("roles".to_owned(), self.roles(roles)), ("workspace".to_owned(), workspace)]);
        Ok(Entity::new(agent, attributes, HashSet::new())?)
    }

    /// What is the same for every call of a tool: its action in its group, and the tool.
    pub(crate) fn entities(&self, spec: &ToolSpec, action: &EntityUid, group: EntityUid, tool: &EntityUid) -> Result<Entities, Box<dyn std::error::Error>> {
        let attributes = HashMap::from([
            ("effect".to_owned(), RestrictedExpression::new_string(spec.effect.name().to_owned())),
            ("reversible".to_owned(), RestrictedExpression::new_bool(spec.reversible)),
            ("idempotent".to_owned(), RestrictedExpression::new_bool(spec.idempotent)),
            ("plugin".to_owned(), RestrictedExpression::new_string(spec.plugin.clone())),
        ]);
        let action = Entity::new_no_attrs(action.clone(), HashSet::from([group]));
        let tool = Entity::new(tool.clone(), attributes, HashSet::new())?;
        Ok(Entities::from_entities([action, tool], None)?)
    }
}

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}
