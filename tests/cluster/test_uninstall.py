"""The uninstallation takes everything away but the volumes, and the Secrets that open them, that it names."""

from typing import Final

from tests.support.cluster.kube import until
from tests.support.cluster.release import NAME, NODE_SETUP, Release, helm
from tests.support.cluster.watching import LOAD, OBSERVER

KINDS: Final = (
    "deployments,statefulsets,daemonsets,replicasets,pods,jobs,services,configmaps,secrets,serviceaccounts,roles,rolebindings,"
    "networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,scaledobjects,triggerauthentications,ingresses,persistentvolumeclaims"
)

OTHERS: Final = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
"""What Kubernetes itself puts into each namespace."""

OURS: Final = ("formscout-orchard", OBSERVER, LOAD, "cluster-test")


def test_uninstall_leaves_nothing_but_the_volumes_and_secrets_that_it_names(installed: Release) -> None:
    said = helm("uninstall", NAME, "--wait", "--timeout=5m").stdout

    def left() -> set[str]:
        names = installed.kube.kubectl("get", KINDS, "--output=name").stdout.split()
        short = {name.split("/")[0].split(".")[0] + "/" + name.split("/")[1] for name in names}
        return {name for name in short if name not in OTHERS and not name.split("/")[1].startswith(OURS)}

    def unnamed() -> set[str]:
        return {name for name in left() if not name.startswith(("persistentvolumeclaim/", "secret/"))}

    until(lambda: not unnamed(), "everything else is gone", why=unnamed)
    installed.figure(left_after_uninstall=sorted(left()))
    assert any(name.startswith("persistentvolumeclaim/") for name in left())
    kept = [name.split("/")[1] for name in left() if name.startswith("secret/")]
    assert all(name in said for name in kept), f"helm names what it keeps: {said}"
    setup = installed.kube.kubectl("get", "daemonsets,pods", "--namespace", NODE_SETUP, "--output=name").stdout
    assert not setup.strip(), setup
