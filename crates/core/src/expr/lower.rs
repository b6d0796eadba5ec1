//! From the parser's tree to ours: functions found, variables counted, macros
//! recognised, ranges computed.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, MapExpr, operators};

use super::functions::{self, Function};
use super::node::{Comprehension, Fold, Kind, Node, Operator};
use super::operators::shown;
use super::parse::Parsed;
use super::scan::Scan;
use super::{ExprError, nearest};
use crate::value::Value;

type Result<T> = std::result::Result<T, ExprError>;

/// How the methods that take a variable are written.
const MACROS: [(&str, &str); 6] = [
    ("map", "list.map(x, x.id)"),
    ("filter", "list.filter(x, x.enabled)"),
    ("all", "list.all(x, x > 0)"),
    ("exists", "list.exists(x, x > 0)"),
    ("exists_one", "list.exists_one(x, x > 0)"),
    ("has", "has(a.b)"),
];

/// A name that stands for a comprehension's variable.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    name: String,
    /// The field of the variable that is meant, where it is not the variable itself.
    part: Option<&'static str>,
}

impl Bound {
    /// A name for one field of the variable.
    pub(super) fn part(name: &str, part: &'static str) -> Self {
        Self { name: name.to_owned(), part: Some(part) }
    }
}

/// Turns the parser's tree into ours. `variables` are the names for those of the
/// comprehensions around, innermost last.
pub(super) fn lower(text: &str, parsed: Parsed, scan: &Scan, variables: Vec<Vec<Bound>>) -> Result<Node> {
    let mut lowering = Lowering { text, positions: &parsed.positions, scan, variables };
    lowering.node(parsed.tree)
}

struct Lowering<'a> {
    text: &'a str,
    positions: &'a cel::common::ast::SourceInfo,
    scan: &'a Scan,
    /// The names for the comprehension variables in reach, innermost last.
    variables: Vec<Vec<Bound>>,
}

