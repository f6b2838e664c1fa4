//! Tensors that lie: every one is refused with a reason, none panics.

use pocketbit_model::{Config, Kind, Loader};

/// dim 256, one layer, one head of 256, ffn 256, vocab 4: slot sizes are `[256][256]` for every linear.
fn config(bits: f64) -> Config {
    let shape = [2.0, 0.0, bits, 4.0, 256.0, 1.0, 1.0, 1.0, 256.0, 256.0, 8.0, 256.0, 1e4, 1e-5, 1.0, 0.0, 0.0, 1.0];
    let plain = [0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 32.0, 1.0, 1.0, 0.0];
    let values = [&shape[..], &plain].concat();
    Config::decode(&values).unwrap()
}

const F32: u32 = 0;
const TQ2_0: u32 = 35;
const I2_S: u32 = 36;
const Q1_0: u32 = 41;

/// Loads one tensor and gives the first error's text.
fn refused(bits: f64, (slot, layer, ggml, rows, k): (u32, u32, u32, usize, usize), bytes: &[u8]) -> String {
    let mut loader = Loader::new(config(bits));
    let result = loader.begin(slot, layer, ggml, rows, k).and_then(|()| loader.push(bytes)).and_then(|()| loader.end());
    let error = result.expect_err("a hostile tensor was taken");
    assert_eq!(error.kind(), Kind::BadModel);
    error.to_string()
}

/// A 256×256 TQ2_0 tensor of one code and, by block, a scale.
fn tq2_0(code: u8, scale: impl Fn(usize) -> u16) -> Vec<u8> {
    let block = |b| [vec![code * 0x55; 64], scale(b).to_le_bytes().to_vec()].concat();
    (0..256).flat_map(block).collect()
}

