//! As much HTTP/1.1 as a relay of whole messages needs, one exchange on each connection.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// AWS allows far smaller ones; more is no request.
const MOST_HEAD: usize = 64 * 1024;

/// A request, read whole.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Reads one request; `None` when the client closes without asking.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let Some(end) = read_head(stream, &mut bytes).await? else { return Ok(None) };
        let body = bytes.split_off(end);
        let mut request = Self::parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| malformed("request line"))?;
        request.body = body;
        request.read_body(stream).await?;
        Ok(Some(request))
    }

    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let (method, rest) = lines.next()?.split_once(' ')?;
        let (target, _version) = rest.split_once(' ')?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() })
    }

    async fn read_body(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
        if self.header("transfer-encoding").is_some() {
            return Err(malformed("a length is needed, the body is chunked"));
        }
        let length = self.header("content-length").unwrap_or("0").parse().map_err(|_| malformed("content-length"))?;
        let read = self.body.len();
        self.body.resize(length, 0);
        stream.read_exact(self.body.get_mut(read..).ok_or_else(|| malformed("pipelined"))?).await?;
        Ok(())
    }

    /// The first header called `name`, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Asks `backend` and returns its answer as it wrote it, up to where it closes.
    pub(crate) async fn forward(&self, backend: &str) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(backend).await?;
        stream.write_all(&self.bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.target);
        for (name, value) in self.headers.iter().filter(|(name, _)| name != "connection" && name != "expect") {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// Reads up to the end of the head, perhaps further, and returns where it ends.
async fn read_head(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<Option<usize>> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(Some(end + 4));
        }
        match stream.read_buf(bytes).await? {
            0 if bytes.is_empty() => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ if bytes.len() > MOST_HEAD => return Err(malformed("head")),
            _ => {}
        }
    }
}

/// An answer in full, after which the connection closes.
pub(crate) fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Injected\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// Whether an answer says that what was asked for is done.
pub(crate) fn is_success(answer: &[u8]) -> bool {
    answer.splitn(3, |byte| *byte == b' ').nth(1).is_some_and(|status| status.starts_with(b"2"))
}

/// An answer with another body, where `change` makes one. Not for chunked answers, whose body
/// has no length to set right.
pub(crate) fn with_body(answer: &[u8], change: impl FnOnce(&str) -> Option<String>) -> Option<Vec<u8>> {
    let (head, body) = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?;
    let body = change(body)?;
    let is_kept = |line: &&str| !line.to_ascii_lowercase().starts_with("content-length:");
    let head: Vec<&str> = head.lines().filter(is_kept).collect();
    Some(format!("{}\r\ncontent-length: {}\r\n\r\n{body}", head.join("\r\n"), body.len()).into_bytes())
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the relay cannot read this: {what}"))
}
