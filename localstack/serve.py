"""LocalStack with moto behind it: runs inside LocalStack's own environment.

Without a licence LocalStack answers 501 for every service it has no provider for.
Here each of those that moto knows, or ours.py has, goes to the moto library LocalStack
carries, in the same process. What LocalStack does have stays as it is, except the few in `BETTER_IN_MOTO`.
"""

from importlib import import_module
from types import SimpleNamespace

from botocore.session import Session
from localstack.aws.skeleton import Skeleton
from localstack.aws.spec import load_service
from localstack.runtime import main
from localstack.services.moto import call_moto
from localstack.services.plugins import SERVICE_PLUGINS, Service
from moto.backends import list_of_moto_modules

import dashboards
import ours

# LocalStack's own want Docker (lambda) or a download and a Java runtime (dynamodb).
BETTER_IN_MOTO = {"dynamodb", "lambda"}


class AnyRole:
    """Stands where moto's Lambda looks roles up: LocalStack's IAM keeps them in a store of its own."""

    def __getitem__(self, _):
        return self

    def get_role_by_arn(self, _):
        return None


def moto_service(api):
    if api == "lambda":
        import_module("moto.awslambda.models").iam_backends = AnyRole()
    service = load_service(api)
    table = {operation: lambda context, _: call_moto(context) for operation in service.operation_names}
    return Service(api, skeleton=Skeleton(service, table))


def send_to_moto(manager):
    providers = manager.api_provider_specs
    unserved = set(Session().get_available_services()) - set(providers)
    modules = set(list_of_moto_modules()) | set(ours.SERVICES)
    apis = BETTER_IN_MOTO | {api for api in unserved if api.replace("-", "") in modules}
    providers.update({api: ["default"] for api in apis})
    stock = manager._load_service_plugin

    def load(api):
        if api == "cloudwatch":
            dashboards.improve()
        return SimpleNamespace(service=moto_service(api)) if api in apis else stock(api)

    manager._load_service_plugin = load


if __name__ == "__main__":
    ours.register()
    send_to_moto(SERVICE_PLUGINS)
    main.main()
