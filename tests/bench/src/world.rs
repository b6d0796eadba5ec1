//! All that exists in the stub, and which service answers a call.

use serde_json::{Value as Json, json};

use crate::call::{Call, Refusal, Result};
use crate::ec2::{Network, Waits};
use crate::http::Answer;
use crate::iam::Roles;
use crate::s3::{self, Buckets};
use crate::sqs::Queues;
use crate::ssm::Parameters;
use crate::{sts, tagging};

#[derive(Debug, Default)]
pub(crate) struct World {
    network: Network,
    roles: Roles,
    pub(crate) buckets: Buckets,
    pub(crate) parameters: Parameters,
    pub(crate) queues: Queues,
}

impl World {
    pub(crate) fn new(waits: Waits) -> Self {
        Self { network: Network::new(waits), ..Self::default() }
    }

    /// The waits of what took time.
    pub(crate) fn waited(&self) -> Json {
        self.network.waited()
    }

    /// Carries a call out; a refusal is worded as its service words it.
    pub(crate) fn answer(&mut self, call: &Call) -> Answer {
        self.carry_out(call).unwrap_or_else(|refusal| call.refuse(&refusal))
    }

    fn carry_out(&mut self, call: &Call) -> Result<Answer> {
        match call.service.as_str() {
            "ec2" => self.network.answer(call),
            "iam" => self.roles.answer(call),
            "s3" => self.buckets.answer(call),
            "sqs" => self.queues.answer(call),
            "ssm" => self.parameters.answer(call),
            "sts" => sts::answer(call),
            "tagging" => tagging::answer(self, call),
            service => Err(Refusal::unknown(&format!("the service {service}"))),
        }
    }

    /// How many there are of each type, and how many of them carry tags where a client may
    /// forget them; without what AWS makes by itself.
    pub(crate) fn inventory(&self) -> Json {
        let mut counts = self.network.inventory();
        counts.insert("iam/role", self.roles.0.len());
        counts.insert("s3/bucket", self.buckets.0.len());
        counts.insert("s3/bucket, tagged", self.buckets.0.values().filter(|tags| !tags.is_empty()).count());
        counts.insert("sqs/queue", self.queues.0.len());
        counts.insert("ssm/parameter", self.parameters.0.len());
        counts.retain(|_, count| *count > 0);
        json!(counts)
    }
}

/// The name of a call as IAM writes it, `ec2:CreateVpc`.
pub(crate) fn name(call: &Call) -> String {
    let service = if call.service == "tagging" { "tag" } else { &call.service };
    format!("{service}:{}", call.action)
}

/// Reads a call, and names its action where the service leaves that to the path.
pub(crate) fn read(request: &crate::http::Request) -> Call {
    let call = Call::of(request);
    let action = if call.service == "s3" { s3::action(&call) } else { call.action.clone() };
    call.named(action)
}
