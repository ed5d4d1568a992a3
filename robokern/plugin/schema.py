"""JSON schema (draft 2020-12) of run files: what an editor needs to complete and check them."""

from __future__ import annotations

from typing import Any

from robokern.plugin.host_settings import model_of
from robokern.plugin.registry import Registry
from robokern.plugin.run_file import Hosts, Top
from robokern.plugin.settings import PluginConfig


def schema(registry: Registry, hosts: Hosts) -> dict[str, Any]:
    """The schema with every host and plugin there is; imports all plugins."""
    definitions: dict[str, Any] = {}
    host = [_section(name, model_of(hosts[name]()), definitions) for name in sorted(hosts)]
    plugin = [_section(name, registry.load(name).Config, definitions) for name in registry.names]
    top = Top.model_json_schema()
    top["properties"]["host"] = {"oneOf": host}
    top["properties"]["plugins"] = {"type": "object", "additionalProperties": {"oneOf": plugin}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "robokern run file",
        "$defs": {**top.get("$defs", {}), **definitions},
    }


def _section(name: str, model: type[PluginConfig], definitions: dict[str, Any]) -> dict[str, Any]:
    """One section: its model's schema and `type: name`; nested models go into `definitions`."""
    made = model.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    for inner, definition in made.pop("$defs", {}).items():
        definitions[f"{name}.{inner}"] = definition
    made["properties"] = {"type": {"const": name}, **made.get("properties", {})}
    made["required"] = ["type", *made.get("required", [])]
    return {**made, "title": name}
