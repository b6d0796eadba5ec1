//! What the kinds of one service share: its tags, its filters.

pub(crate) mod ec2;
pub(crate) mod s3;
