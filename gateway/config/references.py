"""What only the whole file tells: names that lead nowhere, and actions that do not fit their listener's protocol.

These checks read the file's data as it stands, so that their faults come together with those of its shape.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.config.faults import meant
from gateway.config.source import FileFault, KeyPath

_SECURE_ACTIONS: Final = ("authenticate-oidc", "authenticate-cognito", "jwt-validation")


def reference_faults(data: object) -> Iterator[FileFault]:
    """Every name of a function or target group that is not in the file, and every action on the wrong protocol."""
    functions = _table(_get(data, "functions"))
    groups = _table(_get(data, "target_groups"))
    for name, group in groups.items():
        yield from _unknown(group, ("target_groups", name), "function", functions)
        yield from _unknown(group, ("target_groups", name), "shadow", groups)
    for index, listener in enumerate(_list(_get(data, "listeners"))):
        path: KeyPath = ("listeners", index)
        yield from _unknown(listener, path, "function", functions)
        routes = _table(_get(listener, "routes"))
        for key, route in routes.items():
            yield from _unknown(routes, (*path, "routes"), key, functions)
            yield from _unknown(route, (*path, "routes", key), "function", functions)
        for name, authorizer in _table(_get(listener, "authorizers")).items():
            yield from _unknown(authorizer, (*path, "authorizers", name), "function", functions)
        yield from _unknown(_get(listener, "authorizer"), (*path, "authorizer"), "function", functions)
        for actions_path, action in _actions(listener, path):
            yield from _action_faults(action, actions_path, _get(listener, "protocol"), groups)


def _actions(listener: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    for number, action in enumerate(_list(_get(listener, "default_actions"))):
        yield (*path, "default_actions", number), action
    for index, rule in enumerate(_list(_get(listener, "rules"))):
        for number, action in enumerate(_list(_get(rule, "actions"))):
            yield (*path, "rules", index, "actions", number), action


def _action_faults(
    action: object, path: KeyPath, protocol: object, groups: Mapping[str, object]
) -> Iterator[FileFault]:
    kind = _get(action, "type")
    for number, group in enumerate(_list(_get(action, "target_groups"))):
        yield from _unknown(group, (*path, "target_groups", number), "target_group", groups)
    if protocol == "HTTPS" and kind == "redirect" and _get(action, "protocol") == "HTTP":
        yield FileFault((*path, "protocol"), "found {found}; a redirect from HTTPS to HTTP is not allowed")
    if protocol != "HTTPS" and kind in _SECURE_ACTIONS:
        yield FileFault((*path, "type"), "found {found}; this action needs a listener with protocol = 'HTTPS'")


def _unknown(table: object, path: KeyPath, key: str, known: Mapping[str, object]) -> Iterator[FileFault]:
    """A fault when a table's key names something that is not known."""
    name = _get(table, key)
    if isinstance(name, str) and name and name not in known:
        what = "target group" if key in ("target_group", "shadow") else "function"
        words = list(known)
        allowed = f"allowed: {', '.join(words)}" if words else f"the file has no {what}s"
        yield FileFault(
            (*path, key), f"found {{found}}, which is no {what} of this file; {allowed}{meant(name, words)}"
        )


def _get(data: object, key: str) -> object:
    return data.get(key) if isinstance(data, dict) else None


def _table(data: object) -> Mapping[str, object]:
    return {str(key): value for key, value in data.items()} if isinstance(data, dict) else {}


def _list(data: object) -> list[object]:
    return data if isinstance(data, list) else []
