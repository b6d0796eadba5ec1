//! A local AWS for as long as a value lives: `localstack/run` installs, starts and stops it.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What answers. See `localstack/README.md` for what each is good at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// moto: starts in half a second, keeps EC2's rules.
    Moto,
    /// LocalStack with moto behind it: starts in a few seconds.
    LocalStack,
}

impl Backend {
    fn name(self) -> &'static str {
        match self {
            Self::Moto => "moto",
            Self::LocalStack => "localstack",
        }
    }
}

/// A running local AWS with nothing in it.
///
/// It ends with the value. Should the test process die first, its end of the pipe
/// closes and the runner stops the server all the same.
pub struct LocalAws {
    backend: Backend,
    runner: Child,
    endpoint: String,
}

impl LocalAws {
    /// Installs `backend` when that has never been done (about a minute), starts it on
    /// a free port and waits until it answers. Blocks meanwhile.
    pub fn start(backend: Backend) -> io::Result<Self> {
        let mut runner = Command::new(local("run"))
            .args([backend.name(), "--until-eof"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let endpoint = first_line(&mut runner)?;
        Ok(Self { backend, runner, endpoint })
    }

    /// Where it answers, such as `http://127.0.0.1:40231`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether this is the LocalStack 4 that stands in where no Python 3.13 is found.
    pub fn is_old_localstack(&self) -> io::Result<bool> {
        match self.backend {
            Backend::Moto => Ok(false),
            Backend::LocalStack => Ok(ask(&self.endpoint, "GET /_localstack/health")?.contains("\"version\": \"4.")),
        }
    }

    /// What exists in it, as `localstack/inventory` tells: `{}` when nothing is left.
    pub fn inventory(&self) -> io::Result<String> {
        self.inventory_in("us-east-1")
    }

    /// What exists in one of its regions.
    pub fn inventory_in(&self, region: &str) -> io::Result<String> {
        let answer = command(local("inventory"), &self.endpoint).env("AWS_REGION", region).output()?;
        match answer.status.success() {
            true => Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned()),
            false => Err(io::Error::other(String::from_utf8_lossy(&answer.stderr).into_owned())),
        }
    }

    /// Makes a bucket in `us-east-1`; moto asks for no signature.
    pub fn make_bucket(&self, name: &str) -> io::Result<()> {
        ask(&self.endpoint, &format!("PUT /{name}")).map(drop)
    }

    /// The keys in a bucket that begin with `prefix`.
    pub fn objects(&self, bucket: &str, prefix: &str) -> io::Result<BTreeSet<String>> {
        let answer = ask(&self.endpoint, &format!("GET /{bucket}?list-type=2&prefix={prefix}"))?;
        let keys = answer.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        Ok(keys.map(|(key, _)| key.to_owned()).collect())
    }

    /// Every version of every object in a bucket, and its bytes.
    pub fn versions(&self, bucket: &str) -> io::Result<Vec<(String, String)>> {
        let listed = ask(&self.endpoint, &format!("GET /{bucket}?versions"))?;
        let between = |text: &str, tag: &str| {
            Some(text.split_once(&format!("<{tag}>"))?.1.split_once(&format!("</{tag}>"))?.0.to_owned())
        };
        let versions = listed.split("<Version>").skip(1);
        let versions = versions.filter_map(|version| Some((between(version, "Key")?, between(version, "VersionId")?)));
        versions
            .map(|(key, version)| {
                let bytes = ask(&self.endpoint, &format!("GET /{bucket}/{key}?versionId={version}"))?;
                Ok((key, bytes))
            })
            .collect()
    }

    /// Forgets all resources. LocalStack can only be begun anew, which moves its endpoint.
    pub fn reset(&mut self) -> io::Result<()> {
        match self.backend {
            Backend::Moto => ask(&self.endpoint, "POST /moto-api/reset").map(drop),
            Backend::LocalStack => Self::start(self.backend).map(|fresh| *self = fresh),
        }
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        drop(self.runner.stdin.take());
        // A runner that is gone already has stopped its server too.
        let _ = self.runner.wait();
    }
}

/// A command that finds the local AWS at `endpoint` and nothing of the caller's own account.
pub fn command(program: impl AsRef<OsStr>, endpoint: &str) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")])
        .envs([("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")])
        .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1")]);
    command
}

/// A program beside the local AWS.
pub(crate) fn local(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../localstack").join(name)
}

/// The endpoint's address without its scheme.
pub(crate) fn authority(endpoint: &str) -> &str {
    endpoint.trim_start_matches("http://").trim_end_matches('/')
}

fn first_line(runner: &mut Child) -> io::Result<String> {
    let mut line = String::new();
    if let Some(stdout) = runner.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    match line.trim_end() {
        "" => Err(io::Error::other(format!("the local AWS did not start: {}", runner.wait()?))),
        endpoint => Ok(endpoint.to_owned()),
    }
}

/// Objects are shown to those who sign; nobody looks at the signature.
const SIGNED: &str = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
     SignedHeaders=host, Signature=0";

/// What `request`, such as `GET /path`, is answered with: status line, headers and body.
fn ask(endpoint: &str, request: &str) -> io::Result<String> {
    let authority = authority(endpoint);
    let mut stream = TcpStream::connect(authority)?;
    let headers = format!("Host: {authority}\r\n{SIGNED}\r\nContent-Length: 0\r\nConnection: close");
    write!(stream, "{request} HTTP/1.1\r\n{headers}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    match answer.split_whitespace().nth(1) {
        Some("200") => Ok(answer),
        _ => Err(io::Error::other(format!("{request}: {}", answer.lines().next().unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moto_answers_until_it_is_dropped() -> io::Result<()> {
        let mut aws = LocalAws::start(Backend::Moto)?;
        let endpoint = aws.endpoint().to_owned();
        aws.reset()?;
        assert_eq!(endpoint, aws.endpoint());
        drop(aws);
        assert!(TcpStream::connect(authority(&endpoint)).is_err());
        Ok(())
    }
}
