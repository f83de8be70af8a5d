"""From nothing to a platform that answers and passes the chart's own test."""

import time

from tests.support.cluster.release import NAME, Release, helm


def test_the_chart_installs_from_nothing_under_pod_security_restricted(installed: Release) -> None:
    installed.figure(install_seconds=round(installed.install_seconds, 1))
    killed = [(pod.name, pod.restarts) for pod in installed.watcher.pods.values() if pod.restarts]
    assert not killed, killed
    assert installed.operator.ask("GET", "/health/ready")


def test_helm_test_discovers_the_demo_application(installed: Release) -> None:
    began = time.time()
    said = helm("test", NAME, "--timeout=20m", "--logs").stdout
    installed.figure(helm_test_seconds=round(time.time() - began, 1))
    assert "Succeeded" in said, said
    installed.picture("helm-test", began, "discovery-worker", "analysis-worker")
