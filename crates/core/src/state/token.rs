//! Tokens of intents.

use crate::address::Address;

/// The token of an intent: 32 hexadecimal digits that no other intent of any state has.
///
/// `serial` is that of the run that forms the intent and `number` counts its intents, so
/// the same token comes again only by reading it from the journal.
pub fn token(lineage: &str, serial: u64, address: &Address, number: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [lineage, &serial.to_string(), &address.to_string(), &number.to_string()] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}
