"""What cannot work stops with a sentence that names the value and the remedy."""

import pytest
from tests.support import charts

OWN_DATABASE = "database.own.enabled=false"

CASES = {
    "both databases": (["database.external.existingSecret=a"], ["database.own.enabled=false", "database.external.existingSecret"]),
    "no database": ([OWN_DATABASE], ["database.external.existingSecret", "database.own.enabled=true"]),
    "both redis": (["redis.external.existingSecret=a"], ["redis.own.enabled=false", "redis.external.existingSecret"]),
    "no redis": (["redis.own.enabled=false"], ["redis.external.existingSecret", "redis.own.enabled=true"]),
    "no encryption keys": (["secrets.generate=false"], ["existingSecret", "secrets.generate=true"]),
    "own and CloudNativePG": (["database.cloudNativePG.enabled=true"], ["database.own.enabled=false"]),
    "keda without redis' address": (
        ["keda.enabled=true", "redis.own.enabled=false", "redis.external.existingSecret=a"],
        ["redis.external.keda.address", "keda.enabled=false"],
    ),
    "more least than most": (["discoveryWorker.autoscaling.minReplicas=9", "discoveryWorker.autoscaling.maxReplicas=3"], ["minReplicas"]),
    "paused without keda": (["discoveryWorker.autoscaling.paused=true"], ["discoveryWorker.autoscaling.paused"]),
    "no time to drain": (["discoveryWorker.drainSeconds=110"], ["terminationGracePeriodSeconds", "drainSeconds"]),
    "no sandbox without a reason": (["discoveryWorker.sandbox.reason="], ["discoveryWorker.sandbox.reason"]),
    "a hook before the database": (["migration.hook=true"], ["migration.hook=false"]),
    "an ingress without hosts": (["api.ingress.enabled=true"], ["api.ingress.hosts"]),
    "a gateway without a parent": (["api.gateway.enabled=true"], ["api.gateway.parentRefs"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_work_names_the_value_and_the_remedy(case: str) -> None:
    settings, said = CASES[case]
    answer = charts.template(*(part for setting in settings for part in ("--set", setting)), values=charts.CHART / "ci/small-values.yaml")
    assert not answer.ok
    for word in said:
        assert word in answer.complaint


def test_a_kubernetes_that_is_too_old_is_named() -> None:
    answer = charts.template(values=charts.CHART / "ci/small-values.yaml", kubernetes="1.32.0")
    assert not answer.ok
    assert "1.33" in answer.complaint
    assert "kubernetes.allowUntested=true" in answer.complaint
    assert charts.template("--set", "kubernetes.allowUntested=true", values=charts.CHART / "ci/small-values.yaml", kubernetes="1.32.0").ok


def test_a_cluster_without_keda_is_told_to_install_it_or_go_without() -> None:
    """A cluster lists the kinds that it knows; `helm template` is told them."""
    on = ("--set", "keda.enabled=true", "--api-versions", "apps/v1/Deployment")
    answer = charts.template(*on, values=charts.CHART / "ci/small-values.yaml")
    assert not answer.ok
    assert "Install KEDA first" in answer.complaint
    assert "keda.enabled=false" in answer.complaint
    assert charts.template(*on, "--api-versions", "keda.sh/v1alpha1/ScaledObject", values=charts.CHART / "ci/small-values.yaml").ok
