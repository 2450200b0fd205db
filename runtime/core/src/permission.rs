//! Which role may do what. One table, read by the API and shown by the web; the database repeats it where it can.

use crate::actor::{Actor, ActorKind, Role, Scope};
use std::collections::BTreeSet;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $scope:expr, [$($role:ident),*];)*) => {
        /// One thing that can be allowed, written `resource:action`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Permission { $($(#[$doc])* $name),* }

        impl Permission {
            /// Every permission, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The text form.
            pub const fn name(self) -> &'static str { match self { $(Self::$name => $text),* } }

            /// The roles that hold it.
            pub const fn roles(self) -> &'static [Role] { match self { $(Self::$name => &[$(Role::$role),*]),* } }

            /// The scope an API token needs for it; `None` means that no token ever has it.
            pub const fn scope(self) -> Option<Scope> { match self { $(Self::$name => $scope),* } }
        }
    };
}

permissions! {
    /// Talk with an agent and see one's own conversations and runs.
    Converse = "conversations:use", Some(Scope::Converse), [Owner, Manager, Finance, Support];
    /// See all runs of the workspaces seen.
    RunsRead = "runs:read", Some(Scope::Read), [Owner, Manager, Finance, Support, Auditor];
    /// Stop a run.
    RunsCancel = "runs:cancel", Some(Scope::Converse), [Owner, Manager, Support];
    /// See held actions.
    HoldsRead = "holds:read", Some(Scope::Read), [Owner, Manager, Finance, Support, Auditor];
    /// Decide on held actions. Which role suffices for which action is the policies' word.
    HoldsDecide = "holds:decide", None, [Owner, Manager, Finance, Support];
    /// Give standing grants and take them back.
    GrantsManage = "grants:manage", None, [Owner, Manager];
    /// See and export decisions, the blocked ones included.
    ActionsRead = "actions:read", Some(Scope::Read), [Owner, Manager, Finance, Auditor];
    /// See contacts, companies, deals and notes.
    ContactsRead = "contacts:read", Some(Scope::Read), [Owner, Manager, Finance, Support, Auditor];
    /// Change contacts, companies, deals and notes.
    ContactsWrite = "contacts:write", Some(Scope::Write), [Owner, Manager, Support];
    /// Import contacts from files.
    ContactsImport = "contacts:import", Some(Scope::Write), [Owner, Manager];
    /// See documents: one's own, and those of the workspaces seen.
    DocumentsRead = "documents:read", Some(Scope::Read), [Owner, Manager, Finance, Support, Auditor];
    /// Put documents in, and take one's own away.
    DocumentsWrite = "documents:write", Some(Scope::Write), [Owner, Manager, Finance, Support];
    /// See people and roles.
    PeopleRead = "people:read", Some(Scope::Read), [Owner, Manager, Auditor];
    /// Invite, change and remove people.
    PeopleManage = "people:manage", None, [Owner];
    /// Make and revoke one's own API tokens.
    TokensManage = "tokens:manage", None, [Owner, Manager, Finance, Support];
    /// Make and rename workspaces.
    WorkspacesManage = "workspaces:manage", None, [Owner];
    /// See policies, tools, prompts and agents.
    GovernanceRead = "governance:read", Some(Scope::Read), [Owner, Manager, Finance, Support, Auditor];
    /// Set, replace and remove the organisation's secrets for plugins.
    SecretsManage = "secrets:manage", None, [Owner];
    /// Propose a change of what governs: rules, prompts in use, accepted tools.
    ChangesPropose = "changes:propose", None, [Owner, Manager];
    /// Decide on such a change; never on one's own.
    ChangesDecide = "changes:decide", None, [Owner];
    /// See the audit log and export it.
    AuditRead = "audit:read", Some(Scope::Read), [Owner, Auditor];
    /// Erase somebody's personal details from the audit log.
    AuditErase = "audit:erase", None, [Owner];
    /// See budgets and usage.
    BudgetsRead = "budgets:read", Some(Scope::Read), [Owner, Manager, Finance, Auditor];
    /// Let a run that has no room in a budget go on, or not.
    BudgetsDecide = "budgets:decide", None, [Owner, Finance];
    /// Do the same without being the one to decide: by little, with a reason, and to be reviewed.
    BreakGlass = "budgets:break_glass", None, [Owner, Manager, Finance];
    /// Change budgets.
    BudgetsManage = "budgets:manage", None, [Owner];
}

impl Actor {
    /// Whether the actor may do this: a role of the person holds it and, for a token, its scope covers it.
    /// An agent and background work hold no permission at all; they act through the gate.
    pub fn may(&self, permission: Permission) -> bool {
        let by_role = permission.roles().iter().any(|role| self.roles.contains(role));
        match &self.kind {
            ActorKind::Person { .. } => by_role,
            ActorKind::Token { scopes, .. } => by_role && permission.scope().is_some_and(|scope| scopes.contains(&scope)),
            ActorKind::Agent { .. } | ActorKind::Worker => false,
        }
    }

    /// The scopes in which a token of this person can do anything at all.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let held = Permission::ALL.iter().filter(|permission| permission.roles().iter().any(|role| self.roles.contains(role)));
        held.filter_map(|permission| permission.scope()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::{AuthMethod, Workspaces};
    use crate::id::{ApiTokenId, RunId, TenantId};
    use uuid::Uuid;

    #[test]
    fn agents_and_tokens_never_decide_on_holds() {
        let owner = Actor {
            tenant: TenantId::from_uuid(Uuid::from_u128(1)),
            person: None,
            kind: ActorKind::Person { session: None, method: AuthMethod::Terminal },
            roles: [Role::Owner].into(),
            workspaces: Workspaces::All,
        };
        let token = Actor { kind: ActorKind::Token { token: ApiTokenId::from_uuid(Uuid::from_u128(2)), scopes: Scope::ALL.into() }, ..owner.clone() };
        assert!(owner.may(Permission::HoldsDecide));
        assert!(!token.may(Permission::HoldsDecide));
        assert!(token.may(Permission::HoldsRead));
        let agent = owner.as_agent(RunId::from_uuid(Uuid::from_u128(3)), "assistant");
        assert!(Permission::ALL.iter().all(|permission| !agent.may(*permission)));
    }

    #[test]
    fn a_scope_is_for_whoever_can_do_something_in_it() {
        let of = |role: Role| {
            let kind = ActorKind::Person { session: None, method: AuthMethod::Terminal };
            Actor { tenant: TenantId::from_uuid(Uuid::from_u128(1)), person: None, kind, roles: [role].into(), workspaces: Workspaces::All }.scopes()
        };
        assert_eq!(of(Role::Owner), Scope::ALL.into());
        assert_eq!(of(Role::Finance), [Scope::Converse, Scope::Read, Scope::Write].into());
        assert_eq!(of(Role::Auditor), [Scope::Read].into());
    }
}
