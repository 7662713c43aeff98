"""Checks the demo's JSON: every request has one outcome, and every part had work."""
import json
import sys

figures = json.load(open(sys.argv[1]))
wanted = int(sys.argv[2])
problems = []


def expect(condition, text):
    if not condition:
        problems.append(text)


expect(figures["requests"] == wanted, f"requests: {figures['requests']} (expected: {wanted})")
ended = figures["ok"] + figures["failed"] + figures["expired"]
expect(ended == wanted, f"outcomes: {ended} (expected: {wanted})")
expect(figures["failed"] > 0, "failed: 0 (expected: the bad requests)")
dead = sum(figures["dead_letters"].values())
expect(dead == figures["failed"], f"dead letters: {dead} (expected: {figures['failed']})")
expect(figures["cache_hits"] + figures["coalesced"] > 0, "no repeated request was saved")
expect(len(figures["devices"]) >= 2, f"device types: {list(figures['devices'])} (expected: two)")
expect(set(figures["tiers"]) == {"economy", "standard", "premium"}, "tiers: one is missing")
texts = figures.get("texts")
if texts is not None:
    expect(texts["ok"] == texts["requests"] and texts["tokens"] > 0, f"texts: {texts}")
for problem in problems:
    print("demo check:", problem)
sys.exit(1 if problems else 0)
