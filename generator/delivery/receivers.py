"""An AlertmanagerConfig of the Prometheus operator: the site's receivers, with secrets by reference.

It is the configuration of Alertmanager with the operator's keys. A file with a secret becomes a key of one Secret, with
the file's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from generator.delivery.objects import Kind, head, object_name
from generator.delivery.rule_text import GENERATED
from generator.model.receivers import secret_key
from generator.prometheus.alertmanager import OURS, configuration
from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.delivery import Kubernetes
    from generator.prometheus.alertmanager import Routing

_KIND = Kind("AlertmanagerConfig", "monitoring.coreos.com/v1alpha1")
_COMMENT = """\
# The operator lets these routes have alerts with the label namespace of this object alone, unless the Alertmanager says
# alertmanagerConfigMatcherStrategy: {type: None}; or write alert_labels: {namespace: ...} in site.yaml.
"""
_FILLED_BY = "# Secrets: kubectl create secret generic {name}\n"
#: Files with secrets, and the keys that refer to them here.
_SECRETS = {
    "routing_key_file": "routingKey",
    "api_url_file": "apiURL",
    "url_file": "urlSecret",
    "auth_password_file": "authPassword",
    "credentials_file": "credentials",
}
_SPELLED = {"client_url": "clientURL", "source_matchers": "sourceMatch", "target_matchers": "targetMatch"}
_MATCHERS = {"matchers", "source_matchers", "target_matchers"}
_OPERATOR = re.compile("(=~|!=|!~|=)")


def alertmanager_config(routes: Sequence[Routing], options: Kubernetes) -> str:
    """Write the object; ``options`` have the receivers, at least one."""
    found = configuration(routes, options.receivers)
    spec: dict[str, Any] = _translated(found, options.receiver_secret)
    # The operator puts the route below its own, which also gets the alerts of others: they are not for us.
    spec["route"] = {**spec["route"], "matchers": [_matcher(OURS)]}
    keys = sorted({secret_key(path) for path in _files(found)})
    where = ["-n", options.namespace] if options.namespace else []
    command = " ".join([options.receiver_secret, *where, *(f"--from-file={key}" for key in keys)])
    comment = _COMMENT + (_FILLED_BY.format(name=command) if keys else "")
    begin = head(_KIND, object_name("receivers"), options.namespace)
    return GENERATED + comment + begin.removeprefix(GENERATED) + block_yaml({"spec": spec})


def _files(value: object) -> Iterator[str]:
    """List the files with secrets."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from [each] if key in _SECRETS else _files(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _files(each)


def _translated(value: Any, secret: str) -> Any:  # noqa: ANN401 - any part of a configuration
    """Convert a part of a configuration to the operator's keys."""
    if isinstance(value, Mapping):
        return dict(_entries(value, secret))
    if isinstance(value, list | tuple):
        return [_translated(each, secret) for each in value]
    return value


def _entries(of: Mapping[str, Any], secret: str) -> Iterator[tuple[str, Any]]:
    for key, value in of.items():
        if key in _SECRETS:
            yield _SECRETS[key], {"name": secret, "key": secret_key(value)}
        elif key in _MATCHERS:
            yield _camel(key), [_matcher(each) for each in value]
        elif key == "headers":
            yield key, [{"key": name, "value": text} for name, text in value.items()]
        else:
            yield _camel(key), _translated(value, secret)


def _camel(key: str) -> str:
    head_, *rest = key.split("_")
    return _SPELLED.get(key) or "".join((head_, *map(str.capitalize, rest)))


def _matcher(text: str) -> dict[str, str]:
    name, op, value = _OPERATOR.split(text, maxsplit=1)
    return {"name": name, "value": json.loads(value), "matchType": op}
