//! What a spec asks of the cloud before it can be planned, and the answers.
//!
//! Evaluating a spec never waits. What only the cloud can tell is unknown at first, and
//! the unknown says what it awaits: an [`Ask`]. Whoever evaluates has the asks answered
//! and evaluates again, until nothing new is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::driver::{Identity, Place};
use crate::schema::{StringType, Type};
use crate::value::{Awaited, Unknown, Value};

/// A question to the cloud that changes nothing there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// Who we are: a map like [`Identity`].
    Identity(Place),
    /// The names of a region's availability zones, sorted.
    Zones(Place),
    /// The one resource of `kind` that fits `by`: a map of its properties and outputs.
    Lookup {
        /// Where to look.
        place: Place,
        /// The kind.
        kind: Arc<str>,
        /// The properties and outputs it must have, as JSON with its keys in order;
        /// `id` among them where that is known.
        by: Arc<str>,
    },
    /// The secret that an ARN names: a secret string.
    Secret {
        /// Where to ask.
        place: Place,
        /// The ARN of a Secrets Manager secret or of an SSM parameter.
        arn: Arc<str>,
    },
}

impl Ask {
    /// The type of what answers it, as far as that is known here.
    fn ty(&self) -> Type {
        let text = Type::String(StringType::default());
        match self {
            Self::Zones(_) => Type::List(Box::new(text)),
            Self::Secret { .. } => text,
            Self::Identity(_) => Type::Map(Box::new(text)),
            Self::Lookup { .. } => Type::Any,
        }
    }
}

/// What the cloud says to an [`Ask`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// This.
    Value(Value),
    /// There is no such thing.
    Nothing,
    /// There are several; their ids.
    Several(Vec<String>),
}

/// What is known of the cloud so far.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The stack's region; empty when not known.
    pub region: String,
    /// The answers so far.
    pub answers: BTreeMap<Ask, Answer>,
}

impl Facts {
    /// What is known in `region`, with nothing asked yet.
    pub fn new(region: impl Into<String>) -> Self {
        Self { region: region.into(), answers: BTreeMap::new() }
    }

    /// The value that answers `ask`; unknown, and awaiting it, as long as nobody did.
    /// `None` where there is no one thing that it asks for.
    pub fn get(&self, ask: &Ask) -> Option<Value> {
        match self.answers.get(ask) {
            Some(Answer::Value(value)) => Some(value.clone()),
            Some(Answer::Nothing | Answer::Several(_)) => None,
            None => Some(Value::Unknown(Unknown {
                awaits: Arc::new([Awaited::Fact(Arc::new(ask.clone()))]),
                ty: Arc::new(ask.ty()),
                is_secret: matches!(ask, Ask::Secret { .. }),
            })),
        }
    }

    /// The region that `place` lies in.
    pub fn region_of<'a>(&'a self, place: &'a Place) -> &'a str {
        place.region.as_deref().unwrap_or(&self.region)
    }
}

impl From<Identity> for Value {
    fn from(identity: Identity) -> Self {
        let Identity { account_id, partition, arn } = identity;
        Self::map(
            [("account_id", account_id), ("partition", partition), ("arn", arn)]
                .map(|(name, text)| (name.to_owned(), Self::from(text))),
        )
    }
}
