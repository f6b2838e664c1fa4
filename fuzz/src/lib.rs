//! The engine as a function of bytes. They choose a config, the tensors that come and how they are cut, and the calls on
//! what was loaded; a saved context is edited and given back. Whatever the bytes: an answer or a reason, no panic.
#![forbid(unsafe_code)]

mod calls;
#[cfg(target_arch = "wasm32")]
mod exports;
mod input;
mod load;
mod outcome;
#[allow(dead_code)] // shared with the tests of crates/model
#[path = "../../crates/model/tests/support/random.rs"]
mod random;
#[allow(dead_code)]
#[path = "../../crates/model/tests/support/record.rs"]
mod record;
mod settings;
#[path = "../../crates/model/tests/support/wanted.rs"]
mod wanted;

use pocketbit_model::{Config, Error};

use input::Input;
use outcome::Outcome;

/// Most bytes a model may take: the fuzzer learns more from many small ones.
const MAX_BYTES: u64 = 8 << 20;

/// Does what `data` says and gives a hash of every answer and reason: the same in each build of the engine.
pub fn engine(data: &[u8]) -> u64 {
    let (mut input, mut outcome) = (Input(data), Outcome::default());
    if let Err(error) = run(&mut input, &mut outcome) {
        outcome.refused(&error);
    }
    outcome.hash()
}

fn run(input: &mut Input, outcome: &mut Outcome) -> Result<(), Error> {
    let config = Config::read(&settings::config(input))?;
    let tensors = load::tensors(input, &config);
    if load::planned(&config, &tensors) > MAX_BYTES {
        return Ok(());
    }
    let vocab = config.vocab;
    let mut model = load::model(input, config, tensors, outcome)?;
    calls::all(input, &mut model, vocab, outcome);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_an_input_too() {
        assert_eq!(super::engine(&[]), super::engine(&[]));
    }

    /// Each committed input, and each cut short.
    #[test]
    fn the_corpus_answers_or_is_refused() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/engine");
        let mut inputs = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let data = std::fs::read(entry.unwrap().path()).unwrap();
            assert_eq!(super::engine(&data), super::engine(&data));
            super::engine(&data[..data.len() / 2]);
            inputs += 1;
        }
        assert!(inputs > 20, "{inputs} inputs");
    }
}
