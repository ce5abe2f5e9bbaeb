"""Each kind of message has one module, and each module everything that the sender and the admin ask of it."""

import ast
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured

from registrations.messages import FUNCTIONS, MODULES, message_module, registry_of
from registrations.models import DeliveryKind
from registrations.services import delivering


def without(module: object, *names: str) -> SimpleNamespace:
    """A copy of `module` that lacks `names`."""
    provided = {name: getattr(module, name) for name in ("__name__", "KINDS", *FUNCTIONS) if name not in names}
    return SimpleNamespace(**provided)


def test_each_kind_has_a_module() -> None:
    assert set(registry_of(MODULES)) == set(DeliveryKind.values)
    assert {kind for kind in DeliveryKind if kind not in message_module(kind).KINDS} == set()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_module_without_one_of_its_functions_is_refused(module: object, name: str) -> None:
    others = [one for one in MODULES if one is not module]

    with pytest.raises(ImproperlyConfigured, match=f" lacks {name}\\.$"):
        registry_of([*others, without(module, name)])


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_a_kind_without_a_module_is_refused(module: object) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^No module of registrations.messages is about "):
        registry_of([one for one in MODULES if one is not module])


def test_a_kind_with_two_modules_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^Two modules of registrations.messages are about "):
        registry_of([*MODULES, MODULES[0]])


def test_what_delivers_names_no_kind_and_imports_no_single_module_of_messages() -> None:
    (folder,) = delivering.__path__
    trees = {path.name: ast.parse(path.read_text()) for path in Path(folder).glob("*.py")}
    imported = {
        (file, node.module, alias.name)
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    texts = {
        (file, node.value)
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in DeliveryKind.values
    }

    assert {"plan.py", "claim.py", "send.py", "smtp.py", "result.py", "senders.py"} <= set(trees)
    assert {one for one in imported if one[2] == "DeliveryKind"} == set()
    assert {one for one in imported if str(one[1]).startswith("registrations.messages.")} == set()
    assert texts == set()
