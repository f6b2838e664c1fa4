//! A tensor on its way in, unit by unit: a block of codes, or a row of floats.

use alloc::format;
use alloc::vec::Vec;

use pocketbit_kernels::blocks::{Type, I2_S_TAIL, MAX_CODES};
use pocketbit_kernels::line::{bytes_mut, int8_mut, Line};
use pocketbit_kernels::math::f16_to_f32;
use pocketbit_kernels::matrix::Bits;
use pocketbit_kernels::pack;
use pocketbit_kernels::quant::quantize_row;

use crate::error::Error;
use crate::memory::filled;
use crate::weights::{Lanes, Linear, Rows};

use super::Tensor;

/// Receives the bytes of one tensor `[rows][k]`.
pub(super) struct Upload {
    pub(super) key: (u32, u32),
    kind: Type,
    k: usize,
    target: Target,
    unit_bytes: usize,
    units: usize,
    done: usize,
    /// bytes of a unit cut by a chunk's end, `< unit_bytes`
    carry: Vec<u8>,
}

/// Storage being filled.
enum Target {
    Vector(Vec<f32>),
    Floats {
        values: Vec<f32>,
    },
    /// `row` is one row of floats, needed whole because its largest value sets the scale
    Int8 {
        lines: Vec<Line>,
        scales: Vec<f32>,
        row: Vec<f32>,
    },
    /// row-lane codes; `scales` as [`pack::scale_at`] places them, `scale` of a tensor with one
    Lanes {
        lanes: Lanes,
        scale: Option<f32>,
    },
    Binary {
        lines: Vec<Line>,
        alpha: Vec<f32>,
    },
}

/// How a tensor is to be kept.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Keep {
    Vector,
    Floats,
    Int8,
    Lanes,
    Binary,
}

impl Upload {
    pub(super) fn new(key: (u32, u32), kind: Type, rows: usize, k: usize, keep: Keep) -> Result<Self, Error> {
        let (block_bytes, block) = kind.block();
        let step = match keep {
            Keep::Vector => 1,
            Keep::Binary => pack::BINARY_STEP,
            _ => pack::INT8_STEP,
        };
        if k % block != 0 || k % step != 0 {
            return Err(Error::bad_model(format!(
                "rows of {k} weights; this type needs a multiple of {}",
                block.max(step)
            )));
        }
        let by_block = matches!(keep, Keep::Lanes | Keep::Binary);
        let (unit_bytes, units) = match by_block {
            true => (block_bytes, rows * k / block + usize::from(kind == Type::I2_S)),
            false => (k / block * block_bytes, rows),
        };
        debug_assert!(kind != Type::I2_S || I2_S_TAIL == unit_bytes);
        let target = Target::new(keep, kind, rows, k)?;
        Ok(Upload { key, kind, k, target, unit_bytes, units, done: 0, carry: Vec::new() })
    }

    /// The next bytes, cut anywhere.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if !self.carry.is_empty() {
            let (head, rest) = bytes.split_at(bytes.len().min(self.unit_bytes - self.carry.len()));
            self.carry.extend_from_slice(head);
            bytes = rest;
            if self.carry.len() == self.unit_bytes {
                let unit = core::mem::take(&mut self.carry);
                self.unit(&unit)?;
            }
        }
        let mut units = bytes.chunks_exact(self.unit_bytes);
        for unit in &mut units {
            self.unit(unit)?;
        }
        self.carry.extend_from_slice(units.remainder());
        Ok(())
    }

    fn unit(&mut self, unit: &[u8]) -> Result<(), Error> {
        let at = self.done;
        if at >= self.units {
            return Err(Error::bad_model(format!("tensor {:?} has more bytes than its shape", self.key)));
        }
        self.done += 1;
        match &mut self.target {
            Target::Vector(out) => self.kind.row(unit, out),
            Target::Floats { values } => self.kind.row(unit, &mut values[at * self.k..(at + 1) * self.k]),
            Target::Int8 { lines, scales, row } => {
                self.kind.row(unit, row);
                check_finite(row, self.key, at)?;
                scales[at] = quantize_row(row, &mut int8_mut(lines)[at * self.k..(at + 1) * self.k]);
            }
            Target::Lanes { lanes, scale } if self.kind == Type::I2_S => {
                i2_s(lanes, scale, (at, self.units), unit, self.key)?
            }
            Target::Lanes { lanes, .. } => block(lanes, self.kind, at, unit, self.key)?,
            Target::Binary { lines, alpha } => binary(lines, alpha, self.k, at, unit, self.key)?,
        }
        match &self.target {
            Target::Vector(row) => check_finite(row, self.key, at),
            Target::Floats { values } => check_finite(&values[at * self.k..(at + 1) * self.k], self.key, at),
            _ => Ok(()),
        }
    }

    pub(super) fn finish(self) -> Result<Tensor, Error> {
        if self.done != self.units || !self.carry.is_empty() {
            let (done, units, cut) = (self.done, self.units, self.carry.len());
            let key = self.key;
            return Err(Error::bad_model(format!(
                "tensor {key:?} ended after {done} of {units} units and {cut} bytes"
            )));
        }
        Ok(match self.target {
            Target::Vector(values) => Tensor::Vector(values),
            Target::Floats { values } => Tensor::Rows(Rows::F32 { values, k: self.k }),
            Target::Int8 { lines, scales, .. } => Tensor::Linear(Linear::Int8 { lines, scales, k: self.k }),
            Target::Lanes { lanes, scale } => Tensor::Linear(lanes_linear(lanes, scale)),
            Target::Binary { lines, alpha } => Tensor::Linear(Linear::Binary { lines, alpha, threshold: Vec::new() }),
        })
    }
}

