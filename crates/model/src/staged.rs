//! Rows normalised and quantised once for all linears that read them, and their products.

use alloc::vec::Vec;

use pocketbit_kernels::active::dot_f32;
use pocketbit_kernels::choice::{Family, Gemm};
use pocketbit_kernels::float::all_finite;
use pocketbit_kernels::line::Line;
use pocketbit_kernels::matrix::{Activation, BinaryActivation, GroupedActivation, Tokens};
use pocketbit_kernels::pack::{LANE_ROWS, TILE_LINES};
use pocketbit_kernels::quant::{binarize, quantize};
use pocketbit_kernels::run::{self, Tables, Workspace};

use crate::error::Error;
use crate::memory::Room;
use crate::ops::rms_norm;
use crate::weights::{BinaryMatrix, Lanes, Linear, Rows, ScaledRows, TernaryMatrix, ACTIVATION_GROUP};

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
    derived: Derived,
    scratch: Scratch,
}

/// What kernels derive from staged rows, kept until the next rows are staged.
struct Derived {
    /// int8 values widened for packed16 `[SLICE][k]`
    q16: Vec<i16>,
    /// whether `q16` is of the per-group values; `None` while it is stale
    q16_of: Option<bool>,
    /// lookup tables of one row `[16 k]`
    tables: Vec<u8>,
    /// kind, row and values they are of
    tables_of: (Tables, usize, bool),
}

