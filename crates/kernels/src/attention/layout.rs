//! The single definition of how a quantised cache is laid out (drawn in DESIGN.md, Layouts).
//!
//! Rows of one KV head stand in blocks of four positions, so that one widening load feeds `i32x4.dot_i16x8` with four
//! independent sums, positions for keys and dimensions for values, and no sum runs across lanes.

/// Positions of a block.
pub const BLOCK: usize = 4;

/// Bits of a cached value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// −127..=127, a byte each
    Eight,
    /// −7..=7 kept as value + 8, two a byte
    Four,
}

/// Which of the two layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Positions side by side.
    Keys,
    /// Dimensions side by side.
    Values,
}

/// `head_dim` rounded up to the four dimensions of a vector; what pads a row is never read into a result.
pub const fn width(head_dim: usize) -> usize {
    head_dim.next_multiple_of(4)
}

/// `len` rounded up to whole blocks.
pub const fn positions(len: usize) -> usize {
    len.next_multiple_of(BLOCK)
}

impl Depth {
    /// Bytes of a block of four rows of `width`.
    pub const fn block_bytes(self, width: usize) -> usize {
        match self {
            Depth::Eight => BLOCK * width,
            Depth::Four => BLOCK * width / 2,
        }
    }

    /// Largest value.
    pub const fn max(self) -> i8 {
        match self {
            Depth::Eight => 127,
            Depth::Four => 7,
        }
    }
}

/// Byte within a block, and the bits to shift it right by, of dimension `d` of position `t % 4 = lane`.
const fn locate(side: Side, depth: Depth, width: usize, lane: usize, d: usize) -> (usize, usize) {
    match (side, depth) {
        (Side::Keys, Depth::Eight) => (d / 2 * 8 + lane * 2 + d % 2, 0),
        (Side::Keys, Depth::Four) => (d / 4 * 8 + lane * 2 + d % 2, d / 2 % 2 * 4),
        (Side::Values, Depth::Eight) => (lane / 2 * 2 * width + d * 2 + lane % 2, 0),
        (Side::Values, Depth::Four) => (d * 2 + lane % 2, lane / 2 * 4),
    }
}

/// Stores the row `codes` `[head_dim]` of position `t` among the bytes of one KV head.
pub fn put(side: Side, depth: Depth, bytes: &mut [u8], t: usize, codes: &[i8]) {
    let width = width(codes.len());
    let block = &mut bytes[t / BLOCK * depth.block_bytes(width)..][..depth.block_bytes(width)];
    for (d, code) in codes.iter().enumerate() {
        let (at, shift) = locate(side, depth, width, t % BLOCK, d);
        block[at] = match depth {
            Depth::Eight => *code as u8,
            Depth::Four => block[at] & !(15 << shift) | ((code + 8) as u8 & 15) << shift,
        };
    }
}

/// Reads the row of position `t` back into `codes` `[head_dim]`.
pub fn get(side: Side, depth: Depth, bytes: &[u8], t: usize, codes: &mut [i8]) {
    let width = width(codes.len());
    let block = &bytes[t / BLOCK * depth.block_bytes(width)..][..depth.block_bytes(width)];
    for (d, code) in codes.iter_mut().enumerate() {
        *code = code_at(side, depth, block, width, t % BLOCK, d);
    }
}

/// The value of dimension `d` of position `lane` of `block`.
pub fn code_at(side: Side, depth: Depth, block: &[u8], width: usize, lane: usize, d: usize) -> i8 {
    let (at, shift) = locate(side, depth, width, lane, d);
    match depth {
        Depth::Eight => block[at] as i8,
        Depth::Four => (block[at] >> shift & 15) as i8 - 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    /// The drawing of DESIGN.md, written a second time: blocks of keys `[d / 2][position][2]`, of values
    /// `[pair of positions][d][2]`; four bits put what stands 8·(d / 2 odd) or a pair further in the high half.
    fn drawn(side: Side, depth: Depth, width: usize, t: usize, d: usize) -> (usize, usize) {
        let whole = match side {
            Side::Keys => ((d / 2) * 4 + t % 4) * 2 + d % 2,
            Side::Values => ((t % 4 / 2) * width + d) * 2 + t % 2,
        };
        match (side, depth) {
            (_, Depth::Eight) => (t / 4 * 4 * width + whole, 0),
            (Side::Keys, _) => (t / 4 * 2 * width + whole / 16 * 8 + whole % 8, whole / 8 % 2 * 4),
            (Side::Values, _) => (t / 4 * 2 * width + whole % (2 * width), whole / (2 * width) * 4),
        }
    }

    #[test]
    fn rows_stand_where_they_are_drawn_and_come_back() {
        let sides = [Side::Keys, Side::Values].into_iter().flat_map(|s| [(s, Depth::Eight), (s, Depth::Four)]);
        for ((side, depth), head_dim) in sides.flat_map(|kind| [3, 8, 20, 64].map(|d| (kind, d))) {
            let width = width(head_dim);
            let mut bytes = vec![0u8; positions(11) / BLOCK * depth.block_bytes(width)];
            let code = |t: usize, d: usize| ((t * 31 + d * 17) % 15) as i8 - 7;
            for t in 0..11 {
                put(side, depth, &mut bytes, t, &(0..head_dim).map(|d| code(t, d)).collect::<Vec<i8>>());
            }
            for (t, d) in (0..11).flat_map(|t| (0..head_dim).map(move |d| (t, d))) {
                let (at, shift) = drawn(side, depth, width, t, d);
                let found = if depth == Depth::Eight { bytes[at] as i8 } else { (bytes[at] >> shift & 15) as i8 - 8 };
                assert_eq!(found, code(t, d), "{side:?} {depth:?} [{t}][{d}] of {head_dim}");
                let mut row = vec![0; head_dim];
                get(side, depth, &bytes, t, &mut row);
                assert_eq!(row[d], code(t, d));
            }
        }
    }
}
