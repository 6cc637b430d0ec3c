"""Amazon ECR on loopback: several accounts and regions, its own API and the registry API, for tests.

    with ecr.start(directory, regions=("eu-central-1",), accounts=("111111111111",)) as server:
        environ = server.environment("111111111111")

moto answers for repositories and their policies; a real registry of Debian keeps
the bytes of each account and region; what neither has is here. Production code
is led to loopback by AWS_ENDPOINT_URL_ECR and by GetAuthorizationToken's
`proxyEndpoint`, nothing else.
"""

from testservers.ecr.server import Ecr, start
from testservers.ecr.state import Quirks

__all__ = ["Ecr", "Quirks", "start"]
