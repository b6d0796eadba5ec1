//! STS: who asks.

use crate::call::{ACCOUNT, Call, Refusal, Result};
use crate::http::Answer;
use crate::xml;

pub(crate) fn answer(call: &Call) -> Result<Answer> {
    match call.action.as_str() {
        "GetCallerIdentity" => {
            let arn = format!("arn:aws:iam::{ACCOUNT}:user/bench");
            let inner = [("Arn", arn.as_str()), ("UserId", "AIDABENCH"), ("Account", ACCOUNT)];
            let inner: String = inner.iter().map(|(name, value)| xml::text(name, value)).collect();
            Ok(call.result(&inner))
        }
        action => Err(Refusal::unknown(action)),
    }
}
