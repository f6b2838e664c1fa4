//! A tensor on its way in, unit by unit: a block of codes, or a row of floats.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use pocketbit_kernels::dispatch::choice::{Choice, Choices};
use pocketbit_kernels::family::Family;
use pocketbit_kernels::float::all_finite;
use pocketbit_kernels::format::ggml::{PackedBlock, Read, Type};
use pocketbit_kernels::format::layout::{self, Bits};
use pocketbit_kernels::format::repack::BadBlock;
use pocketbit_kernels::line::{bytes_mut, int8_mut, Line};
use pocketbit_kernels::math::f16_to_f32;
use pocketbit_kernels::matrix::Int4;
use pocketbit_kernels::quant::{quantize_row, quantize_row4};

use crate::error::{decimal, Error};
use crate::memory::filled;
use crate::role::Role;
use crate::weights::{BinaryMatrix, Embedding, IntegerMatrix, Lanes, Linear, TernaryMatrix};

use super::storage::{Extent, Storage};

/// Receives the bytes of one tensor `[rows][k]`.
pub(super) struct Upload {
    pub(super) role: Role,
    kind: &'static Type,
    rows: usize,
    k: usize,
    target: Target,
    unit_bytes: usize,
    units: usize,
    done: usize,
    /// bytes of a unit cut by a chunk's end, `< unit_bytes`
    carry: Vec<u8>,
}

/// A tensor that came whole.
pub(super) enum Tensor {
    Vector(Vec<f32>),
    Linear(Linear),
    Embedding(Embedding),
}

/// Storage being filled.
enum Target {
    Vector(Vec<f32>),
    Floats {
        values: Vec<f32>,
    },
    /// `row` is one row of floats, needed whole because its largest value sets the scale; `codes` the same as int4
    Integer {
        matrix: IntegerMatrix,
        row: Vec<f32>,
        codes: Vec<u8>,
    },
    /// packed codes; `scales` as [`layout::scale_at`] places them, `scale` of a tensor with one
    Lanes {
        lanes: Lanes,
        block: PackedBlock,
        scale: Option<f32>,
    },
    Binary(BinaryMatrix),
}

impl Upload {
    pub(super) fn new(
        role: Role,
        kind: &'static Type,
        (rows, k): (usize, usize),
        storage: Storage,
        choices: &Choices,
    ) -> Result<Self, Error> {
        let (block_bytes, block) = kind.block();
        let step = match storage {
            Storage::Vector => 1,
            Storage::Binary => layout::BINARY_STEP,
            _ => layout::INT8_STEP,
        };
        if k % block != 0 || k % step != 0 {
            return Err(Error::bad_model(format!(
                "rows of {k} weights; this type needs a multiple of {}",
                block.max(step)
            )));
        }
        let by_block = matches!(storage, Storage::Lanes(_) | Storage::Binary);
        let tail = matches!(storage, Storage::Lanes(PackedBlock { scale_ends_tensor: true, .. }));
        let (unit_bytes, units) = match by_block {
            true => (block_bytes, rows * k / block + usize::from(tail)),
            false => (k / block * block_bytes, rows),
        };
        let target = Target::new(storage, (rows, k), choices)?;
        Ok(Upload { role, kind, rows, k, target, unit_bytes, units, done: 0, carry: Vec::new() })
    }

    /// An error as one of this tensor.
    pub(super) fn of_tensor(&self, error: Error) -> Error {
        error.of_tensor(&self.role.name(), (self.rows, self.k))
    }

    /// The next bytes, cut anywhere.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if !self.carry.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(self.unit_bytes - self.carry.len()));
            self.carry.extend_from_slice(head);
            bytes = rest;
            if self.carry.len() == self.unit_bytes {
                let unit = core::mem::take(&mut self.carry);
                self.whole(&unit)?;
            }
        }
        let (whole, rest) = bytes.split_at(bytes.len() / self.unit_bytes * self.unit_bytes);
        self.whole(whole)?;
        self.carry.extend_from_slice(rest);
        Ok(())
    }

    /// Whole units.
    fn whole(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let first = self.done;
        self.done += bytes.len() / self.unit_bytes;
        if self.done > self.units {
            return Err(Error::bad_model("it has more bytes than its shape"));
        }
        if let Target::Lanes { lanes, block, scale } = &mut self.target {
            let tail = if block.scale_ends_tensor && self.done == self.units { self.unit_bytes } else { 0 };
            let (bytes, tail) = bytes.split_at(bytes.len().saturating_sub(tail));
            lanes.wide |= lanes.repack(*block).blocks(first, bytes).map_err(refused)?;
            return one_scale_of(tail, scale);
        }
        bytes.chunks_exact(self.unit_bytes).enumerate().try_for_each(|(i, unit)| self.unit(first + i, unit))
    }

    /// Unit `at` of a tensor that is not packed block by block.
    fn unit(&mut self, at: usize, unit: &[u8]) -> Result<(), Error> {
        let (kind, k) = (self.kind, self.k);
        let row = match &mut self.target {
            Target::Vector(out) => &mut out[..],
            Target::Floats { values } => &mut values[at * k..(at + 1) * k],
            Target::Integer { row, .. } => &mut row[..],
            Target::Binary(matrix) => return binary(matrix, k, at, unit),
            Target::Lanes { .. } => unreachable!("packed by blocks"),
        };
        let Read::Floats(block) = kind.read else { unreachable!("packed by blocks") };
        block.dequantize(unit, row);
        if !all_finite(row) {
            return Err(Error::bad_model(format!("row {at} holds a value that is not finite")));
        }
        if let Target::Integer { matrix, row, codes } = &mut self.target {
            put_row(matrix, at, row, codes);
        }
        Ok(())
    }

    pub(super) fn finish(self, choices: &Choices) -> Result<Tensor, Error> {
        if self.done != self.units || !self.carry.is_empty() {
            let (done, units, cut) = (self.done, self.units, self.carry.len());
            let message = format!("it ended after {done} of {units} units and {cut} bytes");
            return Err(self.of_tensor(Error::bad_model(message)));
        }
        Ok(match self.target {
            Target::Vector(values) => Tensor::Vector(values),
            Target::Floats { values } => Tensor::Embedding(Embedding::F32 { values, k: self.k }),
            Target::Integer { matrix, .. } => Tensor::Linear(Linear::Integer(matrix)),
            Target::Lanes { lanes, scale, .. } => Tensor::Linear(lanes_linear(lanes, scale, choices)),
            Target::Binary(matrix) => Tensor::Linear(Linear::Binary(matrix)),
        })
    }
}

