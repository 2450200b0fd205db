//! Contacts, companies, deals and notes as tools.
//!
//! The plugin only translates: who may see or change what is decided by the gate before the call and by row security
//! behind the office's interfaces. It keeps nothing and decides nothing.

mod companies;
mod contacts;
mod deals;
mod notes;
mod paging;

steward_plugin_sdk::plugin!("crm" {
    Read "crm.find_contacts" => contacts::find,
    Read "crm.get_contact" => contacts::get,
    Write "crm.create_contact" => contacts::create [preview contacts::would_create],
    Write "crm.update_contact" => contacts::update [preview contacts::would_update],
    Read "crm.find_companies" => companies::find,
    Read "crm.get_company" => companies::get,
    Write "crm.create_company" => companies::create,
    Write "crm.update_company" => companies::update [preview companies::would_update],
    Write "crm.add_note" => notes::add [preview notes::would_add],
    Read "crm.list_notes" => notes::list,
    Read "crm.list_deals" => deals::list,
});
