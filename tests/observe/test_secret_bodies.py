"""Bodies of every kind, with rules of a test's own."""

import pytest

from gateway.observe.secret_bodies import Bodies

BODIES = Bodies(
    lambda name, _: name in ("secret", "credentials", "session"),
    lambda _: "*",
    lambda text: text.replace("shape", "*"),
    lambda pair: "secret=*" if pair.startswith("secret=") else pair,
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"secret":"a","b":"a"}', '{"secret":"*","b":"a"}'),
        ('{"secret":["a",{"b":"c"}],"d":"e"}', '{"secret":["*",{"b":"*"}],"d":"e"}'),
        ('{"credentials":{"b":"c"},"session":{"b":"c","secret":"d"}}',
         '{"credentials":{"b":"*"},"session":{"b":"c","secret":"*"}}'),
        ('{"secret":1,"b":1}', '{"secret":"*","b":1}'),
        ('{"secret":true,"b":{"secret":null}}', '{"secret":true,"b":{"secret":null}}'),
        ('{"secret":"","b":"secret"}', '{"secret":"","b":"secret"}'),
        ('{"a":"b\\nshape"}', '{"a":"b\\n*"}'),
        ('["secret","a",["secret"]]', '["secret","a",["secret"]]'),
        ('{"a":"{\\"secret\\":\\"b\\"}"}', '{"a":"{\\"secret\\":\\"*\\"}"}'),
        ('{"a":"secret=b&c=d"}', '{"a":"secret=b&c=d"}'),
        ('{"a\\n":1,"b":"secret=b&c=d"}', '{"a\\n":1,"b":"secret=*&c=d"}'),
        ('{"secret" \n :\t"a"}', '{"secret" \n :\t"*"}'),
        ('{"secret":"a"', '{"secret":"*"'),
        ('}}]{"secret":"a"}', '}}]{"secret":"a"}'),
        ('{"secret":"a"}\n{"secret":"b"}', '{"secret":"*"}\n{"secret":"*"}'),
        ("a=1&secret=b&c", "a=1&secret=*&c"),
        ("/path?secret=b", "/path?secret=b"),
        ("<a><x:secret type='t'>b</x:secret><c>shape</c></a>", "<a><x:secret type='t'>*</x:secret><c>*</c></a>"),
        ("a shape", "a *"),
    ],
)  # fmt: skip
def test_texts(body: str, expected: str) -> None:
    """Only secrets change."""
    assert BODIES.content(body.encode(), "").decode() == expected


def test_a_text_is_looked_into_four_times() -> None:
    """JSON in JSON in JSON in JSON, and no further."""
    inner = '{"secret":"a"}'
    for _ in range(3):
        inner = '{"a":"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"}'

    assert '"*' in BODIES.text(inner).replace("\\", "")


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", 'Multipart/Form-Data; charset=utf-8; BOUNDARY="x"']
)
def test_multipart(kind: str) -> None:
    """Each part for itself."""
    head = b"--x\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n"
    parts = [(b'name="secret"', b"a"), (b"name=secret; x=y", b"a"), (b'name="b"', b"a shape"), (b'name="c"', b"\xff")]
    body = b"".join(head % part for part in parts) + b"--x--"
    changed = b"".join(
        head % (name, value) for (name, _), value in zip(parts, (b"*", b"*", b"a *", b"\xff"), strict=True)
    )

    assert BODIES.content(body, kind) == changed + b"--x--"
