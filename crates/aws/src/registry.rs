//! Every kind by name: what `kinds/mod.rs` lists becomes drivers and schemas.

/// Makes `driver`, `schemas` and `descriptions` from `"service/noun" => Type` pairs.
macro_rules! kinds {
    ($($name:literal => $kind:ty,)*) => {
        /// The driver of the kind `name`.
        pub fn driver(
            name: &str,
            cloud: &std::sync::Arc<crate::cloud::Cloud>,
        ) -> Option<std::sync::Arc<dyn provision_core::driver::Driver>> {
            let schema = schemas().get(name)?.clone();
            match name {
                $($name => Some(std::sync::Arc::new(crate::kind::Erased::<$kind>::new(cloud.clone(), schema))),)*
                _ => None,
            }
        }

        /// Every kind's schema.
        pub fn schemas() -> &'static provision_core::schema::Schemas {
            static SCHEMAS: std::sync::LazyLock<provision_core::schema::Schemas> = std::sync::LazyLock::new(|| {
                let kinds: &[(&str, provision_core::schema::Compile)] = &[$(($name, crate::kind::schema::<$kind>),)*];
                provision_core::schema::Schemas::of(kinds.iter().copied())
            });
            &SCHEMAS
        }

        /// The calls that read so many resources of the kind `name`, of which nothing optional is managed.
        pub fn calls_to_read(name: &str, count: u32) -> Option<u32> {
            match name {
                $($name => Some(crate::kind::calls_to_read::<$kind>(count)),)*
                _ => None,
            }
        }

        /// The names of all kinds, sorted.
        pub const NAMES: &[&str] = &[$($name,)*];
    };
}

pub(crate) use kinds;

#[cfg(test)]
mod tests {
    use crate::kinds;

    #[test]
    fn every_kind_has_a_schema_that_the_spec_language_has_types_for() {
        let compiled: Vec<&str> = kinds::schemas().iter().map(|schema| schema.name()).collect();
        assert_eq!(compiled, kinds::NAMES);
    }
}
