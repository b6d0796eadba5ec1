//! `route53/record`: what a zone answers about one name and type.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_route53::types::{
    self, ChangeAction, ResourceRecord, ResourceRecordSet, ResourceRecordSetFailover, ResourceRecordSetRegion, RrType,
};
use aws_smithy_types::error::operation::BuildError;
use provision_core::driver::{Id, Intent, Recovery};
use provision_core::rate::Rates;
use provision_core::schema::FieldError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hosted_zone::HostedZone;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::{Kind, Live, Result, Update, Wanted, fault};
use crate::query::Query;
use crate::read;
use crate::service::rates;
use crate::service::route53::{self, RecordKey, as_stated, bare_id, plain_name};
use crate::types::Ref;

/// What a zone answers about one name and type: some values, or whatever an alias's target answers.
///
/// With `set_identifier` there are several for one name and type, and one routing policy says which of them is told
/// to whom: `weight`, `region`, `failover`, `geo_location`, `geo_proximity_location`, `cidr_routing_config` or
/// `multi_value_answer`. A record of that name and type that is there already is never taken over: it is imported by
/// its id, `<zone>/<name>/<type>`, with `/<set_identifier>` behind it where it has one.
///
/// See [ChangeResourceRecordSets](https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Id of the zone.
    #[schemars(extend("x-replace" = true))]
    pub hosted_zone_id: Ref<HostedZone>,

    /// Name within the zone, in full: `api.example.com`, or `*.example.com` for all that have no record of their own.
    #[schemars(extend("x-replace" = true))]
    pub name: String,

    /// What is told.
    #[schemars(extend("x-replace" = true, "enum" = [
        "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB",
        "TLSA", "TXT"
    ]))]
    pub r#type: String,

    /// For how many seconds others may remember it. An alias has that of its target.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub ttl: Option<i64>,

    /// The values, each up to 4,000 characters, as
    /// [Route 53 writes them](https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html): those
    /// of `TXT` in double quotes, those of `MX` with a priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_records: Option<BTreeSet<String>>,

    /// What answers instead: a load balancer, a distribution, another record of the zone, at no charge for queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_target: Option<AliasTarget>,

    /// What tells it from others of its name and type: 1 to 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-replace" = true))]
    pub set_identifier: Option<String>,

    /// How often it is told, in proportion to the others' weights; one of 0 is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 255))]
    pub weight: Option<i64>,

    /// The region that it leads to: it is told to those who reach that one fastest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,

    /// Whether it is told as long as it is healthy, or where the other one is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["PRIMARY", "SECONDARY"]))]
    pub failover: Option<String>,

    /// Where those are that it is told to; the smallest place goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_location: Option<GeoLocation>,

    /// Where it leads to: it is told to those who are nearest to that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_proximity_location: Option<GeoProximityLocation>,

    /// The addresses from where those ask that it is told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cidr_routing_config: Option<CidrRoutingConfig>,

    /// Whether it is told along with up to seven others, in random order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_value_answer: Option<bool>,

    /// Id of a health check: it is told only while that one is content. `""` for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_id: Option<String>,
}

/// What answers instead of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AliasTarget {
    /// Id of the zone that the target's name lies in, such as a load balancer's `canonical_hosted_zone_id`; for
    /// another record of the same zone, that zone's; for CloudFront and Amplify `Z2FDTNDATAQYW2`.
    pub hosted_zone_id: String,
    /// The target's name.
    pub dns_name: String,
    /// Whether it counts as unhealthy where its target does.
    #[serde(default)]
    pub evaluate_target_health: bool,
}

/// A place: a continent, a country, or a state of the United States.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeoLocation {
    /// `AF`, `AN`, `AS`, `EU`, `OC`, `NA` or `SA`; alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continent_code: Option<String>,
    /// Two letters, such as `DE`; `*` for wherever no other record is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// Two letters, with `country_code: US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdivision_code: Option<String>,
}

