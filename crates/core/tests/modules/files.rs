//! A random spec as its files.

use std::collections::BTreeMap;

use super::generate::{Condition, Expr, Item, Module, Repeat, What};

/// The params of every spec.
pub(crate) const PARAMS: &str = "params: { s: {}, d: {}, keys: { type: list } }\n";

/// The spec `shop.yaml`, and the modules it uses, by name.
pub(crate) fn files(root: &Module) -> (String, BTreeMap<String, String>) {
    let mut modules = BTreeMap::new();
    let body = file(root, "", &mut modules);
    (format!("stack: shop\n{PARAMS}{body}"), modules)
}

/// What a file says, but for its params; its modules are added to `modules`.
fn file(module: &Module, own: &str, modules: &mut BTreeMap<String, String>) -> String {
    let mut text =
        format!("locals:\n  ls: '${{{}}}'\n  ld: '${{{}}}'\n", cel(module, &module.ls), cel(module, &module.ld));
    let (mut calls, mut resources) = (String::new(), String::new());
    for (index, item) in module.items.iter().enumerate() {
        match &item.what {
            What::Resource(name, tag) => {
                let (name, tag) = (cel(module, name), cel(module, tag));
                resources += &format!("  i{index}:\n{}", beside(module, item));
                resources +=
                    &format!("    logs/log_group: {{ log_group_name: '${{{name}}}', tags: {{ t: '${{{tag}}}' }} }}\n");
            }
            What::Call(inner, s, d, keys) => {
                let path = format!("m{own}_{index}.yaml");
                let params = "params: { s: { default: a }, d: { default: b }, keys: { type: list, default: [c] } }\n";
                let body = file(inner, &format!("{own}_{index}"), modules);
                modules.insert(path.clone(), format!("{params}{body}"));
                let given = [("s", s), ("d", d)].into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
                let mut with: Vec<String> =
                    given.map(|(name, value)| format!("{name}: '${{{}}}'", cel(module, value))).collect();
                with.extend(keys.as_ref().map(|keys| format!("keys: [{}]", keys.join(", "))));
                let with = with.join(", ");
                calls += &format!("  i{index}:\n    use: ./{path}\n    with: {{ {with} }}\n{}", beside(module, item));
            }
        }
    }
    text += &format!("modules:\n{calls}resources:\n{resources}outputs:\n  o: '${{{}}}'\n", cel(module, &module.o));
    text
}

/// `for_each`, `when` and `depends_on`.
fn beside(module: &Module, item: &Item) -> String {
    let mut text = for_each(&item.repeat, &|index| format!("i{index}"), "keys");
    if let Some(when) = &item.when {
        text += &format!("    when: '${{{}}}'\n", condition(when, &cel(module, &when.0)));
    }
    let names: Vec<String> = item.depends_on.iter().map(|index| format!("i{index}")).collect();
    text + &format!("    depends_on: [{}]\n", names.join(", "))
}

/// The field `for_each`, given what an item and the param `keys` are called.
pub(crate) fn for_each(repeat: &Repeat, name: &dyn Fn(usize) -> String, keys: &str) -> String {
    let over = match repeat {
        Repeat::Once => return String::new(),
        Repeat::List(keys) => format!("[{}]", keys.join(", ")),
        Repeat::Map(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Repeat::Param => format!("'${{{keys}}}'"),
        Repeat::Chained(index) => format!("'${{{}}}'", name(*index)),
    };
    format!("    for_each: {over}\n")
}

pub(crate) fn condition(Condition(_, is_so, text): &Condition, shown: &str) -> String {
    format!("{shown} {} \"{text}\"", if *is_so { "==" } else { "!=" })
}

fn cel(module: &Module, expr: &Expr) -> String {
    match expr {
        Expr::Text(text) => format!("\"{text}\""),
        Expr::Name(name) => (*name).to_owned(),
        Expr::EachKey => "each.key".to_owned(),
        Expr::EachValue => "each.value".to_owned(),
        Expr::Of(index, key) => {
            let key = key.map(|key| format!("[\"{key}\"]")).unwrap_or_default();
            format!("i{index}{key}.{}", if module.items[*index].is_resource() { "arn" } else { "o" })
        }
        Expr::SameKey(index) => format!("i{index}[each.key].arn"),
        Expr::All(index) => all(&format!("i{index}")),
        Expr::Pick(by) => pick(&cel(module, by)),
        Expr::Both(left, right) => format!("({} + {})", cel(module, left), cel(module, right)),
    }
}

/// The ARNs of all instances of a resource.
pub(crate) fn all(name: &str) -> String {
    format!("join(\",\", values({name}).map(it, it.arn))")
}

/// What is there for `a` and `b` alone.
pub(crate) fn pick(by: &str) -> String {
    format!("{{\"a\": \"p\", \"b\": \"q\"}}[{by}]")
}
