//! Texts of specs with everything YAML allows in them, written as random bytes say.

use super::SECTIONS;

/// Values that stand on one line.
const WORDS: [&str; 24] = [
    "word",
    "${vpc.id}",
    "no",
    "012345678901",
    "3.10",
    "~",
    "a b  c",
    "a#b:c",
    "http://x/?y=[z]",
    "'it''s'",
    "' # no comment '",
    "\"\\u00e9 \\\" \\\\ \\n\"",
    "\"word\"",
    "'no'",
    "\"\"",
    "é🎵日本",
    "!!str 1",
    "! x",
    "{}",
    "[]",
    "[a, 'b, c', {d: e}]",
    "{ a: 1,b: [ 2 ],\"c\":3, d }",
    "\"${env == 'prod' ? 1 : 2}\"",
    "-1",
];

/// Values over several lines; `\t` stands for the indentation they need.
const TEXTS: [&str; 16] = [
    "|\n\tx\n\t  y\n\n\tz\n",
    "|-\n\tx # no comment\n\t# nor this\n",
    "|+\n\tx\n\n\n",
    ">\n\tx\n\ty\n\n\t  z\n\tw\n",
    ">-\n\n\tx\n\n",
    ">+\n\tx\n\n",
    "| # of the block\n\tx: y\n",
    "x\n\ty\n\n\tz\n",
    "'x\n\n\ty'\n",
    "\"x \\\n\ty\\n\n\tz\"\n",
    "[a,\n\tb]\n",
    "[ # of the list\n\ta, # of a\n\t# of b\n\tb\n\t# the end\n\t]\n",
    "{\n\ta: 1,\n\n\tb: [c,\n\td] # of b\n\t}\n",
    "!!str |\n\t1\n",
    "\n\tbelow\n",
    "{ long: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', longer: [yyyyyyyyyyyyyyyyyyyyyyyyyyy, zzzzzzzzzzzzzzzzzzzzzzzzzzz] }\n",
];

/// A text of a spec, the same for the same bytes; it is valid YAML.
pub(super) fn spec(bytes: &[u8]) -> String {
    let mut scribe = Scribe { bytes: bytes.iter(), out: String::new(), count: 0, anchors: Vec::new() };
    let skipped = scribe.choose(SECTIONS.len());
    let reversed = scribe.choose(4) == 1;
    for index in 0..SECTIONS.len() {
        let section = if reversed { SECTIONS.len() - 1 - index } else { index };
        if section != skipped && scribe.choose(3) > 0 {
            scribe.margin(0);
            scribe.out.push_str(SECTIONS[section]);
            scribe.out.push(':');
            scribe.value(0, 3);
        }
    }
    scribe.margin(0);
    scribe.wrapped()
}

struct Scribe<'b> {
    bytes: std::slice::Iter<'b, u8>,
    out: String,
    /// Makes names, keys and comments differ.
    count: usize,
    /// The names of the anchors that are complete, and whether they mark a mapping.
    anchors: Vec<(String, bool)>,
}

impl Scribe<'_> {
    /// One of `many`; 0 when the bytes are used up.
    fn choose(&mut self, many: usize) -> usize {
        self.bytes.next().map_or(0, |byte| usize::from(*byte) % many)
    }

    fn number(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    /// What stands behind a `key:` or `-`, up to the end of the last line.
    fn value(&mut self, indent: usize, depth: usize) {
        let anchor = (self.choose(8) == 1).then(|| format!("n{}", self.number()));
        let start = self.anchors.len();
        if let Some(name) = &anchor {
            self.out.push_str(&format!(" &{name}"));
        }
        let is_mapping = match (self.choose(8), depth) {
            (0, _) => self.end(),
            (1, _) => self.text(indent),
            (2, _) if anchor.is_none() && start > 0 => self.alias(),
            (3 | 4, 1..) => self.mapping(indent, depth),
            (5 | 6, 1..) => self.list(indent, depth),
            _ => self.word(),
        };
        self.anchors.extend(anchor.map(|name| (name, is_mapping)));
    }

    fn word(&mut self) -> bool {
        let word = WORDS[self.choose(WORDS.len())];
        self.out.push(' ');
        self.out.push_str(word);
        self.end()
    }

    fn text(&mut self, indent: usize) -> bool {
        let deep = indent + 1 + self.choose(4);
        let text = TEXTS[self.choose(TEXTS.len())].replace('\t', &" ".repeat(deep));
        self.out.push(' ');
        self.out.push_str(&text);
        false
    }

    fn alias(&mut self) -> bool {
        let (name, is_mapping) = self.any_anchor();
        self.out.push_str(&format!(" *{name}"));
        self.end();
        is_mapping
    }

    fn any_anchor(&mut self) -> (String, bool) {
        let index = self.choose(self.anchors.len());
        self.anchors[index].clone()
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> bool {
        self.end();
        let indent = indent + 1 + self.choose(4);
        for _ in 0..=self.choose(4) {
            self.entry(indent, depth);
        }
        if let (1, Some((name, true))) = (self.choose(4), self.anchors.last().cloned()) {
            self.line(indent, &format!("<<: *{name}\n"));
        }
        true
    }

    fn entry(&mut self, indent: usize, depth: usize) {
        let number = self.number();
        let key = match self.choose(8) {
            0 => format!("\"k{number}\""),
            1 => format!("'k {number}'"),
            2 => format!("é{number}"),
            3 => format!("${{k{number}}}"),
            4 => format!("{number}"),
            5 => format!("ec2/k{number} "),
            _ => format!("k{number}"),
        };
        self.line(indent, &format!("{key}:"));
        self.value(indent, depth - 1);
    }

    fn list(&mut self, indent: usize, depth: usize) -> bool {
        self.end();
        let indent = indent + 1 + self.choose(3);
        for _ in 0..=self.choose(4) {
            self.line(indent, "-");
            self.value(indent, depth - 1);
        }
        false
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.margin(indent);
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(text);
    }

    /// Ends the line, with a comment or without. A value that ends so is no mapping.
    fn end(&mut self) -> bool {
        if self.choose(6) == 1 {
            let (gap, number) = (1 + self.choose(9), self.number());
            self.out.push_str(&format!("{:gap$}# right é {number}", ""));
        }
        self.out.push('\n');
        false
    }

    /// What may stand between two lines.
    fn margin(&mut self, indent: usize) {
        for _ in 0..self.choose(6).saturating_sub(3) {
            match self.choose(3) {
                0 => self.out.push('\n'),
                deeper => {
                    let (column, number) = (if deeper == 1 { indent } else { self.choose(12) }, self.number());
                    self.out.push_str(&format!("{:column$}# own {number}  \n", ""));
                }
            }
        }
    }

    /// The text with what may stand around it, in the line breaks of one system or the other.
    fn wrapped(&mut self) -> String {
        let mut text = std::mem::take(&mut self.out);
        match self.choose(6) {
            1 => text.insert_str(0, "---\n"),
            2 => text.insert_str(0, "%YAML 1.2\n# before\n---\n"),
            3 => text.push_str("...\n# behind\n"),
            4 => text.truncate(text.trim_end().len()),
            _ => {}
        }
        if self.choose(3) == 1 {
            text = text.replace('\n', "\r\n");
        }
        if self.choose(3) == 1 { format!("\u{feff}{text}") } else { text }
    }
}