/// Where a record leads to: one of a region, a group of local zones, and coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GeoProximityLocation {
    /// A region, such as `eu-central-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_region: Option<String>,
    /// A group of local zones, such as `us-west-2-den-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_zone_group: Option<String>,
    /// A point on the earth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// By how much its surroundings are larger (1 to 99) or smaller (-1 to -99); 0 by default.
    #[serde(default)]
    #[schemars(range(min = -99, max = 99))]
    pub bias: i32,
}

/// A point on the earth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    /// Degrees north of the equator, with up to two decimals: `49.87`.
    pub latitude: String,
    /// Degrees east of Greenwich, with up to two decimals: `8.65`.
    pub longitude: String,
}

/// Addresses from where is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CidrRoutingConfig {
    /// Id of a collection of ranges.
    pub collection_id: String,
    /// A location of the collection; `*` for wherever no other record is for.
    pub location_name: String,
}

/// What other resources may name. The id is `<zone>/<name>/<type>`, with `/<set_identifier>` where there is one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The name in full, in lower case and without trailing dot.
    pub fqdn: String,
}

/// A record has no tags and no token: an interrupted create is told by the record's name, type and values. One that
/// somebody else made with the very same values meanwhile is all that was asked for, and cannot be told apart.
///
/// It is ready as soon as Route 53 has taken it. Its name servers all know of it within a minute, which `GetChange`
/// would tell; but nobody who asks them waits for that, since what they answered before is remembered anyway.
impl Kind for Record {
    const NAME: &'static str = "route53/record";
    const GLOBAL: bool = true;
    const RECOVERY: Recovery = Recovery::Scan;
    const BATCH: Option<u32> = Some(300);
    const RATES: Rates = rates::route53::RECORD;
    const EARLY: &'static [&'static str] = &["id", "fqdn", "name"];
    /// The zone, the health check or an alias's target may have been made a moment ago.
    const EVENTUAL: &'static [&'static str] =
        &["NoSuchHostedZone", "NoSuchHealthCheck", "InvalidChangeBatch: that target was not found"];

    type Outputs = Outputs;

    fn check(&self) -> Vec<FieldError> {
        self.check_values().into_iter().chain(self.check_routing()).collect()
    }

    async fn create(&self, cloud: &Cloud, _: &Intent) -> Result<Id> {
        self.change(cloud, ChangeAction::Create).await?;
        Ok(self.place().id())
    }

    /// One record is asked for by name; for more of them their zone is listed, once.
    async fn read(cloud: &Cloud, wanted: &[Wanted<Self>]) -> Result<Vec<Option<Live<Self>>>> {
        let mut zones: BTreeMap<String, Vec<RecordKey>> = BTreeMap::new();
        for place in wanted.iter().filter_map(|wanted| Place::of_id(&wanted.id)) {
            zones.entry(place.zone).or_default().push(place.key);
        }
        let zones: Vec<_> = zones.into_iter().collect();
        let found = read::each(&zones, async |(zone, keys)| read_zone(cloud, zone, keys).await).await?;
        let found: BTreeMap<Place, ResourceRecordSet> = found.into_iter().flatten().collect();
        let live = |wanted: &Wanted<Self>| {
            let place = Place::of_id(&wanted.id)?;
            Some(live(place.zone.clone(), found.get(&place)?, wanted.applied.as_ref()))
        };
        Ok(wanted.iter().map(live).collect())
    }

    /// An upsert sets the whole record: what the spec does not state stays as it is.
    async fn update(&self, cloud: &Cloud, update: &Update<Self>) -> Result<()> {
        self.merged(&update.live).change(cloud, ChangeAction::Upsert).await
    }

    /// Route 53 deletes a record only for whoever knows all of it.
    async fn delete(&self, cloud: &Cloud, id: &Id) -> Result<()> {
        let Some(place) = Place::of_id(id) else { return Ok(()) };
        let Some(set) = route53::record(cloud, &place.zone, &place.key).await? else { return Ok(()) };
        route53::change(cloud, &place.zone, ChangeAction::Delete, set).await.absent()?;
        Ok(())
    }

    async fn recover(&self, cloud: &Cloud, _: &Intent) -> Result<Vec<Id>> {
        let place = self.place();
        let set = route53::record(cloud, &place.zone, &place.key).await?;
        let is_as_asked = set.is_some_and(|set| {
            let live = live(place.zone.clone(), &set, Some(self)).spec;
            self.merged(&live) == live
        });
        Ok(is_as_asked.then(|| place.id()).into_iter().collect())
    }

    async fn find(cloud: &Cloud, by: &Query) -> Result<Vec<Id>> {
        let name = by.text("name").or_else(|| by.text("fqdn")).map(|name| plain_name(&name));
        let zones = match by.text("hosted_zone_id") {
            Some(zone) => vec![zone],
            None => zones_of(cloud, name.as_deref()).await?,
        };
        let found = read::each(&zones, async |zone| {
            let sets = route53::records(cloud, zone, |_| false).await?;
            let keys = sets.iter().map(RecordKey::of).filter(|key| name.as_ref().is_none_or(|name| key.name == *name));
            Ok(keys.map(|key| Place { zone: bare_id(zone).to_owned(), key }.id()).collect::<Vec<_>>())
        });
        Ok(found.await?.into_iter().flatten().collect())
    }
}

