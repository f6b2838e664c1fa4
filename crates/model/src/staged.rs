//! Rows normalised and quantised once for all linears that read them, and their products.

use alloc::vec::Vec;

use pocketbit_kernels::activation::{BinaryTokens, Derived, DerivedOf, Source, Tables, Tile, Tokens, Workspace};
use pocketbit_kernels::active::dot_f32;
use pocketbit_kernels::dispatch::multiply::{self, group_sums};
use pocketbit_kernels::family::Family;
use pocketbit_kernels::float::all_finite;
use pocketbit_kernels::format::layout::{LANE_ROWS, TILE_LINES};
use pocketbit_kernels::line::Line;
use pocketbit_kernels::quant::{binarize, quantize};

use crate::error::Error;
use crate::memory::Room;
use crate::ops::rms_norm;
use crate::weights::{BinaryMatrix, Embedding, IntegerMatrix, Lanes, Linear, TernaryMatrix, ACTIVATION_GROUP};

/// Tokens that go through the layers together.
pub(crate) const SLICE: usize = 64;

/// Smallest group of weights with a scale (Q2_0).
const SMALLEST_GROUP: usize = 64;

/// Up to [`SLICE`] rows on their way into linears.
pub(crate) struct Staged {
    /// Whether every float staged since it was last set is finite: of others the sign and the bits are each engine's own.
    pub(crate) sound: bool,
    /// `[SLICE][k]` for the widest k
    x: Vec<f32>,
    q8: Vec<i8>,
    /// scale and sum of each row of `q8` `[SLICE]`
    scales: Vec<f32>,
    sums: Vec<i32>,
    /// the same rows quantised per [`ACTIVATION_GROUP`], and their scales `[SLICE][k / 128 rounded up]`; empty where
    /// no weight asks for them
    g8: Vec<i8>,
    g_scales: Vec<f32>,
    scratch: Scratch,
    buffers: WorkspaceBuffers,
}

/// Room for what one linear makes of its input.
struct Scratch {
    /// sign bits `[SLICE][k / 8]` and their scales `[SLICE]`
    bits: Vec<u8>,
    beta: Vec<f32>,
    /// activation scales and sums per weight group `[SLICE][k / 64 rounded up]`
    scales: Vec<f32>,
    sums: Vec<i32>,
}

/// A kernel's [`Workspace`].
struct WorkspaceBuffers {
    /// `[SLICE][k]`
    q16: Vec<i16>,
    /// `[16 k]`
    tables: Vec<u8>,
    derived: DerivedOf,
    tile: Vec<Line>,
    /// `[SLICE][32]`
    tile_sums: Vec<i32>,
    totals: Vec<f32>,
}

impl Staged {
    /// Room for rows up to `widest`; `per_group` where any linear reads activations quantised per group.
    pub(crate) fn new(widest: usize, per_group: bool, room: &mut Room) -> Result<Self, Error> {
        let per_group = if per_group { SLICE } else { 0 };
        Ok(Staged {
            sound: true,
            x: room.filled(0.0, SLICE * widest)?,
            q8: room.filled(0, SLICE * widest)?,
            scales: room.filled(0.0, SLICE)?,
            sums: room.filled(0, SLICE)?,
            g8: room.filled(0, per_group * widest)?,
            g_scales: room.filled(0.0, per_group * widest.div_ceil(ACTIVATION_GROUP))?,
            scratch: Scratch {
                bits: room.filled(0, SLICE * widest.div_ceil(8))?,
                beta: room.filled(0.0, SLICE)?,
                scales: room.filled(0.0, SLICE * widest.div_ceil(SMALLEST_GROUP))?,
                sums: room.filled(0, SLICE * widest.div_ceil(SMALLEST_GROUP))?,
            },
            buffers: WorkspaceBuffers {
                q16: room.filled(0, SLICE * widest)?,
                tables: room.filled(0, Tables::Pairs.bytes(widest))?,
                derived: DerivedOf::default(),
                tile: room.filled(Line::filled(0), TILE_LINES)?,
                tile_sums: room.filled(0, SLICE * LANE_ROWS)?,
                totals: room.filled(0.0, SLICE * LANE_ROWS)?,
            },
        })
    }

    /// Stages `rows` `[n][k]` as they are, or RMS-normalised where `norm` `[k]` is given; quantised where `int8` says that
    /// what reads them wants it.
    pub(crate) fn stage(&mut self, rows: &[f32], k: usize, norm: &[f32], eps: f32, int8: bool) {
        self.buffers.derived = DerivedOf::default();
        for (t, row) in rows.chunks_exact(k).enumerate() {
            let x = &mut self.x[t * k..(t + 1) * k];
            x.copy_from_slice(row);
            if !norm.is_empty() {
                rms_norm(x, norm, eps);
            }
            self.sound &= all_finite(x);
            if !int8 {
                continue;
            }
            (self.scales[t], self.sums[t]) = quantize(x, &mut self.q8[t * k..(t + 1) * k]);
            if !self.g8.is_empty() {
                let groups = k.div_ceil(ACTIVATION_GROUP);
                let scales = &mut self.g_scales[t * groups..(t + 1) * groups];
                let q = self.g8[t * k..(t + 1) * k].chunks_mut(ACTIVATION_GROUP);
                for ((x, q), scale) in x.chunks(ACTIVATION_GROUP).zip(q).zip(scales) {
                    *scale = quantize(x, q).0;
                }
            }
        }
    }

