"""What Amplify keeps of an account in a region, and what its calls do to that."""

import base64
import binascii
import string
import time

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.moto_api._internal import mock_random
from moto.utilities.utils import get_partition

from .exceptions import BadRequestException, NotFoundException, ResourceNotFoundException

PAGE = 50

# How a domain comes to be, look by look. The real one stays in each state for minutes.
BECOMING = ["CREATING", "REQUESTING_CERTIFICATE", "PENDING_VERIFICATION", "PENDING_VERIFICATION", "AVAILABLE"]
UPDATING = ["UPDATING", "AVAILABLE"]


def random_name(length):
    return "".join(mock_random.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def camel(name):
    """`enable_auto_build` → `enableAutoBuild`; what the API abbreviates in capitals stands in `CAPITALS`."""
    first, *others = name.split("_")
    return CAPITALS.get(name, first + "".join(other.capitalize() for other in others))


CAPITALS = {"auto_sub_domain_iam_role": "autoSubDomainIAMRole"}


class Thing:
    """What is kept of an app or a branch: the members of the API's own structure."""

    def __init__(self, arn, **members):
        now = time.time()
        self.arn = arn
        self.members = {"tags": {}, "createTime": now, "updateTime": now, **members}

    def set(self, told):
        """An empty text takes away what need not be there. No variables at all leave those there are: what takes them
        away is a variable without name."""
        members = {camel(name): value for name, value in told.items()}
        variables = members.pop("environmentVariables", None)
        if variables:
            members["environmentVariables"] = {name: value for name, value in variables.items() if name}
        self.members.update(members)
        self.members["updateTime"] = time.time()
        for name in ("basicAuthCredentials", "computeRoleArn", "iamServiceRoleArn", "backendEnvironmentArn"):
            if self.members.get(name) == "":
                del self.members[name]


class App(Thing):
    def __init__(self, backend, told):
        self.id = f"d{random_name(13)}"
        arn = backend.arn(f"apps/{self.id}")
        super().__init__(
            arn,
            appId=self.id,
            appArn=arn,
            description="",
            repository="",
            platform="WEB",
            environmentVariables={},
            defaultDomain=f"{self.id}.amplifyapp.com",
            enableBranchAutoBuild=False,
            enableBranchAutoDeletion=False,
            enableBasicAuth=False,
            customRules=[],
            customHeaders="",
            enableAutoBranchCreation=False,
            autoBranchCreationPatterns=[],
            cacheConfig={"type": "AMPLIFY_MANAGED"},
            jobConfig={"buildComputeType": "STANDARD_8GB"},
        )
        self.branches = {}
        self.domains = {}
        self.set(told)

    def set(self, told):
        """Tokens open the repository once and are not kept."""
        tokens = [told.pop(name, None) for name in ("access_token", "oauth_token")]
        has_moved = told.get("repository", "") not in ("", self.members["repository"])
        if has_moved and not any(tokens):
            raise BadRequestException("You should at least provide one valid token")
        super().set(told)
        if has_moved:
            self.members["repositoryCloneMethod"] = "TOKEN"


class Branch(Thing):
    def __init__(self, app, branch_name, told):
        arn = f"{app.arn}/branches/{branch_name}"
        super().__init__(
            arn,
            branchArn=arn,
            branchName=branch_name,
            description="",
            stage="NONE",
            displayName=branch_name.replace("/", "-"),
            enableNotification=False,
            environmentVariables={},
            enableAutoBuild=True,
            enableSkewProtection=False,
            customDomains=[],
            framework="",
            activeJobId="",
            totalNumberOfJobs="0",
            enableBasicAuth=False,
            enablePerformanceMode=False,
            ttl="5",
            enablePullRequestPreview=False,
        )
        self.set(told)


class Domain:
    """A domain that leads to branches of an app. It goes from state to state each time that it is looked at."""

    def __init__(self, app, domain_name, told):
        self.arn = f"{app.arn}/domains/{domain_name}"
        self.name = domain_name
        self.distribution = f"d{random_name(13)}.cloudfront.net"
        self.proof = f"_{random_name(32)}"
        self.ahead = list(BECOMING)
        self.update_status = None
        self.settings = {
            "enableAutoSubDomain": False,
            "autoSubDomainCreationPatterns": [],
            "certificateSettings": {"type": "AMPLIFY_MANAGED"},
        }
        self.set(told)

    def set(self, told):
        self.settings.update({camel(name): value for name, value in told.items()})

    def update(self, told):
        self.set(told)
        self.ahead = list(UPDATING)
        self.update_status = "PENDING_DEPLOYMENT"

    def look(self):
        if len(self.ahead) > 1:
            self.ahead.pop(0)
        if self.status == "AVAILABLE" and self.update_status:
            self.update_status = "UPDATE_COMPLETE"
        return self.members()

    @property
    def status(self):
        return self.ahead[0]

    @property
    def verification(self):
        """The record that the certificate waits for. A certificate of one's own waits for none."""
        is_known = self.status not in ("CREATING", "REQUESTING_CERTIFICATE")
        is_managed = self.settings["certificateSettings"]["type"] == "AMPLIFY_MANAGED"
        return f"{self.proof}.{self.name}. CNAME {self.proof}.acm-validations.aws." if is_known and is_managed else None

    def members(self):
        certificate = {**self.settings["certificateSettings"]}
        members = {
            "domainAssociationArn": self.arn,
            "domainName": self.name,
            "enableAutoSubDomain": self.settings["enableAutoSubDomain"],
            "autoSubDomainCreationPatterns": self.settings["autoSubDomainCreationPatterns"],
            "domainStatus": self.status,
            "statusReason": "",
            "subDomains": [self.sub_domain(setting) for setting in self.settings["subDomainSettings"]],
            "certificate": certificate,
        }
        if self.verification:
            members["certificateVerificationDNSRecord"] = self.verification
            certificate["certificateVerificationDNSRecord"] = self.verification
        if self.update_status:
            members["updateStatus"] = self.update_status
        if "autoSubDomainIAMRole" in self.settings:
            members["autoSubDomainIAMRole"] = self.settings["autoSubDomainIAMRole"]
        return members

    def sub_domain(self, setting):
        """Until there is a distribution nobody knows where the record leads."""
        target = "<pending>" if self.status in ("CREATING", "REQUESTING_CERTIFICATE") else self.distribution
        return {
            "subDomainSetting": setting,
            "verified": self.status in ("AVAILABLE", "UPDATING"),
            "dnsRecord": f"{setting['prefix']} CNAME {target}",
        }


def page(items, next_token, max_results):
    """Part of a list, and the token that the next part is asked for with."""
    try:
        start = int(base64.b64decode(next_token or "MA==", validate=True))
    except (binascii.Error, ValueError):
        raise BadRequestException("Invalid nextToken") from None
    end = start + (max_results or PAGE)
    following = {"nextToken": base64.b64encode(str(end).encode()).decode()} if end < len(items) else {}
    return items[start:end], following


class AmplifyBackend(BaseBackend, TaggableResourcesMixin):
    SERVICE_NAMESPACE = "amplify"

    def __init__(self, region_name, account_id):
        super().__init__(region_name, account_id)
        self.apps = {}

    def arn(self, resource):
        return f"arn:{get_partition(self.region_name)}:amplify:{self.region_name}:{self.account_id}:{resource}"

    def app(self, app_id):
        if app_id not in self.apps:
            raise NotFoundException(f"App {app_id} not found.")
        return self.apps[app_id]

    def branch(self, app_id, branch_name):
        branches = self.app(app_id).branches
        if branch_name not in branches:
            raise NotFoundException(f"Branch {branch_name} not found.")
        return branches[branch_name]

    def domain(self, app_id, domain_name):
        domains = self.app(app_id).domains
        if domain_name not in domains:
            raise NotFoundException(f"Domain association {domain_name} not found.")
        return domains[domain_name]

    def create_app(self, **told):
        app = App(self, told)
        self.apps[app.id] = app
        return {"app": app.members}

    def get_app(self, app_id):
        return {"app": self.app(app_id).members}

    def list_apps(self, next_token=None, max_results=None):
        apps, following = page(list(self.apps.values()), next_token, max_results)
        return {"apps": [app.members for app in apps], **following}

    def update_app(self, app_id, **told):
        app = self.app(app_id)
        app.set(told)
        return {"app": app.members}

    def delete_app(self, app_id):
        """Its branches and domains go with it."""
        app = self.app(app_id)
        del self.apps[app_id]
        return {"app": app.members}

    def create_branch(self, app_id, branch_name, **told):
        app = self.app(app_id)
        if branch_name in app.branches:
            raise BadRequestException(
                f"Failed to create branch. The branch {branch_name} already exists for the app {app_id}"
            )
        app.branches[branch_name] = Branch(app, branch_name, told)
        return {"branch": app.branches[branch_name].members}

    def get_branch(self, app_id, branch_name):
        return {"branch": self.branch(app_id, branch_name).members}

    def list_branches(self, app_id, next_token=None, max_results=None):
        branches, following = page(list(self.app(app_id).branches.values()), next_token, max_results)
        return {"branches": [branch.members for branch in branches], **following}

    def update_branch(self, app_id, branch_name, **told):
        branch = self.branch(app_id, branch_name)
        branch.set(told)
        return {"branch": branch.members}

    def delete_branch(self, app_id, branch_name):
        branch = self.branch(app_id, branch_name)
        del self.app(app_id).branches[branch_name]
        return {"branch": branch.members}

    def create_domain_association(self, app_id, domain_name, **told):
        app = self.app(app_id)
        if domain_name in app.domains:
            raise BadRequestException(f"Domain association already exists for the domain {domain_name}")
        self.check_branches(app_id, told)
        domain = app.domains[domain_name] = Domain(app, domain_name, told)
        return {"domainAssociation": domain.members()}

    def check_branches(self, app_id, told):
        for setting in told.get("sub_domain_settings", []):
            self.branch(app_id, setting["branchName"])

    def get_domain_association(self, app_id, domain_name):
        return {"domainAssociation": self.domain(app_id, domain_name).look()}

    def list_domain_associations(self, app_id, next_token=None, max_results=None):
        domains, following = page(list(self.app(app_id).domains.values()), next_token, max_results)
        return {"domainAssociations": [domain.look() for domain in domains], **following}

    def update_domain_association(self, app_id, domain_name, **told):
        domain = self.domain(app_id, domain_name)
        self.check_branches(app_id, told)
        domain.update(told)
        return {"domainAssociation": domain.members()}

    def delete_domain_association(self, app_id, domain_name):
        domain = self.domain(app_id, domain_name)
        del self.app(app_id).domains[domain_name]
        return {"domainAssociation": domain.members()}

    def taggable(self):
        for app in self.apps.values():
            yield app, "amplify:apps"
            yield from ((branch, "amplify:branches") for branch in app.branches.values())

    def tagged(self, resource_arn):
        for thing, _ in self.taggable():
            if thing.arn == resource_arn:
                return thing.members["tags"]
        raise ResourceNotFoundException(f"Resource {resource_arn} not found.")

    def list_tags_for_resource(self, resource_arn):
        return {"tags": self.tagged(resource_arn)}

    def tag_resource(self, resource_arn, tags):
        self.tagged(resource_arn).update(tags)
        return {}

    def untag_resource(self, resource_arn, tag_keys):
        tags = self.tagged(resource_arn)
        for key in tag_keys:
            tags.pop(key, None)
        return {}

    def iter_tagged_resources(self):
        for thing, resource_type in self.taggable():
            yield TaggedResource(arn=thing.arn, tags=dict(thing.members["tags"]), resource_type=resource_type)


amplify_backends = BackendDict(AmplifyBackend, "amplify")
