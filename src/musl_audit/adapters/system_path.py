"""The search path of a system's loader, as its path file says."""

from musl_audit.adapters.tree import Tree
from musl_audit.loader.system_paths import DEFAULT_PATH, LONGEST_PATH_FILE, parse_path_file, path_file_of


def system_path(tree: Tree, loader: str) -> tuple[str, ...]:
    """
    Return the directories that *loader*, a path in *tree*, searches when no file names others.

    Raise ``PathError`` where there is a path file that cannot be read.
    """
    path = path_file_of(loader)
    return parse_path_file(tree.text(path, most=LONGEST_PATH_FILE)) if tree.exists(path) else DEFAULT_PATH
