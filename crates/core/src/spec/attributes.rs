//! The attributes of every resource, as far as they are known.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::Address;
use crate::value::Value;

/// The attributes of every resource, by its address without the key; those of a repeated
/// one by key.
#[derive(Clone, Debug, Default)]
pub struct Attributes(BTreeMap<Address, Value>);

impl Attributes {
    /// Makes a resource's attributes visible to expressions, in place of former ones.
    pub fn publish(&mut self, address: &Address, attributes: Value) {
        match address.key() {
            None => {
                self.0.insert(address.clone(), attributes);
            }
            Some(key) => {
                let group = self.0.entry(address.clone().without_key()).or_insert_with(|| Value::map([]));
                if let Value::Map(entries) = group {
                    Arc::make_mut(entries).insert(key.to_owned(), attributes);
                }
            }
        }
    }

    /// Makes it known that the resource `group`, an address without a key, has no instances.
    pub(super) fn clear(&mut self, group: &Address) {
        self.0.insert(group.clone(), Value::map([]));
    }

    /// What is known of one resource.
    pub fn get(&self, address: &Address) -> Option<&Value> {
        match address.key() {
            None => self.0.get(address),
            Some(key) => self.0.get(&address.clone().without_key())?.as_map()?.get(key),
        }
    }

    /// What is known of all instances of the resource `group`, an address without a key.
    pub(super) fn group(&self, group: &Address) -> Option<&Value> {
        self.0.get(group)
    }
}