/// Room for what one linear derives from its input.
struct Scratch {
    /// sign bits `[SLICE][k / 8]` and their scales `[SLICE]`
    bits: Vec<u8>,
    beta: Vec<f32>,
    /// activation scales and sums per weight group `[SLICE][k / 64 rounded up]`
    scales: Vec<f32>,
    sums: Vec<i32>,
    /// a GEMM's tile and its sums `[SLICE][32]`
    tile: Vec<Line>,
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
            derived: Derived {
                q16: room.filled(0, SLICE * widest)?,
                q16_of: None,
                tables: room.filled(0, Tables::Pairs.bytes(widest))?,
                tables_of: (Tables::None, 0, false),
            },
            scratch: Scratch {
                bits: room.filled(0, SLICE * widest.div_ceil(8))?,
                beta: room.filled(0.0, SLICE)?,
                scales: room.filled(0.0, SLICE * widest.div_ceil(SMALLEST_GROUP))?,
                sums: room.filled(0, SLICE * widest.div_ceil(SMALLEST_GROUP))?,
                tile: room.filled(Line::filled(0), TILE_LINES)?,
                tile_sums: room.filled(0, SLICE * LANE_ROWS)?,
                totals: room.filled(0.0, SLICE * LANE_ROWS)?,
            },
        })
    }

    /// Stages `rows` `[n][k]` as they are, or RMS-normalised where `norm` `[k]` is given; quantised where `int8` says that
    /// what reads them wants it.
    pub(crate) fn stage(&mut self, rows: &[f32], k: usize, norm: &[f32], eps: f32, int8: bool) {
        self.derived.q16_of = None;
        self.derived.tables_of.0 = Tables::None;
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
            Linear::Rows(w) => self.scaled_rows(w, out),
        }
    }

    /// `y = rows · row 0`
    pub(crate) fn head(&mut self, rows: &Rows, y: &mut [f32]) {
        match rows {
            Rows::Packed(linear) => self.linear(linear, y),
            Rows::F32 { values, k } => {
                for (y, row) in y.iter_mut().zip(values.chunks_exact(*k)) {
                    *y = dot_f32(row, &self.x[..*k]);
                }
            }
        }
    }

    fn ternary(&mut self, w: &TernaryMatrix, out: &mut [f32]) {
        let (n, k, view) = (out.len() / w.rows, w.k, w.view());
        if n > 1 {
            self.derived.widen(w.choice.gemm, &self.q8[..n * k], false);
            let (q, q16) = (&self.q8[..n * k], &self.derived.q16[..n * k]);
            let tokens = Tokens { q, q16, scales: &self.scales[..n], sums: &self.sums[..n] };
            if run::gemm_w158a8(w.choice.gemm, &view, &tokens, out, &mut self.scratch.workspace()) {
                return;
            }
        }
        for (t, y) in out.chunks_exact_mut(w.rows).enumerate() {
            let q = &self.q8[t * k..(t + 1) * k];
            let tables = self.derived.tables(Tables::of(Family::Ternary, w.choice.gemv), t, q, false);
            let x = Activation { q, scale: self.scales[t], sum: self.sums[t] };
            run::gemv_w158a8(w.choice.gemv, &view, x, tables, y);
        }
    }

    fn grouped(&mut self, w: &Lanes, out: &mut [f32]) {
        let (n, k, groups, view) = (out.len() / w.rows, w.k, w.k / w.group, w.view());
        self.group_steps(w, n);
        let values = if w.per_group { &self.g8 } else { &self.q8 };
        if n > 1 {
            self.derived.widen(w.choice.gemm, &values[..n * k], w.per_group);
            // The workspace borrows the rest of the scratch.
            let Scratch { scales, sums, tile, tile_sums, totals, .. } = &mut self.scratch;
            let (scales, sums) = (&scales[..n * groups], &sums[..n * groups]);
            let tokens = Tokens { q: &values[..n * k], q16: &self.derived.q16[..n * k], scales, sums };
            let mut room = Workspace { tile, sums: tile_sums, totals };
            if run::gemm_grouped(w.choice.gemm, &view, &tokens, out, &mut room) {
                return;
            }
        }
        for (t, y) in out.chunks_exact_mut(w.rows).enumerate() {
            let q = &values[t * k..(t + 1) * k];
            let tables = self.derived.tables(Tables::of(w.family(), w.choice.gemv), t, q, w.per_group);
            let at = t * groups..(t + 1) * groups;
            let x = GroupedActivation { q, scales: &self.scratch.scales[at.clone()], sums: &self.scratch.sums[at] };
            run::gemv_grouped(w.choice.gemv, &view, x, tables, y);
        }
    }

    /// Activation scale (times the matrix's gain) and sum of every weight group of `n` rows.
    fn group_steps(&mut self, w: &Lanes, n: usize) {
        let (k, groups, scratch) = (w.k, w.k / w.group, &mut self.scratch);
        let values = if w.per_group { &self.g8 } else { &self.q8 };
        let runs = k.div_ceil(ACTIVATION_GROUP);
        for t in 0..n {
            let at = t * groups..(t + 1) * groups;
            run::group_sums(&values[t * k..(t + 1) * k], w.group, &mut scratch.sums[at.clone()]);
            for (g, scale) in scratch.scales[at].iter_mut().enumerate() {
                let run = t * runs + g * w.group / ACTIVATION_GROUP;
                *scale = if w.per_group { self.g_scales[run] } else { self.scales[t] } * w.gain;
            }
        }
    }

    fn binary(&mut self, w: &BinaryMatrix, out: &mut [f32]) {
        let (rows, k, view) = (w.alpha.len(), w.threshold.len(), w.view());
        let (n, width) = (out.len() / rows, k / 8);
        let Scratch { bits, beta, .. } = &mut self.scratch;
        for t in 0..n {
            beta[t] = binarize(&self.x[t * k..(t + 1) * k], &w.threshold, &mut bits[t * width..(t + 1) * width]);
        }
        if n > 1 && run::gemm_w1a1(w.choice.gemm, &view, &bits[..n * width], &beta[..n], out) {
            return;
        }
        for (t, y) in out.chunks_exact_mut(rows).enumerate() {
            let x = BinaryActivation { bits: &bits[t * width..(t + 1) * width], beta: beta[t] };
            run::gemv_w1a1(w.choice.gemv, &view, x, y);
        }
    }

    fn scaled_rows(&mut self, w: &ScaledRows, out: &mut [f32]) {
        for (t, y) in out.chunks_exact_mut(w.scales.len()).enumerate() {
            let q = &self.q8[t * w.k..(t + 1) * w.k];
            let x = Activation { q, scale: self.scales[t], sum: self.sums[t] };
            match w.family {
                Family::Int4 => run::gemv_i4a8(w.choice.gemv, &w.int4(), x, y),
                _ => run::gemv_i8a8(w.choice.gemv, &w.int8(), x, y),
            }
        }
    }
}

impl Derived {
    /// Makes `q16` of `q` `[n][k]` where `gemm` reads it.
    fn widen(&mut self, gemm: Gemm, q: &[i8], per_group: bool) {
        if gemm == Gemm::Packed16 && self.q16_of != Some(per_group) {
            run::widen(q, &mut self.q16[..q.len()]);
            self.q16_of = Some(per_group);
        }
    }

    /// The tables of staged row `t`, built unless they are the ones at hand.
    fn tables(&mut self, kind: Tables, t: usize, q: &[i8], per_group: bool) -> &[u8] {
        let tables = &mut self.tables[..kind.bytes(q.len())];
        if kind != Tables::None && self.tables_of != (kind, t, per_group) {
            run::build_tables(kind, q, tables);
            self.tables_of = (kind, t, per_group);
        }
        tables
    }
}

impl Scratch {
    fn workspace(&mut self) -> Workspace<'_> {
        Workspace { tile: &mut self.tile, sums: &mut self.tile_sums, totals: &mut self.totals }
    }
}
