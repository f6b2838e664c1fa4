//! 64-byte aligned storage for packed weights, seen as bytes.

/// One cache line. A `[Line]` is how a caller owns aligned bytes without `unsafe`.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Line([u8; Line::BYTES]);

impl Line {
    /// Bytes in a line.
    pub const BYTES: usize = 64;

    /// A line of one repeated byte.
    pub const fn filled(byte: u8) -> Self {
        Line([byte; Line::BYTES])
    }

    /// Lines needed to hold `bytes`.
    pub const fn count(bytes: usize) -> usize {
        bytes.div_ceil(Line::BYTES)
    }
}

/// The bytes of `lines`, 64-byte aligned.
pub fn bytes(lines: &[Line]) -> &[u8] {
    // SAFETY: Line is repr(C) over [u8; 64] with size 64 and no padding, so the slice covers exactly these initialised
    // bytes, and u8 has no alignment need.
    unsafe { core::slice::from_raw_parts(lines.as_ptr().cast(), size_of_val(lines)) }
}

/// The bytes of `lines`, writable.
pub fn bytes_mut(lines: &mut [Line]) -> &mut [u8] {
    // SAFETY: as in `bytes`; every bit pattern is a valid Line, and the borrow is exclusive.
    unsafe { core::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), size_of_val(lines)) }
}

/// The bytes of `lines` as int8.
pub fn int8(lines: &[Line]) -> &[i8] {
    // SAFETY: as in `bytes`; i8 has the size and alignment of u8 and no invalid patterns.
    unsafe { core::slice::from_raw_parts(lines.as_ptr().cast(), size_of_val(lines)) }
}

/// The bytes of `lines` as int8, writable.
pub fn int8_mut(lines: &mut [Line]) -> &mut [i8] {
    // SAFETY: as in `bytes_mut` and `int8`.
    unsafe { core::slice::from_raw_parts_mut(lines.as_mut_ptr().cast(), size_of_val(lines)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_cover_the_lines_and_are_aligned() {
        let mut lines = [Line::filled(7); 3];
        bytes_mut(&mut lines)[191] = 9;
        assert_eq!(bytes(&lines).len(), 192);
        assert_eq!(bytes(&lines).as_ptr() as usize % 64, 0);
        assert_eq!((bytes(&lines)[0], bytes(&lines)[191], int8(&lines)[190]), (7, 9, 7));
        assert_eq!((Line::count(0), Line::count(1), Line::count(64), Line::count(65)), (0, 1, 1, 2));
    }
}