#[test]
fn shapes_slots_and_types_must_be_the_models_own() {
    for (shape, reason) in [
        ((11, 0, TQ2_0, 255, 256), "the config asks for (256, 256)"),
        ((11, 1, TQ2_0, 256, 256), "this model has 1 layers"),
        ((99, 0, TQ2_0, 256, 256), "no tensor slot 99"),
        ((30, 0, F32, 1, 256), "no tensor slot 30"),
        ((u32::MAX, 0, F32, 1, 256), "no tensor slot 4294967295"),
        ((11, 0, 38, 256, 256), "has type 38"),
        ((10, 0, TQ2_0, 1, 256), "a tensor of type TQ2_0 where a Vector is needed"),
    ] {
        let text = refused(8.0, shape, &[]);
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn too_few_and_too_many_bytes_are_told() {
    let linear = (11, 0, TQ2_0, 256, 256);
    let good = tq2_0(2, |_| 0x3c00);
    assert!(refused(8.0, linear, &good[..good.len() - 1]).contains("ended after 255 of 256 units and 65 bytes"));
    assert!(refused(8.0, linear, &[&good[..], &[0; 66]].concat()).contains("more bytes than its shape"));
    assert!(refused(8.0, linear, &[&good[..], &[0]].concat()).contains("256 of 256 units and 1 bytes"));
}

#[test]
fn ternary_scales_and_codes_are_checked() {
    let linear = (11, 0, TQ2_0, 256, 256);
    assert!(refused(8.0, linear, &tq2_0(2, |_| 0x7c00)).contains("block 0 has a scale that is not finite"));
    assert!(refused(8.0, linear, &tq2_0(2, |b| if b == 9 { 0x7e00 } else { 0 })).contains("block 9"));
    assert!(refused(8.0, linear, &tq2_0(3, |_| 0x3c00)).contains("code 3"));
    let three = [vec![0xff; 256 * 64], 1f32.to_le_bytes().to_vec(), vec![0; 28]].concat();
    assert!(refused(8.0, (11, 0, I2_S, 256, 256), &three).contains("code 3"));
    let nan = [vec![0x55; 256 * 64], f32::NAN.to_le_bytes().to_vec(), vec![0; 28]].concat();
    assert!(refused(8.0, (11, 0, I2_S, 256, 256), &nan).contains("a finite one is needed"));
}

#[test]
fn varying_scales_and_zero_blocks_are_taken() {
    let mut loader = Loader::new(config(8.0));
    loader.begin(11, 0, TQ2_0, 256, 256).unwrap();
    loader.push(&tq2_0(3, |_| 0)).unwrap();
    loader.end().unwrap();
    loader.begin(12, 0, TQ2_0, 256, 256).unwrap();
    loader.push(&tq2_0(2, |b| if b == 7 { 0x4000 } else { 0x3c00 })).unwrap();
    loader.end().unwrap();
}

#[test]
fn binary_rows_have_one_scale_and_norms_are_finite() {
    let block = |scale: u16| [scale.to_le_bytes().to_vec(), vec![0xaa; 16]].concat();
    let bytes: Vec<u8> = (0..512).flat_map(|b| block(if b == 5 { 0x4000 } else { 0x3c00 })).collect();
    let text = refused(1.0, (11, 0, Q1_0, 256, 256), &bytes);
    assert!(text.contains("row 2 has scales 1 and 2"), "{text}");
    let infinite: Vec<u8> = [f32::INFINITY; 256].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert!(refused(8.0, (10, 0, F32, 1, 256), &infinite).contains("not finite"));
}

#[test]
fn order_of_calls_is_enforced() {
    let mut loader = Loader::new(config(8.0));
    assert!(loader.push(&[0]).is_err() && loader.end().is_err());
    loader.begin(1, 0, F32, 1, 256).unwrap();
    assert!(loader.begin(10, 0, F32, 1, 256).is_err());
    loader.push(&[0; 1024]).unwrap();
    loader.end().unwrap();
    assert!(loader.begin(1, 0, F32, 1, 256).is_err(), "the same tensor twice");
    let Err(error) = loader.finish() else { panic!("an incomplete model was taken") };
    assert!(error.to_string().contains("missing"), "{error}");
}

#[test]
fn any_bytes_in_any_pieces_never_panic() {
    let mut state = 7u64;
    let mut next = |bound: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % bound
    };
    for _ in 0..2000 {
        let mut loader = Loader::new(config([8.0, 1.0][next(2)]));
        for _ in 0..4 {
            let ggml = [0, 1, 2, 6, 8, 12, 14, 30, 34, 35, 36, 41, 42, 142, 99][next(15)];
            let _ = loader.begin(next(45) as u32, next(2) as u32, ggml, [1, 4, 256][next(3)], 256);
            for _ in 0..next(5) {
                let piece: Vec<u8> = (0..next(20_000)).map(|i| (i * 31) as u8).collect();
                let _ = loader.push(&piece);
            }
            let _ = loader.end();
        }
        assert!(loader.finish().is_err());
    }
}

#[test]
fn weights_that_overflow_an_activation_are_told_and_append_nothing() {
    let vector = |value: f32| [value; 256].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    let rows = |value: f32| [value; 4 * 256].iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>();
    let load = |norm: f32| {
        let mut loader = Loader::new(config(8.0));
        let mut put = |slot, ggml, rows, bytes: &[u8]| {
            loader.begin(slot, 0, ggml, rows, 256).unwrap();
            loader.push(bytes).unwrap();
            loader.end().unwrap();
        };
        put(0, F32, 4, &rows(1.0));
        for slot in [1, 10, 14, 16, 19] {
            put(slot, F32, 1, &vector(if slot == 10 { norm } else { 1.0 }));
        }
        for slot in [11, 12, 13, 15, 17, 18, 20] {
            put(slot, TQ2_0, 256, &tq2_0(2, |_| 0x3c00));
        }
        loader.finish().unwrap()
    };
    assert!(load(1.0).forward(&[1, 2]).is_ok());
    let mut model = load(f32::MAX);
    let error = model.forward(&[1, 2]).expect_err("an infinite activation was taken");
    assert_eq!(error.kind(), Kind::BadModel);
    assert!(error.to_string().contains("activations are not finite"), "{error}");
    assert!(model.ids().is_empty());
}
