//! Contacts, companies, deals and notes: what is refused, what walls hold, then what works.

use crate::fixture::{House, World};
use steward_core::{CompanyId, ContactId, DealId, Digest, HasKind as _, Id, Integrity, Kind, WorkspaceId};
use steward_office::crm::{
    self, CompanyPatch, CompanyQuery, Contact, ContactPatch, ContactQuery, CrmError, DealFilter, DealPatch, Effect, Made, NewCompany, NewContact, NewDeal,
    NoteOn, Point,
};
use steward_store::{Page, Tx};

fn lena() -> NewContact {
    NewContact {
        given_name: Some("Lena".into()),
        family_name: Some("Müller".into()),
        emails: vec![Point { value: "Lena@Example.com".into(), label: Some("work".into()) }],
        phones: vec![Point::new("+41 79 123 45 67")],
        tags: vec!["Investor".into()],
        ..NewContact::default()
    }
}

fn named(name: &str) -> NewContact {
    NewContact { display_name: Some(name.into()), ..NewContact::default() }
}

async fn make(world: &World, house: &House, new: &NewContact) -> Contact {
    let mut tx = world.begin(&house.owner).await;
    let contact = crm::create_contact(&mut tx, &world.office, house.sales, new, Integrity::Owner).await.expect("contact");
    tx.commit().await.expect("commit");
    contact
}

#[tokio::test]
async fn bad_fields_are_refused_by_name_and_nothing_is_written() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let point = |value: &str| vec![Point::new(value)];
    let cases: Vec<(NewContact, &str)> = vec![
        (NewContact::default(), "`display_name` is empty; give a name or an address"),
        (named(" \u{200b}\t"), "`display_name` is empty"),
        (named("a\0b"), "`display_name` holds a NUL character"),
        (named("a\u{7}b"), "`display_name` holds the control character U+0007"),
        (named(&"x".repeat(301)), "`display_name` has 301 characters; 300 is the most"),
        (NewContact { emails: point("lena"), ..named("L") }, "`emails[0]` is `lena`, which has no `@`"),
        (NewContact { emails: [point("a@b.example"), point("b@b")].concat(), ..named("L") }, "`emails[1]` is `b@b`, which needs a domain"),
        (NewContact { emails: point("Lena <l@b.example>"), ..named("L") }, "`emails[0]`"),
        (NewContact { emails: point("l@b.example\0"), ..named("L") }, "`emails[0]` holds a NUL"),
        (NewContact { emails: vec![Point { value: "l@b.example".into(), label: Some("x".repeat(61)) }], ..named("L") }, "`emails[0].label` has 61"),
        (NewContact { phones: point("12"), ..named("L") }, "`phones[0]` is `12`, which is no phone number"),
        (NewContact { urls: point("javascript:alert(1)"), ..named("L") }, "`urls[0]`"),
        (NewContact { addresses: point(" \n "), ..named("L") }, "`addresses[0]` is empty"),
        (NewContact { phones: (0..51).map(|n| Point::new(format!("+1555010{n:04}"))).collect(), ..named("L") }, "51 together; 50 is the most"),
        (NewContact { tags: vec!["ok".into(), " ".into()], ..named("L") }, "`tags[1]` is empty"),
        (NewContact { birthday: Some("1980-02-30".into()), ..named("L") }, "`birthday` is `1980-02-30`, which is no day"),
        (NewContact { birthday: Some("22.3.1980".into()), ..named("L") }, "`birthday`"),
        (NewContact { job_title: Some("x".repeat(301)), ..named("L") }, "`job_title`"),
    ];
    for (new, message) in cases {
        let mut tx = world.begin(&house.owner).await;
        let err = crm::create_contact(&mut tx, &world.office, house.sales, &new, Integrity::Owner).await.expect_err(message);
        assert_eq!((err.kind(), err.to_string().contains(message)), (Kind::Invalid, true), "{err}");
        tx.commit().await.expect("the transaction is still whole");
    }
    assert_eq!(world.database.number("select count(*) from contact").await, 0);
    assert_eq!(world.database.number("select count(*) from audit_event").await, 0);
}

