//! What a node can be, and where it can lie.

use provision_sim::Site as SimSite;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Network,
    Subnet,
    Group,
    Server,
    Listener,
    Record,
    Database,
}

pub(super) const KINDS: [Kind; 7] =
    [Kind::Network, Kind::Subnet, Kind::Group, Kind::Server, Kind::Listener, Kind::Record, Kind::Database];

impl Kind {
    /// Its name among the kinds.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Network => "sim/network",
            Self::Subnet => "sim/subnet",
            Self::Group => "sim/group",
            Self::Server => "sim/server",
            Self::Listener => "sim/listener",
            Self::Record => "sim/record",
            Self::Database => "sim/database",
        }
    }

    /// What it cannot do without.
    pub(super) fn needs(self) -> Option<Kind> {
        match self {
            Self::Subnet => Some(Self::Network),
            Self::Server => Some(Self::Subnet),
            Self::Listener => Some(Self::Server),
            _ => None,
        }
    }

    /// What it may use besides.
    pub(super) fn may_use(self) -> &'static [Kind] {
        match self {
            Self::Server => &[Kind::Group],
            Self::Database => &[Kind::Subnet],
            Self::Record => &KINDS,
            _ => &[],
        }
    }

    /// Whether its name is its id.
    pub(super) fn is_named(self) -> bool {
        matches!(self, Self::Record | Self::Database)
    }

    /// Attributes that others may name.
    pub(super) fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Network => &["id", "arn", "zone", "range"],
            Self::Subnet => &["id", "arn", "network_id"],
            Self::Server => &["id", "address", "endpoint", "version"],
            Self::Database => &["id", "endpoint"],
            Self::Group | Self::Listener | Self::Record => &["id"],
        }
    }
}

/// Where a node lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    Here,
    There,
    /// In another account, which a role with this number is assumed for.
    Theirs(u32),
}

pub(super) const SITES: [Site; 4] = [Site::Here, Site::Here, Site::There, Site::Theirs(0)];

impl Site {
    /// Whether both are the same region and account.
    pub(super) fn is_same(self, other: Self) -> bool {
        self == other || matches!((self, other), (Self::Theirs(_), Self::Theirs(_)))
    }

    pub(super) fn reached_anew(self) -> Self {
        match self {
            Self::Theirs(role) => Self::Theirs(role + 1),
            own => own,
        }
    }

    pub(super) fn region(self) -> &'static str {
        if self == Self::There { "sim-2" } else { "sim-1" }
    }

    /// The role that is assumed for it.
    pub(super) fn role(self) -> Option<String> {
        match self {
            Self::Theirs(role) => Some(format!("arn:sim:iam::210987654321:role/r{role}")),
            Self::Here | Self::There => None,
        }
    }
}

impl From<Site> for SimSite {
    fn from(site: Site) -> Self {
        let own = SimSite::default();
        let account = if site.role().is_some() { "210987654321".to_owned() } else { own.account };
        SimSite { region: site.region().to_owned(), account }
    }
}
