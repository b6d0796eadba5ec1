//! Expressions made at random.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// Expressions of one type each, over the names `a` (a number), `s` (text), `t` (a
/// boolean), `l` (a list of numbers) and `m` (a map to numbers), so that most of
/// them have a value.
#[derive(Clone)]
struct Typed {
    number: BoxedStrategy<String>,
    text: BoxedStrategy<String>,
    boolean: BoxedStrategy<String>,
    list: BoxedStrategy<String>,
    map: BoxedStrategy<String>,
}

/// Well-typed expressions.
pub(super) fn typed() -> impl Strategy<Value = String> {
    let mut level = Typed {
        number: leaf(&["a", "a", "m.k", "l[0]", "0", "3", "2.5"]),
        text: leaf(&["s", "s", "\"k\"", "\"\""]),
        boolean: leaf(&["t", "t", "true", "false"]),
        list: leaf(&["l", "l", "[]", "[1, a]"]),
        map: leaf(&["m", "m", "{}"]),
    };
    for _ in 0..3 {
        level = level.deeper();
    }
    level.any()
}

fn leaf(names: &'static [&'static str]) -> BoxedStrategy<String> {
    select(names).prop_map(str::to_owned).boxed()
}

impl Typed {
    fn any(&self) -> BoxedStrategy<String> {
        let Self { number, text, boolean, list, map } = self.clone();
        prop_oneof![number, text, boolean, list, map].boxed()
    }

    fn deeper(&self) -> Self {
        Self {
            number: self.filled(
                &self.number,
                &[
                    "(N + N)",
                    "(N - N)",
                    "(N * N)",
                    "-N",
                    "N % 5",
                    "length(L)",
                    "length(S)",
                    "max(N, N)",
                    "coalesce(N, N)",
                    "element(L, N)",
                    "lookup(M, S, N)",
                    "(L)[0]",
                    "(M)[S]",
                    "{\"k\": N, \"j\": A}.k",
                    "[N, A][0]",
                    "abs(N)",
                    "(B ? N : N)",
                    "floor(N)",
                    "try(N, N)",
                    "try((M).zz, (L)[0], N)",
                    "try([N], [])[0]",
                    "sum([N, N])",
                    "one([N])",
                ],
            ),
            text: self.filled(
                &self.text,
                &[
                    "(S + S)",
                    "string(N)",
                    "upper(S)",
                    "join(\"-\", L)",
                    "jsonencode(A)",
                    "format(\"%s-%v\", S, A)",
                    "replace(S, S, S)",
                    "substr(S, 0, 1)",
                    "element(keys(M), N)",
                    "(B ? S : S)",
                    "coalesce(S, S, \"z\")",
                    "type(A)",
                    "trimprefix(S, S)",
                    "base64encode(S)",
                    "yamlencode(A)",
                    "try(S, S)",
                    "title(S)",
                    "tostring(N)",
                ],
            ),
            boolean: self.filled(
                &self.boolean,
                &[
                    "(N < N)",
                    "(N == N)",
                    "(S == S)",
                    "(L == L)",
                    "(A != A)",
                    "(B && B)",
                    "(B || B)",
                    "!B",
                    "has((M).k)",
                    "(N in L)",
                    "(S in M)",
                    "L.all(a, B)",
                    "L.exists(a, B)",
                    "L.exists_one(a, B)",
                    "(B ? B : B)",
                    "(S).startsWith(S)",
                    "contains(L, N)",
                    "coalesce(B, B)",
                    "can(N)",
                    "can((M).zz)",
                    "can((L)[0])",
                    "alltrue([B, B])",
                    "startswith(S, S)",
                ],
            ),
            list: self.filled(
                &self.list,
                &[
                    "[N, N]",
                    "concat(L, L)",
                    "(L + L)",
                    "reverse(L)",
                    "L.map(a, N)",
                    "L.filter(a, B)",
                    "L.map(a, B, N)",
                    "distinct(L)",
                    "sort(L)",
                    "values(M)",
                    "range(length(L))",
                    "toset(L)",
                    "flatten([L, [L]])",
                    "(B ? L : L)",
                    "chunklist(L, 2)[0]",
                    "[L, L][1]",
                    "values({\"a\": L})[0]",
                    "coalesce(L, L)",
                    "try(L, L)",
                    "setunion(L, L)",
                    "setproduct(L, L)[0]",
                    "tolist(L)",
                ],
            ),
            map: self.filled(
                &self.map,
                &[
                    "{\"k\": N, \"j\": N}",
                    "{S: N}",
                    "merge(M, M)",
                    "zipmap(keys(M), values(M))",
                    "(B ? M : M)",
                    "zipmap([S], [N])",
                    "jsondecode(jsonencode(M))",
                    "try(M, M)",
                    "tomap(M)",
                ],
            ),
        }
    }

    /// The templates with an expression of the right type in place of each letter:
    /// N, S, B, L and M for the types, A for any of them.
    fn filled(&self, leaf: &BoxedStrategy<String>, templates: &[&'static str]) -> BoxedStrategy<String> {
        let filled = templates.iter().map(|template| self.fill(template));
        Union::new(filled.chain([leaf.clone()])).boxed()
    }

    fn fill(&self, template: &'static str) -> BoxedStrategy<String> {
        template.chars().fold(Just(String::new()).boxed(), |before, letter| {
            let next = match letter {
                'N' => self.number.clone(),
                'S' => self.text.clone(),
                'B' => self.boolean.clone(),
                'L' => self.list.clone(),
                'M' => self.map.clone(),
                'A' => self.any(),
                other => return before.prop_map(move |text| format!("{text}{other}")).boxed(),
            };
            (before, next).prop_map(|(before, next)| before + &next).boxed()
        })
    }
}

/// Expressions that parse, but hardly ever make sense.
pub(super) fn untyped() -> impl Strategy<Value = String> {
    let leaf = leaf(&["a", "s", "l", "m", "t", "m.k", "l[0]", "m[s]", "1", "2.5", "\"k\"", "true", "null", "[]", "{}"]);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", "&&", "||", "in"]);
        let function = select(crate::expr::FUNCTIONS.iter().map(|function| function.name).collect::<Vec<_>>());
        let fold = select(vec!["map", "filter", "all", "exists", "exists_one"]);
        let arguments = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(l, o, r)| format!("({l} {o} {r})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(c, l, r)| format!("({c} ? {l} : {r})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("[{l}, {{\"k\": {r}}}]")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l})[{r}]")),
            inner.clone().prop_map(|of| format!("has((!{of}).k)")),
            (inner.clone(), fold, inner).prop_map(|(over, fold, body)| format!("({over}).{fold}(a, {body})")),
            (function, arguments).prop_map(|(name, arguments)| format!("{name}({})", arguments.join(", "))),
        ]
    })
}
