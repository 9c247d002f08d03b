"""Writes what is derived from the code: JSON Schemas and the AsyncAPI document.

`python -m pipeline.contract.generate` writes; with `--check` nothing is written, and the exit
status is 1 if a file differs from what would be written.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from pipeline.contract.asyncapi import asyncapi_document
from pipeline.contract.declarations import topics_folder
from pipeline.contract.schemas import PAYLOADS, json_schema, schema_name

NOTICE = "# Made by `python -m pipeline.contract.generate`: change code or declarations instead.\n"
LINE_LENGTH = 100


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def generated_files() -> dict[Path, str]:
    """Text of every generated file, by its path."""
    folder = topics_folder()
    schemas = {
        folder / "schemas" / schema_name(payload): json.dumps(
            json_schema(payload), indent=2, ensure_ascii=False
        )
        + "\n"
        for payload in PAYLOADS
    }
    document = yaml.dump(
        asyncapi_document(),
        Dumper=_PlainDumper,
        sort_keys=False,
        allow_unicode=True,
        width=LINE_LENGTH,
    )
    return {**schemas, folder / "asyncapi.yaml": NOTICE + document}


def differing_files() -> list[Path]:
    """Generated files that are missing or differ from what the code says."""
    return [
        path
        for path, text in generated_files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """Write or check; the exit status."""
    if arguments == ["--check"]:
        differing = differing_files()
        for path in differing:
            sys.stderr.write(f"{path} is out of date: python -m pipeline.contract.generate\n")
        return 1 if differing else 0
    if arguments:
        sys.stderr.write(f"unknown arguments {arguments}; only --check is known\n")
        return 2
    for path, text in generated_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
