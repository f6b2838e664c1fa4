"""Checks of the encoders against ggml's own bytes and of the reference against itself.

Run: python -m unittest training.reference.test_reference
"""

import tempfile
import unittest
import zlib
from pathlib import Path

import gguf
import numpy as np
import torch
from training.export import packing
from training.reference import codecs, exact_ops, golden
from training.reference.gguf_file import RawTensor
from training.reference.model import Reference

INDEX = np.arange(4096)
TERNARY = ((7 * INDEX + INDEX // 3) % 3 - 1).astype(np.int8).reshape(1, -1)
BINARY = np.where((5 * INDEX) % 7 < 3, 1, -1).astype(np.int8).reshape(1, -1)
COSINE = (np.float32(0.1) + np.float32(2) * np.cos(INDEX.astype(np.float32))).reshape(1, -1)


def decoded(tensor, kind: str) -> RawTensor:
    return RawTensor(kind, tuple(reversed(tensor.shape)), np.frombuffer(tensor.data, np.uint8))


class Encoders(unittest.TestCase):
    def test_bytes_equal_ggml(self):
        """CRC-32 of the bytes that the ggml C reference writes for the same weights."""
        cases = [
            (packing.tq2_0("w", TERNARY, 0.5), 0x6ACC81C3),
            (packing.q1_0("w", BINARY, np.array([0.25])), 0x61BB2C3A),
        ]
        for tensor, expected in cases:
            self.assertEqual(zlib.crc32(tensor.data), expected)
        i2s = packing.i2_s("w", TERNARY[0, :1024].reshape(4, 256), 0.5)
        self.assertEqual(zlib.crc32(i2s.data[:256]), 0xCBF59025)

    def test_decoders_agree_with_gguf_py(self):
        table = np.random.default_rng(1).normal(size=(4, 512)).astype(np.float32)
        for kind, encode in (("Q8_0", packing.q8_0), ("Q6_K", packing.q6_k)):
            tensor = encode("w", table)
            raw = np.frombuffer(tensor.data, np.uint8).reshape(4, -1)
            other = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType(tensor.kind))
            ours = codecs.table(decoded(tensor, kind))
            np.testing.assert_array_equal(ours, other)
            self.assertLess(np.abs(ours - table).max(), 0.08 if kind == "Q6_K" else 0.02)

    def test_round_trips(self):
        for kind, encode in (("TQ2_0", packing.tq2_0), ("I2_S", packing.i2_s)):
            codes, scale = codecs.ternary(decoded(encode("w", TERNARY, 0.25), kind))
            np.testing.assert_array_equal(codes, TERNARY)
            self.assertEqual(scale, 0.25)
        signs, alpha = codecs.binary(decoded(packing.q1_0("w", BINARY, np.array([0.5])), "Q1_0"))
        np.testing.assert_array_equal(signs, BINARY)
        self.assertEqual(alpha[0], 0.5)


class Exact(unittest.TestCase):
    def test_exp_is_close(self):
        x = torch.linspace(-80, 80, 10001)
        error = (exact_ops.exp(x).double() / x.double().exp() - 1).abs().max()
        self.assertLess(error, 2e-7)

    def test_lane_sum_order(self):
        x = torch.randn(37)
        lanes = [torch.zeros(()) for _ in range(16)]
        for i, value in enumerate(x):
            lanes[i % 16] = lanes[i % 16] + value
        while len(lanes) > 1:
            half = len(lanes) // 2
            lanes = [lanes[j] + lanes[j + half] for j in range(half)]
        self.assertEqual(exact_ops.lane_sum(x), lanes[0])

    def test_one_by_one_equals_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            for recipe in golden.RECIPES:
                path = Path(folder) / "model.gguf"
                golden.write(path, golden.metadata(recipe), golden.random_tensors(recipe))
                for kv in ("f32", "i8", "i4"):
                    self.compare(Reference(path), kv)

    def compare(self, model: Reference, kv: str) -> None:
        ids = [5, 300, 17, 99, 260, 0, 31, 7]
        whole, session = model.exact(kv=kv).extend(ids), model.exact(kv=kv)
        parts = torch.cat([session.extend([token]) for token in ids])
        self.assertTrue(torch.equal(whole, parts))


if __name__ == "__main__":
    unittest.main()