fn missing<T: std::fmt::Debug>(found: Result<T, CrmError>, what: &str) {
    let err = found.expect_err(what);
    assert_eq!((err.kind(), err.to_string().starts_with("there is no")), (Kind::Missing, true), "{what}: {err}");
}

/// Everything that can be asked about records of another house, or another workspace, by their ids.
async fn sees_nothing(
    world: &World,
    actor: &steward_core::Actor,
    own: WorkspaceId,
    foreign: WorkspaceId,
    contact: ContactId,
    company: CompanyId,
    deal: DealId,
) {
    let office = &world.office;
    let mut tx = world.begin(actor).await;
    assert!(crm::find_contacts(&mut tx, &ContactQuery::default(), &Page::first()).await.expect("list").items.is_empty());
    assert!(
        crm::find_contacts(&mut tx, &ContactQuery { text: "lena".into(), workspace: Some(foreign), ..ContactQuery::default() }, &Page::first())
            .await
            .expect("list")
            .items
            .is_empty()
    );
    assert!(crm::find_contacts_by_email(&mut tx, None, "lena@example.com").await.expect("list").is_empty());
    assert!(crm::find_companies(&mut tx, &CompanyQuery::default(), &Page::first()).await.expect("list").items.is_empty());
    assert!(crm::list_deals(&mut tx, &DealFilter::default(), &Page::first()).await.expect("list").items.is_empty());
    missing(crm::get_contact(&mut tx, contact).await, "get contact");
    missing(crm::get_company(&mut tx, company).await, "get company");
    missing(crm::get_deal(&mut tx, deal).await, "get deal");
    missing(crm::update_contact(&mut tx, office, contact, 1, &ContactPatch::default(), Integrity::Owner).await, "update contact");
    missing(crm::update_company(&mut tx, office, company, 1, &CompanyPatch::default(), Integrity::Owner).await, "update company");
    missing(crm::update_deal(&mut tx, office, deal, 1, &DealPatch::default(), Integrity::Owner).await, "update deal");
    for on in [NoteOn::Contact(contact), NoteOn::Company(company), NoteOn::Deal(deal)] {
        missing(crm::add_note(&mut tx, office, on, "x", Integrity::Owner).await, "add note");
        missing(crm::list_notes(&mut tx, on, &Page::first()).await, "list notes");
    }
    missing(crm::create_contact(&mut tx, office, own, &NewContact { company_id: Some(company), ..named("L") }, Integrity::Owner).await, "company of others");
    missing(
        crm::create_deal(
            &mut tx,
            office,
            own,
            &NewDeal { title: "T".into(), stage: "new".into(), contact_id: Some(contact), ..NewDeal::default() },
            Integrity::Owner,
        )
        .await,
        "contact of others",
    );
    missing(crm::create_contact(&mut tx, office, foreign, &named("L"), Integrity::Owner).await, "contact in a workspace of others");
    missing(
        crm::create_company(&mut tx, office, foreign, &NewCompany { name: "C".into(), website: None }, Integrity::Owner).await,
        "company in a workspace of others",
    );
    missing(
        crm::create_deal(&mut tx, office, foreign, &NewDeal { title: "T".into(), stage: "new".into(), ..NewDeal::default() }, Integrity::Owner).await,
        "deal in a workspace of others",
    );
    // The same address and the same name are free here.
    crm::create_company(&mut tx, office, own, &NewCompany { name: "Example AG".into(), website: None }, Integrity::Owner).await.expect("same name");
    crm::create_contact(&mut tx, office, own, &lena(), Integrity::Owner).await.expect("same address");
    tx.rollback().await.expect("rollback");
}

