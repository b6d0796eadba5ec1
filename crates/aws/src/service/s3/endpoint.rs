//! The names under which the objects of a bucket are reached.

use crate::cloud::Cloud;

/// Regions whose website endpoints are written with a dash before the region, and
/// their hosted zones; see
/// [Amazon S3 endpoints](https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints).
const DASHED: [(&str, &str); 9] = [
    ("ap-northeast-1", "Z2M4EHUR26P7ZW"),
    ("ap-southeast-1", "Z3O0J2DXBE1FTB"),
    ("ap-southeast-2", "Z1WCIGYICN2BYD"),
    ("eu-west-1", "Z1BKCTXD74EZPE"),
    ("sa-east-1", "Z7KQH4QJS55SO"),
    ("us-east-1", "Z3AQBSTGFYJSTF"),
    ("us-gov-west-1", "Z31GFT0UA1I2HV"),
    ("us-west-1", "Z2F56UZL2M1ACD"),
    ("us-west-2", "Z3BJ6K6RIION7M"),
];

/// The hosted zones of the other regions.
const DOTTED: [(&str, &str); 25] = [
    ("af-south-1", "Z83WF9RJE8B12"),
    ("ap-east-1", "ZNB98KWMFR0R6"),
    ("ap-northeast-2", "Z3W03O7B5YMIYP"),
    ("ap-northeast-3", "Z2YQB5RD63NC85"),
    ("ap-south-1", "Z11RGJOFQNVJUP"),
    ("ap-south-2", "Z02976202B4EZMXIPMXF7"),
    ("ap-southeast-3", "Z01846753K324LI26A3VV"),
    ("ap-southeast-4", "Z0312387243XT5FE14WFO"),
    ("ap-southeast-5", "Z08660063OXLMA7F1FJHU"),
    ("ca-central-1", "Z1QDHH18159H29"),
    ("ca-west-1", "Z03565811Z33SLEZTHOUL"),
    ("cn-north-1", "Z5CN8UMXT92WN"),
    ("cn-northwest-1", "Z282HJ1KT0DH03"),
    ("eu-central-1", "Z21DNDUVLTQW6Q"),
    ("eu-central-2", "Z030506016YDQGETNASS"),
    ("eu-north-1", "Z3BAZG2TWCNX0D"),
    ("eu-south-1", "Z30OZKI7KPW7MI"),
    ("eu-south-2", "Z0081959F7139GRJC19J"),
    ("eu-west-2", "Z3GKZC51ZF0DB4"),
    ("eu-west-3", "Z3R1K369G5AVDG"),
    ("il-central-1", "Z09640613K4A3MN55U7GU"),
    ("me-central-1", "Z06143092I8HRXZRUZROF"),
    ("me-south-1", "Z1MPMWCPA7YB62"),
    ("us-east-2", "Z2O1EMRO9K5GLX"),
    ("us-gov-east-1", "Z2NIFVYYW2VKV1"),
];

/// The Route 53 zone of the region's website endpoints, where it is known.
pub(crate) fn hosted_zone_id(region: &str) -> Option<&'static str> {
    zone_in(&DASHED, region).or_else(|| zone_in(&DOTTED, region))
}

fn zone_in(zones: &[(&'static str, &'static str)], region: &str) -> Option<&'static str> {
    zones.iter().find(|(name, _)| *name == region).map(|(_, zone)| *zone)
}

/// The bucket's name in the DNS, without a region.
pub(crate) fn domain_name(cloud: &Cloud, bucket: &str) -> String {
    format!("{bucket}.s3.{}", suffix(cloud))
}

/// The bucket's name in the DNS, with its region.
pub(crate) fn regional_domain_name(cloud: &Cloud, bucket: &str) -> String {
    format!("{bucket}.s3.{}.{}", cloud.region(), suffix(cloud))
}

/// The domain of the region's website endpoints.
pub(crate) fn website_domain(cloud: &Cloud) -> String {
    let region = cloud.region();
    let separator = if zone_in(&DASHED, region).is_some() { '-' } else { '.' };
    format!("s3-website{separator}{region}.{}", suffix(cloud))
}

fn suffix(cloud: &Cloud) -> &'static str {
    if cloud.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}
