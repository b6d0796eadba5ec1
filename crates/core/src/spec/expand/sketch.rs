//! What of a spec can be told before anything is known of the cloud and of missing params.

use super::{Diagnostic, Expanded, Facts, Instance, NoKeys, Schemas, Spec};
use crate::address::Address;

impl Expanded {
    /// Unrolls `spec` as far as it is known: a resource whose keys are not stands there
    /// once, without key and without `each`. It can be drawn, not planned.
    ///
    /// # Errors
    /// As [`Expanded::new`], but for keys that are not known yet.
    pub fn sketch(spec: Spec, facts: &Facts, schemas: &Schemas) -> Result<Self, Vec<Diagnostic>> {
        let (mut expanded, without) = Self::unroll(spec, facts);
        let wrong = without.into_iter().filter_map(|found| match found {
            NoKeys::Wrong(diagnostic) => Some(diagnostic),
            NoKeys::Unknown(_) => None,
        });
        let mut diagnostics: Vec<Diagnostic> = wrong.collect();
        if diagnostics.is_empty() {
            expanded.stand_in();
            expanded.connect(facts, schemas, &mut diagnostics);
        }
        if diagnostics.is_empty() { Ok(expanded) } else { Err(diagnostics) }
    }

    /// Gives every template whose keys are not known one instance in place of them all.
    fn stand_in(&mut self) {
        for &template in &self.open {
            let address = Address::root(&self.spec.resources[template].name);
            self.instances.push(Instance { address, template, each: None, needs: Default::default() });
        }
        self.instances.sort_by_key(|instance| instance.template);
        let all = self.instances.iter().enumerate();
        self.by_address = all.map(|(index, instance)| (instance.address.clone(), index)).collect();
    }
}
