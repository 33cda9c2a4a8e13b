"""Importing the users' files as they are now, and knowing which were read. Of the child; knows no policy.

Python's own way may take a compiled file for one that was edited within the same second, and writes beside the users'
files. This one compiles each anew, notes the hash of what it read, and writes nothing.
"""

import hashlib
import os
import sys
import sysconfig
import zoneinfo
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

LARGEST_BYTES = 50_000_000
"""A file of data that is larger is not looked at again."""


class FreshImports:
    """Imports users' modules. Make one a process: it changes how this process imports."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        """Each Python file that was read, and the hash of what was in it."""
        self._opened: set[str] = set()
        self._is_listening = True
        self._own = set(sys.modules)
        self._root: str | None = None
        self._roots: list[str] = []
        self._aside: dict[str, ModuleType] = {}
        self._libraries = (*_folders_of_libraries(), *zoneinfo.TZPATH)
        sys.dont_write_bytecode = True
        loaders = (partial(_Fresh, read=self.sources), SOURCE_SUFFIXES), (ExtensionFileLoader, EXTENSION_SUFFIXES)
        find: Any = FileFinder.path_hook(*loaders)  # type: ignore[arg-type]  # a partial makes loaders as well as a class
        sys.path_hooks.insert(0, partial(_unless_of, self._libraries, find))
        sys.path_importer_cache.clear()
        sys.addaudithook(self._note)

    def module(self, name: str) -> ModuleType:
        """Import a module from wherever Python finds it."""
        self._enter(None)
        return import_module(name)

    def file(self, name: str, file: str, root: str) -> ModuleType:
        """Import a file under that name, with its neighbours in reach; one that a neighbour imported stays."""
        self._enter(root)
        there = sys.modules.get(name)
        if there is not None and getattr(there, "__file__", None) == file:
            return there
        package, _, last = name.rpartition(".")
        parent = import_module(package) if package else None
        known = name if there is None else f"{name} of {root}"
        spec = spec_from_file_location(known, file, loader=_Fresh(known, file, read=self.sources))
        if spec is None or spec.loader is None:
            raise ImportError(f"no way to import {file!r}", name=name)
        module = sys.modules[known] = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[known]
            raise
        if parent is not None and there is None:
            setattr(parent, last, module)
        return module

    def settle(self) -> None:
        """Have done with reading: what functions import when they are called is found where their files found it."""
        self._enter(None)
        self._is_listening = False
        for name, module in self._aside.items():
            sys.modules.setdefault(name, module)
        sys.path[:0] = self._roots

    def read(self) -> Mapping[str, str]:
        """Return every file that was read, data too, each with the hash of its content; no library is among them."""
        found = dict(self.sources)
        for path in self._opened - found.keys():
            file = Path(path)
            try:
                if file.is_file() and file.stat().st_size <= LARGEST_BYTES:
                    found[path] = hash_of(file.read_bytes())
            except OSError:
                continue
        return found

    def _enter(self, root: str | None) -> None:
        """Put the neighbours of a folder in reach, and those of another out of it: their names may be the same."""
        if root == self._root:
            return
        if self._root is not None:
            sys.path.remove(self._root)
            for name in [name for name in sys.modules if name not in self._own and _is_under(name, self._root)]:
                self._aside[name] = sys.modules.pop(name)
        if root is not None:
            sys.path.insert(0, root)
            if root not in self._roots:
                self._roots.append(root)
            self._take_back(root)
        self._root = root

    def _take_back(self, root: str) -> None:
        """Give the modules of a folder back that another's had put aside."""
        for name, module in tuple(self._aside.items()):
            if str(getattr(module, "__file__", None) or "").startswith(f"{root}{os.sep}") and name not in sys.modules:
                sys.modules[name] = self._aside.pop(name)

    def _note(self, event: str, facts: tuple[object, ...]) -> None:
        """Hear of every file that is opened while policies are read."""
        if event != "open" or not self._is_listening:
            return
        path, mode = facts[0], facts[1]
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str) or (isinstance(mode, str) and not mode.startswith("r")):
            return
        path = str(Path(path).absolute())
        if not path.startswith(self._libraries) and not path.endswith(".pyc"):
            self._opened.add(path)


def hash_of(content: bytes) -> str:
    """Return what tells one content from another."""
    return hashlib.sha256(content).hexdigest()


class _Fresh(SourceFileLoader):
    """Compiles what is in the file now."""

    def __init__(self, fullname: str, path: str, *, read: dict[str, str]) -> None:
        super().__init__(fullname, path)
        self._read = read

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        source = self.get_data(path)
        self._read[path] = hash_of(source)
        code: CodeType = self.source_to_code(source, path)
        return code


def _unless_of(libraries: tuple[str, ...], find: Any, path: str) -> Any:  # noqa: ANN401 - finders have no common type
    """Leave the folders of libraries to Python's own way: they are compiled, and nobody edits them."""
    if path.startswith(libraries):
        raise ImportError("a library's folder", path=path)
    return find(path)


def _folders_of_libraries() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def _is_under(name: str, root: str) -> bool:
    return str(getattr(sys.modules.get(name), "__file__", None) or "").startswith(f"{root}{os.sep}")
