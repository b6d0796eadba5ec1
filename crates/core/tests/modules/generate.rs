//! Random small specs that use modules, each as a person would write it.

/// Random choices, read off a list of bytes: fewer and smaller bytes make a simpler spec.
pub(crate) struct Choices {
    bytes: std::vec::IntoIter<u8>,
}

impl Choices {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into_iter() }
    }

    /// A number below `end`; 0 once there are no more bytes.
    fn below(&mut self, end: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % end
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// A file. Every one has the params `s`, `d` and `keys`, the locals `ls` and `ld`, and the
/// output `o`; what begins with `s` or is called `ls` is known before an apply.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    /// What `ls` stands for.
    pub(crate) ls: Expr,
    /// What `ld` stands for, which may name the first item.
    pub(crate) ld: Expr,
    /// Resources and uses of modules, each naming only those before it.
    pub(crate) items: Vec<Item>,
    /// What it tells.
    pub(crate) o: Expr,
}

/// A resource, or a use of a module.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) repeat: Repeat,
    pub(crate) when: Option<Condition>,
    /// Items it needs without naming them.
    pub(crate) depends_on: Vec<usize>,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Its name and a tag.
    Resource(Expr, Expr),
    /// The module, and what it gives for `s`, `d` and `keys`.
    Call(Box<Module>, Option<Expr>, Option<Expr>, Option<Vec<&'static str>>),
}

/// How often there is an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Repeat {
    Once,
    List(Vec<&'static str>),
    Map(Vec<(&'static str, &'static str)>),
    /// Over the param `keys`.
    Param,
    /// Over the keys of an item before it.
    Chained(usize),
}

/// A part of a text is, or is not, this.
#[derive(Clone, Debug)]
pub(crate) struct Condition(pub(crate) Expr, pub(crate) bool, pub(crate) &'static str);

/// An expression that gives a text.
#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Text(&'static str),
    /// A param or local.
    Name(&'static str),
    EachKey,
    EachValue,
    /// The ARN or name of an item before, or its output.
    Of(usize, Option<&'static str>),
    /// That of the instance with the same key.
    SameKey(usize),
    /// Those of all instances, joined.
    All(usize),
    /// What is looked up by a text that may not be there.
    Pick(Box<Expr>),
    Both(Box<Expr>, Box<Expr>),
}

const KEYS: [&str; 3] = ["a", "b", "c"];

/// What an expression may name.
#[derive(Clone, Copy)]
struct Within<'a> {
    items: &'a [Item],
    repeat: &'a Repeat,
    names: &'static [&'static str],
}

impl Module {
    /// A module whose uses of others lie at most `depth` deep in each other.
    pub(crate) fn random(choices: &mut Choices, depth: usize) -> Self {
        let nothing = Within { items: &[], repeat: &Repeat::Once, names: &["s"] };
        let ls = expr(choices, nothing, 2);
        let mut items = Vec::new();
        let first = item(choices, &items, &["s", "ls", "d"], depth);
        items.push(first);
        let ld = expr(choices, Within { items: &items, repeat: &Repeat::Once, names: &["s", "ls", "d"] }, 2);
        for _ in 0..choices.below(4) {
            let next = item(choices, &items, &["s", "ls", "d", "ld"], depth);
            items.push(next);
        }
        let o = expr(choices, Within { items: &items, repeat: &Repeat::Once, names: &["s", "ls", "d", "ld"] }, 2);
        Self { ls, ld, items, o }
    }
}

fn item(choices: &mut Choices, before: &[Item], names: &'static [&'static str], depth: usize) -> Item {
    let is_call = depth > 0 && choices.below(2) == 1;
    let repeat = repeat(choices, before, is_call);
    let static_names = Within { items: &[], repeat: &repeat, names: &["s", "ls"] };
    let when = (choices.below(4) == 1)
        .then(|| Condition(expr(choices, static_names, 1), choices.below(2) == 1, choices.one(&["a", "b"])));
    let depends_on = (0..before.len()).filter(|_| choices.below(5) == 1).collect();
    let within = Within { items: before, repeat: &repeat, names };
    let what = match is_call {
        false => What::Resource(expr(choices, within, 2), expr(choices, within, 2)),
        true => {
            let inner = Module::random(choices, depth - 1);
            let s = (choices.below(3) > 0).then(|| expr(choices, static_names, 1));
            let d = (choices.below(3) > 0).then(|| expr(choices, within, 2));
            let keys = (choices.below(2) == 1).then(|| keys(choices));
            What::Call(Box::new(inner), s, d, keys)
        }
    };
    Item { repeat, when, depends_on, what }
}

fn keys(choices: &mut Choices) -> Vec<&'static str> {
    KEYS.into_iter().filter(|_| choices.below(2) == 0).collect()
}

fn repeat(choices: &mut Choices, before: &[Item], is_call: bool) -> Repeat {
    let chained = (0..before.len()).rev().find(|&index| before[index].is_resource() && before[index].is_repeated());
    match (choices.below(6), chained) {
        (1, _) => Repeat::List(keys(choices)),
        (2, _) => Repeat::Map(keys(choices).into_iter().map(|key| (key, choices.one(&["x", "y"]))).collect()),
        (3 | 5, _) if !is_call => Repeat::Param,
        (4, Some(index)) if !is_call => Repeat::Chained(index),
        _ => Repeat::Once,
    }
}

impl Item {
    pub(crate) fn is_resource(&self) -> bool {
        matches!(self.what, What::Resource(..))
    }

    pub(crate) fn is_repeated(&self) -> bool {
        self.repeat != Repeat::Once
    }

    /// The keys that others can name it by, `None` for the one there is without a key.
    fn names(&self) -> Vec<Option<&'static str>> {
        match &self.repeat {
            _ if self.when.is_some() => Vec::new(),
            Repeat::Once => vec![None],
            Repeat::List(keys) => keys.iter().copied().map(Some).collect(),
            Repeat::Map(entries) => entries.iter().map(|(key, _)| Some(*key)).collect(),
            Repeat::Param | Repeat::Chained(_) => Vec::new(),
        }
    }
}

fn expr(choices: &mut Choices, within: Within<'_>, depth: usize) -> Expr {
    let mut all = vec![Expr::Text(choices.one(&["a", "b"]))];
    all.extend(within.names.iter().map(|name| Expr::Name(name)));
    if *within.repeat != Repeat::Once {
        all.push(Expr::EachKey);
    }
    match within.repeat {
        Repeat::Map(_) => all.push(Expr::EachValue),
        Repeat::Chained(index) if !within.items.is_empty() => all.push(Expr::SameKey(*index)),
        _ => {}
    }
    for (index, item) in within.items.iter().enumerate() {
        all.extend(item.names().into_iter().map(|key| Expr::Of(index, key)));
        if item.is_resource() && item.is_repeated() {
            all.push(Expr::All(index));
        }
    }
    if depth > 0 && choices.below(2) == 1 {
        let (left, right) = (expr(choices, within, depth - 1), expr(choices, within, depth - 1));
        return Expr::Both(Box::new(left), Box::new(right));
    }
    match choices.below(12) {
        11 => Expr::Pick(Box::new(Expr::Name("s"))),
        _ => choices.one(&all),
    }
}
