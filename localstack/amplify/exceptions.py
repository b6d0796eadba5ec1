"""The errors of Amplify's API."""


class AmplifyError(Exception):
    """An error as its model names it, with the status it has there."""

    status = 400

    def __init__(self, message):
        super().__init__(message)
        self.body = {"message": message}

    @property
    def code(self):
        return type(self).__name__


class BadRequestException(AmplifyError):
    pass


class NotFoundException(AmplifyError):
    status = 404


class ResourceNotFoundException(AmplifyError):
    """What the calls for tags answer. It has a member for its code, too."""

    status = 404

    def __init__(self, message):
        super().__init__(message)
        self.body["code"] = self.code


class LimitExceededException(AmplifyError):
    status = 429
