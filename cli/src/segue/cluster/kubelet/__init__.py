"""The local cluster's kubelet: pods as processes of this machine."""
