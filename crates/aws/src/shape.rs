//! Structures that an API takes and reports in the same form: a spec's form of them to the SDK's and
//! back, declared once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_smithy_types::error::operation::BuildError;

use crate::types::Ref;

/// What a spec states as `Self` and the SDK has as `S`.
pub(crate) trait Shape<S>: Sized {
    /// As the API takes it.
    ///
    /// # Errors
    /// When the SDK misses something that the API demands.
    fn to_sdk(&self) -> Result<S, BuildError>;

    /// As the API reports it.
    fn from_sdk(sdk: S) -> Self;
}

/// An optional one, as the API takes it.
///
/// # Errors
/// As [`Shape::to_sdk`].
pub(crate) fn to_sdk<T: Shape<S>, S>(stated: Option<&T>) -> Result<Option<S>, BuildError> {
    stated.map(Shape::to_sdk).transpose()
}

/// What the builders of the SDK build, those that can fail and those that cannot.
pub(crate) trait Built<S> {
    /// What was built.
    fn built(self) -> Result<S, BuildError>;
}

impl<S> Built<S> for S {
    fn built(self) -> Result<S, BuildError> {
        Ok(self)
    }
}

impl<S> Built<S> for Result<S, BuildError> {
    fn built(self) -> Result<S, BuildError> {
        self
    }
}

/// The [`Shape`] of a struct whose fields have the names of the SDK's.
///
/// A field is optional on both sides, unless it is marked: one that both always have stands with the
/// setter that the SDK's builder has for it (`name = set_name`), `(ours)` is optional in the SDK only,
/// `(theirs)` in the spec only.
macro_rules! shape {
    ($own:ty: $sdk:ty { $($field:ident $(= $setter:ident)? $(($form:ident))?),* $(,)? }) => {
        impl $crate::shape::Shape<$sdk> for $own {
            #[allow(unused_mut, reason = "not every structure has optional fields")]
            fn to_sdk(&self) -> Result<$sdk, ::aws_smithy_types::error::operation::BuildError> {
                let builder = <$sdk>::builder();
                $($(let builder = builder.$setter(Some($crate::shape::Shape::to_sdk(&self.$field)?));)?)*
                let mut sdk = $crate::shape::Built::<$sdk>::built(builder.build())?;
                $($crate::shape::shape!(@set sdk, self.$field, $field $(= $setter)? $(($form))?);)*
                Ok(sdk)
            }

            fn from_sdk(sdk: $sdk) -> Self {
                Self { $($field: $crate::shape::shape!(@get sdk.$field, $(= $setter)? $(($form))?)),* }
            }
        }
    };

    (@set $sdk:ident, $own:expr, $field:ident = $setter:ident) => {};
    (@set $sdk:ident, $own:expr, $field:ident (ours)) => {
        $sdk.$field = Some($crate::shape::Shape::to_sdk(&$own)?);
    };
    (@set $sdk:ident, $own:expr, $field:ident (theirs)) => {
        if let Some(stated) = &$own {
            $sdk.$field = $crate::shape::Shape::to_sdk(stated)?;
        }
    };
    (@set $sdk:ident, $own:expr, $field:ident) => {
        $sdk.$field = $crate::shape::to_sdk($own.as_ref())?;
    };

    (@get $sdk:expr, = $setter:ident) => { $crate::shape::Shape::from_sdk($sdk) };
    (@get $sdk:expr, (ours)) => { $sdk.map($crate::shape::Shape::from_sdk).unwrap_or_default() };
    (@get $sdk:expr, (theirs)) => { Some($crate::shape::Shape::from_sdk($sdk)) };
    (@get $sdk:expr,) => { $sdk.map($crate::shape::Shape::from_sdk) };
}
pub(crate) use shape;

/// Texts for which the SDK has an enumeration.
macro_rules! texts {
    ($($sdk:ty),* $(,)?) => {
        $(impl $crate::shape::Shape<$sdk> for String {
            fn to_sdk(&self) -> Result<$sdk, ::aws_smithy_types::error::operation::BuildError> {
                Ok(<$sdk>::from(self.as_str()))
            }

            fn from_sdk(sdk: $sdk) -> Self {
                sdk.as_str().to_owned()
            }
        })*
    };
}
pub(crate) use texts;

macro_rules! same {
    ($($ty:ty),*) => {
        $(impl Shape<$ty> for $ty {
            fn to_sdk(&self) -> Result<$ty, BuildError> {
                Ok(self.to_owned())
            }

            fn from_sdk(sdk: $ty) -> Self {
                sdk
            }
        })*
    };
}

same!(String, bool, i32, i64, f64);

impl<K> Shape<String> for Ref<K> {
    fn to_sdk(&self) -> Result<String, BuildError> {
        Ok(self.as_str().to_owned())
    }

    fn from_sdk(sdk: String) -> Self {
        sdk.into()
    }
}

impl<T: Shape<S>, S> Shape<Vec<S>> for Vec<T> {
    fn to_sdk(&self) -> Result<Vec<S>, BuildError> {
        self.iter().map(Shape::to_sdk).collect()
    }

    fn from_sdk(sdk: Vec<S>) -> Self {
        sdk.into_iter().map(Shape::from_sdk).collect()
    }
}

impl<T: Shape<S> + Ord, S> Shape<Vec<S>> for BTreeSet<T> {
    fn to_sdk(&self) -> Result<Vec<S>, BuildError> {
        self.iter().map(Shape::to_sdk).collect()
    }

    fn from_sdk(sdk: Vec<S>) -> Self {
        sdk.into_iter().map(Shape::from_sdk).collect()
    }
}

impl Shape<HashMap<String, String>> for BTreeMap<String, String> {
    fn to_sdk(&self) -> Result<HashMap<String, String>, BuildError> {
        Ok(self.clone().into_iter().collect())
    }

    fn from_sdk(sdk: HashMap<String, String>) -> Self {
        sdk.into_iter().collect()
    }
}
