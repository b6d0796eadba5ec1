//! A model as YAML: one file for the spec, and one for each module.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::kind::Kind;
use super::{Home, Model, Node, ROOT};

/// One file on the way.
#[derive(Default)]
struct Page {
    /// Its params besides `key`, and what its call gives them.
    params: BTreeMap<String, String>,
    locals: BTreeMap<String, String>,
    outputs: BTreeMap<String, String>,
    resources: String,
}

struct Pages<'m> {
    model: &'m Model,
    pages: BTreeMap<String, Page>,
}

impl Model {
    /// The files by name, `main.yaml` the spec.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let homes = self.homes.iter().map(|home| home.name.clone()).chain([ROOT.to_owned()]);
        let mut pages = Pages { model: self, pages: homes.map(|home| (home, Page::default())).collect() };
        self.nodes.iter().for_each(|node| pages.node(node));
        pages.pages.keys().map(|home| (format!("{home}.yaml"), pages.text(home))).collect()
    }

    /// Whether a list of what a node stands for may be empty in `home`.
    fn may_be_none(&self, node: &Node, home: &str) -> bool {
        let way = self.way(home);
        let between = self.way(&node.home).into_iter().filter(|it| !way.iter().any(|own| own.name == it.name));
        self.may_be_absent(node) || between.into_iter().any(|home| !home.is_on)
    }

    fn may_be_absent(&self, node: &Node) -> bool {
        !node.is_on || self.needed(node).is_some_and(|needed| self.may_be_none(needed, &node.home))
    }

    fn region_around(&self, home: &str) -> &'static str {
        self.way(home).last().map_or("sim-1", |home| home.region)
    }
}