impl Target {
    fn new(storage: Storage, shape: (usize, usize), choices: &Choices) -> Result<Self, Error> {
        let (rows, k) = shape;
        let Extent { lines, halves, floats } = storage.extent(shape);
        let choice = |family| choices.of(family, rows, k);
        Ok(match storage {
            Storage::Vector => Target::Vector(filled(0.0, floats)?),
            Storage::Floats => Target::Floats { values: filled(0.0, floats)? },
            Storage::Integer(family) => {
                let (lines, scales) = (filled(Line::filled(0), lines)?, filled(0.0, floats)?);
                let matrix = IntegerMatrix { lines, scales, k, family, choice: choice(family) };
                let codes = if family == Family::Int4 { k } else { 0 };
                Target::Integer { matrix, row: filled(0.0, k)?, codes: filled(0, codes)? }
            }
            Storage::Lanes(block) => {
                let (bits, group, per_group) = (block.bits(), block.weights, block.grouped_activations());
                let lines = filled(Line::filled(layout::TERNARY_ZERO), lines)?;
                let (scales, choice) = (filled(0, halves)?, choice(block.family));
                let lanes = Lanes { lines, scales, bits, rows, k, group, per_group, gain: 1.0, wide: false, choice };
                Target::Lanes { lanes, block, scale: None }
            }
            Storage::Binary => {
                let choice = choice(Family::Binary);
                let lines = filled(Line::filled(0), choice.form(Bits::One).lines(rows, k))?;
                Target::Binary(BinaryMatrix { lines, alpha: filled(0.0, floats)?, threshold: Vec::new(), choice })
            }
        })
    }
}

fn put_row(matrix: &mut IntegerMatrix, at: usize, row: &[f32], codes: &mut [u8]) {
    matrix.scales[at] = if matrix.family == Family::Int4 {
        let scale = quantize_row4(row, codes);
        layout::put_codes(Int4::FORM, bytes_mut(&mut matrix.lines), matrix.k, at, 0, codes);
        scale
    } else {
        quantize_row(row, &mut int8_mut(&mut matrix.lines)[at * matrix.k..(at + 1) * matrix.k])
    };
}

fn refused(bad: BadBlock) -> Error {
    Error::bad_model(match bad {
        BadBlock::Scale { at } => format!("block {at} has a scale that is not finite"),
        BadBlock::Three { .. } => String::from("it holds ternary code 3; 0, 1 and 2 are valid"),
    })
}

/// Reads what ends an I2_S tensor; other bytes are none.
fn one_scale_of(tail: &[u8], scale: &mut Option<f32>) -> Result<(), Error> {
    let Some(bytes) = tail.first_chunk() else { return Ok(()) };
    let value = f32::from_le_bytes(*bytes);
    if !value.is_finite() {
        return Err(Error::bad_model(format!("it has scale {}; a finite one is needed", decimal(value))));
    }
    *scale = Some(value);
    Ok(())
}

fn binary(w: &mut BinaryMatrix, k: usize, at: usize, unit: &[u8]) -> Result<(), Error> {
    let scale = f16_to_f32(u16::from_le_bytes([unit[0], unit[1]]));
    let first = at * layout::BINARY_STEP;
    let (row, k0) = (first / k, first % k);
    if !scale.is_finite() || k0 != 0 && w.alpha[row] != scale {
        let (found, scale) = (decimal(w.alpha[row]), decimal(scale));
        return Err(Error::bad_model(format!(
            "row {row} has scales {found} and {scale}; a W1A1 row has one finite scale"
        )));
    }
    w.alpha[row] = scale;
    let form = w.choice.form(Bits::One);
    layout::put_bytes(form, bytes_mut(&mut w.lines), k, row, k0, &unit[2..]);
    Ok(())
}

/// Codes with their scales dropped where one scale serves the whole tensor.
fn lanes_linear(lanes: Lanes, scale: Option<f32>, choices: &Choices) -> Linear {
    let layout = lanes.choice.layout();
    let one = scale.or_else(|| one_scale(&lanes));
    let family = if one.is_some() { Family::Ternary } else { lanes.family() };
    let choice: Choice = choices.reading(layout, family, lanes.rows, lanes.k);
    match one {
        Some(scale) => {
            let Lanes { lines, rows, k, wide, .. } = lanes;
            Linear::Ternary(TernaryMatrix { lines, rows, k, scale, wide, choice })
        }
        None => Linear::Grouped(Lanes { choice, ..lanes }),
    }
}

/// The scale all non-zero blocks of a two-bit tensor share.
fn one_scale(lanes: &Lanes) -> Option<f32> {
    if lanes.bits == Bits::One {
        return None;
    }
    let mut scales = lanes.scales.iter().filter(|s| **s & 0x7fff != 0);
    let first = scales.next().copied().unwrap_or(0);
    scales.all(|s| *s == first).then(|| f16_to_f32(first))
}
