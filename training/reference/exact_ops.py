"""Integer-exact operations: what crates/kernels/src/scalar.rs computes, operation by operation in float32.

crates/kernels/DESIGN.md holds the meaning in words. Integer dot products run in float64, which is exact here:
every partial sum is a whole number far below 2^53.
"""

import math

import torch

F32 = torch.float32
LANES = 16


def const(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=F32)


def lane_sum(x: torch.Tensor) -> torch.Tensor:
    """Sum over the last axis in the fixed order: element i to partial i % 16, then halves of the partials."""
    x = torch.nn.functional.pad(x, (0, -x.shape[-1] % LANES))
    steps = x.unflatten(-1, (-1, LANES))
    total = torch.zeros_like(steps[..., 0, :])
    for i in range(steps.shape[-2]):
        total = total + steps[..., i, :]
    for half in (8, 4):
        total = total[..., :half] + total[..., half:]
    return (total[..., 0] + total[..., 2]) + (total[..., 1] + total[..., 3])


EXP_COEFFICIENTS = (
    1.3981999507e-3,
    8.3334519073e-3,
    4.1665795894e-2,
    1.6666665459e-1,
    5.0000001201e-1,
)


def exp(x: torch.Tensor) -> torch.Tensor:
    """Polynomial exponential (Cephes expf) of x clamped to [-87, 88]."""
    x = x.clamp(-87.0, 88.0)
    n = torch.round(x * const(1.44269504))
    r = (x - n * const(0.693359375)) - n * const(-2.12194440e-4)
    p = const(1.9875691500e-4).expand_as(r)
    for c in EXP_COEFFICIENTS:
        p = p * r + const(c)
    y = ((p * (r * r)) + r) + 1
    return (y.view(torch.int32) + (n.to(torch.int32) << 23)).view(F32)


def rms_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """x [..., n] scaled to unit mean square, times weight [n]."""
    mean = lane_sum(x * x) / const(x.shape[-1])
    # torch.sqrt on float32 vectors is not correctly rounded (17 % of values off by one ulp, torch 2.15): go by float64.
    r = 1 / torch.sqrt((mean + const(eps)).double()).to(F32)
    return (x * r[..., None]) * weight


def quantize(x: torch.Tensor, limit: int = 127) -> tuple[torch.Tensor, torch.Tensor]:
    """Per row: whole numbers in -limit..limit (as float64) [..., n] and scales [...]."""
    amax = x.abs().amax(-1).clamp(min=1e-5)
    s = const(limit) / amax
    q = torch.round(x * s[..., None]).clamp(-limit, limit)
    return q.double(), amax / const(limit)


