"""Discovers the demo application through the API, counts what was found, and sees that nothing in it was changed."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

# Of demo/truth.json: forms that stand alone, families of forms counted once, and two that may be left out.
MOST = 28
LEAST = MOST - 2

out = Path(tempfile.gettempdir()) / "forms.json"
url = os.environ["DEMO_URL"]


def state() -> dict[str, int]:
    """Return what reached the demo so far and could have changed it."""
    with urllib.request.urlopen(f"{url}_demo/requests", timeout=30) as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


before = state()
command = ["formscout", "discover", url, "--allow-private", "--username", "demo@example.com", "--password-env", "DEMO_PASSWORD"]
bounds = ["--max-minutes", os.environ["DEMO_MAX_MINUTES"], "--out", str(out)]
done = subprocess.run([*command, *bounds], check=False)
if done.returncode != 0:
    sys.exit("The discovery failed; its reason stands above.")

forms = json.loads(out.read_text())["forms"]
after = state()
changed = {name: after[name] - before[name] for name in ("other", "state_changing_get")}
print(f"{len(forms)} forms found; requests that could have changed something: {sum(changed.values())}.")
for form in forms:
    print(f"  {form['purpose']}: {form['title']}, {form['address']}")
if not LEAST <= len(forms) <= MOST:
    sys.exit(f"{len(forms)} forms are not what the demo application has ({LEAST} to {MOST}).")
if any(changed.values()):
    sys.exit(f"The demo application was changed: {changed}.")
