//! Keys and indexes.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{self, KeyType, ProjectionType, ScalarAttributeType};
use aws_smithy_types::error::operation::BuildError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::throughput::{OnDemandThroughput, ProvisionedThroughput, WarmThroughput, change};

/// The type of an attribute that is part of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeDefinition {
    /// The attribute.
    pub attribute_name: String,
    /// `S` for texts, `N` for numbers, `B` for bytes.
    #[schemars(extend("enum" = ["S", "N", "B"]))]
    pub attribute_type: String,
}

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySchemaElement {
    /// The attribute.
    pub attribute_name: String,
    /// `HASH` for what items are spread by, `RANGE` for what they are sorted by.
    #[schemars(extend("enum" = ["HASH", "RANGE"]))]
    pub key_type: String,
}

/// Which attributes an index has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// All, those of the keys, or these and further ones.
    #[schemars(extend("enum" = ["ALL", "KEYS_ONLY", "INCLUDE"]))]
    pub projection_type: String,
    /// The further ones, with `INCLUDE`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub non_key_attributes: BTreeSet<String>,
}

/// An index over the whole table, with a key of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobalSecondaryIndex {
    /// Name, unique in the table.
    pub index_name: String,
    /// The key: what items are spread by comes first.
    pub key_schema: Vec<KeySchemaElement>,
    /// Which attributes it has.
    pub projection: Projection,
    /// Reads and writes that are paid for, where the table's are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,
    /// Reads and writes that are let through, where each is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput: Option<OnDemandThroughput>,
    /// Reads and writes it takes at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_throughput: Option<WarmThroughput>,
}

/// An index over the items of one partition, which shares the table's throughput.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalSecondaryIndex {
    /// Name, unique in the table.
    pub index_name: String,
    /// The key: the table's `HASH` comes first.
    pub key_schema: Vec<KeySchemaElement>,
    /// Which attributes it has.
    pub projection: Projection,
}

impl GlobalSecondaryIndex {
    /// Whether AWS cannot change `live` into this: it is deleted and made again.
    pub(crate) fn replaces(&self, live: &Self) -> bool {
        self.key_schema != live.key_schema || self.projection != live.projection
    }

    /// What changes the throughput of `live` into this one's, if anything does; all of it when the table
    /// has begun to be paid for in another way.
    ///
    /// # Errors
    /// Never: an index has a name.
    pub(crate) fn throughput_update(
        &self,
        live: &Self,
    ) -> Result<Option<types::GlobalSecondaryIndexUpdate>, BuildError> {
        let provisioned = change(self.provisioned_throughput, live.provisioned_throughput);
        let on_demand = change(self.on_demand_throughput, live.on_demand_throughput);
        let warm = change(self.warm_throughput, live.warm_throughput);
        if provisioned.is_none() && on_demand.is_none() && warm.is_none() {
            return Ok(None);
        }
        let action = types::UpdateGlobalSecondaryIndexAction::builder()
            .index_name(&self.index_name)
            .set_provisioned_throughput(provisioned.map(ProvisionedThroughput::sdk).transpose()?)
            .set_on_demand_throughput(on_demand.map(OnDemandThroughput::sdk))
            .set_warm_throughput(warm.map(WarmThroughput::sdk));
        Ok(Some(types::GlobalSecondaryIndexUpdate::builder().update(action.build()?).build()))
    }

    /// What makes it in a table that is there already.
    ///
    /// # Errors
    /// Never: an index has a name and a key.
    pub(crate) fn creation(&self) -> Result<types::GlobalSecondaryIndexUpdate, BuildError> {
        let action = types::CreateGlobalSecondaryIndexAction::builder()
            .index_name(&self.index_name)
            .set_key_schema(Some(keys(&self.key_schema)?))
            .projection(self.projection.sdk())
            .set_provisioned_throughput(self.provisioned_throughput.map(ProvisionedThroughput::sdk).transpose()?)
            .set_on_demand_throughput(self.on_demand_throughput.map(OnDemandThroughput::sdk))
            .set_warm_throughput(self.warm_throughput.map(WarmThroughput::sdk));
        Ok(types::GlobalSecondaryIndexUpdate::builder().create(action.build()?).build())
    }

    /// What deletes it.
    ///
    /// # Errors
    /// Never: an index has a name.
    pub(crate) fn deletion(&self) -> Result<types::GlobalSecondaryIndexUpdate, BuildError> {
        let action = types::DeleteGlobalSecondaryIndexAction::builder().index_name(&self.index_name);
        Ok(types::GlobalSecondaryIndexUpdate::builder().delete(action.build()?).build())
    }

