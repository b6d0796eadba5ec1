"""moto's own server, with the services that it lacks and we have, for clients that write CBOR, too."""

from moto import server

import ours
from cbor import translating

if __name__ == "__main__":
    ours.register()
    dispatcher = server.DomainDispatcherApplication
    server.DomainDispatcherApplication = lambda create_app: translating(dispatcher(create_app))
    server.main()
