//! The business against a real database.

mod crm;
mod fixture;
mod import;
mod import_db;
mod people;
