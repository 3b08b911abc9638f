"""A school's own folder, made by changing copies of the shipped files, and the shipped content itself."""

from collections.abc import Callable
from pathlib import Path

import pytest

import intents
import policy_content
from policy_content.model import Library

HOMES = (Path(policy_content.__file__).parent, Path(intents.__file__).parent)

SCHOOL = """\
name: Example High School
short: EX
review_due: 2022-11-30
people:
  dsl: {name: Mrs Lead, phone: 01889 000001}
  deputies:
    - {name: Mr Deputy, phone: 01889 000002}
    - {name: Ms Second, phone: 01889 000003}
  head: {name: Dr Head, phone: 01889 000004}
  chair: {name: Mr Chair, phone: 01889 000005}
"""


class Folder:
    """A school's own folder. `change` begins with the school's file, else ours, and writes it to the school's."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def put(self, name: str, text: str) -> None:
        """Write a file. A lone surrogate stands for a byte that is not UTF-8."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode("utf-8", "surrogateescape"))

    def text(self, name: str) -> str:
        homes = (self.path, *HOMES)
        return next(home / name for home in homes if (home / name).is_file()).read_text(encoding="utf-8")

    def change(self, name: str, edit: Callable[[str], str], of: str = "") -> str:
        """Put the edited copy of `of`, or of the file of the same name, in place; returns its text."""
        changed = edit(self.text(of or name))
        self.put(name, changed)
        return changed

    def swap(self, name: str, old: str, new: str) -> str:
        """Put `new` for the one `old` in the file."""
        assert self.text(name).count(old) == 1, f"{name} holds “{old}” {self.text(name).count(old)} times"
        return self.change(name, lambda text: text.replace(old, new))

    def name_people(self) -> None:
        """A school.yaml in which every person is named and no number has been confirmed."""
        shipped = self.text("school.yaml")
        self.put("school.yaml", SCHOOL + shipped[shipped.index("agencies:") :])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "school")


@pytest.fixture(scope="session")
def shipped() -> Library:
    return policy_content.load()


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The shipped content at a school that has named its people."""
    own = Folder(tmp_path_factory.mktemp("named") / "school")
    own.name_people()
    return policy_content.load(own.path)
