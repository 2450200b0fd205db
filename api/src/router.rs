//! Every route of the server, in one list: method, path, who may use it, and the file that answers.

use crate::auth::{Access, guard};
use crate::edge::{edge, name_route};
use crate::openapi::Doc;
use crate::routes;
use crate::state::AppState;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;
use std::sync::LazyLock;
use steward_core::Permission::{
    ActionsRead, AuditErase, AuditRead, BreakGlass, BudgetsDecide, BudgetsManage, BudgetsRead, ChangesDecide, ChangesPropose, ContactsImport, ContactsRead,
    ContactsWrite, Converse, DocumentsRead, DocumentsWrite, GovernanceRead, GrantsManage, HoldsDecide, HoldsRead, PeopleManage, PeopleRead, SecretsManage,
    TokensManage, WorkspacesManage,
};
use steward_core::limits::{BODY_BYTES_MAX, DOCUMENT_BYTES_MAX, IMPORT_BYTES_MAX};
use tower_http::catch_panic::CatchPanicLayer;

use Access::{May, Public, Session, SignedIn};

/// One route.
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// Where.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// The largest body it takes.
    pub body_bytes_max: usize,
    /// The module that answers, `noun::verb`.
    pub name: &'static str,
    /// What it says of itself.
    pub doc: fn() -> Doc,
    handler: fn() -> MethodRouter<AppState>,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:expr => $noun:ident :: $verb:ident $(up to $bytes:expr)?;)*) => {
        vec![$(Route {
            method: Method::$method,
            path: $path,
            access: $access,
            body_bytes_max: routes!(@bytes $($bytes)?),
            name: concat!(stringify!($noun), "::", stringify!($verb)),
            doc: routes::$noun::$verb::doc,
            handler: || on(MethodFilter::$method, routes::$noun::$verb::handle),
        }),*]
    };
    (@bytes) => { BODY_BYTES_MAX };
    (@bytes $bytes:expr) => { $bytes };
}

