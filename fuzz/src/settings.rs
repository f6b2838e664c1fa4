//! A config: one that fits, of which some fields are then anything.

use crate::input::Input;
use crate::record::{Record, Value};

pub(crate) fn config(input: &mut Input) -> Record {
    let mut record = small(input);
    for _ in 0..input.below(6).saturating_sub(2) {
        edit(input, &mut record);
    }
    record
}

fn small(input: &mut Input) -> Record {
    let kv_heads = input.pick(&[1.0, 2.0]);
    let head_dim = input.pick(&[16.0, 20.0, 32.0, 64.0, 128.0]);
    let mut flag = |name| (name, input.pick(&[0.0, 1.0]));
    let flags = [flag("tied"), flag("subNorms"), flag("qkNorm")];
    Record::plain()
        .numbers(&flags)
        .word("activation", input.pick(&["silu", "relu2"]))
        .word("kv", input.pick(&["f32", "int8", "int4"]))
        .word("head", input.pick(&["int8", "f32", "int4"]))
        .word("ropePairing", input.pick(&["neox", "norm"]))
        .word("ropeScaling.kind", input.pick(&["none", "linear", "yarn"]))
        .numbers(&[
            ("activationBits", input.pick(&[8.0, 8.0, 1.0])),
            ("vocab", input.pick(&[5.0, 1.0, 33.0, 64.0])),
            ("dim", input.pick(&[16.0, 32.0, 48.0, 64.0, 128.0, 256.0])),
            ("layers", input.pick(&[1.0, 2.0])),
            ("heads", kv_heads * input.pick(&[1.0, 2.0, 3.0])),
            ("kvHeads", kv_heads),
            ("headDim", head_dim),
            ("ffn", input.pick(&[16.0, 48.0, 64.0, 128.0, 256.0])),
            ("context", input.pick(&[9.0, 1.0, 4.0, 80.0, 300.0])),
            ("ropeDims", input.pick(&[2.0, 8.0, head_dim])),
            ("ropeBase", input.pick(&[1e4, 1.0, 1e6])),
            ("ropeScaling.factor", 4.0),
            ("ropeScaling.originalContext", 64.0),
        ])
}

/// Sets a field to any value, or takes it away.
fn edit(input: &mut Input, record: &mut Record) {
    let names: Vec<String> = record.0.keys().cloned().collect();
    let name = names[input.below(names.len())].clone();
    let value = match input.below(8) {
        0 => {
            record.0.remove(&name);
            return;
        }
        1 => Value::Word(String::from_utf8_lossy(&input.bytes()).into_owned()),
        2 => Value::Number(f64::from_bits(input.word())),
        3 => Value::Number(input.pick(&ODD)),
        4 => Value::Number(f64::from(input.short() as u32)),
        5 => Value::Number(2f64.powi(input.below(40) as i32) - f64::from(input.byte() % 3)),
        _ => Value::Number(f64::from(input.byte())),
    };
    record.0.insert(name, value);
}

const ODD: [f64; 10] = [0.0, -0.0, -1.0, 0.5, 1e300, -1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
