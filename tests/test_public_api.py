"""Our classes neither define nor use private names of the library classes that they extend: these may change any time.

Ruff forbids private names in imports (PLC2701) and of other objects (SLF001), but does not know the names that a
library class defines on `self`.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache

import pytest
from django import forms

import bench
import rcm_webinar
import registrations
import sessions_app
import tests

OURS = (bench, rcm_webinar, registrations, sessions_app, tests)
DOCUMENTED = {"_base_manager", "_db", "_default_manager", "_meta"}
# Allauth's view of the sign-in by code reads the account from this attribute, which has no public name. Without it
# nobody could sign in by code, and `test_a_focal_point_signs_in_with_a_mailed_code` would fail.
WITHOUT_ALTERNATIVE = {"RequestLoginCodeForm": {"_user"}}


def our_modules() -> Iterator[str]:
    for package in OURS:
        names = (found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
        yield from (name for name in names if not name.endswith(".__main__") and ".migrations" not in name)


def is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in {package.__name__ for package in OURS}


@cache
def classes_in(module: str) -> dict[str, ast.ClassDef]:
    """Return the source of each class of a module by name; nothing for a module written in C."""
    try:
        tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    except (OSError, TypeError):
        return {}
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


@cache
def private_names(cls: type) -> set[str]:
    """Return the names with a leading underscore that `cls` defines, or that its methods use of any object."""
    source = classes_in(cls.__module__).get(cls.__name__)
    if source is None:
        names = set(vars(cls))
    else:
        nodes = list(ast.walk(source))
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {name for name in names if name.startswith("_") and not name.endswith("_")} - DOCUMENTED


def shared_names(cls: type) -> set[str]:
    """Return the private names of `cls` that one of its base classes of a library has too."""
    of_libraries = [private_names(base) for base in cls.__mro__ if not is_ours(base) and base is not object]
    return private_names(cls).intersection(set().union(*of_libraries))


def test_no_class_shares_a_private_name_with_a_class_of_a_library() -> None:
    members = [inspect.getmembers(importlib.import_module(name), inspect.isclass) for name in our_modules()]
    classes = {cls for found in members for _, cls in found if is_ours(cls)}

    shared = {cls.__name__: shared_names(cls) for cls in classes - {Overriding, Reading, Setting}}

    assert {name: names for name, names in shared.items() if names} == WITHOUT_ALTERNATIVE


class Overriding(forms.ModelForm):
    def _post_clean(self) -> None:
        pass


class Reading(forms.Form):
    def is_checked(self) -> bool:
        return self._errors is not None


class Setting(forms.Form):
    _bound_fields_cache = None


@pytest.mark.parametrize(
    ("cls", "names"),
    [(Overriding, {"_post_clean"}), (Reading, {"_errors"}), (Setting, {"_bound_fields_cache"})],
)
def test_a_shared_private_name_is_found(cls: type, names: set[str]) -> None:
    assert shared_names(cls) == names