static TABLE: LazyLock<Vec<Route>> = LazyLock::new(|| {
    routes! {
        POST   "/api/v1/session"                 Public                  => session::create;
        DELETE "/api/v1/session"                 Session                 => session::delete;
        GET    "/api/v1/me"                      SignedIn                => me::show;
        PATCH  "/api/v1/me"                      Session                 => me::update;
        PUT    "/api/v1/me/password"             Session                 => me::password;
        POST   "/api/v1/session/prove"           Session                 => session::prove;
        POST   "/api/v1/session/step-up"         Session                 => session::step_up;
        GET    "/api/v1/me/factors"              Session                 => factors::show;
        POST   "/api/v1/me/totp"                 Session                 => factors::enrol;
        POST   "/api/v1/me/totp/confirm"         Session                 => factors::confirm;
        POST   "/api/v1/me/totp/remove"          Session                 => factors::remove;
        POST   "/api/v1/me/recovery-codes"       Session                 => factors::recovery;
        GET    "/api/v1/session/oidc"            Public                  => oidc::show;
        POST   "/api/v1/session/oidc"            Public                  => oidc::begin;
        POST   "/api/v1/session/oidc/answer"     Public                  => oidc::answer;
        POST   "/api/v1/session/passkey"         Public                  => passkeys::challenge;
        POST   "/api/v1/session/step-up/passkey" Session                 => passkeys::step_up;
        GET    "/api/v1/me/passkeys"             Session                 => passkeys::list;
        POST   "/api/v1/me/passkeys/begin"       Session                 => passkeys::begin;
        POST   "/api/v1/me/passkeys"             Session                 => passkeys::add;
        DELETE "/api/v1/me/passkeys/{id}"        Session                 => passkeys::remove;
        GET    "/api/v1/me/notices"              Session                 => notices::show;
        PUT    "/api/v1/me/notices"              Session                 => notices::set;
        POST   "/api/v1/me/notices/test"         Session                 => notices::test;
        GET    "/api/v1/me/push"                 Session                 => push::list;
        POST   "/api/v1/me/push"                 Session                 => push::add;
        DELETE "/api/v1/me/push/{id}"            Session                 => push::remove;
        GET    "/api/v1/notices/dead"            May(PeopleRead)         => notices::dead;
        GET    "/api/v1/sessions"                Session                 => sessions::list;
        DELETE "/api/v1/sessions/{id}"           Session                 => sessions::delete;
        GET    "/api/v1/tokens"                  May(TokensManage)       => tokens::list;
        POST   "/api/v1/tokens"                  May(TokensManage)       => tokens::create;
        DELETE "/api/v1/tokens/{id}"             May(TokensManage)       => tokens::delete;
        GET    "/api/v1/people"                  May(PeopleRead)         => people::list;
        POST   "/api/v1/people"                  May(PeopleManage)       => people::invite;
        GET    "/api/v1/people/{id}"             May(PeopleRead)         => people::show;
        PATCH  "/api/v1/people/{id}"             May(PeopleManage)       => people::roles;
        DELETE "/api/v1/people/{id}"             May(PeopleManage)       => people::disable;
        POST   "/api/v1/people/{id}/enable"      May(PeopleManage)       => people::enable;
        POST   "/api/v1/people/{id}/links"       May(PeopleManage)       => people::link;
        DELETE "/api/v1/people/{id}/factors"     May(PeopleManage)       => people::remove_factors;
        GET    "/api/v1/people/{id}/sessions"    May(PeopleManage)       => people::sessions;
        DELETE "/api/v1/people/{id}/sessions"    May(PeopleManage)       => people::sign_out;
        GET    "/api/v1/people/{id}/tokens"      May(PeopleManage)       => people::tokens;
        DELETE "/api/v1/people/{id}/tokens/{token_id}" May(PeopleManage) => people::revoke_token;
        GET    "/api/v1/workspaces"              SignedIn                => workspaces::list;
        POST   "/api/v1/workspaces"              May(WorkspacesManage)   => workspaces::create;
        PATCH  "/api/v1/workspaces/{id}"         May(WorkspacesManage)   => workspaces::rename;

        GET    "/api/v1/conversations"                 May(Converse)        => conversations::list;
        POST   "/api/v1/conversations"                 May(Converse)        => conversations::create;
        GET    "/api/v1/conversations/{id}"            May(Converse)        => conversations::show;
        GET    "/api/v1/conversations/{id}/messages"   May(Converse)        => conversations::messages;
        POST   "/api/v1/conversations/{id}/messages"   May(Converse)        => conversations::post;
        GET    "/api/v1/runs"                          SignedIn             => runs::list;
        GET    "/api/v1/runs/{id}"                     SignedIn             => runs::show;
        GET    "/api/v1/runs/{id}/events"              SignedIn             => runs::events;
        POST   "/api/v1/runs/{id}/cancel"              May(Converse)        => runs::cancel;
        POST   "/api/v1/runs/{id}/fork"                May(Converse)        => runs::fork;
        GET    "/api/v1/schedules"                     May(Converse)        => schedules::list;
        POST   "/api/v1/schedules"                     May(Converse)        => schedules::create;
        GET    "/api/v1/schedules/{id}"                May(Converse)        => schedules::show;
        DELETE "/api/v1/schedules/{id}"                May(Converse)        => schedules::remove;
        POST   "/api/v1/schedules/{id}/pause"          May(Converse)        => schedules::pause;
        POST   "/api/v1/schedules/{id}/resume"         May(Converse)        => schedules::resume;
        GET    "/api/v1/questions"                     Session              => questions::list;
        POST   "/api/v1/questions/{id}/answer"         Session              => questions::answer;
        POST   "/api/v1/questions/{id}/decline"        Session              => questions::decline;
        POST   "/api/v1/questions/{id}/cancel"         Session              => questions::cancel;
        GET    "/api/v1/holds"                         May(HoldsRead)       => holds::list;
        GET    "/api/v1/holds/{id}"                    May(HoldsRead)       => holds::show;
        POST   "/api/v1/holds/{id}/approve"            May(HoldsDecide)     => holds::approve;
        POST   "/api/v1/holds/{id}/reject"             May(HoldsDecide)     => holds::reject;
        POST   "/api/v1/holds/{id}/revise"             May(HoldsDecide)     => holds::revise;
        POST   "/api/v1/holds/{id}/edit"               May(HoldsDecide)     => holds::edit;
        GET    "/api/v1/approver-load"                 May(HoldsRead)       => holds::load;
        GET    "/api/v1/grants"                        May(HoldsRead)       => grants::list;
        POST   "/api/v1/grants"                        May(GrantsManage)    => grants::create;
        GET    "/api/v1/grants/{id}"                   May(HoldsRead)       => grants::show;
        DELETE "/api/v1/grants/{id}"                   May(GrantsManage)    => grants::delete;
        GET    "/api/v1/actions"                       May(ActionsRead)     => actions::list;
        GET    "/api/v1/actions/{id}"                  May(ActionsRead)     => actions::show;
        GET    "/api/v1/audit"                         May(AuditRead)       => audit::list;
        GET    "/api/v1/audit/verification"            May(AuditRead)       => audit::verification;
        GET    "/api/v1/audit/checkpoints"             May(AuditRead)       => audit::checkpoints;
        GET    "/api/v1/audit/export"                  May(AuditRead)       => audit::export;
        GET    "/api/v1/audit/{id}"                    May(AuditRead)       => audit::show;
        DELETE "/api/v1/audit/personal/{id}"           May(AuditErase)      => audit::erase;
        GET    "/api/v1/budgets"                       May(BudgetsRead)     => budgets::list;
        PUT    "/api/v1/budgets"                       May(BudgetsManage)   => budgets::put;
        GET    "/api/v1/budgets/holds"                 May(BudgetsRead)     => budget_holds::list;
        GET    "/api/v1/budgets/holds/{id}"            May(BudgetsRead)     => budget_holds::show;
        POST   "/api/v1/budgets/holds/{id}/allow"      May(BudgetsDecide)   => budget_holds::allow;
        POST   "/api/v1/budgets/holds/{id}/refuse"     May(BudgetsDecide)   => budget_holds::refuse;
        POST   "/api/v1/budgets/holds/{id}/break-glass" May(BreakGlass)     => budget_holds::break_glass;
        POST   "/api/v1/budgets/holds/{id}/review"     May(BudgetsManage)   => budget_holds::review;
        GET    "/api/v1/usage"                         May(BudgetsRead)     => usage::list;
        GET    "/api/v1/tools"                         May(GovernanceRead)  => tools::list;
        POST   "/api/v1/tools/proposals"               May(ChangesPropose)  => tools::propose;
        GET    "/api/v1/plugins"                       May(GovernanceRead)  => plugins::list;
        GET    "/api/v1/plugins/kept"                  May(GovernanceRead)  => plugins::kept;
        DELETE "/api/v1/workspaces/{id}/kept/{plugin}" May(ChangesDecide)   => plugins::forget;
        GET    "/api/v1/prompts"                       May(GovernanceRead)  => prompts::list;
        POST   "/api/v1/prompts/proposals"             May(ChangesPropose)  => prompts::propose;
        GET    "/api/v1/prompts/{name}/{version}"      May(GovernanceRead)  => prompts::show;
        GET    "/api/v1/policies"                      May(GovernanceRead)  => policies::show;
        POST   "/api/v1/policies/backtest"             May(ActionsRead)     => policies::backtest up to routes::policies::backtest::BODY_MAX;
        GET    "/api/v1/policies/suggestions"          May(ActionsRead)     => policies::suggestions;
        GET    "/api/v1/policies/history"              May(GovernanceRead)  => policies::history;
        GET    "/api/v1/policies/checks"               May(GovernanceRead)  => policies::checks;
        POST   "/api/v1/policies/proposals"            May(ChangesPropose)  => policies::propose up to routes::policies::backtest::BODY_MAX;
        GET    "/api/v1/changes"                       May(GovernanceRead)  => changes::list;
        GET    "/api/v1/changes/{id}"                  May(GovernanceRead)  => changes::show;
        POST   "/api/v1/changes/{id}/approve"          May(ChangesDecide)   => changes::approve;
        POST   "/api/v1/changes/{id}/reject"           May(ChangesDecide)   => changes::reject;
        POST   "/api/v1/changes/{id}/withdraw"         May(ChangesPropose)  => changes::withdraw;
        GET    "/api/v1/agents"                        May(GovernanceRead)  => agents::list;
        GET    "/api/v1/models"                        May(GovernanceRead)  => models::list;
        GET    "/api/v1/integrations"                  May(GovernanceRead)  => integrations::list;
        GET    "/api/v1/secrets"                       May(GovernanceRead)  => secrets::list;
        PUT    "/api/v1/secrets/{plugin}/{name}"       May(SecretsManage)   => secrets::set;
        DELETE "/api/v1/secrets/{plugin}/{name}"       May(SecretsManage)   => secrets::remove;

        GET    "/api/v1/contacts"                May(ContactsRead)       => contacts::list;
        POST   "/api/v1/contacts"                May(ContactsWrite)      => contacts::create;
        POST   "/api/v1/contacts/import"         May(ContactsImport)     => contacts::import up to IMPORT_BYTES_MAX;
        GET    "/api/v1/contacts/duplicates"     May(ContactsRead)       => contacts::duplicates;
        GET    "/api/v1/contacts/{id}"           May(ContactsRead)       => contacts::show;
        PATCH  "/api/v1/contacts/{id}"           May(ContactsWrite)      => contacts::update;
        POST   "/api/v1/contacts/{id}/merge"     May(ContactsWrite)      => contacts::merge;
        GET    "/api/v1/contacts/{id}/merged"    May(ContactsRead)       => contacts::merged;
        GET    "/api/v1/contacts/{id}/notes"     May(ContactsRead)       => contacts::notes;
        POST   "/api/v1/contacts/{id}/notes"     May(ContactsWrite)      => contacts::add_note;
        GET    "/api/v1/companies"               May(ContactsRead)       => companies::list;
        POST   "/api/v1/companies"               May(ContactsWrite)      => companies::create;
        POST   "/api/v1/companies/import"        May(ContactsImport)     => companies::import up to IMPORT_BYTES_MAX;
        GET    "/api/v1/companies/duplicates"    May(ContactsRead)       => companies::duplicates;
        GET    "/api/v1/companies/{id}"          May(ContactsRead)       => companies::show;
        PATCH  "/api/v1/companies/{id}"          May(ContactsWrite)      => companies::update;
        POST   "/api/v1/companies/{id}/merge"    May(ContactsWrite)      => companies::merge;
        GET    "/api/v1/companies/{id}/merged"   May(ContactsRead)       => companies::merged;
        GET    "/api/v1/companies/{id}/notes"    May(ContactsRead)       => companies::notes;
        POST   "/api/v1/companies/{id}/notes"    May(ContactsWrite)      => companies::add_note;
        GET    "/api/v1/deals"                   May(ContactsRead)       => deals::list;
        POST   "/api/v1/deals"                   May(ContactsWrite)      => deals::create;
        GET    "/api/v1/deals/stages"            May(ContactsRead)       => deals::stages;
        GET    "/api/v1/deals/{id}"              May(ContactsRead)       => deals::show;
        PATCH  "/api/v1/deals/{id}"              May(ContactsWrite)      => deals::update;
        GET    "/api/v1/deals/{id}/notes"        May(ContactsRead)       => deals::notes;
        POST   "/api/v1/deals/{id}/notes"        May(ContactsWrite)      => deals::add_note;

        GET    "/api/v1/documents"               May(DocumentsRead)      => documents::list;
        POST   "/api/v1/documents"               May(DocumentsWrite)     => documents::put up to DOCUMENT_BYTES_MAX;
        GET    "/api/v1/documents/{id}"          May(DocumentsRead)      => documents::show;
        DELETE "/api/v1/documents/{id}"          May(DocumentsWrite)     => documents::remove;
        GET    "/api/v1/search"                  May(DocumentsRead)      => documents::search;

        GET    "/v1/models"                      May(Converse)           => openai::models;
        GET    "/v1/models/{name}"               May(Converse)           => openai::model;
        POST   "/v1/chat/completions"            May(Converse)           => openai::complete;
        POST   "/v1/responses"                   May(Converse)           => openai::respond;

        POST   "/mcp"                            May(Converse)           => mcp::post;
        GET    "/mcp"                            May(Converse)           => mcp::listen;
        DELETE "/mcp"                            May(Converse)           => mcp::close;

        GET    "/.well-known/oauth-protected-resource/mcp" Public        => oauth::resource;
        GET    "/.well-known/oauth-authorization-server"   Public        => oauth::server;
        GET    "/api/v1/oauth/request"           May(TokensManage)       => oauth::request;
        POST   "/api/v1/oauth/allow"             May(TokensManage)       => oauth::allow;
        POST   "/api/v1/oauth/refuse"            May(TokensManage)       => oauth::refuse;
        POST   "/oauth/token"                    Public                  => oauth::token;
        POST   "/oauth/revoke"                   Public                  => oauth::revoke;
        POST   "/oauth/register"                 Public                  => oauth::register;

        GET    "/healthz"                        Public                  => operation::healthz;
        GET    "/readyz"                         Public                  => operation::readyz;
        GET    "/metrics"                        Public                  => operation::metrics;
        GET    "/openapi.json"                   Public                  => operation::openapi;
        GET    "/docs"                           Public                  => pages::docs;
    }
});

/// Every route.
pub fn table() -> &'static [Route] {
    &TABLE
}

/// The server: every route behind its guard, and the edge around all of it.
pub fn router(state: AppState) -> Router {
    let mut router = Router::new();
    for route in table() {
        let guarded = (route.handler)().layer(from_fn_with_state((state.clone(), route), guard)).layer(from_fn_with_state(route.path, name_route));
        router = router.route(route.path, guarded);
    }
    // What no route answers is for the web: its pages have no rights of their own.
    let router = router.fallback(routes::pages::web::answer);
    router.layer(CatchPanicLayer::new()).layer(from_fn_with_state(state.clone(), edge)).with_state(state)
}
