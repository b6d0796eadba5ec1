//! What to do where something may fail.

use super::{Body, Function};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::special(
        "can(value: any) -> boolean",
        "Whether the argument can be evaluated without an error.",
        r#"can(int("8080")) && !can({"a": 1}.b)"#,
        Body::Can,
    ),
    Function::special(
        "try(value: T, more: T...) -> T",
        "The first argument that can be evaluated without an error.",
        r#"try({"a": 1}.b, "none") == "none""#,
        Body::Try,
    ),
];
