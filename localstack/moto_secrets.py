"""What moto's Secrets Manager lacks: rotation by functions that are not there.

moto's own asks for the Lambda function, and invokes it in a container. Here any ARN is that of a function
that makes up another value and is done at once.
"""

from functools import wraps
from uuid import uuid4

from moto.secretsmanager import models


def rotating(rotate):
    @wraps(rotate)
    def rotated(self, rotation_lambda_arn=None, **asked):
        # Without a function moto makes the new version the current one, and gives it no value.
        answer = rotate(self, **asked)
        secret = self.secrets[asked["secret_id"]]
        secret.rotation_lambda_arn = rotation_lambda_arn or secret.rotation_lambda_arn
        for version in secret.versions.values():
            if "secret_string" not in version and "secret_binary" not in version:
                version["secret_string"] = str(uuid4())
        return answer

    return rotated


def improve():
    """Changes moto's Secrets Manager in this process."""
    backend = models.SecretsManagerBackend
    backend.rotate_secret = rotating(backend.rotate_secret)
