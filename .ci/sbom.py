"""Keeps in a list of cargo-cyclonedx what is built: it also lists crates of features that nobody asks for.

    sbom.py LIST <TREE     TREE is what `cargo tree --prefix none` prints
"""

import json
import sys

path = sys.argv[1]
built = {tuple(line.split()[:2]) for line in sys.stdin if line.strip()}
with open(path, encoding="utf-8") as file:
    bom = json.load(file)


def is_built(component):
    return (component["name"], "v" + component["version"]) in built


bom["components"] = [it for it in bom["components"] if is_built(it)]
main = bom["metadata"]["component"]
missing = built - {(it["name"], "v" + it["version"]) for it in bom["components"] + [main]}
if missing:
    sys.exit(f"not in the list: {sorted(missing)}")
kept = {it["bom-ref"] for it in bom["components"]} | {main["bom-ref"]}
bom["dependencies"] = [
    dict(it, dependsOn=[on for on in it.get("dependsOn", []) if on in kept])
    for it in bom["dependencies"]
    if it["ref"] in kept
]
with open(path, "w", encoding="utf-8") as file:
    json.dump(bom, file, indent=2)
    file.write("\n")
