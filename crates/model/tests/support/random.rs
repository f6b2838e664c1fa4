//! Test-only: a seeded stream, and tensors' bytes out of it.

/// A splitmix64 stream.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Bytes and weights of a block of a type, and where its f16 scales are.
pub(crate) fn block_of(ggml: u32) -> (usize, usize, &'static [usize]) {
    match ggml {
        0 => (4, 1, &[]),
        1 | 30 => (2, 1, &[]),
        2 => (18, 32, &[0]),
        6 => (22, 32, &[0]),
        8 => (34, 32, &[0]),
        12 => (144, 256, &[0, 2]),
        14 => (210, 256, &[208]),
        34 => (54, 256, &[52]),
        35 => (66, 256, &[64]),
        36 => (32, 128, &[]),
        41 => (18, 128, &[0]),
        42 => (18, 64, &[0]),
        _ => (34, 128, &[0]),
    }
}

/// The bytes of a tensor: random, with sound scales and codes unless `wild`.
pub(crate) fn content(random: &mut Random, ggml: u32, weights: usize, wild: bool) -> Vec<u8> {
    let (size, block, scales) = block_of(ggml);
    let mut bytes: Vec<u8> = (0..weights / block * size).map(|_| random.next() as u8).collect();
    if ggml == 36 {
        bytes.extend(f32::to_le_bytes(if wild { f32::from_bits(random.next() as u32) } else { 0.5 }));
        bytes.extend([0; 28]);
    }
    if wild {
        return bytes;
    }
    let codes = weights / block * size;
    match ggml {
        0 => bytes.chunks_exact_mut(4).for_each(|b| b.copy_from_slice(&(f32::from(b[0]) / 128.0).to_le_bytes())),
        1 => bytes.chunks_exact_mut(2).for_each(|b| b[1] &= 0xbb),
        30 => bytes.chunks_exact_mut(2).for_each(|b| b[1] &= 0xbf),
        // Codes 0 and 2.
        35 | 36 => bytes[..codes].iter_mut().for_each(|b| *b &= 0xaa),
        _ => {}
    }
    for at in scales {
        bytes.chunks_exact_mut(size).for_each(|b| b[*at..at + 2].copy_from_slice(&0x2c00u16.to_le_bytes()));
    }
    bytes
}
