"""Encoders of the tensor types Pocketbit writes. Every function takes [rows, K] and returns a `Tensor`.

Source of the layouts: ggml, src/ggml-common.h and src/ggml-quants.c; I2_S: microsoft/BitNet, src/ggml-bitnet-mad.cpp.
"""

import numpy as np
from training.export.gguf_writer import Tensor

TYPES = {"F32": 0, "F16": 1, "Q8_0": 8, "Q6_K": 14, "TQ2_0": 35, "I2_S": 36, "Q1_0": 41, "Q2_0": 42}


def tensor(name: str, kind: str, shape: tuple[int, ...], data: np.ndarray) -> Tensor:
    """`shape` is [rows, K] or [K]; GGUF lists the contiguous dimension first."""
    return Tensor(name, tuple(reversed(shape)), TYPES[kind], data.tobytes())


def f32(name: str, values: np.ndarray) -> Tensor:
    return tensor(name, "F32", values.shape, values.astype("<f4"))


def f16(name: str, values: np.ndarray) -> Tensor:
    return tensor(name, "F16", values.shape, values.astype("<f2"))


def half_bytes(values: np.ndarray) -> np.ndarray:
    """[...] -> [..., 2] little-endian f16 bytes."""
    return values.astype("<f2")[..., None].view(np.uint8)


def round_away(values: np.ndarray) -> np.ndarray:
    """Round half away from zero, as C's roundf."""
    return np.sign(values) * np.floor(np.abs(values) + 0.5)


def tq2_0(name: str, codes: np.ndarray, scale: float) -> Tensor:
    """Ternary codes -1, 0, 1 with one scale; every block of 256, an all-zero one too, gets the same f16 scale."""
    blocks = (codes + 1).astype(np.uint8).reshape(-1, 2, 4, 32)
    packed = blocks[:, :, 0] | blocks[:, :, 1] << 2 | blocks[:, :, 2] << 4 | blocks[:, :, 3] << 6
    scales = half_bytes(np.full(len(blocks), scale, dtype=np.float32))
    data = np.concatenate([packed.reshape(-1, 64), scales], axis=1)
    return tensor(name, "TQ2_0", codes.shape, data)


def i2_s(name: str, codes: np.ndarray, scale: float) -> Tensor:
    """Ternary codes in runs of 128 (first 32 in the top bits), then 32 bytes that begin with the f32 scale."""
    groups = (codes + 1).astype(np.uint8).reshape(-1, 4, 32)
    packed = groups[:, 0] << 6 | groups[:, 1] << 4 | groups[:, 2] << 2 | groups[:, 3]
    tail = np.full(8, scale, dtype="<f4").view(np.uint8)
    return tensor(name, "I2_S", codes.shape, np.concatenate([packed.reshape(-1), tail]))


def q8_0(name: str, values: np.ndarray) -> Tensor:
    """Int8 in blocks of 32 with an f16 scale each."""
    blocks = values.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(axis=1, keepdims=True) / np.float32(127)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    quants = round_away(blocks * inverse).astype(np.int8).view(np.uint8)
    data = np.concatenate([half_bytes(scale[:, 0]), quants], axis=1)
    return tensor(name, "Q8_0", values.shape, data)


def q6_k(name: str, values: np.ndarray) -> Tensor:
    """Six-bit blocks of 256: 16 sub-blocks with int8 scales under one f16 scale."""
    blocks = values.astype(np.float32).reshape(-1, 16, 16)
    wanted = np.abs(blocks).max(axis=2) / 31
    d = (wanted.max(axis=1) / 127).astype("<f2")
    unit = np.maximum(d.astype(np.float32), 1e-12)
    scales = np.clip(round_away(wanted / unit[:, None]), 1, 127).astype(np.int8)
    step = unit[:, None] * scales
    quants = np.clip(round_away(blocks / step[:, :, None]), -32, 31).astype(np.int16) + 32
    # Axes: block, half of 128, quarter of 32 (y[l], y[l+32], y[l+64], y[l+96]), l.
    q = quants.astype(np.uint8).reshape(-1, 2, 4, 32)
    low = np.concatenate([q[:, :, 0] & 15 | (q[:, :, 2] & 15) << 4, q[:, :, 1] & 15 | (q[:, :, 3] & 15) << 4], axis=2)
    high = q[:, :, 0] >> 4 | (q[:, :, 1] >> 4) << 2 | (q[:, :, 2] >> 4) << 4 | (q[:, :, 3] >> 4) << 6
    parts = [low.reshape(-1, 128), high.reshape(-1, 64), scales.view(np.uint8), half_bytes(d)]
    return tensor(name, "Q6_K", values.shape, np.concatenate(parts, axis=1))


def q1_0(name: str, signs: np.ndarray, scales: np.ndarray) -> Tensor:
    """Signs -1 and 1 [rows, K] in blocks of 128; f16 scales [rows], one for all blocks of a row, or [rows, K / 128]."""
    rows, length = signs.shape
    bits = np.packbits((signs > 0).reshape(rows, length // 128, 128), axis=2, bitorder="little")
    blocks = np.broadcast_to(scales.reshape(rows, -1), (rows, length // 128))
    return tensor(name, "Q1_0", signs.shape, np.concatenate([half_bytes(blocks), bits], axis=2))


def q2_0(name: str, values: np.ndarray, scales: np.ndarray) -> Tensor:
    """Whole numbers -1 to 2 [rows, K] in blocks of 64 (128 in PrismML's files) with f16 scales [rows, K / block]."""
    rows, blocks = scales.shape
    codes = (values + 1).astype(np.uint8).reshape(rows, blocks, -1, 4)
    packed = codes[..., 0] | codes[..., 1] << 2 | codes[..., 2] << 4 | codes[..., 3] << 6
    return tensor(name, "Q2_0", values.shape, np.concatenate([half_bytes(scales), packed], axis=2))
