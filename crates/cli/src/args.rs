//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use provision_core::rate::PARALLELISM;

/// Makes AWS match a YAML spec: no plug-ins, no stacks of somebody else, one binary.
#[derive(Debug, Parser)]
#[command(name = "provision", bin_name = "provision", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print JSON: one document, or one event a line while something is under way.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    done; for `plan --detailed-exitcode` and `drift`: no difference
  1    failed, wholly or in part, or a check does not hold; the message says what to do
  2    for `plan --detailed-exitcode` and `drift`: there are differences
  130  stopped by Ctrl-C; what was done is in the state

Credentials, region, profile and endpoints are found as the AWS CLI finds them
(AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, SSO, web identity, instance roles).";

/// One command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make AWS match the spec.
    #[command(
        after_help = "Examples:\n  provision apply shop.yaml\n  provision apply shop.yaml --yes -p env=prod\n  provision apply shop.yaml --target 'public[\"us-east-1a\"]' --replace web"
    )]
    Apply(ApplyArgs),
    /// Show what `apply` would do, and change nothing.
    #[command(
        after_help = "Examples:\n  provision plan shop.yaml\n  provision plan shop.yaml --detailed-exitcode --json"
    )]
    Plan(PlanArgs),
    /// Delete everything the state holds.
    #[command(after_help = "Examples:\n  provision destroy shop.yaml\n  provision destroy --stack shop --yes")]
    Destroy(DestroyArgs),
    /// Show what has changed in AWS since the last apply.
    #[command(after_help = "Examples:\n  provision drift shop.yaml\n  provision drift shop.yaml --fix --yes")]
    Drift(DriftArgs),
    /// Check a spec without credentials and without asking AWS anything.
    #[command(
        after_help = "Examples:\n  provision validate shop.yaml\n  provision validate specs/*.yaml --json\n  provision validate --module specs/modules/*.yaml"
    )]
    Validate(ValidateArgs),
    /// Ask whether the spec's checks hold, and change nothing.
    #[command(after_help = "Examples:\n  provision check shop.yaml\n  provision check shop.yaml --env prod --json")]
    Check(CheckArgs),
    /// Evaluate expressions against the current state.
    #[command(
        after_help = "Examples:\n  provision console shop.yaml\n  provision console shop.yaml -e 'values(public).map(it, it.id)'\n  echo 'vpc.cidr_block' | provision console shop.yaml"
    )]
    Console(ConsoleArgs),
    /// Print the outputs of the last apply.
    #[command(
        after_help = "Examples:\n  provision output shop.yaml\n  provision output shop.yaml url\n  provision output --stack shop url --json"
    )]
    Output(OutputArgs),
    /// Look into the state, change what it says, or move it elsewhere.
    #[command(subcommand)]
    State(StateCommand),
    /// Check credentials, region and where the state lies; make the bucket for it.
    #[command(after_help = "Examples:\n  provision init shop.yaml\n  provision init shop.yaml --bootstrap")]
    Init(InitArgs),
    /// Take the lock on a state from whoever holds it.
    #[command(after_help = "Examples:\n  provision unlock shop.yaml\n  provision unlock --stack shop --yes")]
    Unlock(UnlockArgs),
    /// List what runs did to the state: serial, time, who, command, what was done.
    #[command(after_help = "Examples:\n  provision history shop.yaml\n  provision history --stack shop --json")]
    History(HistoryArgs),
    /// Apply again what was applied in the past; shows the plan first.
    #[command(
        after_help = "Examples:\n  provision rollback shop.yaml --to 7\n  provision rollback --stack shop --to 7 --yes\n\nIt works from the state alone: secrets, of which no state holds any, stay as they are.\nThe next apply brings what the spec says."
    )]
    Rollback(RollbackArgs),
    /// Take something that exists under our care.
    #[command(
        after_help = "Examples:\n  provision import shop.yaml vpc vpc-0a1b2c3d\n  provision import shop.yaml 'public[\"us-east-1a\"]' subnet-0a1b2c3d"
    )]
    Import(ImportArgs),
    /// Lay a spec out in the canonical way, comments kept.
    #[command(after_help = "Examples:\n  provision fmt specs/*.yaml\n  provision fmt --check specs/*.yaml")]
    Fmt(FmtArgs),
    /// Draw what needs what; needs neither credentials nor Graphviz.
    #[command(
        after_help = "Examples:\n  provision graph shop.yaml --format svg -o shop.svg\n  provision graph shop.yaml | dot -Tpng -o shop.png\n  provision graph shop.yaml --format mermaid --all-edges"
    )]
    Graph(GraphArgs),
    /// List the kinds of resources, or tell all about one.
    #[command(after_help = "Examples:\n  provision kinds\n  provision kinds ec2/vpc")]
    Kinds(KindsArgs),
    /// Print the JSON Schema of the spec language, for editors.
    #[command(
        after_help = "Examples:\n  provision schema > provision.schema.json\n  provision schema --module > module.schema.json"
    )]
    Schema(SchemaArgs),
}

