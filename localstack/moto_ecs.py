"""What moto's ECS lacks: services that keep all they are given, and reach their steady state at once.

moto's own drop half of CreateService, go on showing the first task definition as the one that is rolled
out, and start no task, so that no service is ever steady. Tasks whose image has the tag `does-not-start`
do as it says: the rollout fails, and is rolled back where the service asks for that.
"""

from functools import wraps

from moto.core.utils import camelcase_to_underscores, utcnow
from moto.ecs import models, responses

# What moto makes something else of than what it is given.
MADE = {"cluster", "service", "task_definition", "client_token", "role", "tags", "deployment_controller"}

# What AWS tells of the deployment, not of the service.
OF_DEPLOYMENT = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")


def starts(backend, task_definition):
    containers = backend.describe_task_definition(task_definition).container_definitions
    return not any(container["image"].endswith(":does-not-start") for container in containers)


def show(service, state, reason, running):
    """Tells of the service's one deployment."""
    service.running_count, service.pending_count = running, 0
    for deployment in service.deployments:
        deployment.update(
            taskDefinition=service.task_definition,
            desiredCount=service.desired_count,
            runningCount=running,
            pendingCount=0,
            failedTasks=0 if state == "COMPLETED" else 3,
            rolloutState=state,
            rolloutStateReason=f"ECS deployment {reason}.",
            **{key: getattr(service, camelcase_to_underscores(key), None) for key in OF_DEPLOYMENT},
        )


def tell(service, text):
    service.events.insert(0, {"id": str(len(service.events)), "createdAt": utcnow(), "message": f"(service {service.name}) {text}"})


def settle(backend, service, before):
    """Shows the service as it is in the end; `before` is what it ran before, if it ran at all."""
    breaker = (getattr(service, "deployment_configuration", None) or {}).get("deploymentCircuitBreaker", {})
    if starts(backend, service.task_definition):
        show(service, "COMPLETED", "completed", service.desired_count)
        tell(service, "has reached a steady state.")
    elif before and breaker.get("rollback"):
        service.task_definition = before
        show(service, "COMPLETED", "circuit breaker: rolling back to the deployment before", service.desired_count)
        tell(service, "deployment failed: tasks failed to start.")
    elif breaker.get("enable"):
        show(service, "FAILED", "circuit breaker: tasks failed to start", 0)
        tell(service, "deployment failed: tasks failed to start.")
    else:
        show(service, "IN_PROGRESS", "in progress", 0)
        tell(service, "is unable to consistently start tasks successfully.")


def keeping(create):
    @wraps(create)
    def kept(self):
        answer = create(self)
        service = answer.result["service"]
        for name, value in self._get_params().items():
            name = camelcase_to_underscores(name)
            if name not in MADE and value is not None:
                setattr(service, name, value)
        settle(self.ecs_backend, service, None)
        return answer

    return kept


def settling(update):
    @wraps(update)
    def settled(self, service_properties):
        asked = dict(service_properties)
        service = self._get_service(asked.get("cluster", "default"), asked["service"].split("/")[-1])
        before = service.task_definition if service.running_count else None
        service = update(self, service_properties)
        # moto keeps the task definition as it was named.
        service.task_definition = self.describe_task_definition(service.task_definition).arn
        settle(self, service, before)
        return service

    return settled


def keeping_faults(register):
    @wraps(register)
    def kept(self):
        answer = register(self)
        answer.result["taskDefinition"].enable_fault_injection = self._get_param("enableFaultInjection") or False
        return answer

    return kept


def improve():
    """Changes moto's ECS in this process."""
    register = responses.EC2ContainerServiceResponse.register_task_definition
    responses.EC2ContainerServiceResponse.register_task_definition = keeping_faults(register)
    responses.EC2ContainerServiceResponse.create_service = keeping(responses.EC2ContainerServiceResponse.create_service)
    backend = models.EC2ContainerServiceBackend
    backend.update_service = settling(backend.update_service)
