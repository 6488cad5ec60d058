//! What a page has to know of the server before anybody logs in.

use axum::Json;
use axum::extract::State;
use quintet_service::Service;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// Who can come in, and how.
#[derive(Serialize, ToSchema)]
pub(crate) struct Server {
    /// Whether people can register by themselves (`open`), or have their accounts made for them (`closed`).
    #[schema(schema_with = registrations)]
    registration: &'static str,
    /// Whether guests are let into open rooms.
    guests: bool,
}

fn registrations() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["open", "closed"])).into()
}

/// Who can come in, and how.
#[utoipa::path(
    get, path = "/server", tag = "auth", operation_id = "getServer", security(()),
    responses((status = 200, description = "What can be known without a token", body = Server))
)]
pub(crate) async fn get(State(service): State<Service>) -> Json<Server> {
    let registration = if service.lets_people_register() { "open" } else { "closed" };
    Json(Server { registration, guests: service.lets_guests_in() })
}