/// A record's zone, and its key there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    zone: String,
    key: RecordKey,
}

impl Place {
    /// A slash within a name is escaped, so that the parts can be told.
    fn id(&self) -> Id {
        let RecordKey { name, r#type, set_identifier } = &self.key;
        let set = set_identifier.as_ref().map(|set| format!("/{set}")).unwrap_or_default();
        Id(format!("{}/{}/{type}{set}", self.zone, name.replace('/', r"\057")))
    }

    /// None for what is no id of a record.
    fn of_id(id: &Id) -> Option<Self> {
        let mut parts = id.as_str().splitn(4, '/');
        let (zone, name, r#type) = (parts.next()?.to_owned(), plain_name(parts.next()?), parts.next()?.to_owned());
        let set_identifier = parts.next().map(str::to_owned);
        Some(Self { zone, key: RecordKey { name, r#type, set_identifier } })
    }
}

impl Record {
    fn place(&self) -> Place {
        Place {
            zone: bare_id(self.hosted_zone_id.as_str()).to_owned(),
            key: RecordKey {
                name: plain_name(&self.name),
                r#type: self.r#type.clone(),
                set_identifier: self.set_identifier.clone(),
            },
        }
    }

    fn check_values(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        match (&self.alias_target, &self.resource_records) {
            (Some(_), Some(_)) => {
                faults.push(fault("alias_target", "a record has an alias target or `resource_records`, not both"));
            }
            (None, None) => faults.push(fault("resource_records", "a record has values or an `alias_target`")),
            _ => {}
        }
        match self.ttl {
            Some(_) if self.alias_target.is_some() => {
                faults.push(fault("ttl", "an alias is remembered for as long as its target"));
            }
            None if self.resource_records.is_some() => {
                faults.push(fault("ttl", "values are told with a `ttl`, such as 300 seconds"));
            }
            _ => {}
        }
        let is_unquoted = |value: &String| !value.starts_with('"');
        if matches!(&*self.r#type, "TXT" | "SPF") && self.resource_records.iter().flatten().any(is_unquoted) {
            faults.push(fault("resource_records", "values of this type stand in double quotes: '\"v=spf1 -all\"'"));
        }
        faults
    }

    fn check_routing(&self) -> Vec<FieldError> {
        let policies = self.policies();
        match (policies.as_slice(), &self.set_identifier) {
            ([], Some(_)) => {
                vec![fault("set_identifier", "it tells apart records with a routing policy such as `weight`")]
            }
            ([policy], None) => vec![fault(policy, "a record with a routing policy has a `set_identifier`")],
            ([_, second, ..], _) => vec![fault(second, "a record has one routing policy")],
            _ => Vec::new(),
        }
    }

    /// The properties that say whom the record is told.
    fn policies(&self) -> Vec<&'static str> {
        let policies = [
            ("weight", self.weight.is_some()),
            ("region", self.region.is_some()),
            ("failover", self.failover.is_some()),
            ("geo_location", self.geo_location.is_some()),
            ("geo_proximity_location", self.geo_proximity_location.is_some()),
            ("cidr_routing_config", self.cidr_routing_config.is_some()),
            ("multi_value_answer", self.multi_value_answer == Some(true)),
        ];
        policies.into_iter().filter(|(_, is_stated)| *is_stated).map(|(policy, _)| policy).collect()
    }

    /// What is stated, and what is live where nothing is. What excludes each other does not stay: values and alias,
    /// one routing policy and another.
    fn merged(&self, live: &Self) -> Self {
        let values = self.alias_target.is_none().then_some(live);
        let alias = self.resource_records.is_none().then_some(live);
        let policy = self.policies().is_empty().then_some(live);
        Self {
            ttl: self.ttl.or_else(|| values?.ttl),
            resource_records: self.resource_records.clone().or_else(|| values?.resource_records.clone()),
            alias_target: self.alias_target.clone().or_else(|| alias?.alias_target.clone()),
            weight: self.weight.or_else(|| policy?.weight),
            region: self.region.clone().or_else(|| policy?.region.clone()),
            failover: self.failover.clone().or_else(|| policy?.failover.clone()),
            geo_location: self.geo_location.clone().or_else(|| policy?.geo_location.clone()),
            geo_proximity_location: self
                .geo_proximity_location
                .clone()
                .or_else(|| policy?.geo_proximity_location.clone()),
            cidr_routing_config: self.cidr_routing_config.clone().or_else(|| policy?.cidr_routing_config.clone()),
            multi_value_answer: self.multi_value_answer.or_else(|| policy?.multi_value_answer).or(Some(false)),
            health_check_id: self.health_check_id.clone().or_else(|| live.health_check_id.clone()),
            ..self.clone()
        }
    }

    async fn change(&self, cloud: &Cloud, action: ChangeAction) -> Result<()> {
        let set = self.request().op("route53:ChangeResourceRecordSets")?;
        route53::change(cloud, &self.place().zone, action, set).await
    }

    fn request(&self) -> Result<ResourceRecordSet, BuildError> {
        let values = self.resource_records.iter().flatten().map(|value| ResourceRecord::builder().value(value).build());
        let values: Vec<ResourceRecord> = values.collect::<Result<_, _>>()?;
        ResourceRecordSet::builder()
            .name(self.name.to_lowercase())
            .r#type(RrType::from(self.r#type.as_str()))
            .set_ttl(self.ttl)
            .set_resource_records(Some(values).filter(|values| !values.is_empty()))
            .set_alias_target(self.alias_target.as_ref().map(AliasTarget::request).transpose()?)
            .set_set_identifier(self.set_identifier.clone())
            .set_weight(self.weight)
            .set_region(self.region.as_deref().map(ResourceRecordSetRegion::from))
            .set_failover(self.failover.as_deref().map(ResourceRecordSetFailover::from))
            .set_geo_location(self.geo_location.as_ref().map(GeoLocation::request))
            .set_geo_proximity_location(
                self.geo_proximity_location.as_ref().map(GeoProximityLocation::request).transpose()?,
            )
            .set_cidr_routing_config(self.cidr_routing_config.as_ref().map(CidrRoutingConfig::request).transpose()?)
            .set_multi_value_answer(self.multi_value_answer.filter(|is_one_of_many| *is_one_of_many))
            .set_health_check_id(self.health_check_id.clone().filter(|id| !id.is_empty()))
            .build()
    }
}

impl AliasTarget {
    fn request(&self) -> Result<types::AliasTarget, BuildError> {
        types::AliasTarget::builder()
            .hosted_zone_id(bare_id(&self.hosted_zone_id))
            .dns_name(&self.dns_name)
            .evaluate_target_health(self.evaluate_target_health)
            .build()
    }

    fn from_live(target: &types::AliasTarget, stated: Option<&Self>) -> Self {
        let stated_zone = stated.map(|stated| stated.hosted_zone_id.as_str());
        let stated_zone = stated_zone.filter(|zone| bare_id(zone) == bare_id(&target.hosted_zone_id));
        Self {
            hosted_zone_id: stated_zone.unwrap_or(bare_id(&target.hosted_zone_id)).to_owned(),
            dns_name: as_stated(stated.map(|stated| stated.dns_name.as_str()), &target.dns_name),
            evaluate_target_health: target.evaluate_target_health,
        }
    }
}

impl GeoLocation {
    fn request(&self) -> types::GeoLocation {
        types::GeoLocation::builder()
            .set_continent_code(self.continent_code.clone())
            .set_country_code(self.country_code.clone())
            .set_subdivision_code(self.subdivision_code.clone())
            .build()
    }
}

impl From<types::GeoLocation> for GeoLocation {
    fn from(place: types::GeoLocation) -> Self {
        Self {
            continent_code: place.continent_code,
            country_code: place.country_code,
            subdivision_code: place.subdivision_code,
        }
    }
}

impl GeoProximityLocation {
    fn request(&self) -> Result<types::GeoProximityLocation, BuildError> {
        let coordinates = self
            .coordinates
            .as_ref()
            .map(|point| types::Coordinates::builder().latitude(&point.latitude).longitude(&point.longitude).build());
        Ok(types::GeoProximityLocation::builder()
            .set_aws_region(self.aws_region.clone())
            .set_local_zone_group(self.local_zone_group.clone())
            .set_coordinates(coordinates.transpose()?)
            .bias(self.bias)
            .build())
    }
}

impl From<types::GeoProximityLocation> for GeoProximityLocation {
    fn from(place: types::GeoProximityLocation) -> Self {
        let coordinates = place.coordinates;
        Self {
            aws_region: place.aws_region,
            local_zone_group: place.local_zone_group,
            coordinates: coordinates.map(|point| Coordinates { latitude: point.latitude, longitude: point.longitude }),
            bias: place.bias.unwrap_or_default(),
        }
    }
}

impl CidrRoutingConfig {
    fn request(&self) -> Result<types::CidrRoutingConfig, BuildError> {
        types::CidrRoutingConfig::builder()
            .collection_id(&self.collection_id)
            .location_name(&self.location_name)
            .build()
    }
}

impl From<types::CidrRoutingConfig> for CidrRoutingConfig {
    fn from(config: types::CidrRoutingConfig) -> Self {
        Self { collection_id: config.collection_id, location_name: config.location_name }
    }
}

/// The ids of all zones, or of those that may have a record of that name.
async fn zones_of(cloud: &Cloud, name: Option<&str>) -> Result<Vec<String>> {
    let zones = route53::zones(cloud).await?;
    let may_have = |zone: &types::HostedZone| name.is_none_or(|name| name.ends_with(&plain_name(&zone.name)));
    Ok(zones.iter().filter(|zone| may_have(zone)).map(|zone| bare_id(&zone.id).to_owned()).collect())
}

async fn read_zone(cloud: &Cloud, zone: &str, keys: &[RecordKey]) -> Result<Vec<(Place, ResourceRecordSet)>> {
    let sets = match keys {
        [key] => route53::record(cloud, zone, key).await?.into_iter().collect(),
        keys => {
            let wanted: BTreeSet<&RecordKey> = keys.iter().collect();
            let is_wanted = |set: &&ResourceRecordSet| wanted.contains(&RecordKey::of(set));
            route53::records(cloud, zone, |sets| sets.iter().filter(is_wanted).count() == wanted.len()).await?
        }
    };
    let place = |set: ResourceRecordSet| (Place { zone: zone.to_owned(), key: RecordKey::of(&set) }, set);
    Ok(sets.into_iter().map(place).collect())
}

fn live(zone: String, set: &ResourceRecordSet, stated: Option<&Record>) -> Live<Record> {
    let values = set.resource_records.as_ref().filter(|values| !values.is_empty());
    let stated_zone = stated.map(|stated| &stated.hosted_zone_id).filter(|stated| bare_id(stated.as_str()) == zone);
    let target = |target| AliasTarget::from_live(target, stated.and_then(|stated| stated.alias_target.as_ref()));
    let spec = Record {
        hosted_zone_id: stated_zone.cloned().unwrap_or_else(|| zone.into()),
        name: as_stated(stated.map(|stated| stated.name.as_str()), &set.name),
        r#type: set.r#type.as_str().to_owned(),
        ttl: set.ttl,
        resource_records: values.map(|values| values.iter().map(|record| record.value.clone()).collect()),
        alias_target: set.alias_target.as_ref().map(target),
        set_identifier: set.set_identifier.clone(),
        weight: set.weight,
        region: set.region.as_ref().map(|region| region.as_str().to_owned()),
        failover: set.failover.as_ref().map(|failover| failover.as_str().to_owned()),
        geo_location: set.geo_location.clone().map(GeoLocation::from),
        geo_proximity_location: set.geo_proximity_location.clone().map(GeoProximityLocation::from),
        cidr_routing_config: set.cidr_routing_config.clone().map(CidrRoutingConfig::from),
        multi_value_answer: Some(set.multi_value_answer.unwrap_or_default()),
        health_check_id: Some(set.health_check_id.clone().unwrap_or_default()),
    };
    Live::ready(spec, Outputs { fqdn: plain_name(&set.name) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn record(differs: &Json) -> Record {
        let mut spec = json!({ "hosted_zone_id": "Z1", "name": "a.org", "type": "A" });
        let differs = differs.as_object().cloned().unwrap_or_default();
        spec.as_object_mut().expect("a map").extend(differs);
        serde_json::from_value(spec).expect("a record")
    }

    #[test]
    fn what_excludes_each_other_is_told() {
        for (spec, expected) in [
            (json!({ "ttl": 60, "resource_records": ["192.0.2.1"] }), ""),
            (json!({ "alias_target": { "hosted_zone_id": "Z2", "dns_name": "b.org" } }), ""),
            (json!({ "ttl": 60 }), "resource_records"),
            (json!({ "resource_records": ["192.0.2.1"] }), "ttl"),
            (json!({ "ttl": 60, "alias_target": { "hosted_zone_id": "Z2", "dns_name": "b.org" } }), "ttl"),
            (json!({ "ttl": 60, "type": "TXT", "resource_records": ["bare"] }), "resource_records"),
            (json!({ "ttl": 60, "resource_records": ["192.0.2.1"], "set_identifier": "b" }), "set_identifier"),
            (json!({ "ttl": 60, "resource_records": ["192.0.2.1"], "weight": 1 }), "weight"),
            (
                json!({ "ttl": 60, "resource_records": ["192.0.2.1"], "set_identifier": "b", "weight": 1, "region": "r" }),
                "region",
            ),
        ] {
            let found: Vec<String> = record(&spec).check().into_iter().flat_map(|error| error.path).collect();
            assert_eq!(found.concat(), expected, "{spec}");
        }
    }

    #[test]
    fn an_update_keeps_what_is_not_stated_and_fits() {
        let live = record(&json!({
            "ttl": 60, "resource_records": ["192.0.2.1"], "set_identifier": "b", "weight": 1, "health_check_id": "h"
        }));
        let merged = |spec: Json| record(&spec).merged(&live);
        let kept = merged(json!({ "set_identifier": "b", "ttl": 5 }));
        assert_eq!(
            (kept.ttl, kept.weight, kept.resource_records.as_ref()),
            (Some(5), Some(1), live.resource_records.as_ref())
        );
        let alias = merged(json!({ "alias_target": { "hosted_zone_id": "Z2", "dns_name": "b.org" }, "region": "r" }));
        assert_eq!((alias.ttl, alias.resource_records, alias.weight), (None, None, None));
        assert_eq!(alias.health_check_id.as_deref(), Some("h"));
    }

    #[test]
    fn an_id_tells_the_record() {
        for (spec, id) in [
            (json!({ "name": "A.org." }), "Z1/a.org/A"),
            (json!({ "name": "*.a.org", "set_identifier": "b/c" }), "Z1/*.a.org/A/b/c"),
            (json!({ "name": "0/25.2.0.192.in-addr.arpa", "type": "PTR" }), r"Z1/0\05725.2.0.192.in-addr.arpa/PTR"),
        ] {
            let place = record(&spec).place();
            assert_eq!(place.id().as_str(), id);
            assert_eq!(Place::of_id(&place.id()), Some(place));
        }
    }
}
