"""AWS Amplify Hosting, which moto lacks, laid out as moto's own services are.

A fake of ours, written from the model of the API that botocore carries: what is asked is checked
against that model, and so is every answer. Nothing is built, deployed or served.
"""

from .models import amplify_backends  # noqa: F401
