//! Files and secrets.

use super::{Body, Call, Function, Looks, Outcome};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "basename(path: string) -> string",
        "The last part of the path.",
        r#"basename("foo/bar/baz.txt") == "baz.txt""#,
        |call| Ok(Value::from(basename(call.text(0)?))),
    ),
    Function::new(
        "dirname(path: string) -> string",
        "The path without its last part.",
        r#"dirname("foo/bar/baz.txt") == "foo/bar""#,
        |call| Ok(Value::from(dirname(call.text(0)?))),
    ),
    Function::new(
        "file(path: string) -> string",
        "The text of a file beside the one the expression stands in.",
        r#"startswith(file("hello.txt"), "Hello")"#,
        |call| call.scope.file(call.text(0)?).map(Value::String),
    ),
    Function::new(
        "secret_value(arn: string) -> secret",
        "The secret that the ARN names, read at the moment of use. It is never stored or shown.",
        r#"secret_value("arn:aws:secretsmanager:us-east-1:123456789012:secret:db") == "s3cret""#,
        secret_value,
    ),
    Function::special(
        "templatefile(path: string, vars: map<any>) -> string",
        "The text of a file with its `${…}`, `%{ if … }` and `%{ for … }` filled in, which see the entries of the \
         map by name.",
        r#"templatefile("greeting.tpl", {"name": "you"}) == "Hello, you!""#,
        Body::Template,
    )
    .looking(Looks::Outside),
];

fn secret_value(call: &mut Call<'_>) -> Outcome {
    call.scope.secret_value(call.text(0)?).map(Value::into_secret)
}

fn basename(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        path => path.rsplit('/').next().unwrap_or(path),
    }
}

fn dirname(path: &str) -> String {
    let directory = path.rfind('/').map_or("", |end| &path[..=end]);
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            ("..", None) if directory.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    match (directory.starts_with('/'), parts.join("/")) {
        (true, parts) => format!("/{parts}"),
        (false, parts) if parts.is_empty() => ".".to_owned(),
        (false, parts) => parts,
    }
}
