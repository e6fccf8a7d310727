"""Cluster on Kubernetes: kopf's watches feed a mirror of the objects, the official client writes."""

from segue_operator.kube.deferred import defer

# Of the official client four modules are used. Its packages import all the rest, and with it a second client, OAuth and
# WebSockets, for 11 MB. kopf imports it as well, so this comes before all imports of this room.
defer("kubernetes")
defer("kubernetes.aio")
