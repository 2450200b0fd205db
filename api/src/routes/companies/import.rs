//! Imports companies from a file, all or nothing, or says what an import would do.

use crate::auth::{Answer, Caller};
use crate::extract::{Bytes, Query};
use crate::openapi::Doc;
use crate::routes::imports::view::ImportView;
use crate::routes::imports::{self, Wanted};
use steward_office::import::Subject;

/// What files are sent as. Not what a form of another site could send.
const KINDS: [&str; 3] = ["text/csv", "application/vnd.ms-excel", "application/octet-stream"];

pub(crate) fn doc() -> Doc {
    Doc::new("Import companies from a file")
        .about(
            "CSV with a header, as HubSpot, Pipedrive, Zoho and Salesforce write it or `GET /api/v1/companies` gave it out, at most 64 MiB and 200,000 rows. \
             Names and web addresses are taken, other columns that hold something are named. A company that is there, by its web address or \
             else by its name, keeps what it has. All or nothing; a row that cannot be taken is refused with its number and the reason. \
             The same file again changes nothing.",
        )
        .query::<Wanted>()
        .body_bytes(&KINDS)
        .answers::<ImportView>("201", "What was done.")
        .answers::<ImportView>("200", "What would be done, with `preview=true`.")
}

pub(crate) async fn handle(caller: Caller, Query(wanted): Query<Wanted>, bytes: Bytes) -> Answer {
    imports::take(caller, wanted, bytes, Subject::Companies, &KINDS).await
}
