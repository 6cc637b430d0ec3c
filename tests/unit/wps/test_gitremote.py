"""Addresses of git remotes: one form for one repository, and a typed error for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamconfig import StandardsError, gitremote

SAME = (
    "https://github.com/acme/shop",
    "https://github.com/acme/shop.git",
    "https://github.com/acme/shop/",
    "https://github.com/acme/shop.git.git",
    "https://GitHub.COM./acme//shop.git/",
    "http://github.com:80/acme/shop",
    "HTTPS://user:token@github.com:443/acme/shop.git",
    "ssh://git@github.com/acme/shop.git",
    "ssh://git@github.com:22/acme/shop",
    "git+ssh://git@github.com/acme/shop",
    "git://github.com:9418/acme/shop.git",
    "git@github.com:acme/shop.git",
    "github.com:acme/shop",
    "git@github.com:/acme/shop.git\n",
    "git@GITHUB.com:acme/%73hop",
)
REFUSED = (
    "",
    "   ",
    "ext::sh -c touch% /tmp/x",
    "fd::17/foo",
    "transport::https://github.com/acme/shop",
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=x",
    "ssh://-oProxyCommand=x/acme/shop",
    "ssh://-oProxyCommand=x@github.com/acme/shop",
    "git@-oProxyCommand=x:acme/shop",
    "-x@github.com:acme/shop",
    "github.com:-acme/shop",
    "file:///srv/shop.git",
    "/srv/shop.git",
    "../shop",
    "shop",
    "C:\\src\\shop",
    "C:/src/shop",
    "ftp://github.com/acme/shop",
    "https://github.com",
    "https://github.com/",
    "https://github.com/.git",
    "https://github.com/acme/...git",
    "https://github.com/acme/..git",
    "https:///acme/shop",
    "https://github.com:99999/acme/shop",
    "https://github.com:x/acme/shop",
    "https://github.com/acme/../other/shop",
    "https://github.com/acme/%2e%2e/shop",
    "https://github.com/acme/sh%2fop",
    "https://github.com/acme/sh%00op",
    "https://github.com/acme/sh%0aop",
    "https://github.com/acme/sh%ffop",
    "https://github.com/acme/sh%2561op",
    "https://github.com/acme/shop?token=s3cret",
    "https://github.com/acme/shop#s3cret",
    "https://github.com/acme\\shop",
    "https://github.com/a\x1b[2Jcme/shop",
    "https://github.com/acme/shop\u202e",
    "https://github.com/acme/sh\udcffop",
    "https://git hub.com/acme/shop",
    "https://a..b/acme/shop",
    "https://[::1/acme/shop",
    "https://[nonsense]/acme/shop",
    "https://127.1/acme/shop",
    "https://0x7f000001/acme/shop",
    "https://xn--a/acme/shop",
    "https://" + "a" * 64 + ".com/acme/shop",
    "user:s3cret@github.com:acme/shop",
    "https://u@v@github.com/acme/shop",
    "https://github.com/" + "a" * 3000,
)


@pytest.mark.parametrize("text", SAME)
def test_one_repository_has_one_form(text: str) -> None:
    """Scheme, user, password, port, case of the host, slashes, .git and escapes make no difference."""
    assert str(gitremote.normalise(text)) == "github.com/acme/shop"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("https://github.com/Acme/Shop", "github.com/Acme/Shop"),
        ("https://MÜNCHEN.example/a/b", "xn--mnchen-3ya.example/a/b"),
        ("https://xn--mnchen-3ya.example/a/b", "xn--mnchen-3ya.example/a/b"),
        ("ssh://git@[2001:DB8:0::1]:2222/a/b.git", "[2001:db8::1]/a/b"),
        ("git@[::1]:a/b", "[::1]/a/b"),
        ("https://192.0.2.7:8443/a/b", "192.0.2.7/a/b"),
        ("git@ssh.dev.azure.com:v3/acme/My%20Shop/web", "ssh.dev.azure.com/v3/acme/My%20Shop/web"),
        ("https://git.example/a/cafe\u0301", "git.example/a/caf%C3%A9"),
        ("https://git.example/~ann/shop.git", "git.example/~ann/shop"),
    ],
)
def test_the_form(text: str, form: str) -> None:
    """The path keeps its case; names of other letters are in punycode, escapes in one spelling."""
    assert str(gitremote.normalise(text)) == form


@pytest.mark.parametrize("text", REFUSED)
def test_what_could_be_misread_is_refused(text: str) -> None:
    """Each is a typed error with a way out, that shows no secret and no control character."""
    with pytest.raises(StandardsError) as caught:
        gitremote.normalise(text)
    (problem,) = caught.value.problems
    assert problem.kind == "option"
    assert "--remote" in problem.fix
    said = str(caught.value)
    assert "s3cret" not in said
    assert said.replace("\n", "").isprintable()


def test_a_password_is_never_shown() -> None:
    """What stands before the last @, and behind ?, is left out, wherever the signs are."""
    for text in ("https://u:s3cret@h/x/..", "https://u:s3/cret@h/..", "u:s3cret@h:/..", "https://h/x?t=s3cret"):
        with pytest.raises(StandardsError) as caught:
            gitremote.normalise(text)
        assert "s3" not in str(caught.value)
        assert "cret" not in str(caught.value)


PIECES = st.sampled_from([
    "https://", "ssh://", "git@", "github.com", "acme", "shop", ".git", "/", "//", ":", "@", "..", ".", "%2e", "%2F",
    "%", "::", "ext::", "-", "[", "]", "::1", "443", "xn--", "ü", "\u0301", "ß", "\x00", "\x1b", "\n", " ", "?", "#",
    "\\", "~", "\ud800", "\uff21", "\u3002",
])  # fmt: skip


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_gives_a_form_or_a_typed_error(text: str) -> None:
    """No text crashes; a form is plain, and normalising it again gives the same."""
    try:
        found = gitremote.normalise(text)
    except StandardsError:
        return
    form = str(found)
    assert form.isascii()
    assert form.isprintable()
    assert ".." not in form.split("/")
    assert "@" not in form
    assert gitremote.normalise(f"https://{form}") == found
    assert gitremote.is_form(form)


@pytest.mark.parametrize("text", [
    "", "host", "host/", "HOST/a", "host:22/a", "git@host/a", "host/a.git", "host/a/", "host//a", "host/../a",
    "host/a b", "host/%61", "https://host/a", "host/a\n", " host/a",
])  # fmt: skip
def test_another_way_to_write_a_remote_is_not_its_form(text: str) -> None:
    """What is kept of a project is the one form: any other text is none, also where it names the same repository."""
    assert not gitremote.is_form(text)
