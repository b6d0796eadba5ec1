//! Where what the state holds lies.

use super::State;
use crate::address::Address;
use crate::driver::{Id, Place};

/// Where something lies, whoever reaches it: what is at one location is not at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location<'a> {
    /// The region, once known.
    pub region: Option<&'a str>,
    /// The account, once known.
    pub account: Option<&'a str>,
}

impl State {
    /// Where `place` lies: the stack's own region and account for what it leaves out.
    pub fn location<'a>(&'a self, place: &'a Place) -> Location<'a> {
        Location {
            region: place.region.as_deref().or(self.region.as_deref()),
            account: place.account().or(self.account_id.as_deref()),
        }
    }

    /// The address that owns the `kind` named `id` in `place`.
    pub fn owner(&self, kind: &str, place: &Place, id: &Id) -> Option<&Address> {
        let location = self.location(place);
        let mut instances = self
            .resources
            .iter()
            .flat_map(|(address, resource)| resource.instances().map(move |instance| (address, resource, instance)));
        let is_it = |(_, resource, instance): &(_, &super::Resource, &super::Instance)| {
            instance.id == *id
                && resource.kind_of(instance) == kind
                && self.location(resource.place_of(instance)) == location
        };
        instances.find(is_it).map(|(address, ..)| address)
    }
}
