//! Where states lie.

use std::fmt;

/// The place of the states of stacks, as a spec's `state` and `--state` write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatePlace {
    /// A folder.
    Folder(String),
    /// A bucket of S3.
    Bucket {
        /// Its name.
        bucket: String,
        /// What every key begins with, without a slash at its end; may be empty.
        prefix: String,
    },
}

/// What the place of a state in S3 begins with.
const S3: &str = "s3://";

impl StatePlace {
    /// The place that `text` names, such as `s3://bucket/prefix` or `state`.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence that begins with the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(path) = text.strip_prefix(S3) else {
            return match text {
                "" => Err("names no place"),
                _ if text.contains("://") => Err("is neither `s3://bucket/prefix` nor a folder"),
                _ => Ok(Self::Folder(text.to_owned())),
            };
        };
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        if !is_bucket(bucket) {
            return Err("names no bucket: write `s3://bucket/prefix`, with a bucket's name as S3 takes it");
        }
        Ok(Self::Bucket { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() })
    }
}

/// The characters and lengths of [bucket names](https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
fn is_bucket(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.chars().all(|c| is_plain(c) || c == '-' || c == '.')
        && name.starts_with(is_plain)
        && name.ends_with(is_plain)
}

impl fmt::Display for StatePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => f.write_str(path),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "{S3}{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "{S3}{bucket}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_folders_or_buckets() {
        for (text, shown) in [
            ("state", "state"),
            ("/var/lib/x", "/var/lib/x"),
            ("s3://my-bucket", "s3://my-bucket"),
            ("s3://my-bucket/", "s3://my-bucket"),
            ("s3://my.bucket/a/b/", "s3://my.bucket/a/b"),
        ] {
            assert_eq!(StatePlace::parse(text).map(|place| place.to_string()).as_deref(), Ok(shown), "{text}");
        }
        for text in ["", "s3://", "s3:///a", "s3://UPPER/a", "s3://ab", "https://bucket/a", "s3://-ab/x"] {
            assert!(StatePlace::parse(text).is_err(), "{text}");
        }
    }
}
