//! Commands that a message tells to run next, in words that can be copied.

use std::fmt::Write;

use provision_core::address::Address;

use crate::args::{Command, PlaceArgs, SpecArgs, WhichStack};

/// How the stack of this run is named on a command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Again {
    /// The command, such as `apply`.
    verb: &'static str,
    /// The spec; `SPEC` where none is known.
    spec: Option<String>,
    /// What follows all other words.
    options: String,
}

impl Again {
    /// The stack that the arguments name.
    pub(crate) fn of(command: &Command) -> Self {
        match command {
            Command::Apply(args) => Self::with_spec("apply", &args.spec),
            Command::Plan(args) => Self::with_spec("plan", &args.spec),
            Command::Drift(args) => Self::with_spec("drift --fix", &args.spec),
            Command::Destroy(args) => Self::with_stack("destroy", &args.which, &args.place),
            Command::Rollback(args) => Self::with_stack("rollback", &args.which, &args.place),
            Command::Import(args) => {
                let options = options(args.given.env.as_deref(), &args.place);
                Self { verb: "import", spec: Some(quoted(&args.spec.display().to_string())), options }
            }
            _ => Self::default(),
        }
    }

    fn with_spec(verb: &'static str, args: &SpecArgs) -> Self {
        let options = options(args.given.env.as_deref(), &args.place);
        Self { verb, spec: Some(quoted(&args.spec.display().to_string())), options }
    }

    fn with_stack(verb: &'static str, which: &WhichStack, place: &PlaceArgs) -> Self {
        let mut options = options(which.env.as_deref(), place);
        if let Some(stack) = &which.stack {
            // Writing to a string cannot fail.
            let _ = write!(options, " --stack {}", quoted(stack));
        }
        let spec = which.spec.as_ref().map(|spec| quoted(&spec.display().to_string()));
        Self { verb, spec, options }
    }

    /// What is run again, such as `apply`.
    pub(crate) fn verb(&self) -> &'static str {
        self.verb
    }

    /// The command that takes `id` under our care at `address`.
    pub(crate) fn import(&self, address: &Address, id: &str) -> String {
        let spec = self.spec.as_deref().unwrap_or("SPEC");
        format!("provision import {spec} {} {}{}", quoted(&address.to_string()), quoted(id), self.options)
    }

    /// The command that says that an interrupted call on `address` made nothing of ours.
    pub(crate) fn give_up(&self, address: &Address) -> String {
        let spec = self.spec.as_ref().map_or_else(String::new, |spec| format!("{spec} "));
        format!("provision state rm {spec}{} --interrupted{}", quoted(&address.to_string()), self.options)
    }
}

fn options(environment: Option<&str>, place: &PlaceArgs) -> String {
    let environment = environment.map(|name| format!(" --env {}", quoted(name)));
    let place = place.state.as_deref().map(|place| format!(" --state {}", quoted(place)));
    [environment, place].into_iter().flatten().collect()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
