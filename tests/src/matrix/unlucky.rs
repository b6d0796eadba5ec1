//! A life without kills, but with everything else that happens to calls.

use std::collections::BTreeSet;

use super::bench::{Bench, Norm};
use super::{Boundary, Subject};
use crate::relay::{Fault, Refusal, Rule};
use crate::stack::Wrong;

/// What each operation meets once; the answer that is lost is that of a call which had its effect.
const FAULTS: [Fault; 3] =
    [Fault::DropResponse, Fault::Refuse(Refusal::InternalError), Fault::Refuse(Refusal::Throttled)];

/// Where an answer says that something is ready, and how it says that it is not yet.
const PHASES: [(&str, &str, &str); 5] = [
    ("ec2:DescribeNatGateways", "<state>available<", "<state>pending<"),
    ("ec2:DescribeVpcEndpoints", "<state>available<", "<state>pending<"),
    ("ec2:DescribeSubnets", "<state>available<", "<state>pending<"),
    ("ec2:DescribeVpcs", "<state>available<", "<state>pending<"),
    ("kms:DescribeKey", "\"Enabled\"", "\"Creating\""),
];

/// How many looks it takes until something is ready.
const POLLS: usize = 3;

impl Bench {
    /// One life for each kind of fault; how many there are.
    pub(super) fn unlucky(&mut self, subject: &Subject, norm: &Norm) -> Result<usize, Wrong> {
        self.make_bucket(subject)?;
        for fault in FAULTS {
            self.meet(fault, &norm.apply);
            self.run(subject, "apply", &["--yes"]).map_err(|wrong| format!("{fault:?}: {wrong}"))?;
            self.relay.clear();
            self.is_applied(subject, norm).map_err(|wrong| format!("{fault:?}: {wrong}"))?;
            self.meet(fault, &norm.destroy);
            self.run(subject, "destroy", &["--yes"]).map_err(|wrong| format!("{fault:?}: {wrong}"))?;
            self.relay.clear();
            self.holds(&norm.nothing).map_err(|wrong| format!("{fault:?}: {wrong}"))?;
        }
        Ok(FAULTS.len())
    }

    fn meet(&self, fault: Fault, boundaries: &[Boundary]) {
        self.relay.clear();
        let operations: BTreeSet<&str> = boundaries.iter().map(Boundary::operation).collect();
        for operation in operations {
            self.relay.inject(Rule::new(operation, fault).times(1));
        }
        for (operation, ready, pending) in PHASES {
            self.relay.keep_pending(operation, (ready, pending), POLLS);
        }
    }
}