    /// As CreateTable takes it.
    ///
    /// # Errors
    /// Never: an index has a name and a key.
    pub(crate) fn sdk(&self) -> Result<types::GlobalSecondaryIndex, BuildError> {
        types::GlobalSecondaryIndex::builder()
            .index_name(&self.index_name)
            .set_key_schema(Some(keys(&self.key_schema)?))
            .projection(self.projection.sdk())
            .set_provisioned_throughput(self.provisioned_throughput.map(ProvisionedThroughput::sdk).transpose()?)
            .set_on_demand_throughput(self.on_demand_throughput.map(OnDemandThroughput::sdk))
            .set_warm_throughput(self.warm_throughput.map(WarmThroughput::sdk))
            .build()
    }
}

impl GlobalSecondaryIndex {
    /// As the API reports it; `stated` are the indexes last applied.
    pub(crate) fn from_live(live: &types::GlobalSecondaryIndexDescription, stated: Option<&BTreeSet<Self>>) -> Self {
        let name = live.index_name().unwrap_or_default();
        let stated = stated.into_iter().flatten().find(|stated| stated.index_name == name);
        let warm = live.warm_throughput().map(WarmThroughput::from);
        Self {
            index_name: name.to_owned(),
            key_schema: live_keys(live.key_schema()),
            projection: Projection::from_live(live.projection()),
            provisioned_throughput: ProvisionedThroughput::from_live(live.provisioned_throughput()),
            on_demand_throughput: Some(OnDemandThroughput::from_live(live.on_demand_throughput())),
            warm_throughput: warm.map(|warm| warm.as_stated(stated.and_then(|stated| stated.warm_throughput))),
        }
    }
}

impl LocalSecondaryIndex {
    /// As CreateTable takes it.
    ///
    /// # Errors
    /// Never: an index has a name and a key.
    pub(crate) fn sdk(&self) -> Result<types::LocalSecondaryIndex, BuildError> {
        types::LocalSecondaryIndex::builder()
            .index_name(&self.index_name)
            .set_key_schema(Some(keys(&self.key_schema)?))
            .projection(self.projection.sdk())
            .build()
    }
}

impl From<&types::LocalSecondaryIndexDescription> for LocalSecondaryIndex {
    fn from(live: &types::LocalSecondaryIndexDescription) -> Self {
        Self {
            index_name: live.index_name().unwrap_or_default().to_owned(),
            key_schema: live_keys(live.key_schema()),
            projection: Projection::from_live(live.projection()),
        }
    }
}

impl Projection {
    fn sdk(&self) -> types::Projection {
        let further: Vec<String> = self.non_key_attributes.iter().cloned().collect();
        types::Projection::builder()
            .projection_type(ProjectionType::from(self.projection_type.as_str()))
            .set_non_key_attributes(Some(further).filter(|further| !further.is_empty()))
            .build()
    }

    fn from_live(live: Option<&types::Projection>) -> Self {
        let sort = live.and_then(|live| live.projection_type());
        Self {
            projection_type: sort.map(|sort| sort.as_str().to_owned()).unwrap_or_default(),
            non_key_attributes: live.into_iter().flat_map(|live| live.non_key_attributes()).cloned().collect(),
        }
    }
}

/// A key as the API takes it.
///
/// # Errors
/// Never: an element has a name and a type.
pub(crate) fn keys(keys: &[KeySchemaElement]) -> Result<Vec<types::KeySchemaElement>, BuildError> {
    let sdk = |key: &KeySchemaElement| {
        let element = types::KeySchemaElement::builder().attribute_name(&key.attribute_name);
        element.key_type(KeyType::from(key.key_type.as_str())).build()
    };
    keys.iter().map(sdk).collect()
}

/// A key as the API reports it.
pub(crate) fn live_keys(keys: &[types::KeySchemaElement]) -> Vec<KeySchemaElement> {
    let live = |key: &types::KeySchemaElement| KeySchemaElement {
        attribute_name: key.attribute_name.clone(),
        key_type: key.key_type.as_str().to_owned(),
    };
    keys.iter().map(live).collect()
}

/// Types as the API takes them.
///
/// # Errors
/// Never: a definition has a name and a type.
pub(crate) fn definitions<'a>(
    attributes: impl IntoIterator<Item = &'a AttributeDefinition>,
) -> Result<Vec<types::AttributeDefinition>, BuildError> {
    let sdk = |it: &AttributeDefinition| {
        let definition = types::AttributeDefinition::builder().attribute_name(&it.attribute_name);
        definition.attribute_type(ScalarAttributeType::from(it.attribute_type.as_str())).build()
    };
    attributes.into_iter().map(sdk).collect()
}

/// Types as the API reports them.
pub(crate) fn live_definitions(attributes: &[types::AttributeDefinition]) -> BTreeSet<AttributeDefinition> {
    let live = |it: &types::AttributeDefinition| AttributeDefinition {
        attribute_name: it.attribute_name.clone(),
        attribute_type: it.attribute_type.as_str().to_owned(),
    };
    attributes.iter().map(live).collect()
}
