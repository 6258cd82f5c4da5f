"""What is known of SSH's algorithms: which are weak, why, and who says so.

`weak` is a reason to turn the algorithm off; `caution` is a reason to prefer another, and is only shown.
What no pattern matches is sound as far as is known, the NIST curves included (SP 800-186, BSI TR-02102-4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple


class Opinion(NamedTuple):
    """What is held against the algorithms whose names match the shell pattern."""

    pattern: str
    grade: Literal["weak", "caution"]
    reason: str
    source: str


_SHA1 = "SHA-1, for which collisions can be computed"
_LOGJAM = "a 1024-bit group, within reach of states (Logjam)"
_CBC = "CBC mode, which lets a man in the middle learn plain text (CVE-2008-5161)"
_BLOCK = "a 64-bit block, which repeats in long sessions (Sweet32)"
_PLAIN = "no protection at all"
_BOTH = "computed over the plain text; encrypt-then-MAC is safer"
_GROUP14 = "a 2048-bit group, 112 bits of strength, enough until 2030"

KEY_EXCHANGES = (
    Opinion("diffie-hellman-group1-*", "weak", _LOGJAM, "RFC 9142"),
    Opinion("gss-group1-*", "weak", _LOGJAM, "RFC 9142"),
    Opinion("rsa1024-*", "weak", "a 1024-bit RSA key", "RFC 9142"),
    Opinion("*-sha1", "weak", _SHA1, "RFC 9142"),
    Opinion("gss-*-sha1-*", "weak", _SHA1, "RFC 9142"),
    Opinion("diffie-hellman-group14-*", "caution", _GROUP14, "NIST SP 800-57 part 1 r5"),
    Opinion("gss-group14-*", "caution", _GROUP14, "NIST SP 800-57 part 1 r5"),
    Opinion("sntrup4591761x25519-*", "caution", "an experiment, withdrawn", "OpenSSH 8.5 release notes"),
)

HOST_KEYS = (
    Opinion("*-dss*", "weak", "DSA with a 1024-bit group", "FIPS 186-5; OpenSSH 7.0 release notes"),
    Opinion("ssh-rsa", "weak", f"RSA signatures over {_SHA1}", "OpenSSH 8.8 release notes"),
    Opinion("ssh-rsa-cert-*", "weak", f"RSA signatures over {_SHA1}", "OpenSSH 8.8 release notes"),
    Opinion("x509v3-sign-rsa", "weak", f"RSA signatures over {_SHA1}", "RFC 6187"),
    Opinion("x509v3-ssh-rsa", "weak", f"RSA signatures over {_SHA1}", "RFC 6187"),
    Opinion("*-rsa-sha1", "weak", f"RSA signatures over {_SHA1}", "OpenSSH 8.8 release notes"),
    Opinion("*ecdsa-*", "caution", "one bad random number in a signature gives away the key", "RFC 6979"),
)

CIPHERS = (
    Opinion("none", "weak", _PLAIN, "RFC 4253, section 6.3"),
    Opinion("arcfour*", "weak", "RC4, whose output gives away plain text", "RFC 8758"),
    Opinion("3des*", "weak", _BLOCK, "NIST SP 800-131A r2"),
    Opinion("des*", "weak", "a 56-bit key, which is found in a day", "NIST SP 800-131A r2"),
    Opinion("blowfish*", "weak", _BLOCK, "OpenSSH 7.6 release notes"),
    Opinion("cast128*", "weak", _BLOCK, "OpenSSH 7.6 release notes"),
    Opinion("idea*", "weak", _BLOCK, "RFC 5469"),
    Opinion("rijndael*", "weak", _CBC, "OpenSSH 7.2 release notes"),
    Opinion("*-cbc", "weak", _CBC, "OpenSSH 6.7 release notes"),
    Opinion("*-cbc@*", "weak", _CBC, "OpenSSH 6.7 release notes"),
)

MACS = (
    Opinion("none", "weak", _PLAIN, "RFC 4253, section 6.4"),
    Opinion("hmac-md5*", "weak", "MD5, which is broken", "RFC 6151"),
    Opinion("hmac-ripemd*", "weak", "RIPEMD-160, given up by its users", "OpenSSH 7.6 release notes"),
    Opinion("hmac-sha1*", "weak", _SHA1, "NIST SP 800-131A r2"),
    Opinion("umac-32*", "weak", "a tag of 32 bits", "RFC 4418, section 6.1"),
    Opinion("umac-64*", "caution", "a tag of 64 bits", "RFC 4418, section 6.1"),
    Opinion("hmac-*[0-9]", "caution", _BOTH, "OpenSSH 6.2 release notes"),
    Opinion("umac-*[0-9]@openssh.com", "caution", _BOTH, "OpenSSH 6.2 release notes"),
)


def opinions(names: Iterable[str], table: Sequence[Opinion], grade: str) -> dict[str, Opinion]:
    """The first opinion of this grade on each name that has one, in the order of the names."""
    found: dict[str, Opinion] = {}
    for name in names:
        for opinion in table:
            if opinion.grade == grade and fnmatchcase(name, opinion.pattern):
                found.setdefault(name, opinion)
    return found
