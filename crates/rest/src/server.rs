//! The facts about the server that a page needs before anyone logs in.

use axum::Json;
use axum::extract::State;
use quintet_domain::Contact;
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::scalars::one_of;

/// Who can enter the server, and how.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Server {
    /// Whether people can register by themselves: everybody (`open`), those with an invitation (`invite`), or nobody
    /// (`closed`).
    #[schema(schema_with = registrations)]
    registration: &'static str,
    /// Whether guests may enter open rooms.
    guests: bool,
    /// The minimum number of characters of a new password.
    password_length_min: usize,
    /// Who may begin a direct conversation with a person, and add one to a group: everyone (`everyone`), those who share a
    /// closed group or a meetup with the person (`shared`), or those as well while others ask (`requests`).
    #[schema(schema_with = contacts)]
    contact: &'static str,
}

fn contacts() -> RefOr<Schema> {
    one_of([Contact::Everyone, Contact::Shared, Contact::Requests].map(Contact::as_str))
}

fn registrations() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["open", "invite", "closed"])).into()
}

/// Returns who can enter the server, and how.
#[utoipa::path(
    get, path = "/server", tag = "auth", operation_id = "getServer", security(()),
    responses((status = 200, description = "The facts that need no token", body = Server))
)]
pub(crate) async fn get(State(service): State<Service>) -> Json<Server> {
    let registration = service.registration().as_str();
    let password_length_min = service.password_chars_min();
    let contact = service.contact().as_str();
    Json(Server { registration, guests: service.lets_guests_in(), password_length_min, contact })
}
