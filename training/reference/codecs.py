"""Decode tensor types. Source of the layouts: ggml, src/ggml-common.h and src/ggml-quants.c; microsoft/BitNet."""

import numpy as np
from training.reference.gguf_file import RawTensor


def halves(raw: np.ndarray) -> np.ndarray:
    """[..., 2] bytes -> [...] float32."""
    return np.ascontiguousarray(raw).view("<f2")[..., 0].astype(np.float32)


def uniform(scales: np.ndarray, what: str) -> np.ndarray:
    """The one scale of each row of `scales` [rows, blocks]."""
    if (scales != scales[:, :1]).any():
        raise ValueError(f"{what}: block scales differ, expected one value")
    return scales[:, 0]


def q8_0(tensor: RawTensor) -> np.ndarray:
    blocks = tensor.data.reshape(-1, 34)
    values = blocks[:, 2:].view(np.int8) * halves(blocks[:, :2])[:, None]
    return values.astype(np.float32).reshape(tensor.shape)


def q6_k(tensor: RawTensor) -> np.ndarray:
    blocks = tensor.data.reshape(-1, 210)
    low, high = blocks[:, :128].reshape(-1, 2, 2, 32), blocks[:, 128:192].reshape(-1, 2, 32)
    scales, d = blocks[:, 192:208].view(np.int8).astype(np.float32), halves(blocks[:, 208:])
    quarters = [
        low[:, :, 0] & 15 | (high & 3) << 4,
        low[:, :, 1] & 15 | (high >> 2 & 3) << 4,
        low[:, :, 0] >> 4 | (high >> 4 & 3) << 4,
        low[:, :, 1] >> 4 | (high >> 6) << 4,
    ]
    quants = np.stack(quarters, axis=2).reshape(-1, 16, 16).astype(np.float32) - 32
    values = (d[:, None] * scales)[:, :, None] * quants
    return values.astype(np.float32).reshape(tensor.shape)


def table(tensor: RawTensor) -> np.ndarray:
    """Values of a norm, threshold, embedding or head tensor as float32."""
    if tensor.kind == "F32":
        return tensor.data.view("<f4").astype(np.float32).reshape(tensor.shape)
    if tensor.kind == "F16":
        return tensor.data.view("<f2").astype(np.float32).reshape(tensor.shape)
    if tensor.kind not in ("Q8_0", "Q6_K"):
        raise ValueError(f"type {tensor.kind} cannot hold a table; expected F32, F16, Q8_0 or Q6_K")
    return q8_0(tensor) if tensor.kind == "Q8_0" else q6_k(tensor)


def ternary(tensor: RawTensor) -> tuple[np.ndarray, np.float32]:
    """Codes -1, 0, 1 [rows, K] and the scale of the tensor."""
    if tensor.kind == "TQ2_0":
        blocks = tensor.data.reshape(-1, 66)
        scale = uniform(halves(blocks[:, 64:])[None, :], "TQ2_0")[0]
        pairs = blocks[:, :64].reshape(-1, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8)[:, None]
    else:
        scale = tensor.data[-32:-28].view("<f4")[0]
        pairs = tensor.data[:-32].reshape(-1, 1, 32) >> np.array([6, 4, 2, 0], np.uint8)[:, None]
    return (pairs & 3).astype(np.int8).reshape(tensor.shape) - 1, scale


def binary(tensor: RawTensor) -> tuple[np.ndarray, np.ndarray]:
    """Signs -1, 1 [rows, K] and alpha [rows] of a Q1_0 tensor whose block scales are equal along each row."""
    rows, _ = tensor.shape
    blocks = tensor.data.reshape(rows, -1, 18)
    alpha = uniform(halves(blocks[:, :, :2]), "Q1_0")
    bits = np.unpackbits(np.ascontiguousarray(blocks[:, :, 2:]), axis=2, bitorder="little")
    return bits.reshape(tensor.shape).astype(np.int8) * 2 - 1, alpha