impl Lowering<'_> {
    fn node(&mut self, from: IdedExpr) -> Result<Node> {
        let own = self.own_range(from.id);
        match from.expr {
            Expr::Literal(literal) => Ok(Node { kind: Kind::Literal(value(literal, &own)?), range: own }),
            Expr::Ident(name) => Ok(Node { kind: self.name(name, &own), range: own }),
            Expr::Select(select) => self.select(*select.operand, select.field, select.test, own),
            Expr::List(list) => Ok(Node { kind: Kind::List(self.nodes(list.elements)?), range: own }),
            Expr::Map(map) => self.map(map, own),
            Expr::Call(call) => self.call(call, own),
            Expr::Comprehension(comprehension) => self.comprehension(*comprehension, own),
            Expr::Struct(_) => Err(ExprError::new("a map has no name before its `{`", own)),
            Expr::Unspecified => Err(ExprError::new("this cannot be read", own)),
        }
    }

    /// From the node's own first token to where it closes.
    fn own_range(&self, id: u64) -> Range<usize> {
        let start = self.positions.offset_for(id).map_or(0, |(start, _)| start as usize);
        self.scan.range_from(start)
    }

    fn nodes(&mut self, from: Vec<IdedExpr>) -> Result<Vec<Node>> {
        from.into_iter().map(|node| self.node(node)).collect()
    }

    fn boxed<const N: usize>(&mut self, from: Vec<IdedExpr>, own: &Range<usize>) -> Result<Box<[Node; N]>> {
        let nodes: Box<[Node]> = self.nodes(from)?.into();
        nodes.try_into().map_err(|_| ExprError::new("this cannot be read", own.clone()))
    }

    fn name(&self, name: String, own: &Range<usize>) -> Kind {
        let mut variables = self.variables.iter().enumerate().rev();
        let bound = variables.find_map(|(depth, names)| Some((depth, names.iter().find(|bound| bound.name == name)?)));
        match bound {
            Some((depth, Bound { part: None, .. })) => Kind::Variable(depth),
            Some((depth, Bound { part: Some(part), .. })) => {
                let variable = Node { kind: Kind::Variable(depth), range: own.clone() };
                Kind::Field(Box::new(variable), (*part).to_owned())
            }
            None => Kind::Name(name.trim_start_matches('.').to_owned()),
        }
    }

    fn select(&mut self, operand: IdedExpr, field: String, is_test: bool, own: Range<usize>) -> Result<Node> {
        let operand = Box::new(self.node(operand)?);
        let range = self.scan.whole(own.start.min(operand.range.start)..own.end);
        let kind = if is_test { Kind::Has(operand, field) } else { Kind::Field(operand, field) };
        Ok(Node { kind, range })
    }

    fn map(&mut self, map: MapExpr, own: Range<usize>) -> Result<Node> {
        let mut entries = Vec::with_capacity(map.entries.len());
        for entry in map.entries {
            match entry.expr {
                EntryExpr::MapEntry(entry) => entries.push((self.node(entry.key)?, self.node(entry.value)?)),
                EntryExpr::StructField(_) => return Err(ExprError::new("this cannot be read", own)),
            }
        }
        Ok(Node { kind: Kind::Map(entries), range: own })
    }

    fn call(&mut self, call: CallExpr, own: Range<usize>) -> Result<Node> {
        match operation(&call.func_name) {
            Some(operation) => self.operation(operation, call.args, own),
            None => self.function(call, own),
        }
    }

    fn operation(&mut self, operation: Operation, args: Vec<IdedExpr>, own: Range<usize>) -> Result<Node> {
        let (kind, first, last) = match operation {
            Operation::Unary(make) => {
                let [operand] = *self.boxed::<1>(args, &own)?;
                let end = operand.range.end;
                (make(Box::new(operand)), own.start, end)
            }
            Operation::Binary(make) => {
                let sides = self.boxed::<2>(args, &own)?;
                let (first, last) = (sides[0].range.start, sides[1].range.end);
                (make(sides), first, last)
            }
            Operation::Conditional => {
                let parts = self.boxed::<3>(args, &own)?;
                let (first, last) = (parts[0].range.start, parts[2].range.end);
                (Kind::Conditional(parts), first, last)
            }
        };
        Ok(Node { kind, range: self.scan.whole(first.min(own.start)..last.max(own.end)) })
    }

    fn function(&mut self, call: CallExpr, own: Range<usize>) -> Result<Node> {
        let is_method = call.target.is_some();
        let written = call.args.len();
        let from = call.target.map(|target| *target).into_iter().chain(call.args).collect();
        let arguments = self.nodes(from)?;
        let start = arguments.first().filter(|_| is_method).map_or(own.start, |target| target.range.start);
        let range = self.scan.whole(start..own.end);
        let name = self.name_within(&call.func_name, arguments.first().filter(|_| is_method), &range);
        let function = find(&call.func_name, is_method, &range, name)?;
        if !function.takes(arguments.len()) {
            let message = format!("`{}` does not take {}", function.name, functions::counted(written, "argument"));
            return Err(ExprError::new(message, range).with_help(usage(function)));
        }
        Ok(Node { kind: Kind::Call(function, arguments), range })
    }

    /// Where the name of a call stands: behind the `target` of a method, else in front.
    fn name_within(&self, name: &str, target: Option<&Node>, range: &Range<usize>) -> Range<usize> {
        let from = target.map_or(range.start, |target| target.range.end);
        let found = self.text.get(from..range.end).and_then(|text| text.find(name));
        found.map_or_else(|| range.clone(), |at| from + at..from + at + name.len())
    }

    fn comprehension(&mut self, from: ComprehensionExpr, own: Range<usize>) -> Result<Node> {
        let over = self.node(from.iter_range)?;
        let range = self.scan.whole(over.range.start.min(own.start)..own.end);
        self.variables.push(vec![Bound { name: from.iter_var, part: None }]);
        let fold = self.fold(from.accu_init.expr, from.loop_step.expr);
        self.variables.pop();
        let fold = fold?.ok_or_else(|| ExprError::new("this cannot be read", own))?;
        Ok(Node { kind: Kind::Comprehension(Box::new(Comprehension { over, fold })), range })
    }

    /// Tells from what the accumulator starts with which macro it was, and takes
    /// the author's parts out of the step the macro made of them.
    fn fold(&mut self, start: Expr, step: Expr) -> Result<Option<Fold>> {
        let Expr::Call(CallExpr { args, func_name, .. }) = step else { return Ok(None) };
        let mut args = args.into_iter();
        Ok(match (start, args.next(), args.next()) {
            (Expr::Literal(LiteralValue::Boolean(start)), _, Some(predicate)) => {
                let predicate = self.node(predicate)?;
                Some(if *start.inner() { Fold::All(predicate) } else { Fold::Any(predicate) })
            }
            (Expr::Literal(LiteralValue::Int(_)), Some(predicate), _) => Some(Fold::One(self.node(predicate)?)),
            (Expr::List(_), Some(filter), Some(append)) if func_name == operators::CONDITIONAL => {
                let filter = Some(self.node(filter)?);
                self.collect(filter, appended(append.expr))?
            }
            (Expr::List(_), _, Some(item)) => self.collect(None, single(item.expr))?,
            _ => None,
        })
    }

    fn collect(&mut self, filter: Option<Node>, item: Option<IdedExpr>) -> Result<Option<Fold>> {
        let item = item.map(|item| self.node(item)).transpose()?;
        Ok(item.map(|item| Fold::Collect { filter, item }))
    }
}

