"""The members of zip and tar archives as data: nothing is extracted, and no size in an archive is believed.

Tar is read here and not by `tarfile`, whose parser a made-up archive can keep busy for ever (CVE-2024-6232: a
quadratic search in extended headers; CVE-2025-8194: a negative size steps backwards).
"""

import gzip
import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

# What a zip or tar may unpack to at most. Reading stops there, so the ratio of compression does not matter.
MAX_UNPACKED_BYTES = 64 << 20
# Names looked at in one submission: a forgotten build folder fits, a million empty files do not.
MAX_ENTRIES = 10_000

_BLOCK = 512
_ZIP_ENTRY = b"PK\x01\x02"
_ZIP_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # a tar begins with a name, perhaps one in PK
_TAR_KINDS = {
    b"\0": "file",
    b"0": "file",
    b"7": "file",
    b"1": "hard link",
    b"2": "symbolic link",
    b"3": "device",
    b"4": "device",
    b"5": "folder",
    b"6": "FIFO",
}
_TAR_WITHOUT_CONTENT = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
_PAX_LENGTH = re.compile(rb"([0-9]{1,9}) ")
# What zipfile raises on made-up archives; it works on bytes here, so an OSError is the archive's fault too.
_ZIP_FAULTS = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
    EOFError,
    struct.error,
    zlib.error,
)


class Unacceptable(Exception):
    """The submission cannot be graded; the message tells the student why, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Something with a name in a submission.

    `kind` is "file", "folder", "symbolic link", …; `read(limit)` gives the data of a file, of a longer
    one its first `limit + 1` bytes.
    """

    name: str
    kind: str
    read: Callable[[int], bytes]


def archive_members(data: bytes) -> list[Member]:
    """Everything in the archive, which may be a zip, a tar or a compressed tar."""
    if data.startswith(_ZIP_BEGINNINGS):
        return _zip_members(data)
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data)
    return list(_tar_members(data))


def kind_of_mode(mode: int) -> str:
    """What `st_mode` says it is; a mode without a type is taken for a file."""
    match stat.S_IFMT(mode):
        case stat.S_IFREG | 0:
            return "file"
        case stat.S_IFDIR:
            return "folder"
        case stat.S_IFLNK:
            return "symbolic link"
        case stat.S_IFIFO:
            return "FIFO"
        case stat.S_IFSOCK:
            return "socket"
        case _:
            return "device"


def _zip_members(data: bytes) -> list[Member]:
    # Each entry that zipfile will make an object of begins so, whatever the archive says their number is.
    if data.count(_ZIP_ENTRY) > MAX_ENTRIES:
        raise _too_many_entries()
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _ZIP_FAULTS as error:
        raise _damaged(str(error)) from error
    return [_zip_member(archive, info) for info in archive.infolist()]


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    # Only Unix writes a mode there. Some programs for Windows write backslashes as separators.
    name = info.orig_filename.replace("\\", "/")
    kind = "folder" if name.endswith("/") else kind_of_mode(info.external_attr >> 16 if info.create_system == 3 else 0)

    def read(limit: int) -> bytes:
        if info.flag_bits & 1:
            raise Unacceptable(f"{name!r} in the archive is encrypted; make the archive without a password")
        # For bzip2 and LZMA zipfile unpacks without a bound.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unacceptable(f"{name!r} in the archive is compressed in an unusual way; make a plain zip")
        try:
            with archive.open(info) as stream:
                return stream.read(limit + 1)
        except _ZIP_FAULTS as error:
            raise _damaged(str(error)) from error

    return Member(name=name, kind=kind, read=read)


def _gunzip(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(MAX_UNPACKED_BYTES + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise _damaged(str(error)) from error
    if len(unpacked) > MAX_UNPACKED_BYTES:
        size = f"{MAX_UNPACKED_BYTES >> 20} MiB"
        raise Unacceptable(f"the archive unpacks to more than {size}; hand in only the files asked for")
    return unpacked


def _tar_members(data: bytes) -> Iterator[Member]:
    for name, kind, content in _tar_entries(data):
        yield Member(name=name, kind=kind, read=partial(_beginning, content))


def _tar_entries(data: bytes) -> Iterator[tuple[str, str, memoryview]]:
    """Name, kind and content of each entry; the name of a long one stands in an entry before it."""
    position, long_name = 0, ""
    for _ in range(MAX_ENTRIES):
        header = data[position : position + _BLOCK]
        if not any(header) and (position or len(header) == _BLOCK):
            return
        _require_checksum(header)
        flag = header[156:157]
        size = 0 if flag in _TAR_WITHOUT_CONTENT else _tar_number(header[124:136])
        content = memoryview(data)[position + _BLOCK : position + _BLOCK + size]
        if len(content) < size:
            raise _damaged("it ends in the middle of a file")
        position += _BLOCK + -(-size // _BLOCK) * _BLOCK
        match flag:
            case b"L":
                long_name = _decoded(bytes(content).rstrip(b"\0"))
            case b"x":
                long_name = _pax_path(bytes(content)) or long_name
            case b"K" | b"g":
                continue
            case b"S":
                raise _sparse()
            case _:
                name, long_name = long_name or _tar_name(header), ""
                kind = _TAR_KINDS.get(flag, "special file")
                yield name, "folder" if kind == "file" and name.endswith("/") else kind, content
    raise _too_many_entries()


def _beginning(content: memoryview, limit: int) -> bytes:
    return bytes(content[: limit + 1])


def _require_checksum(header: bytes) -> None:
    expected = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
    if len(header) < _BLOCK or _tar_number(header[148:156]) != expected:
        raise _damaged("a header of it is not that of a tar")


def _tar_number(field: bytes) -> int:
    """A number in a header: octal digits, or binary when the first bit is set."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.rstrip(b" \0").lstrip(b" ")
    if not re.fullmatch(rb"[0-7]*", digits):
        raise _damaged("a header of it is not that of a tar")
    return int(digits or b"0", 8)


def _tar_name(header: bytes) -> str:
    name, _, _ = header[:100].partition(b"\0")
    # GNU tar says `ustar ` and keeps times where POSIX has the beginning of a long name.
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return _decoded(prefix + b"/" + name if prefix else name)


def _pax_path(records: bytes) -> str:
    """The value of `path` among lines `<length> <key>=<value>`, "" if there is none."""
    path = ""
    position = 0
    while position < len(records):
        match = _PAX_LENGTH.match(records, position)
        end = position + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(records):
            raise _damaged("an extended header of it is not that of a tar")
        key, _, value = records[match.end() : end - 1].partition(b"=")
        if key.startswith(b"GNU.sparse."):  # the content begins with a map of the holes, or lacks them
            raise _sparse()
        if key == b"path":
            path = _decoded(value)
        position = end
    return path


def _decoded(name: bytes) -> str:
    # What is not UTF-8 becomes surrogates, which no name that is taken may have.
    return name.decode("utf-8", "surrogateescape")


def _sparse() -> Unacceptable:
    return Unacceptable("the archive has sparse files; make it again without `--sparse`")


def _damaged(detail: str) -> Unacceptable:
    return Unacceptable(f"the archive is damaged or of another kind than its name says: {detail[:120]}")


def _too_many_entries() -> Unacceptable:
    return Unacceptable(f"the archive has more than {MAX_ENTRIES} entries; hand in only the files asked for")