/// Which spec, and with which params.
#[derive(Debug, clap::Args)]
pub(crate) struct SpecArgs {
    /// The spec.
    pub(crate) spec: PathBuf,

    #[command(flatten)]
    pub(crate) given: GivenArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// What a spec is given. Of a param's values this order counts: `-p`, `--params`,
/// PROVISION_PARAM_<name>, the environment's, the default.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct GivenArgs {
    /// The environment; it has a stack and a state of its own.
    #[arg(long, value_name = "NAME", env = "PROVISION_ENV")]
    pub(crate) env: Option<String>,

    /// Give a param its value; otherwise PROVISION_PARAM_<name>, the environment's, its default.
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(crate) params: Vec<String>,

    /// Give params their values by a YAML file.
    #[arg(long = "params", value_name = "FILE")]
    pub(crate) params_file: Option<PathBuf>,
}

/// Where the state lies.
#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Where the state lies, whatever the spec says: a folder, or `s3://bucket/prefix`. Left out
    /// in both it is the folder `state`.
    #[arg(long, value_name = "DIR|S3", env = "PROVISION_STATE")]
    pub(crate) state: Option<String>,
}

/// A stack, by its spec or by its name.
#[derive(Debug, clap::Args)]
pub(crate) struct WhichStack {
    /// The spec that names the stack.
    #[arg(required_unless_present = "stack", conflicts_with = "stack")]
    pub(crate) spec: Option<PathBuf>,

    /// The stack's name, where there is no spec any more.
    #[arg(long)]
    pub(crate) stack: Option<String>,

    /// The spec's environment that is meant.
    #[arg(long, value_name = "NAME", env = "PROVISION_ENV", conflicts_with = "stack")]
    pub(crate) env: Option<String>,
}

/// A stack and something in it: `SPEC NAME`, or `--stack STACK NAME`.
#[derive(Debug, clap::Args)]
pub(crate) struct InStack {
    /// The spec that names the stack, unless `--stack` does; then what of it is meant.
    #[arg(value_names = ["SPEC", "NAME"], num_args = 0..=3)]
    pub(crate) words: Vec<String>,

    /// The stack's name, where there is no spec any more.
    #[arg(long)]
    pub(crate) stack: Option<String>,

    /// The spec's environment that is meant.
    #[arg(long, value_name = "NAME", env = "PROVISION_ENV", conflicts_with = "stack")]
    pub(crate) env: Option<String>,
}

/// How steps are carried out.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,

    /// At most this many calls at once. What AWS allows of each is kept to by itself.
    #[arg(long, default_value_t = PARALLELISM, value_parser = at_least_one)]
    pub(crate) parallelism: usize,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1".to_owned()),
        Ok(number) => Ok(number),
        Err(error) => Err(format!("{error}")),
    }
}

/// `apply`.
#[derive(Debug, clap::Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What a plan is limited to, and what it replaces besides.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct LimitArgs {
    /// Leave everything but this address alone; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: Vec<String>,

    /// Replace this address even if nothing differs; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) replace: Vec<String>,
}

/// `plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// Exit with 2 when there is something to do.
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

/// `destroy`.
#[derive(Debug, clap::Args)]
pub(crate) struct DestroyArgs {
    #[command(flatten)]
    pub(crate) which: WhichStack,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// `drift`.
#[derive(Debug, clap::Args)]
pub(crate) struct DriftArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    /// Bring what drifted back to the spec, and nothing else.
    #[arg(long)]
    pub(crate) fix: bool,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// `validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct ValidateArgs {
    /// The specs.
    #[arg(required = true)]
    pub(crate) specs: Vec<PathBuf>,

    /// The files are modules, not specs.
    #[arg(long)]
    pub(crate) module: bool,