impl Target {
    fn new(keep: Keep, kind: Type, rows: usize, k: usize) -> Result<Self, Error> {
        Ok(match keep {
            Keep::Vector => Target::Vector(filled(0.0, k)?),
            Keep::Floats => Target::Floats { values: filled(0.0, rows * k)? },
            Keep::Int8 => Target::Int8 {
                lines: filled(Line::filled(0), pack::int8_lines(rows, k))?,
                scales: filled(0.0, rows)?,
                row: filled(0.0, k)?,
            },
            Keep::Lanes => {
                let (bits, group) = (kind.bits().unwrap_or(Bits::Two), kind.block().1);
                let lines = filled(Line::filled(pack::TERNARY_ZERO), pack::lane_lines(bits, rows, k))?;
                let scales = if kind == Type::I2_S { 0 } else { pack::group_scales(rows, k, group) };
                let per_group = kind.grouped_activations();
                Target::Lanes {
                    lanes: Lanes { lines, scales: filled(0, scales)?, bits, rows, k, group, per_group, gain: 1.0 },
                    scale: None,
                }
            }
            Keep::Binary => Target::Binary {
                lines: filled(Line::filled(0), pack::binary_lines(rows, k))?,
                alpha: filled(0.0, rows)?,
            },
        })
    }
}

fn check_finite(row: &[f32], key: (u32, u32), at: usize) -> Result<(), Error> {
    if row.iter().all(|v| v.is_finite()) {
        return Ok(());
    }
    Err(Error::bad_model(format!("tensor {key:?} row {at} holds a value that is not finite")))
}

fn check_ternary(codes: &[u8], key: (u32, u32)) -> Result<(), Error> {
    match codes.contains(&3) {
        false => Ok(()),
        true => Err(Error::bad_model(format!("tensor {key:?} holds ternary code 3; 0, 1 and 2 are valid"))),
    }
}

fn block(lanes: &mut Lanes, kind: Type, at: usize, unit: &[u8], key: (u32, u32)) -> Result<(), Error> {
    let mut codes = [0u8; MAX_CODES];
    let scale = kind.codes(unit, &mut codes);
    if !f16_to_f32(scale).is_finite() {
        return Err(Error::bad_model(format!("tensor {key:?} block {at} has a scale that is not finite")));
    }
    let codes = &mut codes[..lanes.group];
    if scale & 0x7fff == 0 && lanes.bits == Bits::Two {
        // A block of zeros: its codes carry no weight, whatever they are.
        codes.fill(1);
    }
    if kind == Type::TQ2_0 {
        check_ternary(codes, key)?;
    }
    let first = at * lanes.group;
    let (row, k0) = (first / lanes.k, first % lanes.k);
    pack::put_codes(lanes.bits, bytes_mut(&mut lanes.lines), lanes.k, row, k0, codes);
    lanes.scales[pack::scale_at(row, lanes.k / lanes.group, k0 / lanes.group)] = scale;
    Ok(())
}

/// A group of I2_S codes, or, last, the tensor's scale.
fn i2_s(
    lanes: &mut Lanes,
    scale: &mut Option<f32>,
    (at, units): (usize, usize),
    unit: &[u8],
    key: (u32, u32),
) -> Result<(), Error> {
    if at + 1 == units {
        let value = f32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]]);
        if !value.is_finite() {
            return Err(Error::bad_model(format!("an I2_S tensor has scale {value}; a finite one is needed")));
        }
        *scale = Some(value);
        return Ok(());
    }
    let mut codes = [0u8; MAX_CODES];
    Type::I2_S.codes(unit, &mut codes);
    let codes = &codes[..lanes.group];
    check_ternary(codes, key)?;
    let first = at * lanes.group;
    pack::put_codes(Bits::Two, bytes_mut(&mut lanes.lines), lanes.k, first / lanes.k, first % lanes.k, codes);
    Ok(())
}

fn binary(
    lines: &mut [Line],
    alpha: &mut [f32],
    k: usize,
    at: usize,
    unit: &[u8],
    key: (u32, u32),
) -> Result<(), Error> {
    let scale = f16_to_f32(u16::from_le_bytes([unit[0], unit[1]]));
    let first = at * pack::BINARY_STEP;
    let row = first / k;
    if !scale.is_finite() || first % k != 0 && alpha[row] != scale {
        let found = alpha[row];
        return Err(Error::bad_model(format!(
            "tensor {key:?} row {row} has scales {found} and {scale}; a W1A1 row has one finite scale"
        )));
    }
    alpha[row] = scale;
    bytes_mut(lines)[16 * at..16 * (at + 1)].copy_from_slice(&unit[2..]);
    Ok(())
}

/// Codes with their scales dropped where one scale serves the whole tensor.
fn lanes_linear(lanes: Lanes, scale: Option<f32>) -> Linear {
    let one = scale.or_else(|| one_scale(&lanes));
    match one {
        Some(scale) => {
            let Lanes { lines, rows, k, .. } = lanes;
            Linear::Ternary { lines, rows, k, scale }
        }
        None => Linear::Grouped(lanes),
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