impl Pages<'_> {
    fn page(&mut self, home: &str) -> &mut Page {
        self.pages.entry(home.to_owned()).or_default()
    }

    fn node(&mut self, node: &Node) {
        let body = self.body(node);
        let mut text = format!("  {}:\n    {}: {{ {body} }}\n", node.name, node.kind.name());
        if let Some(repeated) = self.repeated(node) {
            let _ = writeln!(text, "    for_each: {repeated}");
        }
        if let Some(when) = self.condition(node) {
            let _ = writeln!(text, "    when: {when}");
        }
        if node.site.region() != self.model.region_around(&node.home) {
            let _ = writeln!(text, "    region: {}", node.site.region());
        }
        if let Some(role) = node.site.role() {
            let _ = writeln!(text, "    assume_role: {role}");
        }
        if node.makes_first || self.model.is_protected {
            let (first, kept) = (node.makes_first, self.model.is_protected);
            let _ = writeln!(text, "    lifecycle: {{ create_before_destroy: {first}, prevent_destroy: {kept} }}");
        }
        self.page(&node.home).resources.push_str(&text);
    }

    fn repeated(&self, node: &Node) -> Option<String> {
        match self.model.leader(node) {
            Some(leader) => Some(format!("${{{}}}", leader.name)),
            None if node.keys.is_empty() => None,
            None => Some(format!("[{}]", node.keys.join(", "))),
        }
    }

    /// What is left out, and what cannot do without what may be left out, says so.
    fn condition(&mut self, node: &Node) -> Option<String> {
        if !node.is_on {
            return Some("false".to_owned());
        }
        let needed = self.model.needed(node).filter(|_| self.model.leader(node).is_none())?;
        let may_be_none = self.model.may_be_none(needed, &node.home);
        may_be_none.then(|| format!("\"${{length({}) > 0}}\"", self.used(node, 0, "id")))
    }

    fn body(&mut self, node: &Node) -> String {
        let Node { label, fixed, loose, .. } = node;
        let key = if node.home == ROOT { "" } else { "${key}" };
        match node.kind {
            Kind::Network => format!("range: r{fixed}, dns: {}, tags: {{ loose: v{loose} }}", loose % 2 == 1),
            Kind::Subnet => {
                format!("network_id: \"${{{}}}\", zone: z{fixed}, tags: {{ loose: v{loose} }}", self.needed(node))
            }
            Kind::Group => format!("label: l{fixed}, ports: [{loose}]"),
            Kind::Server => format!(
                "subnet_id: \"${{{}}}\", image: i{fixed}, group_ids: \"${{{}}}\", tags: {{ loose: v{loose} }}",
                self.needed(node),
                self.used(node, 1, "id")
            ),
            Kind::Listener => format!("server_id: \"${{{}}}\", port: {}", self.needed(node), fixed + loose),
            Kind::Record => format!("name: \"{label}-{fixed}{key}\", value: \"v{loose}{}\"", self.value(node)),
            Kind::Database => {
                // Of some the spec knows the ARN alone.
                let password = match fixed % 2 {
                    0 => node.password(),
                    _ => format!("\"${{secret_value('{}')}}\"", node.arn()),
                };
                let body = format!("name: \"{label}-{fixed}{key}\", password: {password}, backup: {}", loose % 2 == 1);
                format!("{body}, subnet_ids: \"${{{}}}\"", self.used(node, 0, "id"))
            }
        }
    }

    fn value(&mut self, node: &Node) -> String {
        let used = node.uses.first().and_then(|used| self.model.node_named(used));
        let attribute = used.map(|used| used.kind.attributes()).map(|all| all[node.loose as usize % all.len()]);
        attribute.map_or(String::new(), |attribute| format!("${{join(',', {})}}", self.used(node, 0, attribute)))
    }

    /// The id of what a node cannot do without.
    fn needed(&mut self, node: &Node) -> String {
        match self.model.leader(node) {
            Some(_) => "each.value.id".to_owned(),
            None => format!("{}[0]", self.used(node, 0, "id")),
        }
    }

    /// An expression for the list of an attribute of all that a node uses under one name.
    fn used(&mut self, node: &Node, index: usize, attribute: &str) -> String {
        let Some(used) = node.uses.get(index).and_then(|used| self.model.node_named(used)) else {
            return "[]".to_owned();
        };
        let list = self.list(used, attribute, &node.home);
        if !node.through_locals {
            return list;
        }
        let local = format!("{}_{index}_{attribute}", node.name);
        self.page(&node.home).locals.insert(local.clone(), list);
        local
    }

    /// The same, as `home` sees it: up through outputs, down through params.
    fn list(&mut self, used: &Node, attribute: &str, home: &str) -> String {
        let model = self.model;
        let name = format!("{}_{attribute}", used.name);
        let mut list = self.at_home(used, attribute);
        let way = model.way(home);
        let mut up = model.way(&used.home);
        while let Some(inner) = up.pop_if(|inner| !way.iter().any(|it| it.name == inner.name)) {
            self.page(&inner.name).outputs.insert(name.clone(), list);
            list = told_by(inner, &name);
        }
        for inner in &way[up.len()..] {
            self.page(&inner.name).params.insert(name.clone(), std::mem::replace(&mut list, name.clone()));
        }
        list
    }

    fn at_home(&self, used: &Node, attribute: &str) -> String {
        let name = &used.name;
        match (self.model.is_repeated(used), self.model.may_be_absent(used)) {
            (true, _) => format!("values({name}).map(it, it.{attribute})"),
            (false, true) => format!("(has({name}.{attribute}) ? [{name}.{attribute}] : [])"),
            (false, false) => format!("[{name}.{attribute}]"),
        }
    }

    fn text(&self, home: &str) -> String {
        let page = &self.pages[home];
        let mut text = if home == ROOT { self.head() } else { params(page) };
        section(&mut text, "locals", &page.locals);
        section(&mut text, "outputs", &page.outputs);
        text.push_str("modules:\n");
        for inner in self.model.homes.iter().filter(|inner| inner.around == home) {
            text.push_str(&self.call(inner));
        }
        text + "resources:\n" + &page.resources
    }

    fn head(&self) -> String {
        let mut text = "stack: test\nmoved:\n".to_owned();
        for (from, to) in self.model.moves_that_lead_somewhere() {
            let _ = writeln!(text, "  - {{ from: '{from}', to: '{to}' }}");
        }
        text
    }

    fn call(&self, home: &Home) -> String {
        let around = if home.around == ROOT { "" } else { "${key}" };
        let own = if home.keys.is_empty() { "" } else { "${each.key}" };
        let mut text = format!("  {0}:\n    use: ./{0}.yaml\n    with:\n      key: \"{around}{own}\"\n", home.name);
        for (name, list) in &self.pages[&home.name].params {
            let _ = writeln!(text, "      {name}: \"${{{list}}}\"");
        }
        if !home.keys.is_empty() {
            let _ = writeln!(text, "    for_each: [{}]", home.keys.join(", "));
        }
        if !home.is_on {
            text.push_str("    when: false\n");
        }
        if home.region != self.model.region_around(&home.around) {
            let _ = writeln!(text, "    region: {}", home.region);
        }
        text
    }
}

/// An output of a module, a list, as the file around sees it.
fn told_by(home: &Home, output: &str) -> String {
    let name = &home.name;
    match (home.keys.is_empty(), home.is_on) {
        (false, _) => format!("flatten(values({name}).map(it, it.{output}))"),
        (true, false) => format!("(has({name}.{output}) ? {name}.{output} : [])"),
        (true, true) => format!("{name}.{output}"),
    }
}

fn params(page: &Page) -> String {
    let mut text = "params:\n  key: { type: string }\n".to_owned();
    for name in page.params.keys() {
        let _ = writeln!(text, "  {name}: {{ type: list }}");
    }
    text
}

fn section(text: &mut String, name: &str, entries: &BTreeMap<String, String>) {
    if !entries.is_empty() {
        let _ = writeln!(text, "{name}:");
    }
    for (name, expression) in entries {
        let _ = writeln!(text, "  {name}: \"${{{expression}}}\"");
    }
}
