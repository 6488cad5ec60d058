//! The links in what other servers are sent.

use quintet_domain::Links;
use quintet_service::{Address, Base, Service};

/// Links with the address that the operator names, if it names one: another server has come by none.
pub(crate) fn public_links(service: &Service) -> Links {
    let base = service.bases().find(&Address::default()).unwrap_or(Base::RELATIVE);
    service.bases().links(base)
}
