"""What a message shows of foreign text: no secret, and every other word."""

from __future__ import annotations

import pytest

from kubectl_arm64.errors import Failure, redact

# (text, what is left of it)
SECRETS = [
    ("https://a/vhd/x?sp=r&sig=c2Vj%2BcmV0%3D&sr=b", "https://a/vhd/x?sp=r&sig=REDACTED&sr=b"),
    ("url=https%3A%2F%2Fa%3Fsig%3Dc2Vj%252B%3D%26sr%3Db", "url=https%3A%2F%2Fa%3Fsig%3DREDACTED%26sr%3Db"),
    ("sp%3Dr%26SIG%3dc2Vj", "sp%3Dr%26SIG%3dREDACTED"),
    ("sp%253Dr%2526sig%253Dc2Vj%2526sr%253Db", "sp%253Dr%2526sig%253DREDACTED%2526sr%253Db"),
    ("AccountName=a;AccountKey=c2Vj/mV0+Q==;EndpointSuffix=b", "AccountName=a;AccountKey=REDACTED;EndpointSuffix=b"),
    ("AZURE_CLIENT_SECRET=c2Vj~.x gone", "AZURE_CLIENT_SECRET=REDACTED gone"),
    ("grant_type=refresh_token&refresh_token=0.AX&scope=s", "grant_type=refresh_token&refresh_token=REDACTED&scope=s"),
    ("client_assertion=abc&password=geheim", "client_assertion=REDACTED&password=REDACTED"),
    ("client_secret%3Dc2Vj%26scope%3Ds", "client_secret%3DREDACTED%26scope%3Ds"),
    ('{"client_secret": "c2Vj", "b": 1}', '{"client_secret": "REDACTED", "b": 1}'),
    ('{"accountKey":"c2Vj==","b":1}', '{"accountKey":"REDACTED","b":1}'),
    ('{"refresh_token":"0.AX-_","id_token" : "x.y"}', '{"refresh_token":"REDACTED","id_token" : "REDACTED"}'),
    ('{"accessToken": "abc", "expires": 1}', '{"accessToken": "REDACTED", "expires": 1}'),
    ('{"password": "two, \\"quoted\\" words", "b": 1}', '{"password": "REDACTED", "b": 1}'),
    ("{'password': 'a \"b\" & c', 'b': 1}", "{'password': 'REDACTED', 'b': 1}"),
    (r'{"body": "{\"access_token\":\"abc def\",\"b\":1}"}', r'{"body": "{\"access_token\":\"REDACTED\",\"b\":1}"}'),
    ('... "client_secret": "cut o', '... "client_secret": "REDACTED'),
    ("refresh-token: 0.AX\nname: a", "refresh-token: REDACTED\nname: a"),
    ("Authorization: Bearer abc.def", "Authorization: Bearer REDACTED"),
    ("Authorization: SharedKey account:c2Vj=", "Authorization: SharedKey account:REDACTED"),
    ("the token sha256~c2VjcmV0_LXRva2Vu-x is unknown", "the token sha256~REDACTED is unknown"),
    ("token eyJhbGciOiJub25lIn0.eyJhIjoxfQ.c2Vj", "token REDACTED"),
    ("http://user:geheim@proxy.example.com:3128", "http://REDACTED@proxy.example.com:3128"),
]
PLAIN = [
    "the access token has expired",
    "password: must not be empty",
    "the parameter 'client_assertion' or 'client_secret' is missing",
    "AADSTS7000215: Invalid client secret provided",
    "the id-token of dev has expired",
    '{"password": "", "passwordCredentials": []}',
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "design=1&signature of the image",
    "https://mirror.example.com/rhcos@sha.vhd",
]


@pytest.mark.parametrize(("text", "left"), SECRETS)
def test_a_secret_is_taken_out_and_nothing_else(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(("text", "left"), SECRETS)
def test_when_a_text_is_redacted_twice_it_stays(text: str, left: str) -> None:
    assert redact(left) == left


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_stay(text: str) -> None:
    assert redact(text) == text


def test_a_failure_shows_no_secret_in_what_and_advice() -> None:
    failure = Failure('{"client_secret": "c2Vj"}', "leave out sha256~c2Vj")
    assert str(failure) == '{"client_secret": "REDACTED"}; leave out sha256~REDACTED'
