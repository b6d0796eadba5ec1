//! How many reads and writes a table or an index takes.

use aws_sdk_dynamodb::types;
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many reads and writes a second are paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProvisionedThroughput {
    /// Strongly consistent reads of up to 4 KB a second.
    #[schemars(range(min = 1))]
    pub read_capacity_units: i64,
    /// Writes of up to 1 KB a second.
    #[schemars(range(min = 1))]
    pub write_capacity_units: i64,
}

/// How many reads and writes a second are let through where each is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnDemandThroughput {
    /// Reads; -1 for as many as there come, as AWS does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1))]
    pub max_read_request_units: Option<i64>,
    /// Writes; -1 for as many as there come, as AWS does by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1))]
    pub max_write_request_units: Option<i64>,
}

/// How many reads and writes a second it takes at once, before it has grown to more. It can be raised,
/// for a price, and never lowered; it grows by itself with what is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WarmThroughput {
    /// Reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub read_units_per_second: Option<i64>,
    /// Writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub write_units_per_second: Option<i64>,
}

/// A throughput that may state less than AWS tells.
pub(crate) trait Stated: Copy {
    /// Whether AWS is to be told: not all that is stated is so.
    fn differs_from(self, live: Self) -> bool;
}

/// What AWS is to be told, if anything.
pub(crate) fn change<T: Stated>(wanted: Option<T>, live: Option<T>) -> Option<T> {
    wanted.filter(|wanted| live.is_none_or(|live| wanted.differs_from(live)))
}

fn is_other(wanted: Option<i64>, live: Option<i64>) -> bool {
    wanted.is_some() && wanted != live
}

impl Stated for ProvisionedThroughput {
    fn differs_from(self, live: Self) -> bool {
        self != live
    }
}

impl Stated for OnDemandThroughput {
    fn differs_from(self, live: Self) -> bool {
        is_other(self.max_read_request_units, live.max_read_request_units)
            || is_other(self.max_write_request_units, live.max_write_request_units)
    }
}

impl Stated for WarmThroughput {
    fn differs_from(self, live: Self) -> bool {
        is_other(self.read_units_per_second, live.read_units_per_second)
            || is_other(self.write_units_per_second, live.write_units_per_second)
    }
}

impl ProvisionedThroughput {
    /// As the API takes it.
    ///
    /// # Errors
    /// Never: both units are there.
    pub(crate) fn sdk(self) -> Result<types::ProvisionedThroughput, BuildError> {
        types::ProvisionedThroughput::builder()
            .read_capacity_units(self.read_capacity_units)
            .write_capacity_units(self.write_capacity_units)
            .build()
    }

    /// As the API reports it: nothing is provisioned where each request is paid for.
    pub(crate) fn from_live(live: Option<&types::ProvisionedThroughputDescription>) -> Option<Self> {
        let (read, write) = (live?.read_capacity_units?, live?.write_capacity_units?);
        (read > 0).then_some(Self { read_capacity_units: read, write_capacity_units: write })
    }
}

impl OnDemandThroughput {
    /// As the API takes it.
    pub(crate) fn sdk(self) -> types::OnDemandThroughput {
        types::OnDemandThroughput::builder()
            .set_max_read_request_units(self.max_read_request_units)
            .set_max_write_request_units(self.max_write_request_units)
            .build()
    }

    /// As the API reports it; it says nothing where there is no bound.
    pub(crate) fn from_live(live: Option<&types::OnDemandThroughput>) -> Self {
        Self {
            max_read_request_units: Some(live.and_then(|live| live.max_read_request_units).unwrap_or(-1)),
            max_write_request_units: Some(live.and_then(|live| live.max_write_request_units).unwrap_or(-1)),
        }
    }
}

impl WarmThroughput {
    /// As the API takes it.
    pub(crate) fn sdk(self) -> types::WarmThroughput {
        types::WarmThroughput::builder()
            .set_read_units_per_second(self.read_units_per_second)
            .set_write_units_per_second(self.write_units_per_second)
            .build()
    }

    /// What AWS reports, which may have grown by itself: what is enough for `stated` counts as that.
    pub(crate) fn as_stated(self, stated: Option<Self>) -> Self {
        let enough = |live: Option<i64>, stated: Option<i64>| stated.filter(|stated| live >= Some(*stated)).or(live);
        let read = enough(self.read_units_per_second, stated.and_then(|it| it.read_units_per_second));
        let write = enough(self.write_units_per_second, stated.and_then(|it| it.write_units_per_second));
        Self { read_units_per_second: read, write_units_per_second: write }
    }
}

impl From<&types::TableWarmThroughputDescription> for WarmThroughput {
    fn from(live: &types::TableWarmThroughputDescription) -> Self {
        Self { read_units_per_second: live.read_units_per_second, write_units_per_second: live.write_units_per_second }
    }
}

impl From<&types::GlobalSecondaryIndexWarmThroughputDescription> for WarmThroughput {
    fn from(live: &types::GlobalSecondaryIndexWarmThroughputDescription) -> Self {
        Self { read_units_per_second: live.read_units_per_second, write_units_per_second: live.write_units_per_second }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warm(read: i64, write: Option<i64>) -> WarmThroughput {
        WarmThroughput { read_units_per_second: Some(read), write_units_per_second: write }
    }

    #[test]
    fn only_what_is_stated_is_compared() {
        let live = warm(12_000, Some(4000));
        assert_eq!(change(Some(warm(12_000, None)), Some(live)), None);
        assert_eq!(change(Some(warm(13_000, None)), Some(live)), Some(warm(13_000, None)));
        assert_eq!(change(None, Some(live)), None);
    }

    #[test]
    fn what_has_grown_by_itself_is_as_stated() {
        let live = warm(12_000, Some(4000));
        assert_eq!(live.as_stated(Some(warm(10_000, None))), warm(10_000, Some(4000)));
        assert_eq!(live.as_stated(Some(warm(13_000, Some(1)))), warm(12_000, Some(1)));
        assert_eq!(live.as_stated(None), live);
    }
}