    #[command(flatten)]
    pub(crate) given: GivenArgs,
}

/// `check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
}

/// `console`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConsoleArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    /// Evaluate this and leave; may be given several times.
    #[arg(short = 'e', long = "expression", value_name = "EXPRESSION")]
    pub(crate) expressions: Vec<String>,
}

/// `init`.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    #[command(flatten)]
    pub(crate) spec: SpecArgs,
    /// Make the bucket of the state: private, versioned, encrypted; give an existing one what it lacks.
    #[arg(long)]
    pub(crate) bootstrap: bool,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `unlock`.
#[derive(Debug, clap::Args)]
pub(crate) struct UnlockArgs {
    #[command(flatten)]
    pub(crate) which: WhichStack,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Do not ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `history`.
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) which: WhichStack,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// `rollback`.
#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) which: WhichStack,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// The serial to go back to, as `provision history` lists it.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) to: u64,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// `output`.
#[derive(Debug, clap::Args)]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    pub(crate) which: InStack,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// `state …`.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List what is owned.
    #[command(after_help = "Example:\n  provision state list shop.yaml")]
    List {
        #[command(flatten)]
        which: WhichStack,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show all that is recorded of one resource.
    #[command(
        after_help = "Example:\n  provision state show shop.yaml 'public[\"us-east-1a\"]'\n  provision state show --stack shop vpc"
    )]
    Show {
        #[command(flatten)]
        which: InStack,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Give what is at one address another; nothing in AWS changes.
    #[command(after_help = "Example:\n  provision state mv shop.yaml web api.web")]
    Mv {
        /// The spec, unless `--stack` names the stack; the address so far; the address from now on.
        #[command(flatten)]
        which: InStack,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Forget a resource; in AWS it stays.
    #[command(
        after_help = "Examples:\n  provision state rm shop.yaml web\n  provision state rm shop.yaml web --interrupted"
    )]
    Rm {
        #[command(flatten)]
        which: InStack,
        #[command(flatten)]
        place: PlaceArgs,
        /// Forget only the create that was interrupted, which made nothing of ours; the next apply
        /// makes it anew.
        #[arg(long)]
        interrupted: bool,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
    /// Print the state.
    #[command(after_help = "Example:\n  provision state pull shop.yaml > shop.json")]
    Pull {
        #[command(flatten)]
        which: WhichStack,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Store a state that was pulled, unless something was recorded since.
    #[command(after_help = "Example:\n  provision state push shop.yaml shop.json")]
    Push {
        #[command(flatten)]
        which: InStack,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Move the state to another place; word of it stays, and the old place refuses to be used.
    #[command(after_help = "Example:\n  provision state migrate shop.yaml --to s3://my-bucket/provision")]
    Migrate {
        #[command(flatten)]
        which: WhichStack,
        #[command(flatten)]
        place: PlaceArgs,
        /// Where it goes: a folder, or `s3://bucket/prefix`.
        #[arg(long, value_name = "DIR|S3")]
        to: String,
    },
}

/// `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// The spec.
    pub(crate) spec: PathBuf,
    /// Its address in the spec.
    pub(crate) address: String,
    /// Its physical name, as AWS writes it.
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) given: GivenArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// `fmt`.
#[derive(Debug, clap::Args)]
pub(crate) struct FmtArgs {
    /// The specs.
    #[arg(required = true)]
    pub(crate) specs: Vec<PathBuf>,
    /// Change nothing; exit with 1 when a file is not laid out so.
    #[arg(long)]
    pub(crate) check: bool,
}

/// `graph`.
#[derive(Debug, clap::Args)]
pub(crate) struct GraphArgs {
    /// The spec.
    pub(crate) spec: PathBuf,
    /// The language of the drawing.
    #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
    pub(crate) format: GraphFormat,
    /// Draw also the edges that others imply.
    #[arg(long)]
    pub(crate) all_edges: bool,
    /// The file to write to, instead of standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) given: GivenArgs,
}

/// What a graph is drawn in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum GraphFormat {
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
    /// For a browser.
    Svg,
}

/// `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// The schema of modules, instead of specs.
    #[arg(long)]
    pub(crate) module: bool,
}

/// `kinds`.
#[derive(Debug, clap::Args)]
pub(crate) struct KindsArgs {
    /// The kind to tell about.
    pub(crate) kind: Option<String>,
}
