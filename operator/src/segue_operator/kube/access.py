"""How the API server is reached: by the pod's own service account, or by a kubeconfig."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

import kopf
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.incluster_config import load_incluster_config
from kubernetes.aio.config.kube_config import load_kube_config

_DEFAULT_KUBECONFIG = "~/.kube/config"


class AccessError(Exception):
    """There is neither a service account nor a usable kubeconfig; the message says what was tried."""


class Connection(kopf.ConnectionInfo):
    """kopf's access, which verifies the server's certificate as kubectl does.

    Python 3.13 also refuses certificates that lack extensions of RFC 5280; many clusters' own authorities made such.
    Chain, dates and host name are verified all the same.
    """

    def as_ssl_context(self) -> ssl.SSLContext:
        """Give kopf's context without the strict reading of the RFC."""
        context = super().as_ssl_context()
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


async def load_configuration(environ: Mapping[str, str] = os.environ) -> Configuration:
    """Configuration of the client: by ``KUBECONFIG``, else the pod's service account, else ``~/.kube/config``.

    Raises
    ------
    AccessError
        None of them is usable.
    """
    configuration = Configuration()
    kubeconfig = environ.get("KUBECONFIG", "").strip()
    try:
        if not kubeconfig and environ.get("KUBERNETES_SERVICE_HOST"):
            load_incluster_config(configuration)
        else:
            path = kubeconfig or _DEFAULT_KUBECONFIG
            await load_kube_config(config_file=path, client_configuration=configuration, persist_config=False)
    except (ConfigException, OSError) as error:
        place = f"KUBECONFIG={kubeconfig}" if kubeconfig else "the pod's service account or ~/.kube/config"
        raise AccessError(f"cannot reach a cluster by {place}: {error}") from error
    configuration.disable_strict_ssl_verification = True  # as in `Connection`
    return configuration


async def connection_info(environ: Mapping[str, str] = os.environ) -> kopf.ConnectionInfo:
    """The same access for kopf; read anew whenever the server refuses the old credentials."""
    configuration = await load_configuration(environ)
    header = str(configuration.api_key.get("BearerToken") or "")
    scheme, _, token = header.rpartition(" ")
    return Connection(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        ca_data=configuration.ca_cert_data,
        insecure=not configuration.verify_ssl,
        scheme=scheme.strip() or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
