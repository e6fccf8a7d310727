"""From a pod to a command line: variables, references and paths, as a kubelet resolves them, on this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segue_core.contract import Env
from segue_operator.kinds.objects import Key, Manifest

_REFERENCE = re.compile(r"\$(?:\$|\(([^()]*)\))")


class PodConfigError(Exception):
    """The pod refers to something that this machine lacks; the message names it."""


@dataclass(frozen=True)
class Machine:
    """What this machine has for pods."""

    volumes: Mapping[str, Path] = field(default_factory=dict)
    """Folder of each PersistentVolumeClaim."""
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """Values by Secret and key; only in memory, and in the environment of the processes that refer to them."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables that replace the pods' own of these names, such as the address of a broker on another port."""
    inherited: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """Variables of every process, unless its pod sets them."""


@dataclass(frozen=True)
class Launch:
    """A process to start; its command still begins with the program's name in the image."""

    command: list[str]
    environment: dict[str, str] = field(repr=False)


def launch_of(pod: Manifest, machine: Machine, directory: Path, metrics_port: int) -> Launch:
    """The process of a pod's container.

    Parameters
    ----------
    pod
        A pod of one container.
    machine
        What its references resolve to.
    directory
        The pod's own folder, for its emptyDirs and its termination message.
    metrics_port
        A free port, in place of the one that the pod asks for.

    Raises
    ------
    PodConfigError
        A claim, a Secret, a key or a folder is missing, or the local cluster does not support the reference.
    """
    container = pod["spec"]["containers"][0]
    rewrite = _rewriter(_mounts(pod, container, machine, directory))
    own = _environment(pod, container, machine)
    words = [*container["command"], *(container.get("args") or ())]
    command = [rewrite(expand(str(word), own)) for word in words]
    environment = {**machine.inherited, **{name: rewrite(value) for name, value in own.items()}}
    environment |= machine.environment
    environment |= {
        Env.METRICS_PORT: str(metrics_port),
        Env.TERMINATION_LOG: str(termination_log(directory)),
    }
    return Launch(command, {str(name): value for name, value in environment.items()})


def termination_log(directory: Path) -> Path:
    """Where the pod of this folder writes its termination message."""
    return directory / "termination-log"


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` by the variable's value and ``$$`` by ``$``; unknown names stay, as in Kubernetes."""

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        return "$" if name is None else variables.get(name, match.group(0))

    return _REFERENCE.sub(replace, text)


# ---------------------------------------------------------------------------------------------------- environment


def _environment(pod: Manifest, container: Mapping[str, Any], machine: Machine) -> dict[str, str]:
    variables: dict[str, str] = {}
    for source in container.get("envFrom") or ():
        if "secretRef" not in source:
            raise PodConfigError("envFrom: the local cluster supports Secrets only")
        prefix = source.get("prefix", "")
        variables |= {f"{prefix}{key}": value for key, value in _secret(machine, source["secretRef"]).items()}
    for entry in container.get("env") or ():
        if "valueFrom" in entry:
            found = _value_from(pod, entry, machine)
            if found is not None:
                variables[entry["name"]] = found
        else:
            variables[entry["name"]] = expand(str(entry.get("value", "")), variables)
    return variables


def _secret(machine: Machine, reference: Mapping[str, Any]) -> Mapping[str, str]:
    found = machine.secrets.get(reference["name"])
    if found is None:
        if reference.get("optional"):
            return {}
        raise PodConfigError(f'secret "{reference["name"]}" not found')
    return found


def _value_from(pod: Manifest, entry: Mapping[str, Any], machine: Machine) -> str | None:
    source = entry["valueFrom"]
    match source:
        case {"secretKeyRef": reference}:
            value = _secret(machine, reference).get(reference["key"])
            if value is None and not reference.get("optional"):
                raise PodConfigError(f"couldn't find key {reference['key']} in Secret {reference['name']}")
            return value
        case {"fieldRef": reference}:
            return _field(pod, reference["fieldPath"])
        case _:
            raise PodConfigError(f"env {entry['name']}: the local cluster does not support {', '.join(source)}")


def _field(pod: Manifest, path: str) -> str:
    key = Key.of(pod)
    plain = {
        "metadata.name": key.name,
        "metadata.namespace": key.namespace,
        "metadata.uid": pod["metadata"]["uid"],
        "spec.nodeName": "localhost",
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", "default"),
        "status.podIP": "127.0.0.1",
        "status.hostIP": "127.0.0.1",
    }
    if path in plain:
        return str(plain[path])
    match = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if match is None:
        raise PodConfigError(f"fieldRef {path}: the local cluster does not support this field")
    return str((pod["metadata"].get(match.group(1)) or {}).get(match.group(2), ""))


# --------------------------------------------------------------------------------------------------------- volumes


def _mounts(
    pod: Manifest, container: Mapping[str, Any], machine: Machine, directory: Path
) -> Iterator[tuple[str, Path]]:
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        yield mount["mountPath"], _folder(volumes[mount["name"]], machine, directory)


def _folder(volume: Mapping[str, Any], machine: Machine, directory: Path) -> Path:
    match volume:
        case {"hostPath": {"path": str(path)}}:
            return _existing(Path(path), "hostPath")
        case {"persistentVolumeClaim": {"claimName": str(claim)}}:
            if claim not in machine.volumes:
                raise PodConfigError(f'persistentvolumeclaim "{claim}" not found: no folder is given for it')
            return _existing(machine.volumes[claim], f'persistentvolumeclaim "{claim}":')
        case {"emptyDir": _}:
            folder = directory / "volumes" / str(volume["name"])
            folder.mkdir(parents=True, exist_ok=True)
            return folder
        case _:
            kinds = ", ".join(sorted(set(volume) - {"name"}))
            raise PodConfigError(f"volume {volume['name']}: the local cluster does not support {kinds} volumes")


def _existing(path: Path, what: str) -> Path:
    if not path.is_dir():
        raise PodConfigError(f"{what} {path} is not a folder on this machine")
    return path.absolute()


def _rewriter(mounts: Iterator[tuple[str, Path]]) -> Callable[[str], str]:
    """Replaces mount paths by the real folders where a path begins: at the start, or after ``=``, ``:``, ``,``."""
    folders = {path: str(folder) for path, folder in mounts}
    if not folders:
        return lambda text: text
    longest_first = sorted(folders, key=len, reverse=True)
    alternatives = "|".join(re.escape(path) for path in longest_first)
    pattern = re.compile(rf"(?:^|(?<=[=:,\s]))({alternatives})(?=$|[/:,\s])")
    return lambda text: pattern.sub(lambda match: folders[match.group(1)], text)
