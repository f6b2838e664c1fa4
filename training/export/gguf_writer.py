"""Write GGUF version 3 files. Source of the layout: ggml, docs/gguf.md."""

import struct
from dataclasses import dataclass
from pathlib import Path

ALIGNMENT = 32
MAGIC, VERSION = b"GGUF", 3
U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9


@dataclass(frozen=True)
class Tensor:
    """A tensor as it lies in the file: `shape` has the contiguous dimension first, `kind` is the ggml type id."""

    name: str
    shape: tuple[int, ...]
    kind: int
    data: bytes


def text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return struct.pack("<Q", len(raw)) + raw


def scalar(value) -> tuple[int, bytes]:
    """Type id and bytes of one metadata value; whole numbers are u32."""
    if isinstance(value, bool):
        return BOOL, struct.pack("<B", value)
    if isinstance(value, int):
        return U32, struct.pack("<I", value)
    if isinstance(value, float):
        return F32, struct.pack("<f", value)
    return STRING, text(value)


def metadata_value(value) -> bytes:
    """Type id and value; lists are arrays of strings or of i32."""
    if not isinstance(value, list):
        kind, raw = scalar(value)
        return struct.pack("<I", kind) + raw
    if all(isinstance(item, str) for item in value):
        kind, raw = STRING, b"".join(map(text, value))
    else:
        kind, raw = I32, struct.pack(f"<{len(value)}i", *value)
    return struct.pack("<IIQ", ARRAY, kind, len(value)) + raw


def padding(size: int) -> bytes:
    return bytes(-size % ALIGNMENT)


def encode(metadata: dict, tensors: list[Tensor]) -> bytes:
    """The whole file. Tensor data follow each other in the order given, each padded to the alignment."""
    head = MAGIC + struct.pack("<IQQ", VERSION, len(tensors), len(metadata))
    head += b"".join(text(key) + metadata_value(value) for key, value in metadata.items())
    offset, body = 0, b""
    for tensor in tensors:
        dims = struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape)
        head += text(tensor.name) + struct.pack("<I", len(tensor.shape)) + dims
        head += struct.pack("<IQ", tensor.kind, offset)
        padded = tensor.data + padding(len(tensor.data))
        offset, body = offset + len(padded), body + padded
    return head + padding(len(head)) + body


def write(path: Path, metadata: dict, tensors: list[Tensor]) -> int:
    """Write the file and return its size in bytes."""
    raw = encode({**metadata, "general.alignment": ALIGNMENT}, tensors)
    path.write_bytes(raw)
    return len(raw)
