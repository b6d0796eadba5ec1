"""Lets moto understand who speaks CBOR, as CloudWatch's client in Rust does: moto knows its JSON alone.

A WSGI application around moto's. Both ends are botocore's own, driven by the model of the service,
so nothing is translated that AWS's own clients would not read in the same way.
"""

from io import BytesIO

from botocore.parsers import JSONParser, RpcV2CBORParser
from botocore.serialize import JSONSerializer, RpcV2CBORSerializer
from botocore.session import Session
from werkzeug.wrappers import Response

# By the name of the service in the path: `/service/NAME/operation/OPERATION`.
SERVICES = {"GraniteServiceVersion20100801": "cloudwatch"}


def translating(app):
    """`app`, which reads JSON, for clients that write CBOR, too."""
    session = Session()

    def translated(environ, start_response):
        if environ.get("HTTP_SMITHY_PROTOCOL") != "rpc-v2-cbor":
            return app(environ, start_response)
        _, _, service, _, name = environ["PATH_INFO"].split("/")
        operation = session.get_service_model(SERVICES[service]).operation_model(name)
        answer = Response.from_app(app, as_json(environ, operation))
        return as_cbor(answer, operation)(environ, start_response)

    return translated


def as_json(environ, operation):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    asked = read(body) if body else {}
    request = JSONSerializer().serialize_to_request(asked, operation)
    kept = {key: value for key, value in environ.items() if key not in ("HTTP_SMITHY_PROTOCOL", "RAW_URI", "REQUEST_URI")}
    return {
        **kept,
        "PATH_INFO": "/",
        "CONTENT_TYPE": request["headers"]["Content-Type"],
        "CONTENT_LENGTH": str(len(request["body"])),
        "HTTP_X_AMZ_TARGET": request["headers"]["X-Amz-Target"],
        "wsgi.input": BytesIO(request["body"]),
    }


def read(body):
    parser = RpcV2CBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def as_cbor(answer, operation):
    told = {"status_code": answer.status_code, "headers": dict(answer.headers), "body": answer.get_data()}
    parsed = JSONParser().parse(told, operation.output_shape)
    body = bytearray()
    if answer.status_code < 300:
        del parsed["ResponseMetadata"]
        if operation.output_shape:
            RpcV2CBORSerializer()._serialize_data_item(body, parsed, operation.output_shape)
    else:
        body = error(parsed["Error"])
    headers = {"smithy-protocol": "rpc-v2-cbor", "x-amzn-requestid": answer.headers.get("x-amzn-requestid", "")}
    return Response(bytes(body), answer.status_code, headers, content_type="application/cbor")


def error(told):
    """A map of two texts: whose model would say so differs from error to error."""
    body = bytearray([0xA2])
    for text in ("__type", told["Code"], "message", told.get("Message") or ""):
        RpcV2CBORSerializer()._serialize_type_string(body, text, None, None)
    return body