/// The item of `accumulator + [item]`.
fn appended(expr: Expr) -> Option<IdedExpr> {
    match expr {
        Expr::Call(mut call) => single(call.args.pop()?.expr),
        _ => None,
    }
}

/// The item of `[item]`.
fn single(expr: Expr) -> Option<IdedExpr> {
    match expr {
        Expr::List(mut list) => list.elements.pop(),
        _ => None,
    }
}

fn value(literal: LiteralValue, range: &Range<usize>) -> Result<Value> {
    Ok(match literal {
        LiteralValue::Null => Value::Null,
        LiteralValue::Boolean(value) => Value::Bool(value.into_inner()),
        LiteralValue::Int(value) => Value::Integer(value.into_inner()),
        LiteralValue::Double(value) => Value::Float(value.into_inner()),
        LiteralValue::String(text) => Value::string(text.into_inner()),
        LiteralValue::UInt(_) => {
            return Err(ExprError::new("there are no unsigned numbers", range.clone())
                .with_help("leave the `u` out".to_owned()));
        }
        LiteralValue::Bytes(_) => {
            return Err(ExprError::new("there are no byte strings", range.clone())
                .with_help("leave the `b` out, or use `base64decode`".to_owned()));
        }
    })
}

/// What the parser writes as a call though it is an operator.
enum Operation {
    Unary(fn(Box<Node>) -> Kind),
    Binary(fn(Box<[Node; 2]>) -> Kind),
    Conditional,
}

fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        operators::LOGICAL_NOT => Operation::Unary(Kind::Not),
        operators::NEGATE => Operation::Unary(Kind::Negate),
        operators::CONDITIONAL => Operation::Conditional,
        operators::LOGICAL_AND => Operation::Binary(Kind::And),
        operators::LOGICAL_OR => Operation::Binary(Kind::Or),
        operators::INDEX => Operation::Binary(Kind::Index),
        operators::ADD => Operation::Binary(|sides| Kind::Binary(Operator::Add, sides)),
        operators::SUBSTRACT => Operation::Binary(|sides| Kind::Binary(Operator::Subtract, sides)),
        operators::MULTIPLY => Operation::Binary(|sides| Kind::Binary(Operator::Multiply, sides)),
        operators::DIVIDE => Operation::Binary(|sides| Kind::Binary(Operator::Divide, sides)),
        operators::MODULO => Operation::Binary(|sides| Kind::Binary(Operator::Remainder, sides)),
        operators::EQUALS => Operation::Binary(|sides| Kind::Binary(Operator::Equal, sides)),
        operators::NOT_EQUALS => Operation::Binary(|sides| Kind::Binary(Operator::NotEqual, sides)),
        operators::LESS => Operation::Binary(|sides| Kind::Binary(Operator::Less, sides)),
        operators::LESS_EQUALS => Operation::Binary(|sides| Kind::Binary(Operator::LessOrEqual, sides)),
        operators::GREATER => Operation::Binary(|sides| Kind::Binary(Operator::Greater, sides)),
        operators::GREATER_EQUALS => Operation::Binary(|sides| Kind::Binary(Operator::GreaterOrEqual, sides)),
        operators::IN => Operation::Binary(|sides| Kind::Binary(Operator::In, sides)),
        _ => return None,
    })
}

/// The function `name`, called at `range`, where its name stands at `name_range`.
fn find(name: &str, is_method: bool, range: &Range<usize>, name_range: Range<usize>) -> Result<&'static Function> {
    if let Some((_, usage)) = MACROS.iter().find(|(known, _)| *known == name) {
        let error = ExprError::new(format!("`{name}` is not used like this"), range.clone());
        return Err(error.with_help(format!("write `{usage}`")));
    }
    let Some(function) = functions::function(name) else {
        let names = functions::FUNCTIONS.iter().map(|function| function.name);
        let help = nearest(name, names.chain(MACROS.iter().map(|(name, _)| *name)));
        return Err(ExprError::new(format!("there is no function `{}`", shown(name)), name_range).with_help(help));
    };
    if is_method && !function.is_method {
        let message = format!("`{name}` is no method");
        return Err(ExprError::new(message, range.clone()).with_help(usage(function)));
    }
    Ok(function)
}

fn usage(function: &Function) -> String {
    format!("it is `{}`", function.signature)
}
