//! The parser's errors in the user's words, where no look at the text is needed.

use granit_parser::ErrorKind;

/// The code of syntax errors that have no better one.
pub(super) const SYNTAX: &str = "yaml-syntax";

/// Code, message and advice.
pub(super) type Words = (&'static str, String, Option<&'static str>);

/// Code, message and advice for an error at the character `found`.
pub(super) fn words(kind: &ErrorKind, found: Option<char>) -> Words {
    let fixed = common(kind).or_else(|| bracket(kind, found)).or_else(|| lexical(kind)).or_else(|| beyond_values(kind));
    if let Some((code, message, help)) = fixed {
        return (code, message.to_owned(), Some(help));
    }
    match (kind, found) {
        (ErrorKind::UnexpectedEofBlockMapping | ErrorKind::UnexpectedEofBlockSequence, Some(',')) => {
            (SYNTAX, "a text without quotes cannot start with `,`".to_owned(), Some("put the text in quotes"))
        }
        (ErrorKind::UnexpectedCharacter { character }, _) => {
            let shown = if *character == '`' { "a backtick".to_owned() } else { format!("`{character}`") };
            let message = format!("a text without quotes cannot start with {shown}");
            (SYNTAX, message, Some("put the text in quotes"))
        }
        (ErrorKind::MismatchedFlowCollectionEnd { open, close }, _) => {
            ("unclosed-bracket", format!("`{open}` is closed by `{close}`"), Some("make the brackets match"))
        }
        (ErrorKind::UnclosedFlowCollection { open }, _) => {
            ("unclosed-bracket", format!("`{open}` is never closed"), Some("add the closing bracket"))
        }
        _ => (SYNTAX, kind.to_string(), Some("check what stands here, or put the text in quotes")),
    }
}

type FixedWords = (&'static str, &'static str, &'static str);

/// What goes wrong around keys and indentation.
fn common(kind: &ErrorKind) -> Option<FixedWords> {
    let (message, help) = match kind {
        ErrorKind::MappingValueNotAllowed => (
            "a `:` cannot stand here",
            "put the text in quotes if it holds `: `; else check the indentation of this line",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("expected `:` after this key", "write `key: value`, and check the indentation of this line")
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEofBlockSequence => (
            "this does not fit the lines around it",
            "indent it like the keys or `-` items beside it; every item of a list starts with `- `",
        ),
        ErrorKind::FlowMappingValueAdjacentCollection | ErrorKind::InvalidMappingValueWhitespace => {
            ("behind this `:` a space is missing", "write `key: value`")
        }
        ErrorKind::InvalidBlockEntryWhitespace => ("behind this `-` a space is missing", "write `- item`"),
        ErrorKind::InvalidBlockScalarIndent => {
            ("a line of this text block is indented less than its first", "indent all its lines alike")
        }
        ErrorKind::CommentInterceptedScalar => {
            ("a comment cuts this text in two", "move the comment, or put the text in quotes")
        }
        _ => return None,
    };
    Some((SYNTAX, message, help))
}

/// What goes wrong inside `[…]` and `{…}`.
fn bracket(kind: &ErrorKind, found: Option<char>) -> Option<FixedWords> {
    let (message, help) = match kind {
        ErrorKind::UnexpectedEofImplicitFlowMapping if found == Some(',') => {
            return Some((SYNTAX, "nothing stands before this `,`", "remove it, or write `null` before it"));
        }
        ErrorKind::ExpectedFlowMappingSeparator if found == Some(':') => {
            return Some((SYNTAX, "a second `:` in one entry", "put the text in quotes if it holds `: `"));
        }
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            return Some((SYNTAX, "inside brackets a lone `-` needs quotes", "write `\"-\"`"));
        }
        ErrorKind::ExpectedFlowMappingSeparator => {
            ("expected `,` or `}` here", "close the `{`; texts that hold `{`, `[` or `,` need quotes")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => {
            ("expected `,` or `]` here", "close the `[`; texts that hold `{`, `[` or `,` need quotes")
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::InvalidFlowScalarIndent
        | ErrorKind::InvalidColonPlacement => ("a bracket before this is not closed", "add the missing `]` or `}`"),
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "remove it, or put the text in quotes")
        }
        ErrorKind::BlockEntryInFlowCollection => {
            ("a `- ` item cannot stand inside brackets", "separate the items with commas")
        }
        _ => return None,
    };
    Some(("unclosed-bracket", message, help))
}

/// What goes wrong around quotes, tags, anchors and the marks of text blocks.
fn lexical(kind: &ErrorKind) -> Option<FixedWords> {
    Some(match kind {
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            SYNTAX,
            "the quoted text ended before this",
            "put the whole text in quotes; a quote inside is written `''` or `\\\"`",
        ),
        ErrorKind::CommentNotSeparated => {
            (SYNTAX, "a comment needs a space before its `#`", "put a space before it, or the whole text in quotes")
        }
        ErrorKind::MissingAnchorOrAliasName => (
            SYNTAX,
            "a text without quotes cannot start with `*` or `&`, which YAML uses to repeat values",
            "put the text in quotes, such as `\"*\"`",
        ),
        ErrorKind::ZeroBlockScalarIndent | ErrorKind::InvalidBlockScalarHeader => (
            SYNTAX,
            "the text block starts on the next line; here only `+`, `-` and an indentation of 1 to 9 may stand",
            "write `|` alone and indent the text below it, or put a text that starts with `|` or `>` in quotes",
        ),
        ErrorKind::UndeclaredTagHandle
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape => {
            ("unknown-tag", "this tag means nothing here", "remove it, or put a text that starts with `!` in quotes")
        }
        _ => return None,
    })
}

/// What goes wrong outside the values: directives and byte-order marks.
fn beyond_values(kind: &ErrorKind) -> Option<FixedWords> {
    Some(match kind {
        ErrorKind::BomInsideDocument => {
            (SYNTAX, "an invisible byte-order mark stands here", "delete it and write what is around it anew")
        }
        ErrorKind::ExpectedDocumentStart => {
            (SYNTAX, "between the lines with `%` and the spec a line `---` is missing", "remove the lines with `%`")
        }
        ErrorKind::MissingYamlVersion
        | ErrorKind::MissingYamlVersionSeparator
        | ErrorKind::YamlVersionTooLong
        | ErrorKind::DuplicateVersionDirective
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::MissingDocumentEndBeforeDirective
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::InvalidTagDirectiveTerminator => (
            SYNTAX,
            "a line that starts with `%` speaks to the reader of YAML, and this one is not understood",
            "remove it, or put a text that starts with `%` in quotes",
        ),
        _ => return None,
    })
}
