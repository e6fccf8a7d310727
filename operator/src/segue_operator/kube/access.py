"""How the API server is reached: by the pod's own service account, or by a kubeconfig."""

from __future__ import annotations

import os
from collections.abc import Mapping

import kopf
from kubernetes.aio.client.configuration import Configuration
from kubernetes.aio.config.config_exception import ConfigException
from kubernetes.aio.config.incluster_config import load_incluster_config
from kubernetes.aio.config.kube_config import load_kube_config

_DEFAULT_KUBECONFIG = "~/.kube/config"


class AccessError(Exception):
    """There is neither a service account nor a usable kubeconfig; the message says what was tried."""


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
    return configuration


async def connection_info(environ: Mapping[str, str] = os.environ) -> kopf.ConnectionInfo:
    """The same access for kopf; read anew whenever the server refuses the old credentials."""
    configuration = await load_configuration(environ)
    header = str(configuration.api_key.get("BearerToken") or "")
    scheme, _, token = header.rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        ca_data=configuration.ca_cert_data,
        insecure=not configuration.verify_ssl,
        scheme=scheme.strip() or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
