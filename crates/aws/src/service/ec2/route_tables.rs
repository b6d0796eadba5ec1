//! The route tables of a VPC, and what follows which of them.

use std::collections::BTreeSet;

use aws_sdk_ec2::operation::associate_route_table::builders::AssociateRouteTableFluentBuilder as Associate;
use aws_sdk_ec2::types::{self, RouteTableAssociation, RouteTableAssociationStateCode as State};
use provision_core::driver::{Cause, CloudError, Id};

use super::filter;
use crate::cloud::Cloud;
use crate::error::{Absent, Op};
use crate::kind::Result;
use crate::kinds::ec2::vpc::Vpc;
use crate::types::Ref;

/// Names, on a table that became the main one, the table that was it before.
pub(crate) const FORMER_MAIN_TAG: &str = "provision:former-main";

/// Says what is associated.
pub(crate) type SetTarget = fn(Associate, &str) -> Associate;

/// The route tables of a VPC as they are now.
pub(crate) struct Tables {
    /// The one that is being changed.
    pub(crate) own: Id,
    all: Vec<types::RouteTable>,
}

impl Tables {
    /// Asks for all of the VPC.
    pub(crate) async fn read(cloud: &Cloud, vpc: &Ref<Vpc>, own: &Id) -> Result<Self> {
        Ok(Self { own: own.clone(), all: describe(cloud, vec![filter("vpc-id", [vpc.as_str()])]).await? })
    }

    fn own(&self) -> Option<&types::RouteTable> {
        self.all.iter().find(|table| table.route_table_id() == Some(self.own.as_str()))
    }

    /// The routes of the one that is being changed.
    pub(crate) fn own_routes(&self) -> impl Iterator<Item = &types::Route> {
        self.own().into_iter().flat_map(types::RouteTable::routes)
    }

    fn associations(&self) -> impl Iterator<Item = &RouteTableAssociation> {
        self.all.iter().flat_map(types::RouteTable::associations).filter(|association| is_settled(association))
    }

    /// The association that makes one of them the main table.
    pub(crate) fn main(&self) -> Option<&RouteTableAssociation> {
        self.associations().find(|association| association.main == Some(true))
    }

    /// Which table was the main one before.
    ///
    /// # Errors
    /// When nobody noted it.
    pub(crate) fn former_main(&self) -> Result<Id> {
        let mut tags = self.own().into_iter().flat_map(types::RouteTable::tags);
        let former = tags.find(|tag| tag.key() == Some(FORMER_MAIN_TAG)).and_then(|tag| tag.value());
        former.map(Id::from).ok_or_else(|| {
            let message = format!(
                "{} is the VPC's main table, and which was it before is not known: make another one main",
                self.own
            );
            CloudError::new(Cause::Invalid, "ec2:ReplaceRouteTableAssociation", message)
        })
    }

    /// Associates the table with just `wanted`, among the targets that `target` tells.
    pub(crate) async fn associate(
        &self,
        cloud: &Cloud,
        wanted: &BTreeSet<&str>,
        target: fn(&RouteTableAssociation) -> Option<&str>,
        set: SetTarget,
    ) -> Result<()> {
        super::side_by_side(wanted.iter().map(|one| self.join(cloud, one, target, set)).collect()).await?;
        let is_surplus = |one: &&RouteTableAssociation| {
            self.is_own(one) && target(one).is_some_and(|target| !wanted.contains(target))
        };
        let surplus = self.associations().filter(is_surplus);
        super::side_by_side(surplus.map(|association| disassociate(cloud, association)).collect()).await
    }

    /// Lets one target follow the table, whichever it follows now.
    async fn join(
        &self,
        cloud: &Cloud,
        one: &str,
        target: fn(&RouteTableAssociation) -> Option<&str>,
        set: SetTarget,
    ) -> Result<()> {
        match self.associations().find(|association| target(association) == Some(one)) {
            Some(association) if self.is_own(association) => Ok(()),
            Some(association) => replace_association(cloud, association, &self.own).await,
            None => {
                let call = cloud.ec2().associate_route_table().route_table_id(self.own.as_str());
                set(call, one).send().await.op("ec2:AssociateRouteTable").map(|_| ())
            }
        }
    }

    fn is_own(&self, association: &RouteTableAssociation) -> bool {
        association.route_table_id() == Some(self.own.as_str())
    }
}

async fn disassociate(cloud: &Cloud, association: &RouteTableAssociation) -> Result<()> {
    let call = cloud.ec2().disassociate_route_table();
    let call = call.set_association_id(association.route_table_association_id.clone());
    call.send().await.op("ec2:DisassociateRouteTable").absent()?;
    Ok(())
}

/// Lets what follows one table follow another.
pub(crate) async fn replace_association(cloud: &Cloud, association: &RouteTableAssociation, table: &Id) -> Result<()> {
    let call = cloud.ec2().replace_route_table_association().route_table_id(table.as_str());
    let call = call.set_association_id(association.route_table_association_id.clone());
    call.send().await.op("ec2:ReplaceRouteTableAssociation")?;
    Ok(())
}

/// The tables that pass the filters.
pub(crate) async fn describe(cloud: &Cloud, filters: Vec<types::Filter>) -> Result<Vec<types::RouteTable>> {
    let pages = cloud.ec2().describe_route_tables().set_filters(Some(filters)).into_paginator().items().send();
    pages.try_collect().await.op("ec2:DescribeRouteTables")
}

/// How far the association has come.
pub(crate) fn state(association: &RouteTableAssociation) -> Option<&State> {
    association.association_state.as_ref()?.state.as_ref()
}

/// Whether it is there and stays.
pub(crate) fn is_settled(association: &RouteTableAssociation) -> bool {
    !matches!(state(association), Some(State::Disassociating | State::Disassociated | State::Failed))
}
