"""The cluster on Kubernetes: kopf's watches feed a mirror of the objects, the official client writes."""

from segue_operator.kube.deferred import defer

# Only four modules of the official client are used. Importing its packages would load everything else, with a second
# client, OAuth and WebSockets, for 11 MB. kopf imports it too, so this comes before all other imports of this package.
defer("kubernetes")
defer("kubernetes.aio")
