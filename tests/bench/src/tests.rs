use crate::xml;
#[test]
fn x() {
    let _ = xml::text("a", "b");
}
