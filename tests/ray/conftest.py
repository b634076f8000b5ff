"""The server of an object store, as the tests of stage outputs have it."""

from tests.objects.conftest import running_server, s3, site_url

__all__ = ["running_server", "s3", "site_url"]
