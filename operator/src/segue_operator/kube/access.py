"""Access to the API server: with the pod's service account or a kubeconfig."""

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
    """Neither a service account nor a kubeconfig can be used; the message says what was tried."""


class Connection(kopf.ConnectionInfo):
    """kopf's connection, which verifies the server's certificate as kubectl does.

    Python 3.13 also refuses certificates without some extensions of RFC 5280, which many clusters' own authorities
    issue. Chain, dates and host name are still verified.
    """

    def as_ssl_context(self) -> ssl.SSLContext:
        """Give kopf a context without the strict checks of the RFC."""
        context = super().as_ssl_context()
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


async def load_configuration(environ: Mapping[str, str] = os.environ) -> Configuration:
    """Configure the client from ``KUBECONFIG``, else the pod's service account, else ``~/.kube/config``.

    Raises
    ------
    AccessError
        None of them can be used.
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
        raise AccessError(f"cannot connect to a cluster with {place}: {error}") from error
    configuration.disable_strict_ssl_verification = True  # as in `Connection`
    return configuration


async def connection_info(environ: Mapping[str, str] = os.environ) -> kopf.ConnectionInfo:
    """The same access for kopf; read again whenever the server refuses the credentials."""
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