#[tokio::test]
async fn another_organisation_and_another_workspace_see_and_touch_nothing() {
    let world = World::make().await;
    let (ours, theirs) = (world.house("acme").await, world.house("other").await);
    let mut tx = world.begin(&ours.owner).await;
    let company = crm::create_company(&mut tx, &world.office, ours.sales, &NewCompany { name: "Example AG".into(), website: None }, Integrity::Owner)
        .await
        .expect("company")
        .company_id;
    let contact = crm::create_contact(&mut tx, &world.office, ours.sales, &NewContact { company_id: Some(company), ..lena() }, Integrity::Owner)
        .await
        .expect("contact")
        .contact_id;
    let deal = NewDeal { title: "Deal".into(), stage: "new".into(), contact_id: Some(contact), ..NewDeal::default() };
    let deal = crm::create_deal(&mut tx, &world.office, ours.sales, &deal, Integrity::Owner).await.expect("deal").deal_id;
    crm::add_note(&mut tx, &world.office, NoteOn::Contact(contact), "note", Integrity::Owner).await.expect("note");
    tx.commit().await.expect("commit");

    sees_nothing(&world, &theirs.owner, theirs.sales, ours.sales, contact, company, deal).await;
    sees_nothing(&world, &ours.only(ours.support), ours.support, ours.sales, contact, company, deal).await;

    // Who sees both workspaces still cannot tie records of one to the other.
    let mut tx = world.begin(&ours.owner).await;
    missing(
        crm::create_contact(&mut tx, &world.office, ours.support, &NewContact { company_id: Some(company), ..named("L") }, Integrity::Owner).await,
        "company of the other workspace",
    );
    let version = crm::get_contact(&mut tx, contact).await.expect("still there").version;
    assert_eq!(version, 1);
}

#[tokio::test]
async fn an_address_belongs_to_one_contact_of_a_workspace() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let first = make(&world, &house, &lena()).await;
    let mut tx = world.begin(&house.owner).await;
    let again = NewContact { emails: vec![Point::new(" LENA@example.COM ")], ..named("Somebody") };
    match crm::create_contact(&mut tx, &world.office, house.sales, &again, Integrity::Owner).await {
        Err(CrmError::AddressTaken { contact, .. }) => assert_eq!(contact, first.contact_id),
        other => panic!("{other:?}"),
    }
    crm::create_contact(&mut tx, &world.office, house.support, &again, Integrity::Owner).await.expect("free in the other workspace");
    let second = crm::create_contact(&mut tx, &world.office, house.sales, &named("Second"), Integrity::Owner).await.expect("second");
    let patch = ContactPatch { emails: Some(vec![Point::new("lena@example.com")]), ..ContactPatch::default() };
    let err = crm::update_contact(&mut tx, &world.office, second.contact_id, 1, &patch, Integrity::Owner).await.expect_err("taken");
    assert_eq!(err.kind(), Kind::Conflict);
    crm::update_contact(&mut tx, &world.office, first.contact_id, 1, &patch, Integrity::Owner).await.expect("its own address");
    let company = NewCompany { name: "Example, Inc.".into(), website: None };
    crm::create_company(&mut tx, &world.office, house.sales, &company, Integrity::Owner).await.expect("company");
    let same = NewCompany { name: "EXAMPLE Inc".into(), website: None };
    assert_eq!(crm::create_company(&mut tx, &world.office, house.sales, &same, Integrity::Owner).await.expect_err("taken").kind(), Kind::Conflict);
}

#[tokio::test]
async fn two_people_making_the_same_contact_at_once_make_one() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let new = lena();
    let tries = (0..6).map(|_| async {
        let mut tx = world.begin(&house.owner).await;
        let made = crm::create_contact(&mut tx, &world.office, house.sales, &new, Integrity::Owner).await;
        if made.is_ok() {
            tx.commit().await.expect("commit");
        }
        made.is_ok()
    });
    let made = futures_util::future::join_all(tries).await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
    assert_eq!(world.database.number("select count(*) from contact").await, 1);
}

