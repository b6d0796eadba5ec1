"""From a request to Amplify to its answer."""

import json

from botocore import xform_name
from moto.core.responses import BaseResponse

from . import api
from .exceptions import AmplifyError, BadRequestException
from .models import amplify_backends


class AmplifyResponse(BaseResponse):
    """moto tells account and region; the rest goes by the model."""

    def __init__(self):
        super().__init__(service_name="amplify")

    @property
    def backend(self):
        return amplify_backends[self.current_account][self.region]

    def _dispatch(self, request, full_url=None, headers=None):
        self.setup_class(request, full_url, headers)
        operation, in_path = api.operation_of(self.method, (self.raw_path or self.path).split("?")[0])
        if not hasattr(self.backend, xform_name(operation.name) if operation else ""):
            raise NotImplementedError(f"amplify: {self.method} {self.path}")
        try:
            return self.answered(200, {}, self.answer(operation, in_path))
        except AmplifyError as error:
            return self.answered(error.status, {"x-amzn-errortype": error.code}, error.body)

    def answer(self, operation, in_path):
        members = api.asked(operation, in_path, self.parsed_url.query, self.body_members())
        call = getattr(self.backend, xform_name(operation.name))
        answer = call(**{xform_name(name): value for name, value in members.items()})
        api.check_answer(answer, operation)
        return answer

    def body_members(self):
        try:
            return json.loads(self.body or "{}")
        except ValueError:
            raise BadRequestException("Invalid request body") from None

    def answered(self, status, headers, body):
        return status, {**self.response_headers, "content-type": "application/json", **headers}, json.dumps(body)
