//! What holds of every spec that uses modules: a module is a way to write things once,
//! and changes nothing of what they mean.

#![allow(clippy::unwrap_used)]

mod common;
#[path = "modules/files.rs"]
mod files;
#[path = "modules/generate.rs"]
mod generate;
#[path = "modules/inline.rs"]
mod inline;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use generate::{Choices, Module};
use proptest::prelude::*;
use provision_core::address::Address;
use provision_core::diagnostic::{Sources, render_plain};
use provision_core::fact::Facts;
use provision_core::plan::Stage;
use provision_core::schema::Schemas;
use provision_core::spec::{self, Expanded, Files, Given, Spec};
use provision_core::value::Value;

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(common::schemas);

/// The spec, or what is said about it.
fn load(text: &str, modules: &BTreeMap<String, String>, given: &Given) -> Result<Spec, String> {
    let mut sources = Sources::default();
    let source = sources.add("shop.yaml", text);
    let modules = modules.clone();
    let read = move |name: &str| modules.get(name).cloned().ok_or_else(|| "there is no such file".to_owned());
    let loaded = spec::load(&mut sources, source, &SCHEMAS, given, &Arc::new(Files::new(read)));
    loaded.map_err(|found| found.iter().map(|it| render_plain(it, &sources)).collect())
}

fn expand(spec: Spec) -> Result<Expanded, String> {
    Expanded::new(spec, &Facts::new("us-east-1")).map_err(|found| format!("{found:?}"))
}

fn given(s: &str, keys: &[&str]) -> Given {
    let keys = serde_json::to_string(keys).unwrap();
    let arguments = [("s", s.to_owned()), ("d", "d".to_owned()), ("keys", keys)];
    Given { arguments: arguments.map(|(name, value)| (name.to_owned(), value)).into(), ..Given::default() }
}

/// What is known of a resource once it is made.
#[derive(Debug, PartialEq)]
struct Made {
    properties: String,
    needs: BTreeMap<String, Stage>,
}

/// Every resource, made in order, and the output; by the names that `name` gives them.
fn applied(expanded: &Expanded, name: impl Fn(&Address) -> String) -> (BTreeMap<String, Made>, String) {
    let facts = Facts::new("us-east-1");
    let mut attributes = expanded.shape.clone();
    let mut all = BTreeMap::new();
    for &index in &expanded.order {
        let instance = &expanded.instances[index];
        let schema = &expanded.template(instance).schema;
        let properties = expanded.desired(instance, schema, &facts, &attributes).unwrap();
        let own = name(&instance.address);
        let mut known = properties.as_map().unwrap().clone();
        known.insert("arn".to_owned(), Value::from(format!("<{own}>").as_str()));
        attributes.publish(&instance.address, Value::map(known));
        let needs = expanded.needs(&instance.address).into_iter().map(|(it, stage)| (name(&it), stage)).collect();
        all.insert(own, Made { properties: format!("{properties:?}"), needs });
    }
    let (outputs, wrong) = expanded.outputs(&facts, &attributes);
    assert_eq!(wrong, []);
    (all, format!("{outputs:?}"))
}

fn choices() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..300)
}