#[tokio::test]
async fn a_contact_is_made_found_and_changed() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let mut tx = world.begin(&house.owner).await;
    let company = crm::create_company(
        &mut tx,
        &world.office,
        house.sales,
        &NewCompany { name: "Zürcher Käse AG".into(), website: Some("kaese.example".into()) },
        Integrity::Owner,
    )
    .await
    .expect("company");
    assert_eq!(company.website.as_deref(), Some("https://kaese.example"));
    let made = crm::create_contact(
        &mut tx,
        &world.office,
        house.sales,
        &NewContact { company_id: Some(company.company_id), birthday: Some("--02-29".into()), ..lena() },
        Integrity::Directory,
    )
    .await
    .expect("contact");
    assert_eq!((made.display_name.as_str(), made.version, made.integrity), ("Lena Müller", 1, Integrity::Directory));
    crm::create_contact(&mut tx, &world.office, house.sales, &named("100% Müll_er"), Integrity::Owner).await.expect("other");
    for text in [
        "lena",
        "MULLER lena",
        "müller",
        "example.com",
        "Lena@EXAMPLE.com",
        "+41 (79) 123-45-67",
        "0041791234567",
        "1234567",
        "zurcher kase",
        "investor",
        "lena 079",
        " ",
    ] {
        let found = crm::find_contacts(&mut tx, &ContactQuery { text: text.into(), ..ContactQuery::default() }, &Page::first()).await.expect("find");
        let is_found = found.items.iter().any(|contact| contact.contact_id == made.contact_id);
        // A national number is not the end of an international one when its zero is not dialled from abroad.
        assert_eq!(is_found, text != "lena 079", "{text}");
    }
    for (text, count) in [("100%", 1), ("l_er", 1), ("%", 1), ("x_y", 0), ("lena nobody", 0), ("\0", 2), ("\\", 0)] {
        let found = crm::find_contacts(&mut tx, &ContactQuery { text: text.into(), ..ContactQuery::default() }, &Page::first()).await.expect("find");
        assert_eq!(found.items.len(), count, "{text:?}");
    }
    let at = |company| ContactQuery { company: Some(company), ..ContactQuery::default() };
    assert_eq!(crm::find_contacts(&mut tx, &at(company.company_id), &Page::first()).await.expect("find").items.len(), 1);
    assert_eq!(crm::find_contacts_by_email(&mut tx, Some(house.sales), " lena@EXAMPLE.com").await.expect("find").len(), 1);
    assert!(crm::find_contacts_by_email(&mut tx, None, "lena\0@example.com").await.expect("find").is_empty());

    // A renamed company is found by its new name at once.
    crm::update_company(
        &mut tx,
        &world.office,
        company.company_id,
        1,
        &CompanyPatch { name: Some("Neuer Name".into()), website: Some(String::new()) },
        Integrity::Owner,
    )
    .await
    .expect("rename");
    let found = crm::find_contacts(&mut tx, &ContactQuery { text: "neuer".into(), ..ContactQuery::default() }, &Page::first()).await.expect("find");
    assert_eq!(found.items.first().and_then(|contact| contact.company.clone()).map(|company| company.name).as_deref(), Some("Neuer Name"));

    let patch =
        ContactPatch { job_title: Some("CFO".into()), birthday: Some(String::new()), no_company: true, phones: Some(vec![]), ..ContactPatch::default() };
    let err = crm::update_contact(&mut tx, &world.office, made.contact_id, 2, &patch, Integrity::Fact).await.expect_err("wrong version");
    assert!(matches!(err, CrmError::Stale { given: 2, now: 1, .. }), "{err}");
    let changed = crm::update_contact(&mut tx, &world.office, made.contact_id, 1, &patch, Integrity::Fact).await.expect("change");
    assert_eq!((changed.version, changed.integrity), (2, Integrity::Fact), "the integrity falls to that of the change");
    assert_eq!(
        (changed.job_title.as_deref(), changed.birthday.as_deref(), changed.company, changed.phones.len(), changed.emails.len()),
        (Some("CFO"), None, None, 0, 1)
    );
    let same = crm::update_contact(&mut tx, &world.office, made.contact_id, 2, &patch, Integrity::Outside).await.expect("no change");
    assert_eq!((same.version, same.integrity), (2, Integrity::Fact), "a change that changes nothing writes nothing");
    let raised = ContactPatch { job_title: Some("CEO".into()), ..ContactPatch::default() };
    let raised = crm::update_contact(&mut tx, &world.office, made.contact_id, 2, &raised, Integrity::Owner).await.expect("change");
    assert_eq!(raised.integrity, Integrity::Fact, "and never rises");
    tx.commit().await.expect("commit");
    // One entry for each change, none for what changed nothing, and no personal text in any.
    assert_eq!(world.database.number("select count(*) from audit_event").await, 6);
    let personal = "select count(*) from audit_event where convert_from(canon, 'utf8') ~* 'lena|muller|müller|example|käse|cfo|neuer'";
    assert_eq!(world.database.number(personal).await, 0);
    assert_eq!(world.database.number("select count(*) from audit_event where convert_from(canon, 'utf8') like '%job_title%'").await, 2);
}