def quantize_rows(w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Head rows: as `quantize`, but without the floor on the maximum; an all-zero row has scale 0."""
    amax = w.abs().amax(-1)
    s = torch.where(amax > 0, const(127) / amax, const(0))
    return torch.round(w * s[..., None]).clamp(-127, 127).double(), amax / const(127)


def dot_exact(q: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Integer matrix product q [..., K] x w [rows, K] -> [..., rows] as float32 of the exact sum."""
    return (q @ w.T).to(F32)


def w158a8(x: torch.Tensor, codes: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Ternary weights x int8 activations: x [T, K], codes [rows, K] float64, one scale."""
    q, a = quantize(x)
    return dot_exact(q, codes) * (scale * a)[..., None]


def w1a1(x: torch.Tensor, signs: torch.Tensor, alpha: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    """Binary weights x binary activations: alpha per row, threshold per input channel, beta per token."""
    shifted = x - threshold
    b = torch.where(shifted >= 0, 1.0, -1.0).double()
    beta = lane_sum(shifted.abs()) / const(x.shape[-1])
    return dot_exact(b, signs) * (alpha * beta[..., None])


def i8a8(x: torch.Tensor, rows: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """Int8 head: rows [V, K] float64 with scales [V]."""
    q, a = quantize(x)
    return dot_exact(q, rows) * (scales * a[..., None])


def head_f32(x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Float head [T, K] x [V, K] -> [T, V], one lane sum per logit."""
    return torch.stack([lane_sum(rows * token) for token in x])


def silu_gate(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    return (gate * (1 / (1 + exp(-gate)))) * up


def relu2_gate(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    r = gate.clamp(min=0)
    return (r * r) * up


def rope_tables(positions: range, n_rot: int, base: float) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin [T, n_rot / 2]: angles in float64, results rounded to float32."""
    angles = [[pos * math.pow(base, -2 * i / n_rot) for i in range(n_rot // 2)] for pos in positions]
    cos = torch.tensor([[math.cos(a) for a in row] for row in angles], dtype=torch.float64)
    sin = torch.tensor([[math.sin(a) for a in row] for row in angles], dtype=torch.float64)
    return cos.to(F32), sin.to(F32)


def rope(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """NEOX rotation of x [T, heads, d]: pairs (i, i + n_rot / 2); channels from n_rot on pass through."""
    half = cos.shape[-1]
    a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
    c, s = cos[:, None], sin[:, None]
    return torch.cat([a * c - b * s, a * s + b * c, rest], dim=-1)


def softmax_parts(scores: torch.Tensor, visible: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """scores [T, H, S], visible [T, 1, S] -> unnormalised weights p and 1 / sum(p)."""
    peak = scores.masked_fill(~visible, -math.inf).amax(-1, keepdim=True)
    p = exp(scores - peak).masked_fill(~visible, 0.0)
    return p, 1 / lane_sum(p)


def weighted_rows(p: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Sum over s in ascending order of p [T, H, S] times v [S, H, d] -> [T, H, d]."""
    out = torch.zeros(p.shape[0], p.shape[1], v.shape[-1])
    for s in range(v.shape[0]):
        out = out + p[:, :, s, None] * v[s]
    return out


def attention_f32(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """q [T, H, d], k and v [S, H, d] (KV heads already repeated), visible [T, 1, S] -> [T, H, d]."""
    factor = const(1 / math.sqrt(q.shape[-1]))
    products = q[:, :, None, :] * k.transpose(0, 1)[None]
    p, inverse = softmax_parts(lane_sum(products) * factor, visible)
    return weighted_rows(p, v) * inverse[..., None]


CHUNK = 256
MIN_WEIGHT = 2.0**-100


def weighted_codes(w: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Weights w [T, H, S] of 0 or more times whole numbers v [S, H, d] -> [T, H, d], chunk by chunk of 256 positions.

    In a chunk the weights become int16 steps of its largest weight over 32767, and their sums are exact.
    """
    out = torch.zeros(w.shape[0], w.shape[1], v.shape[-1])
    for w_chunk, v_chunk in zip(w.split(CHUNK, -1), v.split(CHUNK)):
        largest = w_chunk.amax(-1, keepdim=True)
        counts = largest >= MIN_WEIGHT
        step = torch.where(counts, const(32767) / largest, const(0))
        u = torch.round(w_chunk * step).clamp(-32768, 32767).double()
        sums = torch.einsum("ths,shd->thd", u, v_chunk).to(F32)
        out = out + sums * torch.where(counts, largest / const(32767), const(0))
    return out


def attention_quantized(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, visible: torch.Tensor, limit: int
) -> torch.Tensor:
    """The same with int16 queries and keys and values of -limit..limit, one scale for each row of each head."""
    factor = const(1 / math.sqrt(q.shape[-1]))
    (q16, a_q), (k8, a_k), (v8, a_v) = quantize(q, 32767), quantize(k, limit), quantize(v, limit)
    dots = torch.einsum("thd,shd->ths", q16, k8).to(F32)
    scores = dots * ((a_q[:, :, None] * a_k.T[None]) * factor)
    p, inverse = softmax_parts(scores, visible)
    return weighted_codes(p * a_v.T[None], v8) * inverse[..., None]


def attention_i8(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """Attention over a cache of int8 rows."""
    return attention_quantized(q, k, v, visible, 127)


def attention_i4(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """Attention over a cache of rows of four bits."""
    return attention_quantized(q, k, v, visible, 7)
