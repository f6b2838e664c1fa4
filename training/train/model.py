"""The bundled model: a BitNet b1.58 transformer trained with ternary weights and int8 activations.

Structure as in 1bitLLM's BitNet (arXiv 2402.17764): RMSNorm before each block, a second norm before the output
projections, grouped-query attention with NEOX rotary positions, gated SiLU, one table for embedding and head.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Config:
    """Shape of the model; sizes in channels, rows of every ternary matrix are multiples of 256 long."""

    vocab_size: int
    dim: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 768
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads


def ternary(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes in {-1, 0, 1} and their scale, the mean magnitude of the tensor."""
    scale = weight.abs().mean().clamp(min=1e-5)
    return (weight / scale).round().clamp(-1, 1), scale


def int8_rows(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Whole numbers in -127..127 [..., K] and their scales [..., 1], one per token."""
    step = x.abs().amax(-1, keepdim=True).clamp(min=1e-5) / 127
    return (x / step).round(), step


class TernaryMatmul(torch.autograd.Function):
    """y = x @ w.T with both sides rounded; the gradient passes through the rounding unchanged."""

    @staticmethod
    def forward(ctx, x, compute, *weights):
        q, step = int8_rows(x)
        pairs = [ternary(w) for w in weights]
        codes = torch.cat([code.to(compute) for code, _ in pairs])
        ctx.rows = [len(w) for w in weights]
        ctx.save_for_backward((q * step).to(compute), torch.cat([(c * s).to(compute) for c, s in pairs]))
        y = F.linear(q.to(compute), codes).float()
        for part, (_, scale) in zip(y.split(ctx.rows, dim=-1), pairs):
            part.mul_(step * scale)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        grad = grad.to(w.dtype)
        grad_w = grad.flatten(0, -2).T @ x.flatten(0, -2)
        return (grad @ w).float(), None, *grad_w.float().split(ctx.rows)


class RMSNorm(nn.Module):
    def __init__(self, size: int, eps: float):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.eps)


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """NEOX rotary positions: pairs (i, i + d/2) of x [B, H, T, d]; cos and sin are [T, d/2]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


class Block(nn.Module):
    """One layer. Weight names follow GGUF: attn_q, attn_k, attn_v, attn_output, ffn_gate, ffn_up, ffn_down."""

    def __init__(self, config: Config):
        super().__init__()
        c, kv = config, config.kv_heads * config.head_dim
        shapes = {
            "attn_q": (c.dim, c.dim),
            "attn_k": (kv, c.dim),
            "attn_v": (kv, c.dim),
            "attn_output": (c.dim, c.dim),
            "ffn_gate": (c.ffn, c.dim),
            "ffn_up": (c.ffn, c.dim),
            "ffn_down": (c.dim, c.ffn),
        }
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.randn(shape) * 0.02))
        self.attn_norm, self.attn_sub_norm = RMSNorm(c.dim, c.eps), RMSNorm(c.dim, c.eps)
        self.ffn_norm, self.ffn_sub_norm = RMSNorm(c.dim, c.eps), RMSNorm(c.ffn, c.eps)
        self.config, self.kv = c, kv

    def attention(self, x, cos, sin, compute):
        c, (batch, time, _) = self.config, x.shape
        mixed = TernaryMatmul.apply(self.attn_norm(x), compute, self.attn_q, self.attn_k, self.attn_v)
        q, k, v = (
            part.view(batch, time, -1, c.head_dim).transpose(1, 2)
            for part in mixed.split([c.dim, self.kv, self.kv], dim=-1)
        )
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        joined = self.attn_sub_norm(out.transpose(1, 2).reshape(batch, time, c.dim))
        return TernaryMatmul.apply(joined, compute, self.attn_output)

    def feed_forward(self, x, compute):
        both = TernaryMatmul.apply(self.ffn_norm(x), compute, self.ffn_gate, self.ffn_up)
        gate, up = both.chunk(2, dim=-1)
        return TernaryMatmul.apply(self.ffn_sub_norm(F.silu(gate) * up), compute, self.ffn_down)

    def forward(self, x, cos, sin, compute):
        x = x + self.attention(x, cos, sin, compute)
        return x + self.feed_forward(x, compute)


class RoundedRows(torch.autograd.Function):
    """Per-token int8 rounding of x, with a straight-through gradient."""

    @staticmethod
    def forward(ctx, x):
        q, step = int8_rows(x)
        return q * step

    @staticmethod
    def backward(ctx, grad):
        return grad


class BitNet(nn.Module):
    """Ternary language model; `compute` is the dtype of the matrix products (float32 or bfloat16)."""

    def __init__(self, config: Config, compute: torch.dtype = torch.float32):
        super().__init__()
        self.config, self.compute = config, compute
        self.token_embd = nn.Parameter(torch.randn(config.vocab_size, config.dim) * 0.05)
        self.blk = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.output_norm = RMSNorm(config.dim, config.eps)
        half = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
        angle = torch.arange(config.context, dtype=torch.float64)[:, None] * config.rope_base**-half
        self.register_buffer("cos", angle.cos().float(), persistent=False)
        self.register_buffer("sin", angle.sin().float(), persistent=False)

    def hidden(self, ids: torch.Tensor) -> torch.Tensor:
        """ids [B, T] -> normalised states [B, T, dim], rounded to int8 per token as the head reads them."""
        x, time = F.embedding(ids, self.token_embd), ids.shape[1]
        for block in self.blk:
            x = block(x, self.cos[:time], self.sin[:time], self.compute)
        return RoundedRows.apply(self.output_norm(x))

    def logits(self, states: torch.Tensor) -> torch.Tensor:
        """states [N, dim] -> logits [N, vocab] in float32."""
        return F.linear(states.to(self.compute), self.token_embd.to(self.compute)).float()
