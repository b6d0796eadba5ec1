//! Writing XML: elements within elements.

/// An element around others.
pub(crate) fn element(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// An element around text.
pub(crate) fn text(name: &str, text: &str) -> String {
    element(name, &escape(text))
}

/// An element around `item`s, as EC2 writes lists, or around whatever else they are called.
pub(crate) fn list(name: &str, item: &str, items: impl IntoIterator<Item = String>) -> String {
    let items: String = items.into_iter().map(|inner| element(item, &inner)).collect();
    element(name, &items)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_elements_are_not() {
        assert_eq!(list("a", "b", [text("c", "1 < 2 & 3")]), "<a><b><c>1 &lt; 2 &amp; 3</c></b></a>");
    }
}
