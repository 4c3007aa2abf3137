"""The graph of ties as SVG, laid out here: what goes with what, each node a link to its page, nothing to run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
from markupsafe import Markup, escape

MOST = 70  # nodes that are drawn, those of most mails
_WIDE, _HIGH, _EDGE = 960, 620, 60
_STEPS = 120
_SHAPES = {"campaign": 11.0, "botnet": 13.0, "actor": 13.0}


def layout(count: int, edges: Sequence[tuple[int, int]]) -> list[tuple[float, float]]:
    """A place for each node: tied ones near each other, all of them apart; the same for the same graph.

    Source: Fruchterman and Reingold, Software: Practice and Experience 21, 1991; begun on a circle, so without chance.
    """
    if not count:
        return []
    angle = 2 * math.pi * np.arange(count) / count
    place = np.stack([np.cos(angle), np.sin(angle)], 1)
    ideal = math.sqrt(4 / count)
    ends = np.array(edges, np.int64).reshape(-1, 2)
    for step in range(_STEPS):
        away = place[:, None, :] - place[None, :, :]
        far = np.maximum(np.linalg.norm(away, axis=2), 1e-3)
        force = (away / far[..., None] * (ideal**2 / far)[..., None]).sum(axis=1)
        if len(ends):
            pull = place[ends[:, 0]] - place[ends[:, 1]]
            pull *= (np.linalg.norm(pull, axis=1) / ideal)[:, None]
            np.add.at(force, ends[:, 0], -pull)
            np.add.at(force, ends[:, 1], pull)
        long = np.maximum(np.linalg.norm(force, axis=1), 1e-9)
        place = place + force / long[:, None] * np.minimum(long, 0.12 * (1 - step / _STEPS))[:, None]
    low, high = place.min(axis=0), place.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    scaled = (place - low) / span * (_WIDE - 2 * _EDGE, _HIGH - 2 * _EDGE) + _EDGE
    return [(float(x), float(y)) for x, y in scaled]


def drawing(graph: Mapping[str, Any], asked: str = "") -> Markup:
    """The fields of ``entities.Graph`` as one drawing with a title for every mark."""
    nodes = sorted(graph["nodes"], key=lambda node: (node["kind"] not in _SHAPES, -node["mails"], node["id"]))[:MOST]
    index = {node["id"]: number for number, node in enumerate(nodes)}
    edges = [edge for edge in graph["edges"] if edge["one"] in index and edge["other"] in index]
    places = layout(len(nodes), [(index[edge["one"]], index[edge["other"]]) for edge in edges])
    marks = []
    for edge in edges:
        (x1, y1), (x2, y2) = places[index[edge["one"]]], places[index[edge["other"]]]
        marks.append(f'<line class="tie" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
    for node, (x, y) in zip(nodes, places, strict=True):
        size = _SHAPES.get(node["kind"], 6.0)
        said = f"{node['kind']} {node['label']}" + (f", {node['mails']:,} mails" if node["mails"] else "")
        words = node["id"] if node["kind"] in _SHAPES else node["label"]
        words = words if len(words) <= 28 else f"{words[:27]}…"
        mark = (
            f"<title>{escape(said)}</title>"
            f'<circle class="node n-{escape(node["kind"])}" cx="{x:.1f}" cy="{y:.1f}" r="{size}"/>'
            f'<text class="label" x="{x + size + 3:.1f}" y="{y + 4:.1f}">{escape(words)}</text>'
        )
        marks.append(f'<a href="{escape(link(node) + asked)}">{mark}</a>')
    left = len(graph["nodes"]) - len(nodes)
    desc = f"{len(nodes)} nodes and {len(edges)} ties" + (f"; {left} more are left out" if left else "")
    head = f'<svg class="chart ties" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="Ties: {desc}">'
    return Markup(head + "".join(marks) + "</svg>")  # noqa: S704 - every text in it was escaped


def link(node: Mapping[str, Any]) -> str:
    """The page of a node."""
    kind = node["kind"]
    if kind in _SHAPES:
        return f"/{kind}/{quote(node['id'])}"
    name, _, key = str(node["id"]).partition(":")
    return f"/entity/{quote(name)}/{quote(key)}"
