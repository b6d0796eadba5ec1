//! As much HTTP/1.1 as the clients of AWS speak: whole messages, one after the other on a connection.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// AWS allows far smaller ones; more is no request.
const MOST_HEAD: usize = 64 * 1024;

/// A request, read whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let (method, rest) = lines.next()?.split_once(' ')?;
        let (target, _version) = rest.split_once(' ')?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Some(Self { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() })
    }

    /// The first header called `name`, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is no UTF-8 is empty.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}

/// One client's connection, with what it sent beyond the last request.
pub(crate) struct Connection<S> {
    stream: S,
    bytes: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, bytes: Vec::new() }
    }

    /// Reads the next request; `None` when the client closes without asking.
    pub(crate) async fn read(&mut self) -> io::Result<Option<Request>> {
        let Some(end) = self.read_head().await? else { return Ok(None) };
        let rest = self.bytes.split_off(end);
        let head = std::mem::replace(&mut self.bytes, rest);
        let mut request =
            Request::parse(&String::from_utf8_lossy(&head)).ok_or_else(|| malformed("the request line"))?;
        if request.header("transfer-encoding").is_some() {
            return Err(malformed("a chunked body, where a length is needed"));
        }
        let length = request.header("content-length").unwrap_or("0");
        let length: usize = length.parse().map_err(|_| malformed("the content-length"))?;
        if request.header("expect").is_some() {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while self.bytes.len() < length {
            self.read_more().await?;
        }
        let rest = self.bytes.split_off(length);
        request.body = std::mem::replace(&mut self.bytes, rest);
        Ok(Some(request))
    }

    /// Reads up to the end of the head, perhaps further, and returns where it ends.
    async fn read_head(&mut self) -> io::Result<Option<usize>> {
        loop {
            if let Some(end) = self.bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok(Some(end + 4));
            }
            if self.bytes.len() > MOST_HEAD {
                return Err(malformed("the head, which is too long"));
            }
            match self.read_more().await {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && self.bytes.is_empty() => return Ok(None),
                read => read?,
            }
        }
    }

    async fn read_more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.bytes).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Sends an answer in one piece; `is_head` leaves out the body it tells the length of.
    pub(crate) async fn write(&mut self, answer: &Answer, is_head: bool) -> io::Result<()> {
        let length = answer.body.len();
        let mut bytes = format!("HTTP/1.1 {} -\r\ncontent-length: {length}\r\n", answer.status);
        bytes.push_str(&format!("content-type: {}\r\nx-amzn-requestid: stub\r\n", answer.content_type));
        for (name, value) in &answer.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        if !is_head {
            bytes.push_str(&answer.body);
        }
        self.stream.write_all(bytes.as_bytes()).await
    }
}

/// What a service answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// 200 with an XML document.
    pub(crate) fn xml(body: String) -> Self {
        Self { status: 200, content_type: "text/xml", headers: Vec::new(), body }
    }

    /// 200 with JSON, in the version of the protocol that the SDKs of SSM, SQS and tagging take.
    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self { content_type: "application/x-amz-json-1.1", ..Self::xml(body.to_string()) }
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the stub cannot read {what}"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn requests_follow_each_other_on_a_connection() {
        let (mut client, server) = duplex(1024);
        let mut connection = Connection::new(server);
        client
            .write_all(b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /b?c HTTP/1.1\r\nX: y\r\n\r\n")
            .await
            .unwrap();
        let first = connection.read().await.unwrap().unwrap();
        assert_eq!((first.target.as_str(), first.text()), ("/a", "hi"));
        let second = connection.read().await.unwrap().unwrap();
        assert_eq!((second.method.as_str(), second.target.as_str(), second.header("x")), ("GET", "/b?c", Some("y")));
        connection.write(&Answer::xml("<a/>".to_owned()), false).await.unwrap();
        drop(client.shutdown().await);
        assert!(connection.read().await.unwrap().is_none());
        drop(connection);
        let mut told = String::new();
        client.read_to_string(&mut told).await.unwrap();
        assert!(
            told.ends_with("content-length: 4\r\ncontent-type: text/xml\r\nx-amzn-requestid: stub\r\n\r\n<a/>"),
            "{told}"
        );
    }
}