#[tokio::test]
async fn lists_come_in_pages_by_folded_name() {
    let world = World::make().await;
    let house = world.house("acme").await;
    for name in ["zoe", "Émile", "adam", "Anna", "éva", "Bob"] {
        make(&world, &house, &named(name)).await;
    }
    let mut tx = world.begin(&house.owner).await;
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let slice = crm::find_contacts(&mut tx, &ContactQuery::default(), &Page::new(Some(2), after)).await.expect("page");
        assert!(slice.items.len() <= 2);
        names.extend(slice.items.into_iter().map(|contact| contact.display_name));
        after = slice.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["adam", "Anna", "Bob", "Émile", "éva", "zoe"]);
}

#[tokio::test]
async fn deals_move_and_notes_stay() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let contact = make(&world, &house, &lena()).await.contact_id;
    let mut tx = world.begin(&house.owner).await;
    let office = &world.office;
    let eur = |minor| Some(steward_core::Money { minor, currency: "EUR".parse().expect("currency") });
    for (new, field) in [
        (NewDeal { stage: "new".into(), ..NewDeal::default() }, "title"),
        (NewDeal { title: "T".into(), ..NewDeal::default() }, "stage"),
        (NewDeal { title: "T".into(), stage: "x".repeat(61), ..NewDeal::default() }, "stage"),
        (NewDeal { title: "T".into(), stage: "new".into(), amount: eur(-1), ..NewDeal::default() }, "amount"),
    ] {
        let err = crm::create_deal(&mut tx, office, house.sales, &new, Integrity::Owner).await.expect_err(field);
        assert!(matches!(&err, CrmError::Field { field: found, .. } if found == field), "{err}");
    }
    for text in ["", " \n", "a\0b", &"x".repeat(20_001)] {
        assert_eq!(crm::add_note(&mut tx, office, NoteOn::Contact(contact), text, Integrity::Owner).await.expect_err("note").kind(), Kind::Invalid);
    }
    let deal = crm::create_deal(
        &mut tx,
        office,
        house.sales,
        &NewDeal { title: "Round A".into(), stage: "new".into(), contact_id: Some(contact), amount: eur(1250), company_id: None },
        Integrity::Owner,
    )
    .await
    .expect("deal");
    let moved = crm::update_deal(&mut tx, office, deal.deal_id, 1, &DealPatch { stage: Some("won".into()), ..DealPatch::default() }, Integrity::Fact)
        .await
        .expect("move");
    assert_eq!((moved.stage.as_str(), moved.version, moved.amount, moved.integrity), ("won", 2, eur(1250), Integrity::Fact));
    assert!(matches!(crm::update_deal(&mut tx, office, deal.deal_id, 1, &DealPatch::default(), Integrity::Owner).await, Err(CrmError::Stale { .. })));
    for (stage, count) in [("won", 1), ("new", 0)] {
        let filter = DealFilter { stage: Some(stage.into()), contact: Some(contact), workspace: Some(house.sales), company: None };
        assert_eq!(crm::list_deals(&mut tx, &filter, &Page::first()).await.expect("deals").items.len(), count);
    }
    for n in 0..3 {
        crm::add_note(&mut tx, office, NoteOn::Deal(deal.deal_id), &format!("note {n}"), Integrity::Outside).await.expect("note");
    }
    let page = crm::list_notes(&mut tx, NoteOn::Deal(deal.deal_id), &Page::new(Some(2), None)).await.expect("notes");
    assert_eq!(page.items.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["note 0", "note 1"]);
    let rest = crm::list_notes(&mut tx, NoteOn::Deal(deal.deal_id), &Page::new(Some(2), page.next)).await.expect("notes");
    assert_eq!((rest.items.len(), rest.next), (1, None));
    assert!(rest.items.iter().all(|note| note.person_id == house.owner.person && note.agent.is_none() && note.integrity == Integrity::Outside));
}

