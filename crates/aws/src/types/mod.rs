//! Types that carry meaning in the properties of kinds.

mod document;
mod reference;
mod secret;
mod tags;

pub use document::{Document, PolicyDocument};
pub use reference::Ref;
pub use secret::Secret;
pub use tags::{INTENT_TAG, TagChanges, Tags, carry_intent};