fn some_keys() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["a", "b", "c"], 0..=3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Written out by hand, it is the same. But what fails where nothing uses it, or where
    /// there is nothing with these values, may be told of the one and not of the other.
    #[test]
    fn a_module_means_what_it_says(bytes in choices(), s in "[abc]", keys in some_keys()) {
        let root = Module::random(&mut Choices::new(bytes), 2);
        let (text, modules) = files::files(&root);
        let flat = inline::inlined(&root);
        let given = given(&s, &keys);
        let with = load(&text, &modules, &given).and_then(expand);
        let without = load(&flat, &BTreeMap::new(), &given).and_then(expand);
        match (with, without) {
            (Ok(with), Ok(without)) => {
                let with = applied(&with, |address| inline::flat(&address.to_string()));
                let without = applied(&without, ToString::to_string);
                prop_assert_eq!(with, without, "{}\n{:#?}\n{}", text, modules, flat);
            }
            (Err(_), Err(_)) => {}
            (Err(said), Ok(_)) | (Ok(_), Err(said)) => {
                prop_assert!(said.contains("has no key `"), "{}\n{}\n{:#?}\n{}", said, text, modules, flat);
            }
        }
    }

    #[test]
    fn loading_and_unrolling_always_give_the_same(bytes in choices(), s in "[abc]", keys in some_keys()) {
        let (text, modules) = files::files(&Module::random(&mut Choices::new(bytes), 2));
        let both = [(); 2].map(|()| load(&text, &modules, &given(&s, &keys)));
        match both {
            [Ok(first), Ok(second)] => {
                let [first, again, second] = [first.clone(), first, second].map(expand);
                let shown = |expanded: &Result<Expanded, String>| {
                    expanded.as_ref().map(|it| format!("{:?}{:?}{:?}", it.instances, it.order, it.shape)).map_err(Clone::clone)
                };
                prop_assert_eq!(shown(&first), shown(&again));
                prop_assert_eq!(shown(&first), shown(&second));
            }
            [first, second] => prop_assert_eq!(first.map(drop), second.map(drop)),
        }
    }

    /// What fits some values is not refused where nobody knows the values, unless it would
    /// fail with others.
    #[test]
    fn without_values_nothing_is_refused_that_some_values_fit(bytes in choices(), s in "[abc]", keys in some_keys()) {
        let (text, modules) = files::files(&Module::random(&mut Choices::new(bytes), 2));
        let values = format!("locals:\n  s: {s}\n  d: d\n  keys: [{}]\n", keys.join(", "));
        let known = text.replace(&format!("{}locals:\n", files::PARAMS), &values);
        prop_assert_ne!(&known, &text);
        if load(&known, &modules, &Given::default()).and_then(expand).is_ok() {
            let partial = Given { partial: true, ..Given::default() };
            let refused = load(&text, &modules, &partial).err().unwrap_or_default();
            let by_others = refused.is_empty() || refused.contains("has no key `");
            prop_assert!(by_others, "{}\n{}\n{:#?}", refused, text, modules);
        }
    }

    /// A list, a map and another resource with the same keys lead to the same addresses,
    /// whatever the order of the map.
    #[test]
    fn keys_are_the_same_wherever_they_come_from(
        keys in some_keys().prop_flat_map(|keys| (Just(keys.clone()), Just(keys).prop_shuffle()))
    ) {
        let (keys, shuffled) = keys;
        let entries = |keys: &[&str]| keys.iter().map(|key| format!("{key}: v{key}")).collect::<Vec<_>>().join(", ");
        let text = format!(
            "stack: shop\nresources:\n  \
             list:\n    for_each: [{}]\n    logs/log_group: {{ log_group_name: 'l${{each.key}}' }}\n  \
             map:\n    for_each: {{ {} }}\n    logs/log_group: {{ log_group_name: '${{each.value}}' }}\n  \
             other:\n    for_each: {{ {} }}\n    logs/log_group: {{ log_group_name: '${{each.value}}${{each.index}}' }}\n  \
             chained:\n    for_each: ${{map}}\n    logs/log_group: {{ log_group_name: 'c${{each.value.log_group_name}}' }}\n  \
             again:\n    for_each: ${{keys(chained)}}\n    logs/log_group: {{ log_group_name: 'a${{each.key}}' }}\n",
            keys.join(", "), entries(&keys), entries(&shuffled),
        );
        let expanded = load(&text, &BTreeMap::new(), &Given::default()).and_then(expand).unwrap();
        let (made, _) = applied(&expanded, ToString::to_string);
        let expected = |key: &&str| ["list", "map", "other", "chained", "again"].map(|name| format!("{name}[\"{key}\"]"));
        prop_assert_eq!(made.keys().cloned().collect::<BTreeSet<_>>(), keys.iter().flat_map(expected).collect());
        for (index, key) in keys.iter().enumerate() {
            let other = &made[&format!("other[\"{key}\"]")];
            prop_assert!(other.properties.contains(&format!("v{key}{index}")), "{:?}", other);
        }
    }
}
