fetch("/from-worker", { method: "POST", body: "x" });
