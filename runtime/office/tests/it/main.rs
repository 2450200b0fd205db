//! The business against a real database.

mod audit;
mod audit_kill;
mod audit_large;
mod budgets;
mod crm;
mod documents;
mod factors;
mod fixture;
mod import;
mod import_companies;
mod import_db;
mod import_lost;
mod kept;
mod migrations;
mod people;
mod personal;
mod rewrap;
mod secrets;