    /// `out[t] = w · row t` for each of the staged rows that `out` `[n][rows]` has room for.
    pub(crate) fn linear(&mut self, w: &Linear, out: &mut [f32]) {
        match w {
            Linear::Ternary(w) => self.ternary(w, out),
            Linear::Grouped(w) => self.grouped(w, out),
            Linear::Binary(w) => self.binary(w, out),
            Linear::Integer(w) => self.integer(w, out),
        }
    }

    /// `y = table · row 0`
    pub(crate) fn head(&mut self, table: &Embedding, y: &mut [f32]) {
        match table {
            Embedding::Packed(linear) => self.linear(linear, y),
            Embedding::F32 { values, k } => {
                for (y, row) in y.iter_mut().zip(values.chunks_exact(*k)) {
                    *y = dot_f32(row, &self.x[..*k]);
                }
            }
        }
    }

    fn ternary(&mut self, w: &TernaryMatrix, out: &mut [f32]) {
        let tokens = tokens(&self.q8, &self.scales, &self.sums, (out.len() / w.rows, w.k));
        multiply::multiply_ternary(&w.view(), tokens, &mut self.buffers.workspace(), out);
    }

    fn grouped(&mut self, w: &Lanes, out: &mut [f32]) {
        let (n, k, groups) = (out.len() / w.rows, w.k, w.k / w.group);
        self.group_steps(w, n);
        let (values, source) = match w.per_group {
            true => (&self.g8, Source::PerGroup),
            false => (&self.q8, Source::PerToken),
        };
        let (scales, sums) = (&self.scratch.scales[..n * groups], &self.scratch.sums[..n * groups]);
        let tokens = Tokens { q: &values[..n * k], scales, sums, source };
        multiply::multiply_grouped(&w.view(), tokens, &mut self.buffers.workspace(), out);
    }

    /// Activation scale (times the matrix's gain) and sum of every weight group of `n` rows.
    fn group_steps(&mut self, w: &Lanes, n: usize) {
        let (k, groups, scratch) = (w.k, w.k / w.group, &mut self.scratch);
        let values = if w.per_group { &self.g8 } else { &self.q8 };
        let runs = k.div_ceil(ACTIVATION_GROUP);
        for t in 0..n {
            let at = t * groups..(t + 1) * groups;
            group_sums(&values[t * k..(t + 1) * k], w.group, &mut scratch.sums[at.clone()]);
            for (g, scale) in scratch.scales[at].iter_mut().enumerate() {
                let run = t * runs + g * w.group / ACTIVATION_GROUP;
                *scale = if w.per_group { self.g_scales[run] } else { self.scales[t] } * w.gain;
            }
        }
    }

    fn binary(&mut self, w: &BinaryMatrix, out: &mut [f32]) {
        let (n, k) = (out.len() / w.alpha.len(), w.threshold.len());
        let Scratch { bits, beta, .. } = &mut self.scratch;
        let rows = self.x.chunks_exact(k).zip(bits.chunks_exact_mut(k / 8)).zip(beta.iter_mut());
        for ((x, bits), beta) in rows.take(n) {
            *beta = binarize(x, &w.threshold, bits);
        }
        multiply::multiply_binary(&w.view(), BinaryTokens { bits: &bits[..n * k / 8], beta: &beta[..n] }, out);
    }

    fn integer(&mut self, w: &IntegerMatrix, out: &mut [f32]) {
        let tokens = tokens(&self.q8, &self.scales, &self.sums, (out.len() / w.scales.len(), w.k));
        match w.family {
            Family::Int4 => multiply::multiply_int4(&w.int4(), tokens, out),
            _ => multiply::multiply_int8(&w.int8(), tokens, out),
        }
    }
}

/// The first `n` rows `[n][k]`, a scale each.
fn tokens<'a>(q: &'a [i8], scales: &'a [f32], sums: &'a [i32], (n, k): (usize, usize)) -> Tokens<'a> {
    Tokens { q: &q[..n * k], scales: &scales[..n], sums: &sums[..n], source: Source::PerToken }
}

impl WorkspaceBuffers {
    fn workspace(&mut self) -> Workspace<'_> {
        Workspace {
            tile: Tile { codes: &mut self.tile, sums: &mut self.tile_sums, totals: &mut self.totals },
            derived: Derived { q16: &mut self.q16, tables: &mut self.tables, of: &mut self.derived },
        }
    }
}
