"""Addresses are filled in; without a release, a parameter that is only the release is dropped."""

from __future__ import annotations

import pytest

from generator.model.service import fill_in

_HOST = "https://logs.example.com"


@pytest.mark.parametrize(
    ("address", "with_release", "without"),
    [
        ("/?s={service}&r={release}", "/?s=svc&r=v1", "/?s=svc"),
        ("/?r={release}&s={service}", "/?r=v1&s=svc", "/?s=svc"),
        ("/?a=1&r={release}&s={service}", "/?a=1&r=v1&s=svc", "/?a=1&s=svc"),
        ("/?r={release}&q={release}", "/?r=v1&q=v1", "/"),
        ("/?r={release}#top", "/?r=v1#top", "/#top"),
        ("/#/logs?s={service}&r={release}", "/#/logs?s=svc&r=v1", "/#/logs?s=svc"),
        ("/?q=s:{service}%20r:{release}&x=1", "/?q=s:svc%20r:v1&x=1", "/?q=s:svc%20r:&x=1"),
        ("/{service}/{release}/", "/svc/v1/", "/svc//"),
        ("/?q=a=b&{release}", "/?q=a=b&v1", "/?q=a=b&"),
        ("/explore#r={release}&s={service}", "/explore#r=v1&s=svc", "/explore#s=svc"),
        ("/explore#r={release}", "/explore#r=v1", "/explore#"),
        ("/?s={service}#r={release}&t=1", "/?s=svc#r=v1&t=1", "/?s=svc#t=1"),
        ("/?", "/?", "/?"),
        ("/{service}", "/svc", "/svc"),
    ],
)
def test_what_is_nothing_but_a_release_is_left_out_without_one(
    address: str, with_release: str, without: str
) -> None:
    assert fill_in(_HOST + address, "svc", "v1") == _HOST + with_release
    assert fill_in(_HOST + address, "svc", None) == _HOST + without
