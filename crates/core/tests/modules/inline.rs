//! A random spec without its modules: everything in one file, each use of a module written out.

use super::files::{PARAMS, all, condition, for_each, pick};
use super::generate::{Expr, Item, Module, Repeat, What};

/// The spec that says the same without modules.
pub(crate) fn inlined(root: &Module) -> String {
    let names =
        Use { s: "s".to_owned(), d: "d".to_owned(), keys: "keys".to_owned(), path: String::new(), when: vec![] };
    let mut text = String::new();
    write(root, &names, &[], &mut text);
    let o = cel(root, &names, None, &root.o);
    format!("stack: shop\n{PARAMS}resources:\n{text}outputs:\n  o: '${{{o}}}'\n")
}

/// The name a resource of the inlined spec has for an address.
pub(crate) fn flat(address: &str) -> String {
    let (path, own) = address.rsplit_once('.').map_or(("", address), |(path, own)| (path, own));
    let (name, key) = own.split_once('[').map_or((own, ""), |(name, key)| (name, key));
    let path = path.replace("[\"", "_").replace("\"]", "").replace('.', "_");
    let key = if key.is_empty() { String::new() } else { format!("[{key}") };
    format!("{}{name}{key}", if path.is_empty() { String::new() } else { format!("{path}_") })
}

/// What a module's names stand for in one use of it.
struct Use {
    s: String,
    d: String,
    keys: String,
    /// What comes before the names of its resources.
    path: String,
    /// The conditions around it.
    when: Vec<String>,
}

/// One instance of a repeated use: what `each.key` and `each.value` are.
type Each<'a> = Option<(&'a str, &'a str)>;

/// Writes the resources of one use; all need `needs`, too.
fn write(module: &Module, own: &Use, needs: &[String], text: &mut String) {
    for (index, item) in module.items.iter().enumerate() {
        let named = item.depends_on.iter().flat_map(|&index| made(&module.items[index], &own.name(index)));
        let needs: Vec<String> = named.chain(needs.iter().cloned()).collect();
        match &item.what {
            What::Resource(name, tag) => {
                let (name, tag) = (cel(module, own, None, name), cel(module, own, None, tag));
                let over = for_each(&item.repeat, &|index| own.name(index), &own.keys);
                let when: Vec<String> = own.when.iter().cloned().chain(own_when(module, own, item, None)).collect();
                *text += &format!("  {}:\n{over}    depends_on: [{}]\n", own.name(index), needs.join(", "));
                if !when.is_empty() {
                    *text += &format!("    when: '${{{}}}'\n", when.join(" && "));
                }
                *text +=
                    &format!("    logs/log_group: {{ log_group_name: '${{{name}}}', tags: {{ t: '${{{tag}}}' }} }}\n");
            }
            What::Call(inner, ..) => {
                for each in instances(item) {
                    write(inner, &used(module, own, index, each), &needs, text);
                }
            }
        }
    }
}

fn own_when(module: &Module, own: &Use, item: &Item, each: Each<'_>) -> Option<String> {
    item.when.as_ref().map(|when| condition(when, &cel(module, own, each, &when.0)))
}

/// The use that item `index` of `own` is.
fn used(module: &Module, own: &Use, index: usize, each: Each<'_>) -> Use {
    let item = &module.items[index];
    let What::Call(_, s, d, keys) = &item.what else { unreachable!("a resource is no use") };
    let given = |value: &Option<Expr>, default: &str| match value {
        Some(value) => format!("({})", cel(module, own, each, value)),
        None => format!("\"{default}\""),
    };
    let listed =
        |keys: &[&str]| format!("[{}]", keys.iter().map(|key| format!("\"{key}\"")).collect::<Vec<_>>().join(", "));
    Use {
        s: given(s, "a"),
        d: given(d, "b"),
        keys: listed(keys.as_deref().unwrap_or(&["c"])),
        path: format!("{}{}_", own.name(index), each.map_or_else(String::new, |(key, _)| format!("_{key}"))),
        when: own.when.iter().cloned().chain(own_when(module, own, item, each)).collect(),
    }
}

fn instances(item: &Item) -> Vec<Each<'static>> {
    match &item.repeat {
        Repeat::List(keys) => keys.iter().map(|key| Some((*key, *key))).collect(),
        Repeat::Map(entries) => entries.iter().map(|entry| Some(*entry)).collect(),
        _ => vec![None],
    }
}

/// The names of all resources that an item called `name` is.
fn made(item: &Item, name: &str) -> Vec<String> {
    let What::Call(inner, ..) = &item.what else { return vec![name.to_owned()] };
    let paths = instances(item).into_iter();
    let paths = paths.map(|each| each.map_or_else(|| name.to_owned(), |(key, _)| format!("{name}_{key}")));
    let inside = |path: String| {
        let all = inner.items.iter().enumerate();
        all.flat_map(|(index, item)| made(item, &format!("{path}_i{index}"))).collect::<Vec<_>>()
    };
    paths.flat_map(inside).collect()
}

impl Use {
    fn name(&self, index: usize) -> String {
        format!("{}i{index}", self.path)
    }
}

/// An expression of one use; inside a repeated use `each` is written out.
fn cel(module: &Module, own: &Use, each: Each<'_>, expr: &Expr) -> String {
    match expr {
        Expr::Text(text) => format!("\"{text}\""),
        Expr::Name("s") => own.s.clone(),
        Expr::Name("d") => own.d.clone(),
        Expr::Name("ls") => format!("({})", cel(module, own, None, &module.ls)),
        Expr::Name(_) => format!("({})", cel(module, own, None, &module.ld)),
        Expr::EachKey => each.map_or_else(|| "each.key".to_owned(), |(key, _)| format!("\"{key}\"")),
        Expr::EachValue => each.map_or_else(|| "each.value".to_owned(), |(_, value)| format!("\"{value}\"")),
        Expr::Of(index, key) => match &module.items[*index].what {
            What::Resource(..) => {
                let key = key.map(|key| format!("[\"{key}\"]")).unwrap_or_default();
                format!("{}{key}.arn", own.name(*index))
            }
            What::Call(inner, ..) => {
                let all = instances(&module.items[*index]);
                let each = all.into_iter().find(|each| each.map(|(own, _)| own) == *key).flatten();
                format!("({})", cel(inner, &used(module, own, *index, each), None, &inner.o))
            }
        },
        Expr::SameKey(index) => format!("{}[each.key].arn", own.name(*index)),
        Expr::All(index) => all(&own.name(*index)),
        Expr::Pick(by) => pick(&cel(module, own, each, by)),
        Expr::Both(left, right) => {
            format!("({} + {})", cel(module, own, each, left), cel(module, own, each, right))
        }
    }
}