/// The agent's host boxes such futures as `Send`.
fn may_move_between_threads<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn an_agents_change_is_made_once() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let run = world.run(&house).await;
    let agent = house.owner.as_agent(run, "assistant");
    let effect = Effect { key: "call_1".into(), ordinal: 0, run, workspace: house.sales, request_digest: Digest::of(b"create lena") };
    let attempt = |effect: Effect, fail: bool| {
        let (world, house, agent) = (&world, &house, &agent);
        async move {
            // As the worker, whose grants are narrower.
            let mut tx = world.database.worker.begin(agent).await.expect("begin");
            let (office, workspace) = (&world.office, house.sales);
            let made = may_move_between_threads(crm::once(&mut tx, office, &effect, async |tx: &mut Tx| {
                let made = crm::create_contact(tx, office, workspace, &lena(), Integrity::Fact).await?;
                let note = crm::add_note(tx, office, NoteOn::Contact(made.contact_id), "by the agent", Integrity::Fact).await?;
                assert_eq!(note.agent.as_deref(), Some("assistant"));
                if fail { Err(CrmError::NoContact(made.contact_id)) } else { Ok(made) }
            }))
            .await?;
            tx.commit().await?;
            Ok::<_, CrmError>(made)
        }
    };
    missing(attempt(effect.clone(), true).await, "a change that fails");
    assert_eq!(
        world
            .database
            .number(
                "select (select count(*) from contact) + (select count(*) from host_effect) + (select count(*) from note) + (select count(*) from audit_event)"
            )
            .await,
        0
    );
    let Made::Now(made) = attempt(effect.clone(), false).await.expect("first") else { panic!("it was the first") };
    assert_eq!(attempt(effect.clone(), false).await.expect("again"), Made::Before(made.clone()));
    let other = Effect { request_digest: Digest::of(b"create ana"), ..effect.clone() };
    assert!(matches!(attempt(other, false).await, Err(CrmError::KeyReused { .. })));
    let next = Effect { ordinal: 1, ..effect.clone() };
    assert!(matches!(attempt(next, false).await, Err(CrmError::AddressTaken { .. })), "another ordinal is another effect");
    assert_eq!(world.database.number("select count(*) from contact").await, 1);
    assert_eq!(world.database.number("select count(*) from host_effect").await, 1);
    assert_eq!(made.contact_id.to_string().split('_').next(), Some(ContactId::PREFIX));
}

#[tokio::test]
async fn two_calls_with_one_key_at_once_have_one_effect() {
    let world = World::make().await;
    let house = world.house("acme").await;
    let run = world.run(&house).await;
    let agent = house.owner.as_agent(run, "assistant");
    let effect = Effect { key: "call_1".into(), ordinal: 0, run, workspace: house.sales, request_digest: Digest::of(b"note") };
    let contact = make(&world, &house, &named("Ana")).await.contact_id;
    let tries = (0..4).map(|_| async {
        let mut tx = world.database.worker.begin(&agent).await.expect("begin");
        let office = &world.office;
        let made =
            crm::once(&mut tx, office, &effect, async |tx: &mut Tx| crm::add_note(tx, office, NoteOn::Contact(contact), "once", Integrity::Fact).await).await;
        match made {
            Ok(_) => tx.commit().await.map_err(CrmError::from),
            Err(err) => Err(err),
        }
    });
    let outcomes = futures_util::future::join_all(tries).await;
    assert!(outcomes.iter().any(Result::is_ok));
    assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(|err| err.kind() == Kind::Conflict), "{outcomes:?}");
    assert_eq!(world.database.number("select count(*) from note").await, 1);
}
