//! The tags of CreateBucket, which moto drops.

use super::http::Request;
use super::operation::Operation;

/// The call that gives the bucket that `request` makes the tags it was to be made with.
pub(crate) fn tagging(operation: &Operation, request: &Request) -> Option<Request> {
    let bucket = operation.name.strip_prefix("s3:PUT /").map(|path| path.trim_end_matches('/'))?;
    let body = std::str::from_utf8(&request.body).ok().filter(|_| !bucket.contains(['/', '?']))?;
    let (tags, _) = body.split_once("<Tags>")?.1.split_once("</Tags>")?;
    let body = format!("<Tagging><TagSet>{tags}</TagSet></Tagging>").into_bytes();
    let kept = request.headers.iter().filter(|(name, _)| ["host", "authorization", "x-amz-date"].contains(&&**name));
    let mut headers: Vec<(String, String)> = kept.cloned().collect();
    headers.push(("content-length".to_owned(), body.len().to_string()));
    Some(Request { method: "PUT".to_owned(), target: format!("/{bucket}?tagging"), headers, body })
}
