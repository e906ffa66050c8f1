"""Two apps, one arrow; inside the pledges app imports run down only. Read from the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# From the top down; a module may import from its own layer and those below it.
LAYERS = [
    ["rallyreg.public_urls", "rallyreg.console_urls"],
    ["pledges.pages", "pledges.machine", "pledges.console", "pledges.tasks", "pledges.demo", "pledges.management"],
    ["pledges.forms", "pledges.gate"],
    [],  # operations: whatever is in pledges and is not named elsewhere
    ["pledges.sealing", "pledges.addresses", "pledges.relays", "pledges.models"],
    ["maps", "rallyreg"],
]


def modules():
    for path in sorted(ROOT.glob("*/**/*.py")):
        if path.parts[len(ROOT.parts)] in {"rallyreg", "maps", "pledges"} and "migrations" not in path.parts:
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imports(path, names):
    """Our own modules that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield f"{node.module}.{alias.name}" if f"{node.module}.{alias.name}" in names else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def graph_of(files):
    names = dict(files)
    return {name: {found for found in imports(path, names) if found in names} - {name} for name, path in names.items()}


GRAPH = graph_of(modules())


def layer(module):
    for depth, prefixes in enumerate(LAYERS):
        if any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes):
            return depth
    return LAYERS.index([])


def wrong_way(graph):
    """Imports that go up, and maps or the site's frame importing pledges."""
    return sorted(
        f"{name} imports {found}"
        for name, targets in graph.items()
        for found in targets
        if layer(name) > layer(found) and not name.startswith("rallyreg.management")
    )


def circles(graph):
    """Modules that can be reached from themselves."""
    found = set()
    for start in graph:
        seen, waiting = set(), list(graph[start])
        while waiting:
            module = waiting.pop()
            if module == start:
                found.add(start)
                break
            if module not in seen:
                seen.add(module)
                waiting += graph.get(module, ())
    return sorted(found)


def test_maps_knows_nothing_of_pledges_and_nothing_imports_upwards():
    assert wrong_way(GRAPH) == []


def test_nothing_imports_in_a_circle():
    assert circles(GRAPH) == []


def test_every_module_is_looked_at():
    assert {"maps.search", "pledges.tally", "pledges.tasks", "pledges.models.pledge"} <= GRAPH.keys()
    assert "pledges.models" in GRAPH["pledges.tally"]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("maps.search", "pledges.models"),
        ("pledges.tally", "pledges.tasks"),
        ("pledges.models.rally", "pledges.pledging"),
    ],
)
def test_a_forbidden_import_would_be_found(name, target):
    spoilt = GRAPH | {name: GRAPH[name] | {target}}

    assert f"{name} imports {target}" in wrong_way(spoilt)


def test_a_circle_would_be_found():
    spoilt = GRAPH | {"pledges.models": GRAPH["pledges.models"] | {"pledges.tally"}}

    assert "pledges.tally" in circles(spoilt)
