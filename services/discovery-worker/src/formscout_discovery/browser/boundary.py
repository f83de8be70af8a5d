"""The switches by which a Chromium sends everything through its gate, and nothing past it."""

from playwright.async_api import ProxySettings

from formscout_discovery.gate.process import Gate, Lane


def switches(gate: Gate) -> tuple[str, ...]:
    """Return what the browser is started with: what it sends on its own behalf, outside of any signed-in state, is refused."""
    return (
        f"--proxy-server={gate.closed_address}",
        "--proxy-bypass-list=<-loopback>",  # by itself Chromium sends to this machine past any proxy
        f"--ignore-certificate-errors-spki-list={gate.fingerprint}",
        # The gate looks names up; a browser that cannot look up any leaks none, and reaches nothing should it forget the proxy.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        "--disable-quic",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    )


def proxy(lane: Lane) -> ProxySettings:
    """Return what a signed-in state sends through, as Playwright takes it."""
    return ProxySettings(server=lane.address, bypass="<-loopback>")
