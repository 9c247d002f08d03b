"""The rule book of a release with other files in place of some of its own."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.errors import RuleBookError
from pipeline.rulebook.book import LAW_FOLDER, RuleBook, read_rule_book


def overlaid(files: Mapping[str, str], folder: Path = LAW_FOLDER) -> RuleBook:
    """Read and check a folder of law with files, by path below it, added or in place of its own.

    Raises:
        RuleBookError: the whole breaks the format; names file and line as below the folder.
    """
    with TemporaryDirectory(prefix="greenlane-law-") as name:
        copy = Path(name) / "law"
        shutil.copytree(folder, copy, copy_function=shutil.copyfile)
        for path, text in files.items():
            target = copy / path
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
        try:
            return read_rule_book(copy)
        except RuleBookError as error:
            raise RuleBookError(str(error).replace(f"{copy}/", "")) from error
